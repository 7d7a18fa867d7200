//! From the Maildir to the server.
//!
//! What is about to be sent is written down first, with the UID from which on it may turn up. A server may carry out what
//! an earlier conversation left in its buffers after a later one has looked; so a message that is sent once more leaves
//! a note that a copy of it may still come, and when one comes it is taken away again.

use super::{FIRST, Run, WINDOW};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::sync::decide::{Step, decide};
use crate::sync::local::Local;
use crate::sync::remote::{Done, Letter, Order, Remote};
use crate::sync::row::{Class, Fate, FolderId, Likeness, Row, There};
use crate::sync::state::{Edit, Ghost, State};
use std::collections::BTreeMap;
use std::time::Duration;

/// What may be under way without an answer: after a crash so much is uncertain.
const BATCH: usize = 16;
const BATCH_OCTETS: u64 = 1024 * 1024;
/// After this long no server finishes what it was told in a conversation that is over.
const GHOSTS_COME: Duration = Duration::from_secs(24 * 60 * 60);

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Sends what is new here.
    pub(super) async fn send(&mut self) -> Result<()> {
        self.send_again()?;
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::NewHere, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let mut by_folder: BTreeMap<FolderId, Vec<Row>> = BTreeMap::new();
            for mut row in rows {
                if row.here.as_ref().is_some_and(|here| here.folder != row.folder) {
                    row = self.redirect(row)?;
                }
                // A server that took it and told no UID has it; the next look finds it.
                let was_sent = !self.is_first_round && matches!(row.fate, Fate::Sending { .. });
                let is_meant = decide(&row, self.policy, self.trash) == Step::Send;
                if is_meant && !was_sent && self.may_send(row.folder) {
                    by_folder.entry(row.folder).or_default().push(row);
                }
            }
            for (folder, rows) in by_folder {
                self.send_in(folder, rows).await?;
            }
        }
    }

    /// A message that was sent, was not found, and went into another folder here meanwhile is sent there. Should the
    /// first one come yet, it is one too many.
    fn redirect(&mut self, mut row: Row) -> Result<Row> {
        let Some(here) = &row.here else { return Ok(row) };
        let mut edits = Vec::new();
        if let Fate::Sending { from, .. } = row.fate {
            self.expect_ghost(&mut edits, row.folder, from, &row.likeness)?;
            row.fate = Fate::Normal;
        }
        row.folder = here.folder;
        edits.push(Edit::Put(row.clone()));
        self.state.write(edits)?;
        Ok(row)
    }

    /// Whether the mailbox takes messages, and everything that came into it is known.
    fn may_send(&self, folder: FolderId) -> bool {
        self.standing(folder).is_some_and(|standing| {
            let is_writable = standing.folder.can.as_ref().is_none_or(|can| !can.is_read_only);
            standing.is_there && standing.is_here && standing.is_looked_at && is_writable
        })
    }

    /// What was removed there and changed here goes there again.
    fn send_again(&mut self) -> Result<()> {
        if self.is_blind {
            return Ok(());
        }
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::GoneThere, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for mut row in rows {
                if decide(&row, self.policy, self.trash) == Step::SendAgain
                    && let Some(here) = &row.here
                {
                    row.folder = here.folder;
                    (row.there, row.base, row.fate) = (None, None, Fate::Normal);
                    self.report.revived += 1;
                    self.state.write(vec![Edit::Put(row)])?;
                }
            }
        }
    }

    async fn send_in(&mut self, folder: FolderId, rows: Vec<Row>) -> Result<()> {
        let mut meant = Vec::new();
        for row in rows {
            if !self.is_moving(&row).await? {
                meant.push(row);
            }
        }
        let rows = self.describe_in(folder, meant).await?;
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let mut octets = 0;
            let count = rest.iter().take(BATCH).take_while(|row| {
                let is_first = octets == 0;
                octets += row.likeness.size.unwrap_or_default();
                is_first || octets <= BATCH_OCTETS
            });
            let (batch, others) = rest.split_at(count.count().max(1));
            self.send_batch(folder, batch).await?;
            rest = others;
        }
        Ok(())
    }

    /// Whether it is a known file that somebody moves right now: it is here already, and not yet known to be gone from
    /// where it was. Sent now it would be on the server twice; the next run knows.
    async fn is_moving(&mut self, row: &Row) -> Result<bool> {
        let Some(here) = &row.here else { return Ok(false) };
        for other in self.state.by_inode(here.file.inode)? {
            let Some(before) = other.alive_here().filter(|_| other.id != row.id) else { continue };
            let Some(directory) = self.directory(before.folder).map(str::to_owned) else { return Ok(true) };
            let is_left = self.local.describe(&directory, std::slice::from_ref(&before.file)).await?;
            if !is_left.iter().any(Option::is_some) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn send_batch(&mut self, folder: FolderId, batch: &[Row]) -> Result<()> {
        let (Some(mailbox), Some(directory)) = (self.mailbox(folder), self.directory(folder)) else { return Ok(()) };
        let (mailbox, directory) = (mailbox.to_owned(), directory.to_owned());
        let uid_next = self.uid_next(folder)?;
        let (mut letters, mut rows, mut edits) = (Vec::new(), Vec::new(), Vec::new());
        for row in batch {
            let Some(here) = &row.here else { continue };
            let Some((content, arrived)) = self.local.content(&directory, &here.file).await? else { continue };
            let mut row = row.clone();
            let flags = here.file.flags.clone();
            let (from, before) = match row.fate {
                Fate::Sending { from, times } => (from, times),
                _ => (uid_next, 0),
            };
            row.fate = Fate::Sending { from, times: before.saturating_add(1) };
            row.base = Some(flags.clone());
            row.arrived = arrived;
            if before > 0 {
                self.expect_ghost(&mut edits, folder, from, &row.likeness)?;
            }
            letters.push(Letter { flags: self.kept(folder, &flags), arrived, content });
            edits.push(Edit::Put(row.clone()));
            rows.push(row);
        }
        if letters.is_empty() {
            return Ok(());
        }
        self.state.write(edits)?;
        let order = Order::Append { mailbox: mailbox.clone(), letters };
        let performed = self.remote.perform(vec![order]).await;
        let mut edits = Vec::new();
        let answers = match performed.done.into_iter().next() {
            Some(Done::Appended(answers)) => answers,
            Some(Done::Refused(refused)) => rows.iter().map(|_| Err(refused.clone())).collect(),
            _ => Vec::new(),
        };
        for (mut row, answer) in rows.into_iter().zip(answers) {
            match answer {
                // The next look finds it.
                Ok(None) => {
                    self.report.sent += 1;
                    self.unseen.insert(folder);
                }
                Ok(Some(uid)) => {
                    let flags = row.base.clone().unwrap_or_default();
                    row.there = Some(There { folder, uid, flags, gone: false });
                    row.fate = Fate::Normal;
                    self.report.sent += 1;
                    self.report.sent_octets += row.likeness.size.unwrap_or_default();
                    edits.push(Edit::Put(row));
                }
                Err(refused) => {
                    self.report.refuse(&mailbox, "put a message into the mailbox", refused.text);
                    let times = if let Fate::Sending { times, .. } = row.fate { times } else { 1 };
                    (row.fate, row.base) = (Fate::Refused { times }, None);
                    edits.push(Edit::Put(row));
                }
            }
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        performed.cut.map_or(Ok(()), Err)
    }

    /// Notes that one more copy of a message may turn up in a mailbox. Equal messages share the note, and it counts.
    pub(super) fn expect_ghost(
        &self,
        edits: &mut Vec<Edit>,
        folder: FolderId,
        from: Uid,
        likeness: &Likeness,
    ) -> Result<()> {
        let now = self.clock.now();
        let is_it = |ghost: &Ghost| {
            (ghost.folder, ghost.from, ghost.likeness.whole) == (folder, from, likeness.whole) && ghost.left > 0
        };
        let noted = edits.iter().rev().find_map(|edit| match edit {
            Edit::Ghost(ghost) if is_it(ghost) => Some(ghost.clone()),
            _ => None,
        });
        let known = match noted {
            Some(ghost) => Some(ghost),
            None => self.state.ghosts(folder, now)?.into_iter().find(is_it),
        };
        let (left, likeness) = known.map_or_else(|| (0, likeness.clone()), |ghost| (ghost.left, ghost.likeness));
        let until = now + GHOSTS_COME;
        edits.push(Edit::Ghost(Ghost { folder, from, likeness, left: left.saturating_add(1), until }));
        Ok(())
    }

    /// A UID that no message in the mailbox had when it was looked at.
    pub(super) fn uid_next(&self, folder: FolderId) -> Result<Uid> {
        const FIRST: Uid = Uid(std::num::NonZeroU32::MIN);
        let seen = self.standing(folder).and_then(|standing| standing.folder.seen_there);
        Ok(seen.and_then(|seen| seen.uid_next).unwrap_or(FIRST))
    }
}
