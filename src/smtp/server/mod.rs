//! The server's side of SMTP: what a session may ask of the world, and what the world may say.
//!
//! Knows no store, no users, no routes: it asks whether a login is good, whether a recipient may be
//! accepted, and hands the message on in pieces. RFC 5321 §3, §4.

mod data;
mod session;
mod state;
mod words;

#[cfg(test)]
mod conversations;
#[cfg(test)]
mod model;
#[cfg(test)]
mod stage;

pub use session::Session;

use crate::envelope::{Envelope, ForwardPath, ReversePath};
pub use crate::sasl::{Credentials, LoginRefusal, PlaintextAuth};

use crate::sasl::{Found, LookUp, Mechanism};
use crate::wire::session::Tls;
use std::fmt;
use std::net::SocketAddr;

/// What a server is willing to do. One per listener, shared by its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The name in the greeting and in `EHLO` (RFC 5321 §4.2).
    pub hostname: String,
    /// The largest message, in octets on the wire, dots unstuffed (RFC 1870).
    pub size_max: u64,
    /// Recipients of one message.
    pub recipients_max: usize,
    /// Messages of one connection.
    pub messages_max: usize,
    /// Who is served: decides whether who may not relay is told to log in.
    pub role: Role,
    /// Whether MAIL needs a login first.
    pub auth_required: bool,
    /// Where a password may be said without TLS.
    pub plaintext_auth: PlaintextAuth,
    /// What the users can log in by, strongest first.
    pub mechanisms: Vec<Mechanism>,
}

/// Who is served (RFC 6409 §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Other servers, on port 25.
    Relay,
    /// People's user agents, on ports 587 and 465.
    Submission,
}

/// What a session asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Is this login good? Answered by [`Answer::Authenticated`].
    Authenticate(Credentials),
    /// What does a user log in by SCRAM with? Answered by [`Answer::Keys`].
    Keys(LookUp),
    /// May this recipient be accepted? Answered by [`Answer::Recipient`].
    Recipient {
        /// From whom.
        reverse_path: ReversePath,
        /// To whom.
        recipient: ForwardPath,
        /// Who logged in, if anybody.
        user: Option<String>,
    },
    /// A message is about to come. Answered by [`Answer::Begun`]: a full disk is said now, before the upload.
    Begin(Box<Transaction>),
    /// A piece of the message, in lines that end with CRLF, unstuffed. Answered by [`Answer::Written`].
    Write(Vec<u8>),
    /// The message is complete: make it durable. Answered by [`Answer::Committed`].
    Commit,
    /// Forget the message. Answered by [`Answer::Discarded`]. A connection that is cut says nothing: the
    /// message is then forgotten with its session.
    Discard,
}

/// What the world says to an [`Ask`].
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The keys and a nonce, or why they cannot be had. A user who does not exist has some too.
    Keys(Result<Found, LoginRefusal>),
    /// The user's canonical name, or why not.
    Authenticated(Result<String, LoginRefusal>),
    /// Whether the recipient is accepted.
    Recipient(Result<(), RecipientRefusal>),
    /// Whether a message may come.
    Begun(Result<(), Refusal>),
    /// Whether the piece was taken. After a refusal the rest is read and thrown away.
    Written(Result<(), Refusal>),
    /// The queue id under which the message is now safe, or why not.
    Committed(Result<String, Refusal>),
    /// The message is forgotten.
    Discarded,
}

/// Everything about a message that is known when DATA comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What MAIL and RCPT said.
    pub envelope: Envelope,
    /// What the client called itself in HELO or EHLO: a claim, free of control characters.
    pub helo: String,
    /// For the trace field.
    pub protocol: Protocol,
    /// Who logged in, if anybody.
    pub user: Option<String>,
    /// The encryption, if any.
    pub tls: Option<Tls>,
    /// Where the client connected from.
    pub peer: SocketAddr,
}

/// The `with` clause of a trace field (RFC 5321 §4.4, RFC 3848, RFC 6531 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protocol {
    /// EHLO, not HELO.
    pub is_extended: bool,
    /// The client asked for SMTPUTF8.
    pub has_utf8: bool,
    /// Under TLS.
    pub has_tls: bool,
    /// After a login.
    pub has_auth: bool,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.is_extended, self.has_utf8) {
            (_, true) => "UTF8SMTP",
            (true, false) => "ESMTP",
            (false, false) => return f.write_str("SMTP"), // RFC 3848 has no S or A for it.
        })?;
        f.write_str(if self.has_tls { "S" } else { "" })?;
        f.write_str(if self.has_auth { "A" } else { "" })
    }
}

/// Why a recipient is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecipientRefusal {
    /// The domain is ours, the mailbox is not there: 550 5.1.1.
    NoSuchUser,
    /// The domain is not ours, and this client may not send elsewhere: 550 5.7.1.
    RelayDenied,
    /// It cannot be said now: 451 4.3.0.
    Temporary,
    /// Something else forbids it, in one sentence: 550 5.7.1.
    Policy(String),
}

/// Why a message is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No room: 452 4.3.1.
    DiskFull,
    /// Anything that may be better later: 451 4.3.0.
    Temporary,
    /// Larger than allowed: 552 5.3.4.
    TooLarge,
    /// It has passed too many servers: 554 5.4.6.
    Loop,
    /// The content is at fault, in one sentence: 550 5.6.0.
    Content(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_named_as_the_registry_names_it() {
        for (flags, wanted) in [
            ([false, false, false, false], "SMTP"),
            ([false, false, true, false], "SMTP"),
            ([true, false, false, false], "ESMTP"),
            ([true, false, true, false], "ESMTPS"),
            ([true, false, false, true], "ESMTPA"),
            ([true, false, true, true], "ESMTPSA"),
            ([true, true, false, false], "UTF8SMTP"),
            ([true, true, true, true], "UTF8SMTPSA"),
        ] {
            let [is_extended, has_utf8, has_tls, has_auth] = flags;
            assert_eq!(Protocol { is_extended, has_utf8, has_tls, has_auth }.to_string(), wanted);
        }
    }
}
