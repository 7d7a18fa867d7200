//! What a filter may ask about a message, whoever holds it: a file, a mailbox's index, a server far away.
//!
//! Every answer may be "not at hand yet", so that a reader can begin with what is cheap, ask again when it knows more,
//! and never fetch a body for a message whose size has already decided.

use crate::message::media::MediaType;
use crate::world::Timestamp;
use std::borrow::Cow;

/// What is known; `None` means that nobody has looked yet.
pub type Known<T> = Option<T>;

/// A message as far as it is known. What a reader never knows it leaves as it is here.
pub trait Facts {
    /// Octets of the message.
    fn size(&self) -> Known<u64> {
        None
    }

    /// Whether a flag is set: `\Seen` and its like, or a keyword.
    fn has_flag(&self, _flag: &str) -> Known<bool> {
        None
    }

    /// When it came here; within, `None` if it does not say.
    fn arrived(&self) -> Known<Option<Timestamp>> {
        None
    }

    /// The bodies of all header fields of a name, as they stand in the message.
    fn fields(&self, _name: &str) -> Known<Vec<Cow<'_, [u8]>>> {
        None
    }

    /// Its parts, itself among them.
    fn parts(&self) -> Known<Vec<PartFacts<'_>>> {
        None
    }

    /// What people read in it, part by part, decoded.
    fn texts(&self) -> Known<Vec<String>> {
        None
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFacts<'f> {
    /// Its type.
    pub media: Cow<'f, MediaType>,
    /// Its file name, decoded.
    pub name: Option<String>,
    /// Whether it is something to be saved.
    pub is_attachment: bool,
}
