//! A trace of each protocol, played again: as a server for our client, and as a client for our server.
//!
//! The traces in `tests/traces/` are what `--trace` wrote, unchanged: with servers of ours, and where we have none with Dovecot
//! (LMTP, ManageSieve) and Knot (DNS). `tests/interop/record` records all of them anew. Whoever plays a client's part
//! writes a trace that differs in nothing that says anything.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;
mod watchdog;

use mailkit::engine::http::{Find, Http, Request};
use mailkit::imap::flag::Flags;
use mailkit::net::connection::Connection;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::{ClientTls, Identity, ServerTls, Trust};
use mailkit::net::trace::{Style, Trace};
use mailkit::replay::diff::{Line, compare};
use mailkit::replay::end::{End, Pace};
use mailkit::replay::player::{Player, Stage};
use mailkit::replay::stage::{Handshake, Standing};
use mailkit::replay::{self, Cue};
use mailkit::sasl::base64;
use mailkit::secret::Secret;
use mailkit::server::Service;
use mailkit::store::account::Delivery;
use mailkit::store::memory::MemoryDisk;
use mailkit::wire::event::{self, Event, Happening};
use mailkit::wire::transcript::Side;
use proptest::prelude::*;
use stage::Wishes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PATIENCE: Duration = Duration::from_secs(20);

/// A protocol's trace, and the command whose conversation it is.
struct Recorded {
    file: &'static str,
    service: Option<Service>,
    /// Where we have no server of ours: the variable that says where one of others is, while traces are recorded.
    peer: &'static str,
    /// `{at}` is the address.
    command: &'static [&'static str],
    /// What is said where the trace has a secret.
    secrets: &'static [&'static str],
    exit: i32,
}

const RECORDED: [Recorded; 6] = [
    Recorded {
        file: "smtp.jsonl",
        service: Some(Service::Submission),
        peer: "",
        command: &[
            "send",
            "--server",
            "smtp://bob@{at}?tls=none",
            "--password-env",
            "PASSWORD",
            "--auth",
            "PLAIN",
            "--helo",
            "crepes.example",
            "-f",
            "bob@hamburger.example",
            "-s",
            "Ketchup",
            "bob@hamburger.example",
        ],
        secrets: &["\0bob\0secret"],
        exit: 0,
    },
    Recorded {
        file: "lmtp.jsonl",
        service: None,
        peer: "MAILKIT_RECORD_LMTP",
        command: &[
            "send",
            "--server",
            "lmtp://{at}?tls=none",
            "--helo",
            "crepes.example",
            "-f",
            "alice@crepes.example",
            "-s",
            "Ketchup",
            "bob@hamburger.example",
            "nobody@hamburger.example",
        ],
        secrets: &[],
        exit: 1,
    },
    Recorded {
        file: "pop3.txt",
        service: Some(Service::Pop3),
        peer: "",
        command: &[
            "pop",
            "pop3://bob@{at}?tls=none",
            "--password-env",
            "PASSWORD",
            "--auth",
            "PLAIN",
            "--to",
            "maildir:Mail",
            "--keep",
            "all",
        ],
        secrets: &["\0bob\0secret"],
        exit: 0,
    },
    Recorded {
        file: "imap.jsonl",
        service: Some(Service::Imap),
        peer: "",
        command: &[
            "imap",
            "sync",
            "imap://bob@{at}?tls=none",
            "--password-env",
            "PASSWORD",
            "--auth",
            "PLAIN",
            "--maildir",
            "Mail",
        ],
        secrets: &["\0bob\0secret"],
        exit: 0,
    },
    Recorded {
        file: "managesieve.jsonl",
        service: None,
        peer: "MAILKIT_RECORD_SIEVE",
        command: &[
            "mx",
            "talk",
            "--until",
            "auth",
            "--auth",
            "PLAIN",
            "--user",
            "bob",
            "--password-env",
            "PASSWORD",
            "--script",
            "/dev/null",
            "sieve://{at}?tls=none",
        ],
        secrets: &[],
        exit: 0,
    },
    Recorded {
        file: "starttls.jsonl",
        service: Some(Service::Submission),
        peer: "",
        command: &["mx", "probe", "--helo", "crepes.example", "smtp://{at}?tls=try"],
        secrets: &[],
        exit: 0,
    },
];

/// Where a trace goes.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Traces of questions to DNS, and the commands that asked them.
const DNS: [(&str, &[&str]); 2] = [
    // The texts of this name fit no datagram, so that the answer comes in two ways.
    ("dns-udp.jsonl", &["mx", "check", "--selector", "sel", "@{at}", "bigtxt.example"]),
    ("dns-tcp.jsonl", &["mx", "lookup", "@tcp://{at}", "hamburger.example"]),
];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(file)
}

fn mailkit(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.current_dir(home).env_clear().env("HOME", home.path()).env("PASSWORD", "secret");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts the program as the server of a trace; returns it and its address.
fn serve(home: &TempDir, file: &Path, options: &[&str]) -> (Child, String) {
    play(home, file, &[&["--listen", "127.0.0.1:0"], options].concat())
}

fn play(home: &TempDir, file: &Path, options: &[&str]) -> (Child, String) {
    let mut server = mailkit(home).args(["trace", "replay"]).args(options).arg(file).spawn().unwrap();
    let mut at = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut at).unwrap();
    (server, at.trim().to_owned())
}

