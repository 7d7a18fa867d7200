//! What follows for one exchanger from what a domain publishes: how it is to be talked to, or why it gets nothing.
//!
//! Two decisions, one by signed DNS and one by the domain's policy; each a table. What cannot be known now is a reason
//! to wait and never one to send with less: whoever can keep answers from us must not be rewarded for it.
//! RFC 7672 §2.1, §2.2; RFC 8461 §4, §5.

use super::level::Level;
use super::sts::{Mode, Policy};
use super::tlsa::{Published, names};
use crate::wire::association::Association;
use crate::world::{Answer, LookupError};
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

/// What is known of an exchanger before its TLSA records are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// Its name.
    pub name: &'a str,
    /// The domain that it takes mail for.
    pub domain: &'a str,
    /// DNSSEC vouches for its name as an exchanger of the domain, and for its addresses.
    pub is_authentic: bool,
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

/// By DANE. `looked` has what DNS said of TLSA records, and the base domain that was asked about; it is none if nobody
/// asked, since an answer could not have been authentic.
pub fn by_dane(
    level: Level,
    host: Host<'_>,
    looked: Option<(&str, &Result<Answer, LookupError>)>,
) -> Result<Guard, Refusal> {
    let Host { name, domain, is_authentic } = host;
    let without = |why: String| match level {
        Level::Dane => Err(Refusal::lasting(why)),
        _ => Ok(Guard::Usual),
    };
    let (base, looked) = match looked {
        Some(looked) if is_authentic => looked,
        _ => return without(format!("DNSSEC does not vouch for {name} as a mail exchanger of {domain}")),
    };
    let published = match looked {
        // RFC 7672 §2.1.1: insecure records count no more than none; they cannot do harm, but anybody could have made them.
        Ok(answer) if answer.is_authentic => Published::of(&answer.records),
        Ok(_) | Err(LookupError::NoSuchName | LookupError::NoRecords) => Published::Nothing,
        // RFC 7672 §2.1.2: somebody may keep them from us.
        Err(LookupError::Temporary(why)) => {
            return Err(Refusal::passing(format!("DNS does not say now whether {name} has TLSA records: {why}")));
        }
    };
    match published {
        Published::Nothing => without(format!("{name} has no TLSA records that DNSSEC vouches for")),
        Published::Unusable => match level {
            Level::Dane => Err(Refusal::lasting(format!("none of the TLSA records of {name} can be used for mail"))),
            _ => Ok(Guard::Encrypted),
        },
        Published::Usable(associations) => Ok(Guard::Named { associations, names: names(base, name, domain) }),
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
    use crate::world::Record;

    const HOST: Host<'_> = Host { name: "mx.x.test", domain: "x.test", is_authentic: true };

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
        let record = |usage| Record::Tlsa { usage, selector: 1, matching: 1, data: vec![7; 32] };
        let answer =
            |records: Vec<Record>, is_authentic| Some(Ok(Answer { records, is_authentic, ..Answer::default() }));
        let lost = || Some(Err(LookupError::Temporary("SERVFAIL".into())));
        for (looked, is_authentic, opportunistic, dane) in [
            (answer(vec![record(3)], true), true, "1 mx.x.test x.test", "1 mx.x.test x.test"),
            (answer(vec![record(1), record(2)], true), true, "1 mx.x.test x.test", "1 mx.x.test x.test"),
            (answer(vec![record(1)], true), true, "encrypted", "never: none of the TLSA records"),
            (answer(vec![], true), true, "usual", "never: mx.x.test has no TLSA records"),
            (answer(vec![record(3)], false), true, "usual", "never: mx.x.test has no TLSA records"),
            (Some(Err(LookupError::NoRecords)), true, "usual", "never: mx.x.test has no TLSA records"),
            (Some(Err(LookupError::NoSuchName)), true, "usual", "never: mx.x.test has no TLSA records"),
            (lost(), true, "later: DNS does not say now", "later: DNS does not say now"),
            // Nobody vouches for the way to the host, so its records were not asked for, or do not count.
            (None, false, "usual", "never: DNSSEC does not vouch for mx.x.test"),
            (answer(vec![record(3)], true), false, "usual", "never: DNSSEC does not vouch for mx.x.test"),
            (lost(), false, "usual", "never: DNSSEC does not vouch for mx.x.test"),
        ] {
            for (level, wanted) in [(Level::Opportunistic, opportunistic), (Level::Dane, dane)] {
                let looked = looked.as_ref().map(|answer| ("mx.x.test", answer));
                let verdict = said(by_dane(level, Host { is_authentic, ..HOST }, looked));
                assert!(verdict.starts_with(wanted), "{level} {looked:?}: {verdict}");
            }
        }
    }

    #[test]
    fn the_name_that_is_asked_for_is_the_base_domain() {
        let record = Record::Tlsa { usage: 2, selector: 0, matching: 1, data: vec![7; 32] };
        let answer = Ok(Answer { records: vec![record], is_authentic: true, ..Answer::default() });
        let verdict = by_dane(Level::Dane, HOST, Some(("real.test", &answer)));
        assert_eq!(said(verdict), "1 real.test mx.x.test x.test");
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
