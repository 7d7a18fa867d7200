//! Rows, folders and ghosts as columns, and back.
//!
//! Flags are a number while there are no keywords, times are seconds unless they are odd, unsigned numbers are the
//! signed ones of the same bits: what is common is short.

use crate::imap::flag::Flags;
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::message::fingerprint::Digest;
use crate::sync::remote::Can;
use crate::sync::row::{Fate, File, FolderId, Here, Likeness, Row, RowId, There};
use crate::sync::state::{Folder, Ghost, SeenHere, SeenThere};
use crate::world::Timestamp;
use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Connection, ToSql, params, params_from_iter};

pub(super) const COLUMNS: &str = "id, folder, there_folder, uid, there_flags, there_gone, here_folder, base, spot, \
    here_flags, inode, here_gone, agreed_flags, size, message_id, object, header, whole, arrived, fate";

pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let there = match row.get(2)? {
        Some(folder) => Some(There {
            folder: FolderId(folder),
            uid: uid(row, 3)?,
            flags: flags(row, 4)?.unwrap_or_default(),
            gone: row.get(5)?,
        }),
        None => None,
    };
    let here = match row.get(6)? {
        Some(folder) => {
            let spot: Vec<u8> = row.get(8)?;
            let (place, info) = spot.split_at(spot.len().min(1));
            let file = File {
                base: row.get(7)?,
                in_cur: place == b"c",
                info: info.to_vec(),
                flags: flags(row, 9)?.unwrap_or_default(),
                inode: unsigned(row, 10)?.unwrap_or_default(),
            };
            Some(Here { folder: FolderId(folder), file, gone: row.get(11)? })
        }
        None => None,
    };
    Ok(Row {
        id: RowId(row.get(0)?),
        folder: FolderId(row.get(1)?),
        there,
        here,
        base: flags(row, 12)?,
        likeness: likeness(row, 13)?,
        arrived: time(row, 18)?,
        fate: fate(row, 19)?,
    })
}

const INSERT: &str = "INSERT INTO message (folder, there_folder, uid, there_flags, there_gone, here_folder, base, spot, \
    here_flags, inode, here_gone, agreed_flags, size, message_id, object, header, whole, arrived, fate, class, is_open, \
    base_key, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const UPDATE: &str = "UPDATE message SET folder = ?, there_folder = ?, uid = ?, there_flags = ?, there_gone = ?, \
    here_folder = ?, base = ?, spot = ?, here_flags = ?, inode = ?, here_gone = ?, agreed_flags = ?, size = ?, \
    message_id = ?, object = ?, header = ?, whole = ?, arrived = ?, fate = ?, class = ?, is_open = ?, base_key = ? \
    WHERE id = ?";

pub(super) fn insert(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(values(row))).map(drop)
}

pub(super) fn update(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(values(row))).map(drop)
}

fn values(row: &Row) -> Vec<Value> {
    let (there, here) = (row.there.as_ref(), row.here.as_ref());
    let file = here.map(|here| &here.file);
    let spot = |file: &File| [if file.in_cur { b"c" } else { b"n" }, file.info.as_slice()].concat();
    let [size, message_id, object, header, whole] = likeness_values(&row.likeness);
    vec![
        row.folder.0.into(),
        there.map(|there| there.folder.0).into(),
        there.map(|there| i64::from(there.uid.get())).into(),
        optional(there.map(|there| flags_value(&there.flags))),
        there.map(|there| i64::from(there.gone)).into(),
        here.map(|here| here.folder.0).into(),
        file.map(|file| file.base.clone()).into(),
        file.map(spot).into(),
        optional(file.map(|file| flags_value(&file.flags))),
        file.map(|file| signed(file.inode)).into(),
        here.map(|here| i64::from(here.gone)).into(),
        optional(row.base.as_ref().map(flags_value)),
        size,
        message_id,
        object,
        header,
        whole,
        optional(row.arrived.map(time_value)),
        fate_text(&row.fate).into(),
        (row.class() as i64).into(),
        i64::from(row.is_open()).into(),
        file.map(|file| base_key(&file.base)).into(),
        row.id.0.into(),
    ]
}

/// A short number by which a base name is found, in which names that come one after the other lie together: an index
/// in which they lie anywhere is written all over with each batch. Names count up in digits: times, process ids, UIDs.
pub(super) fn base_key(base: &[u8]) -> i64 {
    let stem = base.split(|octet| *octet == b',').next().unwrap_or(base);
    let digits = || stem.iter().filter(|octet| octet.is_ascii_digit());
    if digits().count() >= 4 {
        return digits().fold(0, |key: i64, digit| key.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
    }
    // FNV-1a. Whoever makes names meet in it slows down himself.
    let hash = stem
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3));
    signed(hash)
}

