//! Octets both ways, and responses as they come: each whole, with its literals in place.
//!
//! What is to be said is queued, and goes over while an answer is waited for: many commands in one write, and neither
//! side waits for the other to read. Sizes are known before they are believed, and no response is looked at before it
//! is complete, so that a long one costs its octets once. Knows lines and literals, and no grammar beyond.
//! RFC 9051 §2.2, §4.3, §7.

use crate::imap::client::StatusLine;
use crate::net::connection::{Connection, Limits};
use crate::wire::event::Happening;
use crate::wire::frame::{Expect, Frame, Framer};
use crate::wire::literal::announced;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest response taken, its literals included. Messages are asked for in pieces that stay far below.
pub(super) const RESPONSE_MAX: u64 = 32 * 1024 * 1024;
/// Octets of a response outside its literals. Sets of UIDs may be as long as a mailbox has gaps.
const LINES_MAX: usize = 8 * 1024 * 1024;
/// What is kept of a buffer that much went through.
const BUFFER_KEPT: usize = 256 * 1024;
/// What is read ahead while there is more to be written.
const AHEAD_MAX: usize = 256 * 1024;
/// Octets asked for at once.
const READ_SIZE: usize = 16 * 1024;

/// A connection that takes commands and gives responses.
#[derive(Debug)]
pub(super) struct Wire {
    connection: Connection,
    framer: Framer,
    incoming: Incoming,
    outgoing: Outgoing,
}

/// The response that is coming in.
#[derive(Debug, Default)]
struct Incoming {
    octets: Vec<u8>,
    /// How many of them are outside literals.
    outside: usize,
    /// Within a literal: its length.
    literal: Option<u64>,
    is_whole: bool,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Outgoing {
    octets: Vec<u8>,
    written: usize,
    is_flushed: bool,
    /// Writing failed. Why the other side closed may still be read.
    failure: Option<io::Error>,
}

impl Wire {
    /// `unread` is what came in behind the answer to the login.
    pub(super) fn new(connection: Connection, unread: &[u8]) -> Self {
        let mut framer = Framer::new();
        framer.push(unread);
        Self { connection, framer, incoming: Incoming::default(), outgoing: Outgoing::default() }
    }

    /// Queues octets, which go over with the next wait.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.outgoing.push(octets);
    }

    /// Writes until no more than `left` octets are queued. What comes in meanwhile is kept for `next`.
    pub(super) async fn drain(&mut self, left: usize) -> io::Result<()> {
        poll_fn(|cx| {
            loop {
                let is_stuck = self.outgoing.poll(&mut self.connection, cx).is_pending();
                if let Some(failure) = self.outgoing.failure.take() {
                    return Poll::Ready(Err(failure));
                }
                if !is_stuck || self.outgoing.len() <= left {
                    return Poll::Ready(Ok(()));
                }
                // Who is not listened to may not listen either.
                if self.framer.unread() >= AHEAD_MAX {
                    return Poll::Pending;
                }
                if ready!(self.poll_read(cx))? == 0 {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
            }
        })
        .await
    }

    /// Waits for the next response; false when the server has closed the connection. Writes what is queued meanwhile.
    /// Can be dropped without loss.
    pub(super) async fn next(&mut self) -> io::Result<bool> {
        if self.incoming.is_whole {
            self.incoming.clear();
        }
        while !self.incoming.advance(&mut self.framer)? {
            let read = poll_fn(|cx| {
                // Whether all is written or not, what counts is the answer.
                let _ = self.outgoing.poll(&mut self.connection, cx);
                self.poll_read(cx)
            });
            match read.await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => return Err(self.outgoing.failure.take().unwrap_or(error)),
            }
            return match self.outgoing.failure.take() {
                Some(failure) => Err(failure),
                None if self.incoming.octets.is_empty() && !self.framer.has_unread() => Ok(false),
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        Ok(true)
    }

    /// The response that `next` waited for, its CRLF included.
    pub(super) fn response(&self) -> &[u8] {
        &self.incoming.octets
    }

    /// From here on both sides compress (RFC 4978 §3): what came in behind the answer is compressed already.
    pub(super) fn compress(&mut self) {
        let unread = self.framer.take_unread();
        self.connection.compress(&unread);
    }

    /// Which waits are shorter than usual.
    pub(super) fn limits(&self) -> Limits {
        self.connection.limits()
    }

    /// Tells the trace, if there is one, what happened besides words.
    pub(super) fn happened(&mut self, what: Happening) {
        self.connection.happened(what);
    }

    /// Closes the connection.
    pub(super) async fn close(&mut self) {
        self.connection.close().await;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffer = [0; READ_SIZE];
        let mut buffer = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.connection).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.framer.push(buffer.filled());
        Poll::Ready(Ok(count))
    }
}

impl Incoming {
    fn clear(&mut self) {
        self.octets.clear();
        self.octets.shrink_to(BUFFER_KEPT);
        *self = Self { octets: std::mem::take(&mut self.octets), ..Self::default() };
    }

