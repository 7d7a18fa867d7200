//! `parse --links`: where a message leads, without going there.

use super::driver::Action;
use super::json::Origin;
use super::letter::Letter;
use super::sheet::Sheet;
use mailkit::error::Result;
use mailkit::reading::links::{self, Link};
use schemars::JsonSchema;
use serde::Serialize;

/// Whether links are to be listed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Decode")]
pub(super) struct Links {
    /// Print each link with its words, and what should make one wary of it; nothing is ever fetched. Exit code 1 if
    /// there is none
    #[arg(long, group = "wish")]
    links: bool,
}

/// What is printed as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Object {
    /// `mailkit.links/1`
    schema: &'static str,
    /// The message.
    source: Origin,
    #[serde(flatten)]
    links: links::Links,
}

impl Links {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.links.then_some(self as &dyn Action)
    }
}

impl Action for Links {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let links = links::Links::of(&letter.message);
        if links.links.is_empty() {
            sheet.found_nothing();
        }
        if links.truncated {
            sheet.warn("there are more links than are told, or longer ones".to_owned());
        }
        if sheet.is_json() {
            return sheet.value(&Object { schema: "mailkit.links/1", source: Origin::of(letter.source), links });
        }
        links.links.iter().for_each(|link| sheet.line(&line(link)));
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

fn line(link: &Link) -> String {
    let mut line = format!("{:<6} {}", link.place.name(), link.url);
    if let Some(text) = &link.text {
        line += &format!("  \"{text}\"");
    }
    if !link.warnings.is_empty() {
        let warnings: Vec<_> = link.warnings.iter().map(|warning| warning.sentence()).collect();
        line += &format!("  ! {}", warnings.join(", "));
    }
    line
}
