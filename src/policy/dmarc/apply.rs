//! What a domain's record means: for names of a sort, for a message, and for those who are to get reports.
//!
//! RFC 9989 §3.2.13, §4.4, §4.7, §4.10, §5.3; RFC 9990 §4.

use super::record::{Alignment, Policy, Record, is_record};
use super::walk::{Walk, walk};
use crate::world::{LookupError, Record as Data, RecordKind, Resolve};

/// Domains of signatures that are looked at.
const SIGNERS_MAX: usize = 10;

/// The part of a record that is about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Whose record it is.
    pub domain: String,
    /// Which of its policies counts.
    pub scope: Scope,
    /// What it asks for; none if the record says nothing of use.
    pub policy: Option<Policy>,
    /// Whether that is only tried out, so that one step less is meant.
    pub is_testing: bool,
}

/// Which policy of a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `p`: the domain's own.
    Own,
    /// `sp`: for names below.
    Subdomain,
    /// `np`: for names that do not exist.
    Nonexistent,
}

impl Record {
    /// What it asks for names of a sort (RFC 9989 §4.7).
    pub fn for_scope(&self, scope: Scope) -> Option<Policy> {
        let own = self.asks()?;
        // A record that is only good for its reports asks for nothing, whoever it is about.
        if self.has_wrong_policy() {
            return Some(own);
        }
        Some(match scope {
            Scope::Own => own,
            Scope::Subdomain => self.subdomains.unwrap_or(own),
            Scope::Nonexistent => self.nonexistent.or(self.subdomains).unwrap_or(own),
        })
    }
}

/// What counts for the domain a walk began at.
pub async fn applied(dns: &dyn Resolve, walk: &Walk) -> Result<Option<Applied>, String> {
    let Some((domain, _, record)) = walk.policy() else { return Ok(None) };
    let scope = match domain == walk.start() {
        true => Scope::Own,
        false if exists(dns, walk.start()).await? => Scope::Subdomain,
        false => Scope::Nonexistent,
    };
    let policy = record.for_scope(scope);
    Ok(Some(Applied { domain: domain.to_owned(), scope, policy, is_testing: record.is_testing }))
}

/// RFC 9989 §3.2.13, Appendix A.4: a domain exists if its name does, whatever records it has. One question says so, of
/// whichever kind (RFC 8020 §2).
async fn exists(dns: &dyn Resolve, domain: &str) -> Result<bool, String> {
    match dns.lookup(domain, RecordKind::Mx).await {
        Ok(_) | Err(LookupError::NoRecords) => Ok(true),
        Err(LookupError::NoSuchName) => Ok(false),
        Err(LookupError::Temporary(why)) => Err(format!("{domain}: {why}")),
    }
}

/// Who vouches for a message: domains for which SPF or DKIM passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed<'a> {
    /// The domain that SPF passed for, if it did.
    pub spf: Option<&'a str>,
    /// The domains of signatures that are good.
    pub dkim: &'a [&'a str],
    /// The domain that SPF could not decide about now.
    pub unsure_spf: Option<&'a str>,
    /// The domains of signatures that could not be decided about now.
    pub unsure_dkim: &'a [&'a str],
}

/// What DMARC says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The result.
    pub outcome: Outcome,
    /// What is to be done with it.
    pub disposition: Disposition,
    /// Whether SPF vouches for the author's domain.
    pub spf_aligned: bool,
    /// Whether a signature does.
    pub dkim_aligned: bool,
    /// The record that counts.
    pub applied: Option<Applied>,
    /// The organizational domain of the author.
    pub organizational: Option<String>,
}

/// The result (RFC 9989 §5.3.5, §9.2; RFC 8601 §2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is no policy, or none that counts.
    None,
    /// Somebody vouches for the author's domain.
    Pass,
    /// Nobody does.
    Fail,
    /// Nobody knows now.
    TempError,
    /// What is published says nothing of use.
    PermError,
}

/// What is to be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// What would be done anyhow.
    None,
    /// It is suspicious.
    Quarantine,
    /// It is refused.
    Reject,
}

