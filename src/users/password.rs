//! What proves one user, as it is kept.
//!
//! A password as Argon2id in PHC string form and as keys for SCRAM, or as it is where it was given on the command line;
//! access tokens as their SHA-256, which is enough for what nobody can guess.
//! RFC 9106 §4: memory and passes follow the crate's defaults, which are OWASP's.

use crate::error::{Error, Kind, Result};
use crate::sasl::scram::{Hash, Keys};
use crate::secret::Secret;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

/// KiB that one login may take. RFC 9106 §4 recommends 2 GiB at the most; a mail server has two at once.
const MEMORY_MAX: u32 = 2 * 1024 * 1024;
/// Passes over it.
const PASSES_MAX: u32 = 100;

/// What proves a user, as it is kept.
#[derive(Default)]
pub struct Stored {
    password: Option<Form>,
    keys: Option<Keys>,
    /// SHA-256 of access tokens.
    tokens: Vec<[u8; 32]>,
}

enum Form {
    Plain(Secret),
    Hash(String),
}

/// What a line of a users file cannot mean.
const EXPECTED: &str = "expected an Argon2 hash, {SCRAM-SHA-256}keys, {BEARER-SHA256}hex or {PLAIN}password";

impl Stored {
    /// The password itself.
    pub fn plain(password: Secret) -> Self {
        Self { password: Some(Form::Plain(password)), ..Self::default() }
    }

    /// What stands behind the name in a users file: a PHC string `$argon2id$v=19$…` whose work this machine can do at
    /// each login, keys for SCRAM, hashes of tokens, with blanks between them.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::new(Kind::Config, why);
        let mut stored = Self::default();
        for word in text.split_ascii_whitespace() {
            let is_new = if let Some(hex) = word.strip_prefix("{BEARER-SHA256}") {
                stored.tokens.push(octets(hex).ok_or_else(|| wrong(EXPECTED))?);
                true
            } else if word.starts_with('{') {
                let keys = Keys::parse(word).filter(|keys| keys.hash() == Hash::Sha256);
                stored.keys.replace(keys.ok_or_else(|| wrong(EXPECTED))?).is_none()
            } else {
                stored.password.replace(Form::Hash(phc(word)?)).is_none()
            };
            if !is_new {
                return Err(wrong("one password has one hash"));
            }
        }
        match stored.password.is_none() && stored.keys.is_none() && stored.tokens.is_empty() {
            true => Err(wrong(EXPECTED)),
            false => Ok(stored),
        }
    }

    /// A hash that no password has, made with the usual parameters.
    pub(super) fn unknown_hash() -> Self {
        match hash(&Secret::new(String::new()), &[0; 16]) {
            Ok(phc) => Self { password: Some(Form::Hash(phc)), ..Self::default() },
            Err(_) => Self::plain(Secret::new("-".to_owned())),
        }
    }

    /// Whether checking takes work that should not be done on an asynchronous thread.
    pub fn is_hashed(&self) -> bool {
        !matches!(self.password, Some(Form::Plain(_)))
    }

    /// Whether this is the password.
    pub fn accepts(&self, password: &Secret) -> bool {
        match (&self.password, &self.keys) {
            (Some(Form::Plain(known)), _) => known.is_same(password),
            (Some(Form::Hash(phc)), _) => PasswordHash::new(phc)
                .is_ok_and(|known| Argon2::default().verify_password(password.expose().as_bytes(), &known).is_ok()),
            (None, Some(keys)) => keys.accepts(password),
            (None, None) => false,
        }
    }

    /// Whether this is one of the tokens.
    pub fn accepts_token(&self, token: &Secret) -> bool {
        let hashed = digest(&SHA256, token.expose().as_bytes());
        self.tokens.iter().any(|known| verify_slices_are_equal(known, hashed.as_ref()).is_ok())
    }

    /// Whether there are tokens at all.
    pub(super) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whether a login by SCRAM can succeed.
    pub(super) fn has_keys(&self) -> bool {
        self.keys.is_some() || matches!(self.password, Some(Form::Plain(_)))
    }

    /// The keys that are kept, if any are.
    pub(super) fn kept_keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// The keys for SCRAM; those of a password that is kept as it is are made anew.
    pub(super) fn keys(&self, user: &str, secret: &[u8]) -> Option<Keys> {
        match (&self.keys, &self.password) {
            (Some(keys), _) => Some(keys.clone()),
            (None, Some(Form::Plain(password))) => Keys::of_plain(Hash::Sha256, user, secret, password),
            (None, _) => None,
        }
    }
}

fn phc(text: &str) -> Result<String> {
    let wrong = |why: &str| Error::new(Kind::Config, why);
    let hash = PasswordHash::new(text).map_err(|_| wrong(EXPECTED))?;
    Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| wrong(EXPECTED))?;
    let work = Params::try_from(&hash).map_err(|_| wrong(EXPECTED))?;
    if work.m_cost() > MEMORY_MAX || work.t_cost() > PASSES_MAX {
        return Err(wrong("the hash asks for too much memory, or too many passes"));
    }
    Ok(text.to_owned())
}

/// Reads 32 octets in hexadecimal.
fn octets(hex: &str) -> Option<[u8; 32]> {
    let mut octets = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (index, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(octets)
}

/// What `user add` writes: the hash of a password with 16 random octets as salt and, unless the password holds
/// characters that SCRAM does not allow, its keys with 16 others.
pub fn line(password: &Secret, salts: [&[u8; 16]; 2]) -> Result<String> {
    let keys = Keys::new(Hash::Sha256, password, salts[1]);
    Ok(std::iter::once(hash(password, salts[0])?)
        .chain(keys.map(|keys| keys.to_string()))
        .collect::<Vec<_>>()
        .join(" "))
}

/// The PHC string of a password.
fn hash(password: &Secret, salt: &[u8; 16]) -> Result<String> {
    Argon2::default()
        .hash_password_with_salt(password.expose().as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::new(Kind::Software, "cannot hash the password").caused_by(error.to_string()))
}
