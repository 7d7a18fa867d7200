//! Whether a filter means a message, as far as the message is known.
//!
//! Three answers: yes, no, and "look further". One statement that is not met decides against all beside it, wherever it
//! stands, so what is cheap to know decides first if the reader offers it first. Whatever several statements ask for is
//! decoded once.

use super::Query;
use super::facts::{Facts, Known, PartFacts};
use super::field::{Has, Is, Test};
use super::pattern::Pattern;
use super::people::Person;
use super::when::Moment;
use crate::message::fold::fold;
use crate::message::{date, id, words};
use crate::world::Timestamp;
use jiff::SignedDuration;
use std::cell::OnceCell;

/// The fields in which a word on its own is looked for, beside the text.
const SUBJECT: &str = "Subject";
const PEOPLE: [&str; 4] = ["From", "To", "Cc", "Bcc"];

impl Query {
    /// Whether a message is meant; `None` if more has to be known first.
    pub fn judge(&self, facts: &dyn Facts, moment: &Moment) -> Known<bool> {
        Reading { facts, moment, texts: OnceCell::new(), parts: OnceCell::new() }.judge(self)
    }

    /// The same of a message of which all is known that ever will be: what nobody can tell does not count.
    pub fn means(&self, facts: &dyn Facts, moment: &Moment) -> bool {
        self.judge(facts, moment).unwrap_or(false)
    }
}

/// A message that is being looked at.
struct Reading<'f> {
    facts: &'f dyn Facts,
    moment: &'f Moment,
    /// Folded.
    texts: OnceCell<Known<Vec<String>>>,
    parts: OnceCell<Known<Vec<PartFacts<'f>>>>,
}

impl<'f> Reading<'f> {
    /// The reader's limit on parentheses bounds the recursion.
    fn judge(&self, query: &Query) -> Known<bool> {
        match query {
            Query::All(queries) => self.until(queries, false),
            Query::Any(queries) => self.until(queries, true),
            Query::Not(query) => self.judge(query).map(|is_met| !is_met),
            Query::Term(test) => self.test(test),
        }
    }

