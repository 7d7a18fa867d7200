//! The file: its tables, its indices, its version.

use super::tally;
use crate::error::{Error, Kind, Result};
use crate::sync::row::Class;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// Says that the file is ours ("MKsy"); `user_version` is the version of the tables.
const APPLICATION: i32 = 0x4d4b_7379;
const VERSION: i32 = 2;
/// The first form: a pull alone. Its pairs knew the server's flags, and files by UIDs of an index that is no more.
const EARLIER: i32 = 1;

/// Where an index is of some rows only, these are what a look-up is about: rows that wait, or that may be the other
/// half of a message that turns up. Of a million agreed messages none is in them.
const TABLES: &str = "
    CREATE TABLE root (mark TEXT NOT NULL);
    CREATE TABLE last (id INTEGER NOT NULL);
    INSERT INTO last VALUES (0);
    CREATE TABLE folder (
        id INTEGER PRIMARY KEY,
        there TEXT, here TEXT, agreed TEXT, object TEXT, mark TEXT, validity INTEGER,
        read_only INTEGER, stay TEXT, any_keyword INTEGER,
        there_validity INTEGER, there_uid_next INTEGER, there_modseq INTEGER, there_messages INTEGER,
        here_cur TEXT, here_new TEXT, here_at TEXT
    );
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        folder INTEGER NOT NULL,
        there_folder INTEGER, uid INTEGER, there_flags, there_gone INTEGER,
        here_folder INTEGER, base BLOB, spot BLOB, here_flags, inode INTEGER, here_gone INTEGER,
        agreed_flags,
        size INTEGER, message_id INTEGER, object TEXT, header BLOB, whole BLOB,
        arrived, fate TEXT,
        class INTEGER NOT NULL, is_open INTEGER NOT NULL, base_key INTEGER
    );
    CREATE INDEX message_uid ON message (there_folder, uid) WHERE there_folder IS NOT NULL;
    CREATE INDEX message_here ON message (here_folder) WHERE here_folder IS NOT NULL;
    CREATE INDEX message_base ON message (here_folder, base_key) WHERE here_folder IS NOT NULL;
    CREATE INDEX message_inode ON message (inode) WHERE inode IS NOT NULL;
    CREATE INDEX message_class ON message (class) WHERE class <> 0;
    CREATE INDEX open_object ON message (object) WHERE is_open = 1 AND object IS NOT NULL;
    CREATE INDEX open_header ON message (header) WHERE is_open = 1 AND header IS NOT NULL;
    CREATE INDEX open_whole ON message (whole) WHERE is_open = 1 AND whole IS NOT NULL;
    CREATE INDEX open_message_id ON message (message_id) WHERE is_open = 1 AND message_id IS NOT NULL;
    CREATE INDEX open_size ON message (size, message_id) WHERE is_open = 1 AND size IS NOT NULL;
    CREATE TABLE ghost (
        id INTEGER PRIMARY KEY,
        folder INTEGER NOT NULL,
        first INTEGER NOT NULL,
        size INTEGER, message_id INTEGER, object TEXT, header BLOB, whole BLOB,
        copies INTEGER NOT NULL,
        until TEXT NOT NULL
    );
    CREATE INDEX ghost_folder ON ghost (folder);
    CREATE TABLE tally (
        kind INTEGER NOT NULL,
        of INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (kind, of)
    ) WITHOUT ROWID;";

/// Opens the file, or makes it; with no path in memory.
pub(super) fn open(path: Option<&Path>, account: &str) -> Result<Connection> {
    let name = || path.map_or_else(|| "memory".to_owned(), |path| path.display().to_string());
    let unusable = |why: &str| {
        Error::new(Kind::Io, format!("{} {why}", name()))
            .hint("move it away: the next run then compares all messages anew, and transfers only what differs")
    };
    let open = || -> rusqlite::Result<(Connection, i32, i32)> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.busy_timeout(Duration::from_secs(10))?;
        // Two MiB of pages: what is looked up next is mostly what was looked up last.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048;")?;
        connection.set_prepared_statement_cache_capacity(64);
        let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        Ok((connection, application, version))
    };
    let (mut connection, application, version) = open().map_err(|error| unusable("cannot be used").caused_by(error))?;
    match (application, version) {
        (APPLICATION, VERSION) => {}
        (0, 0) => {
            let tables = format!(
                "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            );
            connection.execute_batch(&tables).map_err(|error| unusable("cannot be made").caused_by(error))?;
        }
        (APPLICATION, EARLIER) => {
            let taken = take_over(&mut connection, account);
            taken.map_err(|error| unusable("cannot be brought to this version").caused_by(error))?;
        }
        (APPLICATION, _) => return Err(unusable("was written by another version of mailkit")),
        _ => return Err(unusable("is no file of mailkit's")),
    }
    Ok(connection)
}

/// Takes the pairs of the first form over, in one transaction. Its files bear the same names as ours, by what they are
/// called on the server, so each pair is a message that is about to be fetched: the first look at the Maildir finds it.
fn take_over(connection: &mut Connection, account: &str) -> rusqlite::Result<()> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute_batch(&format!(
        "ALTER TABLE folder RENAME TO folder_1; ALTER TABLE pair RENAME TO pair_1; DROP INDEX IF EXISTS pair_digest; {TABLES}"
    ))?;
    // Of lives that are over nothing is left but what a later one took over.
    change.execute(
        "INSERT INTO folder (id, there, here, agreed, validity) SELECT id, name, local, name, validity FROM folder_1
            WHERE account = ?1 AND id IN (SELECT max(id) FROM folder_1 WHERE account = ?1 GROUP BY name)",
        [account],
    )?;
    let flags = "CASE keywords WHEN '' THEN system ELSE system || ' ' || keywords END";
    change.execute(
        &format!(
            "INSERT INTO message (folder, there_folder, uid, there_flags, there_gone, agreed_flags, whole, fate, class, is_open)
                SELECT folder, folder, uid, {flags}, 0, {flags}, substr(digest, 1, 16), 'fetching', ?1, 1
                FROM pair_1 WHERE folder IN (SELECT id FROM folder) ORDER BY folder, uid"
        ),
        [Class::NewThere as i64],
    )?;
    tally::count_all(&change)?;
    change.execute_batch(&format!(
        "UPDATE last SET id = max(coalesce((SELECT max(id) FROM folder), 0), coalesce((SELECT max(id) FROM message), 0));
         DROP TABLE pair_1; DROP TABLE folder_1; PRAGMA user_version = {VERSION};"
    ))?;
    change.commit()
}
