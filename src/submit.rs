//! Submission: one message to one server, with an outcome for each recipient.
//!
//! What `send` and the demo do; decides nothing about exit codes and composes nothing.
//! RFC 6409; RFC 5321 §3.3.

pub mod direct;
pub mod line;

use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol};
use crate::engine::dial::{self, Dial, Way, dial};
use crate::engine::smtp::{Cargo, Client, Dialect, Manner};
use crate::envelope::{Envelope, ForwardPath};
use crate::error::{Kind, Result};
use crate::net::trace::Trace;
use crate::sasl::{Credentials, Mechanism};
use crate::smtp::extension::Extensions;
use crate::smtp::outcome::{Outcome, Phase};
use crate::smtp::transaction::{self, Facts};
use crate::status::EnhancedStatus;
use crate::wire::session::Tls;
use crate::world::{Connect, Content};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is to be submitted, and where.
pub struct Submission<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How it is reached, and whose certificates are accepted.
    pub way: Way,
    /// Whom to log in as, if at all.
    pub credentials: Option<Credentials>,
    /// Our name in EHLO.
    pub helo: Domain,
    /// From whom, to whom.
    pub envelope: &'a Envelope,
    /// The message, with CRLF line ends.
    pub content: &'a dyn Content,
    /// Whether its header section is UTF-8 beyond ASCII.
    pub needs_utf8: bool,
    /// How it is handed over.
    pub manner: Manner,
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
    timing: Timing,
}

/// How long each step took; none for those that were not come to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Until an address answered.
    pub connect: Option<Duration>,
    /// The greeting, EHLO and TLS.
    pub hello: Option<Duration>,
    /// The TLS handshake alone.
    pub tls: Option<Duration>,
    /// The login.
    pub auth: Option<Duration>,
    /// From MAIL to the last reply.
    pub data: Option<Duration>,
}

/// What a server would do with a message, found out without sending it.
#[derive(Debug)]
pub struct Rehearsal {
    /// The address that was reached, if it has one.
    pub ip: Option<IpAddr>,
    /// The encryption, if any.
    pub tls: Option<Tls>,
    /// How we logged in, if we did.
    pub login: Option<Mechanism>,
    /// What the server offers.
    pub extensions: Extensions,
    /// Why the message could not go there, as far as the offers tell.
    pub obstacle: Option<Outcome>,
    /// How long each step took.
    pub timing: Timing,
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
    /// How long each step took.
    pub timing: Timing,
}

/// Submits. An error means that nobody could even be asked: the certificate store, the URL, a server without an
/// address.
pub async fn submit(connect: &dyn Connect, submission: Submission<'_>, progress: impl FnMut(u64)) -> Result<Submitted> {
    let ready = tokio::select! {
        biased;
        () = submission.stop.cancelled() => {
            return Ok(for_all(submission.envelope, &Outcome::lost(Phase::Connect, "interrupted"), None, None, Timing::default()));
        }
        ready = reach(connect, &submission) => ready?,
    };
    let Ready { mut client, ip, login, mut timing } = match ready {
        Ok(ready) => ready,
        Err(submitted) => return Ok(submitted),
    };
    client.stop_with(submission.stop.clone());
    let tls = client.tls().cloned();
    let extensions = Some(client.extensions().clone());
    let facts = facts(&submission);
    let Submission { envelope, content, manner, .. } = submission;
    let cargo = Cargo { envelope, content, facts, manner };
    let begun = Instant::now();
    let outcomes = client.transact(&cargo, progress).await;
    timing.data = Some(begun.elapsed());
    client.quit().await;
    let recipients = submission.envelope.recipients.iter().cloned().zip(outcomes).collect();
    Ok(Submitted { recipients, ip, tls, login, extensions, timing })
}

/// Goes as far as the login, and says goodbye: nobody is written to.
pub async fn rehearse(connect: &dyn Connect, submission: Submission<'_>) -> Result<Result<Rehearsal, Submitted>> {
    let Ready { client, ip, login, timing } = match reach(connect, &submission).await? {
        Ok(ready) => ready,
        Err(submitted) => return Ok(Err(submitted)),
    };
    let (tls, extensions) = (client.tls().cloned(), client.extensions().clone());
    let obstacle = transaction::plan(submission.envelope, facts(&submission), &extensions).err();
    client.quit().await;
    Ok(Ok(Rehearsal { ip, tls, login, extensions, obstacle, timing }))
}

/// What matters about the message for its way.
fn facts(submission: &Submission<'_>) -> Facts {
    Facts::new(submission.content.size(), submission.envelope, submission.needs_utf8)
}

/// Connects and logs in; a server that refuses either has judged all recipients.
async fn reach(connect: &dyn Connect, submission: &Submission<'_>) -> Result<Result<Ready, Submitted>> {
    let endpoint = submission.endpoint;
    let whom = Dial {
        endpoint,
        way: &submission.way,
        trace: submission.trace.as_ref().map(|trace| (trace, dial::follow(endpoint.protocol))),
    };
    let mut timing = Timing::default();
    let begun = Instant::now();
    let dialled = dial(connect, whom).await;
    timing.connect = Some(begun.elapsed());
    let server = match dialled {
        Ok(server) => server,
        // Nobody was reached, so nobody has the message, and each recipient hears so.
        Err(error) if error.kind() == Kind::Temporary => {
            let outcome = Outcome::refused_here(Phase::Connect, EnhancedStatus::new(4, 4, 1), error.to_string());
            return Ok(Err(for_all(submission.envelope, &outcome, None, None, timing)));
        }
        Err(error) => return Err(error),
    };
    let dialect = if endpoint.protocol == Protocol::Lmtp { Dialect::Lmtp } else { Dialect::Smtp };
    let ip = server.connection.peer().ip();
    let begun = Instant::now();
    let opened = Client::open(server.connection, &server.name, &submission.helo, dialect, server.security).await;
    timing.hello = Some(begun.elapsed());
    let mut client = match opened {
        Ok(client) => client,
        Err(outcome) => return Ok(Err(for_all(submission.envelope, &outcome, ip, None, timing))),
    };
    timing.tls = client.handshake();
    if let Err(outcome) = client.require(submission.required) {
        let tls = client.tls().cloned();
        client.quit().await;
        return Ok(Err(for_all(submission.envelope, &outcome, ip, tls, timing)));
    }
    let Some(credentials) = &submission.credentials else {
        return Ok(Ok(Ready { client, ip, login: None, timing }));
    };
    let begun = Instant::now();
    if let (Some(trace), Some(secret)) = (&submission.trace, credentials.secret()) {
        trace.hide(secret);
    }
    let done = client.login(credentials).await;
    timing.auth = Some(begun.elapsed());
    match done {
        Ok(mechanism) => Ok(Ok(Ready { client, ip, login: Some(mechanism), timing })),
        Err(outcome) => {
            let tls = client.tls().cloned();
            client.quit().await;
            Ok(Err(for_all(submission.envelope, &outcome, ip, tls, timing)))
        }
    }
}

fn for_all(envelope: &Envelope, outcome: &Outcome, ip: Option<IpAddr>, tls: Option<Tls>, timing: Timing) -> Submitted {
    debug_assert!(outcome.phase < Phase::Mail);
    let recipients = envelope.recipients.iter().map(|path| (path.clone(), outcome.clone())).collect();
    Submitted { recipients, ip, tls, login: None, extensions: None, timing }
}
