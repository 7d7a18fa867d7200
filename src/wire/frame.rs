//! The framer: cuts a stream of octets into lines, counted octets, and dot-ended text.
//!
//! It never loses step: a faulty line or text is read to its true end and then reported as one
//! fault, so that what hid inside is never taken for a command. Bare CR and bare LF count as
//! faults, because a lenient reader behind a strict one is how a second message gets smuggled
//! inside the first. Text comes in pieces and is never held whole. Knows no verbs and no sockets.
//! RFC 5321 §2.3.8, §4.1.1.4, §4.5.2; RFC 1939 §3; RFC 9051 §4.3.

use memchr::{memchr, memchr2};
use std::fmt;

/// What the reader wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A line ended by CRLF, of at most `max` octets without it.
    Line {
        /// Longer lines are a fault.
        max: usize,
    },
    /// Exactly `len` octets of anything: an IMAP literal.
    Octets {
        /// How many.
        len: u64,
    },
    /// Lines up to a lone dot: a message in DATA or RETR.
    Dotted {
        /// Longer texts are a fault, counted unstuffed.
        max: u64,
        /// What may stand in it.
        rule: TextRule,
    },
}

/// How a dot-ended text is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRule {
    /// Bare CR, bare LF and NUL are faults: for those who accept mail.
    Strict,
    /// They pass unchanged: for those who retrieve what is already stored.
    AsIs,
}

/// What the framer found. Borrowed from its buffer: use it before the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line, without its CRLF.
    Line(&'a [u8]),
    /// A part of the octets or of the text, unstuffed, CRLF kept.
    Piece(&'a [u8]),
    /// The octets are complete, or the text met its dot.
    End,
    /// The line or text ended, and was bad. Its content is gone.
    Fault(Fault),
}

/// What was wrong with a line or a text. The first fault found is the one reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// CR without LF behind it.
    BareCr,
    /// LF without CR in front of it.
    BareLf,
    /// A NUL octet.
    Nul,
    /// A line longer than the reader takes.
    LineTooLong,
    /// A text longer than the reader takes.
    TextTooLong,
}

/// The sentence for it, the same in all protocols.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareCr | Self::BareLf => "Lines end with CR LF together, and neither may stand alone",
            Self::Nul => "NUL octets are not allowed",
            Self::LineTooLong => "The line is too long",
            Self::TextTooLong => "The message is larger than allowed here",
        })
    }
}

/// Cuts octets into frames. One per connection and direction.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    start: usize,
    /// Octets behind `start` already searched for a line end.
    searched: usize,
    fault: Option<Fault>,
    /// Inside counted octets: how many are still to come.
    octets_left: Option<u64>,
    /// Inside a text: its length so far, and whether the next octet begins a line.
    text: Option<Text>,
    completed: u64,
}

#[derive(Debug, Clone, Copy)]
struct Text {
    len: u64,
    line_start: bool,
}

impl Framer {
    /// An empty framer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets that arrived.
    pub fn push(&mut self, octets: &[u8]) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start > 64 * 1024 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// Whether octets wait that no frame has used. Before a TLS handshake there must be none.
    pub fn has_unread(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// How many octets wait that no frame has used.
    pub fn unread(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The line that waits unread, if it ends with LF alone and what ends the frame has not come yet.
    pub fn bare_line(&self) -> Option<&[u8]> {
        let unread = &self.buffer[self.start..];
        memchr(b'\n', unread).map(|at| &unread[..at]).filter(|line| !line.ends_with(b"\r"))
    }

    /// How many lines, counted octets and texts have come to their end: whether there was progress since the last look.
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// Takes what waits unread out of the framer, for another reader of the same connection.
    pub fn take_unread(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.start);
        *self = Self::default();
        rest
    }

    /// The next frame, or `None` until more octets arrive.
    pub fn next(&mut self, expect: Expect) -> Option<Frame<'_>> {
        match expect {
            Expect::Line { max } => self.line(max),
            Expect::Octets { len } => self.octets(len),
            Expect::Dotted { max, rule } => self.dotted(max, rule),
        }
    }

