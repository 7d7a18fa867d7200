//! What is known of a maildrop on somebody else's server: a row for each message that was retrieved from it.
//!
//! It is the truth and no index: a row is durable before the server may be told to delete its message, and a file that
//! cannot be read stops the run rather than being made anew. A message that is gone leaves a tombstone for a season,
//! so that one that comes back is known. Knows no server and no target. RFC 1939 §7.

use super::sqlite::{failed, open_to_keep, signed, unsigned};
use crate::error::{Error, Kind, Result};
use crate::world::{Disk, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row as Columns, params};
use std::path::Path;

/// Version of the tables.
const VERSION: i32 = 1;
const TABLES: &str = "
    CREATE TABLE message (
        uid TEXT NOT NULL,
        size INTEGER NOT NULL,
        digest BLOB,
        first_seen INTEGER NOT NULL,
        state INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (uid, size)
    ) WITHOUT ROWID;
    CREATE INDEX message_state ON message (state, changed);";
/// Rows read at once.
const PAGE: usize = 1000;

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It was tried, and did not come whole.
    Troubled,
    /// It is safe here.
    Delivered,
    /// It is safe here, and the server may have been told to delete it.
    DeletePending,
    /// The server has deleted it, or lists it no more: a tombstone.
    Deleted,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name on the server.
    pub uid: String,
    /// Octets, as the server counts them. A name may be given again when its message is gone; rarely to one as long.
    pub size: u64,
    /// Of its header section, if that was seen.
    pub digest: Option<[u8; 16]>,
    /// When it came here first.
    pub first_seen: Timestamp,
    /// How far it has come.
    pub state: State,
    /// Since when.
    pub changed: Timestamp,
}

impl Row {
    /// The size of a message that was remembered before sizes were.
    pub const SIZE_UNKNOWN: u64 = i64::MAX as u64;
}

impl State {
    const ALL: [Self; 4] = [Self::Troubled, Self::Delivered, Self::DeletePending, Self::Deleted];

    fn number(self) -> i64 {
        match self {
            Self::Troubled => 0,
            Self::Delivered => 1,
            Self::DeletePending => 2,
            Self::Deleted => 3,
        }
    }

    /// Whether the message is safe here.
    pub fn is_safe(self) -> bool {
        self != Self::Troubled
    }

    /// Whether it is safe here, and on the server too as far as is known.
    pub fn is_living(self) -> bool {
        matches!(self, Self::Delivered | Self::DeletePending)
    }
}

/// The rows of one maildrop. Calls block.
pub trait Register: Send {
    /// The rows of a name: one for each size that it stood for.
    fn find(&mut self, uid: &str) -> Result<Vec<Row>>;
    /// How many messages are living.
    fn living(&mut self) -> Result<u64>;
    /// The rows of living messages in order, from behind `after`; some of them, and none at the end.
    fn page(&mut self, after: Option<(&str, u64)>) -> Result<Vec<Row>>;
    /// Writes rows, each in the place of the one of its name and size, if there is one. All of them are durable when it
    /// returns, and after a crash all or none.
    fn commit(&mut self, rows: &[Row]) -> Result<()>;
    /// Removes all rows.
    fn clear(&mut self) -> Result<()>;
    /// Removes tombstones from before.
    fn forget(&mut self, before: Timestamp) -> Result<()>;
}

/// A register in a file of its own.
pub struct SqliteRegister {
    connection: Connection,
    _lock: Box<dyn Send + Sync>,
}

impl SqliteRegister {
    /// Opens it, or makes an empty one; the second value tells whether it is new. One process at a time has it.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<(Self, bool)> {
        let lock = disk.lock(&path.with_extension("lock")).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => {
                Error::new(Kind::Temporary, "another retrieval from this maildrop is under way")
                    .hint("wait until it is done")
            }
            _ => Error::file("cannot lock", path, error),
        })?;
        let is_new = disk.stat(path).is_err();
        let unusable = |error| {
            failed(&format!("cannot use {}", path.display()), error)
                .hint("it knows what was retrieved; remove it to retrieve everything again")
        };
        let connection = open_to_keep(disk, path, VERSION, TABLES).map_err(unusable)?;
        connection.set_prepared_statement_cache_capacity(16);
        Ok((Self { connection, _lock: lock }, is_new))
    }
}

fn broken(error: rusqlite::Error) -> Error {
    failed("cannot read or write what is known of the maildrop", error)
}

fn row(columns: &Columns<'_>) -> rusqlite::Result<Row> {
    let time =
        |column| columns.get(column).map(|second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH));
    let number: i64 = columns.get(4)?;
    let state = State::ALL.into_iter().find(|state| state.number() == number);
    Ok(Row {
        uid: columns.get(0)?,
        size: unsigned(columns, 1)?,
        digest: columns.get::<_, Option<Vec<u8>>>(2)?.and_then(|octets| octets.try_into().ok()),
        first_seen: time(3)?,
        state: state.ok_or_else(|| super::sqlite::unreadable(4, "a state"))?,
        changed: time(5)?,
    })
}

