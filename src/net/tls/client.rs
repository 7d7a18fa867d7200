//! The client's side: whom it trusts, who it is, and what name it expects.

use super::verify::Verifier;
use super::{TlsOptions, Trust, apart, facts, provider, refusal};
use crate::error::{Error, Kind, Result};
use crate::wire::secured::Verified;
use crate::wire::session::Tls;
use crate::world::Stream;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// The client's side. Cheap to clone.
#[derive(Clone)]
pub struct ClientTls {
    connector: TlsConnector,
    verified: Verified,
    name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// With the trust given, nameless.
    pub fn new(trust: &Trust) -> Result<Self> {
        Self::with(&trust.clone().into())
    }

    /// With all that was asked for.
    pub fn with(options: &TlsOptions) -> Result<Self> {
        let no_roots = |error: rustls::Error| {
            Error::new(Kind::Config, "no certificate authorities to check servers with").caused_by(error)
        };
        let builder =
            ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(no_roots)?;
        let builder = match &options.trust {
            Trust::System => {
                let verifier = rustls_platform_verifier::Verifier::new(provider()).map_err(no_roots)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Trust::Authorities(pem) => builder.with_root_certificates(authorities(pem)?),
            Trust::Pinned(pins) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Verifier::pinned(provider(), pins)))
            }
            Trust::Named { associations, names } => {
                let verifier = Verifier::named(provider(), associations, names);
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Trust::Anyone => builder.dangerous().with_custom_certificate_verifier(Arc::new(Verifier::lax(provider()))),
        };
        let config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.read()?;
                builder.with_client_auth_cert(chain, key).map_err(apart)?
            }
        };
        let verified = match &options.trust {
            Trust::System | Trust::Authorities(_) => Verified::Pkix,
            Trust::Pinned(_) => Verified::Pin,
            Trust::Named { .. } => Verified::Dane,
            Trust::Anyone => Verified::No,
        };
        let name = options.name.as_deref().map(server_name).transpose()?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), verified, name })
    }

    /// The same, because a policy of the domain wants it, which names the server (RFC 8461 §4).
    pub fn for_policy(self) -> Self {
        Self { verified: Verified::MtaSts, ..self }
    }

    pub(in crate::net) async fn connect(&self, stream: Box<dyn Stream>, host: &str) -> Result<(Box<dyn Stream>, Tls)> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => server_name(host)?,
        };
        let stream = self.connector.connect(name, stream).await.map_err(|error| refusal::of(error, host))?;
        let facts = facts(stream.get_ref().1, self.verified);
        Ok((Box::new(stream), facts))
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|error| {
        Error::new(Kind::Config, format!("{host} is no name that a certificate can carry")).caused_by(error)
    })
}

fn authorities(pem: &[u8]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| {
            Error::new(Kind::Config, "the file of certificate authorities is not PEM").caused_by(format!("{error:?}"))
        })?;
        roots.add(certificate).map_err(|error| {
            Error::new(Kind::Config, "the file of certificate authorities holds one that cannot be read")
                .caused_by(error)
        })?;
    }
    if roots.is_empty() {
        return Err(Error::new(Kind::Config, "the file of certificate authorities holds no certificate"));
    }
    Ok(roots)
}