    fn line(&mut self, max: usize) -> Option<Frame<'_>> {
        loop {
            let unread = &self.buffer[self.start..];
            let Some(at) = memchr(b'\n', &unread[self.searched..]).map(|at| at + self.searched) else {
                self.searched = unread.len();
                if unread.len() > max + 1 {
                    // Too long already: forget it, but keep a CR that may begin the line end.
                    self.fault.get_or_insert(Fault::LineTooLong);
                    self.start = self.buffer.len() - usize::from(unread.ends_with(b"\r"));
                    self.searched = self.buffer.len() - self.start;
                }
                return None;
            };
            if at == 0 || unread[at - 1] != b'\r' {
                self.fault.get_or_insert(Fault::BareLf);
                self.searched = at + 1;
                continue;
            }
            let (from, to) = (self.start, self.start + at - 1);
            self.start += at + 1;
            self.searched = 0;
            self.completed += 1;
            let line = &self.buffer[from..to];
            if line.len() > max {
                self.fault.get_or_insert(Fault::LineTooLong);
            } else if let Some(at) = memchr2(b'\r', 0, line) {
                let found = if line[at] == 0 { Fault::Nul } else { Fault::BareCr };
                self.fault.get_or_insert(found);
            }
            return Some(match self.fault.take() {
                Some(fault) => Frame::Fault(fault),
                None => Frame::Line(&self.buffer[from..to]),
            });
        }
    }

    fn octets(&mut self, len: u64) -> Option<Frame<'_>> {
        let left = self.octets_left.get_or_insert(len);
        if *left == 0 {
            self.octets_left = None;
            self.completed += 1;
            return Some(Frame::End);
        }
        let available = self.buffer.len() - self.start;
        if available == 0 {
            return None;
        }
        let count = available.min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= count as u64;
        let from = self.start;
        self.start += count;
        Some(Frame::Piece(&self.buffer[from..from + count]))
    }

    fn dotted(&mut self, max: u64, rule: TextRule) -> Option<Frame<'_>> {
        loop {
            let text = *self.text.get_or_insert(Text { len: 0, line_start: true });
            let unread = &self.buffer[self.start..];
            if text.line_start && unread.first() == Some(&b'.') {
                if unread.starts_with(b".\r\n") {
                    self.start += 3;
                    self.text = None;
                    self.completed += 1;
                    return Some(match self.fault.take() {
                        Some(fault) => Frame::Fault(fault),
                        None => Frame::End,
                    });
                }
                if unread == b"." || unread == b".\r" {
                    return None;
                }
                self.start += 1; // RFC 5321 §4.5.2: the dot in front of other text was put there by the sender.
                self.text = Some(Text { line_start: false, ..text });
                continue;
            }
            let (count, line_start, found) = run_of_text(unread, text.line_start);
            if count == 0 {
                return None;
            }
            let from = self.start;
            self.start += count;
            let len = text.len + count as u64;
            self.text = Some(Text { len, line_start });
            if let (Some(found), TextRule::Strict) = (found, rule) {
                self.fault.get_or_insert(found);
            }
            if len > max {
                self.fault.get_or_insert(Fault::TextTooLong);
            }
            if self.fault.is_none() {
                return Some(Frame::Piece(&self.buffer[from..from + count]));
            }
        }
    }
}

