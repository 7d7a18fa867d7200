//! Macro strings: texts in a record that depend on who sends, from where, and to whom.
//!
//! A text is read once, with the place of what is wrong in it, and expanded for each message. Expanding asks nobody: the
//! name of the sender's address, which takes questions, is handed in.
//! RFC 7208 §7; RFC 3986 §2.3; RFC 5952.

use super::record::SyntaxError;
use crate::world::Timestamp;
use std::fmt::Write as _;
use std::net::IpAddr;

/// RFC 7208 §7.3: characters in a name that can be asked for.
const NAME_MAX: usize = 253;

/// A text with places to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroString {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// `%%`, `%_`, `%-`: what they stand for.
    Escape(&'static str),
    Macro(Macro),
}

/// `%{ir}`, `%{l1r-}`, `%{D2}`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Macro {
    /// In lower case.
    letter: char,
    /// The letter is a capital: what comes out is for a URL.
    is_for_url: bool,
    /// How many parts are kept, from the right.
    keep: Option<usize>,
    is_reversed: bool,
    /// Where the value is parted; none for the dot.
    delimiters: String,
}

/// What is filled in.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    /// The local part of the sender.
    pub local_part: &'a str,
    /// The domain of the sender.
    pub sender_domain: &'a str,
    /// The domain whose record is read.
    pub domain: &'a str,
    /// Where the message comes from.
    pub ip: IpAddr,
    /// The name of that address that its owner confirms.
    pub name: &'a str,
    /// What the client calls itself.
    pub helo: &'a str,
    /// Who asks.
    pub receiver: &'a str,
    /// When.
    pub now: Timestamp,
}

impl MacroString {
    /// A name to ask for: `macro-string domain-end`. `at` is where the text stands in its record.
    pub fn domain_spec(text: &str, at: usize) -> Result<Self, SyntaxError> {
        let spec = Self::read(text, at, false)?;
        let wrong = |what| Err(SyntaxError { at, what });
        match spec.pieces.last() {
            None => wrong("a domain is missing"),
            Some(Piece::Literal(tail)) if !ends_in_toplabel(tail) => wrong("it does not end like a domain name"),
            Some(_) => Ok(spec),
        }
    }

    /// The value of a modifier that nobody knows.
    pub fn value(text: &str, at: usize) -> Result<Self, SyntaxError> {
        Self::read(text, at, false)
    }

    /// The text that an explanation is made of; here, too, what only makes sense for people (RFC 7208 §7.2).
    pub fn explanation(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text, 0, true)
    }

    fn read(text: &str, at: usize, is_explanation: bool) -> Result<Self, SyntaxError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let here = |rest: &str| at + text.len() - rest.len();
        while !rest.is_empty() {
            let (literal, tail) = rest.split_at(rest.find('%').unwrap_or(rest.len()));
            // RFC 7208 §7.1: %x21-24 / %x26-7E, in explanations blanks too.
            let is_literal = |c: char| c.is_ascii_graphic() || (is_explanation && c == ' ');
            if let Some(place) = literal.find(|c| !is_literal(c)) {
                return Err(SyntaxError { at: here(rest) + place, what: "a character that may not stand here" });
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            if tail.is_empty() {
                break;
            }
            let escape = match tail.as_bytes().get(1) {
                Some(b'%') => Some("%"),
                Some(b'_') => Some(" "),
                Some(b'-') => Some("%20"),
                _ => None,
            };
            if let Some(escape) = escape {
                pieces.push(Piece::Escape(escape));
                rest = &tail[2..];
                continue;
            }
            let wrong = |what| SyntaxError { at: here(tail), what };
            let inner = tail.strip_prefix("%{").ok_or(wrong("% begins no macro"))?;
            let (inner, after) = inner.split_once('}').ok_or(wrong("a macro has no end"))?;
            pieces.push(Piece::Macro(Macro::read(inner, is_explanation).map_err(wrong)?));
            rest = after;
        }
        Ok(Self { pieces })
    }

    /// Whether the name of the sender's address is asked for.
    pub fn needs_name(&self) -> bool {
        self.letters().any(|letter| letter == 'p')
    }

    /// What it is if it depends on domains only: that of the record and that of the sender.
    pub fn fixed(&self, domain: &str, sender_domain: &str) -> Option<String> {
        self.letters().all(|letter| matches!(letter, 'd' | 'o')).then(|| {
            let ip = IpAddr::from([0, 0, 0, 0]);
            let (nobody, now) = ("", Timestamp::UNIX_EPOCH);
            let values = Values {
                local_part: nobody,
                sender_domain,
                domain,
                ip,
                name: nobody,
                helo: nobody,
                receiver: nobody,
                now,
            };
            self.name(&values)
        })
    }

    fn letters(&self) -> impl Iterator<Item = char> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Macro(one) => Some(one.letter),
            Piece::Literal(_) | Piece::Escape(_) => None,
        })
    }

    /// The text with everything filled in.
    pub fn expand(&self, values: &Values<'_>) -> String {
        self.pieces.iter().fold(String::new(), |mut text, piece| {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Escape(escape) => text.push_str(escape),
                Piece::Macro(one) => text.push_str(&one.expand(values)),
            }
            text
        })
    }

    /// The same as a name that can be asked for: without a final dot, and no longer than names are.
    pub fn name(&self, values: &Values<'_>) -> String {
        let text = self.expand(values);
        let mut name = text.strip_suffix('.').unwrap_or(&text);
        // RFC 7208 §7.3: what is too long loses labels from its left.
        while name.len() > NAME_MAX {
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => break,
            }
        }
        name.to_owned()
    }
}

