//! From the server into the Maildir.
//!
//! That messages are about to come is written down first, with the flags they come with; their files' names follow from
//! their UIDs. Then they stream: while one batch is made durable the next one is on its way, and the way is never longer
//! than the channel. After a crash a scan finds the files that came, and the rest is fetched again.

use super::{FIRST, Run, WINDOW};
use crate::error::{Error, Result};
use crate::imap::number::Uid;
use crate::sync::decide::{Step, decide};
use crate::sync::local::{Delivery, Local};
use crate::sync::remote::{Body, Remote};
use crate::sync::row::{Class, Fate, FolderId, Here, Likeness, Row};
use crate::sync::state::{Edit, State};
use crate::sync::stem;
use futures_util::future::join;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Messages that are asked for at one time.
const ASKED: usize = 8 * WINDOW;
const ASKED_OCTETS: u64 = 64 * 1024 * 1024;
/// Messages on the way between the server and the disk.
const ON_THE_WAY: usize = 64;
/// What is made durable together.
const BATCH: usize = 256;
const BATCH_OCTETS: u64 = 4 * 1024 * 1024;

impl<L: Local, R: Remote, S: State> Run<'_, L, R, S> {
    /// Fetches what is new on the server.
    pub(super) async fn fetch(&mut self) -> Result<()> {
        self.fetch_again()?;
        // What an earlier round missed is asked for again, and counts once.
        self.report.missing = 0;
        self.due = self.report.fetched + self.state.count(Class::NewThere)?;
        let mut after = FIRST;
        let mut waiting: BTreeMap<FolderId, (u64, Vec<Row>)> = BTreeMap::new();
        loop {
            let rows = self.state.pending(Class::NewThere, after, WINDOW)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for mut row in rows {
                // It is asked for where it is.
                row.folder = row.there.as_ref().map_or(row.folder, |there| there.folder);
                let is_meant = decide(&row, self.policy, self.trash) == Step::Fetch;
                let is_known = !self.unlearned.contains(&row.id);
                if !is_meant || !is_known || self.mailbox(row.folder).is_none() || self.directory(row.folder).is_none()
                {
                    continue;
                }
                let (octets, wanted) = waiting.entry(row.folder).or_default();
                *octets += row.likeness.size.unwrap_or_default();
                wanted.push(row);
            }
            // The fullest folder goes first; of many small ones none waits for ever.
            while let Some(folder) = full(&waiting) {
                let (_, rows) = waiting.remove(&folder).unwrap_or_default();
                self.fetch_in(folder, rows).await?;
            }
        }
        for (folder, (_, rows)) in waiting {
            self.fetch_in(folder, rows).await?;
        }
        Ok(())
    }

    /// What was removed here and changed there comes again.
    fn fetch_again(&mut self) -> Result<()> {
        let mut after = FIRST;
        loop {
            let rows = self.state.pending(Class::GoneHere, after, WINDOW)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for mut row in rows {
                if decide(&row, self.policy, self.trash) == Step::FetchAgain
                    && let Some(there) = &row.there
                {
                    row.folder = there.folder;
                    (row.here, row.base, row.fate) = (None, None, Fate::Normal);
                    self.report.revived += 1;
                    self.state.write(vec![Edit::Put(row)])?;
                }
            }
        }
    }

    /// Fetches messages of one folder.
    async fn fetch_in(&mut self, folder: FolderId, rows: Vec<Row>) -> Result<()> {
        let (Some(mailbox), Some(directory)) = (self.mailbox(folder), self.directory(folder)) else { return Ok(()) };
        let (mailbox, directory) = (mailbox.to_owned(), directory.to_owned());
        let validity = self.standing(folder).and_then(|standing| standing.folder.validity);
        let Some(validity) = validity else { return Ok(()) };
        let prefix = stem::prefix(self.account, &mailbox, validity);
        let mut wanted = BTreeMap::new();
        for mut row in rows {
            let Some(there) = &row.there else { continue };
            if !matches!(row.fate, Fate::Refused { .. }) {
                row.fate = Fate::Fetching;
            }
            row.base = Some(there.flags.clone());
            wanted.insert(there.uid, row);
        }
        self.state.write(wanted.values().cloned().map(Edit::Put).collect())?;
        let messages: Vec<(Uid, u64)> =
            wanted.iter().map(|(uid, row)| (*uid, row.likeness.size.unwrap_or_default())).collect();
        let (come, came) = mpsc::channel(ON_THE_WAY);
        let Self { remote, local, state, report, progress, due, .. } = self;
        let mut taker = Taker {
            local: &mut **local,
            state: &mut **state,
            directory: &directory,
            folder,
            prefix: &prefix,
            wanted: &mut wanted,
            octets: 0,
            fetched: 0,
            failed: Vec::new(),
            before: report.fetched,
            due: *due,
            progress: &mut **progress,
        };
        let (asked, taken) = join(remote.bodies(&mailbox, &messages, come), taker.take(came)).await;
        report.fetched += taker.fetched;
        report.fetched_octets += taker.octets;
        for error in taker.failed {
            report.refuse(&directory, "put a message into the directory", error.to_string());
        }
        taken.and(asked)?;
        // What did not come is gone by now, or the server keeps it back. The next run asks again.
        for row in wanted.into_values() {
            let times = if let Fate::Refused { times } = row.fate { times } else { 0 };
            let row = Row { fate: Fate::Refused { times: times.saturating_add(1) }, ..row };
            self.state.write(vec![Edit::Put(row)])?;
            self.report.missing += 1;
        }
        Ok(())
    }
}

