//! What users do, on either side: with other clients on the server, with their MUA in the Maildir.

use super::disk::Entry;
use super::mail::Mail;
use super::world::World;
use crate::imap::flag::{Flags, SystemFlag};
use crate::sync::run::Side;

/// One thing that a user does. What cannot be done is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    New {
        side: Side,
        folder: &'static str,
        mail: Mail,
        flags: u8,
    },
    Flag {
        side: Side,
        pick: Pick,
        flags: u8,
        on: bool,
    },
    Keyword {
        side: Side,
        pick: Pick,
        keyword: &'static str,
        on: bool,
    },
    Move {
        side: Side,
        pick: Pick,
        to: &'static str,
        renames: bool,
    },
    Copy {
        side: Side,
        pick: Pick,
        to: &'static str,
    },
    Delete {
        side: Side,
        pick: Pick,
    },
    /// A file gets another name altogether.
    Name {
        pick: Pick,
    },
    /// The mailbox begins a new life, with all its messages or with every second one.
    Reset {
        folder: &'static str,
        half: bool,
    },
    /// A folder gets another name, or its name back.
    Rename {
        side: Side,
        folder: &'static str,
    },
    /// A message is moved away and back again, by which it gets another UID.
    Again {
        pick: Pick,
        by: &'static str,
    },
}

/// Which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    /// The first of this content.
    Mail(Mail),
    /// This one of all, counted round.
    Nth(u8),
}

pub(super) const SEEN: u8 = SystemFlag::Seen as u8;
pub(super) const FLAGGED: u8 = SystemFlag::Flagged as u8;
pub(super) const DELETED: u8 = SystemFlag::Deleted as u8;
pub(super) const ANSWERED: u8 = SystemFlag::Answered as u8;

/// The other name of a folder.
fn other_name(folder: &str) -> String {
    format!("{folder}2")
}

impl World {
    /// The name that a folder has by now on a side.
    fn named(&self, side: Side, folder: &str) -> String {
        let other = other_name(folder);
        let is_there = match side {
            Side::Here => self.disk.folders.contains_key(&other),
            Side::There => self.server.mailboxes.contains_key(&other),
        };
        if is_there { other } else { folder.to_owned() }
    }

    fn files(&self) -> Vec<(String, usize, Mail)> {
        let each = |(name, at, entry): (&String, usize, &Entry)| (name.clone(), at, entry.mail);
        let files = self.disk.folders.iter();
        let files =
            files.flat_map(|(name, folder)| folder.files.iter().enumerate().map(move |(at, entry)| (name, at, entry)));
        files.map(each).collect()
    }

    fn messages(&self) -> Vec<(String, u32, Mail)> {
        let mailboxes = self.server.mailboxes.iter();
        let each = mailboxes.flat_map(|(name, mailbox)| {
            mailbox.messages.iter().map(move |(uid, message)| (name.clone(), *uid, message.mail))
        });
        each.collect()
    }

    pub(super) fn apply(&mut self, op: &Op) {
        self.do_it(op);
        self.watch("a user did something");
    }

