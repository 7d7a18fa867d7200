//! What differs between two runs of the same conversation, and says nothing: dates, ids, tags, sizes of made-up messages.
//!
//! One judgement for all who hold a line against another: `trace diff` and `trace replay`.
//! RFC 9051 §2.2.1 for tags; RFC 1870 §6 for the size that MAIL declares.

use regex_lite::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A date as mail, IMAP or JSON write it; our own version; an id between angle brackets; the declared size; any other word that is too odd
/// for a language.
static VARIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"((Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?[0-9]{1,2}[ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -][0-9]{4} ",
        r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ([+-][0-9]{4}|GMT))?",
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?",
        r"|mailkit/[0-9]+(\.[0-9]+)*",
        r"|<[^<>@ ]*[0-9][^<>@ ]{7,}@[^<>@ ]+>",
        r"|[0-9A-Za-z]*[0-9][0-9A-Za-z]*",
    ))
    .expect("the expression is well-formed")
});
/// Shorter words with digits in them are codes, sizes and names of mechanisms.
const ID_MIN: usize = 10;
/// What declares how long a message is: its date and its id are no longer the same.
const SIZE: &str = " SIZE=";

/// A line of a transcript, without what is another one each time.
pub(super) fn usual(line: &str) -> String {
    let replaced = VARIES.replace_all(line, |found: &Captures<'_>| {
        let found = &found[0];
        let is_code = found.len() < ID_MIN && found.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if is_code { found.to_owned() } else { "#".to_owned() }
    });
    match replaced.split_once(SIZE) {
        Some((before, size)) if before.starts_with("C: MAIL FROM:") => {
            let digits = size.bytes().take_while(u8::is_ascii_digit).count();
            format!("{before}{SIZE}#{}", size[digits..].trim_start_matches('#'))
        }
        _ => replaced.into_owned(),
    }
}

/// The tag of a command, and what stands behind it; a line of the client is one if it begins with letters and digits of
/// both kinds and goes on with a verb.
pub(super) fn tagged(text: &str) -> Option<(&str, &str)> {
    let (tag, behind) = text.split_once(' ')?;
    let verb = behind.split(' ').next().unwrap_or_default();
    let is_tag =
        tag.bytes().any(|octet| octet.is_ascii_digit()) && tag.bytes().all(|octet| octet.is_ascii_alphanumeric());
    let is_verb = !verb.is_empty() && verb.bytes().all(|octet| octet.is_ascii_alphabetic());
    (is_tag && is_verb).then_some((tag, behind))
}

/// Tags that stand for others.
#[derive(Debug, Default)]
pub(super) struct Tags(HashMap<String, String>);

/// Tags that are known at one time: no conversation that is written down has as many commands on their way.
const TAGS_MAX: usize = 4096;

impl Tags {
    /// From now on one tag stands for another.
    pub(super) fn learn(&mut self, tag: &str, instead: &str) {
        if self.0.len() == TAGS_MAX {
            self.0.clear();
        }
        self.0.insert(tag.to_owned(), instead.to_owned());
    }

    /// A text whose tag stands for another, with that.
    pub(super) fn replace(&self, text: &str) -> Option<String> {
        let (tag, behind) = text.split_once(' ')?;
        Some(format!("{} {behind}", self.0.get(tag)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_alike_and_nothing_else_is() {
        for (one, other, is_same) in [
            ("C: Date: Sun, 22 Nov 2026 10:40:47 +0000", "C: Date: Mon, 2 Nov 2026 1:40:47 +0100", true),
            ("S: date: Sun, 22 Nov 2026 10:40:47 GMT", "S: date: Mon, 23 Nov 2026 10:40:47 GMT", true),
            ("C: MAIL FROM:<a@x> SIZE=417 BODY=8BITMIME", "C: MAIL FROM:<a@x> SIZE=9 BODY=8BITMIME", true),
            ("C: MAIL FROM:<a@x> SIZE=4170000000", "C: MAIL FROM:<a@x> SIZE=9", true),
            ("C: MAIL FROM:<a@x> SIZE=417", "C: MAIL FROM:<b@x> SIZE=417", false),
            ("S: 250 SIZE=417", "S: 250 SIZE=418", false),
            ("S: 250 2.0.0 Ok: queued as 01M81DG7NC00TA3G", "S: 250 2.0.0 Ok: queued as 01M81DHHHHH0TA3G", true),
            ("S: 250 2.1.0 Ok", "S: 250 2.1.5 Ok", false),
            ("C: RCPT TO:<bob@x>", "C: RCPT TO:<eve@x>", false),
        ] {
            assert_eq!(usual(one) == usual(other), is_same, "{one} {other}");
        }
    }

    #[test]
    fn a_tag_is_told_from_what_is_none() {
        for (text, tag) in [
            ("a1 NOOP", Some("a1")),
            ("a1", None),
            ("MAIL FROM:<x>", None),
            ("a1 ", None),
            ("250 ok", Some("250")),
            ("EHLO 1", None),
        ] {
            assert_eq!(tagged(text).map(|(tag, _)| tag), tag, "{text}");
        }
        let mut tags = Tags::default();
        tags.learn("a1", "m7");
        assert_eq!(tags.replace("a1 OK done").as_deref(), Some("m7 OK done"));
        assert_eq!(tags.replace("a2 OK done"), None);
    }
}
