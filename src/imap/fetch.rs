//! What FETCH can ask for: the grammar of its items.
//!
//! Pure grammar: which octets a section names is `structure`'s business, how they are brought is
//! the server's. RFC 9051 §6.4.5, §9 (fetch-att, section); RFC 3501 §6.4.5.

use super::response;
use super::token::{Lexer, Syntax};

/// More items in one FETCH are nobody's need.
const ITEMS_MAX: usize = 200;

/// One thing to tell about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822.SIZE`
    Size,
    /// `UID`
    Uid,
    /// `ENVELOPE`
    Envelope,
    /// `BODY`: the structure without its extensions.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `BODY[…]` and its older forms: octets of the message.
    Octets(Octets),
}

/// Octets of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets {
    /// What the response calls it, with the first octet's number if only a part was asked for.
    pub label: Vec<u8>,
    /// Which octets.
    pub section: Section,
    /// First octet and how many, if not all.
    pub partial: Option<(u32, u32)>,
    /// Whether the message counts as seen by this.
    pub marks_seen: bool,
}

/// A place in a message: the body part by its numbers, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `1.2`; empty for the message itself.
    pub path: Vec<u32>,
    /// What of it.
    pub what: What,
}

/// What of a body part or a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All: header section and body of a message, the body of a part.
    All,
    /// `HEADER` of a message.
    Header,
    /// `HEADER.FIELDS`: these fields.
    Fields(Vec<String>),
    /// `HEADER.FIELDS.NOT`: all but these.
    FieldsNot(Vec<String>),
    /// `TEXT`: the body of a message.
    Text,
    /// `MIME`: the header section of a part.
    Mime,
}

/// Reads one item or macro, or a list of items in parentheses.
pub fn parse(lexer: &mut Lexer<'_>) -> Result<Vec<Item>, Syntax> {
    use Item::{Body, Envelope, Flags, InternalDate, Size};
    if !lexer.eat(b'(') {
        let before = lexer.clone();
        let found = match lexer.atom().unwrap_or_default().to_ascii_uppercase().as_str() {
            "ALL" => vec![Flags, InternalDate, Size, Envelope],
            "FAST" => vec![Flags, InternalDate, Size],
            "FULL" => vec![Flags, InternalDate, Size, Envelope, Body],
            _ => {
                *lexer = before;
                vec![item(lexer)?]
            }
        };
        return Ok(found);
    }
    let mut items = vec![item(lexer)?];
    while !lexer.eat(b')') {
        lexer.expect(b' ', "Missing closing parenthesis")?;
        items.push(item(lexer)?);
        if items.len() > ITEMS_MAX {
            return Err(Syntax("Too many items"));
        }
    }
    Ok(items)
}

fn item(lexer: &mut Lexer<'_>) -> Result<Item, Syntax> {
    let word = lexer.run(|octet| octet.is_ascii_alphanumeric() || octet == b'.').to_ascii_uppercase();
    let old = |label: &str, what, marks_seen| {
        let section = Section { path: Vec::new(), what };
        Item::Octets(Octets { label: label.into(), section, partial: None, marks_seen })
    };
    Ok(match word.as_slice() {
        b"FLAGS" => Item::Flags,
        b"INTERNALDATE" => Item::InternalDate,
        b"RFC822.SIZE" => Item::Size,
        b"UID" => Item::Uid,
        b"ENVELOPE" => Item::Envelope,
        b"BODYSTRUCTURE" => Item::BodyStructure,
        b"RFC822" => old("RFC822", What::All, true),
        b"RFC822.HEADER" => old("RFC822.HEADER", What::Header, false),
        b"RFC822.TEXT" => old("RFC822.TEXT", What::Text, true),
        b"BODY" if lexer.peek() == Some(b'[') => octets(lexer, true)?,
        b"BODY.PEEK" => octets(lexer, false)?,
        b"BODY" => Item::Body,
        _ => return Err(Syntax("Unknown FETCH item")),
    })
}

