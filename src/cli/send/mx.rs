//! `--mx`: directly to the exchangers of each recipient's domain, and the options that go with it.

use super::delivery::DeliveryArgs;
use super::route::RouteArgs;
use crate::cli::context::Context;
use crate::cli::guarding::{guarding, levels, resolver, tls};
use crate::cli::resolver::BelievedArgs;
use mailkit::dns::server::Server;
use mailkit::engine::courier::SmtpCourier;
use mailkit::engine::route::Rules;
use mailkit::engine::smtp::Dialect;
use mailkit::envelope::Envelope;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tls::Trust;
use mailkit::policy::level::Level;
use mailkit::submit::direct::{self, Direct, Directed};
use mailkit::world::Content;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The port of mail exchangers (RFC 5321 §4.5.4.2).
const PORT: u16 = 25;

/// Options of the way to exchangers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Direct delivery")]
#[command(mut_arg("trust_anchor", |arg| arg.requires("mx").conflicts_with("server")))]
#[command(mut_arg("resolver_ca", |arg| arg.requires("mx").conflicts_with("server")))]
pub(super) struct MxArgs {
    /// Send to the mail exchangers of each recipient's domain, without a server of your own
    #[arg(long, conflicts_with = "server")]
    pub(super) mx: bool,

    /// The least encryption that will do on the way to exchangers: opportunistic (where offered, and as signed DNS says
    /// where it says something), require (any certificate), verify (an authority vouches for it), dane (signed DNS names
    /// it), mta-sts (as the domain's policy says)
    #[arg(long, value_name = "LEVEL", requires = "mx", conflicts_with = "server", default_value_t, value_parser = levels())]
    tls: Level,

    /// Ask this name server for exchangers: an address or a name, perhaps with a port, or tcp://, tls://, https:// and where
    /// it is; one on this machine may name private and loopback addresses
    #[arg(long, value_name = "RESOLVER", value_parser = crate::cli::resolver::named, requires = "mx", conflicts_with = "server")]
    resolver: Option<Server>,

    #[command(flatten)]
    believed: BelievedArgs,

    /// Connect to exchangers at this port; those at private and loopback addresses are then allowed
    #[arg(long, value_name = "PORT", requires = "mx", conflicts_with = "server")]
    mx_port: Option<u16>,

    /// Send to exchangers at private and loopback addresses too: for tests and closed networks
    #[arg(long, requires = "mx", conflicts_with = "server")]
    private_exchangers: bool,
}

impl MxArgs {
    /// Sends.
    pub(super) async fn send(
        &self,
        context: &Context,
        (envelope, content, needs_utf8): (&Envelope, &dyn Content, bool),
        delivery: &DeliveryArgs,
        route: &RouteArgs,
        stop: CancellationToken,
        progress: impl FnMut(u64),
    ) -> Result<Directed> {
        if delivery.is_all_or_none() && direct::groups(envelope).len() > 1 {
            return Err(Error::new(Kind::Usage, "--partial abort holds for one server, and these are several domains")
                .hint("nothing was sent; send to each domain by itself, or through a server of your own"));
        }
        if route.login.is_about_one() || route.final_timeout.is_some() {
            let what = "logins, pins, proxies, families and waits are about one server, and --mx goes to many";
            return Err(Error::new(Kind::Usage, what).hint("nothing was sent; leave them out"));
        }
        let authorities = match self.tls {
            Level::Verify | Level::MtaSts => route.login.tls(None)?,
            _ if route.login.names_certificates() => {
                let what = format!("--ca, --cert and --key do nothing with --tls {}", self.tls);
                return Err(Error::new(Kind::Usage, what)
                    .hint("nothing was sent; they count with --tls verify and --tls mta-sts"));
            }
            _ => Trust::Anyone.into(),
        };
        let (mode, tls) = tls(self.tls, &authorities)?;
        let resolver = resolver(context, (self.resolver.as_ref(), &self.believed), self.tls).await?;
        let guarding = guarding(context, (self.tls, false), (&resolver, self.resolver.is_some()), &authorities)?;
        let direct = Direct {
            courier: SmtpCourier {
                connect: Arc::from(route.login.connect(None)?),
                helo: route.helo()?,
                tls,
                mode,
                authorities,
                credentials: None,
                dialect: Dialect::Smtp,
                trace: context.trace()?,
            },
            dns: &*resolver,
            guarding,
            entropy: &SystemEntropy,
            // Whoever sends from a machine that takes mail itself may well mean it: nothing is stored in between, so
            // nothing can circle.
            rules: Rules {
                own_names: Vec::new(),
                own_addresses: Vec::new(),
                private_addresses: self.private_exchangers
                    || self.mx_port.is_some()
                    || self.resolver.as_ref().and_then(Server::address).is_some_and(|at| at.ip().is_loopback()),
            },
            port: self.mx_port.unwrap_or(PORT),
            envelope,
            content,
            needs_utf8,
            manner: delivery.manner(),
            required: delivery.required(),
            stop,
        };
        Ok(direct::send(&direct, progress).await)
    }
}
