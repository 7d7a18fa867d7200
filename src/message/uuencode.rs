//! Files within texts: what was mailed before MIME, between `begin 644 name` and `end`.
//!
//! A file is taken for one only if its lines have the lengths they claim, so that a text that speaks of beginnings stays a
//! text. Decoding passes over what is broken and says so. POSIX uuencode (IEEE Std 1003.1), both its forms.

use super::field::{first_line, trim_line_end};
use super::transfer::{self, Decoded};
use std::ops::Range;

/// Files that are looked for in one text.
pub const FILES_MAX: usize = 1000;
/// Octets in a name that is kept.
const NAME_MAX: usize = 1000;

/// A file within a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosed {
    /// The name the sender gave it, as octets of the text.
    pub name: Vec<u8>,
    /// All of it in the text, from `begin` to behind `end`.
    pub at: Range<usize>,
    /// Its lines of data.
    pub data: Range<usize>,
    form: Form,
    /// Whether its end was found.
    is_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Lines that begin with their length.
    Classic,
    /// `begin-base64`
    Base64,
}

/// The files within a text, in order. Linear in its octets.
pub fn find(text: &[u8]) -> Vec<Enclosed> {
    let mut found = Vec::new();
    // Most texts have no line that could begin one.
    let Some(first) = memchr::memmem::find(text, b"begin") else { return found };
    let mut at = memchr::memrchr(b'\n', &text[..first]).map_or(0, |end| end + 1);
    while at < text.len() && found.len() < FILES_MAX {
        let line = first_line(&text[at..]);
        let begun = begin(trim_line_end(line)).and_then(|(form, name)| Enclosed::read(text, at, form, name));
        match begun {
            Some(file) => {
                at = file.at.end;
                found.push(file);
            }
            None => at += line.len(),
        }
    }
    found
}

/// The form and the name in a first line: `begin 644 name`.
fn begin(line: &[u8]) -> Option<(Form, &[u8])> {
    let rest = line.strip_prefix(b"begin")?;
    let (form, rest) = match rest.strip_prefix(b"-base64") {
        Some(rest) => (Form::Base64, rest),
        None => (Form::Classic, rest),
    };
    let rest = rest.strip_prefix(b" ")?.trim_ascii_start();
    let digits = rest.iter().take_while(|octet| matches!(octet, b'0'..=b'7')).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?.trim_ascii();
    ((3..=6).contains(&digits) && !name.is_empty() && name.len() <= NAME_MAX).then_some((form, name))
}

impl Enclosed {
    /// Reads on behind the first line at `start`; `None` if what follows is not even one line of data.
    fn read(text: &[u8], start: usize, form: Form, name: &[u8]) -> Option<Self> {
        let from = start + first_line(&text[start..]).len();
        let mut at = from;
        let mut is_ended = false;
        let (mut data_end, mut seen_end_mark) = (from, false);
        while at < text.len() {
            let line = first_line(&text[at..]);
            let content = trim_line_end(line);
            let is_end = match form {
                Form::Classic => content.trim_ascii_end() == b"end",
                Form::Base64 => content == b"====",
            };
            let is_data = !seen_end_mark
                && match form {
                    Form::Classic => is_data(content),
                    Form::Base64 => !content.is_empty() && content.iter().all(|octet| is_base64(*octet)),
                };
            if is_end || !is_data {
                is_ended = is_end;
                at += if is_end { line.len() } else { 0 };
                break;
            }
            // A line of length zero is the last one, and only `end` follows it.
            seen_end_mark = form == Form::Classic && length_of(content) == Some(0);
            at += line.len();
            data_end = at;
        }
        (data_end > from).then(|| Self { name: name.to_vec(), at: start..at, data: from..data_end, form, is_ended })
    }

    /// The content; not clean if the end is missing or a line is short.
    pub fn decode(&self, text: &[u8]) -> Decoded<Vec<u8>> {
        let data = text.get(self.data.clone()).unwrap_or_default();
        let mut decoded = match self.form {
            Form::Base64 => transfer::decode_base64(data),
            Form::Classic => classic(data),
        };
        decoded.clean &= self.is_ended;
        decoded
    }
}

fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=')
}

