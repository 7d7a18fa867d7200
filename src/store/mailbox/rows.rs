//! The index's rows about mailboxes: names, numbers, counters, subscriptions.

use crate::error::{Error, Kind};
use crate::imap::mailbox::Status;
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::sqlite::{signed, unsigned};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// One mailbox, as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MailboxRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) validity: UidValidity,
    /// At least 1.
    pub(super) uid_next: u32,
    pub(super) modseq: u64,
    /// From this UID on messages are recent.
    pub(super) first_recent: u32,
    /// What vanished up to here is forgotten.
    pub(super) gone_floor: u64,
    messages: u32,
    unseen: u32,
    deleted: u32,
    size: u64,
}

const COLUMNS: &str = "id, name, validity, uid_next, modseq, first_recent, gone_floor, messages, unseen, deleted, size";

pub(super) fn find(db: &Connection, name: &str) -> Outcome<Option<MailboxRow>> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox WHERE name = ?1"))?;
    Ok(select.query_row([name], read).optional()?)
}

pub(super) fn get(db: &Connection, id: i64) -> Outcome<MailboxRow> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox WHERE id = ?1"))?;
    Ok(select.query_row([id], read)?)
}

pub(super) fn all(db: &Connection) -> Outcome<Vec<MailboxRow>> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox ORDER BY name"))?;
    let rows = select.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn read(row: &Row<'_>) -> rusqlite::Result<MailboxRow> {
    Ok(MailboxRow {
        id: row.get(0)?,
        name: row.get(1)?,
        // The schema never stores 0.
        validity: UidValidity::new(row.get(2)?).unwrap_or(UidValidity(std::num::NonZeroU32::MIN)),
        uid_next: row.get::<_, u32>(3)?.max(1),
        modseq: unsigned(row, 4)?,
        first_recent: row.get(5)?,
        gone_floor: unsigned(row, 6)?,
        messages: row.get(7)?,
        unseen: row.get(8)?,
        deleted: row.get(9)?,
        size: unsigned(row, 10)?,
    })
}

/// Adds an empty mailbox.
pub(super) fn insert(
    db: &Connection,
    name: &str,
    validity: UidValidity,
    uid_next: u32,
    modseq: u64,
) -> Outcome<MailboxRow> {
    db.execute(
        "INSERT INTO mailbox (name, validity, uid_next, modseq, first_recent, gone_floor) VALUES (?1, ?2, ?3, ?4, ?3, ?4)",
        params![name, validity.get(), uid_next, signed(modseq)],
    )?;
    db.execute("UPDATE account SET last_validity = max(last_validity, ?1)", [validity.get()])?;
    get(db, db.last_insert_rowid())
}

/// Forgets a mailbox and all about it.
pub(super) fn remove(db: &Connection, id: i64) -> Outcome<()> {
    db.execute("DELETE FROM mailbox WHERE id = ?1", [id])?;
    Ok(())
}

pub(super) fn rename(db: &Connection, id: i64, name: &str) -> Outcome<()> {
    db.execute("UPDATE mailbox SET name = ?2 WHERE id = ?1", params![id, name])?;
    Ok(())
}

/// A UIDVALIDITY that no mailbox of this account ever had: seconds since 1970, or the next after the last.
pub(super) fn fresh_validity(db: &Connection, now_seconds: i64) -> Outcome<UidValidity> {
    let last: u32 = db.query_row("SELECT last_validity FROM account", [], |row| row.get(0))?;
    let now = u32::try_from(now_seconds).unwrap_or_default();
    let fresh = last.checked_add(1).map(|next| next.max(now)).and_then(UidValidity::new).ok_or_else(exhausted)?;
    db.execute("UPDATE account SET last_validity = ?1", [fresh.get()])?;
    Ok(fresh)
}

/// Begins a change: the number it will have. Milliseconds since 1970 at least, so that numbers do not come
/// again after a power cut took the last commits of the index.
pub(super) fn next_modseq(db: &Connection, row: &MailboxRow, now_milliseconds: i64) -> Outcome<u64> {
    let next = (row.modseq + 1).max(u64::try_from(now_milliseconds).unwrap_or_default());
    db.execute("UPDATE mailbox SET modseq = ?2 WHERE id = ?1", params![row.id, signed(next)])?;
    Ok(next)
}

pub(super) fn set_uid_next(db: &Connection, id: i64, uid_next: u32) -> Outcome<()> {
    db.execute("UPDATE mailbox SET uid_next = ?2 WHERE id = ?1", params![id, uid_next])?;
    Ok(())
}

pub(super) fn set_first_recent(db: &Connection, id: i64, first_recent: u32) -> Outcome<()> {
    db.execute("UPDATE mailbox SET first_recent = ?2 WHERE id = ?1", params![id, first_recent])?;
    Ok(())
}

pub(super) fn set_gone_floor(db: &Connection, id: i64, floor: u64) -> Outcome<()> {
    db.execute("UPDATE mailbox SET gone_floor = ?2 WHERE id = ?1", params![id, signed(floor)])?;
    Ok(())
}

/// The counts.
pub(super) fn status(db: &Connection, row: &MailboxRow) -> Outcome<Status> {
    let recent = db.query_row(
        "SELECT count(*) FROM message WHERE mailbox = ?1 AND uid >= ?2",
        params![row.id, row.first_recent],
        |row| row.get(0),
    )?;
    Ok(Status {
        messages: row.messages,
        unseen: row.unseen,
        deleted: row.deleted,
        recent,
        uid_next: Uid::new(row.uid_next).ok_or_else(exhausted)?,
        uid_validity: row.validity,
        highest_modseq: ModSeq(row.modseq),
        size: row.size,
    })
}

pub(super) fn subscriptions(db: &Connection) -> Outcome<Vec<String>> {
    let mut select = db.prepare_cached("SELECT name FROM subscription ORDER BY name")?;
    let names = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

pub(super) fn subscribe(db: &Connection, name: &str, on: bool) -> Outcome<()> {
    match on {
        true => db.execute("INSERT OR IGNORE INTO subscription VALUES (?1)", [name])?,
        false => db.execute("DELETE FROM subscription WHERE name = ?1", [name])?,
    };
    Ok(())
}

/// 2^32 numbers are used up. Nobody has seen it happen.
pub(super) fn exhausted() -> MailboxError {
    MailboxError::Broken(Error::new(Kind::Software, "numbering a message: this mailbox has used all UIDs"))
}
