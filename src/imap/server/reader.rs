//! The reader: puts lines and literals together to one command.
//!
//! It never loses step: a literal that is too big is refused before the client sends it, or read away to its end
//! if the client does not wait; only what is too big even for that ends the connection. Memory is bounded by the
//! limits of the state. Knows no command. RFC 7888 §3–§5; RFC 9051 §4.3; RFC 2683 §3.2.1.5.

use super::words::{self, Done};
use crate::wire::frame::Expect;
use crate::wire::literal::{Announced, announced};
use zeroize::Zeroizing;

/// How much a client may say in one command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Octets of one line.
    line: usize,
    /// Octets of one literal.
    literal: u64,
    /// Octets of the whole command.
    command: usize,
}

impl Limits {
    /// To strangers: a name and a password.
    pub(super) const BEFORE_LOGIN: Self = Self { line: 8 * 1024, literal: 8 * 1024, command: 16 * 1024 };
    /// To users: sets of thousands of messages fit in a line.
    pub(super) const AFTER_LOGIN: Self = Self { line: 64 * 1024, literal: 64 * 1024, command: 1024 * 1024 };
}

/// RFC 7888 §5: what a client may send without waiting, since LITERAL- is announced.
pub(super) const UNASKED_MAX: u64 = 4096;
/// An unasked literal of up to this is read away, so that the connection can go on.
const READ_AWAY_MAX: u64 = 1024 * 1024;

/// What a command is made of so far.
#[derive(Debug)]
pub(super) struct Reader {
    limits: Limits,
    /// Lines with their CRLF but for the last, literals in place.
    text: Zeroizing<Vec<u8>>,
    /// In a literal: how long it is.
    literal: Option<u64>,
    /// What to say once the command has come to its end, because it is not carried out.
    refusal: Option<Done>,
}

/// What became of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The command is complete.
    Command,
    /// The command goes on with this literal, unless the caller takes it for a message: then it must be told.
    Literal(Announced),
    /// The command is over, and is not carried out.
    Refused(Done),
    /// The step is lost: the connection must close.
    Lost,
}

/// What comes after a literal was announced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The literal, after the client was told to go on.
    GoAhead,
    /// The literal: it is on its way.
    Read,
    /// The command is over, and is not carried out.
    Refused(Done),
    /// The step is lost: the connection must close.
    Lost,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, text: Zeroizing::default(), literal: None, refusal: None }
    }

    /// What to read next.
    pub(super) fn expect(&self) -> Expect {
        match self.literal {
            Some(len) => Expect::Octets { len },
            None => Expect::Line { max: self.limits.line },
        }
    }

    /// The command so far; of one that is refused only its beginning.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The command; the reader is ready for the next.
    pub(super) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        self.literal = None;
        self.refusal = None;
        std::mem::take(&mut self.text)
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> Heard {
        if self.refusal.is_none() {
            self.text.extend_from_slice(line);
            if self.text.len() > self.limits.command {
                self.refusal = Some(words::literal_too_big());
            }
        }
        match announced(line) {
            None => self.refusal.take().map_or(Heard::Command, Heard::Refused),
            Some(Some(literal)) => {
                if self.refusal.is_none() {
                    self.text.extend_from_slice(b"\r\n");
                }
                Heard::Literal(literal)
            }
            // Somebody who does not wait sends who knows how much.
            Some(None) if line.ends_with(b"+}") => Heard::Lost,
            Some(None) => Heard::Refused(self.refusal.take().unwrap_or(words::malformed_literal())),
        }
    }

    /// The command will not be carried out, for a reason that is known before its end.
    pub(super) fn refuse(&mut self, why: Done) {
        self.refusal.get_or_insert(why);
    }

    /// Whether it is known that the command will not be carried out.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Prepares for the literal that was announced.
    pub(super) fn literal(&mut self, literal: Announced) -> Next {
        let fits = literal.len <= self.limits.literal
            && (literal.waits || literal.len <= UNASKED_MAX)
            && self.text.len() as u64 + literal.len <= self.limits.command as u64;
        if !fits {
            self.refuse(words::literal_too_big());
        }
        if !literal.waits && literal.len > READ_AWAY_MAX {
            return Next::Lost;
        }
        match self.refusal.take() {
            Some(why) if literal.waits => return Next::Refused(why),
            refusal => self.refusal = refusal,
        }
        self.literal = Some(literal.len);
        if literal.waits { Next::GoAhead } else { Next::Read }
    }

    /// Takes a piece of the literal.
    pub(super) fn piece(&mut self, octets: &[u8]) {
        if self.refusal.is_none() {
            self.text.extend_from_slice(octets);
        }
    }

    /// The literal is complete; the command goes on with a line.
    pub(super) fn literal_end(&mut self) {
        self.literal = None;
    }
}
