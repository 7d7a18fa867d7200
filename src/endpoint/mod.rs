//! A server as a URL names it: protocol, host, port, user, and how TLS begins.
//!
//! `smtps://alice@smtp.crepes.example`, `pop3://bob@127.0.0.1:1110`. The scheme decides TLS: one ending
//! in `s` speaks it from the first octet, the others must offer an upgrade and are left if they do not.
//! Only on loopback, where nobody can listen in, is plain text the default; `?tls=` says otherwise.
//! A server may also be a socket of the file system, `lmtp+unix:///run/lmtp`, or a program that speaks on its input and
//! output, `smtp+pipe:ssh mail.example sendmail -bs`; both are on this machine, as far as anybody can tell.
//! Connects to nothing. RFC 8314 §3, RFC 2384 §3, RFC 5092 §3.

mod local;
mod proxy;

pub use local::Local;
pub use proxy::{Proxy, ProxyError, ProxyProtocol};

use crate::address::Domain;
use std::fmt;
use std::net::IpAddr;

/// Where a server is and how to begin talking to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The protocol spoken there.
    pub protocol: Protocol,
    /// Where it is reached on this machine, if not by TCP; then the host is this one, and there is no port.
    pub local: Option<Local>,
    /// A name or an address.
    pub host: Domain,
    /// The TCP port.
    pub port: u16,
    /// Whom to log in as, if the URL says so.
    pub user: Option<String>,
    /// How TLS begins.
    pub tls: TlsMode,
}

/// What is spoken at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// RFC 5321, and RFC 6409 on the submission ports.
    Smtp,
    /// RFC 2033.
    Lmtp,
    /// RFC 1939.
    Pop3,
    /// RFC 9051.
    Imap,
    /// RFC 5804: where filters for mail are kept.
    Sieve,
}

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// With the first octet (RFC 8314 §3).
    Implicit,
    /// By STARTTLS or STLS; a server that does not offer it is left.
    StartTls,
    /// By STARTTLS or STLS if it is offered.
    Opportunistic,
    /// Not at all.
    None,
}

/// Why a text names no server; the sentence is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not of the form `scheme://host`.
    #[error("a server is given as a URL such as smtps://alice@smtp.example.org")]
    NotAUrl,
    /// A scheme that mail does not use.
    #[error(
        "{0}:// is not a mail protocol; known are smtp, smtps, submission, submissions, lmtp, pop3, pop3s, imap, imaps, sieve, and smtp+unix, lmtp+unix, smtp+pipe, lmtp+pipe for servers on this machine"
    )]
    Scheme(String),
    /// No host, or one that cannot exist.
    #[error("the URL names no valid host")]
    Host,
    /// A socket without its path, or a pipe without its command.
    #[error("a socket is given as lmtp+unix:///path, a program as smtp+pipe:command")]
    Local,
    /// A password, which every user of the machine could read in the list of processes.
    #[error("a URL is no place for a password: others can see it")]
    Password,
    /// A path, a fragment, or a user name with control characters.
    #[error("{0:?} has no meaning in the URL of a server")]
    Extra(String),
    /// `?tls=` with an unknown value, or on a scheme that speaks TLS anyway.
    #[error("behind ? only tls=require, tls=try or tls=none may stand, and only for a scheme without TLS of its own")]
    Tls,
}

/// Scheme, protocol, port, and whether TLS is there from the first octet.
const SCHEMES: [(&str, Protocol, u16, bool); 10] = [
    ("smtp", Protocol::Smtp, 25, false),
    ("smtps", Protocol::Smtp, 465, true),
    ("submission", Protocol::Smtp, 587, false),
    ("submissions", Protocol::Smtp, 465, true),
    ("lmtp", Protocol::Lmtp, 24, false),
    ("pop3", Protocol::Pop3, 110, false),
    ("pop3s", Protocol::Pop3, 995, true),
    ("imap", Protocol::Imap, 143, false),
    ("imaps", Protocol::Imap, 993, true),
    ("sieve", Protocol::Sieve, 4190, false),
];

