//! How a process meets a mailbox, and how it meets it again after another program was there.
//!
//! Files, log and index are brought together: what a crash left undone is done, messages that the index
//! does not know get the UID the log has for them or the next one, and what has no file any more is gone.

use super::file_name;
use super::folder::Folder;
use super::folder_files::Found;
use super::gone;
use super::index::Commit;
use super::line_ends::{self, Sizes};
use super::messages::{self, Message};
use super::rows::{self, MailboxRow};
use super::scan::{self, Differences};
use super::state::{Entered, Known, State, TICK, known_log, later, modseq_now};
use super::uid_log::{self, AppendError, Contents, Entry, UidLog};
use crate::imap::flag::Flags;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::Timestamp;
use rusqlite::Connection;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

/// How often a directory is read again because it changed meanwhile.
const SCANS: u32 = 4;

impl State {
    /// Brings files, log and index together when this process meets a mailbox.
    pub(super) fn adopt(&mut self, name: String, path: PathBuf, row: Option<MailboxRow>) -> Outcome<Entered> {
        let files = self.files(&path);
        files.make()?;
        if !files.is_whole() {
            return Err(MailboxError::Cannot("Mailbox is not a Maildir"));
        }
        files.tidy(self.this_run, &*self.clock);
        let log = uid_log::read(&*self.disk, &path).map_err(|error| MailboxError::file("reading", &path, error))?;
        let now = self.now();
        let change = self.index.begin(Commit::Quick)?;
        let row = match (row, &log) {
            // Somebody put another directory in this place.
            (Some(row), Some(log)) if row.validity != log.validity => {
                rows::remove(&change, row.id)?;
                None
            }
            (row, _) => row,
        };
        let row = match (row, &log) {
            (Some(row), _) => row,
            (None, None) => {
                let validity = rows::fresh_validity(&change, now.as_second())?;
                rows::insert(&change, &name, validity, 1, modseq_now(now))?
            }
            (None, Some(log)) => match self.lost_row(&change, log)? {
                Some(row) => {
                    rows::rename(&change, row.id, &name)?;
                    row
                }
                None => rows::insert(&change, &name, log.validity, 1, modseq_now(now))?,
            },
        };
        change.commit()?;
        let at = Entered { id: row.id, name, path };
        self.readers.clear();
        self.known.insert(at.id, Known::default());
        let entered = self.rescan(&at, Some(&log)).and_then(|()| {
            // Without a log on disk no UID may be told.
            if log.is_none() { self.prepare_log(&at) } else { Ok(()) }
        });
        match entered {
            Ok(()) => Ok(at),
            Err(error) => {
                self.known.remove(&at.id);
                Err(error)
            }
        }
    }

    /// The row of a mailbox whose directory was renamed, but not its row.
    fn lost_row(&self, db: &Connection, log: &Contents) -> Outcome<Option<MailboxRow>> {
        let is_lost = |row: &MailboxRow| {
            row.validity == log.validity
                && Folder::of(&row.name).is_ok_and(|folder| !self.files(&folder.path(&self.maildir)).exists())
        };
        Ok(rows::all(db)?.into_iter().find(is_lost))
    }

    /// Makes the index agree with the files. `start` has the log, if there is one, when the mailbox is adopted.
    pub(super) fn rescan(&mut self, at: &Entered, start: Option<&Option<Contents>>) -> Outcome<()> {
        let files = self.files(&at.path);
        let (stamps, found, is_quiet) = {
            let mut round = 1;
            loop {
                let before = files.stamps()?;
                let found = files.list()?;
                let is_quiet = files.stamps()? == before;
                if is_quiet || round == SCANS {
                    break (before, found, is_quiet);
                }
                round += 1;
            }
        };
        let known = messages::all(self.index.connection(), at.id)?;
        let mut differences = scan::compare(known, found, start.is_some());
        if !is_quiet {
            // What is renamed while a directory is read can be missed.
            differences.missing.clear();
        }
        let is_finished = match start {
            Some(_) => self.finish_unfinished(at, &mut differences)?,
            None => true,
        };
        let uid_next = self.row(at)?.uid_next;
        let log = start.and_then(Option::as_ref).filter(|log| log.uid_next > uid_next);
        if !differences.is_empty() || log.is_some() {
            self.absorb(at, differences, log)?;
        }
        let now = self.now();
        let is_young = stamps.latest() + TICK.as_nanos() as i128 > now.as_nanosecond();
        if let Some(known) = self.known.get_mut(&at.id) {
            known.stamps = is_quiet.then_some(stamps);
            known.doubt = is_young.then(|| later(now, TICK));
        }
        if start.is_some() && is_finished && messages::is_unsettled(self.index.connection(), at.id)? {
            match self.settle(at) {
                // Nobody is kept from reading by what can be noted later.
                Err(MailboxError::Full) => {}
                settled => settled?,
            }
        }
        Ok(())
    }

    /// Does what a crash left undone: renames of flagged messages, removals of expunged ones. A disk that takes
    /// no changes can still be read: what fails stays undone until the next start, and the answer is false.
    fn finish_unfinished(&self, at: &Entered, differences: &mut Differences) -> Outcome<bool> {
        let mut is_finished = true;
        for (spot, message) in std::mem::take(&mut differences.behind) {
            let (from, to) = (spot.path(&at.path, &message.base), message.spot.path(&at.path, &message.base));
            is_finished &= self.disk.rename(&from, &to).is_ok();
        }
        for found in std::mem::take(&mut differences.new) {
            if gone::is_doomed(self.index.connection(), at.id, &found.base)? {
                is_finished &= self.disk.remove(&found.spot.path(&at.path, &found.base)).is_ok();
            } else {
                differences.new.push(found);
            }
        }
        Ok(is_finished)
    }

