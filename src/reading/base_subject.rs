//! The base of a subject: what is left of it without Re:, Fwd:, list tags and their like.
//!
//! Each step takes something off an end, so that a subject of a million `Re:` costs no more than its length.
//! RFC 5256 §2.1, §5.

use crate::message::fold::fold;

/// The base subject, folded, and whether anything said that it answers or forwards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaseSubject {
    /// Folded; often empty.
    pub text: String,
    /// Whether it said Re:, Fwd: or the like.
    pub is_reply: bool,
}

/// Takes the artefacts off a decoded subject.
pub fn of(subject: &str) -> BaseSubject {
    // Step 1: blanks of all sorts are one blank.
    let folded = fold(subject).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = folded.as_str();
    let mut is_reply = false;
    loop {
        // Step 2
        loop {
            text = text.trim_end();
            let Some(before) = text.strip_suffix("(fwd)") else { break };
            (text, is_reply) = (before, true);
        }
        // Steps 3 to 5
        loop {
            text = text.trim_start();
            if let Some(after) = without_leader(text) {
                (text, is_reply) = (after, true);
            } else if let Some(after) = without_blob(text).filter(|after| !after.trim().is_empty()) {
                text = after;
            } else {
                break;
            }
        }
        // Step 6
        match text.strip_prefix("[fwd:").and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => (text, is_reply) = (inner, true),
            None => return BaseSubject { text: text.to_owned(), is_reply },
        }
    }
}

/// `subj-leader`: `[tag] Re [tag]:`, of which only the last blob is looked at here; others go by themselves.
fn without_leader(text: &str) -> Option<&str> {
    let after = ["re", "fwd", "fw"].iter().find_map(|word| text.strip_prefix(word))?.trim_start();
    after.strip_prefix(':').or_else(|| without_blob(after)?.strip_prefix(':'))
}

/// `subj-blob`: a text in brackets without brackets in it, and the blanks behind it.
fn without_blob(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(['[', ']'])?;
    Some(inner.get(end..)?.strip_prefix(']')?.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artefacts_come_off_both_ends() {
        for (subject, text, is_reply) in [
            ("Hello", "hello", false),
            ("Re: Hello", "hello", true),
            ("RE : FWD: re[2]: Hello", "hello", true),
            ("[rust] Hello", "hello", false),
            ("[rust] Re: [rust] Hello  there", "hello there", true),
            ("Fw:\tHello (fwd) (fwd) ", "hello", true),
            ("[Fwd: Re: Hello]", "hello", true),
            ("[Fwd: Hello (fwd)]", "hello", true),
            ("[tag]", "[tag]", false),
            ("[a][b]", "[b]", false),
            ("Re:", "", true),
            ("Really: hello", "really: hello", false),
            ("Fwded: hello", "fwded: hello", false),
            ("re [x Hello", "re [x hello", false),
            ("Re: STRASSE", "strasse", true),
            ("", "", false),
        ] {
            assert_eq!(of(subject), BaseSubject { text: text.to_owned(), is_reply }, "{subject}");
        }
    }

    #[test]
    fn long_rows_of_artefacts_cost_no_more_than_their_length() {
        for piece in ["Re: ", "[x] ", "re[1]:", "(fwd)", "[Fwd: ", "["] {
            of(&piece.repeat(200_000));
        }
        assert_eq!(of(&format!("{}x", "Re: [y] ".repeat(200_000))).text, "x");
    }
}
