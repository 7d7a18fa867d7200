//! The servers of a large provider, as something that was found.
//!
//! Who is known, and by which signs, is in `provider`; here it becomes one answer among others.

use super::{Candidate, Service, Source, Trust};
use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::provider::Provider;

/// Its servers, for this address.
pub(super) fn candidates(provider: &Provider, address: &Address, source: Source, trust: Trust) -> Vec<Candidate> {
    let candidate = |(key, url): (&str, &str)| {
        let service = [Service::Smtp, Service::Imap, Service::Pop].into_iter().find(|service| service.name() == key)?;
        let endpoint = Endpoint::parse(url).ok()?;
        let (user, ways) = (address.to_string(), provider.ways.to_vec());
        Some(Candidate { service, endpoint, user, ways, source, trust })
    };
    provider.servers().filter_map(candidate).collect()
}
