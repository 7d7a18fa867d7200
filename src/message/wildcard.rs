//! `*` for any run of characters, `?` for one: how people name several things at once.
//!
//! Case is the caller's affair. Knows nothing of what is named.

/// Whether a text is like a pattern. The last star gives way first, so the work is at most length times length.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, from)) = star else { return false };
                star = Some((star_at, from + 1));
                at = star_at + 1;
                read = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

/// The same where letters of either case are one.
pub fn is_like_in_any_case(pattern: &str, text: &str) -> bool {
    is_like(&pattern.to_lowercase(), &text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(is_like(pattern, text), wanted, "{pattern} {text}");
        }
        assert!(is_like_in_any_case("*.PDF", "Grüße.pdf"));
    }
}
