//! The spool's index: what is due, where it lies, what waits. A copy of the log, in SQLite.
//!
//! Every batch of the log becomes one transaction together with the log position behind it, so the
//! index always stands exactly at one point of the log, and whoever opens it reads on from there.
//! It is never synced while somebody waits; losing it costs time, not mail.
//! Leases live here in memory only: after a restart everything that is due is due.

use super::IndexAt;
use super::entry::{Batch, Due, Entry, Lanes, Leased, Outcome, Wake};
use super::follow::{Follow, Logged};
use super::id::SpoolId;
use super::log::Position;
use super::segment::BodySpan;
use super::spool_lease::{Leases, Look, Mark, Place};
use super::spool_record::{Arrival, Held, SpoolRecord};
use super::spool_rows::{accepted_of, due_of, fresh, id_of, insert, remove_message, settle, time_of};
use super::sqlite;
use crate::world::{Disk, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Changes whenever the tables do; an index of another version is made anew.
const VERSION: i32 = 2;

/// Rows that one call looks at in vain: whoever accepts a message waits that long.
const LOOK_MAX: usize = 5000;

/// Clocks are put right by less all the time.
const STEP_SECONDS: i64 = 1;

/// What is due behind a mark, in order; all of it stands in an index.
const ROWS_DUE: &str = "SELECT due, id, number, domain FROM recipient \
    WHERE (due, id, number) > (?1, ?2, ?3) AND due <= ?4 ORDER BY due, id, number";

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
CREATE INDEX recipient_due ON recipient (due, id, number, domain);
CREATE TABLE segment (number INTEGER PRIMARY KEY, messages INTEGER NOT NULL, octets INTEGER NOT NULL);
";

/// The index and the leases.
pub(super) struct SpoolIndex {
    disk: Arc<dyn Disk>,
    at: IndexAt,
    path: PathBuf,
    connection: Connection,
    leases: Leases,
    /// The latest time that was seen.
    latest: Timestamp,
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
        Ok(Self::with(disk, at, path, connection))
    }

    /// The index of a spool that another process may be at work on; none if there is none of this version.
    pub(super) fn open_to_read(disk: Arc<dyn Disk>, path: &Path) -> rusqlite::Result<Option<Self>> {
        let connection = sqlite::open_to_read(path, VERSION)?;
        Ok(connection.map(|connection| Self::with(disk, IndexAt::File, path, connection)))
    }

    fn with(disk: Arc<dyn Disk>, at: IndexAt, path: &Path, connection: Connection) -> Self {
        Self { disk, at, path: path.to_owned(), connection, leases: Leases::default(), latest: Timestamp::MIN }
    }

    /// Up to `max` recipients that are due and may be leased, by message; they are leased from now on.
    pub(super) fn lease(&mut self, now: Timestamp, max: usize, lanes: &Lanes) -> rusqlite::Result<Batch> {
        if self.latest.as_second() - now.as_second() > STEP_SECONDS {
            self.set_back(now)?;
        }
        self.latest = now;
        let mut taken = Vec::new();
        let mut has_more = self.look_again(now, max, lanes, &mut taken)?;
        has_more |= self.look_on(now, max, lanes, &mut taken)?;
        let mut order: Vec<SpoolId> = Vec::new();
        let mut numbers: HashMap<SpoolId, Vec<u32>> = HashMap::new();
        for (id, number) in taken {
            let numbers = numbers.entry(id).or_default();
            if numbers.is_empty() {
                order.push(id);
            }
            numbers.push(number);
        }
        let mut messages = Vec::with_capacity(order.len());
        for id in order {
            let wanted = numbers.remove(&id).unwrap_or_default();
            if let Some(mut entry) = self.entry(id)? {
                entry.recipients.retain(|due| wanted.contains(&due.index));
                messages.push(Leased { id, accepted: entry.accepted, size: entry.size, recipients: entry.recipients });
            }
        }
        Ok(Batch { messages, has_more })
    }

    /// Leases what was passed by in lanes that have room now; says whether to look again before long.
    fn look_again(
        &mut self,
        now: Timestamp,
        max: usize,
        lanes: &Lanes,
        taken: &mut Vec<Place>,
    ) -> rusqlite::Result<bool> {
        let (seen, mut names, mut looked) = (self.leases.seen(), LaneNames::new(lanes), 0);
        for (wanted, from) in self.leases.ready(lanes) {
            let mut query = self.connection.prepare_cached(ROWS_DUE)?;
            let mut rows = query.query(params![from.due, from.id.to_octets(), from.number, now.as_microsecond()])?;
            let is_through = loop {
                if looked >= LOOK_MAX || taken.len() >= max {
                    return Ok(true);
                }
                let Some(row) = rows.next()? else { break true };
                looked += 1;
                let (due, place) = (row.get(0)?, (id_of(row, 1)?, row.get(2)?));
                if Mark::before(due, place) >= seen {
                    break true;
                }
                let lane = names.of(row.get_ref(3)?.as_str()?);
                match self.leases.look_again(due, place, &lane, &wanted, lanes) {
                    Look::Taken => taken.push(place),
                    Look::Passed => {}
                    Look::Full => break false,
                }
            };
            if is_through {
                self.leases.forget_passed(&wanted);
            }
        }
        Ok(false)
    }

    /// Leases what was not looked at yet; says whether there is more of that.
    fn look_on(&mut self, now: Timestamp, max: usize, lanes: &Lanes, taken: &mut Vec<Place>) -> rusqlite::Result<bool> {
        let (from, mut names) = (self.leases.seen(), LaneNames::new(lanes));
        let mut query = self.connection.prepare_cached(ROWS_DUE)?;
        let mut rows = query.query(params![from.due, from.id.to_octets(), from.number, now.as_microsecond()])?;
        for _ in 0..LOOK_MAX {
            if taken.len() >= max {
                return Ok(true);
            }
            let Some(row) = rows.next()? else { return Ok(false) };
            let (due, place) = (row.get(0)?, (id_of(row, 1)?, row.get(2)?));
            let lane = names.of(row.get_ref(3)?.as_str()?);
            if self.leases.look(due, place, lane, lanes) == Look::Taken {
                taken.push(place);
            }
        }
        Ok(true)
    }

    /// Gives leases back unused.
    pub(super) fn release(&mut self, id: SpoolId, recipient: u32) {
        self.leases.free((id, recipient));
        self.leases.look_anew();
    }

    /// Keeps messages from being leased, until they are let go.
    pub(super) fn hold(&mut self, ids: &[SpoolId]) {
        ids.iter().for_each(|id| self.leases.hold(*id));
    }

    /// Lets messages be leased.
    pub(super) fn let_go(&mut self, ids: &[SpoolId]) {
        ids.iter().for_each(|id| self.leases.let_go(*id));
    }

    /// When the next recipient is due that was not looked at.
    pub(super) fn next_due(&self) -> rusqlite::Result<Option<Timestamp>> {
        let from = self.leases.seen();
        let mut query = self.connection.prepare_cached(ROWS_DUE)?;
        let mut rows = query.query(params![from.due, from.id.to_octets(), from.number, i64::MAX])?;
        while let Some(row) = rows.next()? {
            if !self.leases.is_taken((id_of(row, 1)?, row.get(2)?)) {
                return time_of(row, 0).map(Some);
            }
        }
        Ok(None)
    }

    /// The clock shows less than it did. What would wait for a time that it may take days to reach again waits from
    /// now on instead, as long as it had to after its last attempt; what was never tried is due.
    pub(super) fn set_back(&mut self, now: Timestamp) -> rusqlite::Result<()> {
        self.execute(
            "UPDATE recipient SET due = ?1 + (due - coalesce(last_at, due)), last_at = min(last_at, ?1) \
             WHERE coalesce(last_at, due) > ?1",
            [now.as_microsecond()],
        )?;
        self.leases.look_anew();
        Ok(())
    }

    /// Makes recipients due at `now`; says how many were not.
    pub(super) fn wake(&mut self, wake: &Wake, now: Timestamp) -> rusqlite::Result<usize> {
        let now = now.as_microsecond();
        self.leases.look_anew();
        match wake {
            Wake::All => self.execute("UPDATE recipient SET due = ?1 WHERE due > ?1", [now]),
            Wake::Message(id) => {
                self.execute("UPDATE recipient SET due = ?1 WHERE id = ?2 AND due > ?1", params![now, id.to_octets()])
            }
            Wake::Domain(domain) => self.execute(
                "UPDATE recipient SET due = ?1 WHERE domain = ?2 AND due > ?1",
                params![now, domain.to_ascii().to_string()],
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
        self.leases.look_anew();
        Ok(())
    }

    fn position(&self) -> rusqlite::Result<Position> {
        self.connection.query_row("SELECT segment, offset FROM position", [], |row| {
            Ok(Position { segment: row.get(0)?, offset: sqlite::unsigned(row, 1)? })
        })
    }

    fn apply(&mut self, batch: &[Logged<SpoolRecord<'static>>], effects: &mut Effects) -> rusqlite::Result<()> {
        let Some(last) = batch.last() else { return Ok(()) };
        let (mut settled, mut came) = (Vec::new(), Vec::new());
        let first = |arrival: &Arrival<'_>| Mark::before(arrival.accepted.received.as_microsecond(), (arrival.id, 0));
        let work = self.connection.transaction()?;
        for Logged { record, body, end } in batch {
            match record {
                SpoolRecord::Accepted(arrival) => {
                    insert(&work, arrival, end.segment, *body, &fresh(&arrival.accepted))?;
                    came.push(first(arrival));
                    effects.arrived = true;
                }
                SpoolRecord::Settled { at, outcomes, reports } => {
                    for outcome in outcomes.iter() {
                        settle(&work, *at, outcome, effects)?;
                        let place = (outcome.id, outcome.recipient);
                        if let Outcome::Deferred { until, .. } = &outcome.outcome {
                            came.push(Mark::before(until.as_microsecond(), place));
                        }
                        settled.push(place);
                    }
                    let mut offset = body.offset;
                    for report in reports {
                        let (len, crc) = (report.size.try_into().unwrap_or(u32::MAX), report.crc.unwrap_or(body.crc));
                        let part = BodySpan { offset, len, crc };
                        offset += report.size;
                        insert(&work, report, end.segment, part, &fresh(&report.accepted))?;
                        came.push(first(report));
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
        came.into_iter().for_each(|mark| self.leases.came(mark));
        settled.into_iter().for_each(|place| self.leases.free(place));
        Ok(())
    }
}

/// The lanes of domains, each found once.
struct LaneNames<'a> {
    lanes: &'a Lanes,
    known: HashMap<String, Arc<str>>,
}

impl<'a> LaneNames<'a> {
    fn new(lanes: &'a Lanes) -> Self {
        Self { lanes, known: HashMap::new() }
    }

    fn of(&mut self, domain: &str) -> Arc<str> {
        if let Some(lane) = self.known.get(domain) {
            return lane.clone();
        }
        let lane: Arc<str> = (self.lanes.of)(domain).into();
        self.known.insert(domain.to_owned(), lane.clone());
        lane
    }
}
