//! What is asked of an open mailbox: which messages there are, and what is in them.
//!
//! Lists are asked for in windows and large messages in pieces, so that what is held at a time is as large as we choose
//! and not as the server does. Commands by sequence number are used for lists only: between two of them nothing
//! moves, and what an EXPUNGE between others moved is known. RFC 9051 §6.4.5, §7.5.1;
//! RFC 2180 §4.1.

use super::answer::Answer;
use super::pipeline::Command;
use super::{Row, Session, View};
use crate::error::{Error, Kind, Result};
use crate::imap::client;
use crate::imap::date;
use crate::imap::number::Uid;
use crate::imap::set::print_uids;
use async_imap::imap_proto::AttributeValue;

/// What a message is asked for at once. The limit of a response leaves room for servers that give more.
pub const PIECE: u32 = 4 * 1024 * 1024;
/// Messages that are listed at once.
pub(super) const ROWS: u32 = 2000;
/// News that a server may mix into a window of its list.
const NEWS_MAX: u32 = 100_000;

impl Session {
    /// The next messages of the open mailbox, in the server's order, at most `ROWS`; instead of one, the line that
    /// tells of it and cannot be read. Says how many there should be; `None` when there are no more.
    pub async fn rows(&mut self, mut each: impl FnMut(Result<Row, String>)) -> Result<Option<u32>> {
        let View { messages, listed, .. } = self.view;
        if listed >= messages {
            return Ok(None);
        }
        let (from, to) = (listed + 1, messages.min(listed.saturating_add(ROWS)));
        self.view.listed = to;
        let (mut left, mut has_rows) = (ROWS + NEWS_MAX, false);
        let command = format!("FETCH {from}:{to} (UID FLAGS RFC822.SIZE INTERNALDATE)");
        let command = self.exec(command, |answer| {
            let Answer::Fetch(fetched) = answer else { return Ok(()) };
            left = left
                .checked_sub(1)
                .ok_or_else(|| Error::new(Kind::Protocol, "the server lists more messages than it was asked for"))?;
            // What is not complete is news that nobody asked for.
            if let Some(row) = fetched.map(|(_, attributes)| row(&attributes)).transpose() {
                has_rows = true;
                each(row);
            }
            Ok(())
        });
        let done = command.await?;
        self.expect_there(done, "the server does not list the messages")?;
        if !has_rows {
            // Who gives nothing of so many has no more, whatever was said before.
            self.view.listed = self.view.messages;
        }
        Ok(Some(to - from + 1))
    }

    /// The messages with these UIDs, whole; `size` is what they have together. Those that are gone do not come. Instead
    /// of one, the line that tells of it and cannot be read.
    pub async fn bodies(
        &mut self,
        uids: &[Uid],
        size: u64,
        mut each: impl FnMut(Result<(Uid, &[u8]), String>) -> Result<()>,
    ) -> Result<()> {
        let command = format!("UID FETCH {} (UID BODY.PEEK[])", print_uids(uids.iter().copied()));
        let command = self.exec(Command::expecting(command, size), |answer| match answer {
            Answer::Fetch(Ok((_, attributes))) => match body(&attributes) {
                Some((uid, None, octets)) => each(Ok((uid, octets))),
                _ => Ok(()),
            },
            Answer::Fetch(Err(line)) => each(Err(line)),
            _ => Ok(()),
        });
        let done = command.await?;
        self.expect_there(done, "the server does not give the messages")
    }

    /// One message in pieces, for those too large to be held; `size` is what the server says it has. False if it is gone.
    pub async fn body_in_pieces(
        &mut self,
        uid: Uid,
        size: u32,
        mut each: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        let mut from = 0_u32;
        loop {
            let mut came = None;
            let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{PIECE}>)");
            let command = self.exec(Command::expecting(command, PIECE.into()), |answer| {
                if let Answer::Fetch(Ok((_, attributes))) = &answer
                    && let Some((found, Some(at), octets)) = body(attributes)
                    && (found, at, came) == (uid, from, None)
                {
                    let octets = octets.get(..PIECE as usize).unwrap_or(octets);
                    came = u32::try_from(octets.len()).ok();
                    return each(octets);
                }
                Ok(())
            });
            let done = command.await?;
            self.expect_there(done, "the server does not give a message")?;
            let ends = |at: u32| at >= size;
            match came {
                None | Some(0) if from == 0 => return Ok(false),
                None => return Err(self.error(Kind::Temporary, "a message went away while it was fetched")),
                Some(0) => return Ok(true),
                // A piece that is too short is the last one, unless the server gives less than it was asked for.
                Some(count) if count < PIECE && ends(from.saturating_add(count)) => return Ok(true),
                Some(count) => {
                    let next = from.checked_add(count);
                    from = next.ok_or_else(|| self.error(Kind::Protocol, "the server gives a message without end"))?;
                }
            }
        }
    }
}

fn row(attributes: &[AttributeValue<'_>]) -> Option<Row> {
    let (mut uid, mut flags, mut size, mut arrived) = (None, None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Uid::new(*number),
            AttributeValue::Flags(words) => flags = Some(client::flags(words.iter().map(AsRef::as_ref))),
            AttributeValue::Rfc822Size(octets) => size = Some(*octets),
            AttributeValue::InternalDate(text) => arrived = date::parse(text),
            _ => {}
        }
    }
    Some(Row { uid: uid?, flags: flags?, size: size?, arrived })
}

/// The UID, the first octet's place and the octets of a FETCH that brings content. NIL is no content.
fn body<'a>(attributes: &'a [AttributeValue<'_>]) -> Option<(Uid, Option<u32>, &'a [u8])> {
    let uid = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(number) => Uid::new(*number),
        _ => None,
    })?;
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section: None, index, data } => {
            Some((uid, *index, data.as_deref().unwrap_or_default()))
        }
        _ => None,
    })
}
