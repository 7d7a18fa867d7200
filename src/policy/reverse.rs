//! The names of an address, and whether their owner confirms them: a name counts if it leads back.
//!
//! Whoever has an address may give it any name; whoever has the name says which addresses it has. Only both together
//! mean something. RFC 1035 §3.5; RFC 3596 §2.5; RFC 7208 §5.5; RFC 8601 §3.

use crate::world::{Answer, LookupError, Record, RecordKind, Resolve};
use futures_util::future::join_all;
use std::net::IpAddr;

/// RFC 7208 §4.6.4: of more names than these the rest is passed over.
pub const NAMES_MAX: usize = 10;

/// What an address is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// The names, in the order they came.
    pub all: Vec<Named>,
    /// How many more there are, which were not looked at.
    pub left_out: usize,
}

/// A name of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name: without final dot, lower case.
    pub name: String,
    /// Where it leads, or why nobody knows; empty if nowhere.
    pub leads: Result<Vec<IpAddr>, String>,
    /// Whether it leads back to the address.
    pub is_confirmed: bool,
}

/// The name under which the names of an address stand.
pub fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let nibbles = ip.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            let labels: String = nibbles.map(|nibble| format!("{nibble:x}.")).collect();
            format!("{labels}ip6.arpa")
        }
    }
}

/// Asks for the names of an address, and where each of them leads.
pub async fn names(dns: &dyn Resolve, ip: IpAddr) -> Result<Names, LookupError> {
    let answer = dns.lookup(&reverse_name(ip), RecordKind::Ptr).await?;
    let mut found: Vec<String> = Vec::new();
    for record in answer.records {
        if let Record::Ptr(name) = record
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    let left_out = found.len().saturating_sub(NAMES_MAX);
    let kind = if ip.is_ipv4() { RecordKind::A } else { RecordKind::Aaaa };
    let asked = found.into_iter().take(NAMES_MAX).map(|name| async move {
        let leads = match dns.lookup(&name, kind).await {
            Ok(answer) => Ok(addresses(&answer)),
            Err(LookupError::NoSuchName | LookupError::NoRecords) => Ok(Vec::new()),
            Err(LookupError::Temporary(why)) => Err(why),
        };
        let is_confirmed = leads.as_ref().is_ok_and(|leads| leads.contains(&ip));
        Named { name, leads, is_confirmed }
    });
    Ok(Names { all: join_all(asked).await, left_out })
}

/// The addresses in an answer.
pub fn addresses(answer: &Answer) -> Vec<IpAddr> {
    answer.records.iter().filter_map(Record::ip).collect()
}

impl Names {
    /// Those that lead back.
    pub fn confirmed(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|named| named.is_confirmed).map(|named| named.name.as_str())
    }
}

/// Whether a name looks as if a provider had made it from the address, as for customers who get any address: then many
/// receivers take no mail from it.
pub fn is_generic(name: &str, ip: IpAddr) -> bool {
    let IpAddr::V4(v4) = ip else {
        // The interface part as it stands in made-up names: 2001-db8--1 or 20010db8….
        let IpAddr::V6(v6) = ip else { return false };
        let hex: String = v6.octets().iter().map(|octet| format!("{octet:02x}")).collect();
        let plain: String = name.chars().filter(|c| c.is_ascii_hexdigit()).collect();
        return plain.contains(&hex) || name.contains(&v6.to_string().replace(':', "-"));
    };
    let octets = v4.octets().map(|octet| octet.to_string());
    let numbers: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    let trimmed: Vec<&str> = numbers.iter().map(|number| number.trim_start_matches('0')).collect();
    let wanted: Vec<&str> = octets.iter().map(|octet| octet.trim_start_matches('0')).collect();
    let reversed: Vec<&str> = wanted.iter().rev().copied().collect();
    let has = |part: &[&str]| trimmed.windows(part.len()).any(|window| window == part);
    // All four numbers, or the last three in a row, in either direction.
    has(&wanted) || has(&reversed) || has(&wanted[1..]) || has(&reversed[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_made_from_addresses_are_known() {
        for (name, ip, wanted) in [
            ("192-0-2-1.dsl.isp.test", "192.0.2.1", true),
            ("host1.2.0.192.isp.test", "192.0.2.1", true),
            ("ip-10-000-002-001.x.test", "10.0.2.1", true),
            ("pool-0-2-77.isp.test", "192.0.2.77", true),
            ("mx1.a.test", "192.0.2.1", false),
            ("mail192.a.test", "192.0.2.1", false),
            ("2001-db8--1.isp.test", "2001:db8::1", true),
            ("mx.a.test", "2001:db8::1", false),
        ] {
            assert_eq!(is_generic(name, ip.parse().expect("an address")), wanted, "{name}");
        }
    }
}
