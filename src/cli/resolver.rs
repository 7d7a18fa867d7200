//! Who is asked about names, and how: the options of commands that look into DNS.
//!
//! What a server is called, `dns::server` reads. With `-v` each question is told in a line with what came of it, with `-vv`
//! each reply is shown as it came.

use super::console::complain;
use super::context::Context;
use super::input;
use mailkit::dns::dnssec::Anchors;
use mailkit::dns::print;
use mailkit::dns::server::{Server, Transport};
use mailkit::duration;
use mailkit::endpoint::masked;
use mailkit::engine::doh::Doh;
use mailkit::engine::http::SystemNames;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::clock::SystemClock;
use mailkit::net::dns::{Upstream, Watch};
use mailkit::net::resolve::{Asking, DEADLINE, SystemResolver};
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use mailkit::world::{Clock, Later, Resolve, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How name servers are asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ResolverArgs {
    /// Ask name servers over TCP only
    #[arg(long)]
    tcp: bool,

    /// Ask each question anew, though its answer is known and still good
    #[arg(long)]
    no_cache: bool,

    /// Give a name server no more than this for each try; 5s if not given, or what /etc/resolv.conf says
    ///
    /// No question takes more than 20s in all, so no try can have more.
    #[arg(long, value_name = "TIME", value_parser = try_wait)]
    resolver_timeout: Option<Duration>,

    #[command(flatten)]
    believed: BelievedArgs,
}

/// What is believed of name servers and of what they say.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct BelievedArgs {
    /// Check signatures from the keys in this file on, DS or DNSKEY records as zone files have them, and not from those of
    /// the root
    #[arg(long, value_name = "FILE")]
    trust_anchor: Option<PathBuf>,

    /// Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS
    #[arg(long, value_name = "FILE")]
    resolver_ca: Option<PathBuf>,
}

impl BelievedArgs {
    /// The same, and what is not given here from there.
    pub(super) fn or(&self, trust_anchor: Option<&Path>, resolver_ca: Option<&Path>) -> Self {
        Self {
            trust_anchor: self.trust_anchor.clone().or_else(|| trust_anchor.map(Path::to_owned)),
            resolver_ca: self.resolver_ca.clone().or_else(|| resolver_ca.map(Path::to_owned)),
        }
    }

    /// Who is asked about names: the server that was named, or those of the system. With trust anchors of one's own
    /// each answer is judged from these on.
    pub(super) fn resolver(&self, server: Option<&Server>, context: &Context) -> Result<SystemResolver> {
        let resolver = self.asking(server, Asking::default(), "--resolver 192.0.2.53:53")?.traced(context.trace()?);
        Ok(match self.anchors()? {
            Some(anchors) => resolver.validating(anchors, Arc::new(SystemClock)),
            None => resolver,
        })
    }

    /// The same for those to whom it matters what DNSSEC says: without trust anchors of one's own answers are judged from
    /// the root on, if signatures come through.
    pub(super) fn judge(&self, server: Option<&Server>, context: &Context) -> Result<SystemResolver> {
        let resolver = self.resolver(server, context)?;
        Ok(match self.trust_anchor {
            Some(_) => resolver,
            None => resolver.validating_if_possible(Anchors::iana(), Arc::new(SystemClock)),
        })
    }

    fn asking(&self, server: Option<&Server>, asking: Asking, example: &str) -> Result<SystemResolver> {
        let is_certified = server.is_some_and(|server| matches!(server.transport, Transport::Tls | Transport::Https));
        if self.resolver_ca.is_some() && !is_certified {
            return Err(Error::new(Kind::Usage, "--resolver-ca without a resolver that shows a certificate")
                .hint("name one by tls:// or https://"));
        }
        match server {
            Some(server) => Ok(SystemResolver::over(self.upstream(server)?, asking)),
            None => SystemResolver::from_system_with(asking)
                .map_err(|error| error.hint(format!("name a server yourself, as in {example}"))),
        }
    }

