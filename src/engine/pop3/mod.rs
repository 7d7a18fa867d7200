//! A POP3 conversation: from the greeting to QUIT, with pipelining where the server takes it.
//!
//! Deadlines, security and the login live here, messages in `retrieve`, what there is of them in `maildrop`; what the
//! words mean is the protocol's, what is fetched and deleted a service's business.
//! RFC 1939 §3, §4, §6, §7; RFC 2449 §5; RFC 2595 §4; RFC 5034 §4.

mod maildrop;
mod retrieve;
mod window;

pub use maildrop::{Entry, Maildrop};
pub use retrieve::{Sink, Wanted};

use super::dial::Security;
use super::{failure_kind, unfit_kind};
use crate::error::{Error, Kind, Result};
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::net::entropy::SystemEntropy;
use crate::pop3::capability::Capabilities;
use crate::pop3::client::{Login, Request};
use crate::pop3::list;
use crate::pop3::response::{Response, Status};
use crate::sasl::{Credentials, Ground, Unfit, nonce, with_reason};
use crate::wire::session::Tls;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Servers think long about large maildrops; RFC 1939 §3 gives them ten minutes for silence, we give them less.
const PATIENCE: Duration = Duration::from_secs(2 * 60);
/// Nothing is lost when a mere goodbye is not answered.
const QUIT_WAIT: Duration = Duration::from_secs(5);
/// A conversation that is past its greeting.
#[derive(Debug)]
pub struct Session {
    dialogue: Dialogue,
    capabilities: Capabilities,
    crosses_no_wire: bool,
}

impl Session {
    /// Greets and is greeted; TLS as asked for. `name` is whose certificate is expected.
    pub async fn open(connection: Connection, name: &str, security: Security) -> Result<Self> {
        let mut session = Self::new(connection, name);
        match session.begin(name, &security).await {
            Ok(()) => Ok(session),
            Err(error) => {
                session.leave().await;
                Err(error)
            }
        }
    }

    /// The same, but keeps what is said, and stays where it ends: how, is said beside it. Nobody may log in then.
    pub async fn inspect(connection: Connection, name: &str, security: Security) -> (Self, Result<()>) {
        let mut session = Self::new(connection, name);
        session.dialogue.listen();
        let begun = session.begin(name, &security).await;
        (session, begun)
    }

    fn new(connection: Connection, name: &str) -> Self {
        let crosses_no_wire = connection.peer().crosses_no_wire();
        let dialogue = Dialogue::new(connection, name, PATIENCE);
        Self { dialogue, capabilities: Capabilities::default(), crosses_no_wire }
    }

    /// The conversation.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// From the greeting to the last CAPA.
    async fn begin(&mut self, name: &str, security: &Security) -> Result<()> {
        if let Security::Implicit(tls) = security {
            self.dialogue.start_tls(tls, name).await?;
        }
        let greeting = self.dialogue.ask(&mut Request::greeting()).await?;
        expect_ok(&self.dialogue, "the server greets with a refusal", &greeting)?;
        self.capabilities = ask_capabilities(&mut self.dialogue).await?;
        match security {
            Security::Required(tls) | Security::Opportunistic(tls) if self.capabilities.stls => {
                let agreed = self.dialogue.ask(&mut Request::stls()).await?;
                expect_ok(&self.dialogue, "the server offers TLS and then refuses it", &agreed)?;
                self.dialogue.start_tls(tls, name).await?;
                // RFC 2595 §4: what was said before counts no more.
                self.capabilities = ask_capabilities(&mut self.dialogue).await?;
                Ok(())
            }
            Security::Required(_) => {
                Err(self.error(Kind::Unavailable, "the server does not offer TLS, which is required"))
            }
            Security::Implicit(_) | Security::Opportunistic(_) | Security::None => Ok(()),
        }
    }

    /// Logs in. A password goes over TLS or over loopback, never in clear over a wire, unless that is wanted.
    pub async fn login(&mut self, credentials: &Credentials) -> Result<()> {
        // Some servers repeat what they did not understand.
        self.try_login(credentials).await.map_err(|error| match credentials.secret() {
            Some(secret) => error.without(secret),
            None => error,
        })
    }

