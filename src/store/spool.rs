//! The spool: every accepted message waits here until each of its recipients is settled.
//!
//! [`Incoming::commit`] returns when message and envelope are durable, and not before: that is what a
//! 250 stands for. The log is the truth (see `log`, `spool_record`), one thread writes it (`commit`),
//! SQLite says what is due (`spool_index`). One process owns a spool at a time.
//! Knows no routes and no retry times. RFC 5321 §4.5.4, §6.1; docs/spool.md.

use super::body::{StoredBody, body_path};
use super::commit::{Committer, Job, Order};
pub use super::entry::{Accepted, Attempt, Batch, Due, Entry, Lanes, Leased, Outcome, Report, Settlement, Wake};
pub use super::id::SpoolId;
pub use super::incoming::Incoming;
use super::letterbox::Letters;
use super::log::{Log, SEGMENT_MAX, body_of};
use super::record::checksum;
use super::room::has_room_to_accept;
pub use super::segment::Damage;
use super::segment::Draft;
use super::spool_index::SpoolIndex;
use super::spool_record::{Arrival, Held, SpoolRecord};
use super::spool_recover::{SharedIndex, catch_up, tidy_bodies};
use super::sqlite::{self, Checkpointer};
use super::{IndexAt, blocking};
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, Content, Disk, Entropy, Timestamp};
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot, watch};

/// Orders that may wait for the committer; whoever comes later waits to be heard.
const QUEUE: usize = 1024;

/// A handle to the spool; clones share it. The last one to go ends the writing thread and frees the lock.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

pub(super) struct Inner {
    pub(super) disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    root: PathBuf,
    index: Arc<SharedIndex>,
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    arrivals: watch::Receiver<u64>,
    room: Arc<AtomicU64>,
    damage: Vec<Damage>,
    lost: Vec<SpoolId>,
    /// Held by whoever takes letters in.
    letters: tokio::sync::Mutex<Letters>,
}

