//! The stream that async-imap reads and writes: joins small writes, and keeps it from believing large numbers.
//!
//! async-imap sends a command in pieces, and allocates whatever length a literal claims to have. So writes wait
//! for the flush, and the server's octets are counted before async-imap sees them. RFC 9051 §4.3, §7.

use crate::imap::token::announced;
use crate::net::connection::Connection;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

/// The longest response taken, its literals included. Messages are asked for in pieces that stay far below.
pub(super) const RESPONSE_MAX: u64 = 32 * 1024 * 1024;
/// Enough of a line's end to see `{4294967295}`, and of a response's beginning to see `* PREAUTH`.
const KEPT: usize = 32;

/// A connection with a guard before it.
#[derive(Debug)]
pub(super) struct Wire {
    connection: BufWriter<Connection>,
    /// What came in behind the answer to the login.
    unread: Vec<u8>,
    guard: Guard,
}

impl Wire {
    pub(super) fn new(connection: Connection, unread: Vec<u8>) -> Self {
        Self { connection: BufWriter::new(connection), unread, guard: Guard::default() }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = if this.unread.is_empty() {
            Pin::new(&mut this.connection).poll_read(cx, buf)
        } else {
            let count = this.unread.len().min(buf.remaining());
            buf.put_slice(&this.unread[..count]);
            this.unread.drain(..count);
            Poll::Ready(Ok(()))
        };
        if let Poll::Ready(Ok(())) = result {
            this.guard.pass(&buf.filled()[before..])?;
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

/// Follows the server's responses just far enough to know their sizes.
#[derive(Debug, Default)]
struct Guard {
    /// Octets of a literal that are still to come.
    literal: u64,
    /// Octets of this response, announced ones included.
    size: u64,
    /// How the response begins, and how its present line ends so far.
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Guard {
    fn pass(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            let skipped = self.literal.min(octets.len() as u64);
            if skipped > 0 {
                self.literal -= skipped;
                octets = octets.get(usize::try_from(skipped).unwrap_or(octets.len())..).unwrap_or_default();
                continue;
            }
            let end = memchr::memchr(b'\n', octets).map(|at| at + 1);
            let (piece, rest) = octets.split_at(end.unwrap_or(octets.len()));
            octets = rest;
            self.line(piece, end.is_some())?;
        }
        Ok(())
    }

    fn line(&mut self, piece: &[u8], is_end: bool) -> io::Result<()> {
        self.grow(piece.len() as u64)?;
        let room = KEPT.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(KEPT)..]);
        self.tail.drain(..self.tail.len().saturating_sub(KEPT));
        if !is_end {
            return Ok(());
        }
        let line = self.tail.strip_suffix(b"\r\n").unwrap_or_default();
        let literal = announced(line).filter(|_| has_literals(&self.head));
        self.tail.clear();
        match literal {
            None => *self = Self::default(),
            Some(Some(literal)) => {
                self.grow(literal.len)?;
                self.literal = literal.len;
            }
            Some(None) => return Err(refused("the server announces a literal of no length")),
        }
        Ok(())
    }

    fn grow(&mut self, more: u64) -> io::Result<()> {
        self.size = self.size.saturating_add(more);
        if self.size > RESPONSE_MAX {
            return Err(refused("the server's response is too large"));
        }
        Ok(())
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// What a status response says is text, whatever it ends with.
fn has_literals(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"* ") else { return false };
    let word = rest.split(|octet| !octet.is_ascii_alphanumeric()).next().unwrap_or_default();
    !["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_known_before_they_are_believed_however_the_octets_come() {
        let line = [b"* 1 FETCH (FLAGS (".as_slice(), &[b'x'; 1000], b"))\r\n"].concat();
        for (octets, good) in [
            (b"* OK hi\r\na1 OK done\r\n".as_slice(), true),
            (b"* 1 FETCH (BODY[] {5}\r\na{9}\n UID 1)\r\na1 OK done\r\n", true),
            (b"* 1 FETCH (BODY[] {33554433}\r\n", false),
            (b"* 1 FETCH (BODY[] {99999999999999999999}\r\n", false),
            (b"* 1 FETCH (A {20000000}\r\n", true),
            // Text is no literal, so what follows is looked at.
            (b"* OK see {500}\r\n* 1 FETCH (BODY[] {33554433}\r\n", false),
            (b"a1 NO see {500}\r\n* 1 FETCH (BODY[] {33554433}\r\n", false),
            (&line, true),
        ] {
            for step in [1, 3, octets.len()] {
                let mut guard = Guard::default();
                let result: io::Result<()> = octets.chunks(step).try_for_each(|piece| guard.pass(piece));
                assert_eq!(result.is_ok(), good, "{} by {step}", String::from_utf8_lossy(octets));
            }
        }
        let mut guard = Guard::default();
        let endless = vec![b'x'; 1024 * 1024];
        assert!((0..40).any(|_| guard.pass(&endless).is_err()), "a line without end is refused");
    }
}
