//! SEARCH: what rows tell is decided here, the rest is asked for, a few messages at a time.
//!
//! RFC 3501 §6.4.4, §7.2.5.

use super::ask::{Answer, Ask};
use super::job::{Core, FLUSH_AT, Job, Step};
use super::view::View;
use super::words::{self, Done};
use crate::imap::mailbox::Row;
use crate::imap::number::Uid;
use crate::imap::response::{Condition, status};
use crate::imap::search::Key;
use crate::imap::set::SequenceSet;
use crate::wire::session::Output;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Messages whose content is looked at in one go, and their octets: what one question may cost.
const BATCH: usize = 50;
const BATCH_OCTETS: u64 = 8 * 1024 * 1024;
/// Rows that are judged in one go, for each of some criteria: others want to go on meanwhile.
const ROWS: usize = 2000;
/// After so many messages, or octets, the client hears that the search goes on. If it has left, that is how it shows.
const WORD_AFTER: usize = 5000;
const WORD_AFTER_OCTETS: u64 = 128 * 1024 * 1024;

pub(super) fn search(mut key: Key, has_uids: bool, core: &Core, out: &mut Output) -> Step {
    let Some(view) = &core.view else { return Step::confused() };
    let count = u32::try_from(view.rows().len()).unwrap_or(u32::MAX);
    if key.sets().iter().any(|set| set.names_beyond(count)) {
        return Step::Done(words::no_such_number());
    }
    let uids_of = |set: &SequenceSet| -> Vec<RangeInclusive<u32>> {
        let places = view.by_numbers(set).unwrap_or_default();
        let ends = places
            .into_iter()
            .filter_map(|range| view.rows().get(range))
            .filter_map(|rows| Some(rows.first()?.uid.get()..=rows.last()?.uid.get()));
        ends.collect()
    };
    key.resolve(&uids_of, view.largest());
    let reads_body = key.reads_body();
    let job = Searching {
        key: Arc::new(key),
        reads_body,
        has_uids,
        next: 0,
        found: Vec::new(),
        batch: Vec::new(),
        batch_octets: 0,
        unsaid: 0,
        unsaid_octets: 0,
    };
    Box::new(job).go_on(view, out)
}

/// A search on its way.
struct Searching {
    key: Arc<Key>,
    reads_body: bool,
    has_uids: bool,
    /// The place of the next message.
    next: usize,
    found: Vec<Uid>,
    /// Those whose content must be looked at next.
    batch: Vec<Row>,
    batch_octets: u64,
    /// What was looked at since the client heard anything.
    unsaid: usize,
    unsaid_octets: u64,
}

impl Searching {
    fn go_on(mut self: Box<Self>, view: &View, out: &mut Output) -> Step {
        let rows = view.rows().get(self.next..).unwrap_or_default();
        for (looked, row) in rows.iter().enumerate() {
            if self.batch.len() >= BATCH || self.batch_octets >= BATCH_OCTETS {
                return self.look(view, out);
            }
            if looked >= ROWS {
                return Step::Ask(Ask::Flush, self);
            }
            self.next += 1;
            match self.key.judge(row) {
                _ if view.is_gone(row.uid) => {}
                Some(true) => self.found.push(row.uid),
                Some(false) => {}
                None => {
                    self.batch_octets += if self.reads_body { row.size } else { 0 };
                    self.batch.push(row.clone());
                }
            }
        }
        if !self.batch.is_empty() {
            return self.look(view, out);
        }
        self.found.sort_unstable();
        out.raw(b"* SEARCH");
        Box::new(Results { has_uids: self.has_uids, found: self.found.into_iter() }).go_on(view, out)
    }

    /// Has the content of some messages looked at.
    fn look(mut self: Box<Self>, view: &View, out: &mut Output) -> Step {
        self.unsaid += self.batch.len();
        self.unsaid_octets += std::mem::take(&mut self.batch_octets);
        if self.unsaid > WORD_AFTER || self.unsaid_octets > WORD_AFTER_OCTETS {
            (self.unsaid, self.unsaid_octets) = (0, 0);
            let text = format!("Still searching, at message {} of {}", self.next, view.rows().len());
            out.line(format!("* {}", status(Condition::Ok, None, &text)));
        }
        let rows = std::mem::take(&mut self.batch);
        Step::Ask(Ask::Search { mailbox: view.name.clone(), rows, key: self.key.clone() }, self)
    }
}

impl Job for Searching {
    fn answer(mut self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let Some(view) = &core.view else { return Step::confused() };
        match answer {
            Answer::Done(_) => self.go_on(view, out),
            Answer::Found(Ok(uids)) => {
                self.found.extend(uids);
                self.go_on(view, out)
            }
            Answer::Found(Err(why)) => Step::Done(words::refused(why)),
            _ => Step::confused(),
        }
    }
}

/// What was found, on its way to the client: one line, however long, in pieces.
struct Results {
    has_uids: bool,
    found: std::vec::IntoIter<Uid>,
}

impl Results {
    fn go_on(mut self: Box<Self>, view: &View, out: &mut Output) -> Step {
        for uid in self.found.by_ref() {
            let index = view.index_of(uid).unwrap_or_default();
            let number = if self.has_uids { uid.to_string() } else { (index + 1).to_string() };
            out.raw(b" ");
            out.raw(number.as_bytes());
            if out.as_slice().len() >= FLUSH_AT {
                return Step::Ask(Ask::Flush, self);
            }
        }
        out.raw(b"\r\n");
        Step::Done(Done::completed())
    }
}

impl Job for Results {
    fn answer(self: Box<Self>, _: Answer, core: &mut Core, out: &mut Output) -> Step {
        match &core.view {
            Some(view) => self.go_on(view, out),
            None => Step::confused(),
        }
    }

    fn is_in_literal(&self) -> bool {
        true
    }
}
