//! What FETCH brings of a message, read by a client that looks at mailboxes.
//!
//! Items may come in any order, and with some that nobody asked for; those are passed over. Nothing is decoded here, and
//! content stays where it is in the response. RFC 9051 §7.5.2.

use super::client;
use super::date;
use super::flag::Flags;
use super::number::Uid;
use super::outline::{Outline, octets, skip};
use super::token::{Lexer, Syntax};
use crate::world::Timestamp;
use std::borrow::Cow;

/// Items of one response that are read.
const ITEMS_MAX: usize = 200;

/// A message as far as one response tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched<'a> {
    /// Its name in the mailbox.
    pub uid: Option<Uid>,
    /// Its flags.
    pub flags: Option<Flags>,
    /// Octets, as the server counts them.
    pub size: Option<u64>,
    /// INTERNALDATE, if it is readable.
    pub arrived: Option<Timestamp>,
    /// Its parts.
    pub outline: Option<Outline>,
    /// Its octets, or some of them.
    pub sections: Vec<Section<'a>>,
}

/// Octets of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// What stood in brackets, in capitals: `1.2.MIME`, `HEADER`; nothing for the whole message.
    pub what: String,
    /// The first octet's number, if not all were asked for.
    pub from: Option<u64>,
    /// The octets; `None` if there is no such section.
    pub octets: Option<Cow<'a, [u8]>>,
}

impl<'a> Fetched<'a> {
    /// Reads a response; `None` if it is no FETCH.
    pub fn parse(response: &'a [u8]) -> Option<Result<Self, Syntax>> {
        let line = response.strip_suffix(b"\r\n").unwrap_or(response);
        let mut lexer = Lexer::new(line.strip_prefix(b"* ")?);
        lexer.number().ok()?;
        lexer.space().ok()?;
        let word = lexer.run(|octet| octet.is_ascii_alphanumeric());
        word.eq_ignore_ascii_case(b"FETCH").then(|| Self::items(&mut lexer))
    }

    /// The octets of a section.
    pub fn section(&self, what: &str) -> Option<&[u8]> {
        let found = self.sections.iter().find(|section| section.what == what)?;
        found.octets.as_deref()
    }

    fn items(lexer: &mut Lexer<'a>) -> Result<Self, Syntax> {
        const FORM: &str = "what the server tells of a message is malformed";
        let mut found = Self::default();
        lexer.run(|octet| octet == b' ');
        lexer.expect(b'(', FORM)?;
        for _ in 0..ITEMS_MAX {
            lexer.run(|octet| octet == b' ');
            if lexer.eat(b')') {
                lexer.run(|octet| octet == b' ');
                return lexer.end().map(|()| found);
            }
            let name =
                lexer.run(|octet| octet.is_ascii_graphic() && !b"()[]<\"{".contains(&octet)).to_ascii_uppercase();
            if name.is_empty() {
                return Err(Syntax(FORM));
            }
            if lexer.peek() == Some(b'[') {
                let section = Section::read(lexer)?;
                found.sections.push(section);
                continue;
            }
            lexer.run(|octet| octet == b' ');
            found.item(&name, lexer)?;
        }
        Err(Syntax("the server tells too much of a message"))
    }

    fn item(&mut self, name: &[u8], lexer: &mut Lexer<'a>) -> Result<(), Syntax> {
        match name {
            b"UID" => self.uid = number(lexer)?.and_then(|number| Uid::new(u32::try_from(number).ok()?)),
            b"RFC822.SIZE" => self.size = number(lexer)?,
            b"FLAGS" => {
                lexer.expect(b'(', "flags are malformed")?;
                let inside = lexer.run(|octet| !matches!(octet, b')' | b'(' | b'"' | b'{'));
                lexer.expect(b')', "flags are malformed")?;
                let inside = String::from_utf8_lossy(inside);
                self.flags = Some(client::flags(inside.split(' ').filter(|word| !word.is_empty())));
            }
            b"INTERNALDATE" => {
                let text = octets(lexer)?;
                self.arrived = text.and_then(|text| date::parse(std::str::from_utf8(&text).ok()?));
            }
            b"BODYSTRUCTURE" => self.outline = Some(Outline::read(lexer)?),
            _ => skip(lexer)?,
        }
        Ok(())
    }
}

