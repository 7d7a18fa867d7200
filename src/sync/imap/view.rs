//! One mailbox while it is looked at: what is asked, and what the answers mean.
//!
//! Absence is told only of an answer that was whole: readable line by line, and with as many messages as the server says
//! there are. RFC 7162 §3.1, §3.2; RFC 9051 §6.4.8.

use crate::engine::imap::{Access, Change, Found, Look as Question, Overview, Scan, Seen, Selected, Since};
use crate::error::{Error, Kind, Result};
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::Uid;
use crate::message::fingerprint;
use crate::sync::remote::{Arrived, Can, Look, News, Refused};
use crate::sync::row::Likeness;
use crate::sync::state::SeenThere;
use std::ops::{Bound, RangeInclusive};

/// News that are told at a time.
const PIECE_OF_NEWS: usize = 1000;
/// Gaps in the UIDs of a mailbox; a server that names more makes them up.
const RANGES_MAX: usize = 4_000_000;
/// Lines of one mailbox that are shown, if they cannot be read.
const UNREADABLE_MAX: usize = 10;
/// The lowest and the highest UID.
const LOWEST: Uid = Uid(std::num::NonZeroU32::MIN);
const HIGHEST: Uid = Uid(std::num::NonZeroU32::MAX);

/// How well a server counts changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    QResync,
    CondStore,
    Nothing,
}

/// How a mailbox is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Everything about every message.
    Whole,
    /// What the server says when it opens the mailbox, and what is new.
    Changes,
    /// The flags that changed, and what is new.
    ChangedFlags,
    /// All flags, and what is new.
    Flags,
    /// Which messages are left.
    Left,
}

/// One mailbox while it is looked at.
pub(super) struct View<'a> {
    look: &'a Look,
    way: Way,
    counting: Counting,
    opened: Option<Selected>,
    refused: Option<Refused>,
    /// News that were not told yet.
    news: Vec<News>,
    /// The UIDs that were named, as ranges.
    named: Vec<RangeInclusive<Uid>>,
    /// How many messages were told that may be new.
    new: u64,
    /// Something could not be read, so that who was not named may be there.
    is_doubtful: bool,
    /// What could not be read: the first few lines.
    unreadable: Vec<String>,
}

impl<'a> View<'a> {
    pub(super) fn new(look: &'a Look, counting: Counting) -> Self {
        let way = match look.since {
            None | Some(SeenThere { uid_next: None, .. }) => Way::Whole,
            Some(_) if look.full => Way::Flags,
            Some(SeenThere { modseq: Some(_), .. }) if counting == Counting::QResync => Way::Changes,
            Some(SeenThere { modseq: Some(_), .. }) if counting == Counting::CondStore => Way::ChangedFlags,
            Some(_) => Way::Flags,
        };
        let (opened, refused, news, named) = (None, None, Vec::new(), Vec::new());
        Self { look, way, counting, opened, refused, news, named, new: 0, is_doubtful: false, unreadable: Vec::new() }
    }

    /// What is asked.
    pub(super) fn scan(&self, access: Access) -> Scan {
        let all = (Bound::Included(LOWEST), Bound::Unbounded);
        let next = self.next();
        let new = Question::Overview { range: (Bound::Included(next), Bound::Unbounded) };
        let flags = |range, changed_since| Question::Flags { range, changed_since, with_vanished: false };
        let counted = if self.counting == Counting::Nothing { Since::Nothing } else { Since::CondStore };
        let mod_seq = self.look.since.and_then(|since| since.modseq);
        let (since, looks) = match (self.way, self.look.since, mod_seq) {
            (Way::Changes, Some(seen), Some(mod_seq)) => {
                (Since::QResync { uid_validity: seen.validity, mod_seq, known: Vec::new() }, vec![new])
            }
            (Way::ChangedFlags, _, mod_seq @ Some(_)) => (counted, vec![flags(all, mod_seq), new]),
            (Way::Flags, ..) if next > LOWEST => {
                (counted, vec![flags((Bound::Included(LOWEST), Bound::Excluded(next)), None), new])
            }
            (Way::Left, ..) => (Since::Nothing, vec![Question::All]),
            _ => (counted, vec![Question::Overview { range: all }]),
        };
        Scan { wire_name: self.look.mailbox.clone(), access, since, looks }
    }

