//! What a text has to look like: a text within it, all of it, a pattern with `*` and `?`, a regular expression.
//!
//! Compared without case, by `message::fold`. Globs and expressions take time linear in the text, times their own length
//! at worst, whatever a stranger wrote.

use crate::message::fold::fold;
use crate::message::wildcard::is_like;
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
            Shape::Glob(glob) => is_like(glob, value),
            Shape::Regex(regex) => regex.is_match(value),
        }
    }

    /// Whether running text meets it, folded; a glob has to be found within a line.
    pub(super) fn meets_prose(&self, text: &str) -> bool {
        match &self.shape {
            Shape::Glob(glob) => {
                let anywhere = format!("*{glob}*");
                text.lines().any(|line| is_like(&anywhere, line))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_describe_the_whole_value() {
        for (glob, text, wanted) in [
            ("*.pdf", "Invoice.PDF", true),
            ("*.pdf", "invoice.pdf.exe", false),
            ("gr??e*", "Grüße.txt", false),
            ("grü??e*", "Grüße.txt", true),
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
}