pub(super) fn folders(connection: &Connection) -> rusqlite::Result<Vec<Folder>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, there, here, agreed, object, mark, validity, read_only, stay, any_keyword, there_validity,
            there_uid_next, there_modseq, there_messages, here_cur, here_new, here_at FROM folder ORDER BY id",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let validity = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<u32>>(column)?.and_then(UidValidity::new));
        let can = match row.get(7)? {
            Some(is_read_only) => {
                Some(Can { is_read_only, stay: flags(row, 8)?.unwrap_or_default(), any_keyword: row.get(9)? })
            }
            None => None,
        };
        let seen_there = match validity(10)? {
            Some(validity) => Some(SeenThere {
                validity,
                uid_next: row.get::<_, Option<u32>>(11)?.and_then(Uid::new),
                modseq: unsigned(row, 12)?.map(ModSeq),
                messages: row.get(13)?,
            }),
            None => None,
        };
        let nanoseconds = |column| -> rusqlite::Result<Option<i128>> {
            let text: Option<String> = row.get(column)?;
            text.map(|text| text.parse().map_err(|error| odd(column, error))).transpose()
        };
        let seen_here = match (nanoseconds(14)?, nanoseconds(15)?, nanoseconds(16)?) {
            (Some(cur), Some(new), Some(at)) => Some(SeenHere { cur, new, at }),
            _ => None,
        };
        Ok(Folder {
            id: FolderId(row.get(0)?),
            there: row.get(1)?,
            here: row.get(2)?,
            agreed: row.get(3)?,
            object: row.get(4)?,
            mark: row.get(5)?,
            validity: validity(6)?,
            can,
            seen_there,
            seen_here,
        })
    };
    statement.query_map([], read)?.collect()
}

pub(super) fn put_folder(connection: &Connection, folder: &Folder) -> rusqlite::Result<()> {
    let Folder { id, there, here, agreed, object, mark, validity, can, seen_there, seen_here } = folder;
    let (can, there_seen, here_seen) = (can.as_ref(), seen_there.as_ref(), seen_here.as_ref());
    let values: [&dyn ToSql; 17] = [
        &id.0,
        there,
        here,
        agreed,
        object,
        mark,
        &validity.map(UidValidity::get),
        &can.map(|can| can.is_read_only),
        &can.map(|can| flags_value(&can.stay)),
        &can.map(|can| can.any_keyword),
        &there_seen.map(|seen| seen.validity.get()),
        &there_seen.and_then(|seen| seen.uid_next).map(Uid::get),
        &there_seen.and_then(|seen| seen.modseq).map(|modseq| signed(modseq.0)),
        &there_seen.map(|seen| seen.messages),
        &here_seen.map(|seen| seen.cur.to_string()),
        &here_seen.map(|seen| seen.new.to_string()),
        &here_seen.map(|seen| seen.at.to_string()),
    ];
    let mut put = connection
        .prepare_cached("INSERT OR REPLACE INTO folder VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    put.execute(values).map(drop)
}

pub(super) fn ghosts(connection: &Connection, folder: FolderId) -> rusqlite::Result<Vec<Ghost>> {
    let mut statement = connection.prepare_cached(
        "SELECT first, size, message_id, object, header, whole, copies, until FROM ghost WHERE folder = ?1 ORDER BY id",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let from = uid(row, 0)?;
        let until = row.get::<_, String>(7)?.parse().map_err(|error| odd(7, error))?;
        let until = Timestamp::from_nanosecond(until).map_err(|error| odd(7, error))?;
        Ok(Ghost { folder, from, likeness: likeness(row, 1)?, left: row.get(6)?, until })
    };
    statement.query_map([folder.0], read)?.collect()
}

/// In place of the one of the same folder, content and first UID.
pub(super) fn put_ghost(connection: &Connection, ghost: &Ghost) -> rusqlite::Result<()> {
    let [size, message_id, object, header, whole] = likeness_values(&ghost.likeness);
    let from = ghost.from.get();
    let values = params![ghost.folder.0, from, size, message_id, object, header, whole];
    let mut remove = connection.prepare_cached(
        "DELETE FROM ghost WHERE folder = ?1 AND first = ?2 AND size IS ?3 AND message_id IS ?4 AND object IS ?5
            AND header IS ?6 AND whole IS ?7",
    )?;
    remove.execute(values)?;
    if ghost.left == 0 {
        return Ok(());
    }
    let until = ghost.until.as_nanosecond().to_string();
    let values = params![ghost.folder.0, from, size, message_id, object, header, whole, ghost.left, until];
    let mut insert = connection.prepare_cached(
        "INSERT INTO ghost (folder, first, size, message_id, object, header, whole, copies, until)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    insert.execute(values).map(drop)
}

fn likeness(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Likeness> {
    Ok(Likeness {
        size: unsigned(row, first)?,
        message_id: unsigned(row, first + 1)?,
        object: row.get(first + 2)?,
        header: row.get::<_, Option<[u8; 16]>>(first + 3)?.map(Digest),
        whole: row.get::<_, Option<[u8; 16]>>(first + 4)?.map(Digest),
    })
}

fn likeness_values(Likeness { size, message_id, object, header, whole }: &Likeness) -> [Value; 5] {
    let blob = |digest: &Option<Digest>| digest.map(|digest| digest.0.to_vec()).into();
    [size.map(signed).into(), message_id.map(signed).into(), object.clone().into(), blob(header), blob(whole)]
}

fn flags_value(flags: &Flags) -> Value {
    let words: Vec<&str> = flags.keywords().collect();
    let system = i64::from(flags.system_bits());
    if words.is_empty() { system.into() } else { format!("{system} {}", words.join(" ")).into() }
}

fn flags(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Flags>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        // Columns of text turn a number into its digits.
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|error| odd(column, error))?;
            let mut words = text.split(' ');
            let system = words.next().unwrap_or_default().parse().map_err(|error| odd(column, error))?;
            Ok(Some(Flags::from_parts(system, words.map(str::to_owned))))
        }
        _ => Ok(Some(Flags::from_parts(row.get(column)?, []))),
    }
}

