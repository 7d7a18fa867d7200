//! Flags as letters of a file's name: the five system flags, `P` for `$Forwarded`, and `a` to `z` for what the folder's
//! list of keywords says.
//!
//! The list is Dovecot's `dovecot-keywords`, a line `3 work` for the letter `d`. Letters that mean nothing to us stay
//! where they are. Maildir (Bernstein), "info"; RFC 9051 §2.3.2 ($Forwarded).

use crate::imap::flag::Flags;
use crate::store::mailbox::Spot;

/// The keyword that has a letter of its own.
pub const FORWARDED: &str = "$Forwarded";
const PASSED: u8 = b'P';

/// The keywords of a folder that have letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keywords([Option<String>; 26]);

impl Keywords {
    /// Reads the list. A line that is none, or gives a word or a letter that is given already, is passed over.
    pub(super) fn parse(list: &[u8]) -> Self {
        let mut keywords = Self::default();
        for line in String::from_utf8_lossy(list).lines() {
            let Some((number, word)) = line.split_once(' ') else { continue };
            if is_word(word)
                && keywords.letter(word).is_none()
                && let Some(place @ None) = number.parse().ok().and_then(|at: usize| keywords.0.get_mut(at))
            {
                *place = Some(word.to_owned());
            }
        }
        keywords
    }

    /// The inverse.
    pub(super) fn print(&self) -> Vec<u8> {
        let words = self.0.iter().enumerate().filter_map(|(at, word)| Some(format!("{at} {}\n", word.as_ref()?)));
        words.collect::<String>().into_bytes()
    }

    /// Whether a keyword can be told in this folder.
    pub(super) fn has(&self, word: &str) -> bool {
        word.eq_ignore_ascii_case(FORWARDED) || self.letter(word).is_some()
    }

    /// All that can be told in this folder.
    pub(super) fn words(&self) -> Flags {
        let words = self.0.iter().flatten().map(String::as_str).chain([FORWARDED]);
        Flags::from_parts(0, words.map(str::to_owned))
    }

    /// Those flags that can be told in this folder.
    pub(super) fn tellable(&self, flags: &Flags) -> Flags {
        let words = flags.keywords().filter(|word| self.has(word)).map(str::to_owned);
        Flags::from_parts(flags.system_bits(), words)
    }

    /// Gives a keyword a letter. False if none is left, or if it cannot stand in the list.
    pub(super) fn add(&mut self, word: &str) -> bool {
        if self.has(word) {
            return true;
        }
        match self.0.iter_mut().find(|place| place.is_none()) {
            Some(place) if is_word(word) => {
                *place = Some(word.to_owned());
                true
            }
            _ => false,
        }
    }

    fn letter(&self, word: &str) -> Option<u8> {
        let at =
            self.0.iter().position(|known| known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(word)))?;
        u8::try_from(at).ok().map(|at| b'a' + at)
    }

    fn word(&self, letter: u8) -> Option<&str> {
        self.0.get(usize::from(letter.checked_sub(b'a')?))?.as_deref()
    }

    /// The flags that a file's name tells.
    pub(super) fn flags(&self, spot: &Spot) -> Flags {
        let Some(system) = spot.system_flags() else { return Flags::new() };
        let words = spot.letters().iter().filter_map(|letter| match *letter {
            PASSED => Some(FORWARDED),
            letter => self.word(letter),
        });
        Flags::from_parts(system, words.map(str::to_owned))
    }

    /// Where a file goes with these flags, as far as they have letters here. What else its name says is kept.
    pub(super) fn spot(&self, spot: &Spot, flags: &Flags) -> Spot {
        if self.flags(spot) == *flags {
            return spot.clone();
        }
        let mut after = spot.with_flags(flags.system_bits());
        let mut letters = after.letters().to_vec();
        letters.retain(|letter| *letter != PASSED && self.word(*letter).is_none());
        letters.extend(flags.keywords().filter_map(|word| self.letter(word)));
        letters.extend(flags.has_keyword(FORWARDED).then_some(PASSED));
        letters.sort_unstable();
        letters.dedup();
        after.info = [b":2,", letters.as_slice()].concat();
        after
    }

    /// The same for a file that comes from a folder with other keywords.
    pub(super) fn spot_from(&self, other: &Self, spot: &Spot) -> Spot {
        let flags = other.flags(spot);
        let mut bare = spot.clone();
        if bare.info.starts_with(b":2,") {
            // Here these letters would be other words.
            bare.info.retain(|letter| !letter.is_ascii_lowercase());
        }
        self.spot(&bare, &flags)
    }
}

