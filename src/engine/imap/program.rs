//! A filter as a search that a server can do: which messages it has to name, so that none that is meant is missing.
//!
//! The filter language says more than SEARCH can. So each statement has two bounds, the most messages and the least that
//! it can mean in the words of SEARCH. Where they are one, the server's answer is the answer; of everything else it names
//! too many, which are judged here by what is fetched of them. NOT turns the bounds around. What stands in texts is found
//! as the server finds it. Pure. RFC 9051 §6.4.4.

use super::key::Key;
use crate::imap::flag::SystemFlag;
use crate::imap::response::is_keyword;
use crate::query::{Is, Moment, Order, Pattern, Person, Point, Query, Role, Test};
use crate::world::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, ToSpan};

/// Words of one text that are asked for; each makes the answer smaller only.
const WORDS_MAX: usize = 4;

/// What a server is asked, and what is left to be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// Names all messages that are meant, and perhaps others.
    pub key: Key,
    /// Which of these are meant; all if it says nothing.
    pub rest: Query,
    /// The header fields that it takes to judge that.
    pub fields: Vec<String>,
}

impl Program {
    /// The search for a filter; what is asked in days and hours is asked now and here.
    pub fn of(query: &Query, moment: &Moment) -> Self {
        let key = bounds(query, moment).most;
        let rest = rest(query, moment);
        let mut fields = Vec::new();
        name_fields(&rest, &mut fields);
        fields.sort();
        fields.dedup();
        Self { key, rest, fields }
    }

    /// Whether the server's answer is the answer.
    pub fn is_exact(&self) -> bool {
        self.rest == Query::All(Vec::new())
    }
}

/// The most and the least that something can mean.
struct Bounds {
    most: Key,
    least: Key,
}

impl Bounds {
    fn exactly(key: Key) -> Self {
        Self { most: key.clone(), least: key }
    }

    /// Nothing is known of what is left.
    fn within(most: Key) -> Self {
        Self { most, least: Key::None }
    }

    fn is_exact(&self) -> bool {
        self.most == self.least
    }
}

/// The reader's limit on parentheses bounds the recursion.
fn bounds(query: &Query, moment: &Moment) -> Bounds {
    let all = |queries: &[Query], join: fn(Vec<Key>) -> Key| {
        let (most, least) = queries.iter().map(|query| bounds(query, moment)).map(|it| (it.most, it.least)).unzip();
        Bounds { most: join(most), least: join(least) }
    };
    match query {
        Query::All(queries) => all(queries, Key::and),
        Query::Any(queries) => all(queries, Key::or),
        Query::Not(query) => {
            let Bounds { most, least } = bounds(query, moment);
            Bounds { most: least.negate(), least: most.negate() }
        }
        Query::Term(test) => test_bounds(test, moment),
    }
}

/// What the server's answer leaves open.
fn rest(query: &Query, moment: &Moment) -> Query {
    match query {
        query if bounds(query, moment).is_exact() => Query::All(Vec::new()),
        Query::All(queries) => Query::all(queries.iter().map(|query| rest(query, moment))),
        query => query.clone(),
    }
}

