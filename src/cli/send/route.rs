//! Which way a message takes from here: the options of server, login and names.

use crate::cli::context::Context;
use crate::cli::host;
use crate::cli::login::{LoginArgs, Server};
use mailkit::address::Domain;
use mailkit::engine::dial::Way;
use mailkit::error::Result;
use mailkit::net::tls::TlsOptions;
use std::time::Duration;

/// Options of the way to the server.
#[derive(Debug, clap::Args)]
pub(super) struct RouteArgs {
    /// The server to submit to: a URL such as smtps://alice@smtp.example.org, or an account of the configuration
    #[arg(long, value_name = "URL|ACCOUNT")]
    pub(super) server: Option<String>,

    #[command(flatten)]
    pub(super) login: LoginArgs,

    /// The name to say in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME")]
    pub(super) helo: Option<String>,

    /// Wait no longer than this for the answer to the whole message; 10m if not given. Who gives up too early does not
    /// know whether the message was taken
    #[arg(long, value_name = "TIME", value_parser = mailkit::duration::parse, help_heading = "Connection")]
    pub(super) final_timeout: Option<Duration>,
}

impl RouteArgs {
    /// How the server is reached.
    pub(super) async fn way(&self, context: &Context, server: &Server<'_>, tls: TlsOptions) -> Result<Way> {
        let mut way = self.login.way(context, server, tls).await?;
        way.limits.last = self.final_timeout;
        Ok(way)
    }

    /// What this machine calls itself.
    pub(super) fn helo(&self) -> Result<Domain> {
        host::helo(self.helo.as_deref())
    }
}
