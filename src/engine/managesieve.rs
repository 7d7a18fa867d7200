//! A ManageSieve conversation, as far as the end of its opening: greeting, TLS, and what is offered then.
//!
//! RFC 5804 §1.3, §1.6, §2.2.

use super::dial::Security;
use crate::error::{Error, Kind, Result};
use crate::managesieve::client::Request;
use crate::managesieve::response::{Response, Status};
use crate::net::connection::Connection;
use crate::net::dialogue::Dialogue;
use crate::net::tls::ClientTls;
use std::time::Duration;

/// RFC 5804 §1.2 has servers wait half an hour; who looks at one does not.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nothing is lost when LOGOUT is not answered.
const LOGOUT_WAIT: Duration = Duration::from_secs(5);

/// A conversation in which nobody has logged in.
pub struct Session {
    dialogue: Dialogue,
    offers: Vec<Vec<String>>,
}

impl Session {
    /// Greets and is greeted, with TLS as asked for.
    pub async fn open(connection: Connection, name: &str, security: Security) -> Result<Self> {
        let mut session = Self { dialogue: Dialogue::new(connection, name, PATIENCE), offers: Vec::new() };
        session.begin(name, &security).await?;
        Ok(session)
    }

    /// The same for those who report on the server: what is said is kept, and whatever came of it the session is there.
    pub async fn inspect(connection: Connection, name: &str, security: Security) -> (Self, Result<()>) {
        let mut session = Self { dialogue: Dialogue::new(connection, name, PATIENCE), offers: Vec::new() };
        session.dialogue.listen();
        let begun = session.begin(name, &security).await;
        (session, begun)
    }

    async fn begin(&mut self, name: &str, security: &Security) -> Result<()> {
        if let Security::Implicit(tls) = security {
            self.dialogue.start_tls(tls, name).await?;
        }
        self.learn().await?;
        match security {
            Security::Required(tls) | Security::Opportunistic(tls) if self.offers("STARTTLS") => {
                self.secure(tls, name).await
            }
            Security::Required(_) => {
                Err(Error::new(Kind::Unavailable, "the server does not offer TLS, which is required")
                    .with_peer(self.dialogue.peer()))
            }
            Security::Implicit(_) | Security::Opportunistic(_) | Security::None => Ok(()),
        }
    }

    async fn secure(&mut self, tls: &ClientTls, name: &str) -> Result<()> {
        let agreed = self.dialogue.ask(&mut Request::start_tls()).await?;
        self.expect_ok("the server offers TLS and then refuses it", &agreed)?;
        self.dialogue.start_tls(tls, name).await?;
        // RFC 5804 §2.2: the server says anew what it offers, without being asked.
        self.learn().await
    }

    async fn learn(&mut self) -> Result<()> {
        let greeting = self.dialogue.answer(&mut Request::awaited()).await?;
        self.expect_ok("the server greets with a refusal", &greeting)?;
        self.offers = greeting.lines;
        Ok(())
    }

    fn expect_ok(&self, what: &str, response: &Response) -> Result<()> {
        let kind = match (response.status, response.code.as_deref()) {
            (Status::Ok, _) => return Ok(()),
            (_, Some("TRYLATER")) => Kind::Temporary,
            _ => Kind::Unavailable,
        };
        Err(Error::new(kind, what).with_peer(self.dialogue.peer()).said(&response.text))
    }

    /// Whether a capability is offered.
    pub fn offers(&self, name: &str) -> bool {
        self.offers.iter().any(|line| line.first().is_some_and(|word| word.eq_ignore_ascii_case(name)))
    }

    /// What is offered, a line each.
    pub fn capabilities(&self) -> Vec<String> {
        self.offers.iter().map(|line| line.join(" ")).collect()
    }

    /// The conversation.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// Says goodbye. The answer does not matter.
    pub async fn leave(mut self) {
        self.dialogue.set_patience(LOGOUT_WAIT);
        let _ = self.dialogue.ask(&mut Request::logout()).await;
        self.dialogue.close().await;
    }
}
