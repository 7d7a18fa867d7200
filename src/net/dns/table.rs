//! Questions in flight on one socket or connection, by their ids.
//!
//! Ids are random, and no two alike are in flight. What belongs to no question is counted and thrown away; a question
//! that draws too many replies which are not its own is taken off datagrams, because somebody may be guessing.
//! Over datagrams a cookie goes along, and a server that has sent it back once has to do so always.
//! RFC 5452 §4.3, §9.2; RFC 7766 §6.2.1; RFC 7873 §5.3.

use crate::dns::cookie::{Cookie, Echo, take};
use crate::dns::question::Query;
use crate::dns::reply::{accept, id};
use crate::net::entropy::SystemEntropy;
use crate::world::Entropy;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Replies to a question that are not its own, before it is asked over a connection. A reply that comes too late, to an
/// id that was given up, is one.
const ODD_MAX: u8 = 4;

/// Why a question got no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// Too many replies came that are not its own.
    Suspicious,
    /// The reply answers something else, or breaks the grammar.
    Garbled,
    /// The socket or the connection failed, as the sentence says.
    Closed(String),
}

type Said = Result<Vec<u8>, Broken>;

/// The questions.
#[derive(Debug)]
pub(super) struct Table {
    inner: Mutex<Inner>,
    flying: AtomicUsize,
    /// Anybody may write to a datagram socket; what comes over a connection comes from the server.
    is_stream: bool,
    cookies: Option<Cookies>,
}

/// What is sent to a server, to be sent back.
#[derive(Debug)]
struct Cookies {
    ours: Cookie,
    /// Whether the server has sent one back; it is the same server for several sockets.
    are_known: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: HashMap<u16, Waiting>,
    ids: Ids,
    closed: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    query: Arc<Query>,
    reply: oneshot::Sender<Said>,
    odd: u8,
    has_cookie: bool,
}

/// A question's place in a table. It ends with the value.
#[derive(Debug)]
pub(super) struct Ticket<'t> {
    table: &'t Table,
    pub(super) id: u16,
    said: oneshot::Receiver<Said>,
}

impl Table {
    pub(super) fn new(is_stream: bool) -> Self {
        Self { inner: Mutex::default(), flying: AtomicUsize::new(0), is_stream, cookies: None }
    }

    /// For datagrams, with a cookie of its own; `are_known` is whether the server has ever sent one back.
    pub(super) fn with_cookie(are_known: Arc<AtomicBool>) -> Self {
        let mut ours = Cookie::default();
        SystemEntropy.fill(&mut ours);
        Self { cookies: Some(Cookies { ours, are_known }), ..Self::new(false) }
    }

    /// What is to be sent along.
    pub(super) fn cookie(&self) -> Option<Cookie> {
        self.cookies.as_ref().map(|cookies| cookies.ours)
    }

