//! `parse --thread`: who answers whom, over all messages.
//!
//! Of each message only its ids, date, sender and subject are kept. The JSON form is a flat list in which each row names
//! the row above it: nested, a long thread would be deeper than any reader of JSON goes.

use super::column::{cut, padded};
use super::driver::Action;
use super::json::{self, Origin, Person};
use super::letter::Letter;
use super::sheet::Sheet;
use jiff::tz::TimeZone;
use mailkit::error::Result;
use mailkit::message::{date, id, safe};
use mailkit::reading::thread::{self, By, Gaps, Row};
use mailkit::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// Levels that are drawn; what is deeper moves no further to the right.
const DRAWN_MAX: usize = 20;
/// Columns of a sender.
const SENDER: usize = 20;

/// Whether threads are wanted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "View")]
pub(super) struct Thread {
    /// Show which message answers which, as threads: by what they name, or also by their subjects. Messages that are
    /// named and not there are shown as gaps
    #[arg(long, value_name = "BY", num_args = 0..=1, require_equals = true, default_missing_value = "references",
          value_enum, group = "wish")]
    thread: Option<Bond>,

    #[arg(skip)]
    seen: Mutex<Vec<Seen>>,
}

/// What holds threads together.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Bond {
    References,
    Subjects,
}

/// A message as far as its thread and its line go.
#[derive(Debug)]
struct Seen {
    place: thread::Letter,
    /// Who sent it, for people.
    sender: String,
    /// Who, and where it was found: for programs only.
    origin: Option<(Vec<Person>, Origin)>,
}

/// A row of the threads: a message or a gap.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct ThreadRow {
    /// When it was written, in UTC.
    date: Option<String>,
    /// How many rows are above it in its thread.
    depth: usize,
    from: Vec<Person>,
    message_id: Option<String>,
    /// Of a gap, how many messages are missing; 0 where a subject alone joins what is below.
    missing: usize,
    /// The row of the message that it answers.
    parent: Option<usize>,
    /// The number of this row, from 0.
    row: usize,
    /// Always `mailkit.thread/1`.
    schema: &'static str,
    /// Where the message was found; null for a gap.
    source: Option<Origin>,
    subject: Option<String>,
    /// The number of the thread, from 0.
    thread: usize,
}

impl Thread {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.thread.is_some().then_some(self as &dyn Action)
    }
}

impl Action for Thread {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let Some(part) = letter.head() else { return Ok(()) };
        let message = &letter.message;
        let ids = |name: &str| message.field(part, name).map(id::parse_list).unwrap_or_default();
        let mut references = ids("References");
        if references.is_empty() {
            references = ids("In-Reply-To").into_iter().take(1).collect();
        }
        let from = message.fields(part).find(|field| field.is("From"));
        let from = from.as_ref().map(json::everybody).unwrap_or_default();
        let sender = from.first().map(|person| person.shown().to_owned()).unwrap_or_default();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen {
            place: thread::Letter {
                id: ids("Message-ID").into_iter().next(),
                references,
                date: message.field(part, "Date").and_then(date::parse),
                subject: message.text_field(part, "Subject").unwrap_or_default(),
            },
            sender,
            origin: sheet.is_json().then(|| (from, Origin::of(letter.source))),
        });
        Ok(())
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_about_all(&self) -> bool {
        true
    }

    fn finish(&self, sheet: &mut Sheet) -> Result<()> {
        let by = match self.thread {
            Some(Bond::Subjects) => By::Subjects,
            _ => By::References,
        };
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)).into_iter();
        let (places, mut others): (Vec<thread::Letter>, Vec<_>) =
            seen.map(|Seen { place, sender, origin }| (place, (sender, origin))).unzip();
        let rows = thread::threads(&places, by, Gaps::Show);
        let (mut drawing, mut threads) = (Drawing::default(), 0usize);
        for (at, row) in rows.iter().enumerate() {
            threads += usize::from(row.parent.is_none());
            let known = row.message.and_then(|message| places.get(message).zip(others.get_mut(message)));
            if !sheet.is_json() {
                let (date, sender, subject) = match known {
                    Some((place, (sender, _))) => (place.date, std::mem::take(sender), place.subject.clone()),
                    None if row.missing > 0 => (None, String::new(), format!("({} missing)", row.missing)),
                    None => (None, String::new(), "(one subject)".to_owned()),
                };
                let sender = padded(&cut(&safe::terminal(&sender), SENDER), SENDER);
                sheet.line(format!("{}  {sender}  {}{subject}", day(date), drawing.marks(row)).trim_end());
                continue;
            }
            let (place, other) = known.unzip();
            let (from, source) = other.and_then(|(_, origin)| origin.take()).unzip();
            sheet.value(&ThreadRow {
                date: place.and_then(|place| place.date).map(|date| date.to_string()),
                depth: row.depth,
                from: from.unwrap_or_default(),
                message_id: place.and_then(|place| place.id.clone()),
                missing: row.missing,
                parent: row.parent,
                row: at,
                schema: "mailkit.thread/1",
                source,
                subject: place.map(|place| place.subject.clone()),
                thread: threads - 1,
            })?;
        }
        Ok(())
    }
}

/// The marks in front of a row; remembers which rows above still have answers to come.
#[derive(Default)]
struct Drawing {
    is_last: Vec<bool>,
}

impl Drawing {
    fn marks(&mut self, row: &Row) -> String {
        self.is_last.truncate(row.depth);
        self.is_last.push(row.is_last);
        if row.depth == 0 {
            return String::new();
        }
        let first = row.depth.saturating_sub(DRAWN_MAX).max(1);
        let mut marks = if first > 1 { "… ".to_owned() } else { String::new() };
        for is_last in &self.is_last[first..row.depth] {
            marks.push_str(if *is_last { "   " } else { "│  " });
        }
        marks.push_str(if row.is_last { "└─ " } else { "├─ " });
        marks
    }
}

/// To the minute, where the reader is.
fn day(date: Option<Timestamp>) -> String {
    let shown = date.map(|date| date.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string());
    shown.unwrap_or_else(|| " ".repeat("2026-01-31 12:00".len()))
}
