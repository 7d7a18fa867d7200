//! Charsets and encoded words: octets of a header field or a text become characters.
//!
//! What declares no charset is UTF-8 if it can be, else windows-1252, as most such mail is.
//! Knows no grammar beyond the encoded word. RFC 2047; RFC 2231 §5; RFC 6532.

use super::charset::{Charset, LABEL_MAX};
use super::transfer;
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

/// Decodes octets of a declared charset; `None` if nobody knows that charset.
pub fn decode_charset(label: &str, octets: &[u8]) -> Option<String> {
    Charset::named(label).map(|charset| charset.decode(octets))
}

/// Decodes octets that declare no charset; true if they were neither ASCII nor UTF-8, so that this is a guess.
pub fn undeclared(octets: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(octets) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decoder) => (Cow::Owned(decoder(octets)), true),
            None => (String::from_utf8_lossy(octets), true),
        },
    }
}

/// A field body as characters, its encoded words still to be decoded. Octets that stand raw in such a word belong to its
/// charset, against RFC 2047 §2; they are escaped as the word should have done, so that nobody guesses another for them.
pub fn field_text(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut escaped = Vec::with_capacity(body.len() + 16);
    // One character for each octet, so that words can be looked for.
    let text: String = body.iter().copied().map(char::from).collect();
    let octets = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("=?") {
        let (before, from_word) = rest.split_at(start);
        escaped.extend(octets(before));
        let (length, is_quoted) = EncodedWord::read(from_word).map_or((2, false), |word| (word.length, !word.base64));
        for octet in octets(&from_word[..length]) {
            match octet.is_ascii() || !is_quoted {
                true => escaped.push(octet),
                false => escaped.extend_from_slice(format!("={octet:02X}").as_bytes()),
            }
        }
        rest = &from_word[length..];
    }
    escaped.extend(octets(rest));
    Cow::Owned(undeclared(&escaped).0.into_owned())
}

/// An unstructured field body as people read it: a fold is one blank, encoded words are decoded.
pub fn decode(body: &[u8]) -> String {
    let text = field_text(body);
    let mut lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let mut line = lines.next().unwrap_or_default().to_owned();
    for more in lines {
        line.push(' ');
        line.push_str(more);
    }
    match decode_words(&line) {
        Cow::Owned(decoded) => decoded,
        Cow::Borrowed(_) => line,
    }
}

/// A field body in one line, nothing decoded and no blank changed (RFC 5322 §2.2.3).
pub fn unfold(body: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr2(b'\n', b'\r', body) {
        None => Cow::Borrowed(body),
        Some(_) => Cow::Owned(body.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect()),
    }
}

/// Replaces the encoded words in a text. White space between two of them vanishes (RFC 2047 §6.2), and
/// octets of neighbours in the same charset are joined first, since many senders cut through characters.
pub fn decode_words(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let (before, from_word) = rest.split_at(start);
        let Some(word) = EncodedWord::read(from_word) else {
            flush(&mut decoded, &mut pending);
            decoded.push_str(before);
            decoded.push_str("=?");
            rest = &from_word[2..];
            continue;
        };
        if pending.is_none() || !before.trim().is_empty() {
            flush(&mut decoded, &mut pending);
            decoded.push_str(before);
        }
        match &mut pending {
            Some((charset, octets)) if charset.eq_ignore_ascii_case(word.charset) => octets.extend(word.octets()),
            _ => {
                flush(&mut decoded, &mut pending);
                pending = Some((word.charset, word.octets()));
            }
        }
        rest = &from_word[word.length..];
    }
    flush(&mut decoded, &mut pending);
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn flush(decoded: &mut String, pending: &mut Option<(&str, Vec<u8>)>) {
    if let Some((charset, octets)) = pending.take() {
        match decode_charset(charset, &octets) {
            Some(text) => decoded.push_str(&text),
            None => decoded.push_str(&undeclared(&octets).0),
        }
    }
}

/// `=?charset*language?encoding?text?=`
struct EncodedWord<'t> {
    charset: &'t str,
    base64: bool,
    text: &'t str,
    length: usize,
}

