//! The name of a message in the spool: unique, in order of time, 26 characters.
//!
//! 48 bits of milliseconds and 80 of chance, in Crockford's base 32 (the form known as ULID): it sorts
//! as text, has no look-alike characters, and is safe in file names and header fields.

use crate::world::{Clock, Entropy, Timestamp};
use std::fmt;
use std::str::FromStr;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;

/// A message's name in the spool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpoolId(u128);

/// The text is no spool id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a queue id has 26 letters and digits")]
pub struct NoSpoolId;

impl SpoolId {
    /// Before all others.
    pub(super) const FIRST: Self = Self(0);

    /// A new one; later ones sort behind it, as far as the clock goes forward.
    pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        Self::at(clock.now(), entropy)
    }

    fn at(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut chance = [0; 16];
        entropy.fill(&mut chance[6..]);
        let time = now.as_millisecond().max(0) as u128 & 0xffff_ffff_ffff;
        Self(time << 80 | u128::from_be_bytes(chance))
    }

    /// The name of a message that follows from this one for a reason, the same each time: whatever makes it twice makes
    /// one message. It sorts beside its cause.
    pub fn derived(self, reason: &[u8]) -> Self {
        // FNV-1a, 128 bits. What it is mixed with was drawn by chance, so nobody outside can aim at another's name.
        let mix = |hash: u128, octet: &u8| {
            (hash ^ u128::from(*octet)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        };
        let hash = reason.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, mix);
        Self(self.0 ^ (hash ^ hash >> 80) & ((1 << 80) - 1))
    }

    /// As the index keeps it.
    pub(super) fn to_octets(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub(super) fn from_octets(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }
}

impl fmt::Display for SpoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        for (place, character) in text.iter_mut().rev().enumerate() {
            *character = DIGITS[(self.0 >> (5 * place)) as usize & 31];
        }
        f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for SpoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Small letters are taken too: people type them.
impl FromStr for SpoolId {
    type Err = NoSpoolId;

    fn from_str(text: &str) -> Result<Self, NoSpoolId> {
        // 26 digits hold 130 bits; the first may only use three of its five.
        if text.len() != LENGTH || !matches!(text.as_bytes().first(), Some(b'0'..=b'7')) {
            return Err(NoSpoolId);
        }
        text.bytes()
            .try_fold(0u128, |number, character| {
                let digit =
                    DIGITS.iter().position(|digit| *digit == character.to_ascii_uppercase()).ok_or(NoSpoolId)?;
                Ok(number << 5 | digit as u128)
            })
            .map(Self)
    }
}

impl serde::Serialize for SpoolId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for SpoolId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Same(u8);

    impl Entropy for Same {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    proptest! {
        #[test]
        fn parsing_and_printing_are_inverse_and_keep_the_order(a in any::<u128>(), b in any::<u128>()) {
            let (a, b) = (SpoolId(a), SpoolId(b));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.to_string().to_lowercase().parse(), Ok(a));
            prop_assert_eq!(SpoolId::from_octets(a.to_octets()), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn other_texts_are_refused_without_panic(text in ".{0,40}") {
            prop_assert!(text.parse::<SpoolId>().is_err() || text.len() == LENGTH);
        }
    }

    #[test]
    fn what_follows_from_a_message_has_one_name_for_each_reason() {
        let at = |chance| SpoolId::at(Timestamp::from_second(1_700_000_000).unwrap(), &Same(chance));
        let (one, other) = (at(1), at(2));
        let names = [one, other, one.derived(b"a"), one.derived(b"b"), one.derived(b""), other.derived(b"a")];
        assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
        assert_eq!(one.derived(b"a"), one.derived(b"a"));
        assert!(names.iter().all(|name| name.0 >> 80 == one.0 >> 80), "they sort together");
    }

    #[test]
    fn a_later_id_sorts_behind_whatever_chance_says() {
        let at = |seconds, chance| SpoolId::at(Timestamp::from_second(seconds).unwrap(), &Same(chance));
        assert!(at(1_700_000_000, 255) < at(1_700_000_001, 0));
        assert!(at(1_700_000_000, 1) != at(1_700_000_000, 2));
        for bad in [
            "",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "0000000000000000000000000U",
            "0000000000000000000000000",
            "../../etc/passwd/0000000000",
        ] {
            assert_eq!(bad.parse::<SpoolId>(), Err(NoSpoolId), "{bad}");
        }
    }
}
