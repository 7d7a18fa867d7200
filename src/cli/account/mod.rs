//! `mailkit account`: the accounts of the configuration, listed, shown, changed without an editor, and exchanged.

mod change;
mod exchange;
mod listing;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Manage accounts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(listing::List),
    Show(listing::Show),
    Edit(change::Edit),
    Default(change::Default),
    Remove(change::Remove),
    Import(exchange::Import),
    Export(exchange::Export),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::List(_) => listing::list(context),
        Command::Show(show) => listing::show(show, context),
        Command::Edit(edit) => change::edit(edit, context),
        Command::Default(default) => change::default(default, context),
        Command::Remove(remove) => change::remove(remove, context),
        Command::Import(import) => exchange::import(import, context),
        Command::Export(export) => exchange::export(export, context),
    }
}
