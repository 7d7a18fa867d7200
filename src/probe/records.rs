//! What DNS says about a domain's mail, with what is wrong with it.
//!
//! RFC 5321 §5.1; RFC 2181 §10.3; RFC 7505; RFC 6761 §6.3; RFC 1918.

use super::known::{
    Known, MX_ADDRESS_AS_NAME, MX_ADDRESS_UNKNOWN, MX_ALIAS, MX_ALIAS_CHAIN, MX_ALIAS_LOOP, MX_ALIAS_TO_NOTHING,
    MX_BAD_NAME, MX_CNAME_TARGET, MX_DUPLICATE, MX_IMPLICIT, MX_IMPOSSIBLE_ADDRESS, MX_LOCALHOST, MX_LOOPBACK_ADDRESS,
    MX_NO_ADDRESS, MX_NO_DOMAIN, MX_NO_HOST, MX_NOTHING, MX_NULL, MX_NULL_MIXED, MX_PRIVATE_ADDRESS, MX_TOO_MANY,
    MX_UNKNOWN,
};
use super::report::{Dns, Host, Level, Policies, Report, Verdict};
use crate::address::Domain;
use crate::engine::exchangers::{EXCHANGERS_MAX, Exchanger, Exchangers, NoExchangers, Source, endless};
use crate::engine::reach::{Reach, reach};
use crate::world::LookupError;
use std::net::IpAddr;

impl Report {
    /// What was found; whether addresses that only somebody nearby can reach count. Not concluded yet.
    pub(super) fn new(domain: &Domain, found: Result<Exchangers, NoExchangers>, is_private: bool) -> Self {
        let ascii = domain.to_ascii().to_string();
        let mut report = Self {
            domain: match domain {
                Domain::Name(_) => u_labels(&ascii),
                Domain::Literal(_) => ascii.clone(),
            },
            ascii,
            verdict: Verdict::Unknown,
            sentence: String::new(),
            dns: Dns::default(),
            mx: Vec::new(),
            policies: Policies::default(),
            services: None,
            findings: Vec::new(),
            found: Err(NoExchangers::NoRecords),
            is_private,
            unvisited: 0,
            sought: None,
        };
        match &found {
            Ok(found) => report.describe(found),
            Err(NoExchangers::NullMx) => {
                report.dns.null_mx = true;
                report.find(MX_NULL, None, "the domain declares that it takes no mail");
            }
            Err(why) => report.find(missing(why), None, why.to_string()),
        }
        report.found = found;
        report
    }

    fn describe(&mut self, found: &Exchangers) {
        self.dns = Dns {
            ttl: (found.source == Source::Mx).then_some(found.ttl),
            implicit_mx: found.source == Source::Implicit,
            aliases: found.aliases.clone(),
            ..Dns::default()
        };
        self.mx = found.hosts.iter().map(Host::from).collect();
        self.remark_on_domain(found);
        for (index, host) in found.hosts.iter().enumerate() {
            if found.hosts.iter().take(index).any(|earlier| earlier.host == host.host) {
                let text = "listed before with a better preference, so this entry has no effect";
                self.find(MX_DUPLICATE, Some(&host.host), text);
            } else {
                self.remark_on_host(host, found.source);
            }
        }
    }

    fn remark_on_domain(&mut self, found: &Exchangers) {
        if found.source == Source::Implicit {
            self.find(MX_IMPLICIT, None, "there is no MX record, so the domain's own addresses take its mail");
        }
        if let Some(target) = found.aliases.last() {
            self.find(MX_ALIAS, None, format!("the domain is an alias of {target}"));
        }
        if found.stray_null {
            self.find(MX_NULL_MIXED, None, "a null MX stands beside others");
        }
        if found.left_out > 0 {
            let text = format!("looked at the first {EXCHANGERS_MAX} exchangers and left {} alone", found.left_out);
            self.find(MX_TOO_MANY, None, text);
        }
    }

