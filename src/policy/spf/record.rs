//! SPF records: which text is one, and what it says, read wholly before any of it counts.
//!
//! What is wrong is told with its place. Asks nobody.
//! RFC 7208 §3, §4.5, §4.6, §5, §6, §12.

use super::macros::MacroString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How every record begins.
const VERSION: &[u8] = b"v=spf1";

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Its terms, in order.
    pub terms: Vec<Term>,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it begins, in octets from the beginning of the record.
    pub at: usize,
    /// As it is written.
    pub text: String,
    /// What it says.
    pub kind: Kind,
}

/// What a term says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Whoever the mechanism is about gets this result.
    Directive(Qualifier, Mechanism),
    /// If nobody was meant, another domain's record counts (RFC 7208 §6.1).
    Redirect(MacroString),
    /// Where the explanation of a fail stands (RFC 7208 §6.2).
    Exp(MacroString),
    /// A modifier that nobody knows, which is passed over (RFC 7208 §6).
    Unknown(String),
}

/// The result for those whom a mechanism is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, or nothing.
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    Softfail,
    /// `?`.
    Neutral,
}

/// Whom a directive is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// Everybody.
    All,
    /// Whom another record passes.
    Include(MacroString),
    /// The addresses of a name.
    A(Option<MacroString>, Cidr),
    /// The addresses of a domain's exchangers.
    Mx(Option<MacroString>, Cidr),
    /// Those whose name is in a domain.
    Ptr(Option<MacroString>),
    /// A network.
    Ip(IpAddr, u8),
    /// Everybody, if a name has an address.
    Exists(MacroString),
}

/// How much of an address counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// Of IPv4.
    pub v4: u8,
    /// Of IPv6.
    pub v6: u8,
}

/// What is wrong with a record, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Octets from the beginning of the record.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // People count from one.
        write!(f, "{} (at character {})", self.what, self.at + 1)
    }
}

impl std::error::Error for SyntaxError {}

/// Whether a text is meant as a record: the version ends with a blank or with the text (RFC 7208 §4.5).
pub fn is_record(text: &[u8]) -> bool {
    text.split_at_checked(VERSION.len())
        .is_some_and(|(start, rest)| start.eq_ignore_ascii_case(VERSION) && matches!(rest.first(), None | Some(b' ')))
}

impl Record {
    /// Reads a text that [`is_record`].
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        // RFC 7208 §4.6.1: blanks part terms, and everything else is visible.
        if let Some(at) = text.iter().position(|octet| !matches!(octet, b' '..=b'~')) {
            let what = if text[at].is_ascii() { "a control character" } else { "a character that is not ASCII" };
            return Err(SyntaxError { at, what });
        }
        let text = std::str::from_utf8(text).map_err(|_| SyntaxError { at: 0, what: "it is not text" })?;
        let mut record = Self::default();
        let mut at = VERSION.len().min(text.len());
        for word in text[at..].split(' ') {
            if !word.is_empty() {
                let kind = Kind::parse(word, at)?;
                let is_second = |other: &Term| match kind {
                    Kind::Redirect(_) => matches!(other.kind, Kind::Redirect(_)),
                    Kind::Exp(_) => matches!(other.kind, Kind::Exp(_)),
                    Kind::Directive(..) | Kind::Unknown(_) => false,
                };
                // RFC 7208 §6: each of the two stands there once at most.
                if matches!(kind, Kind::Redirect(_) | Kind::Exp(_)) && record.terms.iter().any(is_second) {
                    return Err(SyntaxError { at, what: "this modifier stands there twice" });
                }
                record.terms.push(Term { at, text: word.to_owned(), kind });
            }
            at += word.len() + 1;
        }
        Ok(record)
    }

    /// Where it leads if nobody was meant. A record with `all` leads nowhere (RFC 7208 §6.1).
    pub fn redirect(&self) -> Option<(&Term, &MacroString)> {
        let has_all = self.terms.iter().any(|term| matches!(term.kind, Kind::Directive(_, Mechanism::All)));
        self.terms.iter().filter(|_| !has_all).find_map(|term| match &term.kind {
            Kind::Redirect(target) => Some((term, target)),
            _ => None,
        })
    }

    /// Where the explanation of a fail stands.
    pub fn explanation(&self) -> Option<&MacroString> {
        self.terms.iter().find_map(|term| match &term.kind {
            Kind::Exp(target) => Some(target),
            _ => None,
        })
    }
}

