//! `mailkit trace`: what was written down with `--trace`, shown, shared, compared and played again.

mod diff;
mod questions;
mod replay;
mod scrub;
mod show;

pub(super) use diff::Object;

use super::context::Context;
use super::exit::Exit;
use super::input::{MESSAGE_MAX, STDIN, named, too_large, unreadable};
use mailkit::error::{Error, Kind, Result};
use mailkit::wire::event::NotAnEvent;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Show, replay, compare and share what --trace has written down
///
/// All of them read both forms: text, and the JSON lines that --trace=FILE.jsonl writes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(show::Show),
    Scrub(scrub::Scrub),
    Diff(diff::Diff),
    Replay(Box<replay::Replay>),
}

/// Does what the arguments say.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    match &args.command {
        Command::Show(show) => show::run(show, context),
        Command::Scrub(scrub) => scrub::run(scrub, context),
        Command::Diff(diff) => diff::run(diff, context),
        Command::Replay(replay) => replay::run(replay, context),
    }
}

/// Opens a trace; `-` is standard input.
fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path == Path::new(STDIN) {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(path).map_err(|error| unreadable(path, error))?))
}

/// Reads all of a trace.
fn whole(path: &Path) -> Result<String> {
    let mut octets = Vec::new();
    let read = open(path)?.take(MESSAGE_MAX + 1).read_to_end(&mut octets);
    read.map_err(|error| unreadable(path, error))?;
    if octets.len() as u64 > MESSAGE_MAX {
        return Err(too_large(path, MESSAGE_MAX));
    }
    String::from_utf8(octets).map_err(|_| no_trace(path, "it is not UTF-8"))
}

/// What is said of a file that holds something else.
fn no_trace(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Data, format!("{} is no trace: {why}", named(path).display()))
        .hint("a trace is what --trace=FILE writes, as text or as .jsonl")
}

fn not_an_event(path: &Path, error: &NotAnEvent) -> Error {
    no_trace(path, error)
}
