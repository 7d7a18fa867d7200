//! A judgement on certificates that were seen before: of another day, by another trust, of the same handshake.
//!
//! For those who report on servers: one look, several questions. Connects to nobody. RFC 5280 §6; RFC 9525.

use super::Trust;
use super::client::{verified, verifier};
use super::objections::{Shown, objections};
use crate::error::Result;
use crate::wire::secured::{Certificate, Flaw, Objection, Verified};
use crate::world::Timestamp;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use std::time::Duration;

/// Judges by one trust.
#[derive(Clone)]
pub struct Judge {
    verifier: Arc<dyn ServerCertVerifier>,
    verified: Verified,
}

impl Judge {
    /// By this trust. An error says that there are no authorities to trust.
    pub fn new(trust: &Trust) -> Result<Self> {
        Ok(Self { verifier: verifier(trust)?, verified: verified(trust) })
    }

    /// What the chain is worth at a time, for a server of this name; or all that speaks against it, the worst first.
    pub fn judge(&self, chain: &[Certificate], name: &str, at: Timestamp) -> Result<Verified, Vec<Objection>> {
        let other = |text: &str| vec![Objection { flaw: Flaw::Other, text: text.to_owned() }];
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|one| CertificateDer::from(&*one.der)).collect();
        let [own, others @ ..] = chain.as_slice() else { return Err(other("none was shown")) };
        let Ok(name) = ServerName::try_from(name.trim_matches(['[', ']']).to_owned()) else {
            return Err(other("the server's name is none that a certificate can carry"));
        };
        let at = Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
        let shown = Shown { own, others, name: &name, at: UnixTime::since_unix_epoch(at) };
        let objections = objections(&*self.verifier, self.verified, &shown);
        if objections.is_empty() { Ok(self.verified) } else { Err(objections) }
    }
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Judge({})", self.verified.word())
    }
}

pub(super) fn flaw(error: &rustls::Error) -> Flaw {
    use rustls::CertificateError as E;
    let rustls::Error::InvalidCertificate(why) = error else { return Flaw::Other };
    match why {
        E::Expired | E::ExpiredContext { .. } => Flaw::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => Flaw::NotYetValid,
        E::NotValidForName | E::NotValidForNameContext { .. } => Flaw::OtherName,
        // The last is what one hears whose authority's name is known, and whose authority's key is of another sort.
        E::UnknownIssuer | E::BadSignature | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Flaw::Untrusted
        }
        // What `openssl req -x509` makes vouches for itself, and is no server's.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => Flaw::Untrusted,
        _ => Flaw::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::certificate;

    #[test]
    fn time_name_and_authority_decide() {
        let mut params = rcgen::CertificateParams::new(vec!["mx.x.test".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        let stranger = rcgen::generate_simple_self_signed(vec!["mx.x.test".to_owned()]).expect("a certificate").cert;
        let by = |pem: String| Judge::new(&Trust::Authorities(pem.into_bytes())).expect("a judge");
        let (known, unknown) = (by(own.pem()), by(stranger.pem()));
        let chain = [certificate(own.der())];
        for (judge, name, at, wanted) in [
            (&known, "mx.x.test", "2026-02-01T00:00:00Z", None),
            (&known, "mx.x.test", "2026-03-02T00:00:00Z", Some(Flaw::Expired)),
            (&known, "mx.x.test", "2025-12-31T00:00:00Z", Some(Flaw::NotYetValid)),
            (&known, "mx.y.test", "2026-02-01T00:00:00Z", Some(Flaw::OtherName)),
            (&known, "a b", "2026-02-01T00:00:00Z", Some(Flaw::Other)),
            (&unknown, "mx.x.test", "2026-02-01T00:00:00Z", Some(Flaw::Untrusted)),
        ] {
            let judged = judge.judge(&chain, name, at.parse().expect("a time"));
            assert_eq!(judged.as_ref().err().map(|all| all[0].flaw), wanted, "{name} {at}: {judged:?}");
        }
        assert!(known.judge(&[], "mx.x.test", Timestamp::UNIX_EPOCH).is_err());
    }
}