/// RFC 7208 §7.1: `"." toplabel [ "." ]`.
fn ends_in_toplabel(tail: &str) -> bool {
    let Some((_, label)) = tail.strip_suffix('.').unwrap_or(tail).rsplit_once('.') else { return false };
    let is_ldh = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    // One that is all digits would be the end of an address.
    !label.is_empty()
        && label.bytes().all(is_ldh)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.bytes().all(|octet| octet.is_ascii_digit())
}

impl Macro {
    /// `macro-letter transformers *delimiter`.
    fn read(inner: &str, is_explanation: bool) -> Result<Self, &'static str> {
        let mut signs = inner.chars();
        let sign = signs.next().ok_or("a macro has no letter")?;
        let letter = sign.to_ascii_lowercase();
        match letter {
            's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'h' | 'v' => {}
            'c' | 'r' | 't' if is_explanation => {}
            'c' | 'r' | 't' => return Err("this macro belongs into explanations only"),
            _ => return Err("there is no macro of this letter"),
        }
        let rest = signs.as_str();
        let (digits, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let keep = match digits {
            "" => None,
            // A number without end keeps everything.
            digits => Some(digits.parse().unwrap_or(usize::MAX)),
        };
        if keep == Some(0) {
            return Err("a macro keeps no part at all");
        }
        let reversed = rest.strip_prefix(['r', 'R']);
        let delimiters = reversed.unwrap_or(rest);
        if !delimiters.chars().all(|c| matches!(c, '.' | '-' | '+' | ',' | '/' | '_' | '=')) {
            return Err("a macro has a character that it may not have");
        }
        Ok(Self {
            letter,
            is_for_url: sign.is_ascii_uppercase(),
            keep,
            is_reversed: reversed.is_some(),
            delimiters: delimiters.to_owned(),
        })
    }

    fn expand(&self, values: &Values<'_>) -> String {
        let value = self.value(values);
        let parted = match self.delimiters.as_str() {
            "" => ".",
            delimiters => delimiters,
        };
        let mut parts: Vec<&str> = value.split(|c| parted.contains(c)).collect();
        if self.is_reversed {
            parts.reverse();
        }
        let kept = parts.len().saturating_sub(self.keep.unwrap_or(usize::MAX));
        let text = parts[kept..].join(".");
        if self.is_for_url { escaped(&text) } else { text }
    }

    fn value(&self, values: &Values<'_>) -> String {
        match self.letter {
            's' => format!("{}@{}", values.local_part, values.sender_domain),
            'l' => values.local_part.to_owned(),
            'o' => values.sender_domain.to_owned(),
            'd' => values.domain.to_owned(),
            'i' => dotted(values.ip),
            'p' => values.name.to_owned(),
            'v' => if values.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
            'h' => values.helo.to_owned(),
            'c' => values.ip.to_string(),
            'r' => values.receiver.to_owned(),
            't' => values.now.as_second().to_string(),
            // `read` lets no other letter in.
            _ => String::new(),
        }
    }
}

