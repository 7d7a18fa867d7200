//! `parse --unsubscribe`: the ways off a mailing list. `mailkit unsubscribe` takes one of them.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::reading::unsubscribe;
use schemars::JsonSchema;
use serde::Serialize;

/// Whether ways off a list are to be told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Decode")]
pub(super) struct Unsubscribe {
    /// Print how to get off the mailing list, the best way first: one-click, mail or web, and where. Exit code 1 if
    /// the message does not say
    #[arg(long, group = "wish")]
    unsubscribe: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    /// `mailkit.unsubscribe/1`
    schema: &'static str,
    /// The message.
    source: Origin,
    /// What it says; null if it says nothing.
    unsubscribe: Option<unsubscribe::Unsubscribe>,
}

impl Unsubscribe {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.unsubscribe.then_some(self as &dyn Action)
    }
}

impl Action for Unsubscribe {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let found = unsubscribe::Unsubscribe::of(&letter.message);
        if found.as_ref().is_none_or(|found| found.targets.is_empty()) {
            sheet.found_nothing();
        }
        if sheet.is_json() {
            let source = Origin::of(letter.source);
            return sheet.value(&Object { schema: "mailkit.unsubscribe/1", source, unsubscribe: found });
        }
        for target in found.iter().flat_map(|found| &found.targets) {
            sheet.line(&format!("{} {}", target.method(), target.url()));
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn needs_body(&self) -> bool {
        false
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}
