//! A file that is sent as a message.
//!
//! Half a message must never look like a whole one: when the file cannot be read to its end, the connection is gone.
//! RFC 5321 §4.1.1.4, §4.5.2.

use super::act::Text;
use super::session::Talk;
use crate::endpoint::Protocol;
use crate::error::{Error, Kind, Result};
use crate::smtp::outcome::Phase as Step;
use crate::world::Content;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Octets of a file that are sent at once.
const PIECE: usize = 64 * 1024;

impl Talk<'_> {
    /// Sends a file as a message.
    pub(super) async fn send(&mut self, path: &Path) -> Result<()> {
        if !matches!(self.endpoint.protocol, Protocol::Smtp | Protocol::Lmtp) {
            return Err(Error::new(Kind::Usage, ".data sends messages by SMTP and LMTP only"));
        }
        let content = (self.open)(path)?;
        if !self.turn.is_text() {
            self.say_line("DATA").await?;
            self.answered().await?;
            if self.last().is_none_or(|last| last.word != "354") {
                self.expect_yes(Step::Data, "the server takes no message now", Kind::Unavailable)?;
                return Err(Error::new(Kind::Protocol, "the server does not say 354 to DATA").with_peer(&self.name));
            }
        }
        self.shows_text.store(false, Ordering::Relaxed);
        let sent = self.send_text(&*content).await;
        self.shows_text.store(true, Ordering::Relaxed);
        sent
    }

    async fn send_text(&mut self, content: &dyn Content) -> Result<()> {
        let mut text = Text::default();
        let (mut offset, mut buffer, mut wire) = (0, vec![0; PIECE], Vec::with_capacity(PIECE + PIECE / 8));
        while offset < content.size() {
            let failed = |error| Error::new(Kind::Io, "the message cannot be read").caused_by(error);
            let count = content.read_at(offset, &mut buffer).map_err(failed);
            let count = match count {
                Ok(0) => Err(Error::new(Kind::Io, "the message is shorter than it was")),
                count => count,
            };
            // Half a message must not be ended by anything but a broken connection.
            let count = count.inspect_err(|_| self.connection = None)?;
            wire.clear();
            text.push(&buffer[..count], &mut wire);
            self.say(&wire).await?;
            offset += count as u64;
        }
        wire.clear();
        text.finish(&mut wire);
        self.say(&wire).await?;
        self.answered().await
    }
}
