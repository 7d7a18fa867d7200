//! The mail exchangers of a domain, with their addresses: what DNS says, before anybody judges it.
//!
//! Asks for MX records and for the addresses of each exchanger, and keeps apart what RFC 5321 keeps
//! apart: no such domain, no mail wanted, nothing to deliver to, and no answer for now. The relay
//! makes a route of it, `mx lookup` a report. Knows no policy and connects to nobody.
//! RFC 5321 §5.1; RFC 7505.

use crate::address::Domain;
use crate::world::{LookupError, Record, RecordKind, Resolve, Trail};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Exchangers whose addresses are looked up. A domain may list thousands, and each costs two queries.
pub const EXCHANGERS_MAX: usize = 128;
/// Addresses kept of one exchanger and family.
const ADDRESSES_MAX: usize = 16;
/// Exchangers asked about at once.
const LOOKUPS_AT_ONCE: usize = 8;
/// The end of the search for the addresses of all exchangers: a hundred hosts below a silent name server would
/// take minutes one after the other. Those that are not known then are asked for another time.
const SEARCH: Duration = Duration::from_secs(30);

/// Where mail for a domain goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchangers {
    /// Lowest preference first, then by name; never empty. A host listed twice stands here twice.
    pub hosts: Vec<Exchanger>,
    /// How the hosts were found.
    pub source: Source,
    /// The names that an alias of the domain led to.
    pub aliases: Vec<String>,
    /// Seconds the MX answer stays good; of an implicit MX: 0.
    pub ttl: u32,
    /// A null MX stood beside real ones. It is passed over (RFC 7505 §3 forbids the mixture).
    pub stray_null: bool,
    /// Exchangers beyond [`EXCHANGERS_MAX`], the least preferred ones.
    pub left_out: usize,
    /// DNSSEC vouches for it that these are the domain's exchangers.
    pub is_authentic: bool,
}

/// One host that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanger {
    /// Lower is tried first.
    pub preference: u16,
    /// Its name, or an address literal in brackets.
    pub host: String,
    /// The names an alias led to, also to nothing; RFC 5321 §5.1 wants none.
    pub aliases: Vec<String>,
    /// Those do not end.
    pub is_endless: bool,
    /// IPv4 first: more mail hosts are reachable and known by it.
    pub addresses: Vec<IpAddr>,
    /// Why there are no addresses, if there are none.
    pub missing: Option<LookupError>,
    /// Addresses that were not kept: there are too many.
    pub left_out: usize,
    /// DNSSEC vouches for the addresses, and for the aliases before them.
    pub is_authentic: bool,
}

/// How exchangers were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// By MX records.
    Mx,
    /// There are no MX records: the domain itself, with preference 0 (RFC 5321 §5.1).
    Implicit,
    /// The domain is an address literal, and DNS was not asked.
    Literal,
}

/// Why a domain has no exchangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoExchangers {
    /// The name is not in DNS.
    #[error("the domain does not exist")]
    NoSuchDomain,
    /// The name is in DNS, and what it is an alias of is not.
    #[error("{alias} is an alias of {target}, which does not exist")]
    AliasToNothing {
        /// The last of the aliases.
        alias: String,
        /// Where that one leads.
        target: String,
    },
    /// Aliases that lead in a circle. Nobody finds anything behind them until the zone is mended; a relay
    /// waits for that all the same: most name servers say no more of it than that they have failed, and what becomes of a
    /// message must not depend on how much they say.
    #[error("{}", endless(true, .alias, .target))]
    AliasLoop {
        /// The last of the aliases that was looked at.
        alias: String,
        /// Where that one leads.
        target: String,
    },
    /// More aliases than anybody follows; they may well end. What holds of a circle holds of them.
    #[error("{}", endless(false, .alias, .target))]
    AliasChain {
        /// The last of the aliases that was looked at.
        alias: String,
        /// Where that one leads.
        target: String,
    },
    /// The name is there, without MX and without addresses.
    #[error("the domain has neither MX nor address records")]
    NoRecords,
    /// RFC 7505: the domain says that it takes no mail.
    #[error("the domain takes no mail (null MX)")]
    NullMx,
    /// Nobody knows for now.
    #[error("{0}")]
    Temporary(String),
}

