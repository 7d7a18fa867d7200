//! What was removed is kept for a while: `.mailkit/undo/RUN` is a tree of the same layout, into which messages move.
//!
//! Moving there costs a rename, and whoever opens it as a Maildir finds everything where it was. How long runs are
//! kept is not decided here.

use super::{Place, Placed, Tree, layout};
use crate::store::mailbox::FolderFiles;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::Disk;
use std::io;
use std::path::{Path, PathBuf};

/// Messages moved at a time.
const BATCH: usize = 256;
/// Directories in directories, of a tree that is removed; far more than a layout makes.
const DEPTH_MAX: usize = 2 * layout::LEVELS_MAX;

/// What is kept of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRun {
    /// What the run is called.
    pub run: String,
    /// When folders came to it last: nanoseconds since 1970.
    pub modified: i128,
}

impl Tree {
    /// Removes messages: they are kept with a run. `None` for those that are not there any more. Durable.
    pub fn remove(&self, folder: &str, places: &[Place], run: &str) -> Outcome<Vec<Outcome<Option<Placed>>>> {
        let kept = self.files_below(&self.undo_root(run)?, folder)?;
        if !kept.exists() {
            self.make_folder(&kept)?;
            kept.make()?;
        }
        self.move_files(&self.files(folder)?, places, &kept)
    }

    /// The runs of which something is kept, by name.
    pub fn undo_runs(&self) -> Outcome<Vec<UndoRun>> {
        let all = self.undo_all();
        let entries = match self.disk().read_dir(&all) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| MailboxError::file("reading", &all, error))?,
        };
        let mut runs = Vec::new();
        for entry in entries.iter().filter(|entry| entry.is_dir) {
            let Some(run) = entry.name.to_str().filter(|run| is_run(run)) else { continue };
            if let Ok(stat) = self.disk().stat(&all.join(run)) {
                runs.push(UndoRun { run: run.to_owned(), modified: stat.modified });
            }
        }
        runs.sort_unstable_by(|one, other| one.run.cmp(&other.run));
        Ok(runs)
    }

    /// Tells each message that is kept of a run, with its folder.
    pub fn undo_list(&self, run: &str, each: &mut dyn FnMut(&str, Place) -> Outcome<()>) -> Outcome<()> {
        let root = self.undo_root(run)?;
        for name in self.undo_folders(&root)? {
            let files = self.files_below(&root, &name)?;
            self.each_file(&files, &mut |base, spot, _| {
                each(&name, Place { base: base.to_vec(), spot: spot.clone() })
            })?;
        }
        Ok(())
    }

    /// Brings back what is kept of a run, folders included; says how many messages. Durable.
    pub fn restore(&self, run: &str) -> Outcome<u64> {
        let root = self.undo_root(run)?;
        let mut count = 0;
        for name in self.undo_folders(&root)? {
            let (kept, files) = (self.files_below(&root, &name)?, self.files(&name)?);
            if !files.exists() {
                self.make_folder(&files)?;
            }
            files.make()?;
            // A crash may have come after the last message and before the last directory.
            kept.make()?;
            count += self.empty_into(&kept, &files)?;
        }
        self.purge(run)?;
        Ok(count)
    }

    /// Removes for good what is kept of a run. False if nothing is.
    pub fn purge(&self, run: &str) -> Outcome<bool> {
        let root = self.undo_root(run)?;
        match remove_tree(self.disk(), &root, DEPTH_MAX) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(MailboxError::file("removing", &root, error)),
        }
    }

    /// Moves all messages of one folder to another; says how many.
    pub(super) fn empty_into(&self, from: &FolderFiles<'_>, to: &FolderFiles<'_>) -> Outcome<u64> {
        let mut count = 0;
        loop {
            let mut places = Vec::new();
            // Files come and go while a directory is read, so a few are taken at a time. The pass ends with an error,
            // which is nobody's.
            let listed = self.each_file(from, &mut |base, spot, _| {
                places.push(Place { base: base.to_vec(), spot: spot.clone() });
                if places.len() < BATCH { Ok(()) } else { Err(MailboxError::NoSuchMessage) }
            });
            match listed {
                Ok(()) | Err(MailboxError::NoSuchMessage) => {}
                Err(error) => return Err(error),
            }
            let mut moved = 0;
            for result in self.move_files(from, &places, to)? {
                moved += u64::from(result?.is_some());
            }
            count += moved;
            if moved == 0 {
                return Ok(count);
            }
        }
    }

    fn undo_folders(&self, root: &Path) -> Outcome<Vec<String>> {
        if self.disk().stat(root).is_err() {
            return Ok(Vec::new());
        }
        Ok(self.paths_below(root)?.iter().filter_map(|path| self.layout.name(path)).collect())
    }

    fn undo_all(&self) -> PathBuf {
        self.root.join(layout::OWN).join("undo")
    }

    pub(super) fn undo_root(&self, run: &str) -> Outcome<PathBuf> {
        if is_run(run) {
            Ok(self.undo_all().join(run))
        } else {
            Err(MailboxError::Cannot("A run is called by letters, digits, - and _"))
        }
    }
}

/// Whether a run can be called so: one harmless name of a directory.
fn is_run(run: &str) -> bool {
    (1..=64).contains(&run.len()) && run.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

fn remove_tree(disk: &dyn Disk, path: &Path, depth: usize) -> io::Result<()> {
    for entry in disk.read_dir(path)? {
        let inner = path.join(&entry.name);
        match entry.is_dir {
            true if depth > 0 => remove_tree(disk, &inner, depth - 1)?,
            true => return Err(io::Error::new(io::ErrorKind::InvalidData, "there are too many directories in it")),
            false => disk.remove(&inner)?,
        }
    }
    disk.remove_dir(path)
}
