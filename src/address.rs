//! Mail addresses: local-part@domain, as an envelope carries them.
//!
//! One type for every room, so that a quoted local part or an address literal means the same
//! to the server, the relay and the user agent. Parsing and printing are each other's inverse.
//! Knows nothing of display names and header syntax (see `message`) and resolves nothing.
//! RFC 5321 §4.1.2, §4.1.3, §4.5.3.1; RFC 6531 §3.3.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// RFC 5321 §4.5.3.1.1: octets in a local part.
const LOCAL_PART_MAX: usize = 64;
/// RFC 5321 §4.5.3.1.2: octets in a domain.
const DOMAIN_MAX: usize = 255;

/// `local-part@domain`. The local part is kept without its quotes; printing adds them where needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local_part: String,
    domain: Domain,
}

/// What stands behind the `@`: a name, or the address of a host in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// A DNS name, lower case, U-labels kept as they were given.
    Name(String),
    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3).
    Literal(IpAddr),
}

/// Why a text is not an address; the sentence is fit for a reply or an error message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`.
    #[error("an address needs an @ between local part and domain")]
    NoAt,
    /// The local part is empty, too long or holds characters it may not.
    #[error("the part before the @ is not a valid local part")]
    LocalPart,
    /// A local part has characters that only a quoted string may have, and no quotes.
    #[error("blanks, commas and further @ in a name need quotes around them")]
    Unquoted,
    /// The domain is empty, too long or holds characters it may not.
    #[error("the part behind the @ is not a valid domain")]
    Domain,
    /// A control character, which could end a line or drive a terminal.
    #[error("an address may not contain control characters")]
    Control,
}

impl Address {
    /// Puts an address together from an unquoted local part and a domain.
    pub fn new(local_part: &str, domain: Domain) -> Result<Self, AddressError> {
        if local_part.is_empty() || local_part.len() > LOCAL_PART_MAX {
            return Err(AddressError::LocalPart);
        }
        if local_part.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        Ok(Self { local_part: local_part.to_owned(), domain })
    }

    /// Reads `local-part@domain`, where the local part may be a quoted string.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(char::is_control) {
            return Err(AddressError::Control);
        }
        let (local_part, domain) = if text.starts_with('"') {
            let (local_part, rest) = unquote(text).ok_or(AddressError::LocalPart)?;
            (local_part, rest.strip_prefix('@').ok_or(AddressError::NoAt)?)
        } else {
            let (local_part, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
            if !is_dot_string(local_part) {
                return Err(AddressError::LocalPart);
            }
            (local_part.to_owned(), domain)
        };
        Self::new(&local_part, Domain::parse(domain)?)
    }

    /// The local part, unquoted, in the case it was given: only its host may interpret it (RFC 5321 §2.4).
    pub fn local_part(&self) -> &str {
        &self.local_part
    }

    /// The domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether the envelope needs SMTPUTF8 for this address: a domain alone could go as A-labels (RFC 6531 §3.2).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part.is_ascii()
    }

    /// The same address with its domain in A-labels, for servers without SMTPUTF8.
    pub fn to_ascii_domain(&self) -> Self {
        Self { local_part: self.local_part.clone(), domain: self.domain.to_ascii() }
    }
}

impl Domain {
    /// Reads a DNS name or an address literal. A trailing dot is refused: SMTP names are always absolute.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(AddressError::Domain)?;
            return parse_literal(inner).map(Self::Literal).ok_or(AddressError::Domain);
        }
        if text.is_empty() || text.len() > DOMAIN_MAX || text.split('.').any(str::is_empty) {
            return Err(AddressError::Domain);
        }
        let name = text.to_lowercase();
        // A name that has no A-label form can never be looked up. The form is judged like any other name: IDNA turns
        // fullwidth brackets, dots and blanks into those of ASCII, and on the wire they would end the path.
        let ascii = idna::domain_to_ascii(&name).ok().filter(|_| !name.is_ascii());
        let judged = if name.is_ascii() { Some(name.as_str()) } else { ascii.as_deref() };
        if !judged.is_some_and(is_host_name) {
            return Err(AddressError::Domain);
        }
        Ok(Self::Name(name))
    }

    /// The domain as DNS knows it: U-labels become A-labels (RFC 5890 §2.3.2.1).
    pub fn to_ascii(&self) -> Self {
        match self {
            Self::Name(name) => Self::Name(idna::domain_to_ascii(name).unwrap_or_else(|_| name.clone())),
            Self::Literal(ip) => Self::Literal(*ip),
        }
    }

    /// Whether two domains are the same place: case and label form do not matter.
    pub fn is_same(&self, other: &Self) -> bool {
        self.to_ascii() == other.to_ascii()
    }
}

