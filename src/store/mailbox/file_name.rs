//! Names of files in a Maildir: a base that stays, and an info part that tells the flags.
//!
//! Ours look like `01J9ZK…,S=1234,W=1260:2,FS`: the caller's key, the octets on disk and on the wire,
//! then the flags. UIDs are never in names. Other programs' names are taken as they are, octet by
//! octet, and letters that are not ours stay where they are.
//! Maildir (Bernstein); `S=` and `W=` as in Maildir++ and Dovecot.

use super::line_ends::Sizes;
use crate::error::{Error, Kind};
use crate::imap::flag::SystemFlag;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// With sizes and flags behind it, the name still fits the 255 octets of a file system.
const STEM_MAX: usize = 150;

/// In which directory, and with which info.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// In `cur`, else in `new`.
    pub in_cur: bool,
    /// From the colon on; empty if there is none.
    pub info: Vec<u8>,
}

impl Spot {
    /// Where mail arrives.
    pub fn new_mail() -> Self {
        Self { in_cur: false, info: Vec::new() }
    }

    /// Where a message goes with these flags. What the info says beside the flags is kept.
    pub(in crate::store) fn with_flags(&self, system: u8) -> Self {
        let mut letters: Vec<u8> = self.letters().iter().copied().filter(|letter| bit(*letter) == 0).collect();
        letters
            .extend(SystemFlag::ALL.iter().filter(|flag| system & **flag as u8 != 0).map(|flag| flag.letter() as u8));
        letters.sort_unstable();
        letters.dedup();
        Self { in_cur: true, info: [b":2,", letters.as_slice()].concat() }
    }

    /// The system flags that the name tells; `None` in `new`, where names tell none.
    pub(in crate::store) fn system_flags(&self) -> Option<u8> {
        self.in_cur.then(|| self.letters().iter().fold(0, |flags, letter| flags | bit(*letter)))
    }

    /// The file's path in a mailbox's directory.
    pub(in crate::store) fn path(&self, mailbox: &Path, base: &[u8]) -> PathBuf {
        let name = [base, &self.info].concat();
        mailbox.join(if self.in_cur { "cur" } else { "new" }).join(OsStr::from_bytes(&name))
    }

    /// For the index: `c` or `n`, then the info.
    pub fn to_octets(&self) -> Vec<u8> {
        [if self.in_cur { b"c" } else { b"n" }, self.info.as_slice()].concat()
    }

    /// The inverse of [`Spot::to_octets`].
    pub fn from_octets(octets: &[u8]) -> Self {
        let (place, info) = octets.split_at(octets.len().min(1));
        Self { in_cur: place == b"c", info: info.to_vec() }
    }

    /// Several in a row; `/` is in no file's name.
    pub(in crate::store) fn all_to_octets(spots: &[Self]) -> Vec<u8> {
        spots.iter().map(Self::to_octets).collect::<Vec<_>>().join(&b'/')
    }

    pub(in crate::store) fn all_from_octets(octets: &[u8]) -> Vec<Self> {
        octets.split(|octet| *octet == b'/').filter(|spot| !spot.is_empty()).map(Self::from_octets).collect()
    }

    /// What says the flags, and letters of others.
    pub(in crate::store) fn letters(&self) -> &[u8] {
        self.info.strip_prefix(b":2,").unwrap_or_default()
    }
}

/// Base and info of a file's name.
pub(in crate::store) fn split(name: &[u8]) -> (&[u8], &[u8]) {
    name.split_at(memchr::memchr(b':', name).unwrap_or(name.len()))
}

/// The beginning of a base name that stands for a key: reversible, and harmless as a file's name.
pub(in crate::store) fn stem(key: &str) -> Result<String, Error> {
    let mut stem = String::with_capacity(key.len());
    for (at, octet) in key.bytes().enumerate() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'@' => stem.push(char::from(octet)),
            b'.' if at > 0 => stem.push('.'),
            _ => stem.push_str(&format!("%{octet:02X}")),
        }
    }
    if (1..=STEM_MAX).contains(&stem.len()) {
        Ok(stem)
    } else {
        Err(Error::new(Kind::Software, format!("the key of a delivery is empty or too long: {key}")))
    }
}

