//! Which server is meant, whom to log in as, and with what secret: the same words in every client command.
//!
//! A server is named by URL or by account. What the arguments say goes before the URL, the URL before the
//! account. A password is never an argument, where others could read it; it is asked for only at a terminal.

use super::auth;
use super::context::Context;
use super::dial::{Ask, DialArgs};
use super::input;
use mailkit::account::{Account, Asked, Auth, Config, Reason, SecretSource, Whose};
use mailkit::endpoint::{Endpoint, EndpointError, Protocol, masked};
use mailkit::engine::dial::{Way, name};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::tls::{TlsOptions, Trust};
use mailkit::sasl::{Credentials, Mechanism, Permit};
use mailkit::world::Connect;
use std::path::{Path, PathBuf};

/// Where a password comes from.
#[derive(Debug, Clone, Default, clap::Args)]
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
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Login")]
pub(super) struct LoginArgs {
    /// Log in as this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    #[command(flatten)]
    password: PasswordArgs,

    /// Log in by one of these mechanisms only, or not at all: by default by the strongest that the server offers
    ///
    /// With XOAUTH2 or OAUTHBEARER the password is an access token; with EXTERNAL there is none. LOGIN stands for the
    /// protocol's own command too.
    #[arg(long, value_name = "MECHANISM[,…]|none", value_parser = wish)]
    auth: Option<Wish>,

    /// Say a password or a token even where others can read it
    #[arg(long)]
    auth_insecure: bool,

    #[command(flatten)]
    dial: DialArgs,
}

/// What `--auth` says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// No login.
    Nobody,
    /// By one of these.
    By(Vec<Mechanism>),
}

fn wish(text: &str) -> std::result::Result<Wish, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Wish::Nobody);
    }
    let known = |name: &str| {
        Mechanism::from_name(name.trim()).ok_or_else(|| {
            let names = Mechanism::ALL.map(Mechanism::name).join(", ");
            format!("{name} is no mechanism that is spoken here; these are: {names}")
        })
    };
    text.split(',').map(known).collect::<std::result::Result<_, _>>().map(Wish::By)
}

/// A server, and the account it came from.
#[derive(Debug)]
pub(super) struct Server<'a> {
    /// Where it is.
    pub(super) endpoint: Endpoint,
    /// The account's name and settings, if the server was not named by URL.
    pub(super) account: Option<(&'a str, &'a Account)>,
    /// Why it is this account, where somebody may want to know.
    pub(super) why: Option<Reason>,
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
    let asked = Asked { name: named.or(context.globals.account.as_deref()), ..*asked };
    server_of(|| context.config(), named, service, &asked)
}

/// The same, of a configuration that is only read for an account.
pub(super) fn server_of<'a>(
    config: impl FnOnce() -> Result<&'a Config>,
    named: Option<&str>,
    service: Service,
    asked: &Asked<'_>,
) -> Result<Server<'a>> {
    if let Some(url) = named.filter(|named| Endpoint::is_meant(named)) {
        let endpoint = Endpoint::parse(url).map_err(|error| match error {
            // Not repeated: standard error often ends in a log.
            EndpointError::Password => Error::new(Kind::Usage, error.to_string())
                .hint("name its source: --password-cmd, --password-env or --password-file"),
            _ => Error::new(Kind::Usage, format!("{}: {error}", masked(url))),
        })?;
        if !service.is_spoken(endpoint.protocol) {
            return Err(Error::new(Kind::Usage, format!("{} is a server of another kind", masked(url))));
        }
        return Ok(Server { endpoint, account: None, why: None });
    }
    let (name, account, why) = config()?.choose(asked)?;
    let endpoint = service.of(account).ok_or_else(|| {
        let key = service.key();
        Error::new(Kind::Config, format!("account {name} has no {key} server"))
            .hint(format!("add {key} = \"URL\" to [accounts.{name}]"))
    })?;
    Ok(Server { endpoint: endpoint.clone(), account: Some((name, account)), why: Some(why) })
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

