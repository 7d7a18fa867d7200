//! What is remembered between runs: folders, rows, and copies of ours that may still turn up.
//!
//! A run reads in windows and writes in batches. A batch is one transaction, and durable when `write` returns: that is
//! the one commit point. What a row waits for (`Row::class`) is kept beside it, so that a run over a million agreed
//! messages looks at none of them.

use super::remote::Can;
use super::row::{Class, FolderId, Likeness, Row, RowId};
use crate::error::Result;
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::world::Timestamp;

/// A mailbox of the server and a directory here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) id: FolderId,
    /// Its name on the wire; `None` while the server has none.
    pub(super) there: Option<String>,
    /// Its name here, with `/` between levels; `None` while there is no directory.
    pub(super) here: Option<String>,
    /// The name on the wire when both sides last had the same; whoever has another one now was renamed.
    pub(super) agreed: Option<String>,
    /// MAILBOXID (RFC 8474 §4).
    pub(super) object: Option<String>,
    /// What is written in the directory, to know it again under another name.
    pub(super) mark: Option<String>,
    /// Which life of the mailbox its UIDs belong to; `None` before the first look.
    pub(super) validity: Option<UidValidity>,
    /// What may be done in the mailbox, when it was last open.
    pub(super) can: Option<Can>,
    /// How far the server was seen.
    pub(super) seen_there: Option<SeenThere>,
    /// How far the directory was seen.
    pub(super) seen_here: Option<SeenHere>,
}

impl Folder {
    /// One that nothing is known of but its names.
    pub(super) fn new(there: Option<String>, here: String) -> Self {
        Self {
            id: FolderId(0),
            there,
            here: Some(here),
            agreed: None,
            object: None,
            mark: None,
            validity: None,
            can: None,
            seen_there: None,
            seen_here: None,
        }
    }
}

/// A mailbox's counters at the last whole look at it. The same ones again mean that nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeenThere {
    pub(super) validity: UidValidity,
    /// Missing from servers that do not tell.
    pub(super) uid_next: Option<Uid>,
    /// Missing where the server does not count changes; then flags may have changed at any time.
    pub(super) modseq: Option<ModSeq>,
    pub(super) messages: u32,
}

/// When the names in a directory last changed, as it was last read: nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeenHere {
    pub(super) cur: i128,
    pub(super) new: i128,
    /// When it was read. A change that is hardly older may hide another one.
    pub(super) at: i128,
}

/// Copies of a message of ours that a server may still make, since it was sent more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ghost {
    pub(super) folder: FolderId,
    pub(super) from: Uid,
    /// With its `whole`.
    pub(super) likeness: Likeness,
    pub(super) left: u32,
    pub(super) until: Timestamp,
}

/// One change. Rows that are put must have been inserted; what is removed may be missing.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// The id in it is not looked at.
    Insert(Row),
    Put(Row),
    Remove(RowId),
    PutFolder(Folder),
    /// With all its rows.
    RemoveFolder(FolderId),
    /// Replaces the one of the same folder, content and first UID; none left, or too old, means none.
    Ghost(Ghost),
}

/// Messages of a folder by side; gone ones do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) there: u64,
    pub(super) here: u64,
    /// Agreed to be in this folder and known on both sides, gone or not.
    pub(super) both: u64,
}

/// The memory of runs.
pub(super) trait State: Send {
    /// All folders, by id.
    fn folders(&self) -> Result<Vec<Folder>>;
    /// Notes a folder; the id in it is not looked at. Durable with the next `write`, or by itself.
    fn add_folder(&mut self, folder: Folder) -> Result<FolderId>;

    fn row(&self, id: RowId) -> Result<Option<Row>>;
    /// The row whose `there`, gone or not, has this UID.
    fn by_uid(&self, folder: FolderId, uid: Uid) -> Result<Option<Row>>;
    /// The row whose `here`, gone or not, has this base name. One that is not gone comes first.
    fn by_base(&self, folder: FolderId, base: &[u8]) -> Result<Option<Row>>;
    /// Rows of a folder whose `there` has a UID from this one on, by rising UID.
    fn uids_from(&self, folder: FolderId, from: Uid, limit: usize) -> Result<Vec<Row>>;
    /// Rows of a folder that have a `here`, by rising id, behind this one.
    fn here_after(&self, folder: FolderId, after: RowId, limit: usize) -> Result<Vec<Row>>;
    /// Rows of a class by rising id, behind this one.
    fn pending(&self, class: Class, after: RowId, limit: usize) -> Result<Vec<Row>>;
    /// How many rows there are of a class.
    fn count(&self, class: Class) -> Result<u64>;
    fn counts(&self, folder: FolderId) -> Result<Counts>;
    /// Rows with the same object, header digest, whole digest, Message-ID (not 0) or, where one of them has no
    /// Message-ID, size; on one side only, gone on one, or sent and not yet found. By rising id.
    fn alone_like(&self, likeness: &Likeness, limit: usize) -> Result<Vec<Row>>;
    /// Rows with a file of this inode, gone or not.
    fn by_inode(&self, inode: u64) -> Result<Vec<Row>>;
    /// Ghosts of a folder that are not too old.
    fn ghosts(&self, folder: FolderId, now: Timestamp) -> Result<Vec<Ghost>>;

    /// Carries out all edits, or none; durable when it returns. The ids of the rows that were inserted, in their order.
    fn write(&mut self, edits: Vec<Edit>) -> Result<Vec<RowId>>;
}