impl Register for SqliteRegister {
    fn find(&mut self, uid: &str) -> Result<Vec<Row>> {
        let text = "SELECT uid, size, digest, first_seen, state, changed FROM message WHERE uid = ?1";
        let mut ask = self.connection.prepare_cached(text).map_err(broken)?;
        let rows = ask.query_map([uid], row).map_err(broken)?;
        rows.collect::<rusqlite::Result<_>>().map_err(broken)
    }

    fn living(&mut self) -> Result<u64> {
        let text = "SELECT count(*) FROM message WHERE state IN (1, 2)";
        let count = self.connection.query_row(text, [], |columns| unsigned(columns, 0)).optional().map_err(broken)?;
        Ok(count.unwrap_or_default())
    }

    fn page(&mut self, after: Option<(&str, u64)>) -> Result<Vec<Row>> {
        let (uid, size) = after.map_or(("", -1), |(uid, size)| (uid, signed(size)));
        let text = "SELECT uid, size, digest, first_seen, state, changed FROM message
            WHERE (uid, size) > (?1, ?2) AND state IN (1, 2) ORDER BY uid, size LIMIT ?3";
        let mut ask = self.connection.prepare_cached(text).map_err(broken)?;
        let rows = ask.query_map(params![uid, size, signed(PAGE as u64)], row).map_err(broken)?;
        rows.collect::<rusqlite::Result<_>>().map_err(broken)
    }

    fn commit(&mut self, rows: &[Row]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut write = || {
            let change = self.connection.transaction()?;
            {
                let text = "INSERT OR REPLACE INTO message (uid, size, digest, first_seen, state, changed)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                let mut insert = change.prepare_cached(text)?;
                for row in rows {
                    insert.execute(params![
                        row.uid,
                        signed(row.size),
                        row.digest.map(|digest| digest.to_vec()),
                        row.first_seen.as_second(),
                        row.state.number(),
                        row.changed.as_second()
                    ])?;
                }
            }
            change.commit()
        };
        write().map_err(broken)
    }

    fn clear(&mut self) -> Result<()> {
        self.connection.execute("DELETE FROM message", []).map(|_| ()).map_err(broken)
    }

    fn forget(&mut self, before: Timestamp) -> Result<()> {
        let old = "state = 3 AND changed < ?1";
        let count = |connection: &Connection| {
            let text = format!("SELECT count(*) FROM message WHERE {old}");
            connection.query_row(&text, [before.as_second()], |columns| unsigned(columns, 0))
        };
        // Asked first: a change that changes nothing would be synced too.
        if count(&self.connection).map_err(broken)? > 0 {
            let text = format!("DELETE FROM message WHERE {old}");
            self.connection.execute(&text, [before.as_second()]).map_err(broken)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn of(uid: &str, size: u64, state: State) -> Row {
        Row { uid: uid.into(), size, digest: Some([7; 16]), first_seen: at(1), state, changed: at(2) }
    }

    fn open(path: &Path) -> Result<(SqliteRegister, bool)> {
        SqliteRegister::open(&RealDisk, path)
    }

    #[test]
    fn what_was_committed_is_known_to_the_next_run() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.db");
        let (mut register, is_new) = open(&path).expect("made");
        assert!(is_new && register.find("a").expect("asked").is_empty());
        let rows = [of("a", 1, State::Delivered), of("a", 2, State::Deleted), of("b", 1, State::Troubled)];
        register.commit(&rows).expect("written");
        register.commit(&[Row { digest: None, ..of("b", 1, State::DeletePending) }]).expect("written");
        assert_eq!(open(&path).err().map(|error| error.kind()), Some(Kind::Temporary), "it is in use");
        drop(register);
        let (mut register, is_new) = open(&path).expect("opened");
        assert!(!is_new);
        assert_eq!(register.find("a").expect("asked"), rows[..2]);
        assert_eq!(register.find("b").expect("asked"), [Row { digest: None, ..of("b", 1, State::DeletePending) }]);
        assert_eq!(register.living().expect("asked"), 2);
    }

    #[test]
    fn pages_lead_through_all_that_lives() {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut register, _) = open(&dir.path().join("a.db")).expect("made");
        let rows: Vec<Row> = (0..2 * PAGE as u64 + 5).map(|size| of("same", size, State::Delivered)).collect();
        register.commit(&rows).expect("written");
        register.commit(&[of("gone", 1, State::Deleted)]).expect("written");
        let mut found: Vec<Row> = Vec::new();
        loop {
            let page = register.page(found.last().map(|row| (row.uid.as_str(), row.size))).expect("asked");
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, rows);
    }

    #[test]
    fn tombstones_are_forgotten_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut register, _) = open(&dir.path().join("a.db")).expect("made");
        register.commit(&[of("a", 1, State::Delivered), of("b", 1, State::Deleted)]).expect("written");
        for (before, left) in [(2, 1), (3, 0)] {
            register.forget(at(before)).expect("forgotten");
            assert_eq!(register.find("b").expect("asked").len(), left);
        }
        assert_eq!(register.find("a").expect("asked").len(), 1);
    }

    #[test]
    fn a_register_that_cannot_be_read_is_left_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.db");
        std::fs::write(&path, "this is no database, and somebody should look at it").expect("written");
        assert!(open(&path).is_err());
        assert!(std::fs::read_to_string(&path).expect("read").starts_with("this is no database"));
    }
}
