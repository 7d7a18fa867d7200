//! What other programs did to a mailbox: its files compared with its index.
//!
//! A message is its file's base name; where the file is and what its info says may change. Only
//! compares; what follows from it is `state`'s business.

use super::file_name::Spot;
use super::folder_files::Found;
use super::messages::Message;
use crate::imap::flag::Flags;
use std::collections::HashMap;

/// The differences between files and index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Files that nobody knew.
    pub(super) new: Vec<Found>,
    /// Messages without a file, by rising UID.
    pub(super) missing: Vec<Message>,
    /// Messages as their files now say, except for `modseq`.
    pub(super) reflagged: Vec<Message>,
    /// Messages whose file is elsewhere, with the same flags.
    pub(super) moved: Vec<Message>,
    /// Messages whose flags the file has not heard of yet: where the file is, where it belongs.
    pub(super) behind: Vec<(Spot, Message)>,
}

impl Differences {
    /// Whether the index is right.
    pub(super) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// Compares. When `starting`, a file may be where a crash put it back, and then the index is right about it.
/// Any other difference is another program's doing.
pub(super) fn compare(known: Vec<Message>, found: Vec<Found>, starting: bool) -> Differences {
    let mut files: HashMap<Vec<u8>, Spot> = HashMap::with_capacity(found.len());
    for Found { base, spot } in found {
        match files.get_mut(&base) {
            None => {
                files.insert(base, spot);
            }
            // Twice in a directory that changes, or left so by a crash of its writer: always the same one wins.
            Some(other) => {
                if (other.in_cur, &other.info) < (spot.in_cur, &spot.info) {
                    *other = spot;
                }
            }
        }
    }
    let mut differences = Differences::default();
    for mut message in known {
        match files.remove(&message.base) {
            None => differences.missing.push(message),
            Some(spot) if spot == message.spot => {}
            Some(spot) if starting && message.was.contains(&spot) => differences.behind.push((spot, message)),
            Some(spot) => {
                let told = spot.system_flags().filter(|told| *told != message.flags.system_bits());
                message.spot = spot;
                match told {
                    None => differences.moved.push(message),
                    Some(system) => {
                        message.flags = Flags::from_parts(system, message.flags.keywords().map(str::to_owned));
                        differences.reflagged.push(message);
                    }
                }
            }
        }
    }
    differences.new = files.into_iter().map(|(base, spot)| Found { base, spot }).collect();
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::flag::SystemFlag;
    use crate::store::mailbox::line_ends::Sizes;
    use crate::world::Timestamp;

    fn spot(place: &str) -> Spot {
        Spot::from_octets(place.as_bytes())
    }

    fn message(base: &str, place: &str, was: &[&str]) -> Message {
        let here = spot(place);
        Message {
            uid: 1,
            base: base.into(),
            flags: Flags::from_parts(here.system_flags().unwrap_or_default(), ["work".to_owned()]),
            spot: here,
            modseq: 1,
            sizes: Sizes { disk: 1, wire: 1 },
            arrived: Timestamp::UNIX_EPOCH,
            was: was.iter().map(|place| spot(place)).collect(),
        }
    }

    fn found(base: &str, place: &str) -> Found {
        Found { base: base.into(), spot: spot(place) }
    }

    #[test]
    fn what_other_programs_did_is_seen() {
        let known = || vec![message("a", "n", &[])];
        assert!(compare(known(), vec![found("a", "n")], false).is_empty());
        let gone = compare(known(), vec![], false);
        assert_eq!((gone.missing, gone.new.len()), (known(), 0));
        assert_eq!(compare(known(), vec![found("a", "n"), found("b", "c:2,")], false).new, [found("b", "c:2,")]);
        let moved = compare(known(), vec![found("a", "c:2,")], false);
        assert_eq!(moved.moved[0].spot, spot("c:2,"));
        let seen = &compare(known(), vec![found("a", "n"), found("a", "c:2,S")], false).reflagged[0];
        assert!(seen.flags.has(SystemFlag::Seen) && seen.flags.has_keyword("work"));
    }

    #[test]
    fn a_file_that_a_crash_put_back_is_told_from_one_that_somebody_renamed() {
        let known = || vec![message("a", "c:2,FS", &["n", "c:2,S"])];
        for back in ["n", "c:2,S"] {
            let found = || vec![found("a", back)];
            assert_eq!(compare(known(), found(), true).behind, [(spot(back), known()[0].clone())]);
            let running = compare(known(), found(), false);
            assert_eq!(running.moved.len() + running.reflagged.len(), 1);
        }
        assert_eq!(compare(known(), vec![found("a", "c:2,R")], true).reflagged.len(), 1);
        assert!(compare(known(), vec![found("a", "c:2,FS")], true).is_empty());
    }
}
