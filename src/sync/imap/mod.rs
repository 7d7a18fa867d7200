//! The server of a run: an IMAP session.
//!
//! How a mailbox is looked at depends on what the server counts. With QRESYNC (RFC 7162 §3.2) opening it tells what
//! changed; with CONDSTORE (§3.1) the changed flags are asked for, and, if the count says that some messages are gone,
//! which are left; of others all flags are asked for. New messages are asked for from UIDNEXT on. All that is wanted of
//! all mailboxes goes over together.

mod view;

use super::policy::{Kinds, Policy};
use super::remote::{Body, Done, Letter, Look, Mailbox, News, Order, Performed, Refused, Remote};
use super::row::Likeness;
use super::run::Report;
use super::state::SeenThere;
use crate::engine::imap::{Access, Ask, PIECE, Refusal, Scan, Session, Store, Upload};
use crate::error::{Error, Kind, Result};
use crate::imap::flag::Flags;
use crate::imap::number::{Uid, UidValidity};
use crate::message::fingerprint::{self, Digester, Fingerprint};
use crate::store::stash::Stash;
use crate::world::{Content, Later};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use view::{Counting, View};

/// Octets of messages that are held between the server and the disk; larger messages lie in files.
const HELD: usize = 12 * 1024 * 1024;
/// Lines that are shown, if they cannot be read.
const UNREADABLE_MAX: usize = 100;

/// An IMAP session as a run needs it.
pub(super) struct Server {
    session: Session,
    /// Nothing is changed: mailboxes are opened to be read.
    is_pull: bool,
    /// Makes files for messages that are too large to be held.
    stash: Box<dyn Fn() -> Stash + Send + Sync>,
    /// What the server was asked to count.
    counting: Option<Counting>,
    /// The open mailbox.
    open: Option<String>,
    /// What UIDs belong to, by mailbox.
    lives: HashMap<String, UidValidity>,
    /// Lines that were asked for and cannot be read, with the mailbox they are about, if that can be told.
    unreadable: Vec<(String, String)>,
    /// Messages that were counted and never told of, by mailbox, as the last look at it has it.
    untold: HashMap<String, u64>,
}

impl Server {
    pub(super) fn new(session: Session, policy: &Policy, stash: Box<dyn Fn() -> Stash + Send + Sync>) -> Self {
        let is_pull = policy.push == Kinds::NONE && !policy.expunge.there;
        let (unreadable, untold) = (Vec::new(), HashMap::new());
        Self { session, is_pull, stash, counting: None, open: None, lives: HashMap::new(), unreadable, untold }
    }

    /// What the server said and nobody could use is told too.
    pub(super) fn tell(&self, report: &mut Report) {
        for (mailbox, line) in &self.unreadable {
            report.refuse(mailbox, "read what the server says", line.as_str());
        }
        report.missing += self.untold.values().sum::<u64>();
    }

    /// Ends the conversation.
    pub(super) async fn leave(self) {
        self.session.logout().await;
    }

    fn access(&self) -> Access {
        if self.is_pull { Access::ReadOnly } else { Access::ReadWrite }
    }

    /// Asks the server to count changes, once.
    async fn counting(&mut self) -> Result<Counting> {
        if let Some(counting) = self.counting {
            return Ok(counting);
        }
        let offers = self.session.capabilities().await?;
        let (has_resync, has_mod_seq) = (offers.has("QRESYNC"), offers.has_mod_seq());
        let counting = if has_resync && self.session.enable(&["QRESYNC"]).await? {
            Counting::QResync
        } else if has_mod_seq {
            Counting::CondStore
        } else {
            Counting::Nothing
        };
        self.counting = Some(counting);
        Ok(counting)
    }