/// The length a line claims: its first character.
fn length_of(line: &[u8]) -> Option<usize> {
    let first = *line.first()?;
    (b' '..=b'`').contains(&first).then(|| usize::from((first - b' ') & 63))
}

/// Whether a line is as long as it claims. Blanks at its end may have been lost on the way, and some programs add a
/// character or two.
fn is_data(line: &[u8]) -> bool {
    let Some(length) = length_of(line) else { return false };
    let wanted = length.div_ceil(3) * 4;
    let body = &line[1..];
    let is_long_enough = body.len() >= wanted || body.len() + 4 > wanted && length > 0 && wanted > 4;
    is_long_enough && body.len() <= wanted + 3 && body.iter().all(|octet| (b' '..=b'`').contains(octet))
}

fn classic(data: &[u8]) -> Decoded<Vec<u8>> {
    let mut content = Vec::with_capacity(data.len() / 4 * 3);
    let mut clean = true;
    let mut rest = data;
    while !rest.is_empty() {
        let line = first_line(rest);
        rest = &rest[line.len()..];
        let line = trim_line_end(line);
        let Some(length) = length_of(line) else { continue };
        let end = content.len() + length;
        clean &= line.len() > length.div_ceil(3) * 4;
        let mut sextets = line[1..].iter().map(|octet| u32::from(octet.wrapping_sub(b' ') & 63));
        while content.len() < end {
            let group = (0..4).fold(0, |group, _| group << 6 | sextets.next().unwrap_or(0));
            content.extend_from_slice(&group.to_be_bytes()[1..]);
        }
        content.truncate(end);
    }
    Decoded { content, clean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a sender writes.
    fn encode(content: &[u8]) -> String {
        let one = |sextet: u32| char::from(if sextet == 0 { b'`' } else { b' ' + sextet as u8 });
        let mut text = "begin 644 a b.bin\n".to_owned();
        for line in content.chunks(45) {
            text.push(one(line.len() as u32));
            for group in line.chunks(3) {
                let octet = |at: usize| group.get(at).copied().map_or(0, u32::from);
                let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
                text.extend((0..4).map(|at| one(bits >> (18 - 6 * at) & 63)));
            }
            text.push('\n');
        }
        text + "`\nend\n"
    }

    #[test]
    fn files_are_told_from_texts_that_speak_of_beginnings() {
        for (text, wanted) in [
            ("see\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n", &[("cat.txt", &b"Cat"[..], true)][..]),
            ("begin 644 cat.txt\r\n#0V%T\r\n \r\nend\r\n", &[("cat.txt", b"Cat", true)]),
            ("begin 644 a\n#0V%T\n", &[("a", b"Cat", false)]),
            ("begin 644 a\n#0V%T\n`\nend\nbegin 755 b\n#0V%T\n`\nend", &[("a", b"Cat", true), ("b", b"Cat", true)]),
            ("begin-base64 644 x.txt\nQ2F0\nQ2F0\n====\n", &[("x.txt", b"CatCat", true)]),
            ("begin 644 a\nthis is a text\nend\n", &[]),
            ("begin 2024 well\nand end\n", &[]),
            ("begin\nend\n", &[]),
            ("We begin 644 x\n", &[]),
        ] {
            let found = find(text.as_bytes());
            let shown: Vec<_> = found.iter().map(|f| (f.name.clone(), f.decode(text.as_bytes()))).collect();
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(name, content, clean)| {
                    (name.as_bytes().to_vec(), Decoded { content: content.to_vec(), clean: *clean })
                })
                .collect();
            assert_eq!(shown, wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(content in proptest::collection::vec(any::<u8>(), 1..200)) {
            let text = format!("before\n{}after\n", encode(&content));
            let found = find(text.as_bytes());
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(&found[0].name, b"a b.bin");
            prop_assert_eq!(found[0].decode(text.as_bytes()), Decoded { content, clean: true });
            prop_assert_eq!(&text[..found[0].at.start], "before\n");
            prop_assert_eq!(&text[found[0].at.end..], "after\n");
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(begin 644 x\n|[ -`]{0,9}\n|end\n|`\n){0,12}", octets in any::<Vec<u8>>()) {
            for text in [text.as_bytes(), &octets] {
                for file in find(text) {
                    file.decode(text);
                }
            }
        }
    }
}
