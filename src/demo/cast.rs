//! Who plays: two servers, their users, the zone they live in, the clock that is turned.

use super::stage::Notebook;
use crate::address::Domain;
use crate::endpoint::{Endpoint, TlsMode};
use crate::engine::courier::SmtpCourier;
use crate::engine::guarding::Guarding;
use crate::engine::route::Rules;
use crate::engine::smtp::Dialect;
use crate::error::{Error, Kind, Result};
use crate::net::clock::{FastClock, SystemClock};
use crate::net::entropy::SystemEntropy;
use crate::net::tcp::Tcp;
use crate::net::tls::{ClientTls, Trust};
use crate::net::trace::{Style, Trace};
use crate::net::zone::Zone;
use crate::relay;
use crate::relay::event::{Event, Observer};
use crate::relay::schedule::Patience;
use crate::secret::Secret;
use crate::server::{Limits, Server, Service, Settings, World};
use crate::store::IndexAt;
use crate::store::memory::MemoryDisk;
use crate::users::{Stored, Users};
use crate::wire::record::{Data, Keep};
use crate::world::{Clock, Connect, Later, Stream, Timestamp};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The zone: documentation addresses, led to loopback by [`Paths`]. Nobody answers at the last one.
pub(super) const ZONE: &str = "\
$ORIGIN crepes.example.
@    3600 IN MX 10 mx
mx   3600 IN A  192.0.2.1
$ORIGIN hamburger.example.
@    3600 IN MX 10 mx
@    3600 IN MX 20 backup
mx   3600 IN A  192.0.2.2
backup 3600 IN A 192.0.2.99
$ORIGIN dead.example.
@    3600 IN MX 10 mx
mx   3600 IN A  192.0.2.99
";

/// Everybody's password.
pub(super) const PASSWORD: &str = "secret";

pub(super) struct Cast {
    pub(super) crepes: House,
    pub(super) hamburger: House,
    pub(super) zone: Arc<Zone>,
    pub(super) clock: Arc<FastClock>,
    pub(super) notebook: Notebook,
    pub(super) trace: Trace,
}

/// One domain's server.
pub(super) struct House {
    pub(super) server: Server,
    addresses: HashMap<Service, SocketAddr>,
    user: &'static str,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
}

/// What happens in the background happens soon, or not at all.
const EVENT_WAIT: Duration = Duration::from_secs(10);

impl Cast {
    pub(super) async fn assemble() -> Result<Self> {
        let notebook = Notebook::default();
        let keep = Keep { data: Data::None, ..Keep::default() };
        let trace = Trace::styled(Box::new(notebook.clone()), Style { keep, ..Style::default() });
        let paths = Paths::default();
        let clock = Arc::new(FastClock::new(SystemClock.now(), 1));
        let zone = Arc::new(Zone::parse(ZONE)?);
        let mut houses = Vec::new();
        for (domain, user, ip) in [("crepes.example", "alice", 1), ("hamburger.example", "bob", 2)] {
            let world = World {
                disk: Arc::new(MemoryDisk::new()),
                clock: clock.clone(),
                entropy: Arc::new(SystemEntropy),
                resolve: zone.clone(),
            };
            let courier = SmtpCourier {
                connect: Arc::new(paths.clone()),
                helo: name(&format!("mx.{domain}"))?,
                tls: ClientTls::new(&Trust::Anyone)?,
                mode: TlsMode::Opportunistic,
                authorities: Trust::Anyone.into(),
                credentials: None,
                dialect: Dialect::Smtp,
                trace: Some(trace.clone()),
            };
            let (tell, events) = mpsc::unbounded_channel();
            let observer: Observer = Arc::new(move |event: &Event| {
                // Nobody listens any more when the story is over.
                let _ = tell.send(event.clone());
            });
            let server = Server::open(settings(domain, user, Arc::new(courier), observer)?, world).await?;
            let addresses: HashMap<_, _> = server.listen().await?.into_iter().collect();
            paths.lead(SocketAddr::from(([192, 0, 2, ip], 25)), addresses[&Service::Smtp]);
            houses.push(House { server, addresses, user, events: events.into() });
        }
        let (Some(hamburger), Some(crepes)) = (houses.pop(), houses.pop()) else {
            return Err(Error::new(Kind::Software, "the cast is incomplete"));
        };
        Ok(Self { crepes, hamburger, zone, clock, notebook, trace })
    }

