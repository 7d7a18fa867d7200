//! One job: some recipients of one message, to one destination, from the spool to the answers.
//!
//! Finds the way, opens the message, makes the attempt and judges what came of it. Remembers for a
//! moment which destinations did not answer at all, so that a pile of messages for a dead host costs
//! one wait and not as many. RFC 5321 §4.5.4.1, §5.1.

use super::attempt::attempt;
use super::bounce::{self, Judgement, ORIGINAL_MAX};
use super::event::{AttemptResult, Event};
use super::{Settings, Tools};
use crate::address::{Address, Domain};
use crate::engine::chosen;
use crate::engine::exchangers::exchanger;
use crate::engine::guarding::{NoWay, without_dane};
use crate::engine::handover::{Answer, Parcel};
use crate::engine::route::{Hop, Route};
use crate::envelope::{Envelope, ForwardPath};
use crate::message::dsn::RecipientReport;
use crate::policy::guard::Guard;
use crate::status::EnhancedStatus;
use crate::store::spool::{Due, Leased, Outcome, Report, Settlement};
use crate::world::{LookupError, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a destination that did not answer counts as silent: less than the shortest wait between attempts, so
/// that it only concerns messages that wait at the same time.
const SILENCE: Duration = Duration::from_secs(30);

/// When a mistake of ours may have been mended.
const MENDING: Duration = Duration::from_secs(60 * 60);

/// Where recipients are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Destination {
    /// Mailboxes on this host.
    Local,
    /// The host that takes everything else.
    Smarthost,
    /// The server of an account, or one with a URL, that the message names itself.
    Account(String),
    /// The exchangers of a domain, in A-labels.
    Domain(Domain),
    /// `<Postmaster>` without a domain, on a host without mailboxes.
    Nowhere,
}

/// Some recipients of a message.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) leased: Arc<Leased>,
    pub(super) recipients: Vec<Due>,
}

/// What came of a job, ready to be written down.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) leased: Arc<Leased>,
    pub(super) settlements: Vec<Settlement>,
    /// What the sender is to be told.
    pub(super) told: Vec<RecipientReport>,
    pub(super) events: Vec<Event>,
}

/// Does jobs.
pub(super) struct Worker {
    pub(super) tools: Tools,
    pub(super) settings: Settings,
    silent: Mutex<HashMap<Destination, (Timestamp, Answer)>>,
    /// Whether it was looked at what DANE is worth here.
    has_looked_at_dane: AtomicBool,
}

impl Worker {
    pub(super) fn new(tools: Tools, settings: Settings) -> Self {
        Self { tools, settings, silent: Mutex::default(), has_looked_at_dane: AtomicBool::new(false) }
    }

    /// Where a recipient belongs.
    pub(super) fn destination(&self, recipient: &ForwardPath) -> Destination {
        match recipient {
            _ if self.tools.local.as_ref().is_some_and(|local| local.is_local(recipient)) => Destination::Local,
            ForwardPath::Postmaster => Destination::Nowhere,
            ForwardPath::Mailbox(_) if self.settings.smarthost.is_some() => Destination::Smarthost,
            ForwardPath::Mailbox(address) => Destination::Domain(address.domain().to_ascii()),
        }
    }

    /// What those recipients share whose domain leads to one destination; a domain in A-labels, or nothing.
    pub(super) fn lane(&self, domain: &str) -> String {
        let anybody = Domain::parse(domain).and_then(|domain| Address::new("anybody", domain));
        let path = anybody.map_or(ForwardPath::Postmaster, ForwardPath::Mailbox);
        format!("{:?}", self.destination(&path))
    }

    /// Does a job for another host.
    pub(super) async fn deliver(&self, destination: &Destination, job: &Job) -> Done {
        let answers = match self.silence(destination) {
            Some(answer) => vec![answer; job.recipients.len()],
            None => match self.parcel(job).await {
                Ok(parcel) => self.hand_over(destination, &parcel).await,
                Err(answer) => vec![answer; job.recipients.len()],
            },
        };
        self.judge(job, answers)
    }

