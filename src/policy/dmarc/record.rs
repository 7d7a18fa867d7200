//! DMARC records: which text is one, and what it asks for. What it says wrongly is kept, with its place, and does no harm
//! to the rest.
//!
//! RFC 9989 §4.6, §4.7, §4.8; RFC 3986 §3.

use crate::address::Address;
use crate::message::media::unescape_percent;
use std::fmt;

/// Tags that are read; nobody writes as many.
const TAGS_MAX: usize = 100;

/// What a domain asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// `p`: what is to be done with mail that fails; none if it is not said, or wrongly.
    pub policy: Option<Policy>,
    /// `sp`: the same for names below the domain.
    pub subdomains: Option<Policy>,
    /// `np`: the same for names that do not exist.
    pub nonexistent: Option<Policy>,
    /// `psd`: whether others register names below it.
    pub psd: Psd,
    /// `t=y`: it is tried out, and counts one step less.
    pub is_testing: bool,
    /// `adkim`.
    pub dkim: Alignment,
    /// `aspf`.
    pub spf: Alignment,
    /// `rua`: where aggregate reports go.
    pub aggregate: Vec<Destination>,
    /// `ruf`: where failure reports go.
    pub failure: Vec<Destination>,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
}

/// What is to be done with mail that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// Nothing.
    None,
    /// It is suspicious.
    Quarantine,
    /// It is not to be taken.
    Reject,
}

/// Whether others register names below a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Psd {
    /// They do.
    Yes,
    /// They do not: it is an organization's own.
    No,
    /// It does not say.
    #[default]
    Unsaid,
}

/// How much alike two domains must be to count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alignment {
    /// Of one owner.
    #[default]
    Relaxed,
    /// The same.
    Strict,
}

/// Where reports go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// `mailto:`.
    Mail(Address),
    /// Another scheme, which nobody has to support.
    Other(String),
}

/// Something odd in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// Octets from the beginning of the record.
    pub at: usize,
    /// What it is.
    pub odd: Odd,
}

/// What may be odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Odd {
    /// A tag that nobody knows.
    Unknown(String),
    /// A tag of RFC 7489 that is gone.
    Old(String),
    /// A value that means nothing.
    Value(String),
    /// A tag stands there again; the first counts.
    Twice(String),
    /// Something that is no tag.
    NoTag(String),
    /// A place for reports that is none.
    Destination(String),
    /// A limit to the size of reports, as RFC 7489 had it.
    Size(String),
}

impl Policy {
    fn read(text: &str) -> Option<Self> {
        let all = [Self::None, Self::Quarantine, Self::Reject];
        all.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(text))
    }

    /// One step less: what is asked for while a record is tried out (RFC 9989 §4.7).
    pub fn tried_out(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }

    /// As records write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a text is meant as a record: its first tag is the version, written exactly so (RFC 9989 §4.7).
pub fn is_record(text: &[u8]) -> bool {
    let is_space = |octet: &u8| matches!(octet, b' ' | b'\t');
    let after_space = |text: &'_ [u8]| text.iter().position(|octet| !is_space(octet)).unwrap_or(text.len());
    let mut rest = text;
    for expected in [&b"v"[..], b"=", b"DMARC1"] {
        rest = match rest.strip_prefix(expected) {
            Some(rest) => &rest[after_space(rest)..],
            None => return false,
        };
    }
    matches!(rest.first(), None | Some(b';'))
}

