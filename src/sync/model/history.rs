//! A history: what users did, how runs ended, and whether the end is right.

use super::local::ModelLocal;
use super::mail::Mail;
use super::operation::Op;
use super::oracle::{Before, Holding, Snapshot, wrong};
use super::remote::ModelRemote;
use super::state::ModelState;
use super::world::{Blow, Fault, ModelClock, ModelEntropy, Options, SECOND, Shared, Site, World};
use super::wrong::Rule;
use crate::error::Result;
use crate::sync::memory::MemoryState;
use crate::sync::policy::{Guard, Policy};
use crate::sync::run::{Parts, Report, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

/// What users do, and then a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) ops: Vec<Op>,
    pub(super) fault: Option<Fault>,
    /// What users do during the run, at which step.
    pub(super) visits: Vec<(u32, Op)>,
    /// Seconds between what users did and the run.
    pub(super) wait: u8,
    /// Both sides are left in peace after it, and looked at.
    pub(super) settles: bool,
}

/// A history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    pub(super) options: Options,
    pub(super) rounds: Vec<Round>,
}

/// Both sides and the memory, between runs.
pub(super) struct Play {
    pub(super) world: Shared,
    pub(super) memory: MemoryState,
    pub(super) policy: Policy,
    pub(super) rule: Option<Rule>,
    entropy: ModelEntropy,
    agreed: Snapshot,
    changed: Option<Snapshot>,
    is_changed: bool,
    /// Runs that were begun.
    pub(super) runs: u64,
}

/// Nobody else has any work to do; whoever waits for ever is dead.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> Option<T> {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    while woken.0.swap(false, Ordering::Relaxed) {
        if let Poll::Ready(result) = work.as_mut().poll(&mut context) {
            return Some(result);
        }
    }
    None
}

/// The policy of models: everything in both directions, and users who mean it.
pub(super) fn trusting() -> Policy {
    let guard = Guard { messages: u64::MAX, percent: 100, allowed: u64::MAX };
    Policy { guard, ..Policy::default() }
}

