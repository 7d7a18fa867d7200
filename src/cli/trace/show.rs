//! `mailkit trace show`: a trace for the eyes, or as JSON; all of it, or what is asked for.

use super::{named, no_trace, open};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use mailkit::error::Result;
use mailkit::wire::event::{Direction, Event, LINE_MAX};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

/// Protocols of a trace that are told.
const PROTOCOLS_MAX: usize = 10;
/// Letters of the name of one; a longer one is none.
const PROTOCOL_MAX: usize = 16;

/// Show a trace, or the part of it that is asked for
///
/// As a transcript, whatever form it was written in; with --json as JSON lines. Ends with 1 if nothing in it is asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit trace show --times trace.jsonl
  mailkit trace show --conn 1 --dir S trace.txt")]
pub(super) struct Show {
    /// The trace; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Only the connection of this number; may be given several times
    #[arg(long, value_name = "N")]
    conn: Vec<u32>,

    /// Only what was said in this protocol: smtp, lmtp, pop3, imap, managesieve, http, dns; only
    /// JSON tells it
    #[arg(long, value_name = "NAME")]
    proto: Vec<String>,

    /// Only what the client said, or the server, or what happened besides words
    #[arg(long, value_name = "C|S|*", value_parser = direction)]
    dir: Vec<Direction>,

    /// Show the column too: when it was, how long a reply took, and whether it is one that nobody hopes for
    #[arg(long)]
    times: bool,
}

fn direction(text: &str) -> Result<Direction, String> {
    match text {
        "C" | "c" => Ok(Direction::C),
        "S" | "s" => Ok(Direction::S),
        "*" => Ok(Direction::Nobody),
        _ => Err("it is C, S or *".to_owned()),
    }
}

/// Shows it line by line, as it is read.
pub(super) fn run(show: &Show, context: &Context) -> Result<Exit> {
    let mut reader = BufReader::new(open(&show.file)?);
    let colors = context.colors(context.shows_output());
    let (mut line, mut number, mut has_shown) = (Vec::new(), 0, false);
    let mut protocols = BTreeSet::new();
    loop {
        line.clear();
        number += 1;
        let read = reader.by_ref().take(LINE_MAX as u64 + 2).read_until(b'\n', &mut line);
        if read.map_err(|error| super::unreadable(&show.file, error))? == 0 {
            break;
        }
        let text =
            std::str::from_utf8(&line).map_err(|_| no_trace(&show.file, format!("line {number} is not UTF-8")))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            continue;
        }
        let event = Event::from_line(text).map_err(|why| no_trace(&show.file, format!("line {number}: {why}")))?;
        if protocols.len() < PROTOCOLS_MAX && (1..=PROTOCOL_MAX).contains(&event.proto.len()) {
            protocols.insert(event.proto.clone());
        }
        if show.wants(&event) {
            has_shown = true;
            match context.is_json() {
                true => context.line(&crate::cli::console::harmless_json(&event.to_json()))?,
                false => show.print(&event, colors, context)?,
            }
        }
    }
    let is_spoken = |name: &String| protocols.iter().any(|known| name.eq_ignore_ascii_case(known));
    if !has_shown && !show.proto.is_empty() && !show.proto.iter().any(is_spoken) {
        let known: Vec<&str> = protocols.iter().map(|name| &**name).collect();
        context.warn(&match known.as_slice() {
            [] => format!("{} does not tell what was spoken: only JSON lines do", named(&show.file).display()),
            known => format!("what is spoken in {}: {}", named(&show.file).display(), known.join(", ")),
        });
    }
    Ok(if has_shown { Exit::OK } else { Exit::PARTIAL })
}

impl Show {
    fn wants(&self, event: &Event) -> bool {
        (self.conn.is_empty() || self.conn.contains(&event.conn))
            && (self.proto.is_empty() || self.proto.iter().any(|name| name.eq_ignore_ascii_case(&event.proto)))
            && (self.dir.is_empty() || self.dir.contains(&event.dir))
    }

    fn print(&self, event: &Event, colors: bool, context: &Context) -> Result<()> {
        let column = if self.times { format!("{} ", event.column()) } else { String::new() };
        let paint = match event.dir {
            _ if !colors => "",
            _ if !event.expected => "\x1b[31m",
            Direction::C => "\x1b[36m",
            Direction::S => "",
            Direction::Nobody => "\x1b[2m",
        };
        let end = if paint.is_empty() { "" } else { "\x1b[0m" };
        event.lines().iter().try_for_each(|line| context.line(&format!("{column}{paint}{line}{end}")))
    }
}