const TLS_MODES: [(&str, TlsMode); 3] =
    [("require", TlsMode::StartTls), ("try", TlsMode::Opportunistic), ("none", TlsMode::None)];

impl Endpoint {
    /// Reads a URL. Whatever else is wrong with one that holds a password, the error is about that, and does not
    /// repeat it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if let Some(local) = local::parse(text) {
            return local;
        }
        match Self::read(text) {
            Err(_) if holds_password(text) => Err(EndpointError::Password),
            read => read,
        }
    }

    /// Reads a host, perhaps with a port, which says what is spoken there: a scheme, and what stands behind the URL.
    /// None if it says nothing.
    pub fn of_host(
        text: &str,
        spoken: impl FnOnce(Option<&str>) -> Option<(&'static str, &'static str)>,
    ) -> Option<Result<Self, EndpointError>> {
        // Colons within an address are none before a port.
        let is_port = |host: &str| !host.contains(':') || host.ends_with(']');
        let port = text.rsplit_once(':').filter(|(host, _)| is_port(host)).map(|(_, port)| port);
        let is_bare = port.is_none() && text.contains(':') && !text.starts_with('[');
        let host = if is_bare { format!("[{text}]") } else { text.to_owned() };
        let (scheme, query) = spoken(port)?;
        Some(Self::parse(&format!("{scheme}://{host}{query}")))
    }

    /// Whether a text is meant to be a URL, right or wrong, and not the name of an account.
    pub fn is_meant(text: &str) -> bool {
        text.contains("://") || local::parse(text).is_some()
    }

    fn read(text: &str) -> Result<Self, EndpointError> {
        let url = url::Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => EndpointError::NotAUrl,
            _ => EndpointError::Host,
        })?;
        let (_, protocol, port, implicit) = *SCHEMES
            .iter()
            .find(|(scheme, ..)| *scheme == url.scheme())
            .ok_or_else(|| EndpointError::Scheme(url.scheme().to_owned()))?;
        if url.password().is_some() {
            return Err(EndpointError::Password);
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(EndpointError::Extra(format!(
                "{}{}",
                url.path(),
                url.fragment().map(|f| format!("#{f}")).unwrap_or_default()
            )));
        }
        let host = host(url.host_str().unwrap_or_default())?;
        let tls = match (implicit, url.query()) {
            (true, None) => TlsMode::Implicit,
            (false, None) if is_loopback(&host) => TlsMode::None,
            (false, None) => TlsMode::StartTls,
            (true, Some(_)) => return Err(EndpointError::Tls),
            (false, Some(query)) => tls_mode(query)?,
        };
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(user).transpose()?;
        Ok(Self { protocol, local: None, host, port: url.port().unwrap_or(port), user, tls })
    }

    /// Whether the host is this machine, so that a password in clear goes over no wire.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// `host:port`, as messages name a server; a path or a command for one on this machine.
    pub fn authority(&self) -> String {
        match &self.local {
            Some(local) => local.to_string(),
            None => format!("{}:{}", Host(&self.host), self.port),
        }
    }

    /// The host without its port, an address without brackets; a path or a command for a server on this machine.
    pub fn place(&self) -> String {
        match (&self.local, &self.host) {
            (Some(local), _) => local.to_string(),
            (None, Domain::Literal(ip)) => ip.to_string(),
            (None, name) => name.to_string(),
        }
    }

    /// The server whichever of its protocol's own ports leads to it: `host`, and `:port` for any other port.
    pub fn service(&self) -> String {
        let is_own = SCHEMES.iter().any(|(_, protocol, port, _)| (*protocol, *port) == (self.protocol, self.port));
        if is_own { Host(&self.host).to_string() } else { self.authority() }
    }
}

fn tls_mode(query: &str) -> Result<TlsMode, EndpointError> {
    let word = query.strip_prefix("tls=").ok_or(EndpointError::Tls)?;
    TLS_MODES.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode).ok_or(EndpointError::Tls)
}

