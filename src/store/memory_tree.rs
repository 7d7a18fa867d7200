//! The tree of names and contents behind [`super::memory::MemoryDisk`].
//!
//! Every directory has two lists of names: the one programs see and the one that survives a power
//! cut. Between them stand the changes not yet synced, in order. A rename is one change: like the
//! file systems in use, it is there or not, and never loses the file.

use crate::world::{DiskEntry, DiskStat};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Component, Path};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk tears at.
const SECTOR: usize = 512;
const ROOT: u64 = 0;

type Names = BTreeMap<OsString, Node>;

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Node {
    /// A directory, by its number.
    Dir(u64),
    /// A file; open files hold it too.
    File(Arc<Content>),
}

/// A file's content.
pub(super) struct Content {
    inode: u64,
    /// Shared with the tree, so that the space of a file without name and reader comes back.
    used: Arc<AtomicU64>,
    inner: Mutex<Octets>,
}

/// The octets of a file, and how far they are durable.
pub(super) struct Octets {
    pub(super) octets: Vec<u8>,
    pub(super) modified: i128,
    synced: usize,
    /// Below `synced`, but a failed sync left them in doubt.
    lost: Vec<Range<usize>>,
}

struct Dir {
    seen: Names,
    durable: Names,
    modified: i128,
}

/// A change of names that is not durable yet.
#[derive(Clone)]
enum Change {
    Link { dir: u64, name: OsString, node: Node },
    Unlink { dir: u64, name: OsString, node: Node },
    Move { from: (u64, OsString), to: (u64, OsString), node: Node },
}

pub(super) struct Tree {
    dirs: HashMap<u64, Dir>,
    pending: Vec<Change>,
    next: u64,
    /// Each change has its own time, so that a changed directory always shows it.
    tick: i128,
    used: Arc<AtomicU64>,
}

impl Content {
    pub(super) fn content(&self) -> MutexGuard<'_, Octets> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy(&self, used: &Arc<AtomicU64>) -> Arc<Self> {
        let content = self.content();
        let (octets, lost) = (content.octets.clone(), content.lost.clone());
        self.with(Octets { octets, modified: content.modified, synced: content.synced, lost }, used)
    }

    /// The same file with other octets, in a tree that counts them in `used`.
    fn with(&self, octets: Octets, used: &Arc<AtomicU64>) -> Arc<Self> {
        used.fetch_add(octets.octets.len() as u64, Ordering::Relaxed);
        Arc::new(Self { inode: self.inode, used: used.clone(), inner: Mutex::new(octets) })
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        let octets = self.content().octets.len() as u64;
        self.used.fetch_sub(octets, Ordering::Relaxed);
    }
}

impl Octets {
    /// A sync that works, or one that fails. As on Linux the pages count as clean after both, and a later sync will not
    /// write them.
    pub(super) fn sync(&mut self, works: bool) {
        if !works {
            self.lost.push(self.synced..self.octets.len());
        }
        self.synced = self.octets.len();
    }

    /// What is left of it.
    fn after_power_cut(&self, chance: &mut Chance) -> Vec<u8> {
        let unsynced = self.octets.len() - self.synced;
        let kept = match chance.below(3) {
            0 => 0,
            1 => unsynced,
            _ => chance.below(unsynced + 1),
        };
        let mut octets = self.octets[..self.synced + kept].to_vec();
        let doubtful = self.lost.iter().cloned().chain(std::iter::once(self.synced..octets.len()));
        for range in doubtful {
            if chance.below(2) == 0 {
                continue;
            }
            for sector in range.clone().step_by(SECTOR) {
                if chance.below(2) == 0 {
                    octets[sector..range.end.min(sector + SECTOR)].fill(0);
                }
            }
        }
        octets
    }
}

