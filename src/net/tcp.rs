//! TCP: connecting by name or address, and listening.
//!
//! RFC 5321 §5.1 asks for all addresses of a host; the deadline is per address. RFC 8305.

use super::connection::Connection;
use super::race;
use super::trace::Tap;
use crate::error::{Error, Kind, Result};
use crate::world::{Connect, Later, Stream};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connects over TCP.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

impl Connect for Tcp {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(to).await?;
            // Writes are joined before they come here; waiting for more would only cost round trips.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

/// The addresses this machine would speak from to far away, at most one of each family. Nothing is sent for it: the
/// system only chooses a way.
pub fn own_addresses() -> Vec<IpAddr> {
    // RFC 5737, RFC 3849: addresses that nobody has.
    let far: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ];
    let own = far.into_iter().filter_map(|(from, to)| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    });
    own.collect()
}

/// Connects over TCP from one address of this machine.
#[derive(Debug, Clone, Copy)]
pub struct TcpFrom(pub IpAddr);

impl Connect for TcpFrom {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.bind(SocketAddr::new(self.0, 0))?;
            let stream = socket.connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

/// Opens a connection to the first address that answers, each of them having a time of its own; `host` is for the
/// error's sentence, which says of each address how it failed.
pub async fn connect_any(
    connect: &dyn Connect,
    host: &str,
    addresses: &[SocketAddr],
    within: Duration,
    tap: impl FnOnce() -> Option<Tap>,
) -> Result<Connection> {
    match race::first(race::order(addresses), within, |address| connect.connect(address)).await {
        Ok((address, stream)) => Ok(Connection::new(stream, address, tap())),
        Err(failures) => Err(unreachable(host, failures)),
    }
}

/// The addresses of a host that is named in a URL, as the operating system finds them.
pub async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let name = host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((name, port)).await.map_err(|error| {
        // The resolver library's words tell "no such name" from "ask again" only by text.
        let text = error.to_string();
        let kind = if text.contains("emporary") { Kind::Temporary } else { Kind::NoHost };
        Error::new(kind, "the server's name does not resolve").with_peer(host).caused_by(error)
    })?;
    Ok(found.collect())
}

/// An address that is being listened on.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// The address, with the port that was picked.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The next connection, for those who serve one question and not a protocol.
    pub async fn connection(&self) -> io::Result<Connection> {
        let (stream, peer) = self.accept().await?;
        Ok(Connection::new(Box::new(stream), peer, None))
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        // Without it a reply may wait for the peer's delayed acknowledgement; with it nothing is lost.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }
}

/// Connections that may wait to be accepted; the system lowers it to its own limit. A client beyond it believes that
/// it is connected and waits for a greeting, until the system offers the connection anew a second later, or for ever
/// when the server dies meanwhile.
const WAITING_MAX: u32 = 4096;

/// Listens on an address; port 0 picks a free one. Must be called inside a runtime.
pub fn listen(address: SocketAddr) -> Result<Listener> {
    bind(address).map(Listener).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there; choose another port, or 0 for any free one",
            io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; choose a higher one",
            _ => "check that the address belongs to this machine",
        };
        Error::new(Kind::Unavailable, format!("cannot listen on {address}")).caused_by(error).hint(hint)
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts anew gets its port although connections of the last one linger in TIME-WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

/// Addresses whose failures are told one by one.
const TOLD_MAX: usize = 8;

pub(super) fn unreachable(host: &str, mut failures: Vec<race::Failure>) -> Error {
    let failed = Error::new(Kind::Temporary, "cannot connect");
    if failures.len() > 1 {
        let left = failures.len().saturating_sub(TOLD_MAX);
        let told = failures.iter().take(TOLD_MAX).map(|(address, error)| format!("{address}: {error}"));
        let more = (left > 0).then(|| format!("{left} more"));
        return failed.with_peer(host).caused_by(told.chain(more).collect::<Vec<_>>().join("; "));
    }
    let Some((address, error)) = failures.pop() else {
        return Error::new(Kind::NoHost, "the server has no address").with_peer(host);
    };
    let is_named = address.ip().to_string() != host.trim_matches(['[', ']']);
    failed.with_peer(if is_named { format!("{host}, {address}") } else { address.to_string() }).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    #[tokio::test]
    async fn hundreds_may_come_before_the_first_is_accepted() {
        let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = listener.address().expect("bound");
        let mut clients = Vec::new();
        // Linux has allowed 4096 since 5.4.
        for number in 0..300 {
            let client = timeout(Duration::from_secs(10), TcpStream::connect(address)).await;
            clients.push(client.unwrap_or_else(|_| panic!("{number} are connected")).expect("a connection"));
        }
        for _ in &clients {
            timeout(Duration::from_secs(10), listener.accept()).await.expect("it waits already").expect("a connection");
        }
    }
}