/// What can stand in the list: an atom, as IMAP demands of keywords anyway.
fn is_word(word: &str) -> bool {
    !word.is_empty() && word.len() <= 250 && word.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::flag::SystemFlag;
    use proptest::prelude::*;

    fn flags(system: &[SystemFlag], words: &[&str]) -> Flags {
        let bits = system.iter().fold(0, |bits, flag| bits | *flag as u8);
        Flags::from_parts(bits, words.iter().map(|word| (*word).to_owned()))
    }

    fn cur(info: &str) -> Spot {
        Spot { in_cur: true, info: info.into() }
    }

    #[test]
    fn letters_are_words_of_the_list() {
        use SystemFlag::{Flagged, Seen};
        let keywords = Keywords::parse(b"0 work\n2 $Junk\nx\n3\n26 z\n2 twice\n5 WORK\n4 a\x07b\n");
        assert_eq!(keywords.print(), b"0 work\n2 $Junk\n");
        for (info, wanted) in [
            ("", flags(&[], &[])),
            (":2,S", flags(&[Seen], &[])),
            (":2,FPSac", flags(&[Flagged, Seen], &["work", "$Junk", FORWARDED])),
            (":2,bz", flags(&[], &[])),
            (":1,S", flags(&[], &[])),
        ] {
            assert_eq!(keywords.flags(&cur(info)), wanted, "{info}");
        }
        assert_eq!(keywords.flags(&Spot { in_cur: false, info: b":2,S".into() }), Flags::new());
        for (info, to, wanted) in [
            (":2,S", flags(&[Seen], &[]), ":2,S"),
            (":2,Sz", flags(&[Flagged], &["Work", "unknown"]), ":2,Faz"),
            (":2,Pac", flags(&[], &["$junk"]), ":2,c"),
            ("", flags(&[], &[FORWARDED]), ":2,P"),
        ] {
            assert_eq!(String::from_utf8_lossy(&keywords.spot(&cur(info), &to).info), wanted, "{info}");
        }
        let new = Spot::new_mail();
        assert_eq!(keywords.spot(&new, &Flags::new()), new, "nothing to say is no reason to leave `new`");
        assert_eq!(keywords.spot(&new, &flags(&[Seen], &[])), cur(":2,S"));
    }

    #[test]
    fn there_are_as_many_keywords_as_letters() {
        let mut keywords = Keywords::default();
        assert!(keywords.add(FORWARDED) && keywords.print().is_empty(), "it has a letter of its own");
        assert!(!keywords.add("two words") && !keywords.add("") && !keywords.add("a\nb"));
        assert!((0..26).all(|number| keywords.add(&format!("k{number}"))));
        assert!(keywords.add("K7") && !keywords.add("k26") && !keywords.has("k26"));
        assert_eq!(Keywords::parse(&keywords.print()), keywords);
    }

    #[test]
    fn between_folders_words_stay_and_letters_change() {
        let (here, there) = (Keywords::parse(b"0 work\n1 home\n"), Keywords::parse(b"0 home\n3 work\n"));
        for (info, wanted) in [(":2,Sab", ":2,Sad"), (":2,Pz", ":2,P"), (":2,", ":2,"), ("", ""), (":1,ab", ":1,ab")] {
            assert_eq!(String::from_utf8_lossy(&there.spot_from(&here, &cur(info)).info), wanted, "{info}");
        }
        let new = Spot { in_cur: false, info: b":2,a".into() };
        assert_eq!(there.spot_from(&here, &new), Spot { in_cur: false, info: b":2,".into() });
    }

    proptest! {
        #[test]
        fn what_is_told_is_read_back(info in "(:2,[A-Za-z]{0,6})?", system in 0..32_u8, words in prop::collection::vec("(work|home|\\$Forwarded|x)", 0..4)) {
            let keywords = Keywords::parse(b"0 work\n4 home\n9 $Forwarded\n");
            let known = words.into_iter().filter(|word| keywords.has(word));
            let wanted = Flags::from_parts(system, known);
            let spot = keywords.spot(&cur(&info), &wanted);
            prop_assert_eq!(keywords.flags(&spot), wanted);
        }
    }
}
