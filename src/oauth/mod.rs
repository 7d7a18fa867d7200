//! OAuth 2.0: a token instead of a password, with the consent of its owner.
//!
//! What is asked and what answers mean is in pure files (`provider`, `metadata`, `pkce`, `authorize`, `grant`,
//! `device`, `tokens`); `login`, `redirect` and `renew` act, over `engine::http`. Where tokens are kept is somebody else's
//! business: a [`Keep`]. Knows no configuration, no browser and no terminal.
//! RFC 6749, RFC 7636, RFC 8252, RFC 8414, RFC 8628, RFC 9700.

mod authorize;
mod device;
mod grant;
mod login;
mod metadata;
mod pkce;
mod provider;
mod redirect;
mod renew;
mod tokens;

pub use authorize::{Authorization, answer_of};
pub use device::Prompt;
pub use login::Login;
pub use metadata::discover;
pub use provider::{Endpoints, KNOWN, Known, LOOPBACK, known};
pub use redirect::Loopback;
pub use renew::{Keep, Want, fresh, needs_login};
pub use tokens::Tokens;

use crate::endpoint::masked;
use crate::engine::http::{Http, Request, Response};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::Timestamp;
use grant::Refusal;
use url::Url;

/// The fields of a form that hold secrets.
const SECRET: [&str; 5] = ["client_secret", "code", "code_verifier", "device_code", "refresh_token"];

/// Signs of an address that are repeated in an error.
const SHOWN_MAX: usize = 200;

/// Who asks, and whom.
pub struct Client {
    /// What the provider calls this client; the user's own (RFC 6749 §2.2).
    pub id: String,
    /// What the client proves itself with, if the provider gave it something. A public client has none.
    pub secret: Option<Secret>,
    /// Where to ask.
    pub endpoints: Endpoints,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Sent with the question for consent, so that the right user is offered.
    pub login_hint: Option<String>,
    /// Whether the client is its own user, so that it needs nobody's consent (RFC 6749 §4.4).
    pub is_own_user: bool,
}

/// Reads the address of an endpoint. Secrets go there, so it must be https (RFC 6749 §3.1, §3.2).
pub fn endpoint(text: &str) -> Result<Url> {
    // It may come from a stranger, without end.
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let wrong = |why: &str| Error::new(Kind::Config, format!("{} is no endpoint of a provider: {why}", masked(&shown)));
    let url = Url::parse(text).map_err(|_| wrong("it is no URL"))?;
    if url.scheme() != "https" {
        return Err(wrong("tokens and codes go by https only"));
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a fragment or names a user"));
    }
    Ok(url)
}

impl Client {
    /// Asks the token endpoint.
    async fn ask(&self, http: &Http<'_>, fields: &[(&str, &str)], now: Timestamp) -> Result<Result<Tokens, Refusal>> {
        let to = self.endpoints.token.as_ref().ok_or_else(|| {
            Error::new(Kind::Config, "nobody says where tokens are given out")
                .hint("add provider, issuer or token-url to oauth = {...}")
        })?;
        let answer = grant::read(&self.post(http, to, fields).await?, now)?;
        Ok(answer.map_err(|refusal| self.veiled(refusal, fields)))
    }

    /// A provider's refusal without the secrets that it was shown: some repeat what they were asked.
    fn veiled(&self, refusal: Refusal, fields: &[(&str, &str)]) -> Refusal {
        self.secrets(fields).iter().fold(refusal, Refusal::without)
    }

    /// What nobody but the provider may read in a form.
    fn secrets(&self, fields: &[(&str, &str)]) -> Vec<Secret> {
        let own = self.secret.iter().map(Secret::expose);
        let shown = fields.iter().filter(|(name, _)| SECRET.contains(name)).map(|(_, value)| *value);
        own.chain(shown).map(|text| Secret::new(text.to_owned())).collect()
    }

    /// Puts a form to the token endpoint, or to another that identifies clients the same way.
    async fn post(&self, http: &Http<'_>, to: &Url, fields: &[(&str, &str)]) -> Result<Response> {
        let secrets = self.secrets(fields);
        let mut fields = fields.to_vec();
        fields.push(("client_id", &self.id));
        // RFC 6749 §2.3.1 prefers a field of the header section, but the large providers all take it here.
        if let Some(secret) = &self.secret {
            fields.push(("client_secret", secret.expose()));
        }
        let request = Request::form(to.clone(), &fields).hiding(&secrets);
        http.ask(request).await.map_err(|error| secrets.iter().fold(error, Error::without))
    }
}
