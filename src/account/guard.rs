//! Whom an account may write to, and when it asks first: a fence for scripts and for tired people.
//!
//! Rules are read from the configuration; whether they are kept is decided here and nothing is done about it. A
//! domain is compared in its ASCII form, so that `exämple.org` and `xn--exmple-cua.org` are one. Case never
//! distinguishes two recipients: RFC 5321 §2.4 would allow it for local-parts, but a fence with a gap of that kind
//! would surprise everybody. Pure.

use super::pattern::Pattern;
use crate::address::{Address, Domain};
use crate::envelope::ForwardPath;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ForwardPath {
        ForwardPath::parse(&format!("<{text}>")).expect(text)
    }

    #[test]
    fn each_refused_recipient_is_named() {
        let patterns = || vec![Pattern::parse("*@example.org").expect("a pattern")];
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
