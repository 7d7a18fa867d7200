//! `mailkit trace diff`: what another run said, or heard, that the first did not.

use super::{no_trace, whole};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::input::STDIN;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::safe::terminal;
use mailkit::replay::diff::{Compared, Line, compare};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Say how two traces differ, but for times, dates, ids and tags
///
/// The first line says whether they do, and where first. Below it the lines that are in one of them only, those of the
/// first behind - and those of the second behind +, each time with the line before. Ends with 1 if they differ.
/// With --json one object, as mailkit schema trace-diff describes it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailkit trace diff yesterday.jsonl today.jsonl
  mailkit trace diff works.txt fails.txt")]
pub(super) struct Diff {
    /// The first trace; - for standard input
    #[arg(value_name = "FILE")]
    first: PathBuf,

    /// The second trace; - for standard input, if the first is not
    #[arg(value_name = "FILE")]
    second: PathBuf,
}

/// What differs, as JSON has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "trace-diff")]
pub(in crate::cli) struct Object {
    /// The version of this form: 1.
    version: u8,
    /// Lines that are in one of the traces only.
    differences: usize,
    /// The conversations in which there are some.
    conversations: Vec<Conversation>,
}

/// A conversation that differs.
#[derive(Serialize, JsonSchema)]
struct Conversation {
    /// Its place among the others, from 1.
    number: usize,
    /// All its lines, in their order.
    lines: Vec<Told>,
}

/// A line of a conversation.
#[derive(Serialize, JsonSchema)]
struct Told {
    /// Where it is.
    r#in: Place,
    /// As the text of a trace has it, without the column.
    text: String,
}

/// Where a line is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Place {
    Both,
    First,
    Second,
}

impl Object {
    fn of(compared: &[Compared]) -> Self {
        let differing = || compared.iter().filter(|compared| compared.differences() > 0);
        let told = |line: &Line| {
            let place = match line {
                Line::Both(_) => Place::Both,
                Line::First(_) => Place::First,
                Line::Second(_) => Place::Second,
            };
            Told { r#in: place, text: shown(line).to_owned() }
        };
        let conversation = |compared: &Compared| Conversation {
            number: compared.number,
            lines: compared.lines.iter().map(told).collect(),
        };
        let differences = differing().map(Compared::differences).sum();
        Self { version: 1, differences, conversations: differing().map(conversation).collect() }
    }
}

/// Prints what differs.
pub(super) fn run(diff: &Diff, context: &Context) -> Result<Exit> {
    if [&diff.first, &diff.second].iter().all(|path| path.as_os_str() == STDIN) {
        return Err(Error::new(Kind::Usage, "standard input (-) can be read only once"));
    }
    let (first, second) = (whole(&diff.first)?, whole(&diff.second)?);
    // Which of them it is that cannot be read is told by reading each with itself.
    for (path, text) in [(&diff.first, &first), (&diff.second, &second)] {
        mailkit::wire::event::parse(text).map_err(|error| no_trace(path, error))?;
    }
    let compared = compare(&first, &second).map_err(|error| no_trace(&diff.first, error))?;
    let count: usize = compared.iter().map(Compared::differences).sum();
    if context.is_json() {
        context.object(&Object::of(&compared))?;
        return Ok(if count == 0 { Exit::OK } else { Exit::PARTIAL });
    }
    let Some(at) = compared.iter().find(|compared| compared.differences() > 0) else {
        context.line("the same was said in both")?;
        return Ok(Exit::OK);
    };
    let before = at.lines.iter().take_while(|line| line.is_common()).last();
    let place = before.map_or("at its beginning".to_owned(), |line| format!("behind `{}`", shown(line)));
    let lines = if count == 1 { "line differs" } else { "lines differ" };
    context.line(&terminal(&format!("{count} {lines}, the first in conversation {}, {place}", at.number)))?;
    for compared in compared.iter().filter(|compared| compared.differences() > 0) {
        context.line(&format!("conversation {}", compared.number))?;
        let mut before = None;
        for line in &compared.lines {
            let mark = match line {
                Line::Both(_) => {
                    before = Some(line);
                    continue;
                }
                Line::First(_) => '-',
                Line::Second(_) => '+',
            };
            if let Some(before) = before.take() {
                context.line(&terminal(&format!("  {}", shown(before))))?;
            }
            context.line(&terminal(&format!("{mark} {}", shown(line))))?;
        }
    }
    Ok(Exit::PARTIAL)
}

fn shown(line: &Line) -> &str {
    match line {
        Line::Both(text) | Line::First(text) | Line::Second(text) => text,
    }
}
