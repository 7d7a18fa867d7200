//! A letter: one message as a file, on its way into a spool.
//!
//! A line of JSON with the version, the envelope and the length; then the message's octets; then the checksum of all
//! that, so that nothing is sent of which a part is missing or changed. docs/spool.md. Knows neither its name nor
//! whether it counts.

use super::entry::Accepted;
use crate::error::{Error, Kind, Result};
use crate::world::{Content, Disk, DiskFile};
use crc32fast::Hasher;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// Of what is written below.
const VERSION: u32 = 1;
/// Octets read and written at a time.
const PIECE: usize = 64 * 1024;
/// Octets of an envelope: a hundred thousand recipients.
const HEAD_MAX: usize = 32 * 1024 * 1024;
const CHECKSUM: usize = 4;

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    version: u32,
    /// Octets of the message.
    size: u64,
    #[serde(flatten)]
    accepted: Cow<'a, Accepted>,
}

/// What is read first, because the rest of a later version may not be understood.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// A letter that is being read.
pub(super) struct Letter {
    pub(super) accepted: Accepted,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    hasher: Hasher,
    /// Where to read on, and where the message ends.
    at: u64,
    end: u64,
}

/// Writes a letter and makes its content durable.
pub(super) fn write(file: &mut dyn DiskFile, accepted: &Accepted, content: &dyn Content) -> io::Result<()> {
    let mut hasher = Hasher::new();
    let mut append = |octets: &[u8]| {
        hasher.update(octets);
        file.append(octets)
    };
    let head = Head { version: VERSION, size: content.size(), accepted: Cow::Borrowed(accepted) };
    let mut line = serde_json::to_vec(&head).map_err(io::Error::other)?;
    line.push(b'\n');
    append(&line)?;
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let count = content.read_at(at, &mut buffer)?;
        if count == 0 {
            break;
        }
        append(&buffer[..count])?;
        at += count as u64;
    }
    if at != head.size {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message changed while it was read"));
    }
    let checksum = hasher.finalize();
    file.append(&checksum.to_le_bytes())?;
    file.sync()
}

impl Letter {
    /// Opens a letter and reads its first line. [`Kind::Data`] if it is damaged, [`Kind::Config`] if another
    /// version wrote it; anything else is the disk's.
    pub(super) fn open(disk: &dyn Disk, path: &Path) -> Result<Self> {
        let file = disk.open(path).map_err(|error| broken(path, error))?;
        let mut head = Vec::new();
        let mut buffer = vec![0; PIECE];
        let length = loop {
            let count = file.read_at(head.len() as u64, &mut buffer).map_err(|error| broken(path, error))?;
            let from = head.len();
            head.extend_from_slice(&buffer[..count]);
            if let Some(end) = memchr::memchr(b'\n', &head[from..]) {
                break from + end + 1;
            }
            if count == 0 || head.len() > HEAD_MAX {
                return Err(damaged(path, "its first line has no end"));
            }
        };
        head.truncate(length);
        let Version { version } = serde_json::from_slice(&head).map_err(|error| damaged(path, error))?;
        if version != VERSION {
            return Err(Error::new(
                Kind::Config,
                format!("a message waits for another version of mailkit, which wrote {}", path.display()),
            ));
        }
        let Head { size, accepted, .. } = serde_json::from_slice(&head).map_err(|error| damaged(path, error))?;
        let at = length as u64;
        let end = at.checked_add(size);
        let length = file.size().map_err(|error| broken(path, error))?;
        let Some(end) = end.filter(|end| end.checked_add(CHECKSUM as u64) == Some(length)) else {
            return Err(damaged(path, "it is longer or shorter than it says"));
        };
        let mut hasher = Hasher::new();
        hasher.update(&head);
        Ok(Self { accepted: accepted.into_owned(), path: path.to_owned(), file, hasher, at, end })
    }

    /// The next octets of the message; none when it is read to its end and all of the letter was as it was written.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let rest = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        if rest == 0 {
            let mut checksum = [0; CHECKSUM];
            let count = self.file.read_at(self.at, &mut checksum).map_err(|error| broken(&self.path, error))?;
            let is_right = count == CHECKSUM && u32::from_le_bytes(checksum) == self.hasher.clone().finalize();
            return if is_right { Ok(None) } else { Err(damaged(&self.path, "its checksum is wrong")) };
        }
        let mut buffer = vec![0; rest.min(PIECE)];
        let count = self.file.read_at(self.at, &mut buffer).map_err(|error| broken(&self.path, error))?;
        if count == 0 {
            return Err(damaged(&self.path, "its end is missing"));
        }
        buffer.truncate(count);
        self.hasher.update(&buffer);
        self.at += count as u64;
        Ok(Some(buffer))
    }
}

fn broken(path: &Path, error: io::Error) -> Error {
    Error::file("cannot read", path, error)
}

fn damaged(path: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Data, format!("{} is damaged", path.display())).caused_by(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;
    use crate::store::testing::accepted;

    fn read(disk: &MemoryDisk) -> Result<(Accepted, Vec<u8>)> {
        let mut letter = Letter::open(disk, Path::new("/letter"))?;
        let mut text = Vec::new();
        while let Some(piece) = letter.next()? {
            text.extend(piece);
        }
        Ok((letter.accepted, text))
    }

    fn written(octets: &[u8]) -> MemoryDisk {
        let disk = MemoryDisk::new();
        disk.create(Path::new("/letter")).unwrap().append(octets).unwrap();
        disk
    }

    #[test]
    fn a_letter_is_read_as_it_was_written_or_not_at_all() {
        let text = b"Subject: x\r\n\r\nHello\r\n".repeat(5000);
        let disk = MemoryDisk::new();
        let mut file = disk.create(Path::new("/letter")).unwrap();
        let envelope = accepted(&["bob@x", "carol@y"]);
        write(&mut *file, &envelope, &text).unwrap();
        assert!(read(&disk).unwrap() == (envelope, text));
        let mut octets = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
        file.read_at(0, &mut octets).unwrap();
        let kind = |octets: &[u8]| read(&written(octets)).unwrap_err().kind();
        for at in (0..400).chain(400..octets.len()).step_by(37) {
            let mut changed = octets.clone();
            changed[at] ^= 1;
            // A version that is another number now is believed.
            assert!(matches!(kind(&changed), Kind::Data | Kind::Config), "{at}");
            assert_eq!(kind(&octets[..at]), Kind::Data, "cut at {at}");
        }
        for longer in [&b"x"[..], &octets] {
            assert_eq!(kind(&[&octets, longer].concat()), Kind::Data);
        }
        assert_eq!(kind(&vec![b'x'; HEAD_MAX + 2 * PIECE]), Kind::Data, "a line without an end");
        assert!(octets.starts_with(b"{\"version\":1,"));
        octets[11] = b'2';
        assert_eq!(kind(&octets), Kind::Config, "a later version");
    }
}
