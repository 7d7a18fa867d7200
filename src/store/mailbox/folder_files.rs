//! One mailbox's directory: `cur`, `new`, `tmp` and the log beside them.

use super::file_name::{self, Spot};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::{Clock, Disk, Entropy};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Maildir's own rule: who has not finished after 36 hours never will.
const ABANDONED: Duration = Duration::from_secs(36 * 3600);

/// A mailbox's files.
#[derive(Clone)]
pub(in crate::store) struct FolderFiles<'a> {
    pub(in crate::store) disk: &'a dyn Disk,
    pub(in crate::store) path: PathBuf,
}

/// One opening of an account, by which its unfinished files can be told from those that a crash left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run(u64);

/// When names in `cur` and `new` were last changed, and which directories these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    /// Of `cur`.
    pub cur: Stamp,
    /// Of `new`.
    pub new: Stamp,
}

/// The same of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970.
    pub modified: i128,
    /// Which directory it is.
    pub inode: u64,
}

/// A message's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) base: Vec<u8>,
    pub(super) spot: Spot,
}

impl Run {
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    fn prefix(self) -> String {
        format!("mailkit-{:016x}-", self.0)
    }
}

fn random(entropy: &dyn Entropy) -> u64 {
    let mut octets = [0; 8];
    entropy.fill(&mut octets);
    u64::from_le_bytes(octets)
}

impl Stamps {
    /// Nanoseconds since 1970 of the later one.
    pub fn latest(&self) -> i128 {
        self.cur.modified.max(self.new.modified)
    }
}

impl FolderFiles<'_> {
    /// Whether a mailbox is here. A link to a directory elsewhere is none.
    pub(in crate::store) fn exists(&self) -> bool {
        self.is_dir(&self.path) && self.is_dir(&self.path.join("cur"))
    }

    /// Whether all its directories are here, and not links.
    pub(super) fn is_whole(&self) -> bool {
        ["cur", "new", "tmp"].iter().all(|dir| self.is_dir(&self.path.join(dir)))
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.disk.stat(path).is_ok_and(|stat| stat.is_dir)
    }

    /// Makes what is missing; `cur` last, because with it the mailbox is there.
    pub(in crate::store) fn make(&self) -> Outcome<()> {
        for dir in ["tmp", "new", "cur"] {
            let path = self.path.join(dir);
            self.disk.create_dir(&path).map_err(|error| MailboxError::file("creating", &path, error))?;
        }
        Ok(())
    }

    pub(in crate::store) fn stamps(&self) -> Outcome<Stamps> {
        let stamp = |dir| {
            let path = self.path.join(dir);
            match self.disk.stat(&path) {
                Ok(stat) if stat.is_dir => Ok(Stamp { modified: stat.modified, inode: stat.inode }),
                Ok(_) => Err(MailboxError::Cannot("Mailbox is not a Maildir")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(MailboxError::NoSuchMailbox),
                Err(error) => Err(MailboxError::file("looking at", &path, error)),
            }
        };
        Ok(Stamps { cur: stamp("cur")?, new: stamp("new")? })
    }

    /// All messages' files. `new` is read first: what moves to `cur` meanwhile is then seen twice, not never.
    pub(super) fn list(&self) -> Outcome<Vec<Found>> {
        let mut found = Vec::new();
        for in_cur in [false, true] {
            let path = self.path.join(if in_cur { "cur" } else { "new" });
            let entries = self.disk.read_dir(&path).map_err(|error| MailboxError::file("reading", &path, error))?;
            for entry in entries {
                let (base, info) = file_name::split(entry.name.as_bytes());
                // Maildir keeps names with a dot in front for other things.
                if !entry.is_dir && !base.is_empty() && !base.starts_with(b".") {
                    found.push(Found { base: base.to_vec(), spot: Spot { in_cur, info: info.to_vec() } });
                }
            }
        }
        Ok(found)
    }

    /// A name in `tmp` that nobody else uses.
    pub(super) fn temporary(&self, run: Run, entropy: &dyn Entropy) -> PathBuf {
        self.path.join("tmp").join(format!("{}{:016x}", run.prefix(), random(entropy)))
    }

    /// Makes the names of messages durable.
    pub(in crate::store) fn sync(&self, cur: bool, new: bool) -> io::Result<()> {
        if cur {
            self.disk.sync_dir(&self.path.join("cur"))?;
        }
        if new {
            self.disk.sync_dir(&self.path.join("new"))?;
        }
        Ok(())
    }

    /// Removes what others, or we before a crash, began to write long ago. What cannot be removed stays, and so does
    /// what this run writes: its files bear the time when their messages arrived, which may be long ago.
    pub(super) fn tidy(&self, run: Run, clock: &dyn Clock) {
        let tmp = self.path.join("tmp");
        let before = clock.now().as_nanosecond() - ABANDONED.as_nanos() as i128;
        let prefix = run.prefix();
        let entries = self.disk.read_dir(&tmp).unwrap_or_default().into_iter();
        for entry in entries.filter(|entry| !entry.name.as_bytes().starts_with(prefix.as_bytes())) {
            let path = tmp.join(entry.name);
            if self.disk.stat(&path).is_ok_and(|stat| !stat.is_dir && stat.modified < before) {
                // A leftover that stays costs space only.
                let _ = self.disk.remove(&path);
            }
        }
    }
}

/// Removes a directory tree of known depth: a mailbox with its three directories.
pub(super) fn remove_mailbox(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    for entry in disk.read_dir(path)? {
        let inner = path.join(&entry.name);
        if entry.is_dir {
            for file in disk.read_dir(&inner)? {
                disk.remove(&inner.join(file.name))?;
            }
            disk.remove_dir(&inner)?;
        } else {
            disk.remove(&inner)?;
        }
    }
    disk.remove_dir(path)
}
