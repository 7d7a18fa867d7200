//! The desktop's keyring: the Secret Service on Linux, the Keychain on a Mac.
//!
//! It may be absent (a server, a container), locked with nobody to open it, or simply without the secret: each has its
//! sentence and its advice, and none waits for ever. Its library is not asynchronous and may hang, so it is called on
//! a thread that nobody has to wait for. Everybody who wants something of the keyring asks here.

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use keyring::v1::{Entry, Error as Failure};
use std::time::Duration;

/// The service name under which passwords stand; the user name there is the account's name.
const SERVICE: &str = "mailkit";
/// A keyring that is open answers in milliseconds; one that is locked waits for somebody to type.
const WAIT: Duration = Duration::from_secs(5);
/// Somebody may have to look for the passphrase.
const WAIT_ATTENDED: Duration = Duration::from_secs(60);

/// Why a keyring is of no use.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is none.
    Absent,
    /// It takes no text of this length.
    TooLong,
    /// Nobody opened it, and why.
    Locked(String),
    /// It was not done within this time.
    Late(Duration),
    /// It says something else.
    Failed(String),
}

/// Whether there is one; whether it is open shows when it is asked.
pub async fn is_there() -> bool {
    let asked = tokio::task::spawn_blocking(|| Entry::store_status().is_ok());
    matches!(tokio::time::timeout(WAIT, asked).await, Ok(Ok(true)))
}

/// The secret of an account. `is_attended`: somebody could open a locked keyring.
pub async fn get(account: &str, is_attended: bool) -> Result<Secret> {
    let found = password(account, is_attended, |entry| entry.get_password().map(Secret::new)).await?;
    found.ok_or_else(|| {
        Error::new(Kind::Config, format!("the keyring has no secret for {account}"))
            .hint(format!("put it there with: mailkit auth set {account}"))
    })
}

/// Puts the secret of an account there, in the place of one that was there before.
pub async fn set(account: &str, secret: Secret, is_attended: bool) -> Result<()> {
    password(account, is_attended, move |entry| entry.set_password(secret.expose())).await.map(|_| ())
}

/// Takes the secret of an account out; says whether there was one.
pub async fn forget(account: &str, is_attended: bool) -> Result<bool> {
    Ok(password(account, is_attended, Entry::delete_credential).await?.is_some())
}

async fn password<T: Send + 'static>(
    account: &str,
    is_attended: bool,
    work: impl FnOnce(&Entry) -> Result<T, Failure> + Send + 'static,
) -> Result<Option<T>> {
    let elsewhere = || {
        format!(
            "mailkit auth set --file {account} keeps it in a file that only you can read; or let a program or the \
             service manager have it: secret = {{cmd = [...]}} or {{systemd = ...}}"
        )
    };
    ask(SERVICE, account, is_attended, work).await.map_err(|trouble| Error::from(trouble).hint(elsewhere()))
}

/// Does something with an entry, in a bounded time; `None` if there is none.
pub(super) async fn ask<T: Send + 'static>(
    service: &'static str,
    name: &str,
    is_attended: bool,
    work: impl FnOnce(&Entry) -> Result<T, Failure> + Send + 'static,
) -> Result<Option<T>, Trouble> {
    let name = name.to_owned();
    let asked = tokio::task::spawn_blocking(move || match Entry::store_status() {
        Ok(()) => work(&Entry::new(service, &name)?),
        Err(_) => Err(Failure::NoDefaultStore),
    });
    let wait = if is_attended { WAIT_ATTENDED } else { WAIT };
    match tokio::time::timeout(wait, asked).await {
        Ok(Ok(Ok(done))) => Ok(Some(done)),
        Ok(Ok(Err(Failure::NoEntry))) => Ok(None),
        Ok(Ok(Err(Failure::NoDefaultStore))) => Err(Trouble::Absent),
        Ok(Ok(Err(Failure::TooLong(..)))) => Err(Trouble::TooLong),
        Ok(Ok(Err(Failure::NoStorageAccess(why)))) => Err(Trouble::Locked(why.to_string())),
        Ok(Ok(Err(error))) => Err(Trouble::Failed(error.to_string())),
        Ok(Err(panic)) => Err(Trouble::Failed(panic.to_string())),
        Err(_) => Err(Trouble::Late(wait)),
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        let problem = |what: &str| Self::new(Kind::Config, what);
        match trouble {
            Trouble::Absent => problem("there is no keyring here: no Secret Service answers"),
            Trouble::TooLong => problem("the keyring takes nothing of this length"),
            Trouble::Locked(why) => problem("the keyring is locked, and nobody opened it").caused_by(why),
            Trouble::Failed(why) => problem("the keyring failed").caused_by(why),
            Trouble::Late(wait) => {
                let seconds = wait.as_secs();
                problem(&format!("the keyring did not answer within {seconds} seconds; it may be locked"))
            }
        }
    }
}