/// Proves who `user` is by what the mechanisms take that may be used: a password, a token, or nothing but the
/// certificate that is shown. `ask` is told what is asked for.
pub(super) async fn prove(
    user: &str,
    permit: Permit,
    source: &SecretSource,
    whose: Whose<'_>,
    ask: Ask<'_>,
) -> Result<Credentials> {
    let credentials = if is_external(&permit) {
        Credentials::external(Some(user.to_owned()))
    } else if is_only(&permit, &[Mechanism::XOAuth2, Mechanism::OAuthBearer]) {
        Credentials::token(user, source.fetch(whose, &|| ask("Access token")).await?)
    } else {
        Credentials::new(user, source.fetch(whose, &|| ask("Password")).await?)
    };
    Ok(credentials.with(permit))
}

/// Whether only the connection itself may say who it is, so that no secret is asked for.
pub(super) fn is_external(permit: &Permit) -> bool {
    is_only(permit, &[Mechanism::External])
}

fn is_only(permit: &Permit, of: &[Mechanism]) -> bool {
    permit.mechanisms.as_ref().is_some_and(|wanted| wanted.iter().all(|mechanism| of.contains(mechanism)))
}

impl LoginArgs {
    /// The name to log in with, and the password or token; `None` if nobody named a user.
    pub(super) async fn credentials(&self, context: &Context, server: &Server<'_>) -> Result<Option<Credentials>> {
        if self.is_nobody(server) {
            return Ok(None);
        }
        let mechanisms = match &self.auth {
            Some(Wish::By(mechanisms)) => Some(mechanisms.clone()),
            _ => server.account.and_then(|(_, account)| account.mechanisms()),
        };
        let permit = Permit { mechanisms, in_clear: self.auth_insecure };
        let endpoint = &server.endpoint;
        let auth = server.account.and_then(|(_, account)| account.auth.clone());
        let Some(user) = self.name(server) else {
            let what = match (self.password.source(), &self.auth) {
                // The certificate says who it is.
                _ if is_external(&permit) => return Ok(Some(Credentials::external(None).with(permit))),
                (Some(_), _) => "a password without a user",
                (None, Some(_)) => "a login without a user",
                (None, None) => return Ok(None),
            };
            let hint = "name the user with --user or in the URL: scheme://user@host";
            return Err(Error::new(Kind::Usage, what).hint(hint));
        };
        let has_source = self.password.source().is_some() || is_external(&permit);
        if let (false, Some((name, account)), Some(Auth::OAuth)) = (has_source, server.account, auth) {
            let proof = auth::TokenProof::new(context, name, account, user)?;
            return Ok(Some(proof.now().await?.with(permit)));
        }
        let source = self.password.source().or_else(|| server.account.and_then(|(_, account)| account.secret.clone()));
        let source = source.unwrap_or(SecretSource::Prompt);
        let host = name(&endpoint.host);
        let account = server.account.map_or(user.as_str(), |(name, _)| name);
        let whose = context.whose(account, Some((&host, &user)));
        let ask = |what: &str| {
            let question = format!("{what} of {user} at {}", endpoint.authority());
            // One account, one password: a second server of it is not asked for again.
            match server.account {
                Some((account, _)) => context.ask_password_once((account, &user), &question),
                None => context.ask_password(&question),
            }
        };
        prove(&user, permit, &source, whose, &ask).await.map(Some)
    }

    /// What of this holds for another host than the one it was said about: how this machine gets out, and nothing
    /// about who we are there or whom we trust.
    pub(super) fn for_another_host(&self) -> Self {
        Self { dial: self.dial.for_another_host(), ..Self::default() }
    }

    /// Whom to log in as, if anybody logs in, without asking for what proves it.
    pub(super) fn name(&self, server: &Server<'_>) -> Option<String> {
        if self.is_nobody(server) {
            return None;
        }
        let from_account = || server.account.and_then(|(_, account)| account.login(&server.endpoint));
        self.user.clone().or_else(|| server.endpoint.user.clone()).or_else(from_account)
    }

    /// Whether it was said that nobody logs in; by the account, unless somebody is named here.
    fn is_nobody(&self, server: &Server<'_>) -> bool {
        let of_account = || server.account.is_some_and(|(_, account)| account.auth == Some(Auth::None));
        let is_unnamed = self.user.is_none() && self.password.source().is_none();
        self.auth == Some(Wish::Nobody) || of_account() && is_unnamed
    }

