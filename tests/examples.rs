//! Each command's help ends with examples, and each example works as it stands there, but for the places it names.
//!
//! A server of ours stands in for the servers in the examples, a few lines of DNS for the name server, and two
//! scripts for programs that are not ours.

mod printed;
mod provider;
mod served;
mod watchdog;

use flate2::Compression;
use flate2::write::GzEncoder;
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::rdata::{A, MX};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use mailkit::message::date;
use mailkit::net::clock::SystemClock;
use mailkit::world::Clock;
use provider::Provider;
use served::{Served, first_line, stop};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const MAILKIT: &str = env!("CARGO_BIN_EXE_mailkit");
const MESSAGE: &str = "From: alice@crepes.example\nTo: bob@hamburger.example\nSubject: Crepes\n\nThe oven is free.\n";
const NEWSLETTER: &str = "List-Unsubscribe: <https://lists.example/u>, <mailto:bob@hamburger.example>\n\
    List-Unsubscribe-Post: List-Unsubscribe=One-Click\nSubject: News\n\nNothing new.\n";

#[test]
fn every_example_in_the_help_works() {
    let stage = Stage::new();
    for command in leaves(&[]) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let examples = examples(&help(&words));
        assert!(examples.len() >= 2, "mailkit {} shows two examples", command.join(" "));
        // Those of mailboxes by hand name messages and mailboxes that the stage does not have; tests/mailboxes.rs runs the
        // commands themselves.
        let is_by_hand =
            command.first().is_some_and(|word| word == "imap") && command.get(1).is_some_and(|word| word != "sync");
        for example in examples {
            assert!(example.contains(&format!("mailkit {}", command.join(" "))), "{example}");
            if !is_by_hand {
                stage.run(&example);
            }
        }
    }
    assert_eq!(stage.provider.asked("refresh_token"), 2, "only `auth refresh` renews a token that is good");
}

#[test]
fn every_command_in_the_readme_works() {
    let stage = Stage::new();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("it is there");
    let blocks = readme.split("```").skip(1).step_by(2);
    let lines: Vec<&str> = blocks.flat_map(str::lines).filter(|line| line.contains("mailkit ")).collect();
    for command in leaves(&[]).iter().filter_map(|command| command.first()).filter(|command| *command != "demo") {
        assert!(lines.iter().any(|line| line.contains(&format!("mailkit {command} "))), "the README shows {command}");
    }
    lines.iter().for_each(|line| stage.run(line));
}

