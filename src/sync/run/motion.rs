//! Messages that one side put into another folder go there on the other side too, without their octets.

use super::{FIRST, Run, WINDOW};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::sync::decide::{Step, decide};
use crate::sync::local::{Deed, Did, Local};
use crate::sync::remote::{Done, Order, Remote};
use crate::sync::row::{Class, Fate, FolderId, Here, Row, There};
use crate::sync::state::{Edit, State};
use std::collections::BTreeMap;

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Moves what was moved.
    pub(super) async fn move_on(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::Moved, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let (mut here, mut there) = (Vec::new(), BTreeMap::<(FolderId, FolderId), Vec<Row>>::new());
            for row in rows {
                match decide(&row, self.policy, self.trash) {
                    Step::MoveHere(to) => here.push((to, row)),
                    // The next look finds where they went.
                    Step::MoveThere(_) if !self.is_first_round && matches!(row.fate, Fate::Moving { .. }) => {}
                    Step::MoveThere(to) => {
                        if let Some(from) = row.there.as_ref().map(|there| there.folder) {
                            there.entry((from, to)).or_default().push(row);
                        }
                    }
                    _ => {}
                }
            }
            self.move_here(here).await?;
            for ((from, to), rows) in there {
                self.move_there(from, to, rows).await?;
            }
        }
    }

    /// Where both sides have a message in the same folder, that is agreed.
    pub(super) fn agree_on_places(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::Moved, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for mut row in rows {
                if let Step::Agree(folder) = decide(&row, self.policy, self.trash) {
                    (row.folder, row.fate) = (folder, Fate::Normal);
                    self.state.write(vec![Edit::Put(row)])?;
                }
            }
        }
    }

    async fn move_here(&mut self, rows: Vec<(FolderId, Row)>) -> Result<()> {
        let (mut deeds, mut meant) = (Vec::new(), Vec::new());
        for (to, row) in rows {
            let Some(here) = &row.here else { continue };
            let (Some(folder), Some(target)) = (self.directory(here.folder), self.directory(to)) else { continue };
            let base = here.file.base.clone();
            deeds.push(Deed::Move { folder: folder.to_owned(), base, to: target.to_owned() });
            meant.push((to, row));
        }
        let did = self.local.perform(deeds).await?;
        let mut edits = Vec::new();
        for ((to, mut row), did) in meant.into_iter().zip(did) {
            match did {
                Did::File(mut file) => {
                    if let Some(here) = &row.here {
                        file.flags = here.file.flags.clone();
                    }
                    row.here = Some(Here { folder: to, file, gone: false });
                    (row.folder, row.fate) = (to, Fate::Normal);
                    self.report.moved_here += 1;
                    edits.push(Edit::Put(row));
                }
                // The next scan knows where it is.
                Did::Ok | Did::Missing => {}
                Did::Failed(error) => {
                    let directory = self.directory(to).unwrap_or_default().to_owned();
                    self.report.refuse(&directory, "move a message into the directory", error.to_string());
                }
            }
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        Ok(())
    }

    async fn move_there(&mut self, from: FolderId, to: FolderId, rows: Vec<Row>) -> Result<()> {
        let (Some(mailbox), Some(target)) = (self.mailbox(from), self.mailbox(to)) else { return Ok(()) };
        let (mailbox, target) = (mailbox.to_owned(), target.to_owned());
        // Without a whole look nobody could tell afterwards what is new there.
        if !self.standing(to).is_some_and(|standing| standing.is_looked_at) {
            return Ok(());
        }
        let rows = self.about_to_move(to, rows)?;
        let mut moved: BTreeMap<Uid, Row> =
            rows.into_iter().filter_map(|row| Some((row.there.as_ref()?.uid, row))).collect();
        let uids: Vec<Uid> = moved.keys().copied().collect();
        let performed = self.remote.perform(vec![Order::Move { mailbox: mailbox.clone(), uids, to: target }]).await;
        let mut edits = Vec::new();
        match performed.done.into_iter().next() {
            Some(Done::Moved(pairs)) => {
                if pairs.is_empty() {
                    self.report.moved_there += moved.len() as u64;
                }
                for (before, after) in pairs {
                    let Some(mut row) = moved.remove(&before) else { continue };
                    let flags = row.there.map(|there| there.flags).unwrap_or_default();
                    row.there = Some(There { folder: to, uid: after, flags, gone: false });
                    (row.folder, row.fate) = (to, Fate::Normal);
                    self.report.moved_there += 1;
                    edits.push(Edit::Put(row));
                }
            }
            // Some of it may have been done.
            Some(Done::Refused(refused)) => self.report.refuse(&mailbox, "move messages", refused.text),
            _ => {}
        }
        if !moved.is_empty() {
            self.unseen.extend([from, to]);
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        performed.cut.map_or(Ok(()), Err)
    }

    /// Writes down that messages are about to be moved on the server, and by which UIDs they may be found there. Where
    /// that was tried before, and moving is copying and removing, a copy may still come.
    pub(super) fn about_to_move(&mut self, to: FolderId, mut rows: Vec<Row>) -> Result<Vec<Row>> {
        let uid_next = self.uid_next(to)?;
        let mut edits = Vec::new();
        for row in &mut rows {
            let (from, before) = match row.fate {
                Fate::Moving { to: known, from, times } if known == to => (from, times),
                _ => (uid_next, 0),
            };
            // Twice in the trash is better than gone from there: only what is here too is taken away again.
            if before > 0 && row.likeness.whole.is_some() && row.alive_here().is_some() {
                self.expect_ghost(&mut edits, to, from, &row.likeness)?;
            }
            row.fate = Fate::Moving { to, from, times: before.saturating_add(1) };
            edits.push(Edit::Put(row.clone()));
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        Ok(rows)
    }
}
