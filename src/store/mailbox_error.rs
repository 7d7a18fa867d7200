//! Why a mailbox does not do what it was asked.
//!
//! What the user can mend has a name of its own, so that IMAP can answer with the right code
//! (TRYCREATE, ALREADYEXISTS, CANNOT, OVERQUOTA); the rest is the world's mistake.
//! RFC 9051 §7.1, RFC 5530 §3.

use super::sqlite;
use crate::error::{Error, Kind};
use std::io;
use std::path::Path;

/// The result of an operation on mailboxes.
pub type Outcome<T> = Result<T, MailboxError>;

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// There is no mailbox of this name, or it holds no messages.
    #[error("No such mailbox")]
    NoSuchMailbox,
    /// The message is gone.
    #[error("No such message")]
    NoSuchMessage,
    /// A mailbox of this name is there.
    #[error("Mailbox already exists")]
    AlreadyExists,
    /// It holds no messages, only other mailboxes, and these must go first (RFC 9051 §6.3.5).
    #[error("Mailbox has other mailboxes below it")]
    HasChildren,
    /// This is never allowed: a bad name, INBOX to be deleted. The sentence says which.
    #[error("{0}")]
    Cannot(&'static str),
    /// No space is left.
    #[error("Disk is full")]
    Full,
    /// Anything else. May work later.
    #[error("{0}")]
    Broken(Error),
}

impl MailboxError {
    /// A file operation failed: what was tried, on which path.
    pub(super) fn file(tried: &str, path: &Path, source: io::Error) -> Self {
        if is_full(source.kind()) { Self::Full } else { Self::Broken(Error::file(tried, path, source)) }
    }
}

impl From<io::Error> for MailboxError {
    fn from(error: io::Error) -> Self {
        if is_full(error.kind()) {
            Self::Full
        } else {
            Self::Broken(Error::new(Kind::Io, "reading or writing a mailbox").caused_by(error))
        }
    }
}

impl From<rusqlite::Error> for MailboxError {
    fn from(error: rusqlite::Error) -> Self {
        if sqlite::is_full(&error) {
            Self::Full
        } else {
            Self::Broken(Error::new(Kind::Io, "using the index of a mailbox").caused_by(error))
        }
    }
}

/// For callers who do not talk to a user of mailboxes: the delivery agent, the synchroniser.
impl From<MailboxError> for Error {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Broken(error) => error,
            // In the words of a full disk, so that whoever asks for one sees it.
            MailboxError::Full => {
                Self::new(Kind::Io, "writing to a mailbox").caused_by(io::Error::from(io::ErrorKind::StorageFull))
            }
            MailboxError::NoSuchMailbox | MailboxError::NoSuchMessage => {
                Self::new(Kind::NoInput, "opening a mailbox").caused_by(error)
            }
            MailboxError::AlreadyExists | MailboxError::HasChildren | MailboxError::Cannot(_) => {
                Self::new(Kind::CannotCreate, "changing a mailbox").caused_by(error)
            }
        }
    }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
