//! A filter in writing: in one form, which is read as the same filter again.

use super::Query;
use super::field::Test;
use super::pattern::Pattern;
use super::people::Person;
use crate::{duration, size};
use std::fmt::{self, Display, Formatter, Write};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(queries) => joined(f, queries, " and ", |query| matches!(query, Self::Any(_))),
            Self::Any(queries) => joined(f, queries, " or ", |_| false),
            Self::Not(query) => {
                f.write_str("not ")?;
                one(f, query, matches!(**query, Self::All(_) | Self::Any(_)))
            }
            Self::Term(test) => test.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, queries: &[Query], sign: &str, needs_parentheses: fn(&Query) -> bool) -> fmt::Result {
    for (at, query) in queries.iter().enumerate() {
        if at > 0 {
            f.write_str(sign)?;
        }
        one(f, query, needs_parentheses(query))?;
    }
    Ok(())
}

fn one(f: &mut Formatter<'_>, query: &Query, in_parentheses: bool) -> fmt::Result {
    if in_parentheses { write!(f, "({query})") } else { query.fmt(f) }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(pattern) if is_word(pattern) => f.write_str(pattern.written()),
            Self::Word(pattern) if pattern.is_literal() && !pattern.is_whole() => quoted(f, pattern.written()),
            Self::Word(pattern) => said(f, "text", pattern),
            Self::People(role, person) => match person {
                Person::Like(pattern) if !pattern.is_whole() => {
                    write!(f, "{}~", role.word())?;
                    value(f, pattern)
                }
                person => said(f, role.word(), person.pattern()),
            },
            Self::Subject(pattern) => said(f, "subject", pattern),
            Self::Body(pattern) => said(f, "body", pattern),
            Self::List(pattern) => said(f, "list", pattern),
            Self::Name(pattern) => said(f, "name", pattern),
            Self::Type(pattern) => named(f, "type", pattern),
            Self::Id(pattern) => named(f, "id", pattern),
            Self::Reference(pattern) => named(f, "reference", pattern),
            Self::Header(name, None) => write!(f, "header:{name}"),
            Self::Header(name, Some(pattern)) => {
                write!(f, "header:")?;
                said(f, name, pattern)
            }
            Self::Size(order, octets) => write!(f, "size{}{}", order.sign(), size::print(*octets)),
            Self::Date(order, point) => write!(f, "date{}{point}", order.sign()),
            Self::Received(order, point) => write!(f, "received{}{point}", order.sign()),
            Self::Age(order, age) => write!(f, "age{}{}", order.sign(), duration::print(*age)),
            Self::Is(is) => write!(f, "is:{}", is.word()),
            Self::Has(has) => write!(f, "has:{}", has.word()),
            Self::Flag(flag) => {
                f.write_str("flag:")?;
                plain_or_quoted(f, flag)
            }
            Self::Tag(tag) => {
                f.write_str("tag:")?;
                plain_or_quoted(f, tag)
            }
        }
    }
}

/// A text and what it has to be.
fn said(f: &mut Formatter<'_>, word: &str, pattern: &Pattern) -> fmt::Result {
    let sign = match () {
        () if pattern.is_whole() => '=',
        () if pattern.is_regex() => '~',
        () => ':',
    };
    write!(f, "{word}{sign}")?;
    value(f, pattern)
}

/// The same for names, of which `:` means the whole.
fn named(f: &mut Formatter<'_>, word: &str, pattern: &Pattern) -> fmt::Result {
    write!(f, "{word}{}", if pattern.is_whole() { ':' } else { '~' })?;
    value(f, pattern)
}

fn value(f: &mut Formatter<'_>, pattern: &Pattern) -> fmt::Result {
    let written = pattern.written();
    if pattern.is_regex() {
        return write!(f, "/{}/", slashed(written));
    }
    if pattern.is_literal() { plain_or_quoted(f, written) } else { f.write_str(written) }
}

/// A regular expression with its slashes saved.
fn slashed(regex: &str) -> String {
    let mut slashed = String::new();
    let mut chars = regex.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => slashed.push_str("\\/"),
            '\\' => {
                slashed.push(c);
                slashed.extend(chars.next());
            }
            c => slashed.push(c),
        }
    }
    slashed
}

fn plain_or_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '\\'));
    let is_plain = |c: char| c.is_alphanumeric() || "@._-+/:%\\".contains(c);
    if begins && text.chars().all(is_plain) { f.write_str(text) } else { quoted(f, text) }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

/// Whether a pattern on its own is read as a word again, and as nothing else.
fn is_word(pattern: &Pattern) -> bool {
    let text = pattern.written();
    let is_wild = |c: char| matches!(c, '*' | '?');
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@') || is_wild(c);
    let is_keyword = ["and", "or", "not"].iter().any(|word| text.eq_ignore_ascii_case(word));
    !pattern.is_whole()
        && !pattern.is_regex()
        && !is_keyword
        && text.starts_with(char::is_alphanumeric)
        && text.chars().all(is_fit)
        && text.contains(is_wild) != pattern.is_literal()
}
