//! Small files that are replaced as a whole: the old one or the new one is there, whatever happens.

use crate::world::{Disk, DiskFile};
use std::io;
use std::path::Path;

/// All of a note, if it was ever written. One that is longer than `max` octets is somebody else's.
pub(super) fn read(disk: &dyn Disk, path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.size()?;
    if size > max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long"));
    }
    let mut octets = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let mut at = 0;
    while at < octets.len() {
        match file.read_at(at as u64, octets.get_mut(at..).unwrap_or_default())? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => at += count,
        }
    }
    Ok(Some(octets))
}

/// Replaces a note; `draft` is a name on the same file system that is ours. When it returns, the new one survives a
/// power cut; until then the old one does.
pub(super) fn replace(disk: &dyn Disk, draft: &Path, path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = create_anew(disk, draft)?;
    file.append(octets)?;
    file.sync()?;
    disk.rename(draft, path)?;
    path.parent().map_or(Ok(()), |dir| disk.sync_dir(dir))
}

/// What a crash left under this name is ours and worth nothing.
pub(super) fn create_anew(disk: &dyn Disk, path: &Path) -> io::Result<Box<dyn DiskFile>> {
    match disk.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            disk.remove(path)?;
            disk.create(path)
        }
        created => created,
    }
}