fn octets(lexer: &mut Lexer<'_>, marks_seen: bool) -> Result<Item, Syntax> {
    lexer.expect(b'[', "Missing section")?;
    let section = section(lexer)?;
    lexer.expect(b']', "Missing closing bracket")?;
    let mut partial = None;
    if lexer.eat(b'<') {
        let first = lexer.number()?;
        lexer.expect(b'.', "Malformed partial range")?;
        let count = lexer.number()?;
        lexer.expect(b'>', "Malformed partial range")?;
        // RFC 9051 §9: the count is an nz-number.
        if count == 0 {
            return Err(Syntax("Malformed partial range"));
        }
        partial = Some((first, count));
    }
    let mut label = b"BODY[".to_vec();
    print_section(&section, &mut label);
    label.push(b']');
    if let Some((first, _)) = partial {
        label.extend_from_slice(format!("<{first}>").as_bytes());
    }
    Ok(Item::Octets(Octets { label, section, partial, marks_seen }))
}

fn section(lexer: &mut Lexer<'_>) -> Result<Section, Syntax> {
    const UNKNOWN: Syntax = Syntax("Unknown section");
    let mut path = Vec::new();
    while lexer.peek().is_some_and(|octet| octet.is_ascii_digit()) {
        let number = lexer.number()?;
        if number == 0 || path.len() > 200 {
            return Err(UNKNOWN);
        }
        path.push(number);
        if lexer.peek() == Some(b']') {
            return Ok(Section { path, what: What::All });
        }
        lexer.expect(b'.', "Unknown section")?;
    }
    let word = lexer.run(|octet| octet.is_ascii_alphabetic() || octet == b'.').to_ascii_uppercase();
    let what = match word.as_slice() {
        b"" if path.is_empty() => What::All,
        b"HEADER" => What::Header,
        b"HEADER.FIELDS" => What::Fields(field_names(lexer)?),
        b"HEADER.FIELDS.NOT" => What::FieldsNot(field_names(lexer)?),
        b"TEXT" => What::Text,
        // RFC 9051 §6.4.5.1: MIME must have a part number in front of it.
        b"MIME" if !path.is_empty() => What::Mime,
        _ => return Err(UNKNOWN),
    };
    Ok(Section { path, what })
}

fn field_names(lexer: &mut Lexer<'_>) -> Result<Vec<String>, Syntax> {
    lexer.space()?;
    lexer.expect(b'(', "Missing list of header fields")?;
    let mut names = Vec::new();
    loop {
        let name = lexer.astring()?;
        // Other octets are in no field name (RFC 5322 §2.2), and would break the response that repeats them.
        let name = std::str::from_utf8(&name).ok().filter(|name| name.bytes().all(|octet| octet.is_ascii_graphic()));
        names.push(name.ok_or(Syntax("Malformed field name"))?.to_owned());
        if lexer.eat(b')') {
            return Ok(names);
        }
        lexer.expect(b' ', "Missing closing parenthesis")?;
        if names.len() > ITEMS_MAX {
            return Err(Syntax("Too many header fields"));
        }
    }
}

