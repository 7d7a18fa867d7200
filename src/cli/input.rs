//! Files that the user names: read whole where they are small, left where they are where they may be large.
//!
//! What has no size of its own (standard input from a pipe, a device) is taken in first, in memory or in a file
//! without a name. A device or a pipe may never end: limits make an error of that, and not the end of all memory.

use mailkit::account::read_text;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::tls::Identity;
use mailkit::size;
use mailkit::world::Content;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

/// What stands for standard input where a file is expected.
pub(super) const STDIN: &str = "-";

/// Octets of a message that is read whole; what is larger is no mail anybody could have sent.
pub(super) const MESSAGE_MAX: u64 = 512 * 1024 * 1024;
/// Octets of something without a size that are held in memory; more of it go to a file.
const HELD_MAX: u64 = 1024 * 1024;
/// Octets of something without a size at all.
const ENDLESS: u64 = 8 * 1024 * 1024 * 1024;

/// A message, a text or an attachment that may be larger than the memory; `-` is standard input.
pub(super) fn content(path: &Path) -> Result<Arc<dyn Content>> {
    let failed = |error| unreadable(path, error);
    let mut file = match path.as_os_str() == STDIN {
        // Nobody has read from it before, so nothing waits in a buffer of ours.
        true => File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?),
        false => File::open(path).map_err(failed)?,
    };
    let state = file.metadata().map_err(failed)?;
    if state.is_dir() {
        return Err(failed(rustix::io::Errno::ISDIR.into()));
    }
    // Files of /proc say they are empty and are not.
    if state.is_file() && state.len() > 0 {
        let from = file.stream_position().map_err(failed)?.min(state.len());
        return Ok(Arc::new(Lying { size: state.len() - from, from, stamp: Some(stamp(&state)), file }));
    }
    let held = up_to_or_more(HELD_MAX, &mut file).map_err(failed)?;
    if held.len() as u64 <= HELD_MAX {
        return Ok(Arc::new(held));
    }
    let mut rest = Watched { reader: &mut file, failed: false };
    let (file, size) = spool(&held, &mut rest, ENDLESS).map_err(|error| match rest.failed {
        true => failed(error),
        // It is our copy that there is no place for.
        false => {
            Error::new(Kind::Io, format!("no room for what comes from {}", named(path).display())).caused_by(error)
        }
    })?;
    match size > ENDLESS {
        true => Err(too_large(path, ENDLESS)),
        false => Ok(Arc::new(Lying { file, from: 0, size, stamp: None })),
    }
}

/// Settings: users, certificates.
pub(super) fn text(path: &Path) -> Result<String> {
    read_text(path).map_err(|error| Error::input(path, error))
}

/// A certificate and its key, PEM, for whoever plays a server.
pub(super) fn identity(certificates: &Path, key: &Path) -> Result<Identity> {
    Ok(Identity { certificates: text(certificates)?, key: text(key)? })
}

/// Remembers whether it was the reading that failed.
struct Watched<R> {
    reader: R,
    failed: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).inspect_err(|error| self.failed |= error.kind() != io::ErrorKind::Interrupted)
    }
}

/// What lies in an open file.
struct Lying {
    file: File,
    from: u64,
    size: u64,
    /// What it was when it was opened; none if nobody else can open it.
    stamp: Option<Stamp>,
}

/// Size and time of the last change, which tell whether a file is still what it was.
type Stamp = (u64, i64, i64);

fn stamp(state: &Metadata) -> Stamp {
    (state.len(), state.mtime(), state.mtime_nsec())
}

impl Content for Lying {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..room], self.from + offset)?;
        // Line ends were looked at before; what has changed since may have others.
        let is_same = match self.stamp {
            None => true,
            Some(then) => stamp(&self.file.metadata()?) == then,
        };
        match is_same && (count > 0 || room == 0) {
            true => Ok(count),
            false => Err(io::Error::other("the file changed while it was being read")),
        }
    }
}

/// Puts what was read and what comes into a file without a name. Reads no further than just beyond `max`.
fn spool(held: &[u8], rest: &mut impl Read, max: u64) -> io::Result<(File, u64)> {
    // What lies in /tmp may lie in memory.
    let large = Path::new("/var/tmp");
    let mut file = match std::env::var_os("TMPDIR").is_none() && large.is_dir() {
        true => tempfile::tempfile_in(large).or_else(|_| tempfile::tempfile())?,
        false => tempfile::tempfile()?,
    };
    file.write_all(held)?;
    let more = io::copy(&mut rest.take((max + 1).saturating_sub(held.len() as u64)), &mut file)?;
    Ok((file, held.len() as u64 + more))
}

/// All octets, or one more than so many.
fn up_to_or_more(max: u64, reader: impl Read) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(max + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

/// What is said of a file, or of a message in it, that is beyond a limit.
pub(super) fn too_large(path: &Path, max: u64) -> Error {
    let size = size::print(max);
    let (number, unit) = size.split_at(size.trim_end_matches(char::is_alphabetic).len());
    let unit = if unit.is_empty() { "octets".to_owned() } else { format!("{unit}iB") };
    let size = format!("it is larger than {number} {unit}");
    Error::new(Kind::Data, format!("cannot read {}", named(path).display())).caused_by(size)
}

/// What is said of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::input(named(path), error)
}

/// As people know it.
pub(super) fn named(path: &Path) -> &Path {
    if path.as_os_str() == STDIN { Path::new("standard input") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_an_error_and_costs_no_more_than_the_limit() {
        assert_eq!(up_to_or_more(2 * 1024 * 1024, io::repeat(0)).expect("it can be read").len(), 2 * 1024 * 1024 + 1);
        assert!(text(Path::new("/dev/zero")).is_err());
        let (file, size) = spool(b"held", &mut io::repeat(0), 3 * 1024 * 1024).expect("a file");
        assert_eq!((size, file.metadata().expect("a file").len()), (3 * 1024 * 1024 + 1, 3 * 1024 * 1024 + 1));
    }

    #[test]
    fn what_has_no_size_is_taken_in_whole() {
        let path = Path::new("/proc/self/status");
        assert!(content(path).expect("it can be read").size() > 100);
        let whole: Vec<u8> = (0..3_000_000u32).map(|number| number as u8).collect();
        let (held, mut rest) = whole.split_at(1_000_000);
        let (file, size) = spool(held, &mut rest, ENDLESS).expect("a file");
        let lying = Lying { file, from: 0, size, stamp: None };
        let mut buffer = vec![0; 100];
        assert_eq!(lying.read_at(2_999_950, &mut buffer).expect("it can be read"), 50);
        assert_eq!(buffer[..50], whole[2_999_950..]);
    }

    #[test]
    fn a_file_that_changes_underway_is_an_error() {
        type Change = fn(&Path) -> io::Result<()>;
        let changes: [Change; 3] = [
            |path| std::fs::write(path, "short"),
            |path| File::options().append(true).open(path)?.write_all(b"more"),
            |path| File::options().write(true).open(path)?.write_all(b"other"),
        ];
        for change in changes {
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), "what is to be sent").expect("written");
            File::options()
                .write(true)
                .open(file.path())
                .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
                .expect("an old file");
            let content = content(file.path()).expect("it can be read");
            assert_eq!(content.read_at(0, &mut [0; 8]).expect("unchanged"), 8);
            change(file.path()).expect("changed");
            assert!(content.read_at(8, &mut [0; 8]).is_err());
        }
    }
}
