//! A directory that files are saved in: nothing leaves it, and nothing in it is overwritten unless that is asked for.
//!
//! It is opened once, and files are made through that handle, so that a link put in its place leads nowhere. A name is
//! a safe one; where it is taken, the next number is tried. POSIX openat, O_EXCL, O_NOFOLLOW.

use mailkit::error::{Error, Kind, Result};
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
pub(super) struct Destination {
    handle: OwnedFd,
    path: PathBuf,
    overwrite: bool,
    /// How many files of a name there were, so that ten thousand of one name cost ten thousand tries.
    taken: Mutex<HashMap<String, u32>>,
}

impl Destination {
    /// Opens a directory, and makes it if it is missing.
    pub(super) fn open(path: &Path, overwrite: bool) -> Result<Self> {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
        builder.create(path).map_err(|error| cannot_create(path, error))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| cannot_create(path, error.into()))?;
        Ok(Self { handle, path: path.to_owned(), overwrite, taken: Mutex::default() })
    }

    /// Saves octets under a name, or under that name with a number, and says where. What cannot be written to its end
    /// does not stay.
    pub(super) fn save(&self, name: &str, octets: &[u8]) -> Result<PathBuf> {
        let (file, name) = self.create(name)?;
        let path = self.path.join(&name);
        if let Err(error) = { file }.write_all(octets) {
            // The failure is the news; that half a file may stay in a directory that breaks is not.
            let _ = rustix::fs::unlinkat(&self.handle, &name, AtFlags::empty());
            return Err(Error::new(Kind::Io, format!("cannot write {}", path.display())).caused_by(error));
        }
        Ok(path)
    }

    /// A new file, and its name.
    fn create(&self, name: &str) -> Result<(File, String)> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = taken.get(name).copied().unwrap_or(0);
        loop {
            number += 1;
            let numbered = numbered(name, number);
            // What this very command has saved is never overwritten: two parts of one name are two files.
            if self.overwrite && number == 1 {
                self.remove(&numbered)?;
            }
            // O_EXCL: neither a file nor a link that somebody put there is followed or overwritten.
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match rustix::fs::openat(&self.handle, &numbered, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => {
                    taken.insert(name.to_owned(), number);
                    // A sender may call a part what another one got for want of its own name.
                    taken.entry(numbered.clone()).or_insert(1);
                    return Ok((File::from(file), numbered));
                }
                Err(rustix::io::Errno::EXIST) if number < TRIES_MAX => {}
                Err(error) => return Err(cannot_create(&self.path.join(&numbered), error.into())),
            }
        }
    }

    /// Makes room for a file: what is there is removed, a link itself and not where it leads.
    fn remove(&self, name: &str) -> Result<()> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(cannot_create(&self.path.join(name), error.into())),
        }
    }
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
    }
}
