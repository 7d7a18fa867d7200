//! RETR and TOP: messages, or their beginnings.
//!
//! A message flows into any sink and is never held whole. RFC 1939 §5, §7.

use super::command::{Command, Number};
use super::response::Response;
use crate::error::{Error, Kind, Result};
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Fault, Frame, TextRule};
use crate::wire::session::Output;
use std::io;

/// What became of a message that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Retrieved {
    /// All of it went into the sink: so many octets, line ends as CRLF, dots unstuffed.
    Whole(u64),
    /// The server does not give it.
    Refused(Response),
}

/// `RETR` or `TOP`: the message flows into a sink.
pub struct Retrieve<W> {
    command: Command,
    size_max: u64,
    sink: W,
    octets: u64,
}

impl<W: io::Write> Retrieve<W> {
    /// All of a message; one of more than `size_max` octets is an error.
    pub fn whole(message: Number, size_max: u64, sink: W) -> Self {
        Self { command: Command::Retr(message), size_max, sink, octets: 0 }
    }

    /// The header section and so many lines of the body.
    pub fn top(message: Number, lines: u64, size_max: u64, sink: W) -> Self {
        Self { command: Command::Top(message, lines), size_max, sink, octets: 0 }
    }

    /// The sink, with what flowed into it.
    pub fn into_sink(self) -> W {
        self.sink
    }

    fn text(&self) -> Expect {
        Expect::Dotted { max: self.size_max, rule: TextRule::AsIs }
    }
}

impl<W: io::Write> Exchange for Retrieve<W> {
    type Reply = Retrieved;

    fn encode(&self, out: &mut Output) {
        out.line(self.command.to_string());
    }

    fn first(&self) -> Expect {
        Response::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Retrieved>> {
        Ok(match frame {
            Frame::Piece(piece) => {
                self.sink
                    .write_all(piece)
                    .map_err(|error| Error::new(Kind::Io, "a message cannot be written").caused_by(error))?;
                self.octets += piece.len() as u64;
                Next::More(self.text())
            }
            Frame::End => Next::Done(Retrieved::Whole(self.octets)),
            Frame::Fault(Fault::TextTooLong) => {
                return Err(Error::new(Kind::Data, format!("a message is larger than {} octets", self.size_max)));
            }
            frame => match Response::take(frame)? {
                response if response.is_ok() => Next::More(self.text()),
                response => Next::Done(Retrieved::Refused(response)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pop3::list::testing::{heard, said};

    #[test]
    fn a_message_flows_into_its_sink() {
        assert_eq!(said(&Retrieve::whole(Number(7), 10, Vec::new())), "RETR 7\r\n");
        assert_eq!(said(&Retrieve::top(Number(7), 0, 10, Vec::new())), "TOP 7 0\r\n");
        let mut exchange = Retrieve::whole(Number(1), 100, Vec::new());
        let retrieved = heard(&mut exchange, b"+OK 12 octets\r\nA: 1\r\n\r\n..\r\nb\nc\r\n.\r\n").unwrap();
        assert_eq!(retrieved, Retrieved::Whole(16));
        assert_eq!(exchange.into_sink(), b"A: 1\r\n\r\n.\r\nb\nc\r\n");
        let refused = heard(&mut Retrieve::whole(Number(1), 100, Vec::new()), b"-ERR gone\r\n").unwrap();
        assert_eq!(refused, Retrieved::Refused(Response::err("gone")));
        let error = heard(&mut Retrieve::whole(Number(1), 3, Vec::new()), b"+OK\r\nabcdef\r\n.\r\n").unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        let mut full: &mut [u8] = &mut [0; 4];
        let error = heard(&mut Retrieve::whole(Number(1), 100, &mut full), b"+OK\r\nabcdef\r\n.\r\n").unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
    }
}
