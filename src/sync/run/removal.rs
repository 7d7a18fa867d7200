//! What one side removed is removed on the other, unless it looks like an accident.
//!
//! Last of all: whatever else a run does keeps messages. On the server exactly the messages meant are removed, and no
//! others that somebody flagged; here a file is put aside into the undo directory.

use super::report::{Side, Suspicion};
use super::{FIRST, Run, WINDOW};
use crate::error::Result;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::Uid;
use crate::sync::decide::{Removal, Step, decide};
use crate::sync::local::{Deed, Did, Local};
use crate::sync::remote::{Done, Order, Remote};
use crate::sync::row::{Class, Fate, FolderId, Row, There};
use crate::sync::state::{Edit, State};
use std::collections::BTreeMap;

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Counts what would be removed from each folder, and bars what looks like an accident.
    pub(super) fn suspect(&mut self) -> Result<()> {
        let mut planned: BTreeMap<(FolderId, Side), u64> = BTreeMap::new();
        for class in [Class::GoneThere, Class::GoneHere] {
            let mut after = FIRST;
            loop {
                let rows = self.state.pending(class, after, WINDOW)?;
                let Some(last) = rows.last() else { break };
                after = last.id;
                for row in rows {
                    let side = match decide(&row, self.policy, self.trash) {
                        Step::RemoveHere => Side::Here,
                        Step::RemoveThere(_) | Step::Leave => Side::There,
                        _ => continue,
                    };
                    *planned.entry((row.folder, side)).or_default() += 1;
                }
            }
        }
        for ((folder, side), removals) in planned {
            let Some(standing) = self.standing(folder) else { continue };
            let is_gone = match side {
                Side::Here => standing.went_there,
                Side::There => standing.went_here,
            };
            let of = self.state.counts(folder)?.both;
            if !self.policy.guard.lets(removals, of, is_gone) {
                let name = standing.folder.here.clone().or_else(|| standing.folder.there.clone()).unwrap_or_default();
                self.barred.insert((folder, side));
                self.report.suspicions.push(Suspicion { folder: name, side, removals, of });
            }
        }
        Ok(())
    }

    /// The messages of a mailbox that is gone are gone.
    pub(super) fn miss_mailboxes(&mut self) -> Result<()> {
        const LOWEST: Uid = Uid(std::num::NonZeroU32::MIN);
        let went: Vec<FolderId> =
            self.standings.values().filter(|standing| standing.went_there).map(|standing| standing.folder.id).collect();
        for folder in went {
            let mut from = Some(LOWEST);
            while let Some(first) = from {
                let rows = self.state.uids_from(folder, first, WINDOW)?;
                let last = rows.last().and_then(|row| row.there.as_ref()).map(|there| there.uid);
                from = last.and_then(|last| Uid::new(last.get().checked_add(1)?));
                let edits = rows.into_iter().filter_map(|mut row| {
                    let there = row.there.as_mut().filter(|there| !there.gone)?;
                    there.gone = true;
                    Some(Edit::Put(row))
                });
                let edits: Vec<_> = edits.collect();
                if !edits.is_empty() {
                    self.state.write(edits)?;
                }
            }
            // Should it come back, everything in it is looked at.
            if let Some(standing) = self.standings.get_mut(&folder)
                && standing.folder.seen_there.take().is_some()
            {
                self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
            }
        }
        Ok(())
    }

    /// Removes what was removed.
    pub(super) async fn remove(&mut self) -> Result<()> {
        for class in [Class::GoneThere, Class::GoneHere, Class::Deleted, Class::Doomed, Class::NewThere, Class::NewHere]
        {
            let mut after = FIRST;
            loop {
                let rows = self.state.pending(class, after, WINDOW)?;
                let Some(last) = rows.last() else { break };
                after = last.id;
                self.remove_some(rows).await?;
            }
        }
        self.forget()
    }

    async fn remove_some(&mut self, rows: Vec<Row>) -> Result<()> {
        let mut here = Vec::new();
        let mut there: BTreeMap<(FolderId, Removal), Vec<Row>> = BTreeMap::new();
        for mut row in rows {
            let step = decide(&row, self.policy, self.trash);
            let side = if matches!(step, Step::RemoveHere) { Side::Here } else { Side::There };
            let is_asked = matches!(row.class(), Class::GoneHere | Class::GoneThere);
            if is_asked && self.barred.contains(&(row.folder, side)) {
                continue;
            }
            if self.is_blind && row.class() == Class::GoneThere {
                continue;
            }
            match step {
                Step::RemoveHere => here.push(row),
                Step::RemoveThere(removal) => {
                    if let Some(folder) = row.there.as_ref().map(|there| there.folder) {
                        there.entry((folder, removal)).or_default().push(row);
                    }
                }
                // First there; what is gone there is then removed here.
                Step::RemoveBoth => {
                    if let Some(folder) = row.there.as_ref().map(|there| there.folder) {
                        there.entry((folder, Removal::Expunge)).or_default().push(row);
                    }
                }
                Step::Leave => {
                    (row.here, row.fate) = (None, Fate::Left);
                    self.state.write(vec![Edit::Put(row)])?;
                }
                _ => {}
            }
        }
        self.remove_here(here).await?;
        for ((folder, removal), rows) in there {
            self.remove_there(folder, removal, rows).await?;
        }
        Ok(())
    }

    async fn remove_here(&mut self, rows: Vec<Row>) -> Result<()> {
        let (mut deeds, mut meant) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(here) = &row.here else { continue };
            let Some(folder) = self.directory(here.folder) else { continue };
            deeds.push(Deed::Remove { folder: folder.to_owned(), base: here.file.base.clone() });
            meant.push(row);
        }
        let did = self.local.perform(deeds).await?;
        let mut edits = Vec::new();
        for (mut row, did) in meant.into_iter().zip(did) {
            match did {
                // Somebody moved it meanwhile; the next scan knows.
                Did::Missing => {}
                Did::Ok | Did::File(_) => {
                    self.report.removed_here += 1;
                    edits.push(match row.alive_there() {
                        // Only here was it to be removed.
                        Some(_) => {
                            (row.here, row.fate) = (None, Fate::Left);
                            Edit::Put(row)
                        }
                        None => Edit::Remove(row.id),
                    });
                }
                Did::Failed(error) => {
                    let directory = self.directory(row.folder).unwrap_or_default().to_owned();
                    self.report.refuse(&directory, "remove a message", error.to_string());
                }
            }
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        Ok(())
    }

    async fn remove_there(&mut self, folder: FolderId, removal: Removal, mut rows: Vec<Row>) -> Result<()> {
        let Some(mailbox) = self.mailbox(folder).map(str::to_owned) else { return Ok(()) };
        if let Removal::Trash(trash) = removal {
            if !self.is_first_round {
                // The next look finds where they went.
                rows.retain(|row| !matches!(row.fate, Fate::Moving { .. }));
            }
            // Without a whole look nobody could tell afterwards what is new there.
            if rows.is_empty() || !self.standing(trash).is_some_and(|standing| standing.is_looked_at) {
                return Ok(());
            }
            rows = self.about_to_move(trash, rows)?;
        }
        let mut uids: Vec<Uid> = rows.iter().filter_map(|row| row.there.as_ref()).map(|there| there.uid).collect();
        uids.sort_unstable();
        let order = match removal {
            Removal::Trash(trash) => {
                let Some(to) = self.mailbox(trash).map(str::to_owned) else { return Ok(()) };
                Order::Move { mailbox: mailbox.clone(), uids, to }
            }
            Removal::Expunge => Order::Expunge { mailbox: mailbox.clone(), uids },
            Removal::Flag => {
                let add = Flags::from_parts(SystemFlag::Deleted as u8, []);
                Order::Store { mailbox: mailbox.clone(), uids, add, remove: Flags::new() }
            }
        };
        let performed = self.remote.perform(vec![order]).await;
        let Some(done) = performed.done.into_iter().next() else { return performed.cut.map_or(Ok(()), Err) };
        let pairs: BTreeMap<Uid, Uid> = match done {
            Done::Refused(refused) => {
                self.report.refuse(&mailbox, "remove messages", refused.text);
                return performed.cut.map_or(Ok(()), Err);
            }
            Done::Moved(pairs) => pairs.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        let mut edits = Vec::new();
        for mut row in rows {
            let Some(there) = &row.there else { continue };
            if let (Removal::Trash(trash), None) = (removal, pairs.get(&there.uid)) {
                // It is in the trash by a UID that nobody told: a look finds it.
                self.report.removed_there += 1;
                self.unseen.extend([folder, trash]);
                continue;
            }
            if row.fate == Fate::Doomed {
                self.report.ghosts += 1;
            } else {
                self.report.removed_there += 1;
            }
            edits.push(match (removal, pairs.get(&there.uid)) {
                (Removal::Trash(trash), Some(uid)) => {
                    row.there = Some(There { folder: trash, uid: *uid, flags: there.flags.clone(), gone: false });
                    (row.folder, row.here, row.base, row.fate) = (trash, None, None, Fate::Normal);
                    Edit::Put(row)
                }
                (Removal::Flag, _) => {
                    (row.here, row.fate) = (None, Fate::Left);
                    Edit::Put(row)
                }
                _ => match row.alive_here() {
                    // It was to be removed on both sides, or there only.
                    Some(_) if self.policy.expunge.here && self.policy.pull.deletions => {
                        if let Some(there) = &mut row.there {
                            there.gone = true;
                        }
                        Edit::Put(row)
                    }
                    Some(_) => {
                        (row.there, row.fate) = (None, Fate::Left);
                        Edit::Put(row)
                    }
                    None => Edit::Remove(row.id),
                },
            });
        }
        self.state.write(edits)?;
        performed.cut.map_or(Ok(()), Err)
    }

    /// Drops what nobody has any more. What was sent and not found may still turn up on the server.
    fn forget(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::GoneBoth, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let mut edits = Vec::new();
            for row in rows {
                edits.push(Edit::Remove(row.id));
                if let Fate::Sending { from, .. } = row.fate {
                    self.expect_ghost(&mut edits, row.folder, from, &row.likeness)?;
                }
            }
            self.state.write(edits)?;
        }
    }

    /// Removes folders that are gone on one side once nothing is left in them on the other.
    pub(super) async fn close_folders(&mut self) -> Result<()> {
        let went: Vec<FolderId> = self
            .standings
            .values()
            .filter(|standing| standing.went_there || standing.went_here)
            .map(|standing| standing.folder.id)
            .collect();
        for id in went {
            let counts = self.state.counts(id)?;
            let Some(standing) = self.standing(id) else { continue };
            let (went_there, went_here) = (standing.went_there, standing.went_here);
            let mut folder = standing.folder.clone();
            if counts.both > 0 || self.barred.contains(&(id, Side::Here)) || self.barred.contains(&(id, Side::There)) {
                continue;
            }
            let edit = match (went_there, went_here) {
                (true, true) => Edit::RemoveFolder(id),
                (true, false) if counts.here == 0 && self.policy.pull.folders && self.policy.pull.deletions => {
                    let Some(directory) = folder.here.clone() else { continue };
                    match self.local.perform(vec![Deed::Delete { folder: directory.clone() }]).await?.pop() {
                        Some(Did::Failed(error)) => {
                            self.report.refuse(&directory, "remove the directory", error.to_string());
                            continue;
                        }
                        _ => Edit::RemoveFolder(id),
                    }
                }
                (false, true) if counts.there == 0 && self.policy.push.folders && self.policy.push.deletions => {
                    let Some(mailbox) = folder.there.clone() else { continue };
                    let performed = self.remote.perform(vec![Order::Delete { mailbox: mailbox.clone() }]).await;
                    match performed.done.into_iter().next() {
                        Some(Done::Refused(refused)) => {
                            self.report.refuse(&mailbox, "remove the mailbox", refused.text);
                            continue;
                        }
                        Some(_) => Edit::RemoveFolder(id),
                        None => return performed.cut.map_or(Ok(()), Err),
                    }
                }
                // What is left on one side is new: the folder is made again in the next run.
                (true, false) => {
                    (folder.there, folder.agreed, folder.validity, folder.seen_there) = (None, None, None, None);
                    Edit::PutFolder(folder)
                }
                _ => {
                    (folder.mark, folder.seen_here) = (None, None);
                    Edit::PutFolder(folder)
                }
            };
            self.report.folders_changed += 1;
            self.state.write(vec![edit])?;
        }
        Ok(())
    }
}