/// The base name of a message of ours.
pub(in crate::store) fn base(stem: &str, Sizes { disk, wire }: Sizes) -> Vec<u8> {
    format!("{stem},S={disk},W={wire}").into_bytes()
}

/// Octets on disk and on the wire, if the name tells both.
pub(in crate::store) fn sizes(base: &[u8]) -> Option<Sizes> {
    let field = |wanted: &[u8]| {
        let mut fields = base.split(|octet| *octet == b',').skip(1);
        let digits = fields.find_map(|field| field.strip_prefix(wanted))?;
        std::str::from_utf8(digits).ok()?.parse::<u64>().ok()
    };
    let (disk, wire) = (field(b"S=")?, field(b"W=")?);
    // Each octet on disk is at most two on the wire.
    (disk <= wire && wire <= disk.saturating_mul(2)).then_some(Sizes { disk, wire })
}

/// What POP3 calls a message for good: 1 to 70 visible characters (RFC 1939 §7).
pub(in crate::store) fn unique_id(base: &[u8]) -> String {
    match std::str::from_utf8(base) {
        Ok(text) if (1..=70).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic()) => {
            text.to_owned()
        }
        // FNV-1a over 128 bits: names in one Maildir are the work of its owner, who fools only himself.
        _ => {
            let hash = base.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, octet| {
                (hash ^ u128::from(*octet)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            });
            format!("{hash:032x}")
        }
    }
}

fn bit(letter: u8) -> u8 {
    SystemFlag::ALL.into_iter().find(|flag| flag.letter() == char::from(letter)).map_or(0, |flag| flag as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn flags_are_letters_in_order_and_foreign_letters_stay() {
        let (seen, flagged) = (SystemFlag::Seen as u8, SystemFlag::Flagged as u8);
        for (info, set, wanted) in [
            ("", seen, ":2,S"),
            (":2,S", seen | flagged, ":2,FS"),
            (":2,S", 0, ":2,"),
            (":2,PSab", flagged, ":2,FPab"),
            (":1,x", seen, ":2,S"),
            (":2,SS", seen, ":2,S"),
        ] {
            let spot = Spot { in_cur: true, info: info.into() };
            let after = spot.with_flags(set);
            assert_eq!(String::from_utf8_lossy(&after.info), wanted, "{info}");
            assert_eq!(after.system_flags(), Some(set));
            assert_eq!(Spot::from_octets(&after.to_octets()), after);
            let both = [spot.clone(), after];
            assert_eq!(Spot::all_from_octets(&Spot::all_to_octets(&both)), both);
            assert_eq!(Spot::all_from_octets(&Spot::all_to_octets(&[])), []);
        }
        assert_eq!(Spot { in_cur: false, info: b":2,S".into() }.system_flags(), None);
    }

    #[test]
    fn sizes_are_believed_only_if_they_can_be_true() {
        for (base, wanted) in [
            ("a,S=10,W=12", Some((10, 12))),
            ("a,W=12,S=10", Some((10, 12))),
            ("a,S=10,W=10", Some((10, 10))),
            ("a,S=10", None),
            ("a,S=10,W=9", None),
            ("a,S=10,W=21", None),
            ("a,S=x,W=9", None),
            ("S=10,W=10", None),
            ("", None),
        ] {
            assert_eq!(sizes(base.as_bytes()), wanted.map(|(disk, wire)| Sizes { disk, wire }), "{base}");
        }
    }

    #[test]
    fn a_unique_id_is_short_and_visible_whatever_the_file_is_called() {
        assert_eq!(unique_id(b"01J9ZK,S=1,W=1"), "01J9ZK,S=1,W=1");
        let long = [b'x'; 71];
        for odd in [&b"a b"[..], b"\xff", b"", &long] {
            let id = unique_id(odd);
            assert!(id.len() == 32 && id.bytes().all(|octet| octet.is_ascii_graphic()), "{id}");
        }
        assert_ne!(unique_id(b"a b"), unique_id(b"a c"));
    }

    proptest! {
        #[test]
        fn keys_become_names_that_hide_nothing_and_never_meet(a in ".{1,20}", b in ".{1,20}") {
            if let (Ok(one), Ok(other)) = (stem(&a), stem(&b)) {
                prop_assert!(!one.starts_with('.') && !one.contains(['/', ':', ',', '\0', ' ']));
                prop_assert_eq!(one == other, a == b);
            }
        }
    }
}
