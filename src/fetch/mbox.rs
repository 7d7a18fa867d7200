//! Messages one behind the other in a single stream: the mbox form, as mail filters read it.
//!
//! Each begins with a line `From `; a line of the message that looks like one gets a `>`, and one that has
//! some already gets one more, so that they can be taken off again (mboxrd). Lines end with LF.
//! RFC 4155 names the forms there are.

use crate::message::mbox::{FROM, from_line};
use crate::world::Timestamp;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// A stream of messages. Pieces of one message follow each other; the first piece of the next one ends it.
pub(super) struct Mbox<'a> {
    out: &'a mut (dyn Write + Send),
    now: Timestamp,
    open: Option<u32>,
    after_cr: bool,
    line: Line,
}

/// One message on its way into a stream that it shares with others.
pub(super) struct MboxMessage<'a, 'b> {
    mbox: &'a Mutex<Mbox<'b>>,
    number: u32,
}

/// What of the current line is held back until it is clear whether it must be quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// So many `>`, then so much of `From `.
    Start { marks: usize, matched: usize },
    /// It is decided.
    Middle,
}

const START: Line = Line::Start { marks: 0, matched: 0 };

impl<'a> Mbox<'a> {
    /// A stream that writes to `out`.
    pub(super) fn new(out: &'a mut (dyn Write + Send), now: Timestamp) -> Self {
        Self { out, now, open: None, after_cr: false, line: START }
    }

    /// Takes a piece of the message of that number, in wire form.
    fn piece(&mut self, number: u32, octets: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(octets.len() + 64);
        if self.open != Some(number) {
            self.end(&mut text);
            self.open = Some(number);
            text.extend_from_slice(from_line("MAILER-DAEMON", self.now).as_bytes());
        }
        for octet in octets {
            if self.after_cr && *octet != b'\n' {
                self.take(b'\r', &mut text);
            }
            self.after_cr = *octet == b'\r';
            if !self.after_cr {
                self.take(*octet, &mut text);
            }
        }
        self.out.write_all(&text)
    }

    /// Ends the last message.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let mut text = Vec::new();
        self.end(&mut text);
        self.out.write_all(&text)?;
        self.out.flush()
    }

    /// An empty line stands behind each message.
    fn end(&mut self, text: &mut Vec<u8>) {
        if self.open.take().is_none() {
            return;
        }
        if std::mem::take(&mut self.after_cr) {
            self.take(b'\r', text);
        }
        self.release(text);
        if self.line == Line::Middle {
            text.push(b'\n');
        }
        text.push(b'\n');
        self.line = START;
    }

    fn take(&mut self, octet: u8, text: &mut Vec<u8>) {
        if let Line::Start { marks, matched } = self.line {
            if matched == 0 && octet == b'>' {
                self.line = Line::Start { marks: marks + 1, matched };
                return;
            }
            if FROM.get(matched) == Some(&octet) {
                if matched + 1 < FROM.len() {
                    self.line = Line::Start { marks, matched: matched + 1 };
                    return;
                }
                text.push(b'>');
            }
            self.release(text);
        }
        text.push(octet);
        self.line = if octet == b'\n' { START } else { Line::Middle };
    }

    /// Writes what was held back.
    fn release(&mut self, text: &mut Vec<u8>) {
        if let Line::Start { marks, matched } = self.line
            && marks + matched > 0
        {
            text.extend(std::iter::repeat_n(b'>', marks));
            text.extend_from_slice(FROM.get(..matched).unwrap_or(FROM));
            self.line = Line::Middle;
        }
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

    fn print(messages: &[&str], chunk: usize) -> String {
        let mut out = Vec::new();
        let mbox = Mutex::new(Mbox::new(&mut out, Timestamp::UNIX_EPOCH));
        for (number, wire) in (0..).zip(messages) {
            for octets in wire.as_bytes().chunks(chunk) {
                MboxMessage::new(&mbox, number).write_all(octets).expect("written");
            }
        }
        mbox.lock().expect("not poisoned").finish().expect("ended");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn lines_that_look_like_a_new_message_are_quoted_however_they_arrive() {
        for (wire, wanted) in [
            ("a\r\nb\r\n", "a\nb\n\n"),
            ("From me\r\n", ">From me\n\n"),
            (">From me\r\n>>From\r\n", ">>From me\n>>From\n\n"),
            ("From\r\nFromage\r\n From \r\n", "From\nFromage\n From \n\n"),
            ("x From y\r\n>\r\n>>", "x From y\n>\n>>\n\n"),
            ("From ", ">From \n\n"),
            ("Fro", "Fro\n\n"),
            ("a\rFrom b\r", "a\rFrom b\r\n\n"),
            ("\r\n\r\n", "\n\n\n"),
        ] {
            for chunk in 1..=wire.len() {
                let begin = "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n";
                assert_eq!(print(&[wire], chunk), format!("{begin}{wanted}"), "{wire:?} by {chunk}");
                let twice = format!("{begin}{wanted}{begin}{wanted}");
                assert_eq!(print(&[wire, "", wire], chunk), twice, "{wire:?} by {chunk}");
            }
        }
    }
}
