//! SEARCH: the grammar of its criteria, and what a mailbox's row tells of them.
//!
//! Sequence numbers become UIDs before anybody evaluates, since only a session knows what its
//! numbers mean. What only the message tells is `content`'s business.
//! RFC 9051 §6.4.4, §9 (search-key); RFC 3501 §6.4.4.

use super::date::{day_of, parse_day};
use super::flag::SystemFlag;
use super::mailbox::Row;
use super::response::is_keyword;
use super::set::SequenceSet;
use super::token::{Lexer, Syntax};
use crate::message::fold::fold;
use jiff::civil::Date;
use std::ops::RangeInclusive;

/// Parentheses, NOT and OR within each other.
const DEPTH_MAX: usize = 50;
/// Criteria in one command; each costs time for every message.
const KEYS_MAX: usize = 500;

/// A criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// All of these; everything if there are none.
    And(Vec<Key>),
    /// One of the two.
    Or(Box<(Key, Key)>),
    /// Not this.
    Not(Box<Key>),
    /// A system flag is set.
    Flag(SystemFlag),
    /// A keyword is set.
    Keyword(String),
    /// No session before this one was told of it.
    Recent,
    /// These sequence numbers; to be resolved by the session.
    Numbers(SequenceSet),
    /// These UIDs; to be resolved by the session because of `*`.
    Uids(SequenceSet),
    /// These UIDs, rising.
    Among(Vec<RangeInclusive<u32>>),
    /// INTERNALDATE against a day.
    Arrived(When, Date),
    /// The Date field against a day.
    Sent(When, Date),
    /// Octets, more than this.
    Larger(u64),
    /// Octets, fewer than this.
    Smaller(u64),
    /// A header field of this name holds this text; any if it is empty.
    Header(String, Needle),
    /// The body holds this text.
    Body(Needle),
    /// Header section or body hold this text.
    Text(Needle),
}

/// How a day lies to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Earlier.
    Before,
    /// The same.
    On,
    /// The same or later.
    Since,
}

/// A text that is looked for, case folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle(String);

/// Why criteria are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchError {
    /// They are not understood.
    Syntax(Syntax),
    /// Their charset is not known.
    Charset,
}

impl From<Syntax> for SearchError {
    fn from(syntax: Syntax) -> Self {
        Self::Syntax(syntax)
    }
}

/// Reads the arguments of SEARCH: a charset perhaps, then criteria to the end of the command.
pub fn parse(lexer: &mut Lexer<'_>) -> Result<Key, SearchError> {
    if lexer.rest().get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"CHARSET ")) {
        lexer.atom()?;
        lexer.space()?;
        let charset = lexer.astring()?;
        let known = [&b"US-ASCII"[..], b"UTF-8"].iter().any(|known| known.eq_ignore_ascii_case(&charset));
        if !known {
            return Err(SearchError::Charset);
        }
        lexer.space()?;
    }
    let mut reader = Reader { lexer, keys: 0 };
    let mut keys = vec![reader.key(0)?];
    while reader.lexer.eat(b' ') {
        keys.push(reader.key(0)?);
    }
    lexer.end()?;
    Ok(one_or_and(keys))
}

fn one_or_and(mut keys: Vec<Key>) -> Key {
    match (keys.len(), keys.pop()) {
        (1, Some(key)) => key,
        (_, last) => {
            keys.extend(last);
            Key::And(keys)
        }
    }
}

struct Reader<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    keys: usize,
}

