//! `mailkit serve`: a mail server on this machine, ready with one line of JSON.

use super::context::Context;
use super::data;
use super::exit::Exit;
use super::input;
use super::relay::options::{Outward, RelayArgs, own_name};
use super::relay::watch::Watch;
use super::stop::Stop;
use mailkit::account;
use mailkit::address::Domain;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::control::Control;
use mailkit::net::entropy::SystemEntropy;
use mailkit::relay::event::Observer;
use mailkit::secret::Secret;
use mailkit::server::{Limits, Server, Service, Settings, World, identity};
use mailkit::store::IndexAt;
use mailkit::store::disk::RealDisk;
use mailkit::users::{self, Stored, Users};
use mailkit::world::Disk;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stands above the listeners in the help.
const LISTENERS: &str = "Listeners (naming one turns the defaults of the others off; port 0 picks a free one)";

/// Run a mail server: SMTP, submission, POP3, IMAP, and a relay inside
///
/// Without users it is a catch-all for developers: every recipient is accepted into one mailbox, and any login
/// reads it. With users, mail for them at each --domain is delivered, and those who log in may send to anybody.
///
/// When it is ready, one line of JSON on standard output names every address it listens on. It ends on SIGTERM
/// and SIGINT after finishing what it had begun.
///
/// A user may have 50 sessions of POP3 and IMAP at once. From a place (an IPv4 address, an IPv6 /64) where 20
/// logins failed nobody is let in for a while: every six seconds one failure is forgiven. Loopback is spared.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit serve --data /tmp/mail
  mailkit serve --domain hamburger.example --user bob:secret --smtp 127.0.0.1:0 --pop3 127.0.0.1:0")]
pub(super) struct Args {
    /// The directory for queue and mailboxes, made if missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// The server's name in greetings and trace fields
    #[arg(long, value_name = "NAME")]
    hostname: Option<Domain>,

    /// A domain whose mail ends here; may be repeated
    #[arg(long = "domain", value_name = "NAME")]
    domains: Vec<Domain>,

    /// Accept mail by SMTP here [default: 127.0.0.1:1025]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    smtp: Option<SocketAddr>,

    /// Accept mail from user agents here [default: 127.0.0.1:1587]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    submission: Option<SocketAddr>,

    /// The same, with TLS from the first octet [default: 127.0.0.1:1465]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    submissions: Option<SocketAddr>,

    /// Serve mailboxes by POP3 here [default: 127.0.0.1:1110]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    pop3: Option<SocketAddr>,

    /// The same, with TLS from the first octet [default: 127.0.0.1:1995]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    pop3s: Option<SocketAddr>,

    /// Serve mailboxes by IMAP here [default: 127.0.0.1:1143]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    imap: Option<SocketAddr>,

    /// The same, with TLS from the first octet [default: 127.0.0.1:1993]
    #[arg(long, value_name = "ADDR:PORT", help_heading = LISTENERS)]
    imaps: Option<SocketAddr>,

    /// A user and their password, for tests: others can see it in the list of processes
    #[arg(long = "user", value_name = "NAME:PASSWORD")]
    users: Vec<String>,

    /// A file of users, a line `name:hash` each
    #[arg(long = "users", value_name = "FILE")]
    users_file: Option<PathBuf>,

    /// The certificate chain for TLS, PEM; one is made on first start if not given
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    #[command(flatten)]
    relay: RelayArgs,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    context.serves()?;
    context.block_on_all_cores(async {
        let data = data::directory(context, args.data.as_deref())?;
        let hostname = own_name(context, args.hostname.as_ref())?;
        let outward = args.relay.outward(context, &hostname).await?;
        let (watch, observer) = Watch::new(context);
        let disk = Arc::new(RealDisk);
        let settings = settings(args, context, &data, &hostname, &outward, observer, disk.as_ref())?;
        let world =
            World { disk, clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy), resolve: outward.resolver };
        let is_catch_all = settings.users.is_catch_all();
        let server = Server::open(settings, world).await?;
        let control = Control::open(&data)?;
        let bound = server.listen().await?;
        // Before the ready line: whoever reads it may already want to stop us.
        let stop = Stop::on_signals()?.token().clone();
        let relay = server.relay();
        let relaying = server.run(&relay);
        announce(context, &bound, is_catch_all)?;
        let obey = move |order: String| {
            let relay = relay.clone();
            async move { relay.obey(&order).await }
        };
        let close_the_doors = async {
            stop.cancelled().await;
            server.cancel();
        };
        // Mail that nobody would carry on is not accepted any more.
        let relayed = async {
            let relayed = relaying.await;
            stop.cancel();
            relayed.unwrap_or_else(|panic| Err(Error::new(Kind::Software, "the relay broke").caused_by(panic)))
        };
        let ((), relayed, (), printed) =
            tokio::join!(close_the_doors, relayed, control.serve(stop.clone(), obey), watch.print_until(&stop));
        context.note("stopping");
        server.stop().await;
        relayed.and(printed).map(|()| Exit::OK)
    })
}

