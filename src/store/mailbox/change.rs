//! Messages change, go, or go elsewhere: STORE, EXPUNGE, MOVE.
//!
//! Flags and expunges are first committed to the index, durably, with a mark of what the files have to
//! follow. The answer can be given then; a crash before the files followed is made good at the next
//! start. Where the index ends with the process, the files follow before the answer. A move renames
//! files from one mailbox to the other, so that a message is always in exactly one of them.

use super::file_name::{self, Spot};
use super::gone;
use super::index::Commit;
use super::messages::{self, Message};
use super::read::to_rows;
use super::rows::{self, MailboxRow};
use super::state::{Entered, State, known_log};
use super::uid_log::{AppendError, Entry};
use crate::imap::mailbox::{CopyUid, FlagChange, Row};
use crate::imap::number::Uid;
use crate::store::mailbox_error::{MailboxError, Outcome};
use std::io;
use std::path::{Path, PathBuf};

/// This many renames may be made again after a crash; then they are made durable.
const LOOSE_MAX: usize = 512;

/// What the files still have to follow.
pub(in crate::store) struct After {
    at: Entered,
    renames: Vec<(PathBuf, PathBuf)>,
    removals: Vec<PathBuf>,
}

impl State {
    /// Changes flags. Returns all these messages that are there, as they are now.
    pub(in crate::store) fn store_flags(
        &mut self,
        name: &str,
        uids: &[Uid],
        flag_change: &FlagChange,
    ) -> Outcome<(Vec<Row>, After)> {
        self.within(name, |state, at| {
            let change = state.index.begin(Commit::Durable)?;
            let row = rows::get(&change, at.id)?;
            let mut messages = messages::some(&change, at.id, uids)?;
            let (mut changed, mut renames) = (Vec::new(), Vec::new());
            for message in &mut messages {
                let before = message.flags.clone();
                flag_change.apply(&mut message.flags);
                if message.flags == before {
                    continue;
                }
                let system = message.flags.system_bits();
                if system != before.system_bits() {
                    let from = message.spot.path(&at.path, &message.base);
                    let to = message.spot.with_flags(system);
                    message.was.push(std::mem::replace(&mut message.spot, to));
                    renames.push((from, message.spot.path(&at.path, &message.base)));
                }
                changed.push(message);
            }
            let changed: Vec<_> = if changed.is_empty() {
                Vec::new()
            } else {
                let modseq = rows::next_modseq(&change, &row, state.clock.now().as_millisecond())?;
                changed
                    .into_iter()
                    .map(|message| {
                        message.modseq = modseq;
                        message.clone()
                    })
                    .collect()
            };
            messages::update(&change, at.id, &changed)?;
            change.commit()?;
            if !changed.is_empty() {
                state.touched.insert(at.name.clone());
            }
            let after = After { at: at.clone(), renames, removals: Vec::new() };
            Ok((to_rows(messages, row.first_recent), after))
        })
    }

    /// Removes messages. Returns those that were there.
    pub(in crate::store) fn expunge(&mut self, name: &str, uids: &[Uid]) -> Outcome<(Vec<Uid>, After)> {
        self.within(name, |state, at| {
            let change = state.index.begin(Commit::Durable)?;
            let row = rows::get(&change, at.id)?;
            let messages = messages::some(&change, at.id, uids)?;
            let mut after = After { at: at.clone(), renames: Vec::new(), removals: Vec::new() };
            if !messages.is_empty() {
                let now = state.clock.now();
                let modseq = rows::next_modseq(&change, &row, now.as_millisecond())?;
                gone::doom(&change, at.id, &messages)?;
                gone::remove(&change, at.id, &messages, modseq, now.as_second())?;
                change.commit()?;
                state.touched.insert(at.name.clone());
                after.removals = messages.iter().map(|message| message.spot.path(&at.path, &message.base)).collect();
            }
            Ok((messages.iter().filter_map(|message| Uid::new(message.uid)).collect(), after))
        })
    }

    /// Lets the files follow. If they cannot, the next start tries again; only an index in memory has none.
    pub(in crate::store) fn follow(&mut self, after: After) -> Outcome<()> {
        let result = self.try_follow(&after);
        if result.is_err() {
            self.known.remove(&after.at.id);
            if self.index.is_volatile() {
                // Another program may have renamed the file; who looks again knows where it is.
                let at = self.enter(&after.at.name)?;
                if messages::is_unsettled(self.index.connection(), at.id)? {
                    return result;
                }
            }
        }
        Ok(())
    }

