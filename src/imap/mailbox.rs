//! The words of a mailbox: what a store tells about it, and what IMAP says to its clients.
//!
//! Plain data, so that the store and the protocol can speak of the same things without knowing
//! each other. Mailbox names are UTF-8 with `/` between levels; how IMAP writes them is `name`'s
//! business. RFC 9051 §2.3.1, §2.3.2, §6.3.11, §7.3; RFC 4315 §3; RFC 6154; RFC 7162 §3.1.

use super::flag::Flags;
use super::number::{ModSeq, Uid, UidValidity};
use crate::world::Timestamp;

/// The one mailbox that every account has; its name is the only one without case (RFC 9051 §5.1).
pub const INBOX: &str = "INBOX";

/// What stands between the levels of a name.
pub const SEPARATOR: char = '/';

/// What there is to say about one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxInfo {
    /// UTF-8, `/` between levels; `INBOX` in capitals.
    pub name: String,
    /// Whether the user subscribed to it. A subscription outlives its mailbox (RFC 9051 §6.3.7).
    pub subscribed: bool,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
    /// Whether it can hold messages; false for a level that is only there because of those below it.
    pub selectable: bool,
    /// False for a name that is only subscribed to.
    pub exists: bool,
}

/// What a mailbox is for (RFC 6154 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// Every message there is.
    All,
    /// Kept, out of the way.
    Archive,
    /// Not sent yet.
    Drafts,
    /// Marked as important.
    Flagged,
    /// Spam.
    Junk,
    /// Copies of what was sent.
    Sent,
    /// Deleted, or about to be.
    Trash,
}

/// The counts of a mailbox (RFC 9051 §6.3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// How many messages.
    pub messages: u32,
    /// How many without `\Seen`.
    pub unseen: u32,
    /// How many with `\Deleted`.
    pub deleted: u32,
    /// How many that no session has been told of yet (RFC 3501 §2.3.2).
    pub recent: u32,
    /// The next message will get this one or a higher one.
    pub uid_next: Uid,
    /// As long as this stays, UIDs mean the same messages.
    pub uid_validity: UidValidity,
    /// The last change.
    pub highest_modseq: ModSeq,
    /// Octets on the wire, of all messages.
    pub size: u64,
}

/// One message of a mailbox, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name for good.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// Octets on the wire, line ends counted as CRLF.
    pub size: u64,
    /// When it came here: INTERNALDATE.
    pub arrived: Timestamp,
    /// Its last change.
    pub modseq: ModSeq,
    /// Whether no session has been told of it yet.
    pub recent: bool,
}

/// A mailbox at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The counts.
    pub status: Status,
    /// All messages, by rising UID.
    pub rows: Vec<Row>,
}

/// What happened in a mailbox since a modification sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// New and changed messages as they are now, by rising UID.
    pub rows: Vec<Row>,
    /// Those that are gone, by rising UID.
    pub vanished: Vec<Uid>,
    /// Ask from here the next time.
    pub highest_modseq: ModSeq,
    /// The next message will get this one or a higher one.
    pub uid_next: Uid,
    /// If it is another one, the mailbox is another one under the same name.
    pub uid_validity: UidValidity,
}

/// What STORE does with flags (RFC 9051 §6.4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagChange {
    /// `+FLAGS`
    Add(Flags),
    /// `-FLAGS`
    Remove(Flags),
    /// `FLAGS`
    Replace(Flags),
}

/// Which message became which, after COPY or MOVE (RFC 4315 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyUid {
    /// Of the mailbox they went to.
    pub validity: UidValidity,
    /// Old UID, new UID; by rising old UID. Messages that were gone already are missing.
    pub pairs: Vec<(Uid, Uid)>,
}

impl SpecialUse {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::All, Self::Archive, Self::Drafts, Self::Flagged, Self::Junk, Self::Sent, Self::Trash];

    /// As LIST writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "\\All",
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Flagged => "\\Flagged",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }
}

impl FlagChange {
    /// What becomes of flags.
    pub fn apply(&self, flags: &mut Flags) {
        match self {
            Self::Add(more) => flags.add(more),
            Self::Remove(less) => flags.remove(less),
            Self::Replace(new) => *flags = new.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::flag::SystemFlag;

    #[test]
    fn flags_are_added_removed_and_replaced() {
        let one = |flag| Flags::from_parts(flag as u8, ["Work".to_owned()]);
        let mut flags = Flags::new();
        FlagChange::Add(one(SystemFlag::Seen)).apply(&mut flags);
        FlagChange::Add(one(SystemFlag::Draft)).apply(&mut flags);
        assert!(flags.has(SystemFlag::Seen) && flags.has(SystemFlag::Draft) && flags.has_keyword("work"));
        FlagChange::Remove(one(SystemFlag::Seen)).apply(&mut flags);
        assert!(!flags.has(SystemFlag::Seen) && flags.has(SystemFlag::Draft) && !flags.has_keyword("work"));
        FlagChange::Replace(one(SystemFlag::Flagged)).apply(&mut flags);
        assert_eq!(flags, one(SystemFlag::Flagged));
    }
}
