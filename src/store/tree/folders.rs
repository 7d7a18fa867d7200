//! Folders as directories: list, make, rename, remove.
//!
//! Whatever is done can be done again after a crash that came in between. A folder that goes takes its messages and
//! its directory along, never those below it: they have names of their own and are told of on their own.

use super::{FOLDER, Layout, Mark, Tree, layout, mark, walk};
use crate::imap::mailbox::INBOX;
use crate::store::mailbox::{FolderFiles, Stamps};
use crate::store::mailbox_error::{MailboxError, Outcome};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// What a Maildir consists of, in the order in which it is left: what is in `cur` moves first, since without `cur`
/// nobody takes the rest for a folder.
const PARTS: [&str; 3] = ["cur", "new", "tmp"];
/// Maildir++ marks what is not a Maildir of its own.
const MARKER: &str = "maildirfolder";

/// A folder of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderInfo {
    /// UTF-8, `/` between levels.
    pub name: String,
    /// The mark by which it is known again elsewhere; none if it was not made by us and never marked.
    pub mark: Option<Mark>,
    /// Which directory it is.
    pub inode: u64,
    /// Its `cur` and `new`.
    pub stamps: Stamps,
}

/// What became of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It held nothing, and is gone.
    Empty,
    /// What it held is kept with the run, and so is all else in its directory.
    Kept,
}

impl Tree {
    /// All folders, by name.
    pub fn folders(&self) -> Outcome<Vec<FolderInfo>> {
        let mut folders = Vec::new();
        for path in self.paths()? {
            let Some(name) = self.layout.name(&path) else { continue };
            let files = self.files(&name)?;
            // Removed since it was listed, or the name of something that only looks like a folder.
            let (Ok(stamps), Ok(stat)) = (files.stamps(), self.disk().stat(&files.path.join("."))) else { continue };
            let mark = mark::read(self.disk(), &files.path.join(FOLDER))?;
            folders.push(FolderInfo { name, mark, inode: stat.inode, stamps });
        }
        folders.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(folders)
    }

    /// The paths from the root of all Maildirs that have a name.
    pub(super) fn paths(&self) -> Outcome<Vec<PathBuf>> {
        self.paths_below(&self.root)
    }

    pub(super) fn paths_below(&self, root: &Path) -> Outcome<Vec<PathBuf>> {
        let failed = |error| MailboxError::file("reading", root, error);
        let mut paths = Vec::new();
        if self.layout == Layout::MaildirPlusPlus {
            paths.push(PathBuf::new());
            let entries = self.disk().read_dir(root).map_err(failed)?;
            paths.extend(entries.into_iter().filter(|entry| entry.is_dir).map(|entry| entry.name.into()));
        } else {
            walk(self.disk(), root, &mut |path| paths.push(path.to_owned())).map_err(failed)?;
        }
        paths.retain(|path| {
            self.layout.name(path).is_some() && FolderFiles { disk: self.disk(), path: root.join(path) }.exists()
        });
        Ok(paths)
    }

    /// Makes an empty folder, durably. One that a crash left half made is completed.
    pub fn create_folder(&self, name: &str, mark: &Mark) -> Outcome<()> {
        let files = self.files(name)?;
        if files.exists() {
            return Err(MailboxError::AlreadyExists);
        }
        self.refuse_case(&files.path)?;
        self.make_folder(&files)?;
        self.mark_folder(name, mark)?;
        files.make()
    }

    /// Gives a folder a mark, durably; in place of the one it has.
    pub fn mark_folder(&self, name: &str, mark: &Mark) -> Outcome<()> {
        self.write_note(&self.files(name)?.path.join(FOLDER), mark.to_string().as_bytes())
    }

