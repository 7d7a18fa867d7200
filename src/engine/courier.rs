//! The courier: takes a message to one address of one host, by SMTP.
//!
//! Between exchangers encryption is opportunistic: TLS is used where it is offered, with any certificate,
//! and a host whose TLS is broken is asked again without (RFC 7435 §3). A host with a guard is talked to as that says,
//! and never with less. A smarthost is different: it is somebody's own server, verified and logged in to. Chooses no
//! hosts and keeps no queue.

use super::dial::{self, Security};
use super::handover::{Answer, Courier, Parcel};
use super::route::Hop;
use super::smtp::{Cargo, Client, Dialect, Manner};
use crate::address::Domain;
use crate::endpoint::TlsMode;
use crate::net::connection::Connection;
use crate::net::tls::{ClientTls, TlsOptions, Trust};
use crate::net::trace::Trace;
use crate::policy::guard::Guard;
use crate::sasl::Credentials;
use crate::smtp::extension::Extensions;
use crate::smtp::follow;
use crate::smtp::outcome::{Ending, Outcome, Phase};
use crate::smtp::transaction::Facts;
use crate::status::{EnhancedStatus, Fate};
use crate::wire::event::Decision;
use crate::wire::session::Tls;
use crate::wire::transcript::Side;
use crate::world::{Connect, Later};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Another address may answer sooner than one that has not answered by now.
const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// The end of a visit, however many answers come just in time: each wait has an end of its own, and a hundred of
/// them would hold a place in the queue for half a day.
const VISIT: Duration = Duration::from_secs(60 * 60);
/// Octets in a second that are added to it for the message.
const SLOWEST: u64 = 1024;

/// Who logs in, asked for at each login: passwords stay, tokens end.
pub trait Prove: Send + Sync {
    /// Whom to log in as now.
    fn credentials(&self) -> Later<'_, crate::error::Result<Arc<Credentials>>>;
}

/// The same at each login.
pub struct Always(pub Arc<Credentials>);

impl Prove for Always {
    fn credentials(&self) -> Later<'_, crate::error::Result<Arc<Credentials>>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// Delivers by SMTP.
#[derive(Clone)]
pub struct SmtpCourier {
    /// The way to other hosts.
    pub connect: Arc<dyn Connect>,
    /// Our name in EHLO.
    pub helo: Domain,
    /// Whom to trust.
    pub tls: ClientTls,
    /// How TLS begins.
    pub mode: TlsMode,
    /// Whom to trust, and who we are, where a domain's policy wants certificates to be verified.
    pub authorities: TlsOptions,
    /// Whom to log in as: for a smarthost.
    pub credentials: Option<Arc<dyn Prove>>,
    /// LMTP instead of SMTP: for a local store.
    pub dialect: Dialect,
    /// Where conversations are written down.
    pub trace: Option<Trace>,
}

/// What came of a visit to a host.
pub struct Visit {
    /// One for each recipient of the envelope, in order.
    pub outcomes: Vec<Outcome>,
    /// The encryption, if any.
    pub tls: Option<Tls>,
    /// What the host offers, if it came to a transaction.
    pub extensions: Option<Extensions>,
}

impl Visit {
    /// Whether this host has not judged the recipient, so that another one may be asked: it would not even talk, for
    /// good or for now (RFC 5321 §5.1), or the connection broke before the message was on its way.
    pub fn leaves_open(&self, outcome: &Outcome) -> bool {
        let broke_off = outcome.code.is_none() && outcome.ending == Ending::Failed(Fate::Transient);
        matches!(outcome.ending, Ending::Failed(_)) && (self.extensions.is_none() || broke_off)
    }
}

impl Courier for SmtpCourier {
    fn deliver<'a>(&'a self, host: &'a Hop, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        Box::pin(async move {
            let facts = Facts::new(parcel.message.size(), &parcel.envelope, parcel.envelope.smtputf8);
            let content = parcel.message.as_ref();
            let cargo = Cargo { envelope: &parcel.envelope, content, facts, manner: Manner::default() };
            let stop = CancellationToken::new();
            let mut visit = pin!(self.visit(host, address, &cargo, &[], &stop, |_| {}));
            let limit = VISIT + Duration::from_secs(facts.size / SLOWEST);
            let visit = match timeout(limit, &mut visit).await {
                Ok(visit) => visit,
                Err(_) => {
                    stop.cancel();
                    visit.await
                }
            };
            visit.outcomes.iter().map(|outcome| answer(outcome, &host.host, visit.leaves_open(outcome))).collect()
        })
    }

    fn decided(&self, decision: Decision) {
        if let Some(trace) = &self.trace {
            trace.decided(decision);
        }
    }
}

impl SmtpCourier {
    /// Takes a message to one address of a host, if it offers the extensions that are required. When `stop` is
    /// cancelled it ends at once, and the outcomes say how far it came.
    pub async fn visit(
        &self,
        host: &Hop,
        address: SocketAddr,
        cargo: &Cargo<'_>,
        required: &[String],
        stop: &CancellationToken,
        progress: impl FnMut(u64),
    ) -> Visit {
        let ready = tokio::select! {
            biased;
            () = stop.cancelled() => Err((Outcome::lost(Phase::Connect, "interrupted"), None)),
            ready = self.reach(host, address, required) => ready,
        };
        match ready {
            Ok(mut client) => {
                client.stop_with(stop.clone());
                let (tls, extensions) = (client.tls().cloned(), Some(client.extensions().clone()));
                let outcomes = client.transact(cargo, progress).await;
                client.quit().await;
                Visit { outcomes, tls, extensions }
            }
            Err((outcome, tls)) => {
                let outcomes = vec![outcome; cargo.envelope.recipients.len()];
                Visit { outcomes, tls, extensions: None }
            }
        }
    }

