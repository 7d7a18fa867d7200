//! A place for mailboxes: in memory, or in a directory that goes away with the test.

use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::imap::number::Uid;
use mailkit::net::clock::FastClock;
use mailkit::net::entropy::SeededEntropy;
use mailkit::store::IndexAt;
use mailkit::store::account::{Account, Delivery};
use mailkit::store::disk::RealDisk;
use mailkit::store::mailstore::Mailstore;
use mailkit::store::memory::MemoryDisk;
use mailkit::world::{Disk, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Home {
    memory: MemoryDisk,
    directory: Option<Arc<tempfile::TempDir>>,
    clock: Arc<FastClock>,
}

impl Home {
    pub(crate) fn memory() -> Self {
        Self { memory: MemoryDisk::new(), directory: None, clock: clock() }
    }

    pub(crate) fn real() -> Self {
        let directory = Some(Arc::new(fast_directory()));
        Self { memory: MemoryDisk::new(), directory, clock: clock() }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.as_ref().map_or(PathBuf::from("/mail"), |directory| directory.path().to_owned())
    }

    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        match self.directory {
            Some(_) => Arc::new(RealDisk),
            None => Arc::new(self.memory.clone()),
        }
    }

    pub(crate) fn memory_disk(&self) -> &MemoryDisk {
        &self.memory
    }

    pub(crate) fn store(&self) -> Mailstore {
        let index_at = if self.directory.is_some() { IndexAt::File } else { IndexAt::Memory };
        Mailstore::open(self.disk(), self.clock.clone(), Arc::new(SeededEntropy::new(7)), self.root(), index_at)
    }

    pub(crate) async fn account(&self, user: &str) -> Account {
        self.store().account(user).await.unwrap()
    }

    /// What a new process finds.
    pub(crate) fn restarted(&self) -> Self {
        self.turn(5);
        Self { memory: self.memory.killed(), directory: self.directory.clone(), clock: self.clock.clone() }
    }

    pub(crate) fn turn(&self, seconds: u64) {
        self.clock.turn(Duration::from_secs(seconds));
    }

    /// The names in a directory, in order.
    pub(crate) fn names(&self, below_root: &str) -> Vec<String> {
        let entries = self.disk().read_dir(&self.root().join(Path::new(below_root))).unwrap();
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// In memory where the system has such a place: syncs are counted elsewhere.
pub(crate) fn fast_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn clock() -> Arc<FastClock> {
    Arc::new(FastClock::new(Timestamp::now(), 1))
}

pub(crate) fn delivery(key: &str, content: &str) -> Delivery {
    Delivery {
        key: key.to_owned(),
        flags: Flags::new(),
        arrived: Timestamp::from_second(1_600_000_000).unwrap(),
        content: Arc::new(content.as_bytes().to_vec()),
    }
}

pub(crate) fn flags(system: &[SystemFlag], keywords: &[&str]) -> Flags {
    let bits = system.iter().fold(0, |bits, flag| bits | *flag as u8);
    Flags::from_parts(bits, keywords.iter().map(|keyword| (*keyword).to_owned()))
}

pub(crate) fn one<T>(mut all: Vec<T>) -> T {
    assert_eq!(all.len(), 1);
    all.pop().unwrap()
}

/// A message of at least so many octets.
pub(crate) fn wire(len: usize) -> String {
    (0..)
        .map(|line| format!("This is line {line}.\r\n"))
        .scan(0, |sum, line| {
            let before = *sum;
            *sum += line.len();
            (before < len).then_some(line)
        })
        .collect()
}

pub(crate) fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

pub(crate) async fn uids(account: &Account, name: &str) -> Vec<u32> {
    account.snapshot(name).await.unwrap().rows.iter().map(|row| row.uid.get()).collect()
}

pub(crate) async fn whole(account: &Account, name: &str, uid: Uid) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let piece = account.read(name, uid, octets.len() as u64, 7).await.unwrap();
        if piece.is_empty() {
            return octets;
        }
        octets.extend(piece);
    }
}
