//! A connection: octets in and out, over TCP, TLS or a pipe in memory, each wait with an end.
//!
//! The trace taps it on the plain side. Knows no lines and no protocol.

use super::deflate::Deflated;
use super::peer::Peer;
use super::tls::{ClientTls, Refused, ServerTls};
use super::trace::Tap;
use crate::error::{Error, Kind};
use crate::secret::Secret;
use crate::wire::event::Happening;
use crate::wire::frame::Framer;
use crate::wire::session::Tls;
use crate::world::Stream;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};

/// Octets asked for at once.
const READ_SIZE: usize = 16 * 1024;

/// What a peer may still say, and for how long, before a connection is cut that we have closed: about what is on its
/// way when our last words are.
const DRAINED_MAX: usize = 4 * 1024 * 1024;
/// Who is in the middle of saying something says more within this time.
const MIDWAY_WAIT: Duration = Duration::from_millis(50);
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// One end of a connection.
#[derive(Debug)]
pub struct Connection {
    stream: Box<dyn Stream>,
    peer: Peer,
    tap: Option<Tap>,
    tls: Option<Tls>,
    limits: Limits,
}

/// Waits that somebody finds too long. What a protocol waits for by itself is never made longer by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// For each answer, each piece that is sent, and the TLS handshake.
    pub each: Option<Duration>,
    /// For an answer without which nobody knows whether a message was taken.
    pub last: Option<Duration>,
}

impl Limits {
    /// A wait, cut to what is wanted.
    pub fn cut(self, wait: Duration) -> Duration {
        self.each.map_or(wait, |limit| limit.min(wait))
    }
}

impl Connection {
    /// Takes over an open stream; `peer` is who is at the other end.
    pub fn new(stream: Box<dyn Stream>, peer: impl Into<Peer>, mut tap: Option<Tap>) -> Self {
        let peer = peer.into();
        if let Some(tap) = &mut tap {
            tap.connected(&peer);
        }
        Self { stream, peer, tap, tls: None, limits: Limits::default() }
    }

    /// Tells the trace, if there is one, what happened besides words.
    pub fn happened(&mut self, what: Happening) {
        if let Some(tap) = &mut self.tap {
            tap.happened(what, None);
        }
    }

    /// Lets the trace, if there is one, show this in no line from now on.
    pub fn hide(&self, secret: &Secret) {
        if let Some(tap) = &self.tap {
            tap.hide(secret);
        }
    }

    /// The same connection, with waits that are not as long.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Which waits are shorter than usual.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Reads what is there into the framer; 0 means that the peer has closed. Can be dropped without loss.
    pub async fn fill(&mut self, framer: &mut Framer) -> io::Result<usize> {
        let mut buffer = [0; READ_SIZE];
        let count = self.read(&mut buffer).await?;
        framer.push(&buffer[..count]);
        Ok(count)
    }

    /// Writes all octets, or fails with `TimedOut`.
    pub async fn send(&mut self, octets: &[u8], within: Duration) -> io::Result<()> {
        let write = async {
            self.write_all(octets).await?;
            self.flush().await
        };
        timeout(within, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes octets that belong to no conversation, before it begins; the trace gets a note in their place.
    pub async fn send_before(&mut self, octets: &[u8], note: &str, within: Duration) -> io::Result<()> {
        if let Some(tap) = &mut self.tap {
            tap.note(note);
        }
        let write = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        timeout(within, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Says that no more will be written, so that the peer sees a clean end.
    pub async fn close(&mut self) {
        // The peer may be gone already; there is nobody left to tell.
        let _ = timeout(Duration::from_secs(5), self.shutdown()).await;
    }

    /// Says that no more will be written, and throws away what the peer is saying for a while. Closed before it was
    /// read, a system would answer it with a reset, which can overtake the last words of ours (RFC 9293 §3.6.1).
    pub(super) async fn close_politely(&mut self) {
        self.close().await;
        let mut rest = vec![0; READ_SIZE];
        // Whoever says nothing now is not waited for.
        if !matches!(timeout(MIDWAY_WAIT, self.read(&mut rest)).await, Ok(Ok(1..))) {
            return;
        }
        let drain = async {
            let mut drained = 0;
            while drained < DRAINED_MAX {
                match self.read(&mut rest).await {
                    Ok(count @ 1..) => drained += count,
                    _ => return,
                }
            }
        };
        let _ = timeout(DRAIN_WAIT, drain).await;
    }

    /// From here on octets are compressed in both directions, below the trace; `unread` is what has come in of them
    /// already.
    pub fn compress(&mut self, unread: &[u8]) {
        let stream = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        self.stream = Box::new(Deflated::new(stream, unread));
    }

    /// Upgrades the server's side to TLS.
    pub async fn accept_tls(mut self, tls: &ServerTls, within: Duration) -> io::Result<Self> {
        let begun = Instant::now();
        let accepted = timeout(within, tls.accept(self.stream)).await;
        let accepted = accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let (stream, facts) = accepted.inspect_err(|error| self.tap.iter_mut().for_each(|tap| refused(tap, error)))?;
        if let Some(tap) = &mut self.tap {
            tap.secured(&facts, begun.elapsed());
        }
        Ok(Self { stream, tls: Some(facts), ..self })
    }

    /// Upgrades the client's side to TLS and checks that the peer is `name`.
    pub async fn connect_tls(mut self, tls: &ClientTls, name: &str, within: Duration) -> Result<Self, Refused> {
        let begun = Instant::now();
        let late = || Error::new(Kind::Temporary, "the TLS handshake took too long").with_peer(name);
        let connected = timeout(self.limits.cut(within), tls.connect(self.stream, name))
            .await
            .unwrap_or_else(|_| Err(Refused::other(late())));
        let (stream, facts) = connected.inspect_err(|error| self.tap.iter_mut().for_each(|tap| refused(tap, error)))?;
        if let Some(tap) = &mut self.tap {
            tap.secured(&facts, begun.elapsed());
        }
        Ok(Self { stream, tls: Some(facts), ..self })
    }
}

/// A handshake that came to nothing.
fn refused(tap: &mut Tap, why: &dyn fmt::Display) {
    tap.happened(Happening::Cut { why: format!("the TLS handshake failed: {why}") }, None);
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let has_room = buf.remaining() > 0;
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        match (&result, &mut self.tap) {
            (Poll::Ready(Ok(())), Some(tap)) if has_room => tap.received(&buf.filled()[before..]),
            (Poll::Ready(Err(error)), Some(tap)) => tap.happened(Happening::Cut { why: error.to_string() }, None),
            _ => {}
        }
        result
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, octets);
        if let (Poll::Ready(Ok(count)), Some(tap)) = (&result, &mut self.tap) {
            tap.sent(&octets[..*count]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(tap) = &mut self.tap {
            tap.closing();
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
