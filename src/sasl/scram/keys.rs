//! What a server keeps of a password for SCRAM.
//!
//! Enough to check a proof and to prove that it knows the password, not enough to log in elsewhere. The stored form is
//! `{SCRAM-SHA-256}iterations,salt,stored-key,server-key`, as Dovecot has it. RFC 5802 §3; RFC 7677 §4.

use super::{Hash, ITERATIONS_MAX, ITERATIONS_MIN};
use crate::sasl::base64::{decode, encode};
use crate::secret::Secret;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::fmt;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// What new keys are made with. The more, the longer takes whoever guesses from a stolen file, and the longer the
/// client at each login: a twentieth of a second.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(100_000).expect("it is not zero");
/// As few as are allowed.
const LEAST: NonZeroU32 = NonZeroU32::new(ITERATIONS_MIN).expect("it is not zero");
/// Octets of the salt of new keys.
const SALT: usize = 16;

/// The keys of one password.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    hash: Hash,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    stored: Vec<u8>,
    server: Vec<u8>,
}

impl Keys {
    /// Keys for a new password; none if it holds characters that may not be in one (RFC 4013).
    pub fn new(hash: Hash, password: &Secret, salt: &[u8; SALT]) -> Option<Self> {
        Self::derive(hash, password, salt, ITERATIONS)
    }

    /// Keys for a password that is kept as it is, so that many rounds would protect nothing. The salt follows from a
    /// secret of the server: the same each time, and no help to whoever guesses at another server's users.
    pub fn of_plain(hash: Hash, user: &str, secret: &[u8], password: &Secret) -> Option<Self> {
        Self::derive(hash, password, &salt_of(user, secret, SALT), LEAST)
    }

    /// Keys for somebody who does not exist: nobody can log in with them, and they look like those of `others`, or like
    /// those of a password that is kept as it is. The salt is the same each time, as that of a real user is.
    pub fn of_nobody(hash: Hash, user: &str, secret: &[u8], others: Option<&Self>) -> Self {
        let length = hash.digest().output_len();
        let (salt_length, iterations) = others.map_or((SALT, LEAST), |keys| (keys.salt.len(), keys.iterations));
        let salt = salt_of(user, secret, salt_length);
        // Nobody has found a key that hashes to zeros; the other one makes a signature that means nothing.
        let server = hash.sign(secret, user.as_bytes()).to_vec();
        Self { hash, salt, iterations, stored: vec![0; length], server }
    }

    pub(super) fn derive(hash: Hash, password: &Secret, salt: &[u8], iterations: NonZeroU32) -> Option<Self> {
        let password = Zeroizing::new(stringprep::saslprep(password.expose()).ok()?.into_owned());
        let salted = hash.salted(&password, salt, iterations);
        let stored = hash.hash(&hash.sign(&salted, b"Client Key"));
        let server = hash.sign(&salted, b"Server Key").to_vec();
        Some(Self { hash, salt: salt.to_vec(), iterations, stored, server })
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, values) = text.strip_prefix('{')?.split_once('}')?;
        let hash = [Hash::Sha1, Hash::Sha256].into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))?;
        let mut values = values.split(',');
        let iterations: NonZeroU32 = values.next()?.parse().ok()?;
        let mut part = || decode(values.next()?.as_bytes()).ok().map(|octets| octets.to_vec());
        let (salt, stored, server) = (part()?, part()?, part()?);
        let is_whole = |key: &[u8]| key.len() == hash.digest().output_len();
        let is_safe = (ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations.get()) && !salt.is_empty();
        let is_end = values.next().is_none();
        (is_whole(&stored) && is_whole(&server) && is_safe && is_end).then_some(Self {
            hash,
            salt,
            iterations,
            stored,
            server,
        })
    }

    /// Whether this is the password they were made from.
    pub fn accepts(&self, password: &Secret) -> bool {
        Self::derive(self.hash, password, &self.salt, self.iterations)
            .is_some_and(|keys| verify_slices_are_equal(&keys.stored, &self.stored).is_ok())
    }

    /// The hash function they are for.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.salt
    }

    pub(super) fn iterations(&self) -> NonZeroU32 {
        self.iterations
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.stored
    }

    pub(super) fn server(&self) -> &[u8] {
        &self.server
    }
}

/// A salt that is always the same for a name, and follows from nothing that others know.
fn salt_of(user: &str, secret: &[u8], length: usize) -> Vec<u8> {
    let mut salt = Vec::new();
    while salt.len() < length {
        let counted = format!("{} {user}", salt.len());
        salt.extend_from_slice(&Hash::Sha256.sign(secret, counted.as_bytes()));
    }
    salt.truncate(length);
    salt
}

/// The stored form.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored, server] = [&self.salt, &self.stored, &self.server].map(|octets| encode(octets));
        let (name, iterations) = (self.hash.name(), self.iterations);
        write!(f, "{{{name}}}{iterations},{},{},{}", salt.as_str(), stored.as_str(), server.as_str())
    }
}

/// Keys are worth guessing at.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("hash", &self.hash).finish_non_exhaustive()
    }
}