    /// A client that may hand over; an error comes with the encryption it was told under.
    async fn reach(
        &self,
        host: &Hop,
        address: SocketAddr,
        required: &[String],
    ) -> Result<Client, (Outcome, Option<Tls>)> {
        let security = self.security(&host.guard).map_err(|error| {
            (Outcome::refused_here(Phase::Tls, EnhancedStatus::new(4, 7, 0), error.to_string()), None)
        })?;
        if let (Some(trace), Some(why)) = (&self.trace, told(&host.guard)) {
            trace.decided(format!("{} has to prove itself: {why}", host.host));
        }
        let is_optional = matches!(security, Security::Opportunistic(_));
        let mut opened = self.open(&host.host, address, security).await;
        if let (Err(outcome), true) = (&opened, is_optional)
            && outcome.phase == Phase::Tls
        {
            if let Some(trace) = &self.trace {
                trace.decided(format!("once more without TLS, which nobody requires of {}", host.host));
            }
            opened = self.open(&host.host, address, Security::None).await;
        }
        let mut client = opened.map_err(|outcome| (outcome, None))?;
        let ready = match client.require(required) {
            Ok(()) => self.log_in(&mut client).await,
            missing => missing,
        };
        let Err(refusal) = ready else { return Ok(client) };
        let tls = client.tls().cloned();
        client.quit().await;
        Err((refusal, tls))
    }

    /// How a conversation is protected that is under this guard.
    fn security(&self, guard: &Guard) -> crate::error::Result<Security> {
        Ok(Security::Required(match guard {
            Guard::Usual => return Ok(Security::new(self.mode, &self.tls)),
            Guard::Encrypted => ClientTls::new(&Trust::Anyone)?,
            Guard::Verified => ClientTls::with(&self.authorities)?.for_policy(),
            Guard::Named { associations, names } => ClientTls::with(&TlsOptions {
                trust: Trust::Named { associations: associations.clone(), names: names.clone() },
                // RFC 7672 §8.1: the base domain is the name that is asked for.
                name: names.first().cloned(),
                identity: self.authorities.identity.clone(),
                is_question: false,
            })?,
        }))
    }

    async fn log_in(&self, client: &mut Client) -> Result<(), Outcome> {
        let Some(proof) = &self.credentials else { return Ok(()) };
        // Only the user can help, perhaps, but the mail can wait for that (RFC 3463 §3.8).
        let credentials = proof.credentials().await.map_err(|error| {
            let text = format!("not logged in: {error}");
            Outcome::refused_here(Phase::Auth, EnhancedStatus::new(4, 7, 0), text)
        })?;
        if let (Some(trace), Some(secret)) = (&self.trace, credentials.secret()) {
            trace.hide(secret);
        }
        client.login(&credentials).await.map(|_| ())
    }

    async fn open(&self, host: &str, address: SocketAddr, security: Security) -> Result<Client, Outcome> {
        let connecting = timeout(CONNECT_WAIT, self.connect.connect(address)).await;
        let stream = match connecting {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(format!("cannot connect to {address}: {error}"))),
            Err(_) => return Err(unreachable(format!("no answer from {address} within {CONNECT_WAIT:?}"))),
        };
        let tap = self.trace.as_ref().map(|trace| trace.tap(Side::Client, follow::follow()));
        let connection = Connection::new(stream, address, tap);
        // Hosts that are addresses come in the brackets of mail, which certificates do not know.
        let name = Domain::parse(host).map_or_else(|_| host.to_owned(), |host| dial::name(&host));
        Client::open(connection, &name, &self.helo, self.dialect, security).await
    }
}

/// What a guard asks for beyond what is usual.
fn told(guard: &Guard) -> Option<&'static str> {
    match guard {
        Guard::Usual => None,
        Guard::Encrypted => Some("by TLS, with any certificate"),
        Guard::Verified => Some("by TLS, with a certificate that authorities vouch for"),
        Guard::Named { .. } => Some("by TLS, with what its TLSA records name"),
    }
}

fn unreachable(text: String) -> Outcome {
    Outcome::refused_here(Phase::Connect, EnhancedStatus::new(4, 4, 1), text)
}

/// What an outcome means to the queue.
pub fn answer(outcome: &Outcome, host: &str, try_next: bool) -> Answer {
    let fate = match outcome.ending {
        Ending::Accepted => None,
        Ending::Failed(fate) => Some(fate),
        // Asked for by nobody who relays.
        Ending::Withheld => Some(Fate::Transient),
        // It may have the message; trying again may double it, giving up may lose it. RFC 5321 §4.5.4.1 tries again.
        Ending::Unknown => Some(Fate::Transient),
    };
    let status = match fate {
        None => EnhancedStatus::new(2, 0, 0),
        Some(fate) => {
            let class = if fate == Fate::Permanent { 5 } else { 4 };
            let told = outcome.enhanced.filter(|status| status.class == class);
            told.unwrap_or(EnhancedStatus::new(class, 0, 0))
        }
    };
    let words = match (outcome.code, outcome.enhanced) {
        (Some(code), Some(enhanced)) => format!("{code} {enhanced} {}", outcome.text),
        (Some(code), None) => format!("{code} {}", outcome.text),
        (None, _) => outcome.text.clone(),
    };
    let reached = outcome.phase > Phase::Connect;
    Answer { status, remote: reached.then(|| host.to_owned()), code: outcome.code, words, inside: None, try_next }
}