    /// Does jobs for this host, all at once: mailboxes take many messages with one commit.
    pub(super) async fn deliver_locally(&self, jobs: &[Job]) -> Vec<Done> {
        let mut parcels = Vec::with_capacity(jobs.len());
        let mut unreadable = HashMap::new();
        for (index, job) in jobs.iter().enumerate() {
            match self.parcel(job).await {
                Ok(parcel) => parcels.push(parcel),
                Err(answer) => {
                    unreadable.insert(index, answer);
                }
            }
        }
        let mut answers = match &self.tools.local {
            Some(local) => local.deliver(&parcels).await.into_iter(),
            None => Vec::new().into_iter(),
        };
        let mut done = Vec::with_capacity(jobs.len());
        for (index, job) in jobs.iter().enumerate() {
            let answers = match unreadable.remove(&index) {
                Some(answer) => vec![answer; job.recipients.len()],
                None => answers.next().unwrap_or_default(),
            };
            done.push(self.judge(job, answers));
        }
        done
    }

    /// What a job leads to if it cannot be done because of a mistake of ours.
    pub(super) fn give_back(&self, job: &Job) -> Done {
        self.judge(job, Vec::new())
    }

    /// Takes back that recipients are given up: their sender cannot be told at the moment.
    pub(super) fn put_off(&self, done: &mut Done) {
        let now = self.tools.clock.now();
        let until = now.saturating_add(MENDING).unwrap_or(now);
        let code = EnhancedStatus::new(4, 3, 0);
        for settlement in &mut done.settlements {
            if let Outcome::Failed { text, .. } = &mut settlement.outcome {
                let text = std::mem::take(text);
                settlement.outcome = Outcome::Deferred { until, text, code, warned: true };
            }
        }
        done.events.retain(|event| !matches!(event, Event::Attempt { result: AttemptResult::Failed, .. }));
    }

    /// The report on a message, from all that its sender is to be told.
    pub(super) async fn report(&self, leased: &Leased, told: &[RecipientReport]) -> Option<Report> {
        let original = self.original(leased).await;
        let (hostname, now) = (&self.settings.hostname, self.tools.clock.now());
        bounce::report(told, leased, &original, hostname, now, self.tools.entropy.as_ref())
    }

    /// Forgets which destinations did not answer.
    pub(super) fn forget_silence(&self) {
        self.silent().clear();
    }

