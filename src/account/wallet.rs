//! The desktop's keyring: the Secret Service on Linux, the Keychain on a Mac.
//!
//! It may be absent (a server, a container), locked with nobody to open it, or simply without the secret: each has its
//! sentence and its advice, and none waits for ever. Its library is not asynchronous and may hang, so it is called on
//! a thread that nobody has to wait for.

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use keyring::v1::{Entry, Error as Failure};
use std::time::Duration;

/// The service name under which mailkit's secrets stand; the user name there is the account's name.
const SERVICE: &str = "mailkit";
/// A keyring that is open answers in milliseconds; one that is locked waits for somebody to type.
const WAIT: Duration = Duration::from_secs(5);
/// Somebody may have to look for the passphrase.
const WAIT_ATTENDED: Duration = Duration::from_secs(60);

const ELSEWHERE: &str =
    "keep the secret elsewhere: secret = {cmd = [...]}, {file = ...}, {systemd = ...} or {env = ...}";

/// The secret of an account. `is_attended`: somebody could open a locked keyring.
pub async fn get(account: &str, is_attended: bool) -> Result<Secret> {
    let found = ask(account, is_attended, |entry| entry.get_password().map(Secret::new)).await?;
    found.ok_or_else(|| {
        problem(format!("the keyring has no secret for {account}"))
            .hint(format!("put it there with: mailkit auth set {account}"))
    })
}

/// Puts the secret of an account there, in the place of one that was there before.
pub async fn set(account: &str, secret: Secret, is_attended: bool) -> Result<()> {
    ask(account, is_attended, move |entry| entry.set_password(secret.expose())).await.map(|_| ())
}

/// Takes the secret of an account out; says whether there was one.
pub async fn forget(account: &str, is_attended: bool) -> Result<bool> {
    Ok(ask(account, is_attended, Entry::delete_credential).await?.is_some())
}

/// Does something with an entry, in a bounded time; `None` if there is none.
async fn ask<T: Send + 'static>(
    account: &str,
    is_attended: bool,
    work: impl FnOnce(&Entry) -> Result<T, Failure> + Send + 'static,
) -> Result<Option<T>> {
    let name = account.to_owned();
    let asked = tokio::task::spawn_blocking(move || match Entry::store_status() {
        Ok(()) => work(&Entry::new(SERVICE, &name)?),
        Err(_) => Err(Failure::NoDefaultStore),
    });
    let wait = if is_attended { WAIT_ATTENDED } else { WAIT };
    match tokio::time::timeout(wait, asked).await {
        Ok(Ok(Ok(done))) => Ok(Some(done)),
        Ok(Ok(Err(Failure::NoEntry))) => Ok(None),
        Ok(Ok(Err(Failure::NoDefaultStore))) => {
            Err(problem("there is no keyring here: no Secret Service answers").hint(ELSEWHERE))
        }
        Ok(Ok(Err(Failure::NoStorageAccess(why)))) => {
            Err(problem("the keyring is locked, and nobody opened it").caused_by(why).hint(ELSEWHERE))
        }
        Ok(Ok(Err(error))) => Err(problem("the keyring failed").caused_by(error.to_string()).hint(ELSEWHERE)),
        Ok(Err(panic)) => Err(Error::new(Kind::Software, "the keyring's library failed").caused_by(panic)),
        Err(_) => {
            let seconds = wait.as_secs();
            Err(problem(format!("the keyring did not answer within {seconds} seconds; it may be locked"))
                .hint(ELSEWHERE))
        }
    }
}

fn problem(what: impl Into<String>) -> Error {
    Error::new(Kind::Config, what)
}