fn test_bounds(test: &Test, moment: &Moment) -> Bounds {
    match test {
        Test::Word(pattern) => match literal(pattern) {
            Some(text) => {
                let people = ["FROM", "TO", "CC", "BCC", "SUBJECT", "BODY"];
                Bounds::exactly(Key::or(people.map(|word| Key::text(word, text)).into()))
            }
            None => {
                let names = ["From", "To", "Cc", "Bcc", "Subject"];
                let anywhere = |word: &str| {
                    Key::or(names.map(|name| field(name, word)).into_iter().chain([Key::text("BODY", word)]).collect())
                };
                Bounds::within(Key::and(words(pattern).into_iter().map(anywhere).collect()))
            }
        },
        Test::People(role, person) => people(*role, person),
        Test::Subject(pattern) => text(&["Subject"], pattern),
        Test::Body(pattern) => match literal(pattern) {
            Some(text) => Bounds::exactly(Key::text("BODY", text)),
            None => Bounds::within(Key::and(words(pattern).into_iter().map(|word| Key::text("BODY", word)).collect())),
        },
        Test::List(pattern) => text(&["List-ID"], pattern),
        Test::Id(pattern) => text(&["Message-ID"], pattern),
        Test::Reference(pattern) => text(&["References", "In-Reply-To"], pattern),
        Test::Header(name, None) => Bounds::exactly(field(name, "")),
        Test::Header(name, Some(pattern)) => text(&[name.as_str()], pattern),
        Test::Size(order, size) => octets(*order, *size),
        Test::Date(order, point) => {
            let (from, to) = span(*order, point, moment);
            Bounds::within(sent(from, to))
        }
        Test::Received(order, point) => {
            let (from, to) = span(*order, point, moment);
            Bounds::within(arrived(from, to))
        }
        Test::Age(order, age) => {
            let age = SignedDuration::try_from(*age).unwrap_or(SignedDuration::MAX);
            let then = moment.now.checked_sub(age).unwrap_or(Timestamp::MIN);
            // What is younger was written later.
            let (from, to) = match order {
                Order::Less | Order::AtMost => (Some(then), None),
                Order::More | Order::AtLeast => (None, Some(then)),
                Order::Same => (Some(then), Some(then)),
            };
            Bounds::within(sent(from, to))
        }
        Test::Is(is) => state(*is),
        // Structure is no matter of SEARCH.
        Test::Name(_) | Test::Type(_) | Test::Has(_) => Bounds::within(Key::All),
        Test::Flag(name) | Test::Tag(name) => flag(name),
    }
}

fn state(is: Is) -> Bounds {
    let any = |names: &[&str]| Key::or(names.iter().map(|name| field(name, "")).collect());
    match is {
        Is::Read => flag("\\Seen"),
        Is::Flagged => flag("\\Flagged"),
        Is::Answered => flag("\\Answered"),
        Is::Draft => flag("\\Draft"),
        Is::Deleted => flag("\\Deleted"),
        Is::Reply => Bounds::within(any(&["In-Reply-To", "References"])),
        Is::List => Bounds::exactly(any(&["List-ID", "List-Post"])),
        Is::Automatic => Bounds::within(any(&["Auto-Submitted"])),
        Is::Signed | Is::Encrypted => Bounds::within(Key::All),
    }
}

fn flag(name: &str) -> Bounds {
    let system = SystemFlag::ALL.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(name));
    Bounds::exactly(match system {
        Some(flag) => Key::word(&flag.name().to_ascii_uppercase()[1..]),
        None if is_keyword(name) => Key::word(&format!("KEYWORD {name}")),
        // No message has it.
        None => Key::None,
    })
}

fn octets(order: Order, size: u64) -> Bounds {
    // RFC 3501 §9: a number has 32 bits, and not every server has more.
    let Ok(size) = u32::try_from(size) else { return Bounds::within(Key::All) };
    let (smaller, larger) = (Key::word(&format!("SMALLER {size}")), Key::word(&format!("LARGER {size}")));
    Bounds::exactly(match order {
        Order::Same => Key::and(vec![smaller.negate(), larger.negate()]),
        Order::Less => smaller,
        Order::AtMost => larger.negate(),
        Order::More => larger,
        Order::AtLeast => smaller.negate(),
    })
}

fn people(role: Role, person: &Person) -> Bounds {
    let pattern = person.pattern();
    // A domain has two spellings, and a server knows the one that is in the message.
    let is_odd = |word: &&str| !word.is_ascii() || word.to_ascii_lowercase().contains("xn--");
    match person {
        Person::Like(_) if literal(pattern).is_some_and(|text| !is_odd(&text)) => text(role.fields(), pattern),
        Person::Like(_) if pattern.is_literal() && is_odd(&pattern.written()) => {
            // Of a name there is one spelling only, but nobody knows whether it is one.
            let is_domain = pattern.written().contains(['@', '.']);
            if is_domain { Bounds::within(Key::All) } else { text(role.fields(), pattern) }
        }
        _ => {
            let words = words(pattern).into_iter().filter(|word| !is_odd(word)).collect();
            Bounds::within(each(role.fields(), words))
        }
    }
}

/// A text in one of these fields.
fn text(names: &[&str], pattern: &Pattern) -> Bounds {
    match literal(pattern) {
        Some(text) => Bounds::exactly(Key::or(names.iter().map(|name| field(name, text)).collect())),
        None => Bounds::within(each(names, words(pattern))),
    }
}

