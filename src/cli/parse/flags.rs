//! Flags of messages, where those who keep them write them down: names in a Maildir, fields in an mbox, MH's sequences.
//!
//! Pure: text in, flags out. Maildir (Bernstein); the Status fields as mailx and Dovecot write them; mh-sequence(5).

use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::message::field::fields;
use std::ops::RangeInclusive;

/// The flags in a name in `cur`: what stands behind `:2,`, with `!` or `;` for the colon where there can be none.
pub(super) fn of_maildir_name(name: &[u8]) -> Flags {
    let info = memchr::memmem::rfind(name, b"2,").filter(|at| *at > 0 && b":!;".contains(&name[at - 1]));
    of_letters(info.map_or(&[][..], |at| &name[at + 2..]), |letter| {
        SystemFlag::ALL.into_iter().find(|flag| flag.letter() == letter)
    })
}

/// The flags in the fields Status and X-Status of a message in an mbox.
pub(super) fn of_status_fields(header: &[u8]) -> Flags {
    let mut flags = Flags::new();
    for field in fields(header).filter(|field| field.is("Status") || field.is("X-Status")) {
        flags.add(&of_letters(field.body, |letter| match letter {
            'R' => Some(SystemFlag::Seen),
            'A' => Some(SystemFlag::Answered),
            'F' => Some(SystemFlag::Flagged),
            'D' => Some(SystemFlag::Deleted),
            'T' => Some(SystemFlag::Draft),
            _ => None,
        }));
    }
    flags
}

fn of_letters(letters: &[u8], flag: impl Fn(char) -> Option<SystemFlag>) -> Flags {
    let mut flags = Flags::new();
    letters.iter().filter_map(|letter| flag(char::from(*letter))).for_each(|flag| flags.set(flag, true));
    flags
}

/// The sequences of an MH folder: a name for some of its messages each.
#[derive(Debug, Default)]
pub(super) struct Sequences(Vec<(String, Vec<RangeInclusive<u64>>)>);

impl Sequences {
    /// Reads `.mh_sequences`: `unseen: 1-3 7`. What makes no sense names no message.
    pub(super) fn parse(text: &str) -> Self {
        let range = |word: &str| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            Some(first.parse().ok()?..=last.parse().ok()?)
        };
        let line = |line: &str| {
            let (name, numbers) = line.split_once(':')?;
            let mut ranges: Vec<RangeInclusive<u64>> = numbers.split_whitespace().filter_map(range).collect();
            ranges.sort_by_key(|range| *range.start());
            Some((name.trim().to_owned(), ranges))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// The flags of the message of that number.
    pub(super) fn flags(&self, number: u64) -> Flags {
        let mut flags = Flags::new();
        flags.set(SystemFlag::Seen, true);
        for (name, ranges) in &self.0 {
            let before = ranges.partition_point(|range| *range.start() <= number);
            if before.checked_sub(1).is_none_or(|last| !ranges[last].contains(&number)) {
                continue;
            }
            match name.as_str() {
                "unseen" => flags.set(SystemFlag::Seen, false),
                "replied" | "answered" => flags.set(SystemFlag::Answered, true),
                "flagged" => flags.set(SystemFlag::Flagged, true),
                // Where its owner stands, which is no property of the message.
                "cur" => {}
                other => flags.set_keyword(other, true),
            }
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(flags: &Flags) -> String {
        let system = SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(SystemFlag::letter);
        system.collect::<String>() + &flags.keywords().map(|keyword| format!(" {keyword}")).collect::<String>()
    }

    #[test]
    fn flags_are_read_where_they_stand() {
        for (name, wanted) in [
            ("1.2.host:2,FS", "FS"),
            ("1.2.host!2,RT", "RT"),
            ("1,S=12,W=13:2,PSx", "S"),
            ("1.2,S", ""),
            ("1.2.host", ""),
            ("2,S", ""),
            ("", ""),
        ] {
            assert_eq!(letters(&of_maildir_name(name.as_bytes())), wanted, "{name}");
        }
        for (header, wanted) in [
            ("Status: RO\nX-Status: AF\n\nStatus: D", "RFS"),
            ("X-Status: DT\n", "TD"),
            ("Status: O\n", ""),
            ("Subject: RO\n", ""),
        ] {
            assert_eq!(letters(&of_status_fields(header.as_bytes())), wanted, "{header}");
        }
        let sequences = Sequences::parse("unseen: 7 1-3\nreplied: 2\nwork: 2-2 9\ncur: 2\nnonsense\nx: a-b 3-\n");
        for (number, wanted) in [(1, ""), (2, "R work"), (3, ""), (4, "S"), (7, ""), (9, "S work")] {
            assert_eq!(letters(&sequences.flags(number)), wanted, "{number}");
        }
    }
}
