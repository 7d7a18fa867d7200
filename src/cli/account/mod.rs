//! `mailkit account`: the accounts of the configuration, from an address to a login that works, changed and exchanged.

mod add;
mod change;
mod check;
mod discover;
mod exchange;
mod listing;
mod trust;
mod wizard;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Find, add, check and change accounts
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Box<add::Add>),
    Discover(discover::Discover),
    Check(check::Check),
    Trust(trust::Trust),
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
        Command::Add(add) => add::run(add, context),
        Command::Discover(discover) => discover::run(discover, context),
        Command::Check(check) => check::run(check, context),
        Command::Trust(trust) => trust::run(trust, context),
        Command::List(_) => listing::list(context),
        Command::Show(show) => listing::show(show, context),
        Command::Edit(edit) => change::edit(edit, context),
        Command::Default(default) => change::default(default, context),
        Command::Remove(remove) => change::remove(remove, context),
        Command::Import(import) => exchange::import(import, context),
        Command::Export(export) => exchange::export(export, context),
    }
}