/// The line that says where everything is.
#[derive(serde::Serialize)]
struct Ready {
    ready: bool,
    listen: serde_json::Map<String, serde_json::Value>,
}

/// One line for those who wait, and for people at a terminal some more.
fn announce(context: &Context, bound: &[(Service, SocketAddr)], is_catch_all: bool) -> Result<()> {
    let listen: serde_json::Map<String, serde_json::Value> =
        bound.iter().map(|(service, address)| (service.to_string(), address.to_string().into())).collect();
    context.object(&Ready { ready: true, listen })?;
    // Whoever started us may be gone already.
    context.delivered()?;
    for (service, address) in bound {
        context.note(&format!("{service:<12} {address}"));
    }
    if is_catch_all {
        context.note("no users: every recipient is accepted, any login reads the one mailbox");
    }
    Ok(())
}

fn settings(
    args: &Args,
    context: &Context,
    data: &Path,
    hostname: &Domain,
    outward: &Outward,
    observer: Observer,
    disk: &dyn Disk,
) -> Result<Settings> {
    let config = &context.config()?.serve;
    let mut domains = if args.domains.is_empty() { config.domains.clone() } else { args.domains.clone() };
    if domains.is_empty() {
        domains.push(hostname.clone());
    }
    // Before a certificate is made: a mistake here leaves nothing behind.
    let users = users(args, config)?;
    let given = args.tls_cert.as_ref().zip(args.tls_key.as_ref());
    let identity = match given.or(config.tls_cert.as_ref().zip(config.tls_key.as_ref())) {
        Some((certificates, key)) => input::identity(certificates, key)?,
        None => identity(disk, data, &certificate_names(hostname, &domains))?,
    };
    Ok(Settings {
        relay: outward.settings.clone(),
        courier: outward.courier.clone(),
        observer,
        hostname: hostname.to_ascii().to_string(),
        domains,
        users,
        data: data.to_owned(),
        index: IndexAt::File,
        listen: listeners(args, config),
        identity: Some(identity),
        limits: Limits::default(),
        trace: context.trace()?,
    })
}

/// All names under which this server is reached.
fn certificate_names(hostname: &Domain, domains: &[Domain]) -> Vec<String> {
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut names: Vec<String> =
        std::iter::once(hostname).chain(domains).map(|name| name.to_ascii().to_string()).chain(local).collect();
    names.sort();
    names.dedup();
    names
}

fn listeners(args: &Args, config: &account::Serve) -> Vec<(Service, SocketAddr)> {
    let given = |address: [Option<SocketAddr>; 7]| -> Vec<_> {
        Service::ALL.into_iter().zip(address).filter_map(|(service, address)| Some((service, address?))).collect()
    };
    let from_arguments =
        given([args.smtp, args.submission, args.submissions, args.pop3, args.pop3s, args.imap, args.imaps]);
    let from_config = given([
        config.smtp,
        config.submission,
        config.submissions,
        config.pop3,
        config.pop3s,
        config.imap,
        config.imaps,
    ]);
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    let by_default =
        || Service::ALL.map(|service| (service, SocketAddr::new(loopback, service.default_port()))).to_vec();
    [from_arguments, from_config].into_iter().find(|listeners| !listeners.is_empty()).unwrap_or_else(by_default)
}

fn users(args: &Args, config: &account::Serve) -> Result<Users> {
    let mut known = Vec::new();
    if let Some(path) = args.users_file.as_ref().or(config.users.as_ref()) {
        known.extend(users::parse(&input::text(path)?)?);
    }
    for text in &args.users {
        let (name, password) = text.split_once(':').filter(|(name, _)| users::is_user_name(name)).ok_or_else(|| {
            Error::new(Kind::Usage, "--user: expected NAME:PASSWORD, a name of letters, digits and . _ - +")
        })?;
        if password.is_empty() {
            return Err(Error::new(Kind::Usage, format!("--user: the password of {name} is empty")));
        }
        known.push((name.to_owned(), Stored::plain(Secret::new(password.to_owned()))));
    }
    users::expect_distinct(&known)?;
    Ok(Users::new(known))
}
