//! The server's side of POP3: what a session may ask of the world, and what the world may say.
//!
//! Knows no store and no users. The maildrop is a list of sizes and unique ids, taken once at the login
//! and fixed until QUIT. RFC 1939 §3 to §7.

mod maildrop;
mod session;
mod state;
mod text;
mod words;

#[cfg(test)]
mod conversations;
#[cfg(test)]
mod stage;

pub use session::Session;

pub use crate::sasl::{Credentials, LoginRefusal, PlaintextAuth};

use crate::sasl::{Found, LookUp, Mechanism};

/// What a server is willing to do. One per listener, shared by its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The name in the greeting.
    pub hostname: String,
    /// Where a password may be said without TLS.
    pub plaintext_auth: PlaintextAuth,
    /// What the users can log in by, strongest first.
    pub mechanisms: Vec<Mechanism>,
}

/// What a session asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Is this login good, and what is in the maildrop? It stays locked from then on, until the session
    /// is gone (RFC 1939 §4). Answered by [`Answer::Opened`].
    Authenticate(Credentials),
    /// What does a user log in by SCRAM with? Answered by [`Answer::Keys`].
    Keys(LookUp),
    /// A piece of a message, at most 64 KiB of it. Answered by [`Answer::Piece`].
    Read {
        /// Which one, counted from 0 in the order of the listing.
        message: usize,
        /// Wire octets already read.
        offset: u64,
    },
    /// QUIT: remove these messages for good, and let go of the maildrop. Answered by [`Answer::Updated`].
    Update(Vec<usize>),
}

/// What the world says to an [`Ask`].
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The keys and a nonce, or why they cannot be had. A user who does not exist has some too.
    Keys(Result<Found, LoginRefusal>),
    /// The maildrop's messages in order, or why it cannot be had.
    Opened(Result<Vec<Listing>, Refusal>),
    /// The octets, or that they cannot be read.
    Piece(Result<Piece, Refusal>),
    /// Whether the messages are gone.
    Updated(Result<(), Refusal>),
}

/// One message of a maildrop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Octets on the wire, line ends as CRLF, dots unstuffed (RFC 1939 §11).
    pub size: u64,
    /// Stays the same over all sessions: 1 to 70 visible characters (RFC 1939 §7).
    pub uid: String,
}

/// Some octets of a message, line ends as CRLF, dots unstuffed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The octets.
    pub octets: Vec<u8>,
    /// Whether the message ends with them.
    pub last: bool,
}

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The login: `[AUTH]` of RFC 3206 if the name or the password is wrong.
    Login(LoginRefusal),
    /// Another session has the maildrop: `[IN-USE]` of RFC 2449 §8.1.1.
    InUse,
    /// May be better later: `[SYS/TEMP]` of RFC 3206.
    Temporary,
}

impl From<LoginRefusal> for Refusal {
    fn from(why: LoginRefusal) -> Self {
        Self::Login(why)
    }
}
