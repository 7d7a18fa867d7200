//! Blind copies: where a header section names those whom the others must not see.
//!
//! Broken lines count too, if some reader could take them for such a field: what is removed needlessly was broken
//! anyway, what stays betrays somebody. RFC 5322 §3.6.3, §3.6.6, §4.5.

use super::field::{self, Field};
use std::ops::Range;

/// The fields to remove, with their line ends, in order.
pub(super) fn ranges(section: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < section.len() {
        let start = at;
        let first = field::first_line(&section[at..]);
        at += first.len();
        loop {
            let more = field::first_line(&section[at..]);
            if more.is_empty() || !field::is_continuation(more) {
                break;
            }
            at += more.len();
        }
        let group = &section[start..at];
        let is_field = field::colon_of(first).is_some();
        if is_field && field::fields(group).any(|field| is_blind(&field)) || !is_field && may_be_blind(group) {
            ranges.push(start..at);
        }
    }
    ranges
}

/// Whether a text that has no header section begins with lines that somebody meant as one, blind copies included;
/// perhaps behind empty lines that a template left there.
pub(super) fn hides_in(text: &[u8]) -> bool {
    let mut rest = text;
    let mut length = 0;
    loop {
        let line = field::first_line(&rest[length..]);
        match (line.is_empty(), field::is_empty_line(line)) {
            (false, true) if length == 0 => rest = &rest[line.len()..],
            (false, false) => length += line.len(),
            _ => return !ranges(&rest[..length]).is_empty(),
        }
    }
}

fn is_blind(field: &Field<'_>) -> bool {
    field.is("Bcc") || field.is("Resent-Bcc")
}

/// Whether lines that are no field are one for a reader who puts them together, or who takes each for itself.
fn may_be_blind(group: &[u8]) -> bool {
    let is_name = |text: &str| {
        let text = text.trim_start().to_ascii_lowercase();
        let rest = text.strip_prefix("resent-").unwrap_or(&text).strip_prefix("bcc").map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    let text = String::from_utf8_lossy(group);
    let joined: String = text.split(['\r', '\n']).collect();
    is_name(&joined) || text.lines().any(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_could_pass_for_a_blind_copy_is_found() {
        for (section, wanted) in [
            ("To: a@x\nBcc: b@x\n c@x\nCc: d@x\n", &["Bcc: b@x\n c@x\n"][..]),
            ("bCC\t: b@x", &["bCC\t: b@x"]),
            ("Resent-BCC: b@x\nBcc:\nX: y\n", &["Resent-BCC: b@x\n", "Bcc:\n"]),
            ("To: a@x\nBcc\n : b@x\nCc: d@x\n", &["Bcc\n : b@x\n"]),
            ("To: a@x\njunk\n Bcc: b@x\nCc: d@x\n", &["junk\n Bcc: b@x\n"]),
            // A folded subject says what it likes, and these are other fields.
            ("Subject: x\n Bcc: y\nX-Bcc: z\nBcc-Note: z\n", &[]),
            ("", &[]),
        ] {
            let found: Vec<&str> = ranges(section.as_bytes()).into_iter().map(|range| &section[range]).collect();
            assert_eq!(found, wanted, "{section:?}");
        }
        assert!(hides_in(b"junk\nTo: a@x\nBcc: b@x\n\n") && hides_in(b"Bcc\n : b@x\n"));
        assert!(!hides_in(b"junk\nTo: a@x\n\nBcc: b@x\n"));
    }
}
