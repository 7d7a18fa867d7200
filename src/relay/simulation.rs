//! The relay as a whole, with a turned clock, a zone in a text, couriers that follow a script, and
//! a disk that can break: what must never happen does not.

use super::event::{AttemptResult, Event};
use super::*;
use crate::engine::handover::{Answer, Parcel};
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::message::received::HeaderScan;
use crate::message::view::Message;
use crate::net::clock::FastClock;
use crate::net::entropy::SeededEntropy;
use crate::net::zone::Zone;
use crate::status::EnhancedStatus;
use crate::store::IndexAt;
use crate::store::memory::{Fault, MemoryDisk};
use crate::store::spool::{Accepted, SpoolId};
use crate::world::{Content, Later, Timestamp};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

const ZONE: &str = "
$ORIGIN example.
crepes MX 10 mx.crepes
mx.crepes A 192.0.2.1
hamburger MX 10 mx1.hamburger
hamburger MX 20 mx2.hamburger
mx1.hamburger A 192.0.2.11
mx2.hamburger A 192.0.2.12
dead MX 10 mx.dead
mx.dead A 192.0.2.66
nomail MX 0 .
smart A 192.0.2.99
";

/// What a message got at a host: how the host answers, by recipient.
type Said = dyn Fn(&str, SocketAddr, &ForwardPath, &Parcel) -> Answer + Send + Sync;

/// Answers as told, and remembers what was delivered.
struct Script {
    said: Box<Said>,
    delivered: Mutex<Vec<(String, String, Vec<u8>)>>,
    /// Whoever is asked for the dead host waits for this.
    dead: tokio::sync::Semaphore,
}

impl Courier for Script {
    fn deliver<'a>(&'a self, host: &'a str, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        Box::pin(async move {
            if host == "mx.dead.example" {
                let _ = self.dead.acquire().await;
            }
            let answer = |recipient: &ForwardPath| {
                let answer = (self.said)(host, address, recipient, parcel);
                if answer.fate().is_none() {
                    let entry = (parcel.id.clone(), recipient.to_string(), octets(parcel.message.as_ref()));
                    self.delivered.lock().expect("no panic").push(entry);
                }
                answer
            };
            parcel.envelope.recipients.iter().map(answer).collect()
        })
    }
}

/// A relay and its world.
struct Sim {
    disk: MemoryDisk,
    clock: Arc<FastClock>,
    zone: Arc<Zone>,
    script: Arc<Script>,
    events: Arc<Mutex<Vec<Event>>>,
    spool: Spool,
    relay: Relay,
}

impl Sim {
    async fn new(said: impl Fn(&str, SocketAddr, &ForwardPath, &Parcel) -> Answer + Send + Sync + 'static) -> Self {
        let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
        let script = Script { said: Box::new(said), delivered: Mutex::default(), dead: tokio::sync::Semaphore::new(1) };
        Self::with(MemoryDisk::new(), clock, Arc::new(script), |_| ()).await
    }

    async fn with(
        disk: MemoryDisk,
        clock: Arc<FastClock>,
        script: Arc<Script>,
        change: impl FnOnce(&mut (Tools, Settings)),
    ) -> Self {
        let zone = Arc::new(Zone::parse(ZONE).expect("a zone"));
        let entropy = Arc::new(SeededEntropy::new(1));
        let root = Path::new("/spool");
        let spool = Spool::open(Arc::new(disk.clone()), clock.clone(), entropy.clone(), root, IndexAt::Memory);
        let spool = spool.await.expect("a spool");
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let told = events.clone();
        let tools = Tools {
            spool: spool.clone(),
            dns: zone.clone(),
            clock: clock.clone(),
            entropy,
            courier: script.clone(),
            local: None,
            observer: Arc::new(move |event| told.lock().expect("no panic").push(event.clone())),
        };
        let settings = Settings {
            hostname: "relay.example".into(),
            port: 25,
            smarthost: None,
            rules: Rules::default(),
            patience: Patience::default(),
            limits: Limits::default(),
        };
        let mut made = (tools, settings);
        change(&mut made);
        let relay = Relay::new(made.0, made.1);
        Self { disk, clock, zone, script, events, spool, relay }
    }