/// Whether `:` and `@` stand as around a password, however many signs in it ought to have been escaped.
fn holds_password(text: &str) -> bool {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    behind.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// A URL, or what was given in the place of one, without the password in it: for those who repeat it.
pub fn masked(text: &str) -> String {
    let begin = text.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = text.split_at(begin);
    let colon = |user: &str| [":", "%3A", "%3a"].iter().filter_map(|colon| user.find(colon)).min();
    match rest.rsplit_once('@').and_then(|(user, host)| Some((&user[..colon(user)?], host))) {
        Some((user, host)) => format!("{scheme}{user}:{{secret}}@{host}"),
        None => text.to_owned(),
    }
}

fn host(text: &str) -> Result<Domain, EndpointError> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse().map(|ip| Domain::Literal(IpAddr::V6(ip))).map_err(|_| EndpointError::Host);
    }
    if let Ok(ip) = text.parse() {
        return Ok(Domain::Literal(IpAddr::V4(ip)));
    }
    let name = decode(text).ok_or(EndpointError::Host)?;
    match Domain::parse(name.strip_suffix('.').unwrap_or(&name)) {
        Ok(host @ Domain::Name(_)) => Ok(host),
        _ => Err(EndpointError::Host),
    }
}

fn user(text: &str) -> Result<String, EndpointError> {
    decode(text).filter(|user| !user.chars().any(char::is_control)).ok_or_else(|| EndpointError::Extra(text.to_owned()))
}

fn is_loopback(host: &Domain) -> bool {
    match host {
        Domain::Literal(ip) => ip.to_canonical().is_loopback(),
        // RFC 6761 §6.3: the name never means another machine.
        Domain::Name(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// `%40` as `@` (RFC 3986 §2.1).
fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        octets.push(match (first, more) {
            (b'%', [high, low, behind @ ..]) => {
                rest = behind;
                let digit = |digit: u8| char::from(digit).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
            }
            (b'%', _) => return None,
            (octet, _) => *octet,
        });
    }
    String::from_utf8(octets).ok()
}

/// What a URL may not hold in a user name is written as `%` and two digits.
fn encode(text: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+".contains(&octet);
    text.bytes().map(|o| if plain(o) { char::from(o).to_string() } else { format!("%{o:02X}") }).collect()
}

/// A host as URLs write it: IPv6 in brackets, without a tag.
struct Host<'a>(&'a Domain);

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Domain::Name(name) => f.write_str(name),
            Domain::Literal(IpAddr::V4(ip)) => ip.fmt(f),
            Domain::Literal(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// The URL, with its port, and with `?tls=` where the scheme and the host do not say enough.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(local) = &self.local {
            return local.print(self, f);
        }
        let implicit = self.tls == TlsMode::Implicit;
        let scheme = SCHEMES
            .iter()
            .find(|(_, protocol, _, tls)| *protocol == self.protocol && *tls == implicit)
            .map_or("lmtp", |(scheme, ..)| scheme);
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{}@", encode(user))?;
        }
        f.write_str(&self.authority())?;
        let default = if self.is_loopback() { TlsMode::None } else { TlsMode::StartTls };
        match TLS_MODES.iter().find(|(_, mode)| *mode == self.tls && *mode != default) {
            Some((word, _)) => write!(f, "?tls={word}"),
            None => Ok(()),
        }
    }
}

