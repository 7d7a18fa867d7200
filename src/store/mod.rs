//! Spool and mailboxes on disk.
//!
//! The one room that knows files. Everything goes through [`crate::world::Disk`], so that a disk in
//! memory can break under it. Spool and mailboxes keep their truth in append-only logs and files;
//! SQLite only indexes them. docs/spool.md and docs/mailbox.md describe the formats.

pub mod account;
mod body;
mod commit;
pub mod delivery;
pub mod disk;
mod entry;
mod follow;
mod id;
mod incoming;
pub mod ledger;
mod letter;
pub mod letterbox;
mod log;
mod mailbox;
pub mod mailbox_error;
pub mod maildir;
pub mod maildrop;
pub mod mailstore;
pub mod mbox_file;
pub mod memory;
mod memory_tree;
mod note;
pub mod policies;
mod record;
mod reserve;
pub mod room;
mod segment;
pub mod spool;
mod spool_index;
mod spool_lease;
mod spool_record;
mod spool_recover;
mod spool_rows;
mod sqlite;
pub mod stash;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod tree;

use crate::error::{Error, Kind, Result};
use std::io;

/// Where an SQLite index lives. It can always be made anew from what it indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexAt {
    /// In memory, made at each start: for a disk in memory, which SQLite cannot reach.
    Memory,
    /// In a file beside the data.
    File,
}

/// Whether a failure comes from a full disk, which has a reply code of its own (452 4.3.1).
pub fn is_disk_full(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let full = |kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if error.downcast_ref::<io::Error>().is_some_and(|error| full(error.kind())) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Does blocking work on a thread for that.
async fn blocking<T: Send + 'static>(tried: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(Kind::Software, tried).caused_by(error)),
    }
}
