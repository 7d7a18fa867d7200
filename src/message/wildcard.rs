//! `*` for any run of characters, `?` for one: how people name several things at once.
//!
//! Knows nothing of what is named.

use super::fold::fold;
use std::str::Chars;

/// Whether a pattern describes a text from end to end. After a mismatch only the last star takes one character more: what
/// an earlier one could take instead, the last can too. So the work is at most length times length.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let mut rest = pattern.clone();
        match rest.next() {
            Some('*') => {
                retry = Some((rest.clone(), text.clone()));
                pattern = rest;
                continue;
            }
            None if text.as_str().is_empty() => return true,
            wanted => {
                let mut ahead = text.clone();
                let found = ahead.next();
                if found.is_some() && (wanted == Some('?') || wanted == found) {
                    (pattern, text) = (rest, ahead);
                    continue;
                }
            }
        }
        let Some((after, taken)) = &mut retry else { return false };
        // Nothing behind the last star: it takes the rest, however long.
        if after.as_str().is_empty() {
            return true;
        }
        if taken.next().is_none() {
            return false;
        }
        (pattern, text) = (after.clone(), taken.clone());
    }
}

/// The same for texts that say the same when they are folded.
pub fn is_like_in_any_case(pattern: &str, text: &str) -> bool {
    is_like(&fold(pattern), &fold(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_run_and_a_question_mark_for_one() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("?.pdf", "a.pdf", true),
            ("?.pdf", ".pdf", false),
            ("image/*", "image/png", true),
            ("image/*", "text/image/png", false),
            ("inv*", "an invoice", false),
            ("**a**", "bab", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("gr?n", "grün", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(is_like(pattern, text), wanted, "{pattern} {text}");
        }
        assert!(is_like_in_any_case("grüSSe*.PDF", "Grüße.pdf"));
        assert!(!is_like_in_any_case("?nvoice", "nvoice"));
    }

    proptest! {
        /// Against the plainest way there is to say what a pattern means.
        #[test]
        fn patterns_mean_what_the_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn meant(pattern: &[u8], text: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|taken| meant(rest, &text[taken..])),
                    Some((one, rest)) => text.split_first().is_some_and(|(c, left)| (*one == b'?' || one == c) && meant(rest, left)),
                }
            }
            prop_assert_eq!(is_like(&pattern, &text), meant(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