fn help(command: &[&str]) -> String {
    let output = Command::new(MAILKIT).args(command).arg("-h").output().expect("it runs");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The commands that have no commands below them.
fn leaves(above: &[&str]) -> Vec<Vec<String>> {
    let help = help(above);
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return vec![above.iter().map(|word| (*word).to_owned()).collect()];
    };
    let names = list.lines().map_while(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.flat_map(|name| leaves(&[above, &[name]].concat())).collect()
}

/// The lines behind `Examples:`. A line that does not fit is continued without indentation of its own, so each new
/// one is known by its first word.
fn examples(help: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in help.split_once("Examples:\n").map(|(_, lines)| lines).unwrap_or_default().lines() {
        let line = line.trim();
        match found.last_mut() {
            Some(last) if !line.contains("mailkit ") => *last = format!("{last} {line}"),
            _ if line.is_empty() => {}
            _ => found.push(line.to_owned()),
        }
    }
    found
}

/// What the examples need around them.
struct Stage {
    dir: tempfile::TempDir,
    _server: Served,
    provider: Provider,
    places: Vec<(&'static str, String)>,
}

impl Stage {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("bin")).expect("made");
        symlink(MAILKIT, at("bin/mailkit")).expect("linked");
        for (name, script) in [
            ("pass", "#!/bin/sh\necho secret\n"),
            ("jq", "#!/bin/sh\ncat\n"),
            ("vi", "#!/bin/sh\n"),
            ("code", "#!/bin/sh\n"),
        ] {
            let path = at("bin").join(name);
            std::fs::write(&path, script).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("made executable");
        }
        std::fs::write(at("message.eml"), MESSAGE).expect("written");
        std::fs::write(at("newsletter.eml"), NEWSLETTER).expect("written");
        let archive = format!("From alice Fri Nov 20 12:00:00 2026\n{MESSAGE}\n");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(archive.as_bytes()).and_then(|()| packed.finish()).expect("packed");
        std::fs::write(at("archive.mbox"), archive).expect("written");
        std::fs::write(at("archive.mbox.gz"), packed).expect("written");
        ["cur", "new", "tmp"].iter().for_each(|name| std::fs::create_dir_all(at("Maildir").join(name)).expect("made"));
        // Some examples ask for what is young.
        let young = format!("Date: {}\n{MESSAGE}", date::rfc5322(SystemClock.now()));
        std::fs::write(at("Maildir/cur/1.host:2,S"), young).expect("written");
        std::fs::write(at("report.pdf"), "%PDF").expect("written");
        std::fs::write(at(".msmtprc"), "account a\nhost smtp.example.org\ntls on\n").expect("written");
        std::fs::write(at(".mbsyncrc"), "IMAPAccount b\nHost imap.example.org\n").expect("written");

        let add = shell(dir.path(), "mailkit user add --users users --password-env PASSWORD alice").status();
        assert!(add.expect("there is a shell").success());
        let listeners = ["smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps"];
        let listeners: Vec<String> = listeners.iter().map(|name| format!("--{name} 127.0.0.1:0")).collect();
        let users = "--domain hamburger.example --user bob:secret --user alice:secret";
        let server =
            Served::start(&mut shell(dir.path(), &format!("exec mailkit serve {users} {}", listeners.join(" "))));
        for trace in ["trace.jsonl", "trace.txt", "yesterday.jsonl", "today.jsonl", "works.txt", "fails.txt"] {
            let line = format!("mailkit mx probe --trace={trace} smtp://{}?tls=none", server.address("smtp"));
            assert!(shell(dir.path(), &line).output().expect("there is a shell").status.success());
        }
        std::fs::write(at("dns.jsonl"), include_str!("traces/dns-udp.jsonl")).expect("written");
        std::fs::write(at("said.txt"), "").expect("written");
        let name_server = name_server();
        // Nobody can be asked here, and nobody knows the servers of this domain.
        let at_once = format!(
            "add --email alice@hamburger.example --user alice --smtp-url smtp://{} --secret-env PASSWORD",
            server.address("submission")
        );
        let provider = Provider::start();
        std::fs::write(at("provider.pem"), &provider.authority).expect("written");
        std::fs::create_dir_all(at(".config/mailkit")).expect("made");
        let account = format!(
            "[accounts.old]\n[accounts.older]\n[accounts.work]\ndefault = true\nemail = \"bob@hamburger.example\"\nauth = \"oauth\"\n\
             oauth = {{ issuer = \"{}\", client-id = \"me\", ca = \"{}\" }}\n",
            provider.issuer(),
            at("provider.pem").display()
        );
        std::fs::write(at(".config/mailkit/config.toml"), account).expect("written");
        let places = vec![
            ("127.0.0.1:1025", server.address("smtp")),
            ("--listen 127.0.0.1:2525", "--listen 127.0.0.1:0".to_owned()),
            ("--dns 127.0.0.1:5353", "--dns 127.0.0.1:0".to_owned()),
            ("127.0.0.1:1587", server.address("submission")),
            ("127.0.0.1:1110", server.address("pop3")),
            ("127.0.0.1:1143", server.address("imap")),
            ("alice@smtp.example.org", format!("alice@localhost:{}", server.port("submissions"))),
            ("bob@imap.example.org", format!("bob@localhost:{}", server.port("imaps"))),
            ("discover alice@gmail.com", format!("discover --resolver {name_server} alice@gmail.com")),
            ("add me@example.org", at_once),
            ("imaps://imap.example.org", format!("imaps://localhost:{}", server.port("imaps"))),
            ("lookup example.org", format!("lookup @{name_server} example.org")),
            ("check example.org", format!("check @{name_server} example.org")),
            ("mx1.example.org", credulous_server()),
            ("1234.apps.example.org", "me".to_owned()),
            ("@192.0.2.53", format!("@{name_server}")),
            // The stage's own server has the default directory, and perhaps another one the default ports.
            ("serve --data /tmp/mail", format!("serve --data {} --smtp 127.0.0.1:0", at("first").display())),
            ("serve --domain", format!("serve --data {} --submission 127.0.0.1:0 --domain", at("second").display())),
            ("relay queue --data data", "relay queue".to_owned()),
            ("relay run --smarthost", format!("relay run --data {} --smarthost", at("third").display())),
            ("/etc/mailkit/users", at("users").to_string_lossy().into_owned()),
            ("/var/lib/mailkit", at("fourth").to_string_lossy().into_owned()),
        ];
        Self { dir, _server: server, provider, places }
    }

    fn run(&self, example: &str) {
        let line = self.places.iter().fold(example.to_owned(), |line, (from, to)| line.replace(from, to));
        let stays = line.starts_with("mailkit serve") || line.starts_with("mailkit relay run");
        let line = if stays { format!("exec {line} --json") } else { line };
        let _watch = watchdog::over(&line, Duration::from_secs(120));
        if ["--listen", "--dns"].iter().any(|way| line.starts_with(&format!("mailkit trace replay {way}"))) {
            // It waits for somebody to talk with.
            let mut child = shell(self.dir.path(), &format!("exec {line}")).spawn().expect("there is a shell");
            assert!(first_line(&mut child).contains("127.0.0.1:"), "{line}");
            stop(&child);
            child.wait().expect("it ends");
            return;
        }
        let mut child = shell(self.dir.path(), &line).spawn().expect("there is a shell");
        if stays {
            let ready = first_line(&mut child);
            assert!(ready.contains("\"ready\":true"), "{line}: {ready}");
            stop(&child);
        }
        let output = child.wait_with_output().expect("it ends");
        // The token is what this one is there to print.
        let shown = if example.contains("auth token") { &[][..] } else { &output.stdout };
        printed::show(shown, &output.stderr);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {:?}\n{said}", output.status);
    }
}

