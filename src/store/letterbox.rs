//! The letter box of a spool: how a command hands a message over while another process owns the spool.
//!
//! A letter is one file, written, synced and then named; with its name it is accepted, whoever owns the spool. The
//! owner takes letters in when it starts and when it is asked to, under the name they have here, so that one that was
//! taken in before a crash is known again. What lies here without such a name was never accepted.
//! docs/spool.md. Knows no sockets.

use super::blocking;
use super::entry::Accepted;
use super::id::SpoolId;
use super::spool::Spool;
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, Content, Disk, Entropy};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory in the spool's.
const DIR: &str = "letters";
/// What a letter's name ends with.
const END: &str = ".letter";
/// Octets read and written at a time.
const PIECE: usize = 64 * 1024;
/// Octets of an envelope: a hundred thousand recipients.
const HEAD_MAX: usize = 32 * 1024 * 1024;

/// Puts a message into the letter box of the spool in `root`. When it returns, the message survives a power cut.
pub fn put(
    disk: &dyn Disk,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    root: &Path,
    accepted: &Accepted,
    content: &dyn Content,
) -> Result<SpoolId> {
    let dir = root.join(DIR);
    let id = SpoolId::new(clock, entropy);
    let (draft, path) = (dir.join(format!("{id}.draft")), dir.join(format!("{id}{END}")));
    let write = || -> io::Result<()> {
        disk.create_dir(&dir)?;
        let mut file = disk.create(&draft)?;
        let mut head = serde_json::to_vec(accepted).map_err(io::Error::other)?;
        head.push(b'\n');
        file.append(&head)?;
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        loop {
            let count = content.read_at(at, &mut buffer)?;
            if count == 0 {
                break;
            }
            file.append(&buffer[..count])?;
            at += count as u64;
        }
        file.sync()?;
        drop(file);
        disk.rename(&draft, &path)?;
        disk.sync_dir(&dir)
    };
    write().map_err(|error| {
        // Half a letter is of no use to anybody, and one with its name would be sent although we say that it was not.
        let _ = disk.remove(&draft);
        let _ = disk.remove(&path);
        Error::file("cannot put the message into the queue", &path, error)
    })?;
    Ok(id)
}

impl Spool {
    /// Takes in what is in the letter box, and says how many letters that were.
    pub async fn take_letters(&self) -> Result<usize> {
        // Two at once would both find a letter that neither has taken in, and it would be there twice.
        let _one = self.letters().lock().await;
        let (disk, dir) = (self.disk(), self.root().join(DIR));
        let (reader, place) = (disk.clone(), dir.clone());
        let letters = blocking("looking into the letter box", move || letters(&*reader, &place)).await?;
        let mut count = 0;
        for (id, path) in letters {
            let (reader, place) = (disk.clone(), path.clone());
            let letter = blocking("reading a letter", move || Letter::open(&*reader, &place)).await?;
            // Taken in before, and not thrown away before a crash.
            if self.open_message(&id).await.is_err() {
                let accepted = letter.accepted.clone();
                let mut incoming = self.begin_as(id).await?;
                let letter = Arc::new(letter);
                let mut at = 0;
                loop {
                    let letter = letter.clone();
                    let piece = blocking("reading a letter", move || letter.piece(at)).await?;
                    if piece.is_empty() {
                        break;
                    }
                    at += piece.len() as u64;
                    incoming.write(&piece).await?;
                }
                incoming.commit(accepted).await?;
                count += 1;
            }
            let (disk, dir) = (disk.clone(), dir.clone());
            // A letter that came back with a power cut, when its message was delivered and gone, would be sent again.
            blocking("emptying the letter box", move || {
                let removed = disk.remove(&path).and_then(|()| disk.sync_dir(&dir));
                removed.map_err(|error| Error::file("cannot remove", &path, error))
            })
            .await?;
        }
        Ok(count)
    }
}

/// A letter, open to be read.
struct Letter {
    accepted: Accepted,
    file: std::sync::Mutex<Box<dyn crate::world::DiskFile>>,
    /// Where the message begins.
    start: u64,
    path: PathBuf,
}

impl Letter {
    fn open(disk: &dyn Disk, path: &Path) -> Result<Self> {
        let broken = |error| Error::file("cannot read", path, error);
        let file = disk.open(path).map_err(broken)?;
        let mut head = Vec::new();
        let mut buffer = vec![0; PIECE];
        let end = loop {
            let count = file.read_at(head.len() as u64, &mut buffer).map_err(broken)?;
            let from = head.len();
            head.extend_from_slice(&buffer[..count]);
            if let Some(end) = memchr::memchr(b'\n', &head[from..]) {
                break from + end;
            }
            if count == 0 || head.len() > HEAD_MAX {
                return Err(Error::new(Kind::Data, format!("{} is no letter", path.display())));
            }
        };
        let accepted = serde_json::from_slice(&head[..end])
            .map_err(|error| Error::new(Kind::Data, format!("{} is no letter", path.display())).caused_by(error))?;
        Ok(Self { accepted, file: std::sync::Mutex::new(file), start: end as u64 + 1, path: path.to_owned() })
    }

    /// The message from an offset on, as much as is read at once; empty at its end.
    fn piece(&self, at: u64) -> Result<Vec<u8>> {
        let mut buffer = vec![0; PIECE];
        let file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = file
            .read_at(self.start + at, &mut buffer)
            .map_err(|error| Error::file("cannot read", &self.path, error))?;
        buffer.truncate(count);
        Ok(buffer)
    }
}

/// What is in the letter box, oldest first.
fn letters(disk: &dyn Disk, dir: &Path) -> Result<Vec<(SpoolId, PathBuf)>> {
    let entries = match disk.read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::file("cannot look into", dir, error))?,
    };
    let mut found: Vec<(SpoolId, PathBuf)> = entries
        .into_iter()
        .filter_map(|entry| {
            let id = entry.name.to_str()?.strip_suffix(END)?.parse().ok()?;
            Some((id, dir.join(&entry.name)))
        })
        .collect();
    found.sort();
    Ok(found)
}