impl Node {
    fn inode(&self) -> u64 {
        match self {
            Self::Dir(number) => *number,
            Self::File(content) => content.inode,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.inode() == other.inode()
    }
}

impl Change {
    fn touches(&self, dir: u64) -> bool {
        match self {
            Self::Link { dir: at, .. } | Self::Unlink { dir: at, .. } => *at == dir,
            Self::Move { from, to, .. } => from.0 == dir || to.0 == dir,
        }
    }

    fn with_node(&self, copy: &mut impl FnMut(&Node) -> Node) -> Self {
        match self {
            Self::Link { dir, name, node } => Self::Link { dir: *dir, name: name.clone(), node: copy(node) },
            Self::Unlink { dir, name, node } => Self::Unlink { dir: *dir, name: name.clone(), node: copy(node) },
            Self::Move { from, to, node } => Self::Move { from: from.clone(), to: to.clone(), node: copy(node) },
        }
    }

    /// Whether it gives this name to this node.
    fn gives(&self, dir: u64, name: &OsString, node: &Node) -> bool {
        match self {
            Self::Link { dir: at, name: as_name, node: to } => *at == dir && as_name == name && to.is_same(node),
            Self::Move { to, node: moved, .. } => to.0 == dir && to.1 == *name && moved.is_same(node),
            Self::Unlink { .. } => false,
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        let root = Dir { seen: Names::new(), durable: Names::new(), modified: 0 };
        Self { dirs: HashMap::from([(ROOT, root)]), pending: Vec::new(), next: ROOT + 1, tick: 0, used: Arc::default() }
    }
}

impl Tree {
    /// Octets in all files that have a name or a reader.
    pub(super) fn octets(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Node> {
        let mut node = Node::Dir(ROOT);
        for name in names(path)? {
            let Node::Dir(dir) = node else { return Err(io::ErrorKind::NotADirectory.into()) };
            node = self.dir(dir)?.seen.get(&name).cloned().ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<Arc<Content>> {
        let (dir, name) = self.place(path)?;
        if self.dir(dir)?.seen.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let modified = self.now();
        let inner = Octets { octets: Vec::new(), modified, synced: 0, lost: Vec::new() };
        let content = Arc::new(Content { inode: self.next, used: self.used.clone(), inner: Mutex::new(inner) });
        self.next += 1;
        self.link(dir, name, Node::File(content.clone()))?;
        Ok(content)
    }

    /// Makes what is missing, and its names durable.
    pub(super) fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        let mut at = ROOT;
        for name in names(path)? {
            at = match self.dir(at)?.seen.get(&name) {
                Some(Node::Dir(dir)) => *dir,
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    let (number, modified) = (self.next, self.now());
                    self.next += 1;
                    self.dirs.insert(number, Dir { seen: Names::new(), durable: Names::new(), modified });
                    self.link(at, name, Node::Dir(number))?;
                    self.make_durable(at);
                    number
                }
            };
        }
        Ok(())
    }

    pub(super) fn append(&mut self, content: &Content, octets: &[u8]) {
        let now = self.now();
        let mut inner = content.content();
        inner.octets.extend_from_slice(octets);
        inner.modified = now;
        self.used.fetch_add(octets.len() as u64, Ordering::Relaxed);
    }

    pub(super) fn read_dir(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        let Node::Dir(dir) = self.find(path)? else { return Err(io::ErrorKind::NotADirectory.into()) };
        Ok(self.dir(dir)?.seen.iter().map(entry).collect())
    }

    /// The same with inodes.
    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<(DiskEntry, u64)>> {
        let Node::Dir(dir) = self.find(path)? else { return Err(io::ErrorKind::NotADirectory.into()) };
        Ok(self.dir(dir)?.seen.iter().map(|named| (entry(named), named.1.inode())).collect())
    }

    /// All files that have a name.
    pub(super) fn each_file(&self, each: impl Fn(&mut Octets)) {
        let nodes = self.dirs.values().flat_map(|dir| dir.seen.values());
        let files = nodes.filter_map(|node| if let Node::File(file) = node { Some(file) } else { None });
        files.for_each(|file| each(&mut file.content()));
    }

    pub(super) fn stat(&self, path: &Path) -> io::Result<DiskStat> {
        match self.find(path)? {
            Node::Dir(inode) => {
                Ok(DiskStat { size: 0, modified: self.dir(inode)?.modified, is_dir: true, inode, device: 1 })
            }
            Node::File(file) => {
                let content = file.content();
                let size = content.octets.len() as u64;
                Ok(DiskStat { size, modified: content.modified, is_dir: false, inode: file.inode, device: 1 })
            }
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.place(from)?, self.place(to)?);
        let node = self.dir(from.0)?.seen.get(&from.1).cloned().ok_or(io::ErrorKind::NotFound)?;
        match self.dir(to.0)?.seen.get(&to.1) {
            Some(Node::Dir(_)) => return Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Some(there) if there.is_same(&node) => return Ok(()),
            _ => {}
        }
        let now = self.now();
        for (dir, name, gives) in [(from.0, &from.1, None), (to.0, &to.1, Some(node.clone()))] {
            let dir = self.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
            match gives {
                Some(node) => dir.seen.insert(name.clone(), node),
                None => dir.seen.remove(name),
            };
            dir.modified = now;
        }
        self.pending.push(Change::Move { from, to, node });
        Ok(())
    }

    /// A second name for a file.
    pub(super) fn add_name(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node @ Node::File(_) = self.find(from)? else { return Err(io::ErrorKind::PermissionDenied.into()) };
        let (dir, name) = self.place(to)?;
        if self.dir(dir)?.seen.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.link(dir, name, node)
    }

    pub(super) fn remove(&mut self, path: &Path, wants_dir: bool) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        let node = self.dir(dir)?.seen.get(&name).cloned().ok_or(io::ErrorKind::NotFound)?;
        match &node {
            Node::Dir(_) if !wants_dir => return Err(io::ErrorKind::IsADirectory.into()),
            Node::File(_) if wants_dir => return Err(io::ErrorKind::NotADirectory.into()),
            Node::Dir(number) if !self.dir(*number)?.seen.is_empty() => {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
            _ => {}
        }
        let modified = self.now();
        let parent = self.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
        parent.seen.remove(&name);
        parent.modified = modified;
        self.pending.push(Change::Unlink { dir, name, node });
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let Node::Dir(dir) = self.find(path)? else { return Err(io::ErrorKind::NotADirectory.into()) };
        self.make_durable(dir);
        Ok(())
    }

    /// The same tree, sharing nothing; what is not durable here is not durable there.
    pub(super) fn copy(&self) -> Self {
        let mut tree = Self { next: self.next, tick: self.tick, ..Self::default() };
        let mut copies = HashMap::new();
        let used = tree.used.clone();
        let mut copy = |node: &Node| match node {
            Node::Dir(number) => Node::Dir(*number),
            Node::File(file) => Node::File(copies.entry(file.inode).or_insert_with(|| file.copy(&used)).clone()),
        };
        for (number, dir) in &self.dirs {
            let mut names = |list: &Names| list.iter().map(|(name, node)| (name.clone(), copy(node))).collect();
            let dir = Dir { seen: names(&dir.seen), durable: names(&dir.durable), modified: dir.modified };
            tree.dirs.insert(*number, dir);
        }
        tree.pending = self.pending.iter().map(|change| change.with_node(&mut copy)).collect();
        tree
    }

    pub(super) fn after_power_cut(&self, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut left = Self { next: self.next, tick: self.tick, ..Self::default() };
        for (number, dir) in &self.dirs {
            let durable = Dir { seen: Names::new(), durable: dir.durable.clone(), modified: dir.modified };
            left.dirs.insert(*number, durable);
        }
        left.pending = self.pending.clone();
        while !left.pending.is_empty() {
            match chance.below(2) {
                0 => left.apply_pending(0),
                _ => drop(left.pending.remove(0)),
            }
        }
        left.only_durable(&mut chance)
    }

    /// The tree of what is durable here, with what the chance leaves of the contents.
    fn only_durable(&self, chance: &mut Chance) -> Self {
        let mut tree = Self { next: self.next, tick: self.tick, ..Self::default() };
        let mut copies: HashMap<u64, Arc<Content>> = HashMap::new();
        let mut waiting = vec![ROOT];
        while let Some(number) = waiting.pop() {
            let Some(dir) = self.dirs.get(&number) else { continue };
            let mut names = Names::new();
            for (name, node) in &dir.durable {
                let node = match node {
                    Node::Dir(inner) => {
                        waiting.push(*inner);
                        Node::Dir(*inner)
                    }
                    Node::File(file) => {
                        let copy = copies.entry(file.inode).or_insert_with(|| {
                            let content = file.content();
                            let octets = content.after_power_cut(chance);
                            let (synced, modified) = (octets.len(), content.modified);
                            file.with(Octets { octets, modified, synced, lost: Vec::new() }, &tree.used)
                        });
                        Node::File(copy.clone())
                    }
                };
                names.insert(name.clone(), node);
            }
            let copy = Dir { seen: names.clone(), durable: names, modified: dir.modified };
            tree.dirs.insert(number, copy);
        }
        tree
    }

    fn link(&mut self, dir: u64, name: OsString, node: Node) -> io::Result<()> {
        let modified = self.now();
        let parent = self.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
        parent.seen.insert(name.clone(), node.clone());
        parent.modified = modified;
        self.pending.push(Change::Link { dir, name, node });
        Ok(())
    }

    fn make_durable(&mut self, dir: u64) {
        while let Some(at) = self.pending.iter().position(|change| change.touches(dir)) {
            self.apply_pending(at);
        }
    }

    /// Makes one change durable. A name that is given up again takes with it what would have given it.
    fn apply_pending(&mut self, at: usize) {
        let change = self.pending.remove(at);
        let (gone, given) = match change {
            Change::Link { dir, name, node } => (None, Some((dir, name, node))),
            Change::Unlink { dir, name, node } => (Some((dir, name, node)), None),
            Change::Move { from, to, node } => (Some((from.0, from.1, node.clone())), Some((to.0, to.1, node))),
        };
        if let Some((dir, name, node)) = gone {
            let earlier = self.pending.iter().take(at).position(|change| change.gives(dir, &name, &node));
            if let Some(earlier) = earlier {
                self.pending.remove(earlier);
            }
            if let Some(names) = self.dirs.get_mut(&dir).map(|dir| &mut dir.durable)
                && names.get(&name).is_some_and(|there| there.is_same(&node))
            {
                names.remove(&name);
            }
        }
        if let Some((dir, name, node)) = given
            && let Some(dir) = self.dirs.get_mut(&dir)
        {
            dir.durable.insert(name, node);
        }
    }

    fn dir(&self, number: u64) -> io::Result<&Dir> {
        self.dirs.get(&number).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The directory a path lies in, and its last name.
    fn place(&self, path: &Path) -> io::Result<(u64, OsString)> {
        let mut names = names(path)?;
        let name = names.pop().ok_or(io::ErrorKind::InvalidInput)?;
        match self.find(&names.iter().collect::<std::path::PathBuf>())? {
            Node::Dir(dir) => Ok((dir, name)),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn now(&mut self) -> i128 {
        self.tick += 1000;
        self.tick
    }
}

fn entry((name, node): (&OsString, &Node)) -> DiskEntry {
    DiskEntry { name: name.clone(), is_dir: matches!(node, Node::Dir(_)) }
}

/// The names in a path; `..` is not for a disk whose callers build their own paths.
fn names(path: &Path) -> io::Result<Vec<OsString>> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(Ok(name.to_owned())),
            Component::RootDir | Component::CurDir => None,
            Component::ParentDir | Component::Prefix(_) => Some(Err(io::ErrorKind::InvalidInput.into())),
        })
        .collect()
}

/// Repeatable chance (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % limit.max(1) as u64) as usize
    }
}
