//! What a server lets clients choose from, and the beginning of a login by it.
//!
//! Nothing is offered that cannot succeed: what is bound to TLS needs TLS with something to bind to. RFC 4422 §3.1, §3.2;
//! RFC 5802 §6.

use super::scram::Binding;
use super::{Exchange, Mechanism, Step, base64};

/// An offer on one connection.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// What the users can log in by.
    pub mechanisms: &'a [Mechanism],
    /// Keying material of the TLS connection (RFC 9266).
    pub exporter: Option<&'a [u8]>,
}

impl<'a> Offer<'a> {
    /// What is offered, strongest first.
    pub fn iter(self) -> impl Iterator<Item = Mechanism> + 'a {
        self.mechanisms.iter().copied().filter(move |mechanism| self.exporter.is_some() || !mechanism.is_bound())
    }

    /// What is offered under that name, in any case of letters.
    pub fn find(self, name: &str) -> Option<Mechanism> {
        self.iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Begins a login, with the answer that came along with the command, in base64, if one did.
    pub fn begin(self, mechanism: Mechanism, initial: Option<&[u8]>) -> Step {
        let binding = match self.exporter {
            Some(material) if mechanism.is_bound() => Binding::Exporter(material.to_vec()),
            _ if self.iter().any(Mechanism::is_bound) => Binding::Unsupported,
            _ => Binding::NotOffered,
        };
        match initial.map(base64::decode_initial).transpose() {
            Ok(initial) => Exchange::start(mechanism, initial.as_ref().map(|octets| octets.as_slice()), binding),
            Err(malformed) => Step::Failed(malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_to_tls_needs_tls() {
        let mechanisms = [Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain];
        for (exporter, wanted) in [(None, &mechanisms[1..]), (Some(&[1][..]), &mechanisms[..])] {
            let offer = Offer { mechanisms: &mechanisms, exporter };
            assert_eq!(offer.iter().collect::<Vec<_>>(), wanted);
            assert_eq!(offer.find("scram-sha-256-plus").is_some(), exporter.is_some());
            assert_eq!(offer.find("LOGIN"), None);
        }
    }

    #[test]
    fn a_client_that_did_not_see_the_offer_is_told() {
        let mechanisms = [Mechanism::ScramSha256Plus, Mechanism::ScramSha256];
        for (exporter, is_downgrade) in [(None, false), (Some(&[1][..]), true)] {
            let step = Offer { mechanisms: &mechanisms, exporter }
                .begin(Mechanism::ScramSha256, Some(base64::encode(b"y,,n=bob,r=x").as_bytes()));
            assert_eq!(matches!(step, Step::Failed(super::super::Malformed::Downgraded)), is_downgrade);
        }
    }
}
