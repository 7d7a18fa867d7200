//! Changing messages of the open mailbox: their flags, and where else they are.
//!
//! Flags are added and taken away, never replaced, so that nobody else's change is lost. Commands are of bounded
//! length, and go over together; what the server refuses is told with the messages it was about.
//! RFC 9051 §6.4.6 to §6.4.8; RFC 4315 §3; RFC 7162 §3.1.3.

use super::answer::Answer;
use super::pipeline::{Command, Said};
use super::remove::without;
use super::{Refusal, Session};
use crate::error::{Kind, Result};
use crate::imap::client::quoted;
use crate::imap::code;
use crate::imap::flag::{Flags, SystemFlag};
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::imap::response::is_keyword;
use crate::imap::set::print_in_pieces;
use std::collections::BTreeSet;

/// Octets of UIDs in a command; RFC 7162 §4 wants servers to take lines of 8192.
pub(super) const SET_MAX: usize = 7 * 1024;

/// A change of flags.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    /// Of these messages.
    pub uids: &'a [Uid],
    /// Whether the flags are added, or taken away.
    pub add: bool,
    /// These flags; at least one.
    pub flags: &'a Flags,
    /// Only of messages that have not changed since.
    pub unchanged_since: Option<ModSeq>,
}

/// Messages for which a command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub uids: Vec<Uid>,
    /// Why.
    pub refusal: Refusal,
}

/// What came of copying or moving messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copied {
    /// What the new UIDs belong to, if the server says so.
    pub uid_validity: Option<UidValidity>,
    /// Old UID and new UID, as far as the server says so. Messages that were gone already are missing.
    pub pairs: Vec<(Uid, Uid)>,
    /// Those that are not there, and why.
    pub refused: Vec<Refused>,
    /// Those that are there, but here as well, marked as deleted; and why. Only of a move.
    pub left: Vec<Refused>,
}

impl Session {
    /// STORE, silently: changes flags. Each change has one outcome or more, told with its number: the messages that had
    /// changed since, which are left as they were, or the refusal with its messages.
    pub async fn store(
        &mut self,
        changes: &[Store<'_>],
        mut each: impl FnMut(usize, Result<Vec<Uid>, Refused>) -> Result<()>,
    ) -> Result<()> {
        let mut pieces = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let sign = if change.add { '+' } else { '-' };
            let since = change.unchanged_since.map(|last| format!("(UNCHANGEDSINCE {}) ", last.0)).unwrap_or_default();
            let flags = print(change.flags);
            if flags.is_empty() {
                continue;
            }
            pieces.extend(
                print_in_pieces(change.uids, SET_MAX)
                    .map(|(set, uids)| (number, uids, format!("UID STORE {set} {since}{sign}FLAGS.SILENT ({flags})"))),
            );
        }
        let commands = pieces.iter().map(|(_, _, line)| Command::from(line.as_str()));
        self.run(commands, |command, said| {
            let (Said::End(end), Some((number, uids, _))) = (said, pieces.get(command)) else { return Ok(()) };
            each(
                *number,
                match end {
                    Ok(text) => Ok(code::modified(&text, uids.len())),
                    // RFC 7162 §3.1.3: NO with MODIFIED is said where some of them are gone.
                    Err(refusal) if refusal.is("MODIFIED") => Ok(code::modified(&refusal.text, uids.len())),
                    // RFC 2180 §4.2: they are gone, and cannot have flags.
                    Err(refusal) if refusal.is("EXPUNGEISSUED") => Ok(Vec::new()),
                    Err(refusal) => Err(Refused { uids: uids.to_vec(), refusal }),
                },
            )
        })
        .await
    }

    /// COPY: puts messages of the open mailbox into another one as well.
    pub async fn copy(&mut self, uids: &[Uid], to: &str) -> Result<Copied> {
        self.transfer("UID COPY", uids, to).await
    }

    /// Moves messages of the open mailbox into another one. Where the server cannot do it in one, they are copied, and
    /// those that are there are removed here, as far as the server removes those alone.
    pub async fn move_to(&mut self, uids: &[Uid], to: &str) -> Result<Copied> {
        if self.can("MOVE").await? {
            return self.transfer("UID MOVE", uids, to).await;
        }
        let mut copied = self.copy(uids, to).await?;
        copied.left = self.remove(&without(uids, &copied.refused)).await?.refused;
        Ok(copied)
    }

    async fn transfer(&mut self, verb: &str, uids: &[Uid], to: &str) -> Result<Copied> {
        let mut copied = Copied::default();
        let Some(name) = quoted(to) else {
            copied.refused.push(Refused { uids: uids.to_vec(), refusal: Refusal::unwritable() });
            return Ok(copied);
        };
        let pieces: Vec<(String, &[Uid])> = print_in_pieces(uids, SET_MAX).collect();
        let meant: BTreeSet<Uid> = uids.iter().copied().collect();
        let commands = pieces.iter().map(|(set, _)| Command::from(format!("{verb} {set} {name}")));
        self.run(commands, |command, said| {
            let Some((_, uids)) = pieces.get(command) else { return Ok(()) };
            // RFC 6851 §4.3: with MOVE it comes before the messages go.
            let text = match said {
                Said::Answer(Answer::Status { text, .. }) => text.into_owned(),
                Said::End(Ok(text)) => text,
                Said::End(Err(refusal)) => {
                    copied.refused.push(Refused { uids: uids.to_vec(), refusal });
                    return Ok(());
                }
                Said::Answer(_) => return Ok(()),
            };
            if let Some((validity, pairs)) = code::copied(&text, meant.len()) {
                copied.uid_validity = Some(validity);
                copied.pairs.extend(pairs.into_iter().filter(|(from, _)| meant.contains(from)));
            }
            Ok(())
        })
        .await?;
        Ok(copied)
    }

    /// `+FLAGS \Deleted`; those for which it was refused.
    pub(super) async fn mark_deleted(&mut self, uids: &[Uid]) -> Result<Vec<Refused>> {
        let mut deleted = Flags::new();
        deleted.set(SystemFlag::Deleted, true);
        let mut all = Vec::new();
        let change = Store { uids, add: true, flags: &deleted, unchanged_since: None };
        self.store(&[change], |_, end| {
            all.extend(end.err());
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// What stands where something is not done although the server did not refuse it.
    pub(super) fn not_done(uids: &[Uid], why: &str) -> Refused {
        Refused { uids: uids.to_vec(), refusal: Refusal::new(Kind::Unavailable, why) }
    }
}

/// Flags as a command names them.
pub(super) fn print(flags: &Flags) -> String {
    let mut words: Vec<&str> =
        SystemFlag::ALL.iter().filter(|flag| flags.has(**flag)).map(|flag| flag.name()).collect();
    words.extend(flags.keywords().filter(|word| is_keyword(word)));
    words.join(" ")
}
