//! The courier: takes a message to one address of one host, by SMTP.
//!
//! Between exchangers encryption is opportunistic: TLS is used where it is offered, with any certificate,
//! and a host whose TLS is broken is asked again without (RFC 7435 §3). A smarthost is different: it is
//! somebody's own server, verified and logged in to. Chooses no hosts and keeps no queue.

use super::dial::{self, Security};
use super::handover::{Answer, Courier, Parcel};
use super::smtp::{Cargo, Client, Dialect, Manner};
use crate::address::Domain;
use crate::endpoint::TlsMode;
use crate::net::connection::Connection;
use crate::net::tls::ClientTls;
use crate::net::trace::Trace;
use crate::sasl::Credentials;
use crate::smtp::follow;
use crate::smtp::outcome::{Ending, Outcome, Phase};
use crate::smtp::transaction::Facts;
use crate::status::{EnhancedStatus, Fate};
use crate::wire::transcript::Side;
use crate::world::{Connect, Later};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Another address may answer sooner than one that has not answered by now.
const CONNECT_WAIT: Duration = Duration::from_secs(30);

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
    /// Whom to log in as: for a smarthost.
    pub credentials: Option<Arc<dyn Prove>>,
    /// LMTP instead of SMTP: for a local store.
    pub dialect: Dialect,
    /// Where conversations are written down.
    pub trace: Option<Trace>,
}

impl Courier for SmtpCourier {
    fn deliver<'a>(&'a self, host: &'a str, address: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
        Box::pin(async move {
            let mut opened = self.open(host, address, Security::new(self.mode, &self.tls)).await;
            if let (Err(outcome), TlsMode::Opportunistic) = (&opened, self.mode)
                && outcome.phase == Phase::Tls
            {
                opened = self.open(host, address, Security::None).await;
            }
            let ready = match opened {
                Ok(client) => self.log_in(client).await,
                Err(outcome) => Err(outcome),
            };
            match ready {
                Ok(client) => self.hand_over(client, host, parcel).await,
                Err(outcome) => {
                    let answer = answer(&outcome, host, true);
                    vec![answer; parcel.envelope.recipients.len()]
                }
            }
        })
    }
}

impl SmtpCourier {
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

    async fn log_in(&self, mut client: Client) -> Result<Client, Outcome> {
        let Some(proof) = &self.credentials else { return Ok(client) };
        let credentials = match proof.credentials().await {
            Ok(credentials) => credentials,
            Err(error) => {
                client.quit().await;
                // Only the user can help, perhaps, but the mail can wait for that (RFC 3463 §3.8).
                let text = format!("not logged in: {error}");
                return Err(Outcome::refused_here(Phase::Auth, EnhancedStatus::new(4, 7, 0), text));
            }
        };
        match client.login(&credentials).await {
            Ok(_) => Ok(client),
            Err(outcome) => {
                client.quit().await;
                Err(outcome)
            }
        }
    }

    async fn hand_over(&self, mut client: Client, host: &str, parcel: &Parcel) -> Vec<Answer> {
        let facts = Facts {
            size: parcel.message.size(),
            is_eight_bit: parcel.envelope.body == crate::envelope::BodyType::EightBitMime,
            has_utf8_header: parcel.envelope.smtputf8,
        };
        let manner = Manner::default();
        let cargo = Cargo { envelope: &parcel.envelope, content: parcel.message.as_ref(), facts, manner };
        let outcomes = client.transact(&cargo, |_| {}).await;
        client.quit().await;
        outcomes.iter().map(|outcome| answer(outcome, host, false)).collect()
    }
}

fn unreachable(text: String) -> Outcome {
    Outcome::refused_here(Phase::Connect, EnhancedStatus::new(4, 4, 1), text)
}

/// What an outcome means to the queue. A host that would not even talk judges nobody, for good or for now
/// (RFC 5321 §5.1); nor does one whose connection broke before the message was on its way.
fn answer(outcome: &Outcome, host: &str, before_mail: bool) -> Answer {
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
    let broke_off = outcome.code.is_none() && outcome.ending == Ending::Failed(Fate::Transient);
    let try_next = fate.is_some() && outcome.ending != Ending::Unknown && (before_mail || broke_off);
    Answer { status, remote: reached.then(|| host.to_owned()), words, inside: None, try_next }
}