    pub(super) fn tell(&self, event: &Event) {
        if let Event::Attempt { recipient, until: Some(until), remote, words, .. } = event {
            self.tools.courier.decided(chosen::waits(&recipient.to_string(), *until, remote.as_deref(), words));
        }
        (self.tools.observer)(event);
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<Destination, (Timestamp, Answer)>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of a destination that did not answer a moment ago.
    fn silence(&self, destination: &Destination) -> Option<Answer> {
        let now = self.tools.clock.now();
        // A silence that lasts longer than any can is from before the clock was set back.
        let lasts = |until: &Timestamp| now < *until && between(now, *until) <= SILENCE;
        self.silent().get(destination).filter(|(until, _)| lasts(until)).map(|(_, answer)| answer.clone())
    }

    async fn parcel(&self, job: &Job) -> Result<Parcel, Answer> {
        let id = job.leased.id;
        match self.tools.spool.open_message(&id).await {
            Ok(message) => {
                let accepted = &job.leased.accepted;
                let recipients = job.recipients.iter().map(|due| due.path.clone()).collect();
                let envelope = Envelope { recipients, ..accepted.envelope.clone() };
                Ok(Parcel { id: id.to_string(), envelope, received: accepted.received, message })
            }
            Err(error) => {
                self.tell(&Event::Trouble { what: error.to_string() });
                // What is damaged now may be readable again after the disk was looked after: nothing is given up
                // before its time.
                Err(Answer::failed(EnhancedStatus::new(4, 3, 0), "the message cannot be read on this host"))
            }
        }
    }

    async fn hand_over(&self, destination: &Destination, parcel: &Parcel) -> Vec<Answer> {
        let answers = match destination {
            Destination::Account(account) => self.tools.courier.submit(account, parcel).await,
            _ => match self.route(destination).await {
                Ok((route, port)) => attempt(self.tools.courier.as_ref(), &route, port, parcel).await,
                Err(answer) => return vec![answer; parcel.envelope.recipients.len()],
            },
        };
        // Every host was asked, and none was reached.
        if let Some(answer) = answers.first()
            && answers.iter().all(|answer| answer.try_next && answer.remote.is_none())
        {
            let now = self.tools.clock.now();
            let mut silent = self.silent();
            silent.retain(|_, (until, _)| now < *until);
            silent.insert(destination.clone(), (now.saturating_add(SILENCE).unwrap_or(now), answer.clone()));
        }
        answers
    }

    async fn route(&self, destination: &Destination) -> Result<(Route, u16), Answer> {
        let dns = self.tools.dns.as_ref();
        match (destination, &self.settings.smarthost) {
            (Destination::Domain(domain), _) => {
                let mut random = [0; 8];
                self.tools.entropy.fill(&mut random);
                let Settings { rules, port, guarding, .. } = &self.settings;
                let route = guarding.route(dns, domain, *port, rules, u64::from_le_bytes(random)).await;
                // Once: it is about this host, whatever the domain, and what is well at first stays so. Not where there is no
                // way at all: then no mail goes without DANE.
                if route.is_ok()
                    && !self.has_looked_at_dane.swap(true, Ordering::Relaxed)
                    && let Some(obstacle) = guarding.obstacle_to_dane(dns).await
                {
                    self.tell(&Event::Trouble { what: without_dane(&obstacle) });
                }
                route.map(|route| (route, *port)).map_err(|why| match why {
                    NoWay::Unroutable(why) => Answer::failed(why.status, why.text),
                    // What a domain publishes it may put right.
                    NoWay::Refused(why) => Answer::failed(EnhancedStatus::new(4, 7, 0), why.text),
                })
            }
            (Destination::Smarthost, Some(smarthost)) => {
                let addresses: Vec<IpAddr> = match smarthost.host.to_ascii() {
                    Domain::Literal(ip) => vec![ip],
                    Domain::Name(name) => {
                        let found = exchanger(dns, 0, name).await;
                        // Whatever DNS says of the smarthost, it is a mistake of ours and not the sender's.
                        match found.missing {
                            None => found.addresses,
                            Some(why) => return Err(lost_smarthost(&smarthost.host, &why)),
                        }
                    }
                };
                let hops =
                    vec![Hop { host: smarthost.host.to_string(), preference: None, addresses, guard: Guard::Usual }];
                Ok((Route { hops, remarks: Vec::new() }, smarthost.port))
            }
            (Destination::Local | Destination::Smarthost | Destination::Nowhere | Destination::Account(_), _) => {
                let words = "postmaster without a domain is a mailbox of this host, which has none";
                Err(Answer::failed(EnhancedStatus::new(5, 1, 1), words))
            }
        }
    }

    /// Says what follows from the answers, one for each of the job's recipients. Missing ones are a mistake of ours.
    fn judge(&self, job: &Job, answers: Vec<Answer>) -> Done {
        let mistake = Answer::failed(EnhancedStatus::new(4, 3, 0), "a mistake in the program on this host");
        let answers = answers.into_iter().chain(std::iter::repeat(mistake));
        let answers: Vec<(Due, Answer)> = job.recipients.iter().cloned().zip(answers).collect();
        let now = self.tools.clock.now();
        let random = || {
            let mut octets = [0; 4];
            self.tools.entropy.fill(&mut octets);
            u32::from_le_bytes(octets)
        };
        let Judgement { settlements, told } =
            bounce::judge(&job.leased, &answers, now, &self.settings.patience, random);
        let events = answers
            .iter()
            .zip(&settlements)
            .map(|((due, answer), settled)| Event::attempt(settled.id, &due.path, answer, &settled.outcome))
            .collect();
        Done { leased: job.leased.clone(), settlements, told, events }
    }

    /// The beginning of a message, for its report; empty if it cannot be read any more.
    async fn original(&self, leased: &Leased) -> Vec<u8> {
        let Ok(message) = self.tools.spool.open_message(&leased.id).await else { return Vec::new() };
        let read = move || {
            let mut buffer = vec![0; ORIGINAL_MAX];
            let mut len = 0;
            while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
                match message.read_at(len as u64, rest) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => len += count,
                }
            }
            buffer.truncate(len);
            buffer
        };
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }
}

/// How long it is from one time to a later one.
pub(super) fn between(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

fn lost_smarthost(host: &Domain, why: &LookupError) -> Answer {
    Answer::failed(EnhancedStatus::new(4, 4, 3), format!("the smarthost {host} cannot be found: {why}"))
}
