//! What stands above a message that is printed, and below it: who, when, about what, and which files came with it.
//!
//! One choice for all forms. Knows no form. RFC 5322 §3.6.

use crate::message::roles::Roles;
use crate::message::safe;
use crate::message::view::Message;

/// The fields that a reader wants to see, in this order.
const SHOWN: [&str; 6] = ["From", "To", "Cc", "Reply-To", "Date", "Subject"];

/// What is said about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letterhead {
    /// Field names and what they say.
    pub fields: Vec<(&'static str, String)>,
    /// The attachments: their names, types and sizes.
    pub attachments: Vec<String>,
}

impl Letterhead {
    /// Reads it off a message.
    pub fn of(message: &Message<'_>, roles: &Roles) -> Self {
        let root = message.root();
        // An encoded word may hold line ends, and what follows them would look like a field of its own.
        let line = |text: String| text.replace(['\r', '\n'], " ");
        let fields = SHOWN.into_iter().filter_map(|name| Some((name, line(message.text_field(root, name)?)))).collect();
        let parts = roles.attachments.iter().filter_map(|index| message.parts().get(*index));
        let one = |part: &crate::message::view::Part| {
            let name =
                message.file_name(part).map_or_else(|| format!("part {}", part.id), |name| safe::file_name(&name));
            format!("{name} ({}, {} octets)", part.media, message.content(part).content.len())
        };
        Self { fields, attachments: parts.map(one).collect() }
    }

    /// The subject, for a title.
    pub fn subject(&self) -> &str {
        self.fields.iter().find(|(name, _)| *name == "Subject").map_or("", |(_, subject)| subject.as_str())
    }
}
