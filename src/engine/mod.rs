//! Protocols over connections.

pub mod chosen;
pub mod courier;
pub mod dane;
pub mod dial;
pub mod doh;
pub mod exchangers;
pub mod guarding;
pub mod handover;
pub mod http;
pub mod imap;
pub mod look;
pub mod managesieve;
pub mod passed;
pub mod pop3;
pub mod reach;
pub mod route;
pub mod smtp;
pub mod sts;

use crate::error::Kind;
use crate::sasl::{SaslError, Unfit};

/// What sort of failure it is that there is no way to log in.
fn unfit_kind(unfit: &Unfit) -> Kind {
    match unfit {
        Unfit::Forbidden(_) => Kind::NoPermission,
        _ => Kind::Unavailable,
    }
}

/// What sort of failure it is that we gave up a login.
fn failure_kind(failure: &SaslError) -> Kind {
    if failure.is_protocol() { Kind::Protocol } else { Kind::NoPermission }
}
