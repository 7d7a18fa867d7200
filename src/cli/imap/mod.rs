//! `mailkit imap`: mailboxes on an IMAP server. One file for each subcommand, or for a few that do alike.
//!
//! `server` knows which server, mailbox and messages are meant.

pub(super) mod append;
pub(super) mod caps;
pub(super) mod change;
pub(super) mod fetch;
pub(super) mod idle;
pub(super) mod ls;
mod names;
mod raw;
pub(super) mod scan;
mod search;
mod server;
pub(super) mod sync;

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
    Ls(ls::Args),
    Scan(scan::Args),
    Fetch(fetch::Args),
    Search(search::Args),
    Append(append::Args),
    Flag(change::FlagArgs),
    Move(change::MoveArgs),
    Copy(change::CopyArgs),
    Rm(change::RmArgs),
    Mkdir(names::MkdirArgs),
    Rename(names::RenameArgs),
    Rmdir(names::RmdirArgs),
    Idle(idle::Args),
    Caps(caps::Args),
    Raw(raw::Args),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Sync(args) => sync::run(args, context),
        Command::Ls(args) => ls::run(args, context),
        Command::Scan(args) => scan::run(args, context),
        Command::Fetch(args) => fetch::run(args, context),
        Command::Search(args) => search::run(args, context),
        Command::Append(args) => append::run(args, context),
        Command::Flag(args) => change::flag(args, context),
        Command::Move(args) => change::move_(args, context),
        Command::Copy(args) => change::copy(args, context),
        Command::Rm(args) => change::rm(args, context),
        Command::Mkdir(args) => names::mkdir(args, context),
        Command::Rename(args) => names::rename(args, context),
        Command::Rmdir(args) => names::rmdir(args, context),
        Command::Idle(args) => idle::run(args, context),
        Command::Caps(args) => caps::run(args, context),
        Command::Raw(args) => raw::run(args, context),
    }
}
