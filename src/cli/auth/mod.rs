//! `mailkit auth`: the secrets of accounts, kept and forgotten. No secret is ever an argument.

mod secret;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Keep the secrets of accounts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Set(secret::Set),
    Forget(secret::Forget),
}

/// Keeps or forgets.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Set(set) => secret::set(set, context),
        Command::Forget(forget) => secret::forget(forget, context),
    }
}
