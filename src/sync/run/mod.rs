//! One run: look at both sides, match what is new with what went away, decide, and do.
//!
//! What was seen is written down before anything is done about it, so that a run which is cut off has lost nothing but
//! time. What is done is prepared in the state, done, and noted as done, batch after batch; whatever breaks between two
//! of these, the next run knows what may have happened. Memory holds windows of rows, never a mailbox.

mod agree;
mod exist;
mod fetch;
mod look;
mod matching;
mod motion;
mod removal;
mod report;
mod scan;
mod send;

pub use report::{Refusal, Report, Side, Suspicion};

use super::local::Local;
use super::names::Names;
use super::policy::Policy;
use super::remote::Remote;
use super::row::{FolderId, RowId};
use super::state::{Folder, SeenHere, SeenThere, State};
use crate::error::Result;
use crate::world::{Clock, Entropy};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are looked at together.
const WINDOW: usize = 512;
/// What one step brings to light, the next may have to act on; after so many rounds the next run goes on.
const ROUNDS: usize = 3;

/// Both sides, what is known of them, and what is wanted.
pub(super) struct Run<'a, L, R, S> {
    local: &'a mut L,
    remote: &'a mut R,
    state: &'a mut S,
    /// User and server, the same in each run: begins the names of files.
    account: &'a str,
    policy: &'a Policy,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    is_full: bool,
    progress: &'a mut (dyn FnMut(u64, u64) + 'a),
    names: Names,
    standings: BTreeMap<FolderId, Standing>,
    /// The folder for removed mail.
    trash: Option<FolderId>,
    /// Folders whose removals here, or there, are too many.
    barred: BTreeSet<(FolderId, Side)>,
    /// How many messages will have come at the end.
    due: u64,
    /// Later rounds do not repeat what this run has done, and could not see the end of.
    is_first_round: bool,
    /// Mailboxes into which messages went whose UIDs the server did not tell.
    unseen: BTreeSet<FolderId>,
    /// Messages of which it had to be known what they are like, and was not told.
    unlearned: BTreeSet<RowId>,
    /// Not all is seen that may have come to a mailbox: what is gone from another one may be there.
    is_blind: bool,
    report: Report,
}

/// A folder in this run.
#[derive(Debug, Clone)]
struct Standing {
    folder: Folder,
    /// The mailbox is on the server and may be worked in.
    is_there: bool,
    /// The directory is here and may be worked in.
    is_here: bool,
    /// It was known, and is gone.
    went_there: bool,
    went_here: bool,
    counters: Option<SeenThere>,
    stamp: Option<SeenHere>,
    /// Everything that is new on the server is known.
    is_looked_at: bool,
}

impl Standing {
    /// Before anybody has looked.
    fn new(folder: Folder) -> Self {
        Self {
            folder,
            is_there: false,
            is_here: false,
            went_there: false,
            went_here: false,
            counters: None,
            stamp: None,
            is_looked_at: false,
        }
    }
}

/// What a run is made from.
pub(super) struct Parts<'a, L, R, S> {
    pub(super) local: &'a mut L,
    pub(super) remote: &'a mut R,
    pub(super) state: &'a mut S,
    pub(super) account: &'a str,
    pub(super) policy: &'a Policy,
    pub(super) clock: &'a dyn Clock,
    pub(super) entropy: &'a dyn Entropy,
    /// Whatever the counters say, everything is looked at.
    pub(super) is_full: bool,
    /// Gets how many messages have come, and how many are to come.
    pub(super) progress: &'a mut (dyn FnMut(u64, u64) + 'a),
}

impl<'a, L: Local, R: Remote, S: State> Run<'a, L, R, S> {
    pub(super) fn new(parts: Parts<'a, L, R, S>) -> Self {
        let Parts { local, remote, state, account, policy, clock, entropy, is_full, progress } = parts;
        Self {
            local,
            remote,
            state,
            account,
            policy,
            clock,
            entropy,
            is_full,
            progress,
            names: Names::default(),
            standings: BTreeMap::new(),
            trash: None,
            barred: BTreeSet::new(),
            due: 0,
            is_first_round: true,
            unseen: BTreeSet::new(),
            unlearned: BTreeSet::new(),
            is_blind: false,
            report: Report::default(),
        }
    }

    /// The whole run. What was done before an error is done, and the next run goes on from there.
    pub(super) async fn run(mut self) -> Result<Report> {
        self.meet().await?;
        self.look().await?;
        self.scan().await?;
        self.match_up().await?;
        self.suspect()?;
        for round in 0..ROUNDS {
            self.is_first_round = round == 0;
            let before = self.report.deeds();
            self.agree_on_places()?;
            self.agree().await?;
            self.fetch().await?;
            self.send().await?;
            self.move_on().await?;
            self.remove().await?;
            if self.report.deeds() == before {
                break;
            }
            self.look_again().await?;
        }
        self.close_folders().await?;
        Ok(self.report)
    }

    fn standing(&self, folder: FolderId) -> Option<&Standing> {
        self.standings.get(&folder)
    }

    /// The mailbox's name, if it may be worked in.
    fn mailbox(&self, folder: FolderId) -> Option<&str> {
        let standing = self.standing(folder).filter(|standing| standing.is_there)?;
        standing.folder.there.as_deref()
    }

    /// The directory's name, if it may be worked in.
    fn directory(&self, folder: FolderId) -> Option<&str> {
        let standing = self.standing(folder).filter(|standing| standing.is_here)?;
        standing.folder.here.as_deref()
    }
}

/// Before the first row.
const FIRST: RowId = RowId(0);