    /// Takes differences into the index, and new messages into the log.
    fn absorb(&mut self, at: &Entered, differences: Differences, log: Option<&Contents>) -> Outcome<()> {
        let now = self.now();
        let mut arrivals = Vec::new();
        for found in differences.new {
            arrivals.extend(self.measure(at, found)?);
        }
        arrivals.sort_by(|a, b| (a.arrived, &a.base).cmp(&(b.arrived, &b.base)));
        let change = self.index.begin(Commit::Quick)?;
        let row = rows::get(&change, at.id)?;
        let is_first = row.uid_next == 1;
        let modseq = rows::next_modseq(&change, &row, now.as_millisecond())?;
        // The log knows better only what the index never knew.
        let logged: HashMap<&[u8], u32> = log.map_or_else(HashMap::new, |log| {
            let unknown = log.entries.iter().filter(|entry| entry.uid >= row.uid_next);
            unknown.map(|entry| (entry.base.as_slice(), entry.uid)).collect()
        });
        let mut uid_next = log.map_or(row.uid_next, |log| log.uid_next.max(row.uid_next));
        let mut unlogged = Vec::new();
        for message in &mut arrivals {
            message.modseq = modseq;
            message.uid = match logged.get(message.base.as_slice()) {
                Some(uid) => *uid,
                None => {
                    let uid = uid_next;
                    uid_next = uid_next.checked_add(1).ok_or_else(rows::exhausted)?;
                    unlogged.push(Entry { uid, at: now.as_second(), base: message.base.clone() });
                    uid
                }
            };
        }
        if !unlogged.is_empty() {
            append(known_log(&mut self.known, &*self.disk, at, &change, &row, now)?, &unlogged)?;
        }
        gone::remove(&change, at.id, &differences.missing, modseq, now.as_second())?;
        let mut changed = differences.moved;
        changed.extend(differences.reflagged.into_iter().map(|message| Message { modseq, ..message }));
        messages::update(&change, at.id, &changed)?;
        messages::insert(&change, at.id, &arrivals)?;
        rows::set_uid_next(&change, at.id, uid_next)?;
        if let Some(log) = log {
            remember_lost(&change, &row, log, modseq)?;
        }
        if is_first {
            // Whoever tended this Maildir before took from `new` what it had told of.
            let old = arrivals.iter().filter(|message| message.spot.in_cur || log.is_some());
            let first_recent = old.map(|message| message.uid + 1).max().unwrap_or(1);
            rows::set_first_recent(&change, at.id, first_recent)?;
        }
        change.commit()?;
        self.touched.insert(at.name.clone());
        Ok(())
    }

    /// What there is to know about another program's message. `None` if it is gone again, or no message.
    fn measure(&self, at: &Entered, found: Found) -> Outcome<Option<Message>> {
        let path = found.spot.path(&at.path, &found.base);
        let measured = || -> io::Result<(i128, Sizes)> {
            let stat = self.disk.stat(&path)?;
            match file_name::sizes(&found.base).filter(|sizes| sizes.disk == stat.size) {
                Some(sizes) => Ok((stat.modified, sizes)),
                None => Ok((stat.modified, line_ends::measure(&*self.disk.open(&path)?)?)),
            }
        };
        let Ok((modified, sizes)) = measured() else { return Ok(None) };
        let seconds = i64::try_from(modified.div_euclid(1_000_000_000)).unwrap_or_default();
        Ok(Some(Message {
            uid: 0,
            flags: Flags::from_parts(found.spot.system_flags().unwrap_or_default(), []),
            base: found.base,
            spot: found.spot,
            modseq: 0,
            sizes,
            arrived: Timestamp::from_second(seconds).unwrap_or_default(),
            was: Vec::new(),
        }))
    }
}

/// Remembers what the log has and the files do not: messages that are gone, whose keys may come again, and
/// whose UIDs clients may have seen although the index never did.
fn remember_lost(db: &Connection, before: &MailboxRow, log: &Contents, modseq: u64) -> Outcome<()> {
    let mut is_there = db.prepare_cached("SELECT count(*) FROM message WHERE mailbox = ?1 AND base = ?2")?;
    let mut lost = Vec::new();
    for entry in &log.entries {
        let there: bool = is_there.query_row(rusqlite::params![before.id, entry.base], |row| row.get(0))?;
        if !there {
            lost.push(entry);
        }
    }
    let delivered = lost.iter().map(|entry| (entry.base.as_slice(), entry.uid, entry.at));
    gone::remember_delivered(db, before.id, delivered)?;
    let unknown = lost.iter().map(|entry| entry.uid).filter(|uid| *uid >= before.uid_next);
    if before.uid_next > 1 { gone::remember_gone(db, before.id, unknown, modseq) } else { Ok(()) }
}

/// Appends where it makes no difference how far a failure came.
fn append(log: &mut UidLog, entries: &[Entry]) -> Outcome<()> {
    log.append(entries).map_err(|error| match error {
        AppendError::Unwritten(error) | AppendError::Unknown(error) => error.into(),
    })
}
