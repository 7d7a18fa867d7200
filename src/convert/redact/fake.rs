//! Fakes for words: same length, same case, same kind of letters; the same word has the same fake, by a secret key.
//!
//! Fakes of Latin words have no vowels, so that nobody takes them for words, and no true word is made by chance.
//! Works in place: no octet is added or lost. FIPS 198-1 for the key.

use super::charset::Charset;
use aws_lc_rs::hmac as mac;
use std::collections::HashMap;

/// Words that are remembered; there are not many more in a language.
const REMEMBERED_MAX: usize = 200_000;
const CONSONANTS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";

/// Makes fakes.
#[derive(Debug)]
pub(super) struct Fakes {
    key: mac::Key,
    known: HashMap<Vec<u8>, [u8; 32]>,
}

impl Fakes {
    /// With a key; without it nobody can tell which word a fake stands for, or try words out.
    pub(super) fn new(key: &[u8]) -> Self {
        Self { key: mac::Key::new(mac::HMAC_SHA256, key), known: HashMap::new() }
    }

    /// Replaces the words in a text of a charset; `keep` says which stay, given the text and where the word is.
    pub(super) fn text(
        &mut self,
        text: &mut [u8],
        charset: Charset,
        keep: &dyn Fn(&[u8], std::ops::Range<usize>) -> bool,
    ) {
        if charset != Charset::Words {
            return charset.fill(text);
        }
        let mut at = 0;
        while at < text.len() {
            let length = word(&text[at..]);
            if length == 0 {
                at += separator(&text[at..]);
                continue;
            }
            if !keep(text, at..at + length) {
                self.word(&mut text[at..at + length]);
            }
            at += length;
        }
    }

    /// Replaces the words of a text that is a single name, so that two of them that differ in one word differ in all.
    pub(super) fn whole(&self, text: &mut [u8], round: u8) {
        let original = text.to_vec();
        let mut at = 0;
        while at < text.len() {
            let length = word(&text[at..]);
            if length == 0 {
                at += separator(&text[at..]);
                continue;
            }
            let mut context = mac::Context::with_key(&self.key);
            context.update(&[round | 0x80]);
            context.update(&original);
            context.update(&at.to_be_bytes());
            let mut seed = [0; 32];
            seed.copy_from_slice(context.sign().as_ref());
            self.replace(&mut text[at..at + length], &seed);
            at += length;
        }
    }

    /// Replaces one word.
    fn word(&mut self, word: &mut [u8]) {
        // A number that can stand in an IPv4 address still can.
        let is_number = word.iter().all(u8::is_ascii_digit);
        let is_octet = word.len() == 3 && is_number && word[..] <= b"255"[..];
        let is_octet = is_octet || word.len() == 2 && is_number;
        let has_zero = word.first() == Some(&b'0');
        let original = word.to_vec();
        let lower = match std::str::from_utf8(word) {
            Ok(text) => text.to_lowercase().into_bytes(),
            Err(_) => word.to_ascii_lowercase(),
        };
        for round in 0..4u8 {
            let seed = self.seed(&lower, round);
            self.replace(word, &seed);
            if is_octet && !has_zero && (word.len() == 3 || word[0] == b'0') {
                word[0] = b'1';
            }
            if word.len() < 4 || *word != *original {
                return;
            }
            word.copy_from_slice(&original);
        }
        word.fill(b'x');
    }

    fn seed(&mut self, lower: &[u8], round: u8) -> [u8; 32] {
        if let Some(seed) = self.known.get(lower).filter(|_| round == 0) {
            return *seed;
        }
        let mut context = mac::Context::with_key(&self.key);
        context.update(&[round]);
        context.update(lower);
        let mut seed = [0; 32];
        seed.copy_from_slice(context.sign().as_ref());
        if round == 0 && self.known.len() < REMEMBERED_MAX {
            self.known.insert(lower.to_vec(), seed);
        }
        seed
    }

