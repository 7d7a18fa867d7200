//! Replaces a file as a whole: whoever reads it meanwhile has the old one or the new one, whoever else writes waits.
//!
//! What is written stands beside its place until it is whole and on the disk. Its name is always the same, so that what
//! a crash left there, perhaps a password, goes with the next one; that is why only one writes in a directory at a time.

use crate::error::{Error, Kind, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Writing takes milliseconds.
const WAIT: Duration = Duration::from_secs(10);
/// Between two looks at a directory that somebody else writes in.
const LOOK: Duration = Duration::from_millis(10);

/// As long as it lasts, nobody else writes in a directory.
#[derive(Debug)]
pub(super) struct Writer(File);

impl Writer {
    /// Waits until nobody else writes in the directory of a file.
    pub(super) fn beside(path: &Path) -> Result<Self> {
        let failed = |error| Error::file("cannot lock the directory of", path, error);
        let dir = File::open(directory(path)).map_err(failed)?;
        let until = Instant::now() + WAIT;
        loop {
            match dir.try_lock() {
                Ok(()) => return Ok(Self(dir)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    let what = format!("somebody else has been changing {} for too long", path.display());
                    return Err(Error::new(Kind::Temporary, what));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Puts these octets in the place of a file of this directory.
    pub(super) fn put(&self, path: &Path, octets: &[u8], mode: u32) -> Result<()> {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let replaced = write(&new, octets, mode).and_then(|()| std::fs::rename(&new, path));
        if replaced.is_err() {
            // The disk may be full because of it.
            let _ = std::fs::remove_file(&new);
        }
        replaced.and_then(|()| self.0.sync_all()).map_err(|error| Error::file("cannot write", path, error))
    }
}

fn write(new: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    match std::fs::remove_file(new) {
        // What a crash left may be readable by others.
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    file.set_permissions(PermissionsExt::from_mode(mode))?;
    file.write_all(octets)?;
    file.sync_all()
}

/// Puts these octets in the place of a file.
pub(super) fn put(path: &Path, octets: &[u8], mode: u32) -> Result<()> {
    Writer::beside(path)?.put(path, octets, mode)
}

/// The directory of a file.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn of_many_who_write_at_once_one_is_read_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        std::fs::write(dir.path().join("file.new"), "left by a crash").expect("written");
        let text = |number: usize| number.to_string().repeat(100_000);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || put(path, text(number).as_bytes(), 0o600).expect("written"));
            }
        });
        let read = std::fs::read_to_string(&path).expect("there");
        assert!((0..8).any(|number| read == text(number)), "{} octets", read.len());
        assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_could_not_be_written_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        std::fs::create_dir(&path).expect("made");
        let error = put(&path, b"hunter2", 0o600).expect_err("a directory is in its place");
        assert!(error.to_string().starts_with("cannot write "), "{error}");
        assert!(!dir.path().join("file.new").exists());
        let nowhere = dir.path().join("none/file");
        assert_eq!(put(&nowhere, b"x", 0o600).expect_err("no directory").kind(), Kind::NoInput);
    }
}
