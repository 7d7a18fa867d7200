//! `mailkit auth refresh`: a new token now.

use super::super::context::Context;
use super::super::exit::Exit;
use super::setup::Setup;
use mailkit::error::Result;
use mailkit::oauth::Want;
use mailkit::world::Timestamp;
use serde_json::json;

/// Renew an account's token now, although it may still be good
///
/// Never needed for mailkit's own commands, which renew a token that ends within five minutes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit auth refresh work
  mailkit auth refresh work --json")]
pub(super) struct Args {
    /// The account of the configuration
    name: String,
}

/// Renews.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let setup = Setup::new(context, &args.name)?;
    let want = Want { is_new: true, ..Want::default() };
    let tokens = context.block_on(setup.tokens(want))?;
    let expires = Timestamp::from_second(tokens.expires).map(|time| time.to_string()).ok();
    if context.is_json() {
        context.object(&json!({"schema": "mailkit.auth-refresh/1", "account": setup.name, "expires": expires}))?;
    } else {
        context.note(&format!("the token of {} is good until {}", setup.name, expires.unwrap_or_default()));
    }
    Ok(Exit::OK)
}
