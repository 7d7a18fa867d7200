//! Passwords and tokens: they can be used, not shown.
//!
//! No Debug, no Display, no Clone, no serialisation, and the memory is wiped on drop, so that a
//! secret cannot slip into a log, a trace or an error by accident.

mod everyday;
mod said;
mod veil;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;
use zeroize::Zeroizing;

pub use said::Said;
pub use veil::Veil;

/// Shorter ones stand in every other word, and are looked for as words of their own.
const VEILED_MIN: usize = 4;
/// A single letter stands everywhere: nobody who veils it hides it.
const WORD_MIN: usize = 2;
/// So much of a secret at the end of a text that was cut is taken for its beginning.
const BEGINNING_MIN: usize = 3;

/// What stands where a secret was.
const VEIL: &str = "{secret}";

/// What of a secret was said: what somebody types need not be UTF-8.
pub type Octets = Zeroizing<Vec<u8>>;

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
    /// hexadecimal, or in base64 together with whatever was encoded with it. One of two or three octets is looked for as a
    /// word of its own, unless servers say that word by themselves: to veil it there would tell it.
    pub fn veil<'a>(&self, text: &'a str) -> Cow<'a, str> {
        veil(self.expose().as_bytes(), text)
    }

    /// The same where the text was cut off, so that its end may be the beginning of the secret, in whatever form.
    pub fn veil_cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        veil_cut(self.expose().as_bytes(), text)
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

/// A text without a secret, be that a text or not.
fn veil<'a>(secret: &[u8], text: &'a str) -> Cow<'a, str> {
    // No form of it is shorter than it is.
    if secret.len() < WORD_MIN || text.len() < secret.len() {
        return Cow::Borrowed(text);
    }
    let mut veiled = Cow::Borrowed(text);
    for word in text.split(|c| !is_sign(c)).filter(|word| word.len() >= secret.len()) {
        if decoded(word).is_some_and(|octets| is_in(secret, &octets)) {
            veiled = Cow::Owned(veiled.replace(word, VEIL));
        }
    }
    let is_short = secret.len() < VEILED_MIN;
    let mut forms = forms(secret);
    if is_short {
        // In hexadecimal it is a number.
        forms.pop();
        if std::str::from_utf8(secret).is_ok_and(everyday::is_everyday) {
            return veiled;
        }
    }
    for (at, form) in forms.iter().enumerate() {
        if let Cow::Owned(replaced) = without(&veiled, form, at > 0, is_short) {
            veiled = Cow::Owned(replaced);
        }
    }
    veiled
}

/// The same, of a text that was cut off.
fn veil_cut<'a>(secret: &[u8], text: &'a str) -> Cow<'a, str> {
    let veiled = veil(secret, text);
    if secret.len() < VEILED_MIN {
        return veiled;
    }
    let last = veiled.rfind(|c| !is_sign(c)).map_or(0, |at| at + veiled[at..].chars().next().map_or(0, char::len_utf8));
    let begins_there = |octets: &[u8]| begins_at_end(octets, secret, false).is_some();
    let octets = decoded_cut(&veiled[last..]);
    let in_base64 = octets.is_some_and(|octets| is_in(secret, &octets) || begins_there(&octets)).then_some(last);
    let forms = forms(secret);
    let plain = forms
        .iter()
        .enumerate()
        .filter_map(|(at, form)| begins_at_end(veiled.as_bytes(), form.as_bytes(), at > 0))
        .filter(|at| veiled.is_char_boundary(*at));
    match plain.chain(in_base64).min() {
        Some(at) => Cow::Owned(format!("{}{VEIL}", &veiled[..at])),
        None => veiled,
    }
}

/// As it is, or as a text has it that it is none in; then otherwise, in any case of letters; in hexadecimal last.
fn forms(secret: &[u8]) -> Vec<Zeroizing<String>> {
    // RFC 3986 §2.3, and the forms of browsers, which know another set.
    let (url, form) = (percent(secret, "-._~"), percent(secret, "-._*"));
    let plain = String::from_utf8_lossy(secret).into_owned();
    let mut forms = Vec::from([plain, url, form, hexadecimal(secret)].map(Zeroizing::new));
    // What is veiled twice shows a veil behind the veil, if the secret is a word of ours.
    forms.dedup();
    forms
}

/// Whether it stands in what base64 was made of: a short one as one of the parts that SASL knows.
fn is_in(secret: &[u8], octets: &[u8]) -> bool {
    match secret.len() < VEILED_MIN {
        true => octets.split(|octet| *octet <= 1).any(|part| part == secret),
        false => octets.windows(secret.len()).any(|w| w == secret),
    }
}

/// The letters of base64, of both alphabets (RFC 4648 §4, §5).
fn is_sign(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')
}

fn decoded(word: &str) -> Option<Zeroizing<Vec<u8>>> {
    STANDARD_NO_PAD.decode(word).or_else(|_| URL_SAFE_NO_PAD.decode(word)).ok().map(Zeroizing::new)
}

