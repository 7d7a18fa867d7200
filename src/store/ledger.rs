//! The ledger: which message went to whom under which key, so that a second run of a script sends nothing twice.
//!
//! A row is written before the conversation, marked before the message can be accepted, and settled after. So a crash
//! at any moment leaves either a row that says "not sent", or one that says "nobody knows". It is the truth and no
//! index: it is synced at each step, and a file that cannot be read stops the run rather than being made anew. One
//! run holds a key at a time; the lock ends with its process. Knows no messages and no servers.
//! RFC 5321 §4.5.4.1; RFC 1047.

use super::sqlite::{failed, open_to_keep};
use crate::error::{Error, Kind, Result};
use crate::world::{Disk, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name in the state directory.
const NAME: &str = "ledger.db";
/// Version of the tables.
const VERSION: i32 = 1;
const TABLES: &str = "
    CREATE TABLE sending (
        key TEXT NOT NULL,
        recipient TEXT NOT NULL,
        state TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (key, recipient)
    ) WITHOUT ROWID;
    CREATE INDEX sending_at ON sending (at);";

/// Rows older than this are forgotten: whoever runs the same script after more than a year means it.
const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// A run that finds its lock's file removed begins again; more often than this is no coincidence.
const LOCK_TRIES: usize = 100;

/// How far a message came for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was to be sent, and was not.
    Begun,
    /// The server had all of it but the final dot: what came of that is not known.
    Out,
    /// A server has it.
    Accepted,
    /// The queue of this machine has it.
    Queued,
    /// It was refused or put off.
    Failed,
    /// The server fell silent behind the dot.
    Unknown,
}

/// The ledger, held for one key.
pub struct Ledger {
    connection: Connection,
    key: String,
    lock: PathBuf,
    _held: File,
}

impl Standing {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Begun, "begun"),
        (Self::Out, "out"),
        (Self::Accepted, "accepted"),
        (Self::Queued, "queued"),
        (Self::Failed, "failed"),
        (Self::Unknown, "unknown"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(standing, _)| *standing == self).map_or("unknown", |(_, name)| name)
    }

    fn from_name(name: &str) -> Self {
        // What a newer program wrote is not known here.
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::Unknown, |(standing, _)| *standing)
    }

    /// Whether somebody has it, so that it must not be sent again.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Accepted | Self::Queued)
    }

    /// Whether somebody may have it.
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Out | Self::Unknown)
    }
}

impl Ledger {
    /// Opens the ledger in `dir`, made if missing, for this key. [`Kind::Temporary`] if another run holds the key.
    pub fn open(disk: &dyn Disk, dir: &Path, key: &str) -> Result<Self> {
        let unusable = |error| Error::file("cannot use", dir, error);
        disk.create_dir(dir).map_err(unusable)?;
        let locks = dir.join("ledger.locks");
        disk.create_dir(&locks).map_err(unusable)?;
        let lock = locks.join(file_name(key));
        let held = hold(&lock)?;
        let path = dir.join(NAME);
        let opened = open_to_keep(disk, &path, VERSION, TABLES);
        let connection = opened.map_err(|error| {
            failed("the ledger of what was sent cannot be opened", error)
                .hint(format!("nothing was sent; without {} it is not known what was sent before", path.display()))
        })?;
        Ok(Self { connection, key: key.to_owned(), lock, _held: held })
    }

    /// What earlier runs say of each recipient, in order; `None` for those nobody wrote to under this key.
    pub fn standings(&self, recipients: &[String]) -> Result<Vec<Option<Standing>>> {
        let look = || -> rusqlite::Result<Vec<Option<Standing>>> {
            let mut query = self.connection.prepare("SELECT state FROM sending WHERE key = ?1 AND recipient = ?2")?;
            let find = |recipient: &String| {
                let state = query.query_row(params![self.key, recipient], |row| row.get::<_, String>(0)).optional()?;
                Ok(state.map(|state| Standing::from_name(&state)))
            };
            recipients.iter().map(find).collect()
        };
        look().map_err(|error| failed("reading the ledger of what was sent", error))
    }

    /// Writes down that these are about to be written to. Durable when it returns.
    pub fn begin(&mut self, recipients: &[String], now: Timestamp) -> Result<()> {
        let oldest = now.as_second().saturating_sub(i64::try_from(KEPT.as_secs()).unwrap_or(i64::MAX));
        self.connection
            .execute("DELETE FROM sending WHERE at < ?1", [oldest])
            .map_err(|error| failed("tidying the ledger of what was sent", error))?;
        let each = recipients.iter().map(|recipient| (recipient.clone(), Standing::Begun)).collect::<Vec<_>>();
        self.settle(&each, now)
    }

    /// Writes down that the message may be with the server from now on, for all that are about to be written to.
    pub fn out(&mut self) -> Result<()> {
        let change = "UPDATE sending SET state = ?2 WHERE key = ?1 AND state = ?3";
        let done = self.connection.execute(change, params![self.key, Standing::Out.name(), Standing::Begun.name()]);
        done.map(drop).map_err(|error| failed("writing the ledger of what was sent", error))
    }