impl Record {
    /// Reads a text that [`is_record`].
    pub fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut record = Self::default();
        let mut seen: Vec<String> = Vec::new();
        let mut at = 0;
        for part in text.split(';').take(TAGS_MAX) {
            let start = at + part.len() - part.trim_start().len();
            at += part.len() + 1;
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let mut note = |odd| record.oddities.push(Oddity { at: start, odd });
            let Some((name, value)) = part.split_once('=') else {
                note(Odd::NoTag(part.to_owned()));
                continue;
            };
            let (name, value) = (name.trim_end(), value.trim_start());
            if seen.iter().any(|other| other == name) {
                note(Odd::Twice(name.to_owned()));
                continue;
            }
            seen.push(name.to_owned());
            record.take(start, name, value);
        }
        record
    }

    fn take(&mut self, at: usize, name: &str, value: &str) {
        let is = |word: &str| value.eq_ignore_ascii_case(word);
        let is_understood = match name {
            "v" => true,
            "p" => set(&mut self.policy, Policy::read(value)),
            "sp" => set(&mut self.subdomains, Policy::read(value)),
            "np" => set(&mut self.nonexistent, Policy::read(value)),
            "adkim" | "aspf" => {
                let mode = if name == "adkim" { &mut self.dkim } else { &mut self.spf };
                *mode = if is("s") { Alignment::Strict } else { Alignment::Relaxed };
                is("r") || is("s")
            }
            "psd" => {
                self.psd = match () {
                    () if is("y") => Psd::Yes,
                    () if is("n") => Psd::No,
                    () => Psd::Unsaid,
                };
                is("y") || is("n") || is("u")
            }
            "t" => {
                self.is_testing = is("y");
                is("y") || is("n")
            }
            "fo" => is_failure_options(value),
            "rua" => {
                self.aggregate = self.destinations(at, value);
                true
            }
            "ruf" => {
                self.failure = self.destinations(at, value);
                true
            }
            "pct" | "rf" | "ri" => return self.oddities.push(Oddity { at, odd: Odd::Old(name.to_owned()) }),
            _ => return self.oddities.push(Oddity { at, odd: Odd::Unknown(name.to_owned()) }),
        };
        if !is_understood {
            self.oddities.push(Oddity { at, odd: Odd::Value(format!("{name}={value}")) });
        }
    }

    fn destinations(&mut self, at: usize, value: &str) -> Vec<Destination> {
        let mut found = Vec::new();
        for text in value.split(',').map(str::trim).take(TAGS_MAX) {
            // RFC 9989 §4.8: who wants an exclamation mark in it writes %21, so this one is a limit of old.
            let (bare, size) = text.split_once('!').map_or((text, None), |(bare, size)| (bare, Some(size)));
            match Destination::read(bare) {
                Some(destination) => found.push(destination),
                None => {
                    self.oddities.push(Oddity { at, odd: Odd::Destination(text.to_owned()) });
                    continue;
                }
            }
            if size.is_some() {
                self.oddities.push(Oddity { at, odd: Odd::Size(text.to_owned()) });
            }
        }
        found
    }

    /// What it asks for by itself. Nothing at all, if it says nothing of use (RFC 9989 §4.10.1).
    pub fn asks(&self) -> Option<Policy> {
        match self.has_wrong_policy() {
            // RFC 9989 §4.7: a record without p is one with p=none. §4.10.1 may be read otherwise for one that has no rua
            // either; for whoever receives mail it comes to the same, and a record that says p=none is what was meant.
            false => Some(self.policy.unwrap_or(Policy::None)),
            true if !self.aggregate.is_empty() => Some(Policy::None),
            true => None,
        }
    }

    /// Whether one of its policies is none, so that it is good for its reports at most (RFC 9989 §4.10.1).
    pub(super) fn has_wrong_policy(&self) -> bool {
        let is_policy = |text: &str| ["p=", "sp=", "np="].iter().any(|tag| text.starts_with(tag));
        self.oddities.iter().any(|one| matches!(&one.odd, Odd::Value(text) if is_policy(text)))
    }
}

/// RFC 9989 §4.7, §4.8: 0 and 1 exclude each other, and nothing stands there twice.
fn is_failure_options(value: &str) -> bool {
    let options: Vec<&str> = value.split(':').map(str::trim).collect();
    let count = |wanted: &[&str]| options.iter().filter(|option| wanted.contains(option)).count();
    let (whole, dkim, spf) = (count(&["0", "1"]), count(&["d"]), count(&["s"]));
    whole + dkim + spf == options.len() && whole.max(dkim).max(spf) == 1
}

/// Keeps what was understood; whether it was.
fn set(place: &mut Option<Policy>, read: Option<Policy>) -> bool {
    *place = read;
    read.is_some()
}

