//! `mailkit account list` and `show`.

use crate::cli::config::print;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::account::{Account, Shown};
use mailkit::endpoint::Endpoint;
use mailkit::error::Result;
use serde_json::json;

/// List the accounts of the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account list
  mailkit account list --json | jq -r .name")]
pub(super) struct List {}

/// Show all that is known of an account, with what it inherits; secrets are left out
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit account show work
  mailkit account show work --origin")]
pub(super) struct Show {
    /// Say where each value was written
    #[arg(long)]
    origin: bool,

    /// The account; the default one if none is named
    name: Option<String>,
}

/// One line for each: a star for the default, its name, its address, its servers.
pub(super) fn list(context: &Context) -> Result<Exit> {
    let config = context.config()?;
    let default = config.account(None).ok().map(|(name, _)| name);
    let width = config.accounts.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let address = |account: &Account| account.email.as_ref().map(ToString::to_string);
    let widest = config.accounts.values().filter_map(address).map(|email| email.chars().count()).max().unwrap_or(0);
    for (name, account) in &config.accounts {
        let is_default = default == Some(name);
        let email = address(account);
        let services = [("smtp", &account.smtp), ("imap", &account.imap), ("pop", &account.pop)];
        if context.is_json() {
            let mut object = json!({
                "name": name, "default": is_default, "email": email,
                "secret": account.secret.as_ref().map(|secret| secret.describe()),
            });
            for (service, server) in services {
                object[service] = json!(server.as_ref().map(ToString::to_string));
            }
            context.object(&object)?;
            continue;
        }
        let servers: Vec<String> = services.iter().filter_map(|(_, s)| s.as_ref().map(Endpoint::to_string)).collect();
        let mark = if is_default { '*' } else { ' ' };
        let email = email.unwrap_or_default();
        let line = format!("{mark} {name:width$}  {email:widest$}  {}", servers.join(" "));
        context.line(&mailkit::message::safe::terminal(line.trim_end()))?;
    }
    Ok(if config.accounts.is_empty() { Exit::PARTIAL } else { Exit::OK })
}

/// The account's section, completed.
pub(super) fn show(args: &Show, context: &Context) -> Result<Exit> {
    let config = context.config()?;
    let (name, _) = config.account(args.name.as_deref().or(context.globals.account.as_deref()))?;
    let shown = config.shown();
    let section = [format!("accounts.{name}"), format!("accounts.\"{name}\"")];
    let shown: Vec<&Shown> = shown.iter().filter(|one| section.contains(&one.section)).collect();
    print(context, &shown, args.origin)?;
    Ok(Exit::OK)
}
