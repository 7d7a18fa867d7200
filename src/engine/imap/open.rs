//! From the greeting to the login: until then the conversation is ours alone.
//!
//! Until here a server is a stranger, whose lines are short or refused. RFC 9051 §6.2, §7.1.4; RFC 8314 §3; RFC 4959.

use super::Session;
use crate::engine::dial::Security;
use crate::engine::{failure_kind, unfit_kind};
use crate::error::{Error, Kind, Result};
use crate::imap::client::{Request, Status, Unasked, Verdict};
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::net::entropy::SystemEntropy;
use crate::sasl::{Credentials, Ground, Proof, Unfit, base64, nonce, with_reason};
use crate::wire::session::Tls;
use zeroize::Zeroizing;

/// RFC 9051 §2.2.2: a completion answers a command that was said to its end.
const UNASKED: &str = "the server spoke without being asked";

/// A conversation past its greeting and its TLS, before the login.
#[derive(Debug)]
pub struct Opening {
    dialogue: Dialogue,
    capabilities: Vec<String>,
    crosses_no_wire: bool,
}

impl Opening {
    /// Is greeted; TLS as asked for. `name` is whose certificate is expected.
    pub async fn begin(connection: Connection, name: &str, security: Security) -> Result<Self> {
        let mut opening = Self::new(connection, name);
        opening.meet(name, &security).await?;
        Ok(opening)
    }

    /// The same, but keeps what is said, and stays where it ends: how, is said beside it. Nobody may log in then.
    pub async fn inspect(connection: Connection, name: &str, security: Security) -> (Self, Result<()>) {
        let mut opening = Self::new(connection, name);
        opening.dialogue.listen();
        let met = opening.meet(name, &security).await;
        (opening, met)
    }

    fn new(connection: Connection, name: &str) -> Self {
        let crosses_no_wire = connection.peer().crosses_no_wire();
        let dialogue = Dialogue::new(connection, name, super::PATIENCE);
        Self { dialogue, capabilities: Vec::new(), crosses_no_wire }
    }

    async fn meet(&mut self, name: &str, security: &Security) -> Result<()> {
        if let Security::Implicit(tls) = security {
            self.dialogue.start_tls(tls, name).await?;
        }
        let greeting = self.dialogue.ask(&mut Request::greeting()).await?;
        match greeting.verdict {
            Verdict::Ok => {}
            Verdict::PreAuth => {
                // It knows somebody already, so there is no STARTTLS any more and no login that would say who.
                let what = "the server takes everybody for somebody it knows, without a login";
                return Err(self.error(Kind::Unavailable, what));
            }
            _ => return Err(self.refused("the server greets with a refusal", &greeting)),
        }
        self.learn(greeting.capabilities).await?;
        match security {
            Security::Required(tls) | Security::Opportunistic(tls) if self.can("STARTTLS") => {
                let agreed = self.dialogue.ask(&mut Request::start_tls()).await?;
                if !agreed.is_ok() {
                    return Err(self.refused("the server offers TLS and then refuses it", &agreed));
                }
                self.dialogue.start_tls(tls, name).await?;
                // RFC 9051 §6.2.1: what was said before counts no more.
                self.learn(None).await
            }
            Security::Required(_) => {
                Err(self.error(Kind::Unavailable, "the server does not offer TLS, which is required"))
            }
            Security::Implicit(_) | Security::Opportunistic(_) | Security::None => Ok(()),
        }
    }

