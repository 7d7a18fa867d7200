//! Certificates judged otherwise than by authorities: by fingerprint, or not at all.
//!
//! Either way the peer must prove that it holds the certificate's key. A pin looks at the peer's own certificate only:
//! one on an authority's would accept all that this authority ever signs, for whatever name. What the web's rules say
//! of names, dates and purposes does not matter to it, since the user has named this certificate and no other; so
//! those made by home servers and local bridges, often marked as an authority's, can be used.

use super::certificate;
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
    /// None accepts everybody.
    pins: Option<Vec<Fingerprint>>,
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
        Self { provider, pins: Some(pins.to_vec()) }
    }

    /// Accepts every certificate.
    pub(super) fn lax(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, pins: None }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(pins) = &self.pins else { return Ok(ServerCertVerified::assertion()) };
        let found = certificate(leaf);
        if pins.iter().any(|pin| found.is(pin)) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::Other(OtherError(Arc::new(NotPinned { found }))).into())
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