    /// Looks for one that decides; if there is none, all others must be known.
    fn until(&self, queries: &[Query], decisive: bool) -> Known<bool> {
        let mut is_known = true;
        for query in queries {
            match self.judge(query) {
                Some(verdict) if verdict == decisive => return Some(decisive),
                Some(_) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(!decisive)
    }

    fn test(&self, test: &Test) -> Known<bool> {
        match test {
            Test::Word(pattern) => self.word(pattern),
            Test::People(role, person) => self.any_field(role.fields(), |body| person.is_in(body)),
            Test::Subject(pattern) => self.any_field(&[SUBJECT], |body| meets_prose(pattern, body)),
            Test::Body(pattern) => self.texts().map(|texts| texts.iter().any(|text| pattern.meets_prose(text))),
            Test::List(pattern) => self.any_field(&["List-ID"], |body| {
                let text = words::decode(body);
                pattern.meets(&text) || id::parse_list(body).iter().any(|id| pattern.meets(id))
            }),
            Test::Name(pattern) => self.any_part(|part| part.name.as_ref().is_some_and(|name| pattern.meets(name))),
            Test::Type(pattern) => self.any_part(|part| {
                let either = pattern.is_whole() && (pattern.meets(&part.media.main) || pattern.meets(&part.media.sub));
                either || pattern.meets(&part.media.to_string())
            }),
            Test::Id(pattern) => self.any_field(&["Message-ID"], |body| names(pattern, body)),
            Test::Reference(pattern) => self.any_field(&["References", "In-Reply-To"], |body| names(pattern, body)),
            Test::Header(name, pattern) => self.any_field(&[name.as_str()], |body| match pattern {
                Some(pattern) => pattern.meets(&words::decode(body)),
                None => true,
            }),
            Test::Size(order, size) => Some(order.holds(&self.facts.size()?, size, size)),
            Test::Date(order, point) => self.when(|date| point.holds(*order, date, self.moment)),
            Test::Received(order, point) => {
                Some(self.facts.arrived()?.is_some_and(|arrived| point.holds(*order, arrived, self.moment)))
            }
            Test::Age(order, age) => {
                let wanted = SignedDuration::try_from(*age).unwrap_or(SignedDuration::MAX);
                self.when(|date| order.holds(&self.moment.now.duration_since(date), &wanted, &wanted))
            }
            Test::Is(is) => self.is(*is),
            Test::Has(has) => self.any_part(|part| match has {
                Has::Attachment => part.is_attachment,
                Has::Html => part.media.is("text", "html"),
                Has::Text => part.media.is("text", "plain"),
                Has::Calendar => part.media.is("text", "calendar") || part.media.is("application", "ics"),
            }),
            Test::Flag(flag) | Test::Tag(flag) => self.facts.has_flag(flag),
        }
    }

    fn is(&self, is: Is) -> Known<bool> {
        if let Some(flag) = is.flag() {
            return self.facts.has_flag(flag);
        }
        match is {
            Is::Reply => self.any_field(&["In-Reply-To", "References"], |body| !id::parse_list(body).is_empty()),
            Is::List => self.any_field(&["List-ID", "List-Post"], |_| true),
            // RFC 3834 §5: anything but "no" was made by a program.
            Is::Automatic => self.any_field(&["Auto-Submitted"], |body| {
                let word = words::decode(body);
                !word.split([';', ' ', '(']).next().unwrap_or_default().eq_ignore_ascii_case("no")
            }),
            Is::Signed => self.any_part(|part| {
                part.media.is("multipart", "signed") || smime(part).is_some_and(|kind| kind == "signed-data")
            }),
            Is::Encrypted => self.any_part(|part| {
                // RFC 8551 §3.2.2: without a word on what it is, it is most likely enveloped.
                part.media.is("multipart", "encrypted")
                    || smime(part).is_some_and(|kind| kind.is_empty() || kind.ends_with("enveloped-data"))
            }),
            _ => Some(false),
        }
    }

    /// A word on its own: what people see of a message.
    fn word(&self, pattern: &Pattern) -> Known<bool> {
        let in_subject = self.any_field(&[SUBJECT], |body| meets_prose(pattern, body));
        if in_subject == Some(true) {
            return in_subject;
        }
        let person = Person::Like(pattern.clone());
        let in_people = self.any_field(&PEOPLE, |body| person.is_in(body));
        if in_people == Some(true) {
            return in_people;
        }
        let in_text = self.texts().map(|texts| texts.iter().any(|text| pattern.meets_prose(text)));
        match in_text {
            Some(true) => in_text,
            _ => Some(in_subject? || in_people? || in_text?),
        }
    }

    /// Whether any field of these names is so.
    fn any_field(&self, names: &[&str], is_met: impl Fn(&[u8]) -> bool) -> Known<bool> {
        let mut is_known = true;
        for name in names {
            match self.facts.fields(name) {
                Some(bodies) if bodies.iter().any(|body| is_met(body)) => return Some(true),
                Some(_) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(false)
    }

    fn any_part(&self, is_met: impl Fn(&PartFacts<'_>) -> bool) -> Known<bool> {
        self.parts.get_or_init(|| self.facts.parts()).as_ref().map(|parts| parts.iter().any(is_met))
    }

    fn texts(&self) -> Known<&[String]> {
        let folded = || self.facts.texts().map(|texts| texts.iter().map(|text| fold(text).into_owned()).collect());
        self.texts.get_or_init(folded).as_deref()
    }

    /// By the Date field, or where it is missing or says nothing by the arrival (RFC 5256 §2.2). What has neither is
    /// neither before nor after anything.
    fn when(&self, is_met: impl Fn(Timestamp) -> bool) -> Known<bool> {
        let dates = self.facts.fields("Date")?;
        match dates.first().and_then(|body| date::parse(body)) {
            Some(date) => Some(is_met(date)),
            None => self.facts.arrived().map(|arrived| arrived.is_some_and(is_met)),
        }
    }
}

fn meets_prose(pattern: &Pattern, body: &[u8]) -> bool {
    pattern.meets_prose(&fold(&words::decode(body)))
}

/// Whether one of the ids in a field body is meant. A whole id is compared with its case (RFC 5322 §3.6.4).
fn names(pattern: &Pattern, body: &[u8]) -> bool {
    let is_met = |id: &String| if pattern.is_whole() { id == pattern.written() } else { pattern.meets(id) };
    id::parse_list(body).iter().any(is_met)
}

/// What an S/MIME part says it is (RFC 8551 §3.2.2).
fn smime(part: &PartFacts<'_>) -> Option<String> {
    let is_smime = part.media.main == "application" && matches!(part.media.sub.as_str(), "pkcs7-mime" | "x-pkcs7-mime");
    is_smime.then(|| part.media.parameters.get("smime-type").unwrap_or_default().to_ascii_lowercase())
}
