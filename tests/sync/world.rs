//! A server with its mailboxes in memory, a Maildir to pull into, and the way between them.

use crate::host::{Host as Hands, Store};
use mailkit::endpoint::Endpoint;
use mailkit::engine::imap::Session;
use mailkit::error::Result;
use mailkit::imap::flag::Flags;
use mailkit::imap::server::{self, Answer, Ask, Policy};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::gate::Gate;
use mailkit::net::serve::{Host, Port};
use mailkit::net::tls::Trust;
use mailkit::net::trace::Trace;
use mailkit::sasl::{Credentials, Mechanism, PlaintextAuth};
use mailkit::secret::Secret;
use mailkit::store::IndexAt;
use mailkit::store::account::Account;
use mailkit::store::disk::RealDisk;
use mailkit::store::memory::MemoryDisk;
use mailkit::sync::{self, Mirror, Place, Source, Summary};
use mailkit::world::{Connect, Later, Stream, Timestamp};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::sync::CancellationToken;

/// A message as it is known from outside: mailbox, text, flags, arrival.
pub(crate) type Seen = (String, String, Vec<String>, Timestamp);

/// A server's hands for the driver.
struct Served(Hands);

impl Host<server::Session> for Served {
    async fn perform(&mut self, ask: Ask) -> Answer {
        self.0.perform(ask)
    }
}

/// Leads to the mailboxes, and breaks after so many octets from the server.
pub(crate) struct Wire {
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) breaks_after: u64,
}

impl Connect for Wire {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (near, middle) = duplex(64 * 1024);
        let (other, far) = duplex(64 * 1024);
        let port =
            Port { tls: None, implicit: false, gate: Gate::new(10, 10), trace: None, stop: CancellationToken::new() };
        let policy = Policy {
            hostname: "mail.example".into(),
            size_max: 100_000_000,
            plaintext_auth: PlaintextAuth::Loopback,
            mechanisms: vec![Mechanism::Plain, Mechanism::Login],
        };
        let hands = Served(Hands::new(&self.store));
        tokio::spawn(async move { port.run(Box::new(far), to, server::Session::new(Arc::new(policy)), hands).await });
        let left = self.breaks_after;
        tokio::spawn(async move {
            let ((mut middle_read, mut middle_write), (other_read, mut other_write)) =
                (tokio::io::split(middle), tokio::io::split(other));
            tokio::select! {
                _ = tokio::io::copy(&mut middle_read, &mut other_write) => {}
                _ = async {
                    let mut limited = other_read.take(left);
                    let _ = tokio::io::copy(&mut limited, &mut middle_write).await;
                    let _ = middle_write.shutdown().await;
                } => {}
            }
        });
        Box::pin(async move { Ok(Box::new(near) as Box<dyn Stream>) })
    }
}

pub(crate) fn steady(store: &Arc<Mutex<Store>>) -> Wire {
    Wire { store: store.clone(), breaks_after: u64::MAX }
}

/// A Maildir on the machine's own disk, with its notes beside it.
pub(crate) fn on_disk(maildir: &Path) -> Place {
    Place {
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        maildir: maildir.to_owned(),
        index: IndexAt::File,
    }
}

/// A Maildir on a disk in memory, whose notes are lost after each run.
pub(crate) fn in_memory(disk: &MemoryDisk) -> Place {
    Place { disk: Arc::new(disk.clone()), index: IndexAt::Memory, ..on_disk(Path::new("/mail")) }
}

pub(crate) async fn pull(place: &Place, connect: &dyn Connect) -> Result<Summary> {
    pull_traced(place, connect, None).await
}

pub(crate) async fn pull_traced(place: &Place, server: &dyn Connect, trace: Option<Trace>) -> Result<Summary> {
    let mut mirror = Mirror::open(place.clone()).await?;
    let mut session = connect(server, trace).await?;
    let summary = mirror.pull(&mut session, "bob@127.0.0.1:143", &mut |_, _| {}).await?;
    session.logout().await;
    Ok(summary)
}

