//! The options of a relay, alone or inside a server, and the relay they make.
//!
//! What the arguments leave open, `[relay]` of the configuration says.

use super::super::auth::TokenProof;
use super::super::context::Context;
use super::super::guarding::{guarding, levels, resolver, tls};
use super::super::host::host_name;
use super::super::login::{prove, trust};
use super::super::resolver::BelievedArgs;
use super::accounts::{WithAccounts, nobody};
use mailkit::account::{Account, Auth, SecretSource, Whose};
use mailkit::address::Domain;
use mailkit::dns::server::Server;
use mailkit::duration;
use mailkit::endpoint::{Endpoint, Protocol};
use mailkit::engine::courier::{Always, Prove, SmtpCourier};
use mailkit::engine::dial;
use mailkit::engine::handover::{Answer, Courier, Local, Parcel};
use mailkit::engine::route::Rules;
use mailkit::engine::smtp::Dialect;
use mailkit::envelope::ForwardPath;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::{ClientTls, TlsOptions, Trust};
use mailkit::policy::level::Level;
use mailkit::relay::event::Observer;
use mailkit::relay::schedule::{Patience, Schedule};
use mailkit::relay::{Relay, Settings, Smarthost, Tools};
use mailkit::sasl::Permit;
use mailkit::status::EnhancedStatus;
use mailkit::store::spool::Spool;
use mailkit::world::{Clock, Entropy, Later, Resolve};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Options for relaying.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Relaying")]
pub(crate) struct RelayArgs {
    /// Ask this name server, not the system's: an address or a name, perhaps with a port, or tcp://, tls://, https:// and
    /// where it is; if it is on loopback, exchangers may be too
    #[arg(long, value_name = "RESOLVER", value_parser = crate::cli::resolver::named)]
    resolver: Option<Server>,

    #[command(flatten)]
    believed: BelievedArgs,

    /// Connect to exchangers at this port; those at loopback addresses are then allowed
    #[arg(long, value_name = "N")]
    relay_port: Option<u16>,

    /// Deliver to exchangers at private and loopback addresses too: for tests and closed networks
    #[arg(long)]
    private_exchangers: bool,

    /// The least encryption that will do on the way to exchangers; what a domain cannot give waits until it can. The same
    /// words as for send --mx; opportunistic if not given
    #[arg(long, value_name = "LEVEL", conflicts_with = "smarthost", value_parser = levels())]
    tls: Option<Level>,

    /// Keep to the policies of domains that publish one (MTA-STS), whatever the level
    #[arg(long, conflicts_with = "smarthost")]
    mta_sts: bool,

    /// Give all mail to this server: smtps://alice@smtp.example.org
    #[arg(long, value_name = "URL", value_parser = smtp_url)]
    smarthost: Option<Endpoint>,

    /// Take the smarthost's password from the first line that this shell command prints
    #[arg(long, value_name = "COMMAND", group = "smarthost_password")]
    smarthost_password_cmd: Option<String>,

    /// Take the smarthost's password from this environment variable
    #[arg(long, value_name = "VARIABLE", group = "smarthost_password")]
    smarthost_password_env: Option<String>,

    /// Take the smarthost's password from the first line of a file that nobody else may read
    #[arg(long, value_name = "FILE", group = "smarthost_password")]
    smarthost_password_file: Option<PathBuf>,

    /// Trust the certificate authorities in this PEM file, and no others, at the smarthost
    #[arg(long, value_name = "FILE")]
    smarthost_ca: Option<PathBuf>,

    /// The waits between attempts, such as 1m,5m,15m,30m*8,x1.5<4h
    #[arg(long, value_name = "WAITS")]
    retry: Option<Schedule>,

    /// Give a message up after this time, such as 5d or 12h
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    lifetime: Option<Duration>,
}

/// What a relay without a server has to be told about its host.
#[derive(Debug, clap::Args)]
pub(super) struct HostArgs {
    /// The name this host gives in EHLO and in reports; the name of the machine if not given
    #[arg(long, value_name = "NAME")]
    hostname: Option<Domain>,

    /// Leave mail for this domain alone: it belongs into mailboxes here, and `mailkit serve` delivers it
    #[arg(long, value_name = "NAME")]
    local_domain: Vec<Domain>,
}

/// Mailboxes that this process does not serve: their mail waits for the one that does.
struct Elsewhere {
    domains: Vec<Domain>,
}

