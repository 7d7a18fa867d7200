//! `mailkit mx`: where the mail of a domain goes, and what a server there says.

mod bulk;
mod check;
mod checked;
mod columns;
mod earlier;
mod forms;
mod given;
mod lookup;
mod names;
mod object;
mod page;
mod passed;
#[cfg(test)]
mod picture;
mod probe;
mod services;
mod sight;
pub(super) mod talk;
mod tally;

use super::context::Context;
use super::exit::Exit;
use super::late::Late;
use mailkit::error::Result;
use std::net::{IpAddr, SocketAddr};

pub(super) use checked::Object as Checked;
pub(super) use earlier::Sum;
pub(super) use object::{BadLineObject, Object as Domain};
pub(super) use sight::Object;

/// Ask where the mail of a domain goes, and look at the servers there
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(Late<check::Check>),
    Lookup(Late<lookup::Lookup>),
    Probe(Late<probe::Probe>),
    Talk(Late<talk::TalkArgs>),
}

/// Does what the arguments say.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Check(check) => check::run(check, context),
        Command::Lookup(lookup) => lookup::run(lookup, context),
        Command::Probe(probe) => probe::run(probe, context),
        Command::Talk(talk) => talk::run(talk, context),
    }
}

/// An IP address, perhaps with a port: `192.0.2.53`, `127.0.0.1:5353`, `2001:db8::53`, `[2001:db8::53]:53`.
fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    text.parse().ok().or_else(|| Some(SocketAddr::new(inner.parse::<IpAddr>().ok()?, port)))
}