/// All of these words, each in one of these fields.
fn each(names: &[&str], words: Vec<&str>) -> Key {
    let anywhere = |word: &str| Key::or(names.iter().map(|name| field(name, word)).collect());
    Key::and(words.into_iter().map(anywhere).collect())
}

fn field(name: &str, text: &str) -> Key {
    let own = ["From", "To", "Cc", "Bcc", "Subject"].into_iter().find(|own| own.eq_ignore_ascii_case(name));
    match own.filter(|_| !text.is_empty()) {
        Some(own) => Key::text(&own.to_ascii_uppercase(), text),
        None => Key::header(name, text),
    }
}

/// A text that is looked for as it stands, anywhere within another.
fn literal(pattern: &Pattern) -> Option<&str> {
    let is_within = pattern.is_literal() && !pattern.is_whole();
    let text = pattern.written();
    (is_within && !text.chars().any(char::is_control)).then_some(text)
}

/// Pieces that stand in whatever meets a pattern, the longest first; none of an expression.
fn words(pattern: &Pattern) -> Vec<&str> {
    if pattern.is_regex() {
        return Vec::new();
    }
    let is_glob = !pattern.is_literal();
    // What is written in quotes, folded or in angle brackets differs at such places.
    let parts = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\') || is_glob && matches!(c, '*' | '?')
    };
    let mut words: Vec<&str> = pattern.written().split(parts).filter(|word| !word.is_empty()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.truncate(WORDS_MAX);
    words
}

/// The first and the last moment that are meant.
fn span(order: Order, point: &Point, moment: &Moment) -> (Option<Timestamp>, Option<Timestamp>) {
    let (first, last) = point.bounds(moment);
    match order {
        Order::Same => (Some(first), Some(last)),
        Order::Less => (None, Some(first)),
        Order::AtMost => (None, Some(last)),
        Order::More => (Some(last), None),
        Order::AtLeast => (Some(first), None),
    }
}

/// Messages written then. What does not say when it was written is taken by its arrival, here and so there.
fn sent(from: Option<Timestamp>, to: Option<Timestamp>) -> Key {
    Key::or(vec![between("SENTSINCE", "SENTBEFORE", from, to), arrived(from, to)])
}

fn arrived(from: Option<Timestamp>, to: Option<Timestamp>) -> Key {
    between("SINCE", "BEFORE", from, to)
}

