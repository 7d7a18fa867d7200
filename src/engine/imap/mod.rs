//! An IMAP conversation after the login: commands, many at a time, and what the server says to each.
//!
//! A command has happened when its own tag came back with OK, and not before. Responses flow through and are never
//! collected; one is held at a time. Commands that do not need each other's answers go over together: `pipeline`.
//! RFC 9051 §2.2, §5.5, §6.3, §7.

mod answer;
mod append;
mod change;
mod event;
mod find;
mod key;
mod list;
mod mend;
mod messages;
mod names;
mod offer;
mod open;
mod part;
mod pipeline;
mod program;
mod read;
mod remove;
mod scan;
mod search;
mod select;
mod steady;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

pub use append::{Appended, Upload, wire_name};
pub use change::{Copied, Refused, Store};
pub use event::Event;
pub use key::{Key, Piece, typed};
pub use list::{Ask, Listing};
pub use messages::PIECE;
pub use open::Opening;
pub use part::Named;
pub use program::Program;
pub use read::{Overview, Seen};
pub use remove::Removed;
pub use scan::{Found, Look, Scan};
pub use select::{Change, Flagged, Selected, Since};
pub use watch::Woken;

use crate::error::{Kind, Result};
use crate::imap::capability::Capabilities;
use crate::imap::code;
use crate::imap::flag::Flags;
use crate::imap::mailbox::SpecialUse;
use crate::imap::number::Uid;
use crate::net::connection::Connection;
use crate::world::Timestamp;
use answer::Answer;
use event::Missed;
use pipeline::{PATIENCE, Queue};
use std::time::Duration;
use tokio::time::timeout;
use wire::Wire;

/// How long the answer to LOGOUT is waited for.
const GOODBYE: Duration = Duration::from_secs(5);

/// A conversation with a server that knows us.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
    peer: String,
    queue: Queue,
    /// Commands were begun and their ends have not been seen.
    is_amiss: bool,
    /// LOGOUT was said.
    is_leaving: bool,
    /// What the server said it can do, if it did.
    capabilities: Option<Capabilities>,
    /// Extensions that are on, in capitals.
    enabled: Vec<String>,
    /// The open mailbox, by its name on the wire.
    selected: Option<String>,
    view: View,
    /// News of other mailboxes that came while nobody watched.
    missed: Missed,
}

/// How far the messages of the open mailbox have been listed, by sequence number.
#[derive(Debug, Default)]
struct View {
    /// Messages when it was opened, without those that went away since.
    messages: u32,
    /// Of these, the first so many are listed.
    listed: u32,
    /// How often some went away.
    gone: u64,
}

impl View {
    /// Takes in what an answer says of messages that went away.
    fn note(&mut self, answer: &Answer<'_>) {
        match answer {
            Answer::Expunge(number) => self.expunge(*number),
            Answer::Vanished { is_earlier: false, uids } => {
                let count = u32::try_from(uids.count()).unwrap_or(u32::MAX);
                self.messages = self.messages.saturating_sub(count);
            }
            _ => return,
        }
        self.gone += 1;
    }

    /// RFC 9051 §7.5.1: whatever stood behind the message moves up by one.
    fn expunge(&mut self, number: u32) {
        if (1..=self.listed).contains(&number) {
            self.listed -= 1;
        }
        if (1..=self.messages).contains(&number) {
            self.messages -= 1;
        }
    }
}

/// A mailbox in the answer to LIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name as the server writes it: modified UTF-7, levels with the server's separator.
    pub wire_name: String,
    /// What stands between levels; `None` if there are none.
    pub separator: Option<char>,
    /// Whether it holds messages.
    pub selectable: bool,
    /// What it is for, if the server says so.
    pub special_use: Option<SpecialUse>,
    /// Whether the user wants to see it, if the server was asked that.
    pub is_subscribed: bool,
}

/// Whether a mailbox is opened to change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// EXAMINE: nothing changes, not even `\Recent`.
    ReadOnly,
    /// SELECT.
    ReadWrite,
}

/// A message without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name in the mailbox.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// Octets, as the server counts them; not every server counts well.
    pub size: u32,
    /// INTERNALDATE, if the server gave a readable one.
    pub arrived: Option<Timestamp>,
}

/// A tagged answer that is not OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What sort of failure it is.
    pub kind: Kind,
    /// The server's words.
    pub text: String,
}

impl Refusal {
    /// Whether the server gave the response code of this name, in capitals: ALREADYEXISTS, NONEXISTENT, TRYCREATE,
    /// OVERQUOTA, LIMIT, TOOBIG (RFC 5530 §3, RFC 7889 §3).
    pub fn is(&self, name: &str) -> bool {
        code::named(&self.text, name).is_some()
    }

    /// How long the server wants to be left alone, if it says so.
    pub fn backoff(&self) -> Option<Duration> {
        code::backoff(&self.text)
    }

    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    fn unwritable() -> Self {
        Self::new(Kind::Data, "its name cannot be written")
    }
}

impl Session {
    fn new(connection: Connection, unread: &[u8], peer: String, capabilities: Option<Vec<String>>) -> Self {
        Self {
            wire: Wire::new(connection, unread),
            peer,
            queue: Queue::default(),
            is_amiss: false,
            is_leaving: false,
            capabilities: capabilities.map(Capabilities::new),
            enabled: Vec::new(),
            selected: None,
            view: View::default(),
            missed: Missed::default(),
        }
    }

    /// The server's name, for errors.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Says goodbye. Nothing hangs on the answer, so its absence is no failure.
    pub async fn logout(mut self) {
        self.is_leaving = true;
        let _ = timeout(GOODBYE, self.exec("LOGOUT", |_| Ok(()))).await;
        self.wire.close().await;
    }

    fn expect<T>(&self, done: Result<T, Refusal>, what: &str) -> Result<T> {
        done.map_err(|refusal| self.error(refusal.kind, what).said(refusal.text))
    }
}