    /// Puts a letter of its kind in the place of each.
    fn replace(&self, word: &mut [u8], seed: &[u8; 32]) {
        let (mut at, mut count) = (0, 0);
        let mut more = *seed;
        while at < word.len() {
            if count > 0 && count % 32 == 0 {
                let next = mac::sign(&self.key, &more);
                more.copy_from_slice(next.as_ref());
            }
            let chance = more[count % 32];
            count += 1;
            let length = character(&word[at..]).map_or(1, char::len_utf8);
            match word[at] {
                b'0'..=b'9' => word[at] = b'0' + chance % 10,
                b'a'..=b'z' => word[at] = CONSONANTS[usize::from(chance) % 20],
                b'A'..=b'Z' => word[at] = CONSONANTS[usize::from(chance) % 20].to_ascii_uppercase(),
                _ => match character(&word[at..]) {
                    Some(c) => drop(letter_like(c, chance).encode_utf8(&mut word[at..at + length])),
                    // Some letter in each of the charsets that have one octet for each.
                    None => word[at] = 0xe0 + chance % 11,
                },
            }
            at += length;
        }
    }
}

/// A letter of the same script, as long in UTF-8.
fn letter_like(c: char, chance: u8) -> char {
    let pick = |first: u32, count: u32| char::from_u32(first + u32::from(chance) % count).unwrap_or(c);
    match u32::from(c) {
        0x400..=0x42f => pick(0x411, 16),
        0x430..=0x45f => pick(0x431, 16),
        0x370..=0x3ff => pick(0x3b2, 16),
        0x590..=0x5ff => pick(0x5d0, 27),
        0x600..=0x6ff => pick(0x628, 18),
        0x80..=0x7ff if c.is_uppercase() => pick(0xc0, 23),
        0x80..=0x7ff => pick(0xe0, 23),
        0xac00..=0xd7a3 => char::from_u32(0xac00 + u32::from(chance) * 28).unwrap_or(c),
        0x3040..=0x30ff => pick(0x30ab, 24),
        0x800..=0xffff => pick(0x4e00, 256),
        _ => pick(0x20000, 256),
    }
}

/// The first character, if it is one of several octets.
fn character(text: &[u8]) -> Option<char> {
    let near = &text[..text.len().min(4)];
    let valid = near.utf8_chunks().next()?.valid();
    valid.chars().next().filter(|c| !c.is_ascii())
}

/// Octets of the word that a text begins with.
fn word(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        at += match (octet.is_ascii(), character(&text[at..])) {
            (true, _) if octet.is_ascii_alphanumeric() => 1,
            (true, _) => break,
            (false, Some(c)) if c.is_alphanumeric() => c.len_utf8(),
            (false, Some(_)) => break,
            // Not UTF-8: in the older charsets this is a blank, and anything else may well be a letter.
            (false, None) if *octet == 0xa0 => break,
            (false, None) => 1,
        };
    }
    at
}

/// Octets of what stands between words.
fn separator(text: &[u8]) -> usize {
    character(text).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faked(text: &[u8]) -> Vec<u8> {
        let mut faked = text.to_vec();
        Fakes::new(b"key").text(&mut faked, Charset::Words, &|_, _| false);
        faked
    }

    #[test]
    fn fakes_have_the_shape_of_what_they_stand_for() {
        for text in [
            "Alice Wonder <alice@wonder.example> 12:34",
            "Müller Žižek, Ольга «да»; 日本語 한국어 שלום",
            "192.168.255.1",
        ] {
            let fake = String::from_utf8(faked(text.as_bytes())).expect("UTF-8 stays UTF-8");
            assert_eq!(fake.len(), text.len());
            for (was, is) in text.chars().zip(fake.chars()) {
                assert_eq!(
                    (was.is_alphanumeric(), was.is_uppercase(), was.len_utf8()),
                    (is.is_alphanumeric(), is.is_uppercase(), is.len_utf8()),
                    "{text} {fake}"
                );
            }
        }
        let fake = String::from_utf8(faked(b"ALICE alice Alice bob 250")).expect("text");
        let words: Vec<_> = fake.split(' ').collect();
        assert_eq!(words[0].to_lowercase(), words[1]);
        assert_eq!(words[2].to_lowercase(), words[1]);
        assert!(!fake.contains(['a', 'e', 'i', 'o', 'u']) && words[4].starts_with('1'), "{fake}");
        assert_eq!(faked(b"caf\xe9 \xff\xfe").len(), 7);
        let words = faked(b"alice\xa0bob");
        assert_eq!((words[5], &words[..5]), (0xa0, &faked(b"alice")[..]));
    }
}
