//! Mailboxes as a whole: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS, NAMESPACE.
//!
//! RFC 3501 §6.3; RFC 2342; RFC 7889; RFC 8438.

use super::ask::{Answer, Ask};
use super::job::{Core, Job, Step, Task};
use super::words::{self, Done};
use crate::imap::command::StatusItem;
use crate::imap::mailbox::{INBOX, SEPARATOR, Status};
use crate::imap::response::{self, Code};
use crate::imap::verb::Verb;
use crate::wire::session::Output;

/// One personal namespace, nobody else's (RFC 2342 §5).
pub(super) fn namespace(out: &mut Output) -> Step {
    out.line(format!("* NAMESPACE ((\"\" \"{SEPARATOR}\")) NIL NIL"));
    Step::Done(Done::completed())
}

pub(super) fn change(verb: Verb, mailbox: String, core: &Core) -> Step {
    match verb {
        Verb::Create if mailbox == INBOX => Step::Done(words::refused(super::Refusal::Exists)),
        Verb::Create => Step::Ask(Ask::Create { mailbox }, Box::new(Task)),
        // RFC 9051 §6.3.5.
        Verb::Delete if mailbox == INBOX => Step::Done(Done::no(Code::Cannot, "INBOX cannot be deleted")),
        Verb::Delete => {
            let is_open = core.view.as_ref().is_some_and(|view| *view.name == *mailbox);
            Step::Ask(Ask::Delete { mailbox }, Box::new(Deletion { is_open }))
        }
        verb => Step::Ask(Ask::Subscribe { mailbox, on: verb == Verb::Subscribe }, Box::new(Task)),
    }
}

/// A mailbox that is being deleted, perhaps the one that is open: then it is left.
struct Deletion {
    is_open: bool,
}

impl Job for Deletion {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        if self.is_open && answer == Answer::Done(Ok(())) {
            core.view = None;
        }
        Box::new(Task).answer(answer, core, out)
    }
}

pub(super) fn rename(from: String, to: String, core: &Core) -> Step {
    if from == to || to == INBOX {
        return Step::Done(words::refused(super::Refusal::Exists));
    }
    let below = to.strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with(SEPARATOR));
    if below && from != INBOX {
        return Step::Done(Done::no(Code::Cannot, "A mailbox cannot be moved below itself"));
    }
    // The open mailbox goes along; INBOX stays, and only its messages go (RFC 9051 §6.3.6).
    let open = core.view.as_ref().map(|view| view.name.to_string()).filter(|_| from != INBOX);
    let moved = open.and_then(|open| {
        let rest = open.strip_prefix(from.as_str())?;
        (rest.is_empty() || rest.starts_with(SEPARATOR)).then(|| format!("{to}{rest}"))
    });
    Step::Ask(Ask::Rename { from, to }, Box::new(Renaming { moved }))
}

/// A mailbox that is being renamed, and the open mailbox's new name if it goes along.
struct Renaming {
    moved: Option<String>,
}

impl Job for Renaming {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        if let (Some(name), Some(view), Answer::Done(Ok(()))) = (self.moved, &mut core.view, &answer) {
            view.name = name.into();
        }
        Box::new(Task).answer(answer, core, out)
    }
}

pub(super) fn status(mailbox: String, items: Vec<StatusItem>) -> Step {
    Step::Ask(Ask::Status { mailbox: mailbox.clone() }, Box::new(Counting { mailbox, items }))
}

/// A mailbox whose counts are asked for.
struct Counting {
    mailbox: String,
    items: Vec<StatusItem>,
}

impl Job for Counting {
    fn answer(self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let status = match answer {
            Answer::Status(Ok(status)) => status,
            Answer::Status(Err(why)) => return Step::Done(words::refused(why)),
            _ => return Step::confused(),
        };
        let values = self.items.iter().map(|item| value(*item, &status, core.policy.size_max));
        let values = values.collect::<Vec<_>>().join(" ");
        let buffer = out.buffer();
        buffer.extend_from_slice(b"* STATUS ");
        response::mailbox(&self.mailbox, buffer);
        buffer.extend_from_slice(format!(" ({values})\r\n").as_bytes());
        Step::Done(Done::completed())
    }
}

fn value(item: StatusItem, status: &Status, size_max: u64) -> String {
    let name = StatusItem::ALL.iter().find(|(_, known)| *known == item).map_or("", |(name, _)| name);
    match item {
        StatusItem::Messages => format!("{name} {}", status.messages),
        StatusItem::Recent => format!("{name} {}", status.recent),
        StatusItem::UidNext => format!("{name} {}", status.uid_next),
        StatusItem::UidValidity => format!("{name} {}", status.uid_validity),
        StatusItem::Unseen => format!("{name} {}", status.unseen),
        StatusItem::Size => format!("{name} {}", status.size),
        StatusItem::AppendLimit => format!("{name} {size_max}"),
    }
}
