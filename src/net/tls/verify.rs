//! Certificates judged otherwise than by authorities that we know: by fingerprint, by what DNS names, or not at all.
//!
//! Either way the peer must prove that it holds the certificate's key. A pin looks at the peer's own certificate only:
//! one on an authority's would accept all that this authority ever signs, for whatever name. What the web's rules say
//! of names, dates and purposes does not matter to it, since the user has named this certificate and no other; so
//! those made by home servers and local bridges, often marked as an authority's, can be used.

use super::certificate;
use super::dane::Named;
use crate::wire::association::Association;
use crate::wire::secured::{Certificate, Fingerprint};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use std::sync::Arc;

/// Judges without authorities.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    accepted: Accepted,
}

/// Who is accepted.
#[derive(Debug)]
enum Accepted {
    /// Everybody.
    Anyone,
    /// Whoever has one of these certificates or keys.
    Pinned(Vec<Fingerprint>),
    /// Whom DNS names.
    Named(Named),
}

/// A certificate that none of the pins names.
#[derive(Debug, thiserror::Error)]
#[error("it is not the pinned one but {}{}", found.sha256, found.spki.map_or_else(String::new, |key| format!(", with the key {key}")))]
pub(super) struct NotPinned {
    found: Certificate,
}

impl Verifier {
    /// Accepts the certificates and keys that are named.
    pub(super) fn pinned(provider: Arc<CryptoProvider>, pins: &[Fingerprint]) -> Self {
        Self { provider, accepted: Accepted::Pinned(pins.to_vec()) }
    }

    /// Accepts every certificate.
    pub(super) fn lax(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, accepted: Accepted::Anyone }
    }

    /// Accepts what DNS names.
    pub(super) fn named(provider: Arc<CryptoProvider>, associations: &[Association], names: &[String]) -> Self {
        Self { provider, accepted: Accepted::Named(Named::new(associations, names)) }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.accepted {
            Accepted::Anyone => {}
            Accepted::Named(named) => named.judge(leaf, above, now, &self.provider)?,
            Accepted::Pinned(pins) => {
                let found = certificate(leaf);
                if !pins.iter().any(|pin| found.is(pin)) {
                    return Err(CertificateError::Other(OtherError(Arc::new(NotPinned { found }))).into());
                }
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
