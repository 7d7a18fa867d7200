//! How an index follows its log: it reads on from the position it has stored, in batches.
//!
//! The same way serves a start, an index that fell behind, and one that is gone or broken and begins
//! anew. Knows neither what records say nor what the index keeps of them.

use super::log::{Log, Position, from_json};
use super::segment::{BodySpan, Damage};
use super::sqlite;
use crate::error::{Error, Kind, Result};
use serde::de::DeserializeOwned;
use std::path::Path;

/// Records per transaction while reading on.
const BATCH: usize = 1000;

/// A record, and where it went in the log.
pub(super) struct Logged<R> {
    pub(super) record: R,
    pub(super) body: BodySpan,
    /// Where the next one begins.
    pub(super) end: Position,
}

/// An index of a log.
pub(super) trait Follow {
    /// What the log's heads say.
    type Record: DeserializeOwned;
    /// What follows from records.
    type Effects: Default;

    /// Up to where the log is in the index.
    fn position(&self) -> rusqlite::Result<Position>;

    /// Throws the index away for an empty one.
    fn begin_anew(&mut self) -> rusqlite::Result<()>;

    /// Takes in a batch and the position behind it, whole or not at all.
    fn apply(&mut self, batch: &[Logged<Self::Record>], effects: &mut Self::Effects) -> rusqlite::Result<()>;
}

/// Lets the index read on where it stands; an index that cannot be used, or that does not fit the log, begins anew.
pub(super) fn catch_up<I: Follow>(log: &Log, index: &mut I) -> Result<(I::Effects, Vec<Damage>)> {
    let done = match read_on(log, index) {
        Err(Trouble::Index(error)) if sqlite::is_unusable(&error) => {
            index.begin_anew().map_err(Trouble::Index).and_then(|()| read_on(log, index))
        }
        done => done,
    };
    done.map_err(|trouble| match trouble {
        Trouble::Index(error) => sqlite::failed("updating an index", error),
        Trouble::Log(error) => error,
    })
}

enum Trouble {
    Index(rusqlite::Error),
    Log(Error),
}

fn read_on<I: Follow>(log: &Log, index: &mut I) -> Result<(I::Effects, Vec<Damage>), Trouble> {
    let mut from = index.position().map_err(Trouble::Index)?;
    if !log.holds(from) {
        index.begin_anew().map_err(Trouble::Index)?;
        from = Position::default();
    }
    let mut effects = I::Effects::default();
    let mut batch = Vec::new();
    let mut trouble = None;
    let damages = log.replay(from, &mut |found| {
        let record = from_json(found.head, Path::new("a log"))?;
        batch.push(Logged { record, body: found.body, end: found.end });
        if batch.len() >= BATCH {
            if let Err(error) = index.apply(&batch, &mut effects) {
                trouble = Some(error);
                return Err(Error::new(Kind::Io, "updating an index"));
            }
            batch.clear();
        }
        Ok(())
    });
    if let Some(error) = trouble {
        return Err(Trouble::Index(error));
    }
    let damages = damages.map_err(Trouble::Log)?;
    index.apply(&batch, &mut effects).map_err(Trouble::Index)?;
    Ok((effects, damages))
}
