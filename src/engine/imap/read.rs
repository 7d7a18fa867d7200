//! What is asked of messages by their UIDs: flags, what identifies them, headers, contents.
//!
//! Nothing here makes a message seen. Contents of many go in commands of a bounded size, several under way.
//! RFC 9051 §6.4.5; RFC 7162 §3.1.4, §3.2.6; RFC 8474 §5.1.

use super::answer::Answer;
use super::change::SET_MAX;
use super::pipeline::{Command, Ended, Said};
use super::{Change, Session};
use crate::error::Result;
use crate::imap::capability::Capabilities;
use crate::imap::client;
use crate::imap::date;
use crate::imap::flag::Flags;
use crate::imap::number::{ModSeq, Uid};
use crate::imap::set::{print_in_pieces, print_range};
use crate::world::Timestamp;
use async_imap::imap_proto::{AttributeValue, MessageSection, SectionPath};

use std::ops::{Bound, RangeBounds};

/// Octets of messages in one command, unless one is larger; several of these are under way.
const BATCH: u64 = 1024 * 1024;
/// Messages in one command whose headers are asked for.
const HEADERS: usize = 200;
/// What is expected of a header section, for the window.
const HEADER: u64 = 4 * 1024;
/// A header field or an identifier longer than that identifies nothing.
const ID_MAX: usize = 4 * 1024;
/// Labels of one message.
const LABELS_MAX: usize = 1000;

/// What is known of a message without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Its name in the mailbox.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// Octets, as the server counts them; not every server counts well.
    pub size: Option<u32>,
    /// INTERNALDATE, if the server gave a readable one.
    pub arrived: Option<Timestamp>,
    /// Its last change, where the server counts them.
    pub mod_seq: Option<ModSeq>,
    /// The server's own name for it, in whatever mailbox it is (EMAILID, or X-GM-MSGID).
    pub email_id: Option<String>,
    /// X-GM-LABELS, where there are any.
    pub labels: Option<Vec<String>>,
    /// Its Message-ID field's content, unfolded.
    pub message_id: Option<String>,
}

/// What is said of messages in an overview.
#[derive(Debug)]
pub enum Seen<'a> {
    /// A message.
    Overview(Box<Overview>),
    /// A change that was not asked for, or messages that are gone.
    Change(Change<'a>),
}

