//! Lists of addresses that somebody warns of, asked by DNS; and whether a list can be believed at all.
//!
//! A list whose own test entries are wrong says yes or no to everybody, or nothing to us: its word is no word.
//! RFC 5782 §2.1, §2.4, §5.

use super::reverse::reverse_name;
use crate::world::{LookupError, Record, RecordKind, Resolve};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The address is on it, for this reason.
    Listed(String),
    /// It is not.
    NotListed,
    /// Its word does not count, or it says none.
    Useless(String),
}

/// Asks a list about an address.
pub async fn ask(dns: &dyn Resolve, zone: &str, ip: IpAddr) -> Said {
    // RFC 5782 §5: 127.0.0.2 is on every list, 127.0.0.1 on none.
    let (always, never): (IpAddr, IpAddr) = match ip {
        IpAddr::V4(_) => (Ipv4Addr::new(127, 0, 0, 2).into(), Ipv4Addr::new(127, 0, 0, 1).into()),
        IpAddr::V6(_) => (
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, 2).into(),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, 1).into(),
        ),
    };
    let entries = [look(dns, zone, always).await, look(dns, zone, never).await];
    match entries {
        [Ok(Some(_)), Ok(None)] => {}
        [Err(why), _] | [_, Err(why)] => return Said::Useless(why),
        [Ok(None), _] => {
            return Said::Useless("its test entry is missing: it is no list, or does not answer us".to_owned());
        }
        [_, Ok(Some(_))] => return Said::Useless("it lists everybody".to_owned()),
    }
    match look(dns, zone, ip).await {
        Ok(None) => Said::NotListed,
        Err(why) => Said::Useless(why),
        Ok(Some(code)) => {
            let reason = match dns.lookup(&name(zone, ip), RecordKind::Txt).await {
                Ok(answer) => answer.records.iter().find_map(|record| match record {
                    Record::Txt(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    _ => None,
                }),
                Err(_) => None,
            };
            Said::Listed(reason.map_or(code.to_string(), |reason| format!("{code}: {reason}")))
        }
    }
}

/// The name under which an address stands.
fn name(zone: &str, ip: IpAddr) -> String {
    let reverse = reverse_name(ip);
    let labels = reverse.strip_suffix(".in-addr.arpa").or(reverse.strip_suffix(".ip6.arpa")).unwrap_or(&reverse);
    format!("{labels}.{}", zone.trim_matches('.'))
}

async fn look(dns: &dyn Resolve, zone: &str, ip: IpAddr) -> Result<Option<IpAddr>, String> {
    let answer = match dns.lookup(&name(zone, ip), RecordKind::A).await {
        Ok(answer) => answer,
        Err(LookupError::NoSuchName | LookupError::NoRecords) => return Ok(None),
        Err(LookupError::Temporary(why)) => return Err(why),
    };
    match answer.records.iter().find_map(Record::ip) {
        // What lists say to those they do not serve.
        Some(IpAddr::V4(code)) if code.octets()[..3] == [127, 255, 255] => {
            Err(format!("it refuses to answer ({code})"))
        }
        // RFC 5782 §2.1: anything else is somebody's web server.
        Some(IpAddr::V4(code)) if code.octets()[0] == 127 => Ok(Some(code.into())),
        Some(other) => Err(format!("it answers {other}, which means nothing")),
        None => Ok(None),
    }
}
