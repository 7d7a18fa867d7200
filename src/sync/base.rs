//! What the last run agreed on: which message of the server is which message here, and the flags it had there.
//!
//! An SQLite file beside the messages. It saves work and decides nothing about them: should it be lost, everything
//! is fetched once more and recognised when it arrives. A message is noted before it is fetched (its `local` is
//! empty) and again when it is here, so that after a crash nobody has to guess.

use super::plan::Pair;
use crate::error::{Error, Kind, Result};
use crate::imap::flag::Flags;
use crate::imap::number::{Uid, UidValidity};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Says that the file is ours ("MKsy"); `user_version` is the version of the tables.
const APPLICATION: i32 = 0x4d4b_7379;
const VERSION: i32 = 1;

const TABLES: &str = "
    CREATE TABLE folder (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        name TEXT NOT NULL,
        validity INTEGER NOT NULL,
        local TEXT NOT NULL,
        local_validity INTEGER NOT NULL,
        UNIQUE (account, name, validity)
    );
    CREATE TABLE pair (
        folder INTEGER NOT NULL REFERENCES folder (id),
        uid INTEGER NOT NULL,
        local INTEGER,
        system INTEGER NOT NULL,
        keywords TEXT NOT NULL,
        digest BLOB,
        PRIMARY KEY (folder, uid)
    ) WITHOUT ROWID;
    CREATE INDEX pair_digest ON pair (digest) WHERE digest IS NOT NULL;";

/// The open file.
pub(super) struct Base(Connection);

/// A mailbox of the server, in one life of its UIDs, and the mailbox here.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) account: String,
    pub(super) wire_name: String,
    pub(super) validity: UidValidity,
    pub(super) local: String,
    pub(super) local_validity: UidValidity,
}

/// A mailbox that the base knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct FolderId(i64);

/// A message that is here now.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) uid: Uid,
    pub(super) local: Uid,
    pub(super) digest: [u8; 32],
}

