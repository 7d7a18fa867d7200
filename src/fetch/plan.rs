//! The plan of a run: each message of a maildrop with what is done about it.
//!
//! Brings together what the server lists, what is remembered and what the target holds. Talks to no server and changes
//! nothing but rows.

use super::name::message_name;
use super::rule::{Rules, Verdict, row_of};
use super::target::Target;
use crate::engine::pop3::Maildrop;
use crate::error::Result;
use crate::store::maildrop::{Register, Row, State};
use crate::world::Timestamp;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// How long a message is remembered that the server lists no more.
const MEMORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Rows written in one commit.
const ROWS_MAX: usize = 1000;

/// What is done about each message, by its place in the maildrop; nothing about those that are not here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To fetch, in this order.
    pub fetch: Vec<u32>,
    /// Safe here, and to be deleted there.
    pub delete: Vec<u32>,
    /// To be deleted there unread.
    pub condemned: Vec<u32>,
    /// Messages that are safe here.
    pub known: usize,
    /// Messages that are too large and stay.
    pub larger: Vec<u32>,
    /// Messages that the filter leaves there.
    pub skipped: usize,
    /// Messages that another run fetches.
    pub later: usize,
    /// Messages that are the same as one that is fetched, by their places.
    pub twins: Vec<(u32, u32)>,
    /// Messages that cannot be told from each other another day.
    pub nameless: Vec<u32>,
    /// How many of the remembered living messages are listed.
    pub(super) met: u64,
}

/// Looks at each message.
pub(super) fn plan(
    maildrop: &Maildrop,
    mut register: Option<&mut (dyn Register + '_)>,
    target: &mut dyn Target,
    rules: &Rules,
    source: &str,
    now: Timestamp,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let (mut again, mut found): (Vec<u32>, Vec<Row>) = (Vec::new(), Vec::new());
    let mut first: HashMap<(&str, u64), u32> = HashMap::new();
    let remembers = register.is_some();
    for (index, (_, size, uid)) in (0_u32..).zip(maildrop.iter()) {
        let Some(uid) = uid else {
            if remembers { &mut plan.nameless } else { &mut plan.fetch }.push(index);
            continue;
        };
        let rows = register.as_deref_mut().map_or(Ok(Vec::new()), |register| register.find(uid))?;
        let mut row = row_of(&rows, size).cloned();
        plan.met += u64::from(row.as_ref().is_some_and(|row| row.state.is_living()));
        if row.is_none() && target.holds(&message_name(uid, source, size, None)) {
            // A crash came between the target and the row.
            found.push(delivered(uid, size, now));
            row = found.last().cloned();
        }
        if let Some(older) = row.as_ref().filter(|row| row.size == Row::SIZE_UNKNOWN) {
            found.push(Row { state: State::Deleted, changed: now, ..older.clone() });
            found.push(Row { size, ..older.clone() });
        }
        match rules.judge(size, row.as_ref(), now) {
            Verdict::Known { goes } => {
                plan.known += 1;
                plan.delete.extend(goes.then_some(index));
            }
            Verdict::Larger { goes: true } => plan.condemned.push(index),
            Verdict::Larger { goes: false } => plan.larger.push(index),
            // RFC 1939 §7: messages that are the same may have the same id, so one of them stands for all.
            verdict => match first.entry((uid, size)) {
                Entry::Occupied(twin) => plan.twins.push((index, *twin.get())),
                Entry::Vacant(place) => {
                    place.insert(index);
                    if verdict == Verdict::Again { &mut again } else { &mut plan.fetch }.push(index);
                }
            },
        }
        remember(&mut register, &mut found, ROWS_MAX)?;
    }
    remember(&mut register, &mut found, 1)?;
    plan.fetch.extend(again);
    plan.known += plan.twins.len();
    Ok(plan)
}

/// The row of a message that is safe here.
pub(super) fn delivered(uid: &str, size: u64, now: Timestamp) -> Row {
    Row { uid: uid.to_owned(), size, digest: None, first_seen: now, state: State::Delivered, changed: now }
}

fn remember(register: &mut Option<&mut (dyn Register + '_)>, rows: &mut Vec<Row>, least: usize) -> Result<()> {
    match register {
        Some(register) if rows.len() >= least => register.commit(&std::mem::take(rows)),
        _ => Ok(()),
    }
}

impl Plan {
    /// Takes the limits of a run into account.
    pub(super) fn limit(&mut self, maildrop: &Maildrop, rules: &Rules) {
        let size = |index: &u32| maildrop.get(*index as usize).map_or(0, |(_, size, _)| size);
        let fitting = rules.fitting(self.fetch.iter().map(size));
        self.later = self.fetch.len() - fitting;
        self.fetch.truncate(fitting);
    }
}

/// Whether the server seems to have forgotten what it called its messages: half of what lives is not listed, and half of
/// what is listed is not known.
pub(super) fn is_reset(plan: &Plan, listed: usize, living: u64) -> bool {
    let gone = living.saturating_sub(plan.met);
    gone > 0 && gone * 2 >= living && plan.fetch.len() * 2 >= listed && !plan.fetch.is_empty()
}

/// Rows of living messages that the server does not list, each once.
pub(super) fn unlisted(maildrop: &Maildrop, register: &mut dyn Register) -> Result<Vec<Row>> {
    let listed: HashSet<&str> = maildrop.iter().filter_map(|(_, _, uid)| uid).collect();
    let mut found: Vec<Row> = Vec::new();
    let mut last: Option<(String, u64)> = None;
    loop {
        let page = register.page(last.as_ref().map(|(uid, size)| (uid.as_str(), *size)))?;
        let Some(end) = page.last() else { return Ok(found) };
        last = Some((end.uid.clone(), end.size));
        found.extend(page.into_iter().filter(|row| !listed.contains(row.uid.as_str())));
    }
}

/// Buries what is not listed any more, and forgets what was buried long ago.
pub(super) fn bury(plan: &Plan, maildrop: &Maildrop, register: &mut dyn Register, now: Timestamp) -> Result<()> {
    if register.living()? > plan.met {
        let gone = unlisted(maildrop, register)?;
        let buried = gone.into_iter().map(|row| Row { state: State::Deleted, changed: now, ..row });
        let buried: Vec<Row> = buried.collect();
        for rows in buried.chunks(ROWS_MAX) {
            register.commit(rows)?;
        }
    }
    now.checked_sub(MEMORY).map_or(Ok(()), |before| register.forget(before))
}
