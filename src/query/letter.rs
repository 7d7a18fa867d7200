//! A message whose octets are at hand, for filters.

use super::facts::{Facts, Known, PartFacts};
use crate::message::guard::BlockKind;
use crate::message::roles::Roles;
use crate::message::text;
use crate::message::view::Message;
use crate::world::Timestamp;
use std::borrow::Cow;
use std::cell::OnceCell;

/// A message that was read, and what its place tells beside its octets.
pub struct Letter<'m, 'o> {
    message: &'m Message<'o>,
    roles: OnceCell<Roles>,
    flags: Vec<String>,
    arrived: Option<Timestamp>,
}

impl<'m, 'o> Letter<'m, 'o> {
    /// A message without flags, of which nobody knows when it came.
    pub fn new(message: &'m Message<'o>) -> Self {
        Self { message, roles: OnceCell::new(), flags: Vec::new(), arrived: None }
    }

    /// The same with its flags.
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.flags = flags.into_iter().map(Into::into).collect();
        self
    }

    /// The same with the time of its arrival.
    pub fn arrived_at(mut self, arrived: Option<Timestamp>) -> Self {
        self.arrived = arrived;
        self
    }
}

impl Facts for Letter<'_, '_> {
    fn size(&self) -> Known<u64> {
        Some(self.message.octets().len() as u64)
    }

    fn has_flag(&self, flag: &str) -> Known<bool> {
        Some(self.flags.iter().any(|known| known.eq_ignore_ascii_case(flag)))
    }

    fn arrived(&self) -> Known<Option<Timestamp>> {
        Some(self.arrived)
    }

    fn fields(&self, name: &str) -> Known<Vec<Cow<'_, [u8]>>> {
        let fields = self.message.fields(self.message.root()).filter(|field| field.is(name));
        Some(fields.map(|field| Cow::Borrowed(field.body)).collect())
    }

    fn parts(&self) -> Known<Vec<PartFacts<'_>>> {
        let roles = self.roles.get_or_init(|| Roles::of(self.message));
        let facts = self.message.parts().iter().map(|part| PartFacts {
            media: Cow::Borrowed(&part.media),
            name: self.message.file_name(part),
            is_attachment: roles.attachments.binary_search(&part.index).is_ok(),
        });
        Some(facts.collect())
    }

    fn texts(&self) -> Known<Vec<String>> {
        let is_text = |kind: &BlockKind, main: &str| *kind == BlockKind::Leaf && main == "text";
        let texts = self.message.parts().iter().filter(|part| is_text(&part.kind, &part.media.main));
        Some(texts.map(|part| text::of_part(self.message, part)).collect())
    }
}
