//! Secrets that were said: a server that repeats them is not repeated.
//!
//! What of a line is a secret its protocol's follower says; here it is taken apart into what could come back: words, what
//! they decode to, and the parts of that. Pure. RFC 4616 §2, RFC 7628 §3.1, RFC 9051 §6.2.3, RFC 1939 §7.

use super::{Octets, VEILED_MIN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Words of one line that are looked at.
const WORDS_MAX: usize = 8;
/// Parts of one line that are looked for in what comes back; those first that are most of it.
const PARTS_MAX: usize = 12;

/// Listens to a client, line by line.
#[derive(Debug, Default)]
pub struct Said {
    /// What comes next is who logs in (draft-murchison-sasl-login).
    is_name_next: bool,
}

impl Said {
    /// What could come back of a line of which the last octets are secret.
    pub fn line(&mut self, line: &[u8], hidden: u64) -> Vec<Octets> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let from = line.len().saturating_sub(usize::try_from(hidden).unwrap_or(usize::MAX));
        if hidden == 0 {
            let word = line.trim_ascii_end().rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
            let is_login = [&b"LOGIN"[..], b"\"LOGIN\""].iter().any(|name| word.eq_ignore_ascii_case(name));
            self.is_name_next = is_login && word.len() < line.len();
            return Vec::new();
        }
        let is_name = std::mem::take(&mut self.is_name_next) && from == 0;
        if is_name { Vec::new() } else { secrets(line, from) }
    }

    /// The server has ended what it was asked: whatever comes next is no name that it waits for.
    pub fn answered(&mut self) {
        self.is_name_next = false;
    }
}

/// A word of a line.
struct Word<'a> {
    /// As it stands there.
    typed: &'a [u8],
    /// What it means (RFC 9051 §4.3).
    meant: Octets,
}

fn secrets(line: &[u8], from: usize) -> Vec<Octets> {
    let text = &line[from..];
    let words = words(text);
    let mut found = vec![text.trim_ascii().to_vec().into()];
    // A quote that nobody ends may be none.
    if let Some(open) = text.trim_ascii().strip_prefix(b"\"").filter(|_| quoted(text.trim_ascii()).is_none()) {
        found.push(open.to_vec().into());
    }
    // Who forgot the blank has said one word, and that is what a server does not know.
    let glued = line[..from].iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
    let is_glued = glued < from && !text.first().is_some_and(u8::is_ascii_whitespace);
    if is_glued {
        found.push([&line[glued..from], words.first().map_or(&b""[..], |word| word.typed)].concat().into());
    }
    // Of two, the first is who logs in.
    let words = &words[usize::from(words.len() > 1 && !is_glued)..];
    for word in words {
        found.push(word.meant.clone());
        let inside = word.typed.strip_prefix(b"\"").unwrap_or(word.typed);
        found.push(inside.strip_suffix(b"\"").unwrap_or(inside).to_vec().into());
    }
    for word in words {
        found.extend(STANDARD.decode(&*word.meant).into_iter().flat_map(|decoded| parts(&Zeroizing::new(decoded))));
    }
    // Who knows no UTF-8 may take it for Latin-1.
    for at in 0..found.len() {
        if std::str::from_utf8(&found[at]).is_err() {
            let text: String = found[at].iter().copied().map(char::from).collect();
            found.push(text.into_bytes().into());
        }
    }
    let mut kept: Vec<Octets> = Vec::new();
    for octets in found {
        if kept.len() < PARTS_MAX && !octets.is_empty() && !kept.contains(&octets) {
            kept.push(octets);
        }
    }
    kept
}

/// The parts of what was in base64, but for who logs in: those that SASL knows, and the words of these.
fn parts(decoded: &[u8]) -> Vec<Octets> {
    let parts: Vec<&[u8]> =
        decoded.split(|octet| *octet <= 1).filter(|part| !part.is_empty()).take(WORDS_MAX).collect();
    let words: Vec<&[u8]> =
        parts.iter().flat_map(|part| part.split(|octet| *octet == b' ')).filter(|word| !word.is_empty()).collect();
    let parts = &parts[usize::from(parts.len() > 1)..];
    let words = &words[usize::from(words.len() > 1)..];
    // Whatever looks like base64 has a meaning; what is hardly anything and no text is none.
    let is_one = |part: &&&[u8]| part.len() >= VEILED_MIN || std::str::from_utf8(part).is_ok();
    parts.iter().chain(words).filter(is_one).map(|part| part.to_vec().into()).collect()
}

/// The first words: what stands between quotes is one.
fn words(text: &[u8]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() && words.len() < WORDS_MAX {
        let blank = || rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (end, meant) = quoted(rest).unwrap_or_else(|| {
            let typed = &rest[..blank()];
            let trimmed = typed.strip_prefix(b"\"").unwrap_or(typed);
            (typed.len(), trimmed.strip_suffix(b"\"").unwrap_or(trimmed).to_vec().into())
        });
        words.push(Word { typed: &rest[..end], meant });
        rest = rest[end..].trim_ascii_start();
    }
    words
}

