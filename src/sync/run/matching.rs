//! Matches what turned up with what went away, or was sent, or waits to be known: so that nothing crosses the line twice.
//!
//! A message that is new in one place and gone in another was moved; one that is new on both sides is one message; one
//! that is new where we sent it before a crash is what we sent. Each row is matched once, so that honest duplicates stay
//! duplicates. An object id says it for sure; else the header and the size decide, and where there is no Message-ID,
//! the whole message.

use super::{FIRST, Run, WINDOW};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::sync::decide::{as_kept, as_told};
use crate::sync::local::Local;
use crate::sync::policy::OnStranded;
use crate::sync::remote::{Body, Remote};
use crate::sync::row::{Class, Fate, File, FolderId, Likeness, Row, RowId, There};
use crate::sync::state::{Edit, Ghost, State};
use futures_util::future::join;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Rows of one likeness that are looked at: an archive may hold thousands of equal ones.
const LIKE_MAX: usize = 64;
/// Whole messages that are fetched to be compared, at a time.
const WHOLES: usize = 16;

/// Whether two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    Yes,
    No,
    /// Their headers decide.
    ByHeader,
    /// Only everything decides.
    ByWhole,
}

/// How much of the new message is known, and of an old one that is known as far as it ever will be.
fn same(new: &Likeness, old: &Likeness) -> Same {
    if let (Some(new), Some(old)) = (&new.object, &old.object) {
        return if new == old { Same::Yes } else { Same::No };
    }
    if let (Some(new), Some(old)) = (&new.whole, &old.whole) {
        return if new == old { Same::Yes } else { Same::No };
    }
    if new.is_vague() && old.whole.is_some() {
        return Same::ByHeader;
    }
    if !new.may_be(old) || old.whole.is_none() {
        return Same::No;
    }
    match (&new.header, &old.header) {
        (None, _) => Same::ByHeader,
        (new, old) if new != old => Same::No,
        _ if new.size == old.size && new.message_id.is_some_and(|id| id != 0) => Same::Yes,
        _ => Same::ByWhole,
    }
}

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Matches everything that can be.
    pub(super) async fn match_up(&mut self) -> Result<()> {
        // What a crash left undescribed may have to be known again by what it is like.
        for class in [Class::Lost, Class::GoneThere] {
            self.describe(class).await?;
        }
        if self.has_loners_here()? {
            self.describe(Class::NewHere).await?;
            self.match_files().await?;
        }
        if self.state.count(Class::NewThere)? > 0 && self.has_loners_there()? {
            let before = self.report.paired;
            self.match_messages().await?;
            // A file that got another name may belong to a message that got another place.
            if self.report.paired > before && self.has_loners_here()? {
                self.describe(Class::NewHere).await?;
                self.match_files().await?;
            }
        }
        self.give_up_lost()
    }

    /// Whether a new file may be one that is known.
    fn has_loners_here(&self) -> Result<bool> {
        let count = |class| self.state.count(class);
        let has_new = count(Class::NewHere)? > 0;
        let may_meet = [Class::GoneHere, Class::GoneBoth, Class::Lost, Class::NewThere];
        Ok(has_new && may_meet.into_iter().try_fold(false, |any, class| count(class).map(|count| any || count > 0))?)
    }

    /// Whether a new message may be one that is known.
    fn has_loners_there(&self) -> Result<bool> {
        let classes = [Class::NewHere, Class::Moved, Class::GoneThere, Class::GoneHere, Class::GoneBoth, Class::Lost];
        for class in classes {
            if self.state.count(class)? > 0 {
                return Ok(true);
            }
        }
        let now = self.clock.now();
        for folder in self.standings.keys() {
            if !self.state.ghosts(*folder, now)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads new files, so that it is known what they are like.
    async fn describe(&mut self, class: Class) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(class, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let mut by_folder: BTreeMap<FolderId, Vec<Row>> = BTreeMap::new();
            for row in rows.into_iter().filter(|row| row.likeness.whole.is_none()) {
                let Some(here) = row.alive_here() else { continue };
                by_folder.entry(here.folder).or_default().push(row);
            }
            for (folder, rows) in by_folder {
                self.describe_in(folder, rows).await?;
            }
        }
    }

    /// Reads files of one folder; the rows with what they are like. Those that are gone are left out.
    pub(super) async fn describe_in(&mut self, folder: FolderId, rows: Vec<Row>) -> Result<Vec<Row>> {
        let Some(directory) = self.directory(folder).map(str::to_owned) else { return Ok(Vec::new()) };
        let files: Vec<File> = rows.iter().filter_map(|row| row.here.as_ref()).map(|here| here.file.clone()).collect();
        let likenesses = self.local.describe(&directory, &files).await?;
        let known = rows.into_iter().zip(likenesses).filter_map(|(mut row, likeness)| {
            row.likeness.learn(&likeness?);
            Some(row)
        });
        let known: Vec<Row> = known.collect();
        if !known.is_empty() {
            self.state.write(known.iter().cloned().map(Edit::Put).collect())?;
        }
        Ok(known)
    }

    /// New files that are known ones in another place, or under another name.
    async fn match_files(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::NewHere, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for new in rows.into_iter().filter(|row| row.fate == Fate::Normal) {
                let Some(mut here) = new.here.clone() else { continue };
                let mut old = None;
                for row in self.state.by_inode(here.file.inode)? {
                    // Of one that came just before a crash not all is known.
                    let may_be = row.likeness.whole.is_none() && new.likeness.may_be(&row.likeness);
                    let is_same = |old: &File| old.base == here.file.base || may_be;
                    let is_it = row.here.as_ref().is_some_and(|old| old.gone && is_same(&old.file));
                    if is_it && row.id != new.id && may_have_moved_here(&row, here.folder) {
                        old = Some(row);
                        break;
                    }
                }
                if old.is_none() && new.likeness.whole.is_some() {
                    let like = self.state.alone_like(&new.likeness, LIKE_MAX)?;
                    old = like.into_iter().find(|row| {
                        row.id != new.id
                            && row.here.as_ref().is_some_and(|here| here.gone)
                            && may_have_moved_here(row, here.folder)
                            && same(&new.likeness, &row.likeness) == Same::Yes
                    });
                }
                let Some(mut old) = old else { continue };
                if let Some(directory) = self.directory(here.folder).map(str::to_owned) {
                    // The file says nothing of keywords that it cannot tell.
                    let told = self.local.keywords(&directory).await?;
                    here.file.flags = as_told(&here.file.flags, old.base.as_ref(), &told);
                }
                old.here = Some(here);
                old.likeness.learn(&new.likeness);
                self.report.paired += 1;
                self.state.write(vec![Edit::Remove(new.id), Edit::Put(old)])?;
            }
        }
    }

    /// New messages that are known ones.
    async fn match_messages(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::NewThere, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            // One that is being fetched has no other half.
            let rows: Vec<Row> = rows.into_iter().filter(|row| row.fate != Fate::Fetching).collect();
            let (by_header, rows) = self.match_those(rows, Same::ByHeader)?;
            let mut unclear = rows;
            for (folder, rows) in by_folder(by_header) {
                unclear.extend(self.learn_headers(folder, rows).await?);
            }
            let (_, by_whole) = self.match_those(unclear, Same::ByWhole)?;
            for (folder, rows) in by_folder(by_whole) {
                for few in rows.chunks(WHOLES) {
                    let known = self.learn_wholes(folder, few.to_vec()).await?;
                    self.match_those(known, Same::No)?;
                }
            }
        }
    }

    /// Matches new messages as far as what is known of them goes. Gives those for whom `wanting` has to be learned, and
    /// those that need more than that.
    fn match_those(&mut self, rows: Vec<Row>, wanting: Same) -> Result<(Vec<Row>, Vec<Row>)> {
        let (mut these, mut others) = (Vec::new(), Vec::new());
        for new in rows {
            match self.match_one(&new)? {
                Same::ByHeader if wanting == Same::ByHeader => these.push(new),
                Same::ByHeader | Same::ByWhole => others.push(new),
                Same::Yes | Same::No => {}
            }
        }
        Ok((these, others))
    }

    fn match_one(&mut self, new: &Row) -> Result<Same> {
        let Some(there) = new.there.clone() else { return Ok(Same::No) };
        let mut candidates: Vec<(Merit, Row)> = self
            .state
            .alone_like(&new.likeness, LIKE_MAX)?
            .into_iter()
            .filter(|row| row.id != new.id)
            .filter_map(|row| Some((merit(&row, &there)?, row)))
            .collect();
        candidates.sort_by_key(|(merit, row)| (*merit, row.id));
        // A file that somebody moves right now is no new one.
        let mut is_new = Vec::new();
        for (merit, row) in candidates {
            if merit != Merit::NewHere || !self.shares_file(&row)? {
                is_new.push((merit, row));
            }
        }
        let candidates = is_new;
        let mut unclear = Same::No;
        for (merit, old) in candidates {
            match same(&new.likeness, &old.likeness) {
                // A better match that is not sure yet comes before a worse one that is.
                Same::Yes if unclear == Same::No => return self.marry(new, old, merit).map(|()| Same::Yes),
                Same::Yes | Same::No => {}
                more => unclear = if unclear == Same::No { more } else { unclear },
            }
        }
        if unclear != Same::No {
            return Ok(unclear);
        }
        if new.likeness.is_vague() {
            return Ok(Same::ByHeader);
        }
        for ghost in self.state.ghosts(there.folder, self.clock.now())? {
            if there.uid < ghost.from {
                continue;
            }
            // What is removed again must be ours to the last octet.
            match (&new.likeness.whole, &ghost.likeness.whole) {
                (Some(new_whole), Some(whole)) if new_whole == whole => {
                    let ghost = Ghost { left: ghost.left.saturating_sub(1), ..ghost };
                    let doomed = Row { fate: Fate::Doomed, ..new.clone() };
                    self.state.write(vec![Edit::Put(doomed), Edit::Ghost(ghost)])?;
                    return Ok(Same::Yes);
                }
                (Some(_), _) => {}
                (None, _) if new.likeness.may_be(&ghost.likeness) => return Ok(Same::ByWhole),
                (None, _) => {}
            }
        }
        Ok(Same::No)
    }

    /// Whether another row has the same file, as far as anybody knows.
    fn shares_file(&self, row: &Row) -> Result<bool> {
        let Some(here) = &row.here else { return Ok(false) };
        let others = self.state.by_inode(here.file.inode)?;
        Ok(others.iter().any(|other| other.id != row.id && other.alive_here().is_some()))
    }

    /// Makes two rows one: the message on the server is the one that is known.
    fn marry(&mut self, new: &Row, mut old: Row, merit: Merit) -> Result<()> {
        let mut edits = vec![Edit::Remove(new.id)];
        if let (Fate::Moving { .. }, Some(before)) = (&old.fate, old.alive_there()) {
            // It was copied, and the first one is still there.
            edits.push(Edit::Insert(Row {
                id: RowId(0),
                folder: before.folder,
                there: Some(before.clone()),
                here: None,
                base: None,
                likeness: old.likeness.clone(),
                arrived: old.arrived,
                fate: Fate::Doomed,
            }));
        }
        if merit == Merit::NewHere {
            old.base = None;
        }
        old.there.clone_from(&new.there);
        if old.here.is_none() {
            // Nobody has agreed on a place yet.
            old.folder = new.folder;
        }
        if let Some(there) = &mut old.there
            && let Some(can) = self.standing(there.folder).and_then(|standing| standing.folder.can.as_ref())
        {
            // The server says nothing of flags that it does not keep.
            there.flags = as_kept(&there.flags, old.base.as_ref(), can);
        }
        old.fate = Fate::Normal;
        old.arrived = old.arrived.or(new.arrived);
        old.likeness.learn(&new.likeness);
        edits.push(Edit::Put(old));
        self.report.paired += 1;
        self.state.write(edits)?;
        Ok(())
    }

    async fn learn_headers(&mut self, folder: FolderId, rows: Vec<Row>) -> Result<Vec<Row>> {
        let Some(mailbox) = self.mailbox(folder).map(str::to_owned) else { return Ok(Vec::new()) };
        let uids: Vec<Uid> = rows.iter().filter_map(|row| row.there.as_ref()).map(|there| there.uid).collect();
        let known = self.remote.headers(&mailbox, &uids).await?.into_iter().collect();
        self.learn(rows, known)
    }

    async fn learn_wholes(&mut self, folder: FolderId, rows: Vec<Row>) -> Result<Vec<Row>> {
        let Some(mailbox) = self.mailbox(folder).map(str::to_owned) else { return Ok(Vec::new()) };
        let messages: Vec<(Uid, u64)> = rows
            .iter()
            .filter_map(|row| Some((row.there.as_ref()?.uid, row.likeness.size.unwrap_or_default())))
            .collect();
        let (come, mut came) = mpsc::channel::<Body>(1);
        let mut known = BTreeMap::new();
        let note = async {
            while let Some(body) = came.recv().await {
                known.insert(body.uid, body.likeness);
            }
        };
        join(self.remote.bodies(&mailbox, &messages, come), note).await.0?;
        self.learn(rows, known)
    }

    /// Messages that could not be learned of are left for the next run: they may be known ones.
    fn learn(&mut self, rows: Vec<Row>, known: BTreeMap<Uid, Likeness>) -> Result<Vec<Row>> {
        let Self { unlearned, is_blind, .. } = self;
        let learned = rows.into_iter().filter_map(|mut row| {
            let Some(likeness) = known.get(&row.there.as_ref()?.uid) else {
                unlearned.insert(row.id);
                *is_blind = true;
                return None;
            };
            row.likeness.learn(likeness);
            if likeness.whole.is_some() {
                // Now the size is counted and not told.
                row.likeness.size = likeness.size;
            }
            Some(row)
        });
        let learned: Vec<Row> = learned.collect();
        if !learned.is_empty() {
            self.state.write(learned.iter().cloned().map(Edit::Put).collect())?;
        }
        Ok(learned)
    }

    /// What nothing in a mailbox's new life is like stays here for good, or is sent again.
    fn give_up_lost(&mut self) -> Result<()> {
        if self.is_blind {
            return Ok(());
        }
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::Lost, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for mut row in rows {
                if !self.standing(row.folder).is_some_and(|standing| standing.is_looked_at) {
                    continue;
                }
                let edit = if row.alive_here().is_none() {
                    Edit::Remove(row.id)
                } else {
                    if self.policy.stranded == OnStranded::Keep {
                        row.fate = Fate::Stranded;
                        self.report.stranded += 1;
                    } else {
                        (row.fate, row.base) = (Fate::Normal, None);
                    }
                    Edit::Put(row)
                };
                self.state.write(vec![edit])?;
            }
        }
    }
}

