//! The TLSA records of an exchanger: whom DNS is asked about, until it is settled what the exchanger has.
//!
//! One search for all who want to know: the relay, `send --mx`, and the reports. `policy::dane` decides.
//! RFC 7672 §2.1.3, §2.2.

use super::exchangers::{Exchanger, Exchangers, Source};
use crate::policy::dane::{Host, Looked, Standing, is_settled};
use crate::policy::tlsa::owner;
use crate::world::{LookupError, RecordKind, Resolve};

/// What there is for an exchanger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What DNS said, in the order in which it was asked; empty if nobody was.
    pub looked: Vec<Looked>,
    /// What that amounts to.
    pub standing: Standing,
}

/// Whether records are asked for that cannot count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Not for sending mail.
    Counting,
    /// For a report: that they are there is worth telling.
    Any,
}

impl Search {
    /// The answer worth telling: the one that settled it, or the first with records that count for nothing.
    pub fn told(&self) -> Option<&Looked> {
        let settled = self.looked.iter().find(|looked| is_settled(&looked.said));
        settled.or_else(|| self.looked.iter().find(|looked| looked.said.is_ok())).or(self.looked.last())
    }
}

/// Asks for the records of an exchanger of a domain; what `found` says of the domain is at hand.
pub async fn search(
    dns: &dyn Resolve,
    (domain, found): (&str, &Exchangers),
    host: &Exchanger,
    port: u16,
    interest: Interest,
) -> Search {
    let host = match known(dns, (domain, found), host).await {
        Ok(host) => host,
        // RFC 7672 §2.2.2: whatever cannot be known on the way makes it as if the host could not be reached.
        Err(why) => return Search { looked: Vec::new(), standing: Standing::Unknown(why) },
    };
    let mut bases = host.bases();
    // RFC 7672 §2.2: an address has no names that records could stand below.
    if bases.is_empty() && interest == Interest::Any && !host.name.starts_with('[') {
        bases = host.candidates();
    }
    let mut looked = Vec::new();
    for base in bases {
        let said = dns.lookup(&owner(base, port), RecordKind::Tlsa).await;
        let is_over = is_settled(&said);
        looked.push(Looked { base: base.to_owned(), said });
        if is_over {
            break;
        }
    }
    Search { standing: host.standing(&looked), looked }
}

/// What is known of a host without its records; an error if that cannot be known now.
async fn known<'a>(
    dns: &dyn Resolve,
    (domain, found): (&'a str, &'a Exchangers),
    host: &'a Exchanger,
) -> Result<Host<'a>, String> {
    // RFC 7672 §2.2.2: a domain without MX records is its own exchanger, which nobody has to vouch for; its aliases are
    // those of the host.
    let is_own = found.source == Source::Implicit;
    let mut known = Host {
        name: &host.host,
        aliases: if is_own { &found.aliases } else { &host.aliases },
        domain,
        domain_aliases: if is_own { &[] } else { &found.aliases },
        is_exchanger: is_own || found.is_authentic,
        has_addresses: host.is_authentic,
        is_alias: false,
    };
    if known.is_exchanger && !known.has_addresses && !known.aliases.is_empty() {
        // RFC 7672 §2.1.3: of a whole answer it is only known that some of it is not vouched for; the first of the
        // aliases may be, and is asked for by itself.
        known.is_alias = match dns.lookup(known.name, RecordKind::Cname).await {
            Ok(answer) => answer.is_authentic,
            Err(LookupError::NoSuchName | LookupError::NoRecords) => false,
            Err(LookupError::Temporary(why)) => return Err(why),
        };
    }
    Ok(known)
}
