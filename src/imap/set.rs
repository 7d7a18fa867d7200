//! Sets of numbers: what `1:3,7,9:*` means, and how a list of UIDs is written short.
//!
//! A set is kept as ranges and never written out, so that `1:4294967295` costs what it takes to
//! say it. Whether the numbers are UIDs or sequence numbers is the caller's business.
//! RFC 9051 §9 (sequence-set, uid-set).

use super::number::Uid;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

/// A set as its sender wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceSet(Vec<(Bound, Bound)>);

/// One end of a range; `None` is `*`, the largest number there is.
type Bound = Option<NonZeroU32>;

impl SequenceSet {
    /// Reads a set; `None` if it is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let ranges = text.split(|octet| *octet == b',').map(|range| {
            let mut ends = range.splitn(2, |octet| *octet == b':');
            let from = bound(ends.next()?)?;
            let to = ends.next().map_or(Some(from), bound)?;
            Some((from, to))
        });
        ranges.collect::<Option<Vec<_>>>().map(Self)
    }

    /// The octets that may stand in a set.
    pub fn is_part(octet: u8) -> bool {
        octet.is_ascii_digit() || matches!(octet, b',' | b':' | b'*')
    }

    /// The ranges in rising order, none touching another, with `*` put as `largest`. A `*` among no numbers means none.
    pub fn ranges(&self, largest: Option<u32>) -> Vec<RangeInclusive<u32>> {
        let end = |bound: Bound| bound.map_or(largest, |number| Some(number.get()));
        // RFC 9051 §9: 2:4 and 4:2 are equivalent.
        let mut sorted: Vec<(u32, u32)> = self
            .0
            .iter()
            .filter_map(|(from, to)| Some((end(*from)?, end(*to)?)))
            .map(|(from, to)| (from.min(to), from.max(to)))
            .collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match merged.last_mut() {
                Some((_, last)) if from <= last.saturating_add(1) => *last = to.max(*last),
                _ => merged.push((from, to)),
            }
        }
        merged.into_iter().map(|(from, to)| from..=to).collect()
    }

    /// Whether it names a number above `largest`, other than as the one end of a range whose other end is `*`.
    pub fn names_beyond(&self, largest: u32) -> bool {
        self.0.iter().any(|(from, to)| matches!((from, to), (Some(from), Some(to)) if from.max(to).get() > largest))
    }
}

fn bound(text: &[u8]) -> Option<Bound> {
    match text {
        b"*" => Some(None),
        // Leading zeros are no nz-number, and a sign is none either.
        [b'1'..=b'9', ..] if text.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(text).ok()?.parse().ok().map(Some)
        }
        _ => None,
    }
}

impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (from, to)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write_bound(f, *from)?;
            if from != to {
                f.write_str(":")?;
                write_bound(f, *to)?;
            }
        }
        Ok(())
    }
}

fn write_bound(f: &mut fmt::Formatter<'_>, bound: Bound) -> fmt::Result {
    match bound {
        Some(number) => write!(f, "{number}"),
        None => f.write_str("*"),
    }
}

/// UIDs in the order given, runs of rising ones as ranges. The order counts where two such lists are paired (RFC 4315 §3).
pub fn print_uids(uids: impl IntoIterator<Item = Uid>) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let mut run: Option<(u32, u32)> = None;
    let mut flush = |run: Option<(u32, u32)>| {
        let Some((from, to)) = run else { return };
        let comma = if text.is_empty() { "" } else { "," };
        let written = if from == to { write!(text, "{comma}{from}") } else { write!(text, "{comma}{from}:{to}") };
        debug_assert!(written.is_ok(), "a String takes all");
    };
    for uid in uids.into_iter().map(Uid::get) {
        run = match run {
            Some((from, to)) if to.checked_add(1) == Some(uid) => Some((from, uid)),
            other => {
                flush(other);
                Some((uid, uid))
            }
        };
    }
    flush(run);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sets_are_read_strictly() {
        for good in ["1", "*", "1:*", "*:1", "2,4:7,9,12:*", "4294967295", "5:3"] {
            assert_eq!(SequenceSet::parse(good.as_bytes()).map(|set| set.to_string()).as_deref(), Some(good));
        }
        for bad in ["", "0", "01", "1,", ",1", "1:", ":1", "1:2:3", "-1", "+1", "4294967296", "1:0", "**", "1 2", "a"] {
            assert_eq!(SequenceSet::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn ranges_are_sorted_merged_and_know_the_largest() {
        for (text, largest, wanted) in [
            ("1:3,2:5", Some(9), vec![1..=5]),
            ("5:3,1,2", Some(9), vec![1..=5]),
            ("7,1:2", Some(9), vec![1..=2, 7..=7]),
            ("12:*", Some(9), vec![9..=12]),
            ("*", Some(9), vec![9..=9]),
            ("*,1:*", None, vec![]),
            ("1:4294967295,4294967295", Some(9), vec![1..=u32::MAX]),
        ] {
            assert_eq!(SequenceSet::parse(text.as_bytes()).map(|set| set.ranges(largest)), Some(wanted), "{text}");
        }
    }

    #[test]
    fn numbers_beyond_the_largest_are_found() {
        for (text, wanted) in [("1:3", false), ("4", true), ("2:4", true), ("9:*", false), ("*", false), ("*,4", true)]
        {
            assert_eq!(SequenceSet::parse(text.as_bytes()).map(|set| set.names_beyond(3)), Some(wanted), "{text}");
        }
    }

    #[test]
    fn uids_are_written_short_and_in_their_order() {
        let print = |uids: &[u32]| print_uids(uids.iter().filter_map(|uid| Uid::new(*uid)));
        assert_eq!(print(&[]), "");
        assert_eq!(print(&[1, 2, 3, 5, 9, 10]), "1:3,5,9:10");
        assert_eq!(print(&[5, 4, 3, 4, 5]), "5,4,3:5");
        assert_eq!(print(&[u32::MAX - 1, u32::MAX, 1]), "4294967294:4294967295,1");
    }

    proptest! {
        #[test]
        fn what_is_written_means_the_same_numbers(numbers in proptest::collection::btree_set(1_u32..200, 1..60)) {
            let text = print_uids(numbers.iter().filter_map(|number| Uid::new(*number)));
            let set = SequenceSet::parse(text.as_bytes()).expect("a set");
            let read: Vec<u32> = set.ranges(None).into_iter().flatten().collect();
            prop_assert_eq!(read, numbers.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn parsing_never_panics(text in proptest::collection::vec(any::<u8>(), 0..30)) {
            if let Some(set) = SequenceSet::parse(&text) {
                prop_assert_eq!(SequenceSet::parse(set.to_string().as_bytes()), Some(set));
            }
        }
    }
}
