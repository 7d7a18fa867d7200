//! A message on its way out: piece by piece, stuffed, whole or only its beginning.
//!
//! RFC 1939 §3, §5 (RETR), §7 (TOP).

use super::{Ask, Piece};
use crate::pop3::command::Number;
use crate::wire::stuff::Stuffer;
use memchr::memchr;

/// A message between its first line of response and its dot.
#[derive(Debug)]
pub(super) struct Outgoing {
    message: usize,
    number: Number,
    offset: u64,
    top: Option<Top>,
    stuffer: Stuffer,
}

/// What is next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// More is needed.
    Ask(Ask),
    /// The dot was said.
    End,
    /// There is no more, and the message is not complete.
    Broken,
}

impl Outgoing {
    /// All of a message, or its header section and some lines of its body.
    pub(super) fn new(message: usize, body_lines: Option<u64>, number: Number) -> Self {
        Self { message, number, offset: 0, top: body_lines.map(Top::new), stuffer: Stuffer::new() }
    }

    /// What to ask for.
    pub(super) fn ask(&self) -> Ask {
        Ask::Read { message: self.message, offset: self.offset }
    }

    /// What the client calls it.
    pub(super) fn number(&self) -> Number {
        self.number
    }

    /// Whether only the beginning is wanted.
    pub(super) fn is_top(&self) -> bool {
        self.top.is_some()
    }

    /// Whether nothing was said of it yet.
    pub(super) fn is_new(&self) -> bool {
        self.offset == 0
    }

    /// Takes a piece and says it.
    pub(super) fn piece(&mut self, piece: &Piece, out: &mut Vec<u8>) -> Next {
        let (wanted, is_enough) = match &mut self.top {
            Some(top) => top.take(&piece.octets),
            None => (piece.octets.as_slice(), false),
        };
        self.stuffer.push(wanted, out);
        self.offset += piece.octets.len() as u64;
        if is_enough || piece.last {
            std::mem::take(&mut self.stuffer).finish(out);
            return Next::End;
        }
        // An empty piece that is not the last would be asked for again, for ever.
        if piece.octets.is_empty() { Next::Broken } else { Next::Ask(self.ask()) }
    }
}

/// Counts lines, to know where the beginning ends.
#[derive(Debug)]
struct Top {
    is_header: bool,
    /// Whether the line so far holds nothing but perhaps a CR.
    is_blank: bool,
    lines_left: u64,
}

impl Top {
    fn new(body_lines: u64) -> Self {
        Self { is_header: true, is_blank: true, lines_left: body_lines }
    }

    /// What of these octets is wanted, and whether nothing behind them is.
    fn take<'a>(&mut self, octets: &'a [u8]) -> (&'a [u8], bool) {
        let mut from = 0;
        while let Some(rest) = octets.get(from..).filter(|rest| !rest.is_empty()) {
            let end = memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
            self.is_blank = self.is_blank && line.iter().all(|octet| *octet == b'\r');
            let Some(end) = end else { break };
            from += end + 1;
            if self.is_header {
                self.is_header = !self.is_blank;
            } else {
                self.lines_left = self.lines_left.saturating_sub(1);
            }
            self.is_blank = true;
            if !self.is_header && self.lines_left == 0 {
                return (octets.get(..from).unwrap_or(octets), true);
            }
        }
        (octets, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a message in pieces of this size.
    fn sent(text: &str, chunk: usize, body_lines: Option<u64>) -> String {
        let mut outgoing = Outgoing::new(0, body_lines, Number(1));
        let mut out = Vec::new();
        let mut next = Next::Ask(outgoing.ask());
        while let Next::Ask(Ask::Read { offset, .. }) = next {
            let rest = &text.as_bytes()[offset as usize..];
            let octets = rest[..rest.len().min(chunk)].to_vec();
            let last = octets.len() == rest.len();
            next = outgoing.piece(&Piece { octets, last }, &mut out);
        }
        assert_eq!(next, Next::End);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_beginning_ends_after_so_many_lines() {
        let text = "A: 1\r\nB: 2\r\n\r\none\r\n.two\r\n\r\nfour\r\n";
        for (lines, wanted) in [
            (Some(0), "A: 1\r\nB: 2\r\n\r\n.\r\n"),
            (Some(1), "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n"),
            (Some(2), "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n"),
            (Some(3), "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\n.\r\n"),
            (Some(u64::MAX), "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\nfour\r\n.\r\n"),
            (None, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\nfour\r\n.\r\n"),
        ] {
            for chunk in 1..=text.len() {
                assert_eq!(sent(text, chunk, lines), wanted, "{lines:?} by {chunk}");
            }
        }
    }

    #[test]
    fn odd_messages_end_too() {
        assert_eq!(sent("", 10, None), ".\r\n");
        assert_eq!(sent("", 10, Some(5)), ".\r\n");
        assert_eq!(sent("no line end", 3, Some(5)), "no line end\r\n.\r\n");
        assert_eq!(sent("A: 1\r\n", 3, Some(0)), "A: 1\r\n.\r\n");
        assert_eq!(sent("\r\nbody\r\n", 1, Some(0)), "\r\n.\r\n");
    }

    #[test]
    fn a_world_that_gives_nothing_is_not_asked_for_ever() {
        let mut outgoing = Outgoing::new(0, None, Number(1));
        assert_eq!(outgoing.piece(&Piece { octets: Vec::new(), last: false }, &mut Vec::new()), Next::Broken);
    }
}
