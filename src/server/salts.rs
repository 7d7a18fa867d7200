//! The secret from which the salts of users follow who do not exist, so that nobody can tell them from others.
//!
//! Made on first start and kept: a salt that changed with a restart would give its user away. Worth nothing to anybody
//! else. RFC 5802 §9.

use crate::error::{Error, Result};
use crate::world::{Disk, Entropy};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Octets of it.
const LEN: usize = 32;

/// The secret kept in `data`, or a new one.
pub(super) fn secret(disk: &dyn Disk, data: &Path, entropy: &dyn Entropy) -> Result<Arc<[u8]>> {
    let path = data.join("salts");
    match read(disk, &path) {
        Ok(secret) => return Ok(secret.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::file("cannot read", &path, error));
        }
        Err(_) => {}
    }
    let mut made = [0; LEN];
    entropy.fill(&mut made);
    let write = || {
        let draft = path.with_extension("tmp");
        match disk.remove(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = disk.create(&draft)?;
        file.append(&made)?;
        file.sync()?;
        disk.rename(&draft, &path)?;
        disk.sync_dir(data)
    };
    write().map_err(|error| Error::file("cannot write", &path, error))?;
    Ok(made.into())
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<[u8; LEN]> {
    let file = disk.open(path)?;
    let mut octets = [0; LEN];
    let mut filled = 0;
    while filled < LEN {
        match file.read_at(filled as u64, &mut octets[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::entropy::SystemEntropy;
    use crate::store::memory::MemoryDisk;

    #[test]
    fn a_secret_is_made_once() {
        let disk = MemoryDisk::new();
        let data = Path::new("/data");
        disk.create_dir(data).expect("made");
        let first = secret(&disk, data, &SystemEntropy).expect("made");
        assert_eq!(secret(&disk, data, &SystemEntropy).expect("kept"), first);
        assert_ne!(*first, [0; LEN]);
    }
}
