//! The parts of a message as IMAP sees them: what BODYSTRUCTURE prints, and which octets a section names.
//!
//! Parts stand in one list, each knowing those below it; how deep they nest was limited before.
//! RFC 9051 §6.4.5.1, §7.5.2 (body structure), §9 (body); RFC 3501 §7.4.2.

use super::envelope;
use super::fetch::{Section, What};
use super::response::{nstring, string};
use crate::message::guard::BlockKind;
use crate::message::media::{Disposition, first_token};
use crate::message::overview::Overview;
use crate::message::transfer::Encoding;
use crate::message::view::{self, Message};
use crate::message::words;
use std::ops::Range;

/// All parts of a message; the first is the message itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structure {
    /// In the order of their beginnings.
    pub parts: Vec<Part>,
}

/// One part: a header section and a body, as octets of the whole message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The header section, with the empty line behind it.
    pub header: Range<u64>,
    /// The body, encoded.
    pub body: Range<u64>,
    /// Line ends in the body.
    pub lines: u64,
    /// What the body is made of.
    pub kind: Kind,
    /// `text`
    pub media_type: String,
    /// `plain`
    pub media_subtype: String,
    /// Of the media type, as written.
    pub parameters: Vec<(String, String)>,
    /// `Content-ID`
    pub id: Option<String>,
    /// `Content-Description`, undecoded.
    pub description: Option<String>,
    /// `Content-Transfer-Encoding`; `7bit` if it says nothing.
    pub encoding: String,
    /// `Content-MD5`
    pub md5: Option<String>,
    /// `Content-Disposition` and its parameters.
    pub disposition: Option<(String, Vec<(String, String)>)>,
    /// `Content-Language`, one tag each.
    pub languages: Vec<String>,
    /// `Content-Location`
    pub location: Option<String>,
}

/// What a body is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Kind {
    /// Content, or structure that nobody can read.
    #[default]
    Leaf,
    /// These parts.
    Multipart(Vec<usize>),
    /// A message, which is that part.
    Message(usize, Box<Overview>),
}

impl Structure {
    /// The parts of a message, given all its octets as they go over the wire.
    pub fn read(octets: &[u8]) -> Self {
        let message = Message::parse(octets);
        Self { parts: message.parts().iter().map(|part| part_of(&message, part)).collect() }
    }

    /// The octets a section names; for header fields the header section they are in. `None` if there is no such section.
    pub fn locate(&self, section: &Section) -> Option<Range<u64>> {
        let root = self.parts.first()?;
        let Some((first, later)) = section.path.split_first() else {
            return Some(match section.what {
                What::All => root.header.start..root.body.end,
                What::Header | What::Fields(_) | What::FieldsNot(_) => root.header.clone(),
                What::Text => root.body.clone(),
                What::Mime => return None,
            });
        };
        let part = later.iter().try_fold(self.below(root, *first)?, |part, number| match &part.kind {
            Kind::Leaf => None,
            Kind::Multipart(_) => self.below(part, *number),
            Kind::Message(inner, _) => self.below(self.parts.get(*inner)?, *number),
        })?;
        match (&section.what, &part.kind) {
            (What::All, _) => Some(part.body.clone()),
            (What::Mime, _) => Some(part.header.clone()),
            // RFC 9051 §6.4.5.1: HEADER and TEXT with a number belong to message/rfc822 parts.
            (what, Kind::Message(inner, _)) => {
                let inner = self.parts.get(*inner)?;
                Some(if *what == What::Text { inner.body.clone() } else { inner.header.clone() })
            }
            _ => None,
        }
    }

    /// The part with a number within a message or multipart; the body of any other message is its part 1.
    fn below<'s>(&'s self, holder: &'s Part, number: u32) -> Option<&'s Part> {
        match &holder.kind {
            Kind::Multipart(children) => self.parts.get(*children.get(usize::try_from(number).ok()?.checked_sub(1)?)?),
            _ => (number == 1).then_some(holder),
        }
    }

    /// Prints BODYSTRUCTURE, or BODY, which lacks the extensions.
    pub fn print(&self, extended: bool, out: &mut Vec<u8>) {
        if let Some(root) = self.parts.first() {
            self.print_part(root, extended, out);
        }
    }

