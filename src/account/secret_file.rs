//! A password in a file that only its owner can read: what remains on a machine without a keyring.
//!
//! Not encrypted: a key would have to lie beside it. Who wants more than the file system gives uses a program or the
//! service manager's encrypted credentials.

use super::places::state_dir;
use super::replace::put;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the password of an account is kept if it does not say where.
pub fn secret_file(account: &str) -> Result<PathBuf> {
    if account.is_empty() || account.starts_with('.') || account.contains('/') {
        return Err(Error::new(Kind::Config, format!("{account:?} can be no name of a file"))
            .hint("say where: secret = {file = \"...\"}"));
    }
    Ok(state_dir()?.join("secrets").join(account))
}

/// Writes the password, for its owner only; directories that are not there are made so too.
pub fn keep_in_file(path: &Path, secret: &Secret) -> Result<()> {
    let line = Zeroizing::new(format!("{}\n", secret.expose()));
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| Error::file("cannot create", dir, error))?;
    }
    put(path, line.as_bytes(), 0o600)
}

/// Removes the file; says whether there was one.
pub fn forget_file(path: &Path) -> Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file("cannot remove", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_in_a_file_is_for_its_owner_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secrets/work");
        for password in ["hunter2", "hunter3"] {
            keep_in_file(&path, &Secret::new(password.into())).expect("kept");
            assert_eq!(std::fs::read_to_string(&path).expect("there"), format!("{password}\n"));
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        let about = std::fs::metadata(dir.path().join("secrets")).expect("there");
        assert_eq!(about.permissions().mode() & 0o777, 0o700);
        assert!(forget_file(&path).expect("removed") && !forget_file(&path).expect("gone"));
        assert!(secret_file("../x").is_err() && secret_file(".").is_err() && secret_file("").is_err());
    }
}