    /// The same machine after the power came back.
    async fn restarted(self, seed: u64) -> Self {
        let disk = self.disk.power_cut(seed);
        Self::with(disk, self.clock, self.script, |_| ()).await
    }

    async fn accept(&self, from: &str, to: &[&str], text: &str) -> SpoolId {
        let path = |text: &&str| ForwardPath::parse(&format!("<{text}>")).expect(text);
        let reverse_path = ReversePath::parse(&format!("<{from}>")).expect(from);
        let envelope = Envelope::new(reverse_path, to.iter().map(path).collect());
        let mut incoming = self.spool.begin().await.expect("room");
        incoming.write(text.as_bytes()).await.expect("room");
        let accepted = Accepted { envelope, received: self.clock.now(), user: None, origin: "test".into() };
        incoming.commit(accepted).await.expect("durable")
    }

    /// Passes, turning the clock to the next attempt each time, until the queue is empty. Returns the times of the
    /// passes, in seconds.
    async fn drain(&self) -> Vec<i64> {
        let mut times = Vec::new();
        loop {
            times.push(self.clock.now().as_second());
            self.relay.pass().await.expect("a pass");
            let Some(due) = self.spool.next_due().await.expect("an index") else { return times };
            assert!(times.len() < 500, "the queue never empties");
            let wait = Duration::try_from(due.duration_since(self.clock.now())).unwrap_or_default();
            self.clock.turn(wait + Duration::from_millis(1));
        }
    }

    /// Recipient and message of each delivery, in order.
    fn delivered(&self) -> Vec<(String, String)> {
        let delivered = self.script.delivered.lock().expect("no panic");
        delivered.iter().map(|(_, to, text)| (to.clone(), String::from_utf8_lossy(text).into_owned())).collect()
    }

    fn recipients(&self) -> Vec<String> {
        self.delivered().into_iter().map(|(to, _)| to).collect()
    }

    /// The messages that alice got: her reports.
    fn reports(&self) -> Vec<String> {
        self.delivered().into_iter().filter(|(to, _)| to == "alice@crepes.example").map(|(_, text)| text).collect()
    }
}

fn octets(content: &dyn Content) -> Vec<u8> {
    let mut octets = vec![0; content.size() as usize];
    let count = content.read_at(0, &mut octets).expect("readable");
    assert_eq!(count, octets.len());
    octets
}

fn yes() -> Answer {
    Answer::delivered(Some("mx".into()), "250 2.0.0 taken")
}

fn no(status: &str, words: &str) -> Answer {
    let status = EnhancedStatus::parse(status).expect(status);
    Answer { remote: Some("mx".into()), ..Answer::failed(status, words) }
}

fn nobody() -> Answer {
    Answer { try_next: true, ..Answer::failed(EnhancedStatus::new(4, 4, 1), "connection refused") }
}

fn is(path: &ForwardPath, who: &str) -> bool {
    path.to_string().starts_with(who)
}

/// The fields of a report that programs read.
fn fields(report: &str) -> Vec<String> {
    let message = Message::parse(report.as_bytes());
    let text = message.text(message.part("2").expect("a status part")).content;
    text.lines().filter(|line| line.contains(':')).map(str::to_owned).collect()
}

const TEXT: &str = "From: <alice@crepes.example>\r\nSubject: ketchup\r\n\r\nDo you like it?\r\n";

#[tokio::test]
async fn a_transient_failure_is_tried_again_until_it_succeeds() {
    let tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, _, _| {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries < 4 { no("4.2.0", "451 4.2.0 later") } else { yes() }
    })
    .await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let times = sim.drain().await;
    // 1, 5 and 15 minutes, a tenth more or less.
    for (time, wanted) in times.iter().zip([0.0, 60.0, 360.0, 1260.0]) {
        assert!((*time as f64 - wanted).abs() <= wanted * 0.1 + 1.0, "{times:?}");
    }
    assert_eq!(sim.delivered(), [("bob@hamburger.example".to_owned(), TEXT.to_owned())]);
}