impl Destination {
    /// Reads a URI.
    pub fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.'));
        let is_uri = is_scheme && !rest.is_empty() && rest.bytes().all(|octet| octet.is_ascii_graphic());
        if !is_uri {
            return None;
        }
        if !scheme.eq_ignore_ascii_case("mailto") {
            return Some(Self::Other(text.to_owned()));
        }
        let address = rest.split('?').next().unwrap_or(rest);
        let address = String::from_utf8(unescape_percent(address.as_bytes())).ok()?;
        Address::parse(&address).ok().map(Self::Mail)
    }

    /// The domain that gets them.
    pub fn domain(&self) -> Option<String> {
        match self {
            Self::Mail(address) => Some(address.domain().to_ascii().to_string()),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "mailto:{address}"),
            Self::Other(uri) => f.write_str(uri),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_begins_with_its_version() {
        for (text, wanted) in [
            ("v=DMARC1", true),
            ("v=DMARC1;", true),
            ("v = DMARC1 ; p=none", true),
            ("v\t=\tDMARC1\t;", true),
            ("v=DMARC1; p=none", true),
            ("v=dmarc1; p=none", false),
            ("V=DMARC1; p=none", false),
            (" v=DMARC1; p=none", false),
            ("v=DMARC1 p=none", false),
            ("v=DMARC10; p=none", false),
            ("v=DMARC2; p=none", false),
            ("p=none; v=DMARC1", false),
            ("", false),
        ] {
            assert_eq!(is_record(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_passed_over_and_told_with_its_place() {
        let odd = |at, odd| vec![Oddity { at, odd }];
        for (text, asks, oddities) in [
            ("v=DMARC1; p=reject", Some(Policy::Reject), vec![]),
            ("v=DMARC1;p = QUARANTINE ;", Some(Policy::Quarantine), vec![]),
            ("v=DMARC1; sp=reject; p=none", Some(Policy::None), vec![]),
            ("v=DMARC1; p=reject; fo=1:d:s; adkim=s; aspf=r; psd=u; t=n; np=none", Some(Policy::Reject), vec![]),
            ("v=DMARC1", Some(Policy::None), vec![]),
            ("v=DMARC1; rua=mailto:a@b.test", Some(Policy::None), vec![]),
            ("v=DMARC1; p=block", None, odd(10, Odd::Value("p=block".into()))),
            ("v=DMARC1; p=reject; sp=x", None, odd(20, Odd::Value("sp=x".into()))),
            ("v=DMARC1; p=reject; np=x; rua=mailto:a@b.test", Some(Policy::None), odd(20, Odd::Value("np=x".into()))),
            ("v=DMARC1; p=reject; fo=0:1", Some(Policy::Reject), odd(20, Odd::Value("fo=0:1".into()))),
            ("v=DMARC1; p=reject; fo=d:d", Some(Policy::Reject), odd(20, Odd::Value("fo=d:d".into()))),
            ("v=DMARC1; p=reject; adkim=x", Some(Policy::Reject), odd(20, Odd::Value("adkim=x".into()))),
            ("v=DMARC1; p=reject; pct=50", Some(Policy::Reject), odd(20, Odd::Old("pct".into()))),
            ("v=DMARC1; p=reject; ri=1", Some(Policy::Reject), odd(20, Odd::Old("ri".into()))),
            ("v=DMARC1; p=reject; x=1", Some(Policy::Reject), odd(20, Odd::Unknown("x".into()))),
            ("v=DMARC1; P=reject", Some(Policy::None), odd(10, Odd::Unknown("P".into()))),
            ("v=DMARC1; p=none; p=reject", Some(Policy::None), odd(18, Odd::Twice("p".into()))),
            ("v=DMARC1; p=none; hello", Some(Policy::None), odd(18, Odd::NoTag("hello".into()))),
            ("v=DMARC1; p=none; rua=a@b.test", Some(Policy::None), odd(18, Odd::Destination("a@b.test".into()))),
            ("v=DMARC1; rua=mailto:a@b.test!10m", Some(Policy::None), odd(10, Odd::Size("mailto:a@b.test!10m".into()))),
        ] {
            let record = Record::parse(text.as_bytes());
            assert_eq!((record.asks(), &record.oddities), (asks, &oddities), "{text}");
        }
    }

    #[test]
    fn places_for_reports_are_uris() {
        let record =
            Record::parse(b"v=DMARC1; p=none; rua=mailto:a@b.test , https://x.test/?a,mailto:c%21d@e.test?x=y");
        let shown: Vec<String> = record.aggregate.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["mailto:a@b.test", "https://x.test/?a", "mailto:c!d@e.test"]);
        assert_eq!(record.aggregate[0].domain().as_deref(), Some("b.test"));
        for text in ["", "mailto:", "mailto:x", "x", ":x", "1:x", "mailto:a b@c.test"] {
            assert_eq!(Destination::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(
            octets in prop::collection::vec(any::<u8>(), 0..80),
            tags in "v=DMARC1(; ?(p|sp|np|psd|t|rua|ruf|fo|adkim|pct|x)[ =]{0,2}[a-z:,!%@.]{0,9}){0,6}",
        ) {
            for text in [&octets[..], tags.as_bytes()] {
                is_record(text);
                let length = String::from_utf8_lossy(text).len();
                prop_assert!(Record::parse(text).oddities.iter().all(|one| one.at <= length));
            }
        }
    }
}
