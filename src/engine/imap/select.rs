//! Opening a mailbox, and with it hearing what changed since it was open the last time.
//!
//! Until the server says that the mailbox before is closed, or names what only the new one has, what it tells of
//! messages belongs to the one before. RFC 9051 §6.3.2, §6.3.3, §6.4.2, §7.1; RFC 7162 §3.1.2, §3.2.5, §3.2.11;
//! RFC 8474 §4.1.

use super::answer::Answer;
use super::pipeline::Ended;
use super::{Access, Refusal, Session, View};
use crate::error::{Error, Kind, Result};
use crate::imap::client::{self, quoted};
use crate::imap::code;
use crate::imap::flag::Flags;
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::imap::set::UidRanges;
use async_imap::imap_proto::AttributeValue;
use std::ops::RangeInclusive;

/// Octets of known UIDs that go along with QRESYNC; more than that is not worth it.
const KNOWN_MAX: usize = 8 * 1024;
/// The server's own names for mailboxes are short (RFC 8474 §7).
const ID_MAX: usize = 255;

/// What the server says about a mailbox it opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// How many messages.
    pub messages: u32,
    /// As long as this stays, UIDs mean the same messages; `None` if they mean nothing for long.
    pub uid_validity: Option<UidValidity>,
    /// The next message will get this one or a higher one; not every server says it.
    pub uid_next: Option<Uid>,
    /// The last change; `None` where the mailbox keeps no count of them.
    pub highest_mod_seq: Option<ModSeq>,
    /// Flags that stay; all, if the server does not say (RFC 9051 §6.3.2).
    pub permanent_flags: Option<Flags>,
    /// Whether new keywords may be made.
    pub takes_keywords: bool,
    /// Nothing can be changed.
    pub is_read_only: bool,
    /// The server's own name for it, which stays when it is renamed.
    pub mailbox_id: Option<String>,
}

/// Since when changes are wanted when a mailbox is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Not at all.
    Nothing,
    /// Not at all, but from now on they are counted.
    CondStore,
    /// Since this state; QRESYNC must be on.
    QResync {
        /// What UIDs belonged to.
        uid_validity: UidValidity,
        /// The last change known.
        mod_seq: ModSeq,
        /// The UIDs known, for servers that remember little; may be empty.
        known: Vec<RangeInclusive<Uid>>,
    },
}

/// The flags of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flagged {
    /// Which.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// Its last change, where the server counts them.
    pub mod_seq: Option<ModSeq>,
}

/// What changed in a mailbox.
#[derive(Debug)]
pub enum Change<'a> {
    /// A message that is new, or has other flags.
    Flags(Flagged),
    /// These are gone; some may never have been there.
    Vanished(UidRanges<'a>),
    /// The line that tells of a message and cannot be read.
    Unreadable(String),
}

impl<'a> Change<'a> {
    /// The change that an answer tells of, if it does.
    pub(super) fn of(answer: Answer<'a>) -> Option<Self> {
        match answer {
            Answer::Fetch(Ok((_, attributes))) => flagged(&attributes).map(Self::Flags),
            Answer::Fetch(Err(line)) => Some(Self::Unreadable(line)),
            Answer::Vanished { uids, .. } => Some(Self::Vanished(uids)),
            _ => None,
        }
    }
}

fn flagged(attributes: &[AttributeValue<'_>]) -> Option<Flagged> {
    let (mut uid, mut flags, mut mod_seq) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Uid::new(*number),
            AttributeValue::Flags(words) => flags = Some(client::flags(words.iter().map(AsRef::as_ref))),
            AttributeValue::ModSeq(last) => mod_seq = Some(ModSeq(*last)),
            _ => {}
        }
    }
    Some(Flagged { uid: uid?, flags: flags?, mod_seq })
}

impl Session {
    /// Opens a mailbox, by its name on the wire. What it was before is closed by that.
    pub async fn open(&mut self, wire_name: &str, access: Access) -> Result<Result<Selected, Refusal>> {
        self.open_since(wire_name, access, &Since::Nothing, |_| Ok(())).await
    }

