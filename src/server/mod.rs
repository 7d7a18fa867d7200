//! The server: which session on which port with which store, and the relay inside.
//!
//! Opens the data directory, listens, and stops gracefully. Everything from outside is handed in, so
//! that tests run the same server over pipes in memory and a disk that breaks.
//! Knows no arguments and no protocol.

mod failures;
mod identity;
mod imap_append;
mod imap_host;
mod login;
mod pop3_host;
mod salts;
mod sessions;
mod settings;
mod smtp_host;

pub use identity::identity;
pub use settings::{Limits, Service, Settings, World};

use crate::deliver::Deliver;
use crate::error::{Error, Result};
use crate::imap;
use crate::net::gate::Gate;
use crate::net::serve::{Ended, Port};
use crate::net::tcp::{self, Listener};
use crate::net::tls::ServerTls;
use crate::pop3;
use crate::relay::{Relay, Tools};
use crate::smtp;
use crate::store::is_disk_full;
use crate::store::mailstore::Mailstore;
use crate::store::spool::Spool;
use crate::store::stash::Stash;
use crate::users::Directory;
use crate::world::Stream;
use failures::Failures;
use login::Login;
use sessions::Sessions;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections may finish what they are doing when the server stops.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// The relay ends by itself a little earlier. Cutting it off behind a dot would send a message twice.
const RELAY_STOP_WAIT: Duration = Duration::from_secs(60);

/// A mail server with its data directory.
pub struct Server {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
    relays: TaskTracker,
}

struct Shared {
    settings: Settings,
    world: World,
    directory: Directory,
    spool: Spool,
    mailstore: Mailstore,
    tls: Option<ServerTls>,
    gate: Gate,
    submission_gate: Gate,
    failures: Failures,
    sessions: Sessions,
    /// What the salts of users who do not exist follow from.
    salt_secret: Arc<[u8]>,
    /// For messages that IMAP has to hold whole.
    room: Arc<Semaphore>,
}

impl Server {
    /// Opens the data directory and takes its lock; an unfinished crash is tidied up. Does not listen yet.
    pub async fn open(settings: Settings, world: World) -> Result<Self> {
        let directory = Directory::new(settings.domains.clone(), &settings.users);
        let mailstore = Mailstore::open(
            world.disk.clone(),
            world.clock.clone(),
            world.entropy.clone(),
            settings.data.join("mail"),
            settings.index,
        );
        let at = settings.data.join("spool");
        let open_spool = async || {
            let World { disk, clock, entropy, .. } = world.clone();
            Spool::open(disk, clock, entropy, &at, settings.index).await
        };
        let mut spool = open_spool().await;
        // A server that does not start lets nobody delete.
        while spool.as_ref().is_err_and(is_disk_full) && mailstore.give_room().await? {
            spool = open_spool().await;
        }
        let spool = spool?;
        // The lock is ours now: whatever waits there is left over.
        let room = waiting_room(&settings.data);
        Stash::sweep(&*world.disk, &room).map_err(|error| Error::file("cannot tidy up", &room, error))?;
        let salt_secret = salts::secret(&*world.disk, &settings.data, &*world.entropy)?;
        let tls = settings.identity.as_ref().map(ServerTls::new).transpose()?;
        let limits = settings.limits;
        let gate = || Gate::new(limits.connections_max, limits.connections_per_place_max);
        let room = Arc::new(Semaphore::new(imap_host::WHOLE_AT_ONCE));
        // Without users there is one mailbox for everybody, and everybody may look into it.
        let each = if settings.users.is_catch_all() { usize::MAX } else { limits.sessions_per_user_max };
        let shared = Shared {
            directory,
            spool,
            mailstore,
            tls,
            gate: gate(),
            submission_gate: gate(),
            failures: Failures::new(limits.failed_logins_per_place_max),
            sessions: Sessions::new(each),
            salt_secret,
            room,
            settings,
            world,
        };
        Ok(Self {
            shared: Arc::new(shared),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            relays: TaskTracker::new(),
        })
    }

