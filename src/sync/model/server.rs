//! The server of the model: mailboxes, and what commands do to them.

use super::mail::Mail;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::sync::state::SeenThere;
use std::collections::BTreeMap;

/// All mailboxes, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    pub(super) mailboxes: BTreeMap<String, Mailbox>,
    last: u32,
}

/// One mailbox.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    pub(super) validity: u32,
    pub(super) uid_next: u32,
    pub(super) modseq: u64,
    pub(super) object: String,
    pub(super) messages: BTreeMap<u32, Message>,
    /// With the modification sequence of each.
    pub(super) vanished: Vec<(u64, u32)>,
    pub(super) is_read_only: bool,
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) mail: Mail,
    pub(super) flags: Flags,
    pub(super) modseq: u64,
}

/// What a connection may ask for, one at a time. UIDs are those of one life of the mailbox.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Store { mailbox: String, validity: u32, uids: Vec<Uid>, add: Flags, remove: Flags },
    Copy { mailbox: String, validity: u32, uids: Vec<Uid>, to: String },
    Move { mailbox: String, validity: u32, uids: Vec<Uid>, to: String },
    Expunge { mailbox: String, validity: u32, uids: Vec<Uid> },
    Append { mailbox: String, mail: Mail, flags: Flags },
    Create { mailbox: String },
    Rename { mailbox: String, to: String },
    Delete { mailbox: String },
}

/// What the server says to it.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Ok,
    Pairs(Vec<(Uid, Uid)>),
    Appended(Uid),
    No(&'static str),
}

pub(super) fn uid(number: u32) -> Uid {
    Uid::new(number).expect("UIDs of the model begin at 1")
}

impl Server {
    pub(super) fn create(&mut self, name: &str) {
        self.last += 1;
        let (validity, object) = (self.last, format!("F{}", self.last));
        let mailbox = Mailbox {
            validity,
            uid_next: 1,
            modseq: 1,
            object,
            messages: BTreeMap::new(),
            vanished: Vec::new(),
            is_read_only: false,
        };
        self.mailboxes.insert(name.to_owned(), mailbox);
    }

    /// The mailbox begins a new life with those of its messages that `stays` says, in another order.
    pub(super) fn reset(&mut self, name: &str, stays: impl Fn(usize) -> bool) {
        self.last += 1;
        let validity = self.last;
        let Some(mailbox) = self.mailboxes.get_mut(name) else { return };
        let before = std::mem::take(&mut mailbox.messages);
        (mailbox.validity, mailbox.uid_next, mailbox.modseq) = (validity, 1, 1);
        mailbox.vanished.clear();
        for (index, (_, message)) in before.into_iter().rev().enumerate() {
            if stays(index) {
                mailbox.add(message.mail, message.flags);
            }
        }
    }

    fn of_life(&mut self, mailbox: &str, validity: u32) -> Option<&mut Mailbox> {
        self.mailboxes.get_mut(mailbox).filter(|mailbox| mailbox.validity == validity)
    }

    pub(super) fn execute(&mut self, command: &Command) -> Reply {
        match command {
            Command::Store { mailbox, validity, uids, add, remove } => {
                let Some(mailbox) = self.of_life(mailbox, *validity) else { return Reply::No("no such mailbox") };
                if mailbox.is_read_only {
                    return Reply::No("read-only");
                }
                uids.iter().for_each(|uid| mailbox.flag(uid.get(), add, remove));
                Reply::Ok
            }
            Command::Copy { mailbox, validity, uids, to } => self.copy(mailbox, *validity, uids, to),
            Command::Move { mailbox, validity, uids, to } => {
                if self.of_life(mailbox, *validity).is_some_and(|mailbox| mailbox.is_read_only) {
                    return Reply::No("read-only");
                }
                let reply = self.copy(mailbox, *validity, uids, to);
                if matches!(reply, Reply::Pairs(_))
                    && let Some(mailbox) = self.of_life(mailbox, *validity)
                {
                    uids.iter().for_each(|uid| mailbox.expunge(uid.get()));
                }
                reply
            }
            Command::Expunge { mailbox, validity, uids } => {
                let Some(mailbox) = self.of_life(mailbox, *validity) else { return Reply::No("no such mailbox") };
                if mailbox.is_read_only {
                    return Reply::No("read-only");
                }
                for uid in uids {
                    let is_flagged = |message: &Message| message.flags.has(SystemFlag::Deleted);
                    if mailbox.messages.get(&uid.get()).is_some_and(is_flagged) {
                        mailbox.expunge(uid.get());
                    }
                }
                Reply::Ok
            }
            Command::Append { mailbox, mail, flags } => match self.mailboxes.get_mut(mailbox) {
                Some(mailbox) if !mailbox.is_read_only => Reply::Appended(uid(mailbox.add(*mail, flags.clone()))),
                _ => Reply::No("it cannot be written"),
            },
            Command::Create { mailbox } => {
                if !self.mailboxes.contains_key(mailbox) {
                    self.create(mailbox);
                }
                Reply::Ok
            }
            Command::Rename { mailbox, to } => {
                if self.mailboxes.contains_key(to) {
                    return Reply::No("exists");
                }
                match self.mailboxes.remove(mailbox) {
                    Some(known) => {
                        self.mailboxes.insert(to.clone(), known);
                        Reply::Ok
                    }
                    None => Reply::No("no such mailbox"),
                }
            }
            Command::Delete { mailbox } => {
                if self.mailboxes.get(mailbox).is_some_and(|mailbox| !mailbox.messages.is_empty()) {
                    return Reply::No("not empty");
                }
                self.mailboxes.remove(mailbox);
                Reply::Ok
            }
        }
    }

    fn copy(&mut self, from: &str, validity: u32, uids: &[Uid], to: &str) -> Reply {
        let Some(mailbox) = self.of_life(from, validity) else { return Reply::No("no such mailbox") };
        let those = uids.iter().filter_map(|uid| Some((*uid, mailbox.messages.get(&uid.get())?.clone())));
        let those: Vec<_> = those.collect();
        let Some(target) = self.mailboxes.get_mut(to).filter(|target| !target.is_read_only) else {
            return Reply::No("no such target");
        };
        let add = |(before, message): (Uid, Message)| (before, uid(target.add(message.mail, message.flags)));
        Reply::Pairs(those.into_iter().map(add).collect())
    }
}

impl Mailbox {
    pub(super) fn add(&mut self, mail: Mail, flags: Flags) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.modseq += 1;
        self.messages.insert(uid, Message { mail, flags, modseq: self.modseq });
        uid
    }

    pub(super) fn flag(&mut self, uid: u32, add: &Flags, remove: &Flags) {
        let Some(message) = self.messages.get_mut(&uid) else { return };
        let mut flags = message.flags.clone();
        flags.add(add);
        flags.remove(remove);
        if flags != message.flags {
            self.modseq += 1;
            (message.flags, message.modseq) = (flags, self.modseq);
        }
    }

    pub(super) fn expunge(&mut self, uid: u32) {
        if self.messages.remove(&uid).is_some() {
            self.modseq += 1;
            self.vanished.push((self.modseq, uid));
        }
    }

    pub(super) fn counters(&self, counts_changes: bool) -> SeenThere {
        SeenThere {
            validity: UidValidity::new(self.validity).expect("lives are counted from 1"),
            uid_next: Uid::new(self.uid_next),
            modseq: counts_changes.then_some(ModSeq(self.modseq)),
            messages: u32::try_from(self.messages.len()).expect("a model is small"),
        }
    }
}