impl Session {
    /// The flags of the messages in a range; if `changed_since` is given, only of those that changed. `with_vanished`
    /// asks also which are gone since then; QRESYNC must be on. Some may be told that lie outside the range.
    pub async fn flags(
        &mut self,
        range: impl RangeBounds<Uid>,
        changed_since: Option<ModSeq>,
        with_vanished: bool,
        mut each: impl FnMut(Change<'_>) -> Result<()>,
    ) -> Result<()> {
        let command = flags_command(range, changed_since, with_vanished);
        let asked = self.exec(command, |answer| Change::of(answer).map_or(Ok(()), &mut each));
        let done = asked.await?;
        self.expect_there(done, "the server does not tell the flags of messages")
    }

    /// What is known of the messages in a range, without their contents. Unlike in the answer to IMAP itself, none
    /// comes that lies below the range.
    pub async fn overview(
        &mut self,
        range: impl RangeBounds<Uid>,
        mut each: impl FnMut(Seen<'_>) -> Result<()>,
    ) -> Result<()> {
        let command = overview_command(&range, self.capabilities().await?);
        let least = least(&range);
        let asked = self.exec(command, |answer| see(answer, least).map_or(Ok(()), &mut each));
        let done = asked.await?;
        self.expect_there(done, "the server does not list the messages")
    }

    /// The same of single messages.
    pub async fn overview_of(&mut self, uids: &[Uid], mut each: impl FnMut(Seen<'_>) -> Result<()>) -> Result<()> {
        let items = items(self.capabilities().await?);
        let commands = print_in_pieces(uids, SET_MAX).map(|(set, _)| Command::from(format!("UID FETCH {set} {items}")));
        self.fetch(commands, |answer| see(answer, None).map_or(Ok(()), &mut each)).await
    }

    /// The header sections of messages. Those that are gone do not come; instead of one, the line that tells of it and
    /// cannot be read.
    pub async fn headers(
        &mut self,
        uids: &[Uid],
        each: impl FnMut(Result<(Uid, &[u8]), String>) -> Result<()>,
    ) -> Result<()> {
        let commands = uids.chunks(HEADERS).flat_map(|uids| print_in_pieces(uids, SET_MAX)).map(|(set, uids)| {
            Command::expecting(format!("UID FETCH {set} (UID BODY.PEEK[HEADER])"), HEADER * uids.len() as u64)
        });
        let is_header =
            |section: &Option<SectionPath>| matches!(section, Some(SectionPath::Full(MessageSection::Header)));
        self.sections(commands, is_header, each).await
    }

    /// Messages, whole, each with the size that it is said to have; those larger than `PIECE` are for `body_in_pieces`.
    /// Those that are gone do not come; instead of one, the line that tells of it and cannot be read.
    pub async fn messages(
        &mut self,
        wanted: &[(Uid, u32)],
        each: impl FnMut(Result<(Uid, &[u8]), String>) -> Result<()>,
    ) -> Result<()> {
        let batches = batches(wanted);
        let commands = batches.iter().flat_map(|(uids, size)| {
            print_in_pieces(uids, SET_MAX)
                .map(|(set, _)| Command::expecting(format!("UID FETCH {set} (UID BODY.PEEK[])"), *size))
        });
        self.sections(commands, Option::is_none, each).await
    }

    /// A part of a message, or what stands in its place: `1.2`, `1.MIME`, `HEADER`, `TEXT`; empty for all of it. None if
    /// there is no such part, or no such message.
    pub async fn part(&mut self, uid: Uid, section: &str, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let is_section = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'.';
        if !section.bytes().all(is_section) {
            return Ok(false);
        }
        let mut has_come = false;
        let command = Command::expecting(format!("UID FETCH {uid} (UID BODY.PEEK[{section}])"), HEADER);
        let asked = self.exec(command, |answer| {
            if let Answer::Fetch(Ok((_, attributes))) = &answer
                && !has_come
                && let Some((found, Some(octets))) = content(attributes, |_| true)
                && found == uid
            {
                has_come = true;
                return each(octets);
            }
            Ok(())
        });
        let done = asked.await?;
        self.expect_there(done, "the server does not give a part of a message")?;
        Ok(has_come)
    }

    async fn sections(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
        is_wanted: impl Fn(&Option<SectionPath>) -> bool,
        mut each: impl FnMut(Result<(Uid, &[u8]), String>) -> Result<()>,
    ) -> Result<()> {
        self.fetch(commands, |answer| match answer {
            Answer::Fetch(Ok((_, attributes))) => match content(&attributes, &is_wanted) {
                // RFC 2180 §4.1.3: nothing may be what a server gives of a message that is gone.
                Some((uid, octets)) => each(Ok((uid, octets.unwrap_or_default()))),
                None => Ok(()),
            },
            Answer::Fetch(Err(line)) => each(Err(line)),
            _ => Ok(()),
        })
        .await
    }

    async fn fetch(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
        mut each: impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut refused: Option<Ended> = None;
        self.run(commands, |_, said| match said {
            Said::Answer(answer) => each(answer),
            Said::End(Err(refusal)) if !refusal.is("EXPUNGEISSUED") => {
                refused.get_or_insert(Err(refusal));
                Ok(())
            }
            Said::End(_) => Ok(()),
        })
        .await?;
        self.expect(refused.unwrap_or_else(|| Ok(String::new())), "the server does not give messages").map(drop)
    }

    /// RFC 2180 §4.1.2, RFC 5530 §3: some of the messages are gone, and what is there of the others came.
    pub(super) fn expect_there(&self, done: Ended, what: &str) -> Result<()> {
        match done {
            Err(refusal) if refusal.is("EXPUNGEISSUED") => Ok(()),
            done => self.expect(done, what).map(drop),
        }
    }
}

/// Messages as they go into commands: with their UIDs, and the octets that each brings.
pub(super) fn batches(wanted: &[(Uid, u32)]) -> Vec<(Vec<Uid>, u64)> {
    let mut batches: Vec<(Vec<Uid>, u64)> = Vec::new();
    for &(uid, size) in wanted {
        let size = u64::from(size);
        match batches.last_mut() {
            Some((uids, sum)) if *sum + size <= BATCH && uids.len() < HEADERS => {
                uids.push(uid);
                *sum += size;
            }
            _ => batches.push((vec![uid], size)),
        }
    }
    batches
}

pub(super) fn flags_command(
    range: impl RangeBounds<Uid>,
    changed_since: Option<ModSeq>,
    with_vanished: bool,
) -> Command {
    let vanished = if with_vanished { " VANISHED" } else { "" };
    let since = changed_since.map(|last| format!(" (CHANGEDSINCE {}{vanished})", last.0)).unwrap_or_default();
    Command::from(format!("UID FETCH {} (UID FLAGS){since}", print_range(range)))
}

pub(super) fn overview_command(range: &impl RangeBounds<Uid>, offers: &Capabilities) -> Command {
    let range = (range.start_bound().cloned(), range.end_bound().cloned());
    Command::from(format!("UID FETCH {} {}", print_range(range), items(offers)))
}

fn items(offers: &Capabilities) -> String {
    let wanted = [
        ("UID FLAGS RFC822.SIZE INTERNALDATE", true),
        ("MODSEQ", offers.has_mod_seq()),
        ("EMAILID", offers.has("OBJECTID")),
        ("X-GM-MSGID X-GM-LABELS", offers.has("X-GM-EXT-1")),
        ("BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]", true),
    ];
    let items: Vec<&str> = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(items, _)| items).collect();
    format!("({})", items.join(" "))
}

/// The lowest UID of a range.
pub(super) fn least(range: &impl RangeBounds<Uid>) -> Option<Uid> {
    match range.start_bound() {
        Bound::Included(from) => Some(*from),
        Bound::Excluded(before) => before.get().checked_add(1).and_then(Uid::new),
        Bound::Unbounded => None,
    }
}

/// What an answer says of a message, or of several. RFC 9051 §9: `n:*` is the last message also where that is below n.
pub(super) fn see(answer: Answer<'_>, least: Option<Uid>) -> Option<Seen<'_>> {
    if let Answer::Fetch(Ok((_, attributes))) = &answer
        && let Some(overview) = overview(attributes)
    {
        return least.is_none_or(|least| overview.uid >= least).then(|| Seen::Overview(Box::new(overview)));
    }
    Change::of(answer).map(Seen::Change)
}

/// What is not complete is news that nobody asked for.
fn overview(attributes: &[AttributeValue<'_>]) -> Option<Overview> {
    let (mut uid, mut flags, mut size, mut arrived, mut mod_seq) = (None, None, None, None, None);
    let (mut email_id, mut gmail_id, mut labels, mut message_id, mut has_header) = (None, None, None, None, false);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Uid::new(*number),
            AttributeValue::Flags(words) => flags = Some(client::flags(words.iter().map(AsRef::as_ref))),
            AttributeValue::Rfc822Size(octets) => size = Some(*octets),
            AttributeValue::InternalDate(text) => arrived = date::parse(text),
            AttributeValue::ModSeq(last) => mod_seq = Some(ModSeq(*last)),
            AttributeValue::EmailId(id) if id.len() <= ID_MAX => email_id = Some(id.to_string()),
            AttributeValue::GmailMsgId(id) => gmail_id = Some(id.to_string()),
            AttributeValue::GmailLabels(words) => {
                labels = Some(words.iter().take(LABELS_MAX).map(|word| unescape(word)).collect());
            }
            AttributeValue::BodySection { section: Some(SectionPath::Full(MessageSection::Header)), data, .. } => {
                has_header = true;
                message_id = data.as_deref().and_then(field);
            }
            _ => {}
        }
    }
    let email_id = email_id.or(gmail_id);
    let is_whole = has_header || size.is_some();
    let (uid, flags) = (uid.filter(|_| is_whole)?, flags?);
    Some(Overview { uid, flags, size, arrived, mod_seq, email_id, labels, message_id })
}

/// What stood in quotes, as it was meant: the parser leaves the escapes in (RFC 9051 §4.3).
fn unescape(label: &str) -> String {
    label.replace("\\\\", "\\").replace("\\\"", "\"")
}

/// The content of the one field in a header section, unfolded.
fn field(section: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(section.get(..ID_MAX.min(section.len()))?);
    let (_, body) = text.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case("Message-ID"))?;
    let body: String = body.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    (!body.is_empty()).then_some(body)
}

/// The UID and the octets of a FETCH that brings a section; `None` inside for NIL.
pub(super) fn content<'a>(
    attributes: &'a [AttributeValue<'_>],
    is_wanted: impl Fn(&Option<SectionPath>) -> bool,
) -> Option<(Uid, Option<&'a [u8]>)> {
    let uid = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(number) => Uid::new(*number),
        _ => None,
    })?;
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section, index: None, data } if is_wanted(section) => {
            Some((uid, data.as_deref()))
        }
        _ => None,
    })
}