    async fn try_login(&mut self, credentials: &Credentials) -> Result<()> {
        let ground = Ground {
            offered: &self.capabilities.sasl,
            host: self.dialogue.peer(),
            port: self.dialogue.address().map_or(0, |address| address.port()),
            is_private: self.dialogue.tls().is_some() || self.crosses_no_wire,
            exporter: self.dialogue.tls().and_then(Tls::exporter),
        };
        let unfit = |unfit: Unfit| self.error(unfit_kind(&unfit), &unfit.to_string());
        let mechanism = match ground.choose(credentials) {
            Ok(mechanism) => mechanism,
            // RFC 1939 §7: the login that was there first, and that not all announce.
            Err(_) if ground.allows_own_login(credentials).map_err(unfit)? => {
                return self.login_by_password(credentials).await;
            }
            Err(none) => return Err(unfit(none)),
        };
        let decision = ground.told(mechanism);
        let proof = ground.proof(mechanism, credentials, &nonce(&SystemEntropy));
        self.dialogue.decided(decision);
        let mut login = Login::new(proof.map_err(|error| self.error(Kind::NoPermission, &error.to_string()))?);
        let mut answer = self.ask_in_turn(&mut login.begin()).await?;
        if let Some(mut alone) = login.alone(&answer) {
            answer = self.ask_in_turn(&mut alone).await?;
        }
        while let Some(mut next) = login.next(&answer) {
            let said = self.ask_in_turn(&mut next).await;
            // Why we broke off counts, whatever the server says to that, if anything.
            if let Some(failure) = login.failure() {
                return Err(self.error(failure_kind(failure), &failure.to_string()));
            }
            answer = said?;
        }
        match answer.login_kind() {
            None => login.end().map_err(|error| self.error(Kind::NoPermission, &error.to_string())),
            Some(kind) => Err(self.error(kind, "login refused").said(with_reason(&answer.text, login.reason()))),
        }
    }

    /// USER and PASS.
    async fn login_by_password(&mut self, credentials: &Credentials) -> Result<()> {
        let Some(password) = credentials.password() else {
            return Err(self.error(Kind::Unavailable, "the server's only login takes passwords"));
        };
        let answer = match self.ask_in_turn(&mut Request::user(&credentials.user)).await? {
            known if known.is_ok() => self.ask_in_turn(&mut Request::pass(password)).await?,
            unknown => unknown,
        };
        match answer.login_kind() {
            None => Ok(()),
            Some(kind) => Err(self.error(kind, "login refused").said(answer.text)),
        }
    }

    /// Asks, unless the server has answered already. A refusal holds; by any other words it would let in, or ask once more,
    /// whom it has not heard, and the proof would go to somebody who has no use for it.
    async fn ask_in_turn(&mut self, request: &mut Request) -> Result<Response> {
        if !self.dialogue.has_spoken().await? {
            return self.dialogue.ask(request).await;
        }
        self.dialogue.fall_silent();
        let said = self.dialogue.answer(&mut Request::greeting()).await?;
        let error = self.error(Kind::Protocol, "the server spoke without being asked");
        match said.status {
            Status::Err => Ok(said),
            // With a server's proof one could try out passwords (RFC 5802 §9).
            Status::Challenge => Err(error),
            Status::Ok => Err(error.said(said.text)),
        }
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.dialogue.tls()
    }

    /// What the server offered at the beginning.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Ends every wait from now on when `stop` is cancelled.
    pub fn stop_with(&mut self, stop: CancellationToken) {
        self.dialogue.stop_with(stop);
    }

    /// The server's name, for errors.
    pub fn peer(&self) -> &str {
        self.dialogue.peer()
    }

    /// Says goodbye; what was marked is gone when this is well (RFC 1939 §6).
    pub async fn quit(mut self) -> Result<()> {
        let answer = self.dialogue.ask(&mut Request::quit()).await?;
        let result = expect_ok(&self.dialogue, "the server did not delete all messages", &answer);
        self.dialogue.close().await;
        result
    }

    /// Says goodbye where nothing hangs on the answer, so that the server need not find out by itself that the
    /// maildrop is free again.
    pub async fn leave(mut self) {
        self.dialogue.set_patience(QUIT_WAIT);
        let _ = self.dialogue.ask(&mut Request::quit()).await;
        self.dialogue.close().await;
    }

    fn error(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, what).with_peer(self.peer())
    }
}

async fn ask_capabilities(dialogue: &mut Dialogue) -> Result<Capabilities> {
    let mut lines = Vec::new();
    let answer = dialogue.ask(&mut list::capabilities(&mut lines)).await?;
    Ok(list::announced(&answer, &lines))
}

fn expect_ok(dialogue: &Dialogue, what: &str, answer: &Response) -> Result<()> {
    if answer.is_ok() { Ok(()) } else { Err(refused(dialogue, what, answer)) }
}

fn refused(dialogue: &Dialogue, what: &str, answer: &Response) -> Error {
    Error::new(answer.kind().unwrap_or(Kind::Protocol), what).with_peer(dialogue.peer()).said(&answer.text)
}
