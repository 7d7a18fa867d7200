//! What a text has to look like: a text within it, all of it, a pattern with `*` and `?`, a regular expression.
//!
//! Compared without case, by `message::fold`. Globs and expressions take time linear in the text, times their own length
//! at worst, whatever a stranger wrote.

use crate::message::fold::fold;
use memchr::memmem;
use regex_lite::{Regex, RegexBuilder};
use std::borrow::Cow;

/// Octets of memory that a compiled expression may take.
const REGEX_MAX: usize = 256 * 1024;

/// A pattern as it was written, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Pattern {
    written: String,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    /// Folded; somewhere in the text.
    Within(String),
    /// Folded; the whole text.
    Whole(String),
    /// Folded, with `*` and `?`.
    Glob(String),
    Regex(Box<Regex>),
}

impl Pattern {
    /// A text that is looked for within others.
    pub fn within(text: &str) -> Self {
        Self { written: text.to_owned(), shape: Shape::Within(fold(text).into_owned()) }
    }

    /// A text that others must be, from end to end.
    pub fn whole(text: &str) -> Self {
        Self { written: text.to_owned(), shape: Shape::Whole(fold(text.trim()).into_owned()) }
    }

    /// `*` stands for any characters, `?` for one.
    pub fn glob(text: &str) -> Self {
        Self { written: text.to_owned(), shape: Shape::Glob(fold(text).into_owned()) }
    }

    /// A regular expression, without its slashes; the sentence says what is wrong with it.
    pub fn regex(text: &str) -> Result<Self, String> {
        // Texts are folded before; of a pattern only what cannot be syntax may be, so that \S stays \S.
        let foldable = |c: char| if c.is_ascii() { Cow::Owned(c.to_string()) } else { folded_char(c) };
        let pattern: String = text.chars().map(foldable).collect();
        let mut builder = RegexBuilder::new(&pattern);
        let regex = builder.case_insensitive(true).multi_line(true).size_limit(REGEX_MAX).build();
        let regex = regex.map_err(|error| error.to_string())?;
        Ok(Self { written: text.to_owned(), shape: Shape::Regex(Box::new(regex)) })
    }

    /// As it was written, without quotes or slashes.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether it is text as it stands, neither glob nor expression.
    pub fn is_literal(&self) -> bool {
        matches!(self.shape, Shape::Within(_) | Shape::Whole(_))
    }

    /// Whether it has to be the whole text, as after `=`.
    pub fn is_whole(&self) -> bool {
        matches!(self.shape, Shape::Whole(_))
    }

    /// Whether it is a regular expression.
    pub fn is_regex(&self) -> bool {
        matches!(self.shape, Shape::Regex(_))
    }

    /// Whether a value meets it; a glob has to describe the whole of it.
    pub fn meets(&self, value: &str) -> bool {
        self.meets_folded(&fold(value))
    }

    /// The same for a value that is folded.
    pub(super) fn meets_folded(&self, value: &str) -> bool {
        match &self.shape {
            Shape::Within(text) => memmem::find(value.as_bytes(), text.as_bytes()).is_some(),
            Shape::Whole(text) => value.trim() == text,
            Shape::Glob(glob) => is_described(value, glob),
            Shape::Regex(regex) => regex.is_match(value),
        }
    }

    /// Whether running text meets it, folded; a glob has to be found within a line.
    pub(super) fn meets_prose(&self, text: &str) -> bool {
        match &self.shape {
            Shape::Glob(glob) => {
                let anywhere = format!("*{glob}*");
                text.lines().any(|line| is_described(line, &anywhere))
            }
            _ => self.meets_folded(text),
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written && std::mem::discriminant(&self.shape) == std::mem::discriminant(&other.shape)
    }
}

fn folded_char(c: char) -> Cow<'static, str> {
    Cow::Owned(fold(c.encode_utf8(&mut [0; 4])).into_owned())
}

/// Whether a glob describes a text from end to end. After a mismatch only the last `*` takes one character more: what
/// an earlier one could take instead, the last can too.
fn is_described(text: &str, glob: &str) -> bool {
    let (mut text, mut glob) = (text.chars(), glob.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut rest = glob.clone();
        let met = match rest.next() {
            Some('*') => {
                retry = Some((text.clone(), rest.clone()));
                glob = rest;
                continue;
            }
            None if text.as_str().is_empty() => return true,
            wanted => {
                let mut ahead = text.clone();
                let found = ahead.next();
                let met = found.is_some() && (wanted == Some('?') || wanted == found);
                if met {
                    (text, glob) = (ahead, rest);
                }
                met
            }
        };
        if met {
            continue;
        }
        let Some((taken, after)) = &mut retry else { return false };
        // Nothing behind the last star: it takes the rest, however long.
        if after.as_str().is_empty() {
            return true;
        }
        if taken.next().is_none() {
            return false;
        }
        (text, glob) = (taken.clone(), after.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn globs_describe_the_whole_value() {
        for (glob, text, wanted) in [
            ("*.pdf", "Invoice.PDF", true),
            ("*.pdf", "invoice.pdf.exe", false),
            ("inv*", "invoice", true),
            ("inv*", "an invoice", false),
            ("?nvoice", "invoice", true),
            ("?nvoice", "nvoice", false),
            ("*", "", true),
            ("**a**", "bab", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("gr??e*", "Grüße.txt", false),
            ("grü??e*", "Grüße.txt", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Pattern::glob(glob).meets(text), wanted, "{glob} {text}");
        }
        assert!(Pattern::glob("inv*ice").meets_prose(&fold("Hello,\nyour Invoice is here")));
        assert!(!Pattern::glob("hello*invoice").meets_prose("hello\ninvoice"));
    }

    #[test]
    fn texts_are_found_without_case_and_whole_ones_from_end_to_end() {
        for (pattern, text, wanted) in [
            (Pattern::within("STRASSE"), "In der Straße 5", true),
            (Pattern::within("a*b"), "ab", false),
            (Pattern::within("a*b"), "xa*by", true),
            (Pattern::whole("invoice"), " Invoice ", true),
            (Pattern::whole("invoice"), "invoices", false),
            (Pattern::regex(r"^inv(oice)?-\d+$").expect("well formed"), "first\nINV-12\n", true),
            (Pattern::regex(r"^\S+$").expect("well formed"), "a b", false),
            (Pattern::regex("GRÜSSE").expect("well formed"), "grüße", true),
        ] {
            assert_eq!(pattern.meets(text), wanted, "{} {text}", pattern.written());
        }
    }

    #[test]
    fn expressions_that_are_none_or_too_large_are_refused() {
        for text in ["(", "[a", r"\p{L}", "a{100000}", &"(".repeat(100_000)] {
            assert!(Pattern::regex(text).is_err(), "{text}");
        }
    }

    proptest! {
        /// Against the plainest way there is to say what a glob means.
        #[test]
        fn globs_mean_what_the_definition_says(glob in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn meant(glob: &[u8], text: &[u8]) -> bool {
                match glob.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|taken| meant(rest, &text[taken..])),
                    Some((one, rest)) => text.split_first().is_some_and(|(c, left)| (*one == b'?' || one == c) && meant(rest, left)),
                }
            }
            prop_assert_eq!(Pattern::glob(&glob).meets(&text), meant(glob.as_bytes(), text.as_bytes()));
        }
    }
}
