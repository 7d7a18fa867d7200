//! `parse --report`: what other servers tell about mail, a line for each thing they tell.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::report::{self, Original, Outcome};
use schemars::JsonSchema;
use serde::Serialize;

/// Whether reports are to be decoded.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Decode")]
pub(super) struct Report {
    /// Decode a report (delivery, abuse, disposition, DMARC, TLS; compressed or not) and print a line for each thing it
    /// tells: status, address, diagnostic. Exit code 1 if it is none
    #[arg(long, group = "wish")]
    report: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    /// `mailkit.report/1`
    schema: &'static str,
    /// The message.
    source: Origin,
    /// The number of the part that the report stands in; null if there is none.
    part: Option<String>,
    /// What it reports.
    report: Option<report::Report>,
    /// The message it is about, if it came back, or its header section.
    original: Option<Original>,
    /// Why something that calls itself a report could not be read.
    broken: Option<String>,
}

impl Report {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.report.then_some(self as &dyn Action)
    }
}

impl Action for Report {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let (found, broken) = match report::read(&letter.message) {
            Outcome::Report(found) => (Some(found), None),
            Outcome::Broken(part, why) => (None, Some(format!("part {part}: {why}"))),
            Outcome::Nothing => (None, None),
        };
        if found.is_none() {
            sheet.found_nothing();
        }
        let lack = found.as_ref().and_then(|found| Some(format!("part {}: {}", found.part, found.report.lack()?)));
        broken.iter().chain(&lack).for_each(|why| sheet.warn(why.clone()));
        if !sheet.is_json() {
            for line in found.iter().flat_map(|found| found.report.lines()) {
                sheet.line(format!("{} {} {}", line.status, line.address, line.diagnostic).trim_end());
            }
            return Ok(());
        }
        let (part, report, original) = match found {
            Some(found) => (Some(found.part), Some(found.report), found.original),
            None => (None, None, None),
        };
        sheet.value(&Object {
            schema: "mailkit.report/1",
            source: Origin::of(letter.source),
            part,
            report,
            original,
            broken,
        })
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}
