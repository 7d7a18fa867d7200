//! Opening and leaving a mailbox: SELECT, EXAMINE, CLOSE, UNSELECT.
//!
//! RFC 3501 §6.3.1, §6.3.2, §6.4.2; RFC 3691.

use super::ask::{Answer, Ask, Refusal};
use super::job::{Core, Job, Step};
use super::report::{Unheard, hear};
use super::view::View;
use super::words::{self, Done};
use crate::imap::flag::SystemFlag;
use crate::imap::mailbox::{Row, Snapshot};
use crate::imap::number::SeqNum;
use crate::imap::response::{Code, Condition, flag_list, status};
use crate::wire::session::Output;
use std::sync::Arc;

/// A mailbox that is being opened.
struct Opening {
    name: Arc<str>,
    read_only: bool,
}

pub(super) fn open(name: String, read_only: bool, core: &mut Core) -> Step {
    // RFC 9051 §6.3.2: the mailbox that was open is left, even if the new one cannot be had.
    core.view = None;
    let name: Arc<str> = name.into();
    let ask = Ask::Open { mailbox: name.clone(), claims_recent: !read_only };
    Step::Ask(ask, Box::new(Opening { name, read_only }))
}

impl Job for Opening {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let snapshot = match answer {
            Answer::Opened(Ok(snapshot)) => snapshot,
            Answer::Opened(Err(why)) => return Step::Done(words::refused(why)),
            _ => return Step::confused(),
        };
        let view = describe(*self, snapshot, out);
        let code = if view.read_only { Code::ReadOnly } else { Code::ReadWrite };
        core.view = Some(view);
        Step::Done(Done::completed().with(code))
    }
}

/// Tells what the client has to know of a mailbox (RFC 3501 §6.3.1).
fn describe(opening: Opening, snapshot: Snapshot, out: &mut Output) -> View {
    let uid_next = snapshot.status.uid_next;
    let view = View::new(opening.name, opening.read_only, snapshot);
    let mut say = |code: Code, text: &str| out.line(format!("* {}", status(Condition::Ok, Some(&code), text)));
    say(Code::UidValidity(view.validity), "UIDs are valid");
    say(Code::UidNext(uid_next), "Predicted next UID");
    if view.read_only {
        say(Code::PermanentFlags(None), "No flags can be changed");
    } else {
        say(Code::PermanentFlags(Some(view.flags().clone())), "Flags can be changed");
    }
    let unseen = view.first_unseen().and_then(|index| SeqNum::new(u32::try_from(index + 1).ok()?));
    if let Some(number) = unseen {
        say(Code::Unseen(number), "First unseen message");
    }
    out.line(format!("* FLAGS {}", flag_list(view.flags(), false)));
    out.line(format!("* {} EXISTS", view.rows().len()));
    out.line(format!("* {} RECENT", view.recent()));
    view
}

pub(super) fn unselect(core: &mut Core) -> Step {
    core.view = None;
    Step::Done(Done::completed())
}

/// Leaves the mailbox, and removes what is marked as deleted, without a word about it (RFC 9051 §6.4.1).
pub(super) fn close(core: &mut Core) -> Step {
    match core.view.as_ref().filter(|view| !view.read_only) {
        // Somebody else may have taken a mark away meanwhile: look before leaping.
        Some(view) => Step::Ask(view.ask_changes(), Box::new(Closing::Looking)),
        None => unselect(core),
    }
}

/// A mailbox that is being left.
enum Closing {
    /// What is marked is being looked at.
    Looking,
    /// The store is asked to remove it.
    Asked,
}

impl Closing {
    fn remove_marked(core: &mut Core) -> Step {
        let Some(view) = &core.view else { return Step::confused() };
        let is_marked = |row: &&Row| row.flags.has(SystemFlag::Deleted) && !view.is_gone(row.uid);
        let uids: Vec<_> = view.rows().iter().filter(is_marked).map(|row| row.uid).collect();
        if uids.is_empty() {
            return unselect(core);
        }
        Step::Ask(Ask::Expunge { mailbox: view.name.clone(), uids }, Box::new(Self::Asked))
    }
}

impl Job for Closing {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, _: &mut Output) -> Step {
        match (*self, answer) {
            (Self::Looking, answer) => match hear(answer, false, core) {
                // What others changed is not told: the mailbox is being left.
                Ok(_) => Self::remove_marked(core),
                Err(Unheard::Later) => Step::Done(words::refused(Refusal::Temporary)),
                // It is no more, and nothing in it is left to be removed.
                Err(Unheard::Over(_)) => unselect(core),
            },
            (Self::Asked, Answer::Done(Ok(()))) => unselect(core),
            // The messages are still there: the client should not believe otherwise.
            (Self::Asked, Answer::Done(Err(why))) => Step::Done(words::refused(why)),
            (Self::Asked, _) => Step::confused(),
        }
    }
}
