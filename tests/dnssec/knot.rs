//! Knot signs zones and serves them; what we think of its answers is compared with what BIND's delv thinks of them.
//!
//! Needs knotd, keymgr and delv, and a second or two. `BLESS=1` writes `knot.txt` from what was answered.

use super::recorded::{found, response};
use super::verdict;
use super::zone::name;
use hickory_proto::rr::{Name, RecordType};
use mailkit::dns::dnssec::{Anchors, Limits, Response, Security, Source, Validator};
use mailkit::world::{Later, Timestamp};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::Duration;

/// Zone, algorithm, how it is signed; none if it is not.
const ZONES: [(&str, Option<(&str, &str)>); 8] = [
    (".", Some(("rsasha256", ""))),
    ("test.", Some(("ecdsap256sha256", "nsec3: on\n    nsec3-opt-out: on"))),
    ("ecdsa.test.", Some(("ecdsap256sha256", ""))),
    ("rsa.test.", Some(("rsasha256", "nsec3: on\n    nsec3-iterations: 10\n    nsec3-salt-length: 8"))),
    ("ed25519.test.", Some(("ed25519", "nsec3: on\n    nsec3-salt-length: 0"))),
    ("p384.test.", Some(("ecdsap384sha384", ""))),
    ("many.test.", Some(("ecdsap256sha256", "nsec3: on\n    nsec3-iterations: 200"))),
    ("plain.test.", None),
];

const RECORDS: &str = "\
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
@ MX 10 mx
ns A 127.0.0.1
mx A 192.0.2.1
mx AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
alias CNAME mx
away CNAME mx.rsa.test.
out CNAME mx.plain.test.
*.wild TXT \"any text\"
leaf.tree A 192.0.2.2
moved DNAME ecdsa.test.
BIG.Letters MX 10 Mx.Big.Letters
srv SRV 1 2 25 MX
";

/// Names below each zone, with types.
const QUESTIONS: [(&str, RecordType); 17] = [
    ("", RecordType::MX),
    ("mx.", RecordType::AAAA),
    ("_25._tcp.mx.", RecordType::TLSA),
    ("_25._tcp.ns.", RecordType::TLSA),
    ("alias.", RecordType::A),
    ("away.", RecordType::A),
    ("out.", RecordType::A),
    ("x.wild.", RecordType::TXT),
    ("x.y.wild.", RecordType::TXT),
    ("x.wild.", RecordType::A),
    ("tree.", RecordType::A),
    ("mx.moved.", RecordType::A),
    ("gone.", RecordType::A),
    ("x.y.gone.", RecordType::A),
    ("mx.", RecordType::TXT),
    ("big.letters.", RecordType::MX),
    ("srv.", RecordType::SRV),
];

/// Ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks one server, and keeps what it says.
struct Live {
    server: SocketAddr,
    kept: Mutex<HashMap<(Name, RecordType), Vec<u8>>>,
}

