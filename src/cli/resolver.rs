//! Who is asked about names, and how: the options of commands that look into DNS.
//!
//! What a server is called, `dns::server` reads. With `--verbose` each reply is shown as it came.

use super::console::complain;
use super::context::Context;
use mailkit::dns::print;
use mailkit::dns::server::{Server, Transport};
use mailkit::endpoint::masked;
use mailkit::engine::doh::Doh;
use mailkit::engine::http::SystemNames;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::net::dns::{Upstream, Watch};
use mailkit::net::resolve::{Asking, SystemResolver};
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use std::path::PathBuf;
use std::sync::Arc;

/// How name servers are asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ResolverArgs {
    /// Ask name servers over TCP only
    #[arg(long)]
    tcp: bool,

    /// Ask each question anew, though its answer is known and still good
    #[arg(long)]
    no_cache: bool,

    /// Trust the certificate authorities in this PEM file, and no others, for a resolver behind TLS or HTTPS
    #[arg(long, value_name = "FILE")]
    resolver_ca: Option<PathBuf>,
}

impl ResolverArgs {
    /// Who is asked: the server that was named, or those of the system.
    pub(super) fn resolver(&self, server: Option<&Server>, context: &Context) -> Result<SystemResolver> {
        let asking = Asking {
            is_stream_only: self.tcp,
            is_forgetful: self.no_cache,
            watch: context.globals.verbose.then(watch),
        };
        let resolver = match server {
            Some(server) => SystemResolver::over(self.upstream(server)?, asking),
            None => SystemResolver::from_system_with(asking)
                .map_err(|error| error.hint("name a server yourself, as in @192.0.2.53"))?,
        };
        Ok(resolver.traced(context.trace()?))
    }

    fn upstream(&self, server: &Server) -> Result<Upstream> {
        let trust = match &self.resolver_ca {
            None => Trust::System,
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| Error::file("cannot read", path, error))?;
                Trust::Authorities(pem)
            }
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

/// `@` and a server.
pub(super) fn server(text: &str) -> Result<Server> {
    Server::parse(text).map_err(|error| {
        Error::new(Kind::Usage, format!("{} is not a resolver", masked(text)))
            .caused_by(error)
            .hint("write an IP address, perhaps with a port: @192.0.2.53 or @[2001:db8::53]:53")
    })
}

/// Shows each reply on standard error.
fn watch() -> Watch {
    Arc::new(|question, server, transport, said| {
        let text = match said {
            Ok(sight) => {
                let millis = sight.took.as_secs_f64() * 1000.0;
                print::block(question, &format!("{server} over {transport}, {millis:.1} ms"), &sight.reply)
            }
            Err(why) => format!(";; {}: {server} over {transport}: {why}", print::asked(question)),
        };
        text.lines().for_each(|line| complain(&terminal(line)));
    })
}
