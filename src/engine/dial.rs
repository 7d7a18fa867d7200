//! Dialling: from a server's URL to a connection, and how the conversation on it is to be protected.
//!
//! What every client does before the first word of its protocol, so that a name, a certificate and a trace mean
//! the same for all of them. Says nothing: TLS begins where the protocol has its place for it.
//! RFC 8314 §3; RFC 7435; RFC 6125 §6.

use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::error::Result;
use crate::net::connection::{Connection, Limits};
use crate::net::local;
use crate::net::proxy::Detour;
use crate::net::tcp::connect_any;
use crate::net::tls::{ClientTls, TlsOptions};
use crate::net::trace::Trace;
use crate::wire::record::NewFollow;
use crate::wire::transcript::Side;
use crate::world::Connect;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Somebody waits for it: an address that has not answered by now is not there.
pub const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Nobody can wait longer: about then the system itself gives up.
pub const CONNECT_MOST: Duration = Duration::from_secs(2 * 60);

/// How a conversation is protected.
#[derive(Clone)]
pub enum Security {
    /// TLS from the first octet (RFC 8314 §3.3).
    Implicit(ClientTls),
    /// STARTTLS or STLS, or no conversation.
    Required(ClientTls),
    /// STARTTLS or STLS if it is offered (RFC 7435).
    Opportunistic(ClientTls),
    /// None: for loopback, and for those who asked for it.
    None,
}

/// Whom to dial.
pub struct Dial<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How it is reached.
    pub way: &'a Way,
    /// Where the conversation is written down, and who knows what may not be.
    pub trace: Option<(&'a Trace, NewFollow)>,
}

/// The way to a server.
#[derive(Debug, Clone)]
pub struct Way {
    /// The server's addresses, or those of the proxy before it; a server that is not reached by TCP has none.
    pub addresses: Vec<SocketAddr>,
    /// Through a proxy.
    pub detour: Option<Detour>,
    /// Whose certificates are accepted, and who we are.
    pub tls: TlsOptions,
    /// How long each address has to answer.
    pub connect_wait: Duration,
    /// Which later waits are shorter than usual.
    pub limits: Limits,
    /// Variables of the environment that a program is not given.
    pub hidden: Vec<String>,
}

impl Way {
    /// Straight to one of the addresses.
    pub fn to(addresses: Vec<SocketAddr>, tls: impl Into<TlsOptions>) -> Self {
        Self {
            addresses,
            detour: None,
            tls: tls.into(),
            connect_wait: CONNECT_WAIT,
            limits: Limits::default(),
            hidden: Vec::new(),
        }
    }
}

/// A connection on which nothing has been said yet.
pub struct Dialled {
    /// To the first address that answered.
    pub connection: Connection,
    /// Whose certificate is expected, and what errors call the server.
    pub name: String,
    /// How the conversation is to be protected.
    pub security: Security,
    /// How long it took until one answered.
    pub took: Duration,
}

impl Security {
    /// As a URL says.
    pub fn new(mode: TlsMode, tls: &ClientTls) -> Self {
        match mode {
            TlsMode::Implicit => Self::Implicit(tls.clone()),
            TlsMode::StartTls => Self::Required(tls.clone()),
            TlsMode::Opportunistic => Self::Opportunistic(tls.clone()),
            TlsMode::None => Self::None,
        }
    }
}

/// Connects. An error says that there are no authorities to trust, or that no address answered.
pub async fn dial(connect: &dyn Connect, whom: Dial<'_>) -> Result<Dialled> {
    let Dial { endpoint, way, trace } = whom;
    let name = match &endpoint.local {
        Some(local) => local.to_string(),
        None => name(&endpoint.host),
    };
    let security = match endpoint.tls {
        // The system's certificates take a while to load; without TLS nobody needs them.
        TlsMode::None => Security::None,
        mode => Security::new(mode, &ClientTls::with(&way.tls)?),
    };
    let tap = || trace.map(|(trace, follow)| trace.tap(Side::Client, follow()));
    let begun = Instant::now();
    let connection = match (&endpoint.local, &way.detour) {
        (Some(server), _) => local::connect(server, &way.hidden, way.connect_wait, tap).await?,
        (None, None) => connect_any(connect, &name, &way.addresses, way.connect_wait, tap).await?,
        (None, Some(detour)) => detour.connect(connect, &way.addresses, way.connect_wait, tap).await?,
    };
    Ok(Dialled { connection: connection.with_limits(way.limits), name, security, took: begun.elapsed() })
}

/// Who knows what of a protocol may not be written down.
pub fn follow(protocol: Protocol) -> NewFollow {
    match protocol {
        Protocol::Smtp => crate::smtp::follow::follow,
        Protocol::Lmtp => crate::smtp::follow::follow_lmtp,
        Protocol::Pop3 => crate::pop3::follow::follow,
        Protocol::Imap => crate::imap::follow::follow,
        Protocol::Sieve => crate::managesieve::follow::follow,
    }
}

/// The host as certificates and a netrc have it: a name in ASCII, or an address without the brackets of mail.
pub fn name(host: &Domain) -> String {
    match host {
        Domain::Name(_) => host.to_ascii().to_string(),
        Domain::Literal(ip) => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_what_its_certificate_calls_it() {
        for (url, wanted) in [
            ("smtps://smtp.crepes.example", "smtp.crepes.example"),
            ("smtps://crêpes.example", "xn--crpes-isa.example"),
            ("smtps://127.0.0.1", "127.0.0.1"),
            ("smtps://[::1]", "::1"),
        ] {
            assert_eq!(name(&Endpoint::parse(url).expect(url).host), wanted);
        }
    }
}
