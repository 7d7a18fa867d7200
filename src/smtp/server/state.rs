//! Which verb may come when: a table.
//!
//! RFC 5321 §3.1, §4.1.4; RFC 3207 §4; RFC 4954 §4.

use crate::smtp::command::Verb;

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody has said hello yet, or TLS made it forgotten.
    Connected,
    /// Hello was said.
    Ready,
    /// MAIL was accepted, no recipient yet.
    Mail,
    /// One recipient at least was accepted.
    Rcpt,
}

/// Whether a verb fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does.
    Go,
    /// EHLO or HELO is missing.
    HelloFirst,
    /// MAIL is missing.
    MailFirst,
    /// Recipients are missing.
    RcptFirst,
    /// A transaction is open, and this belongs outside.
    NotNow,
}

use Verdict::{Go, HelloFirst, MailFirst, NotNow, RcptFirst};

/// Columns: Connected, Ready, Mail, Rcpt.
const TABLE: [(Verb, [Verdict; 4]); 13] = [
    (Verb::Ehlo, [Go, Go, Go, Go]),
    (Verb::Helo, [Go, Go, Go, Go]),
    (Verb::StartTls, [HelloFirst, Go, NotNow, NotNow]),
    (Verb::Auth, [HelloFirst, Go, NotNow, NotNow]),
    (Verb::Mail, [HelloFirst, Go, NotNow, NotNow]),
    (Verb::Rcpt, [HelloFirst, MailFirst, Go, Go]),
    (Verb::Data, [HelloFirst, MailFirst, RcptFirst, Go]),
    (Verb::Rset, [Go, Go, Go, Go]),
    (Verb::Noop, [Go, Go, Go, Go]),
    (Verb::Vrfy, [Go, Go, Go, Go]),
    (Verb::Expn, [Go, Go, Go, Go]),
    (Verb::Help, [Go, Go, Go, Go]),
    (Verb::Quit, [Go, Go, Go, Go]),
];

/// Whether `verb` may come in `phase`.
pub(super) fn verdict(verb: Verb, phase: Phase) -> Verdict {
    let column = match phase {
        Phase::Connected => 0,
        Phase::Ready => 1,
        Phase::Mail => 2,
        Phase::Rcpt => 3,
    };
    TABLE.iter().find(|(listed, _)| *listed == verb).map_or(Go, |(_, verdicts)| verdicts[column])
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
