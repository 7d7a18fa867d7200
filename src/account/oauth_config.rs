//! Where an account's access tokens come from: a provider by name, or its endpoints one by one.
//!
//! `oauth = {provider = "..."}` takes from `[oauth.NAME]`, else from a provider that mailkit knows, what it does
//! not say itself. Only words: who talks to the endpoints is `oauth`. The identity of the client is the user's own;
//! none is borrowed from another program. RFC 6749 §2.2, RFC 8252, RFC 8414 §2, RFC 8628 §3.1.

use super::config::path;
use super::schema::Text;
use super::source::SecretSource;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU16;
use std::path::PathBuf;

/// `oauth = {...}` of an account, or `[oauth.NAME]`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OAuth {
    /// A section `[oauth.NAME]`, or a provider that mailkit knows.
    #[schemars(with = "Option<Text>")]
    pub provider: Option<String>,
    /// What the provider calls this client (RFC 6749 §2.2).
    #[schemars(with = "Option<Text>")]
    pub client_id: Option<String>,
    /// Where the client's own secret is, if the provider gave it one.
    pub client_secret: Option<SecretSource>,
    /// How the consent is got; by default in a browser, or on another device where there is none.
    pub grant: Option<Grant>,
    /// Whose metadata names the endpoints (RFC 8414).
    #[schemars(with = "Option<Text>")]
    pub issuer: Option<String>,
    /// Where the user consents.
    #[schemars(with = "Option<Text>")]
    pub auth_url: Option<String>,
    /// Where tokens are given out.
    #[schemars(with = "Option<Text>")]
    pub token_url: Option<String>,
    /// Where a consent on another device begins (RFC 8628).
    #[schemars(with = "Option<Text>")]
    pub device_url: Option<String>,
    /// What is asked for.
    pub scopes: Option<Vec<String>>,
    /// The port on this machine to which the browser comes back; any free one if not given.
    pub redirect_port: Option<NonZeroU16>,
    /// The authorities that vouch for the provider, and no others; PEM. For providers of one's own.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<Text>")]
    pub ca: Option<PathBuf>,
    /// A program to run, once, when the consent has ended and only the user can help.
    pub notify_cmd: Option<Vec<String>>,
}

/// How the consent is got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// In a browser, which comes back with a code (RFC 6749 §4.1, RFC 7636).
    Code,
    /// On another device (RFC 8628).
    Device,
    /// The client is its own user (RFC 6749 §4.4).
    ClientCredentials,
}

impl OAuth {
    /// Takes from `other` what this one does not say.
    pub fn or(self, other: &Self) -> Self {
        let text = |own: Option<String>, theirs: &Option<String>| own.or_else(|| theirs.clone());
        Self {
            provider: text(self.provider, &other.provider),
            client_id: text(self.client_id, &other.client_id),
            client_secret: self.client_secret.or_else(|| other.client_secret.clone()),
            grant: self.grant.or(other.grant),
            issuer: text(self.issuer, &other.issuer),
            auth_url: text(self.auth_url, &other.auth_url),
            token_url: text(self.token_url, &other.token_url),
            device_url: text(self.device_url, &other.device_url),
            scopes: self.scopes.or_else(|| other.scopes.clone()),
            redirect_port: self.redirect_port.or(other.redirect_port),
            ca: self.ca.or_else(|| other.ca.clone()),
            notify_cmd: self.notify_cmd.or_else(|| other.notify_cmd.clone()),
        }
    }
}