impl Reader<'_, '_> {
    fn key(&mut self, depth: usize) -> Result<Key, Syntax> {
        self.keys += 1;
        if depth > DEPTH_MAX || self.keys > KEYS_MAX {
            return Err(Syntax("Search is too complex"));
        }
        if self.lexer.eat(b'(') {
            let mut keys = vec![self.key(depth + 1)?];
            while !self.lexer.eat(b')') {
                self.lexer.expect(b' ', "Missing closing parenthesis")?;
                keys.push(self.key(depth + 1)?);
            }
            return Ok(one_or_and(keys));
        }
        if self.lexer.peek().is_some_and(SequenceSet::is_part) {
            return self.lexer.set().map(Key::Numbers);
        }
        let word = self.lexer.atom().map_err(|_| Syntax("Missing search criterion"))?.to_ascii_uppercase();
        if let Some(key) = simple(&word) {
            return Ok(key);
        }
        self.lexer.space()?;
        Ok(match word.as_str() {
            "NOT" => Key::Not(Box::new(self.key(depth + 1)?)),
            "OR" => {
                let first = self.key(depth + 1)?;
                self.lexer.space()?;
                Key::Or(Box::new((first, self.key(depth + 1)?)))
            }
            "UID" => Key::Uids(self.lexer.set()?),
            "KEYWORD" => Key::Keyword(self.keyword()?),
            "UNKEYWORD" => Key::Not(Box::new(Key::Keyword(self.keyword()?))),
            "BEFORE" => Key::Arrived(When::Before, self.day()?),
            "ON" => Key::Arrived(When::On, self.day()?),
            "SINCE" => Key::Arrived(When::Since, self.day()?),
            "SENTBEFORE" => Key::Sent(When::Before, self.day()?),
            "SENTON" => Key::Sent(When::On, self.day()?),
            "SENTSINCE" => Key::Sent(When::Since, self.day()?),
            "LARGER" => Key::Larger(self.lexer.number()?.into()),
            "SMALLER" => Key::Smaller(self.lexer.number()?.into()),
            "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => Key::Header(word, self.needle()?),
            "HEADER" => {
                let name = self.text()?;
                self.lexer.space()?;
                Key::Header(name, self.needle()?)
            }
            "BODY" => Key::Body(self.needle()?),
            "TEXT" => Key::Text(self.needle()?),
            _ => return Err(Syntax("Unknown search criterion")),
        })
    }

    fn keyword(&mut self) -> Result<String, Syntax> {
        let word = self.lexer.atom()?;
        if is_keyword(word) { Ok(word.to_owned()) } else { Err(Syntax("Malformed keyword")) }
    }

    fn day(&mut self) -> Result<Date, Syntax> {
        let text = self.text()?;
        parse_day(&text).ok_or(Syntax("Malformed date"))
    }

    fn text(&mut self) -> Result<String, Syntax> {
        let text = self.lexer.astring()?;
        String::from_utf8(text.into_owned()).map_err(|_| Syntax("Text is not UTF-8"))
    }

    fn needle(&mut self) -> Result<Needle, Syntax> {
        self.text().map(|text| Needle::new(&text))
    }
}

/// Criteria without arguments.
fn simple(word: &str) -> Option<Key> {
    use SystemFlag::{Answered, Deleted, Draft, Flagged, Seen};
    let not = |key| Key::Not(Box::new(key));
    Some(match word {
        "ALL" => Key::And(Vec::new()),
        "ANSWERED" => Key::Flag(Answered),
        "DELETED" => Key::Flag(Deleted),
        "DRAFT" => Key::Flag(Draft),
        "FLAGGED" => Key::Flag(Flagged),
        "SEEN" => Key::Flag(Seen),
        "UNANSWERED" => not(Key::Flag(Answered)),
        "UNDELETED" => not(Key::Flag(Deleted)),
        "UNDRAFT" => not(Key::Flag(Draft)),
        "UNFLAGGED" => not(Key::Flag(Flagged)),
        "UNSEEN" => not(Key::Flag(Seen)),
        "RECENT" => Key::Recent,
        "OLD" => not(Key::Recent),
        "NEW" => Key::And(vec![Key::Recent, not(Key::Flag(Seen))]),
        _ => return None,
    })
}

impl Needle {
    /// Folds the case of `text`.
    pub fn new(text: &str) -> Self {
        Self(fold(text).into_owned())
    }

    /// Whether it is in a text whose case is folded in the same way.
    pub(super) fn is_in(&self, folded: &str) -> bool {
        memchr::memmem::find(folded.as_bytes(), self.0.as_bytes()).is_some()
    }
}

impl Key {
    /// Puts UIDs in the place of all sets, as the session that was asked sees them.
    pub fn resolve(&mut self, numbers: &impl Fn(&SequenceSet) -> Vec<RangeInclusive<u32>>, largest_uid: Option<u32>) {
        match self {
            Self::Numbers(set) => *self = Self::Among(numbers(set)),
            Self::Uids(set) => *self = Self::Among(set.ranges(largest_uid)),
            Self::And(keys) => keys.iter_mut().for_each(|key| key.resolve(numbers, largest_uid)),
            Self::Or(keys) => {
                keys.0.resolve(numbers, largest_uid);
                keys.1.resolve(numbers, largest_uid);
            }
            Self::Not(key) => key.resolve(numbers, largest_uid),
            _ => {}
        }
    }

