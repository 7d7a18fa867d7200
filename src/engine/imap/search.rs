//! What a search finds in the open mailbox, as UIDs.
//!
//! Large mailboxes are searched by the piece, so that no answer is longer than it need be. A message that goes away
//! meanwhile moves the others, and some might be found in no piece: then it is all done once more. What is found twice is
//! told twice. RFC 9051 §6.4.4, §7.5.1; RFC 4731; RFC 2180 §4.1.

use super::Session;
use super::answer::Answer;
use super::pipeline::{Command, Said};
use crate::error::{Kind, Result};
use crate::imap::number::Uid;
use std::ops::RangeInclusive;

/// Messages searched at once: their UIDs one by one are less than 256 KiB.
const PIECE: u32 = 20_000;
/// How often it is tried to search while messages go away.
const TRIES: u32 = 5;

impl Session {
    /// The UIDs of all messages, as ranges in the server's order.
    pub async fn search_all(&mut self, each: impl FnMut(RangeInclusive<Uid>) -> Result<()>) -> Result<()> {
        let done = self.search("ALL", each).await?;
        self.expect(done, "the server does not say which messages there are")
    }

    /// The UIDs of the messages that meet the criteria, which are written as the grammar wants them and without
    /// literals, as ranges in the server's order. Some may be told twice.
    pub async fn search(
        &mut self,
        criteria: &str,
        mut each: impl FnMut(RangeInclusive<Uid>) -> Result<()>,
    ) -> Result<Result<(), super::Refusal>> {
        let esearch = if self.can("ESEARCH").await? { "RETURN (ALL) " } else { "" };
        let charset = if criteria.is_ascii() { "" } else { "CHARSET UTF-8 " };
        for _ in 0..TRIES {
            let messages = self.view.messages;
            let pieces = (1..=messages.max(1)).step_by(PIECE as usize);
            let commands = pieces.map(|from| {
                let to = from.saturating_add(PIECE - 1);
                let piece = match messages {
                    0..=PIECE => String::new(),
                    // New ones belong to the last.
                    _ if to >= messages => format!("{from}:* "),
                    _ => format!("{from}:{to} "),
                };
                Command::from(format!("UID SEARCH {esearch}{charset}{piece}{criteria}"))
            });
            let before = self.view.gone;
            let mut refused = None;
            self.run(commands, |_, said| match said {
                Said::Answer(answer) => found(&answer, &mut each),
                Said::End(end) => {
                    refused = refused.take().or(end.err());
                    Ok(())
                }
            })
            .await?;
            match refused {
                Some(refusal) => return Ok(Err(refusal)),
                None if messages <= PIECE || self.view.gone == before => return Ok(Ok(())),
                None => {}
            }
        }
        Err(self.error(Kind::Temporary, "messages go away faster than they can be searched"))
    }
}

/// The UIDs in the answer to a search, runs of rising ones as ranges.
pub(super) fn found(answer: &Answer<'_>, each: &mut impl FnMut(RangeInclusive<Uid>) -> Result<()>) -> Result<()> {
    match answer {
        Answer::Esearch(found) if found.is_uid => found.all.iter().flat_map(|all| all.iter()).try_for_each(each),
        Answer::Search(digits) => {
            let mut run: Option<RangeInclusive<Uid>> = None;
            for uid in numbers(digits) {
                run = match run.take() {
                    Some(range) if range.end().get().checked_add(1) == Some(uid.get()) => Some(*range.start()..=uid),
                    Some(range) => {
                        each(range)?;
                        Some(uid..=uid)
                    }
                    None => Some(uid..=uid),
                };
            }
            run.map_or(Ok(()), each)
        }
        _ => Ok(()),
    }
}

/// The numbers in the answer to SEARCH; what follows them in parentheses is none (RFC 7162 §3.1.5).
fn numbers(digits: &[u8]) -> impl Iterator<Item = Uid> {
    digits
        .split(|octet| *octet == b' ')
        .take_while(|word| !word.starts_with(b"("))
        .filter_map(|word| std::str::from_utf8(word).ok()?.parse().ok().and_then(Uid::new))
}
