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
            for mut row in rows {
                match decide(&row, self.policy, self.trash) {
                    Step::Agree(folder) => {
                        (row.folder, row.fate) = (folder, Fate::Normal);
                        self.state.write(vec![Edit::Put(row)])?;
                    }
                    Step::MoveHere(to) => here.push((to, row)),
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
        let uid_next = self.uid_next(to)?;
        let mut moved = BTreeMap::new();
        for mut row in rows {
            let Some(there) = &row.there else { continue };
            let uid = there.uid;
            row.fate = match row.fate {
                Fate::Moving { to: known, from, times } if known == to => {
                    Fate::Moving { to, from, times: times.saturating_add(1) }
                }
                _ => Fate::Moving { to, from: uid_next, times: 1 },
            };
            moved.insert(uid, row);
        }
        self.state.write(moved.values().cloned().map(Edit::Put).collect())?;
        let uids: Vec<Uid> = moved.keys().copied().collect();
        let performed = self.remote.perform(vec![Order::Move { mailbox: mailbox.clone(), uids, to: target }]).await;
        let mut edits = Vec::new();
        match performed.done.into_iter().next() {
            Some(Done::Moved(pairs)) => {
                for (before, after) in pairs {
                    let Some(mut row) = moved.remove(&before) else { continue };
                    let flags = row.there.map(|there| there.flags).unwrap_or_default();
                    row.there = Some(There { folder: to, uid: after, flags, gone: false });
                    (row.folder, row.fate) = (to, Fate::Normal);
                    self.report.moved_there += 1;
                    edits.push(Edit::Put(row));
                }
            }
            Some(Done::Refused(refused)) => {
                self.report.refuse(&mailbox, "move messages", refused.text);
                let put = |row: Row| Edit::Put(Row { fate: Fate::Normal, ..row });
                edits.extend(moved.into_values().map(put));
            }
            _ => {}
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        performed.cut.map_or(Ok(()), Err)
    }
}
