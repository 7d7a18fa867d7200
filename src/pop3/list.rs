//! LIST, UIDL and CAPA: answers of many lines, each taken as it comes.
//!
//! A list may have a million lines and is never held as a text. RFC 1939 §5, §7; RFC 2449 §5.

use super::capability::Capabilities;
use super::command::{Command, Number};
use super::response::Response;
use crate::error::{Error, Kind, Result};
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Fault, Frame, TextRule};
use crate::wire::session::Output;

/// The longest list taken, in octets and in entries: a line of a few octets costs far more once it is an entry.
const LIST_MAX: u64 = 128 * 1024 * 1024;
const ENTRIES_MAX: usize = 2_000_000;
/// RFC 2449 §4 allows 512 octets for a line of a response.
const LINE_MAX: usize = 4096;

/// A command whose good answer has many lines.
pub struct Lines<F> {
    command: Command,
    /// Takes a line; false if it is none that may stand there.
    each: F,
    count: usize,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
}

/// `LIST`: the sizes of all messages.
pub fn sizes(mut each: impl FnMut(Number, u64)) -> Lines<impl FnMut(&str) -> bool> {
    Lines::new(Command::List(None), move |line| {
        let Some((number, rest)) = numbered(line) else { return false };
        // RFC 1939 §5: more may follow behind the size.
        let size = rest.split(' ').next().and_then(|size| size.parse().ok());
        size.is_some_and(|size| {
            each(number, size);
            true
        })
    })
}

/// `UIDL`: the unique ids of all messages.
pub fn uids(mut each: impl FnMut(Number, &str)) -> Lines<impl FnMut(&str) -> bool> {
    Lines::new(Command::Uidl(None), move |line| {
        let is_uid = |uid: &str| (1..=255).contains(&uid.len()) && uid.bytes().all(|octet| octet.is_ascii_graphic());
        numbered(line).filter(|(_, uid)| is_uid(uid)).is_some_and(|(number, uid)| {
            each(number, uid);
            true
        })
    })
}

/// `CAPA`, whose lines [`Capabilities`] understand.
pub fn capabilities(lines: &mut Vec<String>) -> Lines<impl FnMut(&str) -> bool> {
    Lines::new(Command::Capa, move |line| {
        lines.push(line.to_owned());
        true
    })
}

/// What the answer to CAPA means; a server that knows no CAPA has no capabilities.
pub fn announced(answer: &Result<(), Response>, lines: &[String]) -> Capabilities {
    match answer {
        Ok(()) => Capabilities::parse(lines.iter().map(String::as_str)),
        Err(_) => Capabilities::default(),
    }
}

fn numbered(line: &str) -> Option<(Number, &str)> {
    let (number, rest) = line.trim().split_once(' ')?;
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some((Number(number), rest.trim_start()))
}

fn too_long() -> Error {
    Error::new(Kind::Protocol, "the server's list is too long")
}

const TEXT: Expect = Expect::Dotted { max: LIST_MAX, rule: TextRule::AsIs };

impl<F: FnMut(&str) -> bool> Lines<F> {
    fn new(command: Command, each: F) -> Self {
        Self { command, each, count: 0, partial: Vec::new() }
    }

    fn piece(&mut self, piece: &[u8]) -> Result<()> {
        for part in piece.split_inclusive(|octet| *octet == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.len() > LINE_MAX || self.count >= ENTRIES_MAX {
                return Err(too_long());
            }
            if self.partial.ends_with(b"\n") {
                let line = String::from_utf8_lossy(&self.partial);
                let line = line.trim_end_matches(['\r', '\n']);
                if !(self.each)(line) {
                    return Err(Error::new(Kind::Protocol, "the server's list has a line that is none").said(line));
                }
                self.count += 1;
                self.partial.clear();
            }
        }
        Ok(())
    }
}

impl<F: FnMut(&str) -> bool> Exchange for Lines<F> {
    type Reply = Result<(), Response>;

    fn encode(&self, out: &mut Output) {
        out.line(self.command.to_string());
    }

