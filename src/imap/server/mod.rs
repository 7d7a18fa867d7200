//! The server's side of IMAP: one connection as a state machine, what it asks of the world, and what it may hear.
//!
//! `session` is the frame: it reads commands, looks into the table of `verb`, and hands each to the file of its
//! group. A command that needs the world becomes a `job::Job`, which is asked again with each answer. Knows no
//! store, no users, no sockets. RFC 3501 §3, §6, §7; RFC 9051.

mod append;
mod ask;
mod fetch;
mod idle;
mod job;
mod list;
mod login;
mod mailboxes;
mod reader;
mod report;
mod search;
mod select;
mod session;
mod store;
mod view;
mod words;

pub use ask::{Answer, Ask, Refusal};
pub use session::Session;

use crate::sasl::{Mechanism, PlaintextAuth};

/// What a server is willing to do. One per listener, shared by its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The name in the greeting.
    pub hostname: String,
    /// The largest message, in octets on the wire (RFC 7889).
    pub size_max: u64,
    /// Where a password may be said without TLS.
    pub plaintext_auth: PlaintextAuth,
    /// What the users can log in by, strongest first.
    pub mechanisms: Vec<Mechanism>,
}
