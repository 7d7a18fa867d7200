//! An account's mailboxes as this process knows them, and how it comes to know them.
//!
//! Every operation first *enters* its mailbox. The first time, the files, the log and the index are
//! brought together; later two `stat`s tell whether another program was there. After any failure
//! nothing that was believed about the mailbox is believed any more: the next to enter looks again.

use super::file_name;
use super::folder::Folder;
use super::folder_files::{FolderFiles, Found, Stamps, remove_mailbox};
use super::index::{self, Commit, Index};
use super::line_ends::{self, Sizes};
use super::messages::{self, Message};
use super::read::Readers;
use super::rows::{self, MailboxRow};
use super::scan::{self, Differences};
use super::uid_log::{self, AppendError, Contents, Entry, UidLog};
use crate::imap::flag::Flags;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::{Clock, Disk, Entropy, Timestamp};
use rusqlite::Connection;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// File systems tell changes apart by their time only if these lie a tick apart; two seconds is the coarsest tick.
const TICK: Duration = Duration::from_secs(2);
/// How often a directory is read again because it changed meanwhile.
const SCANS: u32 = 4;
/// A deleted mailbox on its way out.
pub(super) const TRASH: &str = "mailkit-trash-";

/// What is behind an account.
pub(in crate::store) struct State {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) maildir: PathBuf,
    pub(super) index: Index,
    pub(super) known: HashMap<i64, Known>,
    pub(super) readers: Readers,
    /// Mailboxes that changed since the last call of [`State::take_touched`].
    pub(super) touched: BTreeSet<String>,
}

/// What this process knows about a mailbox beside its index.
#[derive(Default)]
pub(super) struct Known {
    /// The directories as they were when the index was right; `None`: look again.
    pub(super) stamps: Option<Stamps>,
    /// From then on look again although the stamps are the same.
    pub(super) doubt: Option<Timestamp>,
    pub(super) log: Option<UidLog>,
    /// Renames and removals that are not durable yet.
    pub(super) loose: usize,
}

/// A mailbox whose index is right.
#[derive(Debug, Clone)]
pub(super) struct Entered {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl State {
    /// Opens the mailboxes in a Maildir, which is made if it is missing. With no path the index is in memory.
    pub(in crate::store) fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        maildir: PathBuf,
        index: Option<PathBuf>,
    ) -> Outcome<Self> {
        FolderFiles { disk: &*disk, path: maildir.clone() }.make()?;
        for entry in disk.read_dir(&maildir)? {
            if entry.name.to_str().is_some_and(|name| name.starts_with(TRASH)) {
                remove_mailbox(&*disk, &maildir.join(entry.name))?;
            }
        }
        let index = Index::open(index)?;
        let (known, readers, touched) = (HashMap::new(), Readers::default(), BTreeSet::new());
        Ok(Self { disk, clock, entropy, maildir, index, known, readers, touched })
    }

    /// Runs an operation; a broken index is replaced after it, so that the next one works.
    pub(in crate::store) fn run<T>(&mut self, operation: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let result = operation(self);
        if let Err(error) = &result
            && index::is_corrupt(error)
        {
            self.known.clear();
            self.readers.clear();
            self.index.renew()?;
        }
        result
    }