    /// Listens on the addresses of the settings, all or none, and says which ones they became.
    pub async fn listen(&self) -> Result<Vec<(Service, SocketAddr)>> {
        let mut listeners: Vec<(Service, Listener)> = Vec::new();
        for &(service, address) in &self.shared.settings.listen {
            listeners.push((service, tcp::listen(address)?));
        }
        let mut bound = Vec::new();
        for (service, listener) in listeners {
            if let Ok(address) = listener.address() {
                bound.push((service, address));
            }
            self.accept(service, listener);
        }
        Ok(bound)
    }

    /// The relay: local delivery and the way to other servers. Does nothing until it runs.
    pub fn relay(&self) -> Relay {
        let (settings, world) = (&self.shared.settings, &self.shared.world);
        let tools = Tools {
            spool: self.shared.spool.clone(),
            dns: world.resolve.clone(),
            clock: world.clock.clone(),
            entropy: world.entropy.clone(),
            courier: settings.courier.clone(),
            local: Some(Arc::new(Deliver::new(self.shared.mailstore.clone(), self.shared.directory.clone()))),
            observer: settings.observer.clone(),
        };
        Relay::new(tools, settings.relay.clone())
    }

    /// Runs a relay beside the listeners until the server stops. If it ends before, nobody carries on what is
    /// accepted, and the server should stop too.
    pub fn run(&self, relay: &Relay) -> JoinHandle<Result<()>> {
        let (relay, stop) = (relay.clone(), self.stop.clone());
        self.relays.spawn(async move { relay.run(stop).await })
    }

    /// The queue of accepted messages.
    pub fn spool(&self) -> &Spool {
        &self.shared.spool
    }

    /// The users' mailboxes.
    pub fn mailstore(&self) -> &Mailstore {
        &self.shared.mailstore
    }

    /// Speaks `service` over a stream that somebody else opened, to its end; `implicit` begins with TLS.
    pub async fn converse(&self, service: Service, implicit: bool, stream: Box<dyn Stream>, peer: SocketAddr) -> Ended {
        let (shared, port) = (&self.shared, Port { implicit, ..self.port(service) });
        match service {
            Service::Smtp | Service::Submission | Service::Submissions => {
                port.run(stream, peer, shared.smtp_session(service), shared.smtp_host(peer.ip())).await
            }
            Service::Pop3 | Service::Pop3s => {
                port.run(stream, peer, shared.pop3_session(), shared.pop3_host(peer.ip())).await
            }
            Service::Imap | Service::Imaps => {
                port.run(stream, peer, shared.imap_session(), shared.imap_host(peer.ip())).await
            }
        }
    }

    /// Tells everybody to stop, without waiting.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Stops: listeners close, sessions say farewell, what is being written is finished.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        // Whoever is still busy now has had its time; nothing acknowledged depends on it.
        let _ = tokio::time::timeout(STOP_WAIT, self.tasks.wait()).await;
        self.relays.close();
        // What is cut off here was not settled, and is tried again at the next start.
        let _ = tokio::time::timeout(RELAY_STOP_WAIT, self.relays.wait()).await;
    }

    fn accept(&self, service: Service, listener: Listener) {
        let (shared, port, tasks) = (self.shared.clone(), self.port(service), self.tasks.clone());
        match service {
            Service::Smtp | Service::Submission | Service::Submissions => {
                let make = move |peer: SocketAddr| (shared.smtp_session(service), shared.smtp_host(peer.ip()));
                self.tasks.spawn(port.listen(listener, tasks, make))
            }
            Service::Pop3 | Service::Pop3s => {
                let make = move |peer: SocketAddr| (shared.pop3_session(), shared.pop3_host(peer.ip()));
                self.tasks.spawn(port.listen(listener, tasks, make))
            }
            Service::Imap | Service::Imaps => {
                let make = move |peer: SocketAddr| (shared.imap_session(), shared.imap_host(peer.ip()));
                self.tasks.spawn(port.listen(listener, tasks, make))
            }
        };
    }

    fn port(&self, service: Service) -> Port {
        let follow = match service {
            Service::Smtp | Service::Submission | Service::Submissions => smtp::follow::follow,
            Service::Pop3 | Service::Pop3s => pop3::follow::follow,
            Service::Imap | Service::Imaps => imap::follow::follow,
        };
        // A flood from strangers on port 25 must not keep the server's own people out.
        let gate = if service == Service::Smtp { &self.shared.gate } else { &self.shared.submission_gate };
        Port {
            tls: self.shared.tls.clone(),
            implicit: service.is_implicit_tls(),
            gate: gate.clone(),
            trace: self.shared.settings.trace.clone().map(|trace| (trace, follow as _)),
            stop: self.stop.clone(),
        }
    }
}

