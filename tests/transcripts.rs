//! Plays every transcript in `tests/transcripts/` against our servers.
//!
//! Whole and octet by octet over a pipe in memory; those not marked `clock` also over loopback, and those not
//! marked `plain` also inside TLS. A line `$ mailkit …` turns the roles: `tests/clients.rs` plays those.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;

use mailkit::imap::flag::Flags;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::replay::Cue;
use mailkit::replay::end::{End, Pace};
use mailkit::replay::player::{Player, Stage};
use mailkit::server::{Server, Service};
use mailkit::store::account::Delivery;
use mailkit::store::memory::MemoryDisk;
use mailkit::wire::pattern::{Bindings, fill};
use mailkit::wire::transcript::{Entry, Side, parse};
use mailkit::world::Stream;
use stage::Wishes;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How a transcript is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Whole,
    OctetByOctet,
    Loopback,
    InsideTls,
}

/// A reply that does not come within this time does not come.
const REPLY_MAX: Duration = Duration::from_secs(20);

#[test]
fn smtp_transcripts_hold() {
    play_all("smtp", Service::Smtp);
}

#[test]
fn pop3_transcripts_hold() {
    play_all("pop3", Service::Pop3);
}

#[test]
fn imap_transcripts_hold() {
    play_all("imap", Service::Imap);
}

fn play_all(protocol: &str, service: Service) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(protocol);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no transcripts in {}", directory.display());
    let mut failures = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let entries = match parse(&std::fs::read_to_string(path).unwrap()) {
            Ok(entries) => entries,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let script = Script::new(entries);
        for manner in script.manners() {
            if let Err(why) = script.play(service, manner) {
                failures.push(format!("{name}, {manner:?}: {why}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of the transcripts fail:\n{}", failures.len(), failures.join("\n"));
}

struct Script {
    entries: Vec<Entry>,
    wishes: Wishes,
    mail: Vec<(String, String)>,
    submission: bool,
    plain: bool,
    clock: bool,
    /// What is said in one breath must arrive so.
    whole: bool,
}

impl Script {
    fn new(entries: Vec<Entry>) -> Self {
        let mut script = Self {
            entries: Vec::new(),
            wishes: Wishes::default(),
            mail: Vec::new(),
            submission: false,
            plain: false,
            clock: false,
            whole: false,
        };
        for entry in entries {
            let Entry::Given(given) = &entry else {
                script.entries.push(entry);
                continue;
            };
            let mut words = given.split_whitespace();
            match words.next() {
                Some("users") => script.wishes.users = words.map(str::to_owned).collect(),
                Some("domains") => script.wishes.domains = words.map(str::to_owned).collect(),
                Some("size_max") => script.wishes.size_max = Some(words.next().unwrap().parse().unwrap()),
                Some("submission") => script.submission = true,
                Some("plain") => script.plain = true,
                Some("clock") => script.clock = true,
                Some("whole") => script.whole = true,
                // `given: mail bob Subject: x\r\n\r\nHello\r\n`: a message in bob's INBOX.
                Some("mail") => {
                    let user = words.next().unwrap();
                    let text = given.split_once(user).unwrap().1.trim_start();
                    let text = text.replace("\\r\\n", "\r\n");
                    script.mail.push((user.to_owned(), fill(&text, &Bindings::new())));
                }
                other => panic!("unknown given: {other:?}"),
            }
        }
        script
    }

    fn manners(&self) -> Vec<Manner> {
        if self.whole {
            return vec![Manner::Whole];
        }
        let mut manners = vec![Manner::Whole, Manner::OctetByOctet];
        if !self.clock {
            manners.push(Manner::Loopback);
            if !self.plain {
                manners.push(Manner::InsideTls);
            }
        }
        manners
    }

    fn play(&self, service: Service, manner: Manner) -> Result<(), String> {
        let service = if self.submission { Service::Submission } else { service };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(self.clock).build().unwrap();
        runtime.block_on(async {
            let wishes = Wishes {
                users: self.wishes.users.clone(),
                domains: self.wishes.domains.clone(),
                size_max: self.wishes.size_max,
                listen: vec![service],
                ..Wishes::default()
            };
            let server = Arc::new(stage::server_on(&wishes, MemoryDisk::new()).await.unwrap());
            for (number, (user, text)) in self.mail.iter().enumerate() {
                let account = server.mailstore().account(user).await.unwrap();
                let content = Arc::new(text.clone().into_bytes());
                let arrived = "2026-11-21T07:45:00Z".parse().unwrap();
                let delivery = Delivery { key: format!("given{number}"), flags: Flags::new(), arrived, content };
                account.deliver("INBOX", vec![delivery]).await.unwrap();
            }
            let mut theatre = Theatre { server, service, manner, address: None };
            if manner == Manner::Loopback {
                theatre.address = Some(theatre.server.listen().await.unwrap()[0].1);
            }
            let mut player = Player::new(theatre, Side::Client);
            player.bindings.insert("host".to_owned(), stage::HOST.to_owned());
            let cues: Vec<Cue> = self.entries.iter().cloned().map(Cue::from).collect();
            player.play(&cues, None).await
        })
    }
}

/// Where the transcript is played: against a server of ours.
struct Theatre {
    server: Arc<Server>,
    service: Service,
    manner: Manner,
    address: Option<std::net::SocketAddr>,
}

impl Stage for Theatre {
    async fn open(&mut self, _: u32) -> Result<End, String> {
        let mut stream: Box<dyn Stream> = match self.address {
            Some(address) => Box::new(tokio::net::TcpStream::connect(address).await.map_err(|e| e.to_string())?),
            None => stage::connect(&self.server, self.service, self.manner == Manner::InsideTls),
        };
        if self.manner == Manner::InsideTls {
            stream = self.secure(stream).await?;
        }
        let pace = if self.manner == Manner::OctetByOctet { Pace::Octets } else { Pace::Whole };
        Ok(End::new(stream, pace, REPLY_MAX))
    }

    async fn secure(&mut self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, String> {
        let trust = Trust::Authorities(stage::identity().certificates.clone().into_bytes());
        let tls = ClientTls::new(&trust).map_err(|error| error.to_string())?;
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let connection = mailkit::net::connection::Connection::new(stream, peer, None);
        let secured = connection.connect_tls(&tls, "localhost", REPLY_MAX).await.map_err(|error| error.to_string())?;
        Ok(Box::new(secured))
    }
}
