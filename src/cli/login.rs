//! Which server is meant, whom to log in as, and with what secret: the same words in every client command.
//!
//! A server is named by URL or by account. What the arguments say goes before the URL, the URL before the
//! account. A password is never an argument, where others could read it; it is asked for only at a terminal.

use super::auth;
use super::context::Context;
use super::input;
use mailkit::account::{Account, Asked, Auth, SecretSource, Whose};
use mailkit::address::Domain;
use mailkit::endpoint::{Endpoint, EndpointError, Protocol};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::tcp;
use mailkit::net::tls::Trust;
use mailkit::sasl::Credentials;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a password comes from.
#[derive(Debug, clap::Args)]
pub(super) struct PasswordArgs {
    /// Take the password from the first line that this shell command prints
    #[arg(long, value_name = "COMMAND", group = "password")]
    password_cmd: Option<String>,

    /// Take the password from this environment variable
    #[arg(long, value_name = "VARIABLE", group = "password")]
    password_env: Option<String>,

    /// Take the password from the first line of a file that nobody else may read
    #[arg(long, value_name = "FILE", group = "password")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The source that was named, if one was.
    pub(super) fn source(&self) -> Option<SecretSource> {
        let command = self.password_cmd.clone().map(SecretSource::Shell);
        let variable = || self.password_env.clone().map(SecretSource::Env);
        let file = || self.password_file.clone().map(SecretSource::File);
        command.or_else(variable).or_else(file)
    }
}

/// Options for logging in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Login and encryption")]
pub(super) struct LoginArgs {
    /// Log in as this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    #[command(flatten)]
    password: PasswordArgs,

    /// Trust the certificate authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A server, and the account it came from.
#[derive(Debug)]
pub(super) struct Server<'a> {
    /// Where it is.
    pub(super) endpoint: Endpoint,
    /// The account's name and settings, if the server was not named by URL.
    pub(super) account: Option<(&'a str, &'a Account)>,
}

/// A service an account can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Where messages are submitted.
    Smtp,
    /// Where a maildrop is.
    Pop,
    /// Where mailboxes are.
    Imap,
}

impl Service {
    /// Its key in the configuration.
    fn key(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pop => "pop",
            Self::Imap => "imap",
        }
    }

    fn is_spoken(self, protocol: Protocol) -> bool {
        match self {
            Self::Smtp => matches!(protocol, Protocol::Smtp | Protocol::Lmtp),
            Self::Pop => protocol == Protocol::Pop3,
            Self::Imap => protocol == Protocol::Imap,
        }
    }

    fn of(self, account: &Account) -> Option<&Endpoint> {
        match self {
            Self::Smtp => account.smtp.as_ref(),
            Self::Pop => account.pop.as_ref(),
            Self::Imap => account.imap.as_ref(),
        }
    }
}

/// The server that a URL or an account's name means; without either, the default account's.
pub(super) fn server<'a>(context: &'a Context, named: Option<&str>, service: Service) -> Result<Server<'a>> {
    server_for(context, named, service, &Asked::default())
}

/// The same for a message: if nothing is named, its sender and its recipients say which account is meant.
pub(super) fn server_for<'a>(
    context: &'a Context,
    named: Option<&str>,
    service: Service,
    asked: &Asked<'_>,
) -> Result<Server<'a>> {
    if let Some(url) = named.filter(|named| named.contains("://")) {
        let endpoint = Endpoint::parse(url).map_err(|error| match error {
            // Not repeated: standard error often ends in a log.
            EndpointError::Password => Error::new(Kind::Usage, error.to_string())
                .hint("name its source: --password-cmd, --password-env or --password-file"),
            _ => Error::new(Kind::Usage, format!("{url}: {error}")),
        })?;
        if !service.is_spoken(endpoint.protocol) {
            return Err(Error::new(Kind::Usage, format!("{url} is a server of another kind")));
        }
        return Ok(Server { endpoint, account: None });
    }
    let asked = Asked { name: named.or(context.globals.account.as_deref()), ..*asked };
    let (name, account) = context.config()?.choose(&asked)?;
    let endpoint = service.of(account).ok_or_else(|| {
        let key = service.key();
        Error::new(Kind::Config, format!("account {name} has no {key} server"))
            .hint(format!("add {key} = \"URL\" to [accounts.{name}]"))
    })?;
    Ok(Server { endpoint: endpoint.clone(), account: Some((name, account)) })
}

/// What a Maildir's notes call the mail of a user on a server. By its own ports a server is one and the same, so that
/// what came by `imap://` does not come again by `imaps://`; on any other port it may be another server.
pub(super) fn source(credentials: &Credentials, endpoint: &Endpoint) -> String {
    format!("{}@{}", credentials.user, endpoint.service())
}

/// Whose certificates are accepted: those vouched for by the authorities in a file, or by the system's.
pub(super) fn trust(ca: Option<&Path>) -> Result<Trust> {
    Ok(match ca {
        Some(path) => Trust::Authorities(input::text(path)?.into_bytes()),
        None => Trust::System,
    })
}

/// The addresses behind a URL.
pub(super) async fn addresses(endpoint: &Endpoint) -> Result<Vec<SocketAddr>> {
    match &endpoint.host {
        Domain::Literal(ip) => Ok(vec![SocketAddr::new(*ip, endpoint.port)]),
        name => tcp::addresses(&name.to_ascii().to_string(), endpoint.port).await,
    }
}

impl LoginArgs {
    /// The name to log in with, and the password or token; `None` if nobody named a user.
    pub(super) async fn credentials(&self, context: &Context, server: &Server<'_>) -> Result<Option<Credentials>> {
        let endpoint = &server.endpoint;
        let auth = server.account.and_then(|(_, account)| account.auth.clone());
        if auth == Some(Auth::None) && self.user.is_none() && self.password.source().is_none() {
            return Ok(None);
        }
        let from_account = || server.account.and_then(|(_, account)| account.login(endpoint));
        let Some(user) = self.user.clone().or_else(|| endpoint.user.clone()).or_else(from_account) else {
            return match self.password.source() {
                Some(_) => Err(Error::new(Kind::Usage, "a password without a user")
                    .hint("name the user with --user or in the URL: scheme://user@host")),
                None => Ok(None),
            };
        };
        if let (None, Some((name, account)), Some(Auth::OAuth)) = (self.password.source(), server.account, auth) {
            let proof = auth::TokenProof::new(context, name, account, user)?;
            return proof.now().await.map(Some);
        }
        let source = self.password.source().or_else(|| server.account.and_then(|(_, account)| account.secret.clone()));
        let source = source.unwrap_or(SecretSource::Prompt);
        let name = server.account.map_or(user.as_str(), |(name, _)| name);
        let ask = || context.ask_password(&format!("Password of {user} at {}", endpoint.authority()));
        let hidden = match server.account {
            Some(_) => context.config()?.secret_variables(),
            None => Vec::new(),
        };
        let host = endpoint.host.to_string();
        let login = Some((host.as_str(), user.as_str()));
        let whose = Whose { account: name, login, is_attended: context.is_attended(), hidden: &hidden };
        let password = source.fetch(whose, &ask).await?;
        Ok(Some(Credentials::new(user, password)))
    }

    /// Whose certificates are accepted.
    pub(super) fn trust(&self) -> Result<Trust> {
        trust(self.ca.as_deref())
    }
}
