//! Looks at mailboxes that may have changed, and writes down what is seen.
//!
//! Equal counters mean an unchanged mailbox: new mail raises UIDNEXT, a removal lowers the count or comes with new mail,
//! a changed flag raises HIGHESTMODSEQ. Where the server counts no changes of flags, it is asked for all of them.
//! RFC 9051 §6.3.11, RFC 7162 §3.1.

use super::{FIRST, Run, Standing, WINDOW};
use crate::error::Result;
use crate::imap::flag::Flags;
use crate::imap::number::{Uid, UidValidity};
use crate::sync::decide::as_kept;
use crate::sync::local::Local;
use crate::sync::remote::{Arrived, Can, Look, News, Remote};
use crate::sync::row::{Class, Fate, FolderId, Row, RowId, There};
use crate::sync::state::{Edit, Folder, SeenThere, State};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Looks at all mailboxes that may have changed; where what is known then is not as much as the server counts, at all
    /// messages.
    pub(super) async fn look(&mut self) -> Result<()> {
        let mut due = BTreeSet::new();
        for standing in self.standings.values_mut().filter(|standing| standing.is_there && standing.is_here) {
            let Standing { folder, counters, .. } = &standing;
            let is_unchanged = |seen: SeenThere| *counters == Some(seen) && seen.modseq.is_some() && !self.is_full;
            if folder.seen_there.is_some_and(is_unchanged) {
                standing.is_looked_at = true;
            } else {
                due.insert(folder.id);
            }
        }
        self.look_at(&due, self.is_full).await?;
        let mut doubtful = BTreeSet::new();
        for id in due {
            let seen = self
                .standing(id)
                .filter(|standing| standing.is_looked_at)
                .and_then(|standing| standing.folder.seen_there);
            if let Some(seen) = seen
                && self.state.counts(id)?.there != u64::from(seen.messages)
            {
                doubtful.insert(id);
            }
        }
        if self.is_full { Ok(()) } else { self.look_at(&doubtful, true).await }
    }

    /// Looks for messages that went into mailboxes and whose UIDs the server did not tell: before anybody else moves
    /// them on.
    pub(super) async fn look_again(&mut self) -> Result<()> {
        let unseen = std::mem::take(&mut self.unseen);
        if unseen.is_empty() {
            return Ok(());
        }
        self.look_at(&unseen, false).await?;
        self.match_up().await
    }

    async fn look_at(&mut self, due: &BTreeSet<FolderId>, full: bool) -> Result<()> {
        let mut ids = Vec::new();
        let mut looks = Vec::new();
        for standing in due.iter().filter_map(|id| self.standings.get(id)).filter(|standing| standing.is_there) {
            let folder = &standing.folder;
            let Some(mailbox) = folder.there.clone() else { continue };
            let known = self.state.counts(folder.id)?.there;
            looks.push(Look { mailbox, since: folder.seen_there, validity: folder.validity, known, full });
            ids.push(folder.id);
        }
        if looks.is_empty() {
            return Ok(());
        }
        let Self { remote, state, standings, .. } = self;
        let mut each = |index: usize, news: Vec<News>| {
            let standing = ids.get(index).and_then(|id| standings.get_mut(id));
            standing.map_or(Ok(()), |standing| Seer { state: &mut **state, folder: &mut standing.folder }.take(news))
        };
        let looked = remote.look(&looks, &mut each).await?;
        for (id, looked) in ids.into_iter().zip(looked) {
            let Some(standing) = self.standings.get_mut(&id) else { continue };
            match looked {
                Ok(seen) => {
                    self.report.looked_at += 1;
                    standing.is_looked_at = true;
                    standing.folder.seen_there = Some(seen);
                    self.state.write(vec![Edit::PutFolder(standing.folder.clone())])?;
                }
                Err(refused) => {
                    standing.is_there = false;
                    self.is_blind |= standing.folder.validity.is_some();
                    let name = standing.folder.there.clone().unwrap_or_default();
                    self.report.refuse(&name, "open the mailbox", refused.text);
                }
            }
        }
        Ok(())
    }
}

/// Writes down what is seen in one mailbox.
struct Seer<'a, S> {
    state: &'a mut S,
    folder: &'a mut Folder,
}

