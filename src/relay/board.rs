//! Who goes next: jobs by destination, with limits, so that nobody waits for somebody else's trouble.
//!
//! Destinations take turns. Each may have a few attempts under way, all together not many more; some
//! places are kept for messages that were never tried, because those that were may all be going to
//! hosts that do not answer. Pure: starts nothing and knows no time.
//! RFC 5321 §4.5.4.1; RFC 2914 §4 on not pressing a host that is in trouble.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How many attempts may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all, local ones not counted.
    pub total: usize,
    /// To one destination.
    pub each: usize,
    /// Of `total`, for jobs that were tried before.
    pub retries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: 20, each: 5, retries: 15 }
    }
}

/// The jobs that wait, and how many are under way.
#[derive(Debug)]
pub struct Board<D, J> {
    limits: Limits,
    lanes: HashMap<D, Lane<J>>,
    /// The destinations with waiting jobs, each once, whose turn it is first.
    turns: VecDeque<D>,
    waiting: usize,
    running: usize,
    retries: usize,
}

#[derive(Debug)]
struct Lane<J> {
    waiting: VecDeque<(J, bool)>,
    running: usize,
}

impl<D: Clone + Eq + Hash, J> Board<D, J> {
    /// An empty board.
    pub fn new(limits: Limits) -> Self {
        Self { limits, lanes: HashMap::new(), turns: VecDeque::new(), waiting: 0, running: 0, retries: 0 }
    }

    /// Adds a job; `retry` if it was tried before.
    pub fn push(&mut self, destination: D, job: J, retry: bool) {
        let lane =
            self.lanes.entry(destination.clone()).or_insert_with(|| Lane { waiting: VecDeque::new(), running: 0 });
        if lane.waiting.is_empty() {
            self.turns.push_back(destination);
        }
        lane.waiting.push_back((job, retry));
        self.waiting += 1;
    }

    /// The next job that may start; it counts as under way until [`Board::done`] is told.
    pub fn take(&mut self) -> Option<(D, J, bool)> {
        if self.running >= self.limits.total {
            return None;
        }
        for _ in 0..self.turns.len() {
            let destination = self.turns.pop_front()?;
            let lane = self.lanes.get_mut(&destination)?;
            let retry = lane.waiting.front().is_some_and(|(_, retry)| *retry);
            if lane.running >= self.limits.each || (retry && self.retries >= self.limits.retries) {
                self.turns.push_back(destination);
                continue;
            }
            let (job, retry) = lane.waiting.pop_front()?;
            lane.running += 1;
            if !lane.waiting.is_empty() {
                self.turns.push_back(destination.clone());
            }
            self.waiting -= 1;
            self.running += 1;
            self.retries += usize::from(retry);
            return Some((destination, job, retry));
        }
        None
    }

    /// A job that was taken has ended.
    pub fn done(&mut self, destination: &D, retry: bool) {
        self.running -= 1;
        self.retries -= usize::from(retry);
        if let Some(lane) = self.lanes.get_mut(destination) {
            lane.running -= 1;
            if lane.running == 0 && lane.waiting.is_empty() {
                self.lanes.remove(destination);
            }
        }
    }

    /// Takes a waiting job off the board without starting it.
    pub fn drop_next(&mut self) -> Option<J> {
        let destination = self.turns.front()?;
        let lane = self.lanes.get_mut(destination)?;
        let (job, _) = lane.waiting.pop_front()?;
        self.waiting -= 1;
        if lane.waiting.is_empty() {
            if lane.running == 0 {
                self.lanes.remove(destination);
            }
            self.turns.pop_front();
        }
        Some(job)
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.waiting == 0 && self.running == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn board(total: usize, each: usize, retries: usize) -> Board<&'static str, u32> {
        Board::new(Limits { total, each, retries })
    }

    fn taken(board: &mut Board<&'static str, u32>) -> Vec<(&'static str, u32)> {
        std::iter::from_fn(|| board.take()).map(|(destination, job, _)| (destination, job)).collect()
    }

    #[test]
    fn destinations_take_turns() {
        let mut board = board(10, 10, 10);
        for job in 0..3 {
            board.push("a", job, false);
        }
        board.push("b", 10, false);
        assert_eq!(taken(&mut board), [("a", 0), ("b", 10), ("a", 1), ("a", 2)]);
    }

    #[test]
    fn a_dead_destination_holds_its_own_places_only() {
        let mut board = board(20, 5, 15);
        for job in 0..50_000 {
            board.push("dead", job, false);
        }
        assert_eq!(taken(&mut board).len(), 5);
        board.push("alive", 7, false);
        assert_eq!(taken(&mut board), [("alive", 7)]);
        board.done(&"dead", false);
        assert_eq!(taken(&mut board), [("dead", 5)]);
    }

    #[test]
    fn old_trouble_leaves_room_for_new_mail() {
        let mut board = board(4, 5, 3);
        for (job, destination) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            board.push(destination, job as u32, true);
        }
        assert_eq!(taken(&mut board).len(), 3);
        board.push("new", 9, false);
        assert_eq!(taken(&mut board), [("new", 9)]);
        assert_eq!(board.waiting, 2);
        board.done(&"new", false);
        assert_eq!(taken(&mut board), []);
        board.done(&"a", true);
        assert_eq!(taken(&mut board).len(), 1);
    }

    proptest! {
        #[test]
        fn limits_hold_and_nothing_is_lost(jobs in prop::collection::vec((0..6u8, any::<bool>()), 0..200)) {
            let limits = Limits { total: 4, each: 2, retries: 3 };
            let mut board = Board::new(limits);
            for (index, (destination, retry)) in jobs.iter().enumerate() {
                board.push(*destination, index, *retry);
            }
            let mut seen = std::collections::BTreeSet::new();
            let mut running: VecDeque<(u8, bool)> = VecDeque::new();
            while !board.is_idle() {
                while let Some((destination, job, retry)) = board.take() {
                    prop_assert!(seen.insert(job));
                    running.push_back((destination, retry));
                    prop_assert!(running.len() <= limits.total);
                    prop_assert!(running.iter().filter(|(other, _)| *other == destination).count() <= limits.each);
                    prop_assert!(running.iter().filter(|(_, retry)| *retry).count() <= limits.retries);
                }
                let (destination, retry) = running.pop_front().expect("a board that is not idle runs something");
                board.done(&destination, retry);
            }
            prop_assert_eq!(seen.len(), jobs.len());
            prop_assert!(board.lanes.is_empty() && board.turns.is_empty());
        }
    }
}
