//! How the way to mail exchangers is protected, for `send --mx` and for the relay: the levels of `--tls`, and what each
//! of them takes.
//!
//! RFC 7672; RFC 8461; decisions are `policy`'s, and what they follow from is looked up by `engine::guarding`.

use super::context::Context;
use super::resolver::BelievedArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mailkit::account::state_dir;
use mailkit::discover::Names;
use mailkit::dns::server::Server;
use mailkit::endpoint::TlsMode;
use mailkit::engine::guarding::Guarding;
use mailkit::engine::http::{Find, SystemNames};
use mailkit::engine::sts::{Policies, Silent};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::resolve::{SystemResolver, Voucher};
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::{ClientTls, TlsOptions, Trust};
use mailkit::policy::level::Level;
use mailkit::store::disk::RealDisk;
use mailkit::store::policies::PolicyStore;
use mailkit::world::Later;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where policies of domains are kept, below the state directory: they are the same for all who send from here.
const POLICIES: &str = "policies";

/// Reads a level, and says which there are.
pub(super) fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(|(_, word)| word)).try_map(|word| word.parse::<Level>())
}

/// Who is asked for exchangers: the name server that was named, or those of the system.
pub(super) async fn resolver(
    context: &Context,
    (server, believed): (Option<&Server>, &BelievedArgs),
    level: Level,
) -> Result<Arc<SystemResolver>> {
    let resolver = match level {
        Level::Dane | Level::Opportunistic => believed.judge(server, context)?,
        // Nothing depends on what DNSSEC says of it.
        Level::None | Level::Require | Level::Verify | Level::MtaSts => believed.resolver(server, context)?,
    };
    // That nobody answers now is told of the domain that was asked about, and may pass.
    if level == Level::Dane
        && !resolver.is_trusted()
        && let Voucher::Nobody { why, may_pass: false } = resolver.voucher().await
    {
        return Err(Error::new(Kind::Config, format!("DANE takes DNSSEC: {why}")).hint(
            "nothing was sent; name a server that passes signatures on, have one here that checks them, as unbound or \
             Knot Resolver, or write options trust-ad into /etc/resolv.conf if the way to yours is safe; the keys of a root \
             of your own are named by --trust-anchor",
        ));
    }
    Ok(Arc::new(resolver))
}

/// How TLS begins at an exchanger without a guard, and whom to trust there.
pub(super) fn tls(level: Level, authorities: &TlsOptions) -> Result<(TlsMode, ClientTls)> {
    let anyone = || ClientTls::new(&Trust::Anyone);
    Ok(match level {
        Level::None => (TlsMode::None, anyone()?),
        Level::Require => (TlsMode::StartTls, anyone()?),
        Level::Verify => (TlsMode::StartTls, ClientTls::with(authorities)?),
        Level::Opportunistic | Level::Dane | Level::MtaSts => (TlsMode::Opportunistic, anyone()?),
    })
}

/// What the way to exchangers is held to; `keeps_policies` says that it is to those of domains which have one.
pub(super) fn guarding(
    context: &Context,
    (level, keeps_policies): (Level, bool),
    (resolver, is_named): (&Arc<SystemResolver>, bool),
    authorities: &TlsOptions,
) -> Result<Guarding> {
    let policies = match keeps_policies || level == Level::MtaSts {
        true => {
            let store = PolicyStore::new(Arc::new(RealDisk), state_dir()?.join(POLICIES));
            Some(Arc::new(policies(context, (resolver, is_named), authorities, Some(store))?))
        }
        false => None,
    };
    Ok(Guarding { level, policies })
}

/// Where policies come from, and where they are kept, if they are.
pub(super) fn policies(
    context: &Context,
    (resolver, is_named): (&Arc<SystemResolver>, bool),
    authorities: &TlsOptions,
    store: Option<PolicyStore>,
) -> Result<Policies> {
    Ok(Policies {
        dns: resolver.clone(),
        connect: Arc::new(Tcp),
        find: find(resolver, is_named),
        trust: authorities.trust.clone(),
        trace: context.trace()?,
        clock: Arc::new(SystemClock),
        store,
        silent: Silent::default(),
    })
}

/// Who finds the addresses of web servers: a resolver that was named, or else the system.
pub(super) fn find(resolver: &Arc<SystemResolver>, is_named: bool) -> Arc<dyn Find> {
    if is_named { Arc::new(ByName(resolver.clone())) } else { Arc::new(SystemNames) }
}

/// Names as the resolver finds them that is asked for exchangers.
struct ByName(Arc<SystemResolver>);

impl Find for ByName {
    fn find<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move { Names(&*self.0).find(host, port).await })
    }
}