impl Shared {
    fn login(&self, from: IpAddr) -> Login {
        Login {
            users: self.settings.users.clone(),
            directory: self.directory.clone(),
            failures: self.failures.clone(),
            from,
            delay: self.settings.limits.login_delay,
            entropy: self.world.entropy.clone(),
            salt_secret: self.salt_secret.clone(),
        }
    }

    fn smtp_session(&self, service: Service) -> smtp::server::Session {
        let limits = self.settings.limits;
        let role = if service == Service::Smtp { smtp::server::Role::Relay } else { smtp::server::Role::Submission };
        smtp::server::Session::new(smtp::server::Policy {
            hostname: self.settings.hostname.clone(),
            size_max: limits.size_max,
            recipients_max: limits.recipients_max,
            messages_max: limits.messages_max,
            role,
            auth_required: role == smtp::server::Role::Submission && !self.settings.users.is_catch_all(),
            plaintext_auth: smtp::server::PlaintextAuth::Loopback,
            mechanisms: self.settings.users.mechanisms(),
        })
    }

    fn smtp_host(&self, from: IpAddr) -> smtp_host::SmtpHost {
        smtp_host::SmtpHost {
            hostname: self.settings.hostname.clone(),
            spool: self.spool.clone(),
            directory: self.directory.clone(),
            login: self.login(from),
            clock: self.world.clock.clone(),
            intake: None,
        }
    }

    fn pop3_session(&self) -> pop3::server::Session {
        pop3::server::Session::new(pop3::server::Policy {
            hostname: self.settings.hostname.clone(),
            plaintext_auth: pop3::server::PlaintextAuth::Loopback,
            mechanisms: self.settings.users.mechanisms(),
        })
    }

    fn pop3_host(&self, from: IpAddr) -> pop3_host::Pop3Host {
        pop3_host::Pop3Host {
            mailstore: self.mailstore.clone(),
            login: self.login(from),
            sessions: self.sessions.clone(),
            maildrop: None,
        }
    }

    fn imap_session(&self) -> imap::server::Session {
        imap::server::Session::new(Arc::new(imap::server::Policy {
            hostname: self.settings.hostname.clone(),
            size_max: self.settings.limits.size_max,
            plaintext_auth: crate::sasl::PlaintextAuth::Loopback,
            mechanisms: self.settings.users.mechanisms(),
        }))
    }

    fn imap_host(&self, from: IpAddr) -> imap_host::ImapHost {
        imap_host::ImapHost {
            mailstore: self.mailstore.clone(),
            login: self.login(from),
            sessions: self.sessions.clone(),
            clock: self.world.clock.clone(),
            entropy: self.world.entropy.clone(),
            disk: self.world.disk.clone(),
            waiting_room: waiting_room(&self.settings.data),
            room: self.room.clone(),
            account: None,
            seat: None,
            watched: None,
            append: None,
        }
    }
}

/// Where large messages wait until they are whole.
fn waiting_room(data: &Path) -> PathBuf {
    data.join("tmp")
}
