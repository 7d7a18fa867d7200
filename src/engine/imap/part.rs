//! Looking at messages of the open mailbox: header fields, structures, single parts.
//!
//! Whatever is asked for flows through; one response is held at a time. Nothing here makes a message seen.
//! RFC 9051 §6.4.5, §7.5.2.

use super::answer;
use super::change::SET_MAX;
use super::messages::PIECE;
use super::pipeline::{COMMAND_WAIT, Command, Ended};
use super::{Refusal, Session};
use crate::error::{Kind, Result};
use crate::imap::fetched::Fetched;
use crate::imap::number::Uid;
use crate::imap::token::Syntax;
use tokio::time::Instant;

/// Responses without what was asked for, said during one command.
const UNASKED_MAX: u32 = 1_000_000;

/// By what messages are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Their UIDs.
    Uid,
    /// Their place in the mailbox; only right after it was opened, while nothing moves.
    Number,
}

impl Session {
    /// What FETCH says of a set of messages; instead of one, the line that tells of it and cannot be read, and why. A
    /// message may come twice, or with less than was asked for, which is news.
    pub async fn tell(
        &mut self,
        named: Named,
        set: &str,
        items: &str,
        mut each: impl FnMut(Result<Fetched<'_>, (String, Syntax)>) -> Result<()>,
    ) -> Result<Result<(), Refusal>> {
        let verb = match named {
            Named::Uid => "UID FETCH",
            Named::Number => "FETCH",
        };
        for set in cut(set) {
            self.enter()?;
            self.begin(&Command::expecting(format!("{verb} {set} {items}"), PIECE.into()));
            let end = self.listen_raw(&mut each).await?;
            self.leave();
            match end {
                Err(refusal) if refusal.is("EXPUNGEISSUED") => {}
                Err(refusal) => return Ok(Err(refusal)),
                Ok(_) => {}
            }
        }
        Ok(Ok(()))
    }

    /// A section of one message in pieces, as `1.2`; false if there is none.
    pub async fn section_in_pieces(
        &mut self,
        uid: Uid,
        section: &str,
        mut each: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<Result<bool, Refusal>> {
        let (set, what) = (uid.to_string(), section.to_ascii_uppercase());
        let mut from = 0_u64;
        loop {
            let mut came = None;
            let items = format!("(UID BODY.PEEK[{what}]<{from}.{PIECE}>)");
            let end = self.tell(Named::Uid, &set, &items, |fetched| {
                let Ok(fetched) = fetched else { return Ok(()) };
                let found = fetched.sections.iter().find(|it| it.what == what && it.from == Some(from));
                if fetched.uid == Some(uid)
                    && came.is_none()
                    && let Some(octets) = found.and_then(|section| section.octets.as_deref())
                {
                    let octets = octets.get(..PIECE as usize).unwrap_or(octets);
                    came = Some(octets.len() as u64);
                    return each(octets);
                }
                Ok(())
            });
            if let Err(refusal) = end.await? {
                return Ok(Err(refusal));
            }
            match came {
                None if from == 0 => return Ok(Ok(false)),
                None => return Err(self.error(Kind::Temporary, "a message went away while it was fetched")),
                Some(count) if count < u64::from(PIECE) => return Ok(Ok(true)),
                Some(count) => from += count,
            }
            if from > u64::from(u32::MAX) {
                return Err(self.error(Kind::Protocol, "the server gives a message without end"));
            }
        }
    }

    /// Listens until the command ends; what is said of messages is not read by the grammar of the rest, which does not go
    /// into structures.
    async fn listen_raw(
        &mut self,
        each: &mut impl FnMut(Result<Fetched<'_>, (String, Syntax)>) -> Result<()>,
    ) -> Result<Ended> {
        let patience = self.patience();
        let late = Instant::now() + COMMAND_WAIT.max(patience);
        let mut unasked = 0;
        loop {
            if let Some(end) = self.queue.ended() {
                return Ok(end);
            }
            self.read(patience, late).await?;
            let said = self.wire.response();
            if let Some(fetched) = Fetched::parse(said) {
                each(fetched.map_err(|why| (answer::shown(said), why)))?;
                continue;
            }
            self.take_in(|_| Ok(()))?;
            unasked += 1;
            if unasked > UNASKED_MAX {
                return Err(self.error(Kind::Protocol, "the server speaks on and does not answer"));
            }
        }
    }
}

/// A set in pieces, each short enough for a command.
pub(super) fn cut(set: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for range in set.split(',') {
        match pieces.last_mut() {
            Some(piece) if piece.is_empty() => piece.push_str(range),
            Some(piece) if piece.len() + 1 + range.len() <= SET_MAX => {
                piece.push(',');
                piece.push_str(range);
            }
            _ => pieces.push(range.to_owned()),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_set_is_several_commands() {
        let set: Vec<String> = (1..5000).map(|number| (number * 2).to_string()).collect();
        let pieces = cut(&set.join(","));
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= SET_MAX));
        assert_eq!(pieces.join(","), set.join(","));
        assert_eq!(cut("1:*"), ["1:*"]);
    }
}
