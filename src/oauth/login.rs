//! Getting a consent and its tokens: by code, on another device, or without a user.
//!
//! RFC 6749 §4.1.3, §4.4.2; RFC 7636 §4.5; RFC 8628 §3.1, §3.4, §3.5.

use super::authorize::Authorization;
use super::device::{self, Prompt};
use super::{Client, Loopback, Tokens};
use crate::engine::http::Http;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::status::Fate;
use crate::world::Clock;
use std::time::Duration;

/// What a login needs.
pub struct Login<'a> {
    /// Who asks, and whom.
    pub client: &'a Client,
    /// How.
    pub http: &'a Http<'a>,
    /// The time of day, and the waits between two questions.
    pub clock: &'a dyn Clock,
}

impl Login<'_> {
    /// Waits until the browser comes back, then redeems the code.
    pub async fn by_browser(&self, asked: &Authorization, back: &Loopback, within: Duration) -> Result<Tokens> {
        let code = back.code(asked, within).await?;
        self.redeem(asked, &code).await
    }

    /// Redeems the code in an answer that the user brought: the query of the address the browser was sent to.
    pub async fn by_answer(&self, asked: &Authorization, answer: &str) -> Result<Tokens> {
        let code = asked.code(answer)?;
        self.redeem(asked, &code).await
    }

    async fn redeem(&self, asked: &Authorization, code: &Secret) -> Result<Tokens> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", asked.redirect.as_str()),
            ("code_verifier", asked.pkce.verifier().expose()),
        ];
        let answer = self.client.ask(self.http, &fields, self.clock.now()).await?;
        answer.map_err(|refusal| refusal.into_error("the provider gave no token for the code"))
    }

    /// Lets the user consent on another device; `show` tells them where.
    pub async fn by_device(&self, show: impl FnOnce(&Prompt)) -> Result<Tokens> {
        let endpoint = self.client.endpoints.device.as_ref().ok_or_else(|| {
            Error::new(Kind::Config, "this provider knows no login on another device")
                .hint("use --paste, or add device-url to oauth = {...}")
        })?;
        let scope = self.client.scopes.join(" ");
        let response = self.client.post(self.http, endpoint, &[("scope", &scope)]).await?;
        let mut pending = device::read(&response)?.map_err(|refusal| {
            self.client.veiled(refusal, &[]).into_error("the provider does not begin a login on another device")
        })?;
        show(&pending.prompt);
        let fields =
            [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", pending.code.expose())];
        let late = || Error::new(Kind::NoPermission, "nobody consented before the code ended").hint("begin again");
        while let Some(wait) = pending.schedule.next() {
            self.clock.sleep(wait).await;
            match self.client.ask(self.http, &fields, self.clock.now()).await {
                Ok(Ok(tokens)) => return Ok(tokens),
                Ok(Err(refusal)) => match refusal.code.as_str() {
                    "authorization_pending" => {}
                    "slow_down" => pending.schedule.slow_down(),
                    "expired_token" => return Err(late()),
                    _ => return Err(refusal.into_error("the provider gave no consent")),
                },
                Err(error) if error.kind() == Kind::Temporary && error.fate() == Fate::Transient => {
                    pending.schedule.back_off();
                }
                Err(error) => return Err(error),
            }
        }
        Err(late())
    }

    /// A token for the client itself, which needs nobody's consent.
    pub async fn by_client_credentials(&self) -> Result<Tokens> {
        let scope = self.client.scopes.join(" ");
        let mut fields = vec![("grant_type", "client_credentials")];
        // Some providers refuse an empty one.
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        let answer = self.client.ask(self.http, &fields, self.clock.now()).await?;
        answer.map_err(|refusal| refusal.into_error("the provider gave no token to this client"))
    }
}