impl<S: State> Seer<'_, S> {
    fn take(&mut self, news: Vec<News>) -> Result<()> {
        // What one piece says of a message twice is said of the same row.
        let mut changed: BTreeMap<Uid, Row> = BTreeMap::new();
        for one in news {
            match one {
                News::Opened(validity, can) => self.open(validity, can)?,
                News::Message(Arrived { uid, flags, likeness, arrived }) => {
                    let Some(mut row) = self.known(&mut changed, uid)? else {
                        let there = There { folder: self.folder.id, uid, flags, gone: false };
                        let row = Row {
                            id: RowId(0),
                            folder: self.folder.id,
                            there: Some(there),
                            here: None,
                            base: None,
                            likeness,
                            arrived,
                            fate: Fate::Normal,
                        };
                        changed.insert(uid, row);
                        continue;
                    };
                    row.likeness.learn(&likeness);
                    row.arrived = row.arrived.or(arrived);
                    self.see(&mut row, &flags);
                    changed.insert(uid, row);
                }
                News::Flags(uid, flags) => {
                    if let Some(mut row) = self.known(&mut changed, uid)? {
                        self.see(&mut row, &flags);
                        changed.insert(uid, row);
                    }
                }
                News::Vanished(range) => {
                    self.flush(&mut changed)?;
                    self.vanish(&range, &[])?;
                }
                News::Only(range, alive) => {
                    self.flush(&mut changed)?;
                    self.vanish(&range, &alive)?;
                }
            }
        }
        self.flush(&mut changed)
    }

    /// The message as it is known; what the same piece said of it before included.
    fn known(&self, changed: &mut BTreeMap<Uid, Row>, uid: Uid) -> Result<Option<Row>> {
        match changed.remove(&uid) {
            Some(row) => Ok(Some(row)),
            None => self.state.by_uid(self.folder.id, uid),
        }
    }

    fn see(&self, row: &mut Row, flags: &Flags) {
        let flags = match &self.folder.can {
            Some(can) => as_kept(flags, row.base.as_ref(), can),
            None => flags.clone(),
        };
        if let Some(there) = &mut row.there {
            (there.flags, there.gone) = (flags, false);
        }
    }

    fn flush(&mut self, changed: &mut BTreeMap<Uid, Row>) -> Result<()> {
        let mut edits = Vec::new();
        for row in std::mem::take(changed).into_values() {
            if row.id == RowId(0) {
                edits.push(Edit::Insert(row));
            } else if self.state.row(row.id)?.as_ref() != Some(&row) {
                edits.push(Edit::Put(row));
            }
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        Ok(())
    }

    /// The messages of a range that are not among the living are gone.
    fn vanish(&mut self, range: &RangeInclusive<Uid>, alive: &[RangeInclusive<Uid>]) -> Result<()> {
        let lives = |uid: &Uid| {
            let after = alive.partition_point(|range| range.start() <= uid);
            after.checked_sub(1).and_then(|at| alive.get(at)).is_some_and(|range| range.contains(uid))
        };
        let mut from = Some(*range.start());
        while let Some(first) = from {
            let rows = self.state.uids_from(self.folder.id, first, WINDOW)?;
            let last = rows.last().and_then(|row| row.there.as_ref()).map(|there| there.uid);
            from = last.filter(|last| last < range.end()).and_then(|last| Uid::new(last.get().checked_add(1)?));
            let gone = rows.into_iter().filter_map(|mut row| {
                let there = row.there.as_mut()?;
                if there.gone || !range.contains(&there.uid) || lives(&there.uid) {
                    return None;
                }
                there.gone = true;
                Some(Edit::Put(row))
            });
            let edits: Vec<_> = gone.collect();
            if !edits.is_empty() {
                self.state.write(edits)?;
            }
        }
        Ok(())
    }

    /// Notes which life of the mailbox this is. If it is a new one, all that is known of UIDs is worth nothing.
    fn open(&mut self, validity: UidValidity, can: Can) -> Result<()> {
        let is_new = self.folder.validity.is_some_and(|known| known != validity);
        if is_new {
            forget_uids(&mut *self.state, self.folder.id)?;
            self.folder.seen_there = None;
        }
        if is_new || self.folder.validity.is_none() || self.folder.can.as_ref() != Some(&can) {
            (self.folder.validity, self.folder.can) = (Some(validity), Some(can));
            self.state.write(vec![Edit::PutFolder(self.folder.clone())])?;
        }
        Ok(())
    }
}

/// Messages with a file wait to be known again; those that were on the server only are not known any more.
fn forget_uids<S: State>(state: &mut S, folder: FolderId) -> Result<()> {
    loop {
        let rows = state.uids_from(folder, LOWEST, WINDOW)?;
        if rows.is_empty() {
            break;
        }
        let edits = rows.into_iter().map(|mut row| match row.here {
            None => Edit::Remove(row.id),
            Some(_) => {
                (row.there, row.fate) = (None, Fate::Lost);
                Edit::Put(row)
            }
        });
        let edits = edits.collect();
        state.write(edits)?;
    }
    // What was sent may be there by any UID.
    let mut after = FIRST;
    loop {
        let rows = state.pending(Class::NewHere, after, WINDOW)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let edits = rows.into_iter().filter_map(|mut row| match row.fate {
            Fate::Sending { times, .. } if row.folder == folder => {
                row.fate = Fate::Sending { from: LOWEST, times };
                Some(Edit::Put(row))
            }
            _ => None,
        });
        let edits: Vec<_> = edits.collect();
        if !edits.is_empty() {
            state.write(edits)?;
        }
    }
}

const LOWEST: Uid = Uid(std::num::NonZeroU32::MIN);
