//! The stage: a server whose whole world is in memory, for tests that play conversations.

use mailkit::address::Domain;
use mailkit::endpoint::TlsMode;
use mailkit::engine::courier::SmtpCourier;
use mailkit::engine::smtp::Dialect;
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::{ClientTls, Identity, Trust};
use mailkit::net::zone::Zone;
use mailkit::secret::Secret;
use mailkit::server::{Limits, Server, Service, Settings, World};
use mailkit::store::IndexAt;
use mailkit::store::memory::MemoryDisk;
use mailkit::users::{Stored, Users};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a test wants to be different from the ordinary.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) users: Vec<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) size_max: Option<u64>,
    pub(crate) listen: Vec<Service>,
}

/// The name of the server in tests.
pub(crate) const HOST: &str = "mx.hamburger.example";

/// One certificate for all tests of a run: making one takes a while in an unoptimised build.
pub(crate) fn identity() -> &'static Identity {
    static MADE: OnceLock<Identity> = OnceLock::new();
    MADE.get_or_init(|| Identity::self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap())
}

pub(crate) async fn server(wishes: &Wishes) -> Server {
    server_on(wishes, MemoryDisk::new()).await
}

pub(crate) async fn server_on(wishes: &Wishes, disk: MemoryDisk) -> Server {
    let users = wishes.users.iter().map(|name| (name.clone(), Stored::plain(Secret::new("secret".to_owned()))));
    let domains = ["hamburger.example"].into_iter().chain(wishes.domains.iter().map(String::as_str));
    let limits = Limits { login_delay: Duration::ZERO, ..Limits::default() };
    let courier = SmtpCourier {
        connect: Arc::new(Tcp),
        helo: Domain::parse(HOST).unwrap(),
        tls: ClientTls::new(&Trust::Anyone).unwrap(),
        mode: TlsMode::Opportunistic,
        credentials: None,
        dialect: Dialect::Smtp,
        trace: None,
    };
    let settings = Settings {
        hostname: HOST.to_owned(),
        domains: domains.map(|name| Domain::parse(name).unwrap()).collect(),
        users: Users::new(users),
        data: "/data".into(),
        index: IndexAt::Memory,
        listen: wishes.listen.iter().map(|&service| (service, "127.0.0.1:0".parse().unwrap())).collect(),
        identity: Some(Identity { certificates: identity().certificates.clone(), key: identity().key.clone() }),
        relay: mailkit::relay::Settings { hostname: HOST.to_owned(), ..mailkit::relay::Settings::default() },
        courier: Arc::new(courier),
        observer: Arc::new(|_: &mailkit::relay::event::Event| {}),
        limits: Limits { size_max: wishes.size_max.unwrap_or(limits.size_max), ..limits },
        trace: None,
    };
    let world = World {
        disk: Arc::new(disk),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        resolve: Arc::new(Zone::parse("").unwrap()),
    };
    let server = Server::open(settings, world).await.unwrap();
    server.run(&server.relay());
    server
}
