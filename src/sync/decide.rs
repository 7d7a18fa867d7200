//! What is to be done about one message: from what both sides say and what they agreed on, and nothing else.
//!
//! Flags are merged one by one. A flag has two values, so where both sides changed it they agree; there are no
//! conflicts among flags. Conflicts are a removal against a change, and two moves.

use super::policy::{Conflict, OnDelete, Policy};
use super::remote::Can;
use super::row::{Class, Fate, FolderId, Row};
use crate::imap::flag::{Flags, SystemFlag};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, or not now.
    Nothing,
    /// Flags change on one side or on both; then they agree on `base`.
    Flags(Merge),
    /// From the server into the Maildir.
    Fetch,
    /// From the Maildir to the server.
    Send,
    /// Both sides have it in this folder already.
    Agree(FolderId),
    /// On the server, into the folder where it is here.
    MoveThere(FolderId),
    /// In the Maildir, into the folder where it is on the server.
    MoveHere(FolderId),
    RemoveHere,
    RemoveThere(Removal),
    /// From both sides, for good.
    RemoveBoth,
    /// The side that removed it gets it again, for it was changed on the other.
    FetchAgain,
    /// The same in the other direction.
    SendAgain,
    /// Nobody has it any more.
    Forget,
    /// The sides differ from now on, and shall.
    Leave,
}

/// How a message is removed from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Removal {
    /// Into the mailbox for removed mail.
    Trash(FolderId),
    Expunge,
    /// It is flagged, and left there.
    Flag,
}

/// Flags of a message after both sides' changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Merge {
    pub(super) add_here: Flags,
    pub(super) remove_here: Flags,
    pub(super) add_there: Flags,
    pub(super) remove_there: Flags,
    /// What is agreed on afterwards.
    pub(super) base: Flags,
}

/// What is to be done. `trash` is the folder for removed mail, if there is one that is known on the server.
pub(super) fn decide(row: &Row, policy: &Policy, trash: Option<FolderId>) -> Step {
    let is_flagged_deleted = |flags: &Flags| flags.has(SystemFlag::Deleted);
    let (there, here) = (row.alive_there(), row.alive_here());
    match (row.class(), there, here) {
        (Class::Flags, Some(there), Some(here)) => {
            let merge = merge(row.base.as_ref(), &here.file.flags, &there.flags, policy);
            if merge.is_nothing(row.base.as_ref()) { Step::Nothing } else { Step::Flags(merge) }
        }
        (Class::Deleted, ..) => match (policy.expunge.here, policy.expunge.there) {
            (true, true) => Step::RemoveBoth,
            (true, false) => Step::RemoveHere,
            (false, true) => Step::RemoveThere(Removal::Expunge),
            (false, false) => Step::Nothing,
        },
        (Class::NewThere, Some(there), _) => {
            if is_flagged_deleted(&there.flags) && row.fate != Fate::Fetching {
                // Who has given it up needs no copy.
                if policy.expunge.there { Step::RemoveThere(Removal::Expunge) } else { Step::Nothing }
            } else if policy.pull.new {
                Step::Fetch
            } else {
                Step::Nothing
            }
        }
        (Class::NewHere, _, Some(here)) => {
            if is_flagged_deleted(&here.file.flags) && !matches!(row.fate, Fate::Sending { .. }) {
                if policy.expunge.here { Step::RemoveHere } else { Step::Nothing }
            } else if policy.push.new {
                Step::Send
            } else {
                Step::Nothing
            }
        }
        (Class::Moved, Some(there), Some(here)) => {
            if there.folder == here.folder {
                Step::Agree(there.folder)
            } else if there.folder == row.folder {
                if policy.push.new { Step::MoveThere(here.folder) } else { Step::Nothing }
            } else if policy.pull.new {
                // Where both moved it, the server is right: others see that side too.
                Step::MoveHere(there.folder)
            } else {
                Step::Nothing
            }
        }
        (Class::GoneThere, _, Some(here)) => {
            let is_wanted = wanted(row.base.as_ref(), &here.file.flags) || here.folder != row.folder;
            if keeps(policy, is_wanted) {
                if policy.push.new { Step::SendAgain } else { Step::Nothing }
            } else if policy.pull.deletions {
                Step::RemoveHere
            } else {
                Step::Nothing
            }
        }
        (Class::GoneHere, Some(there), _) => {
            let is_wanted = wanted(row.base.as_ref(), &there.flags) || there.folder != row.folder;
            if keeps(policy, is_wanted) {
                if policy.pull.new { Step::FetchAgain } else { Step::Nothing }
            } else if policy.push.deletions {
                match policy.on_delete {
                    OnDelete::Trash => Step::RemoveThere(match trash {
                        Some(trash) if trash != there.folder => Removal::Trash(trash),
                        _ => Removal::Expunge,
                    }),
                    OnDelete::Expunge => Step::RemoveThere(Removal::Expunge),
                    OnDelete::Flag => Step::RemoveThere(Removal::Flag),
                    OnDelete::Ignore => Step::Leave,
                }
            } else {
                Step::Nothing
            }
        }
        (Class::GoneBoth, ..) => Step::Forget,
        (Class::Doomed, ..) => Step::RemoveThere(Removal::Expunge),
        _ => Step::Nothing,
    }
}

