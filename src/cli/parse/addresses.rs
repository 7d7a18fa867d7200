//! `parse --addresses` and `--dates`: who and when, for scripts.
//!
//! Each address once for each message, where it is named first: who wants it once for all has `sort -u`. Dates are in UTC.
//! RFC 5322 §3.4, §3.6; RFC 3339.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::message::address_list::{self, Entry, NameAddr};
use mailkit::message::date;
use mailkit::message::field::Field;
use mailkit::message::{received, words};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashSet;

/// The fields that name people, in the order of RFC 5322.
const PEOPLE: &str = "from,sender,reply-to,to,cc,bcc,resent-from,resent-sender,resent-to,resent-cc,resent-bcc";
/// The fields that are dates, or end with one.
const DATES: &str = "date,resent-date,delivery-date,received";

/// What is wanted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Select")]
pub(super) struct Addresses {
    /// Print the addresses in these header fields, one a line and each once for a message; without fields, in all that
    /// name people. Exit code 1 if there are none
    #[arg(long, value_name = "FIELDS", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = PEOPLE, group = "wish")]
    addresses: Option<Vec<String>>,

    /// Print the dates in these header fields, one a line: in UTC, in seconds since 1970, and the field; without
    /// fields, in all that have one. Exit code 1 if there are none
    #[arg(long, value_name = "FIELDS", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = DATES, group = "wish")]
    dates: Option<Vec<String>>,
}

impl Addresses {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        (self.addresses.is_some() || self.dates.is_some()).then_some(self as &dyn Action)
    }
}

impl Action for Addresses {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        match (&self.addresses, &self.dates) {
            (Some(names), _) => print_addresses(letter, names, sheet),
            (_, Some(names)) => print_dates(letter, names, sheet),
            _ => Ok(()),
        }
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// Who is named in a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct People {
    /// Each once, where it is named first.
    addresses: Vec<Named>,
    /// Always `mailkit.addresses/1`.
    schema: &'static str,
    source: Origin,
}

/// The dates in a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Days {
    /// In the order of the fields that were asked for.
    dates: Vec<Dated>,
    /// Always `mailkit.dates/1`.
    schema: &'static str,
    source: Origin,
}

/// Somebody whom a message names.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    address: String,
    /// The header field.
    field: String,
    /// The name of the group, if it is one of a group.
    group: Option<String>,
    name: Option<String>,
}

/// A date in a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Dated {
    /// In UTC.
    date: String,
    /// Seconds since 1970.
    epoch: i64,
    /// The header field.
    field: String,
}

fn print_addresses(letter: &Letter<'_>, names: &[String], sheet: &mut Sheet) -> Result<()> {
    let addresses = addresses(letter, names);
    if addresses.is_empty() {
        sheet.found_nothing();
    }
    if sheet.is_json() {
        let source = Origin::of(letter.source);
        return sheet.value(&People { addresses, schema: "mailkit.addresses/1", source });
    }
    addresses.iter().for_each(|named| sheet.line(&named.address));
    Ok(())
}

fn print_dates(letter: &Letter<'_>, names: &[String], sheet: &mut Sheet) -> Result<()> {
    let dates = dates(letter, names);
    if dates.is_empty() {
        sheet.found_nothing();
    }
    if sheet.is_json() {
        let source = Origin::of(letter.source);
        return sheet.value(&Days { dates, schema: "mailkit.dates/1", source });
    }
    dates.iter().for_each(|dated| sheet.line(&format!("{} {} {}", dated.date, dated.epoch, dated.field)));
    Ok(())
}

/// The fields of these names: the names in their order, then the fields in theirs.
fn named<'l, 'o>(letter: &'l Letter<'o>, names: &'l [String]) -> impl Iterator<Item = Field<'o>> + 'l {
    let fields = move || letter.head().into_iter().flat_map(|part| letter.message.fields(part));
    names.iter().flat_map(move |name| fields().filter(|field| field.is(name.trim().trim_end_matches(':'))))
}

fn addresses(letter: &Letter<'_>, names: &[String]) -> Vec<Named> {
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    for field in named(letter, names) {
        for entry in address_list::parse(field.body) {
            let (group, members) = match &entry {
                Entry::Mailbox(mailbox) => (None, std::slice::from_ref(mailbox)),
                Entry::Group(name, members) => (Some(words::decode_words(name).into_owned()), &members[..]),
            };
            for mailbox in members {
                let (address, same) = spelt(mailbox);
                if !address.is_empty() && known.insert(same) {
                    let (field, name) = (field.name.to_owned(), mailbox.display_name());
                    found.push(Named { address, field, group: group.clone(), name });
                }
            }
        }
    }
    found
}

/// An address as it is printed, and as it is compared: a domain in A-labels or U-labels is one domain.
fn spelt(mailbox: &NameAddr) -> (String, String) {
    match mailbox.address() {
        Ok(address) => (address.to_string(), address.to_ascii_domain().to_string()),
        Err(_) => (mailbox.spec(), mailbox.spec()),
    }
}

fn dates(letter: &Letter<'_>, names: &[String]) -> Vec<Dated> {
    let of_field = |field: Field<'_>| {
        // What is no trace field is a date from its beginning.
        let after = received::date_at(field.body).unwrap_or(0);
        let when = date::parse(&field.body[after..])?;
        Some(Dated { date: when.to_string(), epoch: when.as_second(), field: field.name.to_owned() })
    };
    named(letter, names).filter_map(of_field).collect()
}
