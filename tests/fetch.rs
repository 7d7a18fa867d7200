//! Retrieval against a server that lives in memory: whatever breaks, no message is lost and none comes twice.

use mailkit::endpoint::Endpoint;
use mailkit::engine::dial::Way;
use mailkit::error::{Kind, Result};
use mailkit::fetch::{self, IntoMaildir, Keep, Retrieval, Rules, Selection, Source, Summary};
use mailkit::net::clock::SystemClock;
use mailkit::net::gate::Gate;
use mailkit::net::serve::{Host, Port};
use mailkit::net::tls::Trust;
use mailkit::pop3::server::{Answer, Ask, Listing, LoginRefusal, Piece, PlaintextAuth, Policy, Refusal, Session};
use mailkit::sasl::{Credentials, Mechanism};
use mailkit::secret::Secret;
use mailkit::store::maildir::Maildir;
use mailkit::store::memory::{Fault, MemoryDisk};
use mailkit::world::{Connect, Disk, Later, Stream};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::sync::CancellationToken;

#[path = "retrieval/register.rs"]
mod register;
use register::DiskRegister;

/// A maildrop with unique ids and texts.
#[derive(Clone, Default)]
struct Maildrop(Arc<Mutex<Vec<(String, String)>>>);

impl Maildrop {
    fn of(count: usize) -> Self {
        let message = |number| (format!("uid/{number}"), format!("Subject: {number}\r\n\r\n.dot\r\n{number}\r\n"));
        Self(Arc::new(Mutex::new((0..count).map(message).collect())))
    }

    fn all(&self) -> Vec<(String, String)> {
        self.0.lock().expect("not poisoned").clone()
    }
}

impl Host<Session> for Maildrop {
    async fn perform(&mut self, ask: Ask) -> Answer {
        let mut messages = self.0.lock().expect("not poisoned");
        match ask {
            Ask::Keys(_) => Answer::Keys(Err(LoginRefusal::Bad)),
            Ask::Authenticate(credentials)
                if credentials.password().is_none_or(|password| password.expose() != "secret") =>
            {
                Answer::Opened(Err(Refusal::Login(LoginRefusal::Bad)))
            }
            Ask::Authenticate(_) => {
                let listing = |(uid, text): &(String, String)| Listing { size: text.len() as u64, uid: uid.clone() };
                Answer::Opened(Ok(messages.iter().map(listing).collect()))
            }
            Ask::Read { message, offset } => {
                let octets = messages[message].1.as_bytes()[offset as usize..].to_vec();
                Answer::Piece(Ok(Piece { octets, last: true }))
            }
            Ask::Update(gone) => {
                let mut number = 0;
                messages.retain(|_| {
                    number += 1;
                    !gone.contains(&(number - 1))
                });
                Answer::Updated(Ok(()))
            }
        }
    }
}

/// Leads to the maildrop, and breaks after so many octets from the server, or to it.
struct Wire {
    maildrop: Maildrop,
    breaks_after: usize,
    deaf_after: usize,
}

impl Connect for Wire {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (near, middle) = duplex(64 * 1024);
        let (other, far) = duplex(64 * 1024);
        let port =
            Port { tls: None, implicit: false, gate: Gate::new(10, 10), trace: None, stop: CancellationToken::new() };
        let policy = Policy {
            hostname: "mail.example".into(),
            plaintext_auth: PlaintextAuth::Loopback,
            mechanisms: vec![Mechanism::Plain, Mechanism::Login],
        };
        let maildrop = self.maildrop.clone();
        tokio::spawn(async move { port.run(Box::new(far), to, Session::new(policy), maildrop).await });
        let (left, heard) = (self.breaks_after, self.deaf_after);
        tokio::spawn(async move {
            let ((mut middle_read, mut middle_write), (other_read, mut other_write)) =
                (tokio::io::split(middle), tokio::io::split(other));
            tokio::select! {
                _ = async {
                    let mut limited = (&mut middle_read).take(heard as u64);
                    let _ = tokio::io::copy(&mut limited, &mut other_write).await;
                } => {}
                _ = async {
                    let mut limited = other_read.take(left as u64);
                    let _ = tokio::io::copy(&mut limited, &mut middle_write).await;
                    let _ = middle_write.shutdown().await;
                } => {}
            }
        });
        Box::pin(async move { Ok(Box::new(near) as Box<dyn Stream>) })
    }
}

