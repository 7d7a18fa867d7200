//! Which hosts to try, in which order: from what DNS says to the way a message takes.
//!
//! Cuts off this host itself and everything less preferred, so that mail cannot circle; leaves out
//! hosts without addresses and addresses that are nobody's on the internet; shuffles equals.
//! Pure: the exchangers and a random number come in.
//! RFC 5321 §5.1; RFC 7505 §4; RFC 3463 §3.2, §3.5.

use super::exchangers::{Exchanger, Exchangers, NoExchangers};
use super::reach::{Reach, reach};
use crate::policy::guard::Guard;
use crate::status::{EnhancedStatus, Fate, ReplyCode};
use crate::world::LookupError;
use std::collections::HashSet;
use std::net::IpAddr;

/// Addresses tried in one attempt. RFC 5321 §5.1 asks for two at least and allows a limit; each may cost a
/// connection's whole deadline.
const ADDRESSES_MAX: usize = 20;

/// What this host knows about itself, and whom it may connect to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// The names this host goes by, in A-labels and lower case.
    pub own_names: Vec<String>,
    /// The addresses this host takes mail at.
    pub own_addresses: Vec<IpAddr>,
    /// Whether exchangers at private and loopback addresses are connected to: for tests and closed networks.
    pub private_addresses: bool,
}

/// The hosts to try, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Never empty, and none without an address.
    pub hops: Vec<Hop>,
    /// What whoever sends may want to know of it.
    pub remarks: Vec<String>,
}

/// One host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Its name in MX or as the domain; an address literal in brackets.
    pub host: String,
    /// In the order they are tried; never empty.
    pub addresses: Vec<IpAddr>,
    /// How it is to be talked to.
    pub guard: Guard,
}

/// Why there is no way to a domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Unroutable {
    /// The reply a server would give for it.
    pub code: ReplyCode,
    /// The class says whether another attempt makes sense.
    pub status: EnhancedStatus,
    /// A sentence for the sender.
    pub text: String,
}

impl Route {
    /// The same with each address once, and not too many: two names for one machine, or one name twice, and nobody is
    /// asked twice in one attempt. Which of the names may be used has to be settled before.
    pub fn thin(mut self) -> Self {
        let mut seen = HashSet::new();
        for hop in &mut self.hops {
            hop.addresses.retain(|ip| seen.len() < ADDRESSES_MAX && seen.insert(*ip));
        }
        self.hops.retain(|hop| !hop.addresses.is_empty());
        self
    }
}

impl Unroutable {
    /// Whether another attempt makes sense.
    pub fn fate(&self) -> Fate {
        if self.status.class == 4 { Fate::Transient } else { Fate::Permanent }
    }

    fn new(code: u16, status: (u8, u16, u16), text: String) -> Self {
        let code = ReplyCode::new(code).expect("the codes below are all between 200 and 599");
        Self { code, status: EnhancedStatus::new(status.0, status.1, status.2), text }
    }

    fn later(domain: &str, why: &str) -> Self {
        Self::new(451, (4, 4, 3), format!("DNS does not say now where mail for {domain} goes: {why}"))
    }
}

/// Chooses the way to `domain`, on which an address may stand twice. `random` decides among equals.
pub fn plan(
    domain: &str,
    found: Result<&Exchangers, &NoExchangers>,
    rules: &Rules,
    random: u64,
) -> Result<Route, Unroutable> {
    let found = found.map_err(|why| no_exchangers(domain, why))?;
    // RFC 5321 §5.1: the hosts less preferred than ourselves wait for us, so giving the message to them would only
    // bring it back.
    let own = found.hosts.iter().filter(|host| rules.is_own(host)).map(|host| host.preference).min();
    let mut hosts: Vec<&Exchanger> =
        found.hosts.iter().filter(|host| own.is_none_or(|own| host.preference < own)).collect();
    if hosts.is_empty() {
        let text = format!("mail for {domain} loops back to this host, which does not take it");
        return Err(Unroutable::new(554, (5, 4, 6), text));
    }
    shuffle_equals(&mut hosts, random);
    let hops = hops(&hosts, rules);
    if hops.is_empty() { Err(unusable(domain, &hosts)) } else { Ok(Route { hops, remarks: Vec::new() }) }
}

