//! A log: a directory of segments, the newest of which is being written.
//!
//! A batch of records is written and synced as one; when that fails the segment is given up, the sync
//! never repeated, and the next segment opens by saying from where the other does not count: what
//! was answered with an error must not come back. Each start begins a new segment. Segments go from
//! the oldest on, one durable removal after the other, so that a record which settles an earlier one
//! never goes before it. Knows nothing of what records say.

use super::record::{FrameKind, SegmentHeader};
use super::segment::{BodySpan, Damage, Draft, Found, SegmentWriter, read_body, read_segment};
use crate::error::{Error, Kind, Result};
use crate::world::{Disk, Entropy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octets after which a new segment begins.
pub(super) const SEGMENT_MAX: u64 = 64 * 1024 * 1024;

/// A place in a log; later is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) segment: u32,
    pub(super) offset: u64,
}

/// A record that a log holds.
pub(super) struct Record<'a> {
    /// Where the next one begins.
    pub(super) end: Position,
    pub(super) head: &'a [u8],
    pub(super) body: BodySpan,
}

/// Where a record that was just written went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) end: Position,
    pub(super) body: BodySpan,
}

pub(super) struct Log {
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    dir: PathBuf,
    current: Option<Current>,
    next: u32,
    /// Octets of each segment, the current one included.
    sizes: BTreeMap<u32, u64>,
    /// From where on segments do not count.
    void: BTreeMap<u32, u64>,
    /// Those of them that no durable segment says yet.
    unsaid: Vec<Position>,
    segment_max: u64,
}

struct Current {
    writer: SegmentWriter,
    number: u32,
    /// Octets known to be durable.
    synced: u64,
    /// Whether the file's name is durable.
    named: bool,
}

impl Log {
    /// Opens the log in `dir`, made if missing. Nothing is written before the first record.
    pub(super) fn open(disk: Arc<dyn Disk>, entropy: Arc<dyn Entropy>, dir: &Path, segment_max: u64) -> Result<Self> {
        let failed = |error| Error::file("opening", dir, error);
        disk.create_dir(dir).map_err(failed)?;
        // An earlier run may have been killed between making the directory and making its name durable.
        if let Some(parent) = dir.parent() {
            disk.sync_dir(parent).map_err(failed)?;
        }
        disk.sync_dir(dir).map_err(failed)?;
        let mut sizes = BTreeMap::new();
        for entry in disk.read_dir(dir).map_err(failed)? {
            if let Some(number) = entry.name.to_str().and_then(segment_number) {
                let size = disk.stat(&segment_path(dir, number)).map_err(failed)?.size;
                sizes.insert(number, size);
            }
        }
        let next = sizes.last_key_value().map_or(1, |(number, _)| number.saturating_add(1));
        let mut log = Self {
            disk,
            entropy,
            dir: dir.to_owned(),
            current: None,
            next,
            sizes,
            void: BTreeMap::new(),
            unsaid: Vec::new(),
            segment_max,
        };
        log.settle_tail()?;
        log.read_voids()?;
        Ok(log)
    }

    /// What an earlier run wrote last may not be durable yet, but will be believed from now on.
    fn settle_tail(&self) -> Result<()> {
        // The last may have been begun because the one before it failed.
        for number in self.sizes.keys().rev().take(2) {
            let path = segment_path(&self.dir, *number);
            let sync = self.disk.open(&path).and_then(|mut file| file.sync());
            sync.map_err(|error| Error::file("syncing", &path, error))?;
        }
        Ok(())
    }