impl NoExchangers {
    /// What is missing at the end of a name's aliases.
    fn new(name: &str, aliases: &[String], is_endless: bool, why: LookupError) -> Self {
        match (why, last_alias(name, aliases)) {
            (LookupError::Temporary(_), Some((alias, target))) if is_endless => match is_circle(name, aliases) {
                true => Self::AliasLoop { alias, target },
                false => Self::AliasChain { alias, target },
            },
            (LookupError::Temporary(why), _) => Self::Temporary(why),
            (LookupError::NoSuchName, Some((alias, target))) => Self::AliasToNothing { alias, target },
            (LookupError::NoSuchName, None) => Self::NoSuchDomain,
            (LookupError::NoRecords, _) => Self::NoRecords,
        }
    }
}

impl Exchanger {
    /// Without addresses, because of this.
    fn missing(preference: u16, host: String, why: LookupError) -> Self {
        let (aliases, addresses) = (Vec::new(), Vec::new());
        Self {
            preference,
            host,
            aliases,
            is_endless: false,
            addresses,
            missing: Some(why),
            left_out: 0,
            is_authentic: false,
        }
    }

    /// The last alias on the way from its name, and where that one leads.
    pub fn last_alias(&self) -> Option<(String, String)> {
        last_alias(&self.host, &self.aliases)
    }

    /// Whether its aliases lead back to one of them: else, where they do not end, they are too many.
    pub fn is_circle(&self) -> bool {
        is_circle(&self.host, &self.aliases)
    }
}

/// What is said of aliases that nobody follows to their end.
pub fn endless(is_circle: bool, alias: &str, target: &str) -> String {
    let what = if is_circle { "its aliases do not end" } else { "it has more aliases in a row than anybody follows" };
    format!("{what}: {alias} is an alias of {target}")
}

/// Whether a name is among those that its aliases led to, or one of these twice.
fn is_circle(name: &str, aliases: &[String]) -> bool {
    let mut before = BTreeSet::from([name.to_ascii_lowercase()]);
    aliases.iter().any(|alias| !before.insert(alias.to_ascii_lowercase()))
}

fn last_alias(name: &str, aliases: &[String]) -> Option<(String, String)> {
    let (target, before) = aliases.split_last()?;
    Some((before.last().map_or(name, String::as_str).to_owned(), target.clone()))
}

/// Asks DNS for the exchangers of a domain.
pub async fn exchangers(dns: &dyn Resolve, domain: &Domain) -> Result<Exchangers, NoExchangers> {
    let name = match domain.to_ascii() {
        Domain::Literal(ip) => return Ok(literal(domain, ip)),
        Domain::Name(name) => name,
    };
    let trail = dns.trail(&name, RecordKind::Mx).await;
    let answer = match trail.found {
        Ok(answer) => answer,
        Err(LookupError::NoRecords) => return implicit(dns, name).await,
        // Never the implicit MX: the MX records that cannot be seen now may name quite another host.
        Err(why) => return Err(NoExchangers::new(&name, &trail.aliases, trail.is_endless, why)),
    };
    let (mut listed, listed_nulls) = split_nulls(answer.records);
    if listed.is_empty() {
        return if listed_nulls > 0 { Err(NoExchangers::NullMx) } else { implicit(dns, name).await };
    }
    listed.sort();
    let left_out = listed.len().saturating_sub(EXCHANGERS_MAX);
    listed.truncate(EXCHANGERS_MAX);
    Ok(Exchangers {
        hosts: with_addresses(dns, listed).await,
        source: Source::Mx,
        aliases: answer.aliases,
        ttl: answer.ttl,
        stray_null: listed_nulls > 0,
        left_out,
        is_authentic: answer.is_authentic,
    })
}

/// Looks up one host's addresses: an exchanger, or a smarthost.
pub async fn exchanger(dns: &dyn Resolve, preference: u16, host: String) -> Exchanger {
    // RFC 5321 §2.3.5: what no host can be called is none, whatever DNS has there. No command and no certificate has it.
    if Domain::parse(&host).is_err() {
        return Exchanger::missing(preference, host, LookupError::NoSuchName);
    }
    let (four, six) = tokio::join!(dns.trail(&host, RecordKind::A), dns.trail(&host, RecordKind::Aaaa));
    let mut found = Exchanger {
        preference,
        host,
        aliases: Vec::new(),
        is_endless: is_endless(&four, &six),
        addresses: Vec::new(),
        missing: None,
        left_out: 0,
        is_authentic: [&four.found, &six.found].into_iter().flatten().all(|answer| answer.is_authentic),
    };
    for trail in [four, six] {
        // What led to addresses counts for more than what led to none.
        if trail.found.is_ok() || found.addresses.is_empty() && !trail.aliases.is_empty() {
            found.aliases = trail.aliases;
        }
        match trail.found {
            Ok(answer) => {
                let mut listed = answer.records.iter().filter_map(Record::ip);
                found.addresses.extend(listed.by_ref().take(ADDRESSES_MAX));
                found.left_out += listed.count();
            }
            Err(why) => found.missing = Some(worse(found.missing.take(), why)),
        }
    }
    if !found.addresses.is_empty() {
        (found.missing, found.is_endless) = (None, false);
    }
    found
}