impl Play {
    pub(super) fn new(options: Options, policy: Policy, rule: Option<Rule>) -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new(options))),
            memory: MemoryState::default(),
            policy,
            rule,
            entropy: ModelEntropy::default(),
            agreed: Snapshot::default(),
            changed: None,
            is_changed: false,
            runs: 0,
        }
    }

    /// The same world once more.
    pub(super) fn fork(&self) -> Self {
        let world = Arc::new(Mutex::new(self.world().clone()));
        let (memory, policy) = (self.memory.clone(), self.policy.clone());
        let (agreed, changed) = (self.agreed.clone(), self.changed.clone());
        let entropy = self.entropy.clone();
        Self { world, memory, policy, rule: self.rule, entropy, agreed, changed, is_changed: self.is_changed, runs: 0 }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("one thread")
    }

    /// One run; nothing if it was killed.
    pub(super) fn run(&mut self, fault: Option<Fault>, visits: Vec<(u32, Op)>) -> Option<Result<Report>> {
        self.runs += 1;
        self.world().begin(fault, visits);
        let mut local = ModelLocal { world: self.world.clone(), rule: self.rule };
        let mut remote = ModelRemote { world: self.world.clone(), lives: BTreeMap::new(), rule: self.rule };
        let world = self.world.clone();
        let mut state = ModelState { memory: &mut self.memory, world, rule: self.rule, held: Vec::new() };
        let clock = ModelClock(self.world.clone());
        let parts = Parts {
            local: &mut local,
            remote: &mut remote,
            state: &mut state,
            account: "bob@host",
            policy: &self.policy,
            clock: &clock,
            entropy: &self.entropy,
            is_full: false,
            progress: &mut |_, _| {},
        };
        block_on(Run::new(parts).run())
    }

    /// What users do.
    pub(super) fn users(&mut self, ops: &[Op]) {
        if ops.is_empty() {
            return;
        }
        ops.iter().for_each(|op| self.world().apply(op));
        // Between runs that were cut off nobody knows what was agreed.
        self.changed = if self.is_changed { None } else { Some(Snapshot::of(&self.world())) };
        self.is_changed = true;
    }

    pub(super) fn round(&mut self, round: &Round) -> Result<(), String> {
        self.users(&round.ops);
        self.world().now += i128::from(round.wait) * SECOND;
        if !self.is_changed {
            self.changed = Some(self.agreed.clone());
        }
        self.is_changed = true;
        if !round.visits.is_empty() {
            self.changed = None;
        }
        let ran = self.run(round.fault, round.visits.clone());
        // While a mailbox cannot be opened, or its messages cannot be described, nobody knows whether what is new
        // elsewhere came from there: an edited message may then be there twice, and nobody loses one.
        let is_refused = |fault: &Fault| {
            let site = self.world().sites.get(fault.at as usize - 1).copied();
            fault.blow == Blow::No && site == Some(Site::Ask)
        };
        if round.fault.as_ref().is_some_and(is_refused) {
            self.changed = None;
        }
        // A directory that goes away under a run ends it.
        if round.fault.is_none()
            && round.visits.is_empty()
            && let Some(Err(error)) = ran
        {
            return Err(format!("a run failed: {error}"));
        }
        if let Some(broken) = &self.world().broken {
            return Err(broken.clone());
        }
        if round.settles { self.settle() } else { Ok(()) }
    }

    /// Leaves both sides in peace: two runs and what the server still had to do, and there is nothing to do any more.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        let had_late = !self.world().late.is_empty();
        let most = 3 + usize::from(had_late);
        let mut last = String::new();
        let mut is_idle = false;
        for number in 1..=most {
            self.world().now += 60 * SECOND;
            let report = match self.run(None, Vec::new()) {
                Some(Ok(report)) => report,
                Some(Err(error)) => return Err(format!("a run failed: {error}")),
                None => return Err("a run waits for ever".to_owned()),
            };
            let mut world = self.world();
            let tally = world.tally;
            world.flush();
            if let Some(broken) = &world.broken {
                return Err(broken.clone());
            }
            is_idle = tally.orders == 0 && tally.deeds == 0 && tally.bodies == 0;
            if is_idle && (number > 1 || !had_late) {
                break;
            }
            last = format!("{tally:?} {report:?}");
        }
        if !is_idle {
            return Err(format!("I3: the third run has something to do: {last}"));
        }
        let mut world = self.world();
        let before = Before { agreed: &self.agreed, changed: self.changed.as_ref(), stories: &world.stories };
        if let Some(why) = wrong(&world, &before) {
            return Err(why);
        }
        let now = Snapshot::of(&world);
        let count = |side: &Holding, mail: &Mail| side.get(mail).map_or(0, Vec::len);
        let stranded: BTreeSet<Mail> = now
            .here
            .keys()
            .filter(|mail| count(&now.here, mail) > count(&now.there, mail))
            .filter(|mail| world.has_new_life || world.stranded.contains(mail))
            .copied()
            .collect();
        (world.stranded, world.has_new_life) = (stranded, false);
        world.stories.clear();
        drop(world);
        (self.agreed, self.changed, self.is_changed) = (now, None, false);
        Ok(())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.options)?;
        for Round { ops, fault, visits, wait, settles } in &self.rounds {
            writeln!(f, "after {wait} s, then peace: {settles}, {fault:?}")?;
            ops.iter().try_for_each(|op| writeln!(f, "  {op:?}"))?;
            visits.iter().try_for_each(|(step, op)| writeln!(f, "  at step {step}: {op:?}"))?;
        }
        Ok(())
    }
}

impl History {
    /// Plays it to its end; what is wrong with it.
    pub(super) fn play(&self, rule: Option<Rule>) -> Result<u64, String> {
        let mut play = Play::new(self.options.clone(), trusting(), rule);
        play.settle()?;
        for round in &self.rounds {
            play.round(round)?;
        }
        play.settle()?;
        Ok(play.runs)
    }

    /// A short one that is wrong as well.
    pub(super) fn shrunk(&self, rule: Option<Rule>) -> Self {
        let mut best = self.clone();
        loop {
            let shorter = best.shorter().into_iter().find(|shorter| shorter.play(rule).is_err());
            match shorter {
                Some(shorter) => best = shorter,
                None => return best,
            }
        }
    }

    /// All that lack one thing.
    fn shorter(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut one = self.clone();
            change(&mut one);
            if one != *self {
                all.push(one);
            }
        };
        for at in 0..self.rounds.len() {
            with(&|it| _ = it.rounds.remove(at));
        }
        for (at, round) in self.rounds.iter().enumerate() {
            for op in 0..round.ops.len() {
                with(&|it| _ = it.rounds[at].ops.remove(op));
            }
            for visit in 0..round.visits.len() {
                with(&|it| _ = it.rounds[at].visits.remove(visit));
            }
            with(&|it| it.rounds[at].fault = None);
            with(&|it| it.rounds[at].wait = 60);
            with(&|it| it.rounds[at].settles = false);
        }
        with(&|it| it.options.tier = 0);
        with(&|it| it.options.has_uidplus = true);
        with(&|it| it.options.has_move = true);
        with(&|it| it.options.has_email_ids = true);
        with(&|it| it.options.has_mailbox_ids = true);
        with(&|it| it.options.tells_ids = true);
        with(&|it| it.options.tells_counters = true);
        with(&|it| it.options.has_wrong_sizes = false);
        with(&|it| it.options.keeps_few = false);
        with(&|it| it.options.coarse = 1);
        all
    }
}
