//! Sets of numbers: what `1:3,7,9:*` means, and how a list of UIDs is written short.
//!
//! A set is kept as ranges and never written out, so that `1:4294967295` costs what it takes to
//! say it. Whether the numbers are UIDs or sequence numbers is the caller's business.
//! RFC 9051 §9 (sequence-set, uid-set).

use super::number::Uid;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::{RangeBounds, RangeInclusive};

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

/// UIDs as a server names them: ranges in its order, each with its lower end first. Never written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidRanges<'a>(&'a [u8]);

impl<'a> UidRanges<'a> {
    /// Reads a set without `*`, which a server has no reason to say; `None` if it is none.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        split(text).all(|range| range.is_some()).then_some(Self(text))
    }

    /// The ranges.
    pub fn iter(self) -> impl Iterator<Item = RangeInclusive<Uid>> + use<'a> {
        split(self.0).flatten()
    }

    /// How many UIDs, those named twice counted twice.
    pub fn count(self) -> u64 {
        self.iter().map(|range| u64::from(range.end().get() - range.start().get()) + 1).sum()
    }

    /// The UIDs one by one, for a set whose size is known to be small: no more than `max` of them.
    pub fn uids(self, max: usize) -> impl Iterator<Item = Uid> + use<'a> {
        let each = |range: RangeInclusive<Uid>| (range.start().get()..=range.end().get()).filter_map(Uid::new);
        self.iter().flat_map(each).take(max)
    }
}

fn split(text: &[u8]) -> impl Iterator<Item = Option<RangeInclusive<Uid>>> {
    text.split(|octet| *octet == b',').map(|range| {
        let mut ends = range.splitn(2, |octet| *octet == b':');
        let mut end = || bound(ends.next()?)?.map(Uid);
        let from = end()?;
        let to = if range.contains(&b':') { end()? } else { from };
        Some(from.min(to)..=from.max(to))
    })
}

/// Cuts UIDs into sets of at most `octets` each, for commands of a bounded length: the set, and the UIDs in it.
pub fn print_in_pieces(uids: &[Uid], octets: usize) -> impl Iterator<Item = (String, &[Uid])> {
    let mut rest = uids;
    std::iter::from_fn(move || {
        // RFC 9051 §9: an nz-number has ten digits at most, a run is two of them with two marks.
        let (mut used, mut at) = (0, 0);
        while at < rest.len() && used + 22 <= octets.max(22) {
            let run = 1 + rest[at..]
                .windows(2)
                .take_while(|pair| pair[0].get().checked_add(1) == Some(pair[1].get()))
                .count();
            used += if run == 1 { 11 } else { 22 };
            at += run;
        }
        let (piece, behind) = rest.split_at(at);
        rest = behind;
        (!piece.is_empty()).then(|| (print_uids(piece.iter().copied()), piece))
    })
}

/// A range of UIDs as a set; an open end is whatever the last message is.
pub fn print_range(range: impl RangeBounds<Uid>) -> String {
    let from = match range.start_bound() {
        std::ops::Bound::Included(from) => from.get(),
        std::ops::Bound::Excluded(before) => before.get().saturating_add(1),
        std::ops::Bound::Unbounded => 1,
    };
    match range.end_bound() {
        std::ops::Bound::Included(to) => format!("{from}:{to}"),
        std::ops::Bound::Excluded(beyond) => format!("{from}:{}", beyond.get().saturating_sub(1).max(1)),
        std::ops::Bound::Unbounded => format!("{from}:*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_servers_name_stays_ranges() {
        let read = |text: &str| {
            let ranges = UidRanges::parse(text.as_bytes())?;
            let shown = ranges.iter().map(|range| format!("{}-{}", range.start(), range.end()));
            Some((shown.collect::<Vec<_>>().join(" "), ranges.count()))
        };
        for (text, wanted, count) in
            [("7", "7-7", 1), ("9:7,1", "7-9 1-1", 4), ("1:4294967295,5", "1-4294967295 5-5", 4_294_967_296)]
        {
            assert_eq!(read(text), Some((wanted.to_owned(), count)), "{text}");
        }
        for bad in ["", "*", "1:*", "0", "1,", "1:2:3", "4294967296", "1 2"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let all = UidRanges::parse(b"1:4294967295").expect("a set");
        assert_eq!(all.uids(3).map(Uid::get).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn ranges_are_written_with_what_is_known_of_their_ends() {
        let uid = |number| Uid::new(number).expect("not zero");
        assert_eq!(print_range(..), "1:*");
        assert_eq!(print_range(uid(7)..), "7:*");
        assert_eq!(print_range(uid(7)..=uid(9)), "7:9");
        assert_eq!(print_range(uid(7)..uid(9)), "7:8");
        assert_eq!(print_range(..=uid(9)), "1:9");
    }

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
        fn pieces_are_short_and_together_the_whole(
            numbers in proptest::collection::btree_set(1_u32..5000, 0..200),
            octets in 1_usize..200,
        ) {
            let uids: Vec<Uid> = numbers.iter().filter_map(|number| Uid::new(*number)).collect();
            let mut found = Vec::new();
            for (text, piece) in print_in_pieces(&uids, octets) {
                prop_assert!(text.len() <= octets.max(22), "{}", text);
                prop_assert_eq!(&text, &print_uids(piece.iter().copied()));
                found.extend_from_slice(piece);
            }
            prop_assert_eq!(found, uids);
        }

        #[test]
        fn parsing_never_panics(text in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = UidRanges::parse(&text).map(|ranges| ranges.iter().count());
            if let Some(set) = SequenceSet::parse(&text) {
                prop_assert_eq!(SequenceSet::parse(set.to_string().as_bytes()), Some(set));
            }
        }
    }
}
