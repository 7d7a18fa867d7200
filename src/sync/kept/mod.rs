//! The memory of runs in an SQLite file.
//!
//! It is truth of its own: which message of the server is which file here, and on what they last agreed. So it is
//! synced at each commit, and one that cannot be used is not made anew but told of. Whatever is asked for has an index,
//! sums are kept as numbers, and the cache is small: what a run holds does not grow with the mailboxes.
//! Row and text are `rows`, tables are `tables`.

mod rows;
mod tables;
mod tally;
#[cfg(test)]
mod tests;

use super::row::{Class, FolderId, Likeness, Row, RowId};
use super::state::{Counts, Edit, Folder, Ghost, State};
use crate::error::{Error, Kind, Result};
use crate::imap::number::Uid;
use crate::message::fingerprint::Digest;
use crate::world::Timestamp;
use rows::{COLUMNS, signed};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Transaction, TransactionBehavior, params, params_from_iter};
use std::path::Path;
use tally::Tally;

/// The open file.
pub(super) struct KeptState(Connection);

impl KeptState {
    /// Opens the file, or makes it; with no path in memory. The file is made by the caller first, so that it is private.
    /// From one of an earlier version, what it knows of the messages of `account` (user and server) is taken over.
    pub(super) fn open(path: Option<&Path>, account: &str) -> Result<Self> {
        tables::open(path, account).map(Self)
    }

    /// The mark of the tree that this is about, once it is known.
    pub(super) fn root(&self) -> Result<Option<String>> {
        let read = || self.0.query_row("SELECT mark FROM root", [], |row| row.get(0)).optional();
        read().map_err(unreadable)
    }

    /// Notes which tree this is about.
    pub(super) fn set_root(&mut self, mark: &str) -> Result<()> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM root", [])?;
            transaction.execute("INSERT INTO root (mark) VALUES (?1)", [mark]).map(drop)
        })
    }

    fn list(&self, condition: &str, parameters: impl Params) -> Result<Vec<Row>> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE {condition}"))?;
            statement.query_map(parameters, rows::read)?.collect()
        };
        read().map_err(unreadable)
    }

    fn one(&self, condition: &str, parameters: impl Params) -> Result<Option<Row>> {
        Ok(self.list(condition, parameters)?.into_iter().next())
    }

    fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let all = || -> rusqlite::Result<T> {
            let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        all().map_err(|error| Error::new(Kind::Io, "cannot note what the two sides agree on").caused_by(error))
    }
}

impl State for KeptState {
    fn folders(&self) -> Result<Vec<Folder>> {
        rows::folders(&self.0).map_err(unreadable)
    }

    fn add_folder(&mut self, mut folder: Folder) -> Result<FolderId> {
        self.change(|transaction| {
            folder.id = FolderId(last_id(transaction, 1)?);
            rows::put_folder(transaction, &folder)?;
            Ok(folder.id)
        })
    }

    fn row(&self, id: RowId) -> Result<Option<Row>> {
        self.one("id = ?1", [id.0])
    }

    fn by_uid(&self, folder: FolderId, uid: Uid) -> Result<Option<Row>> {
        self.one("there_folder = ?1 AND uid = ?2 ORDER BY id LIMIT 1", [folder.0, uid.get().into()])
    }

    fn by_base(&self, folder: FolderId, base: &[u8]) -> Result<Option<Row>> {
        let condition = "here_folder = ?1 AND base_key = ?2 AND base = ?3 ORDER BY here_gone, id LIMIT 1";
        self.one(condition, params![folder.0, rows::base_key(base), base])
    }

    fn uids_from(&self, folder: FolderId, from: Uid, limit: usize) -> Result<Vec<Row>> {
        let condition = "there_folder = ?1 AND uid >= ?2 ORDER BY uid, id LIMIT ?3";
        self.list(condition, [folder.0, from.get().into(), most(limit)])
    }

    fn here_after(&self, folder: FolderId, after: RowId, limit: usize) -> Result<Vec<Row>> {
        self.list("here_folder = ?1 AND id > ?2 ORDER BY id LIMIT ?3", [folder.0, after.0, most(limit)])
    }

    fn pending(&self, class: Class, after: RowId, limit: usize) -> Result<Vec<Row>> {
        // Nearly all rows are settled, so for those the table itself is the index.
        let condition = match class {
            Class::Settled => "class + 0 = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            _ => "class = ?1 AND class <> 0 AND id > ?2 ORDER BY id LIMIT ?3",
        };
        self.list(condition, [class as i64, after.0, most(limit)])
    }

    fn count(&self, class: Class) -> Result<u64> {
        tally::class(&self.0, class).map_err(unreadable)
    }

    fn counts(&self, folder: FolderId) -> Result<Counts> {
        tally::counts(&self.0, folder).map_err(unreadable)
    }

