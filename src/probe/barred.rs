//! Senders who keep to what a domain promises, and therefore send it nothing: told before all else. Pure.
//!
//! RFC 7672 §2.2; RFC 8461 §5.

use super::published::TlsaState;
use super::report::{Host, Report};
use super::visited::{Fit, Visited};

impl Report {
    /// How the verdict begins: with those who send nothing, if there are any, and then with where the mail of others goes.
    pub(super) fn beginning(&self, title: &str) -> String {
        let usable = self.usable();
        let bars = |is_barred: &dyn Fn(&&Host) -> bool| self.unvisited == 0 && usable.iter().all(is_barred);
        let by_policy = self.is_enforced() && bars(&|host| host.sts_match == Some(false) || none(host, is_policed));
        let by_records = bars(&|host| has_records(host) && none(host, is_named));
        let who = match (by_policy, by_records) {
            (false, false) => return format!("Mail to {title} goes to "),
            (true, false) => format!("Senders who keep to the policy (MTA-STS) of {title} send it nothing"),
            (false, true) => format!("Senders who keep to the TLSA records (DANE) of {title} send it nothing"),
            (true, true) => {
                format!(
                    "Senders who keep to the policy (MTA-STS) or to the TLSA records (DANE) of {title} send it nothing"
                )
            }
        };
        format!("{who}; mail of others goes to ")
    }
}

/// Whether all of an exchanger was seen, and nothing that takes mail is such.
fn none(host: &Host, is_good: impl Fn(&Visited) -> bool) -> bool {
    let is_seen = |ip| host.probes.iter().any(|visited| visited.ip == ip && visited.is_seen());
    host.addresses.iter().all(|address| is_seen(address.ip))
        && !host.probes.iter().any(|visited| visited.state.takes_mail() && is_good(visited))
}

/// Whether an exchanger has TLSA records that count.
pub(super) fn has_records(host: &Host) -> bool {
    host.tlsa.as_ref().is_some_and(|tlsa| tlsa.state == TlsaState::Usable)
}

/// Whether the certificate is the one that TLSA records name.
pub(super) fn is_named(visited: &Visited) -> bool {
    visited.dane == Some(Fit::Match)
}

/// Whether encryption and certificate are as an enforced policy wants them.
pub(super) fn is_policed(visited: &Visited) -> bool {
    visited.tls.is_some() && visited.objections.is_empty()
}

/// What the domain promises of an address, and it does not keep: its records, its policy, or both.
pub(super) fn broken_promise(host: &Host, visited: &Visited, is_enforced: bool) -> Option<String> {
    let of_records = match &visited.tls {
        _ if visited.dane == Some(Fit::Nomatch) => Some("its certificate is not the one that its TLSA records name"),
        None if has_records(host) => Some("its TLSA records promise TLS"),
        _ => None,
    };
    let of_policy = match &visited.tls {
        _ if !is_enforced => None,
        _ if host.sts_match == Some(false) => Some("the domain's policy (MTA-STS) does not name it"),
        None => Some("the domain's policy (MTA-STS) wants TLS"),
        Some(_) if !visited.objections.is_empty() => Some("the domain's policy (MTA-STS) forbids its certificate"),
        Some(_) => None,
    };
    let both: Vec<&str> = of_records.into_iter().chain(of_policy).collect();
    (!both.is_empty()).then(|| both.join(", and "))
}
