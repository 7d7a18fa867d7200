//! Why a host is asked, and what a recipient waits for: what a trace tells of it.
//!
//! Chooses nothing; whoever did says so here. Pure. RFC 5321 §4.5.4.1, §5.1.

use super::route::Hop;
use crate::wire::event::Decision;
use crate::world::Timestamp;
use std::net::SocketAddr;

/// Octets of somebody's words that are repeated.
const WORDS_MAX: usize = 200;

/// A host that was asked before, and did not judge everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its name.
    pub host: String,
    /// Where it was asked.
    pub address: SocketAddr,
    /// What it said, or why it was not reached.
    pub words: String,
}

/// Why this address of a host is asked: as the first, or after another one.
pub fn asked(hop: &Hop, address: SocketAddr, earlier: Option<&Earlier>) -> Decision {
    let rank = match hop.preference {
        Some(preference) => format!("preference {preference}"),
        None => "the only host".to_owned(),
    };
    let why = match earlier {
        None if hop.preference.is_some() => format!("{rank}, which comes first"),
        None => rank,
        Some(Earlier { host, address, words }) => format!("{rank}, after {host} at {address}: {}", brief(words)),
    };
    Decision {
        what: format!("{} at {address} is asked: {why}", hop.host),
        exchanger: Some(hop.host.clone()),
        address: Some(address.to_string()),
        why: Some(why),
        next_attempt: None,
    }
}

/// That a recipient waits, and until when.
pub fn waits(recipient: &str, until: Timestamp, remote: Option<&str>, words: &str) -> Decision {
    let whom = remote.map_or(String::new(), |remote| format!("{remote}: "));
    let why = format!("{whom}{}", brief(words));
    Decision {
        what: format!("the next attempt for {recipient} is due {until}: {why}"),
        exchanger: remote.map(str::to_owned),
        why: Some(why),
        next_attempt: Some(until.to_string()),
        ..Decision::default()
    }
}

fn brief(words: &str) -> &str {
    &words[..words.floor_char_boundary(WORDS_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::guard::Guard;
    use std::net::IpAddr;

    #[test]
    fn a_reader_learns_why() {
        let ip = IpAddr::from([192, 0, 2, 1]);
        let hop = |preference| Hop { host: "mx.x".into(), preference, addresses: vec![ip], guard: Guard::Usual };
        let at = SocketAddr::new(ip, 25);
        let earlier = Earlier { host: "mx0.x".into(), address: at, words: format!("421 busy{}", "é".repeat(500)) };
        for (preference, earlier, wanted) in [
            (Some(10), None, "preference 10, which comes first"),
            (None, None, "the only host"),
            (Some(20), Some(&earlier), "preference 20, after mx0.x at 192.0.2.1:25: 421 busyé"),
            (None, Some(&earlier), "the only host, after mx0.x at 192.0.2.1:25: 421 busyé"),
        ] {
            let decision = asked(&hop(preference), at, earlier);
            assert!(decision.what.starts_with(&format!("mx.x at 192.0.2.1:25 is asked: {wanted}")), "{decision:?}");
            assert!(decision.why.as_ref().is_some_and(|why| why.starts_with(wanted) && why.len() < 300));
            assert_eq!(
                (decision.exchanger.as_deref(), decision.address.as_deref()),
                (Some("mx.x"), Some("192.0.2.1:25"))
            );
        }
        let until = "2026-11-22T17:00:00Z".parse().expect("a time");
        let decision = waits("bob@x", until, Some("mx.x"), "450 later");
        assert_eq!(decision.what, "the next attempt for bob@x is due 2026-11-22T17:00:00Z: mx.x: 450 later");
        assert_eq!(decision.next_attempt.as_deref(), Some("2026-11-22T17:00:00Z"));
    }
}
