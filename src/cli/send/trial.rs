//! A message that is sent to see whether sending works: composed and submitted as any other, and told to nobody.
//!
//! No ledger, no queue, no copy: what came of it is for the one who asked.

use super::errand::Errand;
use super::people::{LocalNames, Named};
use super::report::said;
use super::{Args, Context};
use crate::cli::login::{self, Service};
use mailkit::account::Asked;
use mailkit::error::{Error, Kind, Result};
use mailkit::smtp::outcome::Outcome;

/// Sends a message from an account to this address; returns what the server said.
pub(in crate::cli) async fn trial(context: &Context, account: &str, to: &str) -> Result<String> {
    let text = "This message was sent by mailkit account check --send, to see whether the account can send.";
    let words = ["send", "--yes", "-s", "mailkit account check", "-H", "Auto-Submitted: auto-generated", "-m", text];
    // An address may begin with a hyphen.
    let from = format!("--from={to}");
    let args = Args::of(words.into_iter().chain([from.as_str(), "--", to]).map(str::to_owned))?;
    let asked = Asked { name: Some(account), ..Asked::default() };
    let server = login::server_for(context, Some(account), Service::Smtp, &asked)?;
    let of_account = server.account.map(|(_, account)| account);
    let names = LocalNames::new(&args.content, of_account);
    let people = Named::new(&args.content)?.complete(names)?;
    let errand = Errand::new(&args, context, Some(&server))?;
    let tls = args.route.login.tls(Some(&server))?;
    let credentials = args.route.login.credentials(context, &server).await?;
    let message = errand.compose(people)?;
    errand.ask(&message)?;
    let fates = errand.send(&server, credentials, tls, &message, &message.envelope, None).await?.recipients;
    let outcome = fates.iter().find_map(|(_, fared)| said(fared));
    let outcome = outcome.ok_or_else(|| Error::new(Kind::Software, "nobody was written to"))?;
    match outcome.kind() {
        None => Ok(words_of(outcome)),
        Some(kind) => Err(Error::new(kind, format!("a message to {to} was not accepted")).said(words_of(outcome))),
    }
}

fn words_of(outcome: &Outcome) -> String {
    outcome.code.map_or_else(|| outcome.text.clone(), |code| format!("{code} {}", outcome.text))
}
