//! What is wrong with a certificate, in the words of reports: the same of a server that was named and of a domain's. Pure.
//!
//! RFC 5280 §4.1.2.5, §6; RFC 9525.

use super::known::{Known, TLS_CERTIFICATE, TLS_EXPIRED, TLS_NOT_YET_VALID, TLS_OTHER_NAME, TLS_UNTRUSTED};
use super::sighting::Tls;
use crate::wire::secured::Flaw;

/// Names of a certificate that are told.
const NAMES_MAX: usize = 3;

/// What speaks against a certificate, with what it says of itself.
pub(super) fn objection(flaw: Flaw, text: &str, tls: &Tls) -> String {
    let day = |time: &Option<String>| time.as_deref().and_then(|time| time.split('T').next()).map(str::to_owned);
    match flaw {
        // Its own days are not over, so those of another one in its chain are.
        Flaw::Expired if tls.days_left.is_some() => "one that vouches for it has expired".to_owned(),
        Flaw::Expired => match day(&tls.not_after) {
            Some(day) => format!("it has expired (its last day was {day})"),
            None => text.to_owned(),
        },
        Flaw::NotYetValid => match day(&tls.not_before) {
            Some(day) => format!("{text} (its first day is {day})"),
            None => text.to_owned(),
        },
        Flaw::OtherName if !tls.names.is_empty() => {
            let more = tls.names.len().saturating_sub(NAMES_MAX);
            let names = tls.names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("it is for another name: {names}{more}")
        }
        Flaw::Untrusted if tls.chain == 1 && tls.subject.is_some() && tls.subject == tls.issuer => {
            "it is signed by itself".to_owned()
        }
        Flaw::Untrusted => match tls.issuer.as_deref().filter(|issuer| !issuer.is_empty()) {
            Some(issuer) => format!("{text} (its issuer is {issuer})"),
            None => text.to_owned(),
        },
        Flaw::OtherName | Flaw::Other => text.to_owned(),
    }
}

/// The finding for it.
pub(super) fn known_of(flaw: Flaw) -> Known {
    match flaw {
        Flaw::Expired => TLS_EXPIRED,
        Flaw::NotYetValid => TLS_NOT_YET_VALID,
        Flaw::OtherName => TLS_OTHER_NAME,
        Flaw::Untrusted => TLS_UNTRUSTED,
        Flaw::Other => TLS_CERTIFICATE,
    }
}

/// When a certificate ends that has so many days left.
pub(super) fn ends(days: i64) -> String {
    match days {
        0 => "ends today".to_owned(),
        1 => "ends tomorrow".to_owned(),
        days => format!("ends in {days} days"),
    }
}
