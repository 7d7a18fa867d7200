//! A trace of each protocol, played again: as a server for our client, and as a client for our server.
//!
//! The traces in `tests/traces/` are what `--trace` wrote, but for LMTP, which no server of ours speaks.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;
mod watchdog;

use mailkit::imap::flag::Flags;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::replay::end::{End, Pace};
use mailkit::replay::player::{Player, Stage};
use mailkit::replay::stage::{Handshake, Standing};
use mailkit::replay::{self, Cue};
use mailkit::sasl::base64;
use mailkit::secret::Secret;
use mailkit::server::Service;
use mailkit::store::account::Delivery;
use mailkit::store::memory::MemoryDisk;
use mailkit::wire::event::{self, Direction, Event};
use mailkit::wire::transcript::Side;
use proptest::prelude::*;
use stage::Wishes;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A protocol's trace, and the command whose conversation it is.
struct Recorded {
    file: &'static str,
    service: Option<Service>,
    /// `{at}` is the address.
    command: &'static [&'static str],
    /// What is said where the trace has a secret.
    secrets: &'static [&'static str],
    exit: i32,
}

const RECORDED: [Recorded; 5] = [
    Recorded {
        file: "smtp.jsonl",
        service: Some(Service::Submission),
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
        file: "lmtp.txt",
        service: None,
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
            "carol@hamburger.example",
        ],
        secrets: &[],
        exit: 1,
    },
    Recorded {
        file: "pop3.txt",
        service: Some(Service::Pop3),
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
        file: "starttls.jsonl",
        service: Some(Service::Submission),
        command: &["mx", "probe", "--helo", "crepes.example", "smtp://{at}?tls=try"],
        secrets: &[],
        exit: 0,
    },
];

/// What is not the same each time, with what stands before it.
const VARIES: [&str; 6] = [
    "Date: ",
    "Message-ID: ",
    "MAIL FROM:<bob@hamburger.example> SIZE=",
    "MAIL FROM:<alice@crepes.example> SIZE=",
    "250 2.0.0 Ok: queued as ",
    "* OK [UIDVALIDITY ",
];

/// The trace, with `{*}` for what varies in the words of one side.
fn loosened(file: &str, side: Direction) -> String {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let loosen = |event: &mut Event| {
        let text = event.text.as_deref().filter(|_| event.dir == side)?;
        let known = VARIES.iter().find(|known| text.starts_with(**known))?;
        event.text = Some(format!("{known}{{*}}"));
        Some(())
    };
    let mut events = event::parse(&text).unwrap();
    for event in &mut events {
        // What varies nowhere stays.
        let _ = loosen(event);
    }
    events.iter().map(|event| event.to_json() + "\n").collect()
}

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
fn serve(home: &TempDir, file: &Path) -> (Child, String) {
    let mut server = mailkit(home).args(["trace", "replay", "--listen", "127.0.0.1:0"]).arg(file).spawn().unwrap();
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
        let file = home.path().join("loosened.jsonl");
        std::fs::write(&file, loosened(recorded.file, Direction::C)).unwrap();
        let (server, at) = serve(&home, &file);
        let client = visit(&home, &recorded, &at, &["--trace=again.txt"]);
        let (exit, said) = told(server);
        let what = String::from_utf8_lossy(&client.stderr).into_owned();
        assert_eq!((exit, said.as_str()), (Some(0), ""), "{}: {what}", recorded.file);
        assert_eq!(client.status.code(), Some(recorded.exit), "{}: {what}", recorded.file);
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
        let conversations = replay::read(&loosened(recorded.file, Direction::S)).unwrap();
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
        let trace = format!("--trace={}", path(recorded.file).display());
        let client = visit(&home, &recorded, &at, &[&trace]);
        println!("{}: {:?} {}", recorded.file, client.status, String::from_utf8_lossy(&client.stderr));
        drop(server);
    }
}

#[test]
fn a_client_that_says_something_else_is_told_of() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("trace.txt");
    std::fs::write(&file, "S: 220 mx\nC: NOOP\nS: 250 ok\n-- closed\n").unwrap();
    let (server, at) = serve(&home, &file);
    let mut stream = std::net::TcpStream::connect(&at).unwrap();
    stream.write_all(b"RSET\r\n").unwrap();
    let (exit, said) = told(server);
    assert_eq!(exit, Some(76));
    assert!(said.contains("conversation 1 is not as it was: at `C: NOOP`: heard `RSET`"), "{said}");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in "((C|S)(:|!) (\\{\\.\\.\\.\\}|\\{secret\\}|x|\\{[0-9]\\}|\\PC{0,5})\n|-- (tls|cut|closed|1s)\n|\\[1ms [0-9]{1,20}B\\] C: \\{...\\}\n|\\PC{0,10}\n){0,8}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let Ok(conversations) = replay::read(&text) else { return Ok(()) };
        for (role, cues) in [Side::Client, Side::Server].iter().flat_map(|role| conversations.values().map(move |cues| (*role, cues))) {
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
