//! The server as a run sees it: mailboxes, what is new in them, and orders in batches.
//!
//! Behind it is an IMAP session, or a model of a server. All that a run wants at one time it asks for at once, so that
//! the far side can put it into one round trip.

use super::row::Likeness;
use super::state::SeenThere;
use crate::error::{Kind, Result};
use crate::imap::flag::Flags;
use crate::imap::mailbox::SpecialUse;
use crate::imap::number::{Uid, UidValidity};
use crate::world::{Content, Timestamp};
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A mailbox, as the list of all says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// Its name on the wire.
    pub(super) name: String,
    /// What stands between levels; `None` if there are none.
    pub(super) separator: Option<char>,
    pub(super) selectable: bool,
    pub(super) subscribed: bool,
    pub(super) special_use: Option<SpecialUse>,
    pub(super) object: Option<String>,
    /// Its counters, if the server tells them of mailboxes that are not open.
    pub(super) counters: Option<SeenThere>,
}

/// A mailbox to look at.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) mailbox: String,
    /// What the last look saw; none for the first.
    pub(super) since: Option<SeenThere>,
    /// The life its known messages belong to.
    pub(super) validity: Option<UidValidity>,
    /// How many messages of it are known and were there.
    pub(super) known: u64,
    /// Whatever the counters say, every message is asked for.
    pub(super) full: bool,
}

/// What a look brings, in pieces of bounded size. All about one life of the mailbox, and `Opened` first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// The mailbox is open. If its life is another one than expected, every message is told as `Message`.
    Opened(UidValidity, Can),
    /// A message that may be new.
    Message(Arrived),
    /// Flags of a message.
    Flags(Uid, Flags),
    /// These are gone.
    Vanished(RangeInclusive<Uid>),
    /// Within the range, these and no others are there; in rising order.
    Only(RangeInclusive<Uid>, Vec<RangeInclusive<Uid>>),
}

/// A message that is on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) uid: Uid,
    pub(super) flags: Flags,
    pub(super) likeness: Likeness,
    pub(super) arrived: Option<Timestamp>,
}

/// What may be done in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Can {
    pub(super) is_read_only: bool,
    /// The flags that stay (PERMANENTFLAGS); with `any_keyword` also those not named.
    pub(super) stay: Flags,
    pub(super) any_keyword: bool,
}

/// Something to be done on the server.
#[derive(Clone)]
pub(super) enum Order {
    /// Adds or removes flags; messages that are gone are no failure.
    Store {
        mailbox: String,
        uids: Vec<Uid>,
        add: Flags,
        remove: Flags,
    },
    Move {
        mailbox: String,
        uids: Vec<Uid>,
        to: String,
    },
    /// Removes exactly these.
    Expunge {
        mailbox: String,
        uids: Vec<Uid>,
    },
    Append {
        mailbox: String,
        letters: Vec<Letter>,
    },
    Create {
        mailbox: String,
    },
    Rename {
        mailbox: String,
        to: String,
    },
    /// Removes a mailbox that is empty.
    Delete {
        mailbox: String,
    },
}

/// A message for the server.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) flags: Flags,
    pub(super) arrived: Option<Timestamp>,
    /// As on the wire.
    pub(super) content: Arc<dyn Content>,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    Ok,
    /// Of a move: old UID and new one, as far as the server tells.
    Moved(Vec<(Uid, Uid)>),
    /// Of an append: of each letter its UID, if the server tells, or why it is not taken.
    Appended(Vec<Result<Option<Uid>, Refused>>),
    Refused(Refused),
}

/// The server says no to one thing, and goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// A message that was asked for.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) uid: Uid,
    pub(super) content: Arc<dyn Content>,
    /// All of it known but `object`.
    pub(super) likeness: Likeness,
}

/// The server. An error is the end of the conversation: what was not answered may yet happen.
pub(super) trait Remote: Send {
    /// All mailboxes, with their counters in the same breath where the server can.
    fn mailboxes(&mut self) -> impl Future<Output = Result<Vec<Mailbox>>>;

    /// Looks at mailboxes, one after the other; `each` gets news with the index of their look, and whoever cannot be
    /// opened says why. Gives the counters at the beginning of each look: what is new later is seen the next time.
    fn look(
        &mut self,
        looks: &[Look],
        each: &mut (dyn FnMut(usize, Vec<News>) -> Result<()> + Send),
    ) -> impl Future<Output = Result<Vec<Result<SeenThere, Refused>>>>;

    /// Digests and Message-IDs of headers, of those that are there.
    fn headers(&mut self, mailbox: &str, uids: &[Uid]) -> impl Future<Output = Result<Vec<(Uid, Likeness)>>>;

    /// Messages, of those that are there, each with the size it should have. What comes goes into the channel, which
    /// holds as many as may be held.
    fn bodies(
        &mut self,
        mailbox: &str,
        messages: &[(Uid, u64)],
        come: mpsc::Sender<Body>,
    ) -> impl Future<Output = Result<()>>;

    /// Carries orders out in their order. What was answered before the conversation ended is in `done`.
    fn perform(&mut self, orders: Vec<Order>) -> impl Future<Output = Performed>;
}

/// What came of orders.
#[derive(Debug)]
pub(super) struct Performed {
    /// Of the first so many.
    pub(super) done: Vec<Done>,
    /// Why the others have no answer.
    pub(super) cut: Option<crate::error::Error>,
}
