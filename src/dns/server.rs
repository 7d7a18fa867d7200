//! A name server as arguments say it: where it is, and how it is asked.
//!
//! `@192.0.2.53`, `@ns1.example.org:5353`, `@tcp://…`, `@tls://192.0.2.53#dns.example.org`,
//! `@https://dns.example.org/dns-query`. What stands behind `#` is the name that the certificate must have, for a server
//! that is named by its address. Asks nobody.
//! RFC 7766; RFC 7858; RFC 8310 §8.1; RFC 8484.

use crate::address::Domain;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// Where a name server is, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// How it is asked.
    pub transport: Transport,
    /// An address, or a name in A-labels.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name that its certificate must have, if that is not the host.
    pub name: Option<String>,
    /// What is asked for there, of a web server; else empty.
    pub path: String,
}

/// What questions go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams, and a connection for what does not fit them.
    Udp,
    /// Connections only.
    Tcp,
    /// Connections with TLS (RFC 7858).
    Tls,
    /// HTTPS (RFC 8484).
    Https,
}

/// Why a text names no server; the sentence is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// Not an address, not a name, or something behind it that is no port.
    #[error("it takes an address or a name, perhaps with a port: 192.0.2.53, [2001:db8::53]:53, tls://dns.example.org")]
    Form,
    /// A scheme that is no way to ask a name server.
    #[error("{0}:// is no way to ask a name server; known are udp, tcp, tls and https")]
    Scheme(String),
    /// A name for a certificate where there is none.
    #[error("a name behind # is for servers with a certificate: tls://192.0.2.53#dns.example.org")]
    Name,
    /// A path, a query or a user where none belongs.
    #[error("only https:// has a path, and no server has a user")]
    Path,
}

impl Transport {
    /// The port where nobody says otherwise.
    pub fn port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 53,
            Self::Tls => 853,
            Self::Https => 443,
        }
    }

    /// As URLs and reports write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Server {
    /// Reads a server, with or without the `@` in front.
    pub fn parse(text: &str) -> Result<Self, ServerError> {
        let text = text.strip_prefix('@').unwrap_or(text);
        let (transport, rest) = match text.split_once("://") {
            None => (Transport::Udp, text),
            Some((scheme, rest)) => {
                let known = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Https];
                let known = known.into_iter().find(|known| known.word().eq_ignore_ascii_case(scheme));
                (known.ok_or_else(|| ServerError::Scheme(scheme.to_owned()))?, rest)
            }
        };
        let (rest, name) = match rest.split_once('#') {
            None => (rest, None),
            Some(_) if !matches!(transport, Transport::Tls | Transport::Https) => return Err(ServerError::Name),
            Some((rest, name)) => (rest, Some(host(name).ok_or(ServerError::Form)?)),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            None if transport == Transport::Https => (rest, "/dns-query"),
            Some(at) if transport == Transport::Https => rest.split_at(at),
            None => (rest, ""),
            Some(at) if &rest[at..] == "/" => (&rest[..at], ""),
            Some(_) => return Err(ServerError::Path),
        };
        if authority.contains('@') {
            return Err(ServerError::Path);
        }
        // RFC 8484 §6: a template names a variable for questions that are asked by GET; ours are not.
        let path = path.strip_suffix("{?dns}").unwrap_or(path);
        let (host, port) = place(authority, transport.port()).ok_or(ServerError::Form)?;
        let server = Self { transport, host, port, name, path: path.to_owned() };
        if transport == Transport::Https && server.url().is_none() {
            return Err(ServerError::Path);
        }
        Ok(server)
    }

    /// A server at an address, asked by datagrams.
    pub fn at(address: SocketAddr) -> Self {
        let (host, port) = (address.ip().to_string(), address.port());
        Self { transport: Transport::Udp, host, port, name: None, path: String::new() }
    }

    /// Its address, if it is not named.
    pub fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse().ok()?, self.port))
    }

    /// The name that its certificate must have.
    pub fn certified(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.host)
    }

    /// Where questions are asked, of a web server: with the name in it that the server knows itself by.
    pub fn url(&self) -> Option<Url> {
        let url = format!("https://{}{}", authority(self.certified(), self.port, 443), self.path);
        Url::parse(&url).ok().filter(|_| self.transport == Transport::Https)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.transport == Transport::Udp {
            // As it always was: with its port, as sockets have it.
            return match self.address() {
                Some(address) => address.fmt(f),
                None => f.write_str(&authority(&self.host, self.port, 53)),
            };
        }
        let place = authority(&self.host, self.port, self.transport.port());
        write!(f, "{}://{place}{}", self.transport, self.path)?;
        self.name.iter().try_for_each(|name| write!(f, "#{name}"))
    }
}

/// Host and port as URLs write them.
fn authority(host: &str, port: u16, usual: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == usual { host } else { format!("{host}:{port}") }
}

