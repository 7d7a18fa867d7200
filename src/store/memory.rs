//! A disk in memory that can break: the twin of the real one for tests, simulation and the demo.
//!
//! It keeps apart what a power cut leaves and what it may take: file contents up to their last sync,
//! names up to the last sync of their directory. [`MemoryDisk::power_cut`] gives the disk that a
//! restarted machine would find. Any operation can be made to fail, and every operation is counted,
//! so that a test can break each one in turn. Knows nothing of mail.

use super::memory_tree::{Content, Node, Tree};
use crate::world::{Disk, DiskEntry, DiskFile, DiskName, DiskStat, Timestamp};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A file system in memory; clones share it.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
    gate: Arc<Gate>,
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// ENOSPC, for what needs room: writing and creating. Half of a write gets through.
    Full,
    /// EIO, for everything. Half of a write gets through; a sync loses what it should have made durable.
    Broken,
}

/// How often what was done, since the disk was made or [`MemoryDisk::reset_counts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All operations that change something; the number that [`MemoryDisk::fail_at`] refers to.
    pub operations: u64,
    /// Appends.
    pub writes: u64,
    /// Syncs of files.
    pub syncs: u64,
    /// Syncs of directories.
    pub dir_syncs: u64,
}

#[derive(Default)]
struct State {
    tree: Tree,
    locks: HashSet<PathBuf>,
    counts: Counts,
    plan: Option<Plan>,
    capacity: Option<u64>,
    one_by_one: bool,
}

#[derive(Clone, Copy)]
struct Plan {
    at: u64,
    fault: Fault,
    lasting: bool,
}

/// Syncs wait here while a test holds them.
#[derive(Default)]
struct Gate {
    held: Mutex<bool>,
    open: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Write,
    Create,
    Sync,
    SyncDir,
    Other,
}

impl MemoryDisk {
    /// An empty disk without limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one operation fail: the `at`-th from the last [`MemoryDisk::reset_counts`], from 0.
    pub fn fail_at(&self, at: u64, fault: Fault) {
        self.state().plan = Some(Plan { at, fault, lasting: false });
    }

    /// Lets all operations from the `at`-th on fail, until [`MemoryDisk::heal`].
    pub fn fail_from(&self, at: u64, fault: Fault) {
        self.state().plan = Some(Plan { at, fault, lasting: true });
    }

    /// Ends all faults and limits.
    pub fn heal(&self) {
        let mut state = self.state();
        state.plan = None;
        state.capacity = None;
    }

    /// Limits the octets that file contents may take together.
    pub fn limit(&self, octets: u64) {
        self.state().capacity = Some(octets);
    }

