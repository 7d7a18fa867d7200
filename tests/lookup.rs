//! `mailkit mx lookup` asks a name server of this test: over what, how often, and what is shown of it.

mod printed;
mod watchdog;

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::rdata::{A, MX};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A name server: every name has one exchanger with one address. Queries are counted, datagrams and others.
struct Server {
    address: SocketAddr,
    udp: Arc<AtomicUsize>,
    tcp: Arc<AtomicUsize>,
}

fn reply(octets: &[u8]) -> Vec<u8> {
    let asked = Message::from_vec(octets).expect("a query");
    let query = asked.queries[0].clone();
    let mut reply = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    reply.metadata.recursion_desired = true;
    let name = query.name().to_ascii();
    if name.starts_with("many.") && query.query_type() == RecordType::MX {
        let host = |number: u16| Name::from_ascii(format!("h{number}.hamburger.example.")).expect("a name");
        let records = (0..300).map(|number| RData::MX(MX::new(number, host(number))));
        reply.answers.extend(records.map(|data| Record::from_rdata(query.name().clone(), 60, data)));
        reply.add_query(query);
        return reply.to_vec().expect("octets");
    }
    let data = match query.query_type() {
        RecordType::MX => Some(RData::MX(MX::new(10, Name::from_ascii("mx.hamburger.example.").expect("a name")))),
        RecordType::A => Some(RData::A(A::new(192, 0, 2, 1))),
        _ => None,
    };
    reply.answers.extend(data.map(|data| Record::from_rdata(query.name().clone(), 60, data)));
    reply.add_query(query);
    reply.to_vec().expect("octets")
}

impl Server {
    fn start() -> Self {
        let (listener, socket) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            // The same port for datagrams may be somebody else's.
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().expect("bound")) {
                break (listener, socket);
            }
        };
        let (udp, tcp) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let server = Self { address: socket.local_addr().expect("bound"), udp: udp.clone(), tcp: tcp.clone() };
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                udp.fetch_add(1, Ordering::Relaxed);
                socket.send_to(&reply(&buffer[..length]), from).expect("sent");
            }
        });
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut length = [0; 2];
                while stream.read_exact(&mut length).is_ok() {
                    tcp.fetch_add(1, Ordering::Relaxed);
                    let mut octets = vec![0; u16::from_be_bytes(length).into()];
                    stream.read_exact(&mut octets).expect("a query");
                    let reply = reply(&octets);
                    let length = u16::try_from(reply.len()).expect("short").to_be_bytes();
                    if stream.write_all(&[&length[..], &reply].concat()).is_err() {
                        break;
                    }
                }
            }
        });
        server
    }

    fn counts(&self) -> (usize, usize) {
        (self.udp.load(Ordering::Relaxed), self.tcp.load(Ordering::Relaxed))
    }
}

fn lookup(arguments: &[&str]) -> (Option<i32>, String, String) {
    mx("lookup", arguments)
}

fn mx(command: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let _watch = watchdog::over(arguments.join(" "), Duration::from_secs(120));
    let mut program = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    program.args(["mx", command]).args(arguments).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let Output { status, stdout, stderr } = program.stdin(Stdio::null()).output().expect("it runs");
    printed::show(&stdout, &stderr);
    let text = |octets| String::from_utf8(octets).expect("output is text");
    (status.code(), text(stdout), text(stderr))
}

const SHORT: &str = "10 mx.hamburger.example.\n";

#[test]
fn a_resolver_is_asked_as_it_was_said() {
    for (before, options, is_tcp) in
        [("@", &[][..], false), ("@udp://", &[], false), ("@tcp://", &[], true), ("@", &["--tcp"], true)]
    {
        let server = Server::start();
        let resolver = format!("{before}{}", server.address);
        let arguments = [&[resolver.as_str(), "--short", "hamburger.example"], options].concat();
        assert_eq!(lookup(&arguments), (Some(0), SHORT.into(), String::new()), "{arguments:?}");
        let (udp, tcp) = server.counts();
        assert_eq!((udp > 0, tcp > 0), (!is_tcp, is_tcp), "{arguments:?}");
    }
}

