//! A message as a text of its own: who, when, about what, then what people would read.
//!
//! Still a stranger's text: it is printed through `message::safe`.

use super::letterhead::Letterhead;
use crate::message::roles::Roles;
use crate::message::text;
use crate::message::view::Message;

/// The whole message, with LF line ends.
pub fn print(message: &Message<'_>, roles: &Roles) -> String {
    let head = Letterhead::of(message, roles);
    let mut printed: String = head.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    printed.push('\n');
    printed += &text::of_message(message, roles);
    if !head.attachments.is_empty() {
        printed.push('\n');
    }
    printed.extend(head.attachments.iter().map(|attachment| format!("Attachment: {attachment}\n")));
    printed
}