async fn retrieve(disk: &MemoryDisk, wire: &Wire, password: &str, keep: Keep) -> Result<Summary> {
    retrieve_by(disk, wire, password, Rules { keep, ..Rules::default() }).await
}

async fn retrieve_by(disk: &MemoryDisk, wire: &Wire, password: &str, rules: Rules) -> Result<Summary> {
    let maildir = Maildir::open(Arc::new(disk.clone()), Path::new("/mail"))?;
    let endpoint = Endpoint::parse("pop3://bob@127.0.0.1:110").expect("a URL");
    let source = Source {
        endpoint: &endpoint,
        way: Way::to(vec![SocketAddr::from(([127, 0, 0, 1], 110))], Trust::System),
        credentials: Credentials::new("bob", Secret::new(password.into())),
        trace: None,
        stop: CancellationToken::new(),
    };
    let register = DiskRegister::open(disk)?;
    let session = fetch::open(wire, source).await?;
    let retrieval = Retrieval {
        target: Box::new(IntoMaildir::new(maildir)),
        register: Some(Box::new(register)),
        source: "bob@127.0.0.1:110",
        rules,
        selection: &Selection::default(),
        is_rebuilt: false,
        is_headers_only: false,
        is_rehearsal: false,
        clock: &SystemClock,
    };
    fetch::retrieve(session, retrieval, |_| {}).await
}

fn steady(maildrop: &Maildrop) -> Wire {
    Wire { maildrop: maildrop.clone(), breaks_after: usize::MAX, deaf_after: usize::MAX }
}

/// The messages in the Maildir, each with how often it is there.
fn texts(disk: &MemoryDisk) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for entry in disk.read_dir(Path::new("/mail/new")).expect("listed") {
        let file = disk.open(&Path::new("/mail/new").join(entry.name)).expect("opened");
        let mut octets = vec![0; file.size().expect("a size") as usize];
        file.read_at(0, &mut octets).expect("read");
        *found.entry(String::from_utf8(octets).expect("text")).or_default() += 1;
    }
    found
}

/// Each of these messages once.
fn once(messages: &[(String, String)]) -> BTreeMap<String, usize> {
    messages.iter().map(|(_, text)| (text.replace("\r\n", "\n"), 1)).collect()
}

#[tokio::test]
async fn a_second_run_fetches_only_what_is_new() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(200));
    let first = retrieve(&disk, &steady(&maildrop), "secret", Keep::All).await.expect("retrieved");
    assert_eq!((first.listed, first.fetched, first.known), (200, 200, 0));
    assert_eq!(first.octets, maildrop.all().iter().map(|(_, text)| text.len() as u64).sum::<u64>());
    maildrop.0.lock().expect("not poisoned").push(("uid/new".into(), "new\r\n".into()));
    let second = retrieve(&disk, &steady(&maildrop), "secret", Keep::All).await.expect("retrieved");
    assert_eq!((second.listed, second.fetched, second.known, second.deleted), (201, 1, 200, 0));
    assert_eq!(texts(&disk), once(&maildrop.all()));
    let third = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((third.fetched, third.deleted), (0, 201));
    assert_eq!(maildrop.all(), []);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_there() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(1));
    let error = retrieve(&disk, &steady(&maildrop), "wrong", Keep::None).await.expect_err("refused");
    assert_eq!(error.kind(), Kind::NoPermission);
    assert_eq!((texts(&disk).len(), maildrop.all().len()), (0, 1));
}

