//! A message that an action looks at: read, with the place it came from, and the part of it that is meant.

use super::sources::{Reading, Source};
use mailkit::message::field;
use mailkit::message::guard::BlockKind;
use mailkit::message::roles::Roles;
use mailkit::message::view::{Message, Part};
use std::cell::OnceCell;

/// One message.
#[derive(Debug)]
pub(super) struct Letter<'o> {
    /// Where it stands.
    pub(super) source: &'o Source,
    /// What it consists of; for an action that needs no body, as if it had none.
    pub(super) message: Message<'o>,
    /// The number of the part that is meant, if not all of it is.
    wanted: Option<&'o str>,
    roles: OnceCell<Roles>,
}

impl<'o> Letter<'o> {
    /// Reads what was found: all of it, or its header section.
    pub(super) fn of(source: &'o Source, reading: &'o Reading) -> Self {
        let octets = match field::section_end(&source.octets) {
            Some(end) if !reading.is_whole => &source.octets[..end],
            _ => &source.octets,
        };
        let message = Message::parse_within(octets, &reading.limits);
        Self { source, message, wanted: reading.part.as_deref(), roles: OnceCell::new() }
    }

    /// The message that was made of another one, which stands in its place.
    pub(super) fn made(source: &'o Source) -> Self {
        Self { source, message: Message::parse(&source.octets), wanted: None, roles: OnceCell::new() }
    }

    /// What its parts are for; found out when it is first asked for.
    pub(super) fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| Roles::of(&self.message))
    }

    /// The part that is meant: the message itself unless another was asked for; none if there is no such part.
    pub(super) fn part(&self) -> Option<&Part> {
        match self.wanted {
            Some(id) => self.message.part(id),
            None => Some(self.message.root()),
        }
    }

    /// The part whose header section says who wrote it, and when: of a message within that was asked for, that message.
    pub(super) fn head(&self) -> Option<&Part> {
        let part = self.part()?;
        let within =
            self.message.children(part).next().filter(|_| self.is_of_part() && part.kind == BlockKind::Message);
        Some(within.unwrap_or(part))
    }

    /// Whether a part was asked for.
    pub(super) fn is_of_part(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether a part is the one that is meant, or stands in it. A message within is whole.
    pub(super) fn is_within(&self, part: &Part) -> bool {
        let Some(wanted) = self.part() else { return false };
        if wanted.kind != BlockKind::Multipart && self.is_of_part() {
            return part.index == wanted.index;
        }
        let mut above = Some(part.index);
        while let Some(index) = above {
            if index == wanted.index {
                return true;
            }
            above = self.message.parts().get(index).and_then(|part| part.parent);
        }
        false
    }
}