#[tokio::test]
async fn a_permanent_refusal_is_reported_at_once() {
    let said = |_: &str, _, path: &ForwardPath, parcel: &Parcel| match is(path, "bob") {
        true => no("5.1.1", "550 5.1.1 no such user"),
        false => {
            assert!(parcel.envelope.reverse_path.is_null(), "a report has the null reverse-path");
            yes()
        }
    };
    let sim = Sim::new(said).await;
    let id = sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    assert_eq!(sim.drain().await.len(), 1);
    let reports = sim.reports();
    assert_eq!((reports.len(), sim.recipients().len()), (1, 1));
    let fields = fields(&reports[0]);
    for wanted in [
        "Reporting-MTA: dns; relay.example",
        "Final-Recipient: rfc822; bob@hamburger.example",
        "Action: failed",
        "Status: 5.1.1",
        "Remote-MTA: dns; mx",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
    ] {
        assert!(fields.iter().any(|field| field == wanted), "{wanted}: {fields:?}");
    }
    assert!(reports[0].contains("Subject: ketchup"), "the message comes back");
    let events = sim.events.lock().expect("no panic");
    assert!(matches!(&events[0], Event::Attempt { result: AttemptResult::Failed, .. }));
    assert!(matches!(&events[1], Event::Report { about, to, .. } if *about == id && to == "alice@crepes.example"));
}

#[tokio::test]
async fn what_lasts_too_long_is_warned_of_once_and_then_given_up() {
    let sim = Sim::new(|_, _, path, _| if is(path, "alice") { yes() } else { nobody() }).await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let times = sim.drain().await;
    let days = *times.last().expect("a time") as f64 / 86400.0;
    assert!((5.0..5.3).contains(&days) && times.len() > 30, "{days} days, {} passes", times.len());
    let reports = sim.reports();
    assert_eq!(reports.len(), 2);
    let (warning, end) = (fields(&reports[0]), fields(&reports[1]));
    assert!(warning.contains(&"Action: delayed".to_owned()) && warning.contains(&"Status: 4.4.1".to_owned()));
    assert!(warning.iter().any(|field| field.starts_with("Will-Retry-Until: Tue, 06 Jan 1970")), "{warning:?}");
    assert!(end.contains(&"Action: failed".to_owned()) && end.contains(&"Status: 4.4.7".to_owned()), "{end:?}");
    assert!(reports[1].contains("not delivered within 5 days"), "{}", reports[1]);
}

#[tokio::test]
async fn nothing_answers_a_null_reverse_path() {
    for answer in [no("5.1.1", "550 no"), no("4.2.0", "450 later"), nobody()] {
        let sim = Sim::new(move |_, _, _, _| answer.clone()).await;
        sim.accept("", &["bob@hamburger.example", "x@nomail.example", "y@gone.example"], TEXT).await;
        sim.drain().await;
        assert_eq!(sim.delivered(), []);
        let events = sim.events.lock().expect("no panic");
        assert!(events.iter().all(|event| matches!(event, Event::Attempt { .. })), "{events:?}");
    }
}

