//! The report on a domain's mail, as data: what the terminal shows and `--json` prints.
//!
//! The names of the JSON schema `mailkit.mx/1` live here and nowhere else. Judges nothing.

use super::known::Known;
use super::published::{MtaSts, Tlsa};
use super::visited::{Standing, Visited};
use crate::engine::exchangers::{Exchanger, Exchangers, NoExchangers};
use crate::world::LookupError;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

/// The report on one domain. Its JSON form is the schema `mailkit.mx/1`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The domain in U-labels, for people.
    pub domain: String,
    /// The domain in A-labels, for DNS.
    pub ascii: String,
    /// What follows for a sender.
    pub verdict: Verdict,
    /// The verdict as a sentence.
    pub sentence: String,
    /// What was found how.
    pub dns: Dns,
    /// The exchangers, most preferred first.
    pub mx: Vec<Host>,
    /// What the domain wants of those who send to it.
    pub policies: Policies,
    /// Servers for the domain's own users; null if nobody asked.
    pub services: Option<Vec<ClientService>>,
    /// What is remarkable or wrong.
    pub findings: Vec<Finding>,
    /// What it was made of.
    #[serde(skip)]
    pub(super) found: Result<Exchangers, NoExchangers>,
    /// Whether addresses that only somebody nearby can reach count.
    #[serde(skip)]
    pub(super) is_private: bool,
    /// Addresses that were not visited, since there are too many.
    #[serde(skip)]
    pub(super) unvisited: usize,
    /// Which addresses were to be visited, if somebody asked for visits.
    #[serde(skip)]
    pub(super) sought: Option<Sought>,
}

/// Addresses that are to be visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sought {
    Both,
    V4,
    V6,
}

/// What a sender may hope for, in the order of exit codes: of several domains the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is at least one address to connect to.
    Deliverable,
    /// There is none, and waiting will not help.
    Undeliverable,
    /// The domain says that it takes no mail.
    NoMail,
    /// DNS does not answer now, or the servers do not, or this machine has no way to them.
    Unknown,
}

/// How the exchangers were found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Who was asked.
    pub resolver: String,
    /// Whether DNSSEC vouches for the exchangers.
    pub dnssec: Dnssec,
    /// On whose word; null if nobody's.
    pub vouched_by: Option<String>,
    /// Seconds the MX answer stays good.
    pub ttl: Option<u32>,
    /// No MX record: the domain itself takes its mail.
    pub implicit_mx: bool,
    /// RFC 7505.
    pub null_mx: bool,
    /// The names an alias of the domain led to.
    pub aliases: Vec<String>,
}

/// What DNSSEC says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dnssec {
    /// It vouches for the exchangers.
    Secure,
    /// It does not.
    Insecure,
    /// It should, and nothing of what came is to be believed.
    Bogus,
    /// Nobody asked, or nobody could tell.
    #[default]
    Unchecked,
}

/// What a domain wants of those who send to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// MTA-STS (RFC 8461); null if nobody asked.
    pub mta_sts: Option<MtaSts>,
}

/// A server for the domain's own users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientService {
    /// For what: smtp, imap, pop, jmap.
    pub service: String,
    /// Where.
    pub url: String,
    /// Who says so: srv, autoconfig, pacc, ispdb, preset, mx-map, well-known.
    pub source: String,
    /// How the answer came here: https, dnssec, dns, http, built-in.
    pub trust: String,
}

/// One exchanger.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Lower is tried first.
    pub preference: u16,
    /// Its name, or an address literal.
    pub host: String,
    /// Where the name leads if it is an alias.
    pub cname: Option<String>,
    /// In the order they are tried.
    pub addresses: Vec<HostAddress>,
    /// Its TLSA records; null if nobody asked.
    pub tlsa: Option<Tlsa>,
    /// Whether the domain's policy names it; null if there is none, or nobody asked.
    pub sts_match: Option<bool>,
    /// What was seen of each of its addresses; empty if nobody looked.
    pub probes: Vec<Visited>,
}

/// One address of an exchanger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostAddress {
    /// The address.
    #[schemars(with = "String")]
    pub ip: IpAddr,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// A stable name, for scripts.
    pub id: &'static str,
    /// How bad.
    pub level: Level,
    /// The exchanger it is about, if not the domain, or not the one server that was looked at.
    pub host: Option<String>,
    /// What is the case.
    pub text: String,
    /// The standard that has a word on it.
    pub why: &'static str,
    /// What its owner can do.
    pub fix: Option<&'static str>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it may be.
    Info,
    /// Works with many senders, not with all.
    Warn,
    /// There is no mail for this server, or none as it was asked for.
    Error,
}

impl Finding {
    /// What is known, of this host or of the domain.
    pub fn new(known: Known, host: Option<&str>, text: impl Into<String>) -> Self {
        let (Known { id, level, why, fix, .. }, text) = (known, text.into());
        let fix = remedy(&text, fix);
        Self { id, level, host: host.map(str::to_owned), text, why, fix }
    }
}

/// What can be done, where it is not the domain's records that this is about but whom we ask: no wait and no owner mends it.
pub(super) fn remedy(text: &str, fix: Option<&'static str>) -> Option<&'static str> {
    match text.contains(LookupError::REFERRAL) {
        true => Some("ask a name server that resolves: @RESOLVER names one"),
        false => fix,
    }
}

/// In the order in which they matter; those that are equally bad stay as they were found.
pub(super) fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
}

impl Report {
    pub(super) fn find(&mut self, known: Known, host: Option<&str>, text: impl Into<String>) {
        self.findings.push(Finding::new(known, host, text));
    }

    /// Whether any of the servers was visited.
    pub fn is_visited(&self) -> bool {
        self.mx.iter().any(|host| host.probes.iter().any(|visited| visited.state != Standing::Skipped))
    }

    /// The domain as people read it, with its A-labels behind it if they differ.
    pub fn title(&self) -> String {
        if self.domain == self.ascii { self.domain.clone() } else { format!("{} ({})", self.domain, self.ascii) }
    }
}

impl From<&Exchanger> for Host {
    fn from(host: &Exchanger) -> Self {
        Self {
            preference: host.preference,
            host: host.host.clone(),
            cname: host.aliases.last().cloned(),
            addresses: host.addresses.iter().map(|ip| HostAddress { ip: *ip }).collect(),
            tlsa: None,
            sts_match: None,
            probes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::{MX_ADDRESS_UNKNOWN, MX_UNKNOWN};
    use super::*;

    #[test]
    fn who_does_not_resolve_for_us_is_not_waited_for() {
        for known in [MX_UNKNOWN, MX_ADDRESS_UNKNOWN] {
            let referred = Finding::new(known, None, format!("the keys of x.test: {}", LookupError::REFERRAL));
            assert_eq!(referred.fix, Some("ask a name server that resolves: @RESOLVER names one"));
            assert_eq!(Finding::new(known, None, "the name server did not answer in time").fix, known.fix);
        }
    }
}
