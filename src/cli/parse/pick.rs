//! What of a message can be saved: attachments, other parts if they are asked for, and files within texts.
//!
//! One choice for `-l`, `-x` and `-O`. Chooses and names; writes nothing.

use super::letter::Letter;
use mailkit::message::enclosed::{self, Inner};
use mailkit::message::guard::BlockKind;
use mailkit::message::uuencode::Enclosed;
use mailkit::message::view::{Message, Part};
use mailkit::message::wildcard::is_like_in_any_case;
use mailkit::message::{guess, safe};
use std::borrow::Cow;

/// Which of the parts are meant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Extract")]
pub(super) struct Pick {
    /// With -x or -l, only what is called so; `*` and `?` as in a shell, in any case
    #[arg(long = "match", value_name = "GLOB", requires = "saved")]
    matching: Vec<String>,

    /// With -x or -l, every part of this type, attachment or not: `application/pdf`, `image/*`
    #[arg(long = "type", value_name = "TYPE", requires = "saved")]
    media: Vec<String>,

    /// With -x or -l, also texts, and pictures that the text shows
    #[arg(long, requires = "saved")]
    inline: bool,
}

/// Something that can be saved.
pub(super) struct Item<'m> {
    /// The part's number; a file within a text has the text's and one of its own: `1.uu2`.
    pub(super) id: String,
    /// The media type.
    pub(super) media: String,
    /// What the sender calls it: dangerous.
    pub(super) raw_name: Option<String>,
    /// What it is saved as.
    pub(super) name: String,
    part: &'m Part,
    enclosed: Option<Enclosed>,
}

impl Pick {
    /// The parts of a message that are meant, in their order; and the texts with more files in them than are looked at.
    pub(super) fn items<'m>(&self, letter: &'m Letter<'_>) -> (Vec<Item<'m>>, Vec<&'m str>) {
        let message = &letter.message;
        let is_any_part = !self.media.is_empty() || letter.is_of_part();
        let (mut items, mut crowded) = (Vec::new(), Vec::new());
        for part in message.parts().iter().filter(|part| letter.is_within(part)) {
            let is_attachment = letter.roles().attachments.contains(&part.index);
            let is_wanted = match part.kind {
                // A multipart is its parts.
                BlockKind::Multipart => false,
                BlockKind::Message => is_attachment || is_any_part,
                // What is in a message within goes with it, unless its type was asked for.
                BlockKind::Leaf if !self.media.is_empty() => true,
                BlockKind::Leaf => is_attachment || (is_any_part || self.inline) && !is_in_message(letter, part),
            };
            if is_wanted {
                items.push(Item::of(message, part));
            }
            // A text that is not saved itself, nor with a message within, gives what is in it.
            if !is_attachment && (!self.media.is_empty() || !is_in_message(letter, part)) {
                let files = enclosed::of(message, part);
                if enclosed::has_more(message, part, &files) {
                    crowded.push(part.id.as_str());
                }
                items.extend(files.into_iter().map(|inner| Item::enclosed(part, inner)));
            }
        }
        items.retain(|item| self.is_meant(item));
        (items, crowded)
    }

    /// Whether some of what is there is left out on purpose.
    pub(super) fn is_narrow(&self) -> bool {
        !self.matching.is_empty() || !self.media.is_empty()
    }

    fn is_meant(&self, item: &Item<'_>) -> bool {
        let is_called = |pattern: &String| {
            is_like_in_any_case(pattern, &item.name)
                || item.raw_name.as_deref().is_some_and(|name| is_like_in_any_case(pattern, name))
        };
        (self.matching.is_empty() || self.matching.iter().any(is_called))
            && (self.media.is_empty() || self.media.iter().any(|media| is_like_in_any_case(media, &item.media)))
    }
}

impl<'m> Item<'m> {
    /// A part.
    fn of(message: &Message<'_>, part: &'m Part) -> Self {
        let (id, media, raw_name) = (part.id.clone(), part.media.to_string(), message.file_name(part));
        let name = raw_name.as_deref().map_or_else(|| unnamed(message, part), safe::file_name);
        Self { id, media, raw_name, name, part, enclosed: None }
    }

    /// A file within a text.
    fn enclosed(part: &'m Part, inner: Inner) -> Self {
        let Inner { id, media, name, file } = inner;
        let (safe, media) = (safe::file_name(&name), media.to_owned());
        Self { id, media, name: safe, raw_name: Some(name), part, enclosed: Some(file) }
    }

    /// The part with a number, or the file within a text with one.
    pub(super) fn find(letter: &'m Letter<'_>, id: &str) -> Option<Self> {
        let message = &letter.message;
        if let Some(part) = message.part(id) {
            return Some(Self::of(message, part));
        }
        let text = message.part(id.rsplit_once('.')?.0)?;
        let found = enclosed::of(message, text).into_iter().find(|inner| inner.id.eq_ignore_ascii_case(id))?;
        Some(Self::enclosed(text, found))
    }

    /// Its octets, decoded.
    pub(super) fn octets<'o>(&self, message: &'o Message<'_>) -> Cow<'o, [u8]> {
        let content = message.content(self.part).content;
        match &self.enclosed {
            None => content,
            Some(file) => Cow::Owned(file.decode(&content).content),
        }
    }
}

/// Whether a part stands in a message within what is meant.
fn is_in_message(letter: &Letter<'_>, part: &Part) -> bool {
    let top = letter.part().map(|part| part.index);
    let mut above = part.parent.filter(|_| top != Some(part.index));
    while let Some(parent) = above.and_then(|index| letter.message.parts().get(index)) {
        if parent.kind == BlockKind::Message {
            return true;
        }
        if top == Some(parent.index) {
            return false;
        }
        above = parent.parent;
    }
    false
}

/// The name of what has none: a message within goes by its subject, anything else by its number.
fn unnamed(message: &Message<'_>, part: &Part) -> String {
    if part.kind == BlockKind::Message {
        let subject = message.children(part).next().and_then(|root| message.text_field(root, "Subject"));
        // A slash in a subject separates nothing.
        let subject = subject.unwrap_or_default().replace(['/', '\\'], "_");
        let stem = if subject.trim().is_empty() { "message" } else { subject.trim() };
        return safe::file_name(&format!("{stem}.eml"));
    }
    let extension = match guess::extension(&part.media.to_string()) {
        _ if part.media.main == "message" => "eml",
        extension => extension.unwrap_or("bin"),
    };
    safe::file_name(&format!("part-{}.{extension}", part.id))
}
