//! Tokens as they are kept: what may be sent, until when, and what renews it.
//!
//! One line of JSON with a version, so that a keyring and a file hold the same.

use crate::secret::Secret;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a provider gave.
pub struct Tokens {
    /// What is shown to mail servers (RFC 6750).
    pub access: Secret,
    /// What renews it (RFC 6749 §1.5).
    pub refresh: Option<Secret>,
    /// Seconds since 1970 at which the access token ends.
    pub expires: i64,
    /// What was granted; empty where the provider does not say, which means all that was asked for.
    pub scopes: Vec<String>,
    /// The client they were given to, where that was said at the login and not in the configuration.
    pub client_id: Option<String>,
    /// The provider has refused to renew them: only the user can help.
    pub is_lost: bool,
}

/// The version of the text.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Print<'a> {
    version: u32,
    access: &'a str,
    refresh: Option<&'a str>,
    expires: i64,
    scopes: &'a [String],
    client_id: Option<&'a str>,
    is_lost: bool,
}

#[derive(Deserialize)]
struct Parse {
    version: u32,
    access: String,
    refresh: Option<String>,
    expires: i64,
    scopes: Vec<String>,
    client_id: Option<String>,
    is_lost: bool,
}

impl Tokens {
    /// How long the access token can still be used.
    pub fn rest(&self, now: Timestamp) -> Duration {
        Duration::from_secs(u64::try_from(self.expires.saturating_sub(now.as_second())).unwrap_or(0))
    }

    /// As text, to be kept where secrets are kept.
    pub fn print(&self) -> Secret {
        let kept = Print {
            version: VERSION,
            access: self.access.expose(),
            refresh: self.refresh.as_ref().map(Secret::expose),
            expires: self.expires,
            scopes: &self.scopes,
            client_id: self.client_id.as_deref(),
            is_lost: self.is_lost,
        };
        Secret::new(serde_json::to_string(&kept).expect("texts and numbers can be written as JSON"))
    }

    /// Reads such a text; `None` if it is another.
    pub fn parse(text: &Secret) -> Option<Self> {
        let kept: Parse = serde_json::from_str(text.expose()).ok()?;
        (kept.version == VERSION).then(|| Self {
            access: Secret::new(kept.access),
            refresh: kept.refresh.map(Secret::new),
            expires: kept.expires,
            scopes: kept.scopes,
            client_id: kept.client_id,
            is_lost: kept.is_lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(access: &str) -> Tokens {
        let scopes = vec!["x".to_owned()];
        Tokens {
            access: Secret::new(access.into()),
            refresh: None,
            expires: 1000,
            scopes,
            client_id: None,
            is_lost: false,
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let secret = |text: &str| Secret::new(text.to_owned());
        for refresh in [None, Some("r-1/+=~\"")] {
            let tokens = Tokens {
                refresh: refresh.map(secret),
                client_id: refresh.map(str::to_owned),
                is_lost: refresh.is_some(),
                ..tokens("a.\"b\\c")
            };
            let text = tokens.print();
            let back = Tokens::parse(&text).expect("it was printed so");
            assert!(back.print().is_same(&text));
            assert_eq!(back.refresh.as_ref().map(Secret::expose), refresh);
        }
        for text in ["", "hunter2", "{}", r#"{"version":2,"access":"a","expires":1,"scopes":[]}"#] {
            assert!(Tokens::parse(&secret(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn the_rest_is_never_negative() {
        let tokens = tokens("a");
        for (now, rest) in [(0, 1000), (999, 1), (1000, 0), (5000, 0)] {
            let now = Timestamp::from_second(now).expect("a time");
            assert_eq!(tokens.rest(now), Duration::from_secs(rest));
        }
    }
}
