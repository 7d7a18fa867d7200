//! A directory that files are saved in: nothing leaves it, and nothing in it is overwritten unless that is asked for.
//!
//! It is opened once, and files are made through that handle, so that a link put in its place leads nowhere. A name is
//! a safe one; where it is taken, the next number is tried. What is overwritten is whole until the new file is. POSIX openat,
//! renameat, O_EXCL, O_NOFOLLOW.

use mailkit::error::{Error, Kind, Result};
use mailkit::net::entropy::SystemEntropy;
use mailkit::world::Entropy;
use rustix::fs::{AtFlags, Mode, OFlags};
use std::collections::HashMap;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Names tried for one file: ` (2)`, ` (3)` … before giving up on a crowded directory.
const TRIES_MAX: u32 = 100_000;

/// A directory that is open.
#[derive(Debug)]
pub(in crate::cli) struct Destination {
    handle: OwnedFd,
    path: PathBuf,
    overwrite: bool,
    /// How many files of a name there were, so that ten thousand of one name cost ten thousand tries.
    taken: Mutex<HashMap<String, u32>>,
}

impl Destination {
    /// Opens a directory, and makes it if it is missing.
    pub(in crate::cli) fn open(path: &Path, overwrite: bool) -> Result<Self> {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
        builder.create(path).map_err(|error| cannot_create(path, error))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| cannot_create(path, error.into()))?;
        Ok(Self { handle, path: path.to_owned(), overwrite, taken: Mutex::default() })
    }

    /// Saves octets under a name, or under that name with a number, and says where. What cannot be written to its end
    /// does not stay, and what stood in its place before does.
    pub(in crate::cli) fn save(&self, name: &str, octets: &[u8]) -> Result<PathBuf> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if self.overwrite {
            let mut number = taken.get(&key(name)).copied().unwrap_or(0) + 1;
            // What this very command has saved is never overwritten: two parts of one name are two files.
            while taken.contains_key(&key(&numbered(name, number))) {
                number += 1;
            }
            let path = self.replace(&numbered(name, number), octets)?;
            note(&mut taken, name, number);
            return Ok(path);
        }
        let (file, name) = self.create(name, &mut taken)?;
        let path = self.path.join(&name);
        write(file, octets).map_err(|error| {
            self.remove(&name);
            cannot_write(&path, error)
        })?;
        Ok(path)
    }

    /// The same for octets that come in pieces: a new file, under a name that is not taken, and its path.
    pub(in crate::cli) fn begin(&self, name: &str) -> Result<(File, PathBuf)> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, name) = self.create(name, &mut taken)?;
        Ok((file, self.path.join(name)))
    }

    /// Takes back a file that was begun.
    pub(in crate::cli) fn discard(&self, path: &Path) {
        if let Some(name) = path.file_name().and_then(std::ffi::OsStr::to_str) {
            self.remove(name);
        }
    }

    /// A new file, and its name.
    fn create(&self, name: &str, taken: &mut HashMap<String, u32>) -> Result<(File, String)> {
        let mut number = taken.get(&key(name)).copied().unwrap_or(0);
        loop {
            number += 1;
            let numbered = numbered(name, number);
            match self.open_new(&numbered) {
                Ok(file) => {
                    note(taken, name, number);
                    return Ok((file, numbered));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < TRIES_MAX => {}
                Err(error) => return Err(cannot_create(&self.path.join(&numbered), error)),
            }
        }
    }

    /// Puts a file in the place of what has its name, once it is whole: a link itself is replaced, not where it leads.
    fn replace(&self, name: &str, octets: &[u8]) -> Result<PathBuf> {
        let path = self.path.join(name);
        let mut chance = [0; 8];
        SystemEntropy.fill(&mut chance);
        let beside = format!(".{:016x}.part", u64::from_be_bytes(chance));
        let file = self.open_new(&beside).map_err(|error| cannot_create(&path, error))?;
        // Some file systems say only at the end that there was no room.
        let written = write(file, octets).and_then(|file| file.sync_all()).map_err(|error| cannot_write(&path, error));
        let rename = || rustix::fs::renameat(&self.handle, &beside, &self.handle, name);
        let replaced = written.and_then(|()| rename().map_err(|error| cannot_create(&path, error.into())));
        if replaced.is_err() {
            self.remove(&beside);
        }
        replaced.map(|()| path)
    }

    /// O_EXCL: neither a file nor a link that somebody put there is followed or overwritten.
    fn open_new(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Removes what could not be written. The failure is the news; that half a file may stay in a directory that breaks
    /// is not.
    fn remove(&self, name: &str) {
        let _ = rustix::fs::unlinkat(&self.handle, name, AtFlags::empty());
    }
}

fn write(mut file: File, octets: &[u8]) -> io::Result<File> {
    file.write_all(octets)?;
    Ok(file)
}

/// Remembers a file that was saved.
fn note(taken: &mut HashMap<String, u32>, name: &str, number: u32) {
    taken.insert(key(name), number);
    // A sender may call a part what another one got for want of its own name.
    taken.entry(key(&numbered(name, number))).or_insert(1);
}

/// Names that some file systems take for one.
fn key(name: &str) -> String {
    name.to_lowercase()
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot write {}", path.display())).caused_by(error)
}

fn cannot_create(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::CannotCreate, format!("cannot create {}", path.display())).caused_by(error)
}

/// `report.pdf`, `report (2).pdf` …
fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) if !stem.is_empty() => format!("{stem} ({number}).{extension}"),
        _ => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_never_followed() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("victim"), "old").expect("written");
        std::os::unix::fs::symlink("victim", path("a.txt")).expect("linked");
        let saved =
            |overwrite| Destination::open(dir.path(), overwrite).and_then(|d| d.save("a.txt", b"new")).expect("it");
        assert_eq!(saved(false), path("a (2).txt"));
        assert_eq!(saved(true), path("a.txt"));
        assert_eq!(std::fs::read(path("victim")).expect("read"), b"old");
        assert!(!path("a.txt").is_symlink());
        let both = Destination::open(dir.path(), true).expect("opened");
        let names: Vec<_> = (0..2).map(|_| both.save("b", b"x").expect("saved")).collect();
        assert_eq!(names, [path("b"), path("b (2)")]);
        assert_eq!(both.save("b (2)", b"x").expect("saved"), path("b (2) (2)"));
        assert_eq!(both.save("B", b"x").expect("saved"), path("B (3)"));
        let again = Destination::open(dir.path(), true).expect("opened");
        let names: Vec<_> = (0..2).map(|_| again.save("b", b"y").expect("saved")).collect();
        assert_eq!(names, [path("b"), path("b (2)")], "the same command gives the same files");
        std::fs::create_dir(path("d")).expect("made");
        let error = both.save("d", b"x").expect_err("a directory is not replaced");
        assert_eq!(error.kind(), Kind::CannotCreate);
        let count = std::fs::read_dir(dir.path()).expect("listed").count();
        assert_eq!(count, 8, "nothing is left beside");
    }
}
