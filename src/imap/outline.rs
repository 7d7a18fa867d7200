//! The parts of a message as a server tells of them: BODYSTRUCTURE, read by a client.
//!
//! Servers write it in more ways than the standard has: NIL where a text is due, no blank between parts, extensions
//! left out. What is missing is missing here too; what cannot be read at all is said. How deep parts nest is limited, as
//! in a message that is read here. Numbers of parts are those of `message::view`. RFC 9051 §7.5.2, §9 (body).

use super::token::{Lexer, Syntax};
use crate::message::guard::Limits;
use crate::message::media::Parameters;
use crate::message::words;
use crate::wire::literal::announced;
use std::borrow::Cow;

/// All parts of a message, in the order of their beginnings; the first is the message itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// One after the other, those within a part behind it.
    pub branches: Vec<Branch>,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Branch {
    /// `1.2`; a multipart that is all of a message is its `TEXT`.
    pub id: String,
    /// Parts around it.
    pub depth: usize,
    /// `text/plain`, in lower case.
    pub media: String,
    /// Octets of the body, encoded, as the server counts them; it counts none of a multipart.
    pub size: Option<u64>,
    /// In lower case.
    pub encoding: String,
    /// Of a text.
    pub charset: Option<String>,
    /// Decoded.
    pub file_name: Option<String>,
    /// `attachment`, `inline`, in lower case.
    pub disposition: Option<String>,
    /// Of a message within, decoded.
    pub subject: Option<String>,
}

impl Outline {
    /// Reads a body structure, and nothing behind it.
    pub fn read(lexer: &mut Lexer<'_>) -> Result<Self, Syntax> {
        let mut outline = Self::default();
        outline.part(lexer, &Place { id: String::new(), depth: 0, is_top: true })?;
        Ok(outline)
    }

    /// One part with those in it. The limit on depth bounds the recursion.
    fn part(&mut self, lexer: &mut Lexer<'_>, place: &Place) -> Result<(), Syntax> {
        let limits = Limits::default();
        if place.depth > limits.depth || self.branches.len() >= limits.parts {
            return Err(Syntax("the structure has more parts or deeper ones than any mail"));
        }
        lexer.expect(b'(', FORM)?;
        blanks(lexer);
        let index = self.branches.len();
        if lexer.peek() == Some(b'(') {
            self.branches.push(Branch { id: place.of_multipart(), depth: place.depth, ..Branch::default() });
            let mut count = 0;
            while lexer.peek() == Some(b'(') {
                count += 1;
                self.part(lexer, &place.below(count))?;
                blanks(lexer);
            }
            let subtype = lower(text(lexer)?);
            let extra = Extra::read(lexer)?;
            if let Some(branch) = self.branches.get_mut(index) {
                branch.media = format!("multipart/{}", subtype.as_deref().unwrap_or("mixed"));
                (branch.disposition, branch.file_name) = (extra.disposition, extra.file_name);
            }
            return Ok(());
        }
        let main = lower(text(lexer)?).unwrap_or_else(|| "application".to_owned());
        blanks(lexer);
        let sub = lower(text(lexer)?).unwrap_or_else(|| "octet-stream".to_owned());
        blanks(lexer);
        let parameters = parameters(lexer)?;
        let mut branch = Branch { id: place.of_leaf(), depth: place.depth, ..Branch::default() };
        for _id_and_description in 0..2 {
            blanks(lexer);
            text(lexer)?;
        }
        blanks(lexer);
        branch.encoding = lower(text(lexer)?).unwrap_or_else(|| "7bit".to_owned());
        blanks(lexer);
        branch.size = text(lexer)?.and_then(|digits| digits.parse().ok());
        branch.charset = parameters.get("charset").map(|name| name.to_ascii_lowercase()).filter(|_| main == "text");
        branch.media = format!("{main}/{sub}");
        blanks(lexer);
        // RFC 9051 §7.5.2: a message within is followed by its envelope, its structure and its lines.
        if lexer.peek() == Some(b'(') && main == "message" {
            branch.subject = Some(subject(lexer)?.unwrap_or_default());
            let within = Place { id: branch.id.clone(), depth: place.depth + 1, is_top: true };
            self.branches.push(branch);
            blanks(lexer);
            self.part(lexer, &within)?;
            blanks(lexer);
        } else {
            self.branches.push(branch);
        }
        if lexer.peek().is_some_and(|octet| octet.is_ascii_digit()) {
            text(lexer)?;
            blanks(lexer);
        }
        let extra = Extra::read(lexer)?;
        if let Some(branch) = self.branches.get_mut(index) {
            branch.disposition = extra.disposition;
            branch.file_name =
                extra.file_name.or_else(|| parameters.get("name").filter(|name| !name.trim().is_empty()));
        }
        Ok(())
    }
}

