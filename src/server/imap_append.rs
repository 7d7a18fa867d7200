//! A message on its way into a mailbox, in the small pieces in which a client sends it.
//!
//! Pieces are gathered, and go to a file, if they have to, where waiting for a disk holds up nobody else.
//! RFC 9051 §6.3.12.

use crate::error::{Error, Kind, Result};
use crate::imap::flag::Flags;
use crate::store::stash::Stash;
use crate::world::{Content, Timestamp};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Octets written in one go.
const GATHERED_MAX: usize = 256 * 1024;

/// A message on its way in.
pub(super) struct Append {
    pub(super) mailbox: String,
    pub(super) flags: Flags,
    pub(super) arrived: Option<Timestamp>,
    /// Away only while it is written to, or if that was broken off.
    stash: Option<Stash>,
    gathered: Vec<u8>,
}

impl Append {
    pub(super) fn new(mailbox: String, flags: Flags, arrived: Option<Timestamp>, stash: Stash) -> Self {
        Self { mailbox, flags, arrived, stash: Some(stash), gathered: Vec::new() }
    }

    /// Takes a piece.
    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() < GATHERED_MAX {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        let stash = self.with_stash(move |mut stash| stash.write(&gathered).map(|()| stash)).await?;
        self.stash = Some(stash);
        Ok(())
    }

    /// The whole message, ready to be read.
    pub(super) async fn finish(mut self) -> Result<Arc<dyn Content>> {
        let gathered = std::mem::take(&mut self.gathered);
        self.with_stash(move |mut stash| stash.write(&gathered).and_then(|()| stash.finish())).await
    }

    async fn with_stash<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(Stash) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let stash = self.stash.take().ok_or_else(|| stopped("it was broken off"))?;
        spawn_blocking(move || work(stash)).await.unwrap_or_else(|error| Err(stopped(error)))
    }
}

impl Drop for Append {
    /// To forget a message can mean to remove its file.
    fn drop(&mut self) {
        if let (Some(stash), Ok(runtime)) = (self.stash.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn_blocking(move || drop(stash));
        }
    }
}

fn stopped(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Software, "taking a message in").caused_by(why)
}
