//! Secrets where no grammar has them: somebody forgot a tag, a blank, a quote, or which protocol this is.
//!
//! For those who show what was said. They lean to hiding: of a line that looks like a login and is none, nothing is shown
//! behind the word that makes it look so. Pure.

use super::base64;

/// Words behind which a secret stands in some protocol of mail: RFC 4954 §4, RFC 9051 §6.2.2 and §6.2.3, RFC 1939 §7. The
/// longer ones stand first.
const WORDS: [&str; 5] = ["AUTHENTICATE", "AUTH", "LOGIN", "PASS", "APOP"];

/// The names that are registered for SASL (RFC 4422 §6.2), and those that everybody speaks without.
const NAMES: [&str; 33] = [
    "9798-M-DSA-SHA1",
    "9798-M-ECDSA-SHA1",
    "9798-M-RSA-SHA1-ENC",
    "9798-U-DSA-SHA1",
    "9798-U-ECDSA-SHA1",
    "9798-U-RSA-SHA1-ENC",
    "ANONYMOUS",
    "CRAM-MD5",
    "DIGEST-MD5",
    "EAP-AES128",
    "EAP-AES128-PLUS",
    "ECDH-X25519-CHALLENGE",
    "ECDSA-NIST256P-CHALLENGE",
    "EXTERNAL",
    "GS2-KRB5",
    "GS2-KRB5-PLUS",
    "GSS-SPNEGO",
    "GSSAPI",
    "KERBEROS_V4",
    "KERBEROS_V5",
    "LOGIN",
    "NMAS-SAMBA-AUTH",
    "NTLM",
    "OAUTH10A",
    "OAUTHBEARER",
    "OPENID20",
    "OTP",
    "PLAIN",
    "SAML20",
    "SECURID",
    "SKEY",
    "SRP",
    "XOAUTH2",
];

/// Fewer letters are the beginning of too many words.
const PREFIX_MIN: usize = 3;

/// Words at the start of a line that are looked at: a tag may stand in front of a command, and UID behind it.
const WORDS_MAX: usize = 3;

/// Behind which octets of a line something is secret, if it looks like a login: one of its first words begins or ends as
/// one, or is the beginning of one; or if a message of PLAIN stands in it.
pub fn slip(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..WORDS_MAX {
        at += blanks(&line[at..]);
        if let Some(keep) = behind_word(line, at).or_else(|| behind_typo(line, at)) {
            return Some(keep);
        }
        at += length(&line[at..]);
    }
    plain(line)
}

/// The same, if the first word is all there is of it: such a word is no tag.
pub fn slip_at_start(line: &[u8]) -> Option<usize> {
    let first = blanks(line);
    let word = &line[first..first + length(&line[first..])];
    let is_login = WORDS.iter().any(|login| word.eq_ignore_ascii_case(login.as_bytes()));
    is_login.then(|| behind_word(line, first)).flatten()
}

/// Whether this may be shown as the name of a mechanism, with or without quotes: a password that stands in its place, or
/// right behind it, may not.
pub fn is_mechanism(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    // RFC 5802 §4: SCRAM is a family, and names a hash function.
    let bare = name.strip_suffix(b"-PLUS").or_else(|| name.strip_suffix(b"-plus")).unwrap_or(name);
    let is_scram = ["SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA3-512"]
        .iter()
        .any(|hash| bare.eq_ignore_ascii_case(format!("SCRAM-{hash}").as_bytes()));
    NAMES.into_iter().any(is) || is_scram
}

/// Where the secret begins behind a word that begins at `at` as one of a login.
fn behind_word(line: &[u8], at: usize) -> Option<usize> {
    let begins = |word: &&&str| line[at..].get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word.as_bytes()));
    let end = at + WORDS.iter().find(begins)?.len();
    Some(end + blanks(&line[end..]))
}

/// The same behind a word that lacks its last letters, or has others in front, as where a blank was forgotten behind a tag.
/// There has to be something behind it: most such words are none.
fn behind_typo(line: &[u8], at: usize) -> Option<usize> {
    let word = &line[at..at + length(&line[at..])];
    let begins = |login: &str| login.as_bytes().get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let ends = |login: &str| {
        let before = word.len().checked_sub(login.len());
        before.is_some_and(|before| word[before..].eq_ignore_ascii_case(login.as_bytes()))
    };
    let is_typo = word.len() >= PREFIX_MIN
        && (WORDS.iter().any(|login| begins(login) || ends(login)) || word.eq_ignore_ascii_case(b"LOGON"));
    let end = at + word.len();
    let keep = end + blanks(&line[end..]);
    (is_typo && keep > end && length(&line[keep..]) > 0).then_some(keep)
}

