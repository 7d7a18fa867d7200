//! Removing messages of the open mailbox: those that are meant, and no others.
//!
//! CLOSE is never said, and a bare EXPUNGE only when what it would remove is known to be what is meant: both take along
//! whatever somebody else has marked. RFC 4315 §2.1; RFC 9051 §6.4.3, §6.4.9.

use super::change::SET_MAX;
use super::pipeline::{Command, Said};
use super::{Refused, Session};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::imap::set::print_in_pieces;
use std::collections::BTreeSet;

/// What came of removing messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// Those that are still there, marked as deleted or not, and why.
    pub refused: Vec<Refused>,
}

impl Session {
    /// Marks messages as deleted and removes them. Where the server can only remove all that are marked, and others are
    /// marked too, ours stay marked, and that is said.
    pub async fn remove(&mut self, uids: &[Uid]) -> Result<Removed> {
        let refused = self.mark_deleted(uids).await?;
        let marked = without(uids, &refused);
        let mut removed = self.expunge(&marked).await?;
        removed.refused.extend(refused);
        Ok(removed)
    }

    /// Removes messages that are marked as deleted, these only.
    pub async fn expunge(&mut self, uids: &[Uid]) -> Result<Removed> {
        let mut removed = Removed::default();
        if uids.is_empty() {
            return Ok(removed);
        }
        if self.can("UIDPLUS").await? {
            let pieces: Vec<(String, &[Uid])> = print_in_pieces(uids, SET_MAX).collect();
            let commands = pieces.iter().map(|(set, _)| Command::from(format!("UID EXPUNGE {set}")));
            self.run(commands, |command, said| {
                if let (Said::End(Err(refusal)), Some((_, uids))) = (said, pieces.get(command)) {
                    removed.refused.push(Refused { uids: uids.to_vec(), refusal });
                }
                Ok(())
            })
            .await?;
            return Ok(removed);
        }
        // Those of ours that are marked. A set beyond what is ours need not be held.
        let ours: BTreeSet<Uid> = uids.iter().copied().collect();
        let (mut marked, mut has_others) = (0_usize, false);
        let asked = self.search("DELETED", |range| {
            let count = (range.end().get() - range.start().get()) as usize + 1;
            let known = ours.range(range).count();
            marked += known;
            has_others |= known < count;
            Ok(())
        });
        if let Err(refusal) = asked.await? {
            removed.refused.push(Refused { uids: uids.to_vec(), refusal });
        } else if has_others {
            let why = "others are marked as deleted too, and this server removes all or none";
            removed.refused.push(Self::not_done(uids, why));
        } else if marked > 0 {
            let end = self.exec("EXPUNGE", |_| Ok(())).await?;
            removed.refused.extend(end.err().map(|refusal| Refused { uids: uids.to_vec(), refusal }));
        }
        Ok(removed)
    }
}

/// Those that were not refused.
pub(super) fn without(uids: &[Uid], refused: &[Refused]) -> Vec<Uid> {
    let refused: BTreeSet<Uid> = refused.iter().flat_map(|refused| &refused.uids).copied().collect();
    uids.iter().copied().filter(|uid| !refused.contains(uid)).collect()
}