impl std::str::FromStr for Endpoint {
    type Err = EndpointError;
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_port_and_tls() {
        for (text, printed, tls) in [
            ("smtp://mx.example", "smtp://mx.example:25", TlsMode::StartTls),
            ("SMTPS://smtp.example", "smtps://smtp.example:465", TlsMode::Implicit),
            ("submission://a@smtp.example", "smtp://a@smtp.example:587", TlsMode::StartTls),
            ("submissions://smtp.example", "smtps://smtp.example:465", TlsMode::Implicit),
            ("pop3://bob@127.0.0.1:1110", "pop3://bob@127.0.0.1:1110", TlsMode::None),
            ("pop3s://bob@127.0.0.1", "pop3s://bob@127.0.0.1:995", TlsMode::Implicit),
            ("imap://localhost/", "imap://localhost:143", TlsMode::None),
            ("imap://localhost?tls=require", "imap://localhost:143?tls=require", TlsMode::StartTls),
            ("imap://[::1]:1143", "imap://[::1]:1143", TlsMode::None),
            ("imap://mail.example?tls=none", "imap://mail.example:143?tls=none", TlsMode::None),
            ("imap://mail.example?tls=try", "imap://mail.example:143?tls=try", TlsMode::Opportunistic),
            ("imaps://a%40x.example@mail.example", "imaps://a%40x.example@mail.example:993", TlsMode::Implicit),
            ("imaps://a@x.example@mail.example", "imaps://a%40x.example@mail.example:993", TlsMode::Implicit),
            ("lmtp://mail.example.", "lmtp://mail.example:24", TlsMode::StartTls),
        ] {
            let endpoint = Endpoint::parse(text).expect(text);
            assert_eq!((endpoint.to_string().as_str(), endpoint.tls), (printed, tls), "{text}");
            assert_eq!(Endpoint::parse(printed), Ok(endpoint), "{printed}");
        }
    }

    #[test]
    fn a_server_is_one_by_all_its_own_ports() {
        for (text, wanted) in [
            ("imap://mail.example", "mail.example"),
            ("imaps://bob@Mail.Example", "mail.example"),
            ("imap://mail.example:993?tls=try", "mail.example"),
            ("imap://mail.example:110", "mail.example:110"),
            ("pop3s://[::1]:1995", "[::1]:1995"),
        ] {
            assert_eq!(Endpoint::parse(text).expect(text).service(), wanted);
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for (text, wanted) in [
            ("mail.example", EndpointError::NotAUrl),
            ("mail.example:25", EndpointError::Scheme("mail.example".into())),
            ("https://mail.example", EndpointError::Scheme("https".into())),
            ("smtp://", EndpointError::Host),
            ("smtp:mail.example", EndpointError::Extra("mail.example".into())),
            ("smtp://a b", EndpointError::Host),
            ("smtp://a:99999", EndpointError::Host),
            ("smtp://bob:secret@mail.example", EndpointError::Password),
            ("smtp://bob:12/secret@mail.example", EndpointError::Password),
            ("smtp://bob:a?secret#b@mail.example", EndpointError::Password),
            ("stmp://bob:secret@mail.example", EndpointError::Password),
            ("bob:secret@mail.example", EndpointError::Password),
            ("smtp://mail.example/inbox", EndpointError::Extra("/inbox".into())),
            ("smtp://bob%0d%0a@mail.example", EndpointError::Extra("bob%0d%0a".into())),
            ("smtp://bob%4@mail.example", EndpointError::Extra("bob%4".into())),
            ("smtps://mail.example?tls=none", EndpointError::Tls),
            ("smtp://mail.example?tls=maybe", EndpointError::Tls),
        ] {
            assert_eq!(Endpoint::parse(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_repeated_has_no_password_in_it() {
        for (text, wanted) in [
            ("smtp://alice:hunter2@h", "smtp://alice:{secret}@h"),
            ("smtp://alice:hun@ter2/x@[::1", "smtp://alice:{secret}@[::1"),
            ("alice%3ahunter2@h", "alice:{secret}@h"),
            ("smtps:alice:hunter2@h", "smtps:{secret}@h"),
            ("socks5://:hunter2@h:1", "socks5://:{secret}@h:1"),
            ("smtp://alice@h:25/?tls=none", "smtp://alice@h:25/?tls=none"),
            ("me@example.org", "me@example.org"),
            ("work", "work"),
        ] {
            assert_eq!(masked(text), wanted, "{text}");
        }
    }
}
