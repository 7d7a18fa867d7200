//! What happens when a spool is opened: the index is brought up to the log, leftovers are tidied.
//!
//! The index may fall behind while the spool runs, too; it is then brought up in the same way.
//! Everything here can be interrupted and begun again.

use super::body::body_path;
use super::follow;
use super::id::SpoolId;
use super::log::Log;
use super::segment::Damage;
use super::spool_index::{Effects, SpoolIndex};
use super::sqlite;
use crate::error::{Error, Result};
use crate::world::Disk;
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The index, as committer and readers share it.
pub(super) struct SharedIndex {
    index: Mutex<SpoolIndex>,
    is_behind: AtomicBool,
}

impl SharedIndex {
    /// An index that has yet to catch up.
    pub(super) fn new(index: SpoolIndex) -> Self {
        Self { index: Mutex::new(index), is_behind: AtomicBool::new(true) }
    }

    /// Waits for whoever is at it, so not for threads of the runtime. A panic while it was held cannot leave half a
    /// transaction, so the index is still sound.
    pub(super) fn lock(&self) -> MutexGuard<'_, SpoolIndex> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the log is ahead of it.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }
}

/// Brings the index up to the log.
pub(super) fn catch_up(log: &Log, shared: &SharedIndex) -> Result<(Effects, Vec<Damage>)> {
    shared.is_behind.store(true, Ordering::Relaxed);
    let done = follow::catch_up(log, &mut *shared.lock())?;
    shared.is_behind.store(false, Ordering::Relaxed);
    Ok(done)
}

/// Removes body files that no message names, and messages whose body file is not there: the file is durable before
/// the message is accepted, so either the message never was, or the disk lost it. The latter cannot be told apart,
/// so it is reported.
pub(super) fn tidy_bodies(disk: &dyn Disk, dir: &Path, index: &SharedIndex) -> Result<Vec<SpoolId>> {
    let failed = |error| sqlite::failed("reading the spool's index", error);
    let mut named: HashSet<SpoolId> = index.lock().in_files().map_err(failed)?.into_iter().collect();
    for entry in disk.read_dir(dir).map_err(|error| Error::file("reading", dir, error))? {
        let id = entry.name.to_str().and_then(|name| name.parse::<SpoolId>().ok());
        match id {
            Some(id) if named.remove(&id) => {}
            Some(id) => {
                // Left by a crash; if it cannot go now, then at the next start.
                let _ = disk.remove(&body_path(dir, id));
            }
            None => {}
        }
    }
    let lost: Vec<SpoolId> = named.into_iter().collect();
    index.lock().forget(&lost).map_err(failed)?;
    Ok(lost)
}