#[tokio::test]
async fn each_recipient_has_a_fate_of_its_own() {
    let carol_tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, path, _| match path.to_string().split('@').next() {
        Some("dave") => no("5.2.2", "552 5.2.2 mailbox full"),
        Some("carol") => {
            let mut tries = carol_tries.lock().expect("no panic");
            *tries += 1;
            if *tries == 1 { no("4.2.2", "452 4.2.2 mailbox full") } else { yes() }
        }
        _ => yes(),
    })
    .await;
    let to = ["bob@hamburger.example", "carol@hamburger.example", "dave@hamburger.example", "erin@crepes.example"];
    sim.accept("alice@crepes.example", &to, TEXT).await;
    sim.drain().await;
    let mut recipients = sim.recipients();
    recipients.sort();
    let wanted = ["alice@crepes.example", "bob@hamburger.example", "carol@hamburger.example", "erin@crepes.example"];
    assert_eq!(recipients, wanted, "nobody twice");
    let fields = fields(&sim.reports()[0]);
    assert_eq!(fields.iter().filter(|field| field.starts_with("Final-Recipient")).count(), 1);
    assert!(fields.contains(&"Final-Recipient: rfc822; dave@hamburger.example".to_owned()));
}

#[tokio::test]
async fn dns_decides_without_a_connection() {
    let sim = Sim::new(|_, _, path, _| {
        assert!(is(path, "alice") || is(path, "late"), "{path} has no host");
        yes()
    })
    .await;
    sim.zone.fail("hamburger.example");
    let to = ["a@gone.example", "b@nomail.example", "late@hamburger.example", "postmaster"];
    sim.accept("alice@crepes.example", &to, TEXT).await;
    sim.relay.pass().await.expect("a pass");
    let fields: Vec<String> = sim.reports().iter().flat_map(|report| fields(report)).collect();
    let mut states: Vec<&String> = fields.iter().filter(|field| field.starts_with("Status: ")).collect();
    states.sort();
    assert_eq!(states, ["Status: 5.1.1", "Status: 5.1.10", "Status: 5.1.2"]);
    assert!(!sim.recipients().contains(&"late@hamburger.example".to_owned()));
    sim.zone.recover("hamburger.example");
    assert_eq!(sim.relay.flush(Wake::Domain("hamburger.example".into())).await.expect("an index"), 1);
    sim.relay.pass().await.expect("a pass");
    assert!(sim.recipients().contains(&"late@hamburger.example".to_owned()));
    assert_eq!(sim.spool.next_due().await.expect("an index"), None);
}

#[tokio::test]
async fn two_relays_that_send_to_each_other_end_by_counting_hops() {
    /// Takes what is sent to it into another's spool, as a server does.
    struct Into(Mutex<Option<Spool>>);
    impl Courier for Into {
        fn deliver<'a>(&'a self, _: &'a str, _: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
            Box::pin(async move {
                let recipients = parcel.envelope.recipients.len();
                let message = octets(parcel.message.as_ref());
                let mut scan = HeaderScan::new();
                scan.push(&message);
                if scan.received() >= 50 {
                    return vec![no("5.4.6", "554 5.4.6 too many hops"); recipients];
                }
                let spool = self.0.lock().expect("no panic").clone().expect("the other one");
                let mut incoming = spool.begin().await.expect("room");
                let field = "Received: from a by b;\r\n Thu, 01 Jan 1970 00:00:00 +0000\r\n";
                incoming.write(&[field.as_bytes(), &message].concat()).await.expect("room");
                let accepted = Accepted {
                    envelope: parcel.envelope.clone(),
                    received: Timestamp::UNIX_EPOCH,
                    user: None,
                    origin: "relay".into(),
                };
                incoming.commit(accepted).await.expect("durable");
                vec![yes(); recipients]
            })
        }
    }
    let courier = || Arc::new(Into(Mutex::default()));
    let (one_out, two_out) = (courier(), courier());
    let (for_one, for_two) = (one_out.clone(), two_out.clone());
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let script = Arc::new(Script {
        said: Box::new(|_, _, _, _| yes()),
        delivered: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let one = Sim::with(MemoryDisk::new(), clock.clone(), script.clone(), |made| made.0.courier = for_one).await;
    let two = Sim::with(MemoryDisk::new(), clock, script, |made| made.0.courier = for_two).await;
    *one_out.0.lock().expect("no panic") = Some(two.spool.clone());
    *two_out.0.lock().expect("no panic") = Some(one.spool.clone());
    one.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let mut passes = 0;
    while one.spool.next_due().await.expect("an index").is_some()
        || two.spool.next_due().await.expect("an index").is_some()
    {
        one.relay.pass().await.expect("a pass");
        two.relay.pass().await.expect("a pass");
        passes += 1;
        // The message, and the report on it, which circles too and is dropped.
        assert!(passes <= 52, "they never end");
    }
    let events: Vec<Event> = [&one, &two].iter().flat_map(|sim| sim.events.lock().expect("no panic").clone()).collect();
    let reports = events.iter().filter(|event| matches!(event, Event::Report { .. })).count();
    let failed = |event: &&Event| matches!(event, Event::Attempt { result: AttemptResult::Failed, .. });
    assert_eq!((reports, events.iter().filter(failed).count()), (1, 2));
}

#[tokio::test]
async fn a_dead_domain_delays_nobody_else() {
    let sim = Sim::new(|host, _, _, _| if host == "mx.dead.example" { nobody() } else { yes() }).await;
    let _silence = sim.script.dead.acquire().await.expect("open");
    for number in 0..300 {
        sim.accept("alice@crepes.example", &[&format!("u{number}@dead.example")], TEXT).await;
    }
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let wait = async {
        while sim.recipients().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), wait).await.expect("bob does not wait for the dead");
    drop(_silence);
    // The host does not answer once; the other 295 or more learn it without a connection of their own.
    let settled = async {
        while sim.events.lock().expect("no panic").len() < 301 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), settled).await.expect("the pile is worked off");
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
    assert_eq!(sim.spool.entries(None, 1000).await.expect("an index").len(), 300);
}

