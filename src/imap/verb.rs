//! The commands, and when each may come.
//!
//! One table: name, state, and whether messages may be told to be gone while the command runs.
//! Everybody who needs one of the three looks here. RFC 3501 §3, §6, §7.4.1; RFC 2177; RFC 2342;
//! RFC 2971; RFC 3691; RFC 4315; RFC 6851.

/// The states of a connection (RFC 9051 §3). Logout is not among them: nothing is read there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nobody has logged in.
    NotAuthenticated,
    /// Somebody has.
    Authenticated,
    /// And has opened a mailbox.
    Selected,
}

/// A command. `Uid…` are those that UID stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Adds a message.
    Append,
    /// Logs in by SASL.
    Authenticate,
    /// Asks what the server can do.
    Capability,
    /// Asks for a checkpoint.
    Check,
    /// Expunges and leaves the mailbox.
    Close,
    /// Copies messages.
    Copy,
    /// Makes a mailbox.
    Create,
    /// Removes a mailbox.
    Delete,
    /// Opens a mailbox for reading.
    Examine,
    /// Removes the messages marked as deleted.
    Expunge,
    /// Asks for data of messages.
    Fetch,
    /// Exchanges names of programs.
    Id,
    /// Waits for news.
    Idle,
    /// Lists mailboxes.
    List,
    /// Logs in by name and password.
    Login,
    /// Says good-bye.
    Logout,
    /// Lists subscriptions.
    Lsub,
    /// Moves messages.
    Move,
    /// Asks where mailboxes are.
    Namespace,
    /// Asks for news.
    Noop,
    /// Renames a mailbox.
    Rename,
    /// Looks for messages.
    Search,
    /// Opens a mailbox.
    Select,
    /// Asks for TLS.
    StartTls,
    /// Asks for the counts of a mailbox.
    Status,
    /// Changes flags.
    Store,
    /// Adds a subscription.
    Subscribe,
    /// COPY by UIDs.
    UidCopy,
    /// EXPUNGE of certain UIDs.
    UidExpunge,
    /// FETCH by UIDs.
    UidFetch,
    /// MOVE by UIDs.
    UidMove,
    /// SEARCH that answers UIDs.
    UidSearch,
    /// STORE by UIDs.
    UidStore,
    /// Leaves the mailbox as it is.
    Unselect,
    /// Removes a subscription.
    Unsubscribe,
}

/// In which states a command is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    BeforeLogin,
    AfterLogin,
    InMailbox,
}

/// What the client hears of other sessions' changes while a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// All: EXPUNGE too, so that sequence numbers change.
    All,
    /// All but EXPUNGE: the command, or one sent behind it, goes by sequence numbers (RFC 3501 §7.4.1).
    KeepNumbers,
    /// None.
    None,
}

use When::{AfterLogin, Always, BeforeLogin, InMailbox};

/// The table.
const TABLE: [(&str, Verb, When, News); 35] = [
    ("APPEND", Verb::Append, AfterLogin, News::All),
    ("AUTHENTICATE", Verb::Authenticate, BeforeLogin, News::None),
    ("CAPABILITY", Verb::Capability, Always, News::All),
    ("CHECK", Verb::Check, InMailbox, News::All),
    ("CLOSE", Verb::Close, InMailbox, News::None),
    ("COPY", Verb::Copy, InMailbox, News::KeepNumbers),
    ("CREATE", Verb::Create, AfterLogin, News::All),
    ("DELETE", Verb::Delete, AfterLogin, News::All),
    ("EXAMINE", Verb::Examine, AfterLogin, News::None),
    ("EXPUNGE", Verb::Expunge, InMailbox, News::All),
    ("FETCH", Verb::Fetch, InMailbox, News::KeepNumbers),
    ("ID", Verb::Id, Always, News::All),
    ("IDLE", Verb::Idle, AfterLogin, News::All),
    ("LIST", Verb::List, AfterLogin, News::All),
    ("LOGIN", Verb::Login, BeforeLogin, News::None),
    ("LOGOUT", Verb::Logout, Always, News::None),
    ("LSUB", Verb::Lsub, AfterLogin, News::All),
    ("MOVE", Verb::Move, InMailbox, News::All),
    ("NAMESPACE", Verb::Namespace, AfterLogin, News::All),
    ("NOOP", Verb::Noop, Always, News::All),
    ("RENAME", Verb::Rename, AfterLogin, News::All),
    ("SEARCH", Verb::Search, InMailbox, News::KeepNumbers),
    ("SELECT", Verb::Select, AfterLogin, News::None),
    ("STARTTLS", Verb::StartTls, BeforeLogin, News::None),
    ("STATUS", Verb::Status, AfterLogin, News::All),
    ("STORE", Verb::Store, InMailbox, News::KeepNumbers),
    ("SUBSCRIBE", Verb::Subscribe, AfterLogin, News::All),
    ("UID COPY", Verb::UidCopy, InMailbox, News::All),
    ("UID EXPUNGE", Verb::UidExpunge, InMailbox, News::All),
    ("UID FETCH", Verb::UidFetch, InMailbox, News::All),
    ("UID MOVE", Verb::UidMove, InMailbox, News::All),
    ("UID SEARCH", Verb::UidSearch, InMailbox, News::All),
    ("UID STORE", Verb::UidStore, InMailbox, News::All),
    ("UNSELECT", Verb::Unselect, InMailbox, News::None),
    ("UNSUBSCRIBE", Verb::Unsubscribe, AfterLogin, News::All),
];

impl Verb {
    /// The command of that name, in any case of letters; `UID FETCH` and its like have one space.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.1)
    }

    fn row(self) -> &'static (&'static str, Verb, When, News) {
        TABLE.iter().find(|row| row.1 == self).expect("the table has a row for each; a test counts them")
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Whether it may come in that state.
    pub fn is_allowed(self, state: State) -> bool {
        match self.row().2 {
            Always => true,
            BeforeLogin => state == State::NotAuthenticated,
            AfterLogin => state >= State::Authenticated,
            InMailbox => state == State::Selected,
        }
    }

    /// What may be told at its end of what happened in the mailbox.
    pub fn news(self) -> News {
        self.row().3
    }

    /// Whether its numbers are UIDs.
    pub fn has_uids(self) -> bool {
        self.name().starts_with("UID ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_one_row() {
        for verb in Verb::all() {
            assert_eq!(Verb::from_name(verb.name()), Some(verb));
            assert_eq!(Verb::from_name(&verb.name().to_ascii_lowercase()), Some(verb));
        }
        // The last variant: as many rows as variants, and no two for one.
        assert_eq!(Verb::Unsubscribe as usize + 1, TABLE.len());
        for unknown in ["", "UID", "UID  FETCH", "UID NOOP", "FETCHES", "XYZZY"] {
            assert_eq!(Verb::from_name(unknown), None);
        }
    }

    #[test]
    fn states_build_on_each_other() {
        use State::*;
        for (verb, wanted) in [
            (Verb::Noop, [true, true, true]),
            (Verb::Login, [true, false, false]),
            (Verb::StartTls, [true, false, false]),
            (Verb::Select, [false, true, true]),
            (Verb::Idle, [false, true, true]),
            (Verb::Fetch, [false, false, true]),
            (Verb::UidExpunge, [false, false, true]),
        ] {
            let found = [NotAuthenticated, Authenticated, Selected].map(|state| verb.is_allowed(state));
            assert_eq!(found, wanted, "{}", verb.name());
        }
    }
}