fn print_section(section: &Section, out: &mut Vec<u8>) {
    let path: Vec<String> = section.path.iter().map(u32::to_string).collect();
    out.extend_from_slice(path.join(".").as_bytes());
    let (word, names) = match &section.what {
        What::All => return,
        What::Header => ("HEADER", None),
        What::Fields(names) => ("HEADER.FIELDS", Some(names)),
        What::FieldsNot(names) => ("HEADER.FIELDS.NOT", Some(names)),
        What::Text => ("TEXT", None),
        What::Mime => ("MIME", None),
    };
    if !path.is_empty() {
        out.push(b'.');
    }
    out.extend_from_slice(word.as_bytes());
    for (index, name) in names.into_iter().flatten().enumerate() {
        out.extend_from_slice(if index == 0 { b" (" } else { b" " });
        response::astring(name.as_bytes(), out);
    }
    if names.is_some() {
        out.push(b')');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Item>, &'static str> {
        let mut lexer = Lexer::new(text.as_bytes());
        let items = parse(&mut lexer).map_err(|Syntax(why)| why)?;
        lexer.end().map_err(|Syntax(why)| why)?;
        Ok(items)
    }

    #[test]
    fn items_and_macros_are_read() {
        use Item::*;
        for (text, wanted) in [
            ("ALL", vec![Flags, InternalDate, Size, Envelope]),
            ("fast", vec![Flags, InternalDate, Size]),
            ("FULL", vec![Flags, InternalDate, Size, Envelope, Body]),
            ("BODY", vec![Body]),
            ("(uid Flags BODYSTRUCTURE)", vec![Uid, Flags, BodyStructure]),
            ("(BODY RFC822.SIZE)", vec![Body, Size]),
        ] {
            assert_eq!(read(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn sections_are_read_and_called_by_their_names() {
        for (text, label, path, what, partial, marks_seen) in [
            ("BODY[]", "BODY[]", vec![], What::All, None, true),
            ("body.peek[]<0.100>", "BODY[]<0>", vec![], What::All, Some((0, 100)), false),
            ("BODY[1.2]", "BODY[1.2]", vec![1, 2], What::All, None, true),
            ("BODY.PEEK[2.mime]", "BODY[2.MIME]", vec![2], What::Mime, None, false),
            ("BODY[TEXT]<7.4294967295>", "BODY[TEXT]<7>", vec![], What::Text, Some((7, u32::MAX)), true),
            (
                "BODY.PEEK[3.HEADER.FIELDS (From \"to\" {2}\r\nCC)]",
                "BODY[3.HEADER.FIELDS (From to CC)]",
                vec![3],
                What::Fields(vec!["From".into(), "to".into(), "CC".into()]),
                None,
                false,
            ),
            (
                "BODY[HEADER.FIELDS.NOT (X)]",
                "BODY[HEADER.FIELDS.NOT (X)]",
                vec![],
                What::FieldsNot(vec!["X".into()]),
                None,
                true,
            ),
            ("RFC822", "RFC822", vec![], What::All, None, true),
            ("RFC822.HEADER", "RFC822.HEADER", vec![], What::Header, None, false),
            ("RFC822.TEXT", "RFC822.TEXT", vec![], What::Text, None, true),
        ] {
            let section = Section { path, what };
            let wanted = Item::Octets(Octets { label: label.into(), section, partial, marks_seen });
            assert_eq!(read(text), Ok(vec![wanted]), "{text}");
        }
    }

    #[test]
    fn what_is_no_item_is_refused() {
        for text in [
            "",
            "()",
            "(FLAGS",
            "(FLAGS )",
            "FLAGS UID",
            "(ALL)",
            "X-THING",
            "BODY.PEEK",
            "BODY[",
            "BODY[]<",
            "BODY[]<0>",
            "BODY[]<0.0>",
            "BODY[]<-1.5>",
            "BODY[]<0.4294967296>",
            "BODY[0]",
            "BODY[1.]",
            "BODY[.1]",
            "BODY[MIME]",
            "BODY[1.FOO]",
            "BODY[4294967296]",
            "BODY[HEADER.FIELDS]",
            "BODY[HEADER.FIELDS ()]",
            "BODY[HEADER.FIELDS (a b]",
            "BODY[HEADER.FIELDS (\"a b\")]",
            "BODY[HEADER.FIELDS (\"\u{e4}\")]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&format!("BODY[{}1]", "1.".repeat(500))).is_err());
        assert!(read(&format!("({}UID)", "UID ".repeat(500))).is_err());
    }

    proptest! {
        #[test]
        fn a_label_reads_back_as_the_section_it_names(
            path in proptest::collection::vec(1_u32.., 0..4),
            names in proptest::collection::vec("[!-~]{1,8}", 1..4),
            form in 0_u8..6,
        ) {
            let what = match form {
                0 => What::All,
                1 => What::Header,
                2 => What::Fields(names),
                3 => What::FieldsNot(names),
                4 => What::Text,
                _ if path.is_empty() => What::All,
                _ => What::Mime,
            };
            let section = Section { path, what };
            let mut label = b"BODY[".to_vec();
            print_section(&section, &mut label);
            label.push(b']');
            let wanted = Item::Octets(Octets { label: label.clone(), section, partial: None, marks_seen: true });
            prop_assert_eq!(parse(&mut Lexer::new(&label)), Ok(vec![wanted]));
        }
    }
}