    /// Makes room for a question.
    pub(super) fn begin(&self, query: &Arc<Query>) -> Result<Ticket<'_>, Broken> {
        self.room(query, false)
    }

    /// The same for one that is sent with the cookie.
    pub(super) fn begin_with_cookie(&self, query: &Arc<Query>) -> Result<Ticket<'_>, Broken> {
        self.room(query, true)
    }

    fn room(&self, query: &Arc<Query>, has_cookie: bool) -> Result<Ticket<'_>, Broken> {
        let mut inner = self.inner();
        if let Some(why) = &inner.closed {
            return Err(Broken::Closed(why.clone()));
        }
        let (reply, said) = oneshot::channel();
        let mut id = inner.ids.next();
        // Far fewer are in flight than there are ids, so this soon ends.
        while inner.waiting.contains_key(&id) {
            id = inner.ids.next();
        }
        inner.waiting.insert(id, Waiting { query: query.clone(), reply, odd: 0, has_cookie });
        self.flying.fetch_add(1, Ordering::Relaxed);
        Ok(Ticket { table: self, id, said })
    }

    /// Hands a message to the question that it answers. Whether it was one.
    pub(super) fn deliver(&self, octets: &[u8]) -> bool {
        let Some(id) = id(octets) else { return false };
        let mut inner = self.inner();
        let Some(waiting) = inner.waiting.get_mut(&id) else {
            // Everything but the id is right: whoever guesses ids looks like this.
            let guessed = inner.waiting.iter_mut().find(|(_, w)| accept(octets, id, w.query.question()).is_ok());
            if let Some((&id, waiting)) = guessed {
                waiting.odd += 1;
                self.suspect(&mut inner, id);
            }
            return false;
        };
        if accept(octets, id, waiting.query.question()).is_err() {
            waiting.odd += 1;
            self.suspect(&mut inner, id);
            return false;
        }
        let mut octets = octets.to_vec();
        if let Some(cookies) = self.cookies.as_ref().filter(|_| waiting.has_cookie) {
            let oddity = match take(&mut octets, &cookies.ours) {
                Echo::Ours => {
                    cookies.are_known.store(true, Ordering::Relaxed);
                    0
                }
                Echo::None if !cookies.are_known.load(Ordering::Relaxed) => 0,
                // RFC 7873 §5.3: it is not to be believed. It may still be the server, or one of several behind one address
                // that knows no cookies, and can say it again over a connection.
                Echo::None => ODD_MAX,
                Echo::Other => 1,
            };
            if oddity > 0 {
                waiting.odd += oddity;
                self.suspect(&mut inner, id);
                return false;
            }
        }
        if let Some(waiting) = inner.waiting.remove(&id) {
            // Who has stopped waiting needs no reply.
            let _ = waiting.reply.send(Ok(octets));
        }
        true
    }

    fn suspect(&self, inner: &mut Inner, id: u16) {
        let is_too_odd = |waiting: &Waiting| self.is_stream || waiting.odd >= ODD_MAX;
        if inner.waiting.get(&id).is_some_and(is_too_odd)
            && let Some(waiting) = inner.waiting.remove(&id)
        {
            let why = if self.is_stream { Broken::Garbled } else { Broken::Suspicious };
            let _ = waiting.reply.send(Err(why));
        }
    }

    /// Tells all who wait that nothing will come.
    pub(super) fn fail(&self, why: &str) {
        let waiting = std::mem::take(&mut self.inner().waiting);
        for waiting in waiting.into_values() {
            let _ = waiting.reply.send(Err(Broken::Closed(why.to_owned())));
        }
    }

    /// The same, for good.
    pub(super) fn close(&self, why: &str) {
        self.inner().closed.get_or_insert_with(|| why.to_owned());
        self.fail(why);
    }

    /// Whether questions may still begin.
    pub(super) fn is_open(&self) -> bool {
        self.inner().closed.is_none()
    }

    /// Questions in flight.
    pub(super) fn flying(&self) -> usize {
        self.flying.load(Ordering::Relaxed)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// Waits for the reply.
    pub(super) async fn reply(mut self) -> Said {
        (&mut self.said).await.unwrap_or_else(|_| Err(Broken::Closed("nobody listens any more".to_owned())))
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.table.flying.fetch_sub(1, Ordering::Relaxed);
        // A question that was answered has left already, and its id may be another's by now.
        if self.said.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
            self.table.inner().waiting.remove(&self.id);
        }
    }
}

/// Random ids, drawn from the kernel many at a time.
#[derive(Debug)]
struct Ids {
    drawn: [u8; 64],
    at: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self { drawn: [0; 64], at: 64 }
    }
}

