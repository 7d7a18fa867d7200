//! One question from its beginning to its end: remembered, being asked already, or asked.

use super::table::Broken;
use super::upstream::Upstream;
use crate::dns::memory::Memory;
use crate::dns::plan::{Attempt, Outcome, Patience, Plan, Way};
use crate::dns::question::{Key, Query, Question, Wishes};
use crate::dns::reply::{Reply, accept, is_truncated};
use crate::dns::server::Transport;
use crate::message::safe::terminal;
use crate::net::trace::Trace;
use crate::wire::event::Happening;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use hickory_proto::op::ResponseCode;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::world::Later;

/// Questions on their way at one time; more wait for their turn.
const FLYING_MAX: usize = 256;
/// What is remembered: answers, and their octets on the wire, on each of two shelves. In memory an answer takes several
/// times as much.
const ANSWERS_MAX: usize = 4096;
const OCTETS_MAX: usize = 1024 * 1024;
/// How long a failure is remembered: whoever asks again at once would only keep a server busy that has trouble already.
/// RFC 9520 §3.2 wants a second at least and five minutes at most; whoever has mended something wants to see it soon.
const FAILURE: Duration = Duration::from_secs(5);
/// What a failure counts for where nothing came.
const FAILURE_SIZE: usize = 64;

/// How long an answer is given again that was not believed. RFC 9520 §3.2 wants a second at least and five minutes at most;
/// a forgery is over as soon as somebody asks again.
const DISTRUSTED: Duration = Duration::from_secs(5);

/// A reply, and how it came.
#[derive(Debug)]
pub struct Sight {
    /// What was said.
    pub reply: Reply,
    /// By whom.
    pub server: Arc<str>,
    /// Over what.
    pub transport: Transport,
    /// How long it took.
    pub took: Duration,
    /// Queries that were sent for it, to all servers.
    pub sent: u32,
    /// When it came.
    pub at: Instant,
}

impl Sight {
    /// A TTL of the reply, as much of it as is left. RFC 2181 §8: what has the highest bit set counts as zero.
    pub fn left(&self, ttl: u32) -> u32 {
        let ttl = if ttl > i32::MAX as u32 { 0 } else { ttl };
        ttl.saturating_sub(u32::try_from(self.at.elapsed().as_secs()).unwrap_or(u32::MAX))
    }
}

/// Why there is no reply at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answered.
    #[error("the name server did not answer in time")]
    Silent,
    /// Nobody can be reached.
    #[error("no answer from the name server: {0}")]
    Unreachable(String),
    /// What came breaks the grammar, or answers something else.
    #[error("no answer from the name server: what it sent cannot be read{0}")]
    Garbled(String),
}

/// Is told of each attempt: whom it went to, over what, how long it took, and what came.
pub type Watch = Arc<dyn Fn(&Question, &str, Transport, Result<&Sight, &Trouble>) + Send + Sync>;

type Found = Result<Arc<Sight>, Trouble>;
type Flight = Later<'static, Found>;

/// The client. Its clones share what is remembered and what is open.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    servers: Vec<Upstream>,
    patience: Patience,
    /// The server that is asked first: the next one after one that is silent.
    first: AtomicUsize,
    memory: Option<Mutex<Memory<Found>>>,
    flying: Mutex<HashMap<Key, WeakShared<Flight>>>,
    permits: Semaphore,
    watch: Option<Watch>,
    /// Where queries and replies are written down as they are on the wire.
    trace: OnceLock<Trace>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.servers).finish()
    }
}

impl Client {
    /// Asks these servers. `remembers` says whether answers are given twice.
    pub fn new(servers: Vec<Upstream>, patience: Patience, remembers: bool, watch: Option<Watch>) -> Self {
        let is_stream_only = patience.is_stream_only || servers.iter().any(Upstream::is_stream_only);
        Self(Arc::new(Inner {
            servers,
            patience: Patience { is_stream_only, ..patience },
            first: AtomicUsize::new(0),
            memory: remembers.then(|| Mutex::new(Memory::new(ANSWERS_MAX, OCTETS_MAX))),
            flying: Mutex::default(),
            permits: Semaphore::new(FLYING_MAX),
            watch,
            trace: OnceLock::new(),
        }))
    }