    /// Takes what has come; whether the response is whole by now.
    fn advance(&mut self, framer: &mut Framer) -> io::Result<bool> {
        while !self.is_whole {
            let expect = match self.literal {
                Some(len) => Expect::Octets { len },
                None => Expect::Line { max: LINES_MAX.saturating_sub(self.outside) },
            };
            match (framer.next(expect), self.literal) {
                (None, _) => return Ok(false),
                (Some(Frame::Piece(piece)), Some(_)) => self.octets.extend_from_slice(piece),
                (Some(Frame::End), Some(_)) => self.literal = None,
                (Some(Frame::Line(line)), None) => self.line(line)?,
                (Some(Frame::Fault(fault)), _) => return Err(refused(&fault.to_string())),
                _ => return Err(refused("octets where a line was due")),
            }
        }
        Ok(true)
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        // What a status response says is text, whatever it ends with.
        let is_text = self.octets.is_empty() && (!line.starts_with(b"* ") || StatusLine::parse(line).is_some());
        self.outside += line.len() + 2;
        self.octets.extend_from_slice(line);
        self.octets.extend_from_slice(b"\r\n");
        match announced(line).filter(|_| !is_text) {
            None => self.is_whole = true,
            Some(None) => return Err(refused("the server announces a literal of no length")),
            Some(Some(literal)) if (self.octets.len() as u64).saturating_add(literal.len) > RESPONSE_MAX => {
                return Err(refused("the server's response is too large"));
            }
            Some(Some(literal)) => self.literal = Some(literal.len),
        }
        Ok(())
    }
}

impl Outgoing {
    fn push(&mut self, octets: &[u8]) {
        if self.written >= BUFFER_KEPT {
            self.octets.drain(..self.written);
            self.written = 0;
        }
        self.octets.extend_from_slice(octets);
        self.is_flushed = false;
    }

    fn len(&self) -> usize {
        self.octets.len() - self.written
    }

    /// Writes all there is; ready also when it failed, which is noted.
    fn poll(&mut self, connection: &mut Connection, cx: &mut Context<'_>) -> Poll<()> {
        let written = ready!(self.poll_all(connection, cx));
        if let Err(failure) = written {
            self.octets.clear();
            self.written = 0;
            self.is_flushed = true;
            self.failure.get_or_insert(failure);
        }
        Poll::Ready(())
    }

    fn poll_all(&mut self, connection: &mut Connection, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.len() > 0 {
            let rest = self.octets.get(self.written..).unwrap_or_default();
            match ready!(Pin::new(&mut *connection).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.octets.clear();
        self.octets.shrink_to(BUFFER_KEPT);
        self.written = 0;
        if !self.is_flushed {
            ready!(Pin::new(connection).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncWriteExt, duplex};

    /// The responses up to the end or the first refusal, which is `Err`.
    async fn heard(octets: &[u8], step: usize) -> (Vec<String>, io::Result<()>) {
        let (near, mut far) = duplex(1024);
        let octets = octets.to_vec();
        let writer = tokio::spawn(async move {
            for piece in octets.chunks(step) {
                if far.write_all(piece).await.is_err() {
                    return;
                }
            }
        });
        let mut wire = Wire::new(Connection::new(Box::new(near), SocketAddr::from(([127, 0, 0, 1], 143)), None), b"");
        let mut found = Vec::new();
        let end = loop {
            match wire.next().await {
                Ok(true) => found.push(String::from_utf8_lossy(wire.response()).into_owned()),
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(wire);
        writer.await.expect("it does not panic");
        (found, end)
    }

    #[tokio::test]
    async fn responses_come_whole_however_their_octets_come() {
        let long = [b"* 1 FETCH (FLAGS (".as_slice(), &[b'x'; 1000], b"))\r\n"].concat();
        for (octets, count, good) in [
            (b"".as_slice(), 0, true),
            (b"* OK hi\r\nm1 OK done\r\n", 2, true),
            (b"* 1 FETCH (BODY[] {5}\r\na{9}\n UID 1)\r\nm1 OK done\r\n", 2, true),
            (b"* LIST () {1}\r\n/ {3}\r\na\r\n\r\n* OK\r\n", 2, true),
            (b"* 1 FETCH (BODY[] {0}\r\n)\r\n", 1, true),
            (b"* 1 FETCH (BODY[] {33554433}\r\n", 0, false),
            (b"* 1 FETCH (BODY[] {99999999999999999999}\r\n", 0, false),
            (b"* 1 FETCH (A {20000000}\r\n", 0, false),
            // Text is no literal, so what follows is looked at.
            (b"* OK see {500}\r\n* 1 FETCH (BODY[] {33554433}\r\n", 1, false),
            (b"m1 NO see {500}\r\n* 1 FETCH (BODY[] {33554433}\r\n", 1, false),
            (b"+ see {500}\r\nm1 OK\r\n", 2, true),
            (b"* OK hi\r\n* OK", 1, false),
            (b"* OK hi\r\n* 1 FETCH (BODY[] {5}\r\nab", 1, false),
            (b"* OK hi\n* OK\r\n", 0, false),
            (&long, 1, true),
        ] {
            for step in [1, 3, octets.len().max(1)] {
                let (found, end) = heard(octets, step).await;
                let shown = String::from_utf8_lossy(octets);
                assert_eq!((found.len(), end.is_ok()), (count, good), "{shown} by {step}: {found:?} {end:?}");
                assert!(!good || found.concat() == shown, "{shown} by {step}: {found:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_line_without_end_costs_a_limited_memory() {
        let (_, end) = heard(&[vec![b'x'; LINES_MAX + 100], b"\r\n".to_vec()].concat(), 4096).await;
        assert!(end.is_err());
        let endless = [b"* 1 FETCH (A {1}\r\nx".as_slice(), &b" B {1}\r\nx".repeat(LINES_MAX / 8)].concat();
        let (found, end) = heard(&endless, 64 * 1024).await;
        assert!(found.is_empty() && end.is_err_and(|error| error.kind() == io::ErrorKind::InvalidData));
    }
}
