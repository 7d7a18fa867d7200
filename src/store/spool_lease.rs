//! Leases: which recipients somebody is at work on, and how far the queue was looked through.
//!
//! Recipients with one way out share a lane, and a lane has only so many leases: what waits for a host
//! that does not answer stays in the index, where it costs no memory, and the others pass it by. Rows
//! are looked at in the order in which they are due, each about once: a mark says how far that is, and
//! each lane remembers from where on its own were passed by. In memory only: after a restart everything
//! that is due is due. Knows neither SQL nor what a lane stands for.

use super::entry::Lanes;
use super::id::SpoolId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A recipient: of which message, and which of its envelope.
pub(super) type Place = (SpoolId, u32);

/// A place in the order of the queue. What lies at it or before it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) due: i64,
    pub(super) id: SpoolId,
    /// One less than the first recipient is before all of the message's.
    pub(super) number: i64,
}

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is leased now.
    Taken,
    /// Somebody has it, or it has to wait for others of its lane.
    Passed,
    /// The lane that was looked for has no more room.
    Full,
}

/// All leases.
#[derive(Debug, Default)]
pub(super) struct Leases {
    taken: HashMap<Place, Arc<str>>,
    counts: HashMap<Arc<str>, usize>,
    /// Lanes of which rows were passed by, and the mark before the first of those.
    passed: HashMap<Arc<str>, Mark>,
    /// Messages that nobody may have yet.
    held: HashSet<SpoolId>,
    seen: Mark,
}

impl Default for Mark {
    /// Before everything.
    fn default() -> Self {
        Self { due: i64::MIN, id: SpoolId::FIRST, number: -1 }
    }
}

impl Mark {
    /// Right before a recipient.
    pub(super) fn before(due: i64, (id, number): Place) -> Self {
        Self { due, id, number: i64::from(number) - 1 }
    }

    fn at(due: i64, (id, number): Place) -> Self {
        Self { due, id, number: i64::from(number) }
    }
}

impl Leases {
    /// How far everything was looked at.
    pub(super) fn seen(&self) -> Mark {
        self.seen
    }

    pub(super) fn is_taken(&self, place: Place) -> bool {
        self.taken.contains_key(&place) || self.held.contains(&place.0)
    }

    /// Nobody gets this message until it is let go, whether it is here already or comes yet.
    pub(super) fn hold(&mut self, id: SpoolId) {
        self.held.insert(id);
    }

    /// Lets a message go that was held.
    pub(super) fn let_go(&mut self, id: SpoolId) {
        if self.held.remove(&id) {
            self.look_anew();
        }
    }

    /// The lanes that have room again for what was passed by, and from where on to look for it.
    pub(super) fn ready(&self, lanes: &Lanes) -> Vec<(Arc<str>, Mark)> {
        let has_room = |lane: &Arc<str>| self.counts.get(lane).is_none_or(|count| *count < lanes.each);
        self.passed.iter().filter(|(lane, _)| has_room(lane)).map(|(lane, mark)| (lane.clone(), *mark)).collect()
    }

    /// Looks at the next row behind [`Leases::seen`].
    pub(super) fn look(&mut self, due: i64, place: Place, lane: Arc<str>, lanes: &Lanes) -> Look {
        self.seen = Mark::at(due, place);
        if self.is_taken(place) {
            return Look::Passed;
        }
        if self.take(place, &lane, lanes) {
            return Look::Taken;
        }
        let before = Mark::before(due, place);
        self.passed.entry(lane).and_modify(|first| *first = before.min(*first)).or_insert(before);
        Look::Passed
    }

    /// Looks again at a row that may have been passed by, for one lane.
    pub(super) fn look_again(
        &mut self,
        due: i64,
        place: Place,
        lane: &Arc<str>,
        wanted: &Arc<str>,
        lanes: &Lanes,
    ) -> Look {
        let is_other = lane != wanted || self.is_taken(place);
        let look = match is_other {
            true => Look::Passed,
            false if self.take(place, lane, lanes) => Look::Taken,
            false => Look::Full,
        };
        let mark = if look == Look::Full { Mark::before(due, place) } else { Mark::at(due, place) };
        self.passed.insert(wanted.clone(), mark);
        look
    }

    /// Nothing of this lane is left that was passed by.
    pub(super) fn forget_passed(&mut self, lane: &Arc<str>) {
        self.passed.remove(lane);
    }

    /// A row is due now at this mark, or will be.
    pub(super) fn came(&mut self, before: Mark) {
        self.seen = self.seen.min(before);
    }

    /// Looks at everything anew: rows have moved.
    pub(super) fn look_anew(&mut self) {
        self.seen = Mark::default();
        self.passed.clear();
    }

    /// A recipient is settled or given back.
    pub(super) fn free(&mut self, place: Place) {
        let Some(lane) = self.taken.remove(&place) else { return };
        if let Some(count) = self.counts.get_mut(&lane) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&lane);
            }
        }
    }

    fn take(&mut self, place: Place, lane: &Arc<str>, lanes: &Lanes) -> bool {
        let count = self.counts.entry(lane.clone()).or_default();
        if *count >= lanes.each {
            return false;
        }
        *count += 1;
        self.taken.insert(place, lane.clone());
        true
    }
}