    /// From now on each query is written down there, with its reply. Who was told so once goes on with that.
    pub fn write_down(&self, trace: Trace) {
        let _ = self.0.trace.set(trace);
    }

    /// Who is asked.
    pub fn servers(&self) -> &[Upstream] {
        &self.0.servers
    }

    /// What a server says. A code of failure is something that is said; an error means that nobody said anything.
    pub async fn ask(&self, question: &Question, wishes: Wishes) -> Found {
        let query = Query::new(question, wishes);
        let key = query.key();
        if let Some(memory) = &self.0.memory
            && let Some(known) = locked(memory).get(&key, Instant::now())
        {
            return known;
        }
        self.flight(question, query, key).await
    }

    /// What was answered to this was not believed: it is given again for a few seconds and no longer.
    pub fn distrust(&self, question: &Question, wishes: Wishes) {
        if let Some(memory) = &self.0.memory {
            locked(memory).shorten(&Query::new(question, wishes).key(), Instant::now() + DISTRUSTED);
        }
    }

    /// Questions that are on their way.
    #[cfg(test)]
    pub(super) fn flying(&self) -> usize {
        locked(&self.0.flying).len()
    }

    /// The flight of a question: the one that is on its way, or a new one.
    fn flight(&self, question: &Question, query: Query, key: Key) -> Shared<Flight> {
        let mut flying = locked(&self.0.flying);
        if let Some(flight) = flying.get(&key).and_then(WeakShared::upgrade) {
            return flight;
        }
        let inner = self.0.clone();
        let question = question.clone();
        let landing = Landing { inner: inner.clone(), key: key.clone() };
        let flight: Flight = Box::pin(async move {
            let found = inner.fly(&question, query).await;
            if let (Some(memory), Some((until, size))) = (&inner.memory, lasts(&found)) {
                locked(memory).put(landing.key.clone(), found.clone(), size, until);
            }
            drop(landing);
            found
        });
        let flight = flight.shared();
        // A flight that has not begun can be joined.
        if let Some(weak) = flight.downgrade() {
            flying.insert(key, weak);
        }
        flight
    }
}

/// Until when something is remembered, and what it counts for; nothing if it is not to be.
fn lasts(found: &Found) -> Option<(Instant, usize)> {
    let sight = match found {
        Ok(sight) => sight,
        Err(_) => return Some((Instant::now() + FAILURE, FAILURE_SIZE)),
    };
    let is_answer = matches!(sight.reply.code(), ResponseCode::NoError | ResponseCode::NXDomain);
    let is_failure = !is_answer || sight.reply.is_referral() || sight.reply.is_truncated();
    let lasts = match sight.reply.ttl() {
        _ if is_failure => FAILURE,
        Some(ttl) => Duration::from_secs(ttl.into()),
        None => return None,
    };
    Some((sight.at + lasts, sight.reply.size()))
}

/// Takes a flight off the list when it is over, or when nobody waits for it any more.
struct Landing {
    inner: Arc<Inner>,
    key: Key,
}

impl Drop for Landing {
    fn drop(&mut self) {
        locked(&self.inner.flying).remove(&self.key);
    }
}

impl Inner {
    async fn fly(&self, question: &Question, query: Query) -> Found {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        let mut plan = Plan::new(self.servers.len(), self.first.load(Ordering::Relaxed), self.patience);
        let plain = std::cell::OnceCell::new();
        let query = Arc::new(query);
        let (mut last, mut sent) = (None, 0);
        let mut failure: Found = Err(Trouble::Silent);
        while let Some(attempt) = plan.next(last) {
            sent += 1;
            let query = if attempt.is_extended { &query } else { plain.get_or_init(|| Arc::new(query.plain())) };
            let (outcome, found) = self.attempt(question, attempt, query, sent).await;
            if let Some(watch) = &self.watch {
                let upstream = &self.servers[attempt.server];
                watch(question, upstream.title(), upstream.transport(attempt.way), found.as_deref());
            }
            match (outcome, found) {
                (None, found) => return found,
                (Some(outcome), found) => {
                    last = Some(outcome);
                    // What a server said tells more than that another said nothing.
                    if found.is_ok() && outcome != Outcome::Truncated || failure.is_err() && found.is_err() {
                        failure = found;
                    }
                }
            }
        }
        failure
    }