    fn do_it(&mut self, op: &Op) {
        let (now, coarse) = (self.now, self.options.coarse);
        match op {
            Op::New { side, folder, mail, flags } => {
                let folder = self.named(*side, folder);
                let flags = Flags::from_parts(*flags, []);
                let (stay, _) = self.kept();
                let story = self.stories.entry(*mail).or_default();
                match side {
                    Side::Here => {
                        if !self.disk.folders.contains_key(&folder) {
                            return;
                        }
                        story.made_here += 1;
                        let (base, inode) = (self.disk.name(), self.disk.inode());
                        let entry = Entry { base, in_cur: !flags.is_none(), flags, inode, mail: *mail };
                        self.disk.add(&folder, entry, now, coarse);
                    }
                    Side::There => {
                        let Some(mailbox) = self.server.mailboxes.get_mut(&folder) else { return };
                        story.made_there += 1;
                        mailbox.add(*mail, Flags::from_parts(flags.system_bits() & stay.system_bits(), []));
                    }
                }
                if story.deleted == 0 {
                    self.wanted.insert(*mail);
                }
            }
            Op::Reset { folder, half } => {
                let folder = self.named(Side::There, folder);
                self.has_new_life = true;
                let mails = |world: &Self| -> Vec<Mail> {
                    let mailbox = world.server.mailboxes.get(&folder);
                    mailbox.map_or(Vec::new(), |mailbox| mailbox.messages.values().map(|it| it.mail).collect())
                };
                let before = mails(self);
                self.server.reset(&folder, |index| !half || index % 2 == 0);
                let after = mails(self);
                for mail in before.iter().filter(|mail| !after.contains(mail)) {
                    self.stranded.insert(*mail);
                    // It may never have been here, or had just been moved here: then it is as if it was removed.
                    let is_moved = self.stories.get(mail).is_some_and(|story| story.is_edited);
                    if is_moved || !self.files().iter().any(|(_, _, known)| known == mail) {
                        self.wanted.remove(mail);
                    }
                }
                // Nobody can tell any more what was removed before.
                for (_, _, mail) in self.files() {
                    if self.stories.get(&mail).is_some_and(|story| story.deleted > 0) {
                        self.stranded.insert(mail);
                    }
                }
                if before.len() != after.len() {
                    for mail in before {
                        let story = self.stories.entry(mail).or_default();
                        story.deleted += 1;
                        story.is_edited = true;
                    }
                }
            }
            Op::Rename { side, folder } => {
                let from = self.named(*side, folder);
                let to = if from == *folder { other_name(folder) } else { (*folder).to_owned() };
                match side {
                    Side::Here => {
                        if let Some(directory) = self.disk.folders.remove(&from) {
                            self.disk.folders.insert(to, directory);
                        }
                    }
                    Side::There => {
                        if let Some(mailbox) = self.server.mailboxes.remove(&from) {
                            self.server.mailboxes.insert(to, mailbox);
                        }
                    }
                }
            }
            Op::Name { pick } => {
                let Some((folder, at, mail)) = pick.of(self.files()) else { return };
                let Some(mut entry) = self.disk.take(&folder, at, now, coarse) else { return };
                entry.base = self.disk.name();
                let story = self.stories.entry(mail).or_default();
                (story.is_edited, story.is_renewed) = (true, true);
                self.disk.add(&folder, entry, now, coarse);
            }
            Op::Flag { side, pick, flags, on } => {
                self.change(*side, *pick, &Flags::from_parts(*flags, []), *on);
            }
            Op::Keyword { side, pick, keyword, on } => {
                if *side == Side::Here && !Self::told().has_keyword(keyword) {
                    return;
                }
                self.change(*side, *pick, &Flags::from_parts(0, [(*keyword).to_owned()]), *on);
            }
            Op::Move { side: Side::Here, pick, to, renames } => {
                let to = self.named(Side::Here, to);
                let Some((folder, at, mail)) = pick.of(self.files()) else { return };
                if folder == to || !self.disk.folders.contains_key(&to) {
                    return;
                }
                let Some(mut entry) = self.disk.take(&folder, at, now, coarse) else { return };
                if *renames {
                    entry.base = self.disk.name();
                }
                self.disk.add(&to, entry, now, coarse);
                self.moved(mail);
            }
            Op::Move { side: Side::There, pick, to, .. } => {
                let to = self.named(Side::There, to);
                let Some((folder, uid, mail)) = pick.of(self.messages()) else { return };
                self.transfer(&folder, uid, &to);
                self.moved(mail);
            }
            Op::Again { pick, by } => {
                let by = self.named(Side::There, by);
                let Some((folder, uid, mail)) = pick.of(self.messages()) else { return };
                if let Some(uid) = self.transfer(&folder, uid, &by) {
                    self.transfer(&by, uid, &folder);
                    let story = self.stories.entry(mail).or_default();
                    (story.is_edited, story.is_renewed) = (true, true);
                }
            }
            Op::Copy { side: Side::Here, pick, to } => {
                let to = self.named(Side::Here, to);
                let Some((folder, at, mail)) = pick.of(self.files()) else { return };
                if !self.disk.folders.contains_key(&to) {
                    return;
                }
                let mut entry = self.disk.folders[&folder].files[at].clone();
                (entry.base, entry.inode) = (self.disk.name(), self.disk.inode());
                self.disk.add(&to, entry, now, coarse);
                self.stories.entry(mail).or_default().made_here += 1;
            }
            Op::Copy { side: Side::There, pick, to } => {
                let to = self.named(Side::There, to);
                let Some((folder, uid, mail)) = pick.of(self.messages()) else { return };
                let message = self.server.mailboxes[&folder].messages[&uid].clone();
                let Some(target) = self.server.mailboxes.get_mut(&to) else { return };
                target.add(mail, message.flags);
                self.stories.entry(mail).or_default().made_there += 1;
            }
            Op::Delete { side, pick } => {
                let mail = match side {
                    Side::Here => {
                        let Some((folder, at, mail)) = pick.of(self.files()) else { return };
                        self.disk.take(&folder, at, now, coarse);
                        mail
                    }
                    Side::There => {
                        let Some((folder, uid, mail)) = pick.of(self.messages()) else { return };
                        self.server.mailboxes.get_mut(&folder).expect("it was just found").expunge(uid);
                        mail
                    }
                };
                self.stories.entry(mail).or_default().deleted += 1;
                self.wanted.remove(&mail);
            }
        }
    }