const FORM: &str = "the structure of a message is malformed";

/// Where a part stands.
struct Place {
    /// Of the part, or of the message that this is all of.
    id: String,
    depth: usize,
    /// Whether it is all of a message.
    is_top: bool,
}

impl Place {
    fn of_multipart(&self) -> String {
        if self.is_top { joined(&self.id, "TEXT") } else { self.id.clone() }
    }

    /// RFC 9051 §6.4.5.1: the body of a message that is no multipart is its part 1.
    fn of_leaf(&self) -> String {
        if self.is_top { joined(&self.id, "1") } else { self.id.clone() }
    }

    fn below(&self, number: u32) -> Self {
        Self { id: joined(&self.id, &number.to_string()), depth: self.depth + 1, is_top: false }
    }
}

fn joined(prefix: &str, last: &str) -> String {
    if prefix.is_empty() { last.to_owned() } else { format!("{prefix}.{last}") }
}

/// What may stand at the end of a part: all of it, or the beginning, or nothing.
#[derive(Default)]
struct Extra {
    disposition: Option<String>,
    file_name: Option<String>,
}

impl Extra {
    fn read(lexer: &mut Lexer<'_>) -> Result<Self, Syntax> {
        let mut extra = Self::default();
        blanks(lexer);
        if lexer.peek() != Some(b')') {
            // A multipart's parameters, or the MD5 of anything else.
            skip(lexer)?;
            blanks(lexer);
        }
        if lexer.eat(b'(') {
            extra.disposition = lower(text(lexer)?);
            blanks(lexer);
            if lexer.peek() != Some(b')') {
                extra.file_name = parameters(lexer)?.get("filename").filter(|name| !name.trim().is_empty());
            }
            end(lexer)?;
        }
        end(lexer)?;
        Ok(extra)
    }
}

/// Passes over what is left of a list, its closing parenthesis included.
fn end(lexer: &mut Lexer<'_>) -> Result<(), Syntax> {
    loop {
        blanks(lexer);
        if lexer.eat(b')') {
            return Ok(());
        }
        skip(lexer)?;
    }
}

/// `("charset" "utf-8")`, or NIL.
fn parameters(lexer: &mut Lexer<'_>) -> Result<Parameters, Syntax> {
    let mut found = Vec::new();
    if !lexer.eat(b'(') {
        text(lexer)?;
        return Ok(Parameters(found));
    }
    loop {
        blanks(lexer);
        if lexer.eat(b')') {
            return Ok(Parameters(found));
        }
        let name = text(lexer)?.unwrap_or_default();
        blanks(lexer);
        found.push((name, text(lexer)?.unwrap_or_default()));
    }
}

/// The subject of an envelope, decoded; all of the envelope is passed over.
fn subject(lexer: &mut Lexer<'_>) -> Result<Option<String>, Syntax> {
    lexer.expect(b'(', FORM)?;
    blanks(lexer);
    text(lexer)?;
    blanks(lexer);
    let subject = text(lexer)?.map(|subject| words::decode(subject.as_bytes()));
    end(lexer)?;
    Ok(subject)
}

fn blanks(lexer: &mut Lexer<'_>) {
    lexer.run(|octet| octet == b' ');
}