impl Rules {
    fn is_own(&self, host: &Exchanger) -> bool {
        self.own_names.iter().any(|name| name.eq_ignore_ascii_case(&host.host))
            || host.addresses.iter().any(|ip| self.own_addresses.contains(&ip.to_canonical()))
    }

    fn accepts(&self, ip: IpAddr) -> bool {
        match reach(ip) {
            Reach::Public => true,
            Reach::Private | Reach::Loopback => self.private_addresses,
            Reach::Nobody => false,
        }
    }
}

fn hops(hosts: &[&Exchanger], rules: &Rules) -> Vec<Hop> {
    let hop = |host: &&Exchanger| {
        let addresses: Vec<IpAddr> = host.addresses.iter().copied().filter(|ip| rules.accepts(*ip)).collect();
        (!addresses.is_empty()).then(|| Hop { host: host.host.clone(), addresses, guard: Guard::Usual })
    };
    hosts.iter().filter_map(hop).take(ADDRESSES_MAX).collect()
}

/// RFC 5321 §5.1: equal preferences are tried in random order, to spread the load. The hosts come sorted.
fn shuffle_equals(hosts: &mut [&Exchanger], mut random: u64) {
    for group in hosts.chunk_by_mut(|one, other| one.preference == other.preference) {
        for last in (1..group.len()).rev() {
            // Knuth's multiplier; the high bits are the good ones.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let chosen = (random >> 33) as usize % (last + 1);
            group.swap(last, chosen);
        }
    }
}

fn no_exchangers(domain: &str, why: &NoExchangers) -> Unroutable {
    match why {
        NoExchangers::NoSuchDomain => Unroutable::new(550, (5, 1, 2), format!("the domain {domain} does not exist")),
        NoExchangers::AliasToNothing { .. } => {
            Unroutable::new(550, (5, 1, 2), format!("there is no way to {domain}: {why}"))
        }
        NoExchangers::AliasLoop { .. } | NoExchangers::AliasChain { .. } => Unroutable::later(domain, &why.to_string()),
        NoExchangers::NoRecords => {
            Unroutable::new(550, (5, 4, 4), format!("{domain} has neither MX nor address records"))
        }
        // The codes are those of RFC 7505 §5.
        NoExchangers::NullMx => Unroutable::new(556, (5, 1, 10), format!("{domain} takes no mail (null MX)")),
        NoExchangers::Temporary(why) => Unroutable::later(domain, why),
    }
}

