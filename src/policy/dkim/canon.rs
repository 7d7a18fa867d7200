//! The forms in which header fields and bodies are hashed, so that what is changed underway without harm does no harm.
//!
//! LF ends a line as CRLF does, since messages are kept with either; the form has CRLF always. RFC 6376 §3.4, §3.7.

use crate::message::field::{colon_of, first_line, trim_line_end};
use memchr::memchr2;

/// How much may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canon {
    /// Next to nothing.
    Simple,
    /// White space, and the case of field names.
    Relaxed,
}

impl Canon {
    /// The name in `c=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Relaxed => "relaxed",
        }
    }

    /// Both of `c=relaxed/simple`: for the header fields and for the body.
    pub(super) fn parse_pair(value: Option<&str>) -> Option<(Self, Self)> {
        let one = |name: &str| [Self::Simple, Self::Relaxed].into_iter().find(|canon| canon.name() == name);
        let value = value.unwrap_or("simple").to_ascii_lowercase();
        let (header, body) = value.split_once('/').unwrap_or((&value, "simple"));
        Some((one(header.trim())?, one(body.trim())?))
    }

    /// Appends a field, given with name and folding; without the last line end.
    pub(in crate::policy) fn field(self, field: &[u8], out: &mut Vec<u8>) {
        let field = trim_line_end(field);
        if self == Self::Simple {
            for line in field.split_inclusive(|octet| *octet == b'\n') {
                let text = trim_line_end(line);
                out.extend_from_slice(text);
                if text.len() < line.len() && line.ends_with(b"\n") {
                    out.extend_from_slice(b"\r\n");
                }
            }
            return;
        }
        let colon = colon_of(first_line(field)).unwrap_or(0);
        let (name, value) = field.split_at(colon);
        out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
        out.push(b':');
        let begin = out.len();
        let mut is_blank = false;
        for octet in value.get(1..).unwrap_or_default() {
            match octet {
                b' ' | b'\t' | b'\r' | b'\n' => is_blank = true,
                octet => {
                    if is_blank && out.len() > begin {
                        out.push(b' ');
                    }
                    is_blank = false;
                    out.push(*octet);
                }
            }
        }
    }

    /// Hands over a body in pieces; gives its length.
    pub(super) fn body(self, body: &[u8], mut each: impl FnMut(&[u8])) -> u64 {
        let (mut length, mut empty_lines) = (0u64, 0u64);
        let mut put = |piece: &[u8]| {
            length += piece.len() as u64;
            each(piece);
        };
        for line in body.split_inclusive(|octet| *octet == b'\n') {
            // A CR alone ends no line, not even the last.
            let line = if line.ends_with(b"\n") { trim_line_end(line) } else { line };
            let text = if self == Self::Relaxed { trim_blanks_end(line) } else { line };
            if text.is_empty() {
                // Those at the end do not count; whether this is the end is not known yet.
                empty_lines += 1;
                continue;
            }
            (0..std::mem::take(&mut empty_lines)).for_each(|_| put(b"\r\n"));
            match self {
                Self::Simple => put(text),
                Self::Relaxed => relaxed_line(text, &mut put),
            }
            put(b"\r\n");
        }
        if length == 0 && self == Self::Simple {
            each(b"\r\n");
            return 2;
        }
        length
    }
}

fn trim_blanks_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|octet| !matches!(octet, b' ' | b'\t')).map_or(0, |last| last + 1);
    &line[..end]
}

/// Runs of blanks become one.
fn relaxed_line(mut text: &[u8], put: &mut impl FnMut(&[u8])) {
    while let Some(at) = memchr2(b' ', b'\t', text) {
        put(&text[..at]);
        put(b" ");
        let behind = text[at..].iter().position(|octet| !matches!(octet, b' ' | b'\t'));
        text = behind.and_then(|count| text.get(at + count..)).unwrap_or_default();
    }
    put(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(canon: Canon, text: &[u8]) -> String {
        let mut out = Vec::new();
        canon.field(text, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn body(canon: Canon, text: &[u8]) -> String {
        let mut out = Vec::new();
        let length = canon.body(text, |piece| out.extend_from_slice(piece));
        assert_eq!(length, out.len() as u64);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn the_examples_of_the_standard_come_out_as_it_has_them() {
        // RFC 6376 §3.4.5.
        for (text, wanted) in [(&b"A: X\r\n"[..], "a:X"), (b"B : Y\t\r\n\tZ  \r\n", "b:Y Z"), (b"C:\n", "c:")] {
            assert_eq!(field(Canon::Relaxed, text), wanted);
        }
        for (text, wanted) in [(&b"A: X\r\n"[..], "A: X"), (b"B : Y\t\n\tZ  \n", "B : Y\t\r\n\tZ  ")] {
            assert_eq!(field(Canon::Simple, text), wanted);
        }
        let text = b" C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(body(Canon::Relaxed, text), " C\r\nD E\r\n");
        assert_eq!(body(Canon::Simple, text), " C \r\nD \t E\r\n");
    }

    #[test]
    fn empty_and_open_ends_are_as_the_standard_has_them() {
        for (text, simple, relaxed) in [
            (&b""[..], "\r\n", ""),
            (b"\r\n\r\n", "\r\n", ""),
            (b" \r\n", " \r\n", ""),
            (b"a", "a\r\n", "a\r\n"),
            (b"a\n\n b\n\n", "a\r\n\r\n b\r\n", "a\r\n\r\n b\r\n"),
            (b"a\rb\r\r\n", "a\rb\r\r\n", "a\rb\r\r\n"),
            (b"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"),
        ] {
            assert_eq!(body(Canon::Simple, text), simple, "{}", text.escape_ascii());
            assert_eq!(body(Canon::Relaxed, text), relaxed, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn both_forms_are_named_or_it_is_simple() {
        use Canon::{Relaxed, Simple};
        for (value, wanted) in [
            (None, Some((Simple, Simple))),
            (Some("relaxed"), Some((Relaxed, Simple))),
            (Some("Relaxed/relaxed"), Some((Relaxed, Relaxed))),
            (Some("simple/nofws"), None),
            (Some(""), None),
        ] {
            assert_eq!(Canon::parse_pair(value), wanted, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn line_ends_in_a_file_change_nothing(text in "[ab \t\n]{0,40}") {
            let other = text.replace('\n', "\r\n");
            for canon in [Canon::Simple, Canon::Relaxed] {
                prop_assert_eq!(body(canon, text.as_bytes()), body(canon, other.as_bytes()));
                let (one, other) = (format!("A:x\n {text}"), format!("A:x\r\n {other}"));
                prop_assert_eq!(field(canon, one.as_bytes()), field(canon, other.as_bytes()));
            }
        }
    }
}