    /// Opens a mailbox and hears what changed in it.
    pub async fn open_since(
        &mut self,
        wire_name: &str,
        access: Access,
        since: &Since,
        mut each: impl FnMut(Change<'_>) -> Result<()>,
    ) -> Result<Result<Selected, Refusal>> {
        let Some(command) = command(wire_name, access, since) else { return Ok(Err(Refusal::unwritable())) };
        let mut answering = Answering::behind(self.selected.take().as_deref());
        let end = self.exec(command, |answer| answering.take(answer, &mut each)).await?;
        self.view = View::default();
        let opened = answering.end(end, access).map_err(|error| error.with_peer(&self.peer))?;
        if let Ok(selected) = &opened {
            self.selected = Some(wire_name.to_owned());
            self.view.messages = selected.messages;
        }
        Ok(opened)
    }

    /// UNSELECT: closes the mailbox, and removes nothing.
    pub async fn unselect(&mut self) -> Result<()> {
        if self.selected.take().is_none() {
            return Ok(());
        }
        self.view = View::default();
        // Against RFC 3691 there is no other way than to open what cannot be opened.
        let command = if self.can("UNSELECT").await? { "UNSELECT" } else { "EXAMINE \"\"" };
        let _: Ended = self.exec(command, |_| Ok(())).await?;
        Ok(())
    }
}

/// The command that opens a mailbox; `None` if its name cannot be written.
pub(super) fn command(wire_name: &str, access: Access, since: &Since) -> Option<String> {
    let name = quoted(wire_name)?;
    let verb = match access {
        Access::ReadOnly => "EXAMINE",
        Access::ReadWrite => "SELECT",
    };
    Some(match since {
        Since::Nothing => format!("{verb} {name}"),
        Since::CondStore => format!("{verb} {name} (CONDSTORE)"),
        Since::QResync { uid_validity, mod_seq, known } => {
            let known: Vec<String> = known.iter().map(|range| format!("{}:{}", range.start(), range.end())).collect();
            let known = Some(known.join(",")).filter(|known| !known.is_empty() && known.len() <= KNOWN_MAX);
            let known = known.map(|known| format!(" {known}")).unwrap_or_default();
            format!("{verb} {name} (QRESYNC ({uid_validity} {}{known}))", mod_seq.0)
        }
    })
}

/// The answer to SELECT as it comes.
pub(super) struct Answering {
    messages: Option<u32>,
    selected: Selected,
    /// What is told of messages belongs to the mailbox that is opened.
    has_begun: bool,
    is_sticky: bool,
}

impl Answering {
    /// `before` is the mailbox that was open.
    pub(super) fn behind(before: Option<&str>) -> Self {
        Self {
            messages: None,
            selected: Selected {
                messages: 0,
                uid_validity: None,
                uid_next: None,
                highest_mod_seq: None,
                permanent_flags: None,
                takes_keywords: true,
                is_read_only: false,
                mailbox_id: None,
            },
            has_begun: before.is_none(),
            is_sticky: true,
        }
    }

    pub(super) fn take(&mut self, answer: Answer<'_>, each: &mut impl FnMut(Change<'_>) -> Result<()>) -> Result<()> {
        match answer {
            Answer::Exists(count) => self.messages = Some(count),
            Answer::Status { text, .. } => self.code(&text),
            // RFC 7162 §3.2.10.2: no mailbox but the new one has something earlier.
            Answer::Vanished { is_earlier: true, uids } => return each(Change::Vanished(uids)),
            answer if self.has_begun => return Change::of(answer).map_or(Ok(()), each),
            _ => {}
        }
        Ok(())
    }

    /// What came of it: RFC 9051 §6.3.2, where it is refused no mailbox is open, and else EXISTS is required.
    pub(super) fn end(mut self, end: Ended, access: Access) -> Result<Result<Selected, Refusal>> {
        let text = match end {
            Ok(text) => text,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.code(&text);
        let messages = self.messages;
        let messages =
            messages.ok_or_else(|| Error::new(Kind::Protocol, "the server does not say what is in a mailbox"))?;
        let is_read_only = self.selected.is_read_only || access == Access::ReadOnly;
        Ok(Ok(Selected { messages, is_read_only, ..self.selected }))
    }

    fn code(&mut self, text: &str) {
        let Some((name, inside)) = client::code(text) else { return };
        let number = || inside.trim().parse::<u32>().ok();
        let selected = &mut self.selected;
        match name.to_ascii_uppercase().as_str() {
            // RFC 7162 §3.2.11.
            "CLOSED" => *self = Self::behind(None),
            "UIDVALIDITY" => {
                selected.uid_validity = number().and_then(UidValidity::new).filter(|_| self.is_sticky);
                self.has_begun = true;
            }
            "UIDNOTSTICKY" => {
                selected.uid_validity = None;
                self.is_sticky = false;
            }
            "UIDNEXT" => {
                selected.uid_next = number().and_then(Uid::new);
                self.has_begun = true;
            }
            "HIGHESTMODSEQ" => {
                selected.highest_mod_seq = inside.trim().parse().ok().filter(|last| *last > 0).map(ModSeq);
                self.has_begun = true;
            }
            "NOMODSEQ" => selected.highest_mod_seq = None,
            "PERMANENTFLAGS" => {
                let words = inside.trim().trim_start_matches('(').trim_end_matches(')');
                selected.takes_keywords = words.split(' ').any(|word| word == "\\*");
                selected.permanent_flags = Some(client::flags(words.split(' ').filter(|word| !word.is_empty())));
            }
            "READ-ONLY" => selected.is_read_only = true,
            "READ-WRITE" => selected.is_read_only = false,
            _ => {
                let id = code::named(text, "MAILBOXID").map(|id| id.trim_matches(['(', ')', ' ']));
                if let Some(id) = id.filter(|id| id.len() <= ID_MAX) {
                    selected.mailbox_id = Some(id.to_owned());
                }
            }
        }
    }
}
