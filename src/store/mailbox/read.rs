//! Reading messages in pieces, in any order, by several sessions at once.
//!
//! The last few messages stay open, so that the next piece costs the piece, and a message that is
//! expunged while somebody reads it is read to its end.

use super::gone;
use super::line_ends::WireReader;
use super::messages::{self, Message};
use super::rows;
use super::state::{Entered, State};
use crate::imap::mailbox::{Changes, Row, Snapshot, Status};
use crate::imap::number::{ModSeq, Uid};
use crate::store::mailbox::file_name;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::DiskFile;
use std::io;

const READERS_MAX: usize = 4;
/// One piece; who wants more asks again.
const PIECE_MAX: usize = 4 * 1024 * 1024;

/// Open messages, the last used one last.
#[derive(Default)]
pub(super) struct Readers(Vec<(i64, Uid, WireReader)>);

impl Readers {
    /// After mailboxes changed places.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, mailbox: i64, uid: Uid) -> Option<WireReader> {
        let at = self.0.iter().position(|(known, of, _)| (*known, *of) == (mailbox, uid))?;
        Some(self.0.remove(at).2)
    }

    fn keep(&mut self, mailbox: i64, uid: Uid, reader: WireReader) {
        if self.0.len() == READERS_MAX {
            self.0.remove(0);
        }
        self.0.push((mailbox, uid, reader));
    }
}

impl State {
    /// The counts of a mailbox.
    pub(in crate::store) fn status(&mut self, name: &str) -> Outcome<Status> {
        self.within(name, |state, at| rows::status(state.index.connection(), &state.row(at)?))
    }

    /// All of a mailbox.
    pub(in crate::store) fn snapshot(&mut self, name: &str) -> Outcome<Snapshot> {
        self.within(name, |state, at| {
            // One transaction: another process may write between two reads.
            let view = state.index.connection().unchecked_transaction()?;
            let row = rows::get(&view, at.id)?;
            let status = rows::status(&view, &row)?;
            Ok(Snapshot { status, rows: to_rows(messages::all(&view, at.id)?, row.first_recent) })
        })
    }

    /// What happened since a change.
    pub(in crate::store) fn changes(&mut self, name: &str, since: ModSeq) -> Outcome<Changes> {
        self.within(name, |state, at| {
            let view = state.index.connection().unchecked_transaction()?;
            let row = rows::get(&view, at.id)?;
            let status = rows::status(&view, &row)?;
            Ok(Changes {
                rows: to_rows(messages::changed(&view, at.id, since.0)?, row.first_recent),
                vanished: gone::vanished(&view, &row, since.0)?,
                highest_modseq: status.highest_modseq,
                uid_next: status.uid_next,
                uid_validity: status.uid_validity,
            })
        })
    }

    /// From which UID on messages were recent; from now on only later ones are.
    pub(in crate::store) fn claim_recent(&mut self, name: &str) -> Outcome<Uid> {
        self.within(name, |state, at| {
            let row = state.row(at)?;
            rows::set_first_recent(state.index.connection(), at.id, row.uid_next)?;
            Uid::new(row.first_recent.max(1)).ok_or_else(rows::exhausted)
        })
    }

    /// What POP3 calls the messages of a mailbox, by rising UID.
    pub(in crate::store) fn keys(&mut self, name: &str) -> Outcome<Vec<(Uid, String)>> {
        self.within(name, |state, at| {
            let messages = messages::all(state.index.connection(), at.id)?.into_iter();
            Ok(messages.filter_map(|one| Some((Uid::new(one.uid)?, file_name::unique_id(&one.base)))).collect())
        })
    }

    /// Takes a maildrop; `None` if somebody has it.
    pub(in crate::store) fn lock_maildrop(&mut self, name: &str) -> Outcome<Option<Box<dyn Send + Sync>>> {
        self.within(name, |state, at| {
            let path = at.path.join("mailkit-lock");
            match state.disk.lock(&path) {
                Ok(lock) => Ok(Some(lock)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(MailboxError::file("locking", &path, error)),
            }
        })
    }

    /// A piece of the wire form; empty behind its end.
    pub(in crate::store) fn read(&mut self, name: &str, uid: Uid, offset: u64, len: usize) -> Outcome<Vec<u8>> {
        let len = len.min(PIECE_MAX);
        self.within(name, |state, at| {
            let mut reader = match state.readers.take(at.id, uid) {
                Some(reader) => reader,
                None => {
                    let (file, message) = state.open_message(at, uid)?;
                    WireReader::new(file, message.sizes)
                }
            };
            let piece = reader.read(offset, len)?;
            if piece.len() == len {
                state.readers.keep(at.id, uid, reader);
            }
            Ok(piece)
        })
    }

    pub(super) fn message(&self, at: &Entered, uid: Uid) -> Outcome<Message> {
        messages::get(self.index.connection(), at.id, uid)?.ok_or(MailboxError::NoSuchMessage)
    }

    /// Opens a message's file, wherever another program has put it meanwhile.
    pub(super) fn open_message(&mut self, at: &Entered, uid: Uid) -> Outcome<(Box<dyn DiskFile>, Message)> {
        let mut message = self.message(at, uid)?;
        let path = message.spot.path(&at.path, &message.base);
        match self.disk.open(&path) {
            Ok(file) => return Ok((file, message)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(MailboxError::file("opening", &path, error)),
        }
        self.rescan(at, None)?;
        message = self.message(at, uid)?;
        let path = message.spot.path(&at.path, &message.base);
        let file = self.disk.open(&path).map_err(|error| MailboxError::file("opening", &path, error))?;
        Ok((file, message))
    }
}

pub(super) fn to_rows(messages: Vec<Message>, first_recent: u32) -> Vec<Row> {
    messages.iter().filter_map(|message| message.to_row(first_recent)).collect()
}
