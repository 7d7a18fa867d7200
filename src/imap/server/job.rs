//! What a command is while it runs: something that takes answers, or octets, and says what comes next.
//!
//! Each group of commands brings its own jobs; the session only carries them. Knows no command.

use super::ask::{Answer, Ask, Refusal};
use super::view::View;
use super::words::{self, Done};
use super::{Policy, reader};
use crate::imap::verb::State;
use crate::sasl::Offer;
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::{Output, Peer, Tls};
use std::sync::Arc;

/// Output beyond this is written before more is made.
pub(super) const FLUSH_AT: usize = 32 * 1024;

/// What all commands share: who is there, and what is open.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) policy: Arc<Policy>,
    pub(super) peer: Option<Peer>,
    pub(super) tls: Option<Tls>,
    pub(super) is_logged_in: bool,
    pub(super) failed_logins: u32,
    pub(super) view: Option<View>,
}

impl Core {
    pub(super) fn state(&self) -> State {
        match (self.is_logged_in, &self.view) {
            (false, _) => State::NotAuthenticated,
            (true, None) => State::Authenticated,
            (true, Some(_)) => State::Selected,
        }
    }

    pub(super) fn limits(&self) -> reader::Limits {
        if self.is_logged_in { reader::Limits::AFTER_LOGIN } else { reader::Limits::BEFORE_LOGIN }
    }

    /// Whether a password may be said now.
    pub(super) fn allows_password(&self) -> bool {
        let is_loopback = self.peer.as_ref().is_some_and(Peer::is_loopback);
        self.policy.plaintext_auth.allows(self.tls.is_some(), is_loopback)
    }

    /// What can be chosen from for a login.
    pub(super) fn offer(&self) -> Offer<'_> {
        Offer { mechanisms: &self.policy.mechanisms, exporter: self.tls.as_ref().and_then(Tls::exporter) }
    }

    pub(super) fn can_start_tls(&self) -> bool {
        self.tls.is_none() && self.peer.as_ref().is_some_and(|peer| peer.can_start_tls)
    }
}

/// What comes next.
pub(super) enum Step {
    /// Ask the world, and give its answer to the job.
    Ask(Ask, Box<dyn Job>),
    /// Read this from the client for the job.
    Read(Expect, Box<dyn Job>),
    /// The command is over; tell what happened meanwhile, then how it ended.
    Done(Done),
    /// The command is over, and all is told but how it ended.
    Say(Done),
    /// Say that the command ended well, then do TLS.
    StartTls,
    /// Say good-bye for this reason, and close.
    Bye(&'static str),
    /// Close: everything is said, or nothing can be said.
    Close,
}

impl Step {
    /// An answer to something that was not asked: a mistake of ours.
    pub(super) fn confused() -> Self {
        Self::Bye(words::CONFUSED)
    }
}

/// A command that runs.
pub(super) trait Job: Send {
    /// Takes the answer to what was asked.
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step;

    /// Takes what the client said, if that was wanted.
    fn frame(self: Box<Self>, _frame: Frame<'_>, _core: &mut Core, _out: &mut Output) -> Step {
        Step::confused()
    }

    /// Takes the hint that something may have happened in the open mailbox.
    fn news(self: Box<Self>, _core: &mut Core) -> Step {
        Step::confused()
    }

    /// Whether it wants such hints while it waits for the client.
    fn listens(&self) -> bool {
        false
    }

    /// Whether it is in the middle of a literal, where no line can be said.
    fn is_in_literal(&self) -> bool {
        false
    }
}

/// A task that is done or not.
pub(super) struct Task;

impl Job for Task {
    fn answer(self: Box<Self>, answer: Answer, _: &mut Core, _: &mut Output) -> Step {
        match answer {
            Answer::Done(Ok(())) => Step::Done(Done::completed()),
            Answer::Done(Err(why)) => Step::Done(words::refused(why)),
            _ => Step::confused(),
        }
    }
}

/// Whether a refusal means that the open mailbox is no more.
pub(super) fn is_fatal(why: &Refusal) -> bool {
    *why == Refusal::NoMailbox
}
