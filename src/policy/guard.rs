//! What follows for one exchanger from what a domain publishes: how it is to be talked to, or why it gets nothing.
//!
//! Two decisions, one by signed DNS and one by the domain's policy; each a table. What cannot be known now is a reason
//! to wait and never one to send with less: whoever can keep answers from us must not be rewarded for it.
//! RFC 7672 §2.1, §2.2; RFC 8461 §4, §5.

use super::dane::Standing;
use super::level::Level;
use super::sts::{Mode, Policy};
use crate::wire::association::Association;
use std::fmt;

/// How an exchanger is to be talked to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Guard {
    /// As every other.
    #[default]
    Usual,
    /// Under TLS, whatever its certificate: it has TLSA records, and none that can be used (RFC 7672 §2.2).
    Encrypted,
    /// With the certificate that signed DNS names.
    Named {
        /// What is named.
        associations: Vec<Association>,
        /// The names that a certificate may carry for which a named authority vouches; the first is asked for.
        names: Vec<String>,
    },
    /// With a certificate for its name that an authority vouches for, as the domain's policy wants.
    Verified,
}

/// Why an exchanger, or a whole domain, gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A sentence.
    pub text: String,
    /// It may be otherwise another time.
    pub may_pass: bool,
}

impl Refusal {
    /// For good, as far as we know.
    pub fn lasting(text: impl Into<String>) -> Self {
        Self { text: text.into(), may_pass: false }
    }

    /// For now.
    pub fn passing(text: impl Into<String>) -> Self {
        Self { text: text.into(), may_pass: true }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// By DANE: what follows for an exchanger of a domain from what it has.
pub fn by_dane(level: Level, name: &str, domain: &str, standing: Standing) -> Result<Guard, Refusal> {
    // RFC 7672 §6: who insists on DANE waits where a domain has none; for everybody else it is as before there was any.
    let without = |why: String| match level {
        Level::Dane => Err(Refusal::lasting(why)),
        _ => Ok(Guard::Usual),
    };
    match standing {
        Standing::Unvouched => without(format!("DNSSEC does not vouch for {name} as a mail exchanger of {domain}")),
        Standing::Nothing => without(format!("{name} has no TLSA records that DNSSEC vouches for")),
        // RFC 7672 §2.1.2: such a host is as one that cannot be reached.
        Standing::Unknown(why) => {
            Err(Refusal::passing(format!("DNS does not say now whether {name} has TLSA records: {why}")))
        }
        Standing::Unusable => match level {
            Level::Dane => Err(Refusal::lasting(format!("none of the TLSA records of {name} can be used for mail"))),
            _ => Ok(Guard::Encrypted),
        },
        Standing::Named { associations, names } => Ok(Guard::Named { associations, names }),
    }
}

/// By the domain's policy.
pub fn by_policy(policy: &Policy, name: &str, domain: &str) -> Result<Guard, Refusal> {
    match policy.mode {
        Mode::Testing | Mode::None => Ok(Guard::Usual),
        Mode::Enforce if policy.names(name) => Ok(Guard::Verified),
        // RFC 8461 §5: such a host is skipped.
        Mode::Enforce => {
            Err(Refusal::lasting(format!("the policy of {domain} does not name {name} among its exchangers (MTA-STS)")))
        }
    }
}

/// What a sender should hear of a policy that is only tried out.
pub fn remark(policy: &Policy, hosts: &[&str], domain: &str) -> Option<String> {
    if policy.mode != Mode::Testing {
        return None;
    }
    let strangers: Vec<&str> = hosts.iter().filter(|host| !policy.names(host)).copied().collect();
    let named = match strangers.as_slice() {
        [] => String::new(),
        strangers => format!(", and it does not name {}", strangers.join(", ")),
    };
    Some(format!("the policy of {domain} is only being tried out (MTA-STS), so nothing is refused for it{named}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::association::{Matching, Selector, Usage};

    fn said(verdict: Result<Guard, Refusal>) -> String {
        match verdict {
            Ok(Guard::Usual) => "usual".into(),
            Ok(Guard::Encrypted) => "encrypted".into(),
            Ok(Guard::Verified) => "verified".into(),
            Ok(Guard::Named { associations, names }) => format!("{} {}", associations.len(), names.join(" ")),
            Err(refusal) => format!("{}: {refusal}", if refusal.may_pass { "later" } else { "never" }),
        }
    }

    #[test]
    fn what_signed_dns_publishes_decides_and_silence_is_no_permission() {
        let key = Association {
            usage: Usage::Server,
            selector: Selector::Key,
            matching: Matching::Sha256,
            data: vec![7; 32],
        };
        let names = vec!["mx.x.test".to_owned(), "x.test".to_owned()];
        for (standing, opportunistic, dane) in [
            (Standing::Named { associations: vec![key], names }, "1 mx.x.test x.test", "1 mx.x.test x.test"),
            (Standing::Unusable, "encrypted", "never: none of the TLSA records"),
            (Standing::Nothing, "usual", "never: mx.x.test has no TLSA records"),
            (Standing::Unvouched, "usual", "never: DNSSEC does not vouch for mx.x.test as a mail exchanger of x.test"),
            (
                Standing::Unknown("SERVFAIL".into()),
                "later: DNS does not say now whether mx.x.test has TLSA records: SERVFAIL",
                "later: DNS does not say now",
            ),
        ] {
            for (level, wanted) in [(Level::Opportunistic, opportunistic), (Level::Dane, dane)] {
                let verdict = said(by_dane(level, "mx.x.test", "x.test", standing.clone()));
                assert!(verdict.starts_with(wanted), "{level} {standing:?}: {verdict}");
            }
        }
    }

    #[test]
    fn a_policy_that_counts_lets_only_those_have_mail_whom_it_names() {
        let policy = |mode: &str| {
            let text = format!("version: STSv1\nmode: {mode}\nmax_age: 5\nmx: a.test\nmx: *.b.test\n");
            Policy::parse(text.as_bytes()).expect("a policy")
        };
        for (mode, host, wanted) in [
            ("enforce", "a.test", "verified"),
            ("enforce", "mx.b.test", "verified"),
            ("enforce", "b.test", "never: the policy of x.test does not name b.test"),
            ("enforce", "evil.test", "never: the policy of x.test does not name evil.test"),
            ("testing", "a.test", "usual"),
            ("testing", "evil.test", "usual"),
            ("none", "evil.test", "usual"),
        ] {
            let verdict = said(by_policy(&policy(mode), host, "x.test"));
            assert!(verdict.starts_with(wanted), "{mode} {host}: {verdict}");
        }
        let remark = |mode| remark(&policy(mode), &["a.test", "evil.test"], "x.test");
        assert!(
            remark("testing").is_some_and(|text| text.contains("tried out") && text.contains("not name evil.test"))
        );
        assert_eq!((remark("enforce"), remark("none")), (None, None));
    }
}
