//! The index's rows about the messages that are there.

use super::file_name::Spot;
use super::line_ends::Sizes;
use crate::imap::flag::Flags;
use crate::imap::mailbox;
use crate::imap::number::{ModSeq, Uid};
use crate::store::mailbox_error::Outcome;
use crate::store::sqlite::{signed, unsigned};
use crate::world::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// One message, as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) uid: u32,
    pub(super) base: Vec<u8>,
    /// Where its file is, if its last renames took place.
    pub(super) spot: Spot,
    pub(super) flags: Flags,
    pub(super) modseq: u64,
    pub(super) sizes: Sizes,
    /// Whole seconds, like a file's time and INTERNALDATE.
    pub(super) arrived: Timestamp,
    /// Where a crash may put the file back to: renames since then are not durable yet.
    pub(super) was: Vec<Spot>,
}

const COLUMNS: &str = "uid, base, spot, system, keywords, modseq, disk, wire, arrived, was";

impl Message {
    /// As the protocols see it.
    pub(super) fn to_row(&self, first_recent: u32) -> Option<mailbox::Row> {
        Some(mailbox::Row {
            uid: Uid::new(self.uid)?,
            flags: self.flags.clone(),
            size: self.sizes.wire,
            arrived: self.arrived,
            modseq: ModSeq(self.modseq),
            recent: self.uid >= first_recent,
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    let keywords: String = row.get(4)?;
    Ok(Message {
        uid: row.get(0)?,
        base: row.get(1)?,
        spot: Spot::from_octets(&row.get::<_, Vec<u8>>(2)?),
        flags: Flags::from_parts(row.get(3)?, keywords.split_whitespace().map(str::to_owned)),
        modseq: unsigned(row, 5)?,
        sizes: Sizes { disk: unsigned(row, 6)?, wire: unsigned(row, 7)? },
        arrived: Timestamp::from_second(row.get(8)?).unwrap_or_default(),
        was: Spot::all_from_octets(&row.get::<_, Vec<u8>>(9)?),
    })
}

/// Keywords are atoms, so a space can stand between them.
fn keywords(flags: &Flags) -> String {
    flags.keywords().filter(|keyword| !keyword.contains(char::is_whitespace)).collect::<Vec<_>>().join(" ")
}

/// All messages, by rising UID.
pub(super) fn all(db: &Connection, mailbox: i64) -> Outcome<Vec<Message>> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 ORDER BY uid"))?;
    let messages = select.query_map([mailbox], read)?.collect::<Result<_, _>>()?;
    Ok(messages)
}

/// Those that are new or changed, by rising UID.
pub(super) fn changed(db: &Connection, mailbox: i64, since: u64) -> Outcome<Vec<Message>> {
    // The plus keeps SQLite from reading the whole mailbox in order of UIDs.
    let mut select =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 AND modseq > ?2 ORDER BY +uid"))?;
    let messages = select.query_map(params![mailbox, signed(since)], read)?.collect::<Result<_, _>>()?;
    Ok(messages)
}

/// Those of these that are there, by rising UID, each once.
pub(super) fn some(db: &Connection, mailbox: i64, uids: &[Uid]) -> Outcome<Vec<Message>> {
    let mut uids: Vec<_> = uids.iter().map(|uid| uid.get()).collect();
    uids.sort_unstable();
    uids.dedup();
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 AND uid = ?2"))?;
    let mut found = Vec::new();
    for uid in uids {
        found.extend(select.query_row(params![mailbox, uid], read).optional()?);
    }
    Ok(found)
}

pub(super) fn get(db: &Connection, mailbox: i64, uid: Uid) -> Outcome<Option<Message>> {
    Ok(some(db, mailbox, &[uid])?.pop())
}

/// Adds messages.
pub(super) fn insert(db: &Connection, mailbox: i64, messages: &[Message]) -> Outcome<()> {
    let mut insert = db.prepare_cached(&format!(
        "INSERT INTO message (mailbox, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    ))?;
    for message in messages {
        insert.execute(params![
            mailbox,
            message.uid,
            message.base,
            message.spot.to_octets(),
            message.flags.system_bits(),
            keywords(&message.flags),
            signed(message.modseq),
            signed(message.sizes.disk),
            signed(message.sizes.wire),
            message.arrived.as_second(),
            Spot::all_to_octets(&message.was),
        ])?;
    }
    Ok(())
}

/// Sets what can change of messages: place, flags, modification sequence.
pub(super) fn update(db: &Connection, mailbox: i64, messages: &[Message]) -> Outcome<()> {
    let mut update = db.prepare_cached(
        "UPDATE message SET spot = ?3, system = ?4, keywords = ?5, modseq = ?6, was = ?7 WHERE mailbox = ?1 AND uid = ?2",
    )?;
    for message in messages {
        update.execute(params![
            mailbox,
            message.uid,
            message.spot.to_octets(),
            message.flags.system_bits(),
            keywords(&message.flags),
            signed(message.modseq),
            Spot::all_to_octets(&message.was),
        ])?;
    }
    Ok(())
}

/// Whether names of files still have to be made durable.
pub(super) fn is_unsettled(db: &Connection, mailbox: i64) -> Outcome<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM doomed WHERE mailbox = ?1) OR EXISTS (SELECT 1 FROM message WHERE mailbox = ?1 AND was <> x'')";
    Ok(db.query_row(select, [mailbox], |row| row.get(0))?)
}

/// The names of files are durable: nothing has to be done again.
pub(super) fn settle(db: &Connection, mailbox: i64) -> Outcome<()> {
    db.execute("UPDATE message SET was = x'' WHERE mailbox = ?1 AND was <> x''", [mailbox])?;
    db.execute("DELETE FROM doomed WHERE mailbox = ?1", [mailbox])?;
    Ok(())
}