pub(crate) async fn connect(server: &dyn Connect, trace: Option<Trace>) -> Result<Session> {
    let endpoint = Endpoint::parse("imap://bob@127.0.0.1:143").expect("a URL");
    let source = Source {
        endpoint: &endpoint,
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 143))],
        credentials: Credentials::new("bob", Secret::new("secret".into())),
        trust: Trust::System,
        trace,
    };
    sync::open(server, source).await
}

/// What the server holds.
pub(crate) fn there(store: &Arc<Mutex<Store>>) -> Vec<Seen> {
    let store = store.lock().expect("nobody panicked");
    let mut seen: Vec<Seen> = Vec::new();
    for (name, mailbox) in &store.mailboxes {
        for kept in mailbox.messages.values() {
            seen.push((name.clone(), text(&kept.octets), words(&kept.flags), kept.arrived));
        }
    }
    seen.sort();
    seen
}

/// What the Maildir holds.
pub(crate) async fn here(place: &Place) -> Vec<Seen> {
    let account = account(place).await;
    let mut seen = Vec::new();
    for info in account.mailboxes().await.expect("listed").into_iter().filter(|info| info.selectable) {
        for row in account.snapshot(&info.name).await.expect("opened").rows {
            let mut octets = Vec::new();
            loop {
                let piece = account.read(&info.name, row.uid, octets.len() as u64, 1 << 20).await.expect("read");
                if piece.is_empty() {
                    break;
                }
                octets.extend(piece);
            }
            seen.push((info.name.clone(), text(&octets), words(&row.flags), row.arrived));
        }
    }
    seen.sort();
    seen
}

pub(crate) async fn account(place: &Place) -> Account {
    let index = (place.index == IndexAt::File).then(|| place.maildir.join("mailkit-index.db"));
    let Place { disk, clock, entropy, maildir, .. } = place.clone();
    Account::open(disk, clock, entropy, maildir, index).await.expect("it opens")
}

/// How often each text is in each mailbox.
pub(crate) fn counts(seen: &[Seen]) -> BTreeMap<(&str, &str), usize> {
    let mut counts = BTreeMap::new();
    for (mailbox, text, ..) in seen {
        *counts.entry((mailbox.as_str(), text.as_str())).or_default() += 1;
    }
    counts
}

/// Messages in three mailboxes, with and without flags.
pub(crate) fn some_mail() -> Arc<Mutex<Store>> {
    let shared = Store::new();
    let mut store = shared.lock().expect("nobody panicked");
    store.create("Empty");
    for (mailbox, count) in [("INBOX", 5), ("Entw\u{fc}rfe & Co", 2), ("Work/2026 \"q\"", 1)] {
        let mailbox = store.create(mailbox);
        for number in 0..count {
            let flags: &[&str] = [&[][..], &["\\Seen"], &["\\Flagged", "work"]][number % 3];
            let uid =
                mailbox.deliver(format!("Subject: {number}\r\n\r\nbody {number}\r\n").as_bytes(), flags_of(flags));
            let kept = mailbox.messages.get_mut(&uid.get()).expect("it was delivered");
            kept.arrived = Timestamp::from_second(1_700_000_000 + 1000 * number as i64).expect("a time");
        }
    }
    drop(store);
    shared
}

pub(crate) fn flags_of(words: &[&str]) -> Flags {
    mailkit::imap::client::flags(words.iter().copied())
}

fn words(flags: &Flags) -> Vec<String> {
    let system = mailkit::imap::flag::SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag));
    system.map(|flag| flag.name().to_owned()).chain(flags.keywords().map(str::to_owned)).collect()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("text")
}

/// A trace that can be read.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<u8>>>);

impl Notes {
    pub(crate) fn trace(&self) -> Option<Trace> {
        Some(Trace::new(Box::new(self.clone())))
    }

    pub(crate) fn text(&self) -> String {
        text(&self.0.lock().expect("nobody panicked"))
    }
}

impl Write for Notes {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