impl Local for Elsewhere {
    fn is_local(&self, recipient: &ForwardPath) -> bool {
        // <Postmaster> without a domain is always this host's (RFC 5321 §4.5.1).
        recipient.address().is_none_or(|address| self.domains.iter().any(|domain| domain.is_same(address.domain())))
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> Later<'a, Vec<Vec<Answer>>> {
        let words = "the mailboxes of this host are served by `mailkit serve`, which does not run";
        let later = Answer::failed(EnhancedStatus::new(4, 3, 2), words);
        let answers = parcels.iter().map(|parcel| vec![later.clone(); parcel.envelope.recipients.len()]);
        Box::pin(std::future::ready(answers.collect()))
    }
}

/// What a relay is made of, apart from the spool it works on.
pub(crate) struct Outward {
    pub(crate) settings: Settings,
    pub(crate) courier: Arc<dyn Courier>,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl RelayArgs {
    /// The way out that the options describe, for a host of this name.
    pub(crate) async fn outward(&self, context: &Context, hostname: &Domain) -> Result<Outward> {
        let configured = &context.config()?.relay;
        let server = self.resolver.as_ref().or(configured.resolver.as_ref());
        // An authority is about the server that stands beside it.
        let authority = configured.resolver_ca.as_deref().filter(|_| self.resolver.is_none());
        let believed = self.believed.or(configured.trust_anchor.as_deref(), authority);
        let account = configured.account.as_deref().map(|name| context.config()?.account(Some(name))).transpose()?;
        let of_account = account.and_then(|(_, account)| account.smtp.as_ref());
        let smarthost = self.smarthost.as_ref().or(configured.smarthost.as_ref()).or(of_account);
        // A smarthost's URL says itself how it is talked to, and no exchanger is.
        let (level, keeps_policies) = match smarthost {
            Some(_) => (Level::default(), false),
            None => (self.tls.or(configured.tls).unwrap_or_default(), self.mta_sts || configured.mta_sts),
        };
        // Its addresses are all that is asked for.
        let asked = if smarthost.is_some() { Level::None } else { level };
        let resolver = resolver(context, (server, &believed), asked).await?;
        let authorities = TlsOptions::from(Trust::System);
        let (mode, tls) = match smarthost {
            Some(at) => {
                let trust = trust(self.smarthost_ca.as_deref().or(configured.smarthost_ca.as_deref()))?;
                (at.tls, ClientTls::new(&trust)?)
            }
            None => tls(level, &authorities)?,
        };
        let guarding = guarding(context, (level, keeps_policies), (&resolver, server.is_some()), &authorities)?;
        let courier = SmtpCourier {
            connect: Arc::new(Tcp),
            helo: hostname.clone(),
            tls,
            mode,
            authorities,
            credentials: match smarthost {
                Some(smarthost) => self.credentials(context, smarthost, account).await?,
                None => None,
            },
            dialect: Dialect::Smtp,
            trace: context.trace()?,
        };
        let port = self.relay_port.or(configured.port);
        let patience = Patience::default();
        let settings = Settings {
            hostname: hostname.to_ascii().to_string(),
            port: port.unwrap_or(Settings::default().port),
            smarthost: smarthost.map(|at| Smarthost { host: at.host.clone(), port: at.port }),
            guarding,
            rules: Rules {
                own_names: vec![hostname.to_ascii().to_string()],
                own_addresses: Vec::new(),
                // Whoever names another port, or a name server on this machine, has built a world of their own.
                private_addresses: self.private_exchangers
                    || configured.private_exchangers
                    || port.is_some()
                    || server.and_then(Server::address).is_some_and(|at| at.ip().is_loopback()),
            },
            patience: Patience {
                schedule: match (&self.retry, &configured.retry) {
                    (Some(schedule), _) => schedule.clone(),
                    (None, Some(text)) => text.parse().map_err(|error| in_config("retry", error))?,
                    (None, None) => patience.schedule,
                },
                lifetime: match (self.lifetime, &configured.lifetime) {
                    (Some(lifetime), _) => lifetime,
                    (None, Some(text)) => duration::parse(text).map_err(|error| in_config("lifetime", error))?,
                    (None, None) => patience.lifetime,
                },
                ..patience
            },
            ..Settings::default()
        };
        let courier = WithAccounts {
            within: Arc::new(courier),
            config: context.globals.config.clone(),
            tokens: tokens(context)?,
            helo: hostname.clone(),
            trace: context.trace()?,
            hidden: context.hidden().to_vec(),
        };
        Ok(Outward { settings, courier: Arc::new(courier), resolver })
    }

    /// A relay that works on `spool` alone, without mailboxes of its own.
    pub(super) async fn relay(
        &self,
        context: &Context,
        host: &HostArgs,
        spool: Spool,
        observer: Observer,
    ) -> Result<Relay> {
        let outward = self.outward(context, &own_name(context, host.hostname.as_ref())?).await?;
        let domains = host.local_domain.iter().chain(&context.config()?.serve.domains).cloned().collect();
        let tools = Tools {
            spool,
            dns: outward.resolver,
            clock: clock(),
            entropy: entropy(),
            courier: outward.courier,
            local: Some(Arc::new(Elsewhere { domains })),
            observer,
        };
        Ok(Relay::new(tools, outward.settings))
    }

    /// Whom to log in as at the smarthost: the user in its URL, or the account's.
    async fn credentials(
        &self,
        context: &Context,
        smarthost: &Endpoint,
        account: Option<(&str, &Account)>,
    ) -> Result<Option<Arc<dyn Prove>>> {
        let command = self.smarthost_password_cmd.clone().map(SecretSource::Shell);
        let variable = || self.smarthost_password_env.clone().map(SecretSource::Env);
        let file = || self.smarthost_password_file.clone().map(SecretSource::File);
        let named = command.or_else(variable).or_else(file);
        let user = smarthost.user.clone().or_else(|| account.and_then(|(_, account)| account.login(smarthost)));
        let Some(user) = user else {
            return match named {
                None => Ok(None),
                Some(_) => Err(Error::new(Kind::Usage, "a smarthost's password without a user")
                    .hint("name the user in the URL: smtps://user@host")),
            };
        };
        let auth = account.and_then(|(_, account)| account.auth.clone());
        match (named, account, auth) {
            (None, Some((name, account)), Some(Auth::OAuth)) => {
                Ok(Some(Arc::new(TokenProof::new(context, name, account, user)?)))
            }
            (None, _, Some(Auth::None)) => Ok(None),
            (named, account, _) => {
                let configured = context.config()?.relay.secret.clone();
                let of_account = || account.and_then(|(_, account)| account.secret.clone());
                // Without a source the keyring is asked: a relay has no terminal.
                let source = named.or(configured).or_else(of_account).unwrap_or(SecretSource::Keyring);
                let name = account.map_or(user.as_str(), |(name, _)| name);
                let host = dial::name(&smarthost.host);
                let whose = Whose { is_attended: false, ..context.whose(name, Some((&host, &user))) };
                let mechanisms = account.and_then(|(_, account)| account.mechanisms());
                let permit = Permit { mechanisms, in_clear: false };
                let credentials = prove(&user, permit, &source, whose, &nobody).await?;
                Ok(Some(Arc::new(Always(Arc::new(credentials)))))
            }
        }
    }
}

/// What this host calls itself: as told, as configured, or as the machine is called.
pub(crate) fn own_name(context: &Context, given: Option<&Domain>) -> Result<Domain> {
    if let Some(name) = given {
        return Ok(name.clone());
    }
    let name = context.config()?.serve.hostname.clone().unwrap_or_else(host_name);
    Domain::parse(&name).map_err(|error| {
        Error::new(Kind::Config, format!("{name} is no host name"))
            .caused_by(error)
            .hint("name this host with --hostname")
    })
}

/// The time of day.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The kernel's chance.
pub(crate) fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

/// Who gives the tokens of those accounts that log in with them. One that is not set up yet has none.
fn tokens(context: &Context) -> Result<BTreeMap<String, TokenProof>> {
    let accounts = context.config()?.accounts.iter().filter(|(_, account)| account.auth == Some(Auth::OAuth));
    let proof = |(name, account): (&String, &Account)| {
        let user = account.login(account.smtp.as_ref()?)?;
        Some((name.clone(), TokenProof::new(context, name, account, user).ok()?))
    };
    Ok(accounts.filter_map(proof).collect())
}

/// A value of the configuration that only the relay understands.
fn in_config(key: &str, error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Config, format!("{key} in [relay] of the configuration: {error}"))
}

fn smtp_url(text: &str) -> Result<Endpoint, String> {
    let endpoint = Endpoint::parse(text).map_err(|error| error.to_string())?;
    match endpoint.protocol {
        Protocol::Smtp if endpoint.local.is_some() => Err("a smarthost is reached by TCP".to_owned()),
        Protocol::Smtp => Ok(endpoint),
        _ => Err("a smarthost speaks SMTP".to_owned()),
    }
}
