//! `mailkit imap`: mailboxes on an IMAP server. One file for each subcommand.

mod sync;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Work with mailboxes on an IMAP server
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Sync(sync::Args),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Sync(args) => sync::run(args, context),
    }
}
