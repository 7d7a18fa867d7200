//! Dialling: from a server's URL to a connection, and how the conversation on it is to be protected.
//!
//! What every client does before the first word of its protocol, so that a name, a certificate and a trace mean
//! the same for all of them. Says nothing: TLS begins where the protocol has its place for it.
//! RFC 8314 §3; RFC 7435; RFC 6125 §6.

use crate::address::Domain;
use crate::endpoint::{Endpoint, TlsMode};
use crate::error::Result;
use crate::net::connection::Connection;
use crate::net::tcp::connect_any;
use crate::net::tls::{ClientTls, Trust};
use crate::net::trace::Trace;
use crate::wire::record::NewFollow;
use crate::wire::transcript::Side;
use crate::world::Connect;
use std::net::SocketAddr;
use std::time::Duration;

/// Somebody waits for it: an address that has not answered by now is not there.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

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
    /// Its addresses, in the order in which they are tried.
    pub addresses: &'a [SocketAddr],
    /// Whose certificates are accepted.
    pub trust: &'a Trust,
    /// Where the conversation is written down, and who knows what may not be.
    pub trace: Option<(&'a Trace, NewFollow)>,
}

/// A connection on which nothing has been said yet.
pub struct Dialled {
    /// To the first address that answered.
    pub connection: Connection,
    /// Whose certificate is expected, and what errors call the server.
    pub name: String,
    /// How the conversation is to be protected.
    pub security: Security,
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
    let name = name(&whom.endpoint.host);
    let security = match whom.endpoint.tls {
        // The system's certificates take a while to load; without TLS nobody needs them.
        TlsMode::None => Security::None,
        mode => Security::new(mode, &ClientTls::new(whom.trust)?),
    };
    let tap = || whom.trace.map(|(trace, follow)| trace.tap(Side::Client, follow()));
    let connection = connect_any(connect, &name, whom.addresses, CONNECT_WAIT, tap).await?;
    Ok(Dialled { connection, name, security })
}

/// The host as certificates have it: a name in ASCII, or an address without the brackets of mail.
pub(super) fn name(host: &Domain) -> String {
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
