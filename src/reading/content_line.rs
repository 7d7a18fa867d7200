//! Content lines: what iCalendar and its relatives consist of. A name, parameters, a value.
//!
//! Folds are undone among octets, since senders fold in the middle of characters. What is no content line is passed
//! over. Knows no properties. RFC 5545 §3.1, §3.2, §3.3.11; RFC 6868.

use crate::message::words;

/// Parameters of one line; an attendee has eight at most.
const PARAMETERS_MAX: usize = 50;

/// One line, unfolded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ContentLine {
    /// The name in upper case, without the group that vCards put in front.
    pub(super) name: String,
    parameters: Vec<(String, String)>,
    /// The value as written: texts are still escaped.
    pub(super) value: String,
}

/// The lines of a text in that charset, UTF-8 if none is named (RFC 5545 §3.1.4).
pub(super) fn text(octets: &[u8], charset: Option<&str>) -> String {
    let unfolded = unfold(octets);
    let declared = charset.and_then(|label| words::decode_charset(label, &unfolded));
    declared.unwrap_or_else(|| words::undeclared(&unfolded).0.into_owned())
}

/// The content lines of such a text, one after the other.
pub(super) fn lines(text: &str) -> impl Iterator<Item = ContentLine> + '_ {
    text.lines().filter_map(ContentLine::parse)
}

/// A line end with a blank behind it vanishes, and the blank too.
fn unfold(octets: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(octets.len());
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line {
            [b' ' | b'\t', rest @ ..] if !unfolded.is_empty() => {
                if unfolded.ends_with(b"\n") {
                    unfolded.pop();
                }
                if unfolded.ends_with(b"\r") {
                    unfolded.pop();
                }
                unfolded.extend_from_slice(rest);
            }
            line => unfolded.extend_from_slice(line),
        }
    }
    unfolded
}

impl ContentLine {
    fn parse(line: &str) -> Option<Self> {
        let end = line.find([';', ':'])?;
        let (name, mut rest) = line.split_at(end);
        let name = name.rsplit('.').next().unwrap_or(name);
        if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
            return None;
        }
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';').filter(|_| parameters.len() < PARAMETERS_MAX) {
            let name_end = parameter.find(['=', ';', ':'])?;
            let (name, after) = parameter.split_at(name_end);
            let (value, after) = match after.strip_prefix('=') {
                Some(after) => parameter_value(after),
                None => (String::new(), after),
            };
            parameters.push((name.to_ascii_uppercase(), value));
            rest = after;
        }
        let value = rest.strip_prefix(':')?.to_owned();
        Some(Self { name: name.to_ascii_uppercase(), parameters, value })
    }

    /// The value of a parameter; several are one, with commas.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// The value as text; an empty one is none.
    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::with_capacity(self.value.len());
        let mut chars = self.value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(c @ ('\\' | ',' | ';' | ':' | '"')) => text.push(c),
                    // Not an escape: somebody forgot to write one.
                    Some(c) => text.extend(['\\', c]),
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Values up to the next semicolon or colon that stands in no quotes, and what follows them.
fn parameter_value(text: &str) -> (String, &str) {
    let (mut value, mut in_quotes) = (String::new(), false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => in_quotes = !in_quotes,
            ';' | ':' if !in_quotes => return (value, &text[at..]),
            // RFC 6868 §3.
            '^' => match chars.peek().map(|(_, c)| *c) {
                Some('n') => value.extend(chars.next().map(|_| '\n')),
                Some('\'') => value.extend(chars.next().map(|_| '"')),
                Some('^') => value.extend(chars.next().map(|_| '^')),
                _ => value.push('^'),
            },
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_unfolded_and_taken_apart() {
        for (text, wanted) in [
            ("SUMMARY:a\\, b\\nc\\x\r\n", "SUMMARY[] a, b\nc\\x"),
            ("attendee;CN=\"B; C: D\";x=^'y^^^n^z:mailto:a@b", "ATTENDEE[CN=B; C: D X=\"y^\n^z] mailto:a@b"),
            ("DESC\r\n RIP\n\tTION:x\r\n", "DESCRIPTION[] x"),
            ("item1.URL;P:http://x", "URL[P=] http://x"),
            ("DTSTART;TZID=a,b:1", "DTSTART[TZID=a,b] 1"),
            ("no line", ""),
            ("; :", ""),
            ("A;B", ""),
            ("A;B=\"c:d", ""),
            (" folded first:x", ""),
        ] {
            let unfolded = super::text(text.as_bytes(), None);
            let lines: Vec<_> = lines(&unfolded)
                .map(|line| {
                    let parameters: Vec<_> = line.parameters.iter().map(|(n, v)| format!("{n}={v}")).collect();
                    format!("{}[{}] {}", line.name, parameters.join(" "), line.text().unwrap_or_default())
                })
                .collect();
            assert_eq!(lines.join("|"), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_fold_may_cut_a_character() {
        assert_eq!(super::text(b"SUMMARY:caf\xc3\r\n \xa9\r\n", Some("utf-8")), "SUMMARY:café\r\n");
        assert_eq!(super::text(b"SUMMARY:caf\xe9", Some("iso-8859-1")), "SUMMARY:café");
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[A;:=\"^n\\\\,\r\n é]{0,60}") {
            for octets in [&octets[..], text.as_bytes()] {
                lines(&super::text(octets, None)).for_each(|line| drop(line.text()));
            }
        }
    }
}