    fn remark_on_host(&mut self, host: &Exchanger, source: Source) {
        let about = Some(host.host.as_str());
        if host.left_out > 0 {
            let text = format!("looked at {} of its addresses and left {} alone", host.addresses.len(), host.left_out);
            self.find(MX_TOO_MANY, about, text);
        }
        if host.host.parse::<IpAddr>().is_ok() {
            self.find(MX_ADDRESS_AS_NAME, about, "an MX record must name a host, not an address");
        }
        // Where aliases lead to nothing, that is what is wrong with them.
        let alias = host.last_alias();
        if let (Some((_, target)), None | Some(LookupError::NoRecords)) = (&alias, &host.missing) {
            self.find(MX_CNAME_TARGET, about, format!("an alias of {target}; some senders refuse it"));
        }
        let (known, text) = match (&host.missing, alias) {
            (None, _) => return self.remark_on_addresses(host, source),
            (Some(LookupError::NoSuchName), Some((alias, target))) => {
                (MX_ALIAS_TO_NOTHING, format!("{alias} is an alias of {target}, which does not exist"))
            }
            (Some(LookupError::Temporary(_)), Some((alias, target))) if host.is_endless => {
                let known = if host.is_circle() { MX_ALIAS_LOOP } else { MX_ALIAS_CHAIN };
                (known, endless(host.is_circle(), &alias, &target))
            }
            (Some(LookupError::NoSuchName), None) if Domain::parse(&host.host).is_err() => {
                (MX_BAD_NAME, "no host can be called that".to_owned())
            }
            (Some(LookupError::NoSuchName), None) => (MX_NO_HOST, "there is no such host".to_owned()),
            (Some(LookupError::NoRecords), _) => (MX_NO_ADDRESS, "the host has no address".to_owned()),
            (Some(LookupError::Temporary(why)), _) => (MX_ADDRESS_UNKNOWN, why.clone()),
        };
        self.find(known, about, text);
    }

    fn remark_on_addresses(&mut self, host: &Exchanger, source: Source) {
        // Where somebody runs a network of their own, or wrote the address down themselves, it is what is meant.
        let meant = |known: Known| match self.is_private || source == Source::Literal {
            true => Known { level: Level::Info, fix: None, ..known },
            false => known,
        };
        let (private, loopback, localhost) =
            (meant(MX_PRIVATE_ADDRESS), meant(MX_LOOPBACK_ADDRESS), meant(MX_LOCALHOST));
        if host.host == "localhost" || host.host.ends_with(".localhost") {
            return self.find(localhost, Some(&host.host), "every sender takes this name for itself");
        }
        for ip in &host.addresses {
            let (known, text) = match reach(*ip) {
                Reach::Public => continue,
                Reach::Private => (private, format!("{ip} can be reached only within its own network")),
                Reach::Loopback => (loopback, format!("every sender takes {ip} for itself")),
                Reach::Nobody => (MX_IMPOSSIBLE_ADDRESS, format!("{ip} is no host's address")),
            };
            self.find(known, Some(&host.host), text);
        }
    }
}

/// What it is called that a domain has no exchangers.
fn missing(why: &NoExchangers) -> Known {
    match why {
        NoExchangers::NoSuchDomain => MX_NO_DOMAIN,
        NoExchangers::AliasToNothing { .. } => MX_ALIAS_TO_NOTHING,
        NoExchangers::AliasLoop { .. } => MX_ALIAS_LOOP,
        NoExchangers::AliasChain { .. } => MX_ALIAS_CHAIN,
        NoExchangers::NoRecords => MX_NOTHING,
        NoExchangers::NullMx => MX_NULL,
        NoExchangers::Temporary(_) => MX_UNKNOWN,
    }
}

/// A name of A-labels as people write it; as it is where that is not possible.
pub(super) fn u_labels(ascii: &str) -> String {
    // Most names have none.
    if !ascii.contains("xn--") {
        return ascii.to_owned();
    }
    match idna::domain_to_unicode(ascii) {
        (name, Ok(())) => name,
        (_, Err(_)) => ascii.to_owned(),
    }
}
