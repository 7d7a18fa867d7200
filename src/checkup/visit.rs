//! Going to a server: its name, its port, its certificate, its login, and what it has to offer.
//!
//! Each step has an end, and a short one: somebody waits. Nothing is sent that would change anything.

use super::Step;
use super::judge::{self, advice};
use crate::address::Domain;
use crate::endpoint::{Endpoint, Protocol, TlsMode};
use crate::engine::dial::{Dial, Dialled, Security, Way, dial, follow};
use crate::engine::imap::Opening;
use crate::engine::smtp::{Client, Dialect};
use crate::engine::{imap, pop3};
use crate::error::{Error, Kind, Result};
use crate::net::trace::Trace;
use crate::sasl::Credentials;
use crate::smtp::outcome::{Outcome, Phase};
use crate::wire::secured::Tls;
use crate::world::{Connect, Timestamp};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than servers think about a login, shorter than the patience of who set one up.
const STEP_WAIT: Duration = Duration::from_secs(30);

/// A server, and what is known about it.
pub struct Visit<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Whom to log in as, if at all.
    pub credentials: Option<&'a Credentials>,
    /// Our name in EHLO.
    pub helo: &'a Domain,
    /// Where the conversation is written down.
    pub trace: Option<&'a Trace>,
    /// What time it is.
    pub now: Timestamp,
}

/// Goes this way, if there is one, and says how far it came.
pub async fn visit(connect: &dyn Connect, way: Result<Way>, whom: &Visit<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    // What stopped it is the last step.
    let _ = walk(connect, way, whom, &mut steps).await;
    let service = judge::service(whom.endpoint.protocol);
    steps.into_iter().map(|step| step.of(service)).collect()
}

/// The certificates that a server shows, if the way trusts anyone; nobody logs in.
pub async fn chain(connect: &dyn Connect, way: &Way, endpoint: &Endpoint, trace: Option<&Trace>) -> Result<Tls> {
    let helo = Domain::parse("localhost").expect("localhost is a name");
    let whom = Visit { endpoint, credentials: None, helo: &helo, trace, now: Timestamp::UNIX_EPOCH };
    let dialled = reach(connect, way, &whom).await?;
    let name = dialled.name.clone();
    let opened = open(dialled, &whom).await.map_err(|(_, error)| error)?;
    let tls = opened.tls().cloned();
    opened.leave().await;
    tls.ok_or_else(|| {
        Error::new(Kind::Unavailable, "the server uses no TLS, so it shows no certificate").with_peer(name)
    })
}

async fn walk(connect: &dyn Connect, way: Result<Way>, whom: &Visit<'_>, steps: &mut Vec<Step>) -> Option<()> {
    let endpoint = whom.endpoint;
    let way = passed(steps, "dns", endpoint, way)?;
    if endpoint.local.is_none() {
        steps.push(judge::addresses(&way.addresses, way.detour.is_some()));
    }
    let dialled = passed(steps, "tcp", endpoint, reach(connect, &way, whom).await)?;
    let (peer, name) = (dialled.connection.peer().clone(), dialled.name.clone());
    steps.push(Step::ok("tcp", format!("{peer} answers")));
    let opened = match open(dialled, whom).await {
        Ok(opened) => opened,
        Err((step, error)) => return passed(steps, step, endpoint, Err(error)),
    };
    steps.push(judge::encryption(opened.tls(), endpoint, peer.crosses_no_wire(), whom.now));
    let Some(credentials) = whom.credentials else {
        steps.extend(opened.offers());
        opened.leave().await;
        return Some(());
    };
    let offers = opened.offers();
    if let (Some(trace), Some(secret)) = (whom.trace, credentials.secret()) {
        trace.hide(secret);
    }
    let (login, opened) = opened.login(credentials, &name).await;
    if login.is_ok() {
        steps.push(Step::ok("auth", format!("{} may log in", credentials.user)));
    }
    let went = passed(steps, "auth", endpoint, login);
    if went.is_some() {
        steps.extend(offers);
    }
    let Some(mut opened) = opened else { return went };
    if let Some(listed) = opened.list(&name).await {
        if let Ok(listed) = &listed {
            steps.push(judge::mailboxes(listed));
        }
        passed(steps, "mailboxes", endpoint, listed);
    }
    opened.leave().await;
    went
}

/// The value, or the step that failed.
fn passed<T>(steps: &mut Vec<Step>, name: &'static str, endpoint: &Endpoint, result: Result<T>) -> Option<T> {
    result.map_err(|error| steps.push(Step::failed(name, &error, advice(name, endpoint).as_deref()))).ok()
}

async fn bounded<T>(name: &str, what: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || {
        let what = format!("the server gave no answer within {} seconds", STEP_WAIT.as_secs());
        Error::new(Kind::Temporary, what).with_peer(name)
    };
    timeout(STEP_WAIT, what).await.unwrap_or_else(|_| Err(late()))
}