    fn print_part(&self, part: &Part, extended: bool, out: &mut Vec<u8>) {
        out.push(b'(');
        match &part.kind {
            Kind::Multipart(children) => {
                for child in children.iter().filter_map(|child| self.parts.get(*child)) {
                    self.print_part(child, extended, out);
                }
                out.push(b' ');
                string(part.media_subtype.as_bytes(), out);
                if extended {
                    out.push(b' ');
                    print_parameters(&part.parameters, out);
                }
            }
            kind => {
                print_basic(part, out);
                // RFC 3501 §9 (body-type-msg): this and no other subtype is followed by what is inside.
                let is_message = part.media_subtype == "rfc822";
                if let (Kind::Message(inner, overview), true) = (kind, is_message)
                    && let Some(inner) = self.parts.get(*inner)
                {
                    out.push(b' ');
                    envelope::print(overview, out);
                    out.push(b' ');
                    self.print_part(inner, extended, out);
                    out.extend_from_slice(format!(" {}", part.lines).as_bytes());
                } else if part.media_type == "text" {
                    out.extend_from_slice(format!(" {}", part.lines).as_bytes());
                }
                if extended {
                    out.push(b' ');
                    print_text(part.md5.as_deref(), out);
                }
            }
        }
        if extended {
            print_extension(part, out);
        }
        out.push(b')');
    }
}

fn part_of(message: &Message<'_>, part: &view::Part) -> Part {
    let octets = |range: &Range<usize>| range.start as u64..range.end as u64;
    let text = |name| message.field(part, name).map(plain);
    let encoding = match part.encoding {
        Encoding::Unknown | Encoding::Uuencode => message.field(part, "Content-Transfer-Encoding").map(first_token),
        known => Some(known.name().to_owned()),
    };
    let kind = match (part.kind, part.children.as_slice()) {
        (BlockKind::Multipart, children) => Kind::Multipart(children.to_vec()),
        (BlockKind::Message, [inner, ..]) => {
            let overview = message.parts().get(*inner).map(|inner| message.overview(inner));
            Kind::Message(*inner, Box::new(overview.unwrap_or_default()))
        }
        _ => Kind::Leaf,
    };
    let disposition = message.disposition(part).map(|Disposition { kind, parameters }| (kind, parameters.0));
    let languages = text("Content-Language").unwrap_or_default();
    Part {
        header: octets(&part.header),
        body: octets(&part.body),
        lines: part.lines as u64,
        kind,
        media_type: part.media.main.clone(),
        media_subtype: part.media.sub.clone(),
        parameters: part.media.parameters.0.clone(),
        id: text("Content-ID"),
        description: text("Content-Description"),
        encoding: encoding.unwrap_or_default(),
        md5: text("Content-MD5"),
        disposition,
        languages: languages.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        location: text("Content-Location"),
    }
}

/// A field body in one line, nothing decoded.
fn plain(body: &[u8]) -> String {
    words::undeclared(&words::unfold(body)).0.trim().to_owned()
}

fn print_basic(part: &Part, out: &mut Vec<u8>) {
    let (main, sub) = match (&part.kind, part.media_type.as_str(), part.media_subtype.as_str()) {
        // A message or multipart that nobody can look into must not be announced as one: its fields would be missing.
        (Kind::Leaf, "message", "rfc822" | "global") | (Kind::Leaf, "multipart", _) => ("application", "octet-stream"),
        (_, main, sub) => (main, sub),
    };
    string(main.as_bytes(), out);
    out.push(b' ');
    string(sub.as_bytes(), out);
    out.push(b' ');
    print_parameters(&part.parameters, out);
    out.push(b' ');
    print_text(part.id.as_deref(), out);
    out.push(b' ');
    print_text(part.description.as_deref(), out);
    out.push(b' ');
    string(part.encoding.as_bytes(), out);
    out.extend_from_slice(format!(" {}", part.body.end.saturating_sub(part.body.start)).as_bytes());
}

fn print_extension(part: &Part, out: &mut Vec<u8>) {
    out.push(b' ');
    match &part.disposition {
        Some((kind, parameters)) => {
            out.push(b'(');
            string(kind.as_bytes(), out);
            out.push(b' ');
            print_parameters(parameters, out);
            out.push(b')');
        }
        None => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    match part.languages.as_slice() {
        [] => out.extend_from_slice(b"NIL"),
        [one] => string(one.as_bytes(), out),
        several => print_strings(several.iter().map(String::as_str), out),
    }
    out.push(b' ');
    print_text(part.location.as_deref(), out);
}

fn print_text(text: Option<&str>, out: &mut Vec<u8>) {
    nstring(text.map(str::as_bytes), out);
}

fn print_parameters(parameters: &[(String, String)], out: &mut Vec<u8>) {
    if parameters.is_empty() {
        out.extend_from_slice(b"NIL");
    } else {
        print_strings(parameters.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]), out);
    }
}

