//! `parse` without more: header fields, the tree of parts, defects; and `--text`, what people would read.

use super::driver::Action;
use super::json::{self, Bodies};
use super::letter::Letter;
use super::sheet::Sheet;
use super::tree;
use mailkit::error::Result;
use mailkit::message::guard::BlockKind;
use mailkit::message::roles::Roles;
use mailkit::message::text;
use mailkit::message::view::Message;

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

impl View {
    fn bodies(&self) -> Bodies {
        if self.text { self.bodies.max(Bodies::Text) } else { self.bodies }
    }
}

impl View {
    /// The action, if it was asked for by a name.
    pub(super) fn action(&self) -> Option<&dyn Action> {
        self.text.then_some(self as &dyn Action)
    }
}

impl Action for View {
    fn run(&self, letter: &Letter<'_>, sheet: &mut Sheet) -> Result<()> {
        let Some(part) = letter.part() else { return Ok(()) };
        match (sheet.is_json(), self.text) {
            (true, _) if letter.is_of_part() => sheet.value(&json::part(&letter.message, part, self.bodies()))?,
            (true, _) => sheet.value(&json::document(letter, self.bodies()))?,
            (false, true) => sheet.lines(&self::text(letter)),
            (false, false) => sheet.octets(tree::show(letter).as_bytes()),
        }
        Ok(())
    }

    fn is_headed(&self) -> bool {
        true
    }

    fn tells_limits(&self) -> bool {
        !self.text
    }

    fn is_beside_others(&self) -> bool {
        true
    }
}

/// What people would read of the message, or of the part that is meant.
pub(super) fn text(letter: &Letter<'_>) -> String {
    let message = &letter.message;
    match letter.part().filter(|_| letter.is_of_part()) {
        None => text::of_message(message, letter.roles()),
        Some(part) if part.kind == BlockKind::Leaf => text::of_part(message, part),
        // A part that has parts is read as a message of its own.
        Some(part) => {
            let octets = match part.kind {
                BlockKind::Message => message.slice(&part.body),
                _ => message.slice(&(part.header.start..part.body.end)),
            };
            let within = Message::parse(octets);
            text::of_message(&within, &Roles::of(&within))
        }
    }
}