#[test]
fn what_is_known_is_not_asked_again_unless_somebody_wants_that() {
    let names = ["a.example", "b.example", "c.example"];
    let mut counts = Vec::new();
    for options in [&[][..], &["--no-cache"]] {
        let server = Server::start();
        let resolver = format!("@{}", server.address);
        let (code, _, _) = lookup(&[&[resolver.as_str(), "--jobs", "1"], options, &names].concat());
        assert_eq!(code, Some(0));
        counts.push(server.counts().0);
    }
    // Three names, and the address of the one exchanger, once or each time; that it has no second one was not proven.
    assert_eq!(counts, [3 + 1 + 3, 3 + 3 + 3]);
}

#[test]
fn of_hundreds_of_exchangers_a_bounded_number_is_asked_about_and_that_is_told() {
    let server = Server::start();
    let resolver = format!("@tcp://{}", server.address);
    let (code, stdout, _) = lookup(&[&resolver, "--fail-on", "warn", "many.example"]);
    assert_eq!(code, Some(1), "{stdout}");
    // The domain's, and two for each exchanger that is looked at.
    assert_eq!(server.counts().1, 1 + 2 * 128);
    assert!(stdout.contains("looked at the first 128 exchangers and left 172 alone"), "{stdout}");
    assert!(stdout.contains("and 80 more (--json shows them)"), "{stdout}");
    // The answer is one line, however long, where no terminal breaks it.
    assert!(stdout.lines().skip(1).all(|line| line.chars().count() <= 80), "{stdout}");
}

#[test]
fn options_that_say_nothing_together_are_told() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lookup-none.json");
    let file = file.to_str().expect("a path");
    for (options, wanted) in [
        (&["--short", "--json"][..], "--short and --json are two forms of the answer"),
        (&["--first", "--jsonl"], "--first and --jsonl are two forms of the answer"),
        (&["--cert", "--json"], "--cert and --json are two forms of the answer"),
        (&["--short", "--first"], "--first"),
        (&["--trust-anchor", file], "--trust-anchor goes with --dane"),
        (&["--at", "+1d"], "--at goes with --probe or --dane"),
        (&["--helo", "x.test"], "--helo goes with --probe"),
        (&["-4"], "--ipv4 goes with --probe"),
        (&["--timeout", "1s"], "--timeout goes with --probe"),
        (&["--ca", file], "--ca goes with --probe"),
        (&["--from", "a@x.test", "--probe"], "--from goes with --rcpt"),
        (&["--diff", file, "--fail-on", "warn"], "--fail-on"),
        (&["--diff", file, "--short"], "--short"),
        (&["--min-days", "30"], "--min-days goes with --probe"),
        (&["--short", "--services"], "--short shows nothing of --services"),
    ] {
        let (code, stdout, stderr) = lookup(&[&["@127.0.0.1:1"], options, &["hamburger.example"]].concat());
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{options:?}: {stderr}");
        assert!(stderr.contains(wanted), "{options:?}: {stderr}");
    }
}

#[test]
fn a_list_without_domains_and_an_address_without_brackets_are_told() {
    for command in ["lookup", "check"] {
        for (arguments, wanted, hint) in [
            (&["-"][..], 65, "see what makes the list"),
            (&["--json", "-"], 65, "see what makes the list"),
            (&["@127.0.0.1:1"], 64, "name one or several, as in @192.0.2.53 example.org"),
            (&["@127.0.0.1:1", "127.7.0.1"], 64, "mailkit mx lookup [127.7.0.1] at mail to it"),
            (&["@127.0.0.1:1", "2001:db8::1"], 64, "mailkit mx probe 2001:db8::1 looks at a server there"),
        ] {
            let (code, stdout, stderr) = mx(command, arguments);
            assert_eq!((code, stdout.as_str()), (Some(wanted), ""), "{command} {arguments:?}: {stderr}");
            assert!(stderr.contains(hint), "{command} {arguments:?}: {stderr}");
        }
    }
}

