//! Plays every transcript in `tests/transcripts/` against our servers.
//!
//! Whole and octet by octet over a pipe in memory; those not marked `clock` also over loopback, and those not
//! marked `plain` also inside TLS. A line `$ mailkit …` turns the roles: `tests/clients.rs` plays those.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod stage;

use mailkit::imap::flag::Flags;
use mailkit::net::tls::{ClientTls, Trust};
use mailkit::server::{Server, Service};
use mailkit::store::account::Delivery;
use mailkit::store::memory::MemoryDisk;
use mailkit::wire::pattern::{Bindings, fill, matches};
use mailkit::wire::transcript::{Entry, Side, parse};
use mailkit::world::Stream;
use stage::Wishes;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

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
            let mut player =
                Player { server, service, manner, address: None, ends: HashMap::new(), bindings: Bindings::new() };
            player.bindings.insert("host".to_owned(), stage::HOST.to_owned());
            if manner == Manner::Loopback {
                player.address = Some(player.server.listen().await.unwrap()[0].1);
            }
            for (index, entry) in self.entries.iter().enumerate() {
                let later = &self.entries[index + 1..];
                player.step(entry, later).await.map_err(|why| format!("at `{entry}`: {why}"))?;
            }
            Ok(())
        })
    }
}

struct Player {
    server: Arc<Server>,
    service: Service,
    manner: Manner,
    address: Option<std::net::SocketAddr>,
    ends: HashMap<u32, End>,
    bindings: Bindings,
}

/// The client's end of a connection.
struct End {
    stream: Option<Box<dyn Stream>>,
    unread: Vec<u8>,
}

impl Player {
    async fn step(&mut self, entry: &Entry, later: &[Entry]) -> Result<(), String> {
        match entry {
            Entry::Comment(_) | Entry::Note(..) | Entry::Given(_) => Ok(()),
            Entry::Line { connection, side: Side::Client, text } => {
                let line = fill(text, &self.bindings) + "\r\n";
                self.say(*connection, line.as_bytes()).await
            }
            Entry::Raw { connection, side: Side::Client, octets } => {
                // Repetitions are written out only where the octets are text.
                let octets = match std::str::from_utf8(octets) {
                    Ok(text) => fill(text, &self.bindings).into_bytes(),
                    Err(_) => octets.clone(),
                };
                self.say(*connection, &octets).await
            }
            Entry::Line { connection, side: Side::Server, text } if text == "{...}" => {
                self.skip_to(*connection, later).await
            }
            Entry::Line { connection, side: Side::Server, text } => {
                let line = self.hear(*connection).await?;
                if matches(text, &line, &mut self.bindings) { Ok(()) } else { Err(format!("heard `{line}`")) }
            }
            Entry::Raw { connection, side: Side::Server, octets } => {
                let end = self.end(*connection).await?;
                let heard = end.exactly(octets.len()).await?;
                if heard == *octets { Ok(()) } else { Err(format!("heard `{}`", heard.escape_ascii())) }
            }
            Entry::Tls(connection) => {
                let trust = Trust::Authorities(stage::identity().certificates.clone().into_bytes());
                let tls = ClientTls::new(&trust).map_err(|error| error.to_string())?;
                let end = self.end(*connection).await?;
                end.secure(&tls).await
            }
            Entry::Cut(connection) => {
                self.end(*connection).await?.stream = None;
                Ok(())
            }
            Entry::Closed(connection) => {
                let end = self.end(*connection).await?;
                let rest = end.rest().await?;
                if rest.is_empty() { Ok(()) } else { Err(format!("heard `{}` first", rest.escape_ascii())) }
            }
            Entry::Wait(wait) => {
                tokio::time::sleep(*wait).await;
                Ok(())
            }
            other => Err(format!("{other:?} does not belong into a server's transcript")),
        }
    }

