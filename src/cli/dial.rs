//! How a server is reached: proxies, addresses, waits, and whose certificates are accepted, for every client command.
//!
//! What the arguments say goes before the account. A proxy's password has sources as any other; a proxy of the
//! environment is used by those only who ask for it, since it is meant for the web more often than for mail.

use super::login::Server;
use mailkit::account::{Account, SecretSource, TlsFiles, Whose};
use mailkit::address::Domain;
use mailkit::duration;
use mailkit::endpoint::{Proxy, ProxyError};
use mailkit::engine::dial::{CONNECT_MOST, CONNECT_WAIT, Way, name};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::connection::Limits;
use mailkit::net::proxy::{Detour, Target};
use mailkit::net::tcp::{self, Tcp, TcpFrom};
use mailkit::net::tls::TlsOptions;
use mailkit::secret::Secret;
use mailkit::wire::secured::Fingerprint;
use mailkit::world::Connect;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Options of the way to the server.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct DialArgs {
    /// Trust the certificate authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "pin")]
    ca: Option<PathBuf>,

    /// Accept the server's certificate if it, or its key, has this SHA-256 fingerprint, whoever signed it and whatever
    /// name it carries, and no other certificate; may be given several times
    #[arg(long, value_name = "sha256:HEX")]
    pin: Vec<Fingerprint>,

    /// Expect this name in the server's certificate, instead of the one that is dialled
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,

    /// Show the server the certificate in this PEM file
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// The certificate's key, a PEM file that others cannot read; in the certificate's file if not given
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Go through a proxy: socks5://host:port, socks5h://host:port or http://host:port, with user@ before the host if
    /// it wants a login; socks5 looks names up here, the others let the proxy do it; env takes the one in ALL_PROXY
    #[arg(long, value_name = "URL|env", value_parser = proxied)]
    proxy: Option<Proxied>,

    /// Take the proxy's password from the first line that this shell command prints
    #[arg(long, value_name = "COMMAND", group = "proxy_password", requires = "proxy")]
    proxy_password_cmd: Option<String>,

    /// Take the proxy's password from this environment variable
    #[arg(long, value_name = "VARIABLE", group = "proxy_password", requires = "proxy")]
    proxy_password_env: Option<String>,

    /// Take the proxy's password from the first line of a file that nobody else may read
    #[arg(long, value_name = "FILE", group = "proxy_password", requires = "proxy")]
    proxy_password_file: Option<PathBuf>,

    /// Connect from this address of this machine
    #[arg(long, value_name = "IP")]
    source: Option<IpAddr>,

    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6', long)]
    ipv6: bool,

    /// Give up an address that has not answered by then, as 5s or 1m; 10s if not given, 2m at most
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration::parse_to(text, CONNECT_MOST))]
    connect_timeout: Option<Duration>,

    /// Wait no longer than this for each answer, but for the one that says whether a message was taken; minutes, as
    /// the standards ask for, if not given
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// Which proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Proxied {
    /// This one.
    By(Proxy),
    /// The one of the environment.
    Environment,
    /// None: what is wrong. Told by us and not by the parser of arguments, which would repeat what was given, and there
    /// may be a password in it.
    Wrong(String),
}

/// Reads what says which; never fails.
fn proxied(text: &str) -> Result<Proxied, std::convert::Infallible> {
    if text == "env" {
        return Ok(Proxied::Environment);
    }
    Ok(Proxy::parse(text).map_or_else(
        |error| match error {
            ProxyError::Password => Proxied::Wrong(format!(
                "{error}; name its source: --proxy-password-cmd, --proxy-password-env or --proxy-password-file"
            )),
            ProxyError::NotAProxy => Proxied::Wrong(error.to_string()),
        },
        Proxied::By,
    ))
}

/// Asks the user for a password.
pub(super) type Ask<'a> = &'a (dyn Fn(&str) -> Result<Secret> + Sync);

impl DialArgs {
    /// This, and what the account says where this says nothing.
    pub(super) fn over(&self, account: Option<&Account>) -> Result<Self> {
        let Some(account) = account else { return Ok(self.clone()) };
        let TlsFiles { pins, ca, cert, key, name } = self.tls().over(&account.tls.files());
        let mut both = Self { pin: pins, ca, cert, key, tls_name: name, ..self.clone() };
        if let (None, Some(url)) = (&self.proxy, &account.proxy) {
            both.proxy = match proxied(url) {
                Ok(Proxied::Wrong(why)) => {
                    return Err(Error::new(Kind::Config, "the proxy of the account").caused_by(why));
                }
                Ok(proxy) => Some(proxy),
            };
        }
        both.source = self.source.or(account.source);
        both.timeout = self.timeout.or(account.timeout);
        Ok(both)
    }

    /// The same for a host that this was not said about: no certificates, no names.
    pub(super) fn for_another_host(&self) -> Self {
        Self { ca: None, pin: Vec::new(), tls_name: None, cert: None, key: None, ..self.clone() }
    }

    /// Who connects.
    pub(super) fn connect(&self) -> Box<dyn Connect> {
        match self.source {
            Some(source) => Box::new(TcpFrom(source)),
            None => Box::new(Tcp),
        }
    }

    /// Whether anything was said that is only about one server whose name is known.
    pub(super) fn is_about_one(&self) -> bool {
        let names = !self.pin.is_empty() || self.tls_name.is_some() || self.proxy.is_some();
        names || self.connect_timeout.is_some() || self.timeout.is_some() || self.ipv4 || self.ipv6
    }

    /// Whether files with certificates were named.
    pub(super) fn names_certificates(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.key.is_some()
    }