/// Whether a host is that domain or stands below it, in any case, with or without the dot of the root. Nothing stands
/// below no domain.
pub fn is_within(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.trim_end_matches('.'), domain.trim_end_matches('.'));
    let parts = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
    !domain.is_empty()
        && parts
            .is_some_and(|(above, end)| end.eq_ignore_ascii_case(domain) && (above.is_empty() || above.ends_with('.')))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local_part) {
            write!(f, "{}@{}", self.local_part, self.domain)
        } else {
            f.write_str("\"")?;
            for c in self.local_part.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            write!(f, "\"@{}", self.domain)
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Literal(IpAddr::V4(ip)) => write!(f, "[{ip}]"),
            Self::Literal(IpAddr::V6(ip)) => write!(f, "[IPv6:{ip}]"),
        }
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl std::str::FromStr for Domain {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A name of RFC 5321 §4.1.2 in A-labels, and no longer than DNS allows (RFC 1035 §2.3.4).
fn is_host_name(name: &str) -> bool {
    name.len() <= DOMAIN_MAX
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                // The underscore is no letter of RFC 5321, but real zones have it in front of hosts.
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        })
}

/// `Dot-string` of RFC 5321 §4.1.2.
fn is_dot_string(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// What an atom is made of, with the UTF-8 of RFC 6531 §3.3.
pub fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii()
}

/// Takes a quoted string from the front of `text`; returns its content and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut chars = text.char_indices();
    chars.next().filter(|(_, c)| *c == '"')?;
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((content, &text[at + 1..])),
            '\\' => content.push(chars.next()?.1),
            c => content.push(c),
        }
    }
    None
}

fn parse_literal(inner: &str) -> Option<IpAddr> {
    match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => inner[5..].parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => inner.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_in_a_domain_by_whole_labels() {
        for (host, domain, wanted) in [
            ("own.example", "own.example", true),
            ("mx.own.example", "own.example", true),
            ("Own.Example.", "own.example", true),
            ("mx.own.example", "OWN.example.", true),
            ("myown.example", "own.example", false),
            ("own.example.evil", "own.example", false),
            ("own.example", "mx.own.example", false),
            ("own.example.", "", false),
            ("", "", false),
            ("x.é.example", "é.example", true),
            ("é", "x", false),
        ] {
            assert_eq!(is_within(host, domain), wanted, "{host} {domain}");
        }
    }

    #[test]
    fn parsing_and_printing_are_inverse() {
        for text in [
            "alice@crepes.fr",
            "o'neil+tag@hamburger.edu",
            "\"a b\"@x.example",
            "\"a@b\"@x.example",
            "\"quote\\\"and\\\\\"@x.example",
            "postmaster@[192.0.2.1]",
            "x@[IPv6:2001:db8::1]",
            "jürgen@bücher.example",
        ] {
            assert_eq!(Address::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, wanted) in [
            ("alice", AddressError::NoAt),
            ("@x", AddressError::LocalPart),
            ("a..b@x", AddressError::LocalPart),
            (".a@x", AddressError::LocalPart),
            ("a@", AddressError::Domain),
            ("a@b@c", AddressError::Domain),
            ("a@x.", AddressError::Domain),
            ("a@-x", AddressError::Domain),
            ("a@[300.1.1.1]", AddressError::Domain),
            ("a@[192.0.2.1", AddressError::Domain),
            ("a b@x", AddressError::LocalPart),
            ("a@x y", AddressError::Domain),
            ("a\r\n@x", AddressError::Control),
            ("\"a@x", AddressError::LocalPart),
            ("\"a\"x", AddressError::NoAt),
        ] {
            assert_eq!(Address::parse(text), Err(wanted), "{text:?}");
        }
        // IDNA turns these into ASCII that would end a path or add a label.
        for odd in ["evil＞", "evil＞　SIZE=1", "a．．b", "a℀b", "x：25", "ü．", "ａ-", &"ü".repeat(63)] {
            assert_eq!(Address::parse(&format!("a@{odd}.example")), Err(AddressError::Domain), "{odd}");
        }
        assert!(Address::parse(&format!("{}@x", "a".repeat(65))).is_err());
        assert!(Address::parse(&format!("a@{}", "x.".repeat(140))).is_err());
    }

    #[test]
    fn domains_compare_without_case_and_label_form() {
        let name = |text: &str| Domain::parse(text).expect(text);
        assert!(name("Bücher.example").is_same(&name("xn--bcher-kva.EXAMPLE")));
        assert!(!name("a.example").is_same(&name("b.example")));
    }
}
