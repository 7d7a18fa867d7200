//! News: what a server says by itself, as values.
//!
//! What comes while nobody watches is kept as far as it fits, and beyond that as the word that there was more.
//! RFC 9051 §7.4, §7.5; RFC 7162 §3.2.10; RFC 5465 §5.

use super::Listed;
use super::answer::Answer;
use crate::imap::client;
use crate::imap::code;
use crate::imap::counts::Counts;
use crate::imap::flag::Flags;
use crate::imap::number::{ModSeq, Uid};
use async_imap::imap_proto::AttributeValue;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// News of other mailboxes that are kept until somebody asks.
const MISSED_MAX: usize = 1000;
/// Ranges of UIDs in one piece of news; more are told as `Overflow`.
const RANGES_MAX: usize = 10_000;

/// Something that a server says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// So many messages are in the open mailbox.
    Exists(u32),
    /// The message of this number is gone from it, and those behind it move up.
    Expunged(u32),
    /// Messages of these UIDs are gone from it.
    Vanished(Vec<RangeInclusive<Uid>>),
    /// A message of it changed.
    Changed {
        /// Its number.
        number: u32,
        /// Its UID, if the server says so.
        uid: Option<Uid>,
        /// Its flags, if the server says so.
        flags: Option<Flags>,
        /// Its last change, if the server says so.
        mod_seq: Option<ModSeq>,
    },
    /// The counts of another mailbox changed: its name on the wire, and what is known of them.
    Counts(String, Counts),
    /// A mailbox was made, renamed, removed or subscribed to.
    Listed(Listed),
    /// There was more than was told: look for yourself.
    Overflow,
}

impl Event {
    /// The news in an answer, if there is any.
    pub(super) fn of(answer: &Answer<'_>) -> Option<Self> {
        Some(match answer {
            Answer::Exists(count) => Self::Exists(*count),
            Answer::Expunge(number) => Self::Expunged(*number),
            Answer::Vanished { uids, .. } => {
                let ranges: Vec<_> = uids.iter().take(RANGES_MAX + 1).collect();
                if ranges.len() > RANGES_MAX { Self::Overflow } else { Self::Vanished(ranges) }
            }
            Answer::Fetch(Ok((number, attributes))) => changed(*number, attributes),
            Answer::Counts(name, counts) => Self::Counts(name.clone(), counts.clone()),
            Answer::List(Ok(listed)) => Self::Listed(listed.clone()),
            // RFC 5465 §5.8.
            Answer::Status { text, .. } if code::named(text, "NOTIFICATIONOVERFLOW").is_some() => Self::Overflow,
            _ => return None,
        })
    }
}

fn changed(number: u32, attributes: &[AttributeValue<'_>]) -> Event {
    let (mut uid, mut flags, mut mod_seq) = (None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Uid::new(*number),
            AttributeValue::Flags(words) => flags = Some(client::flags(words.iter().map(AsRef::as_ref))),
            AttributeValue::ModSeq(last) => mod_seq = Some(ModSeq(*last)),
            _ => {}
        }
    }
    Event::Changed { number, uid, flags, mod_seq }
}

/// News that came while nobody watched.
#[derive(Debug, Default)]
pub(super) struct Missed {
    events: VecDeque<Event>,
    /// Only somebody who asked for news gets them kept.
    is_wanted: bool,
}

impl Missed {
    /// From now on news are wanted, or not.
    pub(super) fn want(&mut self, is_wanted: bool) {
        *self = Self { events: VecDeque::new(), is_wanted };
    }

    /// As before if they are wanted, else none.
    pub(super) fn want_if(&mut self, is_wanted: bool) {
        if !is_wanted {
            self.want(false);
        }
    }

    pub(super) fn keep(&mut self, answer: &Answer<'_>) {
        let Some(event) = Event::of(answer).filter(|_| self.is_wanted) else { return };
        match self.events.len() {
            MISSED_MAX.. => {}
            _ if self.events.len() + 1 == MISSED_MAX => self.events.push_back(Event::Overflow),
            _ => self.events.push_back(event),
        }
    }

    pub(super) fn next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
