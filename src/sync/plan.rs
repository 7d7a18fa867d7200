//! What to do about a message, given what was agreed on before and what the server says now.
//!
//! Chooses and does nothing. Flags are compared with those of the last run, not with the local ones: what the user
//! changed here stays, unless the server changed the same flag. RFC 9051 §2.3.2.

use crate::engine::imap::Row;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::Uid;

/// Messages fetched with one command: few enough to be held, many enough that the way there does not count.
const COUNT_MAX: usize = 256;
const OCTETS_MAX: u64 = 4 * 1024 * 1024;
/// Larger messages are fetched in pieces.
pub(super) const WHOLE_MAX: u32 = 8 * 1024 * 1024;

/// What is known of a message from earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The message here; `None` if a run ended before that was known.
    pub(super) local: Option<Uid>,
    /// The flags that the server had.
    pub(super) flags: Flags,
}

/// What follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Both sides agree.
    Nothing,
    /// The message is to be fetched. If it was about to be fetched before, with these flags.
    Fetch(Option<Flags>),
    /// Flags changed on the server.
    Change(Uid, Change),
}

/// Flags that came and flags that went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Change {
    pub(super) added: Flags,
    pub(super) removed: Flags,
}

impl Change {
    /// From one state to another. Without a state before, nothing is known to have gone.
    pub(super) fn between(before: Option<&Flags>, after: &Flags) -> Self {
        let without = |flags: &Flags, other: &Flags| {
            let mut rest = flags.clone();
            rest.remove(other);
            rest
        };
        let none = Flags::new();
        let before = before.unwrap_or(&none);
        Self { added: without(after, before), removed: without(before, after) }
    }

    pub(super) fn is_nothing(&self) -> bool {
        [&self.added, &self.removed].iter().all(|flags| is_none(flags))
    }
}

/// Whether there is no flag.
pub(super) fn is_none(flags: &Flags) -> bool {
    !SystemFlag::ALL.iter().any(|flag| flags.has(*flag)) && flags.keywords().next().is_none()
}

/// The next step for a message.
pub(super) fn step(known: Option<&Pair>, row: &Row) -> Step {
    match known {
        None => Step::Fetch(None),
        Some(Pair { local: None, flags }) => Step::Fetch(Some(flags.clone())),
        Some(Pair { local: Some(local), flags }) => match Change::between(Some(flags), &row.flags) {
            change if change.is_nothing() => Step::Nothing,
            change => Step::Change(*local, change),
        },
    }
}

/// Groups messages into what is fetched with one command. One that is too large to be held comes alone.
pub(super) fn windows<T>(wanted: &[T], size: impl Fn(&T) -> u32) -> Vec<&[T]> {
    let mut windows = Vec::new();
    let mut rest = wanted;
    while !rest.is_empty() {
        let (mut count, mut octets) = (0, 0);
        for one in rest.iter().take(COUNT_MAX) {
            octets += u64::from(size(one));
            if count > 0 && octets > OCTETS_MAX {
                break;
            }
            count += 1;
        }
        let (window, others) = rest.split_at(count);
        windows.push(window);
        rest = others;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &[&str]) -> Flags {
        crate::imap::client::flags(words.iter().copied())
    }

    #[test]
    fn only_what_changed_on_the_server_is_changed_here() {
        let uid = |number| Uid::new(number).expect("not zero");
        let row = Row { uid: uid(7), flags: flags(&["\\Seen", "work"]), size: 1, arrived: None };
        let pair = |local, words: &[&str]| Pair { local, flags: flags(words) };
        let change = |added: &[&str], removed: &[&str]| {
            Step::Change(uid(3), Change { added: flags(added), removed: flags(removed) })
        };
        for (known, wanted) in [
            (None, Step::Fetch(None)),
            (Some(pair(None, &["\\Draft"])), Step::Fetch(Some(flags(&["\\Draft"])))),
            (Some(pair(Some(uid(3)), &["\\Seen", "Work"])), Step::Nothing),
            (Some(pair(Some(uid(3)), &["\\Seen", "home"])), change(&["work"], &["home"])),
            (Some(pair(Some(uid(3)), &["\\Flagged", "work"])), change(&["\\Seen"], &["\\Flagged"])),
        ] {
            assert_eq!(step(known.as_ref(), &row), wanted, "{known:?}");
        }
    }

    #[test]
    fn windows_are_small_enough_to_be_held() {
        let lengths =
            |sizes: &[u32]| windows(sizes, |size| *size).iter().map(|window| window.len()).collect::<Vec<_>>();
        let mega = 1024 * 1024;
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 600]), [256, 256, 88]);
        assert_eq!(lengths(&[3 * mega, mega, 1, u32::MAX, 9 * mega, 1]), [2, 1, 1, 1, 1]);
    }
}