impl Spool {
    /// Opens the spool in `root`, made if missing; [`Kind::Temporary`] if another process has it. An index that is
    /// missing, old or broken is made anew from the log.
    pub async fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        root: &Path,
        index: IndexAt,
    ) -> Result<Self> {
        Self::open_sized(disk, clock, entropy, root, index, SEGMENT_MAX).await
    }

    /// As [`Spool::open`], with segments of another size.
    pub(super) async fn open_sized(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        root: &Path,
        index: IndexAt,
        segment_max: u64,
    ) -> Result<Self> {
        let root = root.to_owned();
        let opened = move || Inner::open(disk, clock, entropy, root, index, segment_max);
        Ok(Self(Arc::new(blocking("opening the spool", opened).await?)))
    }

    /// Messages in a spool that another process may own: those behind `after`, in order of their ids.
    pub async fn list_read_only(
        disk: Arc<dyn Disk>,
        root: &Path,
        after: Option<SpoolId>,
        limit: usize,
    ) -> Result<Vec<Entry>> {
        let path = root.join("index.db");
        blocking("reading the queue", move || {
            disk.stat(&path).map_err(|error| Error::file("reading", &path, error))?;
            let failed = |error| sqlite::failed("reading the queue", error);
            match SpoolIndex::open_to_read(disk, &path).map_err(failed)? {
                Some(index) => index.entries(after, limit).map_err(failed),
                None => Err(Error::new(Kind::Config, "reading the queue: its index is of another version of mailkit")),
            }
        })
        .await
    }

    /// Begins a message. Fails when the disk has no room for it (see [`super::is_disk_full`]).
    pub async fn begin(&self) -> Result<Incoming> {
        if !has_room_to_accept(self.0.room.load(Ordering::Relaxed), 0) {
            let inner = self.0.clone();
            blocking("looking for room in the spool", move || inner.look_for_room()).await?;
        }
        Ok(Incoming::new(self.0.clone(), SpoolId::new(&*self.0.clock, &*self.0.entropy)))
    }

    /// Begins a message that has a name already.
    pub(super) async fn begin_as(&self, id: SpoolId) -> Result<Incoming> {
        let _ = self.begin().await?;
        Ok(Incoming::new(self.0.clone(), id))
    }

    pub(super) fn letters(&self) -> &tokio::sync::Mutex<Letters> {
        &self.0.letters
    }

    /// Keeps messages from being leased, those that are here and those that come yet.
    pub(super) async fn hold(&self, ids: Vec<SpoolId>) -> Result<()> {
        self.with_index("reading the queue", move |index| {
            index.hold(&ids);
            Ok(())
        })
        .await
    }

    /// Lets messages be leased that were held.
    pub(super) async fn let_go(&self, ids: Vec<SpoolId>) -> Result<()> {
        self.with_index("reading the queue", move |index| {
            index.let_go(&ids);
            Ok(())
        })
        .await?;
        self.0.order(Order::Bell).await
    }

    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        self.0.disk.clone()
    }

    pub(super) fn root(&self) -> &Path {
        &self.0.root
    }

    /// Up to `max` recipients that are due, by message. They do not come again until they are settled or released.
    pub async fn lease(&self, now: Timestamp, max: usize, lanes: Lanes) -> Result<Batch> {
        self.with_index("reading the queue", move |index| index.lease(now, max, &lanes)).await
    }

    /// Gives leased recipients back untried.
    pub async fn release(&self, recipients: Vec<(SpoolId, u32)>) -> Result<()> {
        self.with_index("reading the queue", move |index| {
            recipients.iter().for_each(|(id, recipient)| index.release(*id, *recipient));
            Ok(())
        })
        .await
    }

    /// Writes down what became of recipients, and takes in the reports that follow from it: all of it or nothing.
    /// Settling again what is settled does nothing, and a report that comes again is still one.
    pub async fn settle(&self, outcomes: Vec<Settlement>, reports: Vec<Report>) -> Result<()> {
        let mut body = Vec::new();
        let mut arrivals = Vec::with_capacity(reports.len());
        for Report { id, accepted, octets } in reports {
            let (size, crc) = (octets.len() as u64, Some(checksum(&octets)));
            arrivals.push(Arrival { id, accepted: Cow::Owned(accepted), size, held: Held::Inline, crc });
            body.extend_from_slice(&octets);
        }
        let at = self.0.clock.now();
        let record = SpoolRecord::Settled { at, outcomes: Cow::Owned(outcomes), reports: arrivals };
        self.0.commit(record, body, None).await
    }

    /// A message's octets.
    pub async fn open_message(&self, id: &SpoolId) -> Result<Arc<dyn Content>> {
        let (inner, id) = (self.0.clone(), *id);
        blocking("reading a message", move || inner.open_message(id)).await
    }

    /// When the next recipient is due that was not leased, and not passed by for others of its lane.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.with_index("reading the queue", |index| index.next_due()).await
    }

    /// Changes whenever something may be due earlier than was known.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.0.arrivals.clone()
    }

    /// Messages behind `after`, in order of their ids, which is the order of their arrival.
    pub async fn entries(&self, after: Option<SpoolId>, limit: usize) -> Result<Vec<Entry>> {
        self.with_index("reading the queue", move |index| index.entries(after, limit)).await
    }

    /// One message.
    pub async fn entry(&self, id: &SpoolId) -> Result<Option<Entry>> {
        let id = *id;
        self.with_index("reading the queue", move |index| index.entry(id)).await
    }

    /// Makes recipients due now; says how many were not. A restart forgets it, which only means that they wait.
    pub async fn make_due(&self, wake: Wake) -> Result<usize> {
        let now = self.0.clock.now();
        let count = self.with_index("waking the queue", move |index| index.wake(&wake, now)).await?;
        self.0.order(Order::Bell).await?;
        Ok(count)
    }

    /// What of the log could not be read when the spool was opened, with messages still behind it.
    pub fn damage(&self) -> &[Damage] {
        &self.0.damage
    }

    /// Messages that were in the queue when the spool was opened, but whose body file was gone.
    pub fn lost(&self) -> &[SpoolId] {
        &self.0.lost
    }

    async fn with_index<T: Send + 'static>(
        &self,
        tried: &'static str,
        work: impl FnOnce(&mut SpoolIndex) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        if self.0.index.is_behind() {
            self.0.order(Order::CatchUp).await?;
        }
        let inner = self.0.clone();
        blocking(tried, move || work(&mut inner.index.lock()).map_err(|error| sqlite::failed(tried, error))).await
    }
}

