//! A Maildir that belongs to the user and to other programs: messages go in, durably, under names of our choice.
//!
//! Unlike the mailboxes of a server it has no index and no UIDs, and whatever else touches it meanwhile is
//! right. Names are made from what identifies a message where it came from, so that a message that was
//! put in before a crash is found again and not doubled. Notes beside the messages remember what a name
//! cannot. Calls block. Maildir (Bernstein).

use super::note;
use crate::error::{Error, Kind, Result};
use crate::world::{Disk, DiskEntry, DiskFile};
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octets gathered before they are written.
const PIECE: usize = 64 * 1024;

/// Files synced at the same time.
const SYNCS_MAX: usize = 16;
/// What a Maildir consists of.
const PARTS: [&str; 3] = ["tmp", "new", "cur"];

/// An open Maildir.
pub struct Maildir {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    names: HashSet<Vec<u8>>,
}

/// A message on its way in. Dropped without [`Maildir::commit`] it leaves a file in `tmp` that the next one replaces.
pub struct Arrival {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    name: String,
    file: Option<Box<dyn DiskFile>>,
    pending: Vec<u8>,
    after_cr: bool,
}

impl Maildir {
    /// Opens a Maildir, or makes one where nothing is yet. A directory with other things in it is left alone.
    pub fn open(disk: Arc<dyn Disk>, root: &Path) -> Result<Self> {
        let failed = |error| Error::file("cannot use the Maildir", root, error);
        // One of the three is enough: a crash may have come between them.
        let is_part = |entry: &DiskEntry| entry.is_dir && PARTS.iter().any(|part| entry.name == *part);
        match disk.read_dir(root) {
            Ok(entries) if entries.is_empty() || entries.iter().any(is_part) => {}
            Ok(_) => {
                return Err(Error::new(Kind::CannotCreate, format!("{} is no Maildir", root.display()))
                    .hint("name a Maildir, or a directory that is empty or not there yet"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut names = HashSet::new();
        for dir in PARTS {
            disk.create_dir(&root.join(dir)).map_err(failed)?;
        }
        for dir in ["new", "cur"] {
            let entries = disk.read_dir(&root.join(dir)).map_err(failed)?;
            names.extend(entries.iter().map(|entry| base(entry.name.as_encoded_bytes()).to_vec()));
        }
        Ok(Self { disk, root: root.to_owned(), names })
    }

    /// Keeps others of our kind out until the value is dropped; `None` if one is in already.
    pub fn lock(&self, name: &str) -> Result<Option<Box<dyn Send + Sync>>> {
        let path = self.root.join(name);
        match self.disk.lock(&path) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Error::file("cannot lock", &path, error)),
        }
    }

    /// Whether a message of this name is there, whatever flags it has got since.
    pub fn holds(&self, name: &str) -> bool {
        self.names.contains(name.as_bytes())
    }

    /// Begins a message. The name stands for it for good: letters, digits and a few signs, no `/` and no `:`.
    pub fn begin(&self, name: &str) -> Arrival {
        Arrival {
            disk: Arc::clone(&self.disk),
            path: self.root.join("tmp").join(name),
            name: name.to_owned(),
            file: None,
            pending: Vec::new(),
            after_cr: false,
        }
    }

    /// Makes messages visible in `new`. When it returns they survive a power cut.
    pub fn commit(&mut self, messages: Vec<Arrival>) -> Result<()> {
        self.move_in(messages, "new", "")
    }

    /// Makes messages visible as ones that their owner has seen. When it returns they survive a power cut.
    pub fn commit_seen(&mut self, messages: Vec<Arrival>) -> Result<()> {
        self.move_in(messages, "cur", ":2,S")
    }

    fn move_in(&mut self, messages: Vec<Arrival>, part: &str, info: &str) -> Result<()> {
        let written = finish_all(messages)?;
        let dir = self.root.join(part);
        for (path, name) in written {
            let target = dir.join(format!("{name}{info}"));
            self.disk.rename(&path, &target).map_err(|error| Error::file("cannot move", &path, error))?;
            self.names.insert(name.into_bytes());
        }
        self.disk.sync_dir(&dir).map_err(|error| Error::file("cannot sync", &dir, error))
    }

    /// Shows each message, by its name without its flags. What is moved away meanwhile is passed over.
    pub fn each(&self, mut each: impl FnMut(&[u8], &dyn DiskFile) -> Result<()>) -> Result<()> {
        for dir in ["new", "cur"].map(|part| self.root.join(part)) {
            let entries = self.disk.read_dir(&dir).map_err(|error| Error::file("cannot read", &dir, error))?;
            for entry in entries.into_iter().filter(|entry| !entry.is_dir) {
                if let Ok(file) = self.disk.open(&dir.join(&entry.name)) {
                    each(base(entry.name.as_encoded_bytes()), &*file)?;
                }
            }
        }
        Ok(())
    }

    /// The text of a note, if it was ever written.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let path = self.root.join(name);
        let octets =
            note::read(&*self.disk, &path, u64::MAX).map_err(|error| Error::file("cannot read", &path, error))?;
        let text = octets.map(String::from_utf8).transpose();
        text.map_err(|_| Error::new(Kind::Io, format!("{} is damaged: it is not text", path.display())))
    }

    /// Replaces a note as a whole. When it returns, it survives a power cut; until then the old one does.
    pub fn set_note(&self, name: &str, text: &str) -> Result<()> {
        let path = self.root.join(name);
        let draft = self.root.join("tmp").join(name);
        let written = note::replace(&*self.disk, &draft, &path, text.as_bytes());
        written.map_err(|error| Error::file("cannot write", &path, error))
    }
}

/// Takes the wire form; on disk lines end with LF, as the programs that read a Maildir expect.
impl Write for Arrival {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        for octet in octets {
            if self.after_cr && *octet != b'\n' {
                self.pending.push(b'\r');
            }
            self.after_cr = *octet == b'\r';
            if !self.after_cr {
                self.pending.push(*octet);
            }
        }
        if self.pending.len() >= PIECE {
            self.flush()?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(note::create_anew(&*self.disk, &self.path)?),
        };
        file.append(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

impl Arrival {
    fn finish(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.after_cr) {
            self.pending.push(b'\r');
        }
        self.flush()?;
        match &mut self.file {
            Some(file) => file.sync(),
            None => Ok(()),
        }
    }
}

/// Writes and syncs the messages side by side: a disk that is asked for many syncs at once does them in few writes.
/// Returns where each is and what it is to be called.
fn finish_all(mut messages: Vec<Arrival>) -> Result<Vec<(PathBuf, String)>> {
    let each = messages.len().div_ceil(SYNCS_MAX).max(1);
    std::thread::scope(|scope| {
        let finish = |part: &mut [Arrival]| {
            part.iter_mut().try_for_each(|message| {
                message.finish().map_err(|error| Error::file("cannot write", &message.path, error))
            })
        };
        let mut parts = messages.chunks_mut(each);
        let first = parts.next();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || finish(part))).collect();
        let mut result = first.map_or(Ok(()), finish);
        for other in others {
            let ended = other.join().unwrap_or_else(|_| Err(Error::new(Kind::Software, "writing a message failed")));
            result = result.and(ended);
        }
        result
    })?;
    Ok(messages.into_iter().map(|message| (message.path, message.name)).collect())
}

