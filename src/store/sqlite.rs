//! SQLite as an index: opened, or made anew when it cannot be used.
//!
//! WAL with `synchronous=NORMAL`: a crash leaves an older but sound index, and nothing is synced when
//! a transaction commits. Checkpoints, which sync, are not made by those who write but by a thread of
//! their own. Knows no tables.

use super::IndexAt;
use crate::error::{Error, Kind};
use crate::world::Disk;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, types::Type};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Says that the file is ours ("MKix"); `user_version` says which tables it has.
const APPLICATION: i32 = 0x4d4b_6978;

/// Opens the index, with these tables in it.
pub(super) fn open(
    disk: &dyn Disk,
    at: IndexAt,
    path: &Path,
    version: i32,
    tables: &str,
) -> rusqlite::Result<Connection> {
    let make = |connection: &Connection| {
        connection.execute_batch(&format!(
            "BEGIN; {tables} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version}; COMMIT;"
        ))
    };
    if at == IndexAt::Memory {
        let connection = Connection::open_in_memory()?;
        make(&connection)?;
        return Ok(connection);
    }
    match open_file(path).and_then(|connection| check(&connection, version).map(|usable| (connection, usable))) {
        Ok((connection, true)) => return Ok(connection),
        Err(error) if !is_unusable(&error) => return Err(error),
        // Missing, of another version, or broken: the index can be made anew from what it indexes.
        _ => remove(disk, path),
    }
    // Made by us first, so that it is private like all other files here; SQLite would ask the umask.
    let _ = disk.create(path);
    let connection = open_file(path)?;
    make(&connection)?;
    Ok(connection)
}

/// Opens a file that is the truth itself: it is synced with each change, and one that cannot be used is left alone.
pub(super) fn open_to_keep(disk: &dyn Disk, path: &Path, version: i32, tables: &str) -> rusqlite::Result<Connection> {
    if disk.stat(path).is_err() {
        // Made by us first, so that it is private; who makes it at the same moment makes the same.
        let _ = disk.create(path);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;")?;
    // Two that find it empty must not both make the tables.
    let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let known: i32 = change.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if known == 0 {
        change.execute_batch(&format!(
            "{tables} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version};"
        ))?;
    }
    change.commit()?;
    match check(&connection, version)? {
        true => Ok(connection),
        false => Err(rusqlite::Error::InvalidQuery),
    }
}

/// Opens the index for reading beside the process that owns it.
pub(super) fn open_to_read(path: &Path, version: i32) -> rusqlite::Result<Option<Connection>> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(check(&connection, version)?.then_some(connection))
}

/// Removes an index that cannot be used.
pub(super) fn remove(disk: &dyn Disk, path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = OsString::from(path);
        name.push(end);
        // What is not there need not go; what cannot go makes the next attempt to open fail, with a reason.
        let _ = disk.remove(&PathBuf::from(name));
    }
}

/// Whether a new index would help.
pub(super) fn is_unusable(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::CannotOpen | ErrorCode::SchemaChanged)
    ) || matches!(error, rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..))
}

/// What went wrong with an index, as an error.
pub(super) fn failed(tried: &str, error: rusqlite::Error) -> Error {
    let full = is_full(&error);
    let cause: Box<dyn std::error::Error + Send + Sync> =
        if full { Box::new(std::io::Error::new(std::io::ErrorKind::StorageFull, error)) } else { Box::new(error) };
    Error::new(Kind::Io, tried).caused_by(cause)
}

/// Whether there was no room. The memory that processes share is a file too, and has to grow.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// A column that holds something else than it should.
pub(super) fn unreadable(column: usize, wanted: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, format!("not {wanted}").into())
}

pub(super) fn unprintable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

/// Sizes and offsets fit 63 bits.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn check(connection: &Connection, version: i32) -> rusqlite::Result<bool> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    Ok((number("application_id")?, number("user_version")?) == (APPLICATION, version))
}

/// Changes after which the write-ahead log is worth a checkpoint.
const CHECKPOINT_AFTER: usize = 4000;

/// Moves the write-ahead log into the index file, beside those who write.
pub(super) struct Checkpointer {
    ring: Option<SyncSender<()>>,
    changes: usize,
}

impl Checkpointer {
    /// For an index in a file; one in memory needs none.
    pub(super) fn start(at: IndexAt, path: &Path) -> Self {
        if at == IndexAt::Memory {
            return Self { ring: None, changes: 0 };
        }
        let (ring, bell) = sync_channel(1);
        let path = path.to_owned();
        // Without the thread the write-ahead log grows until the process ends; nothing else suffers.
        let started = std::thread::Builder::new().name("checkpoint".into()).spawn(move || checkpoint(&path, &bell));
        Self { ring: started.ok().map(|_| ring), changes: 0 }
    }

    /// Says that so many rows were changed.
    pub(super) fn changed(&mut self, rows: usize) {
        self.changes += rows;
        if self.changes >= CHECKPOINT_AFTER
            && let Some(ring) = &self.ring
        {
            self.changes = 0;
            // If it is full, the thread has yet to begin with the last one.
            let _ = ring.try_send(());
        }
    }
}

fn checkpoint(path: &Path, bell: &Receiver<()>) {
    let Ok(connection) = open_file(path) else { return };
    while bell.recv().is_ok() {
        // The first takes most of it without holding anybody up; the second then has little left to hold them up for.
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE); PRAGMA wal_checkpoint(RESTART);");
    }
}