fn query(wanted: &Name, kind: RecordType) -> Vec<u8> {
    // Checking disabled (RFC 4035 §3.2.2), one question, one additional record.
    let mut octets = vec![0x12, 0x34, 0x00, 0x10, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in wanted.iter() {
        octets.push(label.len() as u8);
        octets.extend(label);
    }
    octets.push(0);
    octets.extend(u16::from(kind).to_be_bytes());
    // Class IN; then OPT with room for 1232 octets, and DNSSEC OK.
    octets.extend([0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0]);
    octets
}

fn exchange(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let wait = Some(Duration::from_secs(5));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(wait)?;
    socket.send_to(query, server)?;
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    if answer.get(2).is_some_and(|flags| flags & 2 != 0) {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(wait)?;
        stream.write_all(&(query.len() as u16).to_be_bytes())?;
        stream.write_all(query)?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
    }
    Ok(answer)
}

impl Source for Live {
    fn ask<'a>(&'a self, wanted: &'a Name, kind: RecordType) -> Later<'a, Result<Response, String>> {
        let answer = exchange(self.server, &query(wanted, kind)).map_err(|error| error.to_string());
        let read = answer.and_then(|octets| {
            let read = response(&octets);
            self.kept.lock().expect("nobody panicked").insert((wanted.clone(), kind), octets);
            read
        });
        Box::pin(std::future::ready(read))
    }
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Makes keys and zones, and has Knot serve them.
fn serve(dir: &Path) -> (Server, SocketAddr, String) {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("its number").port();
    let here = dir.display();
    let mut config = format!(
        "server:\n    listen: 127.0.0.1@{port}\n    rundir: \"{here}\"\n    udp-workers: 1\n    tcp-workers: 1\n\
         database:\n    storage: \"{here}/db\"\nlog:\n  - target: \"{here}/log\"\n    any: info\npolicy:\n"
    );
    for (at, (_, signed)) in ZONES.iter().enumerate() {
        let Some((algorithm, proof)) = signed else { continue };
        let _ = write!(
            config,
            "  - id: p{at}\n    algorithm: {algorithm}\n    manual: on\n    rrsig-lifetime: 30d\n    rrsig-refresh: 7d\n    {proof}\n"
        );
    }
    let _ = write!(config, "template:\n  - id: default\n    storage: \"{here}\"\n    zonefile-sync: -1\nzone:\n");
    for (at, (zone, signed)) in ZONES.iter().enumerate() {
        let _ = write!(config, "  - domain: \"{zone}\"\n    file: \"z{at}.zone\"\n");
        if signed.is_some() {
            let _ = write!(config, "    dnssec-signing: on\n    dnssec-policy: p{at}\n");
        }
    }
    let path = dir.join("knot.conf");
    std::fs::write(&path, config).expect("a file");
    let conf = path.to_str().expect("text");
    let mut delegations = String::new();
    let mut anchor = String::new();
    for (at, (zone, signed)) in ZONES.iter().enumerate() {
        if let Some((algorithm, _)) = signed {
            let made = format!("algorithm={algorithm}");
            run("keymgr", &["-c", conf, zone, "generate", &made, "ksk=yes"]);
            run("keymgr", &["-c", conf, zone, "generate", &made, "zsk=yes"]);
            let ds = run("keymgr", &["-c", conf, zone, "ds"]);
            // SHA-256; there may be others.
            let ds = ds.lines().find(|line| line.split(' ').nth(4) == Some("2")).expect("a digest").to_owned();
            if at == 0 {
                anchor = ds
            } else {
                let _ = writeln!(delegations, "{ds}");
            }
        }
    }
    for (at, (zone, _)) in ZONES.iter().enumerate() {
        let mut text = format!("$ORIGIN {zone}\n$TTL 3600\n{RECORDS}");
        for (below, _) in &ZONES[1..] {
            let is_below = match *zone {
                "." => *below == "test.",
                "test." => *below != "test.",
                _ => false,
            };
            if is_below {
                let _ = writeln!(text, "{below} NS ns.{below}\nns.{below} A 127.0.0.1");
                for line in delegations.lines().filter(|line| line.split(' ').next() == Some(below)) {
                    let _ = writeln!(text, "{line}");
                }
            }
        }
        std::fs::write(dir.join(format!("z{at}.zone")), text).expect("a file");
    }
    let server = Command::new("knotd").args(["-c", conf]).stdout(std::process::Stdio::null()).spawn().expect("knotd");
    let server = Server(server);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let is_up = |zone: &str| {
        let answer = exchange(address, &query(&name(zone), RecordType::SOA));
        answer.ok().and_then(|octets| response(&octets).ok()).is_some_and(|response| !response.answers.is_empty())
    };
    for _ in 0..100 {
        if ZONES.iter().all(|(zone, _)| is_up(zone)) {
            return (server, address, anchor);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("Knot does not serve: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
}

/// `secure`, `insecure` or `bogus`, as delv sees it.
fn delv(server: SocketAddr, anchors: &Path, wanted: &str, kind: RecordType) -> (&'static str, String) {
    let port = server.port().to_string();
    let anchors = anchors.to_str().expect("text");
    let kind = kind.to_string();
    let output = Command::new("delv")
        .args(["@127.0.0.1", "-p", &port, "-a", anchors, "+root=.", wanted, &kind])
        .output()
        .expect("delv runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let said = if text.contains("unsigned answer") || text.contains("negative response, unsigned") {
        "insecure"
    } else if text.contains("fully validated") {
        "secure"
    } else {
        "bogus"
    };
    (said, text)
}

#[test]
#[ignore = "needs knotd, keymgr and delv"]
fn knot_signs_and_we_judge_as_delv_does() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("db")).expect("a directory");
    let (_server, server, anchor) = serve(dir.path());
    let anchors = Anchors::parse(&anchor).expect("a trust anchor");
    let words: Vec<&str> = anchor.split(' ').collect();
    let bind =
        format!("trust-anchors {{ \".\" static-ds {} {} {} \"{}\"; }};\n", words[2], words[3], words[4], words[5]);
    let file = dir.path().join("anchors");
    std::fs::write(&file, bind).expect("a file");
    let time = Timestamp::now();
    let live = Live { server, kept: Mutex::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (mut judged_lines, mut differing) = (String::new(), Vec::new());
    for (zone, _) in &ZONES[1..] {
        for (below, kind) in QUESTIONS {
            let wanted = format!("{below}{zone}");
            // For each question all over again, so that everything is asked for.
            let validator = Validator::with_limits(anchors.clone(), Limits::default());
            let judged = runtime.block_on(validator.validate(&live, &name(&wanted), kind, time));
            let (theirs, text) = delv(server, &file, &wanted, kind);
            let ours = match judged.security {
                Security::Secure => "secure",
                Security::Insecure(_) => "insecure",
                Security::Bogus(_) | Security::Indeterminate(_) => "bogus",
            };
            // RFC 5155 §9.2: what a zone has left out of its proofs is not authentic; delv says nothing of that.
            let is_left_out = verdict(&judged.security) == "dnssec.opted-out" && text.contains("negative response");
            if ours != theirs && !is_left_out {
                differing.push(format!("{wanted} {kind}: {ours} {:?}, delv: {theirs} {text}", judged.steps));
            }
            // Not all are kept: what each algorithm and each sort of proof has once is enough.
            if *zone != "p384.test." {
                let (by, found) = (verdict(&judged.security), found(&judged));
                let _ = writeln!(judged_lines, "judged {wanted} {kind} {by} {found}");
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let mut text = format!("anchor {anchor}\ntime {time}\n");
        let kept = live.kept.lock().expect("nobody panicked");
        let mut answers: Vec<_> = kept.iter().filter(|((name, _), _)| !name.to_ascii().contains("p384")).collect();
        answers.sort_by(|a, b| (&a.0.0, u16::from(a.0.1)).cmp(&(&b.0.0, u16::from(b.0.1))));
        for ((wanted, kind), octets) in answers {
            let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            let _ = writeln!(text, "answer {wanted} {kind} {digits}");
        }
        text.push_str(&judged_lines);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dnssec/knot.txt");
        std::fs::write(path, text).expect("a file");
    }
}
