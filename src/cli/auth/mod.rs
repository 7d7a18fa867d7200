//! `mailkit auth`: tokens instead of passwords, got with the user's consent and renewed without.
//!
//! One file for each subcommand. What is asked of a provider is `oauth`'s business, where tokens are kept is
//! `account`'s; `setup` joins the two with the configuration.

mod browser;
mod login;
mod refresh;
mod setup;
mod status;
mod token;

pub(super) use setup::TokenProof;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Log in with tokens instead of passwords (OAuth 2.0)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Login(login::Args),
    Status(status::Args),
    Token(token::Args),
    Refresh(refresh::Args),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Login(args) => login::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Token(args) => token::run(args, context),
        Command::Refresh(args) => refresh::run(args, context),
    }
}
