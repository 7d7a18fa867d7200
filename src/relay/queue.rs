//! The loop: takes what is due from the spool, starts jobs, has their outcomes written down.
//!
//! One task decides, others work: attempts each in their own, settlements in one that gathers all
//! that wait into a single commit. A slow disk or host holds up nobody but its own jobs.
//! RFC 5321 §4.5.4.1.

use super::board::Board;
use super::event::Event;
use super::work::{Destination, Done, Job, Worker, between};
use crate::error::{Error, Kind, Result};
use crate::store::spool::{Damage, Lanes, Leased, Outcome, Report, Settlement, Spool, SpoolId};
use crate::world::Timestamp;
use futures_util::FutureExt;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Recipients held in memory, at a few hundred octets each.
const HELD_MAX: usize = 20_000;
/// Of them, those for one destination: enough that it never waits for the disk, and few enough that a pile of messages
/// for one silent host does not stand before a message for another.
const LANE_MAX: usize = 1000;
/// Recipients leased at once.
const LEASE: usize = 500;
/// RFC 5321 §4.5.3.1.8: every server takes so many recipients of one message.
const RECIPIENTS_MAX: usize = 100;
/// Messages delivered to local mailboxes with one commit. One batch is under way at a time: of two, the later could
/// overtake the earlier, and a mailbox would not be in the order in which its messages were accepted.
const LOCAL_BATCH: usize = 64;
/// Outcomes that may wait to be written down. Beyond it jobs keep their places, so that a disk that fails stops
/// the relay before much could be sent twice.
const UNSETTLED_MAX: usize = 100;
/// Recipients settled with one commit. With what is kept of servers' words and told to senders, this stays well within
/// the limits of a record.
const SETTLED_MAX: usize = 1000;
/// A wall clock can be set; so nothing waits for it longer than this without looking again.
const NAP: Duration = Duration::from_secs(60);
/// How long attempts may go on after the relay is told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// Between attempts to write outcomes down on a disk that fails.
const DISK_WAIT: Duration = Duration::from_secs(5);

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Until told to stop.
    Stopped,
    /// Until nothing is due and nothing under way.
    Quiet,
}

/// Works until there is a reason to end. Outcomes that were handed in are written down before it returns.
pub(super) async fn drive(worker: Arc<Worker>, stop: CancellationToken, until: Until) -> Result<()> {
    let (settle, unsettled) = mpsc::channel(UNSETTLED_MAX);
    let (settled, mut written) = mpsc::unbounded_channel();
    let clerk = Clerk { worker: worker.clone(), unsettled, settled, stop: stop.clone(), until };
    let clerk = tokio::spawn(clerk.write_down());
    losses(&worker.tools.spool).for_each(|what| worker.tell(&Event::Trouble { what }));
    let board = Board::new(worker.settings.limits);
    let (local, tasks) = (VecDeque::new(), JoinSet::new());
    let named = worker.clone();
    let lanes = Lanes { of: Arc::new(move |domain| named.lane(domain)), each: LANE_MAX };
    let mut queue = Queue { worker, lanes, board, local, delivers: false, tasks, settle, held: 0 };
    let ended = queue.work(&mut written, &stop, until).await;
    queue.finish().await;
    drop(queue);
    let died = |why| Error::new(Kind::Software, "writing outcomes down").caused_by(why);
    let written = clerk.await.unwrap_or_else(|why| Err(died(why)));
    ended.and(written)
}

/// What the disk had lost of the spool when it was opened.
fn losses(spool: &Spool) -> impl Iterator<Item = String> {
    let damaged = spool.damage().iter().map(|Damage { file, offset, octets }| {
        format!(
            "{} is damaged: {octets} octets from {offset} on cannot be read; what they said is lost",
            file.display()
        )
    });
    let gone = spool.lost().iter().map(|id| format!("message {id} is lost: its body file is not there"));
    damaged.chain(gone)
}

struct Queue {
    worker: Arc<Worker>,
    lanes: Lanes,
    board: Board<Destination, Job>,
    local: VecDeque<Job>,
    /// Whether a batch is on its way into local mailboxes.
    delivers: bool,
    tasks: JoinSet<Ended>,
    settle: mpsc::Sender<Done>,
    /// Recipients that are leased and not settled.
    held: usize,
}

/// When to look into the spool again.
struct Look {
    at: Timestamp,
    /// There was more than could be held.
    has_backlog: bool,
}

/// What the clerk has written down.
struct Written {
    recipients: usize,
    /// When the first of those that were deferred is due.
    next: Option<Timestamp>,
}

