//! A message that an action looks at: read, with the place it came from.

use super::sources::{Reading, Source};
use mailkit::message::field;
use mailkit::message::roles::Roles;
use mailkit::message::view::Message;
use std::cell::OnceCell;

/// One message.
#[derive(Debug)]
pub(super) struct Letter<'o> {
    /// Where it stands.
    pub(super) source: &'o Source,
    /// What it consists of; for an action that needs no body, as if it had none.
    pub(super) message: Message<'o>,
    roles: OnceCell<Roles>,
}

impl<'o> Letter<'o> {
    /// Reads what was found: all of it, or its header section.
    pub(super) fn of(source: &'o Source, reading: &Reading) -> Self {
        let octets = match field::section_end(&source.octets) {
            Some(end) if !reading.is_whole => &source.octets[..end],
            _ => &source.octets,
        };
        Self { source, message: Message::parse_within(octets, &reading.limits), roles: OnceCell::new() }
    }

    /// What its parts are for; found out when it is first asked for.
    pub(super) fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| Roles::of(&self.message))
    }
}
