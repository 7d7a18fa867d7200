//! `mailkit parse`: what a message consists of, for people and for scripts.
//!
//! Reads one message from a file or from standard input; touches no network. Whatever is printed was
//! written by a stranger, so all of it goes through `message::safe` or JSON's escapes.

mod extract;
mod json;
mod tree;

use mailkit::error::{Error, Kind, Result};
use mailkit::message::roles::Roles;
use mailkit::message::view::Message;
use mailkit::message::{safe, text, words};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Octets of a message that is read; what is larger is no mail anybody could have sent.
const SIZE_MAX: u64 = 512 * 1024 * 1024;

/// Show what a message consists of: header fields, parts with their IMAP numbers, defects
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    mailkit parse message.eml\n  \
    mailkit parse -H Subject - < message.eml")]
pub(crate) struct Args {
    /// The message; `-` or nothing means standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    /// Print this header field, decoded; can be given several times. Exit code 1 if one is absent
    #[arg(short = 'H', long = "header", value_name = "NAME", conflicts_with_all = ["text", "extract"])]
    pub(crate) header: Vec<String>,

    /// With -H, print each field of that name instead of the first
    #[arg(long, requires = "header")]
    pub(crate) all: bool,

    /// Print the text of the message; HTML is reduced to words and links, and nothing is ever fetched
    #[arg(long, conflicts_with = "extract")]
    pub(crate) text: bool,

    /// Save the attachments in this directory and print the path of each; never overwrites a file
    #[arg(short = 'x', long, value_name = "DIR")]
    pub(crate) extract: Option<PathBuf>,
}

/// Does what `args` say; returns the exit code: 0, or 1 if a header field that was asked for is absent.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<u8> {
    let octets = read(&args.file)?;
    if octets.is_empty() {
        return Err(
            Error::new(Kind::Data, format!("read {}", args.file.display())).caused_by("there is no message in it")
        );
    }
    let message = Message::parse(&octets);
    let roles = Roles::of(&message);
    if !args.header.is_empty() {
        return headers(&message, args, json, out);
    }
    if let Some(dir) = &args.extract {
        let written = extract::attachments(&message, &roles, dir)?;
        return match json {
            true => print(out, &json::written(&written)),
            false => written.iter().try_fold(0, |_, file| print_path(out, &file.path)),
        };
    }
    let printed = match (json, args.text) {
        (true, _) => json::message(&message, &roles, &args.file, args.text),
        (false, true) => safe::terminal_lines(&text::of_message(&message, &roles)).into_owned(),
        (false, false) => tree::show(&message, &roles),
    };
    print(out, &printed)
}

/// The whole of a file, or of standard input.
fn read(file: &Path) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    let limited = |reader: &mut dyn Read, octets: &mut Vec<u8>| reader.take(SIZE_MAX + 1).read_to_end(octets);
    let done = match file.as_os_str() == "-" {
        true => limited(&mut std::io::stdin().lock(), &mut octets),
        false => std::fs::File::open(file).and_then(|mut file| limited(&mut file, &mut octets)),
    };
    done.map_err(|error| Error::file("read", file, error))?;
    if octets.len() as u64 > SIZE_MAX {
        let size = format!("it is larger than {} MiB", SIZE_MAX / 1024 / 1024);
        return Err(Error::new(Kind::Data, format!("read {}", file.display())).caused_by(size));
    }
    Ok(octets)
}

/// The fields that were asked for, in the order in which they were asked for.
fn headers(message: &Message<'_>, args: &Args, json: bool, out: &mut dyn Write) -> Result<u8> {
    let mut absent = false;
    let mut found = Vec::new();
    for name in &args.header {
        let limit = if args.all { usize::MAX } else { 1 };
        let name = name.trim_end_matches(':');
        let before = found.len();
        found.extend(message.fields(message.root()).filter(|field| field.is(name)).take(limit));
        absent |= found.len() == before;
    }
    let printed: String = match json {
        true => json::headers(found.into_iter()),
        false => found.iter().map(|field| format!("{}\n", safe::terminal(&words::decode(field.body)))).collect(),
    };
    print(out, &printed)?;
    Ok(u8::from(absent))
}

fn print(out: &mut dyn Write, text: &str) -> Result<u8> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(written_badly)?;
    Ok(0)
}

/// A path exactly as it is, so that a script can open it; the part of it that a stranger chose is a safe name.
fn print_path(out: &mut dyn Write, path: &Path) -> Result<u8> {
    out.write_all(path.as_os_str().as_encoded_bytes()).and_then(|()| out.write_all(b"\n")).map_err(written_badly)?;
    Ok(0)
}

fn written_badly(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "write to standard output").caused_by(error)
}
