//! Where an account's tokens are kept: in the keyring, or in a file that nobody else may read.
//!
//! The keyring is taken where one answers and the tokens fit; the file, mode 0600, everywhere else. The file is not
//! encrypted: its key would have to lie beside it, and would protect from nobody who can read the file. Tokens go
//! back to where they came from. Knows nothing of what they say.

use super::file::read_text;
use super::places::state_dir;
use super::replace::put;
use super::wallet::{self, Trouble};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The service name in a keyring; the user name there is the account's name.
const SERVICE: &str = "mailkit-oauth";
/// Whoever holds the lock asks a provider, which may take this long.
const LOCK_WAIT: Duration = Duration::from_secs(90);
/// Between two looks at a lock that somebody else holds.
const LOCK_LOOK: Duration = Duration::from_millis(20);

/// One account's place.
#[derive(Debug)]
pub struct Vault {
    account: String,
    dir: PathBuf,
}

/// Where something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the desktop's keyring.
    Keyring,
    /// In a file of its own below the state directory.
    File,
}

/// What a keyring said.
enum Keyring<T> {
    Done(T),
    /// There is none, or it takes no text of this length.
    Unfit,
}

impl Vault {
    /// The place of an account of this name.
    pub fn of(account: &str) -> Result<Self> {
        Ok(Self { account: account.to_owned(), dir: state_dir()?.join("tokens") })
    }

    /// What is kept, and where. A file is looked for first: it is there only if the keyring could not be had.
    pub async fn load(&self) -> Result<Option<(Secret, Place)>> {
        let path = self.file("json");
        match std::fs::metadata(&path) {
            Ok(about) if about.mode() & 0o077 != 0 => {
                return Err(problem(format!("others may read the tokens in {}", path.display()))
                    .hint(format!("close it with: chmod 600 {}", path.display())));
            }
            Ok(_) => {
                let text = read_text(&path).map_err(|error| Error::file("cannot read", &path, error))?;
                return Ok(Some((Secret::new(text), Place::File)));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file("cannot read", &path, error)),
        }
        match self.keyring(|entry| entry.get_password()).await? {
            Keyring::Done(found) => Ok(found.map(|text| (Secret::new(text), Place::Keyring))),
            Keyring::Unfit => Ok(None),
        }
    }

    /// Keeps a text, where the last one was if `place` says so. When this is well, it survives a power cut.
    pub async fn save(&self, text: &Secret, place: Option<Place>) -> Result<Place> {
        if place != Some(Place::File) {
            let copy = zeroize::Zeroizing::new(text.expose().to_owned());
            match self.keyring(move |entry| entry.set_password(&copy)).await {
                Ok(Keyring::Done(_)) => {
                    self.remove_file()?;
                    return Ok(Place::Keyring);
                }
                Ok(Keyring::Unfit) => {}
                // What was in the keyring must not be found in a file later. Where nothing was, the file is the way.
                Err(error) if place == Some(Place::Keyring) => return Err(error),
                Err(_) => {}
            }
        }
        self.write(text)?;
        if place == Some(Place::Keyring) {
            // The file goes before the keyring, so what is still in there harms nobody.
            let _ = self.keyring(|entry| entry.delete_credential()).await;
        }
        Ok(Place::File)
    }

    /// Forgets what is kept; whether there was something.
    pub async fn forget(&self) -> Result<bool> {
        let in_file = self.remove_file()?;
        let in_keyring = match self.keyring(|entry| entry.delete_credential()).await? {
            Keyring::Done(found) => found.is_some(),
            Keyring::Unfit => false,
        };
        Ok(in_file || in_keyring)
    }

    /// Until the value ends, no other process of this user renews this account's tokens.
    pub async fn lock(&self) -> Result<File> {
        self.create_dir()?;
        let path = self.file("lock");
        let failed = |error| Error::file("cannot lock", &path, error);
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
        let until = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(LOCK_LOOK).await,
                Err(TryLockError::WouldBlock) => {
                    let what = format!("another process has been renewing the token of {} for too long", self.account);
                    return Err(Error::new(Kind::Temporary, what));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// The file of the tokens, for those who want to know where it is.
    pub fn path(&self) -> PathBuf {
        self.file("json")
    }

    fn file(&self, end: &str) -> PathBuf {
        // A name may hold anything; two names never share a file.
        let mut name = String::new();
        for octet in self.account.bytes() {
            match octet {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(octet)),
                other => name.push_str(&format!("%{other:02x}")),
            }
        }
        self.dir.join(format!("{name}.{end}"))
    }

    fn create_dir(&self) -> Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(|error| Error::file("cannot create", &self.dir, error))
    }

    /// Whole or not at all, and durable before anybody hears of it.
    fn write(&self, text: &Secret) -> Result<()> {
        self.create_dir()?;
        put(&self.file("json"), text.expose().as_bytes(), 0o600)
    }

    fn remove_file(&self) -> Result<bool> {
        let path = self.file("json");
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::file("cannot remove", &path, error)),
        }
    }

    /// Does something with the account's entry; `None` if there is no such entry. Who waits for a token waits for nobody
    /// who would open a keyring.
    async fn keyring<T: Send + 'static>(
        &self,
        work: impl FnOnce(&keyring::v1::Entry) -> Result<T, keyring::v1::Error> + Send + 'static,
    ) -> Result<Keyring<Option<T>>> {
        match wallet::ask(SERVICE, &self.account, false, work).await {
            Ok(found) => Ok(Keyring::Done(found)),
            Err(Trouble::Absent | Trouble::TooLong) => Ok(Keyring::Unfit),
            Err(trouble) => Err(Error::from(trouble).hint("unlock it")),
        }
    }
}

fn problem(what: impl Into<String>) -> Error {
    Error::new(Kind::Config, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn vault(account: &str, dir: &Path) -> Vault {
        Vault { account: account.to_owned(), dir: dir.join("a/tokens") }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").mode() & 0o777
    }

    #[tokio::test]
    async fn what_goes_into_a_file_comes_out_and_is_for_nobody_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let vault = vault("../wörk", dir.path());
        for text in ["one", "two"] {
            std::fs::create_dir_all(&vault.dir).expect("made");
            std::fs::write(vault.file("json.new"), "left by a crash").expect("written");
            let place = vault.save(&Secret::new(text.into()), Some(Place::File)).await.expect("saved");
            assert_eq!((place, mode(&vault.path())), (Place::File, 0o600));
            let (found, place) = vault.load().await.expect("loaded").expect("kept");
            assert_eq!((found.expose(), place), (text, Place::File));
        }
        assert_eq!(vault.path().file_name().and_then(|name| name.to_str()), Some("%2e%2e%2fw%c3%b6rk.json"));
        std::fs::set_permissions(vault.path(), std::fs::Permissions::from_mode(0o644)).expect("changed");
        let error = vault.load().await.err().expect("refused");
        assert!(error.to_string().starts_with("others may read the tokens in "), "{error}");
    }

    #[tokio::test]
    async fn one_holds_the_lock_and_the_next_waits() {
        let dir = tempfile::tempdir().expect("a directory");
        let vault = vault("work", dir.path());
        let first = vault.lock().await.expect("free");
        assert_eq!(mode(&vault.dir), 0o700);
        let waits = tokio::time::timeout(Duration::from_millis(100), vault.lock()).await;
        assert!(waits.is_err(), "it is held");
        drop(first);
        vault.lock().await.expect("free again");
    }
}
