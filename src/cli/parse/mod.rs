//! `mailkit parse`: what a message consists of, for people and for scripts.
//!
//! Reads one message from a file or from standard input; touches no network. Whatever is printed was
//! written by a stranger, so all of it goes through `message::safe` or JSON's escapes.

mod extract;
mod json;
mod tree;

use super::context::Context;
use super::exit::Exit;
use super::input;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::defect::{Severity, defects};
use mailkit::message::roles::Roles;
use mailkit::message::view::Message;
use mailkit::message::{safe, text, words};
use std::path::{Path, PathBuf};

/// Show what a message consists of: header fields, parts with their IMAP numbers, defects
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    mailkit parse message.eml\n  \
    mailkit parse -H Subject - < message.eml")]
pub(super) struct Args {
    /// The message; `-` or nothing means standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// Print this header field, decoded; can be given several times. Exit code 1 if one is absent
    #[arg(short = 'H', long = "header", value_name = "NAME", conflicts_with_all = ["text", "extract"])]
    header: Vec<String>,

    /// With -H, print each field of that name instead of the first
    #[arg(long, requires = "header")]
    all: bool,

    /// Print the text of the message; HTML is reduced to words and links, and nothing is ever fetched
    #[arg(long, conflicts_with = "extract")]
    text: bool,

    /// Save the attachments in this directory and print the path of each; never overwrites a file
    #[arg(short = 'x', long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

/// Prints what `args` ask for; ends with 1 if a header field that was asked for is absent.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let octets = input::message(&args.file)?;
    if octets.is_empty() {
        let empty = Error::new(Kind::Data, format!("cannot read {}", args.file.display()));
        return Err(empty.caused_by("there is no message in it"));
    }
    let message = Message::parse(&octets);
    let roles = Roles::of(&message);
    if !args.header.is_empty() {
        return headers(&message, args, context);
    }
    if let Some(dir) = &args.extract {
        let mut written = Vec::new();
        let outcome = extract::attachments(&message, &roles, dir, |file| {
            if !context.is_json() {
                print_path(context, &file.path)?;
            }
            written.push(file);
            Ok(())
        });
        // What was saved before something failed is there, and has to be known.
        if context.is_json() {
            context.object(&json::written(&written))?;
        }
        outcome?;
        // What was not read was not saved either, and nobody would see it in the paths.
        for defect in defects(&message).iter().filter(|defect| defect.severity == Severity::Error) {
            context.warn(&format!("part {}: {}", defect.part, defect.text));
        }
    } else if context.is_json() {
        context.object(&json::message(&message, &roles, &args.file, args.text))?;
    } else if args.text {
        context.octets(safe::terminal_lines(&text::of_message(&message, &roles)).as_bytes())?;
    } else {
        context.octets(tree::show(&message, &roles).as_bytes())?;
    }
    Ok(Exit::OK)
}

/// The fields that were asked for, in the order in which they were asked for.
fn headers(message: &Message<'_>, args: &Args, context: &Context) -> Result<Exit> {
    let mut absent = false;
    let mut found = Vec::new();
    for name in &args.header {
        let limit = if args.all { usize::MAX } else { 1 };
        let name = name.trim_end_matches(':');
        let before = found.len();
        found.extend(message.fields(message.root()).filter(|field| field.is(name)).take(limit));
        absent |= found.len() == before;
    }
    match context.is_json() {
        true => context.object(&json::headers(found.into_iter()))?,
        false => found.iter().try_for_each(|field| context.line(&safe::terminal(&words::decode(field.body))))?,
    }
    Ok(if absent { Exit::PARTIAL } else { Exit::OK })
}

/// A path exactly as it is, so that a script can open it; the part of it that a stranger chose is a safe name.
fn print_path(context: &Context, path: &Path) -> Result<()> {
    context.octets(path.as_os_str().as_encoded_bytes()).and_then(|()| context.octets(b"\n"))
}