/// Whether the aliases of a host are the only reason why its addresses are not known.
fn is_endless(four: &Trail, six: &Trail) -> bool {
    let waits = |trail: &Trail| matches!(trail.found, Err(LookupError::Temporary(_))) && !trail.is_endless;
    (four.is_endless || six.is_endless) && !waits(four) && !waits(six)
}

/// Two families without addresses: what may change wins over what will not, "exists" over "does not".
fn worse(one: Option<LookupError>, other: LookupError) -> LookupError {
    match (one, other) {
        (Some(LookupError::Temporary(why)), _) | (_, LookupError::Temporary(why)) => LookupError::Temporary(why),
        (Some(LookupError::NoRecords), _) | (_, LookupError::NoRecords) => LookupError::NoRecords,
        (_, LookupError::NoSuchName) => LookupError::NoSuchName,
    }
}

/// The real exchangers, and how many null ones stood among them.
fn split_nulls(records: Vec<Record>) -> (Vec<(u16, String)>, usize) {
    let mut nulls = 0;
    let mut listed = Vec::new();
    for record in records {
        match record {
            Record::Mx { exchange, .. } if exchange == "." => nulls += 1,
            Record::Mx { preference, exchange } => listed.push((preference, exchange)),
            _ => {}
        }
    }
    (listed, nulls)
}

async fn with_addresses(dns: &dyn Resolve, listed: Vec<(u16, String)>) -> Vec<Exchanger> {
    let names: BTreeMap<&str, u16> = listed.iter().map(|(preference, host)| (host.as_str(), *preference)).collect();
    let end = Instant::now() + SEARCH;
    let lookups = names.into_iter().map(|(host, preference)| async move {
        let found = timeout_at(end, exchanger(dns, preference, host.to_owned())).await;
        let late = || LookupError::Temporary("the name servers did not answer in time".into());
        found.unwrap_or_else(|_| Exchanger::missing(preference, host.to_owned(), late()))
    });
    let known: BTreeMap<String, Exchanger> = futures_util::stream::iter(lookups.collect::<Vec<_>>())
        .buffer_unordered(LOOKUPS_AT_ONCE)
        .map(|found| (found.host.clone(), found))
        .collect()
        .await;
    let of = |(preference, host): (u16, String)| Some(Exchanger { preference, ..known.get(&host)?.clone() });
    listed.into_iter().filter_map(of).collect()
}

async fn implicit(dns: &dyn Resolve, name: String) -> Result<Exchangers, NoExchangers> {
    let host = exchanger(dns, 0, name).await;
    match host.missing {
        Some(why) => Err(NoExchangers::new(&host.host, &host.aliases, host.is_endless, why)),
        None => {
            let aliases = host.aliases.clone();
            // The domain may well be an alias; only an exchanger named by an MX record may not.
            // Whoever vouches for the addresses of a name, and for the aliases before them, has vouched for it, too, that
            // there are no MX records: in a signed zone nobody else can say so.
            let is_authentic = host.is_authentic;
            let hosts = vec![Exchanger { aliases: Vec::new(), ..host }];
            let source = Source::Implicit;
            Ok(Exchangers { hosts, source, aliases, ttl: 0, stray_null: false, left_out: 0, is_authentic })
        }
    }
}

fn literal(domain: &Domain, ip: IpAddr) -> Exchangers {
    let host = Exchanger {
        preference: 0,
        host: domain.to_string(),
        aliases: Vec::new(),
        is_endless: false,
        addresses: vec![ip],
        missing: None,
        left_out: 0,
        is_authentic: false,
    };
    Exchangers {
        hosts: vec![host],
        source: Source::Literal,
        aliases: Vec::new(),
        ttl: 0,
        stray_null: false,
        left_out: 0,
        is_authentic: false,
    }
}

#[cfg(test)]
mod tests;