#[tokio::test]
async fn messages_with_one_id_are_one_message() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
    let twice = maildrop.all()[1].clone();
    maildrop.0.lock().expect("not poisoned").push(twice);
    let summary = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((summary.fetched, summary.deleted), (3, 4));
    assert_eq!(texts(&disk), once(&Maildrop::of(3).all()));
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_loses_and_doubles_nothing() {
    let whole = Maildrop::of(3).all();
    let mut breaks_after = 0;
    loop {
        let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
        let wire = Wire { breaks_after, ..steady(&maildrop) };
        let result = retrieve(&disk, &wire, "secret", Keep::None).await;
        if result.is_ok() {
            assert!(breaks_after > 200, "the conversation is longer than that");
            return;
        }
        retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("the second run goes through");
        assert_eq!((texts(&disk), maildrop.all()), (once(&whole), vec![]), "after {breaks_after} octets");
        breaks_after += 1;
    }
}

#[tokio::test]
async fn a_server_that_hears_no_more_from_anywhere_on_loses_and_doubles_nothing() {
    let whole = Maildrop::of(3).all();
    for deaf_after in 0.. {
        let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
        let wire = Wire { deaf_after, ..steady(&maildrop) };
        let result = retrieve(&disk, &wire, "secret", Keep::None).await;
        if result.is_ok() {
            assert!(deaf_after > 100, "the conversation is longer than that");
            return;
        }
        retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("the second run goes through");
        assert_eq!((texts(&disk), maildrop.all()), (once(&whole), vec![]), "after {deaf_after} octets");
    }
}

/// Whether the server may delete only what would survive a power cut, whenever it comes: each message is in the Maildir
/// of every disk that the cut can leave, or still there.
fn nothing_is_lost(disk: &MemoryDisk, maildrop: &Maildrop, whole: &[(String, String)], when: &str) {
    let there = once(&maildrop.all());
    for seed in 0..4 {
        let after = disk.power_cut(seed);
        let here = if after.stat(Path::new("/mail/new")).is_ok() { texts(&after) } else { BTreeMap::new() };
        for text in once(whole).keys() {
            assert!(here.contains_key(text) || there.contains_key(text), "{when}, seed {seed}: {text:?} is lost");
        }
    }
}

#[tokio::test]
async fn a_server_never_deletes_what_a_power_cut_could_take_from_us() {
    let whole = Maildrop::of(3).all();
    for breaks_after in 0.. {
        let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
        let wire = Wire { breaks_after, ..steady(&maildrop) };
        let result = retrieve(&disk, &wire, "secret", Keep::None).await;
        nothing_is_lost(&disk, &maildrop, &whole, &format!("after {breaks_after} octets"));
        if result.is_ok() {
            return;
        }
    }
}

#[tokio::test]
async fn a_disk_that_breaks_anywhere_and_a_power_cut_lose_and_double_nothing() {
    let whole = Maildrop::of(3).all();
    for fault in [Fault::Broken, Fault::Full] {
        for step in 0.. {
            let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
            disk.fail_at(step, fault);
            let result = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await;
            nothing_is_lost(&disk, &maildrop, &whole, &format!("{fault:?} at {step}"));
            let left = maildrop.clone();
            for seed in 0..4 {
                let (disk, maildrop) = (disk.power_cut(seed), Maildrop(Arc::new(Mutex::new(left.all()))));
                retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("the second run goes through");
                assert_eq!((texts(&disk), maildrop.all()), (once(&whole), vec![]), "{fault:?} at {step}, seed {seed}");
            }
            if result.is_ok() && disk.counts().operations <= step {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_calls_everything_otherwise_sends_nothing_again() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(20));
    retrieve(&disk, &steady(&maildrop), "secret", Keep::All).await.expect("retrieved");
    let whole = maildrop.all();
    maildrop.0.lock().expect("not poisoned").iter_mut().for_each(|(uid, _)| *uid = format!("other/{uid}"));
    maildrop.0.lock().expect("not poisoned").push(("fresh".into(), "Subject: fresh\r\n\r\n".into()));
    let second = retrieve(&disk, &steady(&maildrop), "secret", Keep::All).await.expect("retrieved");
    assert_eq!((second.fetched, second.known), (1, 20));
    let third = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((third.fetched, third.deleted), (0, 21));
    assert_eq!(texts(&disk).values().sum::<usize>(), whole.len() + 1);
}

#[tokio::test]
async fn a_name_that_is_given_again_is_another_message() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(1));
    retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    maildrop.0.lock().expect("not poisoned").push(("uid/0".into(), "Subject: another one\r\n\r\n".into()));
    let second = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((second.fetched, second.deleted, texts(&disk).len()), (1, 1, 2));
    // Two messages of one name at the same time are two, if they are not as long.
    let two = [("uid/9", "Subject: x\r\n\r\n"), ("uid/9", "Subject: xyz\r\n\r\n")];
    maildrop.0.lock().expect("not poisoned").extend(two.map(|(uid, text)| (uid.to_owned(), text.to_owned())));
    let third = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((third.fetched, third.deleted, texts(&disk).len()), (2, 2, 4));
}