    async fn say(&mut self, connection: u32, octets: &[u8]) -> Result<(), String> {
        let by_octet = self.manner == Manner::OctetByOctet;
        let end = self.end(connection).await?;
        let Some(stream) = &mut end.stream else { return Err("the connection is cut".to_owned()) };
        let size = if by_octet { 1 } else { octets.len().max(1) };
        for piece in octets.chunks(size) {
            // The server may have hung up already; what it said then is what counts.
            if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
                break;
            }
            if by_octet {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, connection: u32) -> Result<String, String> {
        let line = self.end(connection).await?.line().await?;
        String::from_utf8(line).map_err(|error| format!("heard octets that are no text: {error}"))
    }

    /// Skips a body that a trace left out: up to the next line that is expected.
    async fn skip_to(&mut self, connection: u32, later: &[Entry]) -> Result<(), String> {
        let wanted = later.iter().find_map(|entry| match entry {
            Entry::Line { connection: other, side: Side::Server, text } if *other == connection => Some(text),
            _ => None,
        });
        let wanted = wanted.ok_or("nothing is expected behind the body")?;
        loop {
            let line = self.end(connection).await?.line().await?;
            let text = String::from_utf8_lossy(&line).into_owned();
            if matches(wanted, &text, &mut self.bindings.clone()) {
                let end = self.end(connection).await?;
                end.unread = [line, b"\r\n".to_vec(), std::mem::take(&mut end.unread)].concat();
                return Ok(());
            }
        }
    }

    async fn end(&mut self, connection: u32) -> Result<&mut End, String> {
        if !self.ends.contains_key(&connection) {
            let stream: Box<dyn Stream> = match self.address {
                Some(address) => Box::new(tokio::net::TcpStream::connect(address).await.map_err(|e| e.to_string())?),
                None => stage::connect(&self.server, self.service, self.manner == Manner::InsideTls),
            };
            let mut end = End { stream: Some(stream), unread: Vec::new() };
            if self.manner == Manner::InsideTls {
                let trust = Trust::Authorities(stage::identity().certificates.clone().into_bytes());
                end.secure(&ClientTls::new(&trust).map_err(|error| error.to_string())?).await?;
            }
            self.ends.insert(connection, end);
        }
        Ok(self.ends.get_mut(&connection).unwrap())
    }
}

impl End {
    async fn secure(&mut self, tls: &ClientTls) -> Result<(), String> {
        if !self.unread.is_empty() {
            return Err(format!("the server spoke before the handshake: {}", self.unread.escape_ascii()));
        }
        let stream = self.stream.take().ok_or("the connection is cut")?;
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let connection = mailkit::net::connection::Connection::new(stream, peer, None);
        let secured = connection.connect_tls(tls, "localhost", REPLY_MAX).await.map_err(|error| error.to_string())?;
        self.stream = Some(Box::new(secured));
        Ok(())
    }

    async fn line(&mut self) -> Result<Vec<u8>, String> {
        loop {
            if let Some(at) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.unread[..at].to_vec();
                self.unread.drain(..at + 2);
                return Ok(line);
            }
            self.read().await?;
        }
    }

    async fn exactly(&mut self, len: usize) -> Result<Vec<u8>, String> {
        while self.unread.len() < len {
            self.read().await?;
        }
        Ok(self.unread.drain(..len).collect())
    }

    async fn rest(&mut self) -> Result<Vec<u8>, String> {
        while self.read().await.is_ok() {}
        match &self.stream {
            None => Ok(std::mem::take(&mut self.unread)),
            Some(_) => Err("the connection is still open".to_owned()),
        }
    }

    async fn read(&mut self) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        let mut buffer = [0; 16 * 1024];
        match timeout(REPLY_MAX, stream.read(&mut buffer)).await {
            Err(_) => Err(format!("nothing more comes behind `{}`", self.unread.escape_ascii())),
            Ok(Ok(0) | Err(_)) => {
                self.stream = None;
                Err(format!("the server closed behind `{}`", self.unread.escape_ascii()))
            }
            Ok(Ok(count)) => {
                self.unread.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}
