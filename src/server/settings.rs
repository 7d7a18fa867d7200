//! What a server is told: names, places, limits, and the outside world it lives in.

use crate::address::Domain;
use crate::engine::handover::Courier;
use crate::net::tls::Identity;
use crate::net::trace::Trace;
use crate::relay;
use crate::relay::event::Observer;
use crate::store::IndexAt;
use crate::users::Users;
use crate::world::{Clock, Disk, Entropy, Resolve};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a server is told.
pub struct Settings {
    /// Its own name, in greetings and trace fields.
    pub hostname: String,
    /// Domains whose mail ends here.
    pub domains: Vec<Domain>,
    /// Who may log in; nobody means everybody.
    pub users: Users,
    /// The data directory.
    pub data: PathBuf,
    /// Where the indexes are.
    pub index: IndexAt,
    /// Where to listen.
    pub listen: Vec<(Service, SocketAddr)>,
    /// Certificate and key; none means no TLS.
    pub identity: Option<Identity>,
    /// Where mail goes on to, and when.
    pub relay: relay::Settings,
    /// Who takes it there.
    pub courier: Arc<dyn Courier>,
    /// Is told what the relay does.
    pub observer: Observer,
    /// Limits.
    pub limits: Limits,
    /// Where conversations are written down.
    pub trace: Option<Trace>,
}

/// What a server bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a message.
    pub size_max: u64,
    /// Recipients of a message.
    pub recipients_max: usize,
    /// Messages of a connection.
    pub messages_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one place; loopback is spared.
    pub connections_per_place_max: usize,
    /// Sessions of a user at once that read mail, by IMAP and POP3 together. A server without users has no limit.
    pub sessions_per_user_max: usize,
    /// Failed logins from one place that are borne at once; loopback is spared.
    pub failed_logins_per_place_max: u32,
    /// What the first failed login of a connection costs; each further one costs twice as much.
    pub login_delay: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size_max: 50 * 1024 * 1024,
            recipients_max: 1000,
            messages_max: 1000,
            connections_max: 1000,
            connections_per_place_max: 50,
            // A few computers with a few mailboxes each; RFC 9051 clients open one connection for each mailbox they watch.
            sessions_per_user_max: 50,
            failed_logins_per_place_max: 20,
            login_delay: Duration::from_secs(1),
        }
    }
}

/// The outside world.
#[derive(Clone)]
pub struct World {
    /// The file system.
    pub disk: Arc<dyn Disk>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// DNS.
    pub resolve: Arc<dyn Resolve>,
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// From other servers.
    Smtp,
    /// From people's user agents.
    Submission,
    /// The same, TLS from the first octet (RFC 8314).
    Submissions,
    /// RFC 1939.
    Pop3,
    /// The same, TLS from the first octet.
    Pop3s,
    /// RFC 9051, RFC 3501.
    Imap,
    /// The same, TLS from the first octet.
    Imaps,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Smtp, Self::Submission, Self::Submissions, Self::Pop3, Self::Pop3s, Self::Imap, Self::Imaps];

    /// As options and the ready line name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Pop3 => "pop3",
            Self::Pop3s => "pop3s",
            Self::Imap => "imap",
            Self::Imaps => "imaps",
        }
    }

    /// Whether TLS comes before the first word.
    pub fn is_implicit_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Pop3s | Self::Imaps)
    }

    /// The unprivileged port used when none is given: the registered one with four digits.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Smtp => 1025,
            Self::Submission => 1587,
            Self::Submissions => 1465,
            Self::Pop3 => 1110,
            Self::Pop3s => 1995,
            Self::Imap => 1143,
            Self::Imaps => 1993,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
