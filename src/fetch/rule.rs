//! Which messages of a maildrop are fetched, and which go: what is known of each, and what the user wants.
//!
//! Pure: rows, sizes, rules and the time come in, verdicts go out. Nothing is ever deleted that is not safe here, but
//! for what the user wants gone unread: larger ones, and those that his filter condemns.

use crate::store::maildrop::Row;
use crate::world::Timestamp;
use std::time::Duration;

/// What becomes of messages on the server once they are safe here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// They stay.
    #[default]
    All,
    /// They go.
    None,
    /// They go when they have been here for so long.
    For(Duration),
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// What stays.
    pub keep: Keep,
    /// Larger messages are not fetched.
    pub size_max: Option<u64>,
    /// They are deleted unread.
    pub deletes_larger: bool,
    /// Fetches no more messages in one run.
    pub messages_max: Option<usize>,
    /// Fetches no more octets in one run.
    pub octets_max: Option<u64>,
    /// Fetches what was fetched before, too.
    pub again: bool,
}

/// What is done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Verdict {
    /// It is safe here. Whether it goes.
    Known {
        /// It is deleted.
        goes: bool,
    },
    /// It is too large. Whether it goes.
    Larger {
        /// It is deleted.
        goes: bool,
    },
    /// It is fetched.
    New,
    /// It is fetched behind all new ones, since it did not come whole before.
    Again,
}

/// The row that a listed message has: of its name and of its size, since a name may have been given again;
/// or of its name alone, if no more was remembered once.
pub(super) fn row_of(rows: &[Row], size: u64) -> Option<&Row> {
    let is_older = |row: &&Row| row.size == Row::SIZE_UNKNOWN && row.state.is_living();
    rows.iter().find(|row| row.size == size).or_else(|| rows.iter().find(is_older))
}

impl Rules {
    /// What to do about a message of this size, of which this is known.
    pub(super) fn judge(&self, size: u64, row: Option<&Row>, now: Timestamp) -> Verdict {
        let is_larger = self.size_max.is_some_and(|max| size > max);
        match row {
            Some(row) if row.state.is_safe() && !self.again => {
                Verdict::Known { goes: self.keep.is_over(row.first_seen, now) }
            }
            _ if is_larger => Verdict::Larger { goes: self.deletes_larger },
            Some(row) if !row.state.is_safe() => Verdict::Again,
            _ => Verdict::New,
        }
    }

    /// How many of these sizes are fetched in this run. One message is fetched whatever its size, or it never would be.
    pub(super) fn fitting(&self, sizes: impl Iterator<Item = u64>) -> usize {
        let mut octets = 0_u64;
        let is_fitting = |(count, size): &(usize, u64)| {
            octets = octets.saturating_add(*size);
            let is_within = self.octets_max.is_none_or(|max| octets <= max || *count == 0);
            is_within && self.messages_max.is_none_or(|max| *count < max)
        };
        sizes.enumerate().take_while(is_fitting).count()
    }
}

impl Keep {
    /// Whether a message that is here since then goes now.
    pub(super) fn is_over(self, since: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::All => false,
            Self::None => true,
            Self::For(time) => now.duration_since(since).unsigned_abs() >= time && now >= since,
        }
    }
}

impl std::str::FromStr for Keep {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            time => crate::duration::parse(time).map(Self::For).map_err(|_| {
                "write all, none, or how long they stay once they are safe here: a number and h, d or w, as in 7d"
                    .into()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::maildrop::State;

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn row(size: u64, state: State) -> Row {
        Row { uid: "a".into(), size, digest: None, first_seen: at(0), state, changed: at(0) }
    }

    #[test]
    fn what_is_safe_here_may_go_and_nothing_else() {
        use State::{DeletePending, Deleted, Delivered, Troubled};
        let week = Keep::For(Duration::from_secs(7 * 24 * 60 * 60));
        let (stays, goes) = (Verdict::Known { goes: false }, Verdict::Known { goes: true });
        for (keep, state, day, wanted) in [
            (Keep::All, None, 0, Verdict::New),
            (Keep::None, None, 0, Verdict::New),
            (Keep::None, Some(Troubled), 0, Verdict::Again),
            (Keep::All, Some(Delivered), 100, stays),
            (Keep::None, Some(Delivered), 0, goes),
            (Keep::None, Some(DeletePending), 0, goes),
            (Keep::None, Some(Deleted), 0, goes),
            (week, Some(Delivered), 6, stays),
            (week, Some(Delivered), 7, goes),
            (week, Some(Delivered), -8, stays),
            (week, None, 9, Verdict::New),
        ] {
            let rules = Rules { keep, ..Rules::default() };
            let row = state.map(|state| row(5, state));
            assert_eq!(rules.judge(5, row.as_ref(), at(day * DAY)), wanted, "{keep:?} {state:?} {day}");
        }
    }

    #[test]
    fn larger_ones_stay_unless_that_is_said() {
        for (deletes_larger, size, state, wanted) in [
            (false, 11, None, Verdict::Larger { goes: false }),
            (true, 11, None, Verdict::Larger { goes: true }),
            (true, 10, None, Verdict::New),
            (true, 11, Some(State::Troubled), Verdict::Larger { goes: true }),
            (true, 11, Some(State::Delivered), Verdict::Known { goes: false }),
        ] {
            let rules = Rules { size_max: Some(10), deletes_larger, ..Rules::default() };
            let row = state.map(|state| row(size, state));
            assert_eq!(rules.judge(size, row.as_ref(), at(0)), wanted, "{size} {state:?}");
        }
        let rules = Rules { again: true, ..Rules::default() };
        assert_eq!(rules.judge(1, Some(&row(1, State::Delivered)), at(0)), Verdict::New);
    }

    #[test]
    fn a_name_that_is_given_again_is_another_message() {
        let rows = [row(5, State::Deleted), row(6, State::Delivered)];
        for (size, wanted) in [(5, Some(5)), (6, Some(6)), (7, None)] {
            assert_eq!(row_of(&rows, size).map(|row| row.size), wanted);
        }
        let older = |state| [row(Row::SIZE_UNKNOWN, state)];
        assert!(row_of(&older(State::Delivered), 7).is_some() && row_of(&older(State::Deleted), 7).is_none());
    }

    #[test]
    fn a_run_has_its_limits_and_fetches_something() {
        for (messages_max, octets_max, sizes, wanted) in [
            (None, None, &[1, 2, 3][..], 3),
            (Some(2), None, &[1, 2, 3], 2),
            (Some(0), None, &[1], 0),
            (None, Some(3), &[1, 2, 3], 2),
            (None, Some(3), &[9, 1], 1),
            (Some(5), Some(100), &[1, 2], 2),
        ] {
            let rules = Rules { messages_max, octets_max, ..Rules::default() };
            assert_eq!(rules.fitting(sizes.iter().copied()), wanted);
        }
    }

    #[test]
    fn what_stays_is_said_in_a_word_or_a_time() {
        for (text, wanted) in [
            ("all", Some(Keep::All)),
            ("none", Some(Keep::None)),
            ("36h", Some(Keep::For(Duration::from_secs(36 * 60 * 60)))),
            ("7", None),
            ("", None),
            ("some", None),
        ] {
            assert_eq!(text.parse::<Keep>().ok(), wanted, "{text}");
        }
    }
}
