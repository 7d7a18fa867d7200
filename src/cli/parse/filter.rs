//! `parse --where`: of the messages only those that are meant.
//!
//! The header section is looked at first: where it decides, the message is not taken apart, and where neither the filter
//! nor the action needs a body, none is read.

use super::json;
use super::letter::Letter;
use super::sources::{Reading, Source};
use mailkit::message::field;
use mailkit::net::clock::SystemClock;
use mailkit::query::{self, Moment, Query};
use mailkit::world::Clock;

/// Which messages are meant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Select")]
pub(super) struct Filter {
    /// Do it only with messages that this filter means, as in 'from:@crepes.example size>1M not is:read'; exit code 1
    /// if there are none
    ///
    /// Words stand in people, subject or text. Statements: from: to: cc: bcc: sender: reply-to: recipient: with: (an
    /// address, @domain or a name), subject: body: list: id: reference: header:NAME, name: and type: (of parts), size,
    /// date, received and age (with < and >, or from..to behind a colon), is: has: flag: tag:. A colon means that it is in
    /// it, = that it is all of it, ~/…/ is a regular expression, != and !~ deny; * and ? stand for others, quotes keep
    /// blanks. Side by side all must be true; or, not, - and parentheses as one would think
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true)]
    query: Option<Query>,
}

/// A filter at a moment: dates like `7d` mean the same for all messages of a run.
pub(super) struct Sieve<'q> {
    query: Option<&'q Query>,
    moment: Moment,
}

impl Filter {
    /// The filter as it is now and here.
    pub(super) fn sieve(&self) -> Sieve<'_> {
        let moment = Moment { now: SystemClock.now(), zone: jiff::tz::TimeZone::system() };
        Sieve { query: self.query.as_ref(), moment }
    }

    /// Whether more has to be read than header sections.
    pub(super) fn needs_body(&self) -> bool {
        self.query.as_ref().is_some_and(Query::reads_body)
    }
}

impl Sieve<'_> {
    /// The message, if it is meant.
    pub(super) fn pick<'o>(&self, source: &'o Source, reading: &'o Reading) -> Option<Letter<'o>> {
        let Some(query) = self.query else { return Some(Letter::of(source, reading)) };
        let flags = || source.flags().as_ref().map(json::names).unwrap_or_default();
        let section = field::section_end(&source.octets).map_or(&*source.octets, |end| &source.octets[..end]);
        let known = query::Letter::header(section, source.size).with_flags(flags());
        let verdict = query.judge(&known, &self.moment);
        if verdict == Some(false) {
            return None;
        }
        let letter = Letter::of(source, reading);
        let is_meant = verdict
            .unwrap_or_else(|| query.means(&query::Letter::new(&letter.message).with_flags(flags()), &self.moment));
        is_meant.then_some(letter)
    }
}
