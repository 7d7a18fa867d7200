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

/// Keywords of one mailbox. Of more, that came with messages, the rest is shown with them only; clients make no more.
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

    /// Whether the mailbox takes keywords like these: those it knows, and new ones up to a limit.
    pub(super) fn takes_keywords(&self, flags: &Flags) -> bool {
        let fresh = flags.keywords().filter(|keyword| !self.flags.has_keyword(keyword)).count();
        fresh == 0 || self.flags.keywords().len() + fresh <= KEYWORDS_MAX
    }

    fn learn_keywords(&mut self, flags: &Flags) {
        for keyword in flags.keywords() {
            if self.flags.keywords().len() < KEYWORDS_MAX && !self.flags.has_keyword(keyword) {
                self.flags.set_keyword(keyword, true);
                self.has_new_keyword = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::mailbox::Status;
    use crate::world::Timestamp;

    fn uid(number: u32) -> Uid {
        Uid::new(number).expect("not zero")
    }

    fn row(number: u32, keyword: Option<&str>) -> Row {
        let flags = Flags::from_parts(0, keyword.map(str::to_owned));
        Row { uid: uid(number), flags, size: 1, arrived: Timestamp::UNIX_EPOCH, modseq: ModSeq(1), recent: false }
    }

    fn view(uids: &[u32]) -> View {
        let status = Status {
            messages: 0,
            unseen: 0,
            deleted: 0,
            recent: 0,
            uid_next: uid(100),
            uid_validity: UidValidity::new(1).expect("not zero"),
            highest_modseq: ModSeq(1),
            size: 0,
        };
        let rows = uids.iter().map(|number| row(*number, None)).collect();
        View::new("INBOX".into(), false, Snapshot { status, rows })
    }

    fn changes(rows: Vec<Row>, vanished: &[u32]) -> Changes {
        Changes {
            rows,
            vanished: vanished.iter().map(|number| uid(*number)).collect(),
            highest_modseq: ModSeq(2),
            uid_next: uid(100),
            uid_validity: UidValidity::new(1).expect("not zero"),
        }
    }

    #[test]
    fn sets_become_places() {
        let view = view(&[3, 5, 9]);
        let empty = super::tests::view(&[]);
        let set = |text: &str| SequenceSet::parse(text.as_bytes()).expect(text);
        let shown = |places: Result<Vec<Range<usize>>, NoSuchNumber>| {
            places.map_or("none".to_owned(), |places| format!("{places:?}"))
        };
        for (text, numbers, uids, in_empty) in [
            ("1:3", "[0..3]", "[0..1]", "none"),
            ("*", "[2..3]", "[2..3]", "[]"),
            ("9:*", "[2..3]", "[2..3]", "[]"),
            ("1:*", "[0..3]", "[0..3]", "[]"),
            ("20:*", "[2..3]", "[2..3]", "[]"),
            ("4", "none", "[]", "none"),
            ("2:5", "none", "[0..2]", "none"),
            ("3,1", "[0..1, 2..3]", "[0..1]", "none"),
        ] {
            assert_eq!(shown(view.by_numbers(&set(text))), numbers, "{text}");
            assert_eq!(shown(Ok(view.by_uids(&set(text)))), uids, "UID {text}");
            assert_eq!(shown(empty.by_numbers(&set(text))), in_empty, "{text} of none");
            assert_eq!(shown(Ok(empty.by_uids(&set(text)))), "[]", "UID {text} of none");
        }
    }

    #[test]
    fn what_is_gone_keeps_its_number_until_the_client_may_be_told() {
        let mut view = view(&[1, 2, 3, 4]);
        view.absorb(changes(vec![row(4, Some("Work")), row(7, None), row(8, None)], &[1, 3, 8, 99]));
        let told = view.updates(false);
        assert_eq!(told, [Update::Keywords, Update::Exists(6), Update::Recent(0), Update::Flags(uid(4))]);
        assert_eq!(view.print(Update::Flags(uid(4))).as_deref(), Some("* 4 FETCH (UID 4 FLAGS (Work))"));
        assert!(view.is_gone(uid(3)) && !view.is_gone(uid(99)));
        // The client knows of the sixth by now, so it hears that it is gone.
        assert_eq!(view.updates(true), [Update::Expunge(1), Update::Expunge(2), Update::Expunge(4)]);
        assert_eq!(view.rows().iter().map(|row| row.uid.get()).collect::<Vec<_>>(), [2, 4, 7]);
        assert_eq!(view.updates(true), []);
        view.absorb(changes(vec![row(9, None), row(10, None)], &[9]));
        assert_eq!(view.updates(true), [Update::Exists(4), Update::Recent(0)]);
    }
}
