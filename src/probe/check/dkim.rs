//! The keys of a domain's signatures, judged.
//!
//! RFC 6376 §3.6.1, §3.6.2.2; RFC 8301 §3.2.

use super::report::{Dkim, Key, Notes, Standing};
use crate::policy::dkim::published::{Facts, Published, State};
use crate::probe::report::Level;

/// RFC 8301 §3.2: a verifier takes nothing shorter.
const BITS_MIN: usize = 1024;
/// RFC 8301 §3.2: a signer should have this.
const BITS_GOOD: usize = 2048;

/// Judges what stands under selectors, which were named or guessed. Who sends nothing needs no key.
pub(super) fn judge(found: &[Published], is_guess: bool, sends_mail: bool, notes: &mut Notes) -> Dkim {
    let before = notes.0.len();
    let counted: Vec<&Published> =
        found.iter().filter(|one| !is_guess || !matches!(one.state, State::Nothing | State::Silent(_))).collect();
    for one in &counted {
        remark(one, notes);
    }
    let has_error = notes.0[before..].iter().any(|finding| finding.level == Level::Error);
    let has_warning = notes.0[before..].iter().any(|finding| finding.level == Level::Warn);
    let silent = found.iter().filter(|one| matches!(one.state, State::Silent(_))).count();
    let good: Vec<&&Published> = counted.iter().filter(|one| matches!(one.state, State::Key(_))).collect();
    let standing = match () {
        () if silent > 0 && good.is_empty() => Standing::Unknown,
        () if has_error => Standing::Broken,
        () if is_guess && good.is_empty() && !sends_mail => Standing::Unneeded,
        () if good.is_empty() => Standing::Missing,
        () if has_warning => Standing::Weak,
        () => Standing::Good,
    };
    let guessed = if is_guess { " (selectors guessed)" } else { "" };
    let summary = match counted.as_slice() {
        [] if silent > 0 => format!("DNS does not say{guessed}"),
        [] if is_guess && !sends_mail => "sends no mail".into(),
        [] => format!("no key found{guessed}"),
        all => {
            let words: Vec<String> = all.iter().map(|one| format!("{} {}", one.selector, words(&one.state))).collect();
            format!("{}{guessed}", words.join(", "))
        }
    };
    if is_guess && sends_mail && counted.is_empty() && silent == 0 {
        let text = "under the usual selectors there is no DKIM key; it may have others";
        notes.note("dkim.not-guessed", Level::Info, text, "RFC 6376 §3.1", "name them: --selector S");
    }
    Dkim { standing, summary, is_guess, keys: counted.into_iter().map(key).collect() }
}

fn words(state: &State) -> String {
    match state {
        State::Key(Facts { kind, bits: Some(bits), .. }) => format!("{kind} {bits}"),
        State::Key(facts) => facts.kind.to_owned(),
        State::Revoked => "revoked".into(),
        State::Broken(_) => "broken".into(),
        State::Several(count) => format!("{count} records"),
        State::Nothing => "missing".into(),
        State::Silent(_) => "unknown".into(),
    }
}

fn key(one: &Published) -> Key {
    let facts = match &one.state {
        State::Key(facts) => Some(facts),
        _ => None,
    };
    Key {
        selector: one.selector.clone(),
        state: match one.state {
            State::Key(_) => "key",
            State::Revoked => "revoked",
            State::Broken(_) => "broken",
            State::Several(_) => "several",
            State::Nothing => "nothing",
            State::Silent(_) => "silent",
        },
        kind: facts.map(|facts| facts.kind),
        bits: facts.and_then(|facts| facts.bits),
        is_testing: facts.is_some_and(|facts| facts.is_testing),
        alias: one.aliases.last().cloned(),
    }
}

fn remark(one: &Published, notes: &mut Notes) {
    let selector = &one.selector;
    let key = format!("the DKIM key {selector}");
    match &one.state {
        State::Key(facts) => usable(&key, facts, notes),
        State::Revoked => {
            let fix = "sign with another, and leave this record until the last message it signed is read";
            notes.note("dkim.revoked", Level::Info, format!("{key} is taken back"), "RFC 6376 §3.6.1", fix);
        }
        State::Broken(why) => {
            let fix = "publish it anew, as the signer prints it";
            notes.note("dkim.broken", Level::Error, format!("{key} is none: {why}"), "RFC 6376 §3.6.1", fix);
        }
        State::Several(count) => {
            let text = format!("{key} stands there {count} times, and nobody knows which counts");
            notes.note("dkim.several", Level::Error, text, "RFC 6376 §3.6.2.2", "leave one record");
        }
        State::Nothing => {
            let text = format!("there is no DKIM key under the selector {selector}");
            notes.note(
                "dkim.missing",
                Level::Error,
                text,
                "RFC 6376 §3.6.2",
                "publish it, or sign with another selector",
            );
        }
        State::Silent(why) => {
            let text = format!("whether there is a DKIM key {selector} is not known: {why}");
            notes.note("dkim.unknown", Level::Warn, text, "RFC 6376 §6.1.2", "ask again later");
        }
    }
}

fn usable(key: &str, facts: &Facts, notes: &mut Notes) {
    match facts.bits {
        Some(bits) if bits < BITS_MIN => {
            let text = format!("{key} has {bits} bits, and no signature by it is believed");
            notes.note(
                "dkim.short",
                Level::Error,
                text,
                "RFC 8301 §3.2",
                "make one of 2048 bits, or an Ed25519 key beside it",
            );
        }
        Some(bits) if bits < BITS_GOOD => {
            let text = format!("{key} has {bits} bits, which is little");
            notes.note("dkim.weak", Level::Warn, text, "RFC 8301 §3.2", "make one of 2048 bits");
        }
        _ => {}
    }
    if facts.is_version_late {
        let text = format!("the record of {key} has v=DKIM1 behind other tags, and some pass over it");
        notes.note("dkim.version-late", Level::Error, text, "RFC 6376 §3.6.1", "put v=DKIM1 first");
    }
    if facts.is_testing {
        let text = format!("{key} is only tried out (t=y), so some treat signatures by it as none");
        notes.note("dkim.testing", Level::Warn, text, "RFC 6376 §3.6.1", "remove t=y when it works");
    }
    if facts.is_strict {
        let text = format!("{key} does not count for identities below the domain (t=s)");
        notes.note("dkim.strict", Level::Info, text, "RFC 6376 §3.6.1", "");
    }
    if !facts.allows_sha256 {
        let text = format!("{key} allows no SHA-256, and nothing else is believed");
        notes.note("dkim.hash", Level::Error, text, "RFC 8301 §3.1", "remove h=, or add sha256 to it");
    }
    if !facts.allows_mail {
        let text = format!("{key} is not for mail");
        notes.note("dkim.service", Level::Error, text, "RFC 6376 §3.6.1", "remove s=, or add email to it");
    }
}
