//! Passwords and tokens: they can be used, not shown.
//!
//! No Debug, no Display, no Clone, no serialisation, and the memory is wiped on drop, so that a
//! secret cannot slip into a log, a trace or an error by accident.

mod veil;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use zeroize::Zeroizing;

pub use veil::Veil;

/// Shorter ones stand in every other word.
const VEILED_MIN: usize = 4;

/// What stands where a secret was.
const VEIL: &str = "{secret}";

/// A password or token.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over the text; the caller should not keep a copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one call that needs it. Grep for `expose` to see them all.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The words of others without the secret, should they repeat it: as it is, as a form of the web has it, in
    /// hexadecimal, or in base64 together with whatever was encoded with it.
    pub fn veil<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let secret = self.expose();
        if secret.len() < VEILED_MIN {
            return Cow::Borrowed(text);
        }
        let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
        let mut veiled = Cow::Borrowed(text);
        for word in text.split(|c| !is_sign(c)).filter(|word| word.len() >= secret.len()) {
            let decoded = STANDARD_NO_PAD.decode(word).or_else(|_| URL_SAFE_NO_PAD.decode(word)).map(Zeroizing::new);
            let holds_it = |octets: &Zeroizing<Vec<u8>>| octets.windows(secret.len()).any(|w| w == secret.as_bytes());
            if decoded.is_ok_and(|octets| holds_it(&octets)) {
                veiled = Cow::Owned(veiled.replace(word, VEIL));
            }
        }
        // RFC 3986 §2.3, and the forms of browsers, which know another set.
        let (url, form) = (percent(secret, "-._~"), percent(secret, "-._*"));
        let mut forms = Vec::from([secret.to_owned(), url, form, hexadecimal(secret)].map(Zeroizing::new));
        // What is veiled twice shows a veil behind the veil, if the secret is a word of ours.
        forms.dedup();
        for form in forms {
            if let Cow::Owned(replaced) = without(&veiled, &form, *form != secret) {
                veiled = Cow::Owned(replaced);
            }
        }
        veiled
    }

    /// Whether two secrets are equal, in a time that depends on their lengths only.
    pub fn is_same(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        let mut difference = u8::from(ours.len() != theirs.len());
        for (index, byte) in ours.iter().enumerate() {
            difference |= byte ^ theirs.get(index % theirs.len().max(1)).copied().unwrap_or(!byte);
        }
        difference == 0
    }
}

/// As in a URL, where everything is written out but letters, digits and these signs.
fn percent(secret: &str, plain: &str) -> String {
    let sign = |octet: u8| match octet {
        octet if octet.is_ascii_alphanumeric() || plain.as_bytes().contains(&octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    secret.bytes().map(sign).collect()
}

fn hexadecimal(secret: &str) -> String {
    secret.bytes().map(|octet| format!("{octet:02x}")).collect()
}

/// The text with a veil in the place of each such word, whose letters may be of any case.
fn without<'a>(text: &'a str, word: &str, in_any_case: bool) -> Cow<'a, str> {
    // Letters beyond ASCII stay as they are, so both have their octets at the same places.
    let (seen, wanted) = match in_any_case {
        true => (text.to_ascii_lowercase(), word.to_ascii_lowercase()),
        false => (text.to_owned(), word.to_owned()),
    };
    let mut rest = 0;
    let mut veiled = String::new();
    for (at, found) in seen.match_indices(&wanted) {
        veiled.push_str(&text[rest..at]);
        veiled.push_str(VEIL);
        rest = at + found.len();
    }
    match rest {
        0 => Cow::Borrowed(text),
        rest => Cow::Owned(veiled + &text[rest..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_repeats_a_secret_is_not_repeated() {
        for (secret, text, wanted) in [
            ("hunter2", "no", "no"),
            ("secret", "no secret", "no {secret}"),
            ("hunter2", "hunter2? hunter22", "{secret}? {secret}2"),
            ("hunter2", "AUTH PLAIN AGFsaWNlAGh1bnRlcjI= is wrong", "AUTH PLAIN {secret}= is wrong"),
            ("hunter2", "<aHVudGVyMg>, AGFsaWNlAGh1bnRlcjE=", "<{secret}>, AGFsaWNlAGh1bnRlcjE="),
            ("abc", "abcdef YWJj", "abcdef YWJj"),
            ("a~b/c+==", "token=a%7eb%2Fc%2B%3D%3D&x", "token={secret}&x"),
            ("a~b/c+==", "/a~b%2Fc%2B%3D%3D", "/{secret}"),
            ("hunter2", "68756E74657232 Hunter2", "{secret} Hunter2"),
            ("HunterÄ2", "é HunterÄ2 é hunterÄ2", "é {secret} é hunterÄ2"),
            ("pässword", "no pässword", "no {secret}"),
        ] {
            assert_eq!(Secret::new(secret.into()).veil(text), wanted, "{text}");
        }
    }

    #[test]
    fn comparison_sees_every_octet_and_the_length() {
        let same = |a: &str, b: &str| Secret::new(a.into()).is_same(&Secret::new(b.into()));
        assert!(same("hunter2", "hunter2") && same("", ""));
        assert!(
            !same("hunter2", "hunter3") && !same("a", "aa") && !same("aa", "a") && !same("", "a") && !same("a", "")
        );
    }
}
