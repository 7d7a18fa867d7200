//! Patterns: what a transcript expects to hear.
//!
//! `{*}` matches anything, `{...}` anything too (a body a trace left out), `{name}` binds at first
//! use and must be equal ever after. `{5}` and `{5+}` are IMAP literals and stand for themselves.
//! `{x*80}` in what a test says is `x` eighty times. Knows no conversation.

use std::collections::HashMap;

/// What the names of a transcript stand for.
pub type Bindings = HashMap<String, String>;

/// What repetitions make of a line is no longer than this; those that would be stay as they are.
const FILLED_MAX: usize = 16 * 1024 * 1024;

/// Ways that are tried to fit a line into a pattern; one that needs more fits in no way, as far as anybody waits for it.
const STEPS_MAX: u32 = 4_000_000;

enum Part<'a> {
    Text(&'a str),
    Any,
    Name(&'a str),
}

/// Whether `line` is what `pattern` says; binds new names if so.
pub fn matches(pattern: &str, line: &str, bindings: &mut Bindings) -> bool {
    let mut trial = bindings.clone();
    let found = matches_parts(&parts(pattern), line, &mut trial, &mut { STEPS_MAX });
    if found {
        *bindings = trial;
    }
    found
}

/// What a test says: names replaced by what they are bound to, repetitions written out.
pub fn fill(text: &str, bindings: &Bindings) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((inner, behind)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let repetition = inner.rsplit_once('*').and_then(|(what, count)| {
            let count = count.parse::<usize>().ok()?;
            let fits = what.len().checked_mul(count)?.checked_add(filled.len())? <= FILLED_MAX;
            fits.then(|| what.repeat(count))
        });
        match (bindings.get(inner), repetition) {
            (Some(value), _) => filled.push_str(value),
            (None, Some(repeated)) => filled.push_str(&repeated),
            (None, None) => {
                filled.push('{');
                filled.push_str(inner);
                filled.push('}');
            }
        }
        rest = behind;
    }
    filled + rest
}

fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| at + from) {
        let inner = rest[open + 1..].find('}').map(|len| &rest[open + 1..open + 1 + len]);
        let part = inner.and_then(|inner| match inner {
            "*" | "..." => Some(Part::Any),
            name if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
                Some(Part::Name(name))
            }
            _ => None,
        });
        match (part, inner) {
            (Some(part), Some(inner)) => {
                parts.push(Part::Text(&rest[..open]));
                parts.push(part);
                rest = &rest[open + inner.len() + 2..];
                from = 0;
            }
            _ => from = open + 1,
        }
    }
    parts.push(Part::Text(rest));
    parts
}

fn matches_parts(parts: &[Part<'_>], line: &str, bindings: &mut Bindings, steps: &mut u32) -> bool {
    let Some((part, later)) = parts.split_first() else {
        return line.is_empty();
    };
    match part {
        Part::Text(text) => line.strip_prefix(text).is_some_and(|rest| matches_parts(later, rest, bindings, steps)),
        Part::Name(name) if bindings.contains_key(*name) => {
            let value = bindings[*name].clone();
            line.strip_prefix(value.as_str()).is_some_and(|rest| matches_parts(later, rest, bindings, steps))
        }
        Part::Any | Part::Name(_) => {
            let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            for end in ends {
                let Some(left) = steps.checked_sub(1) else { return false };
                *steps = left;
                let mut trial = bindings.clone();
                if let Part::Name(name) = part {
                    trial.insert((*name).to_owned(), line[..end].to_owned());
                }
                if matches_parts(later, &line[end..], &mut trial, steps) {
                    *bindings = trial;
                    return true;
                }
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_in_too_many_ways_fits_in_none() {
        let pattern = "{*}a".repeat(20) + "b";
        assert!(!matches(&pattern, &"a".repeat(5000), &mut Bindings::new()));
        assert!(matches(&pattern, &("a".repeat(20) + "b"), &mut Bindings::new()));
    }

    #[test]
    fn names_bind_once_and_stay() {
        let mut bindings = Bindings::new();
        assert!(matches("220 {host} ESMTP {*}", "220 mx.example ESMTP mailkit", &mut bindings));
        assert_eq!(bindings["host"], "mx.example");
        assert!(matches("250-{host}", "250-mx.example", &mut bindings));
        assert!(!matches("250-{host}", "250-other", &mut bindings));
    }

    #[test]
    fn patterns_match_whole_lines() {
        for (pattern, line, wanted) in [
            ("250 {*}", "250 ok", true),
            ("250 {*}", "250 ", true),
            ("250 {*}", "250", false),
            ("* 1 FETCH (BODY[] {5}", "* 1 FETCH (BODY[] {5}", true),
            ("* 1 FETCH (BODY[] {5}", "* 1 FETCH (BODY[] {6}", false),
            ("{*}b{*}", "abc", true),
            ("a{x}c", "ac", true),
            ("{", "{", true),
        ] {
            assert_eq!(matches(pattern, line, &mut Bindings::new()), wanted, "{pattern} | {line}");
        }
    }

    #[test]
    fn what_a_test_says_is_filled_in() {
        let bindings = Bindings::from([("id".to_owned(), "17".to_owned())]);
        assert_eq!(fill("FETCH {id} {5} {ab*3} {*} {x", &bindings), "FETCH 17 {5} ababab {*} {x");
        let endless = format!("{{ab*{}}} {{x*99999999}} {{*7}}", usize::MAX);
        assert_eq!(fill(&endless, &bindings), endless.replace("{*7}", ""));
    }
}
