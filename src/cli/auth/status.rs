//! `mailkit auth status`: which accounts have tokens, and until when. Asks nobody and shows no secret.

use super::super::context::Context;
use super::super::exit::Exit;
use super::setup::Setup;
use mailkit::account::{Auth, Place};
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::world::{Clock, Timestamp};
use serde_json::json;

/// Show which accounts are logged in with tokens, and until when
///
/// One line for each account: its name, its state, when the token ends, where it is kept, what was granted. Nobody is
/// asked over the network. Ends with 1 if an account needs a login.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit auth status
  mailkit auth status work --json")]
pub(super) struct Args {
    /// The account; all that log in with tokens if not given
    name: Option<String>,
}

/// Looks and prints.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let setups = match &args.name {
        Some(name) => vec![Setup::new(context, name)?],
        None => {
            let accounts = context.config()?.accounts.iter();
            let accounts = accounts.filter(|(_, account)| account.auth == Some(Auth::OAuth));
            accounts.map(|(name, account)| Setup::of(context, name, account)).collect::<Result<_>>()?
        }
    };
    if setups.is_empty() {
        return Err(Error::new(Kind::Config, "no account logs in with tokens")
            .hint("add auth = \"oauth\" and oauth = {...} to an account of the configuration"));
    }
    let mut exit = Exit::OK;
    for setup in &setups {
        let kept = context.block_on(setup.load())?;
        let state = match &kept {
            None if setup.is_own_user() => "renewable",
            None => "needs-login",
            Some((tokens, _)) if tokens.is_lost => "needs-login",
            Some((tokens, _)) if !tokens.rest(SystemClock.now()).is_zero() => "valid",
            Some((tokens, _)) if tokens.refresh.is_some() || setup.is_own_user() => "renewable",
            Some(_) => "needs-login",
        };
        if state == "needs-login" {
            exit = Exit::PARTIAL;
        }
        let expires = kept.as_ref().and_then(|(tokens, _)| Timestamp::from_second(tokens.expires).ok());
        let expires = expires.map(|time| time.to_string());
        let stored = kept.as_ref().map(|(_, place)| match place {
            Place::Keyring => "keyring".to_owned(),
            Place::File => setup.vault.path().display().to_string(),
        });
        let scopes = kept.map(|(tokens, _)| tokens.scopes).unwrap_or_default();
        if context.is_json() {
            context.object(&json!({
                "schema": "mailkit.auth-status/1",
                "account": setup.name,
                "state": state,
                "expires": expires,
                "stored": stored,
                "scopes": scopes,
            }))?;
        } else {
            let words = [
                setup.name.as_str(),
                state,
                &expires.unwrap_or_else(|| "-".into()),
                &stored.unwrap_or_else(|| "-".into()),
            ]
            .join("  ");
            context.line(&mailkit::message::safe::terminal(format!("{words}  {}", scopes.join(" ")).trim_end()))?;
        }
    }
    Ok(exit)
}
