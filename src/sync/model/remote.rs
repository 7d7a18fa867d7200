//! The server of the model, as a run talks to it: each command is a step.
//!
//! Commands that go out together are not answered one by one: where the conversation ends, those that follow may have
//! been sent as well. A command that waits for the answer to another one is not sent then.

use super::mail::{Mail, content, likeness, named};
use super::server::{Command, Mailbox, Message, Reply, uid};
use super::world::{End, Shared, Site, Verdict, World};
use super::wrong::Rule;
use crate::error::{Error, Kind, Result};
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::mailbox::SpecialUse;
use crate::imap::number::{Uid, UidValidity};
use crate::sync::remote::{
    Arrived, Body, Can, Done, Letter, Look, Mailbox as Listed, News, Order, Performed, Refused, Remote,
};
use crate::sync::row::Likeness;
use crate::sync::state::SeenThere;
use std::collections::BTreeMap;
use std::future::pending;
use std::ops::RangeInclusive;
use std::sync::MutexGuard;
use tokio::sync::mpsc;

/// News that are told together.
const PIECE: usize = 2;

/// One conversation.
pub(super) struct ModelRemote {
    pub(super) world: Shared,
    /// The life of each mailbox when it was told of. In another one UIDs mean other messages, and nothing is done.
    pub(super) lives: BTreeMap<String, u32>,
    /// A mistake that is made on purpose.
    pub(super) rule: Option<Rule>,
}

fn cut() -> Error {
    Error::new(Kind::Temporary, "the conversation is over")
}

fn refused(text: &str) -> Refused {
    Refused { kind: Kind::Temporary, text: text.to_owned() }
}

fn range(one: u32) -> RangeInclusive<Uid> {
    uid(one)..=uid(one)
}