    /// Whether anything was said that is only about one server, and not about mail exchangers.
    pub(super) fn is_about_one(&self) -> bool {
        self.user.is_some() || self.password.source().is_some() || self.auth.is_some() || self.dial.is_about_one()
    }

    /// Whether files with certificates were named.
    pub(super) fn names_certificates(&self) -> bool {
        self.dial.names_certificates()
    }

    /// Whether a password may be said where others can read it.
    pub(super) fn is_insecure(&self) -> bool {
        self.auth_insecure
    }

    /// Whether anything was said here that a queue would not remember.
    pub(super) fn is_given(&self) -> bool {
        self.user.is_some() || self.password.source().is_some() || self.auth.is_some() || self.dial.is_given()
    }

    /// Whose certificates are accepted, and who we are; read from files.
    pub(super) fn tls(&self, server: Option<&Server<'_>>) -> Result<TlsOptions> {
        self.dial(server)?.tls().read()
    }

    /// How the server is reached.
    pub(super) async fn way(&self, context: &Context, server: &Server<'_>, tls: TlsOptions) -> Result<Way> {
        let ask = |question: &str| context.ask_password(question);
        self.dial(Some(server))?.way(&ask, server, context.hidden(), tls).await
    }

    /// Who connects.
    pub(super) fn connect(&self, server: Option<&Server<'_>>) -> Result<Box<dyn Connect>> {
        Ok(self.dial(server)?.connect())
    }

    fn dial(&self, server: Option<&Server<'_>>) -> Result<DialArgs> {
        self.dial.over(server.and_then(|server| server.account).map(|(_, account)| account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailkit::account::TlsFiles;
    use mailkit::secret::Secret;

    #[tokio::test]
    async fn what_is_asked_for_is_what_the_mechanisms_take() {
        let source = SecretSource::Prompt;
        let whose = Whose { account: "work", login: None, is_attended: false, hidden: &[] };
        for (mechanisms, wanted) in [
            (None, "Password"),
            (Some(vec![Mechanism::Plain, Mechanism::XOAuth2]), "Password"),
            (Some(vec![Mechanism::XOAuth2]), "Access token"),
            (Some(vec![Mechanism::External]), ""),
        ] {
            let permit = Permit { mechanisms, in_clear: false };
            let ask = |what: &str| Ok(Secret::new(what.to_owned()));
            let proof = prove("alice", permit, &source, whose, &ask).await.expect("a proof");
            assert_eq!(proof.secret().map_or("", Secret::expose), wanted);
            assert_eq!(proof.password().is_some(), wanted == "Password");
        }
    }

    #[test]
    fn what_was_said_about_one_host_is_not_said_to_another() {
        #[derive(Debug, clap::Parser)]
        struct Line {
            #[command(flatten)]
            login: LoginArgs,
        }
        let pin = format!("--pin=sha256:{}", "07".repeat(32));
        let line = ["send", "--user=al", "--password-env=X", "--auth=PLAIN", "--auth-insecure", &pin, "--tls-name=x"];
        let line = line.into_iter().chain(["--cert=/c", "--key=/k", "--proxy=socks5://p:1", "--source=::1", "-6"]);
        let login = <Line as clap::Parser>::try_parse_from(line.chain(["--timeout=5s"])).expect("arguments").login;
        let other = login.for_another_host();
        assert!(other.user.is_none() && other.password.source().is_none() && other.auth.is_none());
        assert!(!other.auth_insecure && other.dial.tls() == TlsFiles::default());
        let dial = format!("{:?}", other.dial);
        assert!(
            ["ipv6: true", "source: Some(::1)", "timeout: Some(5s)"].iter().all(|kept| dial.contains(kept)),
            "{dial}"
        );
        assert!(dial.contains("proxy: Some"), "{dial}");
    }

    #[test]
    fn mechanisms_are_named_in_any_case_of_letters() {
        for (text, wanted) in [
            ("none", Some(Wish::Nobody)),
            ("plain", Some(Wish::By(vec![Mechanism::Plain]))),
            ("SCRAM-SHA-256,plain", Some(Wish::By(vec![Mechanism::ScramSha256, Mechanism::Plain]))),
            ("NTLM", None),
            ("PLAIN,", None),
            ("", None),
        ] {
            assert_eq!(wish(text).ok(), wanted, "{text}");
        }
    }
}
