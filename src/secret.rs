//! Passwords and tokens: they can be used, not shown.
//!
//! No Debug, no Display, no Clone, no serialisation, and the memory is wiped on drop, so that a
//! secret cannot slip into a log, a trace or an error by accident.

use zeroize::Zeroizing;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_sees_every_octet_and_the_length() {
        let same = |a: &str, b: &str| Secret::new(a.into()).is_same(&Secret::new(b.into()));
        assert!(same("hunter2", "hunter2") && same("", ""));
        assert!(
            !same("hunter2", "hunter3") && !same("a", "aa") && !same("aa", "a") && !same("", "a") && !same("a", "")
        );
    }
}
