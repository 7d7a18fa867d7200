//! Marks: by what an account's root and its folders are known again when they have moved.

use crate::error::{Error, Kind};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::note;
use crate::world::{Disk, Entropy};
use std::fmt;
use std::path::Path;

/// Octets of a file that may be one.
const MAX: u64 = 1024;

/// A number that is given once, written as a UUID (RFC 9562 §4, version 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(pub u128);

impl Mark {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut octets = [0; 16];
        entropy.fill(&mut octets);
        // RFC 9562 §5.4: four bits of version, two of variant.
        Self(u128::from_be_bytes(octets) & !(0xf << 76) & !(3 << 62) | 4 << 76 | 2 << 62)
    }

    /// The inverse of printing.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphens = [8, 13, 18, 23];
        let is_good = |(at, octet): (usize, u8)| match hyphens.contains(&at) {
            true => octet == b'-',
            false => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
        };
        let is_good = text.len() == 36 && text.bytes().enumerate().all(is_good);
        let digits: String = text.chars().filter(|digit| *digit != '-').collect();
        is_good.then(|| u128::from_str_radix(&digits, 16).ok().map(Self))?
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
        f.write_str(&parts.join("-"))
    }
}

/// The mark in a file, if there is one. A file that holds something else is not passed over: it was put there to guard.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Outcome<Option<Mark>> {
    let octets = note::read(disk, path, MAX).map_err(|error| MailboxError::file("reading", path, error))?;
    let Some(octets) = octets else { return Ok(None) };
    let mark = std::str::from_utf8(octets.trim_ascii()).ok().and_then(Mark::parse);
    mark.map(Some).ok_or_else(|| {
        let error = Error::new(Kind::Config, format!("{} is damaged: it holds no UUID", path.display()));
        MailboxError::Broken(error.hint("restore it from a backup, or remove it and synchronise as for the first time"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_uuid_is_a_mark() {
        let good = "0189dcd5-5311-4d2e-9f3b-0a1b2c3d4e5f";
        assert_eq!(Mark::parse(good).map(|mark| mark.to_string()).as_deref(), Some(good));
        for bad in ["", "x", &good[1..], &good.to_uppercase(), &good.replace('-', "+"), &format!("{good}0")] {
            assert_eq!(Mark::parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_mark_is_read_back(number: u128) {
            prop_assert_eq!(Mark::parse(&Mark(number).to_string()), Some(Mark(number)));
        }
    }
}