    /// Whether the answer has to wait until the files followed.
    pub(in crate::store) fn answers_late(&self) -> bool {
        self.index.is_volatile()
    }

    fn try_follow(&mut self, After { at, renames, removals }: &After) -> Outcome<()> {
        if renames.is_empty() && removals.is_empty() {
            return Ok(());
        }
        for (from, to) in renames {
            self.disk.rename(from, to).map_err(|error| MailboxError::file("renaming", from, error))?;
        }
        for path in removals {
            self.disk.remove(path).map_err(|error| MailboxError::file("removing", path, error))?;
        }
        self.note_own_change(at);
        let Some(known) = self.known.get_mut(&at.id) else { return Ok(()) };
        known.loose += renames.len() + removals.len();
        if self.index.is_volatile() || known.loose >= LOOSE_MAX { self.settle(at) } else { Ok(()) }
    }

    /// Moves messages to another mailbox; those that are gone are left out.
    pub(in crate::store) fn move_to(&mut self, name: &str, uids: &[Uid], to: &str) -> Outcome<CopyUid> {
        let from = self.enter_source(name)?;
        let to = self.enter(to)?;
        let result = self.move_between(&from, uids, &to);
        if result.is_err() {
            self.known.remove(&from.id);
            self.known.remove(&to.id);
        }
        result
    }

    fn move_between(&mut self, from: &Entered, uids: &[Uid], to: &Entered) -> Outcome<CopyUid> {
        let now = self.now();
        let leaving = messages::some(self.index.connection(), from.id, uids)?;
        let has_keywords = leaving.iter().any(|message| message.flags.keywords().next().is_some());
        let stems: Vec<_> = leaving.iter().map(|_| self.fresh_stem()).collect();
        let change = self.index.begin(if has_keywords { Commit::Durable } else { Commit::Quick })?;
        let target: MailboxRow = rows::get(&change, to.id)?;
        let log = known_log(&mut self.known, &*self.disk, to, &change, &target, now)?;
        let (mut left, mut arrived) = (Vec::new(), Vec::new());
        let mut uid_next = target.uid_next;
        for (message, stem) in leaving.into_iter().zip(stems) {
            let base = file_name::base(&stem, message.sizes);
            let system = message.flags.system_bits();
            let spot = if system == 0 { Spot::new_mail() } else { Spot::new_mail().with_flags(system) };
            if rename(&*self.disk, &message.spot.path(&from.path, &message.base), &spot.path(&to.path, &base))? {
                arrived.push(Message { uid: uid_next, base, spot, was: Vec::new(), ..message.clone() });
                left.push(message);
                uid_next = uid_next.checked_add(1).ok_or_else(rows::exhausted)?;
            }
        }
        let pairs = left.iter().zip(&arrived);
        let pairs = pairs.filter_map(|(old, new)| Some((Uid::new(old.uid)?, Uid::new(new.uid)?))).collect();
        if arrived.is_empty() {
            return Ok(CopyUid { validity: target.validity, pairs });
        }
        // The names here first: a message that is in both places after a power cut is better than one in none.
        for path in [&to.path, &from.path] {
            let files = super::folder_files::FolderFiles { disk: &*self.disk, path: path.clone() };
            files.sync(true, true).map_err(|error| MailboxError::file("syncing", path, error))?;
        }
        let entries: Vec<_> = arrived
            .iter()
            .map(|message| Entry { uid: message.uid, at: now.as_second(), base: message.base.clone() })
            .collect();
        log.append(&entries).map_err(|error| match error {
            AppendError::Unwritten(error) | AppendError::Unknown(error) => {
                MailboxError::file("logging UIDs in", &to.path, error)
            }
        })?;
        let source = rows::get(&change, from.id)?;
        let modseq = rows::next_modseq(&change, &source, now.as_millisecond())?;
        gone::remove(&change, from.id, &left, modseq, now.as_second())?;
        // Read again: a mailbox may be moved into itself.
        let target = rows::get(&change, to.id)?;
        let modseq = rows::next_modseq(&change, &target, now.as_millisecond())?;
        arrived.iter_mut().for_each(|message| message.modseq = modseq);
        messages::insert(&change, to.id, &arrived)?;
        rows::set_uid_next(&change, to.id, uid_next)?;
        change.commit()?;
        self.note_own_change(from);
        self.note_own_change(to);
        Ok(CopyUid { validity: target.validity, pairs })
    }
}

/// Renames a file; false if it is not there any more.
fn rename(disk: &dyn crate::world::Disk, from: &Path, to: &Path) -> Outcome<bool> {
    match disk.rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(MailboxError::file("moving", from, error)),
    }
}