/// Where a message of PLAIN begins (RFC 4616 §2): base64 of two names and a password, or of one, with NUL between them.
fn plain(line: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < line.len() {
        let letters = line[at..].iter().take_while(|octet| is_base64(**octet)).count();
        // RFC 4648 §3.2: at most two pads, at the end.
        let pads = line[at + letters..].iter().take(2).take_while(|octet| **octet == b'=').count();
        let end = at + letters + pads;
        if letters >= PLAIN_MIN - 2 && is_plain(&line[at..end]) {
            return Some(at);
        }
        at = end.max(at + 1);
    }
    None
}

/// Two NUL, a name and a password of an octet each, with two pads.
const PLAIN_MIN: usize = 8;

fn is_base64(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')
}

fn is_plain(text: &[u8]) -> bool {
    let Ok(octets) = base64::decode(text) else { return false };
    let mut parts = octets.split(|octet| *octet == 0);
    let (Some(_), Some(name), Some(password), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    !name.is_empty() && !password.is_empty()
}

/// How many blanks there are, of those that do not end a line.
fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|octet| octet.is_ascii_whitespace() && !matches!(octet, b'\r' | b'\n')).count()
}

fn length(line: &[u8]) -> usize {
    line.iter().take_while(|octet| !octet.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_login_hides_what_is_behind() {
        for (line, seen) in [
            ("LOGIN bob pw\r\n", Some("LOGIN ")),
            ("PASSpw\r\n", Some("PASS")),
            (" \tpass  pw", Some(" \tpass  ")),
            ("a1 loginbob pw\r\n", Some("a1 login")),
            ("a1\tAUTHENTICATE\tPLAIN x\r\n", Some("a1\tAUTHENTICATE\t")),
            ("AUTH=PLAIN x\r\n", Some("AUTH")),
            ("Authenticate\r\n", Some("Authenticate")),
            ("apop:bob x\n", Some("apop")),
            ("a uid LOGIN x\r\n", Some("a uid LOGIN ")),
            ("a b c LOGIN x\r\n", None),
            ("NOOP\r\n", None),
            ("\r\nPASS x", None),
            ("", None),
            ("pas pw", Some("pas ")),
            ("a LOGI bob pw", Some("a LOGI ")),
            ("a LOGON bob pw", Some("a LOGON ")),
            ("a1LOGIN bob pw\r\n", Some("a1LOGIN ")),
            ("a1LOGIN\r\n", None),
            ("LOGOUT\r\n", None),
            ("PA pw", None),
            ("authz x", Some("auth")),
            ("XYZ AGJvYgBodW50ZXIy\r\n", Some("XYZ ")),
            ("AGJvYgBodW50ZXIy", Some("")),
            ("a b c d=AGJvYgBodW50ZXIy", Some("a b c d=")),
            ("a b c d:\"AGEAYg==\"", Some("a b c d:\"")),
            ("XYZ AGJvYgBodW50ZXI\r\n", None),
            ("XYZ aHVudGVyMg==\r\n", None),
        ] {
            assert_eq!(slip(line.as_bytes()).map(|keep| &line[..keep]), seen, "{line}");
        }
        for (line, seen) in [
            ("PASS noop\r\n", Some("PASS ")),
            ("login1 NOOP\r\n", None),
            ("a LOGIN x\r\n", None),
            (" login\tx", Some(" login\t")),
            ("", None),
        ] {
            assert_eq!(slip_at_start(line.as_bytes()).map(|keep| &line[..keep]), seen, "{line}");
        }
    }

    #[test]
    fn a_password_is_no_mechanism() {
        for name in ["PLAIN", "plain", "\"LOGIN\"", "SCRAM-SHA-256", "scram-sha-1-plus", "SCRAM-SHA3-512-PLUS"] {
            assert!(is_mechanism(name.as_bytes()), "{name}");
        }
        for name in ["", "PLAINdGVzdA==", "\"PLAIN\"x", "hunter2", "SCRAM-hunter2", "\"", "PLAIN-PLUS"] {
            assert!(!is_mechanism(name.as_bytes()), "{name}");
        }
    }
}
