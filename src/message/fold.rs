//! Text made comparable: whoever looks for "strasse" finds "Straße", and full-width letters count as letters.
//!
//! What is looked for and what is looked in both go through here. Compatibility forms become plain ones (NFKC) and case
//! goes by way of the capitals, since only there ß is SS and both lower-case sigmas are one.
//! The idea is that of i;unicode-casemap (RFC 5051 §2); nobody sees the result.

use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// The text without differences that readers do not mean.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|octet| octet.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let plain: Cow<'_, str> = if is_nfkc(text) { text.into() } else { text.nfkc().collect::<String>().into() };
    let without_case: String = plain.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    Cow::Owned(if is_nfkc(&without_case) { without_case } else { without_case.nfkc().collect() })
}

/// Whether two texts say the same.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || fold(one) == fold(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_read_alike_are_alike() {
        for (one, other) in [
            ("Invoice", "iNVOICE"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "οδος"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("ＦＵＬＬ", "full"),
            ("ﬁle", "FILE"),
            ("Привет", "ПРИВЕТ"),
            ("", ""),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [("a", "á"), ("a", "b"), ("a", ""), ("и", "й")] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in ".{0,20}|[ -~]{0,20}") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }
    }
}
