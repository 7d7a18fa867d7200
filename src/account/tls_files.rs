//! TLS as arguments and configuration files name it: fingerprints, and paths still unread.
//!
//! What the command line says goes before what an account says, whom to trust and who we are each as a whole: a pin
//! given for one run is not weakened by the account's authorities. RFC 7468 (PEM).

use crate::error::{Error, Kind, Result};
use crate::net::tls::{Identity, TlsOptions, Trust};
use crate::wire::secured::Fingerprint;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The authorities of a whole system fit in half of it.
const FILE_MAX: u64 = 1024 * 1024;

/// What was said about TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFiles {
    /// The only certificates, or keys, that are accepted.
    pub pins: Vec<Fingerprint>,
    /// The only authorities that are trusted.
    pub ca: Option<PathBuf>,
    /// Our certificate, with those that vouch for it behind it.
    pub cert: Option<PathBuf>,
    /// Its key; in the same file if not given.
    pub key: Option<PathBuf>,
    /// The name that the server's certificate must carry, if not the one that is dialled.
    pub name: Option<String>,
}

impl TlsFiles {
    /// This, and `below` where this says nothing.
    #[must_use]
    pub fn over(self, below: &Self) -> Self {
        let trust = if self.pins.is_empty() && self.ca.is_none() { below } else { &self };
        let identity = if self.cert.is_none() { below } else { &self };
        Self {
            pins: trust.pins.clone(),
            ca: trust.ca.clone(),
            cert: identity.cert.clone(),
            key: identity.key.clone(),
            name: self.name.clone().or_else(|| below.name.clone()),
        }
    }

    /// Reads the files.
    pub fn read(&self) -> Result<TlsOptions> {
        let trust = match (&self.ca, self.pins.is_empty()) {
            (Some(_), false) => {
                return Err(Error::new(
                    Kind::Config,
                    "a pinned certificate and a file of authorities exclude each other",
                )
                .hint("a pin accepts that certificate alone, whoever signed it: leave the other out"));
            }
            (None, false) => Trust::Pinned(self.pins.clone()),
            (Some(path), true) => Trust::Authorities(read(path, |_| Ok(()))?.into_bytes()),
            (None, true) => Trust::System,
        };
        let identity = match (&self.cert, &self.key) {
            (Some(cert), key) => {
                let key = key.as_ref().unwrap_or(cert);
                let identity =
                    Identity { certificates: read(cert, |_| Ok(()))?, key: read(key, |about| is_private(key, about))? };
                Some(Arc::new(identity))
            }
            (None, Some(key)) => {
                return Err(Error::new(Kind::Config, format!("the key {} has no certificate", key.display())));
            }
            (None, None) => None,
        };
        Ok(TlsOptions { trust, identity, name: self.name.clone(), is_question: false })
    }
}

fn read(path: &Path, check: impl FnOnce(&Metadata) -> Result<()>) -> Result<String> {
    let unreadable = |error| Error::input(path, error);
    let file = File::open(path).map_err(unreadable)?;
    check(&file.metadata().map_err(unreadable)?)?;
    let mut text = String::new();
    file.take(FILE_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(unix)]
fn is_private(path: &Path, about: &Metadata) -> Result<()> {
    // A group may read it: that is how Debian gives keys to its services.
    if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o027 == 0 {
        return Ok(());
    }
    Err(Error::new(Kind::Config, format!("others may read or change the key in {}", path.display()))
        .hint(format!("close it with: chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn is_private(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(octet: u8) -> Fingerprint {
        Fingerprint([octet; 32])
    }

    #[test]
    fn what_is_said_above_replaces_what_is_said_below_as_a_whole() {
        let below = TlsFiles {
            ca: Some("ca.pem".into()),
            cert: Some("cert.pem".into()),
            key: Some("key.pem".into()),
            name: Some("mail.example".into()),
            pins: Vec::new(),
        };
        assert_eq!(TlsFiles::default().over(&below), below);
        let pinned = TlsFiles { pins: vec![pin(1)], ..TlsFiles::default() };
        assert_eq!(pinned.over(&below), TlsFiles { pins: vec![pin(1)], ca: None, ..below.clone() });
        let other = TlsFiles { cert: Some("both.pem".into()), name: Some("mx".into()), ..TlsFiles::default() };
        let wanted = TlsFiles { cert: Some("both.pem".into()), key: None, name: Some("mx".into()), ..below.clone() };
        assert_eq!(other.over(&below), wanted);
    }

    #[test]
    fn what_does_not_go_together_or_is_open_to_others_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let identity = Identity::self_signed(&["mail.example".into()]).expect("a certificate");
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, &identity.certificates).expect("written");
        std::fs::write(&key, &identity.key).expect("written");
        let own = TlsFiles { cert: Some(cert.clone()), key: Some(key.clone()), ..TlsFiles::default() };
        let mode = |mode| {
            std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("changed");
            own.read().map(|options| options.identity.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!((mode(0o600), mode(0o640)), (Ok(true), Ok(true)));
        for open in [0o644, 0o660] {
            assert!(mode(open).is_err_and(|text| text.contains("others may read or change the key")), "{open:o}");
        }
        for (files, wanted) in [
            (TlsFiles { pins: vec![pin(1)], ca: Some(cert.clone()), ..TlsFiles::default() }, "exclude each other"),
            (TlsFiles { key: Some(key.clone()), ..TlsFiles::default() }, "has no certificate"),
            (TlsFiles { ca: Some(dir.path().join("none")), ..TlsFiles::default() }, "cannot read"),
        ] {
            let error = files.read().expect_err(wanted).to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
