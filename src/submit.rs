//! Submission: one message to one server, with an outcome for each recipient.
//!
//! What `send` and the demo do; decides nothing about exit codes and composes nothing.
//! RFC 6409; RFC 5321 §3.3.

use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol};
use crate::engine::dial::{Dial, dial};
use crate::engine::smtp::{Cargo, Client, Dialect, Manner};
use crate::envelope::{Envelope, ForwardPath};
use crate::error::{Kind, Result};
use crate::net::tls::Trust;
use crate::net::trace::Trace;
use crate::sasl::{Credentials, Mechanism};
use crate::smtp::extension::Extensions;
use crate::smtp::follow;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::transaction::Facts;
use crate::status::EnhancedStatus;
use crate::wire::session::Tls;
use crate::world::{Connect, Content};
use std::net::{IpAddr, SocketAddr};
use tokio_util::sync::CancellationToken;

/// What is to be submitted, and where.
pub struct Submission<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Its addresses, in the order in which they are tried.
    pub addresses: Vec<SocketAddr>,
    /// Whom to log in as, if at all.
    pub credentials: Option<Credentials>,
    /// Our name in EHLO.
    pub helo: Domain,
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// From whom, to whom.
    pub envelope: &'a Envelope,
    /// The message, with CRLF line ends.
    pub content: &'a dyn Content,
    /// Whether its header section is UTF-8 beyond ASCII.
    pub needs_utf8: bool,
    /// How it is handed over.
    pub manner: Manner<'a>,
    /// What the server has to offer, or nothing is sent to it: keywords of EHLO.
    pub required: &'a [String],
    /// Where the conversation is written down.
    pub trace: Option<Trace>,
    /// When cancelled, the conversation ends at once, and each recipient's outcome says what that means.
    pub stop: CancellationToken,
}

/// A client that has logged in, if it had to.
struct Ready {
    client: Client,
    ip: Option<IpAddr>,
    login: Option<Mechanism>,
}

/// What came of it.
#[derive(Debug)]
pub struct Submitted {
    /// Each recipient's outcome, in the order of the envelope.
    pub recipients: Vec<(ForwardPath, Outcome)>,
    /// The address that was reached, if any.
    pub ip: Option<IpAddr>,
    /// The encryption, if any.
    pub tls: Option<Tls>,
    /// How we logged in, if we did.
    pub login: Option<Mechanism>,
    /// What the server offers, if it came to a transaction.
    pub extensions: Option<Extensions>,
}

/// Submits. An error means that nobody could even be asked: the certificate store, the URL, a server without an
/// address.
pub async fn submit(connect: &dyn Connect, submission: Submission<'_>, progress: impl FnMut(u64)) -> Result<Submitted> {
    let ready = tokio::select! {
        biased;
        () = submission.stop.cancelled() => {
            return Ok(for_all(submission.envelope, &Outcome::lost(Phase::Connect, "interrupted"), None, None));
        }
        ready = reach(connect, &submission) => ready?,
    };
    let Ready { mut client, ip, login } = match ready {
        Ok(ready) => ready,
        Err(submitted) => return Ok(submitted),
    };
    client.stop_with(submission.stop);
    let tls = client.tls().cloned();
    let extensions = Some(client.extensions().clone());
    let facts = Facts {
        size: submission.content.size(),
        is_eight_bit: submission.envelope.body == crate::envelope::BodyType::EightBitMime,
        has_utf8_header: submission.needs_utf8,
    };
    let Submission { envelope, content, manner, .. } = submission;
    let cargo = Cargo { envelope, content, facts, manner };
    let outcomes = client.transact(&cargo, progress).await;
    client.quit().await;
    let recipients = submission.envelope.recipients.iter().cloned().zip(outcomes).collect();
    Ok(Submitted { recipients, ip, tls, login, extensions })
}

/// Connects and logs in; a server that refuses either has judged all recipients.
async fn reach(connect: &dyn Connect, submission: &Submission<'_>) -> Result<Result<Ready, Submitted>> {
    let endpoint = submission.endpoint;
    let whom = Dial {
        endpoint,
        addresses: &submission.addresses,
        trust: &submission.trust,
        trace: submission.trace.as_ref().map(|trace| (trace, follow::follow as _)),
    };
    let server = match dial(connect, whom).await {
        Ok(server) => server,
        // Nobody was reached, so nobody has the message, and each recipient hears so.
        Err(error) if error.kind() == Kind::Temporary => {
            let outcome = Outcome::refused_here(Phase::Connect, EnhancedStatus::new(4, 4, 1), error.to_string());
            return Ok(Err(for_all(submission.envelope, &outcome, None, None)));
        }
        Err(error) => return Err(error),
    };
    let dialect = if endpoint.protocol == Protocol::Lmtp { Dialect::Lmtp } else { Dialect::Smtp };
    let ip = server.connection.peer().ip();
    let opened = Client::open(server.connection, &server.name, &submission.helo, dialect, server.security).await;
    let mut client = match opened {
        Ok(client) => client,
        Err(outcome) => return Ok(Err(for_all(submission.envelope, &outcome, ip, None))),
    };
    if let Err(outcome) = client.require(submission.required) {
        let tls = client.tls().cloned();
        client.quit().await;
        return Ok(Err(for_all(submission.envelope, &outcome, ip, tls)));
    }
    let Some(credentials) = &submission.credentials else {
        return Ok(Ok(Ready { client, ip, login: None }));
    };
    match client.login(credentials).await {
        Ok(mechanism) => Ok(Ok(Ready { client, ip, login: Some(mechanism) })),
        Err(outcome) => {
            let tls = client.tls().cloned();
            client.quit().await;
            Ok(Err(for_all(submission.envelope, &outcome, ip, tls)))
        }
    }
}

fn for_all(envelope: &Envelope, outcome: &Outcome, ip: Option<IpAddr>, tls: Option<Tls>) -> Submitted {
    debug_assert!(outcome.phase < Phase::Mail);
    let recipients = envelope.recipients.iter().map(|path| (path.clone(), outcome.clone())).collect();
    Submitted { recipients, ip, tls, login: None, extensions: None }
}
