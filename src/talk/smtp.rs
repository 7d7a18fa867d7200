//! Whose turn it is in SMTP and LMTP.
//!
//! RFC 5321 §3.3, §4.2; RFC 2033 §4.2; RFC 2920; RFC 3030 §2; RFC 4954 §4.

use super::turn::{Answer, DUE_MAX, Grade, Known, LINES_MAX, Turn, expect, kept, names, verb};
use std::collections::VecDeque;

/// Follows one conversation.
pub(super) struct Smtp {
    is_lmtp: bool,
    due: VecDeque<Due>,
    place: Place,
    /// Recipients that were accepted: LMTP answers the end of a message for each (RFC 2033 §4.2).
    accepted: usize,
    /// The lines of an answer that is not complete.
    lines: Vec<String>,
    known: Known,
}

/// What an answer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Greeting,
    Hello,
    Rcpt,
    Data,
    /// The end of a message.
    Message,
    Other,
}

/// What we are saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Commands,
    Text { is_line_start: bool },
    Chunk { left: usize, is_last: bool },
}

impl Smtp {
    pub(super) fn new(is_lmtp: bool) -> Self {
        let due = VecDeque::from([Due::Greeting]);
        Self { is_lmtp, due, place: Place::Commands, accepted: 0, lines: Vec::new(), known: Known::default() }
    }

    fn end_of_message(&mut self) {
        self.place = Place::Commands;
        let answers = if self.is_lmtp { self.accepted.min(DUE_MAX) } else { 1 };
        (0..answers).for_each(|_| expect(&mut self.due, Due::Message));
    }

    fn command(&mut self, line: &[u8]) {
        let due = match verb(line).as_str() {
            "EHLO" | "LHLO" => Due::Hello,
            "RCPT" => Due::Rcpt,
            "DATA" => Due::Data,
            "BDAT" => {
                let text = String::from_utf8_lossy(line);
                let mut words = text.split_ascii_whitespace().skip(1);
                let left = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
                let is_last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
                return self.chunk(left, is_last);
            }
            _ => Due::Other,
        };
        expect(&mut self.due, due);
    }

    fn chunk(&mut self, left: usize, is_last: bool) {
        match (left, is_last) {
            (0, true) => self.end_of_message(),
            (0, false) => {
                self.place = Place::Commands;
                expect(&mut self.due, Due::Other);
            }
            _ => self.place = Place::Chunk { left, is_last },
        }
    }
}

impl Turn for Smtp {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn said(&mut self, line: &[u8]) {
        match self.place {
            Place::Commands if line.is_empty() => {}
            Place::Commands => self.command(line),
            Place::Text { is_line_start: true } if line == b".\r\n" => self.end_of_message(),
            Place::Text { .. } => self.place = Place::Text { is_line_start: line.ends_with(b"\r\n") },
            Place::Chunk { left, is_last } => match line.split_at_checked(left) {
                None => self.place = Place::Chunk { left: left - line.len(), is_last },
                Some((_, behind)) => {
                    self.chunk(0, is_last);
                    self.said(behind);
                }
            },
        }
    }

    fn heard(&mut self, line: &[u8]) {
        let text = kept(line);
        let is_open = text.as_bytes().get(3) == Some(&b'-');
        let code = text.get(..3).filter(|code| code.bytes().all(|digit| digit.is_ascii_digit()));
        if self.lines.len() < LINES_MAX {
            self.lines.push(text.get(4..).unwrap_or_default().to_owned());
        }
        // What is no reply line is part of one, as far as anybody can tell.
        let (Some(code), false) = (code, is_open) else { return };
        let lines = std::mem::take(&mut self.lines);
        let grade = match code.as_bytes() {
            b"334" | b"354" => Grade::More,
            [b'2' | b'3', ..] => Grade::Good,
            _ => Grade::Bad,
        };
        let due = self.due.pop_front();
        match (due, grade) {
            (Some(Due::Hello), Grade::Good) => {
                self.known.offer = lines.iter().skip(1).cloned().collect();
                self.accepted = 0;
            }
            (Some(Due::Rcpt), Grade::Good) => self.accepted += 1,
            (Some(Due::Data), Grade::More) => self.place = Place::Text { is_line_start: true },
            (Some(Due::Message), _) => self.accepted = self.accepted.saturating_sub(usize::from(self.is_lmtp)),
            _ => {}
        }
        let text = lines.last().cloned().unwrap_or_default();
        self.known.last = Some(Answer { word: code.to_owned(), grade, text });
    }