    /// Writes down what became of recipients: all of it or nothing.
    pub fn settle(&mut self, outcomes: &[(String, Standing)], now: Timestamp) -> Result<()> {
        let mut write = || -> rusqlite::Result<()> {
            let change = self.connection.transaction()?;
            for (recipient, standing) in outcomes {
                change.execute(
                    "INSERT OR REPLACE INTO sending (key, recipient, state, at) VALUES (?1, ?2, ?3, ?4)",
                    params![self.key, recipient, standing.name(), now.as_second()],
                )?;
            }
            change.commit()
        };
        write().map_err(|error| failed("writing the ledger of what was sent", error))
    }
}

impl Drop for Ledger {
    /// Removed while it is held, so whoever waits for it finds that its file is gone and begins with a new one.
    fn drop(&mut self) {
        // What stays behind is an empty file.
        let _ = fs::remove_file(&self.lock);
    }
}

/// Locks a file that may be removed by whoever held it before.
fn hold(path: &Path) -> Result<File> {
    let unusable = |error| Error::file("cannot lock", path, error);
    for _ in 0..LOCK_TRIES {
        let mut options = fs::OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(Kind::Temporary, "another run is sending this message at the moment")
                    .hint("nothing was sent by this one; run it again when the other has ended"));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let mine = file.metadata().map_err(unusable)?.ino();
        match fs::metadata(path) {
            Ok(there) if there.ino() == mine => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
        }
    }
    Err(Error::new(Kind::Temporary, "the lock of the ledger is taken and freed all the time"))
}

/// A key as a file name: keys are the user's words, of any length and with any signs. Two keys of one name only keep
/// each other waiting.
fn file_name(key: &str) -> String {
    let crc = crc32fast::hash(key.as_bytes());
    let shown: String = key.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    format!("{shown}-{crc:08x}")
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn open(dir: &Path, key: &str) -> Result<Ledger> {
        Ledger::open(&RealDisk, dir, key)
    }

    #[test]
    fn what_was_written_is_known_to_the_next_run() {
        let dir = tempfile::tempdir().unwrap();
        let people = ["bob@x".to_owned(), "carol@x".to_owned(), "dave@x".to_owned()];
        let now = Timestamp::UNIX_EPOCH;
        let mut ledger = open(dir.path(), "k").unwrap();
        assert_eq!(ledger.standings(&people).unwrap(), [None; 3]);
        ledger.begin(&people, now).unwrap();
        drop(ledger);
        // A crash before the dot.
        let mut ledger = open(dir.path(), "k").unwrap();
        assert_eq!(ledger.standings(&people).unwrap(), [Some(Standing::Begun); 3]);
        ledger.begin(&people, now).unwrap();
        ledger.out().unwrap();
        drop(ledger);
        // A crash after it.
        let mut ledger = open(dir.path(), "k").unwrap();
        assert_eq!(ledger.standings(&people).unwrap(), [Some(Standing::Out); 3]);
        let outcomes = [Standing::Accepted, Standing::Failed, Standing::Unknown];
        let each: Vec<_> = people.iter().cloned().zip(outcomes).collect();
        ledger.settle(&each, now).unwrap();
        drop(ledger);
        let ledger = open(dir.path(), "k").unwrap();
        assert_eq!(ledger.standings(&people).unwrap(), outcomes.map(Some));
        assert_eq!(open(dir.path(), "other").unwrap().standings(&people).unwrap(), [None; 3]);
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(NAME), 0o600);
    }

    #[test]
    fn one_run_holds_a_key_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), "k").unwrap();
        assert_eq!(open(dir.path(), "k").err().map(|error| error.kind()), Some(Kind::Temporary));
        assert!(open(dir.path(), "l").is_ok());
        drop(first);
        assert!(open(dir.path(), "k").is_ok());
        assert_eq!(fs::read_dir(dir.path().join("ledger.locks")).unwrap().count(), 0);
    }

    #[test]
    fn a_ledger_that_cannot_be_read_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "this is no database, and somebody should look at it").unwrap();
        assert!(open(dir.path(), "k").is_err());
        assert!(fs::read_to_string(dir.path().join(NAME)).unwrap().starts_with("this is no database"));
    }

    #[test]
    fn rows_are_forgotten_after_more_than_a_year() {
        let dir = tempfile::tempdir().unwrap();
        let bob = ["bob@x".to_owned()];
        let mut ledger = open(dir.path(), "k").unwrap();
        ledger.settle(&[(bob[0].clone(), Standing::Accepted)], Timestamp::UNIX_EPOCH).unwrap();
        for (days, wanted) in [(399, Some(Standing::Accepted)), (401, None)] {
            let now = Timestamp::from_second(days * 24 * 60 * 60).unwrap();
            ledger.begin(&[], now).unwrap();
            assert_eq!(ledger.standings(&bob).unwrap(), [wanted], "{days}");
        }
    }
}