/// Where the quoted string ends that stands at the start, if it ends, and what it means.
fn quoted(text: &[u8]) -> Option<(usize, Octets)> {
    let mut octets = text.iter().enumerate();
    octets.next().filter(|(_, quote)| **quote == b'"')?;
    let mut meant = Octets::new(Vec::with_capacity(text.len()));
    while let Some((at, octet)) = octets.next() {
        match octet {
            b'"' => return Some((at + 1, meant)),
            b'\\' => meant.push(*octets.next()?.1),
            octet => meant.push(*octet),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(said: &mut Said, line: &str, keep: usize) -> Vec<String> {
        let hidden = line.trim_end().len() - keep;
        said.line(line.as_bytes(), hidden as u64)
            .iter()
            .map(|secret| String::from_utf8_lossy(secret).into_owned())
            .collect()
    }

    #[test]
    fn what_could_come_back_is_known() {
        let plain = STANDARD.encode(b"\0bob\0hunter2");
        let bearer = STANDARD.encode(b"user=bob\x01auth=Bearer hunter2\x01\x01");
        for (line, keep) in [
            ("PASS hunter2\r\n".to_owned(), 5),
            ("PASShunter2\r\n".to_owned(), 4),
            ("PASShunter2 x\r\n".to_owned(), 4),
            ("a LOGIN bob \"hunter2\"\r\n".to_owned(), 8),
            ("hunter2\n".to_owned(), 0),
            (format!("AUTH PLAIN {plain}\r\n"), 11),
            (format!("a AUTHENTICATE XOAUTH2 {bearer}\r\n"), 23),
        ] {
            let found = found(&mut Said::default(), &line, keep);
            assert!(found.contains(&"hunter2".to_owned()), "{line}");
            assert!(!found.contains(&"bob".to_owned()), "{line}");
            assert_eq!(found.contains(&"PASShunter2".to_owned()), keep == 4, "{line}");
        }
        let mut said = Said::default();
        assert!(found(&mut said, "a LOGIN b \"hun\\\"ter2\"\r\n", 10).contains(&"hun\"ter2".to_owned()));
        assert!(said.line(b"", 7).is_empty());
        let octets: Vec<Vec<u8>> = said.line(b"PASS p\xe4ss\r\n", 5).iter().map(|found| found.to_vec()).collect();
        assert_eq!(octets, [b"p\xe4ss".to_vec(), "p\u{e4}ss".into()]);
    }

    #[test]
    fn what_stands_between_quotes_is_one_secret() {
        for (text, wanted) in [
            (r#""correct horse""#, &[r#""correct horse""#, "correct horse"][..]),
            (r#""a \"b\\ c""#, &[r#""a \"b\\ c""#, r#"a "b\ c"#, r#"a \"b\\ c"#]),
            (r#""bob b" "correct horse""#, &[r#""bob b" "correct horse""#, "correct horse"]),
            // One that has no end is words, as is what stands behind another's end.
            (r#""correct horse"#, &[r#""correct horse"#, "correct horse", "horse"]),
            (r#""bob"horse"#, &[r#""bob"horse"#, "horse"]),
            (r#""\"#, &[r#""\"#, r"\"]),
        ] {
            assert_eq!(found(&mut Said::default(), text, 0), wanted, "{text}");
        }
        // Of a password that was encoded alone no part is shown.
        let encoded = STANDARD.encode("correct horse");
        assert!(found(&mut Said::default(), &encoded, 0).contains(&"correct horse".to_owned()));
    }

    #[test]
    fn a_line_has_so_many_parts_and_each_is_there_once() {
        let parts: String = (0..1000).map(|part| format!("\0a{part} b{part}")).collect();
        let plain = STANDARD.encode(format!("\0bob{parts}"));
        let line = format!("{plain} {plain} {plain} same same same");
        let found = found(&mut Said::default(), &line, 0);
        assert!(found.len() == PARTS_MAX && found.contains(&"same".to_owned()), "{found:?}");
        assert_eq!(self::found(&mut Said::default(), "x same same same", 0), ["x same same same", "same"]);
    }

    #[test]
    fn a_name_is_no_secret() {
        for ask in ["AUTH LOGIN\r\n", "a authenticate login\r\n", "AUTHENTICATE \"LOGIN\"\r\n"] {
            let mut said = Said::default();
            assert!(said.line(ask.as_bytes(), 0).is_empty());
            assert!(said.line(b"Ym9iYnk=\r\n", 8).is_empty());
            assert!(found(&mut said, "aHVudGVyMg==\r\n", 0).contains(&"hunter2".to_owned()));
            // Refused, nobody is asked for a name.
            assert!(said.line(ask.as_bytes(), 0).is_empty());
            said.answered();
            assert!(found(&mut said, "aHVudGVyMg==\r\n", 0).contains(&"hunter2".to_owned()));
        }
        let mut said = Said::default();
        assert!(said.line(b"AUTH PLAIN\r\n", 0).is_empty());
        assert!(found(&mut said, "aHVudGVyMg==\r\n", 0).contains(&"hunter2".to_owned()));
    }
}
