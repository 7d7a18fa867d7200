//! `parse --calendar`: appointments, as a table or as JSON.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::reading::calendar::{self, Entry, Person};
use schemars::JsonSchema;
use serde::Serialize;

/// Whether calendars are to be decoded.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Decode")]
pub(super) struct Calendar {
    /// Print the appointments and tasks that came along, with who is invited. Exit code 1 if there are none
    #[arg(long, group = "wish")]
    calendar: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    /// `mailkit.calendar/1`
    schema: &'static str,
    /// The message.
    source: Origin,
    /// The calendars in it.
    calendars: Vec<calendar::Calendar>,
}

impl Calendar {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.calendar.then_some(self as &dyn Action)
    }
}

impl Action for Calendar {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let calendars = calendar::calendars(&letter.message);
        if calendars.iter().all(|calendar| calendar.entries.is_empty()) {
            sheet.found_nothing();
        }
        if sheet.is_json() {
            let source = Origin::of(letter.source);
            return sheet.value(&Object { schema: "mailkit.calendar/1", source, calendars });
        }
        let mut is_first = true;
        for calendar in &calendars {
            for entry in &calendar.entries {
                if !std::mem::take(&mut is_first) {
                    sheet.line("");
                }
                table(calendar.method.as_deref(), entry).iter().for_each(|line| sheet.line(line));
            }
            if calendar.truncated {
                sheet.warn(format!("part {}: there are more entries than are read", calendar.part));
            }
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// An entry for people, line by line.
fn table(method: Option<&str>, entry: &Entry) -> Vec<String> {
    let title = entry.summary.as_deref().unwrap_or("(no title)");
    let kind = if entry.kind == "todo" { "task" } else { "event" };
    let mut lines = vec![format!("{}: {}", method.unwrap_or(kind), one_line(title))];
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("  {name:<10}{}", one_line(value)));
        }
    };
    row("when", &when(entry));
    row("repeats", entry.repeats.as_deref().or(entry.rule.as_deref()).unwrap_or_default());
    let days = |days: &[calendar::When]| days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    row("also", &days(&entry.also));
    row("except", &days(&entry.except));
    row("only", &entry.recurrence_id.as_ref().map(ToString::to_string).unwrap_or_default());
    row("where", entry.location.as_deref().unwrap_or_default());
    row("url", entry.url.as_deref().unwrap_or_default());
    row("status", entry.status.as_deref().unwrap_or_default());
    row("organizer", &entry.organizer.as_ref().map(ToString::to_string).unwrap_or_default());
    for (number, person) in entry.attendees.iter().enumerate() {
        row(if number == 0 { "invited" } else { "" }, &invited(person));
    }
    row("uid", entry.uid.as_deref().unwrap_or_default());
    row("sequence", &entry.sequence.map(|sequence| sequence.to_string()).unwrap_or_default());
    lines
}

/// From when to when; the day is not said twice, nor the zone.
fn when(entry: &Entry) -> String {
    let Some(start) = &entry.start else {
        return entry.end.as_ref().map(|end| format!("until {end}")).unwrap_or_default();
    };
    let Some(end) = &entry.end else {
        let duration = entry.duration.as_ref().map(|duration| format!(", for {duration}"));
        return format!("{start}{}", duration.unwrap_or_default());
    };
    match (start.value.split_once('T'), end.value.split_once('T')) {
        (Some((day, from)), Some((same, to))) if day == same && start.zone == end.zone => {
            let short = |time: &str| time.strip_suffix(":00").unwrap_or(time).to_owned();
            let zone = start.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
            format!("{day} {} to {}{zone}", short(from), short(to))
        }
        // The end of whole days is the day behind the last one, which reads as if it belonged to them.
        (None, None) => format!("{start} until before {end}"),
        _ => format!("{start} to {end}"),
    }
}

fn invited(person: &Person) -> String {
    let notes = [person.role.as_deref().filter(|role| *role != "req-participant"), person.status.as_deref()];
    let notes: Vec<&str> = notes.into_iter().flatten().collect();
    if notes.is_empty() { person.to_string() } else { format!("{person}: {}", notes.join(", ")) }
}

/// Places are often written in several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