    fn anchors(&self) -> Result<Option<Anchors>> {
        let Some(path) = &self.trust_anchor else { return Ok(None) };
        let wrong = |error| Error::new(Kind::Config, format!("{}: no trust anchors", path.display())).caused_by(error);
        Anchors::parse(&input::text(path)?).map(Some).map_err(wrong)
    }

    fn upstream(&self, server: &Server) -> Result<Upstream> {
        let trust = match &self.resolver_ca {
            None => Trust::System,
            Some(path) => Trust::Authorities(input::text(path)?.into_bytes()),
        };
        Ok(match server.transport {
            Transport::Https => {
                let doh = Doh::new(server.clone(), Arc::new(Tcp), Arc::new(SystemNames), &trust)?;
                Upstream::carried(server.clone(), Arc::new(doh))
            }
            _ => Upstream::new(server.clone(), &trust)?,
        })
    }
}

impl ResolverArgs {
    /// Whether keys were named to check signatures from.
    pub(super) fn is_anchored(&self) -> bool {
        self.believed.trust_anchor.is_some()
    }

    /// Who is asked: the server that was named, or those of the system.
    pub(super) fn resolver(&self, server: Option<&Server>, context: &Context) -> Result<SystemResolver> {
        let asking = Asking {
            is_stream_only: self.tcp,
            is_forgetful: self.no_cache,
            wait: self.resolver_timeout,
            watch: (context.globals.verbose > 0).then(|| watch(context.globals.verbose > 1)),
        };
        let resolver = self.believed.asking(server, asking, "@192.0.2.53")?;
        Ok(resolver.traced(context.trace()?))
    }

    /// The same, which says of each answer whether DNSSEC vouches for it as of a time, and who says so: we, where
    /// signatures come through to us, else the name server.
    pub(super) async fn judging(
        &self,
        resolver: SystemResolver,
        at: Timestamp,
    ) -> Result<(SystemResolver, &'static str)> {
        let anchors = self.believed.anchors()?.unwrap_or_else(Anchors::iana);
        let resolver = resolver.validating(anchors, Arc::new(Still(at)));
        match resolver.unauthentic().await {
            Some(_) if self.believed.trust_anchor.is_none() => {
                Ok((resolver.authentic()?, "the name server's word (AD)"))
            }
            _ => Ok((resolver, "our own check of the signatures")),
        }
    }
}

/// Who vouches where nobody was asked to.
pub(super) const NOBODY: &str = "nobody";

/// A clock that stands: what is judged is judged as of one time.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// How long a name server has for a try: no longer than there is for the whole question.
fn try_wait(text: &str) -> Result<Duration, String> {
    duration::parse_to(text, DEADLINE)
}

/// A server as `--resolver` names it.
pub(super) fn named(text: &str) -> Result<Server, String> {
    Server::parse(text).map_err(|error| error.to_string())
}

/// `@` and a server.
pub(super) fn server(text: &str) -> Result<Server> {
    Server::parse(text).map_err(|error| {
        Error::new(Kind::Usage, format!("{} is not a resolver", masked(text)))
            .caused_by(error)
            .hint("write an IP address, perhaps with a port: @192.0.2.53 or @[2001:db8::53]:53")
    })
}

/// Tells each reply on standard error: in a line, or whole.
fn watch(is_whole: bool) -> Watch {
    Arc::new(move |question, server, transport, said| {
        let text = match said {
            Ok(sight) => {
                let millis = sight.took.as_secs_f64() * 1000.0;
                let how = format!("{server} over {transport}, {millis:.1} ms");
                match is_whole {
                    true => print::block(question, &how, &sight.reply),
                    false => print::line_of(question, &how, &sight.reply),
                }
            }
            Err(why) => format!(";; {}: {server} over {transport}: {why}", print::asked(question)),
        };
        text.lines().for_each(|line| complain(&terminal(line)));
    })
}
