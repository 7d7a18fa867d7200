//! From the greeting to the login: until then the conversation is ours alone.
//!
//! Until here a server is a stranger, whose lines are short or refused. RFC 9051 §6.2, §7.1.4; RFC 8314 §3; RFC 4959.

use super::Session;
use crate::engine::dial::Security;
use crate::error::{Error, Kind, Result};
use crate::imap::client::{Request, Status, Verdict};
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::sasl::{Credentials, Mechanism, Proof, base64};
use crate::wire::session::Tls;
use zeroize::Zeroizing;

/// A conversation past its greeting and its TLS, before the login.
#[derive(Debug)]
pub struct Opening {
    dialogue: Dialogue,
    capabilities: Vec<String>,
    crosses_no_wire: bool,
}

impl Opening {
    /// Is greeted; TLS as asked for. `name` is whose certificate is expected.
    pub async fn begin(mut connection: Connection, name: &str, security: Security) -> Result<Self> {
        if let Security::Implicit(tls) = &security {
            connection = connection.connect_tls(tls, name, super::PATIENCE).await?;
        }
        let crosses_no_wire = connection.peer().crosses_no_wire();
        let dialogue = Dialogue::new(connection, name, super::PATIENCE);
        let mut opening = Self { dialogue, capabilities: Vec::new(), crosses_no_wire };
        let greeting = opening.dialogue.ask(&mut Request::greeting()).await?;
        match greeting.verdict {
            Verdict::Ok => {}
            Verdict::PreAuth => {
                // It knows somebody already, so there is no STARTTLS any more and no login that would say who.
                let what = "the server takes everybody for somebody it knows, without a login";
                return Err(opening.error(Kind::Unavailable, what));
            }
            _ => return Err(opening.refused("the server greets with a refusal", &greeting)),
        }
        opening.learn(greeting.capabilities).await?;
        match &security {
            Security::Required(tls) | Security::Opportunistic(tls) if opening.can("STARTTLS") => {
                let agreed = opening.dialogue.ask(&mut Request::start_tls()).await?;
                if !agreed.is_ok() {
                    return Err(opening.refused("the server offers TLS and then refuses it", &agreed));
                }
                opening.dialogue.start_tls(tls, name).await?;
                // RFC 9051 §6.2.1: what was said before counts no more.
                opening.learn(None).await?;
            }
            Security::Required(_) => {
                return Err(opening.error(Kind::Unavailable, "the server does not offer TLS, which is required"));
            }
            Security::Implicit(_) | Security::Opportunistic(_) | Security::None => {}
        }
        Ok(opening)
    }

    /// Logs in. A password goes over TLS or over loopback, never in clear over a wire.
    pub async fn login(mut self, credentials: &Credentials) -> Result<Session> {
        if self.dialogue.tls().is_none() && !self.crosses_no_wire {
            let what = "the connection is not encrypted, so the password was not sent";
            return Err(self.error(Kind::Unavailable, what));
        }
        let status = if self.can("AUTH=PLAIN") {
            self.authenticate(credentials).await?
        } else if self.can("LOGINDISABLED") {
            return Err(self.error(Kind::Unavailable, "the server takes no passwords on this connection"));
        } else {
            let mut login = credentials
                .password()
                .and_then(|password| Request::login(&credentials.user, password.expose()))
                .ok_or_else(|| {
                    self.error(Kind::Unavailable, "the server's only login cannot carry this name or password")
                })?;
            self.dialogue.ask(&mut login).await?
        };
        if !status.is_ok() {
            return Err(Error::new(status.login_kind(), "login refused")
                .with_peer(self.dialogue.peer())
                .said(status.text));
        }
        let peer = self.dialogue.peer().to_owned();
        match self.dialogue.into_parts() {
            Some((connection, unread)) => Ok(Session::new(connection, &unread, peer)),
            None => Err(Error::new(Kind::Temporary, "the connection is closed").with_peer(peer)),
        }
    }

    /// What the TLS handshake settled, if there was one.
    pub fn tls(&self) -> Option<&Tls> {
        self.dialogue.tls()
    }

    /// What the server offers before a login.
    pub fn capabilities(&self) -> &[String] {
        &self.capabilities
    }

    async fn authenticate(&mut self, credentials: &Credentials) -> Result<Status> {
        let mut proof = Proof::new(Mechanism::Plain, credentials);
        let answer = proof.initial().map(|octets| base64::encode(&octets));
        let answer = answer.unwrap_or_else(|| Zeroizing::new(String::new()));
        let name = Mechanism::Plain.name();
        if self.can("SASL-IR") {
            let status = self.dialogue.ask(&mut Request::authenticate(name, Some(&answer))).await?;
            return self.end_of_challenges(status).await;
        }
        let challenge = self.dialogue.ask(&mut Request::authenticate(name, None)).await?;
        if challenge.verdict != Verdict::Continue {
            return Ok(challenge);
        }
        let status = self.dialogue.ask(&mut Request::answer(&answer)).await?;
        self.end_of_challenges(status).await
    }

    /// Everything has been said; who still asks is told so (RFC 9051 §6.2.2).
    async fn end_of_challenges(&mut self, status: Status) -> Result<Status> {
        match status.verdict {
            Verdict::Continue => self.dialogue.ask(&mut Request::answer("*")).await,
            _ => Ok(status),
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