    /// Takes what was found.
    pub(super) fn take(&mut self, found: Found<'_>, each: &mut dyn FnMut(Vec<News>) -> Result<()>) -> Result<()> {
        let is_end = matches!(found, Found::Looked(..) | Found::Opened(_));
        match found {
            Found::Opened(selected) => self.open(selected),
            Found::Refused(refusal) => self.refused = Some(refusal.into()),
            // What was asked was meant of another life.
            _ if self.is_other_life() && self.way != Way::Whole => {}
            Found::Seen(Seen::Overview(overview)) => {
                self.new += 1;
                self.name(overview.uid..=overview.uid)?;
                self.news.push(News::Message(arrived(*overview)));
            }
            Found::Seen(Seen::Change(Change::Flags(flagged))) => {
                self.name(flagged.uid..=flagged.uid)?;
                self.news.push(News::Flags(flagged.uid, flagged.flags));
            }
            Found::Seen(Seen::Change(Change::Vanished(ranges))) => {
                for range in ranges.iter() {
                    self.news.push(News::Vanished(range));
                    if self.news.len() >= PIECE_OF_NEWS {
                        each(std::mem::take(&mut self.news))?;
                    }
                }
            }
            Found::Seen(Seen::Change(Change::Unreadable(line))) => {
                self.is_doubtful = true;
                if self.unreadable.len() < UNREADABLE_MAX && !self.unreadable.contains(&line) {
                    self.unreadable.push(line);
                }
            }
            Found::Uids(range) => self.name(range)?,
            Found::Looked(question, Ok(())) => self.looked(question),
            Found::Looked(_, Err(refusal)) => self.refused = Some(refusal.into()),
        }
        if !self.news.is_empty() && (is_end || self.news.len() >= PIECE_OF_NEWS) {
            each(std::mem::take(&mut self.news))?;
        }
        Ok(())
    }

    /// Whether more has to be asked: the mailbox began a new life, or some of its messages are gone.
    pub(super) fn has_more(&mut self) -> bool {
        let Some(opened) = self.opened.as_ref().filter(|_| self.refused.is_none()) else { return false };
        let is_count_right = self.look.known + self.new == u64::from(opened.messages);
        self.way = match self.way {
            way if self.is_other_life() && way != Way::Whole => Way::Whole,
            Way::ChangedFlags if !is_count_right => Way::Left,
            _ => return false,
        };
        (self.new, self.is_doubtful) = (0, false);
        self.named.clear();
        true
    }

