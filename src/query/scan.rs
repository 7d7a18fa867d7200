//! A filter's text from left to right: words, values, operators, and where something else was expected.
//!
//! Knows characters, not fields; [`super::parse`] knows those. Columns count characters from one, as editors do.

use crate::message::safe;
use std::fmt;

/// Characters of a filter that a sentence repeats.
const FOUND_MAX: usize = 30;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The character at which it is wrong, counted from one.
    pub column: usize,
    /// What could stand there.
    pub wanted: String,
    /// What stands there; nothing if the filter ends.
    pub found: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: expected {}, found ", self.column, safe::terminal(&self.wanted))?;
        match self.found.is_empty() {
            true => f.write_str("the end"),
            false => write!(f, "{}", safe::terminal(&self.found)),
        }
    }
}

impl std::error::Error for QueryError {}

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is, up to a blank.
    Plain,
    /// Between quotes.
    Quoted,
    /// Between slashes.
    Regex,
}

/// A value, and where it stands.
#[derive(Debug)]
pub(super) struct Value<'t> {
    pub(super) start: usize,
    pub(super) text: std::borrow::Cow<'t, str>,
    pub(super) form: Form,
}

/// What may stand between a field and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Colon,
    Is,
    IsNot,
    Like,
    NotLike,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// The longer ones first.
const OPERATORS: [(&str, Operator); 9] = [
    ("!=", Operator::IsNot),
    ("!~", Operator::NotLike),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    (":", Operator::Colon),
    ("=", Operator::Is),
    ("~", Operator::Like),
    ("<", Operator::Less),
    (">", Operator::More),
];

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Where the operator that was read last begins.
    sign: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, sign: 0 }
    }

    /// Octets before this place.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over a character.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Passes over `and`, `or`, `not`, standing alone.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let is_there = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest.get(word.len()..).is_some_and(|after| !after.starts_with(|c| !is_end(c) && c != '('));
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    /// Passes over the name of a field: a letter, then letters, digits and hyphens.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let name = rest.get(..end).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        self.at += end;
        Some(name)
    }

    /// Passes over the name of a header field, up to a blank or an operator.
    pub(super) fn field_name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_plain(c) || is_operator(c) || c.is_control()).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Passes over an operator. Blanks in front of it are no matter, unless it is the colon.
    pub(super) fn operator(&mut self) -> Option<Operator> {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        let is_close = ahead.at == self.at;
        let (sign, operator) = OPERATORS.iter().find(|(sign, _)| ahead.rest().starts_with(sign))?;
        if *operator == Operator::Colon && !is_close {
            return None;
        }
        (self.sign, self.at) = (ahead.at, ahead.at + sign.len());
        Some(*operator)
    }

    /// Reads a value; `wanted` says what it would be. Regular expressions are read where they mean something.
    pub(super) fn value(&mut self, wanted: &str, may_be_regex: bool) -> Result<Value<'t>, QueryError> {
        self.skip_blanks();
        let start = self.at;
        let value = match self.peek() {
            Some('"') => {
                let text = self.quoted()?.into();
                Value { start, text, form: Form::Quoted }
            }
            Some('/') if may_be_regex => {
                let text = self.regex()?.into();
                Value { start, text, form: Form::Regex }
            }
            Some(c) if is_plain(c) && !(is_operator(c) && c != '<') => {
                let text = self.word().into();
                Value { start, text, form: Form::Plain }
            }
            _ => return Err(self.expected(wanted)),
        };
        self.end_of_value()?;
        Ok(value)
    }

    /// Passes over characters up to a blank, a parenthesis or a quote.
    pub(super) fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// What stands between quotes; a backslash saves a quote or a backslash, and is itself before anything else.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' if matches!(chars.peek(), Some((_, '"' | '\\'))) => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.expected("the quote that ends the text"))
    }

    /// What stands between slashes; a backslash saves a slash and leaves all else to the expression.
    fn regex(&mut self) -> Result<String, QueryError> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '/' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => text.push('/'),
                    Some((_, c)) => text.extend(['\\', c]),
                    None => {}
                },
                c => text.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.expected("the slash that ends the regular expression"))
    }

    /// Checks that nothing clings to what was read.
    pub(super) fn end_of_value(&self) -> Result<(), QueryError> {
        match self.peek() {
            Some(c) if !is_end(c) => Err(self.expected("a blank; or write the whole value in quotes")),
            _ => Ok(()),
        }
    }

    /// That something else was expected here.
    pub(super) fn expected(&self, wanted: &str) -> QueryError {
        let found: String = self.rest().chars().take(FOUND_MAX).collect();
        self.wrong(self.at, wanted, &found)
    }

    /// That something else was expected in the place of the operator that was read last.
    pub(super) fn expected_before(&self, wanted: &str) -> QueryError {
        let sign = self.text.get(self.sign..self.at).unwrap_or_default();
        self.wrong(self.sign, wanted, sign)
    }

    /// That something else was expected in the place of what was found.
    pub(super) fn wrong(&self, at: usize, wanted: &str, found: &str) -> QueryError {
        let column = self.text.get(..at).unwrap_or(self.text).chars().count() + 1;
        QueryError { column, wanted: wanted.to_owned(), found: found.chars().take(FOUND_MAX).collect() }
    }
}

/// What ends a value: a blank or the end of what is in parentheses.
fn is_end(c: char) -> bool {
    c.is_whitespace() || c == ')'
}

/// What can be in a value without quotes.
pub(super) fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '"')
}

fn is_operator(c: char) -> bool {
    matches!(c, ':' | '=' | '!' | '~' | '<' | '>')
}