/// A task that came to its end, and the place it frees.
enum Ended {
    Job(Destination, bool),
    LocalBatch,
}

impl Queue {
    async fn work(
        &mut self,
        written: &mut mpsc::UnboundedReceiver<Written>,
        stop: &CancellationToken,
        until: Until,
    ) -> Result<()> {
        let tools = self.worker.tools.clone();
        let mut arrivals = tools.spool.arrivals();
        loop {
            arrivals.mark_unchanged();
            let mut look = match self.lease().await {
                Ok(look) => look,
                Err(error) if until == Until::Quiet => return Err(error),
                Err(error) => {
                    self.worker.tell(&Event::Trouble { what: error.to_string() });
                    Look { at: after(tools.clock.now(), DISK_WAIT), has_backlog: false }
                }
            };
            self.start();
            if until == Until::Quiet && self.held == 0 {
                return Ok(());
            }
            let mut nap = tools.clock.sleep(between(tools.clock.now(), look.at));
            // Looking costs the more the more is held, so it needs a reason. A place that came free is none.
            loop {
                tokio::select! {
                    Some(ended) = self.tasks.join_next() => {
                        match ended {
                            Ok(Ended::Job(destination, retry)) => self.board.done(&destination, retry),
                            Ok(Ended::LocalBatch) => self.delivers = false,
                            Err(error) => self.worker.tell(&Event::Trouble { what: error.to_string() }),
                        }
                        self.start();
                    }
                    wrote = written.recv() => {
                        let Some(wrote) = wrote else { return Ok(()) };
                        self.held -= wrote.recipients;
                        if self.held == 0 || look.has_backlog && self.held + LEASE <= HELD_MAX {
                            break;
                        }
                        if let Some(next) = wrote.next.filter(|next| *next < look.at) {
                            look.at = next;
                            nap = tools.clock.sleep(between(tools.clock.now(), look.at));
                        }
                    }
                    _ = arrivals.changed() => break,
                    () = &mut nap, if until == Until::Stopped => break,
                    () = stop.cancelled() => return Ok(()),
                }
            }
        }
    }

    /// Takes what is due, as far as there is room; says when to look again.
    async fn lease(&mut self) -> Result<Look> {
        let tools = &self.worker.tools.clone();
        let nap = |now| after(now, NAP);
        while self.held + LEASE <= HELD_MAX {
            let batch = tools.spool.lease(tools.clock.now(), LEASE, self.lanes.clone()).await?;
            batch.messages.into_iter().for_each(|message| self.assign(message));
            if !batch.has_more {
                let next = tools.spool.next_due().await?;
                let nap = nap(tools.clock.now());
                return Ok(Look { at: next.map_or(nap, |next| next.min(nap)), has_backlog: false });
            }
        }
        Ok(Look { at: nap(tools.clock.now()), has_backlog: true })
    }

    /// Sorts a message's recipients by where they go.
    fn assign(&mut self, mut message: Leased) {
        let mut groups: HashMap<Destination, Vec<_>> = HashMap::new();
        for due in std::mem::take(&mut message.recipients) {
            self.held += 1;
            groups.entry(self.worker.destination(&due.path)).or_default().push(due);
        }
        let leased = Arc::new(message);
        for (destination, recipients) in groups {
            for recipients in recipients.chunks(RECIPIENTS_MAX) {
                let retry = recipients.iter().all(|due| due.attempts > 0);
                let job = Job { leased: leased.clone(), recipients: recipients.to_vec() };
                match destination {
                    Destination::Local => self.local.push_back(job),
                    _ => self.board.push(destination.clone(), job, retry),
                }
            }
        }
    }

    /// Starts as many jobs as there are places.
    fn start(&mut self) {
        while let Some((destination, job, retry)) = self.board.take() {
            let (worker, settle) = (self.worker.clone(), self.settle.clone());
            self.tasks.spawn(async move {
                // A panic over one message must neither lose it nor stop the others.
                let done = match AssertUnwindSafe(worker.deliver(&destination, &job)).catch_unwind().await {
                    Ok(done) => done,
                    Err(_) => worker.give_back(&job),
                };
                // The clerk ends only when nobody can hand in any more.
                let _ = settle.send(done).await;
                Ended::Job(destination, retry)
            });
        }
        if !self.delivers && !self.local.is_empty() {
            let batch: Vec<Job> = self.local.drain(..self.local.len().min(LOCAL_BATCH)).collect();
            let (worker, settle) = (self.worker.clone(), self.settle.clone());
            self.delivers = true;
            self.tasks.spawn(async move {
                let delivered = AssertUnwindSafe(worker.deliver_locally(&batch)).catch_unwind().await;
                for done in match delivered {
                    Ok(done) => done,
                    Err(_) => batch.iter().map(|job| worker.give_back(job)).collect(),
                } {
                    let _ = settle.send(done).await;
                }
                Ended::LocalBatch
            });
        }
    }

