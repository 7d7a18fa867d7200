//! The rows of the spool's index: how a message and its recipients stand in the tables.
//!
//! Each function does one thing within a transaction that somebody else began. Settling and taking in
//! are idempotent, because a log may be read twice.

use super::entry::{Accepted, Attempt, Due, Outcome, Settlement};
use super::id::SpoolId;
use super::segment::BodySpan;
use super::spool_index::Effects;
use super::spool_record::{Arrival, Held};
use super::sqlite;
use crate::envelope::ForwardPath;
use crate::world::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// How all recipients of a new message stand.
pub(super) fn fresh(accepted: &Accepted) -> Vec<Due> {
    let due = |(index, path): (usize, &ForwardPath)| Due {
        index: index as u32,
        path: path.clone(),
        due: accepted.received,
        first: accepted.received,
        attempts: 0,
        warned: false,
        last: None,
    };
    accepted.envelope.recipients.iter().enumerate().map(due).collect()
}

pub(super) fn insert(
    work: &Connection,
    arrival: &Arrival<'_>,
    segment: u32,
    body: BodySpan,
    recipients: &[Due],
) -> rusqlite::Result<()> {
    let id = arrival.id.to_octets();
    if remove_message(work, arrival.id)?.is_some() {
        work.prepare_cached("DELETE FROM recipient WHERE id = ?1")?.execute([id])?;
    }
    if recipients.is_empty() {
        return Ok(());
    }
    let accepted = serde_json::to_string(&arrival.accepted).map_err(sqlite::unprintable)?;
    work.prepare_cached("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(params![
        id,
        accepted,
        arrival.accepted.received.as_microsecond(),
        sqlite::signed(arrival.size),
        arrival.held == Held::File,
        segment,
        sqlite::signed(body.offset),
        body.len,
        arrival.crc.unwrap_or(body.crc),
        recipients.len() as i64,
    ])?;
    let mut statement = work.prepare_cached("INSERT INTO recipient VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for due in recipients {
        let last = due.last.as_ref();
        statement.execute(params![
            id,
            due.index,
            domain_of(&due.path),
            due.due.as_microsecond(),
            due.attempts,
            due.warned,
            last.map(|last| last.at.as_microsecond()),
            last.map(|last| last.code.to_string()),
            last.map(|last| &last.text),
        ])?;
    }
    work.prepare_cached(
        "INSERT INTO segment VALUES (?1, 1, ?2) \
         ON CONFLICT (number) DO UPDATE SET messages = messages + 1, octets = octets + ?2",
    )?
    .execute(params![segment, body.len])?;
    Ok(())
}

pub(super) fn settle(
    work: &Connection,
    at: Timestamp,
    settled: &Settlement,
    effects: &mut Effects,
) -> rusqlite::Result<()> {
    let (id, number) = (settled.id.to_octets(), settled.recipient);
    if let Outcome::Deferred { until, text, code, warned } = &settled.outcome {
        work.prepare_cached(
            "UPDATE recipient SET due = ?3, attempts = attempts + 1, warned = warned OR ?4, last_at = ?5, \
             last_code = ?6, last_text = ?7 WHERE id = ?1 AND number = ?2",
        )?
        .execute(params![
            id,
            number,
            until.as_microsecond(),
            warned,
            at.as_microsecond(),
            code.to_string(),
            text
        ])?;
        return Ok(());
    }
    let gone =
        work.prepare_cached("DELETE FROM recipient WHERE id = ?1 AND number = ?2")?.execute(params![id, number])?;
    // Settled before, or never heard of: settling is idempotent.
    if gone == 0 {
        return Ok(());
    }
    let waiting: i64 = work
        .prepare_cached("UPDATE message SET waiting = waiting - 1 WHERE id = ?1 RETURNING waiting")?
        .query_row([id], |row| row.get(0))?;
    if waiting <= 0 && remove_message(work, settled.id)? == Some(Held::File) {
        effects.finished_files.push(settled.id);
    }
    Ok(())
}

/// Takes a message out, recipients aside.
pub(super) fn remove_message(work: &Connection, id: SpoolId) -> rusqlite::Result<Option<Held>> {
    let gone = work
        .prepare_cached("DELETE FROM message WHERE id = ?1 RETURNING segment, len, held")?
        .query_row([id.to_octets()], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?, row.get::<_, bool>(2)?)))
        .optional()?;
    let Some((segment, len, in_file)) = gone else { return Ok(None) };
    work.prepare_cached("UPDATE segment SET messages = messages - 1, octets = octets - ?2 WHERE number = ?1")?
        .execute([segment, len])?;
    Ok(Some(if in_file { Held::File } else { Held::Inline }))
}

/// A recipient's row; none if its number lies outside the envelope, which no log of ours says.
pub(super) fn due_of(row: &Row<'_>, accepted: &Accepted) -> rusqlite::Result<Option<Due>> {
    let index: u32 = row.get(0)?;
    let Some(path) = accepted.envelope.recipients.get(index as usize) else { return Ok(None) };
    let last = match (row.get::<_, Option<i64>>(4)?, row.get::<_, Option<String>>(5)?) {
        (Some(_), Some(code)) => {
            let code = code.try_into().map_err(|_| sqlite::unreadable(5, "an enhanced status code"))?;
            Some(Attempt { at: time_of(row, 4)?, code, text: row.get(6)? })
        }
        _ => None,
    };
    let (due, first) = (time_of(row, 1)?, accepted.received);
    Ok(Some(Due { index, path: path.clone(), due, first, attempts: row.get(2)?, warned: row.get(3)?, last }))
}

fn domain_of(path: &ForwardPath) -> String {
    path.address().map_or(String::new(), |address| address.domain().to_ascii().to_string())
}

pub(super) fn id_of(row: &Row<'_>, column: usize) -> rusqlite::Result<SpoolId> {
    row.get(column).map(SpoolId::from_octets)
}

pub(super) fn time_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| sqlite::unreadable(column, "a time"))
}

pub(super) fn accepted_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Accepted> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|_| sqlite::unreadable(column, "an envelope"))
}