impl Term {
    /// Whether it counts against the limit of look-ups (RFC 7208 §4.6.4).
    pub fn is_counted(&self) -> bool {
        match &self.kind {
            Kind::Directive(_, mechanism) => !matches!(mechanism, Mechanism::All | Mechanism::Ip(..)),
            Kind::Redirect(_) => true,
            Kind::Exp(_) | Kind::Unknown(_) => false,
        }
    }
}

impl Kind {
    fn parse(word: &str, at: usize) -> Result<Self, SyntaxError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let (name, rest) = word.split_at(word.find(|c| !is_name(c)).unwrap_or(word.len()));
        let Some(value) = rest.strip_prefix('=') else { return Self::directive(word, at) };
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(SyntaxError { at, what: "the name of a modifier begins with a letter" });
        }
        let value_at = at + name.len() + 1;
        Ok(match name.to_ascii_lowercase().as_str() {
            "redirect" => Self::Redirect(MacroString::domain_spec(value, value_at)?),
            "exp" => Self::Exp(MacroString::domain_spec(value, value_at)?),
            name => {
                MacroString::value(value, value_at)?;
                Self::Unknown(name.to_owned())
            }
        })
    }

    fn directive(word: &str, at: usize) -> Result<Self, SyntaxError> {
        let (qualifier, body) = match word.as_bytes().first() {
            Some(b'+') => (Qualifier::Pass, &word[1..]),
            Some(b'-') => (Qualifier::Fail, &word[1..]),
            Some(b'~') => (Qualifier::Softfail, &word[1..]),
            Some(b'?') => (Qualifier::Neutral, &word[1..]),
            _ => (Qualifier::Pass, word),
        };
        let at = at + word.len() - body.len();
        let (name, rest) = body.split_at(body.find([':', '/']).unwrap_or(body.len()));
        let rest_at = at + name.len();
        let mechanism = match name.to_ascii_lowercase().as_str() {
            "all" if rest.is_empty() => Mechanism::All,
            "all" => return Err(SyntaxError { at: rest_at, what: "nothing stands behind all" }),
            "include" => Mechanism::Include(needed(rest, rest_at)?),
            "exists" => Mechanism::Exists(needed(rest, rest_at)?),
            "a" => {
                let (target, cidr) = target(rest, rest_at)?;
                Mechanism::A(target, cidr)
            }
            "mx" => {
                let (target, cidr) = target(rest, rest_at)?;
                Mechanism::Mx(target, cidr)
            }
            "ptr" if rest.is_empty() => Mechanism::Ptr(None),
            "ptr" => Mechanism::Ptr(Some(needed(rest, rest_at)?)),
            "ip4" => network::<Ipv4Addr>(rest, rest_at, 32, "this is no IPv4 address")?,
            "ip6" => network::<Ipv6Addr>(rest, rest_at, 128, "this is no IPv6 address")?,
            _ => return Err(SyntaxError { at, what: "there is no such mechanism" }),
        };
        Ok(Self::Directive(qualifier, mechanism))
    }
}

/// `":" domain-spec`.
fn needed(rest: &str, at: usize) -> Result<MacroString, SyntaxError> {
    let spec = rest.strip_prefix(':').ok_or(SyntaxError { at, what: "a colon and a domain belong here" })?;
    MacroString::domain_spec(spec, at + 1)
}

/// `[ ":" domain-spec ] [ dual-cidr-length ]`.
fn target(rest: &str, at: usize) -> Result<(Option<MacroString>, Cidr), SyntaxError> {
    // A slash may be part of a name (RFC 7208 §7.1), so the lengths are what the text ends with.
    let (name, lengths) = match rest.starts_with(':') {
        true => rest.split_at(start_of_lengths(rest)),
        false => ("", rest),
    };
    let cidr = cidr(lengths, at + name.len())?;
    let spec = name.strip_prefix(':').map(|spec| MacroString::domain_spec(spec, at + 1)).transpose()?;
    Ok((spec, cidr))
}

