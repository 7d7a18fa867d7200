//! The letter box of a spool: how a command hands a message over while another process owns the spool.
//!
//! A letter is written, synced and then named; with its name it is accepted, whoever owns the spool. The owner takes
//! letters in under the name they have here. Until a letter is gone for good, its message is in the spool but nobody
//! gets it: so one that a crash brings back is found there, and is not sent again. A letter that cannot be taken in
//! holds up no other. docs/spool.md. Knows no sockets.

use super::blocking;
use super::entry::Accepted;
use super::id::SpoolId;
use super::letter::{self, Letter};
use super::spool::Spool;
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, Content, Disk, DiskEntry, Entropy};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The directory in the spool's.
const DIR: &str = "letters";
/// What a letter's name ends with.
const LETTER: &str = "letter";
/// The same while it is written: nobody was told that it is accepted.
const DRAFT: &str = "draft";
/// The same when it cannot be read.
const DAMAGED: &str = "damaged";
/// A file that whoever works on a letter has locked.
const LOCK: &str = "lock";
/// Letters taken in before their removal is made durable.
const BATCH: usize = 64;

/// What came of a look into the letter box.
#[derive(Debug, Default)]
pub struct Taken {
    /// Letters that are in the spool now and were not before.
    pub count: usize,
    /// What keeps others from getting there; each is told once.
    pub troubles: Vec<Error>,
}

/// What the owner of a spool knows of its letters.
#[derive(Default)]
pub(super) struct Letters {
    /// Those that are not gone for good: nobody gets their messages.
    held: BTreeSet<SpoolId>,
    /// Those whose trouble was told.
    told: BTreeSet<SpoolId>,
}

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
    let (draft, path) = (file(&dir, id, DRAFT), file(&dir, id, LETTER));
    let write = || -> io::Result<()> {
        disk.create_dir(&dir)?;
        // Until it is durable nobody else touches it.
        let _lock = lock(disk, &dir, id)?;
        let written =
            disk.create(&draft).and_then(|mut file| letter::write(&mut *file, accepted, content)).and_then(|()| {
                disk.rename(&draft, &path)?;
                disk.sync_dir(&dir)
            });
        if written.is_err() {
            // Half a letter is of no use to anybody, and one that was said to be none must not be sent.
            let _ = disk.remove(&draft);
            let _ = disk.remove(&path);
        }
        let _ = disk.remove(&file(&dir, id, LOCK));
        written
    };
    write().map_err(|error| Error::file("cannot put the message into the queue", &path, error))?;
    Ok(id)
}

/// How many letters wait in the letter box of the spool in `root`, whoever owns it.
pub fn waiting(disk: &dyn Disk, root: &Path) -> Result<usize> {
    let dir = root.join(DIR);
    entries(disk, &dir).map(|entries| ids(&entries, &[LETTER]).len())
}

impl Spool {
    /// Takes in what is in the letter box. An error means that the letter box could not be looked into; whatever
    /// happens, nobody gets the message of a letter that is not gone for good.
    pub async fn take_letters(&self) -> Result<Taken> {
        // Two at once would both find a letter that neither has taken in, and it would be there twice.
        let mut letters = self.letters().lock().await;
        let (disk, dir) = (self.disk(), self.root().join(DIR));
        let found = blocking("looking into the letter box", move || look(&*disk, &dir)).await?;
        letters.held.extend(&found);
        let held: Vec<SpoolId> = letters.held.iter().copied().collect();
        self.hold(held.clone()).await?;
        let mut taken = Taken::default();
        for batch in held.chunks(BATCH) {
            let mut done = Vec::new();
            for id in batch {
                match self.take_letter(*id).await {
                    Ok(Some(is_new)) => {
                        taken.count += usize::from(is_new);
                        done.push(*id);
                    }
                    Ok(None) => {}
                    Err(error) if letters.told.insert(*id) => taken.troubles.push(error),
                    Err(_) => {}
                }
            }
            if done.is_empty() {
                continue;
            }
            let (disk, dir) = (self.disk(), self.root().join(DIR));
            let emptied = blocking("emptying the letter box", move || {
                // A letter that came back with a power cut, when its message was delivered and gone, would be sent again.
                disk.sync_dir(&dir).map_err(|error| Error::file("cannot empty", &dir, error))
            });
            match emptied.await {
                Ok(()) => {
                    letters.held.retain(|id| !done.contains(id));
                    letters.told.retain(|id| !done.contains(id));
                    self.let_go(done).await?;
                }
                Err(error) => taken.troubles.push(error),
            }
        }
        Ok(taken)
    }