    /// It may be back where it was.
    fn moved(&mut self, mail: Mail) {
        let story = self.stories.entry(mail).or_default();
        story.is_renewed |= story.is_edited;
        story.moved += 1;
        story.is_edited = true;
    }

    fn transfer(&mut self, from: &str, uid: u32, to: &str) -> Option<u32> {
        if from == to || !self.server.mailboxes.contains_key(to) {
            return None;
        }
        let mailbox = self.server.mailboxes.get_mut(from)?;
        let message = mailbox.messages.get(&uid)?.clone();
        mailbox.expunge(uid);
        Some(self.server.mailboxes.get_mut(to)?.add(message.mail, message.flags))
    }

    fn change(&mut self, side: Side, pick: Pick, which: &Flags, on: bool) {
        let (now, coarse) = (self.now, self.options.coarse);
        let mail = match side {
            Side::Here => {
                let Some((folder, at, mail)) = pick.of(self.files()) else { return };
                let change = |flags: &mut Flags| if on { flags.add(which) } else { flags.remove(which) };
                self.disk.flag(&folder, at, change, now, coarse);
                mail
            }
            Side::There => {
                let Some((folder, uid, mail)) = pick.of(self.messages()) else { return };
                let (stay, any_keyword) = self.kept();
                let kept = Flags::from_parts(
                    which.system_bits() & stay.system_bits(),
                    which.keywords().filter(|_| any_keyword).map(str::to_owned),
                );
                let mailbox = self.server.mailboxes.get_mut(&folder).expect("it was just found");
                let none = Flags::new();
                if on {
                    mailbox.flag(uid, &kept, &none)
                } else {
                    mailbox.flag(uid, &none, &kept)
                }
                mail
            }
        };
        self.stories.entry(mail).or_default().is_edited = true;
    }
}

impl Pick {
    fn of<P>(self, all: Vec<(String, P, Mail)>) -> Option<(String, P, Mail)> {
        let at = match self {
            Self::Mail(wanted) => all.iter().position(|(_, _, mail)| *mail == wanted)?,
            Self::Nth(nth) => usize::from(nth).checked_rem(all.len())?,
        };
        all.into_iter().nth(at)
    }
}
