//! The PROXY header: the first octets on a connection, by which a proxy says whose connection it passes on.
//!
//! What haproxy invented and mail servers behind it read, before any word of their own protocol and before TLS. The
//! first version is a line, the second octets of fixed places. Printed only: no server here believes such a header.
//! The PROXY protocol, versions 1 and 2, §2.1, §2.2 (haproxy's proxy-protocol.txt).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// A line of text.
    One,
    /// Octets.
    Two,
}

/// Whose connection it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The proxy's own, as to see whether the server is well. The first version has no word for it.
    Local,
    /// Somebody's of whom nothing is known.
    Unknown,
    /// Somebody's who came over TCP.
    Tcp {
        /// The client.
        from: SocketAddr,
        /// Where it connected to.
        to: SocketAddr,
    },
    /// Somebody's who came over a socket of the file system.
    Unix {
        /// The client's end, which often has no name.
        from: PathBuf,
        /// Where it connected to.
        to: PathBuf,
    },
}

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Over TCP.
    Address(SocketAddr),
    /// Over a socket of the file system.
    Path(PathBuf),
}

/// Why there is no such header; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHeader {
    /// No connection leads from a port to a path.
    #[error("a PROXY header has two addresses or two paths, not one of each")]
    Mixed,
    /// The first version knows TCP only.
    #[error("version 1 of the PROXY header has no place for a socket of the file system")]
    UnixInText,
    /// A path that has no room.
    #[error("a path in a PROXY header has {PATH_SIZE} octets at most")]
    LongPath,
}

/// How the second version begins: what no protocol could mean, and every server of text chokes on.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, LOCAL.
const LOCAL: u8 = 0x20;
/// Version 2, PROXY.
const PROXY: u8 = 0x21;
/// AF_UNSPEC, of no transport.
const UNSPECIFIED: u8 = 0x00;
/// AF_INET and STREAM.
const TCP4: u8 = 0x11;
/// AF_INET6 and STREAM.
const TCP6: u8 = 0x21;
/// AF_UNIX and STREAM.
const UNIX: u8 = 0x31;
/// Octets that each path takes, filled up with zeros.
const PATH_SIZE: usize = 108;

/// The header, to be sent before anything else.
pub fn encode(version: Version, origin: &Origin) -> Result<Vec<u8>, NoHeader> {
    match version {
        Version::One => Ok(format!("{}\r\n", line(origin)?).into_bytes()),
        Version::Two => octets(origin),
    }
}

fn line(origin: &Origin) -> Result<String, NoHeader> {
    Ok(match origin {
        Origin::Local | Origin::Unknown => "PROXY UNKNOWN".to_owned(),
        Origin::Tcp { from, to } => {
            let family = if from.is_ipv4() && to.is_ipv4() { "TCP4" } else { "TCP6" };
            let (from, to) = one_family(*from, *to);
            format!("PROXY {family} {} {} {} {}", from.ip(), to.ip(), from.port(), to.port())
        }
        Origin::Unix { .. } => return Err(NoHeader::UnixInText),
    })
}

fn octets(origin: &Origin) -> Result<Vec<u8>, NoHeader> {
    let mut places = Vec::new();
    let (command, family) = match origin {
        Origin::Local => (LOCAL, UNSPECIFIED),
        Origin::Unknown => (PROXY, UNSPECIFIED),
        Origin::Tcp { from, to } => {
            let (from, to) = one_family(*from, *to);
            for address in [from, to] {
                match address.ip() {
                    IpAddr::V4(ip) => places.extend(ip.octets()),
                    IpAddr::V6(ip) => places.extend(ip.octets()),
                }
            }
            places.extend([from, to].iter().flat_map(|address| address.port().to_be_bytes()));
            (PROXY, if from.is_ipv4() { TCP4 } else { TCP6 })
        }
        Origin::Unix { from, to } => {
            places.extend(place(from)?);
            places.extend(place(to)?);
            (PROXY, UNIX)
        }
    };
    // The longest are two paths.
    let length = u8::try_from(places.len()).expect("216 octets at most");
    let mut header = SIGNATURE.to_vec();
    header.extend([command, family, 0, length]);
    header.extend(places);
    Ok(header)
}

impl Origin {
    /// A connection from somebody to somewhere.
    pub fn between(from: End, to: End) -> Result<Self, NoHeader> {
        match (from, to) {
            (End::Address(from), End::Address(to)) => Ok(Self::Tcp { from, to }),
            (End::Path(from), End::Path(to)) => Ok(Self::Unix { from, to }),
            _ => Err(NoHeader::Mixed),
        }
    }
}

