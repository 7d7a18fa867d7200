//! Flags of a message: the five that every server knows, and keywords.
//!
//! RFC 9051 §2.3.2. `\Recent` is no flag here: it belongs to a session, not to a message.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A system flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum SystemFlag {
    /// `\Answered`, `R` in a Maildir.
    Answered = 1,
    /// `\Deleted`, `T`.
    Deleted = 2,
    /// `\Draft`, `D`.
    Draft = 4,
    /// `\Flagged`, `F`.
    Flagged = 8,
    /// `\Seen`, `S`.
    Seen = 16,
}

/// The flags a message has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flags {
    system: u8,
    /// In order without case, none twice: a hostile message may have thousands.
    keywords: Vec<String>,
}

impl SystemFlag {
    /// All, in the order of their Maildir letters' names.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Deleted, Self::Draft, Self::Flagged, Self::Seen];

    /// As IMAP writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "\\Answered",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
            Self::Flagged => "\\Flagged",
            Self::Seen => "\\Seen",
        }
    }

    /// As a Maildir's file name writes it.
    pub fn letter(self) -> char {
        match self {
            Self::Answered => 'R',
            Self::Deleted => 'T',
            Self::Draft => 'D',
            Self::Flagged => 'F',
            Self::Seen => 'S',
        }
    }
}

impl Flags {
    /// No flags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a system flag is set.
    pub fn has(&self, flag: SystemFlag) -> bool {
        self.system & flag as u8 != 0
    }

    /// Sets or clears a system flag.
    pub fn set(&mut self, flag: SystemFlag, on: bool) {
        if on {
            self.system |= flag as u8;
        } else {
            self.system &= !(flag as u8);
        }
    }

    /// The keywords, in order; compared without case, kept as first seen.
    pub fn keywords(&self) -> impl ExactSizeIterator<Item = &str> {
        self.keywords.iter().map(String::as_str)
    }

    /// Whether a keyword is set.
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.find(keyword).is_ok()
    }

    /// Sets or clears a keyword.
    pub fn set_keyword(&mut self, keyword: &str, on: bool) {
        match (self.find(keyword), on) {
            (Err(at), true) => self.keywords.insert(at, keyword.to_owned()),
            (Ok(at), false) => drop(self.keywords.remove(at)),
            _ => {}
        }
    }

    /// Where a keyword is, or where it would be.
    fn find(&self, keyword: &str) -> Result<usize, usize> {
        self.keywords.binary_search_by(|known| without_case(known, keyword))
    }

    /// Whether there is no flag at all.
    pub fn is_none(&self) -> bool {
        self.system == 0 && self.keywords.is_empty()
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Self) {
        self.system |= other.system;
        other.keywords().for_each(|keyword| self.set_keyword(keyword, true));
    }

    /// Takes all of `other` away.
    pub fn remove(&mut self, other: &Self) {
        self.system &= !other.system;
        other.keywords().for_each(|keyword| self.set_keyword(keyword, false));
    }

    /// The system flags as bits, for an index.
    pub fn system_bits(&self) -> u8 {
        self.system
    }

    /// From bits and keywords; unknown bits are dropped.
    pub fn from_parts(system: u8, keywords: impl IntoIterator<Item = String>) -> Self {
        let mut keywords: Vec<String> = keywords.into_iter().collect();
        keywords.sort_by(|a, b| without_case(a, b));
        keywords.dedup_by(|later, kept| without_case(later, kept).is_eq());
        Self { system: system & 31, keywords }
    }
}

fn without_case(a: &str, b: &str) -> Ordering {
    a.bytes().map(|octet| octet.to_ascii_lowercase()).cmp(b.bytes().map(|octet| octet.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_have_no_case_and_stay_as_they_came_first() {
        let words = |flags: &Flags| flags.keywords().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let mut flags = Flags::from_parts(0, ["b", "Work", "A", "WORK", "a"].map(str::to_owned));
        assert_eq!(words(&flags), "A b Work");
        for (word, on, wanted) in [
            ("work", true, "A b Work"),
            ("c", true, "A b c Work"),
            ("B", false, "A c Work"),
            ("B", false, "A c Work"),
            ("WORK", false, "A c"),
            ("x_", true, "A c x_"),
        ] {
            flags.set_keyword(word, on);
            assert_eq!(words(&flags), wanted, "{word}");
            assert_eq!(flags.has_keyword(&word.to_uppercase()), on);
        }
    }
}
