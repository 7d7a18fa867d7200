//! Marks: by what an account's root and its folders are known again when they have moved.

use crate::error::{Error, Kind};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::note;
use crate::world::{Disk, Entropy};
use std::fmt;
use std::path::Path;

/// Octets of a file that may be one.
const MAX: u64 = 1024;

/// A short text that is given once: a UUID, if we make it (RFC 9562 §4, version 4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(String);

impl Mark {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut octets = [0; 16];
        entropy.fill(&mut octets);
        // RFC 9562 §5.4: four bits of version, two of variant.
        let number = u128::from_be_bytes(octets) & !(0xf << 76) & !(3 << 62) | 4 << 76 | 2 << 62;
        let digits = format!("{number:032x}");
        Self([0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]).join("-"))
    }

    /// One that was made before: 1 to 64 visible characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = (1..=64).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic());
        is_good.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark in a file, if there is one. A file that holds something else is not passed over: it was put there to guard.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Outcome<Option<Mark>> {
    let octets = note::read(disk, path, MAX).map_err(|error| MailboxError::file("reading", path, error))?;
    let Some(octets) = octets else { return Ok(None) };
    let mark = std::str::from_utf8(octets.trim_ascii()).ok().and_then(Mark::parse);
    mark.map(Some).ok_or_else(|| {
        let error = Error::new(Kind::Config, format!("{} is damaged: it holds no mark", path.display()));
        MailboxError::Broken(error.hint("restore it from a backup, or remove it and synchronise as for the first time"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::TestEntropy;

    #[test]
    fn a_new_mark_is_a_uuid_and_each_is_read_back() {
        let mark = Mark::new(&*TestEntropy::new(1));
        let text = mark.to_string();
        assert_eq!((text.len(), &text[14..15], text.matches('-').count()), (36, "4", 4));
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
        assert_ne!(mark, Mark::new(&*TestEntropy::new(2)));
        assert_eq!(Mark::parse(&text), Some(mark));
        for bad in ["", "a b", "a\nb", "\u{e4}", &"x".repeat(65)] {
            assert_eq!(Mark::parse(bad), None, "{bad:?}");
        }
    }
}