/// Runs a client of ours against an address.
fn visit(home: &TempDir, recorded: &Recorded, at: &str, more: &[&str]) -> std::process::Output {
    let words = recorded.command.iter().chain(more).map(|word| word.replace("{at}", at));
    let mut client = mailkit(home).args(words).spawn().unwrap();
    // Not every command reads it.
    let _ = client.stdin.take().unwrap().write_all(b"Do you like ketchup?\n");
    client.wait_with_output().unwrap()
}

fn told(mut server: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (server.wait().unwrap().code(), said)
}

#[test]
fn the_server_of_a_trace_is_as_good_as_the_one_it_was() {
    let _watch = watchdog::over("replay", Duration::from_secs(120));
    for recorded in RECORDED {
        let home = TempDir::new().unwrap();
        let (server, at) = serve(&home, &path(recorded.file), &[]);
        let client = visit(&home, &recorded, &at, &["--trace=again.jsonl"]);
        let (exit, said) = told(server);
        let what = String::from_utf8_lossy(&client.stderr).into_owned();
        assert_eq!((exit, said.as_str()), (Some(0), ""), "{}: {what}", recorded.file);
        assert_eq!(client.status.code(), Some(recorded.exit), "{}: {what}", recorded.file);
        let again = std::fs::read_to_string(home.path().join("again.jsonl")).unwrap();
        assert_eq!(differing(&text(recorded.file), &again), [], "{}", recorded.file);
    }
}

fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap()
}

/// The lines that are in one of two traces only, as `trace diff` has it.
fn differing(first: &str, second: &str) -> Vec<Line> {
    let compared = compare(first, second).unwrap().into_iter().flat_map(|compared| compared.lines);
    compared.filter(|line| !line.is_common()).collect()
}

#[test]
fn who_is_exact_lets_no_date_pass() {
    let home = TempDir::new().unwrap();
    let (server, at) = serve(&home, &path("smtp.jsonl"), &["--exact"]);
    let client = visit(&home, &RECORDED[0], &at, &[]);
    let (exit, said) = told(server);
    assert_eq!(exit, Some(76), "{said}");
    assert!(
        said.contains("conversation 1 is not as it was: at `C: MAIL FROM:") || said.contains("C: Date: "),
        "{said}"
    );
    assert_ne!(client.status.code(), Some(0));
}

#[test]
fn a_client_may_count_its_commands_as_it_likes() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("trace.txt");
    std::fs::write(
        &file,
        "S: * OK hi\nC: a1 NOOP\nS: a1 OK done\nC: a2 LOGOUT\nS: * BYE a1\nS: a2 OK bye\n-- closed\n",
    )
    .unwrap();
    for (options, exit) in [(&[][..], 0), (&["--exact"][..], 76)] {
        let (server, at) = serve(&home, &file, options);
        let mut stream = BufReader::new(std::net::TcpStream::connect(&at).unwrap());
        stream.get_mut().write_all(b"z7 NOOP\r\nz8 LOGOUT\r\n").unwrap();
        let mut heard = String::new();
        // One that was told off closes without a word.
        let _ = stream.read_to_string(&mut heard);
        drop(stream);
        assert_eq!(told(server).0, Some(exit));
        if exit == 0 {
            assert_eq!(heard, "* OK hi\r\nz7 OK done\r\n* BYE a1\r\nz8 OK bye\r\n");
        }
    }
}

/// The questions of a trace to name servers, as lines that can be sorted: they go out side by side.
fn questions(trace: &str) -> Vec<String> {
    let events = event::parse(trace).unwrap();
    let mut lines: Vec<String> = events
        .iter()
        .filter(|event| matches!(event.event, Some(Happening::Query { .. } | Happening::Dns { .. })))
        .flat_map(|event| Event { peer: None, ..event.clone() }.lines())
        .collect();
    lines.sort();
    lines
}

#[test]
fn the_name_server_of_a_trace_answers_as_it_did() {
    let _watch = watchdog::over("name servers of a trace", Duration::from_secs(120));
    for (file, words) in DNS {
        let home = TempDir::new().unwrap();
        let (server, at) = play(&home, &path(file), &["--dns", "127.0.0.1:0"]);
        let words = words.iter().map(|word| word.replace("{at}", &at));
        let client = mailkit(&home).args(words).arg("--trace=again.jsonl").output().unwrap();
        let what = String::from_utf8_lossy(&client.stderr).into_owned();
        assert_eq!(told(server), (Some(0), String::new()), "{file}: {what}");
        let again = std::fs::read_to_string(home.path().join("again.jsonl")).unwrap();
        assert_eq!(questions(&again), questions(&text(file)), "{file}");
        // And as a client: whoever answers as before is told from whoever does not.
        let (server, at) = play(&home, &path(file), &["--dns", "127.0.0.1:0"]);
        let asked = mailkit(&home).args(["trace", "replay", "--ask", &at, "--exact"]).arg(path(file)).output().unwrap();
        assert_eq!(asked.status.code(), Some(0), "{file}: {}", String::from_utf8_lossy(&asked.stderr));
        assert_eq!(told(server), (Some(0), String::new()), "{file}");
    }
}