/// The octets that are whole, of base64 that was cut anywhere.
fn decoded_cut(word: &str) -> Option<Zeroizing<Vec<u8>>> {
    let padded = Zeroizing::new(format!("{word}{}", &"AAA"[..(4 - word.len() % 4) % 4]));
    let mut octets = decoded(&padded)?;
    octets.truncate(word.len() * 6 / 8);
    Some(octets)
}

/// Where the beginning of a word begins that ends with the text, but is not all of it.
fn begins_at_end(text: &[u8], word: &[u8], in_any_case: bool) -> Option<usize> {
    let longest = word.len().saturating_sub(1).min(text.len());
    let is_same = |end: &[u8], begin: &[u8]| if in_any_case { end.eq_ignore_ascii_case(begin) } else { end == begin };
    let found = (BEGINNING_MIN..=longest).rev().find(|len| is_same(&text[text.len() - len..], &word[..*len]))?;
    Some(text.len() - found)
}

/// As in a URL, where everything is written out but letters, digits and these signs.
fn percent(secret: &[u8], plain: &str) -> String {
    let mut written = String::with_capacity(secret.len() * 3);
    for octet in secret.iter().copied() {
        match octet.is_ascii_alphanumeric() || plain.as_bytes().contains(&octet) {
            true => written.push(char::from(octet)),
            false => {
                written.push('%');
                written.extend(digits(octet).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    written
}

fn hexadecimal(secret: &[u8]) -> String {
    secret.iter().copied().flat_map(digits).collect()
}

fn digits(octet: u8) -> [char; 2] {
    [octet >> 4, octet & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'))
}

/// The text with a veil in the place of each such word, whose letters may be of any case, and which may have to stand alone.
fn without<'a>(text: &'a str, word: &str, in_any_case: bool, is_alone: bool) -> Cow<'a, str> {
    // Letters beyond ASCII stay as they are, so both have their octets at the same places.
    let (seen, wanted) = match in_any_case {
        true => (text.to_ascii_lowercase(), word.to_ascii_lowercase()),
        false => (text.to_owned(), word.to_owned()),
    };
    let mut rest = 0;
    let mut veiled = String::new();
    for (at, found) in seen.match_indices(&wanted) {
        if is_alone && !stands_alone(&seen[..at], &seen[at + found.len()..]) {
            continue;
        }
        veiled.push_str(&text[rest..at]);
        veiled.push_str(VEIL);
        rest = at + found.len();
    }
    match rest {
        0 => Cow::Borrowed(text),
        rest => Cow::Owned(veiled + &text[rest..]),
    }
}

/// Whether what stands between these is a word of its own, and no part of a name or an address.
fn stands_alone(before: &str, behind: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '@' | '/' | '+' | '.');
    let behind = behind.strip_prefix('.').filter(|rest| !rest.starts_with(is_inside)).unwrap_or(behind);
    !before.ends_with(is_inside) && !behind.starts_with(is_inside)
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
            ("abc", "abcdef YWJj", "abcdef {secret}"),
            (
                "pw",
                "pw, no \"pw\" (pw) x=pw: pw. pw",
                "{secret}, no \"{secret}\" ({secret}) x={secret}: {secret}. {secret}",
            ),
            ("pw", "PW pwd spw pw-1 pw@x a.pw pw.x ü/pw", "PW pwd spw pw-1 pw@x a.pw pw.x ü/pw"),
            ("pw", "AGFsaWNlAHB3 cHc= AHB3eA 7077", "{secret} {secret}= AHB3eA 7077"),
            ("p@", "p%40? p@! p@x", "{secret}? {secret}! p@x"),
            ("the", "no, the password is not \"the\"", "no, the password is not \"the\""),
            ("250", "250 250 octets", "250 250 octets"),
            ("x", "x is wrong, eA==", "x is wrong, eA=="),
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
    fn the_beginning_of_a_secret_at_a_cut_is_not_repeated_either() {
        let plain = "AGFsaWNlAGh1bnRlcjI=";
        for (secret, text, wanted) in [
            ("hunter2", "no hunter", "no {secret}"),
            ("hunter2", "no hun", "no {secret}"),
            ("hunter2", "no hu", "no hu"),
            ("hunter2", "hunter2 hunter", "{secret} {secret}"),
            ("hunter2", "hunter is wrong", "hunter is wrong"),
            ("hunter2", "no 68756E74", "no {secret}"),
            ("a~b/c+==", "token=a%7eb%2", "token={secret}"),
            ("pässwörter", "no pässw", "no {secret}"),
            ("hunter2", &format!("no {}", &plain[..14]), "no {secret}"),
            ("hunter2", &format!("no {}", &plain[..18]), "no {secret}"),
            ("hunter2", &format!("no {}", &plain[..6]), "no AGFsaW"),
            ("hunter2", "ü", "ü"),
            ("hunter2", "", ""),
            ("pw", "no p", "no p"),
        ] {
            assert_eq!(Secret::new(secret.into()).veil_cut(text), wanted, "{text}");
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
