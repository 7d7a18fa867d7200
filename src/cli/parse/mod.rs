//! `mailkit parse`: what messages consist of, for people and for scripts.
//!
//! `sources` says what is read, each action (one file each) what is done with a message, and `driver` runs the one action
//! that was asked for over all messages. Touches no network. Whatever is printed was written by a stranger, so all of it
//! goes through `message::safe` or JSON's escapes.

mod convert;
mod directory;
mod driver;
mod extract;
mod header;
mod json;
mod letter;
mod pick;
mod raw;
mod sheet;
mod sources;
mod tree;
mod view;

use super::context::Context;
use super::exit::Exit;
use driver::{Action, Form};
use mailkit::error::{Error, Kind, Result};
use std::path::PathBuf;

/// Show what a message consists of: header fields, parts with their IMAP numbers, defects
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    mailkit parse message.eml\n  \
    mailkit parse -H Subject - < message.eml\n  \
    mailkit parse --jsonl *.eml")]
pub(super) struct Args {
    /// The messages; `-` or nothing means standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,

    /// Print one JSON value a line, one for each message; with --json, several become one array
    #[arg(long)]
    jsonl: bool,

    /// Of each message only the part of this number, as the tree shows it; 1 if there is none
    #[arg(long, value_name = "ID", help_heading = "Select")]
    part: Option<String>,

    #[command(flatten)]
    view: view::View,
    #[command(flatten)]
    header: header::Header,
    #[command(flatten)]
    extract: extract::Extract,
    #[command(flatten)]
    convert: convert::Convert,
}

impl Args {
    /// What is to be done: at most one of the group `wish` is given, and what has no place in it stands alone.
    fn action(&self) -> Result<&dyn Action> {
        let asked = [self.view.action(), self.header.action(), self.extract.action(), self.convert.action()];
        let mut asked = asked.into_iter().flatten();
        match (asked.next(), asked.next()) {
            (Some(_), Some(_)) => {
                let two = Error::new(Kind::Usage, "these options ask for two things at once");
                Err(two.hint("--raw stands alone or with -H; --strip, --redact and --output alone or with --to"))
            }
            (action, _) => Ok(action.unwrap_or(&self.view)),
        }
    }

    fn form(&self, is_many: bool, context: &Context) -> Form {
        match (self.jsonl, context.is_json() || self.convert.is_json()) {
            (true, _) => Form::Lines,
            (false, true) if is_many => Form::Array,
            (false, true) => Form::Value,
            (false, false) => Form::Text,
        }
    }
}

/// Prints what `args` ask for.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let is_many = sources::may_be_many(&args.files);
    let form = args.form(is_many, context);
    driver::run(args.action()?, sources::each(&args.files), (form, is_many), args.part.as_deref(), context)
}
