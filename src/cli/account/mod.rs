//! `mailkit account`: the accounts in the configuration, from an address to a login that works.

mod discover;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Find, add and check accounts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Discover(discover::Args),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Discover(args) => discover::run(args, context),
    }
}
