//! A message on its way in: pieces are gathered, handed on, and given up when something is wrong.
//!
//! Says what is to be asked and how the message ended; the session words the reply.
//! RFC 5321 §4.1.1.4, §4.5.2.

use super::{Ask, Refusal};
use crate::wire::frame::{Fault, Frame};

/// Pieces are handed on when this much has gathered, so that a slow peer's short reads do not each become a request.
const PIECE_MAX: usize = 32 * 1024;

/// A message between 354 and the reply to its dot.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    gathered: Vec<u8>,
    /// Whether the world still holds what was written; not after [`Ask::Discard`].
    is_held: bool,
    refusal: Option<Refusal>,
    end: Option<Option<Fault>>,
}

/// What is next for a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read on.
    Read,
    /// Ask this.
    Ask(Ask),
    /// Nothing was kept: say why.
    Over(Ending),
}

/// Why a message was not kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its octets were bad.
    Fault(Fault),
    /// The world refused it.
    Refused(Refusal),
}

impl Incoming {
    /// The world waits for the first piece.
    pub(super) fn new() -> Self {
        Self { is_held: true, ..Self::default() }
    }

    /// Takes a frame of the text.
    pub(super) fn frame(&mut self, frame: Frame<'_>) -> Next {
        match frame {
            Frame::Piece(_) | Frame::Line(_) if !self.is_held => return Next::Read,
            Frame::Piece(piece) | Frame::Line(piece) => {
                self.gathered.extend_from_slice(piece);
                if self.gathered.len() < PIECE_MAX {
                    return Next::Read;
                }
            }
            Frame::End => self.end = Some(None),
            Frame::Fault(fault) => self.end = Some(Some(fault)),
        }
        self.next()
    }

    /// The piece was taken, or not: then the rest is read to its end and thrown away.
    pub(super) fn written(&mut self, result: Result<(), Refusal>) -> Next {
        if let Err(refusal) = result {
            self.refusal = Some(refusal);
            self.gathered = Vec::new();
        }
        self.next()
    }

    /// The message is forgotten.
    pub(super) fn discarded(&mut self) -> Next {
        self.is_held = false;
        self.gathered = Vec::new();
        self.next()
    }

    fn next(&mut self) -> Next {
        let is_bad = self.refusal.is_some() || matches!(self.end, Some(Some(_)));
        if is_bad && self.is_held {
            return Next::Ask(Ask::Discard);
        }
        match self.end {
            // What is wrong with the octets comes before what the world said: it may be an attack.
            Some(Some(fault)) => Next::Over(Ending::Fault(fault)),
            Some(None) | None if !self.gathered.is_empty() => Next::Ask(Ask::Write(std::mem::take(&mut self.gathered))),
            Some(None) => match self.refusal.take() {
                Some(refusal) => Next::Over(Ending::Refused(refusal)),
                None => Next::Ask(Ask::Commit),
            },
            None => Next::Read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_are_gathered_and_long_ones_handed_on() {
        let mut incoming = Incoming::new();
        assert_eq!(incoming.frame(Frame::Piece(b"a\r\n")), Next::Read);
        assert_eq!(incoming.frame(Frame::Piece(b"b\r\n")), Next::Read);
        let long = vec![b'x'; PIECE_MAX];
        let Next::Ask(Ask::Write(piece)) = incoming.frame(Frame::Piece(&long)) else { panic!("no write") };
        assert_eq!(piece, [b"a\r\nb\r\n", long.as_slice()].concat());
        assert_eq!(incoming.written(Ok(())), Next::Read);
        assert_eq!(incoming.frame(Frame::Piece(b"c\r\n")), Next::Read);
        assert_eq!(incoming.frame(Frame::End), Next::Ask(Ask::Write(b"c\r\n".to_vec())));
        assert_eq!(incoming.written(Ok(())), Next::Ask(Ask::Commit));
    }

    #[test]
    fn an_empty_message_is_committed_without_a_piece() {
        assert_eq!(Incoming::new().frame(Frame::End), Next::Ask(Ask::Commit));
    }

    #[test]
    fn a_fault_is_told_after_the_message_is_forgotten() {
        let mut incoming = Incoming::new();
        assert_eq!(incoming.frame(Frame::Piece(b"a\r\n")), Next::Read);
        assert_eq!(incoming.frame(Frame::Fault(Fault::BareLf)), Next::Ask(Ask::Discard));
        assert_eq!(incoming.discarded(), Next::Over(Ending::Fault(Fault::BareLf)));
    }

    #[test]
    fn after_a_refused_piece_the_rest_is_read_and_thrown_away() {
        let mut incoming = Incoming::new();
        let long = vec![b'x'; PIECE_MAX];
        assert!(matches!(incoming.frame(Frame::Piece(&long)), Next::Ask(Ask::Write(_))));
        assert_eq!(incoming.written(Err(Refusal::DiskFull)), Next::Ask(Ask::Discard));
        assert_eq!(incoming.discarded(), Next::Read);
        assert_eq!(incoming.frame(Frame::Piece(&long)), Next::Read);
        assert_eq!(incoming.frame(Frame::End), Next::Over(Ending::Refused(Refusal::DiskFull)));
    }

    #[test]
    fn a_refusal_at_the_last_piece_ends_it_at_once() {
        let mut incoming = Incoming::new();
        assert_eq!(incoming.frame(Frame::Piece(b"a\r\n")), Next::Read);
        assert!(matches!(incoming.frame(Frame::End), Next::Ask(Ask::Write(_))));
        assert_eq!(incoming.written(Err(Refusal::Loop)), Next::Ask(Ask::Discard));
        assert_eq!(incoming.discarded(), Next::Over(Ending::Refused(Refusal::Loop)));
    }
}