fn time_value(time: Timestamp) -> Value {
    match time.subsec_nanosecond() {
        0 => time.as_second().into(),
        _ => time.as_nanosecond().to_string().into(),
    }
}

fn time(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let time = match row.get_ref(column)? {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(second) => Timestamp::from_second(second),
        _ => Timestamp::from_nanosecond(row.get::<_, String>(column)?.parse().map_err(|error| odd(column, error))?),
    };
    time.map(Some).map_err(|error| odd(column, error))
}

fn fate_text(fate: &Fate) -> Option<String> {
    Some(match fate {
        Fate::Normal => return None,
        Fate::Fetching => "fetching".to_owned(),
        Fate::Sending { from, times } => format!("sending {from} {times}"),
        Fate::Moving { to, from, times } => format!("moving {from} {times} {}", to.0),
        Fate::Lost => "lost".to_owned(),
        Fate::Stranded => "stranded".to_owned(),
        Fate::Doomed => "doomed".to_owned(),
        Fate::Refused { times } => format!("refused {times}"),
        Fate::Left => "left".to_owned(),
    })
}

fn fate(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Fate> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(Fate::Normal) };
    let words: Vec<&str> = text.split(' ').collect();
    let number = |text: &str| text.parse::<u32>().map_err(|error| odd(column, error));
    let uid = |text: &str| Uid::new(number(text)?).ok_or_else(|| odd(column, "a UID is not zero"));
    Ok(match words.as_slice() {
        ["fetching"] => Fate::Fetching,
        ["sending", from, times] => Fate::Sending { from: uid(from)?, times: number(times)? },
        ["moving", from, times, to] => Fate::Moving {
            to: FolderId(to.parse().map_err(|error| odd(column, error))?),
            from: uid(from)?,
            times: number(times)?,
        },
        ["lost"] => Fate::Lost,
        ["stranded"] => Fate::Stranded,
        ["doomed"] => Fate::Doomed,
        ["refused", times] => Fate::Refused { times: number(times)? },
        ["left"] => Fate::Left,
        _ => return Err(odd(column, "no fate is written so")),
    })
}

fn uid(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Uid> {
    Uid::new(row.get(column)?).ok_or_else(|| odd(column, "a UID is not zero"))
}

fn unsigned(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|number| u64::from_ne_bytes(number.to_ne_bytes())))
}

/// The same bits.
pub(super) fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

fn optional(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

/// A column that holds something else than it should.
fn odd(column: usize, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
