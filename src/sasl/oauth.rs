//! OAUTHBEARER and XOAUTH2: a token instead of a password, and what servers say when it is not good.
//!
//! Writes and reads the one message of each, and the JSON of a refusal. RFC 7628 §3; RFC 6750 §3.1; XOAUTH2 is
//! Google's, and never became a standard.

use super::{Credentials, Malformed, Mechanism};
use crate::secret::Secret;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Characters of a refusal that are worth repeating.
const WORDS_MAX: usize = 300;
/// Why a token is refused that nobody here knows (RFC 7628 §3.2.2).
pub(super) const REFUSAL: &[u8] = br#"{"status":"invalid_token"}"#;

/// The client's message.
pub(super) fn message(mechanism: Mechanism, user: &str, token: &Secret, host: &str, port: u16) -> Zeroizing<Vec<u8>> {
    let token = token.expose();
    let text = match mechanism {
        Mechanism::XOAuth2 => ["user=", user, "\x01auth=Bearer ", token, "\x01\x01"].concat(),
        _ => {
            let mut place = String::new();
            if !host.is_empty() && host.parse::<IpAddr>().is_err() {
                place = format!("host={host}\x01port={port}\x01");
            }
            ["n,a=", &super::scram::escaped(user), ",\x01", &place, "auth=Bearer ", token, "\x01\x01"].concat()
        }
    };
    Zeroizing::new(text.into_bytes())
}

/// What the client says to a refusal, so that the server can end the login (RFC 7628 §3.2.3).
pub(super) fn acknowledgement(mechanism: Mechanism) -> &'static [u8] {
    if mechanism == Mechanism::OAuthBearer { b"\x01" } else { b"" }
}

/// What the JSON of a refusal means, in a few words; nothing if it is no refusal.
pub(super) fn refusal(challenge: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(challenge);
    if text.trim().is_empty() {
        return None;
    }
    let said = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::Object(fields)) => {
            let word =
                |name: &str| fields.get(name).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
            let status = word("status").or_else(|| word("error")).unwrap_or_else(|| "no status".to_owned());
            let more = ["error_description", "scope", "schemes"].into_iter();
            let more = more.filter_map(|name| Some(format!(", {}: {}", name.replace('_', " "), word(name)?)));
            status + &more.collect::<String>()
        }
        _ => text.into_owned(),
    };
    let is_plain = |c: &char| !c.is_control();
    Some(said.chars().filter(is_plain).take(WORDS_MAX).collect())
}

/// Reads the client's message; the token comes back as the factor.
pub(super) fn read(mechanism: Mechanism, answer: &[u8]) -> Result<Credentials, Malformed> {
    let wrong = Malformed::NotThisMechanism;
    let text = std::str::from_utf8(answer).map_err(|_| wrong)?;
    let mut parts = text.strip_suffix("\x01\x01").ok_or(wrong)?.split('\x01');
    let first = parts.next().ok_or(wrong)?;
    let user = match mechanism {
        Mechanism::XOAuth2 => first.strip_prefix("user=").ok_or(wrong)?.to_owned(),
        _ => {
            // The name may be left out (RFC 7628 §3.1), but then nobody here knows whose token it is.
            let name = first.strip_prefix("n,a=").and_then(|rest| rest.strip_suffix(',')).ok_or(wrong)?;
            super::scram::unescaped(name).ok_or(wrong)?
        }
    };
    let token = parts.find_map(|part| part.strip_prefix("auth=")).ok_or(wrong)?;
    let (scheme, token) = token.split_once(' ').ok_or(wrong)?;
    let is_token = |octet: u8| octet.is_ascii_graphic();
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() || !token.bytes().all(is_token) {
        return Err(wrong);
    }
    if user.is_empty() || user.chars().any(char::is_control) {
        return Err(wrong);
    }
    Ok(Credentials::token(user, Secret::new(token.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(mechanism: Mechanism, user: &str, host: &str) -> String {
        let token = Secret::new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==".to_owned());
        String::from_utf8(message(mechanism, user, &token, host, 143).to_vec()).expect("UTF-8")
    }

    /// RFC 7628 §4.1, and the page on XOAUTH2.
    #[test]
    fn messages_are_those_of_the_standard() {
        assert_eq!(
            said(Mechanism::OAuthBearer, "user@example.com", "server.example.com"),
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer \
             vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
        assert_eq!(
            said(Mechanism::XOAuth2, "someuser@example.com", "x"),
            "user=someuser@example.com\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
        assert!(said(Mechanism::OAuthBearer, "a,b=c", "192.0.2.1").starts_with("n,a=a=2Cb=3Dc,\x01auth=Bearer "));
    }

    #[test]
    fn what_is_said_is_heard() {
        for mechanism in [Mechanism::XOAuth2, Mechanism::OAuthBearer] {
            for user in ["bob", "bob@x.example", "b=o,b"] {
                let found = read(mechanism, said(mechanism, user, "mx.example").as_bytes()).expect(user);
                assert_eq!(found.user, user);
            }
        }
        for bad in [
            "",
            "user=bob",
            "user=bob\x01auth=Basic x\x01\x01",
            "user=\x01auth=Bearer x\x01\x01",
            "user=bob\x01auth=Bearer \x01\x01",
            "user=bob\x01auth=Bearer a b\x01\x01",
            "bob\x01auth=Bearer x\x01\x01",
        ] {
            assert!(read(Mechanism::XOAuth2, bad.as_bytes()).is_err(), "{bad:?}");
        }
        for bad in
            ["n,,\x01auth=Bearer x\x01\x01", "y,a=bob,\x01auth=Bearer x\x01\x01", "n,a=b=2,\x01auth=Bearer x\x01\x01"]
        {
            assert!(read(Mechanism::OAuthBearer, bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refusals_are_put_in_words() {
        for (json, wanted) in [
            (r#"{"status":"invalid_token","scope":"mail","x":1}"#, Some("invalid_token, scope: mail")),
            (
                r#"{"status":"401","schemes":"bearer","scope":"https://mail"}"#,
                Some("401, scope: https://mail, schemes: bearer"),
            ),
            (r#"{"status":400}"#, Some("400")),
            (r#"{"error":"x","error_description":"gone\u001b[2J\r\n"}"#, Some("x, error description: gone[2J")),
            ("{}", Some("no status")),
            ("no \x1bJSON", Some("no JSON")),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(refusal(json.as_bytes()).as_deref(), wanted, "{json}");
        }
        assert_eq!(refusal(&[b'x'; 5000]).map(|said| said.len()), Some(WORDS_MAX));
    }
}
