//! Mailboxes that tell their messages apart well and badly.

use super::*;
use proptest::prelude::*;

/// A reader that gives so many octets at a time.
struct Drip<'t>(&'t [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

const A: &str = "From a@x Thu Jan  1 00:00:00 1970\n";
const MAX: usize = 10_000;

fn split(mbox: &str, dialect: Dialect, chunk: usize, size_max: usize) -> Vec<String> {
    let mut splitter = Splitter::new(Drip(mbox.as_bytes(), chunk), dialect, size_max);
    let mut found = Vec::new();
    while let Some(next) = splitter.advance().expect("it can be read") {
        found.push(match next {
            Found::Message(entry) => {
                let at = entry.offset as usize;
                if matches!(dialect, Dialect::Unknown) {
                    assert!(mbox.as_bytes()[at..].starts_with(&entry.octets), "{at} in {mbox:?}");
                }
                String::from_utf8(entry.octets.into_owned()).expect("text")
            }
            Found::TooLarge { offset, size } => format!("{size} at {offset}"),
        });
    }
    found
}

#[test]
fn what_is_passed_over_has_an_end() {
    let large = "x".repeat(500_000);
    let mbox = format!("{A}A: b\n\n{large}\n\n{A}A: c\n\ny\n");
    for (passed_max, wanted) in [(u64::MAX, Some(false)), (600_000, Some(false)), (400_000, None)] {
        let mut splitter = Splitter::new(Drip(mbox.as_bytes(), 1000), Dialect::Unknown, MAX).passing(passed_max);
        let first = splitter.advance().expect("it can be read");
        assert!(matches!(first, Some(Found::TooLarge { .. })));
        let next = splitter.advance().expect("it can be read").map(|found| matches!(found, Found::TooLarge { .. }));
        assert_eq!((next, splitter.has_given_up()), (wanted, wanted.is_none()), "{passed_max}");
    }
}

#[test]
fn messages_begin_where_a_from_line_follows_an_empty_line() {
    for (mbox, wanted) in [
        (format!("{A}A: b\n\nx\n\n{A}A: c\n\ny\n"), &["A: b\n\nx\n", "A: c\n\ny\n"][..]),
        (format!("{A}A: b\r\n\r\nx\r\n\r\n{A}A: c\r\n\r\n"), &["A: b\r\n\r\nx\r\n", "A: c\r\n"]),
        (format!("{A}A: b\n\nx\n{A}y\n"), &[&format!("A: b\n\nx\n{A}y\n")]),
        (format!("{A}A: b\n\nFrom here on, nothing\n\n"), &["A: b\n\nFrom here on, nothing\n"]),
        (format!("{A}A: b\n\nx\n\nFrom 9:30 to 10:30 in May\n"), &["A: b\n\nx\n\nFrom 9:30 to 10:30 in May\n"]),
        (format!("{A}A: b\n\n>From c\n\n"), &["A: b\n\n>From c\n"]),
        (format!("{A}\n{A}\n"), &["", ""]),
        (A.to_owned(), &[""]),
        ("From a".to_owned(), &[""]),
        (String::new(), &[]),
        ("no mbox\n".to_owned(), &["no mbox\n"]),
        (format!("no mbox\n\n{A}A: b\n"), &["no mbox\n", "A: b\n"]),
        ("From a@x\nA: b\n\nFrom b@x\nA: c\n".to_owned(), &["A: b\n", "A: c\n"]),
        (format!("{A}A: b\n\nFrom b@x\nA: c\n"), &["A: b\n\nFrom b@x\nA: c\n"]),
        (format!("{A}A: b\n\nFrom b at x  1 Feb 2026 10:00:00 +0100\nA: c\n"), &["A: b\n", "A: c\n"]),
        (format!("{A}A: b\n\nFrom - 2026-11-20 10:00:00\nA: c\n"), &["A: b\n", "A: c\n"]),
    ] {
        for chunk in 1..=mbox.len().max(1) {
            assert_eq!(split(&mbox, Dialect::Unknown, chunk, MAX), wanted, "{mbox:?} by {chunk}");
        }
    }
}

#[test]
fn a_content_length_counts_where_it_leads_somewhere() {
    let body = format!("x\n\n{A}y\n");
    let length = body.len();
    let message = |length: usize| format!("A: b\nContent-Length: {length}\n\n{body}");
    let cut = |length: usize| vec![format!("A: b\nContent-Length: {length}\n\nx\n"), "y\n".to_owned()];
    for (said, behind, dialect, wanted) in [
        (length, "", Dialect::Unknown, vec![message(length)]),
        (length, "\n", Dialect::Cl, vec![message(length)]),
        (length, "\n", Dialect::O, cut(length)),
        (length - 1, "\n", Dialect::Unknown, vec![message(length - 1).trim_end().to_owned()]),
        (length - 2, "\n", Dialect::Unknown, cut(length - 2)),
        (length + 9, "\n", Dialect::Cl2, cut(length + 9)),
        (usize::MAX, "\n", Dialect::Unknown, cut(usize::MAX)),
    ] {
        for end in ["", A] {
            if !end.is_empty() && behind.is_empty() && dialect != Dialect::Unknown {
                continue;
            }
            let mbox = format!("{A}{}{behind}{end}", message(said));
            let mut wanted = wanted.clone();
            if !end.is_empty() {
                wanted.push(String::new());
            }
            for chunk in [1, 7, mbox.len()] {
                assert_eq!(split(&mbox, dialect, chunk, MAX), wanted, "{mbox:?} {dialect:?} by {chunk}");
            }
        }
    }
}

#[test]
fn a_message_beyond_the_limit_is_passed_over_and_the_next_one_is_read() {
    for large in [200, 5_000, 1_000_000] {
        let text = "x".repeat(large);
        let mbox = format!("{A}A: b\n\n{A}{text}\n\n{A}A: c\n\n{A}{text}");
        let offset = A.len() + 6 + A.len();
        let last = mbox.len() - large;
        for chunk in [7, 1000, PIECE] {
            let wanted = [
                "A: b\n".to_owned(),
                format!("{} at {offset}", large + 2),
                "A: c\n".to_owned(),
                format!("{large} at {last}"),
            ];
            assert_eq!(split(&mbox, Dialect::Unknown, chunk, 100), wanted, "{large} by {chunk}");
        }
    }
}

#[test]
fn who_counts_octets_is_not_searched_for_the_next_from_line() {
    let message = format!("{A}Content-Length: 2\n\nx\n");
    let mbox = message.repeat(100_000);
    let mut splitter = Splitter::new(mbox.as_bytes(), Dialect::Unknown, MAX);
    let mut splits = 0;
    while let Some(Found::Message(entry)) = splitter.advance().expect("it can be read") {
        assert_eq!(&*entry.octets, b"Content-Length: 2\n\nx\n");
        splits += 1;
    }
    assert_eq!(splits, 100_000);
    assert!(splitter.window.len() <= 2 * PIECE, "{}", splitter.window.len());
}

#[test]
fn memory_is_for_a_message_and_not_for_all() {
    let one = format!("{A}A: b\n\n{}\n\n", "x\n".repeat(5_000));
    let mbox = one.repeat(1_000);
    let mut splitter = Splitter::new(mbox.as_bytes(), Dialect::Unknown, MAX * 2);
    let mut count = 0;
    while splitter.advance().expect("it can be read").is_some() {
        count += 1;
    }
    assert_eq!(count, 1_000);
    assert!(splitter.window.len() <= 3 * PIECE, "{}", splitter.window.len());
}

proptest! {
    #[test]
    fn what_is_written_as_mboxrd_is_read_back(
        messages in proptest::collection::vec("(a|>|From |Content-Length: 3|: |\n){0,12}", 1..5), chunk in 1..40usize,
    ) {
        let mut mbox = String::new();
        let messages: Vec<String> = messages.into_iter().map(|message| message + "\n").collect();
        for message in &messages {
            mbox += A;
            for line in message.split_inclusive('\n') {
                let is_quoted = line.trim_start_matches('>').starts_with("From ");
                mbox += if is_quoted { ">" } else { "" };
                mbox += line;
            }
            mbox += "\n";
        }
        prop_assert_eq!(split(&mbox, Dialect::Rd, chunk, MAX), messages);
    }

    #[test]
    fn no_octet_is_lost_however_they_come(
        lines in proptest::collection::vec("(From a Jan 1:00 1970|From a|Content-Length: [0-9]{1,3}|>From |x)?\r?\n", 0..20),
        chunk in 1..40usize, size_max in 1..60usize,
    ) {
        let mbox = lines.concat();
        let whole = split(&mbox, Dialect::Unknown, mbox.len().max(1), size_max);
        prop_assert_eq!(split(&mbox, Dialect::Unknown, chunk, size_max), whole);
    }
}
