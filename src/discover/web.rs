//! The web and the servers that were found, over the network: documents, names, and whether anybody is there.
//!
//! Documents come by the one HTTP client, which knows limits, certificates and redirections; nothing that was found is
//! told anything but a question for a document. RFC 9110 §15; RFC 8484 is not used.

use super::Candidate;
use super::ask::{Fetch, unanswered};
use crate::address::Domain;
use crate::engine::http::{Find, Http, Redirects, Request};
use crate::error::{Error, Kind, Result};
use crate::world::{Connect, Later, LookupError, Record, RecordKind, Resolve};
use futures_util::future::join_all;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// A document about one domain has a few kilobytes.
const DOCUMENT_MAX: usize = 256 * 1024;

/// The web.
pub struct Web<'a>(pub &'a Http<'a>);

impl Fetch for Web<'_> {
    fn get<'a>(&'a self, url: &'a str) -> Later<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let url = Url::parse(url)
                .map_err(|error| Error::new(Kind::Usage, "the domain makes no valid address").caused_by(error))?;
            let request = Request::get(url).redirects(Redirects::Https).body_max(DOCUMENT_MAX);
            let response = self.0.ask(request).await?;
            match response.status {
                200 => Ok(response.body),
                // RFC 9110 §15.6; RFC 6585 §4.
                status @ (429 | 500..) => Err(Error::new(Kind::Temporary, format!("the web server says {status}"))),
                // RFC 9110 §15.5.2: there is something, for those who log in.
                401 => Err(Error::new(Kind::NoPermission, "the web server says 401")),
                status => Err(Error::new(Kind::NoHost, format!("the web server says {status}"))),
            }
        })
    }
}

/// Names as one resolver finds them: who asks it about services wants its word on addresses too.
pub struct Names<'a>(pub &'a dyn Resolve);

impl Find for Names<'_> {
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            if let Ok(ip) = host.trim_matches(['[', ']']).parse() {
                return Ok(vec![SocketAddr::new(ip, port)]);
            }
            let (six, four) = tokio::join!(self.0.lookup(host, RecordKind::Aaaa), self.0.lookup(host, RecordKind::A));
            let addresses: Vec<SocketAddr> = [&six, &four]
                .into_iter()
                .flatten()
                .flat_map(|answer| &answer.records)
                .filter_map(|record| match record {
                    Record::A(ip) => Some(IpAddr::V4(*ip)),
                    Record::Aaaa(ip) => Some(IpAddr::V6(*ip)),
                    _ => None,
                })
                .map(|ip| SocketAddr::new(ip, port))
                .collect();
            let why = [four, six].into_iter().filter_map(Result::err).reduce(|first, second| match second {
                LookupError::Temporary(_) => second,
                _ => first,
            });
            match why.filter(|_| addresses.is_empty()) {
                Some(why) => Err(unanswered(&why).with_peer(host)),
                None => Ok(addresses),
            }
        })
    }
}

/// Whether anybody answers at each of these servers: a connection, in which nothing is said.
pub async fn reach(servers: &[&Candidate], connect: &dyn Connect, find: &dyn Find, patience: Duration) -> Vec<bool> {
    let is_there = |server: &Candidate| {
        let (host, port) = (server.endpoint.host.clone(), server.endpoint.port);
        async move {
            let addresses = match host {
                Domain::Literal(ip) => vec![SocketAddr::new(ip, port)],
                name => find.find(&name.to_ascii().to_string(), port).await.unwrap_or_default(),
            };
            for address in addresses {
                if connect.connect(address).await.is_ok() {
                    return true;
                }
            }
            false
        }
    };
    let all = servers.iter().map(|server| async move { timeout(patience, is_there(server)).await.unwrap_or(false) });
    join_all(all).await
}