    /// The directory and what belongs beside its parts.
    pub(super) fn make_folder(&self, files: &FolderFiles<'_>) -> Outcome<()> {
        let failed = |error| MailboxError::file("creating", &files.path, error);
        self.disk().create_dir(&files.path).map_err(failed)?;
        let is_inside = self.layout == Layout::MaildirPlusPlus
            && files.path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        match self.disk().create(&files.path.join(MARKER)) {
            _ if !is_inside => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// On a disk without case two names may be one directory.
    fn refuse_case(&self, path: &Path) -> Outcome<()> {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let mut parent = self.root.clone();
        for level in below {
            let found = self.disk().stat(&parent.join(level)).is_ok();
            if found && !self.lists(&parent, level)? {
                return Err(MailboxError::Cannot(
                    "Another folder differs from it by case alone, which this disk does not tell apart; the layout \
                     fs-escaped does",
                ));
            }
            parent.push(level);
        }
        Ok(())
    }

    fn lists(&self, dir: &Path, name: &OsStr) -> Outcome<bool> {
        let mut found = false;
        let listed = self.disk().each_name(dir, &mut |one| {
            found |= one.name == name;
            Ok(())
        });
        listed.map_err(|error| MailboxError::file("reading", dir, error))?;
        Ok(found)
    }

    /// Gives a folder another name, durably. False if it is not there any more. Those below it keep theirs.
    pub fn rename_folder(&self, from: &str, to: &str) -> Outcome<bool> {
        let (from, to) = (self.files(from)?, self.files(to)?);
        let inbox = self.files(INBOX)?.path;
        if from.path == inbox || to.path == inbox {
            return Err(MailboxError::Cannot("INBOX cannot be renamed"));
        }
        let is_there = from.exists();
        if is_there && to.exists() {
            return Err(MailboxError::AlreadyExists);
        }
        if !is_there && !self.is_begun(&from) {
            return Ok(false);
        }
        self.refuse_case(&to.path)?;
        self.move_folder(&from, &to)?;
        Ok(true)
    }

    /// Whether a crash came between the parts of a folder that was on its way elsewhere: `cur` goes first.
    fn is_begun(&self, from: &FolderFiles<'_>) -> bool {
        self.layout != Layout::MaildirPlusPlus && self.disk().stat(&from.path.join(FOLDER)).is_ok()
    }

    /// Moves a folder's directory; or, if others lie in it or something is in the way, what belongs to the folder.
    fn move_folder(&self, from: &FolderFiles<'_>, to: &FolderFiles<'_>) -> Outcome<()> {
        let failed = |error| MailboxError::file("moving", &from.path, error);
        let entries = self.disk().read_dir(&from.path).map_err(failed)?;
        let is_alone = entries.iter().all(|entry| !entry.is_dir || PARTS.iter().any(|part| entry.name == *part));
        let parent = to.path.parent().unwrap_or(&self.root);
        self.disk().create_dir(parent).map_err(failed)?;
        if is_alone && self.disk().stat(&to.path).is_err() && from.path != self.root {
            self.disk().rename(&from.path, &to.path).map_err(failed)?;
            self.disk().sync_dir(parent).map_err(failed)?;
            return from.path.parent().map_or(Ok(()), |dir| self.disk().sync_dir(dir)).map_err(failed);
        }
        self.disk().create_dir(&to.path).map_err(failed)?;
        let parts = PARTS.iter().map(OsStr::new).filter(|part| entries.iter().any(|entry| entry.name == *part));
        // The mark comes last: while it is here, the move is not over.
        let is_file = |name: &OsStr| name != FOLDER && !(from.path == self.root && is_of_root(name));
        let files = entries.iter().filter(|entry| !entry.is_dir).map(|entry| entry.name.as_os_str());
        let mark = entries.iter().any(|entry| entry.name == FOLDER).then_some(OsStr::new(FOLDER));
        for name in parts.chain(files.filter(|name| is_file(name))).chain(mark) {
            let (here, there) = (from.path.join(name), to.path.join(name));
            if PARTS.iter().any(|part| name == *part) {
                // An empty one that is in the way, as an earlier attempt or the creation of folders left it.
                let _ = self.disk().remove_dir(&there);
            }
            self.disk().rename(&here, &there).map_err(failed)?;
        }
        self.disk().sync_dir(&to.path).and_then(|()| self.disk().sync_dir(&from.path)).map_err(failed)?;
        // What others put there meanwhile, or folders below, keep it.
        let _ = self.disk().remove_dir(&from.path);
        Ok(())
    }

    /// Removes a folder, durably: to nothing if it holds nothing, else into what is kept of a run. `None` if it is not
    /// there any more.
    pub fn remove_folder(&self, name: &str, run: &str) -> Outcome<Option<Removed>> {
        let files = self.files(name)?;
        if files.path == self.files(INBOX)?.path {
            return Err(MailboxError::Cannot("INBOX cannot be removed"));
        }
        if !files.exists() && !self.is_begun(&files) {
            return Ok(None);
        }
        if self.remove_empty(&files)? {
            return Ok(Some(Removed::Empty));
        }
        let kept = self.files_below(&self.undo_root(run)?, name)?;
        if kept.exists() {
            // Single messages of it were removed before, in the same run: the rest joins them.
            self.empty_into(&files, &kept)?;
            if self.remove_empty(&files)? {
                return Ok(Some(Removed::Kept));
            }
            return Err(MailboxError::Cannot("Mailbox holds files that are no messages"));
        }
        self.move_folder(&files, &kept)?;
        Ok(Some(Removed::Kept))
    }

    /// Removes a folder in which nothing is but what is ours. False, with nothing done, if there is more.
    fn remove_empty(&self, files: &FolderFiles<'_>) -> Outcome<bool> {
        let failed = |error| MailboxError::file("removing", &files.path, error);
        let entries = match self.disk().read_dir(&files.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            entries => entries.map_err(failed)?,
        };
        let is_part = |name: &OsStr| PARTS.iter().any(|part| name == *part);
        let is_ours = |name: &OsStr| name == MARKER || name == FOLDER;
        let has_others = entries.iter().any(|entry| match entry.is_dir {
            // Folders below stay where they are.
            true => self.layout == Layout::MaildirPlusPlus && !is_part(&entry.name),
            false => !is_ours(&entry.name),
        });
        let mut parts = entries.iter().filter(|entry| entry.is_dir && is_part(&entry.name));
        let is_empty = |part: &crate::world::DiskEntry| {
            self.disk().read_dir(&files.path.join(&part.name)).is_ok_and(|inside| inside.is_empty())
        };
        if has_others || !parts.all(is_empty) {
            return Ok(false);
        }
        for part in PARTS {
            match self.disk().remove_dir(&files.path.join(part)) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                    // A message came in this moment. The folder is made whole again, and is not empty.
                    files.make()?;
                    return Ok(false);
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        for file in [MARKER, FOLDER] {
            match self.disk().remove(&files.path.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        // Folders below keep it.
        let _ = self.disk().remove_dir(&files.path);
        let parent = files.path.parent().unwrap_or(&self.root);
        self.disk()
            .sync_dir(if self.disk().stat(&files.path).is_ok() { &files.path } else { parent })
            .map_err(failed)?;
        Ok(true)
    }
}

/// Files of a root that belong to the tree and not to INBOX.
fn is_of_root(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(layout::OWN.as_bytes())
}
