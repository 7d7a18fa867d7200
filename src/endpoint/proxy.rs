//! A proxy as a URL names it: `socks5h://alice@127.0.0.1:1080`.
//!
//! `socks5` looks the server's name up here, `socks5h` and `http` let the proxy do it, as other programs use these
//! words. Connects to nothing. RFC 1928, RFC 1929; RFC 9110 §9.3.6.

use super::{Host, decode, encode, host, user};
use crate::address::Domain;
use crate::secret::Secret;
use std::fmt;

/// A proxy that leads to servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is asked.
    pub protocol: ProxyProtocol,
    /// A name or an address.
    pub host: Domain,
    /// The TCP port.
    pub port: u16,
    /// Whom to log in as there.
    pub user: Option<String>,
}

/// How a proxy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyProtocol {
    /// RFC 1928, by address.
    Socks5,
    /// RFC 1928, by name.
    Socks5h,
    /// CONNECT (RFC 9110 §9.3.6), by name.
    Http,
}

/// Why a text names no proxy; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Another form.
    #[error("a proxy is given as socks5://host:port, socks5h://host:port or http://host:port")]
    NotAProxy,
    /// A password, which every user of the machine could read in the list of processes.
    #[error("a URL is no place for a password: others can see it")]
    Password,
}

const SCHEMES: [(&str, ProxyProtocol, u16); 3] = [
    ("socks5", ProxyProtocol::Socks5, 1080),
    ("socks5h", ProxyProtocol::Socks5h, 1080),
    ("http", ProxyProtocol::Http, 3128),
];

impl Proxy {
    /// Reads the URL of an argument or a configuration file.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        match Self::parse_with_password(text) {
            Ok((proxy, None)) => Ok(proxy),
            Ok((_, Some(_))) => Err(ProxyError::Password),
            Err(_) if super::holds_password(text) => Err(ProxyError::Password),
            Err(error) => Err(error),
        }
    }

    /// Reads the URL of a place that may hold a password: the environment, by whose customs it stands there.
    pub fn parse_with_password(text: &str) -> Result<(Self, Option<Secret>), ProxyError> {
        let url = url::Url::parse(text).map_err(|_| ProxyError::NotAProxy)?;
        let (_, protocol, port) =
            *SCHEMES.iter().find(|(scheme, ..)| *scheme == url.scheme()).ok_or(ProxyError::NotAProxy)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::NotAProxy);
        }
        let host = host(url.host_str().unwrap_or_default()).map_err(|_| ProxyError::NotAProxy)?;
        let user = Some(url.username()).filter(|name| !name.is_empty()).map(user).transpose();
        let password = url.password().map(|text| decode(text).map(Secret::new).ok_or(ProxyError::NotAProxy));
        // What URLs of the web leave out is their own port and not that of proxies.
        let port = url.port().or(text.trim_end_matches('/').ends_with(":80").then_some(80)).unwrap_or(port);
        let proxy = Self { protocol, host, port, user: user.map_err(|_| ProxyError::NotAProxy)? };
        Ok((proxy, password.transpose()?))
    }

    /// Whether the proxy looks names up.
    pub fn resolves(&self) -> bool {
        self.protocol != ProxyProtocol::Socks5
    }

    /// `host:port`, as messages name it.
    pub fn authority(&self) -> String {
        format!("{}:{}", Host(&self.host), self.port)
    }
}

/// The URL, with its port.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme =
            SCHEMES.iter().find(|(_, protocol, _)| *protocol == self.protocol).map_or("socks5h", |(word, ..)| *word);
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{}@", encode(user))?;
        }
        f.write_str(&self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_printed_as_they_are_read() {
        for (text, printed) in [
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
            ("socks5h://alice@proxy.example:9050/", "socks5h://alice@proxy.example:9050"),
            ("http://a%40b@[::1]:8080", "http://a%40b@[::1]:8080"),
            ("http://proxy.example", "http://proxy.example:3128"),
            ("http://proxy.example:80", "http://proxy.example:80"),
        ] {
            let proxy = Proxy::parse(text).expect(text);
            assert_eq!(proxy.to_string(), printed, "{text}");
            assert_eq!(Proxy::parse(printed), Ok(proxy), "{printed}");
        }
    }

    #[test]
    fn what_names_no_proxy_is_refused_and_a_password_is_read_from_the_environment_only() {
        for (text, wanted) in [
            ("proxy.example:1080", ProxyError::NotAProxy),
            ("socks4://proxy.example", ProxyError::NotAProxy),
            ("https://proxy.example", ProxyError::NotAProxy),
            ("socks5://", ProxyError::NotAProxy),
            ("socks5://proxy.example/x", ProxyError::NotAProxy),
            ("socks5://proxy.example?x", ProxyError::NotAProxy),
            ("socks5://a%0d%0a@proxy.example", ProxyError::NotAProxy),
            ("socks5://a:secret@proxy.example", ProxyError::Password),
            ("socks9://a:secret@proxy.example", ProxyError::Password),
        ] {
            assert_eq!(Proxy::parse(text), Err(wanted), "{text}");
        }
        let (proxy, password) = Proxy::parse_with_password("socks5h://a:s%3Acret@proxy.example").expect("a proxy");
        assert_eq!(proxy.to_string(), "socks5h://a@proxy.example:1080");
        assert_eq!(password.expect("a password").expose(), "s:cret");
    }
}
