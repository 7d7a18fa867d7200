//! What came of a run.

/// Counts of what was done, and what was not.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Folders that both sides have.
    pub folders: u64,
    /// Folders that were looked at on the server, since something may have changed in them.
    pub looked_at: u64,
    /// Directories that were read.
    pub scanned: u64,
    /// Messages that came here.
    pub fetched: u64,
    /// Their octets.
    pub fetched_octets: u64,
    /// Messages that went to the server.
    pub sent: u64,
    /// Their octets.
    pub sent_octets: u64,
    /// Messages that both sides had already, and that are known as one now.
    pub paired: u64,
    /// Messages whose flags changed here.
    pub flagged_here: u64,
    /// Messages whose flags changed on the server.
    pub flagged_there: u64,
    /// Messages that changed the folder here.
    pub moved_here: u64,
    /// Messages that changed the folder on the server.
    pub moved_there: u64,
    /// Messages that were removed here.
    pub removed_here: u64,
    /// Messages that were removed from the server, or put where removed mail is kept.
    pub removed_there: u64,
    /// Second copies of messages that were sent twice, removed again.
    pub ghosts: u64,
    /// Folders made, renamed or removed, on either side.
    pub folders_changed: u64,
    /// Messages that one side removed and gets back, for the other has changed them.
    pub revived: u64,
    /// Messages that were counted and not told of, or asked for and did not come: removed meanwhile, or kept back. The
    /// next run asks again.
    pub missing: u64,
    /// Messages whose mailbox began a new life without them: they stay here.
    pub stranded: u64,
    /// What did not work, each with where and why: the first few.
    pub refused: Vec<Refusal>,
    /// All that did not work.
    pub refusals: u64,
    /// Removals that were left undone since they look like an accident.
    pub suspicions: Vec<Suspicion>,
}

/// Something that did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The mailbox on the wire, or the directory.
    pub folder: String,
    /// What was tried.
    pub what: String,
    /// Why not: the server's words, or the system's.
    pub text: String,
}

/// Removals that look like an accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// The folder here, or the mailbox on the wire.
    pub folder: String,
    /// From which side they would be removed.
    pub side: Side,
    /// So many messages.
    pub removals: u64,
    /// Of so many.
    pub of: u64,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The Maildir.
    Here,
    /// The server.
    There,
}

/// Refusals that are told one by one.
const REFUSED_MAX: usize = 100;

impl Report {
    /// How much was done: as long as this grows, another round may find more to do.
    pub(super) fn deeds(&self) -> u64 {
        self.fetched
            + self.sent
            + self.paired
            + self.flagged_here
            + self.flagged_there
            + self.moved_here
            + self.moved_there
            + self.removed_here
            + self.removed_there
            + self.ghosts
            + self.revived
    }

    pub(in crate::sync) fn refuse(&mut self, folder: &str, what: &str, text: impl Into<String>) {
        self.refusals += 1;
        if self.refused.len() < REFUSED_MAX {
            self.refused.push(Refusal { folder: folder.to_owned(), what: what.to_owned(), text: text.into() });
        }
    }
}
