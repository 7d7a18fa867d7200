//! What happens when a spool is opened: the index is brought up to the log, leftovers are tidied.
//!
//! The same reading-on serves an index that fell behind while the spool runs. Everything here can be
//! interrupted and begun again.

use super::body::body_path;
use super::id::SpoolId;
use super::log::{Log, Position, from_json};
use super::segment::{BodySpan, Damage};
use super::spool_index::{Effects, Indexed, SpoolIndex};
use super::spool_record::SpoolRecord;
use super::sqlite;
use crate::error::{Error, Result};
use crate::world::Disk;
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records per transaction while reading on.
const BATCH: usize = 1000;

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

/// Lets the index read on where it stands; an index that cannot be used, or that does not fit the log, begins anew.
pub(super) fn catch_up(log: &Log, shared: &SharedIndex) -> Result<(Effects, Vec<Damage>)> {
    shared.is_behind.store(true, Ordering::Relaxed);
    let mut index = shared.lock();
    let done = match read_on(log, &mut index) {
        Err(Trouble::Index(error)) if sqlite::is_unusable(&error) => {
            index.begin_anew().map_err(Trouble::Index).and_then(|()| read_on(log, &mut index))
        }
        done => done,
    };
    match done {
        Ok(done) => {
            shared.is_behind.store(false, Ordering::Relaxed);
            Ok(done)
        }
        Err(Trouble::Index(error)) => Err(sqlite::failed("updating the spool's index", error)),
        Err(Trouble::Log(error)) => Err(error),
    }
}

enum Trouble {
    Index(rusqlite::Error),
    Log(Error),
}

fn read_on(log: &Log, index: &mut SpoolIndex) -> Result<(Effects, Vec<Damage>), Trouble> {
    let mut from = index.position().map_err(Trouble::Index)?;
    if !log.holds(from) {
        index.begin_anew().map_err(Trouble::Index)?;
        from = Position::default();
    }
    let mut effects = Effects::default();
    let mut batch: Vec<(SpoolRecord<'static>, BodySpan, Position)> = Vec::with_capacity(BATCH);
    let mut trouble = None;
    let damages = log.replay(from, &mut |found| {
        batch.push((from_json(found.head, Path::new("the spool's log"))?, found.body, found.end));
        if batch.len() >= BATCH
            && let Err(error) = apply(index, &mut batch, &mut effects)
        {
            trouble = Some(error);
            return Err(Error::new(crate::error::Kind::Io, "updating the spool's index"));
        }
        Ok(())
    });
    if let Some(error) = trouble {
        return Err(Trouble::Index(error));
    }
    let damages = damages.map_err(Trouble::Log)?;
    apply(index, &mut batch, &mut effects).map_err(Trouble::Index)?;
    Ok((effects, damages))
}

fn apply(
    index: &mut SpoolIndex,
    batch: &mut Vec<(SpoolRecord<'static>, BodySpan, Position)>,
    effects: &mut Effects,
) -> rusqlite::Result<()> {
    let indexed: Vec<Indexed<'_>> =
        batch.iter().map(|(record, body, end)| Indexed { record, body: *body, end: *end }).collect();
    let more = index.apply(&indexed)?;
    effects.finished_files.extend(more.finished_files);
    effects.arrived |= more.arrived;
    batch.clear();
    Ok(())
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
