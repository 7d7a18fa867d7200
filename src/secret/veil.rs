//! The secrets that are known in one place, and what may be shown there without them.
//!
//! What we say is hidden where it is said, by those who know the protocol; a server may repeat it anywhere.

use super::{Octets, Secret, VEIL, VEILED_MIN, WORD_MIN};
use std::borrow::Cow;
use std::cmp::Reverse;

/// Secrets of ours that are looked for in each text. A relay with tokens of an hour has a new one each hour, and talks with
/// the last few.
const OURS_MAX: usize = 64;
/// Lines that are remembered for what was learned of them, and how many of the first of them for ever: those are where
/// somebody logs in, and what is hidden behind them may be anything.
const LINES_MAX: usize = 64;
const FIRST_MAX: usize = 32;

/// What nobody may read, whoever says it.
#[derive(Default)]
pub struct Veil {
    ours: Vec<Octets>,
    /// What was said, by lines.
    learned: Vec<Vec<Octets>>,
}

impl Veil {
    /// From now on this is shown in no text, whatever is learned beside it; of too many of ours, the first is forgotten.
    pub fn add(&mut self, secret: &Secret) {
        let octets = secret.expose().as_bytes();
        if self.ours.iter().any(|known| known.as_slice() == octets) {
            return;
        }
        if self.ours.len() == OURS_MAX {
            self.ours.remove(0);
        }
        self.ours.push(octets.to_vec().into());
    }

    /// Nor is what was secret in a line; of too many lines, some behind the first are forgotten.
    pub fn learn(&mut self, mut line: Vec<Octets>) {
        line.retain(|octets| !self.all().any(|known| known == octets));
        if line.is_empty() {
            return;
        }
        if self.learned.len() == LINES_MAX {
            self.learned.remove(FIRST_MAX);
        }
        self.learned.push(line);
    }

    fn all(&self) -> impl Iterator<Item = &Octets> {
        self.ours.iter().chain(self.learned.iter().flatten())
    }

    /// The longest first: of one that begins with another, the rest would be shown.
    fn by_length(&self) -> Vec<&Octets> {
        let mut all: Vec<&Octets> = self.all().collect();
        all.sort_by_key(|octets| Reverse(octets.len()));
        all
    }

    /// A text without them.
    pub fn over<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.each(text, super::veil)
    }

    /// A text without them that was cut off somewhere: nor does it end with the beginning of one.
    pub fn over_cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.each(text, super::veil_cut)
    }

    fn each<'a>(&self, text: &'a str, over: impl for<'t> Fn(&[u8], &'t str) -> Cow<'t, str>) -> Cow<'a, str> {
        let mut veiled = Cow::Borrowed(text);
        for secret in self.by_length() {
            if let Cow::Owned(text) = over(secret, &veiled) {
                veiled = Cow::Owned(text);
            }
        }
        veiled
    }

    /// Octets without them. Without a line end they were cut off.
    pub fn over_octets(&self, octets: Vec<u8>) -> Vec<u8> {
        if self.all().next().is_none() {
            return octets;
        }
        let octets = self.over_no_text(octets);
        let mut veiled = Vec::with_capacity(octets.len());
        let mut chunks = octets.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            // Half a character at the end is no text, and the secret may begin in front of it.
            let is_cut = chunks.peek().is_none() && !octets.ends_with(b"\n");
            let text = if is_cut { self.over_cut(chunk.valid()) } else { self.over(chunk.valid()) };
            veiled.extend_from_slice(text.as_bytes());
            veiled.extend_from_slice(chunk.invalid());
        }
        veiled
    }

    /// Octets without those secrets that are no text, as they are.
    fn over_no_text(&self, mut octets: Vec<u8>) -> Vec<u8> {
        for secret in self.by_length() {
            if std::str::from_utf8(secret).is_ok() || secret.len() < WORD_MIN {
                continue;
            }
            octets = without(&octets, secret);
            if !octets.ends_with(b"\n")
                && let Some(at) = super::begins_at_end(&octets, secret, false)
            {
                octets.truncate(at);
                octets.extend_from_slice(VEIL.as_bytes());
            }
        }
        octets
    }
}

