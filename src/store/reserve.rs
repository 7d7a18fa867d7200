//! Files that hold some room on the disk, and are given up one by one when only that lets people delete mail.
//!
//! That a message is gone, or marked to go, has to be written before it is done, and a disk without a single free
//! octet takes no note of it. Messages themselves leave the last room alone (see `room`), but other programs do not,
//! and may take what is given up, too: so it goes in slices. They come back when there is plenty of room again.
//! Knows nothing of mailboxes.

use super::mailbox_error::{MailboxError, Outcome};
use super::room::has_room;
use crate::world::{Disk, DiskFile, Entropy};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Enough for an index to take note of some hundred messages.
const SLICE: u64 = 256 * 1024;
const SLICES: u64 = 16;
const PIECE: usize = 64 * 1024;
/// No user's directory begins with a dot.
const NAME: &str = ".mailkit-reserve";

/// Room that is held. Without a place for it, it is only the second attempt.
pub(super) struct Reserve {
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    dir: Option<PathBuf>,
    is_whole: AtomicBool,
}

impl Reserve {
    /// One that is to be held in a directory of its own below this one.
    pub(super) fn new(disk: Arc<dyn Disk>, entropy: Arc<dyn Entropy>, root: Option<PathBuf>) -> Self {
        let dir = root.map(|root| root.join(NAME));
        Self { disk, entropy, dir, is_whole: AtomicBool::new(false) }
    }

    /// Does something that a full disk must not forbid: while it fails for want of room, one slice after the other
    /// goes.
    pub(super) fn in_need<T>(&self, mut operation: impl FnMut() -> Outcome<T>) -> Outcome<T> {
        let mut result = operation();
        let mut has_more = true;
        while has_more && matches!(result, Err(MailboxError::Full)) {
            // Once more also without: somebody else may have given room up meanwhile.
            has_more = self.give_up();
            result = operation();
        }
        self.hold();
        result
    }

    /// Gives one slice up; false if none was left.
    pub(super) fn give_up(&self) -> bool {
        let Some(dir) = &self.dir else { return false };
        self.is_whole.store(false, Ordering::Relaxed);
        let is_gone = (0..SLICES).any(|number| self.disk.remove(&slice(dir, number)).is_ok());
        // Some file systems have the room only when it is certain that the name is gone.
        is_gone && self.disk.sync_dir(dir).is_ok()
    }

    /// Holds all slices, if there is plenty of room. What cannot be held now is held another time.
    pub(super) fn hold(&self) {
        let Some(dir) = self.dir.as_ref().filter(|_| !self.is_whole.load(Ordering::Relaxed)) else { return };
        let is_whole = (0..SLICES).all(|number| self.hold_slice(dir, &slice(dir, number)));
        self.is_whole.store(is_whole, Ordering::Relaxed);
    }

    fn hold_slice(&self, dir: &Path, path: &Path) -> bool {
        if self.disk.stat(path).is_ok_and(|stat| stat.size == SLICE) {
            return true;
        }
        // A part of one is what a crash left.
        let _ = self.disk.remove(path);
        if !has_room(&*self.disk, dir.parent().unwrap_or(dir), 2 * SLICE * SLICES) {
            return false;
        }
        let held =
            self.disk.create_dir(dir).and_then(|()| self.disk.create(path)).and_then(|file| self.fill(file)).is_ok();
        if !held {
            let _ = self.disk.remove(path);
        }
        held
    }

    /// With noise, because file systems that compress would keep no room for anything else.
    fn fill(&self, mut file: Box<dyn DiskFile>) -> io::Result<()> {
        let mut noise = vec![0; PIECE];
        for _ in 0..SLICE / PIECE as u64 {
            self.entropy.fill(&mut noise);
            file.append(&noise)?;
        }
        // A file system that allocates late would find the disk full only now.
        file.sync()
    }
}

fn slice(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::{Fault, MemoryDisk};
    use crate::store::testing::TestEntropy;

    const ALL: u64 = SLICE * SLICES;

    fn reserve(disk: &MemoryDisk) -> Reserve {
        Reserve::new(Arc::new(disk.clone()), TestEntropy::new(1), Some("/mail".into()))
    }

    /// How many slices are there, and whole.
    fn held(disk: &MemoryDisk) -> usize {
        let dir = Path::new("/mail/.mailkit-reserve");
        let is_whole = |number: &u64| disk.stat(&slice(dir, *number)).is_ok_and(|stat| stat.size == SLICE);
        (0..SLICES).filter(is_whole).count()
    }

    #[test]
    fn room_is_held_given_up_in_need_and_held_again_when_there_is_plenty() {
        let disk = MemoryDisk::new();
        disk.create_dir(Path::new("/mail")).unwrap();
        disk.limit(2 * ALL);
        reserve(&disk).hold();
        assert_eq!(held(&disk), 0, "there is not plenty");
        disk.limit(5 * ALL);
        let reserve = reserve(&disk);
        reserve.hold();
        assert_eq!(held(&disk), 16);
        disk.limit(ALL);
        let mut times = 0;
        let mut write = |octets: usize| {
            times += 1;
            let path = format!("/mail/{times}");
            let written = disk.create(Path::new(&path)).and_then(|mut file| file.append(&vec![b'x'; octets]));
            written.map_err(|error| {
                disk.remove(Path::new(&path)).and_then(|()| disk.sync_dir(Path::new("/mail"))).unwrap();
                MailboxError::from(error)
            })
        };
        reserve.in_need(|| write(1)).expect("it worked at the second attempt");
        assert_eq!(held(&disk), 15);
        reserve.in_need(|| write(1)).expect("there is room");
        assert_eq!(held(&disk), 15);
        reserve.in_need(|| write(2 * SLICE as usize)).expect("it worked after two more");
        assert_eq!(held(&disk), 13);
        assert!(matches!(reserve.in_need(|| write(2 * ALL as usize)), Err(MailboxError::Full)));
        assert_eq!(held(&disk), 0);
        disk.limit(5 * ALL);
        reserve.in_need(|| Ok(())).unwrap();
        assert_eq!(held(&disk), 16);
    }

    #[test]
    fn what_a_crash_left_is_made_whole_and_a_disk_that_fails_is_no_error() {
        for step in 0..300 {
            let disk = MemoryDisk::new();
            disk.create_dir(Path::new("/mail")).unwrap();
            disk.sync_dir(Path::new("/")).unwrap();
            disk.fail_from(step, Fault::Broken);
            reserve(&disk).hold();
            let was_whole = held(&disk) == 16;
            let after = disk.power_cut(step);
            reserve(&after).hold();
            assert_eq!(held(&after), 16, "{step}");
            if was_whole {
                return;
            }
        }
        panic!("it was never whole");
    }
}
