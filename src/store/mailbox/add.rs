//! Messages come in: deliveries, appends, copies.
//!
//! A message is written to `tmp` first, outside of any lock. Then, batch by batch: rename into its
//! place, sync the directory, log the UIDs, commit the index. In this order a crash never logs what
//! is not there, and never tells a UID that could be given away again.

use super::file_name::{self, Spot};
use super::gone;
use super::index::Commit;
use super::line_ends::Sizes;
use super::messages::{self, Message};
use super::rows;
use super::state::{Entered, State, known_log};
use super::uid_log::{AppendError, Entry};
use crate::imap::flag::Flags;
use crate::imap::mailbox::CopyUid;
use crate::imap::number::{Uid, UidValidity};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::{Disk, DiskFile, Timestamp};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// A message whose content waits in `tmp`.
#[derive(Debug, Clone)]
pub(in crate::store) struct Arrival {
    /// What its name will begin with.
    pub(in crate::store) stem: String,
    pub(in crate::store) written: PathBuf,
    pub(in crate::store) sizes: Sizes,
    pub(in crate::store) flags: Flags,
    pub(in crate::store) arrived: Timestamp,
}

/// Where a message is: its UID, and whether this call put it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Placed {
    pub(in crate::store) uid: Uid,
    pub(in crate::store) fresh: bool,
}

impl State {
    /// Before a delivery: the mailbox's UIDVALIDITY, and for each message its UID if it was delivered before.
    pub(in crate::store) fn look_up(
        &mut self,
        name: &str,
        stems: &[String],
    ) -> Outcome<(UidValidity, Vec<Option<Uid>>)> {
        self.within(name, |state, at| {
            let db = state.index.connection();
            let found = stems.iter().map(|stem| Ok(gone::delivered(db, at.id, stem)?.and_then(Uid::new)));
            Ok((state.row(at)?.validity, found.collect::<Outcome<_>>()?))
        })
    }

    /// Names in `tmp` for contents to be written to.
    pub(in crate::store) fn temporaries(&mut self, name: &str, count: usize) -> Outcome<Vec<PathBuf>> {
        self.within(name, |state, at| {
            let files = state.files(&at.path);
            Ok((0..count).map(|_| files.temporary(state.this_run, &*state.entropy)).collect())
        })
    }

    /// Puts messages into a mailbox: all, or none.
    pub(in crate::store) fn place(&mut self, name: &str, arrivals: &[Arrival]) -> Outcome<(UidValidity, Vec<Placed>)> {
        let mut undo: Vec<PathBuf> = arrivals.iter().map(|arrival| arrival.written.clone()).collect();
        let result = self.within(name, |state, at| {
            let placed = state.place_in(at, arrivals, &mut undo)?;
            Ok((state.row(at)?.validity, placed))
        });
        for path in undo {
            // What stays is a leftover in `tmp`, or a message that was never promised.
            let _ = self.disk.remove(&path);
        }
        result
    }

    /// `undo` has the files that are to be removed afterwards.
    fn place_in(&mut self, at: &Entered, arrivals: &[Arrival], undo: &mut Vec<PathBuf>) -> Outcome<Vec<Placed>> {
        let now = self.now();
        let has_keywords = arrivals.iter().any(|arrival| arrival.flags.keywords().next().is_some());
        let change = self.index.begin(if has_keywords { Commit::Durable } else { Commit::Quick })?;
        let row = rows::get(&change, at.id)?;
        let modseq = rows::next_modseq(&change, &row, now.as_millisecond())?;
        let log = known_log(&mut self.known, &*self.disk, at, &change, &row, now)?;
        let (mut uid_next, mut in_batch) = (row.uid_next, HashMap::new());
        let (mut placed, mut added) = (Vec::new(), Vec::new());
        for (arrival, undo) in arrivals.iter().zip(undo.iter_mut()) {
            let known = match in_batch.get(&arrival.stem) {
                Some(uid) => Some(*uid),
                None => gone::delivered(&change, at.id, &arrival.stem)?,
            };
            let uid = known.unwrap_or(uid_next);
            placed.push(Placed { uid: Uid::new(uid).ok_or_else(rows::exhausted)?, fresh: known.is_none() });
            if known.is_some() {
                continue;
            }
            uid_next = uid_next.checked_add(1).ok_or_else(rows::exhausted)?;
            in_batch.insert(arrival.stem.clone(), uid);
            let message = arrival.to_message(uid, modseq);
            let path = message.spot.path(&at.path, &message.base);
            self.disk.rename(&arrival.written, &path).map_err(|error| MailboxError::file("writing", &path, error))?;
            *undo = path;
            added.push(message);
        }
        if added.is_empty() {
            return Ok(placed);
        }
        let goes_to = |in_cur| added.iter().any(|message| message.spot.in_cur == in_cur);
        super::folder_files::FolderFiles { disk: &*self.disk, path: at.path.clone() }
            .sync(goes_to(true), goes_to(false))
            .map_err(|error| MailboxError::file("syncing", &at.path, error))?;
        let entries: Vec<_> = added
            .iter()
            .map(|message| Entry { uid: message.uid, at: now.as_second(), base: message.base.clone() })
            .collect();
        let logged = log.append(&entries);
        if !matches!(logged, Err(AppendError::Unwritten(_))) {
            // From here on the log may have them, and a logged message without a file counts as expunged.
            let spare = placed.iter().zip(undo.iter()).filter(|(placed, _)| !placed.fresh);
            *undo = spare.map(|(_, path)| path.clone()).collect();
        }
        logged.map_err(|error| match error {
            AppendError::Unwritten(error) | AppendError::Unknown(error) => {
                MailboxError::file("logging UIDs in", &at.path, error)
            }
        })?;
        messages::insert(&change, at.id, &added)?;
        rows::set_uid_next(&change, at.id, uid_next)?;
        change.commit()?;
        self.note_own_change(at);
        Ok(placed)
    }

