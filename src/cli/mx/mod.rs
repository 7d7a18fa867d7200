//! `mailkit mx`: where the mail of a domain goes.

mod lookup;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Ask where the mail of a domain goes
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Lookup(lookup::Lookup),
}

/// Does what the arguments say.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Lookup(lookup) => lookup::run(lookup, context),
    }
}