fn lower(text: Option<String>) -> Option<String> {
    text.map(|text| text.to_ascii_lowercase()).filter(|text| !text.is_empty())
}

/// A text; `None` for NIL.
fn text(lexer: &mut Lexer<'_>) -> Result<Option<String>, Syntax> {
    Ok(octets(lexer)?.map(|octets| words::undeclared(&octets).0.into_owned()))
}

/// A string, or an atom that stands for one; `None` for NIL. A NUL is taken, and `~` before a literal (RFC 3516 §4.4).
pub(super) fn octets<'a>(lexer: &mut Lexer<'a>) -> Result<Option<Cow<'a, [u8]>>, Syntax> {
    const NONE: Syntax = Syntax("a string is missing or malformed");
    lexer.eat(b'~');
    match lexer.peek() {
        Some(b'"') => lexer.string().map(Some),
        Some(b'{') => {
            let rest = lexer.rest();
            let line_end = memchr::memmem::find(rest, b"\r\n").ok_or(NONE)?;
            let announced = announced(&rest[..line_end]).flatten().ok_or(NONE)?;
            let behind = &rest[line_end + 2..];
            let len = usize::try_from(announced.len).map_err(|_| NONE)?;
            let literal = behind.get(..len).ok_or(NONE)?;
            *lexer = Lexer::new(&behind[len..]);
            Ok(Some(Cow::Borrowed(literal)))
        }
        _ => match lexer.run(|octet| octet > b' ' && !matches!(octet, b'(' | b')' | b'"' | b'{' | 0x7f)) {
            b"" => Err(NONE),
            word if word.eq_ignore_ascii_case(b"NIL") => Ok(None),
            word => Ok(Some(Cow::Borrowed(word))),
        },
    }
}

