//! Telling the client what happened in its mailbox: at the end of commands, and while it idles.
//!
//! However much happened, it is told in pieces: more is said only when what was said is on its way.
//! RFC 9051 §5.2, §7.4, §7.5.1.

use super::ask::{Answer, Ask};
use super::idle::Idle;
use super::job::{Core, FLUSH_AT, Job, Step, is_fatal};
use super::store::expunge_marked;
use super::view::{Update, View};
use super::words::{self, Done};
use crate::imap::set::SequenceSet;
use crate::wire::session::Output;

/// The end of a command: asks what happened.
pub(super) struct Ending {
    done: Done,
    numbers_may_change: bool,
}

impl Ending {
    pub(super) fn begin(view: &View, done: Done, numbers_may_change: bool) -> (Ask, Box<dyn Job>) {
        (view.ask_changes(), Box::new(Self { done, numbers_may_change }))
    }
}

impl Job for Ending {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        match hear(answer, self.numbers_may_change, core) {
            Ok(updates) => Report::new(updates, After::Say(self.done)).go_on(core, out),
            Err(Unheard::Later) => Step::Say(self.done),
            Err(Unheard::Over(step)) => *step,
        }
    }
}

/// Why there is nothing to tell.
pub(super) enum Unheard {
    /// It could not be found out now.
    Later,
    /// The connection cannot go on.
    Over(Box<Step>),
}

/// Takes the answer to [`View::ask_changes`]; gives what is to be told of it now.
pub(super) fn hear(answer: Answer, numbers_may_change: bool, core: &mut Core) -> Result<Vec<Update>, Unheard> {
    let over = |step| Err(Unheard::Over(Box::new(step)));
    match (answer, &mut core.view) {
        (Answer::Changes(Ok(changes)), Some(view)) if changes.uid_validity == view.validity => {
            view.absorb(changes);
            Ok(view.updates(numbers_may_change))
        }
        // Deleted, and perhaps made again, by somebody else (RFC 2180 §3.3).
        (Answer::Changes(Ok(_)), Some(_)) => over(Step::Bye(words::MAILBOX_GONE)),
        (Answer::Changes(Err(why)), Some(_)) if is_fatal(&why) => over(Step::Bye(words::MAILBOX_GONE)),
        (Answer::Changes(Err(_)), Some(_)) => Err(Unheard::Later),
        _ => over(Step::confused()),
    }
}

/// Updates on their way to the client.
pub(super) struct Report {
    updates: std::vec::IntoIter<Update>,
    then: After,
}

/// What comes when all is told.
pub(super) enum After {
    /// The command is over, and this was the last of the changes.
    Say(Done),
    /// The command is over, but for what others changed.
    Done(Done),
    /// The client idles on.
    Idle,
    /// What is marked as deleted is removed, as far as it is in the set.
    Expunge(Option<SequenceSet>),
}

impl Report {
    pub(super) fn new(updates: Vec<Update>, then: After) -> Box<Self> {
        Box::new(Self { updates: updates.into_iter(), then })
    }

    pub(super) fn go_on(mut self: Box<Self>, core: &Core, out: &mut Output) -> Step {
        for update in self.updates.by_ref() {
            if let Some(line) = core.view.as_ref().and_then(|view| view.print(update)) {
                out.line(line);
            }
            if out.as_slice().len() >= FLUSH_AT {
                return Step::Ask(Ask::Flush, self);
            }
        }
        match self.then {
            After::Say(done) => Step::Say(done),
            After::Done(done) => Step::Done(done),
            After::Idle => Idle::wait(),
            After::Expunge(set) => expunge_marked(set.as_ref(), core),
        }
    }
}

impl Job for Report {
    fn answer(self: Box<Self>, _: Answer, core: &mut Core, out: &mut Output) -> Step {
        self.go_on(core, out)
    }
}