impl Ids {
    fn next(&mut self) -> u16 {
        if self.at >= self.drawn.len() {
            SystemEntropy.fill(&mut self.drawn);
            self.at = 0;
        }
        let id = u16::from_be_bytes([self.drawn[self.at], self.drawn[self.at + 1]]);
        self.at += 2;
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::question::{QUERY_MAX, Question, Wishes};
    use hickory_proto::rr::{Name, RecordType};

    fn query(name: &str) -> Arc<Query> {
        let name = Name::from_ascii(name).expect(name);
        Arc::new(Query::new(&Question { name, kind: RecordType::A }, Wishes::default()))
    }

    /// The shortest reply: the query with QR set.
    fn reply(query: &Query, id: u16) -> Vec<u8> {
        let mut buffer = [0; QUERY_MAX];
        let mut octets = query.write(id, &mut buffer).to_vec();
        octets[2] |= 0x80;
        octets
    }

    #[tokio::test]
    async fn each_reply_finds_its_question_in_any_order() {
        let table = Table::new(false);
        let queries: Vec<_> = (0..500).map(|number| query(&format!("n{number}.test."))).collect();
        let mut tickets: Vec<_> = queries.iter().map(|query| table.begin(query).expect("a place")).collect();
        let ids: std::collections::BTreeSet<u16> = tickets.iter().map(|ticket| ticket.id).collect();
        assert_eq!((ids.len(), table.flying()), (500, 500), "no two alike");
        for (query, ticket) in queries.iter().zip(&tickets).rev() {
            assert!(table.deliver(&reply(query, ticket.id)));
            assert!(!table.deliver(&reply(query, ticket.id)), "a question is answered once");
        }
        for (query, ticket) in queries.iter().zip(tickets.drain(..)) {
            let id = ticket.id;
            assert_eq!(ticket.reply().await, Ok(reply(query, id)));
        }
        assert_eq!((table.flying(), table.inner().waiting.len()), (0, 0));
    }

    #[tokio::test]
    async fn who_guesses_is_noticed_and_who_is_merely_late_is_not() {
        let (asked, other) = (query("a.test."), query("b.test."));
        let table = Table::new(false);
        let ticket = table.begin(&asked).expect("a place");
        // Nobody asked that.
        for id in 0..100 {
            table.deliver(&reply(&other, ticket.id.wrapping_add(1 + id)));
        }
        for _ in 1..ODD_MAX {
            table.deliver(&reply(&asked, ticket.id.wrapping_add(1)));
        }
        assert!(table.inner().waiting.contains_key(&ticket.id));
        table.deliver(&reply(&other, ticket.id));
        assert_eq!(ticket.reply().await, Err(Broken::Suspicious));
        // Over a connection nobody can guess: the server itself is confused.
        let table = Table::new(true);
        let ticket = table.begin(&asked).expect("a place");
        table.deliver(&reply(&other, ticket.id));
        assert_eq!(ticket.reply().await, Err(Broken::Garbled));
    }

    /// A reply with this cookie, in the extension that the query has.
    fn echo(query: &Query, id: u16, cookie: &[u8]) -> Vec<u8> {
        let mut octets = reply(query, id);
        let end = octets.len();
        octets[end - 1] = 4 + cookie.len() as u8;
        octets.extend([0, 10, 0, cookie.len() as u8]);
        octets.extend(cookie);
        octets
    }

    #[tokio::test]
    async fn who_has_sent_a_cookie_back_once_has_to_do_so_always() {
        let asked = query("a.test.");
        let are_known = Arc::new(AtomicBool::new(false));
        let table = Table::with_cookie(are_known.clone());
        let ours = table.cookie().expect("a cookie");
        let theirs = [&ours[..], b"theirown"].concat();
        // A server that knows no cookies is heard, and so is nobody with another one.
        let ticket = table.begin_with_cookie(&asked).expect("a place");
        assert!(!table.deliver(&echo(&asked, ticket.id, b"guessed.theirown")));
        assert!(table.deliver(&reply(&asked, ticket.id)));
        assert!(ticket.reply().await.is_ok() && !are_known.load(Ordering::Relaxed));
        // One that sends it back does so without it being seen later.
        let ticket = table.begin_with_cookie(&asked).expect("a place");
        assert!(table.deliver(&echo(&asked, ticket.id, &theirs)));
        let said = ticket.reply().await.expect("a reply");
        assert!(are_known.load(Ordering::Relaxed) && !said.windows(8).any(|eight| eight == ours));
        // From then on nobody is believed without, whatever socket of the server's it comes to.
        let other = Table::with_cookie(are_known);
        assert_ne!(other.cookie(), Some(ours));
        for table in [&table, &other] {
            let ticket = table.begin_with_cookie(&asked).expect("a place");
            assert!(!table.deliver(&reply(&asked, ticket.id)));
            assert_eq!(ticket.reply().await, Err(Broken::Suspicious));
        }
        // Who was asked without a cookie sends none back.
        let ticket = table.begin(&asked).expect("a place");
        assert!(table.deliver(&reply(&asked, ticket.id)));
        // Who guesses on and on is noticed.
        let ticket = table.begin_with_cookie(&asked).expect("a place");
        for _ in 0..ODD_MAX {
            table.deliver(&echo(&asked, ticket.id, b"guessed.theirown"));
        }
        assert_eq!(ticket.reply().await, Err(Broken::Suspicious));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_and_takes_nobodys_place() {
        let asked = query("a.test.");
        let table = Table::new(false);
        let ticket = table.begin(&asked).expect("a place");
        let id = ticket.id;
        drop(ticket);
        assert_eq!((table.flying(), table.inner().waiting.len()), (0, 0));
        assert!(!table.deliver(&reply(&asked, id)));
        let ticket = table.begin(&asked).expect("a place");
        table.close("the end");
        assert_eq!(ticket.reply().await, Err(Broken::Closed("the end".to_owned())));
        assert!(!table.is_open());
        assert_eq!(table.begin(&asked).map(|ticket| ticket.id), Err(Broken::Closed("the end".to_owned())));
    }
}
