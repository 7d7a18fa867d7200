//! TLS for both sides, over rustls: whom we are, and whom we trust.
//!
//! Certificates are verified unless a caller says `Trust::Anyone`, which only opportunistic relaying
//! may do (RFC 7435). Knows no protocol; the upgrade itself is `net::connection`'s.
//! RFC 8446, RFC 8314, RFC 6125.

use crate::error::{Error, Kind, Result};
use crate::wire::session::Tls;
use crate::world::Stream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, CommonState, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use std::io;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The server's side: a certificate and its key.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

/// The client's side: whom it trusts.
#[derive(Clone)]
pub struct ClientTls(TlsConnector);

/// Whose certificates a client accepts.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Those the operating system's authorities vouch for.
    System,
    /// Those vouched for by the certificates in this PEM text, and no others.
    Authorities(Vec<u8>),
    /// Everybody's: encryption without authentication, better than none on the way between exchangers (RFC 7435).
    Anyone,
}

/// A certificate and its key as PEM text.
pub struct Identity {
    /// The chain, the server's own certificate first.
    pub certificates: String,
    /// The private key.
    pub key: String,
}

impl Identity {
    /// Makes a key and a certificate that vouches for itself, for these host names and addresses.
    pub fn self_signed(names: &[String]) -> Result<Self> {
        let failed = |error| Error::new(Kind::Software, "cannot make a certificate").caused_by(error);
        let made = rcgen::generate_simple_self_signed(names).map_err(failed)?;
        Ok(Self { certificates: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }
}

impl ServerTls {
    /// From PEM text.
    pub fn new(identity: &Identity) -> Result<Self> {
        let unreadable = |what: &str, error: rustls::pki_types::pem::Error| {
            Error::new(Kind::Config, format!("the TLS {what} cannot be read")).caused_by(format!("{error:?}"))
        };
        let chain = CertificateDer::pem_slice_iter(identity.certificates.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable("certificate", error))?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|error| unreadable("key", error))?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| {
                Error::new(Kind::Config, "the TLS certificate and key do not go together").caused_by(error)
            })?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) async fn accept(&self, stream: Box<dyn Stream>) -> io::Result<(Box<dyn Stream>, Tls)> {
        let stream = self.0.accept(stream).await?;
        let facts = facts(stream.get_ref().1);
        Ok((Box::new(stream), facts))
    }
}

impl ClientTls {
    /// With the trust given.
    pub fn new(trust: &Trust) -> Result<Self> {
        let no_roots = |error: rustls::Error| {
            Error::new(Kind::Config, "no certificate authorities to check servers with").caused_by(error)
        };
        let builder =
            ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(no_roots)?;
        let config = match trust {
            Trust::System => {
                let verifier = rustls_platform_verifier::Verifier::new(provider()).map_err(no_roots)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
            }
            Trust::Authorities(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|error| {
                        Error::new(Kind::Config, "the file of certificate authorities is not PEM")
                            .caused_by(format!("{error:?}"))
                    })?;
                    roots.add(certificate).map_err(no_roots)?;
                }
                if roots.is_empty() {
                    return Err(Error::new(Kind::Config, "the file of certificate authorities holds no certificate"));
                }
                builder.with_root_certificates(roots).with_no_client_auth()
            }
            Trust::Anyone => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unchecked(provider())))
                .with_no_client_auth(),
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub(super) async fn connect(&self, stream: Box<dyn Stream>, name: &str) -> Result<(Box<dyn Stream>, Tls)> {
        let server_name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned()).map_err(|error| {
            Error::new(Kind::Config, format!("{name} is no name that a certificate can carry")).caused_by(error)
        })?;
        let stream = self.0.connect(server_name, stream).await.map_err(|error| handshake_error(name, error))?;
        let facts = facts(stream.get_ref().1);
        Ok((Box::new(stream), facts))
    }
}

/// A refused certificate is for good, a broken handshake may be the network's doing.
fn handshake_error(name: &str, error: io::Error) -> Error {
    let refused =
        error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).and_then(|inner| match inner {
            rustls::Error::InvalidCertificate(why) => Some(certificate_sentence(why)),
            rustls::Error::NoCertificatesPresented => Some("it showed no certificate".to_owned()),
            rustls::Error::PeerIncompatible(_) => Some("it speaks no version of TLS that is still safe".to_owned()),
            _ => None,
        });
    match refused {
        Some(why) => {
            Error::new(Kind::Unavailable, format!("the server's certificate was refused: {why}")).with_peer(name)
        }
        None => Error::new(Kind::Temporary, "the TLS handshake failed").with_peer(name).caused_by(error),
    }
}

fn certificate_sentence(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match why {
        E::Expired | E::ExpiredContext { .. } => "it has expired".to_owned(),
        E::NotValidYet | E::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        E::NotValidForName | E::NotValidForNameContext { .. } => "it is for another name".to_owned(),
        // An issuer of the same name as one we trust, with another key, has no right signature.
        E::UnknownIssuer | E::BadSignature => "nobody we trust has signed it".to_owned(),
        E::Revoked => "it has been revoked".to_owned(),
        // webpki gives it no name of its own in rustls. What `openssl req -x509` makes is of this sort.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is an authority's own certificate, made to sign others and not for a server".to_owned()
        }
        other => other.to_string(),
    }
}

fn facts(state: &CommonState) -> Tls {
    Tls {
        version: state.protocol_version().map_or_else(String::new, |version| format!("{version:?}").replace('_', ".")),
        cipher: state
            .negotiated_cipher_suite()
            .map_or_else(String::new, |suite| format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Accepts any certificate but still checks that the peer holds its key.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