    /// Opens a mailbox, unless it is.
    async fn enter(&mut self, mailbox: &str) -> Result<Result<(), Refusal>> {
        if self.open.as_deref() == Some(mailbox) {
            return Ok(Ok(()));
        }
        self.open = None;
        let access = self.access();
        let opened = self.session.open(mailbox, access).await?;
        let selected = match opened {
            Ok(selected) => selected,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // UIDs that were meant of another life mean other messages now.
        if let (Some(known), Some(now)) = (self.lives.get(mailbox), selected.uid_validity)
            && *known != now
        {
            let what = format!("the mailbox {mailbox} became another one during the run");
            return Err(Error::new(Kind::Temporary, what).with_peer(self.session.peer()));
        }
        self.open = Some(mailbox.to_owned());
        Ok(Ok(()))
    }

    /// Opens a mailbox for its messages; if that is refused now, the run cannot go on.
    async fn enter_to_read(&mut self, mailbox: &str) -> Result<()> {
        let peer = self.session.peer().to_owned();
        self.enter(mailbox).await?.map_err(|refusal| {
            let what = format!("the mailbox {mailbox} cannot be opened any more");
            Error::new(refusal.kind, what).said(refusal.text).with_peer(peer)
        })
    }

    async fn carry_out(&mut self, order: &Order) -> Result<Done> {
        Ok(match order {
            Order::Store { mailbox, uids, add, remove } => match self.enter(mailbox).await? {
                Ok(()) => self.store(uids, add, remove).await?,
                Err(refusal) => Done::Refused(refusal.into()),
            },
            Order::Move { mailbox, uids, to } => match self.enter(mailbox).await? {
                Ok(()) => {
                    let copied = self.session.move_to(uids, to).await?;
                    let is_life = |validity| self.lives.get(to).is_none_or(|known| Some(*known) == validity);
                    match copied.refused.into_iter().next() {
                        Some(refused) if copied.pairs.is_empty() => Done::Refused(refused.refusal.into()),
                        _ if is_life(copied.uid_validity) => Done::Moved(copied.pairs),
                        _ => Done::Moved(Vec::new()),
                    }
                }
                Err(refusal) => Done::Refused(refusal.into()),
            },
            Order::Expunge { mailbox, uids } => match self.enter(mailbox).await? {
                Ok(()) => match self.session.remove(uids).await?.refused.into_iter().next() {
                    Some(refused) => Done::Refused(refused.refusal.into()),
                    None => Done::Ok,
                },
                Err(refusal) => Done::Refused(refusal.into()),
            },
            // Answers to some may have come before the conversation ended; see `perform`.
            Order::Append { .. } => Done::Ok,
            Order::Create { mailbox } => {
                let done = self.session.create(mailbox).await?;
                if done.is_ok() {
                    // Programs that show subscribed mailboxes only would hide it; whoever cannot subscribe has it still.
                    let _ = self.session.subscribe(mailbox).await?;
                }
                done.map_or_else(|refusal| Done::Refused(refusal.into()), |()| Done::Ok)
            }
            Order::Rename { mailbox, to } => {
                self.close().await?;
                let life = self.lives.remove(mailbox);
                let done = self.session.rename(mailbox, to).await?;
                if let Some(life) = life {
                    self.lives.insert(to.clone(), life);
                }
                done.map_or_else(|refusal| Done::Refused(refusal.into()), |()| Done::Ok)
            }
            Order::Delete { mailbox } => self.delete(mailbox).await?,
        })
    }

    async fn store(&mut self, uids: &[Uid], add: &Flags, remove: &Flags) -> Result<Done> {
        let changes: Vec<Store<'_>> = [(true, add), (false, remove)]
            .into_iter()
            .filter(|(_, flags)| !flags.is_none())
            .map(|(add, flags)| Store { uids, add, flags, unchanged_since: None })
            .collect();
        let mut done = Done::Ok;
        let each = |_, outcome: std::result::Result<Vec<Uid>, crate::engine::imap::Refused>| {
            if let Err(refused) = outcome {
                done = Done::Refused(refused.refusal.into());
            }
            Ok(())
        };
        self.session.store(&changes, each).await?;
        Ok(done)
    }

    /// Removes a mailbox with no messages in it.
    async fn delete(&mut self, mailbox: &str) -> Result<Done> {
        self.close().await?;
        let counts = match self.session.status(mailbox).await? {
            Ok(counts) => counts,
            Err(refusal) if refusal.is("NONEXISTENT") => return Ok(Done::Ok),
            Err(refusal) => return Ok(Done::Refused(refusal.into())),
        };
        if counts.messages != Some(0) {
            let text = "there are messages in it".to_owned();
            return Ok(Done::Refused(Refused { kind: Kind::Data, text }));
        }
        let done = self.session.delete(mailbox).await?;
        Ok(done.map_or_else(|refusal| Done::Refused(refusal.into()), |()| Done::Ok))
    }

    async fn close(&mut self) -> Result<()> {
        self.open = None;
        self.session.unselect().await
    }

    /// Puts letters into a mailbox. Those without an answer count as taken without a UID: they may be there.
    async fn append(&mut self, mailbox: &str, letters: &[Letter]) -> (Done, Option<Error>) {
        let mut answers: Vec<std::result::Result<Option<Uid>, Refused>> = letters.iter().map(|_| Ok(None)).collect();
        let uploads: Vec<Upload<'_>> = letters
            .iter()
            .map(|letter| Upload { content: &*letter.content, flags: &letter.flags, arrived: letter.arrived })
            .collect();
        let life = self.lives.get(mailbox).copied();
        let done = self.session.append(mailbox, &uploads, |number, answer| {
            if let Some(known) = answers.get_mut(number) {
                *known = match answer {
                    Ok(appended) => Ok(appended
                        .filter(|appended| life.is_none_or(|life| life == appended.uid_validity))
                        .map(|appended| appended.uid)),
                    Err(refusal) => Err(refusal.into()),
                };
            }
            Ok(())
        });
        let cut = done.await.err();
        (Done::Appended(answers), cut)
    }
}

impl Remote for Server {
    async fn mailboxes(&mut self) -> Result<Vec<Mailbox>> {
        let listed = self.session.list_status(Ask { subscribed: true, ..Ask::default() }).await?;
        let unreadable = &mut self.unreadable;
        let mailboxes = listed.into_iter().filter_map(|listing| {
            // A line that cannot be read names no mailbox.
            let listing = listing.map_err(|line| unreadable.push((String::new(), line))).ok()?;
            let counts = listing.counts;
            let object = counts.as_ref().and_then(|counts| counts.mailbox_id.clone());
            let counters = counts.and_then(|counts| {
                Some(SeenThere {
                    validity: counts.uid_validity?,
                    uid_next: counts.uid_next,
                    modseq: counts.highest_mod_seq,
                    messages: counts.messages?,
                })
            });
            let listed = listing.listed;
            Some(Mailbox {
                name: listed.wire_name,
                separator: listed.separator,
                selectable: listed.selectable,
                subscribed: listed.is_subscribed,
                special_use: listed.special_use,
                object,
                counters,
            })
        });
        Ok(mailboxes.collect())
    }

