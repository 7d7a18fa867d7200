//! `mailkit send`: composes or takes a message and submits it, with a result for each recipient.
//!
//! `compose` turns arguments and input into an envelope and octets, `report` prints what came of it.

mod compose;
mod report;

use super::context::Context;
use super::exit::Exit;
use super::login::{self, LoginArgs, Service};
use super::stop::Stop;
use compose::People;
use mailkit::address::Domain;
use mailkit::error::{Error, Kind, Result};
use mailkit::net::clock::SystemClock;
use mailkit::net::entropy::SystemEntropy;
use mailkit::net::tcp::Tcp;
use mailkit::submit::{self, Submission};
use std::path::PathBuf;

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
    /// Recipients: addresses, with or without names; several may be separated by commas
    #[arg(value_name = "RECIPIENT")]
    recipients: Vec<String>,

    /// Take the recipients from the To, Cc and Bcc fields of a complete message
    #[arg(short = 't', long)]
    read_recipients: bool,

    /// Send this complete message; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "cc", "bcc", "attach"])]
    message: Option<PathBuf>,

    /// The subject
    #[arg(short, long, value_name = "TEXT", conflicts_with = "read_recipients")]
    subject: Option<String>,

    /// Send a copy to these too
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    cc: Vec<String>,

    /// Send a copy to these too, unseen by the others
    #[arg(short, long, value_name = "RECIPIENT", conflicts_with = "read_recipients")]
    bcc: Vec<String>,

    /// Attach a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "read_recipients")]
    attach: Vec<PathBuf>,

    /// Who the message is from
    #[arg(short, long, value_name = "ADDRESS")]
    from: Option<String>,

    /// Where bounces go; <> for nowhere
    #[arg(short = 'r', long, value_name = "ADDRESS")]
    envelope_from: Option<String>,

    /// Leave a complete message as it is, but for its line ends and Bcc
    #[arg(long)]
    no_fixups: bool,

    /// The server to submit to: a URL such as smtps://alice@smtp.example.org, or an account of the configuration
    #[arg(long, value_name = "URL|ACCOUNT")]
    server: Option<String>,

    #[command(flatten)]
    login: LoginArgs,

    /// The name to say in EHLO; the name of this machine if not given
    #[arg(long, value_name = "NAME")]
    helo: Option<String>,

    /// Connect to nobody; print the message, and on standard error its envelope
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Composes, submits, reports.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let server = match login::server(context, args.server.as_deref(), Service::Smtp) {
        Ok(server) => Some(server),
        // A dry run needs no server unless one is named.
        Err(_) if args.dry_run && args.server.is_none() => None,
        Err(error) => return Err(error),
    };
    let account = server.as_ref().and_then(|server| server.account).map(|(_, account)| account);
    let people = People::new(args)?;
    if args.dry_run {
        let message = compose::compose(args, people, context, account, &SystemClock, &SystemEntropy)?;
        return report::dry_run(context, &message, server.as_ref());
    }
    let server = server.ok_or_else(|| Error::new(Kind::Usage, "no server to send to"))?;
    let helo = helo(args.helo.as_deref())?;
    let trust = args.login.trust()?;
    let trace = context.trace()?;
    let (message, submitted, stopped) = context.block_on(async {
        let credentials = args.login.credentials(context, &server).await?;
        // Standard input is read when nothing but the network can go wrong any more.
        let message = compose::compose(args, people, context, account, &SystemClock, &SystemEntropy)?;
        let addresses = login::addresses(&server.endpoint).await.map_err(nothing_sent)?;
        // Up to here a signal ends the process, and nothing has begun.
        let stop = Stop::on_signals()?;
        let bar = context.progress("sending", message.octets.len() as u64);
        let submission = Submission {
            endpoint: &server.endpoint,
            addresses,
            credentials,
            helo,
            trust,
            envelope: &message.envelope,
            content: &message.octets,
            needs_utf8: message.needs_utf8,
            trace,
            stop: stop.token().clone(),
        };
        let submitted = submit::submit(&Tcp, submission, |sent| bar.set_position(sent)).await;
        bar.finish_and_clear();
        Ok((message, submitted.map_err(nothing_sent)?, stop.exit()))
    })?;
    report::outcome(context, &message, &server, &submitted, stopped)
}

/// Nobody was reached: what follows from that.
fn nothing_sent(error: Error) -> Error {
    match (error.kind(), error.advice()) {
        (Kind::Temporary, None) => error.hint("nothing was sent; try again later"),
        _ => error,
    }
}

/// What this machine calls itself (RFC 5321 §4.1.1.1).
fn helo(given: Option<&str>) -> Result<Domain> {
    match given {
        Some(name) => {
            Domain::parse(name).map_err(|error| Error::new(Kind::Usage, format!("--helo {name}")).caused_by(error))
        }
        None => Ok(Domain::parse(&host_name()).unwrap_or(Domain::Literal([127, 0, 0, 1].into()))),
    }
}

/// The machine's name as the operating system has it.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
