//! `parse --scan`: a mailbox, one line for each message: flags, date, from, subject, size.
//!
//! Only header sections are read. On a terminal a line is as wide as the terminal; elsewhere nothing is cut off, since
//! whoever reads on can do that. Dates are in the zone of whoever looks.

use super::column::{cut, padded};
use super::driver::Action;
use super::json::{self, Origin, Person};
use super::letter::Letter;
use super::sheet::Sheet;
use crate::cli::console::terminal_columns;
use jiff::tz::TimeZone;
use mailkit::error::Result;
use mailkit::imap::flag::{Flags, SystemFlag};
use mailkit::message::field::Field;
use mailkit::message::{date, safe, words};
use mailkit::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Columns where nobody says how many there are.
const WIDTH: usize = 80;
/// Fewer would show nothing of the subject.
const WIDTH_MIN: usize = 60;
/// Columns for the name of who wrote it.
const FROM: usize = 20;
/// Columns for all but the subject, with a blank between each two.
const OTHERS: usize = 3 + 1 + 16 + 1 + FROM + 1 + 1 + 5;

/// The list of messages.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "View")]
pub(super) struct Scan {
    /// Print one line for each message: flags (N is new, R answered, F flagged, D draft, T deleted), date, from,
    /// subject, size
    #[arg(long, group = "wish")]
    scan: bool,
}

/// A message in one line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Row {
    /// When it was written, in UTC.
    date: Option<String>,
    from: Vec<Person>,
    /// Always `mailkit.scan/1`.
    schema: &'static str,
    /// Octets.
    size: u64,
    source: Origin,
    subject: Option<String>,
}

impl Scan {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.scan.then_some(self as &dyn Action)
    }
}

/// What of a message stands in its line.
#[derive(Debug)]
pub(in crate::cli) struct Glance {
    /// Who wrote it.
    pub(in crate::cli) from: Vec<Person>,
    /// Decoded.
    pub(in crate::cli) subject: Option<String>,
    /// When it was written.
    pub(in crate::cli) when: Option<Timestamp>,
}

impl Glance {
    /// Of the fields of a header section.
    pub(in crate::cli) fn of<'f>(fields: impl Iterator<Item = Field<'f>>) -> Self {
        let (mut from, mut subject, mut when) = (Vec::new(), None, None);
        for field in fields {
            if field.is("From") {
                from.extend(json::everybody(&field));
            } else if subject.is_none() && field.is("Subject") {
                subject = Some(words::decode(field.body));
            } else if when.is_none() && field.is("Date") {
                when = date::parse(field.body);
            }
        }
        Self { from, subject, when }
    }

    /// The line, safe for a terminal; `lead` stands in front of it and takes of its room.
    pub(in crate::cli) fn line(&self, flags: Option<&Flags>, size: u64, lead: &str) -> String {
        let flags = flags.map_or_else(String::new, letters);
        let date = self.when.map(|when| when.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string());
        let who = self.from.first().map_or("", Person::shown);
        let (who, subject) = (safe::terminal(who), safe::terminal(self.subject.as_deref().unwrap_or_default()));
        let columns = terminal_columns().map(|columns| columns.max(WIDTH_MIN));
        let room = (columns.unwrap_or(WIDTH) - OTHERS).saturating_sub(lead.len());
        let (who, subject) = match columns {
            Some(_) => (cut(&who, FROM), cut(&subject, room)),
            None => (who, subject),
        };
        let (who, subject) = (padded(&who, FROM), padded(&subject, room));
        let size = short(size);
        format!("{lead}{flags:3} {:16} {who} {subject} {size:>5}", date.unwrap_or_default())
    }
}

impl Action for Scan {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let message = &letter.message;
        let glance = Glance::of(message.fields(message.root()));
        let (source, size) = (Origin::of(letter.source), letter.source.size);
        if sheet.is_json() {
            let Glance { from, subject, when } = glance;
            let date = when.map(|when| when.to_string());
            return sheet.value(&Row { date, from, schema: "mailkit.scan/1", size, source, subject });
        }
        sheet.line(&glance.line(letter.source.flags().as_ref(), size, ""));
        Ok(())
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// What is to be known of the flags at one glance: whether anybody has seen it, and two more.
fn letters(flags: &Flags) -> String {
    let has = |flag, letter| if flags.has(flag) { letter } else { ' ' };
    let seen = if flags.has(SystemFlag::Seen) { ' ' } else { 'N' };
    let fate = match (flags.has(SystemFlag::Deleted), flags.has(SystemFlag::Draft)) {
        (true, _) => 'T',
        (false, true) => 'D',
        (false, false) => has(SystemFlag::Answered, 'R'),
    };
    [seen, fate, has(SystemFlag::Flagged, 'F')].into_iter().collect()
}

/// Octets in five columns.
fn short(octets: u64) -> String {
    const UNITS: [char; 4] = ['K', 'M', 'G', 'T'];
    if octets < 10_000 {
        return octets.to_string();
    }
    let (mut value, mut unit) = (octets / 1024, 0);
    while value >= 10_000 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024, unit + 1);
    }
    format!("{value}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_five_columns() {
        for (octets, wanted) in [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "9K"),
            (10_239_999, "9999K"),
            (10_240_000, "9M"),
            (u64::MAX, "16777215T"),
        ] {
            assert_eq!(short(octets), wanted);
        }
    }

    #[test]
    fn the_flags_that_matter_have_letters() {
        let flags = |letters: &str| super::super::flags::of_maildir_name(format!("x:2,{letters}").as_bytes());
        for (given, wanted) in [("", "N  "), ("S", "   "), ("RS", " R "), ("FRS", " RF"), ("DF", "NDF"), ("RST", " T ")]
        {
            assert_eq!(letters(&flags(given)), wanted, "{given}");
        }
    }
}
