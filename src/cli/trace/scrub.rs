//! `mailkit trace scrub`: a trace that can be shown to others.

use super::{not_an_event, whole};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::net::entropy::SystemEntropy;
use mailkit::replay::scrub::scrub;
use mailkit::world::Entropy;
use std::path::PathBuf;

/// Print a trace with fakes for addresses, hosts, IP addresses, ids, users and mailboxes, for a report about it
///
/// The form stays, and so do commands, codes, the words of servers, lengths and times; what of messages is in it is
/// replaced as by parse --redact. The same name has the same fake in one run, and another one in the next. Secrets
/// never were in it. Look it through before it is sent: a server may say anything.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit trace scrub trace.jsonl > report.jsonl
  mailkit trace scrub trace.txt")]
pub(super) struct Scrub {
    /// The trace; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints it.
pub(super) fn run(args: &Scrub, context: &Context) -> Result<Exit> {
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key);
    let scrubbed = scrub(&whole(&args.file)?, &key).map_err(|error| not_an_event(&args.file, &error))?;
    context.octets(scrubbed.as_bytes())?;
    Ok(Exit::OK)
}
