//! The secrets that are known in one place, and what may be shown there without them.
//!
//! What we say is hidden where it is said, by those who know the protocol; a server may repeat it anywhere.

use super::Secret;
use std::borrow::Cow;

/// Secrets that are looked for in each text.
const SECRETS_MAX: usize = 64;

/// What nobody may read, whoever says it.
#[derive(Default)]
pub struct Veil(Vec<Secret>);

impl Veil {
    /// From now on this is shown in no text; of too many, the first is forgotten.
    pub fn add(&mut self, secret: &Secret) {
        if self.0.iter().any(|known| known.is_same(secret)) {
            return;
        }
        // A relay with tokens of an hour has a new one each hour, and talks with the last few.
        if self.0.len() == SECRETS_MAX {
            self.0.remove(0);
        }
        self.0.push(Secret::new(secret.expose().to_owned()));
    }

    /// A text without them.
    pub fn over<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.each(text, |secret, text| secret.veil(text))
    }

    /// A text without them that was cut off somewhere: nor does it end with the beginning of one.
    pub fn over_cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.each(text, |secret, text| secret.veil_cut(text))
    }

    fn each<'a>(&self, text: &'a str, over: impl for<'t> Fn(&Secret, &'t str) -> Cow<'t, str>) -> Cow<'a, str> {
        let mut veiled = Cow::Borrowed(text);
        for secret in &self.0 {
            if let Cow::Owned(text) = over(secret, &veiled) {
                veiled = Cow::Owned(text);
            }
        }
        veiled
    }

    /// Octets without them; what is no text stays as it is. Without a line end they were cut off.
    pub fn over_octets(&self, octets: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return octets;
        }
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
        assert_eq!(veil.0.len(), 2);
        assert_eq!(veil.over("a dolphin, hunter2"), "a {secret}, {secret}");
        assert_eq!(veil.over_octets(b"\xffhunter2\xff".to_vec()), b"\xff{secret}\xff");
        assert_eq!(veil.over_octets(b"\xffhunter2\xff hunt".to_vec()), b"\xff{secret}\xff {secret}");
        assert_eq!(veil.over_octets(b"a dolp\n".to_vec()), b"a dolp\n");
        assert_eq!(veil.over_octets(b"a dolp\xc3".to_vec()), b"a {secret}\xc3");
        (0..SECRETS_MAX).for_each(|number| veil.add(&Secret::new(format!("number {number}"))));
        assert_eq!(veil.over("hunter2, number 0"), "hunter2, {secret}");
    }
}
