//! The world of a model: both sides, the time, the steps of a run, and what goes wrong at one of them.

use super::disk::Disk;
use super::mail::Mail;
use super::operation::Op;
use super::server::{Command, Server};
use crate::imap::flag::Flags;
use crate::world::{Clock, Entropy, Later, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One thread uses it at a time.
pub(super) type Shared = Arc<Mutex<World>>;

/// What kind of server and disk this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    /// 0: QRESYNC, 1: CONDSTORE, 2: neither.
    pub(super) tier: u8,
    /// APPENDUID, COPYUID and UID EXPUNGE.
    pub(super) has_uidplus: bool,
    /// MOVE, else COPY, STORE, EXPUNGE.
    pub(super) has_move: bool,
    pub(super) has_mailbox_ids: bool,
    pub(super) has_email_ids: bool,
    /// A look tells Message-IDs.
    pub(super) tells_ids: bool,
    /// The list of mailboxes tells counters.
    pub(super) tells_counters: bool,
    /// RFC822.SIZE is wrong.
    pub(super) has_wrong_sizes: bool,
    /// The server keeps neither keywords nor `\Answered`.
    pub(super) keeps_few: bool,
    /// Nanoseconds that a directory's time is rounded to.
    pub(super) coarse: i128,
    pub(super) has_trash: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tier: 0,
            has_uidplus: true,
            has_move: true,
            has_mailbox_ids: true,
            has_email_ids: false,
            tells_ids: true,
            tells_counters: true,
            has_wrong_sizes: false,
            keeps_few: false,
            coarse: 1,
            has_trash: true,
        }
    }
}

/// The kinds of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// Something is read from the server.
    Ask,
    /// Something is changed on the server.
    Order,
    /// Something is read here.
    Read,
    /// Something is changed here.
    Deed,
    /// The memory is written.
    Write,
}

/// What goes wrong at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blow {
    /// The program is killed before.
    CrashBefore,
    /// The program is killed when it is done, and before it is answered.
    CrashAfter,
    /// The program is killed, and the server does what it was sent some time later.
    CrashLate,
    CutBefore,
    CutAfter,
    CutLate,
    /// This one thing does not work.
    No,
}

impl Blow {
    pub(super) const ALL: [Self; 7] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::CrashLate,
        Self::CutBefore,
        Self::CutAfter,
        Self::CutLate,
        Self::No,
    ];

    /// Whether it is something of its own at such a step.
    pub(super) fn fits(self, site: Site) -> bool {
        match self {
            Self::CrashBefore => true,
            Self::CrashAfter => matches!(site, Site::Order | Site::Deed | Site::Write),
            Self::CrashLate | Self::CutAfter | Self::CutLate => site == Site::Order,
            Self::CutBefore => matches!(site, Site::Ask | Site::Order),
            Self::No => matches!(site, Site::Ask | Site::Order | Site::Deed),
        }
    }

    pub(super) fn is_late(self) -> bool {
        matches!(self, Self::CrashLate | Self::CutLate)
    }
}

/// How a run ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Crash,
    Cut,
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// It is done, and nobody hears of it.
    GoThen(End),
    Late(End),
    Stop(End),
    No,
}

/// A blow at a step; `late` steps into a later run the server finishes what it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: u32,
    pub(super) blow: Blow,
    pub(super) late: u32,
}

/// What was done in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) orders: u32,
    pub(super) deeds: u32,
    pub(super) bodies: u32,
    pub(super) appends: u32,
}

/// What users did to messages of one content since both sides last agreed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) made_here: usize,
    pub(super) made_there: usize,
    pub(super) deleted: usize,
    /// Flagged or moved.
    pub(super) is_edited: bool,
    /// How often it was moved.
    pub(super) moved: usize,
    /// It got another name or UID where it is.
    pub(super) is_renewed: bool,
}

/// Everything.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) server: Server,
    pub(super) disk: Disk,
    /// Nanoseconds since 1970.
    pub(super) now: i128,
    pub(super) steps: u32,
    pub(super) sites: Vec<Site>,
    pub(super) fault: Option<Fault>,
    pub(super) end: Option<End>,
    pub(super) visits: Vec<(u32, Op)>,
    /// What the server was sent and has not done yet, and at which step it will.
    pub(super) late: Vec<Command>,
    pub(super) late_at: u32,
    pub(super) tally: Tally,
    pub(super) stories: BTreeMap<Mail, Story>,
    /// Contents that have a copy somewhere and that no user ever removed.
    pub(super) wanted: BTreeSet<Mail>,
    /// Contents that a mailbox's new life came without.
    pub(super) stranded: BTreeSet<Mail>,
    /// A mailbox began a new life since both sides agreed.
    pub(super) has_new_life: bool,
    /// The first thing that must never be.
    pub(super) broken: Option<String>,
}

pub(super) const SECOND: i128 = 1_000_000_000;

