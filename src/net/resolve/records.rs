//! Records as mail knows them, and the way to them through aliases.
//!
//! RFC 1034 §3.6.2; RFC 1035 §3.3; RFC 2782; RFC 6698 §2.1.

use crate::dns::dnssec::name_text;
use crate::world::{Answer, LookupError, Record, RecordKind, Trail};
use hickory_proto::rr::{Name, RData, RecordType};

/// As many aliases in a row are followed as common resolvers follow.
pub(super) const ALIASES_MAX: usize = 16;

/// The record's type as DNS numbers it.
pub(super) fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::Mx => RecordType::MX,
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Srv => RecordType::SRV,
        RecordKind::Txt => RecordType::TXT,
        RecordKind::Tlsa => RecordType::TLSA,
        RecordKind::Ptr => RecordType::PTR,
        RecordKind::Cname => RecordType::CNAME,
    }
}

/// A record's data as zone files write it.
pub(super) fn shown(record: &Record) -> String {
    match record {
        Record::Mx { preference, exchange } => format!("{preference} {exchange}"),
        Record::A(ip) => ip.to_string(),
        Record::Aaaa(ip) => ip.to_string(),
        Record::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}"),
        Record::Txt(text) => format!("\"{}\"", text.escape_ascii()),
        Record::Tlsa { usage, selector, matching, data } => {
            let digits: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("{usage} {selector} {matching} {digits}")
        }
        Record::Ptr(name) | Record::Cname(name) => name.clone(),
    }
}

/// How far a search through aliases has come.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) name: Name,
    pub(super) aliases: Vec<String>,
    pub(super) is_endless: bool,
    pub(super) ttl: u32,
}

/// The records of a kind that a name has, or that the names have it is an alias of; `at` says what is at a name.
pub(in crate::net) fn follow<'r, I: Iterator<Item = (u32, &'r RData)>>(
    name: Name,
    kind: RecordKind,
    at: impl Fn(&Name) -> Result<I, LookupError>,
) -> Trail {
    let (records, End { aliases, is_endless, ttl, .. }) = follow_from(name, kind, at);
    let answer = |records| Answer { records, aliases: aliases.clone(), ttl, is_authentic: false };
    Trail { found: records.map(answer), aliases, is_endless }
}

/// The same, with the place where the search ended, whatever it found.
pub(super) fn follow_from<'r, I: Iterator<Item = (u32, &'r RData)>>(
    name: Name,
    kind: RecordKind,
    at: impl Fn(&Name) -> Result<I, LookupError>,
) -> (Result<Vec<Record>, LookupError>, End) {
    let mut end = End { name, ttl: u32::MAX, ..End::default() };
    let mut records = Vec::new();
    loop {
        let here = match at(&end.name) {
            Ok(here) => here,
            Err(why) => return (Err(why), end),
        };
        let mut alias = None;
        for (ttl, data) in here {
            if let Some(record) = to_record(data, kind) {
                records.push(record);
                end.ttl = end.ttl.min(ttl);
            } else if let RData::CNAME(target) = data {
                alias = alias.or(Some((ttl, &target.0)));
            }
        }
        if !records.is_empty() {
            return (Ok(records), end);
        }
        let Some((ttl, target)) = alias else { return (Err(LookupError::NoRecords), end) };
        if end.aliases.len() == ALIASES_MAX {
            end.is_endless = true;
            return (Err(too_many_aliases()), end);
        }
        end.ttl = end.ttl.min(ttl);
        end.aliases.push(host(target));
        end.name = target.clone();
    }
}

pub(super) fn too_many_aliases() -> LookupError {
    LookupError::Temporary("too many aliases in a row".into())
}

/// Our record for theirs, if it is one of those asked for.
pub(super) fn to_record(data: &RData, kind: RecordKind) -> Option<Record> {
    match (data, kind) {
        (RData::MX(mx), RecordKind::Mx) => Some(Record::Mx { preference: mx.preference, exchange: host(&mx.exchange) }),
        (RData::A(ip), RecordKind::A) => Some(Record::A(ip.0)),
        (RData::AAAA(ip), RecordKind::Aaaa) => Some(Record::Aaaa(ip.0)),
        (RData::SRV(srv), RecordKind::Srv) => {
            Some(Record::Srv { priority: srv.priority, weight: srv.weight, port: srv.port, target: host(&srv.target) })
        }
        (RData::TXT(txt), RecordKind::Txt) => Some(Record::Txt(txt.txt_data.concat())),
        (RData::PTR(name), RecordKind::Ptr) => Some(Record::Ptr(host(name))),
        (RData::CNAME(name), RecordKind::Cname) => Some(Record::Cname(host(name))),
        (RData::TLSA(tlsa), RecordKind::Tlsa) => Some(Record::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
        _ => None,
    }
}

/// A name as DNS has it. What does not fit a query exists nowhere in DNS: over-long labels and names, empty labels.
pub(in crate::net) fn absolute(name: &str) -> Result<Name, LookupError> {
    // The library takes what stands behind a backslash for an octal number, against RFC 1035 §5.1.
    let read = if name.contains('\\') { None } else { Name::from_ascii(name).ok() };
    let mut name = read.or_else(|| plain(name)).ok_or(LookupError::NoSuchName)?;
    name.set_fqdn(true);
    Ok(name)
}

/// A name with octets that no host's name has: what a policy makes of a local part, as in `strong+bad.example.org`, or what
/// somebody has put into a record. A backslash stands before what would otherwise mean something else, or before the
/// number of an octet (RFC 1035 §5.1).
fn plain(name: &str) -> Option<Name> {
    let mut labels = vec![Vec::new()];
    let mut octets = name.strip_suffix('.').filter(|rest| !rest.ends_with('\\')).unwrap_or(name).bytes();
    while let Some(octet) = octets.next() {
        let octet = match octet {
            b'.' => {
                labels.push(Vec::new());
                continue;
            }
            b'\\' => match octets.next()? {
                first if first.is_ascii_digit() => {
                    let digits = [first, octets.next()?, octets.next()?];
                    std::str::from_utf8(&digits).ok()?.parse().ok()?
                }
                escaped => escaped,
            },
            octet => Some(octet).filter(u8::is_ascii_graphic)?,
        };
        labels.last_mut().expect("there is one from the beginning").push(octet);
    }
    match labels.iter().any(Vec::is_empty) {
        true => None,
        false => Name::from_labels(labels.iter().map(Vec::as_slice)).ok(),
    }
}

/// A name as text: lower case, no final dot (`.` for the root), odd octets escaped as in zone files.
pub(in crate::net) fn host(name: &Name) -> String {
    let mut text = name_text(name);
    text.make_ascii_lowercase();
    text
}