#[tokio::test]
async fn limits_leave_the_rest_for_another_run() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(10));
    let rules = Rules { messages_max: Some(4), keep: Keep::None, ..Rules::default() };
    for (fetched, later) in [(4, 6), (4, 2), (2, 0)] {
        let summary = retrieve_by(&disk, &steady(&maildrop), "secret", rules).await.expect("retrieved");
        assert_eq!((summary.fetched, summary.later, summary.deleted), (fetched, later, fetched));
    }
    maildrop.0.lock().expect("not poisoned").push(("large".into(), "x".repeat(500) + "\r\n"));
    let rules = Rules { size_max: Some(100), keep: Keep::None, ..Rules::default() };
    let summary = retrieve_by(&disk, &steady(&maildrop), "secret", rules).await.expect("retrieved");
    assert_eq!((summary.larger, summary.deleted, maildrop.all().len()), (1, 0, 1));
    let rules = Rules { deletes_larger: true, ..rules };
    let summary = retrieve_by(&disk, &steady(&maildrop), "secret", rules).await.expect("retrieved");
    assert_eq!((summary.larger, summary.deleted, maildrop.all().len()), (0, 1, 0));
    assert_eq!(texts(&disk), once(&Maildrop::of(10).all()));
}

#[tokio::test]
async fn what_earlier_versions_remembered_is_taken_over() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(3));
    let maildir = Maildir::open(Arc::new(disk.clone()), Path::new("/mail")).expect("made");
    let note = "mailkit-pop3 1 bob@127.0.0.1:110\n60 uid/0\n60 uid/2\n";
    let name = format!("mailkit-pop3.{}", fetch::file_name("bob@127.0.0.1:110"));
    maildir.set_note(&name, note).expect("written");
    let mut register = DiskRegister::open(&disk).expect("made");
    fetch::take_over(&maildir, "bob@127.0.0.1:110", &mut register).expect("taken over");
    assert_eq!(register.rows().count(), 2);
    let summary = retrieve(&disk, &steady(&maildrop), "secret", Keep::None).await.expect("retrieved");
    assert_eq!((summary.fetched, summary.known, summary.deleted), (1, 2, 3));
    assert_eq!(texts(&disk), once(&Maildrop::of(3).all()[1..2]));
}

#[tokio::test]
async fn a_maildir_that_another_program_filled_is_gone_on_with() {
    let (disk, maildrop) = (MemoryDisk::new(), Maildrop::of(10));
    let mut maildir = Maildir::open(Arc::new(disk.clone()), Path::new("/mail")).expect("made");
    let all = maildrop.all();
    let arrivals = all.iter().take(7).map(|(uid, text)| {
        let mut arrival = maildir.begin(&format!("by-another.{}", uid.replace('/', "-")));
        std::io::Write::write_all(&mut arrival, text.as_bytes()).expect("written");
        arrival
    });
    let arrivals = arrivals.collect();
    maildir.commit(arrivals).expect("written");
    fetch::rebuild(&maildir, &mut DiskRegister::open(&disk).expect("made"), mailkit::world::Timestamp::UNIX_EPOCH)
        .expect("rebuilt");
    let summary = retrieve(&disk, &steady(&maildrop), "secret", Keep::All).await.expect("retrieved");
    assert_eq!((summary.fetched, summary.known), (3, 7));
    assert_eq!(texts(&disk), once(&maildrop.all()));
}
