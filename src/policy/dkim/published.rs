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
    })
}
