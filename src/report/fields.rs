//! Reports as groups of header fields: the form that RFC 3464 gave to DSNs, and others took over.
//!
//! Groups stand apart by empty lines; within one, order means nothing. Values often carry their type in front, and
//! comments behind. Written by thousands of servers, so whatever is no field is passed over.
//! RFC 3464 §2.1; RFC 6533 §3 for addresses beyond ASCII; RFC 3461 §4 for xtext.

use crate::message::field::{self, Field, trim_line_end};
use crate::message::{date, words};
use schemars::JsonSchema;
use serde::Serialize;

/// Octets of one value that are kept; servers say less.
const VALUE_MAX: usize = 8 * 1024;
/// Fields of one group that are read.
const FIELDS_MAX: usize = 200;

/// One group of fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Group<'o> {
    fields: Vec<Field<'o>>,
}

/// A value with its type: `dns; mx.hamburger.example`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Typed {
    /// The type, in lower case: `rfc822`, `dns`, `smtp` …; empty where the sender left it out.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
}

/// A field that no standard names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Extra {
    /// The field name as written.
    pub name: String,
    /// Its value, decoded.
    pub value: String,
}

/// The groups of a text that have a field at all, one after the other.
pub(super) fn groups(content: &[u8]) -> impl Iterator<Item = Group<'_>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let mut end = 0;
            let behind = loop {
                let line = field::first_line(&rest[end..]);
                if trim_line_end(line).trim_ascii().is_empty() {
                    break end + line.len();
                }
                end += line.len();
            };
            let fields: Vec<_> = field::fields(&rest[..end]).take(FIELDS_MAX).collect();
            rest = &rest[behind..];
            if !fields.is_empty() {
                return Some(Group { fields });
            }
        }
        None
    })
}

impl Group<'_> {
    /// Whether it has a field of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.is(name))
    }

    /// The value of the first field of a name, decoded; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).next()
    }

    /// The values of all fields of a name.
    pub(super) fn texts<'s>(&'s self, name: &'s str) -> impl Iterator<Item = String> + 's {
        self.fields.iter().filter(move |field| field.is(name)).map(value).filter(|value| !value.is_empty())
    }

    /// A typed value.
    pub(super) fn typed(&self, name: &str) -> Option<Typed> {
        self.text(name).map(|text| Typed::parse(&text))
    }

    /// A typed address.
    pub(super) fn address(&self, name: &str) -> Option<Typed> {
        self.typed(name).map(Typed::into_address)
    }

    /// A date in RFC 3339.
    pub(super) fn date(&self, name: &str) -> Option<String> {
        self.text(name).and_then(|text| date::parse(text.as_bytes())).map(|when| when.to_string())
    }

    /// The fields that have none of these names.
    pub(super) fn others(&self, known: &[&str]) -> Vec<Extra> {
        let is_known = |field: &&Field<'_>| known.iter().any(|name| field.is(name));
        let others = self.fields.iter().filter(|field| !is_known(field));
        others.map(|field| Extra { name: field.name.to_owned(), value: value(field) }).collect()
    }
}

fn value(field: &Field<'_>) -> String {
    words::decode(field.body.get(..VALUE_MAX).unwrap_or(field.body))
}

impl Typed {
    /// Reads `type; value`. What has no type, or words before its semicolon, is all value.
    pub(super) fn parse(text: &str) -> Self {
        let is_type = |kind: &str| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match text.split_once(';').map(|(kind, value)| (kind.trim(), value.trim())) {
            Some((kind, value)) if is_type(kind) => Self { kind: kind.to_ascii_lowercase(), value: value.to_owned() },
            _ => Self { kind: String::new(), value: text.trim().to_owned() },
        }
    }

    /// The same, its value read as an address.
    fn into_address(self) -> Self {
        let value = match self.kind.as_str() {
            "utf-8" => from_unicode_xtext(&self.value),
            _ => from_xtext(&self.value),
        };
        Self { value: bare(&value).to_owned(), ..self }
    }
}

/// An address without the brackets that RFC 3464 does not want and many write.
fn bare(address: &str) -> &str {
    let address = address.trim();
    address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(address)
}

/// Undoes xtext (RFC 3461 §4) where only xtext can be meant: RFC 3464 §2.3.1 wants the address itself here, not all
/// servers give it, and `bob+ab@hamburger.example` may be the address itself.
pub(super) fn from_xtext(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', [high, low, after @ ..]) => match hex(*high, *low) {
                Some(octet @ (b'+' | b'=' | b' ')) => {
                    octets.push(octet);
                    rest = after;
                }
                _ => octets.push(b'+'),
            },
            (octet, _) => octets.push(*octet),
        }
    }
    words::undeclared(&octets).0.into_owned()
}

/// Two upper case digits, as xtext has them.
fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// `\x{FC}` as the character (RFC 6533 §3).
fn from_unicode_xtext(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        read.push_str(before);
        // Six digits are enough for every character.
        let end = after.bytes().take(7).position(|octet| octet == b'}');
        let character = end.and_then(|end| {
            let character = u32::from_str_radix(after.get(..end)?, 16).ok().and_then(char::from_u32)?;
            Some((character, after.get(end + 1..)?))
        });
        match character {
            Some((character, after)) => {
                read.push(character);
                rest = after;
            }
            None => {
                read.push_str("\\x{");
                rest = after;
            }
        }
    }
    read.push_str(rest);
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_stand_apart_by_empty_lines() {
        for (text, wanted) in [
            ("A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "A=1 B=2|C=3"),
            ("\n\nA: 1\n folded\n \t\n\n\nB: 2", "A=1 folded|B=2"),
            ("no field\n\nA: 1\nno field\nB:\n\n\n", "A=1 B="),
            ("", ""),
        ] {
            let shown: Vec<String> = groups(text.as_bytes())
                .map(|group| {
                    let fields = group.others(&[]);
                    fields.iter().map(|f| format!("{}={}", f.name, f.value)).collect::<Vec<_>>().join(" ")
                })
                .collect();
            assert_eq!(shown.join("|"), wanted, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_read_in_all_their_spellings() {
        for (text, kind, wanted) in [
            ("rfc822; bob@x", "rfc822", "bob@x"),
            ("RFC822;<bob@x>", "rfc822", "bob@x"),
            ("bob@x", "", "bob@x"),
            ("rfc822;bob+2Btag@x", "rfc822", "bob+tag@x"),
            ("rfc822;bob+AB@x", "rfc822", "bob+AB@x"),
            ("rfc822;bob+@x+", "rfc822", "bob+@x+"),
            ("rfc822; \"a;b\"@x", "rfc822", "\"a;b\"@x"),
            ("utf-8; j\\x{FC}rgen@b\\x{fc}cher.example", "utf-8", "jürgen@bücher.example"),
            ("utf-8; a\\x{D800}\\x{1234567}\\x{", "utf-8", "a\\x{D800}\\x{1234567}\\x{"),
            ("said they; no", "", "said they; no"),
            ("", "", ""),
        ] {
            let found = Typed::parse(text).into_address();
            assert_eq!((found.kind.as_str(), found.value.as_str()), (kind, wanted), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[+\\\\x{}0-9A-F;é\n: ]{0,40}") {
            groups(&octets).count();
            groups(text.as_bytes()).count();
            Typed::parse(&text).into_address();
            from_unicode_xtext(&text);
        }
    }
}