impl<'t> EncodedWord<'t> {
    /// Reads one from the front of a text that begins with `=?`.
    fn read(text: &'t str) -> Option<Self> {
        let inner = text.get(2..)?;
        // The end of a charset is near, or this is none: looking further would make a hostile field quadratic.
        let near = &inner[..inner.floor_char_boundary(LABEL_MAX * 2)];
        let (charset, _) = near.split_once('?')?;
        let after = inner.get(charset.len() + 1..)?;
        let base64 = match after.as_bytes() {
            [b'b' | b'B', b'?', ..] => true,
            [b'q' | b'Q', b'?', ..] => false,
            _ => return None,
        };
        let content = after.get(2..)?;
        // A word ends before the next begins; so no octet is looked at twice.
        let end = content.char_indices().find_map(|(at, c)| match c {
            '?' if content[at + 1..].starts_with('=') => Some(Some(at)),
            '=' if content[at + 1..].starts_with('?') && !content[at + 1..].starts_with("?=") => Some(None),
            _ => None,
        })??;
        let charset =
            charset.split('*').next().map(str::trim).filter(|label| !label.is_empty() && !label.contains(' '))?;
        let length = text.len() - content.len() + end + 2;
        Some(Self { charset, base64, text: &content[..end], length })
    }

    fn octets(&self) -> Vec<u8> {
        if self.base64 {
            return transfer::decode_base64(self.text.as_bytes()).content;
        }
        // RFC 2047 §4.2: quoted-printable with `_` for the space; blanks have no business here, yet occur.
        let text = self.text.replace(['_', ' '], "=20");
        transfer::decode_quoted_printable(text.as_bytes()).content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encoded_words_become_text() {
        for (body, wanted) in [
            ("plain", "plain"),
            (" folded\r\n text ", "folded text"),
            ("=?utf-8?q?caf=C3=A9?=", "café"),
            ("=?UTF-8?B?Y2Fmw6k=?= au lait", "café au lait"),
            ("=?iso-8859-1?q?Keld_J=F8rn?= <k@dkuug.dk>", "Keld Jørn <k@dkuug.dk>"),
            ("=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
            ("=?utf-8?b?w6Q=?==?utf-8?b?w7w=?=", "äü"),
            ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
            ("=?utf-8*fr?q?caf=C3=A9?=", "café"),
            ("=?utf-8?q?a b?=", "a b"),
            ("=?utf-8?q?a?b?=", "a?b"),
            ("=?utf-8?q??=", ""),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("=?nobody-knows?q?caf=C3=A9?=", "café"),
            ("=?utf-8 ?q?caf=C3=A9?=", "café"),
            ("=?iso-2022-jp?b?GyRCRnw=?= =?iso-2022-jp?b?S1wbKEI=?=", "日本"),
            ("=?", "=?"),
            ("", ""),
        ] {
            assert_eq!(decode(body.as_bytes()), wanted, "{body}");
        }
        assert_eq!(decode(b"caf\xe9"), "café");
        assert_eq!(decode(b"=?iso-8859-2?q?\xb1?= =?iso-8859-2?q?=B1?= \xa3"), "ąą £");
        assert_eq!(decode(b"=?utf-8?q?\xc3?= =?utf-8?q?\xb6?= \xe9"), "ö é");
        assert_eq!(decode(b"=?utf-8?b?w6Q=?= =?utf-8?x?\xe9"), "ä =?utf-8?x?é");
        assert_eq!(decode_charset("koi8-r", b"\xd0\xd2\xc9").as_deref(), Some("при"));
        assert_eq!(decode_charset("us-ascii", "é".as_bytes()).as_deref(), Some("é"));
        assert_eq!(decode_charset("UTF-8", b"a\xff").as_deref(), Some("a\u{fffd}"));
        assert_eq!(decode_charset("klingon", b"a"), None);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), label in "[a-z0-9-]{0,9}") {
            decode(&octets);
            decode_charset(&label, &octets);
        }

        #[test]
        fn no_soup_of_delimiters_makes_the_reader_panic(text in "[=?qb a*_é]{0,40}") {
            decode_words(&text);
        }
    }
}
