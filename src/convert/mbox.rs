//! Messages one behind the other in a single stream: the mbox form, as mail filters read it.
//!
//! Each begins with a line `From `; a line of the message that looks like one gets a `>`, and one that has
//! some already gets one more, so that they can be taken off again (mboxrd). Lines end with LF.
//! RFC 4155 names the forms there are.

use crate::message::address_list;
use crate::message::date;
use crate::message::mbox::{FROM, from_line};
use crate::message::view::Message;
use crate::world::Timestamp;
use std::io::{self, Write};

/// Who sent what has no sender that could stand in a separator line.
const NOBODY: &str = "MAILER-DAEMON";

/// A stream of messages, each in pieces of any size.
#[derive(Debug)]
pub struct Mbox<W> {
    out: W,
    is_open: bool,
    after_cr: bool,
    line: Line,
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

/// Who sent a message, and when, as far as it says so itself.
pub fn postmark(message: &Message<'_>) -> (String, Timestamp) {
    let field = |name: &str| message.field(message.root(), name);
    let sender = ["Return-Path", "Sender", "From"].into_iter().filter_map(field).find_map(|body| {
        let entries = address_list::parse(body);
        address_list::mailboxes(&entries).find_map(|mailbox| mailbox.address().ok()).map(|address| address.to_string())
    });
    (sender.unwrap_or_default(), field("Date").and_then(date::parse).unwrap_or(Timestamp::UNIX_EPOCH))
}

impl<W: Write> Mbox<W> {
    /// A stream that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, is_open: false, after_cr: false, line: START }
    }

    /// What it writes to.
    pub fn out_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Begins a message, and ends the one before it.
    pub fn begin(&mut self, sender: &str, when: Timestamp) -> io::Result<()> {
        self.end()?;
        self.is_open = true;
        // Readers find the date behind the first blank; a sender with one would move it.
        let is_fit = !sender.is_empty() && sender.bytes().all(|octet| octet.is_ascii_graphic());
        self.out.write_all(from_line(if is_fit { sender } else { NOBODY }, when).as_bytes())
    }

    /// Takes a piece of the message that was begun.
    pub fn piece(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(octets.len() + 64);
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

    /// Ends the last message; an empty line stands behind each.
    pub fn end(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_open) {
            return Ok(());
        }
        let mut text = Vec::new();
        if std::mem::take(&mut self.after_cr) {
            self.take(b'\r', &mut text);
        }
        self.release(&mut text);
        if self.line == Line::Middle {
            text.push(b'\n');
        }
        text.push(b'\n');
        self.line = START;
        self.out.write_all(&text)
    }

    /// Ends the stream.
    pub fn finish(&mut self) -> io::Result<()> {
        self.end()?;
        self.out.flush()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn print(messages: &[&str], chunk: usize) -> String {
        let mut out = Vec::new();
        let mut mbox = Mbox::new(&mut out);
        for wire in messages {
            mbox.begin("", Timestamp::UNIX_EPOCH).expect("begun");
            wire.as_bytes().chunks(chunk).for_each(|octets| mbox.piece(octets).expect("written"));
        }
        mbox.finish().expect("ended");
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
                assert_eq!(print(&[wire, wire], chunk), twice, "{wire:?} by {chunk}");
            }
        }
    }

    #[test]
    fn a_message_says_who_sent_it_and_when() {
        for (fields, wanted) in [
            ("Return-Path: <a@x>\nFrom: b@y\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n", "a@x Mon Mar  2 09:00:00 2026"),
            ("Return-Path: <>\nFrom: B <b@y>\n", "b@y Thu Jan  1 00:00:00 1970"),
            ("From: \"b c\"@y\n", "MAILER-DAEMON Thu Jan  1 00:00:00 1970"),
        ] {
            let octets = format!("{fields}\n");
            let (sender, when) = postmark(&Message::parse(octets.as_bytes()));
            let mut out = Vec::new();
            Mbox::new(&mut out).begin(&sender, when).expect("written");
            assert_eq!(String::from_utf8_lossy(&out), format!("From {wanted}\n"));
        }
    }
}
