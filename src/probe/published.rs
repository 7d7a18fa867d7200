//! What a domain publishes about the protection of its exchangers: TLSA records, and a policy for senders.
//!
//! Asked as the relay asks, and told in full, also where it counts for nothing. RFC 7672 §2; RFC 8461 §3, §4.

use super::known::Known;
use super::known::{
    DANE_IN_PART, DANE_UNANSWERED, DANE_UNCHECKED, DANE_UNKNOWN, DANE_UNSIGNED, DANE_UNUSABLE, STS_POLICY, STS_RECORD,
    STS_SHORT, STS_TESTING, STS_UNCOVERED, STS_UNKNOWN, STS_UNREACHABLE,
};
use super::report::{Dnssec, Host, Level, Report};
use crate::engine::dane::{Interest, search};
use crate::engine::exchangers::Exchanger;
use crate::engine::sts::{Missing, Policies, Standing};
use crate::policy::dane::Standing as Dane;
use crate::policy::sts::{Mode, Policy};
use crate::policy::tlsa::{Published, owner};
use crate::wire::association::Association;
use crate::world::{LookupError, Obstacle, Record, Resolve};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// Hosts that are asked about at once.
const AT_ONCE: usize = 8;
/// Records of one host that are told.
const RECORDS_MAX: usize = 32;
/// A policy that ends sooner hardly protects anybody.
const AGE_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// The TLSA records of an exchanger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tlsa {
    /// What they amount to.
    pub state: TlsaState,
    /// Where they were looked for last.
    pub owner: String,
    /// The records.
    pub records: Vec<TlsaRecord>,
    /// Those that count.
    #[serde(skip)]
    pub(super) associations: Vec<Association>,
    /// The names that a certificate below a named authority may carry; the first is asked for.
    #[serde(skip)]
    pub(super) names: Vec<String>,
}

/// What TLSA records amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TlsaState {
    /// There are none.
    None,
    /// There are some, and DNSSEC does not vouch for them, or for the way to the host.
    Insecure,
    /// None of them can be used.
    Unusable,
    /// They count.
    Usable,
    /// DNS does not say now.
    Unknown,
}

/// One TLSA record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsaRecord {
    /// Certificate usage.
    pub usage: u8,
    /// Selector.
    pub selector: u8,
    /// Matching type.
    pub mtype: u8,
    /// Association data, in hexadecimal digits.
    pub data: String,
    /// Whether it can be used for mail, and counts beside the others.
    pub counts: bool,
    /// Whether it fits what a server of the host showed; null if none showed anything.
    pub fits: Option<bool>,
    /// The same as the TLS library knows it.
    #[serde(skip)]
    pub(super) association: Option<Association>,
}

/// The domain's policy for those who send to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtaSts {
    /// `policy` if there is one, `none`, or `unknown` if it cannot be had.
    pub state: &'static str,
    /// The id in DNS.
    pub id: Option<String>,
    /// enforce, testing or none.
    pub mode: Option<&'static str>,
    /// How long it is to be kept, in seconds.
    pub max_age: Option<u64>,
    /// The exchangers that it names.
    pub mx: Vec<String>,
    /// Why it cannot be had.
    pub error: Option<String>,
}

impl MtaSts {
    /// Whether senders keep to it.
    pub fn is_enforced(&self) -> bool {
        self.mode == Some("enforce")
    }
}