/// A file that went from one folder and is found in another was moved. In the same folder it got another name; there the
/// message must still be on the server, or may have come there, or both sides had removed it and this is another one.
fn may_have_moved_here(row: &Row, to: FolderId) -> bool {
    row.alive_there().is_some() || matches!(row.fate, Fate::Lost | Fate::Sending { .. }) || row.folder != to
}

/// How well a row fits a new message, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Merit {
    /// We sent it, or moved it there.
    Ours,
    /// The mailbox began a new life.
    Lost,
    /// It is gone where it was.
    Gone,
    /// It is new here as well.
    NewHere,
}

fn merit(row: &Row, there: &There) -> Option<Merit> {
    let is_gone = row.there.as_ref().is_some_and(|there| there.gone);
    match &row.fate {
        Fate::Sending { from, .. } if row.there.is_none() => {
            (row.folder == there.folder && there.uid >= *from).then_some(Merit::Ours)
        }
        // Unless somebody took it back meanwhile.
        Fate::Moving { to, from, .. }
            if *to == there.folder && there.uid >= *from && row.alive_here().is_none_or(|here| here.folder == *to) =>
        {
            Some(Merit::Ours)
        }
        Fate::Lost if row.there.is_none() => (row.folder == there.folder).then_some(Merit::Lost),
        // Where both sides had removed it, one in the same folder is another one.
        _ if is_gone => (row.alive_here().is_some() || row.folder != there.folder).then_some(Merit::Gone),
        Fate::Normal | Fate::Refused { .. } if row.there.is_none() => {
            row.alive_here().is_some_and(|here| here.folder == there.folder).then_some(Merit::NewHere)
        }
        _ => None,
    }
}

fn by_folder(rows: Vec<Row>) -> BTreeMap<FolderId, Vec<Row>> {
    let mut folders: BTreeMap<FolderId, Vec<Row>> = BTreeMap::new();
    for row in rows {
        folders.entry(row.folder).or_default().push(row);
    }
    folders
}
