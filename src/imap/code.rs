//! Response codes that a client acts upon: which message became which, what was not changed, when to come again.
//!
//! What a server pairs is believed only as far as both sides are as long. RFC 4315 §3; RFC 7162 §3.1.3; RFC 5530 §3.

use super::client::code;
use super::number::{Uid, UidValidity};
use super::set::UidRanges;
use std::time::Duration;

/// The longest wait that a server may ask for.
const BACKOFF_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// `[COPYUID validity from to]`: what became of which, at most `max` of them.
pub fn copied(text: &str, max: usize) -> Option<(UidValidity, Vec<(Uid, Uid)>)> {
    let mut words = named(text, "COPYUID")?.split(' ').filter(|word| !word.is_empty());
    let validity = words.next()?.parse().ok().and_then(UidValidity::new)?;
    let (from, to) = (UidRanges::parse(words.next()?.as_bytes())?, UidRanges::parse(words.next()?.as_bytes())?);
    // RFC 4315 §3: as many on one side as on the other.
    (from.count() == to.count()).then(|| (validity, from.uids(max).zip(to.uids(max)).collect()))
}

/// `[APPENDUID validity uids]`: what they are called, if they are `count`.
pub fn appended(text: &str, count: usize) -> Option<(UidValidity, Vec<Uid>)> {
    let (validity, uids) = named(text, "APPENDUID")?.split_once(' ')?;
    let validity = validity.parse().ok().and_then(UidValidity::new)?;
    let uids = UidRanges::parse(uids.trim().as_bytes()).filter(|uids| uids.count() == count as u64)?;
    Some((validity, uids.uids(count).collect()))
}

/// `[MODIFIED uids]`: what was left alone because it had changed meanwhile, at most `max` of them.
pub fn modified(text: &str, max: usize) -> Vec<Uid> {
    let uids = named(text, "MODIFIED").and_then(|uids| UidRanges::parse(uids.trim().as_bytes()));
    uids.map(|uids| uids.uids(max).collect()).unwrap_or_default()
}

/// How long a server that has enough of us wants to be left alone: `Suggested Backoff Time: 300000 milliseconds`.
pub fn backoff(text: &str) -> Option<Duration> {
    const WORDS: &str = "suggested backoff time:";
    let lower = text.to_ascii_lowercase();
    let behind = lower.split_once(WORDS)?.1.trim_start();
    let digits = behind.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Duration::from_millis(digits.parse().ok()?).min(BACKOFF_MAX))
}

/// What stands in the code of this name.
pub fn named<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    code(text).filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, inside)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(uids: &[Uid]) -> Vec<u32> {
        uids.iter().map(|uid| uid.get()).collect()
    }

    #[test]
    fn pairs_are_taken_where_both_sides_are_as_long() {
        let read = |text: &str| {
            let (validity, pairs) = copied(text, 10)?;
            Some((validity.get(), pairs.into_iter().map(|(from, to)| (from.get(), to.get())).collect::<Vec<_>>()))
        };
        assert_eq!(
            read("[COPYUID 38505 304,319:320 3956:3958] Done"),
            Some((38505, vec![(304, 3956), (319, 3957), (320, 3958)]))
        );
        assert_eq!(read("[copyuid 1 5 7]"), Some((1, vec![(5, 7)])));
        for bad in
            ["[COPYUID 1 1:3 7]", "[COPYUID 0 1 7]", "[COPYUID 1 1]", "[COPYUID 1 * 7]", "[COPYUID]", "[X 1 1 1]", "OK"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(copied("[COPYUID 1 1:4294967295 1:4294967295]", 3).map(|(_, pairs)| pairs.len()), Some(3));
    }

    #[test]
    fn appended_messages_are_called_as_many_names_as_there_are() {
        assert_eq!(appended("[APPENDUID 7 3,5:6] x", 3).map(|(_, uids)| numbers(&uids)), Some(vec![3, 5, 6]));
        for (bad, count) in [("[APPENDUID 7 3]", 2), ("[APPENDUID 7]", 1), ("[APPENDUID x 3]", 1), ("done", 1)] {
            assert_eq!(appended(bad, count), None, "{bad}");
        }
        assert_eq!(numbers(&modified("[MODIFIED 7,9] no", 5)), [7, 9]);
        assert_eq!(modified("[MODIFIED 1:4294967295]", 2).len(), 2);
        assert!(modified("OK", 5).is_empty());
    }

    #[test]
    fn a_server_that_has_enough_says_for_how_long() {
        for (text, wanted) in [
            ("Request is throttled. Suggested Backoff Time: 299836 milliseconds", Some(299_836)),
            ("suggested backoff time:5 ms", Some(5)),
            ("Suggested Backoff Time: 99999999999999 ms", Some(24 * 60 * 60 * 1000)),
            ("Suggested Backoff Time: soon", None),
            ("Suggested Backoff Time: 99999999999999999999999", None),
            ("going down", None),
        ] {
            assert_eq!(backoff(text).map(|wait| wait.as_millis()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_code_makes_them_panic(text in "\\[?(COPYUID|APPENDUID|MODIFIED|Suggested Backoff Time:)[ 0-9:,*\\]é]{0,30}") {
            let _ = (copied(&text, 5), appended(&text, 5), modified(&text, 5), backoff(&text));
        }
    }
}
