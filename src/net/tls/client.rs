//! The client's side: whom it trusts, who it is, and what name it expects.

use super::farewell::Farewell;
use super::objections::{Shown, objections};
use super::refusal::Refused;
use super::verify::Verifier;
use super::{TlsOptions, Trust, apart, facts, old, provider, refusal};
use crate::error::{Error, Kind, Result};
use crate::wire::secured::Verified;
use crate::wire::session::Tls;
use crate::world::Stream;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// The client's side. Cheap to clone.
#[derive(Clone)]
pub struct ClientTls {
    connector: TlsConnector,
    verified: Verified,
    /// Whose opinion goes into the facts, and what it is worth if it is a good one.
    judge: Option<(Arc<dyn ServerCertVerifier>, Verified)>,
    name: Option<ServerName<'static>>,
    is_question: bool,
}

impl ClientTls {
    /// With the trust given, nameless.
    pub fn new(trust: &Trust) -> Result<Self> {
        Self::with(&trust.clone().into())
    }

    /// With all that was asked for.
    pub fn with(options: &TlsOptions) -> Result<Self> {
        let builder =
            ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(no_roots)?;
        let (trust, judge) = match &options.trust {
            Trust::Observed(trust) => (&Trust::Anyone, Some((verifier(trust)?, verified(trust)))),
            trust => (trust, None),
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier(trust)?);
        let config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.read()?;
                builder.with_client_auth_cert(chain, key).map_err(apart)?
            }
        };
        let name = options.name.as_deref().map(server_name).transpose()?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            verified: verified(trust),
            judge,
            name,
            is_question: options.is_question,
        })
    }

    /// The same, because a policy of the domain wants it, which names the server (RFC 8461 §4).
    pub fn for_policy(self) -> Self {
        Self { verified: Verified::MtaSts, ..self }
    }

    pub(in crate::net) async fn connect(
        &self,
        stream: Box<dyn Stream>,
        host: &str,
    ) -> Result<(Box<dyn Stream>, Tls), Refused> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => server_name(host).map_err(Refused::other)?,
        };
        if self.is_question {
            return Err(refusal::asked(old::ask(stream, &name).await, host));
        }
        let connected = self.connector.connect(name.clone(), stream).await;
        let stream = connected.map_err(|error| refusal::of(error, host))?;
        let connection = stream.get_ref().1;
        let mut facts = facts(connection, self.verified);
        if let (Some((judge, verified)), Some([own, others @ ..])) = (&self.judge, connection.peer_certificates()) {
            let shown = Shown { own, others, name: &name, at: UnixTime::now() };
            facts.objections = objections(&**judge, *verified, &shown);
            if facts.objections.is_empty() {
                facts.verified = *verified;
            }
        }
        Ok((Box::new(Farewell(stream)), facts))
    }
}

/// Who judges certificates by this trust.
pub(super) fn verifier(trust: &Trust) -> Result<Arc<dyn ServerCertVerifier>> {
    Ok(match trust {
        Trust::System => Arc::new(rustls_platform_verifier::Verifier::new(provider()).map_err(no_roots)?),
        Trust::Authorities(pem) => {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities(pem)?), provider());
            builder.build().map_err(no_roots)?
        }
        Trust::Pinned(pins) => Arc::new(Verifier::pinned(provider(), pins)),
        Trust::Named { associations, names } => Arc::new(Verifier::named(provider(), associations, names)),
        Trust::Anyone | Trust::Observed(_) => Arc::new(Verifier::lax(provider())),
    })
}

/// What it means to have passed.
pub(super) fn verified(trust: &Trust) -> Verified {
    match trust {
        Trust::System | Trust::Authorities(_) => Verified::Pkix,
        Trust::Pinned(_) => Verified::Pin,
        Trust::Named { .. } => Verified::Dane,
        Trust::Anyone | Trust::Observed(_) => Verified::No,
    }
}

fn no_roots(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Config, "no certificate authorities to check servers with").caused_by(error)
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
