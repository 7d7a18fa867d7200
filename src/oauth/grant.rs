//! Answers of the token endpoint: tokens, or why there are none.
//!
//! RFC 6749 §5.1, §5.2; RFC 8628 §3.5.

use super::tokens::Tokens;
use crate::engine::http::Response;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::Timestamp;
use serde::Deserialize;

/// A token larger than this is none.
const TOKEN_MAX: usize = 64 * 1024;
/// What RFC 6749 §5.1 leaves open: most providers give an hour, and asking too early costs little.
const LIFETIME_UNKNOWN: u64 = 3600;
/// No provider gives a token for longer than this, whatever it says.
const LIFETIME_MAX: u64 = 10 * 365 * 24 * 3600;
/// Of what a provider says to people, what fits a line.
const WORDS_MAX: usize = 300;

/// Why a provider refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The registered word: `invalid_grant`.
    pub code: String,
    /// What is said to people.
    pub words: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    /// Some send it as text.
    expires_in: Option<Number>,
    refresh_token: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

/// A number, or a text that is one.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Number(f64),
    Text(String),
}

impl Number {
    /// Its value, if it is one that can be meant.
    pub(super) fn value(&self) -> Option<u64> {
        let value = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        // The cast of a float ends at the largest number there is.
        (value.is_finite() && value >= 0.0).then_some(value as u64)
    }
}

impl Refusal {
    /// The provider's words, cut to what fits a line.
    pub(super) fn new(code: impl Into<String>, words: Option<String>) -> Self {
        let cut = |text: String| text.chars().take(WORDS_MAX).collect::<String>();
        Self { code: cut(code.into()), words: words.map(cut).filter(|words| !words.is_empty()) }
    }

    /// Whether the consent is gone, so that only the user can help.
    pub(super) fn is_consent_gone(&self) -> bool {
        // `interaction_required` and its kin: OpenID Connect Core 1.0 §3.1.2.6, as Microsoft answers.
        matches!(self.code.as_str(), "invalid_grant" | "interaction_required" | "login_required" | "consent_required")
    }

    /// The same without the secret, should the provider have repeated it.
    pub(super) fn without(self, secret: &Secret) -> Self {
        let veiled = |text: String| secret.veil(&text).into_owned();
        Self { code: veiled(self.code), words: self.words.map(veiled) }
    }