    /// One query to one server: what came of it, and why that is not the end.
    async fn attempt(
        &self,
        question: &Question,
        attempt: Attempt,
        query: &Arc<Query>,
        sent: u32,
    ) -> (Option<Outcome>, Found) {
        let Attempt { server, way, is_extended, wait } = attempt;
        let upstream = &self.servers[server];
        let began = Instant::now();
        let said = timeout(wait, upstream.ask(way, query)).await;
        let took = began.elapsed();
        if let Some(trace) = self.trace.get() {
            let reply = said.as_ref().ok().and_then(|said| said.as_deref().ok());
            let what = Happening::Query {
                record: question.kind.to_string(),
                name: terminal(&question.name.to_ascii()).into_owned(),
                over: upstream.transport(way).word().to_owned(),
                query: Some(STANDARD.encode(query.octets())),
                reply: reply.map(|octets| STANDARD.encode(octets)),
            };
            trace.happened_with(Some(upstream.title()), what, Some(took), reply.is_some());
        }
        let octets = match said {
            Ok(Ok(octets)) => octets,
            Ok(Err(Broken::Suspicious)) => {
                return (Some(Outcome::Suspicious), Err(Trouble::Garbled(" (replies to other questions came)".into())));
            }
            Ok(Err(Broken::Garbled)) => {
                return (Some(Outcome::Garbled), Err(Trouble::Garbled(" (it answers another question)".into())));
            }
            Ok(Err(Broken::Closed(why))) => {
                self.pass_over(server);
                return (Some(Outcome::Unreachable), Err(Trouble::Unreachable(why)));
            }
            Err(_) => {
                upstream.was_silent(way);
                self.pass_over(server);
                return (Some(Outcome::Silent), Err(Trouble::Silent));
            }
        };
        // Who carries queries for us has no ids to compare; and nothing that is read was not accepted.
        let id = crate::dns::reply::id(&octets).unwrap_or_default();
        if accept(&octets, id, query.question()).is_err() {
            return (Some(Outcome::Garbled), Err(Trouble::Garbled(" (it answers another question)".into())));
        }
        let reply = match Reply::parse(&octets) {
            Ok(reply) => reply,
            // What is cut short may be cut within a record.
            Err(_) if is_truncated(&octets) && way == Way::Datagram => {
                return (Some(Outcome::Truncated), Err(Trouble::Garbled(String::new())));
            }
            Err(why) => return (Some(Outcome::Garbled), Err(Trouble::Garbled(format!(": {why}")))),
        };
        let outcome = match reply.code() {
            _ if reply.is_truncated() && way == Way::Datagram => Some(Outcome::Truncated),
            // On a connection nothing has to be left out.
            _ if reply.is_truncated() => Some(Outcome::Failed),
            // RFC 7873 §5.3: the server wants its own half of the cookie back, which is not kept. Connections need none.
            ResponseCode::BADCOOKIE if way == Way::Datagram => Some(Outcome::Truncated),
            ResponseCode::NoError if reply.is_referral() => Some(Outcome::Failed),
            ResponseCode::NoError | ResponseCode::NXDomain => None,
            ResponseCode::FormErr | ResponseCode::NotImp if is_extended => Some(Outcome::NotUnderstood),
            _ => Some(Outcome::Failed),
        };
        let (server, transport) = (upstream.title().clone(), upstream.transport(way));
        (outcome, Ok(Arc::new(Sight { reply, server, transport, took, sent, at: Instant::now() })))
    }

    /// The server after this one is asked first from now on.
    fn pass_over(&self, server: usize) {
        let next = (server + 1) % self.servers.len().max(1);
        // Who has moved on already need not move again.
        let _ = self.first.compare_exchange(server, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
