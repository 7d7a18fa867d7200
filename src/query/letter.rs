//! A message whose octets are at hand, or at least its header section, for filters.

use super::facts::{Facts, Known, PartFacts};
use crate::message::field::{self, Field};
use crate::message::guard::BlockKind;
use crate::message::roles::Roles;
use crate::message::view::Message;
use crate::message::{date, received, text};
use crate::world::Timestamp;
use std::borrow::Cow;
use std::cell::OnceCell;

/// A message that was read, with the flags that its place tells. Its topmost Received field says when it came.
pub struct Letter<'m> {
    seen: Seen<'m>,
    size: u64,
    roles: OnceCell<Roles>,
    flags: Vec<String>,
}

/// How much of it was read.
enum Seen<'m> {
    Header(&'m [u8]),
    Whole(&'m Message<'m>),
}

impl<'m> Letter<'m> {
    /// A message without flags.
    pub fn new(message: &'m Message<'m>) -> Self {
        Self::of(Seen::Whole(message), message.octets().len() as u64)
    }

    /// The same of which only the header section was read; the size is that of the message.
    pub fn header(section: &'m [u8], size: u64) -> Self {
        Self::of(Seen::Header(section), size)
    }

    fn of(seen: Seen<'m>, size: u64) -> Self {
        Self { seen, size, roles: OnceCell::new(), flags: Vec::new() }
    }

    /// The same with its flags.
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.flags = flags.into_iter().map(Into::into).collect();
        self
    }

    fn message(&self) -> Known<&'m Message<'m>> {
        match self.seen {
            Seen::Header(_) => None,
            Seen::Whole(message) => Some(message),
        }
    }

    fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = Field<'m>> + use<'m, 'n> {
        let fields = match self.seen {
            Seen::Header(section) => field::fields(section),
            Seen::Whole(message) => message.fields(message.root()),
        };
        fields.filter(move |field| field.is(name))
    }
}

impl Facts for Letter<'_> {
    fn size(&self) -> Known<u64> {
        Some(self.size)
    }

    fn has_flag(&self, flag: &str) -> Known<bool> {
        Some(self.flags.iter().any(|known| known.eq_ignore_ascii_case(flag)))
    }

    fn arrived(&self) -> Known<Option<Timestamp>> {
        let received = || {
            let body = self.named("Received").next()?.body;
            date::parse(body.get(received::date_at(body)?..)?)
        };
        Some(received())
    }

    fn fields(&self, name: &str) -> Known<Vec<Cow<'_, [u8]>>> {
        Some(self.named(name).map(|field| Cow::Borrowed(field.body)).collect())
    }

    fn parts(&self) -> Known<Vec<PartFacts<'_>>> {
        let message = self.message()?;
        let roles = self.roles.get_or_init(|| Roles::of(message));
        let facts = message.parts().iter().map(|part| PartFacts {
            media: Cow::Borrowed(&part.media),
            name: message.file_name(part),
            // Both lists are in the order of the parts.
            is_attachment: roles.attachments.binary_search(&part.index).is_ok(),
        });
        Some(facts.collect())
    }

    fn texts(&self) -> Known<Vec<String>> {
        let message = self.message()?;
        let is_text = |kind: &BlockKind, main: &str| *kind == BlockKind::Leaf && main == "text";
        let texts = message.parts().iter().filter(|part| is_text(&part.kind, &part.media.main));
        Some(texts.map(|part| text::of_part(message, part)).collect())
    }
}