impl World {
    pub(super) fn new(options: Options) -> Self {
        let mut server = Server::default();
        for name in ["INBOX", "A", "B"].into_iter().chain(options.has_trash.then_some("Trash")) {
            server.create(name);
        }
        Self {
            options,
            server,
            disk: Disk::default(),
            now: 1_700_000_000 * SECOND,
            steps: 0,
            sites: Vec::new(),
            fault: None,
            end: None,
            visits: Vec::new(),
            late: Vec::new(),
            late_at: 0,
            tally: Tally::default(),
            stories: BTreeMap::new(),
            wanted: BTreeSet::new(),
            stranded: BTreeSet::new(),
            has_new_life: false,
            broken: None,
        }
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, fault: Option<Fault>, visits: Vec<(u32, Op)>) {
        (self.steps, self.end, self.tally) = (0, None, Tally::default());
        self.sites.clear();
        (self.fault, self.visits) = (fault, visits);
        self.finish_late();
    }

    /// Whatever was still to happen happens.
    pub(super) fn flush(&mut self) {
        self.steps = u32::MAX;
        self.finish_late();
    }

    fn finish_late(&mut self) {
        if !self.late.is_empty() && self.steps >= self.late_at {
            for command in std::mem::take(&mut self.late) {
                self.server.execute(&command);
            }
            self.watch("the server does late what it was sent");
        }
    }

    /// One more step.
    pub(super) fn step(&mut self, site: Site) -> Verdict {
        if self.end == Some(End::Crash) {
            return Verdict::Stop(End::Crash);
        }
        if self.end == Some(End::Cut) && matches!(site, Site::Ask | Site::Order) {
            return Verdict::Stop(End::Cut);
        }
        self.steps += 1;
        self.sites.push(site);
        self.now += SECOND / 200;
        let steps = self.steps;
        // What is late from this run belongs to the next one.
        if self.end.is_none() {
            self.finish_late();
        }
        let due = |visit: &(u32, Op)| visit.0 == steps;
        for (_, op) in self.visits.iter().filter(|visit| due(visit)).cloned().collect::<Vec<_>>() {
            self.apply(&op);
        }
        match self.fault {
            Some(Fault { at, blow, late }) if at == self.steps && blow.fits(site) => {
                let (verdict, end) = match blow {
                    Blow::CrashBefore => (Verdict::Stop(End::Crash), Some(End::Crash)),
                    Blow::CrashAfter => (Verdict::GoThen(End::Crash), Some(End::Crash)),
                    Blow::CrashLate => (Verdict::Late(End::Crash), Some(End::Crash)),
                    Blow::CutBefore => (Verdict::Stop(End::Cut), Some(End::Cut)),
                    Blow::CutAfter => (Verdict::GoThen(End::Cut), Some(End::Cut)),
                    Blow::CutLate => (Verdict::Late(End::Cut), Some(End::Cut)),
                    Blow::No => (Verdict::No, None),
                };
                self.end = end;
                self.late_at = late;
                verdict
            }
            _ => Verdict::Go,
        }
    }

    /// No content that somebody wants is ever without a copy (I6).
    pub(super) fn watch(&mut self, what: &str) {
        if self.broken.is_some() {
            return;
        }
        let there = self.server.mailboxes.values().flat_map(|mailbox| mailbox.messages.values());
        let here = self.disk.folders.values().flat_map(|directory| &directory.files);
        let all: BTreeSet<Mail> = there.map(|message| message.mail).chain(here.map(|entry| entry.mail)).collect();
        if let Some(mail) = self.wanted.difference(&all).next() {
            self.broken = Some(format!("I6: no copy of {mail} is left at step {}: {what}", self.steps));
        }
    }

    /// The flags that the server keeps.
    pub(super) fn kept(&self) -> (Flags, bool) {
        if self.options.keeps_few {
            (Flags::from_parts(31 & !(crate::imap::flag::SystemFlag::Answered as u8), []), false)
        } else {
            (Flags::from_parts(31, []), true)
        }
    }

    /// The keywords that a file can tell.
    pub(super) fn told() -> Flags {
        Flags::from_parts(0, ["ka".to_owned()])
    }
}

/// The model's time of day.
pub(super) struct ModelClock(pub(super) Shared);

impl Clock for ModelClock {
    fn now(&self) -> Timestamp {
        let now = self.0.lock().expect("one thread").now;
        Timestamp::from_nanosecond(now).expect("years before the end of time")
    }

    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        self.0.lock().expect("one thread").now += i128::try_from(wait.as_nanos()).expect("a short wait");
        Box::pin(std::future::ready(()))
    }
}

/// Octets that differ each time, and are the same in each world.
#[derive(Default)]
pub(super) struct ModelEntropy(AtomicU64);

impl Clone for ModelEntropy {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Entropy for ModelEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        buffer.iter_mut().zip(number.to_le_bytes().into_iter().cycle()).for_each(|(to, from)| *to = from);
    }
}