    /// All sequence sets in it, which must not name numbers beyond the mailbox.
    pub fn sets(&self) -> Vec<&SequenceSet> {
        match self {
            Self::Numbers(set) => vec![set],
            Self::And(keys) => keys.iter().flat_map(Self::sets).collect(),
            Self::Or(keys) => [&keys.0, &keys.1].into_iter().flat_map(Self::sets).collect(),
            Self::Not(key) => key.sets(),
            _ => Vec::new(),
        }
    }

    /// Whether more than the header section has to be read.
    pub fn reads_body(&self) -> bool {
        match self {
            Self::And(keys) => keys.iter().any(Self::reads_body),
            Self::Or(keys) => keys.0.reads_body() || keys.1.reads_body(),
            Self::Not(key) => key.reads_body(),
            Self::Body(_) | Self::Text(_) => true,
            _ => false,
        }
    }

    /// What the row alone tells: `None` if the content must be looked at.
    pub fn judge(&self, row: &Row) -> Option<bool> {
        Some(match self {
            Self::And(keys) => {
                // One that is not met decides, wherever it stands.
                let verdicts: Vec<Option<bool>> = keys.iter().map(|key| key.judge(row)).collect();
                return if verdicts.contains(&Some(false)) {
                    Some(false)
                } else {
                    verdicts.into_iter().all(|verdict| verdict.is_some()).then_some(true)
                };
            }
            Self::Or(keys) => match (keys.0.judge(row), keys.1.judge(row)) {
                (Some(true), _) | (_, Some(true)) => true,
                (Some(false), Some(false)) => false,
                _ => return None,
            },
            Self::Not(key) => !key.judge(row)?,
            Self::Flag(flag) => row.flags.has(*flag),
            Self::Keyword(keyword) => row.flags.has_keyword(keyword),
            Self::Recent => row.recent,
            // Resolved before; a set that was not means nothing.
            Self::Numbers(_) | Self::Uids(_) => false,
            Self::Among(ranges) => {
                let uid = row.uid.get();
                let next = ranges.partition_point(|range| *range.end() < uid);
                ranges.get(next).is_some_and(|range| range.contains(&uid))
            }
            Self::Arrived(when, day) => when.holds(day_of(row.arrived), *day),
            Self::Larger(size) => row.size > *size,
            Self::Smaller(size) => row.size < *size,
            Self::Sent(..) | Self::Header(..) | Self::Body(_) | Self::Text(_) => return None,
        })
    }
}

