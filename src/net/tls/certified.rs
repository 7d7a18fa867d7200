//! What a certificate says: for whom it is, who signed it, and from when to when it is good.
//!
//! Only what a person is shown before they trust it, or is warned of; whether it is good, the TLS library decides. Reads
//! as much of DER as that needs, and says nothing where it finds something else.
//! RFC 5280 §4.1, §4.2.1.6; X.690 §8.1, §11.8.

use crate::world::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::net::IpAddr;

/// Whoever has not renewed a certificate with fewer days left than these has likely no machine that does.
pub const DAYS_MIN: i64 = 14;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Whose it is, as its subject says.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses that it is good for.
    pub names: Vec<String>,
    /// From when.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `version [0]`, which old certificates have not.
const VERSION: u8 = 0xa0;
/// `extensions [3]`
const EXTENSIONS: u8 = 0xa3;
/// `dNSName [2]`
const DNS_NAME: u8 = 0x82;
/// `iPAddress [7]`
const IP_ADDRESS: u8 = 0x87;
/// id-ce-subjectAltName
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// The parts of a name that tell people whom they have before them: id-at-commonName and the like.
const PARTS: [(&[u8], &str); 4] =
    [(&[0x55, 4, 3], "CN"), (&[0x55, 4, 11], "OU"), (&[0x55, 4, 10], "O"), (&[0x55, 4, 6], "C")];

impl Certified {
    /// Reads a certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut signed = Der(Der(Der(der).expect(SEQUENCE)?).expect(SEQUENCE)?);
        let mut serial = signed.next()?;
        if serial.0 == VERSION {
            serial = signed.next()?;
        }
        let _algorithm = (serial, signed.expect(SEQUENCE)?);
        let issuer = name(signed.expect(SEQUENCE)?)?;
        let mut validity = Der(signed.expect(SEQUENCE)?);
        let (begins, ends) = (time(validity.next()?)?, time(validity.next()?)?);
        let subject = name(signed.expect(SEQUENCE)?)?;
        let _key = signed.expect(SEQUENCE)?;
        let extensions = std::iter::from_fn(|| signed.next()).find(|(tag, _)| *tag == EXTENSIONS);
        let names = extensions.map_or_else(Vec::new, |(_, extensions)| names(extensions).unwrap_or_default());
        Some(Self { subject, issuer, names, begins, ends })
    }

    /// How many whole days it is still good; none if it is not.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        let left = self.ends.as_second() - now.as_second();
        (left >= 0 && now.as_second() >= self.begins.as_second()).then_some(left / (24 * 60 * 60))
    }
}

/// Values one after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value with its tag; tags of more than one octet stand in no certificate.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first().filter(|(tag, _)| **tag & 0x1f != 0x1f)?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..=0x7f => (short, rest),
            count @ 0x81..=0x83 => {
                let (octets, rest) = rest.split_at_checked(count - 0x80)?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, value))
    }

    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, value)| value)
    }
}

/// `CN=mail.example.org, O=Example`
fn name(sequence: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut sets = Der(sequence);
    while !sets.0.is_empty() {
        let mut attributes = Der(sets.expect(SET)?);
        while !attributes.0.is_empty() {
            let mut attribute = Der(attributes.expect(SEQUENCE)?);
            let (oid, (_, value)) = (attribute.expect(OID)?, attribute.next()?);
            if let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == oid) {
                parts.push(format!("{part}={}", String::from_utf8_lossy(value)));
            }
        }
    }
    // What is most special stands last in a certificate and first where people read it (RFC 4514 §2.1).
    parts.reverse();
    Some(parts.join(", "))
}

fn names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut list = Der(Der(extensions).expect(SEQUENCE)?);
    while let Some(extension) = list.expect(SEQUENCE) {
        let mut extension = Der(extension);
        if extension.expect(OID)? != SUBJECT_ALT_NAME {
            continue;
        }
        let value = std::iter::from_fn(|| extension.next()).find(|(tag, _)| *tag == OCTETS)?.1;
        let mut names = Der(Der(value).expect(SEQUENCE)?);
        let all = std::iter::from_fn(|| names.next());
        return Some(all.filter_map(|(tag, value)| alternative(tag, value)).collect());
    }
    None
}

fn alternative(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        DNS_NAME => Some(String::from_utf8_lossy(value).into_owned()),
        IP_ADDRESS => {
            let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
            let six = || <[u8; 16]>::try_from(value).map(IpAddr::from);
            four.or_else(|_| six()).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` from 2050 on (RFC 5280 §4.1.2.5).
fn time((tag, value): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        UTC_TIME if text.len() == 12 => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    let small = |from: usize| digits.get(from..from + 2)?.parse().ok();
    let year = digits.get(..4)?.parse().ok()?;
    let day = DateTime::new(year, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?, 0).ok()?;
    // RFC 5280 §4.1.2.5: the last second of the year 9999 stands for "never", and is a day beyond what we can say.
    Some(Offset::UTC.to_timestamp(day).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<i64> {
        time((tag, text.as_bytes())).map(|time| time.as_second())
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (tag, text, wanted) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "000229120000Z", Some(951_825_600)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (UTC_TIME, "500101000000Z", Some(-631_152_000)),
            (GENERALIZED_TIME, "20500101000000Z", Some(2_524_608_000)),
            (GENERALIZED_TIME, "99991231235959Z", Some(Timestamp::MAX.as_second())),
            (UTC_TIME, "20500101000000Z", None),
            (UTC_TIME, "701301000000Z", None),
            (UTC_TIME, "7001010000Z", None),
            (UTC_TIME, "700101000000+0000", None),
            (OCTETS, "700101000000Z", None),
        ] {
            assert_eq!(seconds(tag, text), wanted, "{text}");
        }
    }

    #[test]
    fn a_certificate_tells_names_issuer_and_validity() {
        let names = ["mail.x.test".to_owned(), "192.0.2.1".to_owned(), "2001:db8::1".to_owned()];
        let mut params = rcgen::CertificateParams::new(names.to_vec()).expect("names");
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Crêpes");
        params.distinguished_name.push(rcgen::DnType::CommonName, "mail.x.test");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2051, 3, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        let read = Certified::read(made.der()).expect("it can be read");
        assert!(read.subject.contains("CN=mail.x.test") && read.subject.contains("O=Crêpes"), "{}", read.subject);
        assert_eq!((read.issuer.as_str(), read.names.as_slice()), (read.subject.as_str(), names.as_slice()));
        assert_eq!((read.begins.as_second(), read.ends.as_second()), (1_767_225_600, 2_561_241_600));
        let at = |seconds| read.days_left(Timestamp::from_second(seconds).expect("a time"));
        assert_eq!(at(2_561_241_600 - 86_400 * 3 - 1), Some(3));
        assert_eq!((at(1_767_225_599), at(2_561_241_601)), (None, None));
        for end in 0..made.der().len() {
            let cut = made.der().get(..end).expect("within");
            assert_eq!(Certified::read(cut), None, "{end}");
        }
    }
}
