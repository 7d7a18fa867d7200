//! A message that comes in pieces: in memory while it is small, in a file when it grows.
//!
//! Nobody has been told anything yet, so nothing is synced; the file goes when the stash does, and what a
//! crash leaves is swept at the next start.

use super::room::has_room;
use crate::error::{Error, Result};
use crate::world::{Content, Disk, DiskFile, Entropy};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Larger messages wait in a file.
const MEMORY_MAX: usize = 256 * 1024;

/// A message being taken in.
pub struct Stash {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    held: Held,
}

enum Held {
    Memory(Vec<u8>),
    File { file: Mutex<Box<dyn DiskFile>>, size: u64 },
}

impl Stash {
    /// An empty one; `room` is the directory where a file may be needed.
    pub fn new(disk: Arc<dyn Disk>, room: &Path, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 12];
        entropy.fill(&mut random);
        let mut name = String::from("stash.");
        for octet in random {
            // Writing to a String cannot fail.
            let _ = write!(name, "{octet:02x}");
        }
        Self { disk, path: room.join(name), held: Held::Memory(Vec::new()) }
    }

    /// Adds a piece.
    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        let failed = |error| Error::file("cannot write", &self.path, error);
        let in_memory = matches!(&self.held, Held::Memory(octets) if octets.len() + piece.len() <= MEMORY_MAX);
        if !in_memory
            && let Some(room) = self.path.parent()
            && !has_room(&*self.disk, room, piece.len() as u64)
        {
            return Err(failed(io::ErrorKind::StorageFull.into()));
        }
        match &mut self.held {
            Held::Memory(octets) if octets.len() + piece.len() <= MEMORY_MAX => octets.extend_from_slice(piece),
            Held::Memory(octets) => {
                if let Some(room) = self.path.parent() {
                    self.disk.create_dir(room).map_err(failed)?;
                }
                let mut file = self.disk.create(&self.path).map_err(failed)?;
                let written = file.append(octets).and_then(|()| file.append(piece));
                let size = (octets.len() + piece.len()) as u64;
                self.held = Held::File { file: Mutex::new(file), size };
                written.map_err(failed)?;
            }
            Held::File { file, size } => {
                file.get_mut().unwrap_or_else(PoisonError::into_inner).append(piece).map_err(failed)?;
                *size += piece.len() as u64;
            }
        }
        Ok(())
    }

    /// The whole message, ready to be read.
    pub fn finish(mut self) -> Result<Arc<dyn Content>> {
        if let Held::File { file, .. } = &mut self.held {
            let opened = self.disk.open(&self.path).map_err(|error| Error::file("cannot read", &self.path, error))?;
            *file = Mutex::new(opened);
        }
        Ok(Arc::new(self))
    }

    /// Removes what a crash left in `room`. Only at start, when nobody is using it.
    pub fn sweep(disk: &dyn Disk, room: &Path) -> io::Result<()> {
        let entries = match disk.read_dir(room) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            if entry.name.to_string_lossy().starts_with("stash.") {
                disk.remove(&room.join(entry.name))?;
            }
        }
        Ok(())
    }
}

impl Content for Stash {
    fn size(&self) -> u64 {
        match &self.held {
            Held::Memory(octets) => octets.size(),
            Held::File { size, .. } => *size,
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.held {
            Held::Memory(octets) => octets.read_at(offset, buffer),
            Held::File { file, .. } => file.lock().unwrap_or_else(PoisonError::into_inner).read_at(offset, buffer),
        }
    }
}

impl Drop for Stash {
    fn drop(&mut self) {
        if matches!(self.held, Held::File { .. }) {
            // Swept at the next start if it cannot be removed now.
            let _ = self.disk.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;

    /// Never the same octet twice in a row.
    struct Numbers(std::sync::atomic::AtomicU8);

    impl Entropy for Numbers {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn large_messages_go_through_a_file_that_does_not_stay() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let room = Path::new("/data/tmp");
        for size in [0, 10, MEMORY_MAX, MEMORY_MAX + 1, 3 * MEMORY_MAX] {
            let octets: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let mut stash = Stash::new(disk.clone(), room, &Numbers(0.into()));
            for piece in octets.chunks(100_000) {
                stash.write(piece).unwrap();
            }
            let content = stash.finish().unwrap();
            let mut read = vec![0; size + 1];
            let mut count = 0;
            while let more @ 1.. = content.read_at(count as u64, &mut read[count..]).unwrap() {
                count += more;
            }
            assert!(count == size && content.size() == size as u64 && read[..count] == octets[..], "{size}");
            drop(content);
            assert!(disk.read_dir(room).map_or(true, |entries| entries.is_empty()), "{size}");
        }
    }

    #[test]
    fn the_last_of_the_room_is_not_for_messages() {
        let disk = MemoryDisk::new();
        disk.limit(4 * 1024 * 1024 + 500_000);
        let mut stash = Stash::new(Arc::new(disk.clone()), Path::new("/data/tmp"), &Numbers(0.into()));
        stash.write(&vec![0; 400_000]).unwrap();
        let error = stash.write(&vec![0; 400_000]).unwrap_err();
        assert!(crate::store::is_disk_full(&error), "{error}");
    }

    #[test]
    fn what_a_crash_leaves_is_swept() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let room = Path::new("/data/tmp");
        let mut stash = Stash::new(disk.clone(), room, &Numbers(0.into()));
        stash.write(&vec![0; MEMORY_MAX + 1]).unwrap();
        std::mem::forget(stash);
        assert_eq!(disk.read_dir(room).unwrap().len(), 1);
        Stash::sweep(&*disk, room).unwrap();
        assert!(disk.read_dir(room).unwrap().is_empty());
    }
}
