//! The names of addresses, judged: of exchangers, which often send too, and of senders, of whom receivers want them.
//!
//! RFC 1912 §2.1; RFC 8601 §3; RFC 7208 §5.5.

use super::report::{Address, Notes, Ptr, Standing};
use crate::engine::exchangers::Exchangers;
use crate::engine::reach::{Reach, reach};
use crate::policy::reverse::{Names, is_generic, names};
use crate::probe::report::Level;
use crate::world::{LookupError, Resolve};
use futures_util::future::join_all;
use std::net::IpAddr;

/// Addresses whose names are asked for.
const ADDRESSES_MAX: usize = 16;

/// Asks for the names of all exchangers' addresses.
pub(super) async fn gather(dns: &dyn Resolve, found: &Exchangers) -> Vec<Address> {
    let mut asked: Vec<(IpAddr, &str)> = Vec::new();
    for host in &found.hosts {
        for ip in host.addresses.iter().filter(|ip| reach(**ip) == Reach::Public) {
            if asked.len() < ADDRESSES_MAX && asked.iter().all(|(known, _)| known != ip) {
                asked.push((*ip, &host.host));
            }
        }
    }
    join_all(asked.into_iter().map(|(ip, host)| look(dns, ip, Some(host)))).await
}

/// Asks for the names of one address.
pub(super) async fn look(dns: &dyn Resolve, ip: IpAddr, host: Option<&str>) -> Address {
    let found = names(dns, ip).await;
    let unknown = match &found {
        Err(LookupError::Temporary(why)) => Some(why.clone()),
        _ => None,
    };
    let Names { all, .. } = found.unwrap_or_default();
    Address {
        ip,
        host: host.map(str::to_owned),
        confirmed: all.iter().filter(|named| named.is_confirmed).map(|named| named.name.clone()).collect(),
        names: all.into_iter().map(|named| named.name).collect(),
        unknown,
    }
}

/// Whether all addresses of the exchangers are known.
pub(super) fn knows_all(found: &Exchangers) -> bool {
    found.hosts.iter().all(|host| !matches!(host.missing, Some(LookupError::Temporary(_))))
}

/// Judges the exchangers, of which all may be known, or some, or none.
pub(super) fn judge(addresses: Vec<Address>, is_known: bool, notes: &mut Notes) -> Ptr {
    for address in &addresses {
        remark(address, Level::Info, notes);
    }
    let all = addresses.len();
    let confirmed = addresses.iter().filter(|address| !address.confirmed.is_empty()).count();
    let unknown = addresses.iter().filter(|address| address.unknown.is_some()).count();
    let (standing, summary) = match () {
        () if all == 0 && !is_known => (Standing::Unknown, "addresses not known now".to_owned()),
        () if !is_known => {
            (Standing::Unknown, format!("{confirmed} of {all} addresses confirmed, others not known now"))
        }
        () if all == 0 => (Standing::Unneeded, "no public addresses".to_owned()),
        () if confirmed == all => (Standing::Good, format!("{all} of {all} addresses confirmed")),
        () if unknown > 0 => {
            (Standing::Unknown, format!("{confirmed} of {all} addresses confirmed, {unknown} unknown"))
        }
        () => (Standing::Weak, format!("{confirmed} of {all} addresses confirmed")),
    };
    Ptr { standing, summary, addresses }
}

/// What is wrong with the names of one address. `level` is how much it matters there.
pub(super) fn remark(address: &Address, level: Level, notes: &mut Notes) {
    let ip = address.ip;
    let host = address.host.as_deref();
    let mut note = |id, level, text: String, fix| notes.about(id, level, host, text, "RFC 1912 §2.1, RFC 8601 §3", fix);
    match (&address.unknown, address.names.as_slice(), address.confirmed.as_slice()) {
        (Some(why), ..) => {
            // Also of a sender: an error is certain, and lasts.
            let text = format!("the name of {ip} is not known: {why}");
            note("ptr.unknown", level.min(Level::Warn), text, "ask again later");
        }
        (None, [], _) => {
            let text = format!("{ip} has no name; many take no mail from such");
            note("ptr.none", level, text, "have whoever gives you the address set its PTR record");
        }
        (None, names, []) => {
            let text = format!("{ip} is called {}, which does not lead back to it", names.join(", "));
            note("ptr.unconfirmed", level, text, "give that name this address, or the address another name");
        }
        (None, _, confirmed) if confirmed.iter().all(|name| is_generic(name, ip)) => {
            let text = format!("{ip} has a name as customers get it ({}); many take no mail from such", confirmed[0]);
            note("ptr.generic", level, text, "have a name of your own set, that of the mail server");
        }
        (None, names, _) if names.len() > 1 => {
            let text = format!("{ip} has {} names, and which of them one gets is chance", names.len());
            note("ptr.several", Level::Info, text, "leave one");
        }
        _ => {}
    }
}
