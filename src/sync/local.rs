//! The Maildirs as a run sees them: folders, the files in them, and deeds in batches.
//!
//! Other programs work in them at the same time. What is done is durable when it is answered.

use super::row::{File, Likeness};
use super::state::SeenHere;
use crate::error::Result;
use crate::imap::flag::Flags;
use crate::world::{Content, Timestamp};
use std::future::Future;
use std::sync::Arc;

/// A directory with messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    /// With `/` between levels; INBOX in capitals.
    pub(super) name: String,
    /// What we wrote into it, if we did.
    pub(super) mark: Option<String>,
    /// When its names last changed; `at` is now.
    pub(super) stamp: SeenHere,
}

/// What a scan says beside the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// The names as they were when it began.
    pub(super) stamp: SeenHere,
    /// Nobody changed a name meanwhile, nor so shortly before that nobody could tell. Only then what was not found is gone.
    pub(super) is_quiet: bool,
}

/// A message to be put into a folder.
#[derive(Clone)]
pub(super) struct Delivery {
    /// Begins the file's name: the same message has the same one.
    pub(super) stem: String,
    pub(super) flags: Flags,
    pub(super) arrived: Option<Timestamp>,
    /// As on the wire.
    pub(super) content: Arc<dyn Content>,
}

/// Something to be done with files. A file is found by its base name, wherever in the folder it is by now.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// Adds and removes flags.
    Flag {
        folder: String,
        base: Vec<u8>,
        add: Flags,
        remove: Flags,
    },
    Move {
        folder: String,
        base: Vec<u8>,
        to: String,
    },
    /// Takes a message out; it is kept in the undo directory.
    Remove {
        folder: String,
        base: Vec<u8>,
    },
    Create {
        folder: String,
    },
    /// Writes into a folder what tells it from others.
    Mark {
        folder: String,
        mark: String,
    },
    Rename {
        folder: String,
        to: String,
    },
    /// Removes a folder that is empty.
    Delete {
        folder: String,
    },
}

/// A file as on the wire, and when it arrived.
pub(super) type Opened = (Arc<dyn Content>, Option<Timestamp>);

/// What came of a deed.
#[derive(Debug)]
pub(super) enum Did {
    Ok,
    /// The file as it is now.
    File(File),
    /// There is no such file, or folder, any more.
    Missing,
    /// It does not work, and others may.
    Failed(crate::error::Error),
}

/// The tree of Maildirs.
pub(super) trait Local {
    fn directories(&mut self) -> impl Future<Output = Result<Vec<Directory>>>;

    /// All files of a folder, in pieces of bounded size and in no order.
    fn scan(
        &mut self,
        folder: &str,
        each: &mut (dyn FnMut(Vec<File>) -> Result<()> + Send),
    ) -> impl Future<Output = Result<Pass>>;

    /// Reads files and says what tells them from others, all of it known but `object`; `None` for those that are gone.
    fn describe(&mut self, folder: &str, files: &[File]) -> impl Future<Output = Result<Vec<Option<Likeness>>>>;

    /// A file as on the wire, with its arrival; `None` if it is gone.
    fn content(&mut self, folder: &str, file: &File) -> impl Future<Output = Result<Option<Opened>>>;

    /// Puts messages into a folder. One with the same stem that is there already is the message.
    fn deliver(&mut self, folder: &str, deliveries: Vec<Delivery>) -> impl Future<Output = Result<Vec<Result<File>>>>;

    /// Carries deeds out in their order.
    fn perform(&mut self, deeds: Vec<Deed>) -> impl Future<Output = Result<Vec<Did>>>;

    /// The keywords that a folder's files can tell. Of others nobody knows whether a file has them.
    fn keywords(&mut self, folder: &str) -> impl Future<Output = Result<Flags>>;
}
