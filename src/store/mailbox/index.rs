//! The index of an account's mailboxes: one SQLite database.
//!
//! It answers quickly what the files could answer slowly, and keeps what no file has: keywords,
//! modification sequences, the history of what is gone, subscriptions. A commit is either durable
//! (flags, keywords, expunges, subscriptions) or not (deliveries, which the files and the log can tell
//! again). Counters are kept by triggers, so that no code path can forget them.

use crate::error::{Error, Kind};
use crate::store::mailbox_error::{MailboxError, Outcome};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The format; kept in SQLite's `user_version`.
const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE account (last_validity INTEGER NOT NULL);
INSERT INTO account VALUES (0);
CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  first_recent INTEGER NOT NULL,
  gone_floor INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE message (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  base BLOB NOT NULL,
  spot BLOB NOT NULL,
  system INTEGER NOT NULL,
  keywords TEXT NOT NULL,
  modseq INTEGER NOT NULL,
  disk INTEGER NOT NULL,
  wire INTEGER NOT NULL,
  arrived INTEGER NOT NULL,
  was BLOB NOT NULL,
  PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_base ON message (mailbox, base);
CREATE INDEX message_modseq ON message (mailbox, modseq);
CREATE INDEX message_loose ON message (mailbox) WHERE was <> x'';
CREATE TABLE gone (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  modseq INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (mailbox, modseq, first)
) WITHOUT ROWID;
CREATE TABLE delivered (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  base BLOB NOT NULL,
  uid INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (mailbox, base)
) WITHOUT ROWID;
CREATE INDEX delivered_at ON delivered (mailbox, at);
CREATE TABLE doomed (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  base BLOB NOT NULL,
  PRIMARY KEY (mailbox, base)
) WITHOUT ROWID;
CREATE TABLE subscription (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
  UPDATE mailbox SET messages = messages + 1, size = size + new.wire,
    unseen = unseen + (new.system & 16 = 0), deleted = deleted + (new.system & 2 <> 0) WHERE id = new.mailbox;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
  UPDATE mailbox SET messages = messages - 1, size = size - old.wire,
    unseen = unseen - (old.system & 16 = 0), deleted = deleted - (old.system & 2 <> 0) WHERE id = old.mailbox;
END;
CREATE TRIGGER message_flagged AFTER UPDATE OF system ON message WHEN old.system <> new.system BEGIN
  UPDATE mailbox SET unseen = unseen + (new.system & 16 = 0) - (old.system & 16 = 0),
    deleted = deleted + (new.system & 2 <> 0) - (old.system & 2 <> 0) WHERE id = new.mailbox;
END;
";

/// An open index.
pub(super) struct Index {
    connection: Connection,
    /// `None`: in memory.
    path: Option<PathBuf>,
}

/// Whether a commit must outlive a power cut by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commit {
    /// Nothing else has what it says.
    Durable,
    /// The files can tell it again.
    Quick,
}

impl Index {
    /// Opens or makes it; with `None` in memory. A file that is broken is put aside.
    pub(super) fn open(path: Option<PathBuf>) -> Outcome<Self> {
        let connection = match &path {
            None => prepare(Connection::open_in_memory()?),
            Some(path) => open_file(path).or_else(|error| {
                if !is_corrupt(&error) {
                    return Err(error);
                }
                put_aside(path)?;
                open_file(path)
            }),
        };
        Ok(Self { connection: connection?, path })
    }

    /// Puts a broken file aside and begins anew.
    pub(super) fn renew(&mut self) -> Outcome<()> {
        self.connection = Connection::open_in_memory()?;
        if let Some(path) = &self.path {
            put_aside(path)?;
        }
        *self = Self::open(self.path.take())?;
        Ok(())
    }

    /// Whether it ends with the process, so that the files must tell everything.
    pub(super) fn is_volatile(&self) -> bool {
        self.path.is_none()
    }

    /// To read from. Reads that belong together go into one `begin`.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins a change; dropped without a commit it never was.
    pub(super) fn begin(&self, commit: Commit) -> Outcome<Transaction<'_>> {
        self.connection.pragma_update(
            None,
            "synchronous",
            if commit == Commit::Durable { "FULL" } else { "NORMAL" },
        )?;
        Ok(Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?)
    }
}

fn open_file(path: &Path) -> Outcome<Connection> {
    // Made by us first, so that it is private; SQLite would ask the umask.
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    prepare(Connection::open(path)?)
}

fn prepare(connection: Connection) -> Outcome<Connection> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(Duration::from_secs(10))?;
    // In memory the answer is another mode, which is as good.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        VERSION => {}
        0 => {
            let change = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
            // Another process may have been quicker.
            if change.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? == 0 {
                change.execute_batch(SCHEMA)?;
                change.pragma_update(None, "user_version", VERSION)?;
            }
            change.commit()?;
        }
        newer => {
            let tried = format!("opening the index of a mailbox: it has format {newer}, this program knows {VERSION}");
            return Err(MailboxError::Broken(Error::new(Kind::Config, tried).hint(
                "use the newer program, or remove index.db: it is made again from the mail, without keywords and subscriptions",
            )));
        }
    }
    Ok(connection)
}

/// Whether an error says that the file is no index any more.
pub(super) fn is_corrupt(error: &MailboxError) -> bool {
    let MailboxError::Broken(error) = error else { return false };
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<rusqlite::Error>());
    let code = source.and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// The index is SQLite's own file, so it is moved on the real file system, past `Disk`.
fn put_aside(path: &Path) -> Outcome<()> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(fs::rename(path, beside(".broken"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_is_none_is_put_aside_and_a_newer_one_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("index.db");
        std::fs::write(&path, [b'x'; 5000]).unwrap();
        let index = Index::open(Some(path.clone())).unwrap();
        assert!(home.path().join("index.db.broken").exists());
        index.connection().pragma_update(None, "user_version", 2).unwrap();
        drop(index);
        let error = Index::open(Some(path)).err().unwrap();
        assert!(error.to_string().contains("format 2"), "{error}");
    }
}
