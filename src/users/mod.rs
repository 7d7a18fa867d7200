//! Users: who may log in, and whose addresses are whose.
//!
//! Passwords are kept as Argon2id hashes (RFC 9106) or, for tests and demos, given on the command
//! line. An unknown user costs the same work as a wrong password, so that nobody learns names by the
//! clock. Knows no protocol and no mailbox.

mod directory;
mod file;
mod password;

pub use directory::{Directory, Place};
pub use file::{expect_distinct, is_user_name, parse};
pub use password::{Stored, hash};

use crate::sasl::{Credentials, Factor, LoginRefusal};
use crate::secret::Secret;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Hashes computed at once: each takes 19 MiB and a core for a while.
const HASHES_AT_ONCE: usize = 2;

/// Clients give up after about as long as this.
const ROOM_WAIT: Duration = Duration::from_secs(30);

/// The mailbox of a server without users, which takes everything: for developers.
pub const CATCH_ALL: &str = "catchall";

/// Who may log in. Cheap to clone.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    passwords: HashMap<String, Arc<Stored>>,
    /// Checked when the user is unknown.
    nobody: Arc<Stored>,
    room: Semaphore,
}

impl Users {
    /// The users with their passwords; without any, every login is good and reads the one mailbox.
    pub fn new(passwords: impl IntoIterator<Item = (String, Stored)>) -> Self {
        let passwords: HashMap<_, _> =
            passwords.into_iter().map(|(name, stored)| (name.to_lowercase(), Arc::new(stored))).collect();
        // A wrong guess has to cost what a right one does: the same sort of work as most users need.
        let hashed = passwords.values().filter(|stored| stored.is_hashed()).count();
        let nobody = if hashed * 2 > passwords.len() {
            Stored::unknown_hash()
        } else {
            Stored::plain(Secret::new("-".to_owned()))
        };
        Self(Arc::new(Inner { passwords, nobody: Arc::new(nobody), room: Semaphore::new(HASHES_AT_ONCE) }))
    }

    /// Whether there are none, so that the server takes everything.
    pub fn is_catch_all(&self) -> bool {
        self.0.passwords.is_empty()
    }

    /// The names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.passwords.keys().map(String::as_str)
    }

    /// Checks a login; `directory` tells whose an address is. Returns the user's name.
    pub async fn authenticate(&self, credentials: Credentials, directory: &Directory) -> Result<String, LoginRefusal> {
        if self.is_catch_all() {
            return Ok(CATCH_ALL.to_owned());
        }
        let name = directory.login_name(&credentials.user);
        let stored = self.0.passwords.get(&name);
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.0.nobody).clone();
        let Factor::Password(password) = credentials.factor else { return Err(LoginRefusal::Bad) };
        let good = if stored.is_hashed() {
            let room = timeout(ROOM_WAIT, self.0.room.acquire());
            let _room = room.await.map_err(|_| LoginRefusal::Temporary)?.map_err(|_| LoginRefusal::Temporary)?;
            let check = tokio::task::spawn_blocking(move || stored.accepts(&password));
            check.await.map_err(|_| LoginRefusal::Temporary)?
        } else {
            stored.accepts(&password)
        };
        if good && known { Ok(name) } else { Err(LoginRefusal::Bad) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Domain;

    async fn login(users: &Users, user: &str, password: &str) -> Option<String> {
        let domains = vec![Domain::parse("hamburger.edu").expect("a domain")];
        let directory = Directory::new(domains, users);
        users.authenticate(Credentials::new(user, Secret::new(password.into())), &directory).await.ok()
    }

    #[tokio::test]
    async fn a_user_logs_in_by_name_or_address() {
        let users = Users::new([("Bob".to_owned(), Stored::plain(Secret::new("secret".into())))]);
        for (user, password, wanted) in [
            ("bob", "secret", Some("bob")),
            ("BOB", "secret", Some("bob")),
            ("bob@hamburger.edu", "secret", Some("bob")),
            ("bob@elsewhere.example", "secret", None),
            ("bob", "Secret", None),
            ("bob", "", None),
            ("", "-", None),
            ("eve", "-", None),
        ] {
            assert_eq!(login(&users, user, password).await.as_deref(), wanted, "{user} {password}");
        }
    }

    #[tokio::test]
    async fn hashed_passwords_are_checked() {
        let phc = hash(&Secret::new("secret".into()), &[7; 16]).expect("a hash");
        let users = Users::new(parse(&format!("# people\nbob:{phc}\n")).expect("a users file"));
        assert_eq!(login(&users, "bob", "secret").await.as_deref(), Some("bob"));
        assert_eq!(login(&users, "bob", "guess").await, None);
        assert_eq!(login(&users, "eve", "secret").await, None);
    }

    #[tokio::test]
    async fn without_users_every_login_reads_the_one_mailbox() {
        assert_eq!(login(&Users::new([]), "anybody", "anything").await.as_deref(), Some(CATCH_ALL));
    }
}