#[test]
fn what_cannot_be_waited_for_or_counted_is_told_with_its_range() {
    for (options, wanted) in [
        (&["--resolver-timeout", "99999h"][..], "20s at most"),
        (&["--resolver-timeout", "0s"], "20s at most"),
        (&["--probe", "--connect-timeout", "3m"], "2m at most"),
        (&["--probe", "--timeout", "11m"], "10m at most"),
        (&["--min-days", "99999999"], "0..=36525"),
        (&["--min-days=-1"], "0..=36525"),
        (&["--jobs", "501"], "1..=500"),
    ] {
        let (code, stdout, stderr) = lookup(&[&["@127.0.0.1:1"], options, &["hamburger.example"]].concat());
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{options:?}: {stderr}");
        assert!(stderr.contains(wanted), "{options:?}: {stderr}");
    }
    let server = Server::start();
    let resolver = format!("@{}", server.address);
    let (code, _, stderr) = lookup(&[&resolver, "--resolver-timeout", "20s", "hamburger.example"]);
    assert_eq!(code, Some(0), "{stderr}");
    // The least there is, refused for another reason.
    let (_, _, stderr) = lookup(&[&resolver, "--min-days", "0", "hamburger.example"]);
    assert!(stderr.contains("--min-days goes with --probe"), "{stderr}");
}

#[test]
fn what_came_is_shown_on_the_error_channel_when_asked_for() {
    let server = Server::start();
    let resolver = format!("@{}", server.address);
    let (code, stdout, stderr) = lookup(&[&resolver, "--short", "-v", "hamburger.example"]);
    assert_eq!((code, stdout.as_str()), (Some(0), SHORT));
    // A line for each question: the domain's, and two about the exchanger.
    let asked = |line: &str, what: &str, end: &str| {
        line.starts_with(&format!(";; {what}: {} over udp, ", server.address)) && line.ends_with(end)
    };
    assert_eq!(stderr.lines().count(), 3, "{stderr}");
    for (what, end) in [
        ("hamburger.example. MX", " ms: NOERROR, 1 record"),
        ("mx.hamburger.example. A", " ms: NOERROR, 1 record"),
        ("mx.hamburger.example. AAAA", " ms: NOERROR"),
    ] {
        assert!(stderr.lines().any(|line| asked(line, what, end)), "{what}: {stderr}");
    }
    let (code, stdout, stderr) = lookup(&[&resolver, "--short", "-vv", "hamburger.example"]);
    assert_eq!((code, stdout.as_str()), (Some(0), SHORT));
    let lines: Vec<&str> = stderr.lines().collect();
    let first = format!(";; hamburger.example. MX: {} over udp, ", server.address);
    assert!(lines[0].starts_with(&first) && lines[0].ends_with(" octets"), "{stderr}");
    assert_eq!(lines[1], ";; NOERROR; flags qr rd; answer 1, authority 0, additional 0");
    assert_eq!(lines[2], "hamburger.example. 60 IN MX 10 mx.hamburger.example.");
}

#[test]
fn what_is_no_resolver_or_cannot_be_reached_is_told() {
    for (resolver, code, wanted) in [
        ("@quic://192.0.2.1", 64, "quic:// is no way to ask a name server"),
        ("@1.1.1.1#dns.example", 64, "a name behind # is for servers with a certificate"),
        ("@[::1", 64, "@[::1 is not a resolver"),
        ("@tcp://127.0.0.1:1", 75, "no answer from the name server"),
        ("@127.0.0.1:1", 75, "no answer from the name server"),
        ("@tls://127.0.0.1:1#dns.example", 75, "no answer from the name server"),
        ("@https://127.0.0.1:1/dns-query", 75, "no answer from the name server"),
    ] {
        let (status, stdout, stderr) = lookup(&[resolver, "hamburger.example"]);
        assert_eq!(status, Some(code), "{resolver}: {stdout}{stderr}");
        // Wherever the line is broken.
        let said = format!("{stdout}{stderr}").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(wanted), "{resolver}: {said}");
    }
}