async fn reach(connect: &dyn Connect, way: &Way, whom: &Visit<'_>) -> Result<Dialled> {
    let trace = whom.trace.map(|trace| (trace, follow(whom.endpoint.protocol)));
    dial(connect, Dial { endpoint: whom.endpoint, way, trace }).await
}

/// Begins the conversation, with TLS as the URL says; an error comes with the step it belongs to.
async fn open(dialled: Dialled, whom: &Visit<'_>) -> Result<Opened, (&'static str, Error)> {
    let Dialled { mut connection, name, mut security, .. } = dialled;
    let (mode, name) = (whom.endpoint.tls, name.as_str());
    if let Security::Implicit(tls) = &security {
        connection = connection
            .connect_tls(tls, name, STEP_WAIT)
            .await
            .map_err(|refused| ("tls", refused.before_words().into()))?;
        security = Security::None;
    }
    // Greeting and STARTTLS are one for the conversation; what is refused for good there is refused to TLS.
    let step = |error: &Error| match (mode, error.kind()) {
        (TlsMode::StartTls | TlsMode::Opportunistic, Kind::Unavailable) => "tls",
        _ => "greeting",
    };
    let opened = bounded(name, async {
        Ok(match whom.endpoint.protocol {
            Protocol::Imap => Opened::Imap(Opening::begin(connection, name, security).await?),
            Protocol::Pop3 => Opened::Pop(pop3::Session::open(connection, name, security).await?),
            Protocol::Sieve => {
                return Err(Error::new(Kind::Config, "no account has a server of this kind").with_peer(name));
            }
            protocol @ (Protocol::Smtp | Protocol::Lmtp) => {
                let dialect = if protocol == Protocol::Lmtp { Dialect::Lmtp } else { Dialect::Smtp };
                let client = Client::open(connection, name, whom.helo, dialect, security).await;
                Opened::Smtp(client.map_err(|outcome| failure(outcome, name))?)
            }
        })
    });
    opened.await.map_err(|error| (step(&error), error))
}

fn failure(outcome: Outcome, name: &str) -> Error {
    let kind = outcome.kind().unwrap_or(Kind::Protocol);
    match outcome.code {
        Some(code) => Error::new(kind, if outcome.phase == Phase::Auth { "login refused" } else { "refused" })
            .with_peer(name)
            .said(format!("{} {}", code.get(), outcome.text)),
        None => Error::new(kind, outcome.text).with_peer(name),
    }
}

/// A conversation that has begun.
enum Opened {
    Smtp(Client),
    Pop(pop3::Session),
    Imap(Opening),
}

/// One that goes on after the login.
enum Inside {
    Smtp(Client),
    Pop(pop3::Session),
    Imap(imap::Session),
}

impl Opened {
    fn tls(&self) -> Option<&Tls> {
        match self {
            Self::Smtp(client) => client.tls(),
            Self::Pop(session) => session.tls(),
            Self::Imap(opening) => opening.tls(),
        }
    }

    fn offers(&self) -> Vec<Step> {
        match self {
            Self::Smtp(client) => judge::extensions(client.extensions()),
            Self::Pop(session) => vec![judge::capabilities(session.capabilities())],
            Self::Imap(opening) => vec![Step::ok("capabilities", opening.capabilities().join(" "))],
        }
    }

    async fn login(self, credentials: &Credentials, name: &str) -> (Result<()>, Option<Inside>) {
        match self {
            Self::Smtp(mut client) => {
                let login = bounded(name, async {
                    client.login(credentials).await.map(drop).map_err(|outcome| failure(outcome, name))
                });
                (login.await, Some(Inside::Smtp(client)))
            }
            Self::Pop(mut session) => (bounded(name, session.login(credentials)).await, Some(Inside::Pop(session))),
            Self::Imap(opening) => match bounded(name, opening.login(credentials)).await {
                Ok(session) => (Ok(()), Some(Inside::Imap(session))),
                Err(error) => (Err(error), None),
            },
        }
    }

    async fn leave(self) {
        match self {
            Self::Smtp(client) => client.quit().await,
            Self::Pop(session) => session.leave().await,
            // Before the login there is nothing to say goodbye to.
            Self::Imap(_) => {}
        }
    }
}

impl Inside {
    /// The mailboxes, where there are any.
    async fn list(&mut self, name: &str) -> Option<Result<Vec<imap::Listed>>> {
        let Self::Imap(session) = self else { return None };
        let listed = bounded(name, session.list()).await;
        Some(listed.map(|all| all.into_iter().flatten().collect()))
    }

    async fn leave(self) {
        match self {
            Self::Smtp(client) => client.quit().await,
            Self::Pop(session) => session.leave().await,
            Self::Imap(session) => session.logout().await,
        }
    }
}