/// An address in parts: octets in IPv4, nibbles in IPv6 (RFC 7208 §7.3). Nibbles are capitals, as other receivers show
/// them in explanations; in names their case means nothing.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let nibbles = ip.octets().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
            nibbles.map(|nibble| format!("{nibble:X}")).collect::<Vec<_>>().join(".")
        }
    }
}

/// RFC 7208 §7.3: everything but what RFC 3986 §2.3 calls unreserved.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, octet| {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(ip: &str) -> Values<'_> {
        Values {
            local_part: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            ip: ip.parse().expect("an address"),
            name: "mx.example.org",
            helo: "mx.example.net",
            receiver: "us.test",
            now: "2026-03-02T09:00:00Z".parse().expect("a time"),
        }
    }

    #[test]
    fn macros_expand_as_the_standard_shows() {
        for (text, wanted) in [
            // RFC 7208 §7.4.
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{l1r-}.lp.%{ir}.%{v}._spf.%{d2}", "strong.lp.3.2.0.192.in-addr._spf.example.com"),
            // Letters, escapes, delimiters.
            ("%{p}/%{h}", "mx.example.org/mx.example.net"),
            ("%%a%_b%-c", "%a b%20c"),
            ("%{l=-}", "strong.bad"),
            ("%{S}", "strong-bad%40email.example.com"),
            ("%{d99999999999999999999999}", "email.example.com"),
            ("%{c} %{r} %{t}", "192.0.2.3 us.test 1772442000"),
        ] {
            assert_eq!(MacroString::explanation(text).expect(text).expand(&values("192.0.2.3")), wanted, "{text}");
        }
        let six = MacroString::explanation("%{ir}.%{v} %{c}").expect("a text").expand(&values("2001:db8::cb01"));
        let nibbles = "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6";
        assert_eq!(six, format!("{nibbles} 2001:db8::cb01"));
    }

    #[test]
    fn what_is_no_domain_says_where() {
        for (text, wanted) in [
            ("a.test", None),
            ("a.test.", None),
            ("a.b-c", None),
            ("x:y/z.test", None),
            ("%{d}", None),
            ("a.%{d2r.-+,/_=}", None),
            ("a.1a", None),
            ("a.%%", None),
            ("", Some(5)),
            ("test", Some(5)),
            ("test.", Some(5)),
            ("192.0.2.1", Some(5)),
            ("a.-b", Some(5)),
            ("a.b-", Some(5)),
            ("a.te st", Some(9)),
            ("a.t\u{e4}st", Some(8)),
            ("a.%{z}", Some(7)),
            ("a.%{d0}", Some(7)),
            ("a.%{dx}", Some(7)),
            ("a.%{}", Some(7)),
            ("a.%{d", Some(7)),
            ("a.%(d)", Some(7)),
            ("a.b%", Some(8)),
            ("%{c}", Some(5)),
            ("%{r}.test", Some(5)),
            ("a%{t}.test", Some(6)),
        ] {
            assert_eq!(MacroString::domain_spec(text, 5).err().map(|error| error.at), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_loses_labels_from_its_left() {
        let label = "x".repeat(60);
        let text = format!("{label}.{label}.{label}.{label}.%{{d2}}.x.test.");
        let name = MacroString::domain_spec(&text, 0).expect("a name").name(&values("192.0.2.3"));
        assert_eq!(name, format!("{label}.{label}.{label}.example.com.x.test"));
        assert_eq!(MacroString::domain_spec("%{d}.a.test", 0).expect("x").fixed("b", "c").as_deref(), Some("b.a.test"));
        assert_eq!(MacroString::domain_spec("%{i}.a.test", 0).expect("x").fixed("b", "c"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(text in "\\PC{0,60}", odd in "[%{}a-zA-Z0-9.+/=_-]{0,40}") {
            for text in [&text, &odd] {
                for read in [MacroString::domain_spec(text, 0), MacroString::explanation(text)] {
                    match read {
                        Ok(read) => { read.name(&values("192.0.2.3")); }
                        Err(error) => prop_assert!(error.at <= text.len()),
                    }
                }
            }
        }
    }
}
