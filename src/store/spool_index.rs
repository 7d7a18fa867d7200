//! The spool's index: what is due, where it lies, what waits. A copy of the log, in SQLite.
//!
//! Every batch of the log becomes one transaction together with the log position behind it, so the
//! index always stands exactly at one point of the log, and whoever opens it reads on from there.
//! It is never synced while somebody waits; losing it costs time, not mail.
//! Leases live here in memory only: after a restart everything that is due is due.

use super::IndexAt;
use super::entry::{Accepted, Attempt, Due, Entry, Leased, Outcome, Settlement, Wake};
use super::follow::{Follow, Logged};
use super::id::SpoolId;
use super::log::Position;
use super::segment::BodySpan;
use super::spool_record::{Arrival, Held, SpoolRecord};
use super::sqlite;
use crate::address::Domain;
use crate::envelope::ForwardPath;
use crate::world::{Disk, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Changes whenever the tables do; an index of another version is made anew.
const VERSION: i32 = 1;

const TABLES: &str = "
CREATE TABLE position (segment INTEGER NOT NULL, offset INTEGER NOT NULL);
INSERT INTO position VALUES (0, 0);
CREATE TABLE message (
    id BLOB PRIMARY KEY, accepted TEXT NOT NULL, received INTEGER NOT NULL, size INTEGER NOT NULL,
    held INTEGER NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL, len INTEGER NOT NULL,
    crc INTEGER NOT NULL, waiting INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX message_segment ON message (segment);
CREATE INDEX message_file ON message (held) WHERE held = 1;
CREATE TABLE recipient (
    id BLOB NOT NULL, number INTEGER NOT NULL, domain TEXT NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL, warned INTEGER NOT NULL, last_at INTEGER, last_code TEXT, last_text TEXT,
    PRIMARY KEY (id, number)
) WITHOUT ROWID;
CREATE INDEX recipient_due ON recipient (due);
CREATE TABLE segment (number INTEGER PRIMARY KEY, messages INTEGER NOT NULL, octets INTEGER NOT NULL);
";

/// The index and the leases.
pub(super) struct SpoolIndex {
    disk: Arc<dyn Disk>,
    at: IndexAt,
    path: PathBuf,
    connection: Connection,
    leased: HashSet<(SpoolId, u32)>,
}

/// What follows from a batch.
#[derive(Default)]
pub(super) struct Effects {
    /// Body files that nobody needs any more.
    pub(super) finished_files: Vec<SpoolId>,
    /// Whether something may be due that was not before.
    pub(super) arrived: bool,
}

/// Where a message's octets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) size: u64,
    pub(super) held: Held,
    pub(super) segment: u32,
    pub(super) body: BodySpan,
}

/// A message that is to be written again.
pub(super) struct Carry {
    pub(super) arrival: Arrival<'static>,
    pub(super) recipients: Vec<Due>,
    pub(super) stored: Stored,
}

/// What is alive in the log: messages and octets per segment.
pub(super) type Live = HashMap<u32, (u64, u64)>;

impl SpoolIndex {
    /// Opens the index, or makes an empty one if there is none that can be used.
    pub(super) fn open(disk: Arc<dyn Disk>, at: IndexAt, path: &Path) -> rusqlite::Result<Self> {
        let connection = sqlite::open(&*disk, at, path, VERSION, TABLES)?;
        Ok(Self { disk, at, path: path.to_owned(), connection, leased: HashSet::new() })
    }

    /// The index of a spool that another process may be at work on; none if there is none of this version.
    pub(super) fn open_to_read(disk: Arc<dyn Disk>, path: &Path) -> rusqlite::Result<Option<Self>> {
        let connection = sqlite::open_to_read(path, VERSION)?;
        Ok(connection.map(|connection| Self {
            disk,
            at: IndexAt::File,
            path: path.to_owned(),
            connection,
            leased: HashSet::new(),
        }))
    }

    /// Up to `max` recipients that are due and not leased, by message; they are leased from now on.
    pub(super) fn lease(&mut self, now: Timestamp, max: usize) -> rusqlite::Result<Vec<Leased>> {
        let mut order: Vec<SpoolId> = Vec::new();
        let mut numbers: HashMap<SpoolId, Vec<u32>> = HashMap::new();
        {
            let mut query = self
                .connection
                .prepare_cached("SELECT id, number FROM recipient WHERE due <= ?1 ORDER BY due, id, number")?;
            let mut rows = query.query([now.as_microsecond()])?;
            let mut count = 0;
            while let Some(row) = rows.next()?
                && count < max
            {
                let place = (id_of(row, 0)?, row.get(1)?);
                if !self.leased.contains(&place) {
                    count += 1;
                    let numbers = numbers.entry(place.0).or_default();
                    if numbers.is_empty() {
                        order.push(place.0);
                    }
                    numbers.push(place.1);
                }
            }
        }
        let mut leased = Vec::with_capacity(order.len());
        for id in order {
            let wanted = numbers.remove(&id).unwrap_or_default();
            if let Some(mut entry) = self.entry(id)? {
                entry.recipients.retain(|due| wanted.contains(&due.index));
                leased.push(Leased { id, accepted: entry.accepted, size: entry.size, recipients: entry.recipients });
            }
        }
        for entry in &leased {
            self.leased.extend(entry.recipients.iter().map(|due| (entry.id, due.index)));
        }
        Ok(leased)
    }

    /// Gives leases back unused.
    pub(super) fn release(&mut self, id: SpoolId, recipient: u32) {
        self.leased.remove(&(id, recipient));
    }

    /// When the next recipient that is not leased is due.
    pub(super) fn next_due(&self) -> rusqlite::Result<Option<Timestamp>> {
        let mut query =
            self.connection.prepare_cached("SELECT id, number, due FROM recipient ORDER BY due, id, number")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if !self.leased.contains(&(id_of(row, 0)?, row.get(1)?)) {
                return time_of(row, 2).map(Some);
            }
        }
        Ok(None)
    }

    /// Makes recipients due at `now`; says how many were not.
    pub(super) fn wake(&self, wake: &Wake, now: Timestamp) -> rusqlite::Result<usize> {
        let now = now.as_microsecond();
        match wake {
            Wake::All => self.execute("UPDATE recipient SET due = ?1 WHERE due > ?1", [now]),
            Wake::Message(id) => {
                self.execute("UPDATE recipient SET due = ?1 WHERE id = ?2 AND due > ?1", params![now, id.to_octets()])
            }
            Wake::Domain(domain) => self.execute(
                "UPDATE recipient SET due = ?1 WHERE domain = ?2 AND due > ?1",
                params![now, domain.to_lowercase()],
            ),
        }
    }

    /// Messages in the order of their ids.
    pub(super) fn entries(&self, after: Option<SpoolId>, limit: usize) -> rusqlite::Result<Vec<Entry>> {
        let after = after.map_or(Vec::new(), |id| id.to_octets().to_vec());
        let mut query = self.connection.prepare_cached("SELECT id FROM message WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let ids = query.query_map(params![after, limit.min(i64::MAX as usize) as i64], |row| id_of(row, 0))?;
        let ids: Vec<SpoolId> = ids.collect::<Result<_, _>>()?;
        ids.into_iter().filter_map(|id| self.entry(id).transpose()).collect()
    }

    /// One message with the recipients that wait.
    pub(super) fn entry(&self, id: SpoolId) -> rusqlite::Result<Option<Entry>> {
        let mut query = self.connection.prepare_cached("SELECT accepted, size FROM message WHERE id = ?1")?;
        let found = query.query_row([id.to_octets()], |row| Ok((accepted_of(row, 0)?, sqlite::unsigned(row, 1)?)));
        let Some((accepted, size)) = found.optional()? else { return Ok(None) };
        let mut query = self.connection.prepare_cached(
            "SELECT number, due, attempts, warned, last_at, last_code, last_text FROM recipient WHERE id = ?1 \
             ORDER BY number",
        )?;
        let recipients = query.query_map([id.to_octets()], |row| due_of(row, &accepted))?;
        let recipients = recipients.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect();
        Ok(Some(Entry { id, accepted: Arc::new(accepted), size, recipients }))
    }

    /// Where a message's octets are.
    pub(super) fn stored(&self, id: SpoolId) -> rusqlite::Result<Option<Stored>> {
        let mut query = self
            .connection
            .prepare_cached("SELECT size, held, segment, offset, len, crc FROM message WHERE id = ?1")?;
        query
            .query_row([id.to_octets()], |row| {
                let held = if row.get::<_, bool>(1)? { Held::File } else { Held::Inline };
                let body = BodySpan { offset: sqlite::unsigned(row, 3)?, len: row.get(4)?, crc: row.get(5)? };
                Ok(Stored { size: sqlite::unsigned(row, 0)?, held, segment: row.get(2)?, body })
            })
            .optional()
    }

    /// Messages whose octets are in body files.
    pub(super) fn in_files(&self) -> rusqlite::Result<Vec<SpoolId>> {
        let mut query = self.connection.prepare_cached("SELECT id FROM message WHERE held = 1")?;
        query.query_map([], |row| id_of(row, 0))?.collect()
    }

    /// Takes messages out that are not there.
    pub(super) fn forget(&mut self, lost: &[SpoolId]) -> rusqlite::Result<()> {
        let work = self.connection.transaction()?;
        for id in lost {
            remove_message(&work, *id)?;
            work.prepare_cached("DELETE FROM recipient WHERE id = ?1")?.execute([id.to_octets()])?;
        }
        work.commit()
    }

    /// What is alive where.
    pub(super) fn live(&self) -> rusqlite::Result<Live> {
        let mut query = self.connection.prepare_cached("SELECT number, messages, octets FROM segment")?;
        let rows =
            query.query_map([], |row| Ok((row.get(0)?, (sqlite::unsigned(row, 1)?, sqlite::unsigned(row, 2)?))))?;
        rows.collect()
    }

    /// Forgets what was counted for a segment that is gone.
    pub(super) fn forget_segment(&self, number: u32) -> rusqlite::Result<usize> {
        self.execute("DELETE FROM segment WHERE number = ?1", [number])
    }

    /// Some of the messages that lie in a segment, as they are now.
    pub(super) fn carries(&self, segment: u32, limit: u32) -> rusqlite::Result<Vec<Carry>> {
        let mut query = self.connection.prepare_cached("SELECT id FROM message WHERE segment = ?1 LIMIT ?2")?;
        let ids = query.query_map([segment, limit], |row| id_of(row, 0))?;
        let ids: Vec<SpoolId> = ids.collect::<Result<_, _>>()?;
        let mut carries = Vec::with_capacity(ids.len());
        for id in ids {
            if let (Some(entry), Some(stored)) = (self.entry(id)?, self.stored(id)?) {
                let accepted = std::borrow::Cow::Owned(Arc::unwrap_or_clone(entry.accepted));
                let arrival = Arrival { id, accepted, size: entry.size, held: stored.held, crc: None };
                carries.push(Carry { arrival, recipients: entry.recipients, stored });
            }
        }
        Ok(carries)
    }

    fn execute(&self, statement: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(statement)?.execute(values)
    }
}

impl Follow for SpoolIndex {
    type Record = SpoolRecord<'static>;
    type Effects = Effects;

    /// Leases stay: somebody is at work on them.
    fn begin_anew(&mut self) -> rusqlite::Result<()> {
        // The old file must not be in use when it goes.
        self.connection = Connection::open_in_memory()?;
        if self.at == IndexAt::File {
            sqlite::remove(&*self.disk, &self.path);
        }
        self.connection = sqlite::open(&*self.disk, self.at, &self.path, VERSION, TABLES)?;
        Ok(())
    }

    fn position(&self) -> rusqlite::Result<Position> {
        self.connection.query_row("SELECT segment, offset FROM position", [], |row| {
            Ok(Position { segment: row.get(0)?, offset: sqlite::unsigned(row, 1)? })
        })
    }

    fn apply(&mut self, batch: &[Logged<SpoolRecord<'static>>], effects: &mut Effects) -> rusqlite::Result<()> {
        let Some(last) = batch.last() else { return Ok(()) };
        let mut settled = Vec::new();
        let work = self.connection.transaction()?;
        for Logged { record, body, end } in batch {
            match record {
                SpoolRecord::Accepted(arrival) => {
                    insert(&work, arrival, end.segment, *body, &fresh(&arrival.accepted))?;
                    effects.arrived = true;
                }
                SpoolRecord::Settled { at, outcomes, reports } => {
                    for outcome in outcomes.iter() {
                        settle(&work, *at, outcome, effects)?;
                        settled.push((outcome.id, outcome.recipient));
                    }
                    let mut offset = body.offset;
                    for report in reports {
                        let (len, crc) = (report.size.try_into().unwrap_or(u32::MAX), report.crc.unwrap_or(body.crc));
                        let part = BodySpan { offset, len, crc };
                        offset += report.size;
                        insert(&work, report, end.segment, part, &fresh(&report.accepted))?;
                    }
                    // A deferral may be the next that is due.
                    effects.arrived = true;
                }
                SpoolRecord::Carried { message, recipients } => {
                    insert(&work, message, end.segment, *body, recipients)?;
                }
            }
        }
        let (segment, offset) = (last.end.segment, sqlite::signed(last.end.offset));
        work.prepare_cached("UPDATE position SET segment = ?1, offset = ?2")?.execute(params![segment, offset])?;
        work.commit()?;
        for place in &settled {
            self.leased.remove(place);
        }
        Ok(())
    }
}

/// How all recipients of a new message stand.
fn fresh(accepted: &Accepted) -> Vec<Due> {
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

fn insert(
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

fn settle(work: &Connection, at: Timestamp, settled: &Settlement, effects: &mut Effects) -> rusqlite::Result<()> {
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
fn remove_message(work: &Connection, id: SpoolId) -> rusqlite::Result<Option<Held>> {
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
fn due_of(row: &Row<'_>, accepted: &Accepted) -> rusqlite::Result<Option<Due>> {
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
    path.address().map_or(String::new(), |address| match address.domain() {
        Domain::Name(name) => name.clone(),
        literal => literal.to_string(),
    })
}

fn id_of(row: &Row<'_>, column: usize) -> rusqlite::Result<SpoolId> {
    row.get(column).map(SpoolId::from_octets)
}

fn time_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| sqlite::unreadable(column, "a time"))
}

fn accepted_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Accepted> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|_| sqlite::unreadable(column, "an envelope"))
}