    /// Whether anything was said here.
    pub(super) fn is_given(&self) -> bool {
        let names = !self.pin.is_empty() || self.tls_name.is_some() || self.proxy.is_some() || self.source.is_some();
        let waits = self.connect_timeout.is_some() || self.timeout.is_some();
        self.names_certificates() || names || waits || self.ipv4 || self.ipv6
    }

    /// Whose certificates are accepted, and who we are.
    pub(super) fn tls(&self) -> TlsFiles {
        TlsFiles {
            pins: self.pin.clone(),
            ca: self.ca.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
            name: self.tls_name.clone(),
        }
    }

    /// The way to a server; its addresses, or those of the proxy, are looked up. No program is given the variables
    /// `hidden`.
    pub(super) async fn way(
        &self,
        ask: Ask<'_>,
        server: &Server<'_>,
        hidden: &[String],
        tls: TlsOptions,
    ) -> Result<Way> {
        let endpoint = &server.endpoint;
        let mut way = Way::to(Vec::new(), tls);
        way.connect_wait = self.connect_timeout.unwrap_or(CONNECT_WAIT);
        way.limits = Limits { each: self.timeout, last: None };
        way.hidden = hidden.to_vec();
        if endpoint.local.is_some() {
            return match self.proxy {
                Some(_) => Err(Error::new(Kind::Usage, "a server on this machine is not reached through a proxy")),
                None => Ok(way),
            };
        }
        let Some((proxy, password)) = self.proxy(ask, hidden).await? else {
            way.addresses = self.addresses(&endpoint.host, endpoint.port).await?;
            return Ok(way);
        };
        way.addresses = self.addresses(&proxy.host, proxy.port).await?;
        let targets = match (&endpoint.host, proxy.resolves()) {
            (Domain::Name(_), true) => vec![Target::Name(endpoint.host.to_ascii().to_string(), endpoint.port)],
            // Which families this machine has says nothing about the proxy.
            (host, _) => {
                lookup(host, endpoint.port, way.connect_wait).await?.into_iter().map(Target::Address).collect()
            }
        };
        way.detour = Some(Detour { proxy, password: password.map(Arc::new), targets });
        Ok(way)
    }

    fn proxy_password(&self) -> Option<SecretSource> {
        let command = self.proxy_password_cmd.clone().map(SecretSource::Shell);
        let variable = || self.proxy_password_env.clone().map(SecretSource::Env);
        let file = || self.proxy_password_file.clone().map(SecretSource::File);
        command.or_else(variable).or_else(file)
    }

    async fn proxy(&self, ask: Ask<'_>, hidden: &[String]) -> Result<Option<(Proxy, Option<Secret>)>> {
        let (proxy, told) = match &self.proxy {
            None => return Ok(None),
            Some(Proxied::By(proxy)) => (proxy.clone(), None),
            Some(Proxied::Wrong(why)) => return Err(Error::new(Kind::Usage, format!("--proxy: {why}"))),
            Some(Proxied::Environment) => {
                let named = ["ALL_PROXY", "all_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
                let Some(url) = named.filter(|url| !url.is_empty()) else { return Ok(None) };
                // Not repeated: there may be a password in it.
                Proxy::parse_with_password(&url).map_err(|error| {
                    Error::new(Kind::Config, "the variable ALL_PROXY names no proxy").caused_by(error)
                })?
            }
        };
        let Some(user) = &proxy.user else { return Ok(Some((proxy, None))) };
        let password = match (self.proxy_password(), told) {
            (None, Some(told)) => told,
            (source, _) => {
                let ask = || ask(&format!("Password of {user} at the proxy {}", proxy.authority()));
                let host = name(&proxy.host);
                let whose = Whose { account: user, login: Some((&host, user)), is_attended: false, hidden };
                source.unwrap_or(SecretSource::Prompt).fetch(whose, &ask).await?
            }
        };
        Ok(Some((proxy, Some(password))))
    }

    /// The addresses of a host that can be connected to from where we are told to.
    async fn addresses(&self, host: &Domain, port: u16) -> Result<Vec<SocketAddr>> {
        let all = lookup(host, port, self.connect_timeout.unwrap_or(LOOKUP_WAIT)).await?;
        let is_v6 = match (self.ipv4, self.ipv6, self.source) {
            (true, ..) => Some(false),
            (_, true, _) => Some(true),
            (.., source) => source.map(|ip| ip.is_ipv6()),
        };
        let fit = |address: &SocketAddr| is_v6.is_none_or(|is_v6| address.is_ipv6() == is_v6);
        let fitting: Vec<SocketAddr> = all.into_iter().filter(fit).collect();
        match (fitting.is_empty(), is_v6) {
            (true, Some(is_v6)) => {
                let what = if is_v6 { "the server has no IPv6 address" } else { "the server has no IPv4 address" };
                Err(Error::new(Kind::NoHost, what).with_peer(host.to_string()))
            }
            _ => Ok(fitting),
        }
    }
}

/// The system's resolver asks several servers several times.
const LOOKUP_WAIT: Duration = Duration::from_secs(30);

async fn lookup(host: &Domain, port: u16, within: Duration) -> Result<Vec<SocketAddr>> {
    if let Domain::Literal(ip) = host {
        return Ok(vec![SocketAddr::new(*ip, port)]);
    }
    let name = host.to_ascii().to_string();
    timeout(within, tcp::addresses(&name, port)).await.unwrap_or_else(|_| {
        let why = format!("no answer within {} seconds", within.as_secs_f64());
        Err(Error::new(Kind::Temporary, "the server's name does not resolve").with_peer(name).caused_by(why))
    })
}
