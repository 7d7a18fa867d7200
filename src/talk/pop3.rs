//! Whose turn it is in POP3.
//!
//! RFC 1939 §3; RFC 2449 §5; RFC 5034 §4; RFC 2595 §4.

use super::turn::{Answer, Grade, Known, LINES_MAX, Turn, expect, kept, names, verb};
use std::collections::VecDeque;

/// Follows one conversation.
pub(super) struct Pop3 {
    due: VecDeque<Due>,
    /// Inside an answer of several lines.
    is_list: bool,
    is_line_start: bool,
    known: Known,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Line,
    /// A yes is followed by lines up to a lone dot.
    Lines,
    Offer,
}

impl Pop3 {
    pub(super) fn new() -> Self {
        let due = VecDeque::from([Due::Line]);
        Self { due, is_list: false, is_line_start: true, known: Known::default() }
    }
}

impl Turn for Pop3 {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn said(&mut self, line: &[u8]) {
        let verb = verb(line);
        let has_argument = line.trim_ascii().contains(&b' ');
        let due = match verb.as_str() {
            "" if self.known.last.as_ref().is_none_or(|last| last.grade != Grade::More) => return,
            "CAPA" => Due::Offer,
            "RETR" | "TOP" => Due::Lines,
            "LIST" | "UIDL" if !has_argument => Due::Lines,
            _ => Due::Line,
        };
        expect(&mut self.due, due);
    }

    fn heard(&mut self, line: &[u8]) {
        if self.is_list {
            let is_end = self.is_line_start && line == b".\r\n";
            self.is_line_start = line.ends_with(b"\n");
            if is_end {
                self.is_list = false;
                self.due.pop_front();
            } else if self.due.front() == Some(&Due::Offer) && self.known.offer.len() < LINES_MAX {
                self.known.offer.push(kept(line));
            }
            return;
        }
        let text = kept(line);
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let grade = match word {
            "+OK" => Grade::Good,
            "+" => Grade::More,
            _ => Grade::Bad,
        };
        self.known.last = Some(Answer { word: word.to_owned(), grade, text: rest.to_owned() });
        match (self.due.front(), grade) {
            (Some(Due::Lines | Due::Offer), Grade::Good) => {
                (self.is_list, self.is_line_start) = (true, true);
                if self.due.front() == Some(&Due::Offer) {
                    self.known.offer.clear();
                }
            }
            _ => drop(self.due.pop_front()),
        }
    }

    fn due(&self) -> usize {
        self.due.len()
    }

    fn forget(&mut self) {
        self.due.clear();
        self.is_list = false;
    }

    fn ask_offer(&mut self, _: &str) -> String {
        "CAPA".to_owned()
    }

    fn start_tls(&mut self) -> String {
        "STLS".to_owned()
    }

    fn mechanisms(&self) -> Vec<String> {
        let lines = self.known.offer.iter().filter_map(|line| line.strip_prefix("SASL "));
        names(lines.flat_map(str::split_ascii_whitespace))
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::play;
    use super::*;

    #[test]
    fn lists_end_with_their_dot() {
        let mut turn = Pop3::new();
        play(
            &mut turn,
            &[
                ("S: +OK hi", 0),
                ("C: CAPA", 1),
                ("S: +OK", 1),
                ("S: SASL PLAIN SCRAM-SHA-1", 1),
                ("S: .", 0),
                ("C: LIST 1", 1),
                ("S: +OK 1 9", 0),
                ("C: LIST", 1),
                ("C: TOP 1 0", 2),
                ("S: -ERR no", 1),
                ("S: +OK", 1),
                ("S: ..", 1),
                ("S: .", 0),
                ("C: AUTH PLAIN", 1),
                ("S: + ", 0),
                ("C: ", 1),
                ("S: -ERR no", 0),
                ("C: ", 0),
            ],
        );
        assert_eq!(turn.mechanisms(), ["PLAIN", "SCRAM-SHA-1"]);
        assert_eq!(turn.last().map(|last| last.word.as_str()), Some("-ERR"));
    }
}
