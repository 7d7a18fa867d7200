//! Certificates that DNS names: the server's own, or one that vouches for it.
//!
//! What names the server's own certificate or key (DANE-EE) is enough by itself: who published it in signed DNS has said
//! all that names and dates could say. What names an authority (DANE-TA) makes that one the only authority; then the
//! server's certificate must carry a right name and be good today, as everywhere.
//! RFC 6698 §2.1; RFC 7671 §5.1, §5.2; RFC 7672 §3.1, §3.2.

use super::spki;
use crate::wire::association::{Association, Matching, Selector, Usage};
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError, RootCertStore};
use std::sync::Arc;

/// What is named, and the names that a certificate below a named authority may carry.
#[derive(Debug)]
pub(super) struct Named {
    associations: Vec<Association>,
    names: Vec<ServerName<'static>>,
}

/// A chain in which nothing is what DNS names.
#[derive(Debug, thiserror::Error)]
#[error("it is not the one that the domain's TLSA records name")]
pub(super) struct NotNamed;

impl Named {
    pub(super) fn new(associations: &[Association], names: &[String]) -> Self {
        // What no certificate can carry is nobody's name.
        let names = names.iter().filter_map(|name| ServerName::try_from(name.clone()).ok());
        Self { associations: associations.to_vec(), names: names.collect() }
    }

    /// Whether the chain is what is named.
    pub(super) fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &Arc<CryptoProvider>,
    ) -> Result<(), rustls::Error> {
        if self.names(Usage::Server, leaf) {
            return Ok(());
        }
        let mut roots = RootCertStore::empty();
        let shown = above.iter().filter(|certificate| self.names(Usage::Anchor, certificate));
        let shown = shown.map(|certificate| certificate.clone().into_owned());
        for anchor in shown.chain(self.anchors()) {
            // One that cannot be read vouches for nobody.
            let _ = roots.add(anchor);
        }
        let mut refusal = CertificateError::Other(OtherError(Arc::new(NotNamed))).into();
        let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()
        else {
            return Err(refusal);
        };
        // Against RFC 7672 §3.2.3: a common name is none of a host, also where there is no other, because RFC 9525 §2 has
        // done away with that since.
        for name in &self.names {
            match verifier.verify_server_cert(leaf, above, name, &[], now) {
                Ok(_) => return Ok(()),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }

    fn names(&self, usage: Usage, certificate: &CertificateDer<'_>) -> bool {
        self.associations.iter().any(|named| named.usage == usage && is_named(named, certificate))
    }

    /// Authorities that stand in DNS as a whole, so that servers need not show them (RFC 7671 §5.2.2).
    fn anchors(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        let is_whole = |named: &&Association| {
            (named.usage, named.selector, named.matching) == (Usage::Anchor, Selector::Certificate, Matching::Full)
        };
        self.associations.iter().filter(is_whole).map(|named| CertificateDer::from(named.data.clone()))
    }
}

fn is_named(named: &Association, certificate: &CertificateDer<'_>) -> bool {
    let part = match named.selector {
        Selector::Certificate => Some(certificate.to_vec()),
        Selector::Key => spki(certificate),
    };
    part.is_some_and(|part| match named.matching {
        Matching::Full => part == named.data,
        Matching::Sha256 => digest(&SHA256, &part).as_ref() == named.data,
        Matching::Sha512 => digest(&SHA512, &part).as_ref() == named.data,
    })
}
