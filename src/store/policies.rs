//! Policies of other domains, kept on disk until they end: a text for each domain, with when it came and its name.
//!
//! Whoever keeps a policy from us later finds that we know it still, so it must outlive the process; it is nobody's mail,
//! and what cannot be read is asked for again. Several processes may keep policies in one place: a file is replaced as
//! a whole, and while one writes, another goes without. Knows no grammar of policies.
//! RFC 8461 §3.3, §10.2.

use crate::world::{Disk, Timestamp};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the form in which they are kept.
const VERSION: &str = "mailkit-policy/1";
/// A policy of the longest sort, and its first line.
const SIZE_MAX: u64 = 128 * 1024;

/// A policy as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What its domain calls it.
    pub id: String,
    /// When it was fetched.
    pub since: Timestamp,
    /// What it says.
    pub text: String,
}

/// Where policies are kept.
#[derive(Clone)]
pub struct PolicyStore {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl PolicyStore {
    /// In this directory, made when the first one is kept.
    pub fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> Self {
        Self { disk, dir }
    }

    /// What is kept of a domain, in A-labels.
    pub fn get(&self, domain: &str) -> Option<Kept> {
        let file = self.disk.open(&self.path(domain)?).ok()?;
        let size = usize::try_from(file.size().ok().filter(|size| *size <= SIZE_MAX)?).ok()?;
        let (mut octets, mut read) = (vec![0; size], 0);
        while read < size {
            match file.read_at(read as u64, octets.get_mut(read..)?).ok()? {
                0 => return None,
                count => read += count,
            }
        }
        Kept::parse(&String::from_utf8(octets).ok()?)
    }

    /// Keeps what a domain says now, in place of what it said before.
    pub fn put(&self, domain: &str, kept: &Kept) -> io::Result<()> {
        let path = self.path(domain).ok_or(io::ErrorKind::InvalidInput)?;
        self.disk.create_dir(&self.dir)?;
        // Whoever holds the lock is the only one to make new files, so one that is there is from a run that ended amid.
        let _lock = self.disk.lock(&self.dir.join("lock"))?;
        let new = self.dir.join("new");
        match self.disk.remove(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = self.disk.create(&new)?;
        file.append(kept.to_string().as_bytes())?;
        file.sync()?;
        drop(file);
        self.disk.rename(&new, &path)?;
        self.disk.sync_dir(&self.dir)
    }

    /// None for what is no name of a domain: it may come from anywhere, and a path is made of it.
    fn path(&self, domain: &str) -> Option<PathBuf> {
        let is_sign =
            |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, '.' | '-' | '_');
        let is_name = (1..=253).contains(&domain.len()) && domain.chars().all(is_sign) && !domain.starts_with('.');
        // A name of a lock or of a new file has no dot and no end of its own.
        is_name.then(|| self.dir.join(Path::new(&format!("{domain}.policy"))))
    }
}

impl Kept {
    fn parse(text: &str) -> Option<Self> {
        let (head, text) = text.split_once('\n')?;
        let mut words = head.split(' ');
        let (VERSION, id, since, None) = (words.next()?, words.next()?, words.next()?, words.next()) else {
            return None;
        };
        let since = Timestamp::from_second(since.parse().ok()?).ok()?;
        Some(Self { id: id.to_owned(), since, text: text.to_owned() })
    }
}

/// As it is kept.
impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{VERSION} {} {}\n{}", self.id, self.since.as_second(), self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;

    fn kept(id: &str, text: &str) -> Kept {
        Kept { id: id.into(), since: Timestamp::from_second(1_700_000_000).expect("a time"), text: text.into() }
    }

    #[test]
    fn what_is_kept_comes_back_and_is_replaced_as_a_whole() {
        let store = PolicyStore::new(Arc::new(MemoryDisk::new()), "/policies".into());
        assert_eq!(store.get("x.test"), None);
        for one in [kept("a1", "version: STSv1\nmx: a\n"), kept("b2", "")] {
            store.put("x.test", &one).expect("it is kept");
            assert_eq!(store.get("x.test"), Some(one));
        }
        assert_eq!(store.get("y.test"), None);
    }

    #[test]
    fn names_lead_nowhere_else_and_what_was_left_behind_does_no_harm() {
        let disk: Arc<MemoryDisk> = Arc::new(MemoryDisk::new());
        let store = PolicyStore::new(disk.clone(), "/policies".into());
        for name in ["", "../x", "/etc/passwd", ".x", "x/y", "X.test", "x\n", &"x".repeat(254)] {
            assert!(store.put(name, &kept("a", "")).is_err() && store.get(name).is_none(), "{name}");
        }
        disk.create_dir(Path::new("/policies")).expect("a directory");
        disk.create(Path::new("/policies/new")).expect("left behind").append(b"half").expect("room");
        let lock = disk.lock(Path::new("/policies/lock")).expect("a lock");
        assert_eq!(store.put("x.test", &kept("a", "")).map_err(|error| error.kind()), Err(io::ErrorKind::WouldBlock));
        drop(lock);
        store.put("x.test", &kept("a", "text")).expect("it is kept");
        assert_eq!(store.get("x.test"), Some(kept("a", "text")));
    }

    #[test]
    fn what_cannot_be_read_is_not_there() {
        let disk: Arc<MemoryDisk> = Arc::new(MemoryDisk::new());
        let store = PolicyStore::new(disk.clone(), "/policies".into());
        disk.create_dir(Path::new("/policies")).expect("a directory");
        let long = format!("{VERSION} a 1\n{}", "x".repeat(SIZE_MAX as usize));
        for (number, text) in [
            "",
            "x",
            "mailkit-policy/2 a 1\n",
            "mailkit-policy/1 a\n",
            "mailkit-policy/1 a x\n",
            "mailkit-policy/1 a 1 2\n",
            &long,
        ]
        .iter()
        .enumerate()
        {
            let name = format!("x{number}.test");
            let mut file = disk.create(Path::new(&format!("/policies/{name}.policy"))).expect("a file");
            file.append(text.as_bytes()).expect("room");
            assert_eq!(store.get(&name), None, "{text:.40}");
        }
    }
}
