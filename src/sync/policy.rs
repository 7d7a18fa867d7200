//! What a run may do, and what it prefers when the two sides changed the same message.

/// What may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What may change here.
    pub pull: Kinds,
    /// What may change on the server.
    pub push: Kinds,
    /// What becomes of a message on the server whose file was removed.
    pub on_delete: OnDelete,
    /// Where messages that are flagged `\Deleted` are removed for good.
    pub expunge: Expunge,
    /// What wins, a removal or a change on the other side.
    pub conflict: Conflict,
    /// What becomes of files that nothing on the server is like any more, after a mailbox began a new life.
    pub stranded: OnStranded,
    /// How many removals are taken for an accident.
    pub guard: Guard,
}

/// Kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// New messages, and messages that moved.
    pub new: bool,
    /// Flags and keywords.
    pub flags: bool,
    /// Messages that were removed.
    pub deletions: bool,
    /// Folders that were made, renamed or removed.
    pub folders: bool,
}

/// What becomes of a message on the server whose file was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// It is moved into the mailbox for removed mail; where there is none, and in that one, it is expunged.
    Trash,
    /// It is expunged.
    Expunge,
    /// It is flagged `\Deleted`.
    Flag,
    /// Nothing.
    Ignore,
}

/// Where messages that are flagged `\Deleted` are removed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expunge {
    /// In the Maildir.
    pub here: bool,
    /// On the server.
    pub there: bool,
}

/// What wins, a removal or a change on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The removal.
    DeleteWins,
    /// A change that says that somebody wants the message: a flag, an answer, a keyword, a move.
    EditsKeep,
    /// The message stays, changed or not.
    KeepWins,
}

/// What becomes of files that nothing on the server is like any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStranded {
    /// They stay, here only.
    Keep,
    /// They are sent to the server again.
    Send,
}

/// How many removals are taken for an accident: more than `messages`, and more than `percent` of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// So many are no accident.
    pub messages: u64,
    /// Of a folder's messages, from 0 to 100.
    pub percent: u64,
    /// So many were expected in this run: no limit up to there.
    pub allowed: u64,
}

impl Kinds {
    /// Everything.
    pub const ALL: Self = Self { new: true, flags: true, deletions: true, folders: true };
    /// Nothing.
    pub const NONE: Self = Self { new: false, flags: false, deletions: false, folders: false };
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            pull: Kinds::ALL,
            push: Kinds::ALL,
            on_delete: OnDelete::Trash,
            expunge: Expunge::default(),
            conflict: Conflict::EditsKeep,
            stranded: OnStranded::Keep,
            guard: Guard { messages: 25, percent: 20, allowed: 0 },
        }
    }
}

impl Guard {
    /// Whether so many removals of a folder's messages may take place on one side without asking. Removing
    /// all is an accident if the folder went away too, or if they are more than a few.
    pub(super) fn lets(&self, removals: u64, of: u64, folder_is_gone: bool) -> bool {
        if removals <= self.allowed {
            return true;
        }
        let is_emptied = removals >= of && (folder_is_gone || of > SMALL);
        let is_many = removals > self.messages && removals.saturating_mul(100) > of.saturating_mul(self.percent);
        !is_emptied && !is_many
    }
}

/// A folder with so few messages is emptied by hand.
const SMALL: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accidents_are_many_removals_or_all() {
        let guard = Guard { messages: 25, percent: 20, allowed: 0 };
        for (removals, of, folder_is_gone, wanted) in [
            (0, 0, false, true),
            (1, 1, false, true),
            (10, 10, false, true),
            (11, 11, false, false),
            (1, 1, true, false),
            (0, 0, true, true),
            (25, 26, false, true),
            (26, 27, false, false),
            (26, 130, false, true),
            (26, 129, false, false),
            (649, 800, false, false),
        ] {
            assert_eq!(guard.lets(removals, of, folder_is_gone), wanted, "{removals} of {of}, gone {folder_is_gone}");
        }
        let guard = Guard { allowed: 700, ..guard };
        assert!(guard.lets(649, 649, true) && !guard.lets(701, 701, true));
    }
}
