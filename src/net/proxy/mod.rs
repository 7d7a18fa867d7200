//! Through a proxy: what is said to it before the first word of mail.
//!
//! Works on a connection that leads to the proxy; when it is through, the connection leads to the server. Reads not one
//! octet beyond the proxy's own answer, since a mail server speaks at once. The trace shows that there is a proxy, not
//! what it is told: there may be a password in it. RFC 1928, RFC 1929; RFC 9110 §9.3.6.

mod http;
mod socks;

use super::connection::Connection;
use super::peer::Peer;
use super::race;
use super::tcp::unreachable;
use super::trace::Tap;
use crate::endpoint::{Proxy, ProxyProtocol};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::{Connect, Stream};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A way through a proxy.
#[derive(Clone)]
pub struct Detour {
    /// The proxy.
    pub proxy: Proxy,
    /// What proves that we are its user.
    pub password: Option<Arc<Secret>>,
    /// The server, as the proxy is told of it; all of them are tried.
    pub targets: Vec<Target>,
}

/// Whom a proxy is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A name in ASCII, which the proxy looks up, and a port.
    Name(String, u16),
    /// An address.
    Address(SocketAddr),
}

/// Why a proxy did not lead anywhere.
#[derive(Debug)]
enum Refusal {
    /// It said so.
    Said(Kind, String),
    /// The connection to it broke.
    Broke(io::Error),
}

impl Detour {
    /// Connects to the first of the targets to which the proxy leads.
    pub async fn connect(
        &self,
        connect: &dyn Connect,
        addresses: &[SocketAddr],
        within: Duration,
        tap: impl FnOnce() -> Option<Tap>,
    ) -> Result<Connection> {
        let proxy = self.proxy.authority();
        let mut last = Error::new(Kind::NoHost, "the server has no address");
        for target in &self.targets {
            // The proxy is not there for one target and away for the next.
            let raced = race::first(race::order(addresses), within, |address| connect.connect(address)).await;
            let (address, mut stream) = raced.map_err(|failures| unreachable(&proxy, failures))?;
            match through(&mut *stream, self, target, within).await {
                Ok(()) => return Ok(Connection::new(stream, Peer::Behind(address), tap())),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Asks the proxy at the other end of the stream for a server.
async fn through(stream: &mut dyn Stream, detour: &Detour, target: &Target, within: Duration) -> Result<()> {
    let login = detour.proxy.user.as_deref().zip(detour.password.as_deref());
    let asking = async {
        match detour.proxy.protocol {
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => socks::ask(stream, target, login).await,
            ProxyProtocol::Http => http::ask(stream, target, login).await,
        }
    };
    let (kind, why) = match timeout(within, asking).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(Refusal::Said(kind, why))) => (kind, why),
        Ok(Err(Refusal::Broke(error))) if error.kind() == io::ErrorKind::UnexpectedEof => {
            (Kind::Temporary, "it closed the connection".to_owned())
        }
        Ok(Err(Refusal::Broke(error))) => (Kind::Temporary, error.to_string()),
        Err(_) => (Kind::Temporary, format!("no answer within {} seconds", within.as_secs_f64())),
    };
    let what = format!("the proxy did not connect us to {target}");
    Err(Error::new(kind, what).with_peer(detour.proxy.authority()).caused_by(why))
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broke(error)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name, port) => write!(f, "{name}:{port}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The proxy's password does not show.
impl fmt::Debug for Detour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Detour({} to {:?})", self.proxy, self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// Plays a proxy that expects some octets and answers others, in turn; what the server says comes behind.
    pub(super) async fn play(url: &str, target: &Target, script: &[(&[u8], &[u8])]) -> Result<String> {
        let (mut near, mut far) = duplex(4096);
        let script: Vec<(Vec<u8>, Vec<u8>)> = script.iter().map(|(c, s)| (c.to_vec(), s.to_vec())).collect();
        let proxy = tokio::spawn(async move {
            for (wanted, answer) in script {
                let mut heard = vec![0; wanted.len()];
                far.read_exact(&mut heard).await.expect("it is said");
                assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&wanted));
                far.write_all(&answer).await.expect("somebody listens");
            }
        });
        let password = Some(Arc::new(Secret::new("hunter2".into())));
        let proxied = Proxy::parse(url).expect(url);
        let detour = Detour { proxy: proxied, password, targets: vec![target.clone()] };
        let result = through(&mut near, &detour, target, Duration::from_secs(5)).await;
        drop(proxy.await);
        let mut rest = String::new();
        near.read_to_string(&mut rest).await.expect("text");
        result.map(|()| rest)
    }
}
