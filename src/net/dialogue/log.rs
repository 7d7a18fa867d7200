//! What is kept of a conversation for those who report on the server: each question, its answer, and how long it took.
//!
//! Off unless asked for, and only for conversations without a secret: lines are kept as they were said. Bounded,
//! whatever the server says.

use crate::wire::frame::Frame;
use std::time::Duration;
use tokio::time::Instant;

/// Longer lines are cut there.
const LINE_KEPT: usize = 512;
/// Further lines of an answer are left out.
const LINES_MAX: usize = 100;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What was said, without its line end; none where the server spoke by itself.
    pub question: Option<String>,
    /// The lines of the answer, or as many as came of it.
    pub lines: Vec<String>,
    /// From the end of the question to the end of the answer.
    pub took: Duration,
}

/// All that was heard.
#[derive(Debug, Default)]
pub(super) struct Log {
    heard: Vec<Heard>,
    /// What was said last, and is not answered yet.
    asked: Option<String>,
    lines: Vec<String>,
    /// A line of a text that came in part.
    begun: Vec<u8>,
    pub(super) handshake: Option<Duration>,
}

impl Log {
    pub(super) fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Something was said.
    pub(super) fn asked(&mut self, octets: &[u8]) {
        self.asked = Some(cut(octets.trim_ascii_end()));
    }

    /// A part of an answer came.
    pub(super) fn frame(&mut self, frame: Frame<'_>) {
        match frame {
            Frame::Line(line) => self.line(line),
            Frame::Piece(text) => {
                for part in text.split_inclusive(|octet| *octet == b'\n') {
                    let room = (LINE_KEPT + 2).saturating_sub(self.begun.len());
                    self.begun.extend(part.iter().take(room));
                    if part.ends_with(b"\n") {
                        self.end_of_line();
                    }
                }
            }
            Frame::End => self.end_of_line(),
            Frame::Fault(_) => {}
        }
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.begun);
        if !line.is_empty() {
            self.line(line.trim_ascii_end());
        }
    }

    fn line(&mut self, line: &[u8]) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(cut(line));
        }
    }

    /// An answer ended, well or not.
    pub(super) fn answered(&mut self, begun: Instant) {
        self.end_of_line();
        let (question, lines) = (self.asked.take(), std::mem::take(&mut self.lines));
        if !lines.is_empty() {
            self.heard.push(Heard { question, lines, took: begun.elapsed() });
        }
    }
}

fn cut(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    text.get(..text.floor_char_boundary(LINE_KEPT)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_line_by_line_and_not_without_end() {
        let mut log = Log::default();
        let begun = Instant::now();
        log.frame(Frame::Line(b"+OK hello"));
        log.answered(begun);
        log.asked(b"CAPA\r\n");
        log.frame(Frame::Line(b"+OK"));
        for piece in [&b"TO"[..], b"P\r", b"\nUIDL\r\n"] {
            log.frame(Frame::Piece(piece));
        }
        log.frame(Frame::End);
        log.answered(begun);
        log.asked(b"QUIT\r\n");
        log.answered(begun);
        (0..200).for_each(|_| log.frame(Frame::Line(&[b'a'; 1000])));
        log.answered(begun);
        let said: Vec<_> = log.heard().iter().map(|heard| (heard.question.as_deref(), heard.lines.len())).collect();
        assert_eq!(said, [(None, 1), (Some("CAPA"), 3), (None, LINES_MAX)]);
        assert_eq!(log.heard()[1].lines, ["+OK", "TOP", "UIDL"]);
        assert!(log.heard()[2].lines.iter().all(|line| line.len() == LINE_KEPT));
    }
}