impl Base {
    /// Opens the file, or makes it; with no path in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let open = || -> rusqlite::Result<(Connection, i32, i32)> {
            let connection = match path {
                Some(path) => Connection::open(path)?,
                None => Connection::open_in_memory()?,
            };
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
            let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
            let (application, version) = (number("application_id")?, number("user_version")?);
            Ok((connection, application, version))
        };
        let name = || path.map_or_else(|| "memory".to_owned(), |path| path.display().to_string());
        let unusable = |why: &str| {
            Error::new(Kind::Io, format!("{} {why}", name()))
                .hint("remove it: the next run then fetches all messages again and doubles none")
        };
        let (connection, application, version) = open().map_err(|error| unusable("cannot be used").caused_by(error))?;
        match (application, version) {
            (APPLICATION, VERSION) => {}
            (0, 0) => {
                let tables = format!(
                    "BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
                );
                connection.execute_batch(&tables).map_err(|error| unusable("cannot be made").caused_by(error))?;
            }
            (APPLICATION, _) => return Err(unusable("was written by another version of mailkit")),
            _ => return Err(unusable("is no file of mailkit's")),
        }
        Ok(Self(connection))
    }

    /// A mailbox, noted if it was not known. If the one here is another one than it was, nothing is known to be in it.
    pub(super) fn folder(&mut self, folder: &Folder) -> Result<FolderId> {
        let Folder { account, wire_name, validity, local, local_validity } = folder;
        let (validity, local_validity) = (validity.get(), local_validity.get());
        self.write(|transaction| {
            let known = transaction
                .query_row(
                    "SELECT id, local, local_validity FROM folder WHERE account = ?1 AND name = ?2 AND validity = ?3",
                    params![account, wire_name, validity],
                    |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, u32>(2)?)),
                )
                .optional()?;
            let Some((id, known_local, known_validity)) = known else {
                transaction.execute(
                    "INSERT INTO folder (account, name, validity, local, local_validity) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![account, wire_name, validity, local, local_validity],
                )?;
                return Ok(FolderId(transaction.last_insert_rowid()));
            };
            if (known_local.as_str(), known_validity) != (local.as_str(), local_validity) {
                transaction.execute("UPDATE pair SET local = NULL WHERE folder = ?1", [id])?;
                transaction.execute(
                    "UPDATE folder SET local = ?2, local_validity = ?3 WHERE id = ?1",
                    params![id, local, local_validity],
                )?;
            }
            Ok(FolderId(id))
        })
    }

    /// What is known of the messages in a range of a mailbox.
    pub(super) fn pairs(&self, folder: FolderId, uids: RangeInclusive<Uid>) -> Result<BTreeMap<Uid, Pair>> {
        let read = || -> rusqlite::Result<BTreeMap<Uid, Pair>> {
            let mut statement = self.0.prepare_cached(
                "SELECT uid, local, system, keywords FROM pair WHERE folder = ?1 AND uid BETWEEN ?2 AND ?3",
            )?;
            let rows = statement.query_map(params![folder.0, uids.start().get(), uids.end().get()], |row| {
                let local = row.get::<_, Option<u32>>(1)?.and_then(Uid::new);
                let flags = flags(row.get(2)?, &row.get::<_, String>(3)?);
                Ok((row.get::<_, u32>(0)?, Pair { local, flags }))
            })?;
            rows.filter_map(|row| row.map(|(uid, pair)| Some((Uid::new(uid)?, pair))).transpose()).collect()
        };
        read().map_err(failed)
    }

    /// Notes that messages are about to be fetched. What an earlier run noted about them stays.
    pub(super) fn intend<'a>(
        &mut self,
        folder: FolderId,
        messages: impl Iterator<Item = (Uid, &'a Flags)>,
    ) -> Result<()> {
        self.write(|transaction| {
            let mut insert = transaction
                .prepare_cached("INSERT OR IGNORE INTO pair (folder, uid, system, keywords) VALUES (?1, ?2, ?3, ?4)")?;
            for (uid, flags) in messages {
                insert.execute(params![folder.0, uid.get(), flags.system_bits(), keywords(flags)])?;
            }
            Ok(())
        })
    }

    /// Notes that messages are here.
    pub(super) fn settle(&mut self, folder: FolderId, messages: &[Settled]) -> Result<()> {
        self.write(|transaction| {
            let mut update =
                transaction.prepare_cached("UPDATE pair SET local = ?3, digest = ?4 WHERE folder = ?1 AND uid = ?2")?;
            for Settled { uid, local, digest } in messages {
                update.execute(params![folder.0, uid.get(), local.get(), digest])?;
            }
            Ok(())
        })
    }

    /// Takes over a message of the same content from a life of the mailbox that is over, with the flags it had.
    /// Each can be taken over once.
    pub(super) fn adopt(&mut self, to: FolderId, uid: Uid, digest: &[u8; 32]) -> Result<Option<(Uid, Flags)>> {
        self.write(|transaction| {
            let found = transaction
                .query_row(
                    "SELECT old.id, pair.uid, pair.local, pair.system, pair.keywords
                     FROM folder AS new
                     JOIN folder AS old ON old.account = new.account AND old.name = new.name AND old.id <> new.id
                        AND old.local = new.local AND old.local_validity = new.local_validity
                     JOIN pair ON pair.folder = old.id
                     WHERE new.id = ?1 AND pair.digest = ?2 AND pair.local IS NOT NULL
                     ORDER BY pair.uid LIMIT 1",
                    params![to.0, digest],
                    |row| {
                        let (system, keywords) = (row.get::<_, u8>(3)?, row.get::<_, String>(4)?);
                        Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?, system, keywords))
                    },
                )
                .optional()?;
            let Some((old, old_uid, local, system, keywords)) = found else { return Ok(None) };
            transaction.execute("DELETE FROM pair WHERE folder = ?1 AND uid = ?2", params![old, old_uid])?;
            transaction.execute(
                "UPDATE pair SET local = ?3, system = ?4, keywords = ?5, digest = ?6 WHERE folder = ?1 AND uid = ?2",
                params![to.0, uid.get(), local, system, keywords, digest],
            )?;
            Ok(Uid::new(local).map(|local| (local, flags(system, &keywords))))
        })
    }

    /// Notes the flags that messages have on the server, once they have them here too.
    pub(super) fn set_flags(&mut self, folder: FolderId, messages: &[(Uid, Flags)]) -> Result<()> {
        self.write(|transaction| {
            let mut update = transaction
                .prepare_cached("UPDATE pair SET system = ?3, keywords = ?4 WHERE folder = ?1 AND uid = ?2")?;
            for (uid, flags) in messages {
                update.execute(params![folder.0, uid.get(), flags.system_bits(), keywords(flags)])?;
            }
            Ok(())
        })
    }

    fn write<T>(&mut self, work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let all = || -> rusqlite::Result<T> {
            let transaction = self.0.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        all().map_err(failed)
    }
}

fn keywords(flags: &Flags) -> String {
    flags.keywords().collect::<Vec<_>>().join(" ")
}

fn flags(system: u8, keywords: &str) -> Flags {
    Flags::from_parts(system, keywords.split(' ').filter(|word| !word.is_empty()).map(str::to_owned))
}

fn failed(error: rusqlite::Error) -> Error {
    Error::new(Kind::Io, "cannot note which messages are here").caused_by(error)
}