fn unusable(domain: &str, hosts: &[&Exchanger]) -> Unroutable {
    let waits = hosts.iter().find_map(|host| match &host.missing {
        Some(LookupError::Temporary(why)) => Some(why),
        _ => None,
    });
    if let Some(why) = waits {
        return Unroutable::later(domain, why);
    }
    let text = if hosts.iter().any(|host| !host.addresses.is_empty()) {
        format!("the mail exchangers of {domain} have only private or loopback addresses, which this host does not use")
    } else {
        format!("none of the mail exchangers of {domain} has an address")
    };
    Unroutable::new(550, (5, 4, 4), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::exchangers::Source;
    use proptest::prelude::*;

    /// `10 a 192.0.2.1 192.0.2.2; 20 b later; 30 c gone`, as DNS might have said.
    fn listed(text: &str) -> Result<Exchangers, NoExchangers> {
        let hosts = text.split("; ").map(|host| {
            let mut words = host.split(' ');
            let preference = words.next().and_then(|word| word.parse().ok()).expect("a preference");
            let name = words.next().expect("a name").to_owned();
            let rest: Vec<&str> = words.collect();
            let missing = match rest.as_slice() {
                ["later"] => Some(LookupError::Temporary("SERVFAIL".into())),
                ["gone"] => Some(LookupError::NoSuchName),
                ["none"] => Some(LookupError::NoRecords),
                _ => None,
            };
            let addresses = rest.iter().filter_map(|word| word.parse().ok()).collect();
            Exchanger {
                preference,
                host: name,
                aliases: Vec::new(),
                is_endless: false,
                addresses,
                missing,
                left_out: 0,
                is_authentic: false,
            }
        });
        Ok(Exchangers {
            hosts: hosts.collect(),
            source: Source::Mx,
            aliases: Vec::new(),
            ttl: 300,
            stray_null: false,
            left_out: 0,
            is_authentic: false,
        })
    }

    fn rules(names: &[&str], addresses: &[&str]) -> Rules {
        Rules {
            own_names: names.iter().map(ToString::to_string).collect(),
            own_addresses: addresses.iter().map(|ip| ip.parse().expect("an address")).collect(),
            private_addresses: false,
        }
    }

    fn shown(route: Result<Route, Unroutable>) -> String {
        match route.map(Route::thin) {
            Ok(route) => {
                let hop = |hop: &Hop| {
                    let addresses: Vec<String> = hop.addresses.iter().map(IpAddr::to_string).collect();
                    format!("{} {}", hop.host, addresses.join(" "))
                };
                route.hops.iter().map(hop).collect::<Vec<_>>().join("; ")
            }
            Err(why) => format!("{} {}", why.code, why.status),
        }
    }

    #[test]
    fn ways_are_chosen_as_the_standard_says() {
        let nobody = rules(&[], &[]);
        let me = rules(&["me.test"], &["192.0.2.99", "2001:db8::99"]);
        for (rules, found, wanted) in [
            // Preference, addresses, duplicates.
            (&nobody, "5 a 192.0.2.1; 10 b 192.0.2.2 2001:db8::2", "a 192.0.2.1; b 192.0.2.2 2001:db8::2"),
            (&nobody, "10 a 192.0.2.1; 20 a 192.0.2.1", "a 192.0.2.1"),
            (&nobody, "10 a 192.0.2.1; 20 b 192.0.2.1 192.0.2.2", "a 192.0.2.1; b 192.0.2.2"),
            (&nobody, "0 [192.0.2.7] 192.0.2.7", "[192.0.2.7] 192.0.2.7"),
            // Hosts without addresses.
            (&nobody, "10 gone gone; 20 a 192.0.2.1", "a 192.0.2.1"),
            (&nobody, "10 gone gone; 20 gone2 none", "550 5.4.4"),
            (&nobody, "10 down later; 20 a 192.0.2.1", "a 192.0.2.1"),
            (&nobody, "10 down later; 20 gone gone", "451 4.4.3"),
            // Ourselves.
            (&me, "10 a 192.0.2.1; 20 Me.Test 192.0.2.50; 30 b 192.0.2.2", "a 192.0.2.1"),
            (&me, "10 a 192.0.2.1; 20 b 192.0.2.2; 20 x 192.0.2.99", "a 192.0.2.1"),
            (&me, "10 a 192.0.2.1; 20 x ::ffff:192.0.2.99", "a 192.0.2.1"),
            (&me, "10 me.test gone; 20 b 192.0.2.2", "554 5.4.6"),
            (&me, "10 x 2001:db8::99; 20 b 192.0.2.2", "554 5.4.6"),
            (&me, "0 [192.0.2.99] 192.0.2.99", "554 5.4.6"),
            (&me, "10 a later; 20 me.test 192.0.2.99", "451 4.4.3"),
            // Addresses that are nobody's.
            (&nobody, "10 a 127.0.0.1; 20 b 10.0.0.1 192.0.2.2", "b 192.0.2.2"),
            (&nobody, "10 a 127.0.0.1 ::1 fd00::1", "550 5.4.4"),
            (&nobody, "10 a 224.0.0.1 0.0.0.0", "550 5.4.4"),
            (&nobody, "10 a ::ffff:127.0.0.1", "550 5.4.4"),
        ] {
            assert_eq!(shown(plan("x.test", listed(found).as_ref(), rules, 0)), wanted, "{found}");
        }
    }

    #[test]
    fn a_closed_network_may_use_private_addresses_but_nobody_multicast() {
        let closed = Rules { private_addresses: true, ..Rules::default() };
        let route = plan("x.test", listed("10 a 127.0.0.1 10.0.0.1 224.0.0.1").as_ref(), &closed, 0);
        assert_eq!(shown(route), "a 127.0.0.1 10.0.0.1");
    }

    #[test]
    fn without_exchangers_the_fate_follows_the_reason() {
        for (why, wanted, fate) in [
            (NoExchangers::NoSuchDomain, "550 5.1.2", Fate::Permanent),
            (NoExchangers::NoRecords, "550 5.4.4", Fate::Permanent),
            (
                NoExchangers::AliasToNothing { alias: "x.test".into(), target: "y.test".into() },
                "550 5.1.2",
                Fate::Permanent,
            ),
            (NoExchangers::AliasLoop { alias: "x.test".into(), target: "x.test".into() }, "451 4.4.3", Fate::Transient),
            (NoExchangers::NullMx, "556 5.1.10", Fate::Permanent),
            (NoExchangers::Temporary("SERVFAIL".into()), "451 4.4.3", Fate::Transient),
        ] {
            let error = plan("x.test", Err(&why), &Rules::default(), 0).expect_err("no way");
            assert_eq!((shown(Err(error.clone())).as_str(), error.fate()), (wanted, fate));
            assert!(error.text.contains("x.test"));
        }
    }

    #[test]
    fn ten_thousand_exchangers_cost_twenty_connections() {
        let many: Vec<String> = (0..10_000)
            .map(|i| format!("{i} h{i} 198.51.{}.{} 203.0.{}.{}", i / 250, i % 250, i / 250, i % 250))
            .collect();
        let route = plan("x.test", listed(&many.join("; ")).as_ref(), &Rules::default(), 0);
        let route = route.expect("a way").thin();
        assert_eq!(route.hops.iter().map(|hop| hop.addresses.len()).sum::<usize>(), ADDRESSES_MAX);
        assert_eq!(route.hops.first().map(|hop| hop.host.as_str()), Some("h0"));
    }

    #[test]
    fn equals_take_turns_at_being_first() {
        let mut firsts = HashSet::new();
        for random in 0..64 {
            let found = listed("10 a 192.0.2.1; 10 b 192.0.2.2; 10 c 192.0.2.3; 20 d 192.0.2.4");
            let route = plan("x.test", found.as_ref(), &Rules::default(), random << 40 | random).expect("a way");
            assert_eq!(route.hops.last().map(|hop| hop.host.as_str()), Some("d"));
            firsts.extend(route.hops.first().map(|hop| hop.host.clone()));
        }
        assert_eq!(firsts.len(), 3);
    }

    proptest! {
        #[test]
        fn shuffling_keeps_every_host_and_the_order_of_preferences(
            mut preferences in prop::collection::vec(0..5u16, 1..40), random: u64,
        ) {
            preferences.sort_unstable();
            let text: Vec<String> =
                preferences.iter().enumerate().map(|(i, p)| format!("{p} h{i} 192.0.2.{i}")).collect();
            let Exchangers { hosts, .. } = listed(&text.join("; ")).expect("exchangers");
            let mut shuffled: Vec<&Exchanger> = hosts.iter().collect();
            shuffle_equals(&mut shuffled, random);
            prop_assert!(shuffled.is_sorted_by_key(|host| host.preference));
            let names: HashSet<&str> = shuffled.iter().map(|host| host.host.as_str()).collect();
            prop_assert_eq!(names.len(), hosts.len());
        }
    }
}