    fn alone_like(&self, likeness: &Likeness, limit: usize) -> Result<Vec<Row>> {
        let Likeness { size, message_id, object, header, whole } = likeness;
        let blob = |digest: &Digest| Value::Blob(digest.0.to_vec());
        let has_id = message_id.is_some_and(|id| id != 0);
        // As `Likeness::meets` says, for an index each.
        let ways = [
            ("object = ?", object.clone().map(Value::Text)),
            ("header = ?", header.as_ref().map(blob)),
            ("whole = ?", whole.as_ref().map(blob)),
            ("message_id = ?", message_id.filter(|_| has_id).map(|id| signed(id).into())),
            (
                if has_id { "size = ? AND coalesce(message_id, 0) = 0" } else { "size = ?" },
                size.map(|size| signed(size).into()),
            ),
        ];
        let known = || ways.iter().filter_map(|(condition, value)| Some((condition, value.clone()?)));
        let ids: Vec<String> =
            known().map(|(condition, _)| format!("SELECT id FROM message WHERE is_open = 1 AND {condition}")).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let condition = format!("id IN ({} ORDER BY 1 LIMIT ?) ORDER BY id", ids.join(" UNION "));
        let values = known().map(|(_, value)| value).chain([most(limit).into()]);
        self.list(&condition, params_from_iter(values))
    }

    fn by_inode(&self, inode: u64) -> Result<Vec<Row>> {
        self.list("inode = ?1 ORDER BY id", [signed(inode)])
    }

    fn ghosts(&self, folder: FolderId, now: Timestamp) -> Result<Vec<Ghost>> {
        let ghosts = rows::ghosts(&self.0, folder).map_err(unreadable)?;
        Ok(ghosts.into_iter().filter(|ghost| ghost.until > now && ghost.left > 0).collect())
    }

    fn write(&mut self, edits: Vec<Edit>) -> Result<Vec<RowId>> {
        self.change(|transaction| {
            let (mut inserted, mut tally) = (Vec::new(), Tally::default());
            let count = edits.iter().filter(|edit| matches!(edit, Edit::Insert(_))).count() as i64;
            let before = last_id(transaction, count)? - count;
            for edit in edits {
                match edit {
                    Edit::Insert(mut row) => {
                        row.id = RowId(before + 1 + inserted.len() as i64);
                        inserted.push(row.id);
                        rows::insert(transaction, &row)?;
                        tally.add(&row);
                    }
                    Edit::Put(row) => {
                        let is_there = tally.take(transaction, row.id)?;
                        match is_there {
                            true => rows::update(transaction, &row)?,
                            false => rows::insert(transaction, &row)?,
                        }
                        tally.add(&row);
                    }
                    Edit::Remove(id) => remove(transaction, id, &mut tally)?,
                    Edit::PutFolder(folder) => rows::put_folder(transaction, &folder)?,
                    Edit::RemoveFolder(folder) => remove_folder(transaction, folder, &mut tally)?,
                    Edit::Ghost(ghost) => rows::put_ghost(transaction, &ghost)?,
                }
            }
            tally.write(transaction)?;
            Ok(inserted)
        })
    }
}

fn remove(transaction: &Transaction<'_>, id: RowId, tally: &mut Tally) -> rusqlite::Result<()> {
    tally.take(transaction, id)?;
    transaction.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([id.0]).map(drop)
}

/// Rows of a folder have no index of their own: folders go seldom.
fn remove_folder(transaction: &Transaction<'_>, folder: FolderId, tally: &mut Tally) -> rusqlite::Result<()> {
    const WINDOW: usize = 1000;
    let mut last = i64::MIN;
    loop {
        let mut statement =
            transaction.prepare_cached("SELECT id FROM message WHERE folder = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?;
        let ids = statement.query_map([folder.0, last, most(WINDOW)], |row| row.get(0))?;
        let ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
        for id in &ids {
            remove(transaction, RowId(*id), tally)?;
        }
        match ids.last() {
            Some(id) if ids.len() == WINDOW => last = *id,
            _ => break,
        }
    }
    transaction.execute("DELETE FROM ghost WHERE folder = ?1", [folder.0])?;
    transaction.execute("DELETE FROM folder WHERE id = ?1", [folder.0]).map(drop)
}

/// The last of so many numbers that no folder and no row ever had.
fn last_id(transaction: &Transaction<'_>, count: i64) -> rusqlite::Result<i64> {
    transaction.prepare_cached("UPDATE last SET id = id + ?1 RETURNING id")?.query_row([count], |row| row.get(0))
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unreadable(error: rusqlite::Error) -> Error {
    Error::new(Kind::Io, "cannot read what the two sides agreed on").caused_by(error)
}