    /// The conversation.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.dialogue.tls()
    }

    /// Hangs up without a login.
    pub async fn leave(self) {
        self.dialogue.close().await;
    }

    /// Logs in. A password goes over TLS or over loopback, never in clear over a wire, unless that is wanted.
    pub async fn login(self, credentials: &Credentials) -> Result<Session> {
        // Some servers repeat what they did not understand.
        self.try_login(credentials).await.map_err(|error| match credentials.secret() {
            Some(secret) => error.without(secret),
            None => error,
        })
    }

    async fn try_login(mut self, credentials: &Credentials) -> Result<Session> {
        let offered: Vec<String> =
            self.capabilities.iter().filter_map(|name| name.strip_prefix("AUTH=")).map(str::to_owned).collect();
        let ground = Ground {
            offered: &offered,
            host: self.dialogue.peer(),
            port: self.dialogue.address().map_or(0, |address| address.port()),
            is_private: self.dialogue.tls().is_some() || self.crosses_no_wire,
            exporter: self.dialogue.tls().and_then(Tls::exporter),
        };
        let unfit = |unfit: &Unfit| self.error(unfit_kind(unfit), &unfit.to_string());
        let offers = match ground.choose(credentials) {
            Ok(mechanism) => {
                let decision = ground.told(mechanism);
                let proof = ground.proof(mechanism, credentials, &nonce(&SystemEntropy));
                self.dialogue.decided(decision);
                let proof = proof.map_err(|error| self.error(Kind::NoPermission, &error.to_string()))?;
                self.authenticate(proof).await?
            }
            Err(none) => {
                let is_allowed = ground.allows_own_login(credentials).map_err(|unfit_too| unfit(&unfit_too))?;
                if is_allowed && self.can("LOGINDISABLED") {
                    return Err(self.error(Kind::Unavailable, "the server takes no passwords on this connection"));
                }
                let Some(password) = credentials.password().filter(|_| is_allowed) else { return Err(unfit(&none)) };
                let mut login = Request::login(&credentials.user, password.expose()).ok_or_else(|| {
                    self.error(Kind::Unavailable, "the server's only login cannot carry this name or password")
                })?;
                let status = self.ask_in_turn(&mut login).await?;
                self.expect_login(&status, None)?;
                status.capabilities
            }
        };
        let peer = self.dialogue.peer().to_owned();
        match self.dialogue.into_parts() {
            Some((connection, unread)) => Ok(Session::new(connection, &unread, peer, offers)),
            None => Err(Error::new(Kind::Temporary, "the connection is closed").with_peer(peer)),
        }
    }

    /// What the server offers before a login.
    pub fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    /// AUTHENTICATE: the first answer goes along if the server takes it (RFC 4959), and each further challenge is
    /// answered. Who is asked what there is no answer to says so (RFC 9051 §6.2.2). What the server can do from now on,
    /// if it says so.
    async fn authenticate(&mut self, mut proof: Proof<'_>) -> Result<Option<Vec<String>>> {
        let name = proof.mechanism().name();
        let mut held = proof.initial();
        let initial = held.take_if(|_| self.can("SASL-IR")).map(|octets| base64::encode_initial(&octets));
        let mut status =
            self.ask_in_turn(&mut Request::authenticate(name, initial.as_ref().map(|text| text.as_str()))).await?;
        while status.verdict == Verdict::Continue {
            let mut failure = None;
            let answer = match held.take() {
                Some(octets) => Ok(base64::encode(&octets)),
                None => proof.answer(status.text.as_bytes()),
            };
            let answer = answer.unwrap_or_else(|error| {
                failure = Some(error);
                Zeroizing::new("*".to_owned())
            });
            let said = self.ask_in_turn(&mut Request::answer(&answer)).await;
            // Why we broke off counts, whatever the server says to that, if anything.
            if let Some(failure) = failure {
                return Err(self.error(failure_kind(&failure), &failure.to_string()));
            }
            status = said?;
        }
        self.expect_login(&status, proof.reason())?;
        proof.may_succeed().map_err(|error| self.error(Kind::NoPermission, &error.to_string()))?;
        Ok(status.capabilities)
    }

    /// Asks, unless the server has answered already. A refusal holds; by any other words it would let in, or ask once more,
    /// whom it has not heard, and the proof would go to somebody who has no use for it.
    async fn ask_in_turn(&mut self, request: &mut Request) -> Result<Status> {
        let mut unasked = Unasked::default();
        while self.dialogue.has_spoken().await? {
            let Some(said) = self.dialogue.answer(&mut unasked).await? else { continue };
            self.dialogue.fall_silent();
            return match said.verdict {
                Verdict::No | Verdict::Bad | Verdict::Bye => Ok(said),
                // With a server's proof one could try out passwords (RFC 5802 §9).
                Verdict::Continue => Err(self.error(Kind::Protocol, UNASKED)),
                Verdict::Ok | Verdict::PreAuth => Err(self.error(Kind::Protocol, UNASKED).said(said.text)),
            };
        }
        self.dialogue.ask(request).await
    }

    fn expect_login(&self, status: &Status, reason: Option<&str>) -> Result<()> {
        match status.is_ok() {
            true => Ok(()),
            false => Err(self.error(status.login_kind(), "login refused").said(with_reason(&status.text, reason))),
        }
    }

    async fn learn(&mut self, said: Option<Vec<String>>) -> Result<()> {
        if let Some(capabilities) = said {
            self.capabilities = capabilities;
            return Ok(());
        }
        let status = self.dialogue.ask(&mut Request::capability()).await?;
        if !status.is_ok() {
            return Err(self.refused("the server does not say what it can do", &status));
        }
        self.capabilities = status.capabilities.unwrap_or_default();
        Ok(())
    }

    fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    fn refused(&self, what: &str, status: &Status) -> Error {
        self.error(status.kind(), what).said(&status.text)
    }

    fn error(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, what).with_peer(self.dialogue.peer())
    }
}
