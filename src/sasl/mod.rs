//! Proofs of identity: who somebody says they are, and the words in which they prove it.
//!
//! Shared by all protocols, so that a password means the same on each port. `choice` picks a client's mechanism,
//! `proof` is the client's side; `offer` is what a server lets them choose from, `exchange` its side, `login` the order
//! of things there; `base64` what both say on the wire; `scram`, `cram` and `oauth` are the mechanisms that need more
//! than a line; `slip` is what looks like a login and is none. Knows no users: whether a proof is good is asked of the
//! world. RFC 4422, RFC 4616; LOGIN is draft-murchison-sasl-login.

pub mod base64;
mod choice;
mod cram;
mod exchange;
pub mod login;
mod oauth;
mod offer;
mod proof;
pub mod scram;
mod slip;

pub use choice::{Ground, Unfit};
pub use exchange::{Exchange, Found, LookUp, Malformed, Step, Tail};
pub use offer::Offer;
pub use proof::{Proof, SaslError, with_reason};
pub use slip::{is_mechanism, slip, slip_at_start};

use crate::secret::Secret;
use crate::world::Entropy;
use scram::Claim;
use std::fmt;

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// The password is not shown, and the login is bound to this TLS connection (RFC 7677, RFC 9266).
    ScramSha256Plus,
    /// The same with an older hash function (RFC 5802).
    ScramSha1Plus,
    /// The password is not shown, and the server proves that it knows it (RFC 7677).
    ScramSha256,
    /// The same with an older hash function (RFC 5802).
    ScramSha1,
    /// The connection itself says who it is: a client certificate (RFC 4422 appendix A).
    External,
    /// A token instead of a password (RFC 7628).
    OAuthBearer,
    /// The same as some large providers had it before there was a standard.
    XOAuth2,
    /// The password is not shown, but the server has to keep it as it is (RFC 2195).
    CramMd5,
    /// Name and password in one answer (RFC 4616).
    Plain,
    /// Name and password one after the other: older than PLAIN, never standardised, still what some clients speak.
    Login,
}

impl Mechanism {
    /// All that are spoken here, strongest first.
    pub const ALL: [Self; 10] = [
        Self::ScramSha256Plus,
        Self::ScramSha1Plus,
        Self::ScramSha256,
        Self::ScramSha1,
        Self::External,
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::CramMd5,
        Self::Plain,
        Self::Login,
    ];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::ScramSha1Plus => "SCRAM-SHA-1-PLUS",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::External => "EXTERNAL",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::CramMd5 => "CRAM-MD5",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of that name, in any case of letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether it is bound to the TLS connection.
    pub fn is_bound(self) -> bool {
        matches!(self, Self::ScramSha256Plus | Self::ScramSha1Plus)
    }

    /// Whether who can read the connection can log in afterwards.
    pub fn shows_secret(self) -> bool {
        matches!(self, Self::Plain | Self::Login | Self::XOAuth2 | Self::OAuthBearer)
    }

    /// Whether this can be proved with it.
    pub fn takes(self, factor: &Factor) -> bool {
        match factor {
            Factor::Password(_) => !matches!(self, Self::External | Self::XOAuth2 | Self::OAuthBearer),
            Factor::Token(_) => matches!(self, Self::XOAuth2 | Self::OAuthBearer),
            Factor::External => self == Self::External,
            Factor::Claim(_) => false,
        }
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
    /// How it may be said.
    pub permit: Box<Permit>,
}

/// What proves a name.
pub enum Factor {
    /// What the user knows.
    Password(Secret),
    /// What somebody the server trusts has handed out for a while (RFC 6750): never said as a password.
    Token(Secret),
    /// The connection itself: a client certificate, or that it comes from this machine (RFC 4422 appendix A).
    External,
    /// What a server was shown instead of a password (RFC 5802).
    Claim(Box<Claim>),
}

/// How a user lets a client log in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permit {
    /// By these mechanisms only; by any, if nothing was said.
    pub mechanisms: Option<Vec<Mechanism>>,
    /// Even where others can read what is said.
    pub in_clear: bool,
}

impl Credentials {
    fn of(user: impl Into<String>, factor: Factor) -> Self {
        Self { authzid: None, user: user.into(), factor, permit: Box::default() }
    }

    /// A name and its password, for oneself.
    pub fn new(user: impl Into<String>, password: Secret) -> Self {
        Self::of(user, Factor::Password(password))
    }

    /// A name and an access token, for oneself.
    pub fn token(user: impl Into<String>, token: Secret) -> Self {
        Self::of(user, Factor::Token(token))
    }

    /// What the connection vouches for: whoever that is, or whom it may act for. Some servers know by the certificate
    /// who somebody is, others look whether it goes with the name.
    pub fn external(user: Option<String>) -> Self {
        Self { authzid: user.clone(), ..Self::of(user.unwrap_or_default(), Factor::External) }
    }

    /// The same, to be said so and not otherwise.
    pub fn with(self, permit: Permit) -> Self {
        Self { permit: Box::new(permit), ..self }
    }

    /// What must not be repeated: the password or the token.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.factor {
            Factor::Password(secret) | Factor::Token(secret) => Some(secret),
            Factor::External | Factor::Claim(_) => None,
        }
    }

    /// The password, if that is what proves the name.
    pub fn password(&self) -> Option<&Secret> {
        match &self.factor {
            Factor::Password(password) => Some(password),
            Factor::Token(_) | Factor::External | Factor::Claim(_) => None,
        }
    }
}

impl Factor {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::Token(_) => "access token",
            Self::External => "certificate",
            Self::Claim(_) => "proof",
        }
    }

    fn phrase(&self) -> &'static str {
        match self {
            Self::Password(_) => "a password",
            Self::Token(_) => "an access token",
            Self::External => "a certificate",
            Self::Claim(_) => "a proof",
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
        self.authzid == other.authzid
            && self.user == other.user
            && self.factor == other.factor
            && self.permit == other.permit
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
            (Self::Claim(one), Self::Claim(another)) => one == another,
            _ => false,
        }
    }
}

impl Eq for Factor {}

/// Mechanisms in which servers say nothing with which one could try out passwords.
const OPEN: [&str; 7] = ["ANONYMOUS", "CRAM-MD5", "EXTERNAL", "LOGIN", "OAUTHBEARER", "PLAIN", "XOAUTH2"];

/// Whether what servers say in this mechanism is as secret as what clients say: their proofs in SCRAM (RFC 5802 §9) and
/// DIGEST-MD5, and whatever a mechanism says that is not known here. Where none is named, nothing is asked yet.
pub fn hides_challenges(mechanism: &[u8]) -> bool {
    let is_sign = |octet: &&u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let name = &mechanism[..mechanism.iter().take_while(is_sign).count()];
    !name.is_empty() && !OPEN.iter().any(|open| name.eq_ignore_ascii_case(open.as_bytes()))
}

/// A nonce: what nobody has said before.
pub fn nonce(entropy: &dyn Entropy) -> String {
    let mut octets = [0; 18];
    entropy.fill(&mut octets);
    base64::encode(&octets).to_string()
}

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