/// Where `/24`, `//64` or `/24//64` begins at the end of a text.
fn start_of_lengths(text: &str) -> usize {
    let before = |text: &str, slashes: &str| {
        let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
        (head.len() < text.len()).then(|| head.strip_suffix(slashes)).flatten().map(str::len)
    };
    let end = before(text, "//").unwrap_or(text.len());
    let head = &text[..end];
    before(head, "/").filter(|start| !head[..*start].ends_with('/')).unwrap_or(end)
}

/// RFC 7208 §5.6: `[ "/" ip4-cidr-length ] [ "//" ip6-cidr-length ]`.
fn cidr(text: &str, at: usize) -> Result<Cidr, SyntaxError> {
    let (v4, v6) = match text.find("//") {
        Some(middle) => (&text[..middle], Some(&text[middle + 2..])),
        None => (text, None),
    };
    let v4 = match v4 {
        "" => 32,
        v4 => {
            let digits = v4.strip_prefix('/').ok_or(SyntaxError { at, what: "only a prefix length can follow" })?;
            length(digits, 32, at)?
        }
    };
    let v6 = v6.map_or(Ok(128), |digits| length(digits, 128, at))?;
    Ok(Cidr { v4, v6 })
}

/// `"0" / %x31-39 0*2DIGIT`, and no longer than addresses are.
fn length(digits: &str, max: u8, at: usize) -> Result<u8, SyntaxError> {
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    let has_zeros = digits.len() > 1 && digits.starts_with('0');
    let number = digits.parse::<u8>().ok().filter(|number| is_number && !has_zeros && *number <= max);
    number.ok_or(SyntaxError { at, what: "this is no prefix length" })
}

/// `":" network [ "/" length ]`.
fn network<A: std::str::FromStr + Into<IpAddr>>(
    rest: &str,
    at: usize,
    max: u8,
    what: &'static str,
) -> Result<Mechanism, SyntaxError> {
    let text = rest.strip_prefix(':').ok_or(SyntaxError { at, what: "a colon and an address belong here" })?;
    let (address, digits) = text.split_once('/').map_or((text, None), |(address, digits)| (address, Some(digits)));
    let ip: A = address.parse().map_err(|_| SyntaxError { at: at + 1, what })?;
    let length = digits.map_or(Ok(max), |digits| length(digits, max, at + 1 + address.len()))?;
    Ok(Mechanism::Ip(ip.into(), length))
}