impl Outcome {
    /// The word of RFC 8601.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl Disposition {
    /// The word of RFC 9990.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// Judges a message whose author is of this domain, in A-labels.
pub async fn evaluate(dns: &dyn Resolve, author: &str, passed: Passed<'_>) -> Evaluated {
    let mut evaluated = Evaluated {
        outcome: Outcome::TempError,
        disposition: Disposition::None,
        spf_aligned: false,
        dkim_aligned: false,
        applied: None,
        organizational: None,
    };
    let Ok(walk) = walk(dns, author).await else { return evaluated };
    let Ok(applied) = applied(dns, &walk).await else { return evaluated };
    evaluated.organizational = Some(walk.organizational().to_owned());
    let Some(record) = walk.policy().map(|(_, _, record)| record.clone()) else {
        return Evaluated { outcome: Outcome::None, ..evaluated };
    };
    let policy = applied.as_ref().and_then(|applied| applied.policy);
    evaluated.applied = applied;
    let Some(policy) = policy else { return Evaluated { outcome: Outcome::PermError, ..evaluated } };
    // Whether somebody may yet vouch for the author: nobody whose word would not count anyhow.
    let mut is_undecided = false;
    let of_spf = passed.spf.map(|domain| (domain, true)).into_iter();
    for (domain, has_passed) in of_spf.chain(passed.unsure_spf.map(|domain| (domain, false))) {
        match is_aligned(dns, &walk, domain, record.spf).await {
            Ok(is_aligned) if has_passed => evaluated.spf_aligned |= is_aligned,
            Ok(is_aligned) => is_undecided |= is_aligned,
            Err(_) => is_undecided = true,
        }
    }
    let of_dkim = passed.dkim.iter().take(SIGNERS_MAX).map(|domain| (domain, true));
    for (domain, has_passed) in of_dkim.chain(passed.unsure_dkim.iter().take(SIGNERS_MAX).map(|domain| (domain, false)))
    {
        match is_aligned(dns, &walk, domain, record.dkim).await {
            Ok(is_aligned) if has_passed => evaluated.dkim_aligned |= is_aligned,
            Ok(is_aligned) => is_undecided |= is_aligned,
            Err(_) => is_undecided = true,
        }
    }
    // RFC 9989 §5.3.5: one who vouches is enough. §5.3.6: who may yet pass has not failed.
    evaluated.outcome = match (evaluated.spf_aligned || evaluated.dkim_aligned, is_undecided) {
        (true, _) => Outcome::Pass,
        (false, true) => Outcome::TempError,
        (false, false) => Outcome::Fail,
    };
    if evaluated.outcome == Outcome::Fail {
        let asked = if record.is_testing { policy.tried_out() } else { policy };
        evaluated.disposition = match asked {
            Policy::None => Disposition::None,
            Policy::Quarantine => Disposition::Quarantine,
            Policy::Reject => Disposition::Reject,
        };
    }
    evaluated
}

/// Whether a domain speaks for the author's (RFC 9989 §4.4, §4.10.2).
async fn is_aligned(dns: &dyn Resolve, author: &Walk, domain: &str, alignment: Alignment) -> Result<bool, String> {
    let domain = domain.trim_end_matches('.');
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_ascii_lowercase());
    match alignment {
        _ if domain == author.start() => Ok(true),
        Alignment::Strict => Ok(false),
        Alignment::Relaxed => is_of(dns, author.whose()?, &domain).await,
    }
}

/// Whether a domain belongs to an organization. One that is not below its name is not asked for: whoever lets the name
/// servers of his own domain fail must not make an open question of what he says about others.
async fn is_of(dns: &dyn Resolve, organization: &str, domain: &str) -> Result<bool, String> {
    let is_below = |above: &str| above.is_empty() || above.ends_with('.');
    match domain.strip_suffix(organization).is_some_and(is_below) {
        true => Ok(walk(dns, domain).await?.whose()? == organization),
        false => Ok(false),
    }
}

/// Whether a domain takes reports about another one (RFC 9990 §4). Those of one owner need not say so.
pub async fn accepts(dns: &dyn Resolve, about: &Walk, policy_domain: &str, host: &str) -> Result<bool, String> {
    let host = host.to_ascii_lowercase();
    let is_same = match about.whose() {
        Ok(organization) => is_of(dns, organization, &host).await.unwrap_or(false),
        Err(_) => false,
    };
    if host == policy_domain || is_same {
        return Ok(true);
    }
    match dns.lookup(&format!("{policy_domain}._report._dmarc.{host}"), RecordKind::Txt).await {
        Ok(answer) => Ok(answer.records.iter().any(|record| matches!(record, Data::Txt(text) if is_record(text)))),
        Err(LookupError::NoSuchName | LookupError::NoRecords) => Ok(false),
        Err(LookupError::Temporary(why)) => Err(format!("{host}: {why}")),
    }
}
