//! Where messages go: what a target is asked for, whatever it is.
//!
//! A target that is synced can tell after a crash what it holds, so each message comes there once; what is handed to a
//! program or to another server is remembered message by message, and one that was on its way when everything broke
//! comes twice. Calls block.

use crate::error::Result;
use crate::world::Timestamp;

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arriving {
    /// What it is called in a target: the same in each run.
    pub name: String,
    /// Octets, as its server counts them.
    pub size: u64,
    /// The time of this run.
    pub now: Timestamp,
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The target has it, or will when it is committed.
    Taken,
    /// It does not want it, and says why; others may go there all the same.
    Refused(String),
}

/// A target. A message is begun, comes in pieces, and is whole or is dropped; then others.
pub trait Target: Send {
    /// Whether a message of this name is there from an earlier run, whatever is remembered of it.
    fn holds(&mut self, _name: &str) -> bool {
        false
    }

    /// A message begins.
    fn begin(&mut self, message: &Arriving) -> Result<()>;

    /// The next octets of it, line ends as CRLF.
    fn piece(&mut self, octets: &[u8]) -> Result<()>;

    /// It is whole.
    fn end(&mut self) -> Result<Handed>;

    /// It will never be whole: as if it had not begun.
    fn abandon(&mut self);

    /// Makes durable what was taken so far.
    fn commit(&mut self) -> Result<()>;

    /// What was committed is remembered: nothing has to be told about it any more.
    fn remembered(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether each message is to be remembered at once, since it cannot be found again.
    fn is_final(&self) -> bool {
        false
    }

    /// Says goodbye.
    fn close(&mut self) {}
}