impl ModelRemote {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("one thread")
    }

    /// One question; false if the answer is no.
    async fn ask(&self) -> Result<bool> {
        let verdict = self.world().step(Site::Ask);
        match verdict {
            Verdict::Go => Ok(true),
            Verdict::No => Ok(false),
            Verdict::Stop(End::Crash) => pending().await,
            _ => Err(cut()),
        }
    }

    /// Commands that go out together. Their answers, and whether the conversation ended before the last one.
    async fn send(&self, commands: Vec<Command>) -> (Vec<Reply>, bool) {
        let mut replies = Vec::new();
        for (index, command) in commands.iter().enumerate() {
            let verdict = self.world().step(Site::Order);
            if matches!(verdict, Verdict::Go | Verdict::GoThen(_)) {
                let mut world = self.world();
                world.tally.orders += 1;
                world.tally.appends += u32::from(matches!(command, Command::Append { .. }));
                let reply = world.server.execute(command);
                world.watch("a command to the server");
                if verdict == Verdict::Go {
                    replies.push(reply);
                }
            }
            match verdict {
                Verdict::Go => {}
                Verdict::No => replies.push(Reply::No("not now")),
                Verdict::GoThen(end) | Verdict::Late(end) | Verdict::Stop(end) => {
                    if matches!(verdict, Verdict::Late(_)) {
                        self.world().late.extend_from_slice(&commands[index..]);
                    }
                    if end == End::Crash {
                        pending::<()>().await;
                    }
                    return (replies, true);
                }
            }
        }
        (replies, false)
    }

    fn validity(&self, mailbox: &str) -> u32 {
        if self.rule == Some(Rule::OneLife) {
            return self.world().server.mailboxes.get(mailbox).map_or(0, |mailbox| mailbox.validity);
        }
        self.lives.get(mailbox).copied().unwrap_or_default()
    }

    /// What a message is, by its UID.
    fn mail(&self, mailbox: &str, uid: Uid) -> Option<Mail> {
        let validity = self.validity(mailbox);
        let world = self.world();
        let mailbox = world.server.mailboxes.get(mailbox).filter(|mailbox| mailbox.validity == validity)?;
        mailbox.messages.get(&uid.get()).map(|message| message.mail)
    }

    /// Flags messages as deleted, and removes them.
    fn expunging(&self, mailbox: &str, validity: u32, uids: &[Uid]) -> Vec<Command> {
        let (mailbox, uids) = (mailbox.to_owned(), uids.to_vec());
        let add = Flags::from_parts(SystemFlag::Deleted as u8, []);
        let store =
            Command::Store { mailbox: mailbox.clone(), validity, uids: uids.clone(), add, remove: Flags::new() };
        vec![store, Command::Expunge { mailbox, validity, uids }]
    }

    /// Whether nothing but these would be removed.
    fn may_expunge(&self, mailbox: &str, uids: &[Uid]) -> bool {
        let world = self.world();
        let messages = world.server.mailboxes.get(mailbox).into_iter().flat_map(|mailbox| &mailbox.messages);
        let mut others =
            messages.filter(|(number, it)| it.flags.has(SystemFlag::Deleted) && !uids.contains(&uid(**number)));
        world.options.has_uidplus || others.next().is_none()
    }

    /// One order; nothing if the conversation ended before there was an answer to any of it.
    async fn carry_out(&self, order: Order) -> (Option<Done>, bool) {
        let (has_uidplus, has_move) = {
            let world = self.world();
            (world.options.has_uidplus, world.options.has_move)
        };
        let told = |pairs: Vec<(Uid, Uid)>| if has_uidplus { pairs } else { Vec::new() };
        let one = match order {
            Order::Append { mailbox, letters } => {
                let command = |Letter { flags, content, .. }: Letter| Command::Append {
                    mailbox: mailbox.clone(),
                    mail: named(&*content),
                    flags,
                };
                let (replies, is_cut) = self.send(letters.into_iter().map(command).collect()).await;
                let answer = |reply: Reply| match reply {
                    Reply::Appended(uid) => Ok(has_uidplus.then_some(uid)),
                    Reply::No(why) => Err(refused(why)),
                    _ => Ok(None),
                };
                return (Some(Done::Appended(replies.into_iter().map(answer).collect())), is_cut);
            }
            Order::Expunge { mailbox, uids } => {
                if !self.may_expunge(&mailbox, &uids) {
                    return (Some(Done::Refused(refused("others are flagged as deleted"))), false);
                }
                let validity = self.validity(&mailbox);
                let (replies, is_cut) = self.send(self.expunging(&mailbox, validity, &uids)).await;
                return (if is_cut { None } else { replies.into_iter().find_map(no).or(Some(Done::Ok)) }, is_cut);
            }
            Order::Move { mailbox, uids, to } if !has_move => {
                if !self.may_expunge(&mailbox, &uids) {
                    return (Some(Done::Refused(refused("others are flagged as deleted"))), false);
                }
                let validity = self.validity(&mailbox);
                let copy = Command::Copy { mailbox: mailbox.clone(), validity, uids: uids.clone(), to };
                let (replies, is_cut) = self.send(vec![copy]).await;
                let pairs = match replies.into_iter().next() {
                    Some(Reply::Pairs(pairs)) if !is_cut => pairs,
                    reply => return (reply.and_then(no).filter(|_| !is_cut), is_cut),
                };
                let (replies, is_cut) = self.send(self.expunging(&mailbox, validity, &uids)).await;
                if is_cut {
                    return (None, true);
                }
                return (replies.into_iter().find_map(no).or(Some(Done::Moved(told(pairs)))), false);
            }
            Order::Move { mailbox, uids, to } => {
                let validity = self.validity(&mailbox);
                Command::Move { mailbox, validity, uids, to }
            }
            Order::Store { mailbox, uids, add, remove } => {
                let validity = self.validity(&mailbox);
                Command::Store { mailbox, validity, uids, add, remove }
            }
            Order::Create { mailbox } => Command::Create { mailbox },
            Order::Rename { mailbox, to } => Command::Rename { mailbox, to },
            Order::Delete { mailbox } => Command::Delete { mailbox },
        };
        let (replies, is_cut) = self.send(vec![one]).await;
        let done = replies.into_iter().next().map(|reply| match reply {
            Reply::Pairs(pairs) => Done::Moved(told(pairs)),
            Reply::No(why) => Done::Refused(refused(why)),
            _ => Done::Ok,
        });
        (done, is_cut)
    }

    /// What a look at one mailbox tells.
    fn news(&self, look: &Look) -> Option<(SeenThere, Vec<News>)> {
        let world = self.world();
        let mailbox = world.server.mailboxes.get(&look.mailbox)?;
        let counts_changes = world.options.tier < 2;
        let (stay, any_keyword) = world.kept();
        let life = if self.rule == Some(Rule::OneLife) { 1 } else { mailbox.validity };
        let validity = UidValidity::new(life).expect("lives are counted from 1");
        let mut news = vec![News::Opened(validity, Can { is_read_only: mailbox.is_read_only, stay, any_keyword })];
        let since = look.since.filter(|since| since.validity == validity && look.validity == Some(validity));
        let arrived = |number: u32, message: &Message| {
            let told = likeness(message.mail);
            let likeness = Likeness {
                size: told.size.map(|size| if world.options.has_wrong_sizes { size + 7 } else { size }),
                message_id: told.message_id.filter(|_| world.options.tells_ids),
                object: world.options.has_email_ids.then(|| format!("M{}", message.mail)),
                header: None,
                whole: None,
            };
            News::Message(Arrived { uid: uid(number), flags: message.flags.clone(), likeness, arrived: None })
        };
        let from = since.and_then(|since| since.uid_next).map_or(1, Uid::get);
        let modseq = since.and_then(|since| since.modseq).filter(|_| counts_changes && !look.full);
        for (number, message) in &mailbox.messages {
            if look.full || *number >= from {
                news.push(arrived(*number, message));
            } else if modseq.is_none_or(|modseq| message.modseq > modseq.0) {
                news.push(News::Flags(uid(*number), message.flags.clone()));
            }
        }
        match modseq {
            Some(modseq) if world.options.tier == 0 => {
                let gone = mailbox.vanished.iter().filter(|(at, _)| *at > modseq.0);
                news.extend(gone.map(|(_, number)| News::Vanished(range(*number))));
            }
            // Whoever has no new life knows only what is gone from the old one.
            _ if look.validity == Some(validity) => news.push(only(mailbox)),
            _ => {}
        }
        Some((SeenThere { validity, ..mailbox.counters(counts_changes) }, news))
    }
}