/// Runs a line as a user would, in a world that holds nothing but the stage.
fn shell(dir: &Path, line: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(dir)
        .env_clear()
        .env("PATH", format!("{}:{path}", dir.join("bin").display()))
        .env("HOME", dir)
        .env("USER", "alice")
        .env("EDITOR", "vi")
        .env("PASSWORD", "secret")
        .env("SMTP_PASSWORD", "secret")
        .env("BOBS_PASSWORD", "secret")
        .env("SSL_CERT_FILE", dir.join(".local/state/mailkit/tls/cert.pem"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A mail server that believes whoever says to be somebody else.
fn credulous_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut answer = "220 mx\r\n";
            let mut line = String::new();
            // Whoever hangs up has heard enough.
            while stream.get_mut().write_all(answer.as_bytes()).is_ok()
                && stream.read_line(&mut line).is_ok_and(|n| n > 0)
            {
                answer = match line.split_whitespace().next() {
                    Some("PROXY") => "",
                    Some("EHLO") => "250-mx\r\n250 XCLIENT ADDR NAME\r\n",
                    Some("XCLIENT") => "220 mx\r\n",
                    Some("QUIT") => "221 bye\r\n",
                    _ => "250 ok\r\n",
                };
                line.clear();
            }
        }
    });
    address
}

/// Answers every question: the exchanger of a domain is mx1 below it, and that is at 192.0.2.1. Everything else is at
/// 127.0.0.1, where nobody listens at the ports of the web.
fn name_server() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let asked = Message::from_vec(&buffer[..count]).expect("a question");
            let query = asked.queries.first().expect("a question").clone();
            let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
            answer.add_query(query.clone());
            let exchanger = || Name::from_ascii("mx1").and_then(|name| name.append_name(query.name())).expect("a name");
            let data = match query.query_type() {
                RecordType::MX => Some(RData::MX(MX::new(10, exchanger()))),
                RecordType::A if query.name().to_string().starts_with("mx1.") => Some(RData::A(A::new(192, 0, 2, 1))),
                RecordType::A => Some(RData::A(A::new(127, 0, 0, 1))),
                _ => None,
            };
            answer.add_answers(data.map(|data| Record::from_rdata(query.name().clone(), 300, data)));
            socket.send_to(&answer.to_vec().expect("it fits"), from).expect("sent");
        }
    });
    address
}
