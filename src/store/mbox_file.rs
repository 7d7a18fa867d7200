//! An mbox file that messages are added to, each once whatever breaks.
//!
//! What is to be added is written and synced beside the file first, with its place in it and the names of its messages;
//! only then is the file touched. So after a crash the file is brought to what was meant: nothing of a batch is there,
//! or all of it. The lock is the one that mail readers take (fcntl), and ends with the process. Calls block.
//! RFC 4155.

use crate::error::{Error, Kind, Result};
use rustix::fs::{FlockOperation, fcntl_lock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// Another reader or writer is done soon.
const LOCK_TRIES: usize = 50;
const LOCK_WAIT: Duration = Duration::from_millis(200);
/// Octets copied at once.
const PIECE: usize = 64 * 1024;

/// An mbox file, held by this process.
pub struct MboxFile {
    path: PathBuf,
    file: File,
    batch: Option<File>,
    names: Vec<String>,
    /// Names of what a crash left, and is in the file now.
    held: Vec<String>,
}

/// What the journal says about a batch.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    /// Where it begins in the file.
    offset: u64,
    /// How long it is.
    len: u64,
    /// Its messages.
    names: Vec<String>,
}

impl MboxFile {
    /// Opens a file, or makes an empty one, and mends what a crash has left of it.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |error| Error::file("cannot use the mbox", path, error);
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::new(Kind::CannotCreate, format!("{} is no file", path.display())));
        }
        lock(&file, path)?;
        let mut mbox = Self { path: path.to_owned(), file, batch: None, names: Vec::new(), held: Vec::new() };
        mbox.begins_like_one().map_err(failed)?.then_some(()).ok_or_else(|| {
            Error::new(Kind::CannotCreate, format!("{} is no mbox", path.display()))
                .hint("name an mbox, or a file that is empty or not there yet")
        })?;
        mbox.mend().map_err(failed)?;
        Ok(mbox)
    }

    /// Whether a crash left a message of this name, which is in the file now.
    pub fn holds(&self, name: &str) -> bool {
        self.held.iter().any(|held| held == name)
    }

    /// The length of the batch so far.
    pub fn batch_len(&mut self) -> Result<u64> {
        let path = self.beside("batch");
        let failed = |error| Error::file("cannot write", &path, error);
        self.batch().map_err(failed)?.stream_position().map_err(failed)
    }

    /// Adds octets to the batch.
    pub fn write(&mut self, octets: &[u8]) -> Result<()> {
        let path = self.beside("batch");
        self.batch()
            .and_then(|batch| batch.write_all(octets))
            .map_err(|error| Error::file("cannot write", &path, error))
    }

    /// Takes back what was added behind this length.
    pub fn cut(&mut self, len: u64) -> Result<()> {
        let path = self.beside("batch");
        let cut = |batch: &mut File| {
            batch.set_len(len)?;
            batch.seek(SeekFrom::Start(len)).map(|_| ())
        };
        self.batch().and_then(cut).map_err(|error| Error::file("cannot write", &path, error))
    }

    /// What was added last is a message of this name.
    pub fn named(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    /// Puts the batch into the file. When it returns it survives a power cut.
    pub fn commit(&mut self) -> Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        self.try_commit().map_err(|error| Error::file("cannot write", &path, error))
    }

    /// The batch is remembered elsewhere; the journal is not needed any more.
    pub fn forget(&mut self) -> Result<()> {
        let journal = self.beside("journal");
        remove(&journal).map_err(|error| Error::file("cannot remove", &journal, error))
    }

    fn try_commit(&mut self) -> io::Result<()> {
        let offset = self.file.metadata()?.len();
        let names = std::mem::take(&mut self.names);
        let batch = self.batch()?;
        let len = batch.stream_position()?;
        batch.set_len(len)?;
        batch.sync_data()?;
        let journal = Journal { offset, len, names };
        let (draft, path) = (self.beside("draft"), self.beside("journal"));
        let mut file = private(&draft)?;
        file.write_all(serde_json::to_string(&journal)?.as_bytes())?;
        file.sync_data()?;
        fs::rename(&draft, &path)?;
        self.sync_dir()?;
        self.append(&journal, 0)?;
        // The next batch begins.
        let batch = self.batch()?;
        batch.set_len(0)?;
        batch.rewind()
    }

    /// Copies the batch into the file, from a place in it on.
    fn append(&mut self, journal: &Journal, from: u64) -> io::Result<()> {
        let (file, batch) = self.both()?;
        file.seek(SeekFrom::Start(journal.offset + from))?;
        batch.seek(SeekFrom::Start(from))?;
        io::copy(&mut batch.take(journal.len - from), file)?;
        file.sync_all()?;
        self.sync_dir()
    }

    /// Brings the file to what the journal meant.
    fn mend(&mut self) -> io::Result<()> {
        let text = match fs::read(self.beside("journal")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Nothing of it was ever added.
                self.batch()?.set_len(0)?;
                return Ok(());
            }
            text => text?,
        };
        let journal: Journal = serde_json::from_slice(&text)?;
        let (there, batch) = (self.file.metadata()?.len(), self.batch()?.metadata()?.len());
        if batch >= journal.len && there >= journal.offset {
            let common = self.common(&journal)?;
            if common == journal.len {
                self.file.sync_all()?;
                self.held = journal.names;
            } else if journal.offset + common == there {
                // The beginning of it is there and nothing else.
                self.append(&journal, common)?;
                self.held = journal.names;
            }
            // Otherwise somebody has written there since: what is in the file is his, and the messages come again.
        } else if there >= journal.offset + journal.len {
            // The batch was emptied, so all of it had been added.
            self.held = journal.names;
        }
        self.batch()?.set_len(0)?;
        self.batch()?.rewind()
    }

    /// How much of the batch stands in the file at its place.
    fn common(&mut self, journal: &Journal) -> io::Result<u64> {
        let (file, batch) = self.both()?;
        file.seek(SeekFrom::Start(journal.offset))?;
        batch.rewind()?;
        let (mut here, mut there, mut common) = (vec![0; PIECE], vec![0; PIECE], 0);
        while common < journal.len {
            let want = PIECE.min(usize::try_from(journal.len - common).unwrap_or(PIECE));
            let (meant, found) = (fill(batch, &mut here[..want])?, fill(file, &mut there[..want])?);
            let same = here[..meant].iter().zip(&there[..found]).take_while(|(a, b)| a == b).count();
            common += same as u64;
            if same < want {
                break;
            }
        }
        Ok(common)
    }

    /// The batch, opened when it is needed first.
    fn batch(&mut self) -> io::Result<&mut File> {
        if self.batch.is_none() {
            let path = self.beside("batch");
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
            self.batch = Some(options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(path)?);
        }
        self.batch.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The file and the batch. Neither is ever opened twice: whoever closes one of two would let the lock go.
    fn both(&mut self) -> io::Result<(&mut File, &mut File)> {
        self.batch()?;
        let missing = io::ErrorKind::NotFound;
        self.batch.as_mut().map(|batch| (&mut self.file, batch)).ok_or_else(|| missing.into())
    }

    fn begins_like_one(&mut self) -> io::Result<bool> {
        let mut start = [0; 5];
        self.file.rewind()?;
        let count = fill(&mut self.file, &mut start)?;
        Ok(count == 0 || start.starts_with(b"From "))
    }

    fn beside(&self, what: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".mailkit-{what}"));
        name.into()
    }

    fn sync_dir(&self) -> io::Result<()> {
        let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir)?.sync_all()
    }
}

