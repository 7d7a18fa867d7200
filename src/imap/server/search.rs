//! SEARCH: what rows tell is decided here, the rest is asked for, a few messages at a time.
//!
//! RFC 3501 §6.4.4, §7.2.5.

use super::ask::{Answer, Ask};
use super::job::{Core, FLUSH_AT, Job, Step};
use super::view::View;
use super::words::{self, Done};
use crate::imap::mailbox::Row;
use crate::imap::number::Uid;
use crate::imap::search::Key;
use crate::imap::set::SequenceSet;
use crate::wire::session::Output;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Messages whose content is looked at in one go, so that a search over many holds nobody up.
const BATCH: usize = 50;

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
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for row in view.rows().iter().filter(|row| !view.is_gone(row.uid)) {
        match key.judge(row) {
            Some(true) => found.push(row.uid),
            Some(false) => {}
            None => open.push(row.clone()),
        }
    }
    let job = Searching { key: Arc::new(key), has_uids, found, open: open.into_iter() };
    Box::new(job).go_on(view, out)
}

/// A search on its way.
struct Searching {
    key: Arc<Key>,
    has_uids: bool,
    found: Vec<Uid>,
    /// Those whose content must be looked at.
    open: std::vec::IntoIter<Row>,
}

impl Searching {
    fn go_on(mut self: Box<Self>, view: &View, out: &mut Output) -> Step {
        let rows: Vec<Row> = self.open.by_ref().take(BATCH).collect();
        if !rows.is_empty() {
            let ask = Ask::Search { mailbox: view.name.clone(), rows, key: self.key.clone() };
            return Step::Ask(ask, self);
        }
        self.found.sort_unstable();
        out.raw(b"* SEARCH");
        Box::new(Results { has_uids: self.has_uids, found: self.found.into_iter() }).go_on(view, out)
    }
}

impl Job for Searching {
    fn answer(mut self: Box<Self>, answer: Answer, core: &mut Core, out: &mut Output) -> Step {
        let Some(view) = &core.view else { return Step::confused() };
        match answer {
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