/// Octets with a veil in the place of each such part; a short one has to stand alone.
fn without(octets: &[u8], secret: &[u8]) -> Vec<u8> {
    let is_inside = |octet: &u8| octet.is_ascii_alphanumeric() || !octet.is_ascii();
    let mut veiled = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while !rest.is_empty() {
        let is_alone = || !veiled.last().is_some_and(is_inside) && !rest.get(secret.len()).is_some_and(is_inside);
        if rest.starts_with(secret) && (secret.len() >= VEILED_MIN || is_alone()) {
            veiled.extend_from_slice(VEIL.as_bytes());
            rest = &rest[secret.len()..];
        } else {
            veiled.push(rest[0]);
            rest = &rest[1..];
        }
    }
    veiled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_shown_nowhere() {
        let mut veil = Veil::default();
        assert_eq!(veil.over_octets(b"hunter2".to_vec()), b"hunter2");
        veil.add(&Secret::new("hunter2".into()));
        veil.add(&Secret::new("hunter2".into()));
        veil.add(&Secret::new("dolphin".into()));
        assert_eq!(veil.all().count(), 2);
        assert_eq!(veil.over("a dolphin, hunter2"), "a {secret}, {secret}");
        assert_eq!(veil.over_octets(b"\xffhunter2\xff".to_vec()), b"\xff{secret}\xff");
        assert_eq!(veil.over_octets(b"\xffhunter2\xff hunt".to_vec()), b"\xff{secret}\xff {secret}");
        assert_eq!(veil.over_octets(b"a dolp\n".to_vec()), b"a dolp\n");
        assert_eq!(veil.over_octets(b"a dolp\xc3".to_vec()), b"a {secret}\xc3");
        (0..OURS_MAX).for_each(|number| veil.add(&Secret::new(format!("number {number}"))));
        assert_eq!(veil.over("hunter2, number 0"), "hunter2, {secret}");
    }

    #[test]
    fn whatever_is_learned_beside_it_a_password_stays_known() {
        let mut veil = Veil::default();
        veil.add(&Secret::new("hunter2".into()));
        let line = |text: &str| vec![Octets::new(text.into()), Octets::new(text.to_uppercase().into())];
        veil.learn(line("the login"));
        for number in 0..1000 {
            veil.learn(line(&format!("number {number}.")));
            veil.learn(vec![Octets::new(b"hunter2".to_vec())]);
        }
        assert_eq!(veil.learned.len(), LINES_MAX);
        let seen = "hunter2 the login THE LOGIN number 3. NUMBER 999. number 700.";
        assert_eq!(veil.over(seen), "{secret} {secret} {secret} {secret} {secret} number 700.");
    }

    #[test]
    fn what_is_no_text_is_not_shown_either() {
        let mut veil = Veil::default();
        veil.learn(vec![Octets::new(b"p\xe4ss".to_vec()), Octets::new(b"\xfce".to_vec())]);
        for (octets, wanted) in [
            (&b"no p\xe4ss\r\n"[..], &b"no {secret}\r\n"[..]),
            (b"no xp\xe4ssx\r\n", b"no x{secret}x\r\n"),
            (b"no 70E47373, p%e4ss\r\n", b"no {secret}, {secret}\r\n"),
            (b"no cORzcw==\r\n", b"no {secret}==\r\n"),
            (b"p\xe4s", b"{secret}"),
            (b"p\xe4s\n", b"p\xe4s\n"),
            (b"\xfce, a\xfce\n", b"{secret}, a\xfce\n"),
        ] {
            assert_eq!(veil.over_octets(octets.to_vec()), wanted, "{}", octets.escape_ascii());
        }
        assert_eq!(veil.over("no p\u{fffd}ss"), "no {secret}");
    }

    #[test]
    fn of_two_the_longer_is_veiled_first() {
        let mut veil = Veil::default();
        veil.add(&Secret::new("horse".into()));
        veil.add(&Secret::new("correct horse".into()));
        assert_eq!(veil.over("correct horse, horse"), "{secret}, {secret}");
    }
}
