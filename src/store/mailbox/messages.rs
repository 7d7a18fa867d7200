//! The index's rows about messages: those that are there, and what is known of those that are gone.

use super::file_name::Spot;
use super::line_ends::Sizes;
use super::rows::{self, signed, unsigned};
use crate::imap::flag::Flags;
use crate::imap::mailbox;
use crate::imap::number::{ModSeq, Uid};
use crate::store::mailbox_error::Outcome;
use crate::world::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Ranges of expunged UIDs that are remembered in one mailbox.
const GONE_MAX: u32 = 4096;
/// How long the key of an expunged message is remembered: the spool gives up long before.
const DELIVERED_SECONDS: i64 = 30 * 24 * 3600;

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
    let mut select = db.prepare(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 ORDER BY uid"))?;
    let messages = select.query_map([mailbox], read)?.collect::<Result<_, _>>()?;
    Ok(messages)
}

/// Those that are new or changed, by rising UID.
pub(super) fn changed(db: &Connection, mailbox: i64, since: u64) -> Outcome<Vec<Message>> {
    let mut select =
        db.prepare(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 AND modseq > ?2 ORDER BY uid"))?;
    let messages = select.query_map(params![mailbox, signed(since)], read)?.collect::<Result<_, _>>()?;
    Ok(messages)
}

/// Those of these that are there, by rising UID, each once.
pub(super) fn some(db: &Connection, mailbox: i64, uids: &[Uid]) -> Outcome<Vec<Message>> {
    let mut uids: Vec<_> = uids.iter().map(|uid| uid.get()).collect();
    uids.sort_unstable();
    uids.dedup();
    let mut select = db.prepare(&format!("SELECT {COLUMNS} FROM message WHERE mailbox = ?1 AND uid = ?2"))?;
    let mut found = Vec::new();
    for uid in uids {
        found.extend(select.query_row(params![mailbox, uid], read).optional()?);
    }
    Ok(found)
}

pub(super) fn get(db: &Connection, mailbox: i64, uid: Uid) -> Outcome<Option<Message>> {
    Ok(some(db, mailbox, &[uid])?.pop())
}

/// The UID of the message that was delivered under a stem, also when it is gone.
pub(super) fn delivered(db: &Connection, mailbox: i64, stem: &str) -> Outcome<Option<u32>> {
    // A base is the stem, or goes on with a comma; a hyphen is the octet behind the comma.
    let (from, to) = (format!("{stem},").into_bytes(), format!("{stem}-").into_bytes());
    for table in ["message", "delivered"] {
        let select =
            format!("SELECT uid FROM {table} WHERE mailbox = ?1 AND (base = ?2 OR base >= ?3 AND base < ?4) LIMIT 1");
        let uid = db.query_row(&select, params![mailbox, stem.as_bytes(), from, to], |row| row.get(0)).optional()?;
        if uid.is_some() {
            return Ok(uid);
        }
    }
    Ok(None)
}

pub(super) fn insert(db: &Connection, mailbox: i64, messages: &[Message]) -> Outcome<()> {
    let mut insert = db.prepare(&format!(
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
    let mut update = db.prepare(
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

/// Takes messages out of a mailbox and remembers that they were there. By rising UID.
pub(super) fn remove(
    db: &Connection,
    mailbox: i64,
    messages: &[Message],
    modseq: u64,
    now_seconds: i64,
) -> Outcome<()> {
    let mut remove = db.prepare("DELETE FROM message WHERE mailbox = ?1 AND uid = ?2")?;
    for message in messages {
        remove.execute(params![mailbox, message.uid])?;
    }
    remember_delivered(
        db,
        mailbox,
        messages.iter().map(|message| (message.base.as_slice(), message.uid, now_seconds)),
    )?;
    remember_gone(db, mailbox, messages.iter().map(|message| message.uid), modseq)?;
    db.execute(
        "DELETE FROM delivered WHERE mailbox = ?1 AND at < ?2",
        params![mailbox, now_seconds - DELIVERED_SECONDS],
    )?;
    Ok(())
}

/// Remembers the keys of messages that are gone.
pub(super) fn remember_delivered<'a>(
    db: &Connection,
    mailbox: i64,
    gone: impl Iterator<Item = (&'a [u8], u32, i64)>,
) -> Outcome<()> {
    let mut insert = db.prepare("INSERT OR IGNORE INTO delivered VALUES (?1, ?2, ?3, ?4)")?;
    for (base, uid, at) in gone {
        insert.execute(params![mailbox, base, uid, at])?;
    }
    Ok(())
}

/// What is known of messages that are gone: base, UID, and when it went.
pub(super) fn all_delivered(db: &Connection, mailbox: i64) -> Outcome<Vec<(Vec<u8>, u32, i64)>> {
    let mut select = db.prepare("SELECT base, uid, at FROM delivered WHERE mailbox = ?1")?;
    let rows = select.query_map([mailbox], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Remembers, as ranges, which UIDs vanished with a change. UIDs rise.
pub(super) fn remember_gone(
    db: &Connection,
    mailbox: i64,
    uids: impl Iterator<Item = u32>,
    modseq: u64,
) -> Outcome<()> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let mut insert = db.prepare("INSERT OR REPLACE INTO gone VALUES (?1, ?2, ?3, ?4)")?;
    for (first, last) in ranges {
        insert.execute(params![mailbox, signed(modseq), first, last])?;
    }
    forget_oldest_gone(db, mailbox)
}

/// Keeps the history bounded: its older half goes, and who asks for it is told of every UID that is not there.
fn forget_oldest_gone(db: &Connection, mailbox: i64) -> Outcome<()> {
    let count: u32 = db.query_row("SELECT count(*) FROM gone WHERE mailbox = ?1", [mailbox], |row| row.get(0))?;
    if count > GONE_MAX {
        let select = "SELECT modseq FROM gone WHERE mailbox = ?1 ORDER BY modseq LIMIT 1 OFFSET ?2";
        let floor = db.query_row(select, params![mailbox, count / 2], |row| unsigned(row, 0))?;
        db.execute("DELETE FROM gone WHERE mailbox = ?1 AND modseq <= ?2", params![mailbox, signed(floor)])?;
        rows::set_gone_floor(db, mailbox, floor)?;
    }
    Ok(())
}

/// What vanished since a change, by rising UID.
pub(super) fn vanished(db: &Connection, row: &rows::MailboxRow, since: u64) -> Outcome<Vec<Uid>> {
    let mut uids = Vec::new();
    if since < row.gone_floor {
        let mut select = db.prepare("SELECT uid FROM message WHERE mailbox = ?1 ORDER BY uid")?;
        let mut next = 1;
        for uid in select.query_map([row.id], |row| row.get::<_, u32>(0))? {
            let uid = uid?;
            uids.extend((next..uid).filter_map(Uid::new));
            next = uid.saturating_add(1);
        }
        uids.extend((next..row.uid_next).filter_map(Uid::new));
        return Ok(uids);
    }
    let mut select = db.prepare("SELECT first, last FROM gone WHERE mailbox = ?1 AND modseq > ?2")?;
    let ranges =
        select.query_map(params![row.id, signed(since)], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)))?;
    for range in ranges {
        let (first, last) = range?;
        uids.extend((first..=last).filter_map(Uid::new));
    }
    uids.sort_unstable();
    Ok(uids)
}

/// Marks files that are to be removed, however often we crash on the way.
pub(super) fn doom(db: &Connection, mailbox: i64, messages: &[Message]) -> Outcome<()> {
    let mut insert = db.prepare("INSERT OR IGNORE INTO doomed VALUES (?1, ?2)")?;
    for message in messages {
        insert.execute(params![mailbox, message.base])?;
    }
    Ok(())
}

pub(super) fn is_doomed(db: &Connection, mailbox: i64, base: &[u8]) -> Outcome<bool> {
    let select = "SELECT count(*) FROM doomed WHERE mailbox = ?1 AND base = ?2";
    Ok(db.query_row(select, params![mailbox, base], |row| row.get(0))?)
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