/// RFC 9051 §6.4.4: days, "disregarding time and timezone"; so one more at each end, since nobody knows whose days.
fn between(since: &str, before: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Key {
    let day = |when: Timestamp, days: i64| Offset::UTC.to_datetime(when).date().saturating_add(days.days());
    let key = |word: &str, day: Date| match day.year() {
        // Four digits are the grammar's, and nobody asks for mail of other times.
        1..=9998 => Key::day(word, day),
        _ => Key::All,
    };
    let from = from.map(|from| key(since, day(from, -1)));
    let to = to.map(|to| key(before, day(to, 2)));
    Key::and(from.into_iter().chain(to).collect())
}

/// The header fields that a filter asks about.
fn name_fields(query: &Query, names: &mut Vec<String>) {
    let mut add = |more: &[&str]| names.extend(more.iter().map(|name| (*name).to_ascii_uppercase()));
    match query {
        Query::All(queries) | Query::Any(queries) => queries.iter().for_each(|query| name_fields(query, names)),
        Query::Not(query) => name_fields(query, names),
        Query::Term(test) => match test {
            Test::Word(_) => add(&["From", "To", "Cc", "Bcc", "Subject"]),
            Test::People(role, _) => add(role.fields()),
            Test::Subject(_) => add(&["Subject"]),
            Test::List(_) | Test::Is(Is::List) => add(&["List-ID", "List-Post"]),
            Test::Id(_) => add(&["Message-ID"]),
            Test::Reference(_) | Test::Is(Is::Reply) => add(&["References", "In-Reply-To"]),
            Test::Header(name, _) => add(&[name]),
            Test::Date(..) | Test::Age(..) => add(&["Date"]),
            Test::Is(Is::Automatic) => add(&["Auto-Submitted"]),
            Test::Body(_)
            | Test::Name(_)
            | Test::Type(_)
            | Test::Size(..)
            | Test::Received(..)
            | Test::Is(_)
            | Test::Has(_)
            | Test::Flag(_)
            | Test::Tag(_) => {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn moment() -> Moment {
        Moment { now: "2026-03-28T11:00:00Z".parse().expect("a time"), zone: TimeZone::UTC }
    }

    #[test]
    fn filters_become_searches_and_what_they_leave_open() {
        for (filter, key, rest) in [
            ("", "ALL", ""),
            ("is:unread", "NOT SEEN", ""),
            ("is:unread is:flagged", "NOT SEEN FLAGGED", ""),
            ("is:read or is:draft", "OR SEEN DRAFT", ""),
            ("not (is:read or is:draft)", "NOT SEEN NOT DRAFT", ""),
            ("flag:\\Answered tag:work", "ANSWERED KEYWORD work", ""),
            ("flag:\\Odd", "NOT ALL", ""),
            ("not tag:\"a b\"", "ALL", ""),
            ("size>1M", "LARGER 1048576", ""),
            ("size:100..200", "NOT SMALLER 100 NOT LARGER 200", ""),
            ("size>5G", "ALL", "size>5G"),
            ("subject:invoice", "SUBJECT \"invoice\"", ""),
            ("subject:\"a \\\"b\\\"\"", "SUBJECT \"a \\\"b\\\"\"", ""),
            ("subject=invoice", "SUBJECT \"invoice\"", "subject=invoice"),
            ("subject:in*ce", "SUBJECT \"in\" SUBJECT \"ce\"", "subject:in*ce"),
            ("subject~/in.*ce/", "ALL", "subject~/in.*ce/"),
            ("not subject=invoice", "ALL", "not subject=invoice"),
            ("from:alice", "FROM \"alice\"", ""),
            ("from:alice@crepes.example", "FROM \"alice@crepes.example\"", "from:alice@crepes.example"),
            ("from:@crepes.example is:read", "FROM \"@crepes.example\" SEEN", "from:@crepes.example"),
            ("from:a@b\u{fc}cher.example", "ALL", "from:a@b\u{fc}cher.example"),
            ("from:J\u{fc}rgen", "FROM {4}J\u{fc}", ""),
            ("recipient:bob", "OR TO \"bob\" OR CC \"bob\" BCC \"bob\"", ""),
            ("body:pickles", "BODY \"pickles\"", ""),
            ("header:X-Spam", "HEADER \"X-Spam\" \"\"", ""),
            ("header:X-Spam:yes", "HEADER \"X-Spam\" \"yes\"", ""),
            ("is:list", "OR HEADER \"List-ID\" \"\" HEADER \"List-Post\" \"\"", ""),
            ("is:automatic", "HEADER \"Auto-Submitted\" \"\"", "is:automatic"),
            ("has:attachment is:read", "SEEN", "has:attachment"),
            ("has:attachment or is:read", "ALL", "has:attachment or is:read"),
            ("received>=2026-03-01", "SINCE 28-Feb-2026", "received>=2026-03-01"),
            ("received=2026-03-01", "SINCE 28-Feb-2026 BEFORE 3-Mar-2026", "received=2026-03-01"),
            ("date<2026", "OR SENTBEFORE 3-Jan-2026 BEFORE 3-Jan-2026", "date<2026"),
            ("age<1d", "OR SENTSINCE 26-Mar-2026 SINCE 26-Mar-2026", "age<1d"),
            ("age>=1d", "OR SENTBEFORE 29-Mar-2026 BEFORE 29-Mar-2026", "age>=1d"),
            ("date<9999", "ALL", "date<9999"),
        ] {
            let query = Query::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
            let program = Program::of(&query, &moment());
            assert_eq!(program.rest.to_string(), Query::parse(rest).expect(rest).to_string(), "{filter}");
            assert_eq!(program.is_exact(), rest.is_empty(), "{filter}");
            let shown = program.key.to_string();
            assert!(shown == key || key.contains('{') && shown.starts_with("FROM {"), "{filter}: {shown}");
        }
    }

    #[test]
    fn the_fields_that_decide_are_named() {
        for (filter, wanted) in [
            ("is:read", ""),
            ("from:alice@x", "FROM"),
            ("recipient=bob age<2w", "BCC CC DATE TO"),
            ("header:x-foo~/a/ or is:reply", "IN-REPLY-TO REFERENCES X-FOO"),
        ] {
            let query = Query::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
            assert_eq!(Program::of(&query, &moment()).fields.join(" "), wanted, "{filter}");
        }
    }
}
