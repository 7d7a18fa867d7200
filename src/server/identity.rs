//! The server's certificate: made on first start when none is given, and kept.
//!
//! It vouches for itself, so clients must be told to trust it; it is meant for development and loopback.

use crate::error::{Error, Result};
use crate::net::tls::Identity;
use crate::world::{Disk, DiskFile};
use std::io;
use std::path::Path;

/// A certificate and key are a few kilobytes; anything larger is a mistake.
const PEM_MAX: u64 = 1024 * 1024;

/// The identity kept in `data`, or a new one for these names.
pub fn identity(disk: &dyn Disk, data: &Path, names: &[String]) -> Result<Identity> {
    let directory = data.join("tls");
    let (certificate, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    match (read(disk, &certificate), read(disk, &key)) {
        (Ok(certificates), Ok(key)) => Ok(Identity { certificates, key }),
        (Err(error), _) | (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::file("cannot read the certificate in", &directory, error))
        }
        _ => {
            let made = Identity::self_signed(names)?;
            let write = || {
                disk.create_dir(&directory)?;
                // The key first, and each by a rename: what is found after a power cut is whole, and a certificate
                // is never found beside another one's key.
                for (path, text) in [(&key, &made.key), (&certificate, &made.certificates)] {
                    let draft = path.with_extension("tmp");
                    match disk.remove(&draft) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                    let mut file = disk.create(&draft)?;
                    file.append(text.as_bytes())?;
                    file.sync()?;
                    disk.rename(&draft, path)?;
                    disk.sync_dir(&directory)?;
                }
                Ok(())
            };
            write().map_err(|error| Error::file("cannot write the certificate to", &directory, error))?;
            Ok(made)
        }
    }
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<String> {
    let file: Box<dyn DiskFile> = disk.open(path)?;
    let mut octets = vec![0; usize::try_from(file.size()?.min(PEM_MAX)).unwrap_or(0)];
    let mut offset = 0;
    while offset < octets.len() {
        match file.read_at(offset as u64, &mut octets[offset..])? {
            0 => break,
            count => offset += count,
        }
    }
    octets.truncate(offset);
    String::from_utf8(octets).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::ServerTls;
    use crate::store::memory::{Fault, MemoryDisk};

    #[test]
    fn a_power_cut_while_it_is_made_leaves_none_or_one_that_works() {
        let names = ["localhost".to_owned()];
        let mut at = 0;
        loop {
            let disk = MemoryDisk::new();
            disk.fail_from(at, Fault::Broken);
            let made = identity(&disk, Path::new("/data"), &names);
            for seed in 0..10 {
                let left = disk.power_cut(seed);
                let found = identity(&left, Path::new("/data"), &names).unwrap();
                assert!(ServerTls::new(&found).is_ok(), "operation {at}, seed {seed}");
                if let Ok(made) = &made {
                    assert_eq!(found.certificates, made.certificates);
                }
                let again = identity(&left.power_cut(seed), Path::new("/data"), &names).unwrap();
                assert_eq!(again.certificates, found.certificates);
            }
            if made.is_ok() {
                return;
            }
            at += 1;
        }
    }
}
