//! ESEARCH: what a search found, as ranges.
//!
//! Return items that nobody asked for are passed over. RFC 4731 §3; RFC 9051 §7.3.4 and §9 (esearch-response).

use super::number::ModSeq;
use super::set::UidRanges;
use super::token::{Lexer, Syntax};
use std::borrow::Cow;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Esearch<'a> {
    /// The command it answers, if the server says so.
    pub tag: Option<Cow<'a, [u8]>>,
    /// Whether the numbers are UIDs.
    pub is_uid: bool,
    /// All that was found; `None` if nothing was.
    pub all: Option<UidRanges<'a>>,
    /// How many.
    pub count: Option<u32>,
    /// The highest of their modification sequences.
    pub mod_seq: Option<ModSeq>,
}

impl<'a> Esearch<'a> {
    /// Reads what follows the word ESEARCH.
    pub(crate) fn parse(lexer: &mut Lexer<'a>) -> Result<Self, Syntax> {
        const FORM: &str = "no search result";
        let mut found = Self::default();
        blanks(lexer);
        if lexer.eat(b'(') {
            blanks(lexer);
            if !lexer.atom()?.eq_ignore_ascii_case("TAG") {
                return Err(Syntax(FORM));
            }
            blanks(lexer);
            found.tag = Some(lexer.astring()?);
            blanks(lexer);
            lexer.expect(b')', FORM)?;
        }
        loop {
            blanks(lexer);
            if lexer.peek().is_none() {
                return Ok(found);
            }
            let item = lexer.atom()?;
            if item.eq_ignore_ascii_case("UID") {
                found.is_uid = true;
                continue;
            }
            blanks(lexer);
            // A value between parentheses is of an extension; none of those that are asked for has one.
            if lexer.eat(b'(') {
                lexer.run(|octet| octet != b')');
                lexer.expect(b')', FORM)?;
                continue;
            }
            let value = lexer.run(|octet| octet != b' ');
            let text = std::str::from_utf8(value).unwrap_or_default();
            match item.to_ascii_uppercase().as_str() {
                "ALL" => found.all = Some(UidRanges::parse(value).ok_or(Syntax(FORM))?),
                "COUNT" => found.count = text.parse().ok(),
                "MODSEQ" => found.mod_seq = text.parse().ok().map(ModSeq),
                _ => {}
            }
        }
    }
}

fn blanks(lexer: &mut Lexer<'_>) {
    while lexer.eat(b' ') {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Option<String> {
        let found = Esearch::parse(&mut Lexer::new(text.as_bytes())).ok()?;
        let tag = String::from_utf8_lossy(found.tag.as_deref().unwrap_or(b"-")).into_owned();
        let all: Vec<_> = found
            .all
            .iter()
            .flat_map(|all| all.iter())
            .map(|range| format!("{}-{}", range.start(), range.end()))
            .collect();
        let kind = if found.is_uid { "uid" } else { "seq" };
        Some(format!("{tag} {kind} [{}] {:?} {:?}", all.join(" "), found.count, found.mod_seq.map(|last| last.0)))
    }

    #[test]
    fn what_was_found_is_ranges() {
        for (text, wanted) in [
            (" (TAG \"m1\") UID ALL 1:3,5", "m1 uid [1-3 5-5] None None"),
            (" (TAG m1) UID COUNT 0", "m1 uid [] Some(0) None"),
            ("  (tag \"m1\")  UID  ALL 4:1 MODSEQ 917162500 ", "m1 uid [1-4] None Some(917162500)"),
            (" UID MIN 7 MAX 9 X-NEW (1 2) ALL 7", "- uid [7-7] None None"),
            (" (TAG \"m1\") ALL 2", "m1 seq [2-2] None None"),
            ("", "- seq [] None None"),
        ] {
            assert_eq!(told(text).as_deref(), Some(wanted), "{text}");
        }
        for bad in [" (TAG \"m1\"", " (X y)", " UID ALL *", " UID ALL 0", " UID ALL", " UID X (1"] {
            assert_eq!(told(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "( |\\(TAG|UID|ALL|COUNT|[0-9:,*()\"{}a é]){0,30}") {
            let _ = told(&text);
        }
    }
}