impl Drop for MboxFile {
    fn drop(&mut self) {
        if self.names.is_empty() {
            // What is left of it is nothing, or is told by a journal that needs it no more.
            let _ = remove(&self.beside("batch"));
        }
    }
}

fn lock(file: &File, path: &Path) -> Result<()> {
    for _ in 0..LOCK_TRIES {
        match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => sleep(LOCK_WAIT),
            Err(error) => return Err(Error::file("cannot lock", path, error.into())),
        }
    }
    Err(Error::new(Kind::Temporary, format!("another program is using {}", path.display()))
        .hint("wait until it is done"))
}

fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            count => len += count,
        }
    }
    Ok(len)
}

fn private(path: &Path) -> io::Result<File> {
    remove(path)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(mbox: &mut MboxFile, name: &str) {
        mbox.write(format!("From {name}\n\n").as_bytes()).expect("written");
        mbox.named(name);
    }

    #[test]
    fn batches_follow_each_other() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mbox");
        let mut mbox = MboxFile::open(&path).expect("opened");
        add(&mut mbox, "a");
        let len = mbox.batch_len().expect("a length");
        mbox.write(b"From half").expect("written");
        mbox.cut(len).expect("cut");
        mbox.commit().expect("committed");
        mbox.forget().expect("forgotten");
        add(&mut mbox, "bb");
        mbox.commit().expect("committed");
        mbox.forget().expect("forgotten");
        drop(mbox);
        assert_eq!(fs::read(&path).expect("read"), b"From a\n\nFrom bb\n\n");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "nothing else is left");
    }

    #[test]
    fn after_a_crash_anywhere_all_of_a_batch_is_there_once_or_nothing() {
        let (old, batch) = ("From old\n\n", "From a\n\nFrom b\n\n");
        for added in 0..=batch.len() {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("mbox");
            fs::write(&path, format!("{old}{}", &batch[..added])).expect("written");
            fs::write(dir.path().join("mbox.mailkit-batch"), batch).expect("written");
            let journal = Journal { offset: old.len() as u64, len: batch.len() as u64, names: vec!["a".into()] };
            fs::write(dir.path().join("mbox.mailkit-journal"), serde_json::to_vec(&journal).expect("text"))
                .expect("written");
            for _ in 0..2 {
                let mbox = MboxFile::open(&path).expect("opened");
                assert!(mbox.holds("a") && !mbox.holds("b"), "{added}");
                drop(mbox);
                assert_eq!(fs::read_to_string(&path).expect("read"), format!("{old}{batch}"));
            }
        }
    }

    #[test]
    fn what_others_wrote_stays_and_what_was_not_begun_is_not_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mbox");
        fs::write(&path, "From x\n\nFrom other\n\n").expect("written");
        fs::write(dir.path().join("mbox.mailkit-batch"), "From a\n\n").expect("written");
        let journal = Journal { offset: 8, len: 8, names: vec!["a".into()] };
        fs::write(dir.path().join("mbox.mailkit-journal"), serde_json::to_vec(&journal).expect("text"))
            .expect("written");
        assert!(!MboxFile::open(&path).expect("opened").holds("a"));
        fs::remove_file(dir.path().join("mbox.mailkit-journal")).expect("removed");
        fs::write(dir.path().join("mbox.mailkit-batch"), "From a\n\n").expect("written");
        assert!(!MboxFile::open(&path).expect("opened").holds("a"));
        assert_eq!(fs::read_to_string(&path).expect("read"), "From x\n\nFrom other\n\n");
        fs::write(&path, "something else").expect("written");
        assert_eq!(MboxFile::open(&path).err().map(|error| error.kind()), Some(Kind::CannotCreate));
    }
}
