//! `mailkit send`: composes or takes a message and submits it, with a result for each recipient.
//!
//! `compose` turns arguments and input into an envelope and octets, `errand` takes it through guards, ledger, server
//! and queue, `report` prints what came of it.

mod attach;
mod compose;
mod content;
mod copy;
mod delivery;
mod editor;
mod errand;
mod form;
mod journal;
mod known;
mod mx;
mod noticed;
pub(super) mod object;
mod once;
mod outcome;
mod people;
mod queue;
mod remote_id;
mod report;
mod route;
#[cfg(test)]
mod tests;
mod trial;

use super::context::Context;
use super::exit::Exit;
use super::login::{self, Service};
use clap::Parser;
use content::ContentArgs;
use delivery::DeliveryArgs;
use errand::Errand;
use mailkit::account::Asked;
use mailkit::address::Address;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::header;
use mx::MxArgs;
use outcome::{DryRun, OutcomeArgs, Queueing};
use people::{LocalNames, Named};
use route::RouteArgs;
use std::path::Path;
pub(super) use trial::trial;

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
    direct: MxArgs,

    #[command(flatten)]
    delivery: DeliveryArgs,

    #[command(flatten)]
    outcome: OutcomeArgs,
}

/// Composes, submits, reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let people = Named::new(&args.content)?;
    let named = args.route.server.as_deref();
    let is_named = named.is_some() || context.globals.account.is_some();
    // A complete message says itself from whom it is, where nothing else does; then it is read first.
    let is_asked = !is_named && people.sender().is_none() && args.content.is_complete();
    let message = is_asked.then(|| compose::complete(&args.content, context)).transpose()?;
    let (from, to) = match &message {
        Some(message) => header::named(&**message).map_err(|error| Error::input(Path::new("the message"), error))?,
        None => (None, Vec::new()),
    };
    let people = people.with(message);
    let to = to.iter().filter(|_| args.content.read_recipients);
    let recipients: Vec<&Address> = people.recipients().chain(to).collect();
    let asked = Asked { name: None, sender: people.sender().or(from.as_ref()), recipients: &recipients };
    let server = match login::server_for(context, named, Service::Smtp, &asked) {
        Ok(server) => Some(server),
        // A dry run needs no server unless one is named; what waits in the queue may find its own way.
        Err(_)
            if named.is_none()
                && (args.outcome.dry_run == Some(DryRun::Message) || args.is_queued() || args.direct.mx) =>
        {
            None
        }
        Err(error) => return Err(error),
    };
    let account = server.as_ref().and_then(|server| server.account).map(|(_, account)| account);
    let log = args.outcome.log(context, account)?;
    let errand = Errand::new(args, context, server.as_ref())?;
    args.delivery.check()?;
    let people = people.complete(LocalNames::new(&args.content, account))?;
    let done = errand.run(people);
    if let (Some(log), None) = (log, args.outcome.dry_run) {
        let entry = match &done {
            Ok(done) => done.entry.clone(),
            Err(error) => Some(errand.failure(error)),
        };
        // That a line is missing is no reason to say that a message was not sent.
        if let Some(Err(error)) = entry.map(|entry| journal::write(&log, &entry)) {
            context.warn(&error.to_string());
        }
    }
    done?.told
}

/// The arguments as somebody would type them.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

impl Args {
    /// Reads them; the first word is the command.
    pub(super) fn of(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let line = Line::try_parse_from(words).map_err(|error| Error::new(Kind::Software, error.to_string()))?;
        Ok(line.args)
    }

    /// Whether the message goes into the queue without a word to a server.
    fn is_queued(&self) -> bool {
        self.outcome.queue == Queueing::Always
    }
}
