//! The memory of runs without a disk: for models, and where the Maildir is in memory too.

use super::row::{Class, FolderId, Likeness, Row, RowId};
use super::state::{Counts, Edit, Folder, Ghost, State};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::world::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Everything, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct MemoryState {
    folders: BTreeMap<FolderId, Folder>,
    rows: BTreeMap<RowId, Row>,
    by_uid: BTreeMap<(FolderId, Uid), BTreeSet<RowId>>,
    by_class: BTreeMap<Class, BTreeSet<RowId>>,
    ghosts: Vec<Ghost>,
    last: i64,
}

impl MemoryState {
    fn take_out(&mut self, id: RowId) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        if let Some(there) = &row.there
            && let Some(ids) = self.by_uid.get_mut(&(there.folder, there.uid))
        {
            ids.remove(&id);
        }
        if let Some(ids) = self.by_class.get_mut(&row.class()) {
            ids.remove(&id);
        }
        Some(row)
    }

    fn put_in(&mut self, row: Row) {
        if let Some(there) = &row.there {
            self.by_uid.entry((there.folder, there.uid)).or_default().insert(row.id);
        }
        self.by_class.entry(row.class()).or_default().insert(row.id);
        self.rows.insert(row.id, row);
    }

    fn rows_where<'a>(&'a self, is_meant: impl Fn(&Row) -> bool + 'a) -> impl Iterator<Item = &'a Row> {
        self.rows.values().filter(move |row| is_meant(row))
    }
}

impl State for MemoryState {
    fn folders(&self) -> Result<Vec<Folder>> {
        Ok(self.folders.values().cloned().collect())
    }

    fn add_folder(&mut self, mut folder: Folder) -> Result<FolderId> {
        self.last += 1;
        folder.id = FolderId(self.last);
        let id = folder.id;
        self.folders.insert(id, folder);
        Ok(id)
    }

    fn row(&self, id: RowId) -> Result<Option<Row>> {
        Ok(self.rows.get(&id).cloned())
    }

    fn by_uid(&self, folder: FolderId, uid: Uid) -> Result<Option<Row>> {
        let ids = self.by_uid.get(&(folder, uid));
        Ok(ids.and_then(BTreeSet::first).and_then(|id| self.rows.get(id)).cloned())
    }

    fn by_base(&self, folder: FolderId, base: &[u8]) -> Result<Option<Row>> {
        let is_it = |row: &Row| row.here.as_ref().is_some_and(|here| here.folder == folder && here.file.base == base);
        let is_gone = |row: &&Row| row.here.as_ref().is_some_and(|here| here.gone);
        Ok(self.rows_where(is_it).min_by_key(is_gone).cloned())
    }

    fn uids_from(&self, folder: FolderId, from: Uid, limit: usize) -> Result<Vec<Row>> {
        let ids = self.by_uid.range((folder, from)..).take_while(|((of, _), _)| *of == folder);
        let rows = ids.flat_map(|(_, ids)| ids).filter_map(|id| self.rows.get(id));
        Ok(rows.take(limit).cloned().collect())
    }

    fn here_after(&self, folder: FolderId, after: RowId, limit: usize) -> Result<Vec<Row>> {
        let is_it = |row: &Row| row.id > after && row.here.as_ref().is_some_and(|here| here.folder == folder);
        Ok(self.rows_where(is_it).take(limit).cloned().collect())
    }

    fn pending(&self, class: Class, after: RowId, limit: usize) -> Result<Vec<Row>> {
        let ids = self.by_class.get(&class).into_iter().flatten().filter(|id| **id > after);
        Ok(ids.filter_map(|id| self.rows.get(id)).take(limit).cloned().collect())
    }

    fn count(&self, class: Class) -> Result<u64> {
        Ok(self.by_class.get(&class).map_or(0, BTreeSet::len) as u64)
    }

    fn counts(&self, folder: FolderId) -> Result<Counts> {
        let mut counts = Counts::default();
        for row in self.rows.values() {
            let there = row.alive_there().is_some_and(|there| there.folder == folder);
            let here = row.alive_here().is_some_and(|here| here.folder == folder);
            counts.there += u64::from(there);
            counts.here += u64::from(here);
            counts.both += u64::from(row.folder == folder && row.there.is_some() && row.here.is_some());
        }
        Ok(counts)
    }

    fn alone_like(&self, likeness: &Likeness, limit: usize) -> Result<Vec<Row>> {
        Ok(self.rows_where(|row| row.is_open() && row.likeness.meets(likeness)).take(limit).cloned().collect())
    }

    fn by_inode(&self, inode: u64) -> Result<Vec<Row>> {
        Ok(self.rows_where(|row| row.here.as_ref().is_some_and(|here| here.file.inode == inode)).cloned().collect())
    }

    fn ghosts(&self, folder: FolderId, now: Timestamp) -> Result<Vec<Ghost>> {
        let is_meant = |ghost: &&Ghost| ghost.folder == folder && ghost.until > now && ghost.left > 0;
        Ok(self.ghosts.iter().filter(is_meant).cloned().collect())
    }

    fn write(&mut self, edits: Vec<Edit>) -> Result<Vec<RowId>> {
        let mut inserted = Vec::new();
        for edit in edits {
            match edit {
                Edit::Insert(mut row) => {
                    self.last += 1;
                    row.id = RowId(self.last);
                    inserted.push(row.id);
                    self.put_in(row);
                }
                Edit::Put(row) => {
                    self.take_out(row.id);
                    self.put_in(row);
                }
                Edit::Remove(id) => drop(self.take_out(id)),
                Edit::PutFolder(folder) => drop(self.folders.insert(folder.id, folder)),
                Edit::RemoveFolder(folder) => {
                    let ids: Vec<_> = self.rows_where(|row| row.folder == folder).map(|row| row.id).collect();
                    ids.into_iter().for_each(|id| drop(self.take_out(id)));
                    self.folders.remove(&folder);
                    self.ghosts.retain(|ghost| ghost.folder != folder);
                }
                Edit::Ghost(ghost) => {
                    let is_same = |known: &Ghost| {
                        (known.folder, known.from, &known.likeness) == (ghost.folder, ghost.from, &ghost.likeness)
                    };
                    self.ghosts.retain(|known| !is_same(known));
                    if ghost.left > 0 {
                        self.ghosts.push(ghost);
                    }
                }
            }
        }
        Ok(inserted)
    }
}
