//! What a search asks for, and how it is said: criteria that are joined, and pieces of a command.
//!
//! What cannot stand between quotes is a literal, and what is not US-ASCII makes the whole search say its charset.
//! Knows no filters and no connection. RFC 9051 §6.4.4, §4.3; RFC 3501 §6.4.4.

use crate::error::{Error, Kind, Result};
use crate::imap::client::quoted;
use crate::imap::date::print_day;
use jiff::civil::Date;
use std::fmt;

/// Criteria in one search. Servers have limits of their own, which nobody knows.
const KEYS_MAX: usize = 400;

/// A criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Every message.
    All,
    /// No message.
    None,
    /// Words as they are said: `SEEN`, `LARGER 7`.
    Words(String),
    /// `SUBJECT`, `HEADER "X-Foo"`, and what they hold.
    Text(String, String),
    /// All of these; at least two.
    And(Vec<Key>),
    /// One of these; at least two.
    Or(Vec<Key>),
    /// Not this.
    Not(Box<Key>),
}

/// A piece of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What stands in a line.
    Line(String),
    /// Counted octets.
    Literal(Vec<u8>),
}

impl Key {
    pub(super) fn word(words: &str) -> Self {
        Self::Words(words.to_owned())
    }

    pub(super) fn text(word: &str, text: &str) -> Self {
        Self::Text(word.to_owned(), text.to_owned())
    }

    /// A field of a name: its text, or that it is there.
    pub(super) fn header(name: &str, text: &str) -> Self {
        // Names of header fields are graphic US-ASCII, so they always can be quoted; others are no field's.
        quoted(name).map_or(Self::None, |name| Self::Text(format!("HEADER {name}"), text.to_owned()))
    }

    pub(super) fn day(word: &str, day: Date) -> Self {
        Self::Words(format!("{word} {}", print_day(day)))
    }