/// Whether two addresses are the same as far as `length` bits go; addresses of two families never are.
pub(super) fn is_in(ip: IpAddr, network: IpAddr, length: u8) -> bool {
    let length = u32::from(length);
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            (ip.to_bits() ^ network.to_bits()).checked_shr(32u32.saturating_sub(length)).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            (ip.to_bits() ^ network.to_bits()).checked_shr(128u32.saturating_sub(length)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_begins_with_its_version_and_nothing_else() {
        for (text, wanted) in [
            ("v=spf1", true),
            ("v=spf1 -all", true),
            ("V=SPF1 ", true),
            ("v=spf10", false),
            ("v=spf1-all", false),
            ("v=spf1\t-all", false),
            (" v=spf1", false),
            ("v=spf", false),
            ("spf1 v=spf1", false),
            ("", false),
        ] {
            assert_eq!(is_record(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, wanted) in [
            ("v=spf1", None),
            ("v=spf1   a  -ALL  ", None),
            ("v=spf1 a/0 mx//0 a/32//128 a:b.test/24 mx:b.test//64 A:x/24.test", None),
            ("v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/0 ip6:2001:db8::/32 ip6:::1 ip6:::ffff:1.2.3.4/96", None),
            ("v=spf1 include:%{d}.x.test exists:%{i}.x.test ptr ptr:x.test ?all", None),
            ("v=spf1 redirect=x.test exp=y.test x-y_z.1=%{d} empty=", None),
            ("v=spf1 a:foo=bar.test", None),
            ("v=spf1 all.", Some(7)),
            ("v=spf1 -all:x.test", Some(11)),
            ("v=spf1 all/8", Some(10)),
            ("v=spf1 a b", Some(9)),
            ("v=spf1 include", Some(14)),
            ("v=spf1 include:", Some(15)),
            ("v=spf1 include:x.test/24", Some(15)),
            ("v=spf1 exists/24", Some(13)),
            ("v=spf1 ptr:", Some(11)),
            ("v=spf1 ptr/0", Some(10)),
            ("v=spf1 a:", Some(9)),
            ("v=spf1 a/33", Some(8)),
            ("v=spf1 a/032", Some(8)),
            ("v=spf1 a/", Some(8)),
            ("v=spf1 a//129", Some(8)),
            ("v=spf1 a//", Some(8)),
            ("v=spf1 a///64", Some(8)),
            ("v=spf1 mx:x.test/", Some(10)),
            ("v=spf1 a:museum", Some(9)),
            ("v=spf1 ip4", Some(10)),
            ("v=spf1 ip4:192.0.2", Some(11)),
            ("v=spf1 ip4:192.0.2.01", Some(11)),
            ("v=spf1 ip4:192.0.2.1:25", Some(11)),
            ("v=spf1 ip4:192.0.2.1/33", Some(20)),
            ("v=spf1 ip4:192.0.2.1//32", Some(20)),
            ("v=spf1 ip6:192.0.2.1", Some(11)),
            ("v=spf1 ip6::cafe::babe", Some(11)),
            ("v=spf1 ip6:::1/129", Some(14)),
            ("v=spf1 192.0.2.1", Some(7)),
            ("v=spf1 redirect:x.test", Some(7)),
            ("v=spf1 -redirect=x.test", Some(7)),
            ("v=spf1 redirect=", Some(16)),
            ("v=spf1 redirect=x.test redirect=x.test", Some(23)),
            ("v=spf1 exp=x.test a EXP=y.test", Some(20)),
            ("v=spf1 =x", Some(7)),
            ("v=spf1 0a=x", Some(7)),
            ("v=spf1 x=%", Some(9)),
            ("v=spf1 --all", Some(8)),
            ("v=spf1 -", Some(8)),
            ("v=spf1 a\tmx", Some(8)),
            ("v=spf1 \u{e4}", Some(7)),
        ] {
            assert_eq!(Record::parse(text.as_bytes()).err().map(|error| error.at), wanted, "{text}");
        }
    }

    #[test]
    fn networks_hold_what_begins_like_them() {
        for (ip, network, length, wanted) in [
            ("192.0.2.1", "192.0.2.1", 32, true),
            ("192.0.2.1", "192.0.2.2", 32, false),
            ("192.0.2.1", "192.0.2.2", 30, true),
            ("192.0.2.1", "10.0.0.0", 0, true),
            ("2001:db8::1", "2001:db8::2", 127, false),
            ("2001:db8::3", "2001:db8::2", 127, true),
            ("2001:db8::1", "::", 0, true),
            ("2001:db8::1", "0.0.0.0", 0, false),
        ] {
            let read = |text: &str| text.parse().expect("an address");
            assert_eq!(is_in(read(ip), read(network), length), wanted, "{ip} {network}/{length}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(
            octets in prop::collection::vec(any::<u8>(), 0..80),
            words in "v=spf1( [+?~-]?(a|mx|ptr|all|ip4|ip6|include|exists|redirect|exp|x)[:=/%{}a-z0-9.]{0,12}){0,6}",
        ) {
            for text in [&octets[..], words.as_bytes()] {
                is_record(text);
                match Record::parse(text) {
                    Ok(record) => for term in record.terms {
                        prop_assert_eq!(&text[term.at..term.at + term.text.len()], term.text.as_bytes());
                    },
                    Err(error) => prop_assert!(error.at <= text.len()),
                }
            }
        }
    }
}
