//! What a certificate says: for whom it is, who signed it, and from when to when it is good.
//!
//! Only what a person is shown before they trust it, or is warned of; whether it is good, the TLS library decides. The
//! words are a stranger's. RFC 5280 §4.1, §4.2.1.6; RFC 4514.

use crate::world::Timestamp;
use std::net::IpAddr;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

/// Whoever has not renewed a certificate with fewer days left than these has likely no machine that does.
pub const DAYS_MIN: i64 = 14;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Whose it is, as its subject says: `CN=mail.example.org, O=Example`.
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

/// The parts of a name that tell people whom they have before them (RFC 4514 §3). The library's own printing knows all
/// there are, at 300 KiB.
const PARTS: [(ObjectIdentifier, &str); 4] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
];

impl Certified {
    /// Reads a certificate; nothing if it is none, or one that breaks the rules.
    pub fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let signed = certificate.tbs_certificate();
        let names = signed.get_extension::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0);
        Some(Self {
            subject: distinguished(signed.subject()),
            issuer: distinguished(signed.issuer()),
            names: names.iter().flatten().filter_map(alternative).collect(),
            begins: timestamp(signed.validity().not_before)?,
            ends: timestamp(signed.validity().not_after)?,
        })
    }

    /// How many whole days it is still good; none if it is not.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        let left = self.ends.as_second() - now.as_second();
        (left >= 0 && now.as_second() >= self.begins.as_second()).then_some(left / (24 * 60 * 60))
    }
}

/// What is most special stands last in a certificate and first where people read it (RFC 4514 §2.1).
fn distinguished(name: &Name) -> String {
    let shown = name.iter().filter_map(|part| {
        let (_, known) = PARTS.iter().find(|(oid, _)| *oid == part.oid)?;
        Some(format!("{known}={}", String::from_utf8_lossy(part.value.value())))
    });
    let mut shown: Vec<String> = shown.collect();
    shown.reverse();
    shown.join(", ")
}

/// A name or address; there are other things that servers are not reached by.
fn alternative(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => {
            let four = <[u8; 4]>::try_from(octets.as_bytes()).map(IpAddr::from);
            let six = || <[u8; 16]>::try_from(octets.as_bytes()).map(IpAddr::from);
            four.or_else(|_| six()).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    // RFC 5280 §4.1.2.5: the last second of the year 9999 stands for "never", and is a day beyond what we can say.
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        params.not_after = rcgen::date_time_ymd(9999, 12, 31);
        let never = params.self_signed(&key).expect("a certificate");
        assert_eq!(Certified::read(never.der()).map(|read| read.ends), Some(Timestamp::MAX));
        for end in 0..made.der().len() {
            let cut = made.der().get(..end).expect("within");
            assert_eq!(Certified::read(cut), None, "{end}");
        }
    }
}
