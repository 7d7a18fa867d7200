//! Messages that are fetched into one stream, which all of them share.
//!
//! How they are told apart in it is `convert::mbox`'s; this file knows whose piece comes next.

use crate::convert;
use crate::world::Timestamp;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// A stream of messages. Pieces of one message follow each other; the first piece of the next one ends it.
pub(super) struct Mbox<'a> {
    stream: convert::mbox::Mbox<&'a mut (dyn Write + Send)>,
    now: Timestamp,
    open: Option<u32>,
}

/// One message on its way into a stream that it shares with others.
pub(super) struct MboxMessage<'a, 'b> {
    mbox: &'a Mutex<Mbox<'b>>,
    number: u32,
}

impl<'a> Mbox<'a> {
    /// A stream that writes to `out`.
    pub(super) fn new(out: &'a mut (dyn Write + Send), now: Timestamp) -> Self {
        Self { stream: convert::mbox::Mbox::new(out), now, open: None }
    }

    /// Takes a piece of the message of that number, in wire form.
    fn piece(&mut self, number: u32, octets: &[u8]) -> io::Result<()> {
        if self.open != Some(number) {
            // Who sent it was said to the server it comes from, and not to us.
            self.stream.begin("", self.now)?;
            self.open = Some(number);
        }
        self.stream.piece(octets)
    }

    /// Ends the last message.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.open = None;
        self.stream.finish()
    }
}

impl<'a, 'b> MboxMessage<'a, 'b> {
    /// The message of that number; nothing is written until there is something of it.
    pub(super) fn new(mbox: &'a Mutex<Mbox<'b>>, number: u32) -> Self {
        Self { mbox, number }
    }
}

impl Write for MboxMessage<'_, '_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.mbox.lock().unwrap_or_else(PoisonError::into_inner).piece(self.number, octets)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_piece_of_the_next_message_ends_the_one_before() {
        let mut out = Vec::new();
        let mbox = Mutex::new(Mbox::new(&mut out, Timestamp::UNIX_EPOCH));
        for (number, octets) in [(0, "From a"), (0, "\r\n"), (1, ""), (2, "b")] {
            MboxMessage::new(&mbox, number).write_all(octets.as_bytes()).expect("written");
        }
        mbox.lock().expect("not poisoned").finish().expect("ended");
        let begin = "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n";
        assert_eq!(String::from_utf8_lossy(&out), format!("{begin}>From a\n\n{begin}b\n\n"));
    }
}
