//! Putting messages into a mailbox, and finding the one for what was sent.
//!
//! Messages go over in pieces as they are read. Where the server takes literals without being asked, several are under
//! way, but only so many that who breaks off knows where to look; where it takes several in one command, they go in
//! groups. A group is taken whole or not at all, so one that is refused is tried again one by one, and each message has
//! an outcome of its own. RFC 9051 §6.3.12, §4.3; RFC 7888; RFC 3502; RFC 4315 §3; RFC 7889; RFC 6154 §2.

use super::change::print;
use super::pipeline::{Command, Heard};
use super::{Refusal, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::client::quoted;
use crate::imap::code;
use crate::imap::date;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::mailbox::SpecialUse;
use crate::imap::name;
use crate::imap::number::{Uid, UidValidity};
use crate::world::{Content, Timestamp};
use std::collections::VecDeque;
use tokio::time::timeout;

/// Octets read and written at a time.
const PIECE: usize = 64 * 1024;
/// Messages under way.
const MESSAGES_MAX: usize = 16;
/// Their octets, unless one is larger.
const OCTETS_MAX: u64 = 1024 * 1024;
/// Messages of one command, so that there is another one under way.
const GROUP: usize = MESSAGES_MAX / 2;
/// Names that servers give the mailbox for sent mail when they do not say which it is, the last level of them.
const SENT: [&str; 4] = ["Sent", "Sent Items", "Sent Messages", "Sent Mail"];

/// A message that is to be put into a mailbox.
#[derive(Clone, Copy)]
pub struct Upload<'a> {
    /// Its octets, lines ended by CRLF.
    pub content: &'a dyn Content,
    /// Its flags.
    pub flags: &'a Flags,
    /// Its INTERNALDATE; now, if there is none.
    pub arrived: Option<Timestamp>,
}

/// What a message is called now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// What the UID belongs to.
    pub uid_validity: UidValidity,
    /// Its name in the mailbox.
    pub uid: Uid,
}

/// What is under way to a mailbox.
struct Voyage<'a> {
    /// The mailbox, as a command names it.
    name: String,
    uploads: &'a [Upload<'a>],
    /// Not given yet: these one by one, then those from `next` on.
    singly: VecDeque<usize>,
    next: usize,
    takes_groups: bool,
    under_way: VecDeque<Vec<usize>>,
}

impl Voyage<'_> {
    fn size(&self, group: &[usize]) -> u64 {
        group.iter().filter_map(|number| self.uploads.get(*number)).map(|upload| upload.content.size()).sum()
    }

    /// What would go next.
    fn group(&self) -> Vec<usize> {
        if let Some(number) = self.singly.front() {
            return vec![*number];
        }
        let mut group = Vec::new();
        for number in self.next..self.uploads.len() {
            group.push(number);
            let is_too_much = group.len() > GROUP || self.size(&group) > OCTETS_MAX / 2;
            if group.len() > 1 && (is_too_much || !self.takes_groups) {
                group.pop();
                break;
            }
        }
        group
    }

    fn has_room(&self, group: &[usize]) -> bool {
        let messages: usize = self.under_way.iter().map(Vec::len).sum();
        let octets: u64 = self.under_way.iter().map(|group| self.size(group)).sum();
        messages == 0 || (messages + group.len() <= MESSAGES_MAX && octets + self.size(group) <= OCTETS_MAX)
    }

    fn go(&mut self, group: &[usize]) {
        if self.singly.pop_front().is_none() {
            self.next += group.len();
        }
    }
}

impl Session {
    /// The mailbox for sent mail by its name on the wire: the one the server says it is, else one that is called so.
    pub async fn sent_mailbox(&mut self) -> Result<Option<String>> {
        let listed: Vec<_> = self.list().await?.into_iter().flatten().filter(|listed| listed.selectable).collect();
        if let Some(marked) = listed.iter().find(|listed| listed.special_use == Some(SpecialUse::Sent)) {
            return Ok(Some(marked.wire_name.clone()));
        }
        let is_called = |known: &str| {
            let last = |wire: &str, separator| wire.rsplit(separator).next().unwrap_or_default().to_owned();
            listed.iter().find(|listed| {
                let level = listed.separator.map_or_else(|| listed.wire_name.clone(), |by| last(&listed.wire_name, by));
                level.eq_ignore_ascii_case(known)
            })
        };
        Ok(SENT.into_iter().find_map(is_called).map(|listed| listed.wire_name.clone()))
    }

