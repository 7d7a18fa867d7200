//! The lexer: atoms, strings and numbers of one command, literals in place.
//!
//! A command is read as it came: lines with their CRLF, each `{n}` followed by its octets. So the
//! grammar needs no second form for literals, and nothing is copied that has no escapes in it.
//! Knows no command. RFC 9051 §4, §9; RFC 7888 §3.

use super::set::SequenceSet;
use crate::wire::literal::announced;
use std::borrow::Cow;

/// What is wrong with a command's text, in words for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Syntax(pub &'static str);

/// Reads one command from left to right.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    rest: &'a [u8],
}

impl<'a> Lexer<'a> {
    /// At the start of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The next octet, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes `octet` if it is next.
    pub fn eat(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// Takes `octet`, which must be next.
    pub fn expect(&mut self, octet: u8, otherwise: &'static str) -> Result<(), Syntax> {
        if self.eat(octet) { Ok(()) } else { Err(Syntax(otherwise)) }
    }

    /// One space, which must be next.
    pub fn space(&mut self) -> Result<(), Syntax> {
        self.expect(b' ', "Missing argument")
    }

    /// Nothing more may follow.
    pub fn end(&self) -> Result<(), Syntax> {
        if self.rest.is_empty() { Ok(()) } else { Err(Syntax("Too many arguments")) }
    }

    /// The longest run of octets that `belongs` takes; may be empty.
    pub fn run(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let len = self.rest.iter().position(|octet| !belongs(*octet)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(len);
        self.rest = rest;
        run
    }

    /// An atom, as text.
    pub fn atom(&mut self) -> Result<&'a str, Syntax> {
        text(self.run(is_atom), "Missing or malformed atom")
    }

    /// A tag (RFC 9051 §2.2.1).
    pub fn tag(&mut self) -> Result<&'a str, Syntax> {
        text(self.run(|octet| is_astring(octet) && octet != b'+'), "Missing or malformed tag")
    }

    /// A number of 32 bits.
    pub fn number(&mut self) -> Result<u32, Syntax> {
        let digits = text(self.run(|octet| octet.is_ascii_digit()), "Missing number")?;
        digits.parse().map_err(|_| Syntax("Number out of range"))
    }

    /// A set of UIDs or sequence numbers.
    pub fn set(&mut self) -> Result<SequenceSet, Syntax> {
        SequenceSet::parse(self.run(SequenceSet::is_part)).ok_or(Syntax("Invalid message set"))
    }

    /// An atom that may hold `]`, or a string.
    pub fn astring(&mut self) -> Result<Cow<'a, [u8]>, Syntax> {
        self.string_or(is_astring)
    }

    /// A pattern for mailbox names, or a string.
    pub fn list_mailbox(&mut self) -> Result<Cow<'a, [u8]>, Syntax> {
        self.string_or(|octet| is_astring(octet) || matches!(octet, b'%' | b'*'))
    }

    fn string_or(&mut self, belongs: impl Fn(u8) -> bool) -> Result<Cow<'a, [u8]>, Syntax> {
        if let Some(b'"' | b'{') = self.peek() {
            return self.string();
        }
        match self.run(belongs) {
            b"" => Err(Syntax("Missing or malformed string")),
            word => Ok(Cow::Borrowed(word)),
        }
    }

    /// A quoted string or a literal.
    pub fn string(&mut self) -> Result<Cow<'a, [u8]>, Syntax> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => Err(Syntax("Missing string")),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, [u8]>, Syntax> {
        const OPEN: Syntax = Syntax("String without closing quote");
        self.expect(b'"', "Missing string")?;
        let plain = |octet| !matches!(octet, b'"' | b'\\' | b'\r' | b'\n');
        let mut text = Cow::Borrowed(self.run(plain));
        loop {
            match self.peek().ok_or(OPEN)? {
                b'"' => {
                    self.rest = &self.rest[1..];
                    return Ok(text);
                }
                b'\\' => {
                    let escaped = self.rest.get(1).copied().ok_or(OPEN)?;
                    if !matches!(escaped, b'"' | b'\\') {
                        return Err(Syntax("Only quote and backslash can be escaped"));
                    }
                    self.rest = &self.rest[2..];
                    text.to_mut().push(escaped);
                    let more = self.run(plain);
                    text.to_mut().extend_from_slice(more);
                }
                _ => return Err(OPEN),
            }
        }
    }

    fn literal(&mut self) -> Result<&'a [u8], Syntax> {
        const NONE: Syntax = Syntax("Malformed literal");
        let line_end = self.rest.windows(2).position(|pair| pair == b"\r\n").ok_or(NONE)?;
        let (line, behind) = (&self.rest[..line_end], &self.rest[line_end + 2..]);
        // The braces must be all there is: `{3} {4}` announces only its last.
        let inside = line.get(1..line.len() - 1).ok_or(NONE)?;
        let announced = announced(line).flatten().filter(|_| !inside.contains(&b'{')).ok_or(NONE)?;
        let len = usize::try_from(announced.len).map_err(|_| NONE)?;
        let literal = behind.get(..len).ok_or(NONE)?;
        self.rest = &behind[len..];
        // RFC 9051 §4.3: a literal may hold anything but NUL.
        if literal.contains(&0) { Err(Syntax("NUL in a string")) } else { Ok(literal) }
    }
}

