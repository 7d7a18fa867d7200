//! What an IMAP session asks of the world, and what it may hear.
//!
//! One question for each operation of a mail store, in its words, none larger than one piece of a
//! message or one mailbox's rows. The user is the one that [`Ask::Authenticate`] let in.
//! Names are UTF-8 with `/` between levels, `INBOX` in capitals; they were checked for dots and
//! control characters, yet a store should not rely on it.

use crate::imap::flag::Flags;
use crate::imap::mailbox::{Changes, CopyUid, FlagChange, MailboxInfo, Row, Snapshot, Status};
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::imap::search::Key;
use crate::imap::structure::Structure;
use crate::sasl::{Credentials, Found, LoginRefusal, LookUp};
use crate::world::Timestamp;
use std::sync::Arc;

/// A question, or a task.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Is this login good? Answered by [`Answer::Authenticated`].
    Authenticate(Credentials),
    /// What does a user log in by SCRAM with? Answered by [`Answer::Keys`].
    Keys(LookUp),
    /// All names, subscribed ones that do not exist included. Answered by [`Answer::Mailboxes`].
    Mailboxes,
    /// Make a mailbox, with the levels above it. Answered by [`Answer::Done`].
    Create {
        /// Its name.
        mailbox: String,
    },
    /// Remove a mailbox and its messages; one with others below it stays as a level. Answered by [`Answer::Done`].
    Delete {
        /// Its name.
        mailbox: String,
    },
    /// Give a mailbox, and those below it, another name; from INBOX only the messages move (RFC 9051 §6.3.6).
    /// Answered by [`Answer::Done`].
    Rename {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Add or remove a subscription; also for what does not exist. Answered by [`Answer::Done`].
    Subscribe {
        /// Its name.
        mailbox: String,
        /// Whether it is added.
        on: bool,
    },
    /// The counts. Answered by [`Answer::Status`].
    Status {
        /// Of which mailbox.
        mailbox: String,
    },
    /// Open a mailbox: from now on news are about this one. Answered by [`Answer::Opened`].
    Open {
        /// Its name.
        mailbox: Arc<str>,
        /// Whether what is recent becomes so for this session alone; not if it only examines.
        claims_recent: bool,
    },
    /// What happened since. Answered by [`Answer::Changes`].
    Changes {
        /// In which mailbox; after a rename it is the new name, and news are about this one.
        mailbox: Arc<str>,
        /// Since when.
        since: ModSeq,
        /// As with [`Ask::Open`], for new messages.
        claims_recent: bool,
    },
    /// Octets of a message as it goes over the wire, lines ended by CRLF. Fewer than asked for only at the end.
    /// Answered by [`Answer::Piece`].
    Read {
        /// In which mailbox.
        mailbox: Arc<str>,
        /// Which message.
        uid: Uid,
        /// From which octet.
        offset: u64,
        /// How many at most.
        len: usize,
    },
    /// The parts of a message: [`Structure::read`] of all its octets. Answered by [`Answer::Structure`].
    Structure {
        /// In which mailbox.
        mailbox: Arc<str>,
        /// Which message.
        uid: Uid,
    },
    /// Which of these messages meet the criteria, by `content::matches`. Messages that are gone do not.
    /// Answered by [`Answer::Found`].
    Search {
        /// In which mailbox.
        mailbox: Arc<str>,
        /// Which messages, as this session sees them.
        rows: Vec<Row>,
        /// The criteria; sets are resolved.
        key: Arc<Key>,
    },
    /// Change flags, and say what they are now; messages that are gone are left out. Answered by [`Answer::Rows`].
    StoreFlags {
        /// In which mailbox.
        mailbox: Arc<str>,
        /// Which messages, rising.
        uids: Vec<Uid>,
        /// How.
        change: FlagChange,
    },
    /// Remove messages; those that are gone already count as removed. Answered by [`Answer::Done`].
    Expunge {
        /// In which mailbox.
        mailbox: Arc<str>,
        /// Which messages, rising.
        uids: Vec<Uid>,
    },
    /// Copy messages, with flags and dates: all, or none if it fails. Answered by [`Answer::Copied`].
    Copy {
        /// From which mailbox.
        mailbox: Arc<str>,
        /// Which messages, rising.
        uids: Vec<Uid>,
        /// Where to.
        to: String,
    },
    /// The same, and they are gone from here. Answered by [`Answer::Copied`].
    Move {
        /// From which mailbox.
        mailbox: Arc<str>,
        /// Which messages, rising.
        uids: Vec<Uid>,
        /// Where to.
        to: String,
    },
    /// A message is about to come. A missing mailbox or a full disk is said now. Answered by [`Answer::Done`].
    AppendBegin {
        /// Where to.
        mailbox: String,
        /// With these flags.
        flags: Flags,
        /// INTERNALDATE, if it is not to be now.
        arrived: Option<Timestamp>,
        /// How many octets will come.
        size: u64,
    },
    /// A piece of it, as it came. Answered by [`Answer::Done`].
    AppendWrite(Vec<u8>),
    /// It is complete: make it durable. Answered by [`Answer::Appended`].
    AppendCommit,
    /// Forget it. A connection that is cut says nothing: the message is then forgotten with its session.
    /// Answered by [`Answer::Done`].
    AppendDiscard,
    /// Nothing: only that what was said so far is written before more is. Answered by [`Answer::Done`].
    Flush,
}

/// What the world says to an [`Ask`].
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The keys and a nonce, or why they cannot be had. A user who does not exist has some too.
    Keys(Result<Found, LoginRefusal>),
    /// The user's canonical name, or why not.
    Authenticated(Result<String, LoginRefusal>),
    /// Whether it was done.
    Done(Result<(), Refusal>),
    /// The names.
    Mailboxes(Result<Vec<MailboxInfo>, Refusal>),
    /// The counts.
    Status(Result<Status, Refusal>),
    /// The mailbox as it is.
    Opened(Result<Snapshot, Refusal>),
    /// What happened.
    Changes(Result<Changes, Refusal>),
    /// The octets.
    Piece(Result<Vec<u8>, Refusal>),
    /// The parts.
    Structure(Result<Box<Structure>, Refusal>),
    /// Those that meet the criteria, rising.
    Found(Result<Vec<Uid>, Refusal>),
    /// The messages as they are now, by rising UID.
    Rows(Result<Vec<Row>, Refusal>),
    /// Which message became which.
    Copied(Result<CopyUid, Refusal>),
    /// Where the message went.
    Appended(Result<(UidValidity, Uid), Refusal>),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No such mailbox, or none that holds messages.
    NoMailbox,
    /// The name is taken.
    Exists,
    /// The message is gone.
    Gone,
    /// It can never be done, in one sentence: INBOX cannot be deleted, the name suits no file system.
    Cannot(String),
    /// No room.
    DiskFull,
    /// Anything that may be better later.
    Temporary,
}
