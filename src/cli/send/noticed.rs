//! A message that tells the ledger before its end is given away.
//!
//! Whoever is killed before then has sent nothing; whoever is killed later does not know.

use mailkit::store::ledger::Ledger;
use mailkit::world::Content;
use std::io;
use std::sync::{Mutex, PoisonError};

/// A message whose last octets are not given away before the ledger knows that they are: whatever the protocol ends a
/// message with, it comes behind them.
pub(super) struct Noticed<'a> {
    content: &'a dyn Content,
    ledger: Mutex<Option<&'a mut Ledger>>,
}

impl<'a> Noticed<'a> {
    /// The message, and the ledger if there is one.
    pub(super) fn new(content: &'a dyn Content, ledger: Option<&'a mut Ledger>) -> Self {
        Self { content, ledger: Mutex::new(ledger) }
    }
}

impl Content for Noticed<'_> {
    fn size(&self) -> u64 {
        self.content.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(offset, buffer)?;
        if offset.saturating_add(count as u64) >= self.size() {
            let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ledger) = ledger.as_mut() {
                ledger.out().map_err(io::Error::other)?;
            }
            *ledger = None;
        }
        Ok(count)
    }
}