    fn first(&self) -> Expect {
        Response::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Self::Reply>> {
        Ok(match frame {
            Frame::Piece(piece) => {
                self.piece(piece)?;
                Next::More(TEXT)
            }
            Frame::End => Next::Done(Ok(())),
            Frame::Fault(Fault::TextTooLong) => return Err(too_long()),
            frame => match Response::take(frame)? {
                response if response.is_ok() => Next::More(TEXT),
                response => Next::Done(Err(response)),
            },
        })
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! A conversation without a connection.

    use super::*;
    use crate::wire::frame::Framer;

    /// What a request looks like.
    pub(crate) fn said<E: Exchange>(exchange: &E) -> String {
        let mut out = Output::new();
        exchange.encode(&mut out);
        String::from_utf8(out.as_slice().to_vec()).unwrap()
    }

    /// Runs the answer through, octet by octet.
    pub(crate) fn heard<E: Exchange>(exchange: &mut E, octets: &[u8]) -> Result<E::Reply> {
        let (mut framer, mut expect) = (Framer::new(), exchange.first());
        for octet in octets {
            framer.push(&[*octet]);
            while let Some(frame) = framer.next(expect) {
                match exchange.take(frame)? {
                    Next::More(next) => expect = next,
                    Next::Done(reply) => return Ok(reply),
                }
            }
        }
        panic!("no whole answer in {}", octets.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{heard, said};
    use super::*;

    #[test]
    fn lists_are_read() {
        let mut found = Vec::new();
        let mut exchange = sizes(|number, size| found.push((number, size)));
        assert_eq!(said(&exchange), "LIST\r\n");
        assert_eq!(heard(&mut exchange, b"+OK 2\r\n1 120\r\n2 9 extra\r\n.\r\n").unwrap(), Ok(()));
        drop(exchange);
        assert_eq!(found, [(Number(1), 120), (Number(2), 9)]);
        let mut found = Vec::new();
        let mut exchange = uids(|number, uid| found.push((number, uid.to_owned())));
        assert_eq!(said(&exchange), "UIDL\r\n");
        assert_eq!(heard(&mut exchange, b"+OK\r\n1 QhdPYR:00WBw1Ph7x7\r\n.\r\n").unwrap(), Ok(()));
        drop(exchange);
        assert_eq!(found, [(Number(1), "QhdPYR:00WBw1Ph7x7".to_owned())]);
        let mut lines = Vec::new();
        let mut exchange = capabilities(&mut lines);
        assert_eq!(said(&exchange), "CAPA\r\n");
        let answer = heard(&mut exchange, b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n").unwrap();
        drop(exchange);
        assert!(announced(&answer, &lines).stls);
        let refused = heard(&mut capabilities(&mut lines), b"-ERR what\r\n").unwrap();
        assert_eq!(announced(&refused, &lines), Capabilities::default());
    }

    #[test]
    fn hostile_lists_are_an_error() {
        for answer in [
            &b"+OK\r\n0 1\r\n.\r\n"[..],
            b"+OK\r\n-1 1\r\n.\r\n",
            b"+OK\r\n1 -1\r\n.\r\n",
            b"+OK\r\n1\r\n.\r\n",
            b"+OK\r\n99999999999 1\r\n.\r\n",
            b"+OK\r\n1 99999999999999999999999\r\n.\r\n",
            b"* OK IMAP\r\n",
        ] {
            let error = heard(&mut sizes(|_, _| {}), answer).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{}", answer.escape_ascii());
        }
        for answer in [&b"+OK\r\n1 a b\r\n.\r\n"[..], b"+OK\r\n1 \x1b[2J\r\n.\r\n", b"+OK\r\n1 \r\n.\r\n"] {
            assert!(heard(&mut uids(|_, _| {}), answer).is_err(), "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn a_list_without_an_end_costs_a_limited_memory() {
        let mut lines = Vec::new();
        let mut many = capabilities(&mut lines);
        let piece = b"XX\r\n".repeat(1000);
        let error = (0..).find_map(|count| many.take(Frame::Piece(&piece)).err().map(|error| (count, error)));
        assert!(error.is_some_and(|(count, error)| count <= ENTRIES_MAX / 1000 && error.kind() == Kind::Protocol));
        let mut long = sizes(|_, _| {});
        let error = long.take(Frame::Piece(&[b'1'; LINE_MAX + 1])).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert!(long.partial.len() <= LINE_MAX + 1);
    }
}