#[tokio::test]
async fn an_arrival_wakes_the_relay_and_so_does_the_clock() {
    let tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, _, _| {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries < 3 { nobody() } else { yes() }
    })
    .await;
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    tokio::task::yield_now().await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let wait = async |what: &dyn Fn(&Sim) -> bool| {
        let wait = async {
            while !what(&sim) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("in time");
    };
    wait(&|sim| sim.events.lock().expect("no panic").len() == 1).await;
    // Naps are short, so the clock is turned until the relay has looked.
    wait(&|sim| {
        sim.clock.turn(Duration::from_secs(30));
        sim.recipients().len() == 1
    })
    .await;
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn the_smarthost_gets_everything() {
    let script = Arc::new(Script {
        said: Box::new(|host, address, _, _| {
            assert_eq!((host, address.to_string().as_str()), ("smart.example", "192.0.2.99:587"));
            yes()
        }),
        delivered: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let sim = Sim::with(MemoryDisk::new(), clock, script, |made| {
        let host = Domain::parse("smart.example").expect("a name");
        made.1.smarthost = Some(Smarthost { host, port: 587 });
    })
    .await;
    sim.zone.fail("smart.example");
    sim.accept("alice@crepes.example", &["bob@hamburger.example", "x@gone.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert_eq!(sim.recipients().len(), 0, "no smarthost, no bounce");
    sim.zone.recover("smart.example");
    sim.drain().await;
    assert_eq!(sim.recipients().len(), 2);
}

#[tokio::test]
async fn local_recipients_go_to_local_mailboxes_together() {
    struct Mailboxes(Mutex<Vec<usize>>);
    impl Local for Mailboxes {
        fn is_local(&self, recipient: &ForwardPath) -> bool {
            recipient.address().is_none_or(|address| address.domain().to_string() == "home.example")
        }
        fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> Later<'a, Vec<Vec<Answer>>> {
            self.0.lock().expect("no panic").push(parcels.len());
            let answer = |path: &ForwardPath| match is(path, "nobody") {
                true => Answer::failed(EnhancedStatus::new(5, 1, 1), "no such mailbox"),
                false => Answer::delivered(None, "stored"),
            };
            let answers = parcels.iter().map(|parcel| parcel.envelope.recipients.iter().map(answer).collect());
            Box::pin(std::future::ready(answers.collect()))
        }
    }
    let mailboxes = Arc::new(Mailboxes(Mutex::default()));
    let local = mailboxes.clone();
    let script = Arc::new(Script {
        said: Box::new(|_, _, path, _| {
            assert!(!path.to_string().contains("home"));
            yes()
        }),
        delivered: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let sim = Sim::with(MemoryDisk::new(), clock, script, |made| made.0.local = Some(local)).await;
    for _ in 0..10 {
        sim.accept("alice@crepes.example", &["bob@home.example", "postmaster", "carol@hamburger.example"], TEXT).await;
    }
    sim.accept("alice@crepes.example", &["nobody@home.example"], TEXT).await;
    sim.drain().await;
    assert_eq!(sim.recipients().len(), 11, "ten for carol, one report");
    assert_eq!(*mailboxes.0.lock().expect("no panic"), [11], "one batch");
}

#[tokio::test]
async fn a_crash_repeats_at_most_what_was_not_written_down() {
    for seed in 0..8 {
        let sim = Sim::new(|_, _, _, _| yes()).await;
        for number in 0..10 {
            sim.accept("alice@crepes.example", &[&format!("u{number}@hamburger.example")], TEXT).await;
        }
        // The disk breaks while outcomes are written, then the power goes.
        sim.disk.reset_counts();
        sim.disk.fail_from(seed, Fault::Broken);
        let _ = sim.relay.pass().await;
        let before = sim.recipients().len();
        let sim = sim.restarted(seed).await;
        sim.drain().await;
        let mut recipients = sim.recipients();
        let sent = recipients.len();
        recipients.sort();
        recipients.dedup();
        assert_eq!(recipients.len(), 10, "nothing is lost");
        assert!(sent <= before + 10, "nothing is sent more than twice");
        let attempts = sim.events.lock().expect("no panic").len();
        assert_eq!(sent - before, attempts, "only what was not written down is sent again");
    }
}

#[tokio::test]
async fn a_disk_that_recovers_makes_nothing_go_twice() {
    let sim = Sim::new(|_, _, _, _| yes()).await;
    for number in 0..30 {
        sim.accept("alice@crepes.example", &[&format!("u{number}@hamburger.example")], TEXT).await;
    }
    sim.disk.reset_counts();
    sim.disk.fail_from(0, Fault::Full);
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    let wait = async |what: &dyn Fn() -> bool| {
        let wait = async {
            while !what() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("in time");
    };
    let count = |trouble: bool| {
        let events = sim.events.lock().expect("no panic");
        events.iter().filter(|event| matches!(event, Event::Trouble { .. }) == trouble).count()
    };
    wait(&|| count(true) > 0).await;
    sim.disk.heal();
    wait(&|| {
        sim.clock.turn(Duration::from_secs(1));
        count(false) == 30
    })
    .await;
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
    assert_eq!(sim.recipients().len(), 30);
    assert_eq!(sim.spool.next_due().await.expect("an index"), None);
}

#[tokio::test]
async fn orders_are_obeyed_in_words() {
    let sim = Sim::new(|_, _, _, _| nobody()).await;
    let id = sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    for (order, wanted) in [
        ("flush", "ok 1"),
        ("flush", "ok 0"),
        (&format!("flush id {id}"), "ok 0"),
        ("flush domain dead.example", "ok 0"),
        ("rm -rf", "error unknown order"),
    ] {
        assert_eq!(sim.relay.obey(order).await, wanted, "{order}");
    }
}

#[tokio::test]
async fn a_panic_over_one_message_harms_no_other() {
    let sim = Sim::new(|_, _, path, _| {
        assert!(!is(path, "evil"), "a mistake of ours");
        yes()
    })
    .await;
    sim.accept("alice@crepes.example", &["evil@hamburger.example"], TEXT).await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert_eq!(sim.recipients(), ["bob@hamburger.example"]);
    assert!(sim.spool.next_due().await.expect("an index").is_some(), "evil waits");
}
