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
                // The key first: a certificate without its key would be kept and never work.
                for (path, text) in [(&key, &made.key), (&certificate, &made.certificates)] {
                    match disk.remove(path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                    let mut file = disk.create(path)?;
                    file.append(text.as_bytes())?;
                    file.sync()?;
                }
                disk.sync_dir(&directory)
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