    /// Copies messages, with their flags; those that are gone are left out.
    pub(in crate::store) fn copy(&mut self, name: &str, uids: &[Uid], to: &str) -> Outcome<CopyUid> {
        let from = self.enter_source(name)?;
        let to = self.enter(to)?;
        let (mut arrivals, mut old) = (Vec::new(), Vec::new());
        let written = self.write_copies(&from, uids, &to, &mut arrivals, &mut old);
        if let Err(error) = written {
            for Arrival { written, .. } in arrivals {
                // A leftover in `tmp`, at worst.
                let _ = self.disk.remove(&written);
            }
            return Err(error);
        }
        let (validity, placed) = self.place(&to.name, &arrivals)?;
        let pairs = old.into_iter().zip(placed.into_iter().map(|placed| placed.uid)).collect();
        Ok(CopyUid { validity, pairs })
    }

    fn write_copies(
        &mut self,
        from: &Entered,
        uids: &[Uid],
        to: &Entered,
        arrivals: &mut Vec<Arrival>,
        old: &mut Vec<Uid>,
    ) -> Outcome<()> {
        for message in messages::some(self.index.connection(), from.id, uids)? {
            let Some(uid) = Uid::new(message.uid) else { continue };
            let (file, message) = match self.open_message(from, uid) {
                Err(MailboxError::NoSuchMessage) => continue,
                opened => opened?,
            };
            let written = self.files(&to.path).temporary(self.this_run, &*self.entropy);
            let (stem, sizes, arrived) = (self.fresh_stem(), message.sizes, message.arrived);
            arrivals.push(Arrival { stem, written: written.clone(), sizes, flags: message.flags, arrived });
            old.push(uid);
            copy_file(&*self.disk, &*file, &written, arrived)
                .map_err(|error| MailboxError::file("writing", &written, error))?;
        }
        Ok(())
    }

    /// Enters the mailbox that messages are taken from. If it is gone, so are they: `NoSuchMailbox` means the other.
    pub(super) fn enter_source(&mut self, name: &str) -> Outcome<Entered> {
        self.enter(name).map_err(|error| match error {
            MailboxError::NoSuchMailbox => MailboxError::NoSuchMessage,
            error => error,
        })
    }
}

impl Arrival {
    /// With flags it is known already, and goes to `cur`; only `new` mail has none.
    fn to_message(&self, uid: u32, modseq: u64) -> Message {
        let system = self.flags.system_bits();
        let spot = if system == 0 { Spot::new_mail() } else { Spot::new_mail().with_flags(system) };
        Message {
            uid,
            base: file_name::base(&self.stem, self.sizes),
            spot,
            flags: self.flags.clone(),
            modseq,
            sizes: self.sizes,
            arrived: self.arrived,
            was: Vec::new(),
        }
    }
}

/// Copies a file octet by octet, durably but for its name.
fn copy_file(disk: &dyn Disk, from: &dyn DiskFile, to: &Path, arrived: Timestamp) -> io::Result<()> {
    let mut file = disk.create(to)?;
    let (mut buffer, mut at) = (vec![0; 64 * 1024], 0);
    loop {
        let count = from.read_at(at, &mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        file.append(piece)?;
        at += count as u64;
    }
    file.set_modified(arrived)?;
    file.sync()
}
