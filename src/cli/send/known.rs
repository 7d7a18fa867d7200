//! What the ledger knows of the recipients of a message, and is told.

use super::report::{Fared, Fates};
use mailkit::envelope::ForwardPath;
use mailkit::error::{Error, Result};
use mailkit::smtp::outcome::Ending;
use mailkit::store::ledger::{Ledger, Standing};

/// Whom to write to, and how the others fared before.
pub(super) fn todo(
    ledger: Option<&Ledger>,
    all: Vec<ForwardPath>,
    resend_unknown: bool,
) -> Result<(Vec<ForwardPath>, Fates)> {
    let Some(ledger) = ledger else { return Ok((all, Vec::new())) };
    let standings = ledger.standings(&names(&all))?;
    let is_unknown = |standing: &Option<Standing>| standing.is_some_and(Standing::is_unknown);
    let is_stuck = !resend_unknown && standings.iter().any(is_unknown);
    let (mut todo, mut settled) = (Vec::new(), Vec::new());
    for (path, standing) in all.into_iter().zip(standings) {
        match standing {
            Some(standing) if standing.is_done() => settled.push((path, Fared::Before)),
            // As long as one may have it, none of the others gets it: it is one message.
            _ if is_stuck => settled.push((path, Fared::UnknownBefore)),
            _ => todo.push(path),
        }
    }
    Ok((todo, settled))
}

/// What became of the message is known, but a second run under the same key will not know it.
pub(super) fn unsettled(error: &Error) -> String {
    format!("the outcome is not in the ledger, so a second run may not know of it: {error}")
}

/// As the ledger knows recipients: their domain in one form.
pub(super) fn names(recipients: &[ForwardPath]) -> Vec<String> {
    recipients.iter().map(name).collect()
}

/// The same for one.
pub(super) fn name(path: &ForwardPath) -> String {
    path.address().map_or_else(|| path.to_string(), |address| address.to_ascii_domain().to_string())
}

/// What the ledger is to know. Those that are to be queued are not there yet.
pub(super) fn standings(recipients: &[(ForwardPath, Fared)]) -> Vec<(String, Standing)> {
    let standing = |fared: &Fared| match fared {
        Fared::Tried(outcome) => Some(match outcome.ending {
            Ending::Accepted => Standing::Accepted,
            Ending::Unknown => Standing::Unknown,
            Ending::Failed(_) | Ending::Withheld => Standing::Failed,
        }),
        Fared::Before | Fared::UnknownBefore | Fared::Queued(_) => None,
    };
    recipients.iter().filter_map(|(path, fared)| Some((name(path), standing(fared)?))).collect()
}
