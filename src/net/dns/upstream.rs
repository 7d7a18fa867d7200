//! One name server: where it is found, and what its questions go over.

use super::datagrams::Datagrams;
use super::streams::Streams;
use super::table::Broken;
use crate::dns::plan::Way;
use crate::dns::question::Query;
use crate::dns::server::{Server, Transport};
use crate::error::Result;
use crate::net::tcp;
use crate::net::tls::{ClientTls, Trust};
use crate::world::Later;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Takes a query to a name server and brings the reply back, by a protocol that is none of this room's.
pub trait Carry: Send + Sync {
    /// The query has an id of zero (RFC 8484 §4.1), and so has the reply. An error is a sentence.
    fn carry<'a>(&'a self, query: &'a [u8]) -> Later<'a, std::result::Result<Vec<u8>, String>>;
}

/// A name server.
pub struct Upstream {
    server: Server,
    title: Arc<str>,
    /// Where it is: known from the beginning, or found when it is first asked.
    place: OnceCell<Vec<SocketAddr>>,
    datagrams: OnceCell<Datagrams>,
    streams: Streams,
    carrier: Option<Arc<dyn Carry>>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({})", self.title)
    }
}

impl Upstream {
    /// A server as arguments say it. Whom to trust is asked for one with a certificate; a web server takes a carrier.
    pub fn new(server: Server, trust: &Trust) -> Result<Self> {
        let tls = match server.transport {
            Transport::Tls => Some((ClientTls::new(trust)?, server.certified().to_owned())),
            Transport::Udp | Transport::Tcp | Transport::Https => None,
        };
        let place = OnceCell::new_with(server.address().map(|address| vec![address]));
        let streams = Streams::new(server.host.clone(), tls);
        let title = server.to_string().into();
        Ok(Self { server, title, place, datagrams: OnceCell::new(), streams, carrier: None })
    }

    /// A web server, to which somebody else takes the queries.
    pub fn carried(server: Server, carrier: Arc<dyn Carry>) -> Self {
        let streams = Streams::new(server.host.clone(), None);
        let (title, place) = (server.to_string().into(), OnceCell::new());
        Self { server, title, place, datagrams: OnceCell::new(), streams, carrier: Some(carrier) }
    }

    /// How it is named.
    pub(super) fn title(&self) -> &Arc<str> {
        &self.title
    }

    /// Its address, if it is named by one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.server.address().map(|address| address.ip())
    }

    /// Its name, or its address.
    pub fn host(&self) -> &str {
        &self.server.host
    }

    /// Whether it is asked over connections only.
    pub(super) fn is_stream_only(&self) -> bool {
        self.server.transport != Transport::Udp
    }

    /// What a query goes over that takes this way.
    pub(super) fn transport(&self, way: Way) -> Transport {
        match (self.server.transport, way) {
            (Transport::Udp, Way::Stream) => Transport::Tcp,
            (transport, _) => transport,
        }
    }

    /// Sends a query once more, over a connection or not, and waits for its reply. An error is a sentence.
    pub async fn repeat(
        &self,
        query: &Arc<Query>,
        is_stream: bool,
        within: Duration,
    ) -> std::result::Result<Vec<u8>, String> {
        let way = if is_stream || self.is_stream_only() { Way::Stream } else { Way::Datagram };
        match timeout(within, self.ask(way, query)).await {
            Ok(Ok(octets)) => Ok(octets),
            Ok(Err(Broken::Closed(why))) => Err(format!("no answer: {why}")),
            Ok(Err(_)) => Err("what came answers something else".to_owned()),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    /// Sends a query and waits for its reply, for ever.
    pub(super) async fn ask(&self, way: Way, query: &Arc<Query>) -> std::result::Result<Vec<u8>, Broken> {
        if let Some(carrier) = &self.carrier {
            return carrier.carry(query.octets()).await.map_err(Broken::Closed);
        }
        let find = || tcp::addresses(&self.server.host, self.server.port);
        let found = self.place.get_or_try_init(find).await;
        let addresses = found.map_err(|error| Broken::Closed(error.to_string()))?;
        if way == Way::Stream {
            return self.streams.ask(addresses, query).await;
        }
        // One that has both is reached by IPv4 from nearly everywhere.
        let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
        let first = first.ok_or_else(|| Broken::Closed("the name server has no address".to_owned()))?;
        self.datagrams.get_or_init(|| std::future::ready(Datagrams::new(*first))).await.ask(query).await
    }

    /// Nothing came in time.
    pub(super) fn was_silent(&self, way: Way) {
        match way {
            Way::Stream => self.streams.distrust(),
            Way::Datagram => self.datagrams.get().into_iter().for_each(Datagrams::was_silent),
        }
    }
}
