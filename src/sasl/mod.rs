//! Proofs of identity: who somebody says they are, and the words in which they prove it.
//!
//! Shared by all protocols, so that a password means the same on each port. `exchange` is the server's
//! side, `proof` the client's, `base64` what both say on the wire. Knows no users: whether a proof is
//! good is asked of the world. RFC 4422, RFC 4616; LOGIN is draft-murchison-sasl-login.

pub mod base64;
mod exchange;
mod proof;

pub use exchange::{Exchange, Malformed, Step};
pub use proof::{Proof, SaslError};

use crate::secret::Secret;
use std::fmt;

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// Name and password in one answer (RFC 4616).
    Plain,
    /// Name and password one after the other: older than PLAIN, never standardised, still what some clients speak.
    Login,
}

impl Mechanism {
    /// All that are spoken here, best first.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Login];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of that name, in any case of letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }
}

/// A name and what proves it, as a client gave them.
pub struct Credentials {
    /// Whom the client wants to act for, if it said so. PLAIN takes no other than the user itself.
    pub authzid: Option<String>,
    /// Who proves to be somebody: `bob`, or an address.
    pub user: String,
    /// What proves it.
    pub factor: Factor,
}

/// What proves a name.
pub enum Factor {
    /// What the user knows.
    Password(Secret),
    /// What somebody the server trusts has handed out for a while (RFC 6750): never said as a password.
    Token(Secret),
    /// The connection itself: a client certificate, or that it comes from this machine (RFC 4422 appendix A).
    External,
}

impl Credentials {
    /// A name and its password, for oneself.
    pub fn new(user: impl Into<String>, password: Secret) -> Self {
        Self { authzid: None, user: user.into(), factor: Factor::Password(password) }
    }

    /// A name and an access token, for oneself.
    pub fn token(user: impl Into<String>, token: Secret) -> Self {
        Self { authzid: None, user: user.into(), factor: Factor::Token(token) }
    }

    /// The password, if that is what proves the name.
    pub fn password(&self) -> Option<&Secret> {
        match &self.factor {
            Factor::Password(password) => Some(password),
            Factor::Token(_) | Factor::External => None,
        }
    }
}

/// Shows the names, never the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("authzid", &self.authzid).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Two are equal when nothing in them differs; for tests and for sessions that compare what they asked.
impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.authzid == other.authzid && self.user == other.user && self.factor == other.factor
    }
}

impl Eq for Credentials {}

impl PartialEq for Factor {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Password(one), Self::Password(another)) | (Self::Token(one), Self::Token(another)) => {
                one.is_same(another)
            }
            (Self::External, Self::External) => true,
            _ => false,
        }
    }
}

impl Eq for Factor {}

/// Why a login did not succeed. Unknown users and wrong passwords are one cause, so that nobody can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LoginRefusal {
    /// No such user, or not their password.
    #[error("User name or password is wrong")]
    Bad,
    /// It could not be found out.
    #[error("Login is not possible at the moment, try again later")]
    Temporary,
    /// Somebody there guesses passwords; nobody looked at this one.
    #[error("Too many failed logins from your network, try again later")]
    TooManyFailures,
    /// All is well but for the number of sessions that the user has already.
    #[error("Too many sessions of this user, end another one first")]
    TooManySessions,
}

impl LoginRefusal {
    /// The sentence where a password would cross the wire in clear.
    pub const NEEDS_TLS: &'static str = "Passwords need TLS here";
}

/// Where a password may be said without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlaintextAuth {
    /// Nowhere.
    Never,
    /// From this machine to itself, where it crosses no wire.
    #[default]
    Loopback,
}

impl PlaintextAuth {
    /// Whether a password may be said on such a connection.
    pub fn allows(self, has_tls: bool, is_loopback: bool) -> bool {
        has_tls || (self == Self::Loopback && is_loopback)
    }
}