    /// Gives back what was not begun, and waits for what was.
    async fn finish(&mut self) {
        let jobs = std::iter::from_fn(|| self.board.drop_next()).chain(self.local.drain(..));
        let untried = jobs.flat_map(|job| {
            let id = job.leased.id;
            job.recipients.into_iter().map(move |due| (id, due.index))
        });
        let untried: Vec<_> = untried.collect();
        if let Err(error) = self.worker.tools.spool.release(untried).await {
            self.worker.tell(&Event::Trouble { what: error.to_string() });
        }
        let rest = async { while self.tasks.join_next().await.is_some() {} };
        // What is cut off here was not settled: it is tried again, as after a crash.
        let _ = tokio::time::timeout(GRACE, rest).await;
        self.tasks.shutdown().await;
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Writes outcomes down.
struct Clerk {
    worker: Arc<Worker>,
    unsettled: mpsc::Receiver<Done>,
    settled: mpsc::UnboundedSender<Written>,
    stop: CancellationToken,
    until: Until,
}

impl Clerk {
    /// Until nobody hands anything in any more. An error means that outcomes were not written down.
    async fn write_down(mut self) -> Result<()> {
        let mut batch: Vec<Done> = Vec::new();
        while self.gather(&mut batch).await {
            let (about, reports): (Vec<SpoolId>, Vec<Report>) = self.reports(&mut batch).await.into_iter().unzip();
            let outcomes: Vec<Settlement> = batch.iter().flat_map(|done| done.settlements.clone()).collect();
            while let Err(error) = self.worker.tools.spool.settle(outcomes.clone(), reports.clone()).await {
                self.worker.tell(&Event::Trouble { what: error.to_string() });
                if self.until == Until::Quiet || self.stop.is_cancelled() {
                    return Err(error);
                }
                self.worker.tools.clock.sleep(DISK_WAIT).await;
            }
            batch.iter().flat_map(|done| &done.events).for_each(|event| self.worker.tell(event));
            for (about, report) in about.into_iter().zip(&reports) {
                let to = report.accepted.envelope.recipients.iter().map(ToString::to_string).collect();
                self.worker.tell(&Event::Report { about, id: report.id, to });
            }
            batch.clear();
            // The loop may have ended; then nobody counts any more.
            let until = |settled: &Settlement| match settled.outcome {
                Outcome::Deferred { until, .. } => Some(until),
                _ => None,
            };
            let next = outcomes.iter().filter_map(until).min();
            let _ = self.settled.send(Written { recipients: outcomes.len(), next });
        }
        Ok(())
    }

    /// Waits for outcomes, and takes those that wait with them; says whether there are any.
    async fn gather(&mut self, batch: &mut Vec<Done>) -> bool {
        let mut next = self.unsettled.recv().await;
        let mut recipients = 0;
        while let Some(done) = next {
            recipients += done.settlements.len();
            batch.push(done);
            let is_full = recipients >= SETTLED_MAX || batch.len() >= UNSETTLED_MAX;
            next = if is_full { None } else { self.unsettled.try_recv().ok() };
        }
        !batch.is_empty()
    }

    /// One report for each message, on all that is settled of it now: nobody wants ten where one will do.
    async fn reports(&self, batch: &mut [Done]) -> Vec<(SpoolId, Report)> {
        let mut told: BTreeMap<SpoolId, (&Leased, Vec<_>)> = BTreeMap::new();
        for done in batch.iter().filter(|done| !done.told.is_empty()) {
            let (_, all) = told.entry(done.leased.id).or_insert_with(|| (&done.leased, Vec::new()));
            all.extend(done.told.iter().cloned());
        }
        let (mut reports, mut unwritten) = (Vec::with_capacity(told.len()), Vec::new());
        for (id, (leased, told)) in told {
            // A panic over one report must neither lose its message nor stop the others.
            match AssertUnwindSafe(self.worker.report(leased, &told)).catch_unwind().await {
                Ok(report) => reports.extend(report.map(|report| (id, report))),
                Err(_) => unwritten.push(id),
            }
        }
        for done in batch.iter_mut().filter(|done| unwritten.contains(&done.leased.id)) {
            self.worker.tell(&Event::Trouble { what: format!("the report on {} cannot be written", done.leased.id) });
            self.worker.put_off(done);
        }
        reports
    }
}
