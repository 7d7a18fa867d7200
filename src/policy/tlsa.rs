//! TLSA records, as far as mail uses them: where they stand, which can be used, and which of those count.
//!
//! The records of authorities that are trusted anyhow, PKIX-TA(0) and PKIX-EE(1), mean nothing between mail exchangers,
//! which trust none in common. A record of a kind that is not known, or with a hash of the wrong length, is passed
//! over and does no harm to those beside it.
//! RFC 6698 §2.1, §3; RFC 7671 §4, §9; RFC 7672 §2.2.3, §3.1.

use crate::wire::association::{Association, Matching, Selector, Usage};
use crate::world::Record;

/// What a domain has published for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// No record.
    Nothing,
    /// Records, and none that can be used: the host speaks TLS, and nobody can tell whose certificate is right.
    Unusable,
    /// These.
    Usable(Vec<Association>),
}

impl Published {
    /// What records amount to.
    pub fn of(records: &[Record]) -> Self {
        let is_tlsa = |record: &Record| matches!(record, Record::Tlsa { .. });
        let all: Vec<Association> = records.iter().filter_map(usable).collect();
        match (records.iter().any(is_tlsa), all.is_empty()) {
            (false, _) => Self::Nothing,
            (true, true) => Self::Unusable,
            (true, false) => Self::Usable(agile(all)),
        }
    }
}

/// Where the records of a TCP port stand (RFC 7672 §2.2.3).
pub fn owner(base: &str, port: u16) -> String {
    format!("_{port}._tcp.{base}")
}

fn usable(record: &Record) -> Option<Association> {
    let Record::Tlsa { usage, selector, matching, data } = record else { return None };
    let usage = match usage {
        2 => Usage::Anchor,
        3 => Usage::Server,
        // RFC 7672 §3.1.3: 0 and 1 cannot be used here.
        _ => return None,
    };
    let selector = match selector {
        0 => Selector::Certificate,
        1 => Selector::Key,
        _ => return None,
    };
    let (matching, is_whole) = match matching {
        0 => (Matching::Full, !data.is_empty()),
        1 => (Matching::Sha256, data.len() == 32),
        2 => (Matching::Sha512, data.len() == 64),
        _ => return None,
    };
    is_whole.then(|| Association { usage, selector, matching, data: data.clone() })
}

/// RFC 7671 §9: of several hashes of one sort only the strongest count, so that the weaker ones can be left in DNS for
/// those who know no better. What stands there as a whole is no hash and always counts.
fn agile(all: Vec<Association>) -> Vec<Association> {
    let is_beaten = |one: &Association| {
        one.matching != Matching::Full
            && all.iter().any(|other| {
                (other.usage, other.selector) == (one.usage, one.selector) && other.matching > one.matching
            })
    };
    all.iter().filter(|one| !is_beaten(one)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(usage: u8, selector: u8, matching: u8, length: usize) -> Record {
        Record::Tlsa { usage, selector, matching, data: vec![7; length] }
    }

    #[test]
    fn only_records_that_mail_can_use_are_used() {
        use Matching::{Full, Sha256, Sha512};
        for (numbers, length, wanted) in [
            ((3, 1, 1), 32, Some((Usage::Server, Selector::Key, Sha256))),
            ((3, 0, 2), 64, Some((Usage::Server, Selector::Certificate, Sha512))),
            ((2, 0, 1), 32, Some((Usage::Anchor, Selector::Certificate, Sha256))),
            ((2, 1, 0), 91, Some((Usage::Anchor, Selector::Key, Full))),
            // Authorities that are trusted anyhow.
            ((0, 0, 1), 32, None),
            ((1, 1, 1), 32, None),
            // Kinds that nobody knows, and those for private use.
            ((4, 1, 1), 32, None),
            ((255, 1, 1), 32, None),
            ((3, 2, 1), 32, None),
            ((3, 255, 1), 32, None),
            ((3, 1, 3), 32, None),
            ((3, 1, 255), 32, None),
            // Hashes of another length than theirs.
            ((3, 1, 1), 31, None),
            ((3, 1, 1), 33, None),
            ((3, 1, 1), 0, None),
            ((3, 1, 1), 64, None),
            ((3, 1, 2), 32, None),
            ((2, 0, 0), 0, None),
        ] {
            let (usage, selector, matching) = numbers;
            let found = Published::of(&[record(usage, selector, matching, length)]);
            let found = match found {
                Published::Usable(all) => all.first().map(|one| (one.usage, one.selector, one.matching)),
                Published::Unusable => None,
                Published::Nothing => panic!("{numbers:?} is a record"),
            };
            assert_eq!(found, wanted, "{numbers:?} of {length}");
        }
    }

    #[test]
    fn one_record_that_can_be_used_is_enough_and_none_at_all_is_something_else() {
        for (records, wanted) in [
            (vec![], "nothing"),
            (vec![Record::A([192, 0, 2, 1].into())], "nothing"),
            (vec![record(1, 1, 1, 32)], "unusable"),
            (vec![record(1, 1, 1, 32), record(3, 1, 1, 3)], "unusable"),
            (vec![record(1, 1, 1, 32), record(3, 1, 1, 32)], "1"),
            (vec![record(3, 1, 1, 32), record(2, 1, 1, 32)], "2"),
        ] {
            let found = match Published::of(&records) {
                Published::Nothing => "nothing".to_owned(),
                Published::Unusable => "unusable".to_owned(),
                Published::Usable(all) => all.len().to_string(),
            };
            assert_eq!(found, wanted, "{records:?}");
        }
    }

    #[test]
    fn the_strongest_hash_of_each_sort_counts_and_what_is_whole_always() {
        let kept = |records: &[Record]| match Published::of(records) {
            Published::Usable(all) => all.iter().map(|one| (one.usage, one.matching)).collect(),
            _ => Vec::new(),
        };
        let (weak, strong, whole) = (record(3, 1, 1, 32), record(3, 1, 2, 64), record(3, 1, 0, 91));
        assert_eq!(kept(&[weak.clone(), strong.clone()]), [(Usage::Server, Matching::Sha512)]);
        assert_eq!(
            kept(&[whole, weak.clone(), strong.clone()]),
            [(Usage::Server, Matching::Full), (Usage::Server, Matching::Sha512)]
        );
        // Another usage or another selector is another sort.
        let other = record(2, 1, 1, 32);
        assert_eq!(kept(&[strong.clone(), other]).len(), 2);
        assert_eq!(kept(&[strong.clone(), record(3, 0, 1, 32)]).len(), 2);
        // A strong one that cannot be used beats nobody.
        assert_eq!(kept(&[weak, record(3, 1, 2, 10)]), [(Usage::Server, Matching::Sha256)]);
    }

    #[test]
    fn records_stand_below_port_and_transport() {
        assert_eq!(owner("mx.x.test", 25), "_25._tcp.mx.x.test");
        assert_eq!(owner("x.test", 1025), "_1025._tcp.x.test");
    }
}