    async fn look(
        &mut self,
        looks: &[Look],
        each: &mut (dyn FnMut(usize, Vec<News>) -> Result<()> + Send),
    ) -> Result<Vec<std::result::Result<SeenThere, Refused>>> {
        let counting = self.counting().await?;
        let mut views: Vec<View<'_>> = looks.iter().map(|look| View::new(look, counting)).collect();
        let mut due: Vec<usize> = (0..looks.len()).collect();
        // Who began a new life, or lost messages, is asked once more.
        for _ in 0..2 {
            let access = self.access();
            let scans: Vec<Scan> = due.iter().filter_map(|index| Some(views.get(*index)?.scan(access))).collect();
            self.open = None;
            let run = self.session.scan_many(&scans, |number, found| {
                let index = due.get(number).copied().unwrap_or_default();
                views.get_mut(index).map_or(Ok(()), |view| view.take(found, &mut |news| each(index, news)))
            });
            run.await?;
            due.retain(|index| views.get_mut(*index).is_some_and(View::has_more));
            if due.is_empty() {
                break;
            }
        }
        let mut seen = Vec::new();
        for (look, mut view) in looks.iter().zip(views) {
            for line in view.unreadable() {
                let told = (look.mailbox.clone(), line);
                // A run may look twice.
                if self.unreadable.len() < UNREADABLE_MAX && !self.unreadable.contains(&told) {
                    self.unreadable.push(told);
                }
            }
            self.untold.insert(look.mailbox.clone(), view.untold());
            let end = view.end();
            if let Ok(counters) = &end {
                self.lives.insert(look.mailbox.clone(), counters.validity);
            }
            seen.push(end);
        }
        Ok(seen)
    }

    async fn headers(&mut self, mailbox: &str, uids: &[Uid]) -> Result<Vec<(Uid, Likeness)>> {
        self.enter_to_read(mailbox).await?;
        let (mut found, mut without) = (BTreeMap::new(), Vec::new());
        self.session
            .headers(uids, |header| {
                if let Ok((uid, [])) = header {
                    without.push(uid);
                } else if let Ok((uid, octets)) = header {
                    let likeness = Likeness {
                        message_id: Some(fingerprint::message_id(octets).unwrap_or_default()),
                        header: Some(fingerprint::header_digest(octets)),
                        ..Likeness::default()
                    };
                    found.insert(uid, likeness);
                }
                Ok(())
            })
            .await?;
        // It is gone, or has no header: then all of it is its likeness.
        for uid in without {
            let mut digester = Digester::default();
            let each = |piece: &[u8]| {
                digester.take(piece);
                Ok(())
            };
            if self.session.body_in_pieces(uid, u32::MAX, each).await? {
                found.insert(uid, likeness(&digester.finish()));
            }
        }
        Ok(uids.iter().filter_map(|uid| Some((*uid, found.remove(uid)?))).collect())
    }

