//! Header sections on their way: where one ends in octets that are still coming, and fields picked out of it.
//!
//! Lists of messages ask for header fields and nothing else; so their bodies are never read.
//! Agrees with `message::guard` on where a header section ends. RFC 9051 §6.4.5.1.

use crate::message::field::{self, Line};

/// Octets of a header section that are looked at, as in `message::guard::Limits`.
pub const HEADER_MAX: usize = 1024 * 1024;

/// The length of the header section at the start of `octets`, its empty line included; `None` if the end may still
/// come. `is_whole` says that nothing more will come.
pub fn len(octets: &[u8], is_whole: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = field::first_line(octets.get(at..)?);
        if !line.ends_with(b"\n") && !is_whole {
            return None;
        }
        if line.is_empty() {
            return Some(at);
        }
        if field::is_empty_line(line) {
            return Some(at + line.len());
        }
        match field::sort_line(octets.get(at..)?, at == 0, true, is_whole)? {
            Line::Field | Line::Slip => {}
            Line::Beyond => return Some(at),
        }
        at += line.len();
    }
}

/// The fields of these names, or all but these, and the empty line.
pub fn select(section: &[u8], names: &[String], wanted: bool) -> Vec<u8> {
    let mut selected = Vec::new();
    for found in field::fields(section) {
        if names.iter().any(|name| found.is(name)) == wanted {
            selected.extend_from_slice(section.get(found.at.clone()).unwrap_or_default());
        }
    }
    if selected.last().is_some_and(|octet| *octet != b'\n') {
        selected.extend_from_slice(b"\r\n");
    }
    // RFC 9051 §7.5.2: the empty line is always part of the header data.
    selected.extend_from_slice(b"\r\n");
    selected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::guard::{Limits, check};
    use proptest::prelude::*;

    #[test]
    fn a_header_section_ends_where_it_can_be_known_to() {
        for (octets, part, whole) in [
            (&b""[..], None, Some(0)),
            (b"\r\nbody", Some(2), Some(2)),
            (b"A: b\r\n", None, Some(6)),
            (b"A: b\r\n\r", None, Some(6)),
            (b"A: b\r\n\r\n", Some(8), Some(8)),
            (b"A: b\r\n\r\nbody", Some(8), Some(8)),
            (b"A: b\r\n c\r\n", None, Some(10)),
            (b"A: b\r\nno fie", None, Some(6)),
            (b"A: b\r\nno field\r\n", None, Some(6)),
            (b"A: b\r\nno field\r\n\r\n", Some(6), Some(6)),
            (b"A: b\r\nno field\r\n x\r\nTo: c\r\n\r\n", Some(29), Some(29)),
            (b"no header at all\r\n", Some(0), Some(0)),
            (b"From alice\r\nA: b\r\n\r\n", Some(20), Some(20)),
        ] {
            assert_eq!((len(octets, false), len(octets, true)), (part, whole), "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn fields_are_picked_in_any_case() {
        let section = b"From: a\r\nTo: b,\r\n c\r\nX-Long: d\r\nto: e\r\n\r\n";
        let names = ["TO".to_owned(), "cc".to_owned()];
        assert_eq!(select(section, &names, true), b"To: b,\r\n c\r\nto: e\r\n\r\n");
        assert_eq!(select(section, &names, false), b"From: a\r\nX-Long: d\r\n\r\n");
        assert_eq!(select(section, &["Bcc".to_owned()], true), b"\r\n");
        assert_eq!(select(b"To: a", &names, true), b"To: a\r\n\r\n");
    }

    proptest! {
        #[test]
        fn the_guard_finds_the_same_end(text in "(From |>|To:|[AB ]|:|x|\r\n|\n){0,20}") {
            let whole = check(text.as_bytes(), &Limits::default());
            let guarded = whole.blocks.first().map(|block| block.header.end);
            prop_assert_eq!(len(text.as_bytes(), true), guarded);
            for end in 0..text.len() {
                let early = len(&text.as_bytes()[..end], false);
                prop_assert!(early.is_none() || early == guarded);
            }
        }
    }
}
