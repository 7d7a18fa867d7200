//! Changing messages: STORE, EXPUNGE, COPY, MOVE.
//!
//! RFC 3501 §6.4.3, §6.4.6, §6.4.7; RFC 4315 §2.1, §3; RFC 6851; RFC 2180 §4.

use super::ask::{Answer, Ask, Refusal};
use super::job::{Core, Job, Step};
use super::report::{After, Report, Unheard, hear};
use super::view::{Update, View};
use super::words::{self, Done};
use crate::imap::flag::SystemFlag;
use crate::imap::mailbox::{CopyUid, FlagChange, Row};
use crate::imap::number::Uid;
use crate::imap::response::{Code, Condition, status};
use crate::imap::set::SequenceSet;
use crate::imap::verb::Verb;
use crate::wire::session::Output;
use std::ops::Range;

/// The messages a command is about, and whether some that it named are gone.
struct Chosen {
    uids: Vec<Uid>,
    some_gone: bool,
}

fn choose(set: &SequenceSet, has_uids: bool, view: &View) -> Result<Chosen, Step> {
    let places = if has_uids {
        view.by_uids(set)
    } else {
        view.by_numbers(set).map_err(|_| Step::Done(words::no_such_number()))?
    };
    let uids = view.uids(&places);
    let some_gone = uids.len() < places.iter().map(Range::len).sum();
    Ok(Chosen { uids, some_gone })
}

pub(super) fn store(set: &SequenceSet, change: FlagChange, silent: bool, has_uids: bool, core: &Core) -> Step {
    let Some(view) = &core.view else { return Step::confused() };
    if view.read_only {
        return Step::Done(words::read_only());
    }
    // What a message has is read, and told, whenever anybody asks for its flags.
    if let FlagChange::Add(flags) | FlagChange::Replace(flags) = &change
        && !view.takes_keywords(flags)
    {
        return Step::Done(words::too_many_keywords());
    }
    let Chosen { uids, some_gone } = match choose(set, has_uids, view) {
        Ok(chosen) => chosen,
        Err(step) => return step,
    };
    if uids.is_empty() {
        return Step::Done(if some_gone { words::gone() } else { Done::completed() });
    }
    let job = Storing { change: change.clone(), silent, some_gone, count: uids.len() };
    Step::Ask(Ask::StoreFlags { mailbox: view.name.clone(), uids, change }, Box::new(job))
}

/// Flags that are being changed.
struct Storing {
    change: FlagChange,
    silent: bool,
    some_gone: bool,
    count: usize,
}

impl Job for Storing {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let rows = match answer {
            Answer::Rows(Ok(rows)) => rows,
            Answer::Rows(Err(why)) => return Step::Done(words::refused(why)),
            _ => return Step::confused(),
        };
        let Some(view) = &mut core.view else { return Step::confused() };
        let done = if self.some_gone || rows.len() < self.count { words::gone() } else { Done::completed() };
        let told: Vec<Uid> = if self.silent { Vec::new() } else { rows.iter().map(|row| row.uid).collect() };
        view.absorb_own(rows, |flags| self.change.apply(flags));
        told.iter().for_each(|uid| view.was_told(*uid));
        Report::new(told.into_iter().map(Update::Flags).collect(), After::Done(done)).go_on(core, out)
    }
}

/// EXPUNGE of all that is marked as deleted, or of what of it is in a set of UIDs.
pub(super) fn expunge(set: Option<SequenceSet>, core: &Core) -> Step {
    match &core.view {
        Some(view) if view.read_only => Step::Done(words::read_only()),
        // Somebody else may have taken a mark away, or put one on: look before leaping.
        Some(view) => Step::Ask(view.ask_changes(), Box::new(Expunging::Looking(set))),
        None => Step::confused(),
    }
}

/// An expunge on its way.
enum Expunging {
    /// What is marked is being looked at.
    Looking(Option<SequenceSet>),
    /// The store is asked to do it; what is gone will be told as anything that happened.
    Asked,
}

impl Job for Expunging {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        match (*self, answer) {
            (Self::Looking(set), answer) => match hear(answer, false, core) {
                // Said first: they are older than what follows.
                Ok(updates) => Report::new(updates, After::Expunge(set)).go_on(core, out),
                // Without knowing what is marked now, nothing is removed.
                Err(Unheard::Later) => Step::Done(words::refused(Refusal::Temporary)),
                Err(Unheard::Over(step)) => *step,
            },
            (Self::Asked, Answer::Done(Ok(()))) => Step::Done(Done::completed()),
            (Self::Asked, Answer::Done(Err(why))) => Step::Done(words::refused(why)),
            (Self::Asked, _) => Step::confused(),
        }
    }
}

/// Removes what is marked.
pub(super) fn expunge_marked(set: Option<&SequenceSet>, core: &Core) -> Step {
    let Some(view) = &core.view else { return Step::confused() };
    let is_marked = |row: &&Row| row.flags.has(SystemFlag::Deleted) && !view.is_gone(row.uid);
    let within = match set {
        Some(set) => view.by_uids(set),
        None => std::iter::once(0..view.rows().len()).collect(),
    };
    let rows = within.into_iter().flat_map(|range| view.rows().get(range).unwrap_or_default());
    let uids: Vec<Uid> = rows.filter(is_marked).map(|row| row.uid).collect();
    if uids.is_empty() {
        return Step::Done(Done::completed());
    }
    Step::Ask(Ask::Expunge { mailbox: view.name.clone(), uids }, Box::new(Expunging::Asked))
}

/// COPY and MOVE.
pub(super) fn transfer(set: &SequenceSet, to: String, verb: Verb, core: &Core) -> Step {
    let Some(view) = &core.view else { return Step::confused() };
    let moves = matches!(verb, Verb::Move | Verb::UidMove);
    if moves && view.read_only {
        return Step::Done(words::read_only());
    }
    let Chosen { uids, some_gone } = match choose(set, verb.has_uids(), view) {
        Ok(chosen) => chosen,
        Err(step) => return step,
    };
    // RFC 2180 §4.4.1: COPY is all or nothing, and all is no longer there.
    if some_gone {
        return Step::Done(words::gone());
    }
    if uids.is_empty() {
        return Step::Done(Done::completed());
    }
    let mailbox = view.name.clone();
    let ask = if moves { Ask::Move { mailbox, uids, to } } else { Ask::Copy { mailbox, uids, to } };
    Step::Ask(ask, Box::new(Transferring { moves }))
}

/// Messages that are being copied or moved.
struct Transferring {
    moves: bool,
}

impl Job for Transferring {
    fn answer(self: Box<Self>, answer: Answer, _: &mut Core, out: &mut Output) -> Step {
        let copied = match answer {
            Answer::Copied(Ok(copied)) => copied,
            Answer::Copied(Err(why)) => return Step::Done(words::destination_refused(why)),
            _ => return Step::confused(),
        };
        let CopyUid { pairs, .. } = &copied;
        if pairs.is_empty() {
            return Step::Done(words::gone());
        }
        let code = Code::CopyUid(copied);
        if self.moves {
            // RFC 6851 §4.3: before the EXPUNGE responses, so that clients know what became of the messages.
            out.line(format!("* {}", status(Condition::Ok, Some(&code), "Moved")));
            return Step::Done(Done::completed());
        }
        Step::Done(Done::completed().with(code))
    }
}
