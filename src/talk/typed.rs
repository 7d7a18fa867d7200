//! Secrets that were typed: a server that repeats them is not repeated.
//!
//! What of a line is a secret its protocol's follower says; here it is taken apart into what could come back: words, what
//! they decode to, and the parts of that. Pure. RFC 4616 §2, RFC 7628 §3.1, RFC 9051 §6.2.3, RFC 1939 §7.

use crate::sasl::base64;
use crate::secret::Secret;
use zeroize::Zeroizing;

/// Words of one line that are looked at.
const WORDS_MAX: usize = 8;

/// What could come back of a line of which the last octets are secret.
pub(super) fn secrets(line: &[u8], hidden: u64) -> Vec<Secret> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let from = line.len().saturating_sub(usize::try_from(hidden).unwrap_or(usize::MAX));
    let Ok(text) = std::str::from_utf8(&line[from..]) else { return Vec::new() };
    let words: Vec<&str> = text.split_ascii_whitespace().take(WORDS_MAX).collect();
    let mut found = vec![text.trim().to_owned()];
    // Of two, the first is who logs in.
    for word in &words[usize::from(words.len() > 1)..] {
        let word = word.trim_matches('"');
        found.push(word.to_owned());
        let Ok(decoded) = base64::decode(word.as_bytes()) else { continue };
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

    fn found(line: &str, keep: usize) -> Vec<String> {
        let hidden = line.trim_end().len() - keep;
        secrets(line.as_bytes(), hidden as u64).iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn what_could_come_back_is_known() {
        let plain = base64::encode(b"\0bob\0hunter2").to_string();
        let bearer = base64::encode(b"user=bob\x01auth=Bearer hunter2\x01\x01").to_string();
        for (line, keep) in [
            ("PASS hunter2\r\n".to_owned(), 5),
            ("a LOGIN bob \"hunter2\"\r\n".to_owned(), 8),
            ("hunter2\n".to_owned(), 0),
            (format!("AUTH PLAIN {plain}\r\n"), 11),
            (format!("a AUTHENTICATE XOAUTH2 {bearer}\r\n"), 23),
        ] {
            assert!(found(&line, keep).contains(&"hunter2".to_owned()), "{line}");
            assert!(!found(&line, keep).contains(&"bob".to_owned()), "{line}");
        }
        assert!(secrets(b"PASS \xff\r\n", 1).is_empty() && secrets(b"", 7).is_empty());
    }
}
