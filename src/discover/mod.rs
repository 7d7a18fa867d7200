//! Discovery: from an address to the servers of its mailbox.
//!
//! Many places may know: a list of large providers, documents of the domain or of others, DNS. Each is asked at
//! once, and each says how far it can be trusted; `choose` picks one of them. Servers of different places are never
//! mixed: a password would go to a host that nobody named together with the others. No password and no token
//! is needed, and none is sent.
//! RFC 6186; RFC 8314 §5.1; RFC 8620 §2.2; draft-ietf-mailmaint-autoconfig; draft-ietf-mailmaint-pacc.

mod ask;
mod autoconfig;
mod choose;
mod jmap;
mod pacc;
mod presets;
mod srv;
mod web;

pub use ask::{Fetch, discover};
pub use choose::{Chosen, choose};
pub use jmap::Jmap;
pub use web::{Names, Web, reach};

use crate::address::Address;
use crate::endpoint::{Endpoint, TlsMode};
use crate::error::{Error, Kind};
use crate::provider::{Provider, Way, of_domain};
use std::fmt;

/// What an account wants of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Submission (RFC 6409).
    Smtp,
    /// Mailboxes (RFC 9051).
    Imap,
    /// A maildrop (RFC 1939).
    Pop,
}

/// Who named a server, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The list of large providers that comes with this program.
    Preset,
    /// The domain's own document, with a digest in DNS (PACC).
    Pacc,
    /// The domain's own document.
    Autoconfig,
    /// DNS (RFC 6186).
    Srv,
    /// Thunderbird's collection.
    Ispdb,
    /// A large provider, or Thunderbird's collection, by the name of the domain's mail exchanger.
    Exchanger,
    /// The domain's own document, fetched without TLS: anybody on the way may have written it.
    Http,
}

/// How an answer came here, and so who could have forged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// It never left this program.
    Program,
    /// With a certificate of whoever gave it.
    Https,
    /// By DNS, signed: DNSSEC vouches for all of it (RFC 4035 §3.2.3).
    Dnssec,
    /// By DNS, unsigned: whoever can answer in its place can name other servers.
    Dns,
    /// In clear.
    Http,
}

/// A server that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// For what.
    pub service: Service,
    /// Where; names no user.
    pub endpoint: Endpoint,
    /// As whom one logs in there.
    pub user: String,
    /// How, the best way first; empty if nobody said.
    pub ways: Vec<Way>,
    /// Who says so.
    pub source: Source,
    /// How it came here.
    pub trust: Trust,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The servers, best first.
    pub candidates: Vec<Candidate>,
    /// Services that could stand in for all of them, and are not spoken here.
    pub jmap: Vec<Jmap>,
    /// Those who were asked and had nothing, or nothing usable: who, and why.
    pub errors: Vec<(String, Error)>,
    /// The large provider whose address or customer this is.
    pub provider: Option<&'static Provider>,
    /// Who hands out tokens, if the domain says so (RFC 8414).
    pub issuer: Option<String>,
}

impl Found {
    /// What is known of the address without asking anybody.
    pub fn known(address: &Address) -> Self {
        let provider = of_domain(&address.domain().to_ascii().to_string());
        Self::of(provider, address)
    }

    /// The servers of a large provider.
    pub fn of(provider: Option<&'static Provider>, address: &Address) -> Self {
        let preset =
            |provider: &'static Provider| presets::candidates(provider, address, Source::Preset, Trust::Program);
        Self { candidates: provider.map(preset).unwrap_or_default(), provider, ..Self::default() }
    }

    /// What the user has to know about the provider.
    pub fn note(&self) -> Option<&'static str> {
        self.provider.and_then(|provider| provider.note)
    }

    /// Whether nobody could be asked, so that asking again makes sense: the machine is offline, or its DNS is down.
    pub fn is_unanswered(&self) -> bool {
        self.candidates.is_empty() && self.errors.iter().all(|(_, why)| why.kind() == Kind::Temporary)
    }
}

impl Service {
    /// The key in an account.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop => "pop",
        }
    }
}

impl Source {
    /// One word, as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preset => "preset",
            Self::Pacc => "pacc",
            Self::Autoconfig => "autoconfig",
            Self::Srv => "srv",
            Self::Ispdb => "ispdb",
            Self::Exchanger => "mx-map",
            Self::Http => "autoconfig-http",
        }
    }

    /// How good its word is, out of a hundred.
    pub fn score(self) -> u8 {
        match self {
            Self::Preset => 100,
            Self::Pacc => 95,
            Self::Autoconfig => 90,
            Self::Srv => 80,
            Self::Ispdb => 70,
            Self::Exchanger => 60,
            Self::Http => 10,
        }
    }
}

impl Trust {
    /// One word, as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "built-in",
            Self::Https => "https",
            Self::Dnssec => "dnssec",
            Self::Dns => "dns",
            Self::Http => "http",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a server was said to begin TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    WithTls,
    WithStartTls,
}

/// A server by its parts; `None` if they name none that can exist.
fn endpoint(service: Service, host: &str, port: u16, begins: Begins) -> Option<Endpoint> {
    let scheme = match (service, begins) {
        (Service::Smtp, Begins::WithTls) => "smtps",
        (Service::Smtp, Begins::WithStartTls) => "smtp",
        (Service::Imap, Begins::WithTls) => "imaps",
        (Service::Imap, Begins::WithStartTls) => "imap",
        (Service::Pop, Begins::WithTls) => "pop3s",
        (Service::Pop, Begins::WithStartTls) => "pop3",
    };
    // What is not a host must not become a part of the URL around it.
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
    let endpoint = is_host.then(|| Endpoint::parse(&format!("{scheme}://{host}:{port}")).ok()).flatten()?;
    // On loopback a URL without `?tls=` means none, but this was said to begin with STARTTLS.
    let tls = if begins == Begins::WithTls { TlsMode::Implicit } else { TlsMode::StartTls };
    Some(Endpoint { tls, ..endpoint })
}
