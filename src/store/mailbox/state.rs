//! An account's mailboxes as this process knows them, and how it comes to know them.
//!
//! Every operation first *enters* its mailbox. The first time, the files, the log and the index are
//! brought together; later two `stat`s tell whether another program was there. After any failure
//! nothing that was believed about the mailbox is believed any more: the next to enter looks again.

use super::folder::Folder;
use super::folder_files::{FolderFiles, Run, Stamps, remove_mailbox};
use super::gone;
use super::index::{self, Commit, Index};
use super::messages;
use super::read::Readers;
use super::rows::{self, MailboxRow};
use super::uid_log::{Contents, Entry, UidLog};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::{Clock, Disk, Entropy, Timestamp};
use rusqlite::Connection;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// File systems tell changes apart by their time only if these lie a tick apart; two seconds is the coarsest tick.
pub(in crate::store) const TICK: Duration = Duration::from_secs(2);
/// A deleted mailbox on its way out.
pub(super) const TRASH: &str = "mailkit-trash-";

/// What is behind an account.
pub(in crate::store) struct State {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) this_run: Run,
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
                // What stays takes space only.
                let _ = remove_mailbox(&*disk, &maildir.join(entry.name));
            }
        }
        let index = Index::open(index)?;
        let (known, readers, touched) = (HashMap::new(), Readers::default(), BTreeSet::new());
        Ok(Self { this_run: Run::new(&*entropy), disk, clock, entropy, maildir, index, known, readers, touched })
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

impl Drop for State {
    /// What another program does from here on must not be taken for what a crash undid.
    fn drop(&mut self) {
        let loose: Vec<_> = self.known.iter().filter(|(_, known)| known.loose > 0).map(|(id, _)| *id).collect();
        for id in loose {
            // If it fails it is like a crash, for which everything is prepared.
            let _ = rows::get(self.index.connection(), id).and_then(|row| {
                let path = Folder::of(&row.name)?.path(&self.maildir);
                self.settle(&Entered { id, name: row.name, path })
            });
        }
    }
}

/// A key that nobody used: milliseconds, so that names sort by age, and chance.
pub(in crate::store) fn fresh_key(clock: &dyn Clock, entropy: &dyn Entropy) -> String {
    let mut octets = [0; 8];
    entropy.fill(&mut octets);
    format!("{:011x}-{:016x}", modseq_now(clock.now()), u64::from_le_bytes(octets))
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
            let lost = gone::all_delivered(db, row.id)?.into_iter();
            let lost = lost.map(|(base, uid, at)| Entry { uid, at, base });
            let mut entries: Vec<_> = live.chain(lost).collect();
            entries.sort_by_key(|entry| entry.uid);
            let contents = Contents { validity: row.validity, uid_next: row.uid_next, entries };
            UidLog::rewrite(disk, &at.path, &contents)
                .map_err(|error| MailboxError::file("writing the UIDs of", &at.path, error))?
        }
    };
    Ok(slot.insert(log))
}

pub(super) fn modseq_now(now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond()).unwrap_or_default().max(1)
}

pub(super) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
