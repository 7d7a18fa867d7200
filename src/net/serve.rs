//! The one driver of all servers: accepts, reads, asks, answers, writes, says farewell.
//!
//! It runs a [`Session`] against a connection and a [`Host`] that carries out what the session asks.
//! All output goes out before more input is read, so a peer that stops reading costs what it was
//! last told, and nothing more. Octets behind STARTTLS close the connection (RFC 3207 §5, §4.2;
//! the NO STARTTLS attacks), for all protocols at once. Knows no verbs.

use super::connection::Connection;
use super::gate::Gate;
use super::tcp::Listener;
use super::tls::ServerTls;
use super::trace::Trace;
use crate::wire::event::Happening;
use crate::wire::frame::{Expect, Framer};
use crate::wire::record::NewFollow;
use crate::wire::session::{Farewell, Flow, Input, Output, Peer, Pumped, Session, pump};
use crate::wire::transcript::Side;
use crate::world::Stream;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A handshake that takes longer is given up.
const HANDSHAKE_MAX: Duration = Duration::from_secs(30);
/// A text or literal may flow for as long as this, however patient the session is with each piece.
const TEXT_MAX: Duration = Duration::from_secs(30 * 60);
/// Replies wait this long for the answers of requests, so that a burst of them shares a write.
const JOIN_WAIT: Duration = Duration::from_millis(5);
/// Replies beyond this are written before a request is carried out: the reader sets the pace.
const JOIN_MAX: usize = 16 * 1024;

/// Carries out what a session asks: the store, the users, the clock behind it.
pub trait Host<S: Session>: Send {
    /// Carries out one request.
    fn perform(&mut self, ask: S::Ask) -> impl Future<Output = S::Answer> + Send;

    /// Ends when there may be news for a session that listens. Dropped and called again at will.
    fn news(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The session closed it.
    Closed,
    /// The peer went away.
    Cut,
    /// The server stopped.
    Shutdown,
    /// The peer took too long.
    TooSlow,
    /// The TLS handshake failed.
    Handshake,
    /// Octets stood behind STARTTLS: somebody tried to slip a command in.
    Injected,
}

/// What a listening port is made of.
#[derive(Clone)]
pub struct Port {
    /// For STARTTLS, or for all connections if `implicit`.
    pub tls: Option<ServerTls>,
    /// TLS from the first octet.
    pub implicit: bool,
    /// Limits.
    pub gate: Gate,
    /// Where conversations are written down, and what follows them.
    pub trace: Option<(Trace, NewFollow)>,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

impl Port {
    /// Accepts connections until the server stops; each runs in a task of its own under `tasks`.
    pub async fn listen<S, H>(self, listener: Listener, tasks: TaskTracker, make: impl Fn(SocketAddr) -> (S, H))
    where
        S: Session + 'static,
        H: Host<S> + 'static,
    {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (session, host) = make(peer);
                    let port = self.clone();
                    tasks.spawn(async move { port.run(Box::new(stream), peer, session, host).await });
                }
                // No descriptors left, or a connection gone before it was taken: neither may spin.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Runs one session over a stream, to its end.
    pub async fn run<S, H>(&self, stream: Box<dyn Stream>, peer: SocketAddr, mut session: S, host: H) -> Ended
    where
        S: Session,
        H: Host<S>,
    {
        let tap = self.trace.as_ref().map(|(trace, follow)| trace.tap(Side::Server, follow()));
        let mut connection = Connection::new(stream, peer, tap);
        let pass = self.gate.enter(peer.ip());
        if self.implicit {
            // A handshake only to say no would cost more than the connection that is refused.
            let (Some(tls), true) = (&self.tls, pass.is_some()) else { return Ended::Handshake };
            connection = match connection.accept_tls(tls, HANDSHAKE_MAX).await {
                Ok(connection) => connection,
                Err(_) => return Ended::Handshake,
            };
        }
        let Some(_pass) = pass else {
            return farewell(&mut connection, &mut session, Farewell::TooMany, Ended::Closed).await;
        };
        self.converse(connection, peer, session, host).await
    }

