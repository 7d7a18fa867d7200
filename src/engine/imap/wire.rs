//! Responses as they come over a connection: each whole, with its literals in place.
//!
//! Sizes are known before they are believed, and no response is looked at before it is complete, so that a long one
//! costs its octets once. Knows lines and literals, and no grammar beyond. RFC 9051 §2.2, §4.3, §7.

use crate::imap::client::StatusLine;
use crate::net::connection::{Connection, Limits};
use crate::wire::event::Happening;
use crate::wire::frame::{Expect, Frame, Framer};
use crate::wire::literal::announced;
use std::io;
use std::time::Duration;

/// The longest response taken, its literals included. Messages are asked for in pieces that stay far below.
pub(super) const RESPONSE_MAX: u64 = 32 * 1024 * 1024;
/// Octets of a response outside its literals. What is asked for here comes in some hundred.
const LINES_MAX: usize = 256 * 1024;
/// What is kept of a buffer that a large response has left.
const BUFFER_KEPT: usize = 256 * 1024;

/// A connection that gives responses.
#[derive(Debug)]
pub(super) struct Wire {
    connection: Connection,
    framer: Framer,
    response: Vec<u8>,
}

impl Wire {
    /// `unread` is what came in behind the answer to the login.
    pub(super) fn new(connection: Connection, unread: &[u8]) -> Self {
        let mut framer = Framer::new();
        framer.push(unread);
        Self { connection, framer, response: Vec::new() }
    }

    /// Writes a line.
    pub(super) async fn send(&mut self, line: &[u8], within: Duration) -> io::Result<()> {
        self.connection.send(&[line, b"\r\n"].concat(), within).await
    }

    /// Writes octets as they are.
    pub(super) async fn send_octets(&mut self, octets: &[u8], within: Duration) -> io::Result<()> {
        self.connection.send(octets, within).await
    }

    /// The next response, its CRLF included; `None` when the server has closed the connection.
    pub(super) async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.response.clear();
        self.response.shrink_to(BUFFER_KEPT);
        let mut outside = 0;
        loop {
            let at = self.response.len();
            if !self.line(LINES_MAX.saturating_sub(outside)).await? {
                return Ok(None);
            }
            let line = self.response.get(at..).unwrap_or_default();
            outside += line.len();
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            // What a status response says is text, whatever it ends with.
            let is_text = at == 0 && (!line.starts_with(b"* ") || StatusLine::parse(line).is_some());
            match announced(line).filter(|_| !is_text) {
                None => return Ok(Some(&self.response)),
                Some(None) => return Err(refused("the server announces a literal of no length")),
                Some(Some(literal)) => self.literal(literal.len).await?,
            }
        }
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

    /// Adds a line to the response; false if the connection ends before it does.
    async fn line(&mut self, max: usize) -> io::Result<bool> {
        loop {
            match self.framer.next(Expect::Line { max }) {
                Some(Frame::Line(line)) => {
                    self.response.extend_from_slice(line);
                    self.response.extend_from_slice(b"\r\n");
                    return Ok(true);
                }
                Some(Frame::Fault(fault)) => return Err(refused(&fault.to_string())),
                Some(Frame::Piece(_) | Frame::End) => return Err(refused("octets where a line was due")),
                None => {}
            }
            if self.connection.fill(&mut self.framer).await? == 0 {
                let is_clean = self.response.is_empty() && !self.framer.has_unread();
                return if is_clean { Ok(false) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Adds counted octets to the response.
    async fn literal(&mut self, len: u64) -> io::Result<()> {
        if (self.response.len() as u64).saturating_add(len) > RESPONSE_MAX {
            return Err(refused("the server's response is too large"));
        }
        loop {
            match self.framer.next(Expect::Octets { len }) {
                Some(Frame::Piece(piece)) => {
                    self.response.extend_from_slice(piece);
                    continue;
                }
                Some(_) => return Ok(()),
                None => {}
            }
            if self.connection.fill(&mut self.framer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
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
                Ok(Some(response)) => found.push(String::from_utf8_lossy(response).into_owned()),
                Ok(None) => break Ok(()),
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
        let endless = [b"* 1 FETCH (A {1}\r\nx".as_slice(), &b" B {1}\r\nx".repeat(LINES_MAX)].concat();
        let (found, end) = heard(&endless, 64 * 1024).await;
        assert!(found.is_empty() && end.is_err_and(|error| error.kind() == io::ErrorKind::InvalidData));
    }
}
