//! `parse --raw` and `-O`: octets as they are, of the message or of one part.
//!
//! They can hold anything, so they go into files and pipes, and to a terminal only if somebody insists.

use super::driver::Action;
use super::letter::Letter;
use super::pick::Item;
use super::sheet::Sheet;
use mailkit::error::{Error, Kind, Result};
use std::io::IsTerminal;

/// Which octets are wanted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Extract")]
pub(super) struct Raw {
    /// Print the message as it came, or only the part of this number, header section and all; with -H, the fields as
    /// they came
    #[arg(long, value_name = "ID", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    raw: Option<String>,

    /// Print the content of the part of this number, decoded
    #[arg(short = 'O', long, value_name = "ID", group = "wish")]
    stdout: Option<String>,

    /// With --raw or -O, even if standard output is a terminal, which the octets may drive
    #[arg(long)]
    force: bool,
}

impl Raw {
    /// The action, if it was asked for.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        (self.raw.is_some() || self.stdout.is_some()).then_some(self as &dyn Action)
    }

    /// Whether fields are wanted as they came.
    pub(super) fn is_for_fields(&self) -> bool {
        self.raw.as_deref() == Some("")
    }

    /// Refuses to write to a terminal what was not made safe.
    pub(super) fn guard(&self) -> Result<()> {
        if self.force || !std::io::stdout().is_terminal() {
            return Ok(());
        }
        let refused = Error::new(Kind::Usage, "raw octets can drive a terminal and are not written to one");
        Err(refused.hint("write them to a file or a pipe, or insist with --force"))
    }
}

impl Action for Raw {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        self.guard()?;
        if sheet.is_json() {
            return Err(Error::new(Kind::Usage, "raw octets are no JSON").hint("leave --json or --jsonl out"));
        }
        let message = &letter.message;
        if let Some(id) = &self.stdout {
            match Item::find(letter, id) {
                Some(item) => sheet.octets(&item.octets(message)),
                None => sheet.found_nothing(),
            }
            return Ok(());
        }
        let wanted = self.raw.as_deref().filter(|id| !id.is_empty());
        let part = wanted.map_or_else(|| letter.part(), |id| message.part(id));
        match part {
            // What stands behind the last boundary belongs to the message too.
            Some(part) if part.parent.is_none() => sheet.octets(message.octets()),
            Some(part) => sheet.octets(message.slice(&(part.header.start..part.body.end))),
            None => sheet.found_nothing(),
        }
        Ok(())
    }
}
