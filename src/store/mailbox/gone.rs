//! What the index knows of messages that are gone: which UIDs vanished when, for clients that were away;
//! which deliveries must not come again; which files are still to be removed.

use super::messages::Message;
use super::rows;
use crate::imap::number::Uid;
use crate::store::mailbox_error::Outcome;
use crate::store::sqlite::{signed, unsigned};
use rusqlite::{Connection, OptionalExtension, params};

/// Ranges of expunged UIDs that are remembered in one mailbox.
const GONE_MAX: u32 = 4096;
/// How long the key of an expunged message is remembered: the spool gives up long before.
const DELIVERED_SECONDS: i64 = 30 * 24 * 3600;

/// The UID of the message that was delivered under a stem, also when it is gone.
pub(super) fn delivered(db: &Connection, mailbox: i64, stem: &str) -> Outcome<Option<u32>> {
    // A base is the stem, or goes on with a comma; a hyphen is the octet behind the comma.
    let (from, to) = (format!("{stem},").into_bytes(), format!("{stem}-").into_bytes());
    for table in ["message", "delivered"] {
        // Two selects, because SQLite would not use its index for an OR here.
        let select = format!(
            "SELECT uid FROM {table} WHERE mailbox = ?1 AND base = ?2
            UNION ALL SELECT uid FROM {table} WHERE mailbox = ?1 AND base >= ?3 AND base < ?4 LIMIT 1"
        );
        let mut select = db.prepare_cached(&select)?;
        let uid = select.query_row(params![mailbox, stem.as_bytes(), from, to], |row| row.get(0)).optional()?;
        if uid.is_some() {
            return Ok(uid);
        }
    }
    Ok(None)
}

/// Takes messages out of a mailbox and remembers that they were there. By rising UID.
pub(super) fn remove(
    db: &Connection,
    mailbox: i64,
    messages: &[Message],
    modseq: u64,
    now_seconds: i64,
) -> Outcome<()> {
    let mut remove = db.prepare_cached("DELETE FROM message WHERE mailbox = ?1 AND uid = ?2")?;
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
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO delivered VALUES (?1, ?2, ?3, ?4)")?;
    for (base, uid, at) in gone {
        insert.execute(params![mailbox, base, uid, at])?;
    }
    Ok(())
}

/// What is known of messages that are gone: base, UID, and when it went.
pub(super) fn all_delivered(db: &Connection, mailbox: i64) -> Outcome<Vec<(Vec<u8>, u32, i64)>> {
    let mut select = db.prepare_cached("SELECT base, uid, at FROM delivered WHERE mailbox = ?1")?;
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
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO gone VALUES (?1, ?2, ?3, ?4)")?;
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
        let mut select = db.prepare_cached("SELECT uid FROM message WHERE mailbox = ?1 ORDER BY uid")?;
        let mut next = 1;
        for uid in select.query_map([row.id], |row| row.get::<_, u32>(0))? {
            let uid = uid?;
            uids.extend((next..uid).filter_map(Uid::new));
            next = uid.saturating_add(1);
        }
        uids.extend((next..row.uid_next).filter_map(Uid::new));
        return Ok(uids);
    }
    let mut select = db.prepare_cached("SELECT first, last FROM gone WHERE mailbox = ?1 AND modseq > ?2")?;
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
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO doomed VALUES (?1, ?2)")?;
    for message in messages {
        insert.execute(params![mailbox, message.base])?;
    }
    Ok(())
}

pub(super) fn is_doomed(db: &Connection, mailbox: i64, base: &[u8]) -> Outcome<bool> {
    let select = "SELECT count(*) FROM doomed WHERE mailbox = ?1 AND base = ?2";
    Ok(db.query_row(select, params![mailbox, base], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::super::file_name::Spot;
    use super::super::index::{Commit, Index};
    use super::super::line_ends::Sizes;
    use super::super::{messages, rows::MailboxRow};
    use super::*;
    use crate::imap::flag::Flags;
    use crate::imap::number::UidValidity;
    use crate::world::Timestamp;

    fn message(uid: u32) -> Message {
        Message {
            uid,
            base: format!("key{uid},S=1,W=1").into_bytes(),
            spot: Spot::new_mail(),
            flags: Flags::new(),
            modseq: 1,
            sizes: Sizes { disk: 1, wire: 1 },
            arrived: Timestamp::UNIX_EPOCH,
            was: Vec::new(),
        }
    }

    fn mailbox(index: &Index, messages: u32) -> MailboxRow {
        let change = index.begin(Commit::Quick).unwrap();
        let row = rows::insert(&change, "m", UidValidity::new(1).unwrap(), messages + 1, 1).unwrap();
        messages::insert(&change, row.id, &(1..=messages).map(message).collect::<Vec<_>>()).unwrap();
        change.commit().unwrap();
        row
    }

    #[test]
    fn a_client_that_was_away_too_long_is_told_of_every_uid_that_is_not_there() {
        let index = Index::open(None).unwrap();
        let db = index.connection();
        let row = mailbox(&index, 10_000);
        for uid in (2..=10_000).step_by(2) {
            remove(db, row.id, &[message(uid)], u64::from(uid), 0).unwrap();
        }
        let row = rows::get(db, row.id).unwrap();
        assert!(row.gone_floor > 1000);
        let numbers = |since| vanished(db, &row, since).unwrap().into_iter().map(Uid::get).collect::<Vec<_>>();
        assert_eq!(numbers(1), (2..=10_000).step_by(2).collect::<Vec<_>>());
        assert_eq!(numbers(9_990), [9_992, 9_994, 9_996, 9_998, 10_000]);
        let kept: u32 = db.query_row("SELECT count(*) FROM gone", [], |row| row.get(0)).unwrap();
        assert!(kept <= GONE_MAX);
    }

    #[test]
    fn neighbours_vanish_as_one_range() {
        let index = Index::open(None).unwrap();
        let row = mailbox(&index, 0);
        remember_gone(index.connection(), row.id, [1, 2, 3, 7, 8].into_iter(), 5).unwrap();
        let ranges: u32 = index.connection().query_row("SELECT count(*) FROM gone", [], |row| row.get(0)).unwrap();
        assert_eq!(ranges, 2);
        let all = vanished(index.connection(), &row, 4).unwrap();
        assert_eq!(all.into_iter().map(Uid::get).collect::<Vec<_>>(), [1, 2, 3, 7, 8]);
        assert!(vanished(index.connection(), &row, 5).unwrap().is_empty());
    }

    #[test]
    fn a_key_is_known_while_its_message_is_there_and_for_a_month_after() {
        let index = Index::open(None).unwrap();
        let db = index.connection();
        let row = mailbox(&index, 3);
        let known = |key| delivered(db, row.id, key).unwrap();
        assert_eq!([known("key1"), known("key"), known("key11")], [Some(1), None, None]);
        remove(db, row.id, &[message(1)], 2, 1000).unwrap();
        assert_eq!(known("key1"), Some(1));
        remove(db, row.id, &[message(2)], 3, 1000 + DELIVERED_SECONDS).unwrap();
        assert_eq!([known("key1"), known("key2")], [Some(1), Some(2)]);
        remove(db, row.id, &[message(3)], 4, 1001 + DELIVERED_SECONDS).unwrap();
        assert_eq!([known("key1"), known("key2")], [None, Some(2)]);
    }
}
