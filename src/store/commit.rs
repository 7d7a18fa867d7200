//! The spool's one writer: takes everything that waits, writes it, syncs once, and wakes all.
//!
//! A thread of its own, because syncs block. While one sync runs the next batch gathers by itself, so
//! nobody is ever made to wait for company. What is durable is told to the index before anybody is
//! woken; if the index fails, the mail is safe all the same, and the index reads it from the log later.
//! Between batches the thread gives space back.

use super::body::{BodyFile, body_path};
use super::entry::Due;
use super::follow::{Follow, Logged};
use super::log::{Log, Written, body_of};
use super::room::has_room_to_accept;
use super::segment::Draft;
use super::spool_index::{Carry, Effects};
use super::spool_record::{Arrival, Held, SpoolRecord};
use super::spool_recover::{SharedIndex, catch_up};
use super::sqlite::Checkpointer;
use crate::error::{Error, Kind, Result};
use crate::world::Disk;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// Records in one batch.
const BATCH_MAX: usize = 512;
/// Octets in one batch, as far as one record is not larger by itself.
const BATCH_OCTETS: usize = 8 * 1024 * 1024;
/// Messages carried forward in one batch, and their octets.
const CARRY_MAX: u32 = 64;
const CARRY_OCTETS: u64 = 4 * 1024 * 1024;
/// Segments beyond which old ones are emptied, however small they are: each start begins a new one.
const SEGMENTS_MAX: usize = 64;

/// What the committer is asked to do.
pub(super) enum Order {
    /// Write this, then answer.
    Write(Box<Job>),
    /// The index stands behind the log: try to bring it up.
    CatchUp,
    /// Something may be due earlier: tell those who wait for arrivals.
    Bell,
}

/// One record to be made durable.
pub(super) struct Job {
    pub(super) record: SpoolRecord<'static>,
    pub(super) draft: Draft,
    /// The body file that the record names.
    pub(super) file: Option<BodyFile>,
    pub(super) done: oneshot::Sender<Result<()>>,
}

/// The thread's belongings.
pub(super) struct Committer {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) root: PathBuf,
    /// Octets of a segment.
    pub(super) segment_max: u64,
    pub(super) log: Log,
    pub(super) index: Arc<SharedIndex>,
    pub(super) checkpointer: Checkpointer,
    pub(super) arrivals: watch::Sender<u64>,
    /// Octets free on the disk, as of the last batch.
    pub(super) room: Arc<AtomicU64>,
    /// Held as long as this thread may write.
    pub(super) _lock: Box<dyn Send + Sync>,
}

