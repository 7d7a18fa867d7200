//! What signed DNS says of the certificate of one server: each lookup with its worth, and what they come to.
//!
//! For those who show the way and not only its end. Whether the name of the server itself can be believed, which for mail
//! is the MX record that names it, has to be asked before. RFC 7672 §2.1.1, §2.2, §2.2.2.

use super::tlsa::Published;
use crate::dns::dnssec::{Found, Security, Source, Validated, Validator, Why};
use crate::world::{Record, Timestamp};
use hickory_proto::rr::{Name, RData, RecordType};

/// The lookups of one server, in order, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its IPv4 and IPv6 addresses, aliases included.
    pub addresses: [Validated; 2],
    /// Where its TLSA records could stand, as far as was looked: the base domain, and what was found.
    pub looked: Vec<(Name, Validated)>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// What is known of a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Provably nothing was published.
    Nothing,
    /// Nobody vouches for it: whatever was published does not count.
    Insecure(Why),
    /// It cannot be known, so nothing may be sent there (RFC 7672 §2.1.1).
    Unknown(Why),
    /// Something was published, below this base domain.
    Published(Name, Published),
}

/// Looks up what is published for a TCP port of a host.
pub async fn examine(validator: &Validator, source: &dyn Source, host: &Name, port: u16, now: Timestamp) -> Examined {
    let four = validator.validate(source, host, RecordType::A, now).await;
    let six = validator.validate(source, host, RecordType::AAAA, now).await;
    let mut examined = Examined { addresses: [four, six], looked: Vec::new(), verdict: Verdict::Nothing };
    // RFC 7672 §2.2: without addresses that can be believed nobody is asked about TLSA records, on which some servers of
    // unsigned names choke. Not yet: §2.2.2, an alias that is secure and leads to a name that is not.
    let hindrances = || examined.addresses.iter().filter_map(|found| hindrance(&found.security));
    let is_unknown = |verdict: &Verdict| matches!(verdict, Verdict::Unknown(_));
    if let Some(verdict) = hindrances().find(is_unknown).or_else(|| hindrances().next()) {
        examined.verdict = verdict;
        return examined;
    }
    // RFC 7672 §2.2.2: what the host is an alias of goes before its own name. As names, not as texts: nothing is lost.
    let end = examined.addresses[0].aliases.last().map(|alias| alias.target.clone());
    for base in end.into_iter().chain([host.clone()]) {
        // A name that has no room for two labels more has no such records either.
        let Some(wanted) = below(&base, port) else { continue };
        let found = validator.validate(source, &wanted, RecordType::TLSA, now).await;
        let (published, hindrance) = (Published::of(&tlsa(&found)), hindrance(&found.security));
        examined.looked.push((base.clone(), found));
        match (hindrance, published) {
            // What nobody vouches for counts as if it were not there.
            (Some(verdict @ Verdict::Insecure(_)), _) => examined.verdict = verdict,
            (None, Published::Nothing) => {}
            (Some(verdict), _) => {
                examined.verdict = verdict;
                break;
            }
            (None, published) => {
                examined.verdict = Verdict::Published(base, published);
                break;
            }
        }
    }
    examined
}

/// Where the records of a TCP port stand (RFC 6698 §3).
fn below(base: &Name, port: u16) -> Option<Name> {
    let tcp = base.prepend_label(&b"_tcp"[..]).ok()?;
    tcp.prepend_label(format!("_{port}").as_bytes()).ok()
}

/// What a lookup that is not secure makes of all.
fn hindrance(security: &Security) -> Option<Verdict> {
    match security {
        Security::Secure => None,
        Security::Insecure(why) => Some(Verdict::Insecure(why.clone())),
        Security::Bogus(why) | Security::Indeterminate(why) => Some(Verdict::Unknown(why.clone())),
    }
}

fn tlsa(found: &Validated) -> Vec<Record> {
    let Found::Records(records) = &found.found else { return Vec::new() };
    let of = |data: &RData| match data {
        RData::TLSA(tlsa) => Some(Record::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
        _ => None,
    };
    records.iter().filter_map(|record| of(&record.data)).collect()
}
