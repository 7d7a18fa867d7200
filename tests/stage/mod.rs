//! The stage: a server whose whole world is in memory, for tests that play conversations.

use mailkit::address::Domain;
use mailkit::endpoint::TlsMode;
use mailkit::engine::courier::SmtpCourier;
use mailkit::engine::route::Rules;
use mailkit::engine::smtp::Dialect;
use mailkit::error::Result;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::{ClientTls, Identity, Trust};
use mailkit::net::zone::Zone;
use mailkit::relay;
use mailkit::relay::event::{Event, Observer};
use mailkit::secret::Secret;
use mailkit::server::{Limits, Server, Service, Settings, World};
use mailkit::store::IndexAt;
use mailkit::store::memory::MemoryDisk;
use mailkit::users::{Stored, Users};
use mailkit::world::{Clock, Connect, Stream};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a test wants to be different from the ordinary.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) users: Vec<String>,
    /// More users, as a file has them.
    pub(crate) users_file: String,
    pub(crate) domains: Vec<String>,
    pub(crate) size_max: Option<u64>,
    pub(crate) listen: Vec<Service>,
    /// The domain whose mail exchanger this is; `hamburger.example` if empty.
    pub(crate) home: String,
    /// What DNS says.
    pub(crate) zone: String,
    /// How other hosts are reached.
    pub(crate) connect: Option<Arc<dyn Connect>>,
    /// The machine's if not given.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// Is told what the relay does.
    pub(crate) observer: Option<Observer>,
}

/// The name of the server in tests.
pub(crate) const HOST: &str = "mx.hamburger.example";

/// One certificate for all tests of a run: making one takes a while in an unoptimised build.
pub(crate) fn identity() -> &'static Identity {
    static MADE: OnceLock<Identity> = OnceLock::new();
    MADE.get_or_init(|| Identity::self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap())
}

/// A server on this disk, with its relay at work.
pub(crate) async fn server_on(wishes: &Wishes, disk: MemoryDisk) -> Result<Server> {
    let plain = wishes.users.iter().map(|name| (name.clone(), Stored::plain(Secret::new("secret".to_owned()))));
    let users = plain.chain(mailkit::users::parse(&wishes.users_file)?);
    let host = if wishes.home.is_empty() { HOST.to_owned() } else { format!("mx.{}", wishes.home) };
    let home = host.trim_start_matches("mx.");
    let domains = [home].into_iter().chain(wishes.domains.iter().map(String::as_str));
    let limits = Limits { login_delay: Duration::ZERO, ..Limits::default() };
    let courier = SmtpCourier {
        connect: wishes.connect.clone().unwrap_or_else(|| Arc::new(Tcp)),
        helo: Domain::parse(&host).unwrap(),
        tls: ClientTls::new(&Trust::Anyone).unwrap(),
        mode: TlsMode::Opportunistic,
        authorities: Trust::Anyone.into(),
        credentials: None,
        dialect: Dialect::Smtp,
        trace: None,
    };
    let here = domains.map(|name| Domain::parse(name).unwrap()).collect();
    let rules = Rules { own_names: vec![host.clone()], own_addresses: Vec::new(), private_addresses: true };
    let settings = Settings {
        relay: relay::Settings { hostname: host.clone(), rules, ..relay::Settings::default() },
        hostname: host,
        domains: here,
        users: Users::new(users),
        data: "/data".into(),
        index: IndexAt::Memory,
        listen: wishes.listen.iter().map(|&service| (service, "127.0.0.1:0".parse().unwrap())).collect(),
        identity: Some(Identity { certificates: identity().certificates.clone(), key: identity().key.clone() }),
        courier: Arc::new(courier),
        observer: wishes.observer.clone().unwrap_or_else(|| Arc::new(|_: &Event| {})),
        limits: Limits { size_max: wishes.size_max.unwrap_or(limits.size_max), ..limits },
        trace: None,
    };
    let world = World {
        disk: Arc::new(disk),
        clock: wishes.clock.clone().unwrap_or_else(|| Arc::new(SystemClock)),
        entropy: Arc::new(SystemEntropy),
        resolve: Arc::new(Zone::parse(&wishes.zone).unwrap()),
    };
    let server = Server::open(settings, world).await?;
    server.run(&server.relay());
    Ok(server)
}

/// The client's end of a connection in memory, from loopback.
pub(crate) fn connect(server: &Arc<Server>, service: Service, implicit: bool) -> Box<dyn Stream> {
    connect_from("127.0.0.1:49152".parse().unwrap(), server, service, implicit)
}

/// The same from wherever it says.
pub(crate) fn connect_from(
    peer: SocketAddr,
    server: &Arc<Server>,
    service: Service,
    implicit: bool,
) -> Box<dyn Stream> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let server = server.clone();
    tokio::spawn(async move { server.converse(service, implicit, Box::new(far), peer).await });
    Box::new(near)
}
