//! Whom an account may write to, and when it asks first: a fence for scripts and for tired people.
//!
//! Rules are read from the configuration; whether they are kept is decided here and nothing is done about it. A
//! domain is compared in its ASCII form, so that `exämple.org` and `xn--exmple-cua.org` are one. Case never
//! distinguishes two recipients: RFC 5321 §2.4 would allow it for local-parts, but a fence with a gap of that kind
//! would surprise everybody. Pure.

use crate::address::{Address, Domain};
use crate::envelope::ForwardPath;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;

/// What an account says about its recipients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// Who may be written to; `None` for everybody.
    pub allow: Option<Vec<Pattern>>,
    /// How many at once.
    pub max: Option<usize>,
    /// When to ask first.
    pub confirm: Confirm,
}

/// When a message is only sent after a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// Each time.
    Always,
    /// If a recipient is outside of the sender's own domain.
    External,
    /// Not at all.
    #[default]
    Never,
}

/// Addresses, with `*` for any characters and `?` for one: `*@example.org`, `ops-?@*.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    local: String,
    domain: String,
}

/// Why a message is not for this account to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// More recipients than the account may write to at once.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Nobody allows these.
    NotAllowed(Vec<ForwardPath>),
}

/// A pattern that no address could match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pattern of addresses: write *@example.org")]
pub struct NoPattern(String);

impl Guard {
    /// What the rules say against these recipients.
    pub fn check(&self, recipients: &[ForwardPath]) -> Result<(), Violation> {
        if let Some(max) = self.max.filter(|max| recipients.len() > *max) {
            return Err(Violation::TooMany { count: recipients.len(), max });
        }
        let Some(allow) = &self.allow else { return Ok(()) };
        let is_allowed = |path: &&ForwardPath| {
            path.address().is_some_and(|address| allow.iter().any(|pattern| pattern.matches(address)))
        };
        let refused: Vec<ForwardPath> = recipients.iter().filter(|path| !is_allowed(path)).cloned().collect();
        if refused.is_empty() { Ok(()) } else { Err(Violation::NotAllowed(refused)) }
    }

    /// Whether somebody has to say yes; `own` is the sender's domain.
    pub fn asks(&self, recipients: &[ForwardPath], own: Option<&Domain>) -> bool {
        let is_own = |path: &ForwardPath| {
            let domain = path.address().map(Address::domain);
            own.zip(domain).is_some_and(|(own, domain)| own.is_same(domain))
        };
        match self.confirm {
            Confirm::Always => true,
            Confirm::External => !recipients.iter().all(is_own),
            Confirm::Never => false,
        }
    }
}

impl Pattern {
    /// Whether the address is one of those that are meant.
    pub fn matches(&self, address: &Address) -> bool {
        let domain = address.domain().to_ascii().to_string().to_lowercase();
        is_like(&self.local, &address.local_part().to_lowercase()) && is_like(&self.domain, &domain)
    }
}

impl FromStr for Pattern {
    type Err = NoPattern;

    /// A pattern without `@` means a whole domain.
    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let (local, domain) = text.rsplit_once('@').unwrap_or(("*", text));
        let wrong = || NoPattern(text.to_owned());
        if local.is_empty() || domain.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(wrong());
        }
        let domain = match domain.contains(['*', '?']) {
            false => Domain::parse(domain).map_err(|_| wrong())?.to_ascii().to_string(),
            // Labels that are written out may be beyond ASCII beside those that are not.
            true => domain.split('.').map(label).collect::<Option<Vec<_>>>().ok_or_else(wrong)?.join("."),
        };
        Ok(Self { local: local.to_lowercase(), domain: domain.to_lowercase() })
    }
}

fn label(label: &str) -> Option<String> {
    match label.contains(['*', '?']) {
        true => label.is_ascii().then(|| label.to_owned()),
        false => Some(Domain::parse(label).ok()?.to_ascii().to_string()),
    }
}