impl Committer {
    /// Works until nobody can send orders any more.
    pub(super) fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        // What an earlier run left may be given back before anything happens.
        let mut tidying = self.reclaim();
        loop {
            let first = match orders.try_recv() {
                Ok(order) => Some(order),
                Err(mpsc::error::TryRecvError::Empty) if tidying => None,
                Err(_) => match orders.blocking_recv() {
                    Some(order) => Some(order),
                    None => return,
                },
            };
            let mut jobs = Vec::new();
            let mut octets = 0;
            let mut next = first;
            while let Some(order) = next {
                match order {
                    Order::Write(job) => {
                        octets += job.draft.len();
                        jobs.push(*job);
                    }
                    // An empty batch does it.
                    Order::CatchUp => {}
                    Order::Bell => self.arrivals.send_modify(|count| *count += 1),
                }
                let full = jobs.len() >= BATCH_MAX || octets >= BATCH_OCTETS;
                next = if full { None } else { orders.try_recv().ok() };
            }
            self.commit(jobs);
            tidying = self.reclaim();
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let jobs = self.refuse_without_room(jobs);
        let mut records = Vec::with_capacity(jobs.len());
        let mut drafts = Vec::with_capacity(jobs.len());
        let mut promises = Vec::with_capacity(jobs.len());
        for Job { record, draft, file, done } in jobs {
            records.push(record);
            drafts.push(draft);
            promises.push((file, done));
        }
        let written = if drafts.is_empty() { Ok(Vec::new()) } else { self.log.append(&drafts, true) };
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                self.look_for_room();
                for (_, done) in promises {
                    // Whoever went away does not want to know.
                    let _ = done.send(Err(not_written(&error)));
                }
                return;
            }
        };
        self.update_index(&logged(records, written));
        self.look_for_room();
        for (file, done) in promises {
            if let Some(file) = file {
                file.keep();
            }
            let _ = done.send(Ok(()));
        }
    }

    /// Turns new messages away that would take the last of the room. Whoever began them when there was some may have been
    /// one of many.
    fn refuse_without_room(&self, jobs: Vec<Job>) -> Vec<Job> {
        let is_new = |job: &Job| matches!(job.record, SpoolRecord::Accepted(_));
        let wanted: u64 = jobs.iter().filter(|job| is_new(job)).map(|job| job.draft.len() as u64).sum();
        if wanted == 0 {
            return jobs;
        }
        self.look_for_room();
        if has_room_to_accept(self.room.load(Ordering::Relaxed), wanted) {
            return jobs;
        }
        let (refused, rest): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(is_new);
        for job in refused {
            let _ = job.done.send(Err(not_written(&io::ErrorKind::StorageFull.into())));
        }
        rest
    }

    /// Tells the index what is durable. It may be behind, then it reads the log.
    fn update_index(&mut self, batch: &[Logged<SpoolRecord<'static>>]) {
        let mut effects = Effects::default();
        if self.index.is_behind() || self.index.lock().apply(batch, &mut effects).is_err() {
            match catch_up(&self.log, &self.index) {
                Ok((found, _)) => effects = found,
                // It stays behind; the next batch, or the next lease, tries again.
                Err(_) => return,
            }
        }
        self.checkpointer.changed(batch.len());
        self.follow(effects);
    }

    fn follow(&mut self, effects: Effects) {
        for id in effects.finished_files {
            // If this fails the file is removed at the next start.
            let _ = self.disk.remove(&body_path(&self.root.join("body"), id));
        }
        if effects.arrived {
            self.arrivals.send_modify(|count| *count += 1);
        }
    }

    fn look_for_room(&self) {
        if let Ok(room) = self.disk.free_space(&self.root) {
            self.room.store(room, Ordering::Relaxed);
        }
    }

    /// Gives old segments back; says whether there is more to do at once. Only ever from the oldest on: a later
    /// segment may hold what settles a message in an earlier one.
    fn reclaim(&mut self) -> bool {
        if self.log.oldest().is_none() || self.index.is_behind() {
            return false;
        }
        let Ok(live) = self.index.lock().live() else { return false };
        let is_empty = |number: &u32| live.get(number).is_none_or(|(messages, _)| *messages == 0);
        while let Some(oldest) = self.log.oldest().filter(is_empty) {
            if self.log.remove_oldest().is_err() {
                return false;
            }
            // Only a count of nothing: if this fails it is a row too many.
            let _ = self.index.lock().forget_segment(oldest);
        }
        let (segments, written) = self.log.extent();
        let alive: u64 = live.values().map(|(_, octets)| octets).sum();
        if written <= 2 * alive + 2 * self.segment_max && segments <= SEGMENTS_MAX {
            return false;
        }
        match self.log.oldest() {
            Some(oldest) => self.carry_from(oldest).unwrap_or(false),
            None => false,
        }
    }

    /// Writes some of a segment's messages again, as they are now. They are durable in their new place before the
    /// old one goes.
    fn carry_from(&mut self, segment: u32) -> Result<bool> {
        let failed = |error| super::sqlite::failed("reading the spool's index", error);
        let carries = self.index.lock().carries(segment, CARRY_MAX).map_err(failed)?;
        let mut records: Vec<(SpoolRecord<'static>, Draft)> = Vec::new();
        let mut octets = 0;
        for Carry { mut arrival, recipients, stored } in carries {
            if octets >= CARRY_OCTETS {
                break;
            }
            let body = match stored.held {
                Held::File => Vec::new(),
                Held::Inline => match body_of(&*self.disk, &self.root.join("log"), stored.segment, stored.body) {
                    Ok(body) => body,
                    // Damaged or unreadable: it stays where it is, and so does its segment, for somebody to look at.
                    Err(_) => return Ok(false),
                },
            };
            octets += body.len() as u64;
            arrival.crc = None;
            let (record, draft) = carried(arrival, recipients, body);
            records.push((record, draft));
        }
        if records.is_empty() {
            return Ok(false);
        }
        let (records, drafts): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let written = self.log.append(&drafts, true).map_err(|error| not_written(&error))?;
        self.update_index(&logged(records, written));
        Ok(true)
    }
}

fn logged(records: Vec<SpoolRecord<'static>>, written: Vec<Written>) -> Vec<Logged<SpoolRecord<'static>>> {
    let pairs = records.into_iter().zip(written);
    pairs.map(|(record, written)| Logged { record, body: written.body, end: written.end }).collect()
}

fn carried(message: Arrival<'static>, recipients: Vec<Due>, body: Vec<u8>) -> (SpoolRecord<'static>, Draft) {
    let record = SpoolRecord::Carried { message, recipients };
    let head = record.to_head();
    (record, Draft::record(head, body))
}

/// The same failure for each of those who waited.
fn not_written(error: &io::Error) -> Error {
    let cause = match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    };
    Error::new(Kind::Io, "writing to the spool").caused_by(cause)
}
