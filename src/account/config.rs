//! What the configuration file may say, section by section.
//!
//! Values are checked while they are read: a URL of the wrong kind or an address without `@` is
//! refused with its line. Where the file is and which account is meant is in `file`.

use super::file::Origin;
use super::oauth_config::OAuth;
use super::pattern::Pattern;
use super::places::at_home;
use super::profile::Account;
use super::source::SecretSource;
use crate::address::Domain;
use crate::dns::server::Server;
use crate::endpoint::{Endpoint, Protocol};
use crate::policy::level::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything in the file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What accounts have that do not say otherwise.
    pub defaults: Account,
    /// `[accounts.NAME]`
    pub accounts: BTreeMap<String, Account>,
    /// `[route]`: which account writes to whom, where the sender does not say it.
    pub route: BTreeMap<Pattern, String>,
    /// `[oauth.NAME]`: providers of tokens that several accounts share.
    pub oauth: BTreeMap<String, OAuth>,
    /// What `mailkit serve` is given where its arguments are silent.
    pub serve: Serve,
    /// What the relay is given, alone or inside `serve`.
    pub relay: Relay,
    /// Variables of the environment that hold secrets of the same user, though nothing here names them.
    #[serde(skip)]
    #[schemars(skip)]
    pub secret_variables: Vec<String>,
    /// Where all this was written.
    #[serde(skip)]
    #[schemars(skip)]
    pub origin: Origin,
}

/// `[serve]`: the options of `mailkit serve`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Serve {
    /// `--data`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub data: Option<PathBuf>,
    /// `--hostname`
    pub hostname: Option<String>,
    /// `--domain`, once for each
    #[serde(deserialize_with = "domains")]
    #[schemars(with = "Vec<String>")]
    pub domains: Vec<Domain>,
    /// `--smtp`
    pub smtp: Option<SocketAddr>,
    /// `--submission`
    pub submission: Option<SocketAddr>,
    /// `--submissions`
    pub submissions: Option<SocketAddr>,
    /// `--pop3`
    pub pop3: Option<SocketAddr>,
    /// `--pop3s`
    pub pop3s: Option<SocketAddr>,
    /// `--imap`
    pub imap: Option<SocketAddr>,
    /// `--imaps`
    pub imaps: Option<SocketAddr>,
    /// `--users`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub users: Option<PathBuf>,
    /// `--tls-cert`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub tls_cert: Option<PathBuf>,
    /// `--tls-key`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub tls_key: Option<PathBuf>,
}

/// `[relay]`: the options of the relay.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Relay {
    /// `--resolver`
    #[serde(deserialize_with = "name_server")]
    #[schemars(with = "Option<String>")]
    pub resolver: Option<Server>,
    /// `--trust-anchor`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub trust_anchor: Option<PathBuf>,
    /// `--resolver-ca`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub resolver_ca: Option<PathBuf>,
    /// `--relay-port`
    pub port: Option<u16>,
    /// `--private-exchangers`
    pub private_exchangers: bool,
    /// `--tls`
    #[serde(deserialize_with = "level")]
    #[schemars(with = "Option<String>")]
    pub tls: Option<Level>,
    /// `--mta-sts`
    pub mta_sts: bool,
    /// `--smarthost`
    #[serde(deserialize_with = "smarthost_url")]
    #[schemars(with = "Option<String>")]
    pub smarthost: Option<Endpoint>,
    /// The account whose server is the smarthost if none is named, and whose login is used there.
    pub account: Option<String>,
    /// Where the smarthost's password is.
    pub secret: Option<SecretSource>,
    /// `--smarthost-ca`
    #[serde(deserialize_with = "path")]
    #[schemars(with = "Option<String>")]
    pub smarthost_ca: Option<PathBuf>,
    /// `--retry`, as it is written there
    pub retry: Option<String>,
    /// `--lifetime`, as it is written there
    pub lifetime: Option<String>,
}

pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(Some(at_home(PathBuf::deserialize(deserializer)?)))
}

fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Domain>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| Domain::parse(name)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

pub(super) fn domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Domain>, D::Error> {
    Domain::parse(&String::deserialize(deserializer)?).map(Some).map_err(serde::de::Error::custom)
}

fn name_server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Server>, D::Error> {
    Server::parse(&String::deserialize(deserializer)?).map(Some).map_err(serde::de::Error::custom)
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Level>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn smtp_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Endpoint>, D::Error> {
    server_url(deserializer, &[Protocol::Smtp, Protocol::Lmtp])
}

fn smarthost_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Endpoint>, D::Error> {
    server_url(deserializer, &[Protocol::Smtp])
}

pub(super) fn imap_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Endpoint>, D::Error> {
    server_url(deserializer, &[Protocol::Imap])
}

pub(super) fn pop_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Endpoint>, D::Error> {
    server_url(deserializer, &[Protocol::Pop3])
}

fn server_url<'de, D: Deserializer<'de>>(deserializer: D, allowed: &[Protocol]) -> Result<Option<Endpoint>, D::Error> {
    let endpoint = Endpoint::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
    if allowed.contains(&endpoint.protocol) {
        Ok(Some(endpoint))
    } else {
        Err(serde::de::Error::custom(format!("{endpoint} is a server of another kind")))
    }
}
