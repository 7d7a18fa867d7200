//! The open mailbox as its client knows it: which number is which message, and what it has not been told yet.
//!
//! Sequence numbers are places in a list of rows; messages that are gone keep their place until the client may be
//! told (RFC 9051 §7.5.1). Costs some eighty octets for each message. Pure: changes in, updates out.
//! RFC 3501 §2.3.1.2, §5.2, §7.3, §7.4.1.

use super::ask::Ask;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::mailbox::{Changes, Row, Snapshot};
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::imap::response::flag_list;
use crate::imap::set::SequenceSet;
use crate::imap::structure::Structure;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// Keywords that are told when a mailbox is opened; more are still set and shown with their messages.
const KEYWORDS_MAX: usize = 1000;

/// An open mailbox.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: Arc<str>,
    pub(super) read_only: bool,
    pub(super) validity: UidValidity,
    pub(super) since: ModSeq,
    /// The structure read last: clients ask for one part after another.
    pub(super) structure: Option<(Uid, Box<Structure>)>,
    rows: Vec<Row>,
    /// Gone, and the client does not know.
    gone: BTreeSet<Uid>,
    /// Flags changed, and the client does not know.
    changed: BTreeSet<Uid>,
    /// As many messages as the client knows of.
    told: usize,
    /// All flags that messages here have or had.
    flags: Flags,
    has_new_keyword: bool,
}

/// Something to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Update {
    /// The message with this number is gone; those above it move down.
    Expunge(usize),
    /// There are so many messages.
    Exists(usize),
    /// So many of them are recent.
    Recent(usize),
    /// There is a new keyword.
    Keywords,
    /// This message has other flags.
    Flags(Uid),
}

/// A number that no message has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoSuchNumber;

impl View {
    pub(super) fn new(name: Arc<str>, read_only: bool, snapshot: Snapshot) -> Self {
        let Snapshot { status, rows } = snapshot;
        let mut view = Self {
            name,
            read_only,
            validity: status.uid_validity,
            since: status.highest_modseq,
            structure: None,
            told: rows.len(),
            rows: Vec::new(),
            gone: BTreeSet::new(),
            changed: BTreeSet::new(),
            flags: Flags::from_parts(u8::MAX, []),
            has_new_keyword: false,
        };
        rows.iter().for_each(|row| view.learn_keywords(&row.flags));
        view.rows = rows;
        view.has_new_keyword = false;
        view
    }