/// Both ends are of one family in a header; an IPv4 address has a form in IPv6 (RFC 4291 §2.5.5.2), no other way round.
fn one_family(from: SocketAddr, to: SocketAddr) -> (SocketAddr, SocketAddr) {
    if from.is_ipv4() == to.is_ipv4() {
        return (from, to);
    }
    let wide = |address: SocketAddr| {
        let ip: Ipv6Addr = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        SocketAddr::new(ip.into(), address.port())
    };
    (wide(from), wide(to))
}

fn place(path: &Path) -> Result<[u8; PATH_SIZE], NoHeader> {
    let path = path.as_os_str().as_encoded_bytes();
    let mut place = [0; PATH_SIZE];
    place.get_mut(..path.len()).ok_or(NoHeader::LongPath)?.copy_from_slice(path);
    Ok(place)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "v1",
            Self::Two => "v2",
        })
    }
}

impl FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "v1" => Ok(Self::One),
            "v2" => Ok(Self::Two),
            _ => Err("the versions are v1 and v2"),
        }
    }
}

/// `198.51.100.7:49152 to 192.0.2.1:25`, as reports and traces say it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Unknown => f.write_str("unknown"),
            Self::Tcp { from, to } => write!(f, "{from} to {to}"),
            Self::Unix { from, to } => write!(f, "{} to {}", from.display(), to.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(from: &str, to: &str) -> Origin {
        let end = |text: &str| End::Address(text.parse().expect(text));
        Origin::between(end(from), end(to)).expect("both are addresses")
    }

    #[test]
    fn the_first_version_is_a_line() {
        for (origin, wanted) in [
            (tcp("255.255.255.255:65535", "192.0.2.1:25"), "PROXY TCP4 255.255.255.255 192.0.2.1 65535 25\r\n"),
            (tcp("[2001:db8::7]:56324", "[::1]:443"), "PROXY TCP6 2001:db8::7 ::1 56324 443\r\n"),
            (tcp("[2001:db8::7]:1", "127.0.0.1:25"), "PROXY TCP6 2001:db8::7 ::ffff:127.0.0.1 1 25\r\n"),
            (tcp("192.0.2.7:0", "[::1]:25"), "PROXY TCP6 ::ffff:192.0.2.7 ::1 0 25\r\n"),
            (Origin::Unknown, "PROXY UNKNOWN\r\n"),
            (Origin::Local, "PROXY UNKNOWN\r\n"),
        ] {
            let header = encode(Version::One, &origin).expect("a header");
            assert_eq!(String::from_utf8(header).as_deref(), Ok(wanted));
        }
        let longest =
            tcp(&format!("[{0}]:65535", ["ffff"; 8].join(":")), &format!("[{0}]:65535", ["ffff"; 8].join(":")));
        // §2.1: 107 octets with all that could be in it, which are never all there.
        assert!(encode(Version::One, &longest).expect("a header").len() <= 107);
    }

    #[test]
    fn the_second_version_is_octets_at_their_places() {
        let header = |origin| encode(Version::Two, &origin).expect("a header");
        let begun = |rest: &[u8]| [&b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"[..], rest].concat();
        assert_eq!(header(Origin::Local), begun(&[0x20, 0, 0, 0]));
        assert_eq!(header(Origin::Unknown), begun(&[0x21, 0, 0, 0]));
        let places = [192, 0, 2, 7, 127, 0, 0, 1, 0xdc, 0x04, 0, 25];
        assert_eq!(
            header(tcp("192.0.2.7:56324", "127.0.0.1:25")),
            begun(&[&[0x21, 0x11, 0, 12][..], &places].concat())
        );
        let wide = header(tcp("[2001:db8::7]:56324", "127.0.0.1:25"));
        assert_eq!((wide.len(), &wide[12..16]), (16 + 36, &[0x21, 0x21, 0, 36][..]));
        assert_eq!(&wide[16..32], &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(&wide[32..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0xdc, 0x04, 0, 25]);
        let local = header(Origin::Unix { from: PathBuf::new(), to: "/run/mail".into() });
        assert_eq!((local.len(), &local[12..16]), (16 + 216, &[0x21, 0x31, 0, 216][..]));
        assert!(local[16..124].iter().all(|octet| *octet == 0) && local[124..].starts_with(b"/run/mail\0"));
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let here = End::Address(([127, 0, 0, 1], 25).into());
        assert_eq!(Origin::between(End::Path("/run/mail".into()), here), Err(NoHeader::Mixed));
        let unix = |to: String| Origin::Unix { from: PathBuf::new(), to: to.into() };
        for (version, origin, wanted) in [
            (Version::One, unix("/run/mail".to_owned()), Err(NoHeader::UnixInText)),
            (Version::Two, unix("x".repeat(108)), Ok(232)),
            (Version::Two, unix("x".repeat(109)), Err(NoHeader::LongPath)),
        ] {
            assert_eq!(encode(version, &origin).map(|header| header.len()), wanted);
        }
    }
}
