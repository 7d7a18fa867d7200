//! The memory of runs in the model: each write is a step, and may be the last one.

use super::world::{Shared, Site, Verdict};
use super::wrong::Rule;
use crate::error::{Error, Kind, Result};
use crate::imap::number::Uid;
use crate::sync::memory::MemoryState;
use crate::sync::row::{Class, FolderId, Likeness, Row, RowId};
use crate::sync::state::{Counts, Edit, Folder, Ghost, State};
use crate::world::Timestamp;

/// A memory that survives, and the run that writes it, which may not.
pub(super) struct ModelState<'a> {
    pub(super) memory: &'a mut MemoryState,
    pub(super) world: Shared,
    /// A mistake that is made on purpose.
    pub(super) rule: Option<Rule>,
    /// What is written too late, for this is the mistake.
    pub(super) held: Vec<Edit>,
}

fn dead() -> Error {
    Error::new(Kind::Io, "the run is dead")
}

impl ModelState<'_> {
    fn step<T>(&mut self, effect: impl FnOnce(&mut MemoryState) -> Result<T>) -> Result<T> {
        let verdict = self.world.lock().expect("one thread").step(Site::Write);
        match verdict {
            Verdict::Go | Verdict::No => effect(self.memory),
            Verdict::GoThen(_) => effect(self.memory).and(Err(dead())),
            Verdict::Stop(_) | Verdict::Late(_) => Err(dead()),
        }
    }
}

impl State for ModelState<'_> {
    fn folders(&self) -> Result<Vec<Folder>> {
        self.memory.folders()
    }

    fn add_folder(&mut self, folder: Folder) -> Result<FolderId> {
        self.step(|memory| memory.add_folder(folder))
    }

    fn row(&self, id: RowId) -> Result<Option<Row>> {
        self.memory.row(id)
    }

    fn by_uid(&self, folder: FolderId, uid: Uid) -> Result<Option<Row>> {
        self.memory.by_uid(folder, uid)
    }

    fn by_base(&self, folder: FolderId, base: &[u8]) -> Result<Option<Row>> {
        self.memory.by_base(folder, base)
    }

    fn uids_from(&self, folder: FolderId, from: Uid, limit: usize) -> Result<Vec<Row>> {
        self.memory.uids_from(folder, from, limit)
    }

    fn here_after(&self, folder: FolderId, after: RowId, limit: usize) -> Result<Vec<Row>> {
        self.memory.here_after(folder, after, limit)
    }

    fn pending(&self, class: Class, after: RowId, limit: usize) -> Result<Vec<Row>> {
        self.memory.pending(class, after, limit)
    }

    fn count(&self, class: Class) -> Result<u64> {
        self.memory.count(class)
    }

    fn counts(&self, folder: FolderId) -> Result<Counts> {
        self.memory.counts(folder)
    }

    fn alone_like(&self, likeness: &Likeness, limit: usize) -> Result<Vec<Row>> {
        self.memory.alone_like(likeness, limit)
    }

    fn by_inode(&self, inode: u64) -> Result<Vec<Row>> {
        self.memory.by_inode(inode)
    }

    fn ghosts(&self, folder: FolderId, now: Timestamp) -> Result<Vec<Ghost>> {
        self.memory.ghosts(folder, now)
    }

    fn write(&mut self, edits: Vec<Edit>) -> Result<Vec<RowId>> {
        let edits = match self.rule {
            Some(rule) => rule.spoil(edits, self.memory),
            None => edits,
        };
        if self.rule == Some(Rule::PositionFirst) {
            let is_new = |edit: &Edit| matches!(edit, Edit::Insert(row) if row.there.is_some());
            let (held, edits): (Vec<_>, Vec<_>) = edits.into_iter().partition(is_new);
            self.held.extend(held);
            let is_position = |edit: &Edit| matches!(edit, Edit::PutFolder(folder) if folder.seen_there.is_some());
            let is_late = edits.iter().any(is_position);
            let ids = self.step(|memory| memory.write(edits))?;
            if is_late {
                let held = std::mem::take(&mut self.held);
                self.step(|memory| memory.write(held))?;
            }
            return Ok(ids);
        }
        self.step(|memory| memory.write(edits))
    }
}
