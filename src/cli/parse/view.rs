//! `parse` without more: header fields, the tree of parts, defects; and `--text`, what people would read.

use super::driver::Action;
use super::json::{self, Bodies};
use super::letter::Letter;
use super::sheet::Sheet;
use super::tree;
use mailkit::error::Result;
use mailkit::message::text;

/// What is shown where nothing else is asked for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "View")]
pub(super) struct View {
    /// Print the text of the message; HTML is reduced to words and links, and nothing is ever fetched
    #[arg(long, group = "wish")]
    text: bool,

    /// What the JSON form holds of bodies: nothing, texts as with --text, or all, files in base64
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    bodies: Bodies,
}

impl Action for View {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        if sheet.is_json() {
            let bodies = if self.text { self.bodies.max(Bodies::Text) } else { self.bodies };
            return sheet.value(&json::document(letter, bodies));
        }
        match self.text {
            true => sheet.lines(&text::of_message(&letter.message, letter.roles())),
            false => sheet.octets(tree::show(&letter.message, letter.roles()).as_bytes()),
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn beside_others(&self) -> Option<&(dyn Action + Sync)> {
        Some(self)
    }
}
