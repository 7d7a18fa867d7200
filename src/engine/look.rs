//! A look at a stranger's certificate: the handshake, wherever the protocol has it, without trust and without a login.
//!
//! For those who want to show a user what a server has before the user decides to trust it. Nothing is told that the
//! server could misuse. RFC 3207, RFC 2595, RFC 9051 §6.2.1.

use super::dial::{Dial, Way, dial};
use super::imap::Opening;
use super::smtp::{Client, Dialect};
use super::{dial, managesieve, pop3};
use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::error::{Error, Kind, Result};
use crate::net::tls::Trust;
use crate::net::trace::Trace;
use crate::wire::session::Tls;
use crate::world::Connect;

/// What the TLS handshake with a server settles, whoever it is; `helo` is our name for SMTP. The way's own trust does
/// not matter, its client certificate is shown.
pub async fn look(
    connect: &dyn Connect,
    endpoint: &Endpoint,
    way: &Way,
    helo: &Domain,
    trace: Option<&Trace>,
) -> Result<Tls> {
    let name = endpoint.authority();
    if endpoint.tls == TlsMode::None {
        let what = "the server is spoken to in clear, so it shows no certificate";
        return Err(Error::new(Kind::Usage, what).with_peer(name));
    }
    let mut way = way.clone();
    way.tls.trust = Trust::Anyone;
    let whom = Dial { endpoint, way: &way, trace: trace.map(|trace| (trace, dial::follow(endpoint.protocol))) };
    let dial::Dialled { connection, name, security, .. } = dial(connect, whom).await?;
    let tls = match endpoint.protocol {
        Protocol::Smtp | Protocol::Lmtp => {
            let dialect = if endpoint.protocol == Protocol::Lmtp { Dialect::Lmtp } else { Dialect::Smtp };
            let opened = Client::open(connection, &name, helo, dialect, security).await;
            let client = opened.map_err(|outcome| {
                Error::new(outcome.kind().unwrap_or(Kind::Temporary), outcome.text).with_peer(&name)
            })?;
            let tls = client.tls().cloned();
            client.quit().await;
            tls
        }
        Protocol::Pop3 => {
            let session = pop3::Session::open(connection, &name, security).await?;
            let tls = session.tls().cloned();
            session.leave().await;
            tls
        }
        Protocol::Sieve => {
            let session = managesieve::Session::open(connection, &name, security).await?;
            let tls = session.dialogue().tls().cloned();
            session.leave().await;
            tls
        }
        Protocol::Imap => {
            let opening = Opening::begin(connection, &name, security).await?;
            let tls = opening.tls().cloned();
            opening.leave().await;
            tls
        }
    };
    tls.ok_or_else(|| Error::new(Kind::Unavailable, "the server does not offer TLS").with_peer(name))
}
