//! The one driver of SMTP and POP3 clients: asks, pipelines, uploads, upgrades.
//!
//! Runs [`Exchange`]s over a connection. Each wait has a deadline; octets behind the answer to
//! STARTTLS end the connection, since they would be taken for the secured server's words (RFC 3207
//! §4.2; the NO STARTTLS attacks). Knows no verbs.

mod chunk;
mod log;

pub use log::Heard;

use super::connection::{Connection, Limits};
use super::pace::Pace;
use super::tls::{ClientTls, Why, alert};
use crate::error::{Error, Kind, Result};
use crate::wire::event::Happening;
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Frame, Framer};
use crate::wire::session::{Output, Tls};
use crate::wire::stuff::Stuffer;
use crate::world::Content;
use log::Log;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Requests written before the first answer is read. Both sides' buffers hold that many, so nobody waits for ever.
const WINDOW: usize = 100;
/// Who has been told to stop gives a last word no longer than this.
const HANG_UP_WAIT: Duration = Duration::from_secs(1);
/// Octets of a message sent at once.
const PIECE: usize = 64 * 1024;
/// Octets of a line after which nobody waits for its end any more: none that is meant is as long, whatever it is for.
const ENDLESS: usize = 4 * 1024 * 1024;
/// Octets a second below which a line is as good as dead.
const SLOWEST: u64 = 8 * 1024;
/// What has ended a conversation, where those who report on servers make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The server was waited for, and said nothing.
    Silence,
    /// The TLS handshake came to nothing.
    Handshake(Why),
}

/// A conversation with a server.
#[derive(Debug)]
pub struct Dialogue {
    connection: Option<Connection>,
    /// Nothing can be written any more, but what the server said before may still be there to read.
    is_deaf: bool,
    framer: Framer,
    peer: String,
    patience: Duration,
    limits: Limits,
    /// Ends every wait.
    stop: CancellationToken,
    /// What was said, where somebody wants to know.
    log: Option<Log>,
    /// Whether the server has answered anything.
    has_talked: bool,
    trouble: Option<Trouble>,
}

/// A text that could not be sent whole.
#[derive(Debug)]
pub struct BrokenText {
    /// Why.
    pub error: Error,
    /// Whether the dot may have reached the server.
    pub dot_sent: bool,
}

impl Dialogue {
    /// Over an open connection; `peer` is the server's name for errors, `patience` the wait for each answer.
    pub fn new(connection: Connection, peer: impl Into<String>, patience: Duration) -> Self {
        let limits = connection.limits();
        Self {
            connection: Some(connection),
            is_deaf: false,
            framer: Framer::new(),
            peer: peer.into(),
            patience: limits.cut(patience),
            limits,
            stop: CancellationToken::new(),
            log: None,
            has_talked: false,
            trouble: None,
        }
    }

    /// What has ended it, if that was one of these.
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Keeps from now on what is said by both sides: nothing of that may be a secret.
    pub fn listen(&mut self) {
        self.log = Some(Log::default());
    }

    /// What was kept.
    pub fn heard(&self) -> &[Heard] {
        self.log.as_ref().map(Log::heard).unwrap_or_default()
    }

    /// How long the TLS handshake took, if there was one and it is known.
    pub fn handshake(&self) -> Option<Duration> {
        self.log.as_ref()?.handshake
    }

    /// Ends every wait from now on when `stop` is cancelled: what is asked then fails.
    pub fn stop_with(&mut self, stop: CancellationToken) {
        self.stop = stop;
    }

