//! A tree of Maildirs as a program sees it that keeps it equal to something else.
//!
//! There is no index and no UID: the files are all there is, and whatever else works on them meanwhile (mutt, notmuch,
//! mbsync, Dovecot, a server of ours) is right. A message is its file's base name; where the file is and what the rest
//! of its name says may change at any moment, so whoever names a file that is not there any more is told so, and
//! nothing has failed. What is durable when a call returns is said beside it.
//!
//! Of our own there is: `.mailkit-account` in the root and `.mailkit-folder` in folders, by which they are known again
//! after they were moved; `.mailkit` in the root, with the lock and what was removed; and, while a message is written,
//! files in `tmp`. Calls block. Maildir (Bernstein), Maildir++ (Courier), docs/mailbox.md.

mod change;
mod content;
mod deliver;
mod flags;
mod folders;
mod keywords;
mod layout;
mod mark;
mod scan;
#[cfg(test)]
mod tests;
mod undo;

pub use super::mailbox::{Spot, Stamp, Stamps};
pub use change::{Edit, Place};
pub use deliver::{Before, Incoming, Placed, stem_of};
pub use flags::FORWARDED;
pub use folders::{FolderInfo, Removed};
pub use layout::Layout;
pub use mark::Mark;
pub use scan::{Scan, Seen, settles};
pub use undo::UndoRun;

use super::mailbox::FolderFiles;
use super::mailbox_error::{MailboxError, Outcome};
use super::note;
use crate::error::{Error, Kind};
use crate::world::{Clock, Disk, Entropy};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What names our files in `tmp`.
const TEMPORARY: &str = "mailkit-sync.";
/// The mark of a root.
const ACCOUNT: &str = ".mailkit-account";
/// The mark of a folder.
const FOLDER: &str = ".mailkit-folder";

/// What a tree needs of the world.
#[derive(Clone)]
pub struct Outside {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For names of files.
    pub entropy: Arc<dyn Entropy>,
}

/// Which directory something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its file system.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// A tree that no other synchronisation works on meanwhile.
pub struct Tree {
    outside: Outside,
    root: PathBuf,
    layout: Layout,
    /// By which our temporaries are told from those that a crash left.
    run: u64,
    serial: AtomicU64,
    durable: bool,
    /// Whether the disk is worth asking for one sync of all contents.
    syncs_all: AtomicBool,
    _lock: Box<dyn Send + Sync>,
}

