//! The real file system as a [`Disk`].
//!
//! Files are private (0600, directories 0700), never opened through a symbolic link at their end and
//! never inherited by child processes. Names become durable with `sync_dir`, contents with `sync`;
//! nothing here does either by itself, except for the directories it makes. Knows nothing of mail.

use crate::world::{Disk, DiskEntry, DiskFile, DiskName, DiskStat, Timestamp};
use rustix::fs::{FlockOperation, OFlags, flock, statvfs};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

/// An open file, and where its next octets go.
struct RealFile {
    file: File,
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = options().read(true).append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(RealFile { file }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = options().read(true).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an ordinary file"));
        }
        Ok(Box::new(RealFile { file }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).ok_or(error)?;
                self.create_dir(parent)?;
                match DirBuilder::new().mode(0o700).create(path) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
            }
            Err(error) => return Err(error),
        }
        self.sync_dir(parent_of(path))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        fs::read_dir(path)?
            .map(|entry| {
                let entry = entry?;
                Ok(DiskEntry { name: entry.file_name(), is_dir: entry.file_type()?.is_dir() })
            })
            .collect()
    }

    fn each_name(&self, path: &Path, each: &mut dyn FnMut(DiskName<'_>) -> io::Result<()>) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let (name, inode) = (entry.file_name(), entry.ino());
            each(DiskName { name: &name, is_dir: entry.file_type()?.is_dir(), inode })?;
        }
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<DiskStat> {
        let found = fs::symlink_metadata(path)?;
        Ok(DiskStat {
            size: found.size(),
            modified: i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec()),
            is_dir: found.is_dir(),
            inode: found.ino(),
            device: found.dev(),
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_contents(&self, path: &Path) -> io::Result<bool> {
        whole::sync_contents(path)
    }

    fn free_space(&self, path: &Path) -> io::Result<u64> {
        let found = statvfs(path)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let file = options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(file))
    }
}

impl DiskFile for RealFile {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all(octets)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size())
    }

    fn sync(&mut self) -> io::Result<()> {
        // fdatasync also makes a new length durable; only times may stay behind.
        self.file.sync_data()
    }

    fn set_modified(&mut self, when: Timestamp) -> io::Result<()> {
        self.file.set_modified(when.into())
    }
}

/// A whole file system at once.
#[cfg(target_os = "linux")]
mod whole {
    use rustix::fs::{fstatfs, syncfs};
    use std::fs::File;
    use std::io;
    use std::path::Path;

    /// ext2, ext3 and ext4 (statfs(2)). There one commit of the journal makes everything durable, and the sync of one
    /// file waits for the others anyway; elsewhere it need not, or, as with FUSE, nobody further down hears of it.
    const EXT: u64 = 0xef53;

    pub(super) fn sync_contents(path: &Path) -> io::Result<bool> {
        let dir = File::open(path)?;
        if fstatfs(&dir)?.f_type as u64 != EXT || !tells_failures() {
            return Ok(false);
        }
        syncfs(&dir)?;
        Ok(true)
    }

    /// Before Linux 5.8 syncfs(2) did not say when writing failed.
    fn tells_failures() -> bool {
        let system = rustix::system::uname();
        let release = system.release().to_string_lossy().into_owned();
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
        (numbers.next(), numbers.next()) >= (Some(5), Some(8))
    }
}

#[cfg(not(target_os = "linux"))]
mod whole {
    pub(super) fn sync_contents(_path: &std::path::Path) -> std::io::Result<bool> {
        Ok(false)
    }
}

/// Close-on-exec is the standard library's own doing; a FIFO in our place must not hang us.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    options
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_and_directories_are_private_and_names_are_taken_once() {
        let home = tempfile::tempdir().unwrap();
        let (dir, file) = (home.path().join("a/b"), home.path().join("a/b/f"));
        RealDisk.create_dir(&dir).unwrap();
        RealDisk.create_dir(&dir).unwrap();
        let mut made = RealDisk.create(&file).unwrap();
        made.append(b"12").unwrap();
        made.append(b"345").unwrap();
        made.sync().unwrap();
        made.set_modified(Timestamp::from_second(1_000_000_000).unwrap()).unwrap();
        RealDisk.sync_dir(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&file)), (0o700, 0o600));
        assert_eq!(RealDisk.create(&file).err().map(|e| e.kind()), Some(io::ErrorKind::AlreadyExists));
        let stat = RealDisk.stat(&file).unwrap();
        assert_eq!((stat.size, stat.modified, stat.is_dir), (5, 1_000_000_000_000_000_000, false));
        let mut buffer = [0; 8];
        assert_eq!(RealDisk.open(&file).unwrap().read_at(2, &mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"345");
        assert!(RealDisk.free_space(home.path()).unwrap() > 0);
    }

    #[test]
    fn a_symbolic_link_is_neither_followed_nor_read() {
        let home = tempfile::tempdir().unwrap();
        let (target, link) = (home.path().join("target"), home.path().join("link"));
        fs::write(&target, "secret").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(RealDisk.open(&link).is_err() && RealDisk.create(&link).is_err() && RealDisk.lock(&link).is_err());
        assert!(RealDisk.open(home.path()).is_err(), "a directory is no file");
    }

    #[test]
    fn names_are_told_one_by_one_with_what_stat_says_of_them() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        RealDisk.create_dir(&path("d")).unwrap();
        RealDisk.create(&path("f")).unwrap();
        RealDisk.link(&path("f"), &path("g")).unwrap();
        assert_eq!(RealDisk.link(&path("f"), &path("d")).err().map(|e| e.kind()), Some(io::ErrorKind::AlreadyExists));
        let mut found = Vec::new();
        let mut each = |one: DiskName<'_>| {
            found.push((one.name.to_owned(), one.is_dir, one.inode));
            Ok(())
        };
        RealDisk.each_name(home.path(), &mut each).unwrap();
        found.sort();
        let inode = |name: &str| RealDisk.stat(&path(name)).unwrap().inode;
        let wanted = [("d", true, inode("d")), ("f", false, inode("f")), ("g", false, inode("f"))];
        assert_eq!(found, wanted.map(|(name, is_dir, inode)| (name.into(), is_dir, inode)));
        assert_eq!(RealDisk.stat(&path("d")).unwrap().device, RealDisk.stat(&path("f")).unwrap().device);
        let stopped = RealDisk.each_name(home.path(), &mut |_| Err(io::ErrorKind::Interrupted.into()));
        assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(RealDisk.sync_contents(home.path()).is_ok() && RealDisk.sync_contents(&path("x")).is_err());
    }

    #[test]
    fn a_lock_has_one_holder_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let held = RealDisk.lock(&path).unwrap();
        assert_eq!(RealDisk.lock(&path).err().map(|e| e.kind()), Some(io::ErrorKind::WouldBlock));
        drop(held);
        assert!(RealDisk.lock(&path).is_ok());
    }
}