    async fn converse<S, H>(
        &self,
        mut connection: Connection,
        address: SocketAddr,
        mut session: S,
        mut host: H,
    ) -> Ended
    where
        S: Session,
        H: Host<S>,
    {
        let mut framer = Framer::new();
        let mut out = Output::new();
        let mut clock = Patience::default();
        // Since when replies wait for one request after another.
        let mut joined: Option<Instant> = None;
        let peer =
            Peer { address, tls: connection.tls().cloned(), can_start_tls: self.tls.is_some() && !self.implicit };
        let mut flow = session.on(Input::Start(peer), &mut out);
        loop {
            if out.is_empty() {
                joined = None;
            }
            flow = match flow {
                Flow::Ask(ask) => {
                    let have_waited = joined.is_some_and(|since| since.elapsed() >= JOIN_WAIT);
                    if have_waited || out.as_slice().len() >= JOIN_MAX {
                        if write(&mut connection, session.patience(), &mut out).await.is_err() {
                            return Ended::Cut;
                        }
                        joined = None;
                    }
                    if !out.is_empty() {
                        joined.get_or_insert_with(Instant::now);
                    }
                    let mut work = std::pin::pin!(host.perform(ask));
                    let answer = match timeout(JOIN_WAIT, &mut work).await {
                        Ok(answer) => answer,
                        Err(_) => {
                            if write(&mut connection, session.patience(), &mut out).await.is_err() {
                                // The request is carried out all the same: it may be a message already acknowledged.
                                work.await;
                                return Ended::Cut;
                            }
                            joined = None;
                            work.await
                        }
                    };
                    session.on(Input::Answer(answer), &mut out)
                }
                Flow::StartTls => {
                    if write(&mut connection, session.patience(), &mut out).await.is_err() {
                        return Ended::Cut;
                    }
                    let Some(tls) = &self.tls else { return Ended::Handshake };
                    if framer.has_unread() {
                        connection.close_politely().await;
                        return Ended::Injected;
                    }
                    connection = match connection.accept_tls(tls, HANDSHAKE_MAX).await {
                        Ok(connection) => connection,
                        Err(_) => return Ended::Handshake,
                    };
                    let facts = connection.tls().cloned().unwrap_or_else(|| unreachable!("the handshake is done"));
                    session.on(Input::Secured(facts), &mut out)
                }
                Flow::Close => {
                    let _ = write(&mut connection, session.patience(), &mut out).await;
                    connection.close_politely().await;
                    return Ended::Closed;
                }
                Flow::Continue => match pump(&mut session, &mut framer, &mut out) {
                    Pumped::Flow(flow) => flow,
                    Pumped::Full => {
                        if write(&mut connection, session.patience(), &mut out).await.is_err() {
                            return Ended::Cut;
                        }
                        Flow::Continue
                    }
                    Pumped::Hungry => {
                        if write(&mut connection, session.patience(), &mut out).await.is_err() {
                            return Ended::Cut;
                        }
                        let deadline = clock.deadline(session.expect(), session.patience(), &framer);
                        tokio::select! {
                            biased;
                            () = self.stop.cancelled() => {
                                return farewell(&mut connection, &mut session, Farewell::Shutdown, Ended::Shutdown).await;
                            }
                            count = connection.fill(&mut framer) => match count {
                                Ok(0) | Err(_) => return Ended::Cut,
                                Ok(_) => Flow::Continue,
                            },
                            () = host.news(), if session.listens() => session.on(Input::News, &mut out),
                            () = sleep_until(deadline) => {
                                connection.happened(Happening::timeout(session.patience()));
                                return farewell(&mut connection, &mut session, Farewell::TooSlow, Ended::TooSlow).await;
                            }
                        }
                    }
                },
            };
        }
    }
}

async fn write(connection: &mut Connection, patience: Duration, out: &mut Output) -> io::Result<()> {
    if out.is_empty() {
        return Ok(());
    }
    let result = connection.send(out.as_slice(), patience).await;
    out.clear();
    result
}

async fn farewell<S: Session>(connection: &mut Connection, session: &mut S, why: Farewell, ended: Ended) -> Ended {
    let mut out = Output::new();
    session.on(Input::Farewell(why), &mut out);
    // Whoever does not read it does not need it.
    let _ = connection.send(out.as_slice(), Duration::from_secs(5)).await;
    connection.close_politely().await;
    ended
}

/// How long the peer may still take. A line has one deadline however slowly it drips; a text gets a new one with
/// each piece, up to a limit for the whole.
#[derive(Default)]
struct Patience {
    /// When the line or text that comes now was first waited for.
    began: Option<Instant>,
    /// What the framer had completed by then.
    completed: u64,
}

impl Patience {
    fn deadline(&mut self, expect: Expect, patience: Duration, framer: &Framer) -> Instant {
        let now = Instant::now();
        // Who says much at once may always be in the middle of a line; that is no reason to think it is the same one.
        if framer.completed() != self.completed {
            *self = Self { began: None, completed: framer.completed() };
        }
        match expect {
            Expect::Line { .. } if !framer.has_unread() => now + patience,
            Expect::Line { .. } => *self.began.get_or_insert(now) + patience,
            Expect::Octets { .. } | Expect::Dotted { .. } => {
                (now + patience).min(*self.began.get_or_insert(now) + TEXT_MAX)
            }
        }
    }
}
