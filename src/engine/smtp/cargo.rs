//! What goes over an SMTP conversation, and in which manner.
//!
//! RFC 3030 (chunks); RFC 6152 §3 (seven bits for those who take no more).

use crate::envelope::Envelope;
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
    pub manner: Manner,
}

/// How a message is handed over. By default as every server understands it, to whoever is accepted, unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// By BDAT, where that is offered.
    pub chunking: bool,
    /// What happens when only some are accepted.
    pub partial: Partial,
    /// Whether a server that does not announce that it takes eight bits gets seven, or nothing where that would break
    /// a signature. Without it eight go there all the same.
    pub downcode: bool,
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