/// Passes over a value: a word, a string, or a list with all that is in it, however deep.
pub(super) fn skip(lexer: &mut Lexer<'_>) -> Result<(), Syntax> {
    let mut depth = 0_usize;
    loop {
        match lexer.peek() {
            Some(b'(') => {
                lexer.eat(b'(');
                depth += 1;
            }
            Some(b')') if depth > 0 => {
                lexer.eat(b')');
                depth -= 1;
            }
            Some(b' ') if depth > 0 => blanks(lexer),
            _ => drop(octets(lexer)?),
        }
        if depth == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::structure::Structure;
    use crate::message::view::Message;
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<Outline, Syntax> {
        let mut lexer = Lexer::new(text);
        let outline = Outline::read(&mut lexer)?;
        lexer.end().map(|()| outline)
    }

    /// The parts in a line each.
    fn told(text: &[u8]) -> String {
        let outline = match read(text) {
            Ok(outline) => outline,
            Err(Syntax(why)) => return why.to_owned(),
        };
        let lines = outline.branches.iter().map(|branch| {
            let notes = [&branch.disposition, &branch.file_name, &branch.charset, &branch.subject];
            let notes: Vec<_> = notes.into_iter().map(|note| note.as_deref().unwrap_or("-")).collect();
            let size = branch.size.map_or("-".to_owned(), |size| size.to_string());
            format!(
                "{}{} {} {size} {} {}",
                " ".repeat(branch.depth),
                branch.id,
                branch.media,
                branch.encoding,
                notes.join(" ")
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn structures_are_read_as_servers_write_them() {
        for (text, wanted) in [
            (
                r#"("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "8BIT" 12 1 NIL NIL NIL NIL)"#,
                "1 text/plain 12 8bit - - utf-8 -",
            ),
            (
                r#"(("text" "plain" NIL NIL NIL "7bit" 3 1)("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 99 NIL ("attachment" ("filename*" "utf-8''b%C3%BC.pdf")) NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)"#,
                "TEXT multipart/mixed -  - - - -\n 1 text/plain 3 7bit - - - -\n 2 application/pdf 99 base64 attachment bü.pdf - -",
            ),
            // Blanks where none are due, none where one is, and a number without quotes around its neighbours.
            (
                r#"( (text plain NIL NIL NIL 7bit 3 1) (text html NIL NIL NIL 7bit 4 1)"MIXED")"#,
                "TEXT multipart/mixed -  - - - -\n 1 text/plain 3 7bit - - - -\n 2 text/html 4 7bit - - - -",
            ),
            (
                r#"("message" "rfc822" NIL NIL NIL "7bit" 50 (NIL "=?utf-8?q?=C3=A4?=" NIL NIL NIL NIL NIL NIL NIL NIL) (("text" "plain" NIL NIL NIL "7bit" 3 1) "mixed") 4)"#,
                "1 message/rfc822 50 7bit - - - ä\n 1.TEXT multipart/mixed -  - - - -\n  1.1 text/plain 3 7bit - - - -",
            ),
            (
                r#"("message" "rfc822" NIL NIL NIL "7bit" 50 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" 3 1) 4)"#,
                "1 message/rfc822 50 7bit - - - \n 1.1 text/plain 3 7bit - - - -",
            ),
            ("(NIL NIL NIL NIL NIL NIL NIL)", "1 application/octet-stream - 7bit - - - -"),
            ("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "1 application/octet-stream - 7bit - - - -"),
            (
                r#"("text" "plain" NIL NIL NIL "7bit" 3 1 NIL ("inline" NIL) ("en" "de") "loc" (1 (2 "x")) 7)"#,
                "1 text/plain 3 7bit inline - - -",
            ),
            (
                "(\"image\" \"png\" (\"name\" {5}\r\na\"\r\n\0) NIL NIL \"base64\" 99)",
                "1 image/png 99 base64 - a\"\r\n\0 - -",
            ),
            ("(", "a string is missing or malformed"),
            ("()", "a string is missing or malformed"),
            ("NIL", FORM),
            (r#"("text" "plain""#, "a string is missing or malformed"),
            (r#"("text" "plain" NIL NIL NIL "7bit" {9}"#, "a string is missing or malformed"),
        ] {
            assert_eq!(told(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn depth_and_number_of_parts_are_limited() {
        const TOO_MUCH: &str = "the structure has more parts or deeper ones than any mail";
        let deep = format!("{}{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(told(deep.as_bytes()), TOO_MUCH);
        let leaf = r#"("text" "plain" NIL NIL NIL "7bit" 3 1)"#;
        assert_eq!(told(format!("({} \"mixed\")", leaf.repeat(10_000)).as_bytes()), TOO_MUCH);
        // What nobody asks for may nest as it likes.
        let odd = format!(r#"("text" "plain" NIL NIL NIL "7bit" 3 1 NIL NIL NIL NIL {deep})"#);
        assert_eq!(told(odd.as_bytes()), "1 text/plain 3 7bit - - - -");
    }

    #[test]
    fn what_our_server_prints_has_the_numbers_that_a_reader_of_the_message_gives() {
        let message = "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n\
            --c\r\n\r\nin\r\n--c\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=x.html\r\n\r\n<p>\r\n\
            --c--\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: plain\r\n\r\ntext\r\n--b--\r\n";
        for extended in [true, false] {
            let mut printed = Vec::new();
            Structure::read(message.as_bytes()).print(extended, &mut printed);
            let outline = read(&printed).expect("our own");
            let message = Message::parse(message.as_bytes());
            let ours: Vec<_> = message.parts().iter().map(|part| (part.id.as_str(), part.media.to_string())).collect();
            let theirs: Vec<_> =
                outline.branches.iter().map(|branch| (branch.id.as_str(), branch.media.clone())).collect();
            assert_eq!(theirs, ours);
        }
    }

    proptest! {
        #[test]
        fn no_structure_makes_it_panic(text in "([() \"\\\\a1~]|NIL|\\{1\\}\r\n|\"text\" |\"message\" \"rfc822\" ){0,60}") {
            let _ = read(text.as_bytes());
            let mut lexer = Lexer::new(text.as_bytes());
            let _ = skip(&mut lexer);
        }
    }
}
