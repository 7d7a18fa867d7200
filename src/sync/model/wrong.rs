//! Mistakes made on purpose: each is one that a run must not make, and each must be found.

use super::random::history;
use crate::sync::memory::MemoryState;
use crate::sync::row::{Fate, Row};
use crate::sync::state::Edit;

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// That a message is about to be sent is not written down.
    ForgetSending,
    /// That a message is about to be moved is not written down.
    ForgetMoving,
    /// How far the server was seen is written down before what was seen.
    PositionFirst,
    /// That a message was sent twice is not written down.
    ForgetGhosts,
    /// What was not found in a directory is gone, whoever renamed meanwhile.
    BelieveAbsence,
    /// A mailbox's new life is taken for its old one.
    OneLife,
    /// All messages are taken for the same.
    AllAlike,
}

const ALL: [Rule; 7] = [
    Rule::ForgetSending,
    Rule::ForgetMoving,
    Rule::PositionFirst,
    Rule::ForgetGhosts,
    Rule::BelieveAbsence,
    Rule::OneLife,
    Rule::AllAlike,
];

impl Rule {
    /// What is written instead.
    pub(super) fn spoil(self, edits: Vec<Edit>, _memory: &MemoryState) -> Vec<Edit> {
        let each = edits.into_iter().filter_map(|edit| match edit {
            Edit::Ghost(_) if self == Self::ForgetGhosts => None,
            Edit::Put(row) => Some(Edit::Put(self.spoil_row(row))),
            Edit::Insert(row) => Some(Edit::Insert(self.spoil_row(row))),
            other => Some(other),
        });
        each.collect()
    }

    fn spoil_row(self, mut row: Row) -> Row {
        match (self, &row.fate) {
            (Self::ForgetSending, Fate::Sending { .. }) | (Self::ForgetMoving, Fate::Moving { .. }) => {
                row.fate = Fate::Normal;
            }
            (Self::AllAlike, _) => row.likeness.object = Some("it".to_owned()),
            _ => {}
        }
        row
    }
}

/// Histories within which each mistake has to be found.
const HISTORIES: u64 = 20_000;

#[test]
fn a_run_that_makes_a_mistake_is_found_out() {
    for rule in ALL {
        let found = (0..HISTORIES).find(|seed| history(*seed).play(Some(rule)).is_err());
        let Some(seed) = found else { panic!("{rule:?} is not found in {HISTORIES} histories") };
        assert!(history(seed).play(None).is_ok(), "history {seed} is wrong without {rule:?}");
    }
}
