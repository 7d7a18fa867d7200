//! The server's contract: one connection as a pure state machine.
//!
//! A session has no socket, no clock, no store. Frames, answers, news and facts come in; octets and
//! requests go out. Whoever drives it carries requests out, feeds the answers back, and writes all
//! output before it performs the next request: so a session that asks for its data piece by piece
//! costs one piece of memory, however slowly its peer reads.
//! Knows no verbs.

use super::frame::{Expect, Frame, Framer};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use super::secured::Tls;

/// One server's side of one connection.
pub trait Session: Send {
    /// What it may ask of the world: authenticate, look up, commit, open, fetch.
    type Ask: Send;
    /// What the world says to that.
    type Answer: Send;

    /// What it wants to read next. Not looked at while an answer is due.
    fn expect(&self) -> Expect;

    /// How long the peer may take for that (RFC 5321 §4.5.3.2, RFC 1939 §3, RFC 9051 §5.4).
    fn patience(&self) -> Duration;

    /// Whether news are wanted while it waits for the peer (IMAP IDLE).
    fn listens(&self) -> bool {
        false
    }

    /// One step. Called first with [`Input::Start`].
    fn on(&mut self, input: Input<'_, Self::Answer>, out: &mut Output) -> Flow<Self::Ask>;
}

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a, A> {
    /// The connection stands.
    Start(Peer),
    /// Something arrived: a line, a piece, an end, or a fault.
    Frame(Frame<'a>),
    /// The request of the last step was carried out.
    Answer(A),
    /// Something may have changed in what the session watches. A hint: it looks for itself.
    News,
    /// The TLS handshake that it asked for is done.
    Secured(Tls),
    /// The connection will be closed: a last word in the protocol's own form.
    Farewell(Farewell),
}

/// What a step leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Flow<Ask> {
    /// Read on.
    Continue,
    /// Carry this out, then come back with the answer.
    Ask(Ask),
    /// Write the output, then upgrade to TLS. Octets already read behind the command close the connection.
    StartTls,
    /// Write the output, then close.
    Close,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Their address; a pipe in memory counts as loopback.
    pub address: SocketAddr,
    /// TLS from the first octet, as on ports 465, 993 and 995.
    pub tls: Option<Tls>,
    /// Whether STARTTLS can be offered.
    pub can_start_tls: bool,
}

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The server stops.
    Shutdown,
    /// The peer was silent, or too slow, for longer than [`Session::patience`].
    TooSlow,
    /// Too many connections, in all or from there. Comes instead of [`Input::Start`].
    TooMany,
}

/// The sentence for it, the same in all protocols.
impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shutdown => "The server is shutting down, try again later",
            Self::TooSlow => "Nothing came for too long, good bye",
            Self::TooMany => "Too many connections, try again later",
        })
    }
}

impl Peer {
    /// Whether the peer is this machine, so that a password in clear goes over no wire.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}

/// Octets to be written.
#[derive(Debug, Default)]
pub struct Output {
    octets: Vec<u8>,
}

impl Output {
    /// Nothing to write.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line and its CRLF. Line ends inside would be lines the protocol never said: they become spaces.
    pub fn line(&mut self, line: impl AsRef<[u8]>) {
        let from = self.octets.len();
        self.octets.extend_from_slice(line.as_ref());
        for octet in &mut self.octets[from..] {
            if matches!(octet, b'\r' | b'\n') {
                *octet = b' ';
            }
        }
        self.octets.extend_from_slice(b"\r\n");
    }

    /// Adds octets as they are.
    pub fn raw(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// The buffer itself, for encoders that append.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// What waits to be written.
    pub fn as_slice(&self) -> &[u8] {
        &self.octets
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Forgets what was written.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.octets.shrink_to(64 * 1024);
    }
}

/// Output beyond this is written before more input is looked at, so that a flood of pipelined commands stays small.
const OUTPUT_MARK: usize = 64 * 1024;

/// Feeds the session what the framer has, until it needs octets (`Continue`) or something else, or its output
/// should be written first. The one loop that both the network driver and the tests use.
pub fn pump<S: Session>(session: &mut S, framer: &mut Framer, out: &mut Output) -> Pumped<S::Ask> {
    loop {
        let Some(frame) = framer.next(session.expect()) else {
            return Pumped::Hungry;
        };
        match session.on(Input::Frame(frame), out) {
            Flow::Continue if out.as_slice().len() >= OUTPUT_MARK => return Pumped::Full,
            Flow::Continue => {}
            flow => return Pumped::Flow(flow),
        }
    }
}

/// Why [`pump`] came back.
#[derive(Debug, PartialEq, Eq)]
pub enum Pumped<Ask> {
    /// No frame is complete: read from the peer.
    Hungry,
    /// Enough output has gathered: write it, then pump again.
    Full,
    /// The session wants something other than input.
    Flow(Flow<Ask>),
}