    /// Which mailboxes changed since the last call.
    pub(in crate::store) fn take_touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }

    /// Enters a mailbox and does something in it. If that fails, nothing is believed about it any more.
    pub(super) fn within<T>(
        &mut self,
        name: &str,
        operation: impl FnOnce(&mut Self, &Entered) -> Outcome<T>,
    ) -> Outcome<T> {
        let at = self.enter(name)?;
        let result = operation(self, &at);
        if matches!(result, Err(MailboxError::Full | MailboxError::Broken(_))) {
            self.known.remove(&at.id);
        }
        result
    }

    /// Makes the index of a mailbox right.
    pub(super) fn enter(&mut self, name: &str) -> Outcome<Entered> {
        let folder = Folder::of(name)?;
        let path = folder.path(&self.maildir);
        if !self.files(&path).exists() {
            return Err(MailboxError::NoSuchMailbox);
        }
        let row = rows::find(self.index.connection(), &folder.name)?;
        let known = row.as_ref().filter(|row| self.known.contains_key(&row.id));
        let Some(row) = known else { return self.adopt(folder.name, path, row) };
        let at = Entered { id: row.id, name: folder.name, path };
        if !self.is_fresh(&at)? {
            self.rescan(&at, None).inspect_err(|_| {
                self.known.remove(&at.id);
            })?;
        }
        Ok(at)
    }

    pub(super) fn files(&self, path: &Path) -> FolderFiles<'_> {
        FolderFiles { disk: &*self.disk, path: path.to_owned() }
    }

    pub(super) fn row(&self, at: &Entered) -> Outcome<MailboxRow> {
        rows::get(self.index.connection(), at.id)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn is_fresh(&self, at: &Entered) -> Outcome<bool> {
        let stamps = self.files(&at.path).stamps()?;
        let now = self.now();
        let is_fresh = |known: &Known| known.stamps == Some(stamps) && known.doubt.is_none_or(|until| now < until);
        Ok(self.known.get(&at.id).is_some_and(is_fresh))
    }

    /// Takes note of the directories after a change of our own. A stranger may have been there in the same
    /// moment, so in a while they are looked at again.
    pub(super) fn note_own_change(&mut self, at: &Entered) {
        let until = later(self.now(), TICK);
        let stamps = self.files(&at.path).stamps().ok();
        if let Some(known) = self.known.get_mut(&at.id) {
            known.stamps = known.stamps.and(stamps);
            known.doubt = Some(known.doubt.map_or(until, |earlier| earlier.min(until)));
        }
        self.touched.insert(at.name.clone());
    }

    /// Brings files, log and index together when this process meets a mailbox.
    fn adopt(&mut self, name: String, path: PathBuf, row: Option<MailboxRow>) -> Outcome<Entered> {
        let files = self.files(&path);
        files.make()?;
        files.tidy(&*self.clock);
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
            self.settle(at)?;
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
            if messages::is_doomed(self.index.connection(), at.id, &found.base)? {
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
        messages::remove(&change, at.id, &differences.missing, modseq, now.as_second())?;
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
            dirty: false,
        }))
    }

    /// Makes sure that there is a log to append to.
    pub(super) fn prepare_log(&mut self, at: &Entered) -> Outcome<()> {
        let now = self.now();
        let row = self.row(at)?;
        known_log(&mut self.known, &*self.disk, at, self.index.connection(), &row, now)?;
        Ok(())
    }

    /// Makes renames and removals durable, and forgets that they were to be done.
    pub(super) fn settle(&mut self, at: &Entered) -> Outcome<()> {
        self.files(&at.path).sync(true, true)?;
        let change = self.index.begin(Commit::Quick)?;
        messages::settle(&change, at.id)?;
        change.commit()?;
        if let Some(known) = self.known.get_mut(&at.id) {
            known.loose = 0;
        }
        Ok(())
    }

    /// A base name that no message has or had.
    pub(super) fn fresh_stem(&self) -> String {
        fresh_key(&*self.clock, &*self.entropy)
    }
}

/// A key that nobody used: milliseconds, so that names sort by age, and chance.
pub(in crate::store) fn fresh_key(clock: &dyn Clock, entropy: &dyn Entropy) -> String {
    let mut octets = [0; 8];
    entropy.fill(&mut octets);
    format!("{:011x}-{:016x}", modseq_now(clock.now()), u64::from_le_bytes(octets))
}

/// Remembers what the log has and the files do not: messages that are gone, whose keys may come again, and
/// whose UIDs clients may have seen although the index never did.
fn remember_lost(db: &Connection, before: &MailboxRow, log: &Contents, modseq: u64) -> Outcome<()> {
    let mut is_there = db.prepare("SELECT count(*) FROM message WHERE mailbox = ?1 AND base = ?2")?;
    let mut lost = Vec::new();
    for entry in &log.entries {
        let there: bool = is_there.query_row(rusqlite::params![before.id, entry.base], |row| row.get(0))?;
        if !there {
            lost.push(entry);
        }
    }
    let delivered = lost.iter().map(|entry| (entry.base.as_slice(), entry.uid, entry.at));
    messages::remember_delivered(db, before.id, delivered)?;
    let unknown = lost.iter().map(|entry| entry.uid).filter(|uid| *uid >= before.uid_next);
    if before.uid_next > 1 { messages::remember_gone(db, before.id, unknown, modseq) } else { Ok(()) }
}

/// The log of a mailbox, written anew if this process has not written to it yet or somebody else has.
pub(super) fn known_log<'a>(
    known: &'a mut HashMap<i64, Known>,
    disk: &dyn Disk,
    at: &Entered,
    db: &Connection,
    row: &MailboxRow,
    now: Timestamp,
) -> Outcome<&'a mut UidLog> {
    let slot = &mut known.entry(at.id).or_default().log;
    let log = match slot.take().filter(|log| log.is_current(disk)) {
        Some(log) => log,
        None => {
            let at_now = now.as_second();
            let live = messages::all(db, row.id)?.into_iter();
            let live = live.map(|message| Entry { uid: message.uid, at: at_now, base: message.base });
            let gone = messages::all_delivered(db, row.id)?.into_iter();
            let gone = gone.map(|(base, uid, at)| Entry { uid, at, base });
            let mut entries: Vec<_> = live.chain(gone).collect();
            entries.sort_by_key(|entry| entry.uid);
            let contents = Contents { validity: row.validity, uid_next: row.uid_next, entries };
            UidLog::rewrite(disk, &at.path, &contents)
                .map_err(|error| MailboxError::file("writing the UIDs of", &at.path, error))?
        }
    };
    Ok(slot.insert(log))
}

/// Appends where it makes no difference how far a failure came.
fn append(log: &mut UidLog, entries: &[Entry]) -> Outcome<()> {
    log.append(entries).map_err(|error| match error {
        AppendError::Unwritten(error) | AppendError::Unknown(error) => error.into(),
    })
}

fn modseq_now(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or_default().max(1)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
