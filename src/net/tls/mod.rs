//! TLS for both sides, over rustls: whom we are, whom we trust, and what to say when that fails.
//!
//! Certificates are verified unless a caller says `Trust::Anyone` or `Trust::Observed`, which only opportunistic
//! relaying and a look at a stranger's certificate may do (RFC 7435). Revocation is not asked about: no list is fetched
//! and no responder. Knows no protocol; the upgrade itself is `net::connection`'s. RFC 8446, RFC 8314, RFC 9525.

mod certified;
mod client;
mod dane;
mod farewell;
mod judge;
mod objections;
mod old;
mod refusal;
mod server;
mod verify;

pub use certified::{Certified, DAYS_MIN};
pub use client::ClientTls;
pub use judge::Judge;
pub use old::Newest;
pub(super) use refusal::alert;
pub use refusal::{Refused, Why};
pub use server::ServerTls;

use crate::error::{Error, Kind, Result};
use crate::wire::association::Association;
use crate::wire::secured::{Certificate, Exporter, Fingerprint, Verified};
use crate::wire::session::Tls;
use aws_lc_rs::digest::{SHA256, digest};
use rustls::crypto::{CryptoProvider, aws_lc_rs as cryptography};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::{ConnectionCommon, ProtocolVersion};
use std::fmt;
use std::sync::Arc;

/// Whose certificates a client accepts.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those the operating system's authorities vouch for.
    #[default]
    System,
    /// Those vouched for by the certificates in this PEM text, and no others.
    Authorities(Vec<u8>),
    /// The very certificates, or those with the very keys, that these fingerprints name, whatever name they carry,
    /// whoever signed them and however old they are; and no others.
    Pinned(Vec<Fingerprint>),
    /// Those that the domain names in signed DNS, and no others (RFC 7672).
    Named {
        /// What is named.
        associations: Vec<Association>,
        /// The names that a certificate may carry for which a named authority vouches.
        names: Vec<String>,
    },
    /// Everybody's: encryption without authentication, better than none on the way between exchangers (RFC 7435).
    Anyone,
    /// Everybody's too, but judged by another trust, which goes into the facts: for those who report on a server.
    Observed(Box<Self>),
}

/// All that a client needs for TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// Who we are, if the server wants to know.
    pub identity: Option<Arc<Identity>>,
    /// The name that the certificate must carry, if not the one that was dialled.
    pub name: Option<String>,
    /// No handshake is wanted, only the answer to the question which version the server speaks, [`Why::Asked`].
    pub is_question: bool,
}

/// A certificate and its key as PEM text.
pub struct Identity {
    /// The chain, the own certificate first.
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

    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let unreadable = |what: &str, error: rustls::pki_types::pem::Error| {
            Error::new(Kind::Config, format!("the TLS {what} cannot be read")).caused_by(format!("{error:?}"))
        };
        let chain = CertificateDer::pem_slice_iter(self.certificates.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable("certificate", error))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|error| unreadable("key", error))?;
        Ok((chain, key))
    }
}

/// Who looks into it sees no key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl From<Trust> for TlsOptions {
    fn from(trust: Trust) -> Self {
        Self { trust, ..Self::default() }
    }
}

fn apart(error: rustls::Error) -> Error {
    Error::new(Kind::Config, "the TLS certificate and key do not go together").caused_by(error)
}

/// What the handshake settled.
fn facts<Side>(connection: &ConnectionCommon<Side>, verified: Verified) -> Tls {
    let version = connection.protocol_version();
    let shown = connection.peer_certificates().unwrap_or_default();
    Tls {
        version: version.map_or_else(String::new, |version| format!("{version:?}").replace('_', ".")),
        cipher: connection
            .negotiated_cipher_suite()
            .map_or_else(String::new, |suite| format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")),
        verified,
        objections: Vec::new(),
        chain: shown.iter().map(certificate).collect(),
        // RFC 9266 §4.2 needs the extended master secret with TLS 1.2, and the library does not say whether it is there.
        exporter: (version == Some(ProtocolVersion::TLSv1_3))
            .then(|| connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).ok())
            .flatten()
            .map(Exporter),
    }
}

fn certificate(der: &CertificateDer<'_>) -> Certificate {
    Certificate { der: der.to_vec(), sha256: hash(der), spki: spki(der).map(|key| hash(&key)) }
}

/// A certificate's SubjectPublicKeyInfo.
fn spki(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let parsed = ParsedCertificate::try_from(der).ok()?;
    Some(parsed.subject_public_key_info().to_vec())
}

fn hash(octets: &[u8]) -> Fingerprint {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, octets).as_ref());
    Fingerprint(hash)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(cryptography::default_provider())
}