impl When {
    /// Whether a day lies so to the one that was asked for.
    pub(super) fn holds(self, day: Date, asked: Date) -> bool {
        match self {
            Self::Before => day < asked,
            Self::On => day == asked,
            Self::Since => day >= asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::content::{Content, matches};
    use crate::imap::flag::Flags;
    use crate::imap::number::{ModSeq, Uid};

    struct Letter;

    impl Content for Letter {
        fn fields(&self) -> Vec<(String, String)> {
            let fields = [("From", "Zoë <zoe@crepes.example>"), ("Subject", "GRÜSSE aus Crêpes"), ("X-Empty", "")];
            fields.map(|(name, body)| (name.to_owned(), body.to_owned())).into()
        }
        fn texts(&self) -> Vec<String> {
            vec!["Do you like ketchup?".into(), "How about pickles?".into()]
        }
        fn sent(&self) -> Option<Date> {
            Date::new(2026, 11, 20).ok()
        }
    }

    fn row() -> Row {
        let flags = Flags::from_parts(SystemFlag::Seen as u8, ["Work".to_owned()]);
        let arrived = "2026-11-21T23:30:00Z".parse().expect("a time");
        Row { uid: Uid::new(7).expect("not zero"), flags, size: 1000, arrived, modseq: ModSeq(1), recent: true }
    }

    fn search(text: &str) -> Result<bool, SearchError> {
        let mut key = parse(&mut Lexer::new(text.as_bytes()))?;
        key.resolve(&|set: &SequenceSet| set.ranges(Some(3)), Some(9));
        let found = matches(&key, &row(), &Letter);
        assert!(key.judge(&row()).is_none_or(|judged| judged == found), "the row tells otherwise: {text}");
        Ok(found)
    }

    #[test]
    fn criteria_are_read_and_met() {
        for (text, wanted) in [
            ("ALL", true),
            ("SEEN", true),
            ("unseen", false),
            ("NEW", false),
            ("OLD", false),
            ("RECENT", true),
            ("KEYWORD work", true),
            ("UNKEYWORD work", false),
            ("NOT SEEN", false),
            ("NOT NOT SEEN", true),
            ("OR UNSEEN FLAGGED", false),
            ("OR UNSEEN SEEN", true),
            ("OR UNSEEN (SEEN RECENT)", true),
            ("(SEEN (RECENT (ALL)))", true),
            ("SEEN FLAGGED", false),
            ("1:3", false),
            ("UID 5:8", true),
            ("UID *", false),
            ("UID 1,2,3,10:7", true),
            ("ON 21-Nov-2026", true),
            ("BEFORE \"21-Nov-2026\"", false),
            ("SINCE 21-Nov-2026", true),
            ("SENTON 20-Nov-2026", true),
            ("SENTSINCE 21-Nov-2026", false),
            ("SENTBEFORE 21-Nov-2026", true),
            ("LARGER 999 SMALLER 1001", true),
            ("LARGER 1000", false),
            ("FROM zoe@CREPES", true),
            ("TO zoe", false),
            ("CHARSET UTF-8 SUBJECT {7}\r\ngr\u{fc}sse", true),
            ("CHARSET us-ascii SUBJECT \"aus\"", true),
            ("SUBJECT \"cr\u{ea}pes\"", true),
            ("HEADER X-Empty \"\"", true),
            ("HEADER X-Missing \"\"", false),
            ("HEADER X-Empty x", false),
            ("BODY ketchup", true),
            ("BODY crepes", false),
            ("TEXT crepes.EXAMPLE", true),
            ("TEXT pickles", true),
            ("TEXT \"subject: gr\"", true),
            ("HEADER subject \"subject\"", false),
            ("BODY \"\"", true),
            ("NOT TEXT mustard SEEN", true),
        ] {
            assert_eq!(search(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_criterion_is_refused() {
        for text in [
            "",
            "()",
            "(SEEN",
            "SEEN)",
            "SEEN  RECENT",
            "NOT",
            "OR SEEN",
            "FOO",
            "UID",
            "UID x",
            "1:",
            "0",
            "KEYWORD \\Seen",
            "ON yesterday",
            "LARGER -1",
            "LARGER 4294967296",
            "HEADER X",
            "BODY",
            "BODY {3+}\r\n\u{ff}",
            "CHARSET UTF-8",
        ] {
            assert!(matches!(search(text), Err(SearchError::Syntax(_))), "{text}");
        }
        assert_eq!(search("CHARSET KOI8-R ALL"), Err(SearchError::Charset));
        assert!(search(&"NOT ".repeat(10_000)).is_err());
        assert!(search(&"(".repeat(60_000)).is_err());
        assert!(search(&format!("{}SEEN", "SEEN ".repeat(600))).is_err());
        assert!(search(&format!("{}SEEN", "OR SEEN ".repeat(600))).is_err());
    }

    #[test]
    fn content_is_only_needed_where_the_row_does_not_decide() {
        for (text, wanted) in [
            ("SEEN", Some(true)),
            ("TEXT x", None),
            ("UNSEEN TEXT x", Some(false)),
            ("TEXT x UNSEEN", Some(false)),
            ("SEEN TEXT x", None),
            ("OR SEEN TEXT x", Some(true)),
            ("OR UNSEEN TEXT x", None),
            ("NOT TEXT x", None),
        ] {
            let key = parse(&mut Lexer::new(text.as_bytes())).expect(text);
            assert_eq!(key.judge(&row()), wanted, "{text}");
        }
        for (text, wanted) in [
            ("SEEN FROM a SENTON 1-Feb-1994 OR SUBJECT b HEADER c d", false),
            ("TEXT x", true),
            ("SEEN (OR FROM a NOT BODY x)", true),
        ] {
            let key = parse(&mut Lexer::new(text.as_bytes())).expect(text);
            assert_eq!(key.reads_body(), wanted, "{text}");
        }
    }
}