impl<'a> Section<'a> {
    /// `[HEADER.FIELDS (FROM)]<0> {5}…`
    fn read(lexer: &mut Lexer<'a>) -> Result<Self, Syntax> {
        const FORM: &str = "a section of a message is malformed";
        lexer.expect(b'[', FORM)?;
        let mut what = Vec::new();
        // Names of fields may come as strings, and strings may hold anything.
        loop {
            what.extend_from_slice(
                lexer.run(|octet| octet.is_ascii_graphic() && !b"]\"{".contains(&octet) || octet == b' '),
            );
            match lexer.peek() {
                Some(b'"' | b'{') => what.extend_from_slice(&octets(lexer)?.unwrap_or_default()),
                _ => break,
            }
        }
        lexer.expect(b']', FORM)?;
        let mut from = None;
        if lexer.eat(b'<') {
            from = lexer.number().map(u64::from).map(Some)?;
            lexer.expect(b'>', FORM)?;
        }
        lexer.run(|octet| octet == b' ');
        let what = String::from_utf8_lossy(&what).to_ascii_uppercase();
        Ok(Self { what, from, octets: octets(lexer)? })
    }
}

/// A number, which some servers write between quotes.
fn number(lexer: &mut Lexer<'_>) -> Result<Option<u64>, Syntax> {
    let digits = octets(lexer)?;
    Ok(digits.and_then(|digits| std::str::from_utf8(&digits).ok()?.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(response: &[u8]) -> String {
        match Fetched::parse(response) {
            None => "nothing".to_owned(),
            Some(Err(Syntax(why))) => why.to_owned(),
            Some(Ok(found)) => {
                let flags = found.flags.as_ref().map(|flags| super::super::response::flag_list(flags, false));
                let sections: Vec<String> = found
                    .sections
                    .iter()
                    .map(|section| {
                        let octets = section.octets.as_deref().map(|octets| octets.escape_ascii().to_string());
                        format!("{}@{:?}={}", section.what, section.from, octets.unwrap_or("NIL".to_owned()))
                    })
                    .collect();
                let (uid, size) = (found.uid.map_or(0, Uid::get), found.size.unwrap_or(0));
                let parts = found.outline.map_or(0, |outline| outline.branches.len());
                format!(
                    "{uid} {size} {} {} {parts} {}",
                    flags.unwrap_or_default(),
                    found.arrived.is_some(),
                    sections.join(" ")
                )
            }
        }
    }

    #[test]
    fn responses_are_read_in_any_order_of_their_items() {
        for (response, wanted) in [
            ("* 1 FETCH (UID 7 FLAGS (\\Seen a \\Recent) RFC822.SIZE 3)\r\n", "7 3 (\\Seen a) false 0 "),
            ("* 1 fetch (flags () uid 7)\r\n", "7 0 () false 0 "),
            ("* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 +0000\" UID 7 )\r\n", "7 0  true 0 "),
            ("* 1 FETCH (INTERNALDATE \" 7-Jul-1996 02:44:25 +0000\" UID \"7\")\r\n", "7 0  true 0 "),
            ("* 1 FETCH (INTERNALDATE NIL UID NIL RFC822.SIZE NIL)\r\n", "0 0  false 0 "),
            (
                "* 1 FETCH (BODY[HEADER.FIELDS (FROM \"To\")] {3}\r\na\r\n UID 7)\r\n",
                "7 0  false 0 HEADER.FIELDS (FROM TO)@None=a\\r\\n",
            ),
            ("* 1 FETCH (UID 7 BODY[1.2.mime]<4> \"ab\" BODY[] NIL)\r\n", "7 0  false 0 1.2.MIME@Some(4)=ab @None=NIL"),
            ("* 1 FETCH (UID 7 BINARY[1] ~{2}\r\n\0) X (1 (\")\" 2)) MODSEQ (7))\r\n", "7 0  false 0 1@None=\\x00)"),
            ("* 1 FETCH (UID 7 BODYSTRUCTURE (text plain NIL NIL NIL 7bit 3 1))\r\n", "7 0  false 1 "),
            ("* 1 FETCH (UID 7 BODYSTRUCTURE NIL)\r\n", "the structure of a message is malformed"),
            ("* 1 FETCH (UID 7", "what the server tells of a message is malformed"),
            ("* 1 FETCH (UID 7) x\r\n", "Too many arguments"),
            ("* 1 FETCH NIL\r\n", "what the server tells of a message is malformed"),
            ("* 1 FETCH (FLAGS NIL)\r\n", "flags are malformed"),
            ("* 1 EXPUNGE\r\n", "nothing"),
            ("m1 OK\r\n", "nothing"),
        ] {
            assert_eq!(told(response.as_bytes()), wanted, "{response}");
        }
        let many = format!("* 1 FETCH ({})\r\n", "UID 7 ".repeat(300));
        assert_eq!(told(many.as_bytes()), "the server tells too much of a message");
    }

    proptest! {
        #[test]
        fn no_response_makes_it_panic(
            rest in "([\\[\\](){}<>\"\\\\ a0-9~]|UID |BODY\\[|BODYSTRUCTURE \\(|FLAGS \\(|NIL|\\{3\\}\r\n){0,40}",
        ) {
            let _ = Fetched::parse(format!("* 1 FETCH ({rest}\r\n").as_bytes());
        }
    }
}
