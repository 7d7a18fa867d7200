//! Secrets that were said: a server that repeats them is not repeated.
//!
//! What of a line is a secret its protocol's follower says; here it is taken apart into what could come back: words, what
//! they decode to, and the parts of that. Pure. RFC 4616 §2, RFC 7628 §3.1, RFC 9051 §6.2.3, RFC 1939 §7.

use super::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Words of one line that are looked at.
const WORDS_MAX: usize = 8;

/// Listens to a client, line by line.
#[derive(Debug, Default)]
pub struct Said {
    /// What comes next is who logs in (draft-murchison-sasl-login).
    is_name_next: bool,
}

impl Said {
    /// What could come back of a line of which the last octets are secret.
    pub fn line(&mut self, line: &[u8], hidden: u64) -> Vec<Secret> {
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
}

fn secrets(line: &[u8], from: usize) -> Vec<Secret> {
    let Ok(text) = std::str::from_utf8(&line[from..]) else { return Vec::new() };
    let words: Vec<&str> = text.split_ascii_whitespace().take(WORDS_MAX).collect();
    let mut found = vec![text.trim().to_owned()];
    // Who forgot the blank has said one word, and that is what a server does not know.
    let glued = line[..from].iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
    let is_glued = glued < from && !text.starts_with(|c: char| c.is_ascii_whitespace());
    if let (true, Ok(seen)) = (is_glued, std::str::from_utf8(&line[glued..from])) {
        found.push(format!("{seen}{}", words.first().unwrap_or(&"")));
    }
    // Of two, the first is who logs in.
    for word in &words[usize::from(words.len() > 1 && !is_glued)..] {
        let word = word.trim_matches('"');
        found.push(word.to_owned());
        // RFC 9051 §4.3: what a quoted string means.
        found.extend(word.contains('\\').then(|| word.replace("\\\"", "\"").replace("\\\\", "\\")));
        let Ok(decoded) = STANDARD.decode(word).map(Zeroizing::new) else { continue };
        let Ok(decoded) = std::str::from_utf8(&decoded).map(|text| Zeroizing::new(text.to_owned())) else { continue };
        let parts: Vec<&str> = decoded.split(['\0', '\u{1}', ' ']).filter(|part| !part.is_empty()).collect();
        found.extend(parts[usize::from(parts.len() > 1)..].iter().map(|part| (*part).to_owned()));
    }
    found.retain(|text| !text.is_empty());
    found.into_iter().map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(said: &mut Said, line: &str, keep: usize) -> Vec<String> {
        let hidden = line.trim_end().len() - keep;
        said.line(line.as_bytes(), hidden as u64).iter().map(|secret| secret.expose().to_owned()).collect()
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
        assert!(said.line(b"PASS \xff\r\n", 1).is_empty() && said.line(b"", 7).is_empty());
    }

    #[test]
    fn a_name_is_no_secret() {
        for ask in ["AUTH LOGIN\r\n", "a authenticate login\r\n", "AUTHENTICATE \"LOGIN\"\r\n"] {
            let mut said = Said::default();
            assert!(said.line(ask.as_bytes(), 0).is_empty());
            assert!(said.line(b"Ym9iYnk=\r\n", 8).is_empty());
            assert!(found(&mut said, "aHVudGVyMg==\r\n", 0).contains(&"hunter2".to_owned()));
        }
        let mut said = Said::default();
        assert!(said.line(b"AUTH PLAIN\r\n", 0).is_empty());
        assert!(found(&mut said, "aHVudGVyMg==\r\n", 0).contains(&"hunter2".to_owned()));
    }
}
