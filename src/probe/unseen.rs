//! The verdict where servers were to be visited, and none could be looked at from here. Pure.
//!
//! Nothing is wrong with the domain then, and nothing is known to be right. RFC 8305.

use super::known::VISIT_FAMILY;
use super::report::{Host, Report, Sought, Verdict};
use super::visited::Visited;
use crate::engine::exchangers::Source;
use std::net::IpAddr;

impl Sought {
    /// Whether an address is one of them.
    pub(super) fn has(self, ip: IpAddr) -> bool {
        match self {
            Self::Both => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }

    /// The family that alone was wanted, the option that says so, and the family that is left out.
    fn words(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Both => None,
            Self::V4 => Some(("IPv4", "-4", "IPv6")),
            Self::V6 => Some(("IPv6", "-6", "IPv4")),
        }
    }
}

impl Report {
    /// Remarks on exchangers that have addresses of the other family only.
    pub(super) fn remark_on_family(&mut self) {
        let Some((_, option, other)) = self.sought.and_then(Sought::words) else { return };
        let hosts: Vec<String> = self
            .usable()
            .into_iter()
            .filter(|host| self.is_of_other_family(host))
            .map(|host| host.host.clone())
            .collect();
        for host in hosts {
            let text = format!("it has {other} addresses only, and was not visited, since {option} leaves them out");
            self.find(VISIT_FAMILY, Some(&host), text);
        }
    }

    fn is_of_other_family(&self, host: &Host) -> bool {
        let sought = self.sought.unwrap_or(Sought::Both);
        !host.addresses.is_empty() && host.addresses.iter().all(|address| !sought.has(address.ip))
    }

    /// Why nobody knows whether mail is taken where it goes; nothing if nobody asked, or somebody was visited.
    pub(super) fn of_the_unseen(&self, title: &str, source: Source) -> Option<(Verdict, String)> {
        let sought = self.sought?;
        let unreached = |host: &&Host| host.probes.iter().any(|visited| visited.has_no_route);
        if self.mx.iter().flat_map(|host| &host.probes).any(Visited::is_seen) {
            return None;
        }
        let why = match (self.mx.iter().find(unreached), sought.words()) {
            (Some(host), _) => {
                let place = host.probes.iter().find(|visited| visited.has_no_route)?.place();
                format!("this machine has no way to {place}")
            }
            (None, Some((family, option, _)))
                if self.usable().into_iter().any(|host| self.is_of_other_family(host)) =>
            {
                format!("{option} leaves out all addresses but those of {family}, and there is none of these")
            }
            // Where private addresses are left alone, that was told.
            (None, _) => return None,
        };
        let goal = if source == Source::Literal { "that address".to_owned() } else { self.way(source)? };
        let sentence = format!("Mail to {title} should go to {goal}, which could not be looked at from here: {why}.");
        Some((Verdict::Unknown, sentence))
    }
}