fn no(reply: Reply) -> Option<Done> {
    match reply {
        Reply::No(why) => Some(Done::Refused(refused(why))),
        _ => None,
    }
}

fn only(mailbox: &Mailbox) -> News {
    News::Only(uid(1)..=uid(u32::MAX), mailbox.messages.keys().map(|number| range(*number)).collect())
}

impl Remote for ModelRemote {
    async fn mailboxes(&mut self) -> Result<Vec<Listed>> {
        self.ask().await?;
        let world = self.world.lock().expect("one thread");
        self.lives = world.server.mailboxes.iter().map(|(name, mailbox)| (name.clone(), mailbox.validity)).collect();
        let options = &world.options;
        let each = world.server.mailboxes.iter().map(|(name, mailbox)| Listed {
            name: name.clone(),
            separator: Some('/'),
            selectable: true,
            subscribed: true,
            special_use: (name == "Trash").then_some(SpecialUse::Trash),
            object: options.has_mailbox_ids.then(|| mailbox.object.clone()),
            counters: options.tells_counters.then(|| mailbox.counters(options.tier < 2)),
        });
        Ok(each.collect())
    }

    async fn look(
        &mut self,
        looks: &[Look],
        each: &mut (dyn FnMut(usize, Vec<News>) -> Result<()> + Send),
    ) -> Result<Vec<Result<SeenThere, Refused>>> {
        let mut looked = Vec::new();
        for (index, look) in looks.iter().enumerate() {
            let found = if self.ask().await? { self.news(look) } else { None };
            let life = self.world().server.mailboxes.get(&look.mailbox).map(|mailbox| mailbox.validity);
            self.lives.extend(life.map(|life| (look.mailbox.clone(), life)));
            let Some((seen, news)) = found else {
                looked.push(Err(refused("it cannot be opened")));
                continue;
            };
            for (count, piece) in news.chunks(PIECE).enumerate() {
                if count > 0 && !self.ask().await? {
                    return Err(cut());
                }
                each(index, piece.to_vec())?;
            }
            looked.push(Ok(seen));
        }
        Ok(looked)
    }

    async fn headers(&mut self, mailbox: &str, uids: &[Uid]) -> Result<Vec<(Uid, Likeness)>> {
        let mut known = Vec::new();
        for one in uids {
            let is_told = self.ask().await?;
            if let Some(mail) = self.mail(mailbox, *one).filter(|_| is_told) {
                known.push((*one, Likeness { size: None, whole: None, ..likeness(mail) }));
            }
        }
        Ok(known)
    }

    async fn bodies(&mut self, mailbox: &str, messages: &[(Uid, u64)], come: mpsc::Sender<Body>) -> Result<()> {
        for (one, _) in messages {
            let is_told = self.ask().await?;
            self.world().tally.bodies += 1;
            let Some(mail) = self.mail(mailbox, *one).filter(|_| is_told) else { continue };
            let body = Body { uid: *one, content: content(mail), likeness: likeness(mail) };
            if come.send(body).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn perform(&mut self, orders: Vec<Order>) -> Performed {
        let mut done = Vec::new();
        for order in orders {
            let (answer, is_cut) = self.carry_out(order).await;
            done.extend(answer);
            if is_cut {
                return Performed { done, cut: Some(cut()) };
            }
        }
        Performed { done, cut: None }
    }
}