fn print_strings<'s>(strings: impl Iterator<Item = &'s str>, out: &mut Vec<u8>) {
    out.push(b'(');
    for (index, text) in strings.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        string(text.as_bytes(), out);
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::fetch::{self, Item};
    use crate::imap::token::Lexer;

    fn printed(message: &str, extended: bool) -> String {
        let mut out = Vec::new();
        Structure::read(message.as_bytes()).print(extended, &mut out);
        String::from_utf8(out).expect("text")
    }

    /// A multipart with a text, a message that holds a multipart itself, and a picture.
    const LETTER: &str = "Subject: outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\npreamble\r\n--o\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Language: en, fr\r\n\r\nfirst\r\n--o\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=i\r\n\
         \r\n--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--\r\n--o\r\n\
         Content-Type: image/png; name*=utf-8''%e2.png\r\nContent-ID: <x@y>\r\nContent-Transfer-Encoding: BASE64\r\n\
         Content-Disposition: attachment; filename=\"a b.png\"\r\n\r\nAAAA\r\n--o--\r\n";

    #[test]
    fn structures_are_printed_with_and_without_extensions() {
        assert_eq!(printed("Subject: x\r\n\r\na\r\nb\r\n", false), "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 6 2)");
        assert_eq!(
            printed("Subject: x\r\n\r\na\r\nb\r\n", true),
            "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 6 2 NIL NIL NIL NIL)"
        );
        assert_eq!(
            printed(LETTER, true),
            "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 5 0 NIL NIL (\"en\" \"fr\") NIL)\
             (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 123 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) \
             ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 0 NIL NIL NIL NIL)\
             (\"text\" \"html\" NIL NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL) \"alternative\" (\"boundary\" \"i\") NIL NIL NIL) \
             10 NIL NIL NIL NIL)\
             (\"image\" \"png\" (\"name*\" \"utf-8''%e2.png\") \"<x@y>\" NIL \"base64\" 4 NIL \
             (\"attachment\" (\"filename\" \"a b.png\")) NIL NIL) \"mixed\" (\"boundary\" \"o\") NIL NIL NIL)"
        );
    }

    #[test]
    fn what_cannot_be_looked_into_is_called_something_else() {
        for (message, wanted) in [
            ("Content-Type: multipart/mixed\r\n\r\nx\r\n", "(\"application\" \"octet-stream\" NIL NIL NIL \"7bit\" 3)"),
            (
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
                "(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" 6)",
            ),
            (
                "Content-Type: message/global\r\n\r\nSubject: x\r\n\r\n",
                "(\"message\" \"global\" NIL NIL NIL \"7bit\" 14)",
            ),
            (
                "Content-Type: text/plain\r\nContent-Transfer-Encoding: uuencode\r\n\r\nx",
                "(\"text\" \"plain\" NIL NIL NIL \"uuencode\" 1 0)",
            ),
        ] {
            assert_eq!(printed(message, false), wanted, "{message}");
        }
    }

    #[test]
    fn sections_name_their_octets() {
        let single = "Subject: x\r\n\r\nbody";
        let enclosed = "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\ninner";
        for (message, section, wanted) in [
            (single, "", Some(single)),
            (single, "HEADER", Some("Subject: x\r\n\r\n")),
            (single, "TEXT", Some("body")),
            (single, "1", Some("body")),
            (single, "1.MIME", Some("Subject: x\r\n\r\n")),
            (single, "1.1", None),
            (single, "2", None),
            (single, "1.HEADER", None),
            (single, "1.TEXT", None),
            (LETTER, "1", Some("first")),
            (LETTER, "1.1", None),
            (LETTER, "2.HEADER", Some("Subject: inner\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n")),
            (LETTER, "2.1", Some("plain")),
            (LETTER, "2.1.MIME", Some("\r\n")),
            (LETTER, "2.2", Some("<p>")),
            (LETTER, "2.2.MIME", Some("Content-Type: text/html\r\n\r\n")),
            (LETTER, "2.3", None),
            (LETTER, "2.MIME", Some("Content-Type: message/rfc822\r\n\r\n")),
            (LETTER, "2.TEXT", Some("--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--")),
            (LETTER, "3", Some("AAAA")),
            (LETTER, "4", None),
            (LETTER, "4294967295", None),
            (enclosed, "1", Some("Subject: y\r\n\r\ninner")),
            (enclosed, "1.HEADER", Some("Subject: y\r\n\r\n")),
            (enclosed, "1.1", Some("inner")),
            (enclosed, "1.1.1", None),
        ] {
            let label = format!("BODY[{section}]");
            let items = fetch::parse(&mut Lexer::new(label.as_bytes())).expect("an item");
            let [Item::Octets(octets)] = items.as_slice() else { panic!("{label}") };
            let range = Structure::read(message.as_bytes()).locate(&octets.section);
            let found = range.map(|range| &message[range.start as usize..range.end as usize]);
            assert_eq!(found, wanted, "{section}");
        }
    }

    #[test]
    fn a_hundred_thousand_levels_are_printed_as_far_as_they_were_read() {
        let message = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
        assert!(printed(&message, true).matches("message").count() <= 200);
    }
}