    async fn bodies(&mut self, mailbox: &str, messages: &[(Uid, u64)], come: mpsc::Sender<Body>) -> Result<()> {
        self.enter_to_read(mailbox).await?;
        let is_small = |size: u64| size < u64::from(PIECE);
        let small: Vec<(Uid, u32)> = messages
            .iter()
            .filter(|(_, size)| is_small(*size))
            .map(|(uid, size)| (*uid, u32::try_from(*size).unwrap_or(PIECE)))
            .collect();
        let room = Arc::new(Semaphore::new(HELD));
        let mut waiting: Vec<(Uid, Vec<u8>)> = Vec::new();
        let unreadable = &mut self.unreadable;
        let each = |waiting: &mut Vec<(Uid, Vec<u8>)>, message: std::result::Result<(Uid, &[u8]), String>| {
            match message {
                // RFC 2180 §4.1.3: nothing may be what a server gives of a message that is gone.
                Ok((uid, octets)) if !octets.is_empty() || messages.contains(&(uid, 0)) => {
                    waiting.push((uid, octets.to_vec()));
                }
                Ok(_) => {}
                // A line that cannot be read costs its message, which is asked for again another time.
                Err(line) if unreadable.len() < UNREADABLE_MAX => unreadable.push((mailbox.to_owned(), line)),
                Err(_) => {}
            }
            Ok(())
        };
        let mut pass_on = |waiting: &mut Vec<(Uid, Vec<u8>)>| -> Later<'static, ()> {
            let (waiting, room, come) = (std::mem::take(waiting), room.clone(), come.clone());
            Box::pin(async move {
                for (uid, octets) in waiting {
                    let share = u32::try_from(octets.len().clamp(1, HELD)).unwrap_or(u32::MAX);
                    let Ok(permit) = room.clone().acquire_many_owned(share).await else { return };
                    let mut digester = Digester::default();
                    digester.take(&octets);
                    let likeness = likeness(&digester.finish());
                    let content: Arc<dyn Content> = Arc::new(Held { octets, _room: permit });
                    // Whoever does not take them any more has failed, and says so.
                    if come.send(Body { uid, content, likeness }).await.is_err() {
                        return;
                    }
                }
            })
        };
        self.session.messages_with(&small, &mut waiting, each, &mut pass_on).await?;
        for (uid, size) in messages.iter().filter(|(_, size)| !is_small(*size)) {
            let mut stash = (self.stash)();
            let mut digester = Digester::default();
            let each = |piece: &[u8]| {
                digester.take(piece);
                stash.write(piece)
            };
            let size = u32::try_from(*size).unwrap_or(u32::MAX);
            if self.session.body_in_pieces(*uid, size, each).await? {
                let body = Body { uid: *uid, content: stash.finish()?, likeness: likeness(&digester.finish()) };
                if come.send(body).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn perform(&mut self, orders: Vec<Order>) -> Performed {
        let mut performed = Performed { done: Vec::new(), cut: None };
        for order in orders {
            let (done, cut) = match &order {
                Order::Append { mailbox, letters } => {
                    let (done, cut) = self.append(mailbox, letters).await;
                    (Some(done), cut)
                }
                order => match self.carry_out(order).await {
                    Ok(done) => (Some(done), None),
                    Err(error) => (None, Some(error)),
                },
            };
            performed.done.extend(done);
            if cut.is_some() {
                performed.cut = cut;
                break;
            }
        }
        performed
    }
}

/// A message in memory, of which there is room for so many octets.
struct Held {
    octets: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl Content for Held {
    fn size(&self) -> u64 {
        self.octets.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.octets.read_at(offset, buffer)
    }
}

fn likeness(fingerprint: &Fingerprint) -> Likeness {
    Likeness {
        size: Some(fingerprint.size),
        message_id: Some(fingerprint.message_id.unwrap_or_default()),
        object: None,
        header: Some(fingerprint.header),
        whole: Some(fingerprint.whole),
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { kind: refusal.kind, text: refusal.text }
    }
}
