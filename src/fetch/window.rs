//! How many messages are asked for before the first has come: a window of the list.
//!
//! A round trip for each message makes a thousand small ones slow; asking for all at once would leave a
//! thousand files open between retrieval and safety. Pure. RFC 2449 §6.6 (PIPELINING).

use crate::engine::pop3::Entry;

/// Messages in a window: their commands fit any buffer.
const MESSAGES_MAX: usize = 64;
/// Octets in a window, unless one message alone is larger: what a crash may make us fetch again.
const OCTETS_MAX: u64 = 8 * 1024 * 1024;

/// Cuts a list into windows.
pub(super) fn windows(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut windows = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let mut octets = 0_u64;
        let fitting = rest.iter().take(MESSAGES_MAX).take_while(|entry| {
            octets = octets.saturating_add(entry.size);
            octets <= OCTETS_MAX
        });
        let count = fitting.count().max(1);
        let (window, behind) = rest.split_at(count);
        windows.push(window);
        rest = behind;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_bounded_by_count_and_by_octets() {
        let mib = 1024 * 1024;
        for (sizes, wanted) in [
            (vec![], vec![]),
            (vec![1; 64], vec![64]),
            (vec![1; 130], vec![64, 64, 2]),
            (vec![5 * mib, 3 * mib, 1], vec![2, 1]),
            (vec![100 * mib, 1, 1, u64::MAX, 1], vec![1, 2, 1, 1]),
        ] {
            let list: Vec<Entry> = (1..).zip(sizes).map(|(number, size)| Entry { number, size, uid: None }).collect();
            let found = windows(&list);
            assert_eq!(found.iter().map(|window| window.len()).collect::<Vec<_>>(), wanted);
            assert_eq!(found.concat(), list);
        }
    }
}
