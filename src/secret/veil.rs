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
        let mut veiled = Cow::Borrowed(text);
        for secret in &self.0 {
            if let Cow::Owned(text) = secret.veil(&veiled) {
                veiled = Cow::Owned(text);
            }
        }
        veiled
    }

    /// Octets without them; what is no text stays as it is.
    pub fn over_octets(&self, octets: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return octets;
        }
        let mut veiled = Vec::with_capacity(octets.len());
        for chunk in octets.utf8_chunks() {
            veiled.extend_from_slice(self.over(chunk.valid()).as_bytes());
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
        (0..SECRETS_MAX).for_each(|number| veil.add(&Secret::new(format!("number {number}"))));
        assert_eq!(veil.over("hunter2, number 0"), "hunter2, {secret}");
    }
}
