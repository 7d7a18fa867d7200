//! APPEND: a message comes, and goes on to the store in pieces as it comes.
//!
//! Whatever goes wrong, the message is read to its end, so that nothing in it is taken for a command; what was
//! refused before the client sent it is not sent. RFC 3501 §6.3.11; RFC 4315 §3; RFC 7889.

use super::ask::{Answer, Ask};
use super::job::{Core, Job, Step};
use super::words::{self, Done};
use crate::imap::command::AppendHead;
use crate::imap::response::Code;
use crate::wire::frame::{Expect, Frame};
use crate::wire::literal::{Announced, announced};
use crate::wire::session::Output;

/// Behind the message nothing may stand, but somebody may try.
const TAIL_MAX: usize = 1000;

pub(super) fn begin(head: AppendHead, core: &Core) -> Step {
    let AppendHead { mailbox, flags, arrived, message } = head;
    let append = Box::new(Append { message, refusal: None, is_begun: false, stage: Stage::Beginning });
    if message.len > core.policy.size_max {
        return append.refuse_early(words::message_too_big());
    }
    if message.len == 0 {
        return append.refuse_early(words::message_is_empty());
    }
    Step::Ask(Ask::AppendBegin { mailbox, flags, arrived, size: message.len }, append)
}

/// A message on its way.
struct Append {
    message: Announced,
    /// Why it will not be kept.
    refusal: Option<Done>,
    /// Whether the store holds something that must be kept or forgotten.
    is_begun: bool,
    stage: Stage,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The store is asked whether it may come.
    Beginning,
    /// It comes, or the store is asked to take a piece.
    Message,
    /// The line behind it comes.
    Tail,
    /// The store is asked to keep or to forget it.
    Ending,
}

impl Append {
    /// Ends the command if the client waits for leave to send the message; else lets it come.
    fn refuse_early(mut self: Box<Self>, why: Done) -> Step {
        if self.message.waits {
            return Step::Done(why);
        }
        self.refusal = Some(why);
        self.read(Stage::Message)
    }

    fn read(mut self: Box<Self>, stage: Stage) -> Step {
        self.stage = stage;
        let expect = match stage {
            Stage::Tail => Expect::Line { max: TAIL_MAX },
            _ => Expect::Octets { len: self.message.len },
        };
        Step::Read(expect, self)
    }

    fn piece(mut self: Box<Self>, octets: &[u8]) -> Step {
        // RFC 9051 §4.3: a literal holds no NUL, so nobody could fetch what is kept with one.
        if self.refusal.is_none() && octets.contains(&0) {
            self.refusal = Some(words::message_has_nul());
        }
        if self.refusal.is_some() {
            return self.read(Stage::Message);
        }
        Step::Ask(Ask::AppendWrite(octets.to_vec()), self)
    }

    /// The line behind the message.
    fn tail(mut self: Box<Self>, line: &[u8]) -> Step {
        match announced(line) {
            _ if line.is_empty() => {}
            // A second message, which only MULTIAPPEND (RFC 3502) has, and for which this client does not wait.
            Some(None | Some(Announced { waits: false, .. })) => return Step::Bye(words::MALFORMED_LITERAL),
            _ => self.refusal = Some(Done::bad("Nothing may follow the message")),
        }
        self.stage = Stage::Ending;
        match (&self.refusal, self.is_begun) {
            (None, _) => Step::Ask(Ask::AppendCommit, self),
            (Some(_), true) => Step::Ask(Ask::AppendDiscard, self),
            (Some(why), false) => Step::Done(why.clone()),
        }
    }
}

impl Job for Append {
    fn answer(mut self: Box<Self>, answer: Answer, _: &mut Core, out: &mut Output) -> Step {
        match (self.stage, answer) {
            (Stage::Beginning, Answer::Done(Ok(()))) => {
                self.is_begun = true;
                if self.message.waits {
                    out.line(words::GO_AHEAD);
                }
                self.read(Stage::Message)
            }
            (Stage::Beginning, Answer::Done(Err(why))) => self.refuse_early(words::destination_refused(why)),
            (Stage::Message, Answer::Done(result)) => {
                self.refusal = result.err().map(words::destination_refused);
                self.read(Stage::Message)
            }
            (Stage::Ending, Answer::Appended(Ok((validity, uid)))) => {
                Step::Done(Done::completed().with(Code::AppendUid(validity, uid)))
            }
            (Stage::Ending, Answer::Appended(Err(why))) => Step::Done(words::destination_refused(why)),
            (Stage::Ending, Answer::Done(_)) => self.refusal.map_or_else(Step::confused, Step::Done),
            _ => Step::confused(),
        }
    }

    fn frame(self: Box<Self>, frame: Frame<'_>, _: &mut Core, _: &mut Output) -> Step {
        match (self.stage, frame) {
            (Stage::Message, Frame::Piece(octets)) => self.piece(octets),
            (Stage::Message, Frame::End) => self.read(Stage::Tail),
            (Stage::Tail, Frame::Line(line)) => self.tail(line),
            _ => Step::confused(),
        }
    }
}
