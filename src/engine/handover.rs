//! Handing a message over: what goes over, to whom, and what came of it for each recipient.
//!
//! The words between the queue and those who take messages off it, a courier to other hosts and the
//! agent for local mailboxes, so that neither knows the other. Connects to nobody and keeps nothing.
//! RFC 5321 §3.3, §4.2.1; RFC 3463.

use super::route::Hop;
use crate::envelope::{Envelope, ForwardPath};
use crate::status::{EnhancedStatus, Fate, ReplyCode};
use crate::wire::event::Decision;
use crate::world::{Content, Later, Timestamp};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

/// A message on its way to some of its recipients.
#[derive(Clone)]
pub struct Parcel {
    /// Its name in the spool. The same parcel may come twice, after a crash; the name tells.
    pub id: String,
    /// The recipients are those it goes to now; never empty.
    pub envelope: Envelope,
    /// When it was accepted.
    pub received: Timestamp,
    /// The message, with CRLF line ends.
    pub message: Arc<dyn Content>,
}

/// What came of it for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Class 2: the other side has it now. 4: perhaps later. 5: never.
    pub status: EnhancedStatus,
    /// Whom it was about; `None` if nobody was reached.
    pub remote: Option<String>,
    /// The code with which they said so; without one these are words of ours, about them or about nobody.
    pub code: Option<ReplyCode>,
    /// Their words, reply code first; or why we gave up.
    pub words: String,
    /// More about it, for the people of this host alone: it may name its files.
    pub inside: Option<String>,
    /// Whether another host of the same destination may still be asked: this one did not judge the recipient.
    pub try_next: bool,
}

/// Takes messages to one host.
pub trait Courier: Send + Sync {
    /// Connects to one address of a host and hands the parcel over. Gives one answer for each recipient, in order,
    /// whatever happens; ends within deadlines of its own.
    fn deliver<'a>(&'a self, host: &'a Hop, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>>;

    /// Hands the parcel to the server of an account of the user's, or to the one with this URL, as its sender would.
    /// One that knows no accounts lets it wait.
    fn submit<'a>(&'a self, account: &'a str, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        let words = format!("the account {account} is not known to the relay that works here");
        let later = Answer::failed(EnhancedStatus::new(4, 3, 5), words);
        Box::pin(std::future::ready(vec![later; parcel.envelope.recipients.len()]))
    }

    /// Is told why a host is asked, or when the next attempt is due. One that writes no trace passes it over.
    fn decided(&self, _: Decision) {}
}

/// Takes messages to mailboxes on this host.
pub trait Local: Send + Sync {
    /// Whether mail for this recipient stays here, whether or not there is such a mailbox.
    fn is_local(&self, recipient: &ForwardPath) -> bool;

    /// Puts parcels into mailboxes: for each one, an answer for each of its recipients, in order. What is answered
    /// with success is durable.
    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> Later<'a, Vec<Vec<Answer>>>;
}

impl Answer {
    /// They have it.
    pub fn delivered(remote: Option<String>, words: impl Into<String>) -> Self {
        Self {
            status: EnhancedStatus::new(2, 0, 0),
            remote,
            code: None,
            words: words.into(),
            inside: None,
            try_next: false,
        }
    }

    /// A failure that was found on this side, without a word from another host.
    pub fn failed(status: EnhancedStatus, words: impl Into<String>) -> Self {
        Self { status, remote: None, code: None, words: words.into(), inside: None, try_next: false }
    }

    /// Who said so, if it was not us.
    pub fn speaker(&self) -> Option<&str> {
        self.remote.as_deref().filter(|_| self.code.is_some())
    }

    /// All that is known of it, for the people of this host.
    pub fn in_full(&self) -> Cow<'_, str> {
        match &self.inside {
            Some(inside) => format!("{}: {inside}", self.words).into(),
            None => (&self.words).into(),
        }
    }

    /// What follows; `None` after success.
    pub fn fate(&self) -> Option<Fate> {
        match self.status.class {
            2 => None,
            4 => Some(Fate::Transient),
            _ => Some(Fate::Permanent),
        }
    }
}

impl Parcel {
    /// The same message for fewer recipients.
    pub fn only(&self, recipients: Vec<ForwardPath>) -> Self {
        Self { envelope: Envelope { recipients, ..self.envelope.clone() }, ..self.clone() }
    }
}