    /// Asks what happened since the client was told last.
    pub(super) fn ask_changes(&self) -> Ask {
        Ask::Changes { mailbox: self.name.clone(), since: self.since, claims_recent: !self.read_only }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    /// Whether the message is gone, though it still has its number.
    pub(super) fn is_gone(&self, uid: Uid) -> bool {
        self.gone.contains(&uid)
    }

    pub(super) fn index_of(&self, uid: Uid) -> Option<usize> {
        self.rows.binary_search_by_key(&uid, |row| row.uid).ok()
    }

    pub(super) fn recent(&self) -> usize {
        self.rows.iter().filter(|row| row.recent).count()
    }

    pub(super) fn first_unseen(&self) -> Option<usize> {
        self.rows.iter().position(|row| !row.flags.has(SystemFlag::Seen))
    }

    /// The flags that messages here have, and those all messages may have.
    pub(super) fn flags(&self) -> &Flags {
        &self.flags
    }

    /// The largest UID.
    pub(super) fn largest(&self) -> Option<u32> {
        self.rows.last().map(|row| row.uid.get())
    }

    /// The messages a set of sequence numbers means, as places in the list. A set that names a number beyond the
    /// mailbox is a mistake (RFC 9051 §6.4.4, sequence-set), unless it is a range up to there.
    pub(super) fn by_numbers(&self, set: &SequenceSet) -> Result<Vec<Range<usize>>, NoSuchNumber> {
        let count = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        if set.names_beyond(count) {
            return Err(NoSuchNumber);
        }
        let ranges = set.ranges(if count == 0 { None } else { Some(count) });
        let place = |range: RangeInclusive<u32>| {
            let from = usize::try_from(*range.start()).unwrap_or(usize::MAX).saturating_sub(1);
            from..usize::try_from(*range.end()).unwrap_or(usize::MAX).min(self.rows.len())
        };
        Ok(ranges.into_iter().map(place).filter(|range| !range.is_empty()).collect())
    }

    /// The messages a set of UIDs means, as places in the list; UIDs that no message has mean nothing.
    pub(super) fn by_uids(&self, set: &SequenceSet) -> Vec<Range<usize>> {
        let place = |range: RangeInclusive<u32>| {
            let from = self.rows.partition_point(|row| row.uid.get() < *range.start());
            let to = self.rows.partition_point(|row| row.uid.get() <= *range.end());
            from..to
        };
        set.ranges(self.largest()).into_iter().map(place).filter(|range| !range.is_empty()).collect()
    }

    /// The UIDs of messages in these places that are not gone.
    pub(super) fn uids(&self, places: &[Range<usize>]) -> Vec<Uid> {
        let rows = places.iter().flat_map(|range| self.rows.get(range.clone()).unwrap_or_default());
        rows.map(|row| row.uid).filter(|uid| !self.is_gone(*uid)).collect()
    }

    /// Takes what happened in the mailbox.
    pub(super) fn absorb(&mut self, changes: Changes) {
        self.since = self.since.max(changes.highest_modseq);
        for row in changes.rows {
            self.learn_keywords(&row.flags);
            let is_new = self.rows.last().is_none_or(|last| last.uid < row.uid);
            if is_new {
                self.rows.push(row);
            } else {
                // A UID below the largest that was not here before cannot appear (RFC 9051 §2.3.1.1).
                self.replace(row);
            }
        }
        let vanished =
            changes.vanished.into_iter().filter(|uid| self.rows.binary_search_by_key(uid, |row| row.uid).is_ok());
        self.gone.extend(vanished);
    }

    /// Takes rows as they are after a change that the client asked for. Flags other than `expected` are somebody
    /// else's doing, and the client is told of them.
    pub(super) fn absorb_own(&mut self, rows: Vec<Row>, expected: impl Fn(&mut Flags)) {
        for row in rows {
            self.learn_keywords(&row.flags);
            if let Some(known) = self.index_of(row.uid).and_then(|index| self.rows.get_mut(index)) {
                expected(&mut known.flags);
                self.replace(row);
            }
        }
    }

    fn replace(&mut self, row: Row) {
        let Some(known) = self.index_of(row.uid).and_then(|index| self.rows.get_mut(index)) else { return };
        if known.flags != row.flags {
            self.changed.insert(row.uid);
        }
        // What was recent for this session stays so for it (RFC 3501 §2.3.2).
        let recent = known.recent;
        *known = Row { recent, ..row };
    }

    /// The client is being told of this message's flags.
    pub(super) fn was_told(&mut self, uid: Uid) {
        self.changed.remove(&uid);
    }

    /// What the client is to be told now: expunges only if its numbers may change.
    pub(super) fn updates(&mut self, numbers_may_change: bool) -> Vec<Update> {
        let mut updates = Vec::new();
        if numbers_may_change && !self.gone.is_empty() {
            let gone = std::mem::take(&mut self.gone);
            let mut index = 0;
            let told = self.told;
            // Each expunge moves those behind it down by one, so the number is the place among those that stay.
            let mut number = 1;
            self.rows.retain(|row| {
                let stays = !gone.contains(&row.uid);
                if index < told && !stays {
                    updates.push(Update::Expunge(number));
                }
                number += usize::from(stays);
                index += 1;
                stays
            });
            self.told -= updates.len();
            gone.iter().for_each(|uid| {
                self.changed.remove(uid);
            });
            self.structure = self.structure.take().filter(|(uid, _)| !gone.contains(uid));
        }
        if std::mem::take(&mut self.has_new_keyword) {
            updates.push(Update::Keywords);
        }
        if self.told != self.rows.len() {
            self.told = self.rows.len();
            updates.push(Update::Exists(self.told));
            updates.push(Update::Recent(self.recent()));
        }
        updates.extend(std::mem::take(&mut self.changed).into_iter().map(Update::Flags));
        updates
    }

    /// One update as a line, or nothing if it has become pointless.
    pub(super) fn print(&self, update: Update) -> Option<String> {
        Some(match update {
            Update::Expunge(number) => format!("* {number} EXPUNGE"),
            Update::Exists(count) => format!("* {count} EXISTS"),
            Update::Recent(count) => format!("* {count} RECENT"),
            Update::Keywords => format!("* FLAGS {}", flag_list(&self.flags, false)),
            Update::Flags(uid) => {
                let index = self.index_of(uid)?;
                let row = self.rows.get(index)?;
                // RFC 9051 §7.5.2: with the UID, so that clients need not trust their count.
                format!("* {} FETCH (UID {uid} FLAGS {})", index + 1, flag_list(&row.flags, row.recent))
            }
        })
    }

    fn learn_keywords(&mut self, flags: &Flags) {
        for keyword in flags.keywords() {
            if !self.flags.has_keyword(keyword) && self.flags.keywords().count() < KEYWORDS_MAX {
                self.flags.set_keyword(keyword, true);
                self.has_new_keyword = true;
            }
        }
    }
}