#[test]
fn a_question_that_nobody_asked_ends_the_play_and_so_does_an_answer_that_is_another() {
    let home = TempDir::new().unwrap();
    let (file, _) = DNS[0];
    let (server, at) = play(&home, &path(file), &["--dns", "127.0.0.1:0"]);
    let client =
        mailkit(&home).args(["mx", "lookup", &format!("@{at}"), "--resolver-timeout", "1s", "other.example"]).output();
    drop(client);
    let (exit, said) = told(server);
    assert_eq!(exit, Some(76), "{said}");
    assert!(said.contains("nobody asked for other.example."), "{said}");
    // A server that has no answers is no longer the one that had them.
    let bent = home.path().join("bent.jsonl");
    let recorded = text(file);
    let lines = recorded.lines().map(|line| {
        let mut event = Event::from_json(line).unwrap();
        if let Some(Happening::Query { reply: Some(reply), .. }) = &mut event.event {
            let mut octets = base64::decode(reply.as_bytes()).unwrap().to_vec();
            // NXDOMAIN, or what comes behind it.
            octets[3] ^= 3;
            *reply = base64::encode(&octets).to_string();
        }
        event.to_json() + "\n"
    });
    std::fs::write(&bent, lines.collect::<String>()).unwrap();
    let (mut server, at) = play(&home, &bent, &["--dns", "127.0.0.1:0"]);
    let asked = mailkit(&home).args(["trace", "replay", "--ask", &at]).arg(path(file)).output().unwrap();
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert_eq!(asked.status.code(), Some(76), "{told}");
    assert!(told.contains("is not as it was: the code is"), "{told}");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn what_is_no_question_is_told_of_and_passed_over() {
    let _watch = watchdog::over("garbage", Duration::from_secs(120));
    let home = TempDir::new().unwrap();
    let (file, words) = DNS[0];
    let (server, at) = play(&home, &path(file), &["--dns", "127.0.0.1:0"]);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut two = b"\x07\x07\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00".to_vec();
    two.extend(b"\x01a\x04test\x00\x00\x01\x00\x01".repeat(2));
    let reply = [&two[..2], b"\x81\x80", &two[4..]].concat();
    for garbage in [&b""[..], b"\xff", b"garbage", &[0xff; 4096], &[0; 12], &two, &reply] {
        socket.send_to(garbage, &at).unwrap();
    }
    // A message that is shorter than it says, one that is longer, an empty one; the connections end as they like.
    let mut streams: Vec<std::net::TcpStream> = Vec::new();
    for garbage in
        [&b"\xff\xffshort"[..], b"\x00\x03longer than that", b"\x00\x00\x00\x00", &[0x16, 3, 1, 0, 5, 1, 2, 3]]
    {
        let mut stream = std::net::TcpStream::connect(&at).unwrap();
        stream.write_all(garbage).unwrap();
        streams.push(stream);
    }
    streams.truncate(2);
    let words = words.iter().map(|word| word.replace("{at}", &at));
    let client = mailkit(&home).args(words).arg("--trace=again.jsonl").output().unwrap();
    let (exit, said) = told(server);
    assert_eq!(exit, Some(0), "{said}{}", String::from_utf8_lossy(&client.stderr));
    assert!(said.contains("what came is no query, but 0 octets of something else: passed over"), "{said}");
    assert!(said.lines().count() <= 11, "{said}");
    let again = std::fs::read_to_string(home.path().join("again.jsonl")).unwrap();
    assert_eq!(questions(&again), questions(&text(file)));
}

#[test]
fn nobody_is_listened_to_for_ever_who_sends_garbage_or_asks_the_same_again() {
    let _watch = watchdog::over("a flood", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let recorded = text(DNS[0].0);
    let query = recorded.lines().find_map(|line| match Event::from_json(line).unwrap().event {
        Some(Happening::Query { query, .. }) => query,
        _ => None,
    });
    let question = base64::decode(query.unwrap().as_bytes()).unwrap().to_vec();
    for flood in [b"garbage".to_vec(), question] {
        let (mut server, at) = play(&home, &path(DNS[0].0), &["--dns", "127.0.0.1:0", "--wait", "1s"]);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        while server.try_wait().unwrap().is_none() {
            let _ = socket.send_to(&flood, &at);
            std::thread::sleep(Duration::from_millis(5));
        }
        let (exit, said) = told(server);
        assert_eq!(exit, Some(75), "{said}");
        assert!(said.lines().count() < 16, "{said}");
    }
}

/// A certificate for localhost and its key, in files.
fn certificate(home: &TempDir) -> (PathBuf, PathBuf) {
    let made = Identity::self_signed(&["localhost", "127.0.0.1"].map(str::to_owned)).unwrap();
    let files = (home.path().join("cert.pem"), home.path().join("key.pem"));
    std::fs::write(&files.0, &made.certificates).unwrap();
    std::fs::write(&files.1, &made.key).unwrap();
    files
}

#[test]
fn a_played_server_shows_the_certificate_that_it_was_given() {
    let _watch = watchdog::over("a certificate", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let (cert, key) = certificate(&home);
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    // A trace in which a client trusts nobody but this authority, behind STARTTLS.
    let file = home.path().join("trace.txt");
    std::fs::write(
        &file,
        "S: 220 mx\nC: EHLO {*}\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n-- tls\nC: EHLO {*}\nS: 250 mx\nC: QUIT\n\
         S: 221 bye\n-- closed\n",
    )
    .unwrap();
    for (options, is_known) in [(&["--tls-cert", cert, "--tls-key", key][..], true), (&[], false)] {
        let (server, at) = serve(&home, &file, &[options, &["--wait", "10s"]].concat());
        let script = home.path().join("script");
        std::fs::write(&script, ".starttls\nEHLO x\nQUIT\n").unwrap();
        let url = format!("smtp://localhost:{}?tls=none", at.rsplit_once(':').unwrap().1);
        let client = mailkit(&home)
            .args(["mx", "talk", "--ca", cert, "--until", "ehlo", "--script", script.to_str().unwrap(), &url])
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&client.stdout).into_owned() + &String::from_utf8_lossy(&client.stderr);
        let (_, said) = told(server);
        assert_eq!(shown.contains("its certificate is not accepted"), !is_known, "{shown}{said}");
        assert!(shown.contains("-- tls"), "{shown}{said}");
    }
    for (options, exit) in [
        (&["--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key][..], 64),
        (&["--listen", "127.0.0.1:0", "--tls-cert", cert], 64),
        (&["--dns", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key], 64),
        (&["--connect", "smtp://127.0.0.1:1", "--tls-cert", cert, "--tls-key", key], 64),
        (&["--ask", "127.0.0.1:1", "--ca", cert], 64),
        (&["--listen", "127.0.0.1:0", "--trace"], 64),
        (&["--connect", "smtp://127.0.0.1:1", "--trace=again.txt"], 64),
        (&["--ask", "127.0.0.1:1", "--trace=again.txt"], 64),
        (&["--dns", "127.0.0.1:0", "--trace=again.txt"], 64),
    ] {
        let output = mailkit(&home).args(["trace", "replay"]).args(options).arg(path("smtp.jsonl")).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_key_that_is_no_key_of_the_certificate_is_refused_before_anybody_connects() {
    let home = TempDir::new().unwrap();
    let (cert, _) = certificate(&home);
    let other = home.path().join("other.pem");
    std::fs::write(&other, Identity::self_signed(&["localhost".to_owned()]).unwrap().key).unwrap();
    let file = home.path().join("trace.txt");
    std::fs::write(&file, "-- tls\nS: 220 mx\n").unwrap();
    let output = mailkit(&home)
        .args(["trace", "replay", "--listen", "127.0.0.1:0", "--tls-cert"])
        .arg(&cert)
        .arg("--tls-key")
        .args([&other, &file])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(output.stdout.is_empty() && told.contains("do not go together"), "{told}");
}

#[test]
fn who_does_not_say_what_is_played_is_told_all_there_is() {
    let home = TempDir::new().unwrap();
    let output = mailkit(&home).args(["trace", "replay"]).arg(path("smtp.jsonl")).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(["--listen", "--connect", "--dns", "--ask"].iter().all(|way| told.contains(way)), "{told}");
}

#[test]
fn of_a_number_that_no_conversation_has_those_that_there_are_are_told() {
    let home = TempDir::new().unwrap();
    for (text, wanted) in [
        ("S: 220 mx\n", "no conversation 9: the only one has the number 1"),
        ("S: 220 mx\n2S: 220 mx\n3S: 220 mx\n", "no conversation 9: its 3 are numbered 1 to 3"),
        ("S: 220 mx\n3S: 220 mx\n", "no conversation 9: its 2 are numbered 1, 3"),
    ] {
        let file = home.path().join("trace.txt");
        std::fs::write(&file, text).unwrap();
        let output = mailkit(&home)
            .args(["trace", "replay", "--listen", "127.0.0.1:0", "--conn", "1", "--conn", "9"])
            .arg(&file)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(65), "{told}");
        assert!(told.contains(wanted), "{told}");
    }
}

/// A server of ours whose world is in memory.
struct Loopback(Arc<mailkit::server::Server>, Service);

impl Stage for Loopback {
    async fn open(&mut self, _: u32) -> Result<End, String> {
        Ok(End::new(stage::connect(&self.0, self.1, false), Pace::Octets, PATIENCE))
    }

    async fn secure(
        &mut self,
        stream: Box<dyn mailkit::world::Stream>,
    ) -> Result<Box<dyn mailkit::world::Stream>, String> {
        let trust = Trust::Authorities(stage::identity().certificates.clone().into_bytes());
        let handshake = Handshake::Client(ClientTls::new(&trust).unwrap(), "localhost".to_owned());
        let (spare, _) = tokio::io::duplex(1);
        Standing::new(Box::new(spare), handshake, Pace::Whole, PATIENCE).secure(stream).await
    }
}

#[test]
fn the_client_of_a_trace_hears_from_our_server_what_it_heard() {
    for recorded in RECORDED {
        let Some(service) = recorded.service else { continue };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let conversations = replay::read(&text(recorded.file)).unwrap();
        for cues in conversations.values() {
            let done = runtime.block_on(async {
                let wishes = Wishes { users: vec!["bob".into()], listen: vec![service], ..Wishes::default() };
                let server = Arc::new(stage::server_on(&wishes, MemoryDisk::new()).await.unwrap());
                if service != Service::Submission {
                    let account = server.mailstore().account("bob").await.unwrap();
                    let content =
                        Arc::new(b"From: alice@crepes.example\r\nSubject: Ketchup\r\n\r\nDo you?\r\n".to_vec());
                    let arrived = "2026-11-21T07:45:00Z".parse().unwrap();
                    let delivery = Delivery { key: "given".into(), flags: Flags::new(), arrived, content };
                    account.deliver("INBOX", vec![delivery]).await.unwrap();
                }
                let mut player = Player::new(Loopback(server, service), Side::Client);
                player.is_recorded = true;
                let secret = |text: &&str| Secret::new(base64::encode(text.as_bytes()).to_string());
                player.secrets = recorded.secrets.iter().map(secret).collect();
                player.play(cues, None).await
            });
            assert_eq!(done, Ok(()), "{}", recorded.file);
        }
    }
}

/// Writes that of the web anew.
#[test]
#[ignore = "it writes into the source tree"]
fn the_web_is_recorded() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let trace = runtime.block_on(async {
        let names = ["mta-sts", "autoconfig", "login"].map(|name| format!("{name}.hamburger.example"));
        let tls = ServerTls::new(&Identity::self_signed(&names).unwrap()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let head = |media_type: &str, length: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{length}ETag: \"canary-etag\"\r\n\r\n")
        };
        let length = |body: &str| format!("Content-Length: {}\r\n", body.len());
        let (first, second) = SETTINGS.split_at(30);
        let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
        let answers = vec![
            head("text/plain", &length(POLICY)) + POLICY,
            head("text/xml", "Transfer-Encoding: chunked\r\n") + &chunks,
            head("application/json", &length(TOKEN)) + TOKEN,
        ];
        tokio::join!(browse(at), web(listener, tls, answers)).0.1
    });
    std::fs::write(path("https.jsonl"), trace).unwrap();
}

/// Writes a trace anew, with whatever server is there.
fn record(home: &TempDir, recorded: &Recorded, at: &str) {
    let trace = format!("--trace={}", path(recorded.file).display());
    // It is written as a trace is, behind what is there.
    std::fs::remove_file(path(recorded.file)).unwrap();
    let client = visit(home, recorded, at, &[&trace]);
    println!("{}: {:?} {}", recorded.file, client.status, String::from_utf8_lossy(&client.stderr));
    assert_eq!(client.status.code(), Some(recorded.exit), "{}", recorded.file);
}

/// Writes the traces anew for which servers of others are needed: `tests/interop/record` starts them and says where they
/// are. Those of which nothing is said stay as they are.
#[test]
#[ignore = "it writes into the source tree"]
fn traces_of_others_are_recorded() {
    let home = TempDir::new().unwrap();
    for recorded in RECORDED.iter().filter(|recorded| recorded.service.is_none()) {
        match std::env::var(recorded.peer) {
            Ok(at) => record(&home, recorded, &at),
            Err(_) => println!("{}: left as it is, without {}", recorded.file, recorded.peer),
        }
    }
    let Ok(at) = std::env::var("MAILKIT_RECORD_DNS") else { return println!("DNS: left as it is") };
    for (file, words) in DNS {
        std::fs::remove_file(path(file)).unwrap();
        let words = words.iter().map(|word| word.replace("{at}", &at));
        let trace = format!("--trace={}", path(file).display());
        let client = mailkit(&home).args(words).arg(trace).output().unwrap();
        println!("{file}: {:?} {}", client.status, String::from_utf8_lossy(&client.stderr));
    }
}

/// Writes the traces anew: `cargo test --test replay -- --ignored`, with a server of ours at work.
#[test]
#[ignore = "it writes into the source tree"]
fn traces_are_recorded() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for recorded in RECORDED {
        let Some(service) = recorded.service else { continue };
        let home = TempDir::new().unwrap();
        let (server, at) = runtime.block_on(async {
            let wishes = Wishes { users: vec!["bob".into()], listen: vec![service], ..Wishes::default() };
            let server = Arc::new(stage::server_on(&wishes, MemoryDisk::new()).await.unwrap());
            if service != Service::Submission {
                let account = server.mailstore().account("bob").await.unwrap();
                let content = Arc::new(b"From: alice@crepes.example\r\nSubject: Ketchup\r\n\r\nDo you?\r\n".to_vec());
                let arrived = "2026-11-21T07:45:00Z".parse().unwrap();
                let delivery = Delivery { key: "given".into(), flags: Flags::new(), arrived, content };
                account.deliver("INBOX", vec![delivery]).await.unwrap();
            }
            let at = server.listen().await.unwrap()[0].1.to_string();
            (server, at)
        });
        record(&home, &recorded, &at);
        drop(server);
    }
}

#[test]
fn a_client_that_says_something_else_is_told_of() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("trace.txt");
    std::fs::write(&file, "S: 220 mx\nC: NOOP\nS: 250 ok\n-- closed\n").unwrap();
    let (server, at) = serve(&home, &file, &[]);
    let mut stream = std::net::TcpStream::connect(&at).unwrap();
    stream.write_all(b"RSET\r\n").unwrap();
    let (exit, said) = told(server);
    assert_eq!(exit, Some(76));
    assert!(said.contains("conversation 1 is not as it was: at `C: NOOP`: heard `RSET`"), "{said}");
}

#[test]
fn a_client_that_says_a_password_is_told_of_without_it() {
    let home = TempDir::new().unwrap();
    for (trace, said) in [
        ("S: +OK\nC: PASS {secret}\nS: +OK\n", "pass hunter2\r\n"),
        ("S: +OK\nC: NOOP\nS: +OK\n", "PASS hunter2\r\n"),
        ("S: +OK\nC: PASS {secret}\nS: +OK\n", "PASS hunter2"),
        ("S: 220\nC: AUTH LOGIN\nS: 334 go\nC: *\nS: 501\n", "AUTH LOGIN\r\nhunter2\r\n"),
        ("S: +OK\n-- closed\n", "PASS hunter2\r\n"),
    ] {
        let file = home.path().join("trace.txt");
        std::fs::write(&file, trace).unwrap();
        let (server, at) = serve(&home, &file, &["--wait", "2s"]);
        let mut stream = std::net::TcpStream::connect(&at).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let (exit, told) = told(server);
        assert_eq!(exit, Some(76), "{told}");
        assert!(told.contains("something else, which may be a secret") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_client_that_never_comes_to_the_point_is_not_listened_to_for_ever() {
    let _watch = watchdog::over("a flood", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let file = home.path().join("trace.txt");
    std::fs::write(&file, "S: 220 mx\nC: DATA\nC: {...}\nC: .\nS: 250 ok\n").unwrap();
    let (server, at) = serve(&home, &file, &["--wait", "2s"]);
    let mut stream = std::net::TcpStream::connect(&at).unwrap();
    stream.write_all(b"DATA\r\n").unwrap();
    // A line each 100 ms: none of them is late.
    while stream.write_all(b"more\r\n").is_ok() {
        std::thread::sleep(Duration::from_millis(100));
    }
    let (exit, told) = told(server);
    assert_eq!(exit, Some(76), "{told}");
    assert!(told.contains("does not end in time"), "{told}");
}

#[test]
fn options_that_would_be_passed_over_are_refused() {
    let home = TempDir::new().unwrap();
    for (way, option) in [
        (["--ask", "127.0.0.1:1"], &["--proxy", "socks5://127.0.0.1:1"][..]),
        (["--ask", "127.0.0.1:1"], &["--source", "127.0.0.2"]),
        (["--ask", "127.0.0.1:1"], &["-4"]),
        (["--ask", "127.0.0.1:1"], &["--tls-name", "x.test"]),
        (["--dns", "127.0.0.1:0"], &["--cert", "x.pem"]),
        (["--dns", "127.0.0.1:0"], &["--ca", "x.pem"]),
        (["--dns", "127.0.0.1:0"], &["--exact"]),
        (["--listen", "127.0.0.1:0"], &["-6"]),
    ] {
        let output =
            mailkit(&home).args(["trace", "replay"]).args(way).args(option).arg(path(DNS[0].0)).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{way:?} {option:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_question_that_had_no_answer_and_has_one_now_is_told_of() {
    let _watch = watchdog::over("new answers", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let (file, _) = DNS[0];
    let silent = home.path().join("silent.jsonl");
    let recorded = text(file);
    let lines = recorded.lines().map(|line| {
        let mut event = Event::from_json(line).unwrap();
        if let Some(Happening::Query { reply, .. }) = &mut event.event {
            *reply = None;
        }
        event.to_json() + "\n"
    });
    std::fs::write(&silent, lines.collect::<String>()).unwrap();
    let (mut server, at) = play(&home, &path(file), &["--dns", "127.0.0.1:0"]);
    let asked = mailkit(&home).args(["trace", "replay", "--ask", &at]).arg(&silent).output().unwrap();
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert_eq!(asked.status.code(), Some(76), "{told}");
    assert!(told.contains("had no answer when it was recorded, and has one now"), "{told}");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_trace_of_which_nothing_can_be_asked_says_what_to_do() {
    let home = TempDir::new().unwrap();
    for (text, wanted) in [
        ("S: 220 mx\n", "record some"),
        ("-- query MX a.example over udp: 30 octets\n", "only JSON lines hold the octets"),
    ] {
        let file = home.path().join("trace.txt");
        std::fs::write(&file, text).unwrap();
        let asked = mailkit(&home).args(["trace", "replay", "--ask", "127.0.0.1:1"]).arg(&file).output().unwrap();
        let told = String::from_utf8_lossy(&asked.stderr).into_owned();
        assert_eq!(asked.status.code(), Some(65), "{told}");
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn what_is_no_trace_is_not_repeated_at_length_and_standard_input_is_read_once() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("long.txt");
    for text in ["x".repeat(200_000), format!("{{\"v\":1,\"dir\":\"{}\"}}", "é".repeat(100_000))] {
        std::fs::write(&file, text).unwrap();
        for words in [&["show"][..], &["diff", "long.txt"], &["replay", "--listen", "127.0.0.1:0"]] {
            let output = mailkit(&home).arg("trace").args(words).arg(&file).output().unwrap();
            assert_eq!(output.status.code(), Some(65), "{words:?}");
            assert!(output.stderr.len() < 1000, "{words:?}: {} octets", output.stderr.len());
        }
    }
    let output = mailkit(&home).args(["trace", "diff", "-", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_no_trace_or_has_no_such_conversation_is_refused() {
    let home = TempDir::new().unwrap();
    for (text, more, exit) in [
        ("hello\n", &[][..], 65),
        ("{\"v\":1}\n", &[], 65),
        ("", &[], 65),
        ("-- dns MX x: y\n", &[], 65),
        ("S: 220 mx\n", &["--conn", "2"], 65),
        ("S: 220 mx\nC: AUTH PLAIN {secret}\n", &["--wait", "100ms"], 75),
    ] {
        let file = home.path().join("trace.txt");
        std::fs::write(&file, text).unwrap();
        let mut command = mailkit(&home);
        let output =
            command.args(["trace", "replay", "--listen", "127.0.0.1:0"]).args(more).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_body_that_was_left_out_is_made_up_as_long_as_it_was() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for size in [0, 1, 2, 3, 4, 5, 77, 78, 79, 80, 81, 156, 157, 15_600, 15_678, 100_000, 1_000_001] {
        let trace = format!("[1ms {size}B] C: {{...}}\n[1ms] C: .\n");
        let mut cues: Vec<Cue> = replay::read(&trace).unwrap().remove(&1).unwrap();
        cues[0].elided = Some(size);
        let (near, mut far) = tokio::io::duplex(64);
        let said = runtime.block_on(async {
            let read = tokio::spawn(async move {
                let mut said = Vec::new();
                tokio::io::AsyncReadExt::read_to_end(&mut far, &mut said).await.unwrap();
                said
            });
            let stage = Standing::new(Box::new(near), Handshake::None, Pace::Whole, PATIENCE);
            let mut player = Player::new(stage, Side::Client);
            player.is_recorded = true;
            player.play(&cues, None).await.unwrap();
            drop(player);
            read.await.unwrap()
        });
        assert_eq!(said.len() as u64, size + 3, "{size}");
        let body = &said[..said.len() - 3];
        assert!(size < 2 || body.ends_with(b"\r\n"), "{size}");
        assert!(!String::from_utf8_lossy(body).lines().any(|line| line.starts_with('.')));
    }
}

/// A web server that says what it is told to say; it is only there to be recorded.
async fn web(listener: tokio::net::TcpListener, tls: ServerTls, answers: Vec<String>) {
    for answer in answers {
        let (stream, peer) = listener.accept().await.unwrap();
        let connection = Connection::new(Box::new(stream), peer, None);
        let mut connection = connection.accept_tls(&tls, PATIENCE).await.unwrap();
        let mut text = Vec::new();
        loop {
            let read = String::from_utf8_lossy(&text).into_owned();
            if let Some((head, body)) = read.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    break;
                }
            }
            assert_ne!(connection.read_buf(&mut text).await.unwrap(), 0);
        }
        connection.write_all(answer.as_bytes()).await.unwrap();
        connection.close().await;
    }
}

/// A web server that answers the questions of a trace, until it has answered so many.
async fn name_server(listener: tokio::net::TcpListener, tls: ServerTls, trace: String, mut count: usize) {
    let mut answers = replay::answers::Answers::read(&trace).unwrap();
    while count > 0 {
        let (stream, peer) = listener.accept().await.unwrap();
        // Whoever does not like the certificate goes.
        let connection = Connection::new(Box::new(stream), peer, None).accept_tls(&tls, PATIENCE).await;
        let Ok(mut connection) = connection else { return };
        let mut read = Vec::new();
        while connection.read_buf(&mut read).await.is_ok_and(|read| read > 0) {
            let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            assert!(head.starts_with("POST /dns-query HTTP/1.1\r\n"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            let Some(question) = read.get(end + 4..end + 4 + length.unwrap()) else { continue };
            let replay::answers::Answer::Say(octets) = answers.answer(question, true).unwrap() else {
                panic!("silence")
            };
            let fields = "Content-Type: application/dns-message\r\nContent-Length";
            let head = format!("HTTP/1.1 200 OK\r\n{fields}: {}\r\n\r\n", octets.len());
            connection.write_all(&[head.as_bytes(), &octets].concat()).await.unwrap();
            connection.flush().await.unwrap();
            read.clear();
            count -= 1;
        }
    }
}

#[test]
fn the_questions_of_a_trace_are_asked_again_over_https() {
    let _watch = watchdog::over("questions over HTTPS", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let (cert, key) = certificate(&home);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (file, _) = DNS[1];
    let read = |path| std::fs::read_to_string(path).unwrap();
    let tls = ServerTls::new(&Identity { certificates: read(&cert), key: read(&key) }).unwrap();
    for (options, exit) in [(&["--ca", cert.to_str().unwrap()][..], 0), (&[], 75)] {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        let count = replay::answers::Answers::read(&text(file)).unwrap().exchanges().len();
        let task = runtime.spawn(name_server(listener, tls.clone(), text(file), count));
        let asked = mailkit(&home).args(["trace", "replay", "--ask", &server]).args(options).arg(path(file)).output();
        let asked = asked.unwrap();
        assert_eq!(asked.status.code(), Some(exit), "{}", String::from_utf8_lossy(&asked.stderr));
        task.abort();
    }
}

/// Every name leads to one address.
struct Everywhere(SocketAddr);

impl Find for Everywhere {
    fn find<'a>(&'a self, _: &'a str, _: u16) -> mailkit::world::Later<'a, mailkit::error::Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(vec![self.0])))
    }
}

/// Asks for a policy, for settings and for a token; what came, and the trace of it.
async fn browse(at: SocketAddr) -> (Vec<Vec<u8>>, String) {
    let page = Page::default();
    let style = Style { json: true, ..Style::default() };
    let trace = Trace::styled(Box::new(page.clone()), style);
    let (find, trust) = (Everywhere(at), Trust::Anyone);
    let http = Http::new(&Tcp, &find, &trust, Some(&trace));
    let url = |text: &str| url::Url::parse(text).unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "canary-refresh~1"), ("client_id", "canary-client")];
    let mut bodies = Vec::new();
    for request in [
        Request::get(url("https://mta-sts.hamburger.example/.well-known/mta-sts.txt")).accept("text/plain"),
        Request::get(url(
            "https://autoconfig.hamburger.example/mail/config-v1.1.xml?emailaddress=bob%40hamburger.example",
        )),
        Request::form(url("https://login.hamburger.example/token"), &form),
    ] {
        bodies.push(http.ask(request).await.unwrap().body);
    }
    drop(http);
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    (bodies, text)
}

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.hamburger.example\r\nmax_age: 604800\r\n";
const SETTINGS: &str = "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"/>\n";
const TOKEN: &str = "{\"access_token\":\"canary-access~1\",\n \"expires_in\":3600,\"token_type\":\"Bearer\"}";

#[test]
fn the_web_server_of_a_trace_gives_policies_settings_and_tokens() {
    let _watch = watchdog::over("web server of a trace", Duration::from_secs(60));
    let home = TempDir::new().unwrap();
    let secrets = home.path().join("secrets.txt");
    std::fs::write(&secrets, "canary-access~1\n").unwrap();
    let (server, at) = serve(&home, &path("https.jsonl"), &["--secrets", secrets.to_str().unwrap()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (bodies, again) = runtime.block_on(browse(at.parse().unwrap()));
    assert_eq!(told(server), (Some(0), String::new()));
    assert_eq!(bodies, [POLICY, SETTINGS, TOKEN].map(|body| body.as_bytes().to_vec()));
    let recorded = text("https.jsonl");
    assert_eq!(differing(&recorded, &again), []);
    assert!(!recorded.contains("canary") && !again.contains("canary"), "{again}");
}

#[test]
fn the_client_and_the_server_of_a_trace_understand_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let names = ["mta-sts", "autoconfig", "login"].map(|name| format!("{name}.hamburger.example"));
    let identity = Identity::self_signed(&names).unwrap();
    for (file, secrets) in [
        ("https.jsonl", [&["canary-refresh%7E1", "canary-client"][..], &["canary-access~1"]]),
        ("lmtp.jsonl", [&[], &[]]),
        ("managesieve.jsonl", [&["\"AGJvYgBzZWNyZXQ=\""], &[]]),
    ] {
        for cues in replay::read(&text(file)).unwrap().values() {
            // Tickets of TLS go out while the client speaks already; somebody has to have room for them.
            let (near, far) = tokio::io::duplex(64 * 1024);
            let client = Handshake::Client(ClientTls::new(&Trust::Anyone).unwrap(), names[0].clone());
            let server = Handshake::Server(ServerTls::new(&identity).unwrap());
            let player = |stream, handshake, role, secrets: &[&str]| {
                let mut player = Player::new(Standing::new(stream, handshake, Pace::Whole, PATIENCE), role);
                player.is_recorded = true;
                player.secrets = secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect();
                player
            };
            let mut client = player(Box::new(near), client, Side::Client, secrets[0]);
            let mut server = player(Box::new(far), server, Side::Server, secrets[1]);
            let said = runtime.block_on(async { tokio::join!(client.play(cues, None), server.play(cues, None)) });
            assert_eq!(said, (Ok(()), Ok(())), "{file}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in "((C|S)(:|!) (\\{\\.\\.\\.\\}|\\{secret\\}|x|\\{[0-9]\\}|\\PC{0,5})\n|-- (tls|cut|closed|1s)\n|\\[1ms [0-9]{1,20}B\\] C: \\{...\\}\n|\\PC{0,10}\n){0,8}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let Ok(conversations) = replay::read(&text) else { return Ok(()) };
        let both = [Side::Client, Side::Server];
        for (role, cues) in both.iter().flat_map(|role| conversations.values().map(move |cues| (*role, cues))) {
            let (near, far) = tokio::io::duplex(64);
            drop(far);
            let _ = runtime.block_on(async {
                let stage = Standing::new(Box::new(near), Handshake::None, Pace::Whole, Duration::from_millis(1));
                let mut player = Player::new(stage, role);
                player.is_recorded = true;
                player.play(cues, Some(Duration::from_secs(1))).await
            });
        }
    }
}