/// `*` for any characters, `?` for one. The last star gives way first, so the work is at most length times length.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, from)) = star else { return false };
                star = Some((star_at, from + 1));
                at = star_at + 1;
                read = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { count, max } => {
                write!(f, "{count} recipients are more than the account may write to at once: {max}")
            }
            Self::NotAllowed(paths) => {
                let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
                write!(f, "the account may not write to {}", names.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ForwardPath {
        ForwardPath::parse(&format!("<{text}>")).expect(text)
    }

    #[test]
    fn patterns_match_whole_addresses_without_regard_to_case_or_label_form() {
        for (pattern, address, wanted) in [
            ("*@example.org", "bob@example.org", true),
            ("*@example.org", "Bob@EXAMPLE.org", true),
            ("*@example.org", "bob@mail.example.org", false),
            ("*@example.org", "bob@example.org.evil.example", false),
            ("*@example.org", "bob@notexample.org", false),
            ("example.org", "bob@example.org", true),
            ("example.org", "bob@mail.example.org", false),
            ("*@*.example.org", "bob@a.b.example.org", true),
            ("*@*.example.org", "bob@example.org", false),
            ("ops-?@example.org", "ops-1@example.org", true),
            ("ops-?@example.org", "ops-12@example.org", false),
            ("BOB@example.org", "bob@example.org", true),
            ("bob@example.org", "bobby@example.org", false),
            ("*@exämple.org", "bob@xn--exmple-cua.org", true),
            ("*@xn--exmple-cua.org", "bob@exämple.org", true),
            ("*@*.exämple.org", "bob@mail.xn--exmple-cua.org", true),
            ("jürgen@example.org", "JÜRGEN@example.org", true),
            ("*@[192.0.2.1]", "bob@[192.0.2.1]", true),
            ("*@example.org", "\"x@example.org\"@evil.example", false),
            ("*a*b*@example.org", "xaxxbx@example.org", true),
            ("*a*b*@example.org", "xbxxax@example.org", false),
            ("*", "bob@example.org", true),
        ] {
            let address = Address::parse(address).expect(address);
            assert_eq!(pattern.parse::<Pattern>().expect(pattern).matches(&address), wanted, "{pattern} {address}");
        }
        for bad in ["", "@", "bob@", "@example.org", "a b@example.org", "*@exa mple.org", "bob@-..", "bob@ä*.org"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_refused_recipient_is_named() {
        let patterns = || vec!["*@example.org".parse().expect("a pattern")];
        let guard = Guard { allow: Some(patterns()), max: Some(3), confirm: Confirm::Never };
        let (bob, eve, mallory) = (path("bob@example.org"), path("eve@evil.example"), path("m@evil.example"));
        assert_eq!(guard.check(&[bob.clone(), bob.clone()]), Ok(()));
        let refused = guard.check(&[eve.clone(), bob.clone(), mallory.clone()]).expect_err("two are not allowed");
        assert_eq!(refused.to_string(), "the account may not write to eve@evil.example, m@evil.example");
        assert_eq!(refused, Violation::NotAllowed(vec![eve, mallory]));
        assert_eq!(guard.check(&[bob.clone(), bob.clone(), bob.clone(), bob.clone()]), {
            Err(Violation::TooMany { count: 4, max: 3 })
        });
        assert!(guard.check(&[ForwardPath::Postmaster]).is_err());
        let nobody = Guard { allow: Some(Vec::new()), ..Guard::default() };
        assert!(nobody.check(std::slice::from_ref(&bob)).is_err());
        assert_eq!(Guard::default().check(&[bob]), Ok(()));
    }

    #[test]
    fn strangers_are_those_outside_of_the_sender_s_domain() {
        let own = Domain::parse("EXAMPLE.org").expect("a domain");
        let (bob, eve) = (path("bob@example.org"), path("eve@evil.example"));
        for (confirm, recipients, wanted) in [
            (Confirm::Always, vec![bob.clone()], true),
            (Confirm::External, vec![bob.clone()], false),
            (Confirm::External, vec![bob, eve.clone()], true),
            (Confirm::Never, vec![eve], false),
        ] {
            let guard = Guard { confirm, ..Guard::default() };
            assert_eq!(guard.asks(&recipients, Some(&own)), wanted, "{confirm:?} {recipients:?}");
        }
        assert!(Guard { confirm: Confirm::External, ..Guard::default() }.asks(&[path("bob@example.org")], None));
    }
}
