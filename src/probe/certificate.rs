//! What is wrong with a certificate, as findings: the same of a server that was named and of a domain's. Pure.
//!
//! RFC 5280 §4.1.2.5, §6; RFC 9525.

use super::known::{Known, TLS_CERTIFICATE, TLS_EXPIRED, TLS_NOT_YET_VALID, TLS_OTHER_NAME, TLS_UNTRUSTED};
use crate::wire::secured::Flaw;

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
