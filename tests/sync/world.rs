//! A server with its mailboxes in memory, Maildirs to agree with it, and the way between them.

use crate::host::{Host as Hands, Store};
use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::engine::imap::Session;
use mailkit::error::Result;
use mailkit::imap::flag::Flags;
use mailkit::imap::server::{self, Answer, Ask};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::gate::Gate;
use mailkit::net::serve::{Host, Port};
use mailkit::net::tls::Trust;
use mailkit::net::trace::Trace;
use mailkit::sasl::{Credentials, Mechanism, PlaintextAuth};
use mailkit::secret::Secret;
use mailkit::store::disk::RealDisk;
use mailkit::store::memory::MemoryDisk;
use mailkit::store::tree::{self, Layout, Outside, Tree};
use mailkit::sync::{self, Kinds, Mirror, Place, Policy, Report, Source};
use mailkit::world::{Clock, Connect, Later, Stream, Timestamp};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
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
        let policy = server::Policy {
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

/// The time, later than the disk's: what was just changed is long ago, and whoever looks need not wait until it is.
struct Later10s;

impl Clock for Later10s {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_secs(10)
    }

    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        SystemClock.sleep(wait)
    }
}

/// A Maildir in a directory of the machine's own disk, with the memory beside it.
pub(crate) fn on_disk(directory: &Path) -> Place {
    Place {
        disk: Arc::new(RealDisk),
        clock: Arc::new(Later10s),
        entropy: Arc::new(SystemEntropy),
        maildir: directory.join("Mail"),
        layout: Layout::MaildirPlusPlus,
        state: Some(directory.join("state").join("sync.db")),
    }
}

/// A Maildir on a disk in memory; what was agreed on is forgotten after each run.
pub(crate) fn in_memory(disk: &MemoryDisk) -> Place {
    Place { disk: Arc::new(disk.clone()), state: None, ..on_disk(Path::new("/")) }
}

/// Nothing changes on the server.
pub(crate) fn pulling() -> Policy {
    Policy { push: Kinds::NONE, ..Policy::default() }
}

pub(crate) async fn pull(place: &Place, connect: &dyn Connect) -> Result<Report> {
    run(place, connect, &pulling(), None).await
}

pub(crate) async fn pull_traced(place: &Place, server: &dyn Connect, trace: Option<Trace>) -> Result<Report> {
    run(place, server, &pulling(), trace).await
}

/// Both ways.
pub(crate) async fn agree(place: &Place, server: &dyn Connect) -> Result<Report> {
    run(place, server, &Policy::default(), None).await
}

pub(crate) const SOURCE: &str = "bob@127.0.0.1:143";

pub(crate) async fn run(place: &Place, server: &dyn Connect, policy: &Policy, trace: Option<Trace>) -> Result<Report> {
    let mut mirror = Mirror::open(place.clone(), SOURCE).await?;
    let session = connect(server, trace).await?;
    mirror.sync(session, SOURCE, policy, false, &mut |_, _| {}).await
}

pub(crate) async fn connect(server: &dyn Connect, trace: Option<Trace>) -> Result<Session> {
    let endpoint = Endpoint::parse("imap://bob@127.0.0.1:143").expect("a URL");
    let source = Source {
        endpoint: &endpoint,
        way: Way::to(vec![SocketAddr::from(([127, 0, 0, 1], 143))], Trust::System),
        credentials: Credentials::new("bob", Secret::new("secret".into())),
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

/// The tree, for a program that works in it between two runs.
pub(crate) fn tree(place: &Place) -> Tree {
    let Place { disk, clock, entropy, maildir, layout, .. } = place.clone();
    Tree::open(Outside { disk, clock, entropy }, &maildir, layout).expect("it opens")
}

/// The files of a folder, in the order of their names.
pub(crate) fn places(tree: &Tree, folder: &str) -> Vec<(tree::Place, Flags)> {
    let mut found = Vec::new();
    let each = &mut |seen: tree::Seen<'_>| {
        found.push((tree::Place { base: seen.base.to_vec(), spot: seen.spot.clone() }, seen.flags));
        Ok(())
    };
    tree.scan(folder, each).expect("read");
    found.sort_by(|(one, _), (other, _)| one.base.cmp(&other.base));
    found
}

/// What the Maildir holds.
pub(crate) async fn here(place: &Place) -> Vec<Seen> {
    let tree = tree(place);
    let mut seen = Vec::new();
    for folder in tree.folders().expect("listed") {
        for (place, flags) in places(&tree, &folder.name) {
            let (content, arrived) = tree.content(&folder.name, &place).expect("read").expect("it is there");
            let mut octets = vec![0; usize::try_from(content.size()).expect("it fits")];
            let mut at = 0;
            while at < octets.len() {
                let count = content.read_at(at as u64, &mut octets[at..]).expect("read");
                assert!(count > 0, "it is as long as it says");
                at += count;
            }
            seen.push((folder.name.clone(), text(&octets), words(&flags), arrived));
        }
    }
    seen.sort();
    seen
}

/// Another program changes what the server holds.
pub(crate) fn edit(store: &Arc<Mutex<Store>>, work: impl FnOnce(&mut Store)) {
    work(&mut store.lock().expect("nobody panicked"));
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