    /// Whether the conversation was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Sets the wait for each answer from now on, which the connection's limits may cut.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = self.limits.cut(patience);
    }

    /// Sets the wait for an answer that tells whether a message was taken. Only who says so expressly cuts this one:
    /// giving up too early makes duplicates (RFC 5321 §4.5.3.2.6).
    pub fn set_last_patience(&mut self, patience: Duration) {
        self.patience = self.limits.last.map_or(patience, |limit| limit.min(patience));
    }

    /// Waits this much longer for each answer, since it is so long.
    pub fn add_patience(&mut self, more: Duration) {
        self.patience += more;
    }

    /// The server's name, as given.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Tells the trace, if there is one, why something is done.
    pub fn decided(&mut self, what: String) {
        if let Some(connection) = &mut self.connection {
            connection.happened(Happening::Decision(what.into()));
        }
    }

    /// The server's address, while the connection stands, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.connection.as_ref()?.peer().address()
    }

    /// Whether what is said here stays on this machine ([`Peer::crosses_no_wire`](super::peer::Peer)).
    pub fn crosses_no_wire(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.peer().crosses_no_wire())
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.connection.as_ref()?.tls()
    }

    /// Whether the server has said something that nobody has read, as far as it has arrived; waits for nothing. An error
    /// says that it will say nothing more.
    pub async fn has_spoken(&mut self) -> Result<bool> {
        if self.framer.has_unread() {
            return Ok(true);
        }
        let Some(connection) = &mut self.connection else { return Err(self.gone()) };
        let filled = tokio::select! {
            biased;
            filled = connection.fill(&mut self.framer) => filled,
            () = std::future::ready(()) => return Ok(false),
        };
        match filled {
            Ok(0) => {
                self.connection = None;
                Err(self.temporary("the server closed the connection"))
            }
            Ok(_) => Ok(true),
            Err(error) => {
                self.connection = None;
                Err(self.broken(error))
            }
        }
    }

    /// Says nothing any more; what the server said can still be read.
    pub fn fall_silent(&mut self) {
        self.is_deaf = true;
    }

    /// Writes a request and reads its answer.
    pub async fn ask<E: Exchange>(&mut self, exchange: &mut E) -> Result<E::Reply> {
        let mut out = Output::new();
        exchange.encode(&mut out);
        if let Some(log) = self.log.as_mut().filter(|_| !out.is_empty()) {
            log.asked(out.as_slice());
        }
        self.send(&out).await?;
        self.answer(exchange).await
    }

    /// Writes requests without waiting in between, and reads their answers in order (RFC 2920). Ends at the first
    /// answer that cannot be read; those before it are returned with the error.
    pub async fn ask_all<E: Exchange>(&mut self, exchanges: &mut [E]) -> (Vec<E::Reply>, Result<()>) {
        let mut replies = Vec::with_capacity(exchanges.len());
        for window in exchanges.chunks_mut(WINDOW) {
            let mut out = Output::new();
            window.iter().for_each(|exchange| exchange.encode(&mut out));
            if let Err(error) = self.send(&out).await {
                return (replies, Err(error));
            }
            for exchange in window {
                match self.answer(exchange).await {
                    Ok(reply) => replies.push(reply),
                    Err(error) => return (replies, Err(error)),
                }
            }
        }
        (replies, Ok(()))
    }

    /// Writes requests whose answers are read one by one, in their order, by [`Dialogue::answer`].
    pub async fn post(&mut self, requests: &Output) -> Result<()> {
        self.send(requests).await
    }

    /// Reads an answer that somebody else works on, as fast as he does: waiting for him tries nobody's patience, and each
    /// piece that comes renews it while the line is alive, since an answer of any length may come.
    pub async fn answer_at_pace<E: Exchange>(&mut self, exchange: &mut E, pace: &Pace) -> Result<E::Reply> {
        let stop = self.stop.clone();
        let answered = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(self.interrupted()),
            answered = self.read_at_pace(exchange, Some(pace)) => answered,
        };
        match answered {
            Some(reply) => reply,
            None => Err(self.fell_silent()),
        }
    }

    /// Sends a text up to its lone dot, stuffed. The content must use CRLF. `progress` gets the octets sent so far.
    /// Until the dot is sent the server cannot have taken the message; the error says whether it may have. A server
    /// that stopped listening, or did not wait for the dot, may have said why: [`Dialogue::answer`] reads it.
    pub async fn send_text(&mut self, content: &dyn Content, mut progress: impl FnMut(u64)) -> Result<(), BrokenText> {
        let mut stuffer = Stuffer::new();
        let mut buffer = vec![0; PIECE];
        let mut offset = 0;
        let mut wire = Vec::with_capacity(PIECE + 1024);
        while offset < content.size() {
            self.is_awaited().await?;
            let count = self.piece(read(content, offset, &mut buffer))?;
            wire.clear();
            stuffer.push(&buffer[..count], &mut wire);
            self.write(&wire).await.map_err(|error| BrokenText { error, dot_sent: false })?;
            offset += count as u64;
            progress(offset);
        }
        self.is_awaited().await?;
        if self.is_stopped() {
            self.connection = None;
            return Err(BrokenText { error: self.interrupted(), dot_sent: false });
        }
        wire.clear();
        stuffer.finish(&mut wire);
        self.write(&wire).await.map_err(|error| BrokenText { error, dot_sent: true })
    }

    /// Whether the server waits for the rest of a text. One that answers before it has all of it gets no end: the answer
    /// cannot be about what it has not got, and whoever took it for the one to the end would believe in a message that
    /// nobody has, or send one twice.
    async fn is_awaited(&mut self) -> Result<(), BrokenText> {
        let error = match self.has_spoken().await {
            Ok(false) => return Ok(()),
            Ok(true) => {
                self.fall_silent();
                Error::new(Kind::Protocol, "the server answered before it had the whole message").with_peer(&self.peer)
            }
            Err(error) => error,
        };
        Err(BrokenText { error, dot_sent: false })
    }

    /// How much was read of a text that is on its way.
    fn piece(&mut self, count: io::Result<usize>) -> Result<usize, BrokenText> {
        let error = match count {
            Ok(0) => Error::new(Kind::Io, "the message is shorter than it was"),
            Ok(count) => return Ok(count),
            Err(error) => Error::new(Kind::Io, "the message cannot be read").caused_by(error),
        };
        // Half a message must not be ended by anything but a broken connection.
        self.connection = None;
        Err(BrokenText { error, dot_sent: false })
    }

    /// Upgrades to TLS, before all words or after the server has agreed to it. What it knew before counts no more.
    pub async fn start_tls(&mut self, tls: &ClientTls, name: &str) -> Result<()> {
        if self.framer.has_unread() {
            self.connection = None;
            return Err(Error::new(Kind::Unavailable, "the server spoke on in clear after agreeing to TLS")
                .with_peer(&self.peer)
                .hint("somebody on the way may be putting words into its mouth"));
        }
        let connection = self.connection.take().ok_or_else(|| self.gone())?;
        let begun = Instant::now();
        let connected = connection.connect_tls(tls, name, self.patience).await;
        let connection = connected.map_err(|refused| {
            self.trouble = Some(Trouble::Handshake(refused.why));
            if self.has_talked { refused } else { refused.before_words() }
        })?;
        self.connection = Some(connection);
        if let Some(log) = &mut self.log {
            log.handshake = Some(begun.elapsed());
        }
        Ok(())
    }

    /// Reads an answer that comes without a request: a greeting, or one of several after a text.
    pub async fn answer<E: Exchange>(&mut self, exchange: &mut E) -> Result<E::Reply> {
        let (stop, begun) = (self.stop.clone(), Instant::now());
        let answered = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(self.interrupted()),
            answered = timeout(self.patience, self.read_answer(exchange)) => answered,
        };
        if let Some(log) = &mut self.log {
            log.answered(begun);
        }
        match answered {
            Ok(reply) => reply,
            Err(_) => Err(self.fell_silent()),
        }
    }

    /// The server was waited for, and said nothing.
    fn fell_silent(&mut self) -> Error {
        if let Some(mut connection) = self.connection.take() {
            connection.happened(Happening::timeout(self.patience));
        }
        self.trouble = Some(Trouble::Silence);
        self.temporary(format!("no answer within {} seconds", self.patience.as_secs_f64()))
    }

    /// Says a last word, waits for no answer, and closes: for those who were told to stop. Between the pieces of a
    /// request or a text it could not be told from them, so there the connection is cut.
    pub async fn hang_up<E: Exchange>(mut self, word: &E) {
        let mut out = Output::new();
        word.encode(&mut out);
        if let Some(connection) = self.connection.as_mut().filter(|_| !self.is_deaf) {
            // Whoever does not hear it sees the connection end.
            let _ = connection.send(out.as_slice(), HANG_UP_WAIT).await;
            let _ = timeout(HANG_UP_WAIT, connection.close()).await;
        }
    }

    /// Closes the connection. Polite clients say QUIT before.
    pub async fn close(mut self) {
        if let Some(connection) = &mut self.connection {
            connection.close().await;
        }
    }

    /// Gives up the conversation for another driver of the same connection.
    pub fn into_parts(mut self) -> Option<(Connection, Vec<u8>)> {
        let unread = self.framer.take_unread();
        self.connection.take().map(|connection| (connection, unread))
    }

    async fn read_answer<E: Exchange>(&mut self, exchange: &mut E) -> Result<E::Reply> {
        let read = self.read_at_pace(exchange, None).await;
        read.unwrap_or_else(|| Err(self.fell_silent()))
    }

    /// The answer; none if patience ended between two pieces of one that is read at somebody's pace.
    async fn read_at_pace<E: Exchange>(&mut self, exchange: &mut E, pace: Option<&Pace>) -> Option<Result<E::Reply>> {
        let (mut expect, mut unframed) = (exchange.first(), 0);
        let (mut waited, mut received) = (Duration::ZERO, 0_u64);
        loop {
            while let Some(frame) = self.framer.next(expect) {
                unframed = 0;
                if let Some(log) = &mut self.log {
                    log.frame(frame);
                }
                match exchange.take(frame) {
                    Ok(Next::More(next)) => expect = next,
                    Ok(Next::Done(reply)) => {
                        self.has_talked = true;
                        return Some(Ok(reply));
                    }
                    Err(error) => {
                        self.connection = None;
                        return Some(Err(if error.peer().is_none() { error.with_peer(&self.peer) } else { error }));
                    }
                }
            }
            if let Some((line, error)) =
                self.framer.bare_line().and_then(|line| Some((line, exchange.spoilt_by(line)?)))
            {
                if let Some(log) = &mut self.log {
                    log.frame(Frame::Line(line));
                }
                self.connection = None;
                return Some(Err(if error.peer().is_none() { error.with_peer(&self.peer) } else { error }));
            }
            let patience = self.patience;
            let Some(connection) = &mut self.connection else { return Some(Err(self.gone())) };
            let filled = match pace {
                None => connection.fill(&mut self.framer).await,
                Some(pace) => {
                    pace.ready().await;
                    // A drop now and then is no answer either.
                    let left = (patience + Duration::from_secs(received / SLOWEST)).saturating_sub(waited);
                    let begun = Instant::now();
                    let Ok(filled) = timeout(left.min(patience), connection.fill(&mut self.framer)).await else {
                        return None;
                    };
                    waited += begun.elapsed();
                    received += *filled.as_ref().unwrap_or(&0) as u64;
                    filled
                }
            };
            match filled {
                Ok(0) => {
                    self.connection = None;
                    return Some(Err(self.temporary("the server closed the connection")));
                }
                Ok(count) => unframed += count,
                Err(error) => {
                    self.connection = None;
                    return Some(Err(self.broken(error)));
                }
            }
            if unframed > ENDLESS {
                self.connection = None;
                let error = Error::new(Kind::Protocol, "the server sends a line without an end");
                return Some(Err(error.with_peer(&self.peer)));
            }
        }
    }

    async fn send(&mut self, out: &Output) -> Result<()> {
        if out.is_empty() { Ok(()) } else { self.write(out.as_slice()).await }
    }

    async fn write(&mut self, octets: &[u8]) -> Result<()> {
        let (patience, stop) = (self.patience, self.stop.clone());
        let Some(connection) = self.connection.as_mut().filter(|_| !self.is_deaf) else { return Err(self.gone()) };
        let result: io::Result<()> = tokio::select! {
            biased;
            () = stop.cancelled() => {
                self.connection = None;
                return Err(self.interrupted());
            }
            result = connection.send(octets, patience) => result,
        };
        result.map_err(|error| {
            self.is_deaf = true;
            self.broken(error)
        })
    }

    /// With TLS 1.3 a server says only now what it thinks of our certificate.
    fn broken(&self, error: io::Error) -> Error {
        match alert(&error) {
            Some(what) => Error::new(Kind::Unavailable, what).with_peer(&self.peer),
            None => self.temporary("the connection broke").caused_by(error),
        }
    }

    fn interrupted(&self) -> Error {
        self.temporary("interrupted")
    }

    fn gone(&self) -> Error {
        self.temporary("the connection is closed")
    }

    fn temporary(&self, what: impl Into<String>) -> Error {
        Error::new(Kind::Temporary, what).with_peer(&self.peer)
    }
}

/// Reads a piece of a text. A long one is in a file, which may have to wait for its disk: others on this thread then
/// go on elsewhere, if there is an elsewhere.
fn read(content: &dyn Content, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread if content.size() > PIECE as u64 => {
            block_in_place(|| content.read_at(offset, buffer))
        }
        _ => content.read_at(offset, buffer),
    }
}
