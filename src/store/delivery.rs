//! What is put into a mailbox, and how its content comes to the disk.

use super::account::stopped;
use super::mailbox::{self, Arrival};
use super::mailbox_error::{MailboxError, Outcome};
use super::room::has_room;
use crate::imap::flag::Flags;
use crate::imap::number::{Uid, UidValidity};
use crate::world::{Content, Disk, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

/// Threads that write one batch, and what is too little for another one.
const WRITERS: usize = 4;
const SHARE_MIN: usize = 4;

/// A message to put into a mailbox.
#[derive(Clone)]
pub struct Delivery {
    /// Names this delivery for good: delivered again under the same key, also after it was expunged, nothing
    /// happens. At most 50 octets of any kind, or 150 letters and digits.
    pub key: String,
    /// With which flags it arrives.
    pub flags: Flags,
    /// INTERNALDATE; whole seconds are kept.
    pub arrived: Timestamp,
    /// The message as on the wire.
    pub content: Arc<dyn Content>,
}

/// Where a delivered message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Its UID; of a message that was expunged since, the one it had.
    pub uid: Uid,
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// False if it had been delivered before.
    pub fresh: bool,
}

/// A delivery with the beginning of its name and its place in `tmp`.
pub(super) struct Waiting {
    pub(super) delivery: Delivery,
    pub(super) stem: String,
    pub(super) path: PathBuf,
}

/// Writes contents to `tmp`: all, or none.
pub(super) fn write(disk: &dyn Disk, waiting: &[Waiting]) -> Outcome<Vec<Arrival>> {
    let octets = waiting.iter().map(|one| one.delivery.content.size()).sum();
    let tmp = waiting.first().and_then(|one| one.path.parent());
    if tmp.is_some_and(|tmp| !has_room(disk, tmp, octets)) {
        return Err(MailboxError::Full);
    }
    // A file system makes several files durable with one commit of its journal, if they come together.
    let share = waiting.len().div_ceil(WRITERS).max(SHARE_MIN);
    let write = |share: &[Waiting]| share.iter().map(|one| write_one(disk, one)).collect();
    let written: Vec<Outcome<Vec<Arrival>>> = thread::scope(|scope| {
        let (first, others) = waiting.split_at(share.min(waiting.len()));
        let others: Vec<_> = others.chunks(share).map(|share| scope.spawn(move || write(share))).collect();
        let first = write(first);
        let others = others.into_iter().map(|writer| writer.join().unwrap_or_else(|_| Err(stopped("a writer died"))));
        [first].into_iter().chain(others).collect()
    });
    let written: Outcome<Vec<Vec<Arrival>>> = written.into_iter().collect();
    if written.is_err() {
        for one in waiting {
            // A leftover in `tmp`, which is removed in time.
            let _ = disk.remove(&one.path);
        }
    }
    Ok(written?.concat())
}

fn write_one(disk: &dyn Disk, Waiting { delivery, stem, path }: &Waiting) -> Outcome<Arrival> {
    let arrived = Timestamp::from_second(delivery.arrived.as_second()).unwrap_or_default();
    let sizes = mailbox::write_message(disk, path, &*delivery.content, arrived)
        .map_err(|error| MailboxError::file("writing", path, error))?;
    Ok(Arrival { stem: stem.clone(), written: path.clone(), sizes, flags: delivery.flags.clone(), arrived })
}