impl Tree {
    /// Opens a tree whose root is there; [`MailboxError::NoSuchMailbox`] if it is not, because a root that is gone may
    /// be a disk that is not mounted. Removes what a crash has left half written.
    pub fn open(outside: Outside, root: &Path, layout: Layout) -> Outcome<Self> {
        identity(&*outside.disk, root)?.ok_or(MailboxError::NoSuchMailbox)?;
        let own = root.join(layout::OWN);
        let lock = own.join("lock");
        outside.disk.create_dir(&own).map_err(|error| MailboxError::file("creating", &own, error))?;
        let held = outside.disk.lock(&lock).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => MailboxError::Broken(
                Error::new(Kind::Temporary, format!("another synchronisation of {} is under way", root.display()))
                    .hint("wait until it is done"),
            ),
            _ => MailboxError::file("locking", &lock, error),
        })?;
        let mut run = [0; 8];
        outside.entropy.fill(&mut run);
        let tree = Self {
            outside,
            root: root.to_owned(),
            layout,
            run: u64::from_le_bytes(run),
            serial: AtomicU64::new(0),
            durable: true,
            syncs_all: AtomicBool::new(true),
            _lock: held,
        };
        tree.sweep()?;
        Ok(tree)
    }

    /// Makes a root and INBOX, whatever of them is missing, and opens it.
    pub fn make(outside: Outside, root: &Path, layout: Layout) -> Outcome<Self> {
        outside.disk.create_dir(root).map_err(|error| MailboxError::file("creating", root, error))?;
        let tree = Self::open(outside, root, layout)?;
        tree.files(crate::imap::mailbox::INBOX)?.make()?;
        Ok(tree)
    }

    /// From now on nothing waits for the disk: faster, and a power cut may take what was told to be there.
    pub fn without_syncs(mut self) -> Self {
        self.durable = false;
        self
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How its folders lie.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Which directory the root is.
    pub fn identity(&self) -> Outcome<Identity> {
        identity(&*self.outside.disk, &self.root)?.ok_or(MailboxError::NoSuchMailbox)
    }

    /// The mark of the account that the root belongs to; `None` if it was never marked.
    pub fn account(&self) -> Outcome<Option<Mark>> {
        mark::read(self.disk(), &self.root.join(ACCOUNT))
    }

    /// Marks the root, durably.
    pub fn mark_account(&self, mark: &Mark) -> Outcome<()> {
        self.write_note(&self.root.join(ACCOUNT), mark.to_string().as_bytes())
    }

    /// A mark that no other thing has.
    pub fn new_mark(&self) -> Mark {
        Mark::new(&*self.outside.entropy)
    }

    fn disk(&self) -> &dyn Disk {
        &*self.outside.disk
    }

    /// A folder's directory and what is in it, there or not.
    fn files(&self, folder: &str) -> Outcome<FolderFiles<'_>> {
        self.files_below(&self.root, folder)
    }

    fn files_below(&self, root: &Path, folder: &str) -> Outcome<FolderFiles<'_>> {
        let path = self.layout.path(folder)?;
        // Joining an empty path would add a slash.
        let path = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) };
        Ok(FolderFiles { disk: self.disk(), path })
    }

    /// A name in `tmp` that nobody else uses.
    fn temporary(&self, folder: &FolderFiles<'_>) -> PathBuf {
        folder.path.join("tmp").join(self.temporary_name())
    }

    fn temporary_name(&self) -> String {
        format!("{TEMPORARY}{:016x}.{}", self.run, self.serial.fetch_add(1, Ordering::Relaxed))
    }

    /// Replaces a small file as a whole, durably.
    fn write_note(&self, path: &Path, octets: &[u8]) -> Outcome<()> {
        let draft = self.root.join(layout::OWN).join(self.temporary_name());
        let written = note::replace(self.disk(), &draft, path, octets);
        written.map_err(|error| MailboxError::file("writing", path, error))
    }

    /// Makes names durable, if that is wanted.
    fn sync_names(&self, folder: &FolderFiles<'_>, cur: bool, new: bool) -> Outcome<()> {
        let synced = if self.durable { folder.sync(cur, new) } else { Ok(()) };
        synced.map_err(|error| MailboxError::file("syncing", &folder.path, error))
    }

    /// Removes temporaries of runs that are over. While we hold the lock, all others of our kind are.
    fn sweep(&self) -> Outcome<()> {
        let mut rooms = vec![self.root.join(layout::OWN)];
        rooms.extend(self.paths()?.iter().map(|path| self.root.join(path).join("tmp")));
        for room in rooms {
            let mut left = Vec::new();
            let listed = self.disk().each_name(&room, &mut |one| {
                if !one.is_dir && one.name.as_bytes().starts_with(TEMPORARY.as_bytes()) {
                    left.push(room.join(one.name));
                }
                Ok(())
            });
            match listed {
                // A Maildir that lacks its `tmp` gets it with the first delivery.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(MailboxError::file("reading", &room, error));
                }
                // A leftover that stays costs space only.
                _ => left.iter().for_each(|path| drop(self.disk().remove(path))),
            }
        }
        Ok(())
    }
}

/// Which directory a path leads to, also through a link; `None` if to none.
fn identity(disk: &dyn Disk, root: &Path) -> Outcome<Option<Identity>> {
    match disk.stat(&root.join(".")) {
        Ok(stat) => Ok(stat.is_dir.then_some(Identity { device: stat.device, inode: stat.inode })),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(MailboxError::file("looking at", root, error)),
    }
}

/// Says the path from the root of each Maildir that lies in directories of a root; not the root itself. Hidden
/// directories are left out, and links.
fn walk(disk: &dyn Disk, root: &Path, each: &mut dyn FnMut(&Path)) -> io::Result<()> {
    let mut waiting = vec![PathBuf::new()];
    while let Some(path) = waiting.pop() {
        let mut dirs = Vec::new();
        let listed = disk.each_name(&root.join(&path), &mut |one| {
            let name = one.name.as_bytes();
            if one.is_dir && !name.starts_with(b".") && ![&b"cur"[..], b"new", b"tmp"].contains(&name) {
                dirs.push(path.join(one.name));
            }
            Ok(())
        });
        match listed {
            // Removed or closed to us meanwhile; below the root that is somebody else's affair.
            Err(error) if path.as_os_str().is_empty() => return Err(error),
            Err(_) => continue,
            Ok(()) => {}
        }
        for dir in dirs {
            if disk.stat(&root.join(&dir).join("cur")).is_ok_and(|stat| stat.is_dir) {
                each(&dir);
            }
            if dir.components().count() < layout::LEVELS_MAX {
                waiting.push(dir);
            }
        }
    }
    Ok(())
}