impl Inner {
    fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        root: PathBuf,
        at: IndexAt,
        segment_max: u64,
    ) -> Result<Self> {
        let (body_dir, index_path) = (root.join("body"), root.join("index.db"));
        disk.create_dir(&root).map_err(|error| Error::file("opening", &root, error))?;
        let held = take_lock(&*disk, &root.join("lock"), "the spool", &root)?;
        disk.create_dir(&body_dir).map_err(|error| Error::file("opening", &body_dir, error))?;
        let log = Log::open(disk.clone(), entropy.clone(), &root.join("log"), segment_max)?;
        let failed = |error| sqlite::failed("opening the spool's index", error);
        let index = SpoolIndex::open(disk.clone(), at, &index_path).map_err(failed)?;
        let index = Arc::new(SharedIndex::new(index));
        let (_, damage) = catch_up(&log, &index)?;
        index.lock().set_back(clock.now()).map_err(failed)?;
        let lost = tidy_bodies(&*disk, &body_dir, &index)?;
        let room = disk.free_space(&root).map_err(|error| Error::file("opening", &root, error))?;
        let room = Arc::new(AtomicU64::new(room));
        let (arrived, arrivals) = watch::channel(0);
        let (orders, received) = mpsc::channel(QUEUE);
        let committer = Committer {
            disk: disk.clone(),
            root: root.clone(),
            segment_max,
            log,
            index: index.clone(),
            checkpointer: Checkpointer::start(at, &index_path),
            arrivals: arrived,
            room: room.clone(),
            _lock: held,
        };
        let thread = std::thread::Builder::new().name("spool".into()).spawn(move || committer.run(received));
        let thread = thread.map_err(|error| Error::new(Kind::Temporary, "starting a thread").caused_by(error))?;
        let (orders, thread) = (Some(orders), Some(thread));
        let letters = tokio::sync::Mutex::default();
        Ok(Self { disk, clock, entropy, root, index, orders, thread, arrivals, room, damage, lost, letters })
    }

    /// Where body files are.
    pub(super) fn body_dir(&self) -> PathBuf {
        self.root.join("body")
    }

    /// Has a record written; returns when it is durable.
    pub(super) async fn commit(
        &self,
        record: SpoolRecord<'static>,
        body: Vec<u8>,
        file: Option<super::body::BodyFile>,
    ) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let draft = Draft::record(record.to_head(), body);
        if !draft.is_readable() {
            return Err(Error::new(Kind::Software, "writing to the spool: a record is too long"));
        }
        self.order(Order::Write(Box::new(Job { record, draft, file, done }))).await?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn order(&self, order: Order) -> Result<()> {
        match &self.orders {
            Some(orders) => orders.send(order).await.map_err(|_| stopped()),
            None => Err(stopped()),
        }
    }

    fn look_for_room(&self) -> Result<()> {
        let failed = |error| Error::file("writing to", &self.root, error);
        let room = self.disk.free_space(&self.root).map_err(failed)?;
        self.room.store(room, Ordering::Relaxed);
        if has_room_to_accept(room, 0) { Ok(()) } else { Err(failed(io::ErrorKind::StorageFull.into())) }
    }

    fn open_message(&self, id: SpoolId) -> Result<Arc<dyn Content>> {
        let failed = |error: io::Error| {
            let kind = if error.kind() == io::ErrorKind::InvalidData { Kind::Data } else { Kind::Io };
            Error::new(kind, format!("reading message {id}")).caused_by(error)
        };
        // A message may be carried to another segment while it is looked for, but hardly twice in a row.
        for last in [false, false, true] {
            let stored = self.index.lock().stored(id);
            let stored = stored.map_err(|error| sqlite::failed("reading the spool's index", error))?;
            let Some(stored) = stored else {
                return Err(Error::new(Kind::NoInput, format!("there is no message {id} in the queue")));
            };
            let opened: io::Result<Arc<dyn Content>> = match stored.held {
                Held::Inline => body_of(&*self.disk, &self.root.join("log"), stored.segment, stored.body)
                    .map(|octets| Arc::new(octets) as _),
                Held::File => StoredBody::open(&*self.disk, &body_path(&self.body_dir(), id), stored.size)
                    .map(|body| Arc::new(body) as _),
            };
            match opened {
                Err(error) if error.kind() == io::ErrorKind::NotFound && !last => {}
                opened => return opened.map_err(failed),
            }
        }
        Err(failed(io::ErrorKind::NotFound.into()))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // At most one batch away. Afterwards the lock is free, whatever became of the thread.
            let _ = thread.join();
        }
    }
}

/// One process at a time.
pub(super) fn take_lock(disk: &dyn Disk, path: &Path, what: &str, root: &Path) -> Result<Box<dyn Send + Sync>> {
    disk.lock(path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => {
            Error::new(Kind::Temporary, format!("{what} in {} is in use by another mailkit process", root.display()))
                .hint("stop that process first, or let it do the work")
        }
        _ => Error::file("locking", path, error),
    })
}

fn stopped() -> Error {
    Error::new(Kind::Software, "writing to the spool: its thread has ended")
}
