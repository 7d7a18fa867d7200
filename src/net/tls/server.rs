//! The server's side: a certificate and its key.

use super::farewell::Farewell;
use super::{Identity, apart, facts, provider};
use crate::error::Result;
use crate::wire::secured::Verified;
use crate::wire::session::Tls;
use crate::world::Stream;
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The server's side: a certificate and its key.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl ServerTls {
    /// From PEM text.
    pub fn new(identity: &Identity) -> Result<Self> {
        let (chain, key) = identity.read()?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(apart)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(in crate::net) async fn accept(&self, stream: Box<dyn Stream>) -> io::Result<(Box<dyn Stream>, Tls)> {
        let stream = self.0.accept(stream).await?;
        let facts = facts(stream.get_ref().1, Verified::No);
        Ok((Box::new(Farewell(stream)), facts))
    }
}
