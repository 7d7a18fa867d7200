//! Contents of many messages for somebody who may be slower than the server.
//!
//! What came is passed on after each command, and while that takes its time nothing is read: the commands behind it are
//! under way already, and what they bring waits where it is. RFC 9051 §5.5.

use super::Session;
use super::answer::Answer;
use super::change::SET_MAX;
use super::pipeline::{Command, Ended};
use super::read::{batches, content};
use crate::error::Result;
use crate::imap::number::Uid;
use crate::imap::set::print_in_pieces;
use crate::world::Later;

impl Session {
    /// As `messages`; `pass_on` takes what `each` put into `held`, about 1 MiB at a time.
    pub async fn messages_with<T>(
        &mut self,
        wanted: &[(Uid, u32)],
        held: &mut T,
        mut each: impl FnMut(&mut T, Result<(Uid, &[u8]), String>) -> Result<()>,
        pass_on: &mut (dyn FnMut(&mut T) -> Later<'static, ()> + Send),
    ) -> Result<()> {
        let batches = batches(wanted);
        let lines: Vec<Command> = batches
            .iter()
            .flat_map(|(uids, size)| {
                print_in_pieces(uids, SET_MAX)
                    .map(|(set, _)| Command::expecting(format!("UID FETCH {set} (UID BODY.PEEK[])"), *size))
            })
            .collect();
        let mut refused: Option<Ended> = None;
        let mut commands = lines.into_iter().peekable();
        self.enter()?;
        loop {
            while let Some(command) = commands.next_if(|command| self.queue.has_room(command)) {
                self.begin(&command);
            }
            if self.queue.is_empty() {
                break;
            }
            let end = self
                .hear(|answer| match answer {
                    Answer::Fetch(Ok((_, attributes))) => match content(&attributes, Option::is_none) {
                        Some((uid, octets)) => each(held, Ok((uid, octets.unwrap_or_default()))),
                        None => Ok(()),
                    },
                    Answer::Fetch(Err(line)) => each(held, Err(line)),
                    _ => Ok(()),
                })
                .await?;
            if let Err(refusal) = end
                && !refusal.is("EXPUNGEISSUED")
            {
                refused.get_or_insert(Err(refusal));
            }
            pass_on(held).await;
        }
        self.leave();
        self.expect(refused.unwrap_or_else(|| Ok(String::new())), "the server does not give messages").map(drop)
    }
}
