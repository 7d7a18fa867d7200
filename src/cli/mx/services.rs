//! The servers of a domain's own users, for `mailkit mx lookup --services`: who is asked, `discover` knows.

use mailkit::address::{Address, Domain};
use mailkit::discover::{Found, Web, discover};
use mailkit::engine::http::Http;
use mailkit::probe::ClientService;
use mailkit::world::Resolve;
use std::time::Duration;

/// Nobody wants to watch a search for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks all who may know.
pub(super) async fn services(domain: &Domain, dns: &dyn Resolve, http: &Http<'_>) -> Vec<ClientService> {
    match postmaster(domain) {
        Some(address) => told(&discover(&address, dns, &Web(http), PATIENCE).await),
        None => Vec::new(),
    }
}

/// Somebody whom every domain has (RFC 5321 §4.5.1), to ask for the servers of its users.
fn postmaster(domain: &Domain) -> Option<Address> {
    match domain {
        Domain::Literal(_) => None,
        Domain::Name(_) => Address::new("postmaster", domain.clone()).ok(),
    }
}

fn told(found: &Found) -> Vec<ClientService> {
    let servers = found.candidates.iter().map(|one| ClientService {
        service: one.service.name().to_owned(),
        url: one.endpoint.to_string(),
        source: one.source.name().to_owned(),
        trust: one.trust.name().to_owned(),
    });
    let jmap = found.jmap.iter().map(|one| ClientService {
        service: "jmap".to_owned(),
        url: one.url.clone(),
        source: one.source.to_owned(),
        trust: one.trust.name().to_owned(),
    });
    servers.chain(jmap).collect()
}
