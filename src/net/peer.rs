//! Who is at the other end of a connection.
//!
//! Not always an address: a socket of the file system has a path, a program its pipes, and behind a proxy nobody can
//! see. What matters to a password is whether others could listen in. Connects to nothing.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A TCP port; pipes in memory, which only tests and the demo have, take the address of loopback.
    Address(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
    /// Input and output of a program that we started.
    Pipe,
    /// Whoever the proxy at this address reached.
    Behind(SocketAddr),
}

impl Peer {
    /// The address, if it is the peer's own.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Unix(_) | Self::Pipe | Self::Behind(_) => None,
        }
    }

    /// The address without its port.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address().map(|address| address.ip())
    }

    /// Whether all that is said stays on this machine, so that a password in clear goes over no wire. Where a proxy
    /// leads, and what is loopback there, cannot be known.
    pub fn crosses_no_wire(&self) -> bool {
        match self {
            Self::Address(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) | Self::Pipe => true,
            Self::Behind(_) => false,
        }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
            Self::Pipe => f.write_str("pipe"),
            Self::Behind(proxy) => write!(f, "behind the proxy {proxy}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_on_this_machine_crosses_no_wire() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        for (peer, wanted) in [
            (Peer::from(address("127.0.0.1:25")), true),
            (Peer::from(address("[::1]:25")), true),
            (Peer::from(address("[::ffff:127.0.0.9]:25")), true),
            (Peer::from(address("192.0.2.1:25")), false),
            (Peer::Unix("/run/lmtp".into()), true),
            (Peer::Pipe, true),
            (Peer::Behind(address("127.0.0.1:1080")), false),
        ] {
            assert_eq!(peer.crosses_no_wire(), wanted, "{peer}");
        }
    }
}
