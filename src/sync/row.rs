//! A message as the last runs saw it: on the server, here, and as both sides last agreed.
//!
//! Three states of the same thing, attribute by attribute: where it is, which flags it has, whether it is there at all.
//! What differs from what was agreed on is a change of that side, and nothing else has to be remembered. Types only;
//! what follows from them is decided in `decide`.

use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::Uid;
use crate::message::fingerprint::Digest;
use crate::world::Timestamp;

/// Names a row for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RowId(pub(super) i64);

/// Names a folder, which is a mailbox of the server and a directory here, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FolderId(pub(super) i64);

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: RowId,
    /// Where both sides agreed that it is; of one that is on one side only, where it is.
    pub(super) folder: FolderId,
    /// On the server.
    pub(super) there: Option<There>,
    /// In the Maildir.
    pub(super) here: Option<Here>,
    /// The flags that both sides agreed on; `None` if they never did.
    pub(super) base: Option<Flags>,
    /// What tells it from others.
    pub(super) likeness: Likeness,
    /// INTERNALDATE.
    pub(super) arrived: Option<Timestamp>,
    pub(super) fate: Fate,
}

/// A message on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct There {
    pub(super) folder: FolderId,
    pub(super) uid: Uid,
    pub(super) flags: Flags,
    /// A scan has seen that it is not there any more.
    pub(super) gone: bool,
}

/// A message in the Maildir.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) folder: FolderId,
    pub(super) file: File,
    /// A scan has seen that it is not here any more.
    pub(super) gone: bool,
}

/// A file of a Maildir, as a scan finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// The name up to the colon: it stays when flags change.
    pub(super) base: Vec<u8>,
    /// In `cur`, else in `new`.
    pub(super) in_cur: bool,
    /// From the colon on; empty if there is none.
    pub(super) info: Vec<u8>,
    /// What the info says, keywords included.
    pub(super) flags: Flags,
    /// The file's identity in its file system.
    pub(super) inode: u64,
}

/// What tells a message from others, as far as it is known. The same content has the same of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Likeness {
    /// Octets on the wire; servers are not always right about it.
    pub(super) size: Option<u64>,
    /// Of the Message-ID field; `None` if the header was not looked at, 0 if there is no such field.
    pub(super) message_id: Option<u64>,
    /// EMAILID or X-GM-MSGID: the same for copies, never for other content (RFC 8474 §5.1).
    pub(super) object: Option<String>,
    /// Of the header as on the wire, with the empty line behind it.
    pub(super) header: Option<Digest>,
    /// Of everything, as on the wire.
    pub(super) whole: Option<Digest>,
}

/// What a row waits for, beside what its sides say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Normal,
    /// It is about to be fetched, with the flags in `base`; the file's name follows from its UID.
    Fetching,
    /// It was sent, or is about to be: it may be on the server by a UID from this one on.
    Sending {
        from: Uid,
        times: u32,
    },
    /// It was moved on the server, or is about to be: it may be in that folder by a UID from this one on.
    Moving {
        to: FolderId,
        from: Uid,
        times: u32,
    },
    /// Its UID has no meaning any more: the mailbox began a new life.
    Lost,
    /// Nothing in the mailbox's new life was like it. It stays here, and is neither sent nor removed.
    Stranded,
    /// On the server only: a second copy that we made. It is removed without asking.
    Doomed,
    /// One of the sides said no so many times.
    Refused {
        times: u32,
    },
    /// It is on one side only, and is meant to be.
    Left,
}

/// What has to be done about a row, before anybody asks what may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Class {
    /// Nothing.
    Settled = 0,
    /// On both sides, in one folder, with other flags than agreed.
    Flags = 1,
    /// On the server only.
    NewThere = 2,
    /// Here only.
    NewHere = 3,
    /// On both sides, in two folders, or in another one than agreed.
    Moved = 4,
    /// It went away on the server.
    GoneThere = 5,
    /// It went away here.
    GoneHere = 6,
    /// On neither side.
    GoneBoth = 7,
    /// A second copy of ours.
    Doomed = 8,
    /// Nobody knows yet which one it is on the server.
    Lost = 9,
    /// Both sides agree that it is flagged `\\Deleted`.
    Deleted = 10,
}

