//! A message that an action looks at: read, with the place it came from.

use super::sources::Source;
use mailkit::message::roles::Roles;
use mailkit::message::view::Message;
use std::cell::OnceCell;

/// One message.
#[derive(Debug)]
pub(super) struct Letter<'o> {
    /// Where it stands.
    pub(super) source: &'o Source,
    /// What it consists of.
    pub(super) message: Message<'o>,
    roles: OnceCell<Roles>,
}

impl<'o> Letter<'o> {
    /// Reads what was found.
    pub(super) fn of(source: &'o Source) -> Self {
        Self { source, message: Message::parse(&source.octets), roles: OnceCell::new() }
    }

    /// What its parts are for; found out when it is first asked for.
    pub(super) fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| Roles::of(&self.message))
    }
}