    /// What could not be read.
    pub(super) fn unreadable(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unreadable)
    }

    /// How many messages were counted and never told of.
    pub(super) fn untold(&self) -> u64 {
        let messages = self.opened.as_ref().filter(|_| self.refused.is_none()).map(|opened| opened.messages);
        let untold = u64::from(messages.unwrap_or_default()).saturating_sub(self.new);
        if self.way == Way::Whole { untold } else { 0 }
    }

    /// The counters when it was opened, or why it could not be looked at.
    pub(super) fn end(self) -> std::result::Result<SeenThere, Refused> {
        let refused = |text: &str| Refused { kind: Kind::Unavailable, text: text.to_owned() };
        // Counters that say that nothing is new would hide for good what was not told, or could not be read.
        let is_whole = !self.is_doubtful && self.untold() == 0;
        if let Some(why) = self.refused {
            return Err(why);
        }
        let opened = self.opened.ok_or_else(|| refused("the server did not open it"))?;
        Ok(SeenThere {
            validity: opened.uid_validity.ok_or_else(|| refused("the server gives its messages no lasting UIDs"))?,
            uid_next: opened.uid_next.filter(|_| is_whole),
            modseq: opened.highest_mod_seq.filter(|_| is_whole),
            messages: opened.messages,
        })
    }

    fn open(&mut self, selected: Selected) {
        match selected.uid_validity {
            Some(validity) => {
                let mut system = 0;
                // Of a mailbox that is opened to be read, servers say that no flag stays, RFC 9051 §6.3.3: that is
                // about us. What others change there stays.
                let permanent = selected.permanent_flags.as_ref().filter(|_| !selected.is_read_only);
                for flag in SystemFlag::ALL {
                    let stays = permanent.is_none_or(|stay| stay.has(flag));
                    system |= if stays { flag as u8 } else { 0 };
                }
                let keywords = permanent.into_iter().flat_map(Flags::keywords).map(str::to_owned);
                let stay = Flags::from_parts(system, keywords);
                let any_keyword = selected.takes_keywords || permanent.is_none();
                let can = Can { is_read_only: selected.is_read_only, stay, any_keyword };
                self.news.push(News::Opened(validity, can));
            }
            None => {
                let text = "the server gives its messages no lasting UIDs".to_owned();
                self.refused = Some(Refused { kind: Kind::Unavailable, text });
            }
        }
        self.opened = Some(selected);
    }

    fn is_other_life(&self) -> bool {
        let now = self.opened.as_ref().and_then(|opened| opened.uid_validity);
        now.zip(self.look.validity).is_some_and(|(now, expected)| now != expected)
    }

    /// Where new messages begin.
    fn next(&self) -> Uid {
        self.look.since.and_then(|since| since.uid_next).unwrap_or(LOWEST)
    }

    /// Says which messages are left, if the answers name all that are.
    fn looked(&mut self, question: usize) {
        let (range, last) = match self.way {
            Way::Whole if self.look.known > 0 => (LOWEST..=HIGHEST, 0),
            Way::Left => (LOWEST..=HIGHEST, 0),
            // Those from UIDNEXT on were asked for apart.
            Way::Flags => match Uid::new(self.next().get() - 1) {
                Some(last) => (LOWEST..=last, 1),
                None => (LOWEST..=HIGHEST, 0),
            },
            _ => return,
        };
        if question < last || self.is_doubtful {
            return;
        }
        let named = merged(std::mem::take(&mut self.named));
        let count: u64 = named.iter().map(|range| u64::from(range.end().get() - range.start().get()) + 1).sum();
        if self.opened.as_ref().is_some_and(|opened| count >= u64::from(opened.messages)) {
            self.news.push(News::Only(range, named));
        }
    }

    fn name(&mut self, range: RangeInclusive<Uid>) -> Result<()> {
        let next = self.named.last().and_then(|last| last.end().get().checked_add(1));
        match self.named.last_mut() {
            Some(last) if next == Some(range.start().get()) => *last = *last.start()..=*range.end(),
            _ => self.named.push(range),
        }
        if self.named.len() > RANGES_MAX {
            return Err(Error::new(Kind::Protocol, "the server names more messages than a mailbox can hold"));
        }
        Ok(())
    }
}

/// In rising order, none touching another.
fn merged(mut ranges: Vec<RangeInclusive<Uid>>) -> Vec<RangeInclusive<Uid>> {
    ranges.sort_unstable_by_key(|range| *range.start());
    let mut merged: Vec<RangeInclusive<Uid>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start().get() <= last.end().get().saturating_add(1) => {
                *last = *last.start()..=*range.end().max(last.end());
            }
            _ => merged.push(range),
        }
    }
    merged
}

fn arrived(overview: Overview) -> Arrived {
    let message_id = overview.message_id.map(|id| fingerprint::message_id(format!("Message-ID: {id}\r\n").as_bytes()));
    let likeness = Likeness {
        size: overview.size.map(u64::from),
        message_id: Some(message_id.flatten().unwrap_or_default()),
        object: overview.email_id,
        ..Likeness::default()
    };
    Arrived { uid: overview.uid, flags: overview.flags, likeness, arrived: overview.arrived }
}