fn keeps(policy: &Policy, is_wanted: bool) -> bool {
    match policy.conflict {
        Conflict::DeleteWins => false,
        Conflict::EditsKeep => is_wanted,
        Conflict::KeepWins => true,
    }
}

/// Whether flags say that somebody has wanted the message since: it was flagged, answered, forwarded, given a keyword,
/// or taken back from removal. That it was read says nothing.
fn wanted(base: Option<&Flags>, now: &Flags) -> bool {
    let none = Flags::new();
    let base = base.unwrap_or(&none);
    let is_new = |flag| now.has(flag) && !base.has(flag);
    is_new(SystemFlag::Flagged)
        || is_new(SystemFlag::Answered)
        || base.has(SystemFlag::Deleted) && !now.has(SystemFlag::Deleted)
        || now.keywords().any(|keyword| !base.has_keyword(keyword))
}

/// Merges what each side changed since they agreed. Without an agreement each side has added what it has.
pub(super) fn merge(base: Option<&Flags>, here: &Flags, there: &Flags, policy: &Policy) -> Merge {
    let none = Flags::new();
    let base = base.unwrap_or(&none);
    let mut merge = Merge { base: base.clone(), ..Merge::default() };
    for flag in SystemFlag::ALL {
        let set = |flags: &mut Flags, on| flags.set(flag, on);
        merge.one([base, here, there].map(|flags| flags.has(flag)), set, policy);
    }
    let mut keywords: Vec<&str> = [base, here, there].into_iter().flat_map(Flags::keywords).collect();
    keywords.sort_unstable_by_key(|keyword| keyword.to_ascii_lowercase());
    keywords.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    for keyword in keywords {
        let set = |flags: &mut Flags, on| flags.set_keyword(keyword, on);
        merge.one([base, here, there].map(|flags| flags.has_keyword(keyword)), set, policy);
    }
    merge
}

impl Merge {
    /// One flag, as it was agreed on, is here, and is there.
    fn one(&mut self, [base, here, there]: [bool; 3], set: impl Fn(&mut Flags, bool), policy: &Policy) {
        match (here != base, there != base) {
            (false, false) => {}
            (true, true) => set(&mut self.base, here),
            (true, false) if policy.push.flags => {
                set(&mut self.base, here);
                set(if here { &mut self.add_there } else { &mut self.remove_there }, true);
            }
            (false, true) if policy.pull.flags => {
                set(&mut self.base, there);
                set(if there { &mut self.add_here } else { &mut self.remove_here }, true);
            }
            (true, false) | (false, true) => {}
        }
    }

    /// Whether neither side changes, and nothing is agreed on that was not.
    fn is_nothing(&self, base: Option<&Flags>) -> bool {
        !self.is_here() && !self.is_there() && Some(&self.base) == base
    }

    /// Whether something changes here.
    pub(super) fn is_here(&self) -> bool {
        !self.add_here.is_none() || !self.remove_here.is_none()
    }

    /// Whether something changes on the server.
    pub(super) fn is_there(&self) -> bool {
        !self.add_there.is_none() || !self.remove_there.is_none()
    }
}

/// Flags as a server that keeps only some of them is taken to have them: of the others it says nothing, so that they are
/// as they were agreed on.
pub(super) fn as_kept(said: &Flags, base: Option<&Flags>, can: &Can) -> Flags {
    let mut flags = said.clone();
    let Some(base) = base else { return flags };
    for flag in SystemFlag::ALL {
        if !can.stay.has(flag) {
            flags.set(flag, base.has(flag));
        }
    }
    if !can.any_keyword {
        for keyword in base.keywords().filter(|keyword| !can.stay.has_keyword(keyword)) {
            flags.set_keyword(keyword, true);
        }
    }
    flags
}

/// The same of a file, which tells system flags and some keywords.
pub(super) fn as_told(said: &Flags, base: Option<&Flags>, told: &Flags) -> Flags {
    let mut flags = said.clone();
    for keyword in base.into_iter().flat_map(Flags::keywords).filter(|keyword| !told.has_keyword(keyword)) {
        flags.set_keyword(keyword, true);
    }
    flags
}