impl Row {
    /// On the server, and not seen gone.
    pub(super) fn alive_there(&self) -> Option<&There> {
        self.there.as_ref().filter(|there| !there.gone)
    }

    /// In the Maildir, and not seen gone.
    pub(super) fn alive_here(&self) -> Option<&Here> {
        self.here.as_ref().filter(|here| !here.gone)
    }

    /// What has to be done.
    pub(super) fn class(&self) -> Class {
        match (self.alive_there(), self.alive_here()) {
            (None, _) if self.fate == Fate::Lost => Class::Lost,
            (None, None) => Class::GoneBoth,
            (Some(_), None) if self.fate == Fate::Doomed => Class::Doomed,
            (Some(there), Some(here)) => {
                let base = self.base.as_ref();
                if there.folder != here.folder || there.folder != self.folder {
                    Class::Moved
                } else if base != Some(&there.flags) || base != Some(&here.file.flags) {
                    Class::Flags
                } else if there.flags.has(SystemFlag::Deleted) {
                    Class::Deleted
                } else {
                    Class::Settled
                }
            }
            (Some(_), None) | (None, Some(_)) if matches!(self.fate, Fate::Left | Fate::Stranded) => Class::Settled,
            (Some(_), None) if self.here.is_some() => Class::GoneHere,
            (Some(_), None) => Class::NewThere,
            (None, Some(_)) if self.there.is_some() => Class::GoneThere,
            (None, Some(_)) => Class::NewHere,
        }
    }

    /// Whether it may be the other half of a message that turns up: one side is missing, gone, or not yet known.
    pub(super) fn is_open(&self) -> bool {
        let is_alone = self.alive_there().is_none() || self.alive_here().is_none();
        is_alone || matches!(self.fate, Fate::Sending { .. } | Fate::Moving { .. })
    }
}

impl Likeness {
    /// Whether two may be the same content, as far as is known of both. Different digests or objects say no for sure.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<bool> {
            Some(one.as_ref()? == other.as_ref()?)
        }
        if let Some(is_same) = same(&self.whole, &other.whole) {
            return is_same;
        }
        if same(&self.header, &other.header) == Some(false) || same(&self.message_id, &other.message_id) == Some(false)
        {
            return false;
        }
        // A header or a Message-ID is worth more than a size, which servers get wrong.
        same(&self.header, &other.header) == Some(true)
            || same(&self.message_id, &other.message_id) == Some(true) && self.message_id != Some(0)
            || same(&self.size, &other.size) == Some(true)
    }

    /// Whether nothing but a size, which may be wrong, says what it is like: only its header can tell.
    pub(super) fn is_vague(&self) -> bool {
        self.header.is_none() && self.message_id.is_none_or(|id| id == 0)
    }

    /// Whether a look-up by what is known of one finds the other: by object, by digest, by Message-ID, and by size where
    /// one of them has no Message-ID.
    #[cfg(test)]
    pub(super) fn meets(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
            one.is_some() && one == other
        }
        let has_id = |likeness: &Self| likeness.message_id.is_some_and(|id| id != 0);
        same(&self.object, &other.object)
            || same(&self.whole, &other.whole)
            || same(&self.header, &other.header)
            || has_id(self) && same(&self.message_id, &other.message_id)
            || !(has_id(self) && has_id(other)) && same(&self.size, &other.size)
    }

    /// Adds what the other one knows.
    pub(super) fn learn(&mut self, other: &Self) {
        let Self { size, message_id, object, header, whole } = other;
        self.size = self.size.or(*size);
        self.message_id = self.message_id.or(*message_id);
        self.header = self.header.or(*header);
        self.whole = self.whole.or(*whole);
        if self.object.is_none() {
            self.object.clone_from(object);
        }
    }
}
