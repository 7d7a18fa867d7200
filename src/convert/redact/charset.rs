//! What of a charset has to be known to put other letters in the place of letters, and no octet more or less.
//!
//! Where a letter is one octet, or UTF-8, words are replaced. In the others all letters become one and the same: their
//! words cannot be told apart without decoding, and fillers keep the text valid. RFC 1468; RFC 1557; RFC 2781.

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// ASCII, UTF-8, or one octet for each letter.
    Words,
    /// Two octets for a letter, the first above 127: EUC, GBK, Big5.
    Pairs,
    /// Shift_JIS.
    ShiftJis,
    /// ISO-2022: pairs of octets below 128 behind an escape sequence.
    Escapes,
    /// UTF-16 or UTF-32.
    Wide,
}

impl Charset {
    /// Reads a label.
    pub(super) fn of(label: &str) -> Self {
        // Punctuation in these names is anybody's guess.
        let key: String = label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let key = key.strip_prefix("cs").or_else(|| key.strip_prefix('x')).unwrap_or(&key);
        let number = key.trim_start_matches(|c: char| !c.is_ascii_digit());
        let is_page = ["cp", "ibm", "windows", "win", "ansi", "ms", "dos", "oem", "codepage"]
            .iter()
            .any(|kind| key.strip_prefix(kind) == Some(number));
        let begins = |names: &[&str]| names.iter().any(|name| key.starts_with(name));
        let pages = |pages: &[&str]| is_page && pages.contains(&number);
        match () {
            () if begins(&["utf16", "utf32", "utf7", "ucs", "iso10646ucs", "unicode"]) => Self::Wide,
            () if pages(&["1200", "1201", "65000"]) => Self::Wide,
            () if begins(&["shift", "sjis", "mskanji", "windows31j"]) || pages(&["932", "943"]) => Self::ShiftJis,
            () if begins(&["iso2022", "hz"]) || pages(&["50220", "50221", "50222"]) => Self::Escapes,
            () if begins(&["euc", "gb", "big5", "ksc", "korean", "chinese", "johab"]) => Self::Pairs,
            () if pages(&["936", "949", "950", "951", "51932", "51936", "51949", "54936"]) => Self::Pairs,
            () => Self::Words,
        }
    }

    /// Puts a filler in the place of each letter.
    pub(super) fn fill(self, text: &mut [u8]) {
        let mut at = 0;
        let mut in_pairs = false;
        while at < text.len() {
            let (first, second) = (text[at], text.get(at + 1).copied());
            at += match self {
                Self::Escapes if first == 0x1b => {
                    // ESC, octets from 20 to 2F, and a last one; `$` means pairs.
                    in_pairs = second == Some(b'$');
                    let length = text[at + 1..].iter().take_while(|octet| (0x20..0x30).contains(*octet)).count();
                    2 + length
                }
                Self::Escapes if first == b'~' && matches!(second, Some(b'{' | b'}')) => {
                    in_pairs = second == Some(b'{');
                    2
                }
                Self::Escapes if in_pairs && (0x21..0x7f).contains(&first) => {
                    let pair = text.len().min(at + 2);
                    text[at..pair].copy_from_slice(&b"0!"[..pair - at]);
                    2
                }
                Self::ShiftJis if matches!(first, 0x81..=0x9f | 0xe0..=0xfc) && second.is_some_and(|o| o >= 0x40) => {
                    // A second octet that is ASCII stays so: in a header field it may stand as it is.
                    let is_ascii = text[at + 1].is_ascii();
                    text[at..at + 2].copy_from_slice(if is_ascii { b"\x83A" } else { b"\x82\xa0" });
                    2
                }
                Self::ShiftJis if first >= 0x80 => {
                    text[at] = 0xb1;
                    1
                }
                Self::Pairs if first >= 0x81 && second.is_some_and(|o| o >= 0x40) => {
                    let is_ascii = text[at + 1].is_ascii();
                    text[at..at + 2].copy_from_slice(if is_ascii { b"\xb0A" } else { b"\xb0\xa1" });
                    2
                }
                // GB 18030 writes some letters as four octets, the second and fourth of them digits.
                Self::Pairs if first >= 0x81 && second.is_some_and(|o| o.is_ascii_digit()) => {
                    text[at..at + 2].copy_from_slice(b"\x810");
                    2
                }
                _ => {
                    text[at] = match first {
                        b'a'..=b'z' => b'x',
                        b'A'..=b'Z' => b'X',
                        b'0'..=b'9' => b'0',
                        0x80.. if self != Self::Wide => 0xb1,
                        // The other half of a letter beyond ASCII: any value is a letter of some kind.
                        other if self == Self::Wide && !matches!(other, 0..=0x20) => b'x',
                        other => other,
                    };
                    1
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_many_octets_are_filled_and_the_text_stays_valid() {
        for (label, text, wanted) in [
            ("Shift_JIS", &b"\x93\xfa\x96{ abc\r\n"[..], &b"\x82\xa0\x83A xxx\r\n"[..]),
            ("EUC-JP", b"\xc6\xfc\xcb\xdc.\n", b"\xb0\xa1\xb0\xa1.\n"),
            ("gb18030", b"\x81\x30\x89\x39", b"\x810\x810"),
            ("iso-2022-jp", b"a\x1b$BF|K\\\x1b(Bb\r\n", b"x\x1b$B0!0!\x1b(Bx\r\n"),
            ("utf-16le", b"H\0i\0\n\0", b"X\0x\0\n\0"),
        ] {
            let mut filled = text.to_vec();
            Charset::of(label).fill(&mut filled);
            assert_eq!(filled, wanted, "{label}");
        }
        for (label, wanted) in [
            ("utf-8", Charset::Words),
            ("koi8-r", Charset::Words),
            ("windows-1252", Charset::Words),
            ("cp437", Charset::Words),
            ("UTF_16", Charset::Wide),
            ("cp1200", Charset::Wide),
            ("iso2022jp", Charset::Escapes),
            ("csISO2022KR", Charset::Escapes),
            ("HZ", Charset::Escapes),
            ("x-sjis", Charset::ShiftJis),
            ("ms932", Charset::ShiftJis),
            ("x-gbk", Charset::Pairs),
            ("KSC5601", Charset::Pairs),
            ("windows-949", Charset::Pairs),
            ("csBig5", Charset::Pairs),
        ] {
            assert_eq!(Charset::of(label), wanted, "{label}");
        }
    }
}