/// A file's name without the part that tells its flags.
fn base(name: &[u8]) -> &[u8] {
    name.split(|octet| *octet == b':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::{Fault, MemoryDisk};

    fn open(disk: &MemoryDisk) -> Result<Maildir> {
        Maildir::open(Arc::new(disk.clone()), Path::new("/mail"))
    }

    fn read(disk: &MemoryDisk, path: &str) -> String {
        let file = disk.open(Path::new(path)).expect(path);
        let mut octets = vec![0; file.size().expect("a size") as usize];
        file.read_at(0, &mut octets).expect("octets");
        String::from_utf8(octets).expect("text")
    }

    fn put(maildir: &mut Maildir, name: &str, pieces: &[&str]) -> Result<()> {
        let mut message = maildir.begin(name);
        for piece in pieces {
            message.write_all(piece.as_bytes()).map_err(|e| Error::file("x", Path::new("x"), e))?;
        }
        maildir.commit(vec![message])
    }

    #[test]
    fn lines_end_with_lf_however_the_pieces_are_cut() {
        let disk = MemoryDisk::new();
        let mut maildir = open(&disk).expect("made");
        for (name, pieces, wanted) in [
            ("a", &["a\r\nb\r\n"][..], "a\nb\n"),
            ("b", &["a\r", "\nb\r", "c\r"], "a\nb\rc\r"),
            ("c", &["\r\r\n", "\n"], "\r\n\n"),
            ("d", &[], ""),
        ] {
            put(&mut maildir, name, pieces).expect("put");
            assert_eq!(read(&disk, &format!("/mail/new/{name}")), wanted);
        }
    }

    #[test]
    fn a_message_is_known_again_under_any_flags() {
        let disk = MemoryDisk::new();
        put(&mut open(&disk).expect("made"), "one", &["x"]).expect("put");
        disk.rename(Path::new("/mail/new/one"), Path::new("/mail/cur/one:2,FS")).expect("moved");
        let maildir = open(&disk).expect("opened");
        assert!(maildir.holds("one") && !maildir.holds("two"));
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let disk = MemoryDisk::new();
        disk.create_dir(Path::new("/mail/photos")).expect("made");
        assert_eq!(open(&disk).err().map(|error| error.kind()), Some(Kind::CannotCreate));
        assert_eq!(disk.read_dir(Path::new("/mail")).expect("listed").len(), 1);
    }

    #[test]
    fn a_note_is_the_old_or_the_new_one_after_a_failure_anywhere() {
        for step in 0..20 {
            let disk = MemoryDisk::new();
            let maildir = open(&disk).expect("made");
            maildir.set_note("note", "old").expect("written");
            disk.reset_counts();
            disk.fail_at(step, Fault::Broken);
            let written = maildir.set_note("note", "new");
            for seed in 0..4 {
                let after = open(&disk.power_cut(seed)).expect("opened");
                let found = after.note("note").expect("read").expect("there");
                assert!(found == "new" || written.is_err() && found == "old", "step {step}: {found}");
                after.set_note("note", "next").expect("what was left is no hindrance");
            }
        }
        assert_eq!(open(&MemoryDisk::new()).expect("made").note("note").expect("read"), None);
    }

    #[test]
    fn what_was_committed_survives_a_power_cut() {
        let disk = MemoryDisk::new();
        let mut maildir = open(&disk).expect("made");
        put(&mut maildir, "one", &["x\r\n"]).expect("put");
        let mut lost = maildir.begin("two");
        lost.write_all(b"half").and_then(|()| lost.flush()).expect("written");
        for seed in 0..8 {
            let after = disk.power_cut(seed);
            let mut maildir = open(&after).expect("opened");
            assert_eq!((maildir.holds("one"), maildir.holds("two")), (true, false));
            assert_eq!(read(&after, "/mail/new/one"), "x\n");
            put(&mut maildir, "two", &["whole"]).expect("what was left is no hindrance");
            assert_eq!(read(&after, "/mail/new/two"), "whole");
        }
    }

    #[test]
    fn only_one_holds_the_lock() {
        let disk = MemoryDisk::new();
        let maildir = open(&disk).expect("made");
        let lock = maildir.lock("lock").expect("asked");
        assert!(lock.is_some() && maildir.lock("lock").expect("asked").is_none());
        drop(lock);
        assert!(maildir.lock("lock").expect("asked").is_some());
    }
}
