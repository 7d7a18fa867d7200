//! `mailkit send`: composes or takes a message and submits it, with a result for each recipient.
//!
//! `compose` turns arguments and input into an envelope and octets, `report` prints what came of it.

mod attach;
mod compose;
mod content;
mod delivery;
mod editor;
mod outcome;
mod report;
mod route;
#[cfg(test)]
mod tests;

use super::context::Context;
use super::exit::Exit;
use super::login::{self, Service};
use super::stop::Stop;
use compose::People;
use content::ContentArgs;
use delivery::DeliveryArgs;
use mailkit::account::Asked;
use mailkit::address::Address;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::Tcp;
use mailkit::submit::{self, Submission};
use mailkit::world::Content;
use outcome::OutcomeArgs;
use route::RouteArgs;

/// Send a message
///
/// The body comes on standard input, the recipients are arguments; with -t both come from a complete message.
/// Bcc fields never leave the machine. Nothing is printed when all recipients are accepted, unless --json
/// or -v asks for it.
///
/// Ends with 0 if every recipient was accepted, 1 if only some were, 75 if trying again may help,
/// 76 if the server fell silent after the message so that nobody knows, or breaks the protocol, 130 or 143 if
/// a signal came before that was settled, other codes if it was refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  echo 'The oven is free.' | mailkit send --server smtp://127.0.0.1:1025 -s Crepes bob@hamburger.example
  mailkit send -t --server smtps://alice@smtp.example.org --password-cmd 'pass mail' < message.eml")]
pub(super) struct Args {
    #[command(flatten)]
    content: ContentArgs,

    #[command(flatten)]
    route: RouteArgs,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    outcome: OutcomeArgs,
}

/// Composes, submits, reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let people = People::new(&args.content)?;
    let recipients: Vec<&Address> = people.recipients().collect();
    let asked = Asked { name: None, sender: people.sender(), recipients: &recipients };
    let server = match login::server_for(context, args.route.server.as_deref(), Service::Smtp, &asked) {
        Ok(server) => Some(server),
        // A dry run needs no server unless one is named.
        Err(_) if args.outcome.dry_run && args.route.server.is_none() => None,
        Err(error) => return Err(error),
    };
    let account = server.as_ref().and_then(|server| server.account).map(|(_, account)| account);
    args.delivery.check()?;
    if args.outcome.dry_run {
        let message = compose::compose(&args.content, people, context, account, &SystemClock, &SystemEntropy)?;
        message.doubts.iter().for_each(|doubt| context.note(doubt));
        return report::dry_run(context, &message, server.as_ref());
    }
    let server = server.ok_or_else(|| Error::new(Kind::Usage, "no server to send to"))?;
    let helo = args.route.helo()?;
    let trust = args.route.login.trust()?;
    let trace = context.trace()?;
    let (message, submitted, stopped) = context.block_on(async {
        let credentials = args.route.login.credentials(context, &server).await?;
        // Standard input is read when nothing but the network can go wrong any more.
        let mut message = compose::compose(&args.content, people, context, account, &SystemClock, &SystemEntropy)?;
        args.delivery.ask(&mut message.envelope)?;
        message.doubts.iter().for_each(|doubt| context.note(doubt));
        let addresses = login::addresses(&server.endpoint).await.map_err(nothing_sent)?;
        // Up to here a signal ends the process, and nothing has begun.
        let stop = Stop::on_signals()?;
        let bar = context.progress("sending", message.content.size());
        let submission = Submission {
            endpoint: &server.endpoint,
            addresses,
            credentials,
            helo,
            trust,
            envelope: &message.envelope,
            content: &message.content,
            needs_utf8: message.needs_utf8,
            manner: args.delivery.manner(),
            required: args.delivery.required(),
            trace,
            stop: stop.token().clone(),
        };
        let submitted = submit::submit(&Tcp, submission, |sent| bar.set_position(sent)).await;
        bar.finish_and_clear();
        Ok((message, submitted.map_err(nothing_sent)?, stop.exit()))
    })?;
    if let Some(offered) = &submitted.extensions {
        args.delivery.warnings(offered).into_iter().for_each(|warning| context.warn(warning));
    }
    report::outcome(context, &message, &server, &submitted, stopped)
}

/// Nobody was reached: what follows from that.
fn nothing_sent(error: Error) -> Error {
    match (error.kind(), error.advice()) {
        (Kind::Temporary, None) => error.hint("nothing was sent; try again later"),
        _ => error,
    }
}