    /// Every segment begins with what it says about others.
    fn read_voids(&mut self) -> Result<()> {
        for number in self.sizes.keys() {
            let path = segment_path(&self.dir, *number);
            read_segment(&*self.disk, &path, *number, 0, &mut |found: Found<'_>| {
                if found.kind != FrameKind::Void {
                    return Ok(false);
                }
                let void: Position = from_json(found.head, &path)?;
                let from = self.void.entry(void.segment).or_insert(void.offset);
                *from = void.offset.min(*from);
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// Calls `visit` with each record from `from` on, in order; reports what is damaged.
    pub(super) fn replay(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Record<'_>) -> Result<()>,
    ) -> Result<Vec<Damage>> {
        let mut damages = Vec::new();
        for number in self.sizes.range(from.segment..).map(|(number, _)| *number) {
            let path = segment_path(&self.dir, number);
            let start = if number == from.segment { from.offset } else { 0 };
            let end = self.void.get(&number).copied().unwrap_or(u64::MAX);
            if start >= end {
                continue;
            }
            let (_, damaged) = read_segment(&*self.disk, &path, number, start, &mut |found: Found<'_>| {
                if found.offset >= end {
                    return Ok(false);
                }
                if found.kind == FrameKind::Record {
                    let end = Position { segment: number, offset: found.end };
                    visit(Record { end, head: found.head, body: found.body })?;
                }
                Ok(true)
            })?;
            damages.extend(damaged.into_iter().filter(|damage| damage.offset < end));
        }
        Ok(damages)
    }

    /// Writes the records and, if asked, syncs them: then all of them are durable, or none counts. Without a sync they
    /// become durable with the next batch that is synced, so it is only for what may be lost without harm.
    pub(super) fn append(&mut self, drafts: &[Draft], sync: bool) -> io::Result<Vec<Written>> {
        let done = self.try_write(drafts, sync);
        if done.is_err() {
            self.give_up();
        }
        done
    }

    fn try_write(&mut self, drafts: &[Draft], sync: bool) -> io::Result<Vec<Written>> {
        if self.current.as_ref().is_some_and(|current| current.writer.len >= self.segment_max) {
            let full = self
                .current
                .as_mut()
                .map(|current| if current.synced < current.writer.len { current.writer.sync() } else { Ok(()) });
            full.transpose()?;
            self.current = None;
        }
        let current = match &mut self.current {
            Some(current) => current,
            None => {
                let current = self.begin_segment()?;
                self.current.insert(current)
            }
        };
        let offsets = current.writer.append(drafts)?;
        let segment = current.number;
        self.sizes.insert(segment, current.writer.len);
        if sync {
            current.writer.sync()?;
            if !current.named {
                self.disk.sync_dir(&self.dir)?;
                current.named = true;
            }
            current.synced = current.writer.len;
            self.unsaid.clear();
        }
        let place = |(draft, offset): (&Draft, u64)| {
            let end = offset + draft.len() as u64;
            // Lengths of drafts that were written fit u32.
            let len = draft.body.len() as u32;
            let body = BodySpan { offset: end - u64::from(len), len, crc: draft.body_crc };
            Written { end: Position { segment, offset: end }, body }
        };
        Ok(drafts.iter().zip(offsets).map(place).collect())
    }

    /// A new segment, which opens with what does not count in others.
    fn begin_segment(&mut self) -> io::Result<Current> {
        let number = self.next;
        let mut salt = [0; 8];
        self.entropy.fill(&mut salt);
        let header = SegmentHeader { number, salt: u64::from_le_bytes(salt) };
        let path = segment_path(&self.dir, number);
        let created = SegmentWriter::create(&*self.disk, &path, header);
        // Whether it worked or not: a file may be there now, and a number is used once.
        self.next = self.next.saturating_add(1);
        self.sizes.insert(number, 0);
        let mut writer = match created {
            Ok(writer) => writer,
            Err(error) => {
                // Nothing in it ever counted, so it may go; if it cannot, it is an empty segment.
                if self.disk.remove(&path).is_ok() {
                    self.sizes.remove(&number);
                }
                return Err(error);
            }
        };
        let voids: Vec<Draft> = self.unsaid.iter().map(|void| void_draft(*void)).collect();
        if !voids.is_empty()
            && let Err(error) = writer.append(&voids)
        {
            self.give_up_at(Position { segment: number, offset: 0 });
            return Err(error);
        }
        Ok(Current { writer, number, synced: 0, named: false })
    }

    /// After a failure nobody knows what of the last batch is on the disk: it does not count.
    fn give_up(&mut self) {
        if let Some(current) = self.current.take() {
            self.give_up_at(Position { segment: current.number, offset: current.synced });
        }
    }

    fn give_up_at(&mut self, from: Position) {
        self.void.insert(from.segment, from.offset);
        self.unsaid.push(from);
    }

    /// Whether everything behind this place is still here.
    pub(super) fn holds(&self, place: Position) -> bool {
        match (self.sizes.first_key_value(), self.sizes.last_key_value()) {
            _ if place == Position::default() => true,
            (Some((first, _)), Some((last, _))) => {
                let size = self.sizes.get(&place.segment).copied();
                (*first..=*last).contains(&place.segment) && size.is_none_or(|size| place.offset <= size)
            }
            _ => false,
        }
    }

    /// How many segments there are, and their octets.
    pub(super) fn extent(&self) -> (usize, u64) {
        (self.sizes.len(), self.sizes.values().sum())
    }

    /// The oldest segment, if it may go once nothing in it counts. The newest never may: its number is what tells
    /// the next one's.
    pub(super) fn oldest(&self) -> Option<u32> {
        let mut numbers = self.sizes.keys();
        let oldest = numbers.next().copied();
        numbers.next().and(oldest)
    }

    /// Removes the oldest segment for good, before any other may go.
    pub(super) fn remove_oldest(&mut self) -> Result<()> {
        let Some(number) = self.oldest() else { return Ok(()) };
        let path = segment_path(&self.dir, number);
        let removed = match self.disk.remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        let removed = removed.and_then(|()| self.disk.sync_dir(&self.dir));
        removed.map_err(|error| Error::file("removing", &path, error))?;
        self.sizes.remove(&number);
        self.void.remove(&number);
        Ok(())
    }
}

/// Reads a body from the segment it lies in.
pub(super) fn body_of(disk: &dyn Disk, dir: &Path, segment: u32, span: BodySpan) -> io::Result<Vec<u8>> {
    read_body(disk, &segment_path(dir, segment), span)
}

/// A record's head from its JSON. What a program of this version cannot read was written by a later one.
pub(super) fn from_json<'a, T: Deserialize<'a>>(head: &'a [u8], place: &Path) -> Result<T> {
    serde_json::from_slice(head).map_err(|error| {
        Error::new(Kind::Config, format!("reading {}", place.display()))
            .caused_by(error)
            .hint("it may have been written by a later version of mailkit")
    })
}

fn void_draft(void: Position) -> Draft {
    let head = serde_json::to_vec(&void).expect("two numbers always print");
    Draft { kind: FrameKind::Void, head, body: Vec::new(), body_crc: 0 }
}

fn segment_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:010}.seg"))
}

fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".seg").filter(|digits| digits.len() == 10)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}
