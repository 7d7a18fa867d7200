//! `parse --thread`: who answers whom, over all messages.
//!
//! Of each message only its ids, date, sender and subject are kept. The JSON form is a flat list in which each row names
//! the row above it: nested, a long thread would be deeper than any reader of JSON goes.

use super::driver::Action;
use super::json::{self, Origin, Person};
use super::letter::Letter;
use super::sheet::Sheet;
use jiff::tz::TimeZone;
use mailkit::error::Result;
use mailkit::message::{date, id};
use mailkit::reading::thread::{self, By, Gaps, Row};
use mailkit::world::Timestamp;
use serde_json::{Value, json};
use std::cell::RefCell;

/// Levels that are drawn; what is deeper moves no further to the right.
const DRAWN_MAX: usize = 20;
/// Characters of a sender that are shown.
const SENDER_MAX: usize = 20;

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
    seen: RefCell<Vec<Seen>>,
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
    from: Vec<Person>,
    sender: String,
    source: Value,
}

impl Thread {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.thread.is_some().then_some(self as &dyn Action)
    }
}

impl Action for Thread {
    fn run(&self, letter: &Letter<'_>, _: &mut Sheet) -> Result<()> {
        let Some(part) = letter.head() else { return Ok(()) };
        let message = &letter.message;
        let ids = |name: &str| message.field(part, name).map(id::parse_list).unwrap_or_default();
        let mut references = ids("References");
        if references.is_empty() {
            references = ids("In-Reply-To").into_iter().take(1).collect();
        }
        let from = message.fields(part).find(|field| field.is("From"));
        let from = from.as_ref().map(json::everybody).unwrap_or_default();
        let sender = from.first().map(|person| person.shown().to_owned());
        self.seen.borrow_mut().push(Seen {
            place: thread::Letter {
                id: ids("Message-ID").into_iter().next(),
                references,
                date: message.field(part, "Date").and_then(date::parse),
                subject: message.text_field(part, "Subject").unwrap_or_default(),
            },
            from,
            sender: sender.unwrap_or_default(),
            source: json!(Origin::of(letter.source)),
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
        let (places, others): (Vec<thread::Letter>, Vec<_>) = self
            .seen
            .take()
            .into_iter()
            .map(|Seen { place, from, sender, source }| (place, (from, sender, source)))
            .unzip();
        let rows = thread::threads(&places, by, Gaps::Show);
        let (mut drawing, mut threads) = (Drawing::default(), 0usize);
        for (at, row) in rows.iter().enumerate() {
            threads += usize::from(row.parent.is_none());
            let known = row.message.and_then(|message| places.get(message).zip(others.get(message)));
            if sheet.is_json() {
                let (place, other) = known.unzip();
                sheet.value(&json!({
                    "schema": "mailkit.thread/1",
                    "row": at,
                    "thread": threads - 1,
                    "parent": row.parent,
                    "depth": row.depth,
                    "missing": row.missing,
                    "source": other.map(|(_, _, source)| source),
                    "message_id": place.and_then(|place| place.id.as_deref()),
                    "date": place.and_then(|place| place.date).map(|date| date.to_string()),
                    "from": other.map(|(from, ..)| from.as_slice()).unwrap_or_default(),
                    "subject": place.map(|place| place.subject.as_str()),
                }))?;
                continue;
            }
            let marks = drawing.marks(row);
            sheet.line(&match known {
                Some((place, (_, sender, _))) => {
                    format!("{}  {:SENDER_MAX$}  {marks}{}", day(place.date), shortened(sender), place.subject)
                }
                None if row.missing > 0 => {
                    format!("{}  {:SENDER_MAX$}  {marks}({} missing)", day(None), "", row.missing)
                }
                None => format!("{}  {:SENDER_MAX$}  {marks}(one subject)", day(None), ""),
            });
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

fn shortened(text: &str) -> String {
    match text.chars().count() > SENDER_MAX {
        true => text.chars().take(SENDER_MAX - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
