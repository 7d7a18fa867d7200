//! One user's password, as it is kept.
//!
//! Argon2id in PHC string form, or the password itself where it was given on the command line.
//! RFC 9106 §4: memory and passes follow the crate's defaults, which are OWASP's.

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier};

/// KiB that one login may take. RFC 9106 §4 recommends 2 GiB at the most; a mail server has two at once.
const MEMORY_MAX: u32 = 2 * 1024 * 1024;
/// Passes over it.
const PASSES_MAX: u32 = 100;

/// A password to compare with.
pub struct Stored(Form);

enum Form {
    Plain(Secret),
    Hash(String),
}

impl Stored {
    /// The password itself.
    pub fn plain(password: Secret) -> Self {
        Self(Form::Plain(password))
    }

    /// A PHC string: `$argon2id$v=19$…`, whose work this machine can do at each login.
    pub fn from_phc(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::new(Kind::Config, why);
        let expected = || wrong("expected an Argon2 hash or {PLAIN}password");
        let hash = PasswordHash::new(text).map_err(|_| expected())?;
        Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| expected())?;
        let work = Params::try_from(&hash).map_err(|_| expected())?;
        if work.m_cost() > MEMORY_MAX || work.t_cost() > PASSES_MAX {
            return Err(wrong("the hash asks for too much memory, or too many passes"));
        }
        Ok(Self(Form::Hash(text.to_owned())))
    }

    /// A hash that no password has, made with the usual parameters.
    pub(super) fn unknown_hash() -> Self {
        Self(match hash(&Secret::new(String::new()), &[0; 16]) {
            Ok(phc) => Form::Hash(phc),
            Err(_) => Form::Plain(Secret::new("-".to_owned())),
        })
    }

    /// Whether checking takes work that should not be done on an asynchronous thread.
    pub fn is_hashed(&self) -> bool {
        matches!(self.0, Form::Hash(_))
    }

    /// Whether this is the password.
    pub fn accepts(&self, password: &Secret) -> bool {
        match &self.0 {
            Form::Plain(known) => known.is_same(password),
            Form::Hash(phc) => PasswordHash::new(phc)
                .is_ok_and(|known| Argon2::default().verify_password(password.expose().as_bytes(), &known).is_ok()),
        }
    }
}

/// Hashes a password for a users file, with 16 random octets as salt.
pub fn hash(password: &Secret, salt: &[u8; 16]) -> Result<String> {
    Argon2::default()
        .hash_password_with_salt(password.expose().as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::new(Kind::Software, "cannot hash the password").caused_by(error.to_string()))
}
