//! The relay as a whole, with a turned clock, a zone in a text, couriers that follow a script, and
//! a disk that can break: what must never happen does not.

mod fates;
mod trouble;

use super::event::Event;
use super::*;
use crate::engine::handover::{Answer, Parcel};
use crate::engine::route::Hop;
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::net::clock::FastClock;
use crate::net::entropy::SeededEntropy;
use crate::net::zone::Zone;
use crate::status::{EnhancedStatus, ReplyCode};
use crate::store::IndexAt;
use crate::store::memory::MemoryDisk;
use crate::store::spool::{Accepted, SpoolId};
use crate::wire::event::Decision;
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
    /// Why it was asked, and what waits.
    decided: Mutex<Vec<Decision>>,
    /// Whoever is asked for the dead host waits for this.
    dead: tokio::sync::Semaphore,
}

impl Courier for Script {
    fn deliver<'a>(&'a self, host: &'a Hop, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        Box::pin(async move {
            if host.host == "mx.dead.example" {
                let _ = self.dead.acquire().await;
            }
            let answer = |recipient: &ForwardPath| {
                let answer = (self.said)(&host.host, address, recipient, parcel);
                if answer.fate().is_none() {
                    let entry = (parcel.id.clone(), recipient.to_string(), octets(parcel.message.as_ref()));
                    self.delivered.lock().expect("no panic").push(entry);
                }
                answer
            };
            parcel.envelope.recipients.iter().map(answer).collect()
        })
    }

    fn decided(&self, decision: Decision) {
        self.decided.lock().expect("no panic").push(decision);
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
        let dead = tokio::sync::Semaphore::new(1);
        let script = Script { said: Box::new(said), delivered: Mutex::default(), decided: Mutex::default(), dead };
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
        let settings = Settings { hostname: "relay.example".into(), ..Settings::default() };
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
        let accepted =
            Accepted { envelope, received: self.clock.now(), user: None, origin: "test".into(), route: None };
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
    Answer { code: ReplyCode::new(250), ..Answer::delivered(Some("mx".into()), "250 2.0.0 taken") }
}

fn no(status: &str, words: &str) -> Answer {
    let status = EnhancedStatus::parse(status).expect(status);
    let code = words.get(..3).and_then(|code| code.parse().ok()).and_then(ReplyCode::new);
    Answer { remote: Some("mx".into()), code, ..Answer::failed(status, words) }
}

fn nobody() -> Answer {
    Answer { try_next: true, ..Answer::failed(EnhancedStatus::new(4, 4, 1), "connection refused") }
}

fn is(path: &ForwardPath, who: &str) -> bool {
    path.to_string().starts_with(who)
}

const TEXT: &str = "From: <alice@crepes.example>\r\nSubject: ketchup\r\n\r\nDo you like it?\r\n";
