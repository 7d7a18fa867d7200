//! `mailkit auth`: passwords kept and forgotten; tokens instead of them, got with the user's consent and renewed without.
//!
//! One file for each subcommand. What is asked of a provider is `oauth`'s business, where tokens are kept is
//! `account`'s; `setup` joins the two with the configuration.

mod browser;
mod login;
mod refresh;
mod secret;
mod setup;
mod status;
mod token;

pub(super) use setup::TokenProof;

use super::context::Context;
use super::exit::Exit;
use mailkit::error::Result;

/// Keep passwords, or log in with tokens instead of them (OAuth 2.0)
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
    Set(secret::Set),
    Forget(secret::Forget),
}

/// Does what the subcommand says.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Login(args) => login::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Token(args) => token::run(args, context),
        Command::Refresh(args) => refresh::run(args, context),
        Command::Set(args) => secret::set(args, context),
        Command::Forget(args) => secret::forget(args, context),
    }
}