    /// Puts a message that its owner has seen into a mailbox, which is made if it is missing.
    pub async fn append_seen(&mut self, wire_name: &str, content: &dyn Content) -> Result<Result<(), Refusal>> {
        let mut flags = Flags::new();
        flags.set(SystemFlag::Seen, true);
        let upload = Upload { content, flags: &flags, arrived: None };
        match self.append_one(wire_name, upload).await? {
            // RFC 9051 §6.3.12: the server says that it would do with the mailbox made first.
            Err(refusal) if refusal.is("TRYCREATE") => match self.create(wire_name).await? {
                Ok(()) => Ok(self.append_one(wire_name, upload).await?.map(drop)),
                Err(refusal) => Ok(Err(refusal)),
            },
            done => Ok(done.map(drop)),
        }
    }

    /// Puts one message into a mailbox. What it is called now, if the server says so.
    pub async fn append_one(
        &mut self,
        wire_name: &str,
        upload: Upload<'_>,
    ) -> Result<Result<Option<Appended>, Refusal>> {
        let mut done = Ok(None);
        self.append(wire_name, &[upload], |_, end| {
            done = end;
            Ok(())
        })
        .await?;
        Ok(done)
    }

    /// Puts messages into a mailbox. Each has one outcome, told with its number, not always in their order: what it is
    /// called now, if the server says so, or why it is not there.
    pub async fn append(
        &mut self,
        wire_name: &str,
        uploads: &[Upload<'_>],
        mut each: impl FnMut(usize, Result<Option<Appended>, Refusal>) -> Result<()>,
    ) -> Result<()> {
        let Some(name) = quoted(wire_name) else {
            return (0..uploads.len()).try_for_each(|number| each(number, Err(Refusal::unwritable())));
        };
        let offers = self.capabilities().await?.clone();
        let takes_groups = offers.has("MULTIAPPEND") && offers.has("LITERAL+");
        let mut voyage =
            Voyage { name, uploads, singly: VecDeque::new(), next: 0, takes_groups, under_way: VecDeque::new() };
        self.enter()?;
        loop {
            let group = voyage.group();
            let is_at_once = offers.takes_at_once(voyage.size(&group));
            if !group.is_empty() && voyage.has_room(&group) && (is_at_once || voyage.under_way.is_empty()) {
                voyage.go(&group);
                let (group, pieces) = self.readable(&group, uploads, offers.append_limit(), &mut each)?;
                if group.is_empty() {
                    continue;
                }
                if let Some(refusal) = self.send(&voyage, &group, pieces, is_at_once).await? {
                    group.iter().try_for_each(|number| each(*number, Err(refusal.clone())))?;
                } else {
                    voyage.under_way.push_back(group);
                }
                continue;
            }
            let Some(group) = voyage.under_way.front() else { break };
            let end = self.hear(|_| Ok(())).await?;
            match end {
                Ok(text) => {
                    let called = code::appended(&text, group.len());
                    for (place, number) in group.iter().enumerate() {
                        let uid = called.as_ref().and_then(|(validity, uids)| Some((*validity, *uids.get(place)?)));
                        each(*number, Ok(uid.map(|(uid_validity, uid)| Appended { uid_validity, uid })))?;
                    }
                }
                Err(refusal) if group.len() > 1 && !is_about_mailbox(&refusal) => voyage.singly.extend(group),
                Err(refusal) => group.iter().try_for_each(|number| each(*number, Err(refusal.clone())))?,
            }
            voyage.under_way.pop_front();
        }
        self.leave();
        Ok(())
    }

    /// Of a group those messages that can be had and may be sent, each with its first octets: what was announced must
    /// come.
    fn readable(
        &self,
        group: &[usize],
        uploads: &[Upload<'_>],
        limit: Option<u64>,
        each: &mut impl FnMut(usize, Result<Option<Appended>, Refusal>) -> Result<()>,
    ) -> Result<(Vec<usize>, Vec<Vec<u8>>)> {
        let (mut readable, mut pieces) = (Vec::new(), Vec::new());
        for &number in group {
            let Some(upload) = uploads.get(number) else { continue };
            let size = upload.content.size();
            if let Some(limit) = limit.filter(|limit| size > *limit) {
                let text = format!("[TOOBIG] the server takes messages of up to {limit} octets, this one has {size}");
                each(number, Err(Refusal::new(Kind::Data, text)))?;
                continue;
            }
            match piece(upload.content, 0) {
                Ok(piece) => {
                    readable.push(number);
                    pieces.push(piece);
                }
                Err(error) => each(number, Err(Refusal::new(Kind::Io, error.to_string())))?,
            }
        }
        Ok((readable, pieces))
    }

    /// Sends a group in one command. A refusal before all was sent is returned.
    async fn send(
        &mut self,
        voyage: &Voyage<'_>,
        group: &[usize],
        first: Vec<Vec<u8>>,
        is_at_once: bool,
    ) -> Result<Option<Refusal>> {
        let plus = if is_at_once { "+" } else { "" };
        for (place, (&number, first)) in group.iter().zip(first).enumerate() {
            let Some(Upload { content, flags, arrived }) = voyage.uploads.get(number) else { continue };
            let size = content.size();
            let date = arrived.map(|arrived| format!(" \"{}\"", date::print(arrived))).unwrap_or_default();
            let head = format!("({}){date} {{{size}{plus}}}", print(flags));
            if place == 0 {
                self.begin(&Command::from(format!("APPEND {} {head}", voyage.name)));
            } else {
                self.wire.push([" ", &head, "\r\n"].concat().as_bytes());
            }
            if !is_at_once {
                match self.listen(true, |_| Ok(())).await? {
                    Heard::GoOn => {}
                    Heard::End(Err(refusal)) => return Ok(Some(refusal)),
                    Heard::End(Ok(_)) => {
                        return Err(self.error(Kind::Protocol, "the server has a message before it was sent"));
                    }
                }
            }
            let mut at = first.len() as u64;
            self.wire.push(&first);
            while at < size {
                self.drain().await?;
                let piece = piece(*content, at)?;
                at += piece.len() as u64;
                self.wire.push(&piece);
            }
        }
        self.wire.push(b"\r\n");
        self.drain().await?;
        Ok(None)
    }

    /// Writes until little is left, so that no more than a piece is held.
    async fn drain(&mut self) -> Result<()> {
        let patience = self.patience();
        match timeout(patience, self.wire.drain(PIECE)).await {
            Ok(Ok(())) => Ok(()),
            // Who hangs up may have said why.
            Ok(Err(error)) => Err(self.hear(|_| Ok(())).await.err().unwrap_or_else(|| self.broke(error))),
            Err(_) => {
                let what = format!("the server takes nothing for {} seconds", patience.as_secs_f64());
                Err(self.error(Kind::Temporary, what))
            }
        }
    }
}

/// The octets of a message from `at` on, at most `PIECE`.
fn piece(content: &dyn Content, at: u64) -> Result<Vec<u8>> {
    let left = content.size().saturating_sub(at);
    let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
    let count = content.read_at(at, &mut piece);
    let count = count.map_err(|error| Error::new(Kind::Io, "the message cannot be read").caused_by(error))?;
    if count == 0 && left > 0 {
        return Err(Error::new(Kind::Io, "the message is shorter than it was"));
    }
    piece.truncate(count);
    Ok(piece)
}

/// Whether it would be the same for each message by itself.
fn is_about_mailbox(refusal: &Refusal) -> bool {
    matches!(refusal.kind, Kind::Temporary | Kind::NoPermission)
        || ["TRYCREATE", "NONEXISTENT"].iter().any(|name| refusal.is(name))
}

/// A mailbox's name as the user writes it, in the form of the wire.
pub fn wire_name(name: &str) -> String {
    name::encode(name)
}
