//! The key a domain publishes under a selector, without a signature that was made with it.
//!
//! RFC 6376 §3.6; RFC 8301 §3; RFC 8463.

use super::key::{Key, NoKey};
use super::tags::Tags;
use crate::world::{LookupError, Record, RecordKind, Resolve};

/// Selectors that many domains use, for those who do not know theirs. What is not found by them may be there all the same.
pub const GUESSES: [&str; 16] = [
    "default",
    "dkim",
    "mail",
    "selector1",
    "selector2",
    "google",
    "k1",
    "k2",
    "k3",
    "s1",
    "s2",
    "mxvault",
    "fm1",
    "fm2",
    "protonmail",
    "key1",
];

/// What stands under a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The selector.
    pub selector: String,
    /// The names an alias led to: keys are often kept by whoever sends.
    pub aliases: Vec<String>,
    /// What there is.
    pub state: State,
}

/// What there is of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A key.
    Key(Facts),
    /// It was one, and is taken back.
    Revoked,
    /// What is published is no key.
    Broken(String),
    /// Several records, of which nobody knows which counts.
    Several(usize),
    /// Nothing.
    Nothing,
    /// DNS does not say now.
    Silent(String),
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `rsa` or `ed25519`.
    pub kind: &'static str,
    /// The length of an RSA modulus.
    pub bits: Option<usize>,
    /// `t=y`.
    pub is_testing: bool,
    /// `t=s`.
    pub is_strict: bool,
    /// Whether `h=` allows SHA-256.
    pub allows_sha256: bool,
    /// Whether `s=` allows mail.
    pub allows_mail: bool,
    /// `v=` is there and not the first: some verifiers pass that over, others the key.
    pub is_version_late: bool,
}

/// Asks for the key of a selector.
pub async fn published(dns: &dyn Resolve, selector: &str, domain: &str) -> Published {
    let selector = selector.to_owned();
    let answer = match dns.lookup(&format!("{selector}._domainkey.{domain}"), RecordKind::Txt).await {
        Ok(answer) => answer,
        Err(why) => {
            let state = match why {
                LookupError::Temporary(why) => State::Silent(why),
                LookupError::NoSuchName | LookupError::NoRecords => State::Nothing,
            };
            return Published { selector, aliases: Vec::new(), state };
        }
    };
    let texts: Vec<&[u8]> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Txt(text) => Some(&text[..]),
            _ => None,
        })
        .collect();
    let state = match texts.as_slice() {
        [] => State::Nothing,
        [one] => read(one),
        // RFC 6376 §3.6.2.2: then the result is undefined.
        several => State::Several(several.len()),
    };
    Published { selector, aliases: answer.aliases, state }
}

/// What a record says.
pub fn read(record: &[u8]) -> State {
    let key = match Key::parse(record) {
        Ok(key) => key,
        Err(NoKey::Revoked) => return State::Revoked,
        Err(NoKey::Broken(why)) => return State::Broken(why),
    };
    let tags = Tags::parse(record).unwrap_or_default();
    let allows = |tag: &str, what: &[&str]| {
        tags.list(tag).is_none_or(|list| list.iter().any(|element| what.contains(&element.as_str())))
    };
    State::Key(Facts {
        kind: if key.bits.is_some() { "rsa" } else { "ed25519" },
        bits: key.bits,
        is_testing: key.is_testing,
        is_strict: key.is_strict,
        allows_sha256: allows("h", &["sha256"]),
        allows_mail: allows("s", &["*", "email"]),
        is_version_late: tags.get("v").is_some() && tags.first() != Some("v"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const RSA: &str = "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx\
        /byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

    fn said(record: &str) -> String {
        match read(record.as_bytes()) {
            State::Key(facts) => {
                let flags = [facts.is_testing, facts.is_strict, !facts.allows_sha256, !facts.allows_mail];
                let words = ["testing", "strict", "hash", "service"];
                let said = words.iter().zip(flags).filter(|(_, is)| *is).map(|(word, _)| format!(" {word}"));
                let bits = facts.bits.map(|bits| format!(" {bits}")).unwrap_or_default();
                format!("{}{bits}{}", facts.kind, said.collect::<String>())
            }
            State::Revoked => "revoked".into(),
            State::Broken(why) => why,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_tag_of_a_key_is_told() {
        for (record, wanted) in [
            // RFC 6376 §3.6.1: v= first, if there at all.
            (format!("v=DKIM1; {RSA}"), "rsa 1024"),
            (RSA.to_owned(), "rsa 1024"),
            (format!("v=DKIM2; {RSA}"), "it has another version than DKIM1"),
            // k=
            (format!("k=rsa; {RSA}"), "rsa 1024"),
            (format!("k=ed25519; {ED25519}"), "ed25519"),
            (format!("k=RSA; {RSA}"), "rsa 1024"),
            (format!("k=rsa; {ED25519}"), "it is not an RSA key"),
            (format!("k=ed25519; {RSA}"), "it is not an Ed25519 key"),
            (format!("k=dsa; {RSA}"), "its type is unknown"),
            // t=
            (format!("{RSA}; t=y"), "rsa 1024 testing"),
            (format!("{RSA}; t=s : y"), "rsa 1024 testing strict"),
            (format!("{RSA}; t=x"), "rsa 1024"),
            // h= and s=
            (format!("{RSA}; h=sha256"), "rsa 1024"),
            (format!("{RSA}; h=sha1"), "rsa 1024 hash"),
            (format!("{RSA}; h=sha1:sha256"), "rsa 1024"),
            (format!("{RSA}; s=email"), "rsa 1024"),
            (format!("{RSA}; s=*"), "rsa 1024"),
            (format!("{RSA}; s=tlsrpt"), "rsa 1024 service"),
            (format!("{RSA}; n=a note; zz=more"), "rsa 1024"),
            // p=
            ("v=DKIM1; p=".to_owned(), "revoked"),
            ("v=DKIM1; k=rsa; p= ;".to_owned(), "revoked"),
            ("v=DKIM1".to_owned(), "there is no key in it"),
            ("v=DKIM1; p=%%%".to_owned(), "there is no key in it"),
            (format!("{RSA}; {RSA}"), "the tag p= stands there twice"),
        ] {
            assert_eq!(said(&record), wanted, "{record}");
        }
    }
}
