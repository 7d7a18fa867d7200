//! What goes over an SMTP conversation, and in which manner.
//!
//! RFC 3030 (chunks); RFC 6152 §3 (seven bits for those who take no more).

use crate::envelope::Envelope;
use crate::error::Result;
use crate::smtp::transaction::Facts;
use crate::world::Content;

/// What goes over.
#[derive(Clone, Copy)]
pub struct Cargo<'a> {
    /// From whom, to whom.
    pub envelope: &'a Envelope,
    /// The message, with CRLF line ends.
    pub content: &'a dyn Content,
    /// What matters about it for its way.
    pub facts: Facts,
    /// How it is handed over.
    pub manner: Manner<'a>,
}

/// How a message is handed over. By default as every server understands it, to whoever is accepted, unchanged.
#[derive(Clone, Copy, Default)]
pub struct Manner<'a> {
    /// By BDAT, where that is offered.
    pub chunking: bool,
    /// What happens when only some are accepted.
    pub partial: Partial,
    /// Makes seven bits of eight for a server that does not announce that it takes eight. Without it eight go there
    /// all the same.
    pub recode: Option<&'a dyn Recode>,
}

/// What happens when some recipients are accepted and some are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partial {
    /// Those that are accepted get the message.
    #[default]
    Deliver,
    /// Nobody does.
    Abort,
}

/// A message that can be had in seven bits.
pub trait Recode: Send + Sync {
    /// The message in seven bits. An error is a sentence that fits behind "and"; its kind is `Data` if the message
    /// is at fault, as one whose signature would break.
    fn seven_bit(&self) -> Result<Box<dyn Content>>;
}
