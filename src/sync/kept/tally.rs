//! How many rows there are of each kind, kept as numbers: nobody counts a million rows.

use crate::sync::row::{Class, FolderId, Row, RowId};
use crate::sync::state::Counts;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Class,
    There,
    Here,
    Both,
}

/// Changes of the numbers that one transaction makes.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<(Kind, i64), i64>);

/// What of a row is counted.
struct Counted {
    class: i64,
    folder: i64,
    /// Folder, and whether it is gone.
    there: Option<(i64, bool)>,
    here: Option<(i64, bool)>,
}

impl Tally {
    /// A row is there from now on.
    pub(super) fn add(&mut self, row: &Row) {
        let counted = Counted {
            class: row.class() as i64,
            folder: row.folder.0,
            there: row.there.as_ref().map(|there| (there.folder.0, there.gone)),
            here: row.here.as_ref().map(|here| (here.folder.0, here.gone)),
        };
        self.change(&counted, 1);
    }

    /// The row of this id, as it is in the table, is not there any more. False if it never was.
    pub(super) fn take(&mut self, connection: &Connection, id: RowId) -> rusqlite::Result<bool> {
        let mut statement = connection.prepare_cached(
            "SELECT class, folder, there_folder, there_gone, here_folder, here_gone FROM message WHERE id = ?1",
        )?;
        let side = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<Option<(i64, bool)>> {
            Ok(row.get::<_, Option<i64>>(column)?.zip(row.get::<_, Option<bool>>(column + 1)?))
        };
        let counted = statement.query_row([id.0], |row| {
            Ok(Counted { class: row.get(0)?, folder: row.get(1)?, there: side(row, 2)?, here: side(row, 4)? })
        });
        let counted = counted.optional()?;
        if let Some(counted) = &counted {
            self.change(counted, -1);
        }
        Ok(counted.is_some())
    }

    fn change(&mut self, Counted { class, folder, there, here }: &Counted, by: i64) {
        let mut count = |kind, of| *self.0.entry((kind, of)).or_default() += by;
        count(Kind::Class, *class);
        for (kind, side) in [(Kind::There, there), (Kind::Here, here)] {
            if let Some((folder, false)) = side {
                count(kind, *folder);
            }
        }
        if there.is_some() && here.is_some() {
            count(Kind::Both, *folder);
        }
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut add = connection.prepare_cached(
            "INSERT INTO tally VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET number = number + excluded.number",
        )?;
        for ((kind, of), by) in self.0.into_iter().filter(|(_, by)| *by != 0) {
            add.execute(params![kind as i64, of, by])?;
        }
        Ok(())
    }
}

/// Counts all rows, of which none has a file yet.
pub(super) fn count_all(connection: &Connection) -> rusqlite::Result<()> {
    let classes = "INSERT INTO tally SELECT ?1, class, count(*) FROM message GROUP BY class";
    connection.execute(classes, [Kind::Class as i64])?;
    let there = "INSERT INTO tally SELECT ?1, there_folder, count(*) FROM message GROUP BY there_folder";
    connection.execute(there, [Kind::There as i64]).map(drop)
}

pub(super) fn class(connection: &Connection, class: Class) -> rusqlite::Result<u64> {
    number(connection, Kind::Class, class as i64)
}

pub(super) fn counts(connection: &Connection, folder: FolderId) -> rusqlite::Result<Counts> {
    Ok(Counts {
        there: number(connection, Kind::There, folder.0)?,
        here: number(connection, Kind::Here, folder.0)?,
        both: number(connection, Kind::Both, folder.0)?,
    })
}

fn number(connection: &Connection, kind: Kind, of: i64) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT number FROM tally WHERE kind = ?1 AND of = ?2")?;
    let number = statement.query_row(params![kind as i64, of], |row| row.get::<_, i64>(0)).optional()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}