/// The longest run in front of `unread` that can be handed on: up to a line that begins with a dot, without a
/// CR at the end whose LF may still come. Says whether a line starts behind it, and the first fault inside.
fn run_of_text(unread: &[u8], mut line_start: bool) -> (usize, bool, Option<Fault>) {
    let mut at = 0;
    let mut fault = None;
    while at < unread.len() && !(line_start && at > 0 && unread[at] == b'.') {
        match memchr2(b'\r', b'\n', &unread[at..]).map(|found| at + found) {
            None => {
                at = unread.len();
                line_start = false;
            }
            Some(end) if unread[end] == b'\n' => {
                fault = fault.or(Some(Fault::BareLf));
                at = end + 1;
                line_start = false;
            }
            Some(end) if end + 1 == unread.len() => {
                line_start = line_start && end == at;
                at = end;
                break;
            }
            Some(end) if unread[end + 1] == b'\n' => {
                at = end + 2;
                line_start = true;
            }
            Some(end) => {
                fault = fault.or(Some(Fault::BareCr));
                at = end + 1;
                line_start = false;
            }
        }
    }
    if fault.is_none() && memchr(0, &unread[..at]).is_some() {
        fault = Some(Fault::Nul);
    }
    (at, line_start, fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: Expect = Expect::Line { max: 10 };
    const STRICT: Expect = Expect::Dotted { max: 1000, rule: TextRule::Strict };

    /// Feeds `input` in chunks and collects what comes out, pieces joined.
    fn frames(input: &[u8], chunk: usize, expect: Expect) -> Vec<String> {
        let mut framer = Framer::new();
        let mut found: Vec<String> = Vec::new();
        let mut text = Vec::new();
        for octets in input.chunks(chunk) {
            framer.push(octets);
            while let Some(frame) = framer.next(expect) {
                match frame {
                    Frame::Line(line) => found.push(format!("line {}", line.escape_ascii())),
                    Frame::Piece(piece) => text.extend_from_slice(piece),
                    Frame::End => found.push(format!("text {}", std::mem::take(&mut text).escape_ascii())),
                    Frame::Fault(fault) => {
                        text.clear();
                        found.push(format!("{fault:?}"));
                    }
                }
            }
        }
        found
    }

    #[test]
    fn a_line_that_ends_with_lf_alone_can_be_seen_before_its_true_end() {
        for (input, wanted) in [
            (&b"SSH-2.0\n"[..], Some(&b"SSH-2.0"[..])),
            (b"SSH-2.0\nm", Some(b"SSH-2.0")),
            (b"\n", Some(b"")),
            (b"220 mx", None),
            (b"220 mx\r", None),
            (b"", None),
        ] {
            let mut framer = Framer::new();
            framer.push(input);
            assert_eq!(framer.next(LINE), None);
            assert_eq!(framer.bare_line(), wanted, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn lines_end_at_crlf_and_nowhere_else() {
        for (input, wanted) in [
            (&b"NOOP\r\nQUIT\r\n"[..], &["line NOOP", "line QUIT"][..]),
            (b"RSET\nNOOP\r\nQUIT\r\n", &["BareLf", "line QUIT"]),
            (b"a\rb\r\nQUIT\r\n", &["BareCr", "line QUIT"]),
            (b"a\0b\r\nQUIT\r\n", &["Nul", "line QUIT"]),
            (b"12345678901\r\nQUIT\r\n", &["LineTooLong", "line QUIT"]),
            (b"1234567890\r\nQUIT\r\n", &["line 1234567890", "line QUIT"]),
            (b"123456789012345678901234567890\r\rQUIT\r\n\r\n", &["LineTooLong", "line "]),
            (b"\n\r\n\r\n", &["BareLf", "line "]),
        ] {
            for chunk in 1..input.len() {
                assert_eq!(frames(input, chunk, LINE), wanted, "{:?} by {chunk}", input.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn a_text_ends_at_its_lone_dot_and_nowhere_else() {
        for (input, wanted) in [
            (&b".\r\n"[..], "text "),
            (b"Hello\r\n.\r\n", r"text Hello\r\n"),
            (b"..\r\n...x\r\n.\r\n", r"text .\r\n..x\r\n"),
            (b".x\r\n.\r\n", r"text x\r\n"),
            (b"a\r\n\r\n.\r\n", r"text a\r\n\r\n"),
            (b"a\n.\r\nb\r\n.\r\n", "BareLf"),
            (b"a\n.\nb\r\n.\r\n", "BareLf"),
            (b"a\r\n.\nb\r\n.\r\n", "BareLf"),
            (b"a\r.\r\nb\r\n.\r\n", "BareCr"),
            (b"a\r\n.\rb\r\n.\r\n", "BareCr"),
            (b"a\r\r\n.\r\n", "BareCr"),
            (b"a\0b\r\n.\r\n", "Nul"),
        ] {
            for chunk in 1..=input.len() {
                assert_eq!(frames(input, chunk, STRICT), [wanted], "{:?} by {chunk}", input.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_read_to_its_end() {
        let expect = Expect::Dotted { max: 4, rule: TextRule::Strict };
        assert_eq!(
            frames(b"ab\r\n.\r\n12345\r\n.\r\nab\r\n.\r\n", 3, expect),
            [r"text ab\r\n", "TextTooLong", r"text ab\r\n"]
        );
    }

    #[test]
    fn stored_text_passes_as_it_is() {
        let expect = Expect::Dotted { max: 100, rule: TextRule::AsIs };
        assert_eq!(frames(b"a\n.\nb\rc\0\r\n.\r\n", 2, expect), [r"text a\n.\nb\rc\x00\r\n"]);
    }

    #[test]
    fn counted_octets_are_not_looked_at() {
        let mut framer = Framer::new();
        framer.push(b"a\r\n.\r\nNOOP\r\n");
        let expect = Expect::Octets { len: 6 };
        assert_eq!(framer.next(expect), Some(Frame::Piece(b"a\r\n.\r\n")));
        assert_eq!(framer.next(expect), Some(Frame::End));
        assert_eq!(framer.next(LINE), Some(Frame::Line(b"NOOP")));
        assert_eq!(framer.next(Expect::Octets { len: 0 }), Some(Frame::End));
    }

    proptest! {
        #[test]
        fn stuffing_and_framing_are_inverse(lines in proptest::collection::vec("[.a\u{e9}]{0,5}", 0..8), chunk in 1_usize..7) {
            let text: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
            let mut wire = Vec::new();
            let mut stuffer = crate::wire::stuff::Stuffer::new();
            for piece in text.chunks(chunk) {
                stuffer.push(piece, &mut wire);
            }
            stuffer.finish(&mut wire);
            prop_assert_eq!(frames(&wire, chunk, STRICT), [format!("text {}", text.escape_ascii())]);
        }

        #[test]
        fn the_size_of_the_reads_never_matters(input in "[.\r\na]{0,40}", chunk in 1_usize..9) {
            let whole = frames(input.as_bytes(), 1000, STRICT);
            prop_assert_eq!(frames(input.as_bytes(), chunk, STRICT), whole);
        }
    }
}