    fn due(&self) -> usize {
        self.due.len()
    }

    fn is_text(&self) -> bool {
        self.place != Place::Commands
    }

    fn is_unsure(&self) -> bool {
        self.due.contains(&Due::Message)
    }

    fn forget(&mut self) {
        self.due.clear();
    }

    fn ask_offer(&mut self, helo: &str) -> String {
        format!("{} {helo}", if self.is_lmtp { "LHLO" } else { "EHLO" })
    }

    fn mechanisms(&self) -> Vec<String> {
        let words = |line: &String| line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
        let lines: Vec<String> = self.known.offer.iter().map(words).collect();
        let auth = lines.iter().filter_map(|line| line.strip_prefix("AUTH "));
        names(auth.flat_map(str::split_ascii_whitespace))
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::play;
    use super::*;

    #[test]
    fn each_command_is_answered_once() {
        let mut turn = Smtp::new(false);
        assert_eq!(turn.due(), 1);
        play(
            &mut turn,
            &[
                ("S: 220-mx.x.test", 1),
                ("S: 220 ready", 0),
                ("C: EHLO x", 1),
                ("S: 250-mx", 1),
                ("S: 250-AUTH PLAIN login", 1),
                ("S: 250 SIZE", 0),
                ("C: AUTH PLAIN", 1),
                ("S: 334 ", 0),
                ("C: AGE=", 1),
                ("S: 235 in", 0),
                ("C: MAIL FROM:<>", 1),
                ("C: RCPT TO:<a@x>", 2),
                ("C: DATA", 3),
                ("S: 250 ok", 2),
                ("S: 550 no", 1),
                ("S: 354 go", 0),
                ("C: Subject: x", 0),
                ("C: ..", 0),
                ("C: .", 1),
            ],
        );
        assert!(turn.is_unsure() && !turn.is_text());
        assert_eq!(turn.mechanisms(), ["PLAIN", "LOGIN"]);
        play(&mut turn, &[("S: 250 2.0.0 taken", 0), ("C: QUIT", 1), ("S: 221 bye", 0)]);
        assert!(!turn.is_unsure());
        assert_eq!(turn.last().map(|last| (last.word.as_str(), last.grade)), Some(("221", Grade::Good)));
        turn.secured();
        assert!(turn.mechanisms().is_empty());
    }

    #[test]
    fn lmtp_answers_a_message_once_for_each_that_was_accepted() {
        let mut turn = Smtp::new(true);
        play(
            &mut turn,
            &[
                ("S: 220 hi", 0),
                ("C: LHLO x", 1),
                ("S: 250 hi", 0),
                ("C: RCPT TO:<a>", 1),
                ("S: 250 ok", 0),
                ("C: RCPT TO:<b>", 1),
                ("S: 550 no", 0),
                ("C: RCPT TO:<c>", 1),
                ("S: 250 ok", 0),
                ("C: BDAT 3", 0),
                ("C: a", 1),
                ("S: 250 ok", 0),
                ("C: BDAT 4 LAST", 0),
                ("C: ab", 2),
                ("S: 250 ok", 1),
                ("S: 450 later", 0),
            ],
        );
    }

    #[test]
    fn a_refused_data_begins_no_text() {
        let mut turn = Smtp::new(false);
        play(&mut turn, &[("S: 220 hi", 0), ("C: DATA", 1), ("S: 503 no", 0), ("C: .", 1)]);
        assert!(!turn.is_text());
    }
}