impl Report {
    /// Asks for the TLSA records of the exchangers' port. `voucher` is on whose word answers are authentic, or why none
    /// of them is.
    pub(super) async fn ask_for_tlsa(&mut self, dns: &dyn Resolve, port: u16, voucher: Result<&str, &Obstacle>) {
        let Ok(found) = self.found.clone() else { return };
        let unchecked = voucher.err();
        self.dns.dnssec = match (unchecked, found.is_authentic) {
            (None, true) => Dnssec::Secure,
            (None, false) => Dnssec::Insecure,
            (Some(_), _) => Dnssec::Unchecked,
        };
        if self.dns.dnssec != Dnssec::Unchecked {
            self.dns.vouched_by = voucher.ok().map(str::to_owned);
        }
        let hosts = found.hosts.iter().filter(|host| !host.host.starts_with('['));
        let mut names = BTreeSet::new();
        let hosts: Vec<Exchanger> = hosts.filter(|host| names.insert(host.host.clone())).cloned().collect();
        let (domain, found) = (self.ascii.clone(), &found);
        let asked = hosts.iter().map(|host| search(dns, (&domain, found), host, port, Interest::Any));
        let answers: Vec<_> = futures_util::stream::iter(asked.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        for (host, search) in hosts.iter().map(|host| host.host.as_str()).zip(answers) {
            let told = search.told();
            let base = told.map_or(host, |looked| looked.base.as_str());
            let records = match told.map(|looked| &looked.said) {
                Some(Ok(answer)) => answer.records.as_slice(),
                _ => &[],
            };
            let silence = match told.map(|looked| &looked.said) {
                Some(Err(why @ LookupError::Temporary(_))) => Some(why.to_string()),
                _ => None,
            };
            let published = Published::of(records);
            let (state, error) = match (&search.standing, &published) {
                (Dane::Unknown(why), _) => (TlsaState::Unknown, Some(why.clone())),
                (Dane::Named { .. }, _) => (TlsaState::Usable, None),
                (Dane::Unusable, _) => (TlsaState::Unusable, None),
                // Others may have a name server that knows whether anybody vouches for the host, and ask.
                (Dane::Unvouched, _) if unchecked.is_some() && silence.is_some() => (TlsaState::Unknown, silence),
                (Dane::Unvouched | Dane::Nothing, Published::Nothing) => (TlsaState::None, None),
                (Dane::Unvouched | Dane::Nothing, _) => (TlsaState::Insecure, None),
            };
            let (associations, names) = match (search.standing.clone(), published) {
                (Dane::Named { associations, names }, _) => (associations, names),
                (_, Published::Usable(associations)) => (associations, Vec::new()),
                (_, Published::Nothing | Published::Unusable) => (Vec::new(), Vec::new()),
            };
            let told = records.iter().filter_map(|one| record(one, &associations)).take(RECORDS_MAX).collect();
            let tlsa = Tlsa { state, owner: owner(base, port), records: told, associations, names };
            self.remark_on_tlsa(host, &tlsa, error, unchecked.is_none());
            for entry in self.mx.iter_mut().filter(|entry| entry.host == host) {
                entry.tlsa = Some(tlsa.clone());
            }
        }
        self.remark_on_all_tlsa(unchecked);
    }

    fn remark_on_tlsa(&mut self, host: &str, tlsa: &Tlsa, error: Option<String>, is_checked: bool) {
        match tlsa.state {
            TlsaState::Unknown => {
                let why = error.unwrap_or_default();
                self.find(DANE_UNKNOWN, Some(host), format!("DNS does not say whether it has TLSA records: {why}"));
            }
            TlsaState::Insecure if is_checked => {
                let text = format!("DNSSEC does not vouch for its TLSA records at {}", tlsa.owner);
                self.find(DANE_UNSIGNED, Some(host), text);
            }
            TlsaState::Unusable => {
                let text = format!("none of its TLSA records at {} can be used for mail", tlsa.owner);
                self.find(DANE_UNUSABLE, Some(host), text);
            }
            TlsaState::None | TlsaState::Insecure | TlsaState::Usable => {}
        }
    }

    fn remark_on_all_tlsa(&mut self, unchecked: Option<&Obstacle>) {
        let is = |host: &Host, state| host.tlsa.as_ref().is_some_and(|tlsa| tlsa.state == state);
        let was_asked = self.mx.iter().any(|host| host.tlsa.is_some());
        let are_there = self.mx.iter().any(|host| !is(host, TlsaState::None) && host.tlsa.is_some());
        if let Some(Obstacle { why, .. }) = unchecked.filter(|obstacle| was_asked && obstacle.may_pass) {
            // Whoever swallows the answers that would show it can as well take the records away.
            self.find(
                DANE_UNANSWERED,
                None,
                format!("whether there are TLSA records that count is not known now: {why}"),
            );
        } else if let Some(Obstacle { why, .. }) = unchecked.filter(|_| are_there) {
            // Where there are none, and nobody here ever knows more, it does not matter.
            self.find(DANE_UNCHECKED, None, format!("whether DNSSEC vouches for TLSA records is not known: {why}"));
        } else if self.mx.iter().any(|host| is(host, TlsaState::Usable)) {
            let bare = self.mx.iter().filter(|host| is(host, TlsaState::None)).map(|host| host.host.clone());
            for host in bare.collect::<BTreeSet<_>>() {
                self.find(DANE_IN_PART, Some(&host), "it has no TLSA records, and others of the domain's have");
            }
        }
    }

    /// Asks for the domain's policy, and holds the exchangers to it.
    pub(super) async fn ask_for_policy(&mut self, policies: &Policies) {
        if self.ascii.starts_with('[') {
            return;
        }
        let id = policies.id_of(&self.ascii).await;
        let mut told = MtaSts { state: "none", id: None, mode: None, max_age: None, mx: Vec::new(), error: None };
        match id {
            Ok(None) => {
                if policies.is_meant(&self.ascii).await {
                    self.find(
                        STS_RECORD,
                        None,
                        "what stands at _mta-sts is no single record of a policy, so there is none",
                    );
                }
            }
            Err(why) => {
                self.find(STS_UNKNOWN, None, format!("DNS does not say whether there is a policy (MTA-STS): {why}"));
                told.state = "unknown";
                told.error = Some(why);
            }
            Ok(Some(id)) => {
                told.id = Some(id);
                match policies.of(&self.ascii).await {
                    Standing::Nothing => {}
                    Standing::Unknown(why) => {
                        let known = match &why {
                            Missing::NoPolicy(_) => STS_POLICY,
                            Missing::Unreached(_) => STS_UNREACHABLE,
                        };
                        self.find(known, None, format!("its policy (MTA-STS) cannot be had: {why}"));
                        told.state = "unknown";
                        told.error = Some(why.to_string());
                    }
                    Standing::Policy(policy) => {
                        told.state = "policy";
                        told.mode = Some(policy.mode.word());
                        told.max_age = Some(policy.age.as_secs());
                        told.mx = policy.patterns().to_vec();
                        self.hold_to(&policy);
                    }
                }
            }
        }
        self.policies.mta_sts = Some(told);
    }

    fn hold_to(&mut self, policy: &Policy) {
        match policy.mode {
            Mode::None => return,
            Mode::Testing => self.find(STS_TESTING, None, "its policy (MTA-STS) is only being tried out"),
            Mode::Enforce => {}
        }
        if policy.age < AGE_MIN {
            let text = format!("its policy (MTA-STS) is good for {} seconds only", policy.age.as_secs());
            self.find(STS_SHORT, None, text);
        }
        let mut strangers = Vec::new();
        for host in &mut self.mx {
            let is_named = policy.names(&host.host);
            host.sts_match = Some(is_named);
            if !is_named && !strangers.contains(&host.host) {
                strangers.push(host.host.clone());
            }
        }
        let level = if policy.mode == Mode::Enforce { Level::Error } else { Level::Warn };
        for host in strangers {
            let known = Known { level, ..STS_UNCOVERED };
            self.find(known, Some(&host), "the domain's policy (MTA-STS) does not name it");
        }
    }
}

fn record(record: &Record, counting: &[Association]) -> Option<TlsaRecord> {
    let Record::Tlsa { usage, selector, matching, data } = record else { return None };
    let association = match Published::of(std::slice::from_ref(record)) {
        Published::Usable(one) => one.into_iter().next(),
        Published::Nothing | Published::Unusable => None,
    };
    Some(TlsaRecord {
        usage: *usage,
        selector: *selector,
        mtype: *matching,
        data: data.iter().map(|octet| format!("{octet:02x}")).collect(),
        counts: association.as_ref().is_some_and(|one| counting.contains(one)),
        fits: None,
        association,
    })
}

#[cfg(test)]
mod tests;