    /// From now on files can be synced one by one only, as on most file systems.
    pub fn sync_one_by_one(&self) {
        self.state().one_by_one = true;
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Counts from zero again.
    pub fn reset_counts(&self) {
        self.state().counts = Counts::default();
    }

    /// While held, every sync of a file waits: the slow disk that others must not wait for.
    pub fn hold_syncs(&self, held: bool) {
        *self.gate.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
        self.gate.open.notify_all();
    }

    /// The disk as a machine finds it after the power went off now. Durable is there; each change of a name that
    /// was not synced is there or not; octets that were not synced are there, cut off, or overwritten with zeros.
    /// Which of these, the seed decides. Locks are free. This disk goes on as if nothing had happened.
    pub fn power_cut(&self, seed: u64) -> Self {
        let tree = self.state().tree.after_power_cut(seed);
        Self { state: Arc::new(Mutex::new(State { tree, ..State::default() })), gate: Arc::default() }
    }

    /// The disk as a new process finds it after this one was killed: everything written is there, locks are free.
    pub fn killed(&self) -> Self {
        let tree = self.state().tree.copy();
        Self { state: Arc::new(Mutex::new(State { tree, ..State::default() })), gate: Arc::default() }
    }

    /// Turns bits of one octet of a file over, durably: a disk that forgets.
    pub fn corrupt(&self, path: &Path, offset: u64, bits: u8) -> io::Result<()> {
        let state = self.state();
        let Node::File(file) = state.tree.find(path)? else { return Err(io::ErrorKind::IsADirectory.into()) };
        let mut content = file.content();
        match usize::try_from(offset).ok().and_then(|at| content.octets.get_mut(at)) {
            Some(octet) => {
                *octet ^= bits;
                Ok(())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a tree that is still a tree.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_at_gate(&self) {
        let mut held = self.gate.held.lock().unwrap_or_else(PoisonError::into_inner);
        while *held {
            held = self.gate.open.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// Counts the operation and says how it fails, if it does.
    fn step(&mut self, operation: Operation) -> Result<(), Fault> {
        let now = self.counts.operations;
        self.counts.operations += 1;
        match operation {
            Operation::Write => self.counts.writes += 1,
            Operation::Sync => self.counts.syncs += 1,
            Operation::SyncDir => self.counts.dir_syncs += 1,
            Operation::Create | Operation::Other => {}
        }
        let needs_room = matches!(operation, Operation::Write | Operation::Create);
        match self.plan {
            Some(plan)
                if (now == plan.at || plan.lasting && now > plan.at) && (needs_room || plan.fault == Fault::Broken) =>
            {
                Err(plan.fault)
            }
            _ => Ok(()),
        }
    }

    fn room(&self) -> u64 {
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(self.tree.octets()))
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error()),
            Fault::Broken => Self::from_raw_os_error(rustix::io::Errno::IO.raw_os_error()),
        }
    }
}

/// An open file; stays readable after its name is gone.
struct MemoryFile {
    disk: MemoryDisk,
    content: Arc<Content>,
}

/// Frees the lock when dropped.
struct MemoryLock {
    disk: MemoryDisk,
    path: PathBuf,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

impl Disk for MemoryDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.step(Operation::Create)?;
        let content = state.tree.create(path)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), content }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        match self.state().tree.find(path)? {
            Node::File(content) => Ok(Box::new(MemoryFile { disk: self.clone(), content })),
            Node::Dir(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if matches!(state.tree.find(path), Ok(Node::Dir(_))) {
            return Ok(());
        }
        state.step(Operation::Create)?;
        state.tree.create_dir(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        self.state().tree.read_dir(path)
    }

    fn each_name(&self, path: &Path, each: &mut dyn FnMut(DiskName<'_>) -> io::Result<()>) -> io::Result<()> {
        // Of a moment: whoever is called may use the disk.
        let names = self.state().tree.names(path)?;
        names
            .iter()
            .try_for_each(|(DiskEntry { name, is_dir }, inode)| each(DiskName { name, is_dir: *is_dir, inode: *inode }))
    }

    fn stat(&self, path: &Path) -> io::Result<DiskStat> {
        self.state().tree.stat(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step(Operation::Other)?;
        state.tree.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step(Operation::Create)?;
        state.tree.add_name(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step(Operation::Other)?;
        state.tree.remove(path, false)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step(Operation::Other)?;
        state.tree.remove(path, true)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step(Operation::SyncDir)?;
        state.tree.sync_dir(path)
    }

    fn sync_contents(&self, _path: &Path) -> io::Result<bool> {
        self.wait_at_gate();
        let mut state = self.state();
        if state.one_by_one {
            return Ok(false);
        }
        let fault = state.step(Operation::Sync);
        state.tree.each_file(|content| content.sync(fault.is_ok()));
        fault?;
        Ok(true)
    }

    fn free_space(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.state().room())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        if !self.state().locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(MemoryLock { disk: self.clone(), path: path.to_owned() }))
    }
}

impl DiskFile for MemoryFile {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.step(Operation::Write).err();
        let fault = fault.or((state.room() < octets.len() as u64).then_some(Fault::Full));
        let (written, _) = octets.split_at(if fault.is_some() { octets.len() / 2 } else { octets.len() });
        state.tree.append(&self.content, written);
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let _state = self.disk.state();
        let content = self.content.content();
        let rest = usize::try_from(offset).ok().and_then(|at| content.octets.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn size(&self) -> io::Result<u64> {
        let _state = self.disk.state();
        Ok(self.content.content().octets.len() as u64)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.wait_at_gate();
        let mut state = self.disk.state();
        let fault = state.step(Operation::Sync);
        self.content.content().sync(fault.is_ok());
        Ok(fault?)
    }

    fn set_modified(&mut self, when: Timestamp) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step(Operation::Other)?;
        self.content.content().modified = when.as_nanosecond();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(disk: &MemoryDisk, path: &str) -> Option<Vec<u8>> {
        let file = disk.open(Path::new(path)).ok()?;
        let mut octets = vec![0; file.size().unwrap() as usize];
        file.read_at(0, &mut octets).unwrap();
        Some(octets)
    }

    fn write(disk: &MemoryDisk, path: &str, octets: &[u8], sync: bool) {
        let mut file = disk.create(Path::new(path)).unwrap();
        file.append(octets).unwrap();
        if sync {
            file.sync().unwrap();
        }
    }

    #[test]
    fn a_synced_file_without_a_synced_name_may_be_gone_and_with_one_never() {
        let disk = MemoryDisk::new();
        disk.create_dir(Path::new("/d")).unwrap();
        disk.create_dir(Path::new("/e")).unwrap();
        write(&disk, "/d/kept", b"1", true);
        disk.sync_dir(Path::new("/d")).unwrap();
        write(&disk, "/e/maybe", b"2", true);
        let found: Vec<_> = (0..50).map(|seed| disk.power_cut(seed)).collect();
        assert!(found.iter().all(|cut| read(cut, "/d/kept").as_deref() == Some(b"1")));
        let there = found.iter().filter(|cut| read(cut, "/e/maybe").is_some()).count();
        assert!((1..50).contains(&there), "{there} of 50");
        assert_eq!(read(&disk.killed(), "/e/maybe").as_deref(), Some(&b"2"[..]));
    }

    #[test]
    fn octets_that_were_not_synced_are_kept_or_torn_or_gone_but_synced_ones_stay() {
        let disk = MemoryDisk::new();
        let mut file = disk.create(Path::new("/f")).unwrap();
        file.append(b"durable").unwrap();
        file.sync().unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        file.append(&[b'x'; 2000]).unwrap();
        let found: Vec<_> = (0..100).map(|seed| read(&disk.power_cut(seed), "/f").unwrap()).collect();
        assert!(found.iter().all(|octets| octets.starts_with(b"durable")));
        let count = |holds: &dyn Fn(&[u8]) -> bool| found.iter().filter(|octets| holds(&octets[7..])).count();
        assert!(count(&|rest| rest.is_empty()) > 0 && count(&|rest| rest.len() == 2000 && !rest.contains(&0)) > 0);
        assert!(count(&|rest| !rest.is_empty() && rest.len() < 2000) > 0 && count(&|rest| rest.contains(&0)) > 0);
    }

    #[test]
    fn a_rename_is_there_or_not_but_never_loses_the_file() {
        let disk = MemoryDisk::new();
        disk.create_dir(Path::new("/tmp")).unwrap();
        disk.create_dir(Path::new("/new")).unwrap();
        write(&disk, "/tmp/a", b"1", true);
        disk.sync_dir(Path::new("/tmp")).unwrap();
        disk.rename(Path::new("/tmp/a"), Path::new("/new/b")).unwrap();
        let mut moved = 0;
        for seed in 0..50 {
            let cut = disk.power_cut(seed);
            let names = (read(&cut, "/tmp/a").is_some(), read(&cut, "/new/b").is_some());
            assert!(names.0 != names.1, "{names:?}");
            moved += u32::from(names.1);
        }
        assert!((1..50).contains(&moved));
        disk.sync_dir(Path::new("/new")).unwrap();
        assert!((0..50).all(|seed| read(&disk.power_cut(seed), "/tmp/a").is_none()));
    }

    #[test]
    fn one_sync_makes_all_contents_durable_but_no_name() {
        let disk = MemoryDisk::new();
        write(&disk, "/a", b"1", false);
        disk.sync_dir(Path::new("/")).unwrap();
        disk.link(Path::new("/a"), Path::new("/b")).unwrap();
        assert_eq!(disk.link(Path::new("/a"), Path::new("/b")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(disk.sync_contents(Path::new("/")).unwrap());
        let found: Vec<_> = (0..50).map(|seed| disk.power_cut(seed)).collect();
        assert!(found.iter().all(|cut| read(cut, "/a").as_deref() == Some(b"1")));
        let linked = found.iter().filter(|cut| read(cut, "/b").as_deref() == Some(b"1")).count();
        assert!((1..50).contains(&linked), "{linked} of 50");
        disk.sync_one_by_one();
        assert!(!disk.sync_contents(Path::new("/")).unwrap());
    }

    #[test]
    fn what_a_failed_sync_should_have_written_is_not_saved_by_the_next() {
        let disk = MemoryDisk::new();
        let mut file = disk.create(Path::new("/f")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        file.append(b"lost").unwrap();
        disk.reset_counts();
        disk.fail_at(0, Fault::Broken);
        assert!(file.sync().is_err());
        file.append(b"later").unwrap();
        file.sync().unwrap();
        assert!((0..20).any(|seed| read(&disk.power_cut(seed), "/f").as_deref() != Some(&b"lostlater"[..])));
        assert_eq!(disk.counts(), Counts { operations: 3, writes: 1, syncs: 2, dir_syncs: 0 });
    }

    #[test]
    fn a_full_disk_fails_writes_until_room_comes_back() {
        let disk = MemoryDisk::new();
        disk.limit(10);
        let mut file = disk.create(Path::new("/f")).unwrap();
        file.append(b"12345678").unwrap();
        assert_eq!(disk.free_space(Path::new("/")).unwrap(), 2);
        assert_eq!(file.append(b"abcd").unwrap_err().kind(), io::ErrorKind::StorageFull);
        disk.heal();
        file.append(b"abcd").unwrap();
    }
}