    /// Takes one letter in and removes it; says whether it was not here before, or nothing if it is not its time yet.
    async fn take_letter(&self, id: SpoolId) -> Result<Option<bool>> {
        let (disk, dir) = (self.disk(), self.root().join(DIR));
        let path = file(&dir, id, LETTER);
        let (locker, place) = (disk.clone(), dir.clone());
        let locked = blocking("locking a letter", move || match lock(&*locker, &place, id) {
            // Its writer is not through with it.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            locked => locked.map(Some).map_err(|error| Error::file("cannot lock a letter in", &place, error)),
        });
        let Some(_lock) = locked.await? else { return Ok(None) };
        // One that is in the spool was taken in before a crash.
        let is_new = self.entry(&id).await?.is_none() && self.copy(id, &path).await?;
        let emptied = move || match disk.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::file("a message waits, because its letter cannot be removed:", &path, error))
            }
            _ => {
                let _ = disk.remove(&file(&dir, id, LOCK));
                Ok(())
            }
        };
        blocking("emptying the letter box", emptied).await?;
        Ok(Some(is_new))
    }

    /// Copies a letter into the spool; false if it is gone.
    async fn copy(&self, id: SpoolId, path: &Path) -> Result<bool> {
        match self.copy_whole(id, path).await {
            Err(error) if error.kind() == Kind::NoInput => Ok(false),
            Err(error) if error.kind() == Kind::Data => {
                let (disk, dir) = (self.disk(), self.root().join(DIR));
                Err(blocking("setting a letter aside", move || Ok(set_aside(&*disk, &dir, id, error))).await?)
            }
            copied => copied.map(|()| true),
        }
    }

    async fn copy_whole(&self, id: SpoolId, path: &Path) -> Result<()> {
        let (disk, path) = (self.disk(), path.to_owned());
        let mut letter = blocking("reading a letter", move || Letter::open(&*disk, &path)).await?;
        let mut incoming = self.begin_as(id).await?;
        loop {
            let (read, piece) = blocking("reading a letter", move || {
                let piece = letter.next()?;
                Ok((letter, piece))
            })
            .await?;
            letter = read;
            match piece {
                Some(piece) => incoming.write(&piece).await?,
                None => break,
            }
        }
        incoming.commit(letter.accepted).await.map(drop)
    }
}

fn file(dir: &Path, id: SpoolId, end: &str) -> PathBuf {
    dir.join(format!("{id}.{end}"))
}

/// Keeps everybody else from a letter as long as the value lives.
fn lock(disk: &dyn Disk, dir: &Path, id: SpoolId) -> io::Result<Box<dyn Send + Sync>> {
    disk.lock(&file(dir, id, LOCK))
}

fn entries(disk: &dyn Disk, dir: &Path) -> Result<Vec<DiskEntry>> {
    match disk.read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries.map_err(|error| Error::file("cannot look into", dir, error)),
    }
}

/// The ids of those whose names end so.
fn ids(entries: &[DiskEntry], ends: &[&str]) -> BTreeSet<SpoolId> {
    let id = |name: &str| name.rsplit_once('.').filter(|(_, end)| ends.contains(end))?.0.parse().ok();
    entries.iter().filter_map(|entry| id(entry.name.to_str()?)).collect()
}

/// The letters there are; what a crash left of others is removed.
fn look(disk: &dyn Disk, dir: &Path) -> Result<Vec<SpoolId>> {
    let entries = entries(disk, dir)?;
    let letters = ids(&entries, &[LETTER]);
    for id in ids(&entries, &[DRAFT, LOCK]).difference(&letters) {
        // Whoever still writes it has the lock.
        if let Ok(_lock) = lock(disk, dir, *id) {
            let _ = disk.remove(&file(dir, *id, DRAFT));
            let _ = disk.remove(&file(dir, *id, LOCK));
        }
    }
    Ok(letters.into_iter().collect())
}

/// Gives a damaged letter another name, and says so.
fn set_aside(disk: &dyn Disk, dir: &Path, id: SpoolId, why: Error) -> Error {
    let (path, aside) = (file(dir, id, LETTER), file(dir, id, DAMAGED));
    match disk.rename(&path, &aside).and_then(|()| disk.sync_dir(dir)) {
        Ok(()) => {
            let what = "a message that was to be sent is damaged and set aside; send it again, and then remove";
            Error::new(Kind::Data, format!("{what} {}", aside.display())).caused_by(why)
        }
        Err(error) => Error::file("cannot set aside what is damaged:", &path, error),
    }
}