fn text<'a>(octets: &'a [u8], otherwise: &'static str) -> Result<&'a str, Syntax> {
    std::str::from_utf8(octets).ok().filter(|text| !text.is_empty()).ok_or(Syntax(otherwise))
}

/// ATOM-CHAR (RFC 9051 §9).
pub fn is_atom(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// ASTRING-CHAR (RFC 9051 §9).
pub fn is_astring(octet: u8) -> bool {
    is_atom(octet) || octet == b']'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_in_all_their_forms() {
        for (text, wanted) in [
            (&b"abc"[..], Ok(&b"abc"[..])),
            (b"a]b", Ok(b"a]b")),
            (b"\"\"", Ok(b"")),
            (b"\"a b\"", Ok(b"a b")),
            (b"\"a\\\"b\\\\\"", Ok(b"a\"b\\")),
            (b"\"\xc3\xa4\"", Ok("ä".as_bytes())),
            (b"{3}\r\na\"b", Ok(b"a\"b")),
            (b"{3+}\r\n\r\n ", Ok(b"\r\n ")),
            (b"{0}\r\n", Ok(b"")),
            (b"", Err("Missing or malformed string")),
            (b"(", Err("Missing or malformed string")),
            (b"\xff", Err("Missing or malformed string")),
            (b"\"a", Err("String without closing quote")),
            (b"\"a\\", Err("String without closing quote")),
            (b"\"a\r\nb\"", Err("String without closing quote")),
            (b"\"a\\n\"", Err("Only quote and backslash can be escaped")),
            (b"{3}", Err("Malformed literal")),
            (b"{", Err("Malformed literal")),
            (b"{\r\n", Err("Malformed literal")),
            (b"{3}\r\nab", Err("Malformed literal")),
            (b"{1} {1}\r\na", Err("Malformed literal")),
            (b"{-1}\r\na", Err("Malformed literal")),
            (b"{18446744073709551615}\r\na", Err("Malformed literal")),
            (b"{1}\r\n\0", Err("NUL in a string")),
        ] {
            let mut lexer = Lexer::new(text);
            let read = lexer.astring().map_err(|Syntax(why)| why);
            assert_eq!(read.as_deref().map_err(|why| *why), wanted, "{}", text.escape_ascii());
            assert!(read.is_err() || lexer.end().is_ok());
        }
    }

    #[test]
    fn words_end_where_their_alphabet_ends() {
        let mut lexer = Lexer::new(b"A1 FETCH 1:*,7 (FLAGS) 42 %/*");
        assert_eq!(lexer.tag(), Ok("A1"));
        lexer.space().expect("a space");
        assert_eq!(lexer.atom(), Ok("FETCH"));
        lexer.space().expect("a space");
        assert_eq!(lexer.set().map(|set| set.to_string()).as_deref(), Ok("1:*,7"));
        assert!(lexer.number().is_err() && lexer.space().is_ok());
        assert!(lexer.eat(b'(') && !lexer.eat(b')'));
        assert_eq!(lexer.atom(), Ok("FLAGS"));
        assert!(lexer.eat(b')') && lexer.space().is_ok());
        assert_eq!(lexer.number(), Ok(42));
        assert!(lexer.end().is_err() && lexer.space().is_ok());
        assert_eq!(lexer.list_mailbox().as_deref(), Ok(&b"%/*"[..]));
        assert_eq!(lexer.end(), Ok(()));
        assert!(Lexer::new(b"+ x").tag().is_err());
        assert!(Lexer::new(b"4294967296").number().is_err());
    }
}
