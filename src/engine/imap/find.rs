//! Searching the open mailbox, in whatever words: also such as no line can hold.
//!
//! What is found is believed as far as the mailbox has messages. Literals go along where the server takes them unasked.
//! RFC 9051 §6.4.4, §4.3; RFC 7888.

use super::answer::Answer;
use super::key::Piece;
use super::part::cut;
use super::pipeline::{Command, Ended, Heard};
use super::search::found;
use super::{Refusal, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::number::Uid;
use std::ops::RangeInclusive;

/// Messages that may have come since the mailbox was opened.
const NEWER_MAX: usize = 100_000;

impl Session {
    /// The messages of the open mailbox that a search names, rising.
    pub async fn find(&mut self, asked: &[Piece]) -> Result<Result<Vec<Uid>, Refusal>> {
        let max = (self.view.messages as usize).saturating_add(NEWER_MAX);
        let mut uids = Vec::new();
        // RFC 9051 §9: a range says nothing of how many there are, and a server may say what it likes.
        let mut keep = |range: RangeInclusive<Uid>| {
            let numbers = range.start().get()..=range.end().get();
            uids.extend(numbers.take(max.saturating_sub(uids.len())).filter_map(Uid::new));
            Ok(())
        };
        let end = match asked {
            [Piece::Line(criteria)] => self.search(criteria, &mut keep).await?,
            pieces => {
                let mut take = |answer: Answer<'_>| found(&answer, &mut keep);
                self.find_in_pieces(pieces, &mut take).await?.map(drop)
            }
        };
        uids.sort_unstable();
        uids.dedup();
        Ok(end.map(|()| uids))
    }

    /// Those of a set of UIDs that there are, rising. RFC 9051 §9: `*` is the last message, and so may be more than is meant.
    pub async fn among(&mut self, set: &str) -> Result<Result<Vec<Uid>, Refusal>> {
        let mut uids = Vec::new();
        for set in cut(set) {
            match self.find(&[Piece::Line(format!("UID {set}"))]).await? {
                Ok(more) => uids.extend(more),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(Ok(uids))
    }

    /// A search with literals in it.
    async fn find_in_pieces(
        &mut self,
        pieces: &[Piece],
        take: &mut impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Ended> {
        let offers = self.capabilities().await?;
        let mut line = if offers.has("ESEARCH") { "UID SEARCH RETURN (ALL) " } else { "UID SEARCH " }.to_owned();
        let mut lines = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Line(words) => line.push_str(words),
                Piece::Literal(octets) => {
                    let text = std::str::from_utf8(octets)
                        .map_err(|error| Error::new(Kind::Software, "a search is not UTF-8").caused_by(error))?;
                    if offers.takes_at_once(text.len() as u64) {
                        line.push_str(&format!("{{{}+}}\r\n{text}", text.len()));
                    } else {
                        line.push_str(&format!("{{{}}}", text.len()));
                        lines.push(std::mem::replace(&mut line, text.to_owned()));
                    }
                }
            }
        }
        lines.push(line);
        self.say_in_turns(lines, take).await
    }

    /// A command in pieces; before each but the first the server is waited for.
    async fn say_in_turns(
        &mut self,
        lines: Vec<String>,
        take: &mut impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Ended> {
        self.enter()?;
        let mut lines = lines.into_iter();
        self.begin(&Command::from(lines.next().unwrap_or_default()));
        for line in lines {
            match self.listen(true, &mut *take).await? {
                Heard::GoOn => self.wire.push(&[line.as_bytes(), b"\r\n"].concat()),
                Heard::End(end) => {
                    self.leave();
                    return Ok(end);
                }
            }
        }
        let end = self.hear(take).await?;
        self.leave();
        Ok(end)
    }
}