/// A folder that has as much as is asked for at one time.
fn full(waiting: &BTreeMap<FolderId, (u64, Vec<Row>)>) -> Option<FolderId> {
    let is_full = |(_, (octets, rows)): &(&FolderId, &(u64, Vec<Row>))| *octets >= ASKED_OCTETS || rows.len() >= ASKED;
    waiting.iter().find(is_full).map(|(folder, _)| *folder)
}

/// Takes what comes, and makes it durable batch after batch.
struct Taker<'a, 'p, L, S> {
    local: &'a mut L,
    state: &'a mut S,
    directory: &'a str,
    folder: FolderId,
    prefix: &'a str,
    wanted: &'a mut BTreeMap<Uid, Row>,
    octets: u64,
    fetched: u64,
    failed: Vec<Error>,
    /// What came before these.
    before: u64,
    due: u64,
    progress: &'a mut (dyn FnMut(u64, u64) + 'p),
}

impl<L: Local, S: State> Taker<'_, '_, L, S> {
    async fn take(&mut self, mut came: mpsc::Receiver<Body>) -> Result<()> {
        let (mut batch, mut octets) = (Vec::new(), 0);
        loop {
            let body = came.recv().await;
            let is_last = body.is_none();
            // Nobody asked for others, nor for one of them twice.
            if let Some(body) = body.filter(|body| self.wanted.contains_key(&body.uid))
                && !batch.iter().any(|known: &Body| known.uid == body.uid)
            {
                octets += body.content.size();
                batch.push(body);
            }
            if !batch.is_empty() && (is_last || batch.len() >= BATCH || octets >= BATCH_OCTETS) {
                self.settle(std::mem::take(&mut batch)).await?;
                octets = 0;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn settle(&mut self, batch: Vec<Body>) -> Result<()> {
        let (mut deliveries, mut rows) = (Vec::new(), Vec::new());
        for Body { uid, content, likeness } in batch {
            let Some(mut row) = self.wanted.remove(&uid) else { continue };
            row.likeness = Likeness { object: row.likeness.object.take(), ..likeness };
            let flags = row.base.clone().unwrap_or_default();
            let octets = content.size();
            deliveries.push(Delivery { stem: stem::stem(self.prefix, uid), flags, arrived: row.arrived, content });
            rows.push((row, octets));
        }
        let delivered = self.local.deliver(self.directory, deliveries).await?;
        let mut edits = Vec::new();
        for ((mut row, octets), file) in rows.into_iter().zip(delivered) {
            match file {
                Ok(mut file) => {
                    // Keywords that a file cannot tell count as told.
                    file.flags = row.base.clone().unwrap_or_default();
                    row.here = Some(Here { folder: self.folder, file, gone: false });
                    row.fate = Fate::Normal;
                    self.fetched += 1;
                    self.octets += octets;
                    edits.push(Edit::Put(row));
                }
                Err(error) => self.failed.push(error),
            }
        }
        if !edits.is_empty() {
            self.state.write(edits)?;
        }
        (self.progress)(self.before + self.fetched, self.due);
        Ok(())
    }
}