    /// As an error: what it means for the user.
    pub(super) fn into_error(self, what: &str) -> Error {
        let (kind, hint) = match self.code.as_str() {
            "invalid_client" | "unauthorized_client" => {
                (Kind::Config, Some("check client-id and client-secret; docs/oauth.md says where they come from"))
            }
            "invalid_scope" | "invalid_request" | "unsupported_grant_type" | "unsupported_response_type" => {
                (Kind::Config, Some("check scopes, grant and provider in oauth = {...}"))
            }
            "temporarily_unavailable" | "server_error" => (Kind::Temporary, None),
            _ => (Kind::NoPermission, None),
        };
        let said = match self.words {
            Some(words) => format!("{}: {words}", self.code),
            None => self.code,
        };
        let error = Error::new(kind, what).said(said);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Reads an answer. An error means that it is neither tokens nor a refusal.
pub(super) fn read(response: &Response, now: Timestamp) -> Result<Result<Tokens, Refusal>> {
    let peer = response.url.host_str().unwrap_or_default().to_owned();
    let wrong = |what: &str| Error::new(Kind::Protocol, what).with_peer(&peer);
    if response.is_ok() {
        // The text is no part of any error here: it may hold a token and a mistake.
        let granted: Granted = serde_json::from_slice(&response.body)
            .map_err(|_| wrong("the provider's answer is not the JSON that was expected"))?;
        return tokens(granted, now).map(Ok).map_err(wrong);
    }
    refusal(response).map(Err)
}

/// Reads an answer that is not what was asked for.
pub(super) fn refusal(response: &Response) -> Result<Refusal> {
    if let Ok(refused) = serde_json::from_slice::<Refused>(&response.body) {
        return Ok(Refusal::new(refused.error, refused.error_description));
    }
    let kind = match response.status {
        429 | 500.. => Kind::Temporary,
        300..400 => Kind::Config,
        _ => Kind::Protocol,
    };
    let peer = response.url.host_str().unwrap_or_default();
    Err(Error::new(kind, format!("the provider answers with status {}", response.status)).with_peer(peer))
}

fn tokens(granted: Granted, now: Timestamp) -> Result<Tokens, &'static str> {
    let access = Secret::new(granted.access_token);
    let refresh = granted.refresh_token.map(Secret::new).filter(|token| !token.expose().is_empty());
    // RFC 6750 §2.1, RFC 6749 appendix A.12: visible ASCII. Anything else could end a line of a protocol.
    let is_token =
        |token: &Secret| token.expose().len() <= TOKEN_MAX && token.expose().bytes().all(|o| o.is_ascii_graphic());
    if access.expose().is_empty() || !is_token(&access) || !refresh.as_ref().is_none_or(is_token) {
        return Err("the provider's token is none that could be sent");
    }
    if granted.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err("the provider's token is no bearer token, which mail servers ask for");
    }
    let lifetime = granted.expires_in.and_then(|number| number.value()).unwrap_or(LIFETIME_UNKNOWN).min(LIFETIME_MAX);
    let expires = now.as_second().saturating_add_unsigned(lifetime);
    let scopes = granted.scope.map(|text| text.split_whitespace().map(str::to_owned).collect());
    let scopes = scopes.unwrap_or_default();
    Ok(Tokens { access, refresh, expires, scopes, client_id: None, is_lost: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> String {
        let response = Response::for_test(status, body);
        match super::read(&response, Timestamp::from_second(1000).expect("a time")) {
            Ok(Ok(tokens)) => {
                let refresh = tokens.refresh.as_ref().map_or("-", Secret::expose);
                format!("{} {refresh} {} {}", tokens.access.expose(), tokens.expires, tokens.scopes.join(","))
            }
            Ok(Err(refusal)) => format!("{} {}", refusal.code, refusal.words.unwrap_or_default()),
            Err(error) => {
                assert!(!error.to_string().contains("canary"), "{error}");
                format!("{:?} {error}", error.kind())
            }
        }
    }

    #[test]
    fn answers_are_tokens_or_refusals_or_neither() {
        for (status, body, wanted) in [
            (
                200,
                r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"refresh_token":"r","scope":"x y"}"#,
                "a r 1060 x,y",
            ),
            (200, r#"{"access_token":"a","token_type":"bearer","expires_in":"60"}"#, "a - 1060 "),
            (200, r#"{"access_token":"a","token_type":"bearer","expires_in":59.9,"refresh_token":""}"#, "a - 1059 "),
            (200, r#"{"access_token":"a"}"#, "a - 4600 "),
            (200, r#"{"access_token":"a","expires_in":-5}"#, "a - 4600 "),
            (200, r#"{"access_token":"a","expires_in":1e300}"#, "a - 315361000 "),
            (200, r#"{"access_token":"canary\r\nQUIT"}"#, "Protocol the provider's token is none that could be sent"),
            (200, r#"{"access_token":""}"#, "Protocol the provider's token is none"),
            (200, r#"{"access_token":"a","token_type":"mac"}"#, "Protocol the provider's token is no bearer token"),
            (200, r#"{"access_token":["canary"]}"#, "Protocol the provider's answer is not the JSON"),
            (200, "access_token=canary", "Protocol the provider's answer is not the JSON"),
            (400, r#"{"error":"invalid_grant","error_description":"gone"}"#, "invalid_grant gone"),
            (401, r#"{"error":"invalid_client"}"#, "invalid_client "),
            (400, "canary", "Protocol the provider answers with status 400"),
            (302, "", "Config the provider answers with status 302"),
            (429, "", "Temporary the provider answers with status 429"),
            (503, "<html>", "Temporary the provider answers with status 503"),
        ] {
            let found = read(status, body);
            assert!(found.starts_with(wanted), "{body}: {found}");
        }
    }
}