/// `192.0.2.53`, `127.0.0.1:5353`, `2001:db8::53`, `[2001:db8::53]:53`, `ns.example:53`.
fn place(text: &str, usual: u16) -> Option<(String, u16)> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip().to_string(), address.port()));
    }
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = inner.parse::<IpAddr>() {
        return Some((ip.to_string(), usual));
    }
    match text.rsplit_once(':') {
        // A sign in front is no digit, whatever `parse` thinks of it.
        Some((name, port)) if port.starts_with(|c: char| c.is_ascii_digit()) => Some((host(name)?, port.parse().ok()?)),
        Some(_) => None,
        None => Some((host(text)?, usual)),
    }
}

/// A name in A-labels, or an address.
fn host(text: &str) -> Option<String> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_string());
    }
    match Domain::parse(text.strip_suffix('.').unwrap_or(text)).ok()?.to_ascii() {
        Domain::Name(name) => Some(name.to_ascii_lowercase()),
        Domain::Literal(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_and_printed() {
        for (text, transport, place, name, printed) in [
            ("@192.0.2.53", Transport::Udp, ("192.0.2.53", 53), None, "192.0.2.53:53"),
            ("192.0.2.53:5353", Transport::Udp, ("192.0.2.53", 5353), None, "192.0.2.53:5353"),
            ("@::1", Transport::Udp, ("::1", 53), None, "[::1]:53"),
            ("@[::1]", Transport::Udp, ("::1", 53), None, "[::1]:53"),
            ("@[::1]:99", Transport::Udp, ("::1", 99), None, "[::1]:99"),
            ("@udp://192.0.2.53", Transport::Udp, ("192.0.2.53", 53), None, "192.0.2.53:53"),
            ("@NS1.Example.org.", Transport::Udp, ("ns1.example.org", 53), None, "ns1.example.org"),
            ("@ns.example:5353", Transport::Udp, ("ns.example", 5353), None, "ns.example:5353"),
            ("@bücher.example", Transport::Udp, ("xn--bcher-kva.example", 53), None, "xn--bcher-kva.example"),
            ("@tcp://192.0.2.53/", Transport::Tcp, ("192.0.2.53", 53), None, "tcp://192.0.2.53"),
            ("@TCP://[::1]:5353", Transport::Tcp, ("::1", 5353), None, "tcp://[::1]:5353"),
            ("@tls://dns.example", Transport::Tls, ("dns.example", 853), None, "tls://dns.example"),
            (
                "@tls://1.1.1.1#Cloudflare-DNS.com",
                Transport::Tls,
                ("1.1.1.1", 853),
                Some("cloudflare-dns.com"),
                "tls://1.1.1.1#cloudflare-dns.com",
            ),
            ("@tls://[::1]:99#a.b", Transport::Tls, ("::1", 99), Some("a.b"), "tls://[::1]:99#a.b"),
            ("@https://dns.example", Transport::Https, ("dns.example", 443), None, "https://dns.example/dns-query"),
            (
                "@https://dns.example:8443/q{?dns}",
                Transport::Https,
                ("dns.example", 8443),
                None,
                "https://dns.example:8443/q",
            ),
            (
                "@https://192.0.2.1/dns-query#dns.example",
                Transport::Https,
                ("192.0.2.1", 443),
                Some("dns.example"),
                "https://192.0.2.1/dns-query#dns.example",
            ),
        ] {
            let server = Server::parse(text).expect(text);
            assert_eq!((server.transport, (server.host.as_str(), server.port)), (transport, place), "{text}");
            assert_eq!((server.name.as_deref(), server.to_string().as_str()), (name, printed), "{text}");
            assert_eq!(Server::parse(&server.to_string()).as_ref(), Ok(&server), "{text}");
        }
        let server = Server::parse("https://192.0.2.1:99/q?x=1#dns.example").expect("a server");
        assert_eq!(server.url().map(String::from).as_deref(), Some("https://dns.example:99/q?x=1"));
        assert_eq!(server.certified(), "dns.example");
    }

    #[test]
    fn what_names_no_server_is_refused_with_a_reason() {
        for (text, wanted) in [
            ("@", ServerError::Form),
            ("@[::1", ServerError::Form),
            ("@[::1]:", ServerError::Form),
            ("@1.1.1.1:x", ServerError::Form),
            ("@1.1.1.1:+5", ServerError::Form),
            ("@ns.example:99999", ServerError::Form),
            ("@a..b", ServerError::Form),
            ("@a b", ServerError::Form),
            ("@tls://", ServerError::Form),
            ("@tls://1.1.1.1#", ServerError::Form),
            ("@tls://1.1.1.1#a b", ServerError::Form),
            ("@quic://1.1.1.1", ServerError::Scheme("quic".into())),
            ("@1.1.1.1#dns.example", ServerError::Name),
            ("@tcp://1.1.1.1#dns.example", ServerError::Name),
            ("@tls://1.1.1.1/dns-query", ServerError::Path),
            ("@1.1.1.1/24", ServerError::Path),
            ("@https://me@dns.example/dns-query", ServerError::Path),
        ] {
            assert_eq!(Server::parse(text), Err(wanted), "{text}");
        }
    }
}