    /// All of these.
    pub fn and(keys: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for key in keys {
            match key {
                Self::All => {}
                Self::None => return Self::None,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// One of these.
    pub fn or(keys: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for key in keys {
            match key {
                Self::None => {}
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::None,
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// The contrary. What is denied of several is said of each.
    pub fn negate(self) -> Self {
        match self {
            Self::All => Self::None,
            Self::None => Self::All,
            Self::Not(inner) => *inner,
            Self::Or(keys) => Self::and(keys.into_iter().map(Self::negate).collect()),
            other => Self::Not(Box::new(other)),
        }
    }

    /// As the end of a SEARCH command, with its charset if it needs one. An error if it is longer than servers take.
    pub fn pieces(&self) -> Result<Vec<Piece>> {
        if self.count() > KEYS_MAX {
            let what = "the filter makes a longer search than servers take";
            return Err(Error::new(Kind::Usage, what).hint("search for less at once"));
        }
        let mut pieces = Vec::new();
        if !self.is_ascii() {
            say(&mut pieces, "CHARSET UTF-8 ");
        }
        self.print(&mut pieces, true);
        Ok(pieces)
    }

    fn count(&self) -> usize {
        match self {
            Self::And(keys) | Self::Or(keys) => keys.iter().map(Self::count).sum(),
            Self::Not(key) => key.count(),
            _ => 1,
        }
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::And(keys) | Self::Or(keys) => keys.iter().all(Self::is_ascii),
            Self::Not(key) => key.is_ascii(),
            Self::Text(_, text) => text.is_ascii(),
            _ => true,
        }
    }

    fn print(&self, pieces: &mut Vec<Piece>, is_top: bool) {
        match self {
            Self::All => say(pieces, "ALL"),
            Self::None => say(pieces, "NOT ALL"),
            Self::Words(words) => say(pieces, words),
            Self::Text(word, text) => {
                say(pieces, word);
                say(pieces, " ");
                string(pieces, text);
            }
            Self::And(keys) => {
                say(pieces, if is_top { "" } else { "(" });
                for (index, key) in keys.iter().enumerate() {
                    say(pieces, if index > 0 { " " } else { "" });
                    key.print(pieces, false);
                }
                say(pieces, if is_top { "" } else { ")" });
            }
            Self::Or(keys) => Self::print_or(keys, pieces),
            Self::Not(key) => {
                say(pieces, "NOT ");
                key.print(pieces, false);
            }
        }
    }

    /// OR takes two. In halves, since servers limit how deep they nest.
    fn print_or(keys: &[Self], pieces: &mut Vec<Piece>) {
        match keys {
            [] => say(pieces, "NOT ALL"),
            [key] => key.print(pieces, false),
            keys => {
                let (first, second) = keys.split_at(keys.len() / 2);
                say(pieces, "OR ");
                Self::print_or(first, pieces);
                say(pieces, " ");
                Self::print_or(second, pieces);
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = Vec::new();
        self.print(&mut pieces, true);
        pieces.iter().try_for_each(|piece| match piece {
            Piece::Line(line) => f.write_str(line),
            Piece::Literal(octets) => write!(f, "{{{}}}{}", octets.len(), String::from_utf8_lossy(octets)),
        })
    }
}

/// A search in IMAP's own words, as somebody typed it: strings that are not US-ASCII become literals.
pub fn typed(text: &str) -> Result<Vec<Piece>> {
    if text.chars().any(|c| c.is_control()) {
        return Err(Error::new(Kind::Usage, "a search is one line, without control characters"));
    }
    if text.trim().is_empty() {
        return Err(Error::new(Kind::Usage, "the search says nothing").hint("every message is ALL"));
    }
    if text.is_ascii() {
        return Ok(vec![Piece::Line(text.to_owned())]);
    }
    let mut pieces = Vec::new();
    say(&mut pieces, "CHARSET UTF-8 ");
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (inside, behind) = unquoted(&rest[1..])
                .ok_or_else(|| Error::new(Kind::Usage, "a string in the search has no closing quote"))?;
            string(&mut pieces, &inside);
            rest = behind;
        } else {
            let end = rest.find([' ', '(', ')', '"']).unwrap_or(rest.len()).max(first.len_utf8());
            let (word, behind) = rest.split_at(end);
            if word.is_ascii() {
                say(&mut pieces, word)
            } else {
                string(&mut pieces, word)
            }
            rest = behind;
        }
    }
    Ok(pieces)
}

/// What stands up to a closing quote, and what is behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((inside, &text[at + 1..])),
            '\\' => inside.push(chars.next()?.1),
            c => inside.push(c),
        }
    }
    None
}

fn say(pieces: &mut Vec<Piece>, words: &str) {
    match pieces.last_mut() {
        Some(Piece::Line(line)) => line.push_str(words),
        _ if words.is_empty() => {}
        _ => pieces.push(Piece::Line(words.to_owned())),
    }
}

fn string(pieces: &mut Vec<Piece>, text: &str) {
    match quoted(text) {
        Some(text) => say(pieces, &text),
        // RFC 9051 §4.3: there is no NUL in a literal.
        None => pieces.push(Piece::Literal(text.replace('\0', "").into_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| match piece {
            Piece::Line(line) => line.clone(),
            Piece::Literal(octets) => format!("{{{}}}", String::from_utf8_lossy(octets)),
        };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn searches_in_their_own_words_keep_them() {
        for (text, wanted) in [
            ("SUBJECT x SINCE 1-Jan-2026", Ok("SUBJECT x SINCE 1-Jan-2026")),
            ("SUBJECT \"b\u{fc}cher und \\\"so\\\"\" SEEN", Ok("CHARSET UTF-8 SUBJECT {b\u{fc}cher und \"so\"} SEEN")),
            ("(SUBJECT b\u{fc}cher)", Ok("CHARSET UTF-8 (SUBJECT {b\u{fc}cher})")),
            ("OR \"a b\" \u{e4}", Ok("CHARSET UTF-8 OR \"a b\" {\u{e4}}")),
            ("SUBJECT \"\u{fc}", Err("a string in the search has no closing quote")),
            ("SEEN\r\nx LOGOUT", Err("a search is one line, without control characters")),
            (" ", Err("the search says nothing")),
        ] {
            let read = typed(text).map(|pieces| shown(&pieces)).map_err(|error| error.to_string());
            match (read, wanted) {
                (Ok(read), Ok(wanted)) => assert_eq!(read, wanted, "{text}"),
                (Err(why), Err(wanted)) => assert!(why.starts_with(wanted), "{text}: {why}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn many_alternatives_do_not_nest_deep_and_too_many_are_refused() {
        let alternatives = |count| Key::or((0..count).map(|number| Key::word(&format!("UID {number}"))).collect());
        assert_eq!(alternatives(4).to_string(), "OR OR UID 0 UID 1 OR UID 2 UID 3");
        assert!(alternatives(400).pieces().is_ok() && alternatives(401).pieces().is_err());
        let both = Key::and(vec![alternatives(2), Key::word("SEEN")]);
        assert_eq!(both.clone().negate().to_string(), "NOT (OR UID 0 UID 1 SEEN)");
        assert_eq!(both.negate().negate().to_string(), "OR UID 0 UID 1 SEEN");
        assert_eq!(
            Key::text("BODY", "\u{e4}\0").pieces().map(|pieces| shown(&pieces)).ok().as_deref(),
            Some("CHARSET UTF-8 BODY {\u{e4}}")
        );
    }
}
