//! Which verb may come when: a table.
//!
//! RFC 1939 §4, §5; RFC 2449 §5; RFC 2595 §4; RFC 5034 §4.

use crate::pop3::command::Verb;

/// How far a session has come. UPDATE is none of them: there is nothing to be said in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// AUTHORIZATION: nobody has logged in.
    Authorization,
    /// TRANSACTION: the maildrop is open.
    Transaction,
}

/// Whether a verb fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does.
    Go,
    /// It belongs behind the login.
    Later,
    /// It belonged before the login.
    Over,
}

use Verdict::{Go, Later, Over};

/// Columns: Authorization, Transaction.
const TABLE: [(Verb, [Verdict; 2]); 14] = [
    (Verb::User, [Go, Over]),
    (Verb::Pass, [Go, Over]),
    (Verb::Auth, [Go, Over]),
    (Verb::Stls, [Go, Over]),
    (Verb::Capa, [Go, Go]),
    (Verb::Stat, [Later, Go]),
    (Verb::List, [Later, Go]),
    (Verb::Uidl, [Later, Go]),
    (Verb::Retr, [Later, Go]),
    (Verb::Top, [Later, Go]),
    (Verb::Dele, [Later, Go]),
    (Verb::Rset, [Later, Go]),
    (Verb::Noop, [Later, Go]),
    (Verb::Quit, [Go, Go]),
];

/// Whether `verb` may come in `phase`.
pub(super) fn verdict(verb: Verb, phase: Phase) -> Verdict {
    let column = match phase {
        Phase::Authorization => 0,
        Phase::Transaction => 1,
    };
    TABLE.iter().find(|(listed, _)| *listed == verb).map_or(Later, |(_, verdicts)| verdicts[column])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_its_row() {
        for verb in Verb::all() {
            assert_eq!(TABLE.iter().filter(|(listed, _)| *listed == verb).count(), 1, "{verb:?}");
        }
    }
}