    /// The time on the clock that is turned.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn dismiss(self) {
        self.crepes.server.stop().await;
        self.hamburger.server.stop().await;
    }
}

impl House {
    /// Where a user agent finds a service of this house.
    pub(super) fn endpoint(&self, service: Service) -> Result<Endpoint> {
        let scheme = if service == Service::Submission { "submission" } else { service.name() };
        let url = format!("{scheme}://{}@{}", self.user, self.address(service)?);
        Endpoint::parse(&url).map_err(|error| Error::new(Kind::Software, url.clone()).caused_by(error))
    }

    pub(super) fn address(&self, service: Service) -> Result<SocketAddr> {
        let address = self.addresses.get(&service).copied();
        address.ok_or_else(|| Error::new(Kind::Software, format!("nobody listens for {service}")))
    }

    pub(super) fn user(&self) -> &'static str {
        self.user
    }

    /// Lets the house's relay begin.
    pub(super) fn run_relay(&self) -> Result<()> {
        let relay = self.server.relay();
        self.server.run(&relay);
        Ok(())
    }

    /// The next event of the relay that is `wanted`; those before it are forgotten.
    pub(super) async fn wait_for(&self, wanted: impl Fn(&Event) -> bool) -> Result<Event> {
        let mut events = self.events.lock().await;
        let next = async {
            while let Some(event) = events.recv().await {
                if wanted(&event) {
                    return Some(event);
                }
            }
            None
        };
        let found = timeout(EVENT_WAIT, next).await.ok().flatten();
        found.ok_or_else(|| Error::new(Kind::Software, "what had to happen in the background did not happen"))
    }
}

fn settings(domain: &str, user: &str, courier: Arc<SmtpCourier>, observer: Observer) -> Result<Settings> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let name =
        |text: &str| Domain::parse(text).map_err(|error| Error::new(Kind::Software, text.to_owned()).caused_by(error));
    Ok(Settings {
        hostname: format!("mx.{domain}"),
        domains: vec![name(domain)?],
        users: Users::new([(user.to_owned(), Stored::plain(Secret::new(PASSWORD.to_owned())))]),
        data: "/data".into(),
        index: IndexAt::Memory,
        listen: [Service::Smtp, Service::Submission, Service::Pop3, Service::Imap].map(|s| (s, loopback)).to_vec(),
        identity: None,
        relay: relay::Settings {
            hostname: format!("mx.{domain}"),
            port: 25,
            smarthost: None,
            rules: Rules {
                own_names: vec![format!("mx.{domain}")],
                own_addresses: Vec::new(),
                private_addresses: true,
            },
            guarding: Guarding::default(),
            patience: Patience::default(),
            limits: relay::board::Limits::default(),
        },
        courier,
        observer,
        limits: Limits::default(),
        trace: None,
    })
}

fn name(text: &str) -> Result<Domain> {
    Domain::parse(text).map_err(|error| Error::new(Kind::Software, text.to_owned()).caused_by(error))
}

/// Leads the addresses of the zone to the ports that were free on this machine.
#[derive(Debug, Clone, Default)]
struct Paths(Arc<Mutex<HashMap<SocketAddr, SocketAddr>>>);

impl Paths {
    fn lead(&self, from: SocketAddr, to: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(from, to);
    }
}

impl Connect for Paths {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let there = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&to).copied();
        Box::pin(async move {
            match there {
                Some(address) => Tcp.connect(address).await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}
