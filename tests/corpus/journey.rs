//! Two servers and the ways between them, and what becomes of messages that are sent on them.
//!
//! Alice submits to `mx.crepes.example`, which relays to `mx.hamburger.example`, where Bob reads. Each message has
//! a reverse-path of its own, by which it is known again wherever it turns up.

use crate::stage::{self, Wishes};
use mailkit::address::Domain;
use mailkit::endpoint::Endpoint;
use mailkit::engine::smtp::Manner;
use mailkit::envelope::{BodyType, Envelope, ForwardPath, ReversePath};
use mailkit::message::prepare::prepare;
use mailkit::net::tls::Trust;
use mailkit::relay::event::{AttemptResult, Event};
use mailkit::sasl::Credentials;
use mailkit::secret::Secret;
use mailkit::server::{Server, Service};
use mailkit::store::memory::MemoryDisk;
use mailkit::submit::{Submission, submit};
use mailkit::world::{Connect, Content, Later, Stream};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const ZONE: &str = "\
hamburger.example.    300 IN MX 10 mx.hamburger.example.
mx.hamburger.example. 300 IN A  192.0.2.2
";

/// What happens in the background happens soon, or not at all.
const EVENT_WAIT: Duration = Duration::from_secs(20);

/// How far a message came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Into Bob's mailbox.
    Delivered,
    /// Not further than this, in these words.
    Refused(String),
}

pub(crate) struct Town {
    crepes: Arc<Server>,
    hamburger: Arc<Server>,
    left: UnboundedReceiver<Event>,
    arrived: UnboundedReceiver<Event>,
}

/// Leads to a server by pipes in memory; the port says what is spoken.
#[derive(Clone, Default)]
pub(crate) struct Pipes(Arc<OnceLock<Arc<Server>>>);

impl Pipes {
    pub(crate) fn to(server: &Arc<Server>) -> Self {
        Self(Arc::new(OnceLock::from(server.clone())))
    }
}

impl Connect for Pipes {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let service = match to.port() {
            25 => Service::Smtp,
            110 => Service::Pop3,
            587 => Service::Submission,
            _ => Service::Imap,
        };
        Box::pin(async move {
            let server = self.0.get().ok_or(io::ErrorKind::ConnectionRefused)?;
            Ok(stage::connect(server, service, false))
        })
    }
}

impl Town {
    pub(crate) async fn build() -> Self {
        let road = Pipes::default();
        let (leaves, left) = mpsc::unbounded_channel();
        let (arrives, arrived) = mpsc::unbounded_channel();
        let tell = |events: mpsc::UnboundedSender<Event>| -> Arc<dyn Fn(&Event) + Send + Sync> {
            // Nobody listens any more when the test is over.
            Arc::new(move |event: &Event| drop(events.send(event.clone())))
        };
        let crepes = Wishes {
            home: "crepes.example".to_owned(),
            users: vec!["alice".to_owned()],
            zone: ZONE.to_owned(),
            connect: Some(Arc::new(road.clone())),
            observer: Some(tell(leaves)),
            ..Wishes::default()
        };
        let hamburger = Wishes { users: vec!["bob".to_owned()], observer: Some(tell(arrives)), ..Wishes::default() };
        let crepes = Arc::new(stage::server_on(&crepes, MemoryDisk::new()).await.unwrap());
        let hamburger = Arc::new(stage::server_on(&hamburger, MemoryDisk::new()).await.unwrap());
        assert!(road.0.set(hamburger.clone()).is_ok());
        Self { crepes, hamburger, left, arrived }
    }

    /// The way to Bob's server.
    pub(crate) fn to_bob(&self) -> Pipes {
        Pipes::to(&self.hamburger)
    }

    /// Sends all messages to Bob, and says of each how far it came once none is under way any more.
    pub(crate) async fn send_all(&mut self, messages: &[Vec<u8>]) -> Vec<Fate> {
        let mut fates = Vec::with_capacity(messages.len());
        let mut numbers = HashMap::new();
        let mut submissions = Vec::new();
        for (number, message) in messages.iter().enumerate() {
            let (message, way) = (message.clone(), Pipes::to(&self.crepes));
            submissions.push(tokio::spawn(async move { send(&way, number, &message).await }));
        }
        for (number, submission) in submissions.into_iter().enumerate() {
            fates.push(match submission.await.unwrap() {
                Ok(id) => {
                    numbers.insert(id, number);
                    Fate::Delivered
                }
                Err(words) => Fate::Refused(words),
            });
        }
        let mut under_way = numbers.len();
        for _ in 0..numbers.len() {
            let (id, result, words) = attempt(&mut self.left).await;
            match result {
                AttemptResult::Delivered => {}
                AttemptResult::Failed => {
                    under_way -= 1;
                    fates[numbers[&id]] = Fate::Refused(format!("relay: {words}"));
                }
                AttemptResult::Deferred => panic!("message {} waits: {words}", numbers[&id]),
            }
        }
        for _ in 0..under_way {
            let (_, result, words) = attempt(&mut self.arrived).await;
            assert_eq!(result, AttemptResult::Delivered, "{words}");
        }
        fates
    }
}

/// The next attempt of a relay, of a message that is no report.
async fn attempt(events: &mut UnboundedReceiver<Event>) -> (String, AttemptResult, String) {
    loop {
        match timeout(EVENT_WAIT, events.recv()).await.expect("it happens in time").expect("the server lives") {
            Event::Attempt { recipient, .. } if recipient.to_string().ends_with("@crepes.example") => {}
            Event::Attempt { id, result, words, .. } => return (id.to_string(), result, words),
            Event::Report { .. } => {}
            Event::Trouble { what } => panic!("{what}"),
        }
    }
}

/// As `mailkit send --no-fixups --message FILE bob@hamburger.example` does it. Returns the id in the queue.
async fn send(way: &Pipes, number: usize, message: &[u8]) -> Result<String, String> {
    let message: Arc<dyn Content> = Arc::new(message.to_vec());
    let prepared = prepare(&message, None, false).map_err(|error| format!("prepare: {error}"))?;
    let reverse_path = ReversePath::parse(&format!("<{}@crepes.example>", crate::read::name_of(number))).unwrap();
    let envelope = Envelope {
        body: if prepared.eight_bit { BodyType::EightBitMime } else { BodyType::SevenBit },
        smtputf8: prepared.needs_utf8,
        ..Envelope::new(reverse_path, vec![ForwardPath::parse("<bob@hamburger.example>").unwrap()])
    };
    let submission = Submission {
        endpoint: &Endpoint::parse("submission://alice@127.0.0.1?tls=require").unwrap(),
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 587))],
        credentials: Some(Credentials::new("alice", Secret::new("secret".to_owned()))),
        helo: Domain::parse("alice.crepes.example").unwrap(),
        trust: Trust::Authorities(stage::identity().certificates.clone().into_bytes()),
        envelope: &envelope,
        content: &prepared.content,
        needs_utf8: prepared.needs_utf8,
        manner: Manner::default(),
        required: &[],
        trace: None,
        stop: CancellationToken::new(),
    };
    let submitted = submit(way, submission, |_| {}).await.unwrap();
    let (_, outcome) = submitted.recipients.into_iter().next().unwrap();
    let code = outcome.code.map(|code| format!(" {code}")).unwrap_or_default();
    if !outcome.is_accepted() {
        return Err(format!("{}{code}: {}", outcome.phase, outcome.text));
    }
    Ok(outcome.text.rsplit(' ').next().unwrap().to_owned())
}
