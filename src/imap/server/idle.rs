//! IDLE: the client waits, and hears what happens in its mailbox as it happens.
//!
//! RFC 2177; RFC 9051 §6.3.13.

use super::ask::Answer;
use super::job::{Core, Job, Step};
use super::report::{After, Report, Unheard, hear};
use super::words::{self, Done};
use crate::wire::frame::{Expect, Frame};
use crate::wire::literal::{Announced, announced};
use crate::wire::session::Output;

/// `DONE`, and room for those who say something else.
const LINE_MAX: usize = 1000;

/// A client that idles.
pub(super) struct Idle;

pub(super) fn begin(core: &Core, out: &mut Output) -> Step {
    out.line("+ Idling");
    Idle::look(core)
}

impl Idle {
    /// Waits for the client's DONE, or for news.
    pub(super) fn wait() -> Step {
        Step::Read(Expect::Line { max: LINE_MAX }, Box::new(Self))
    }

    fn look(core: &Core) -> Step {
        match &core.view {
            Some(view) => Step::Ask(view.ask_changes(), Box::new(Self)),
            // RFC 2177 §3 allows it without a mailbox, where nothing ever happens.
            None => Self::wait(),
        }
    }
}

impl Job for Idle {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        match hear(answer, true, core) {
            Ok(updates) => Report::new(updates, After::Idle).go_on(core, out),
            Err(Unheard::Later) => Self::wait(),
            Err(Unheard::Over(step)) => *step,
        }
    }

    fn frame(self: Box<Self>, frame: Frame<'_>, _: &mut Core, _: &mut Output) -> Step {
        let Frame::Line(line) = frame else { return Step::confused() };
        match announced(line) {
            _ if line.eq_ignore_ascii_case(b"DONE") => Step::Done(Done::completed()),
            // Its octets are on their way, and belong to no command.
            Some(None | Some(Announced { waits: false, .. })) => Step::Bye(words::MALFORMED_LITERAL),
            _ => Step::Done(Done::bad("Say DONE first")),
        }
    }

    fn news(self: Box<Self>, core: &mut Core) -> Step {
        Self::look(core)
    }

    fn listens(&self) -> bool {
        true
    }
}
