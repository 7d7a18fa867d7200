//! Whose turn it is in ManageSieve.
//!
//! RFC 5804 §1.2, §2.1, §2.2.

use super::turn::{Answer, Grade, Known, LINES_MAX, Turn, kept, names};
use crate::wire::literal::announced;

/// Octets of a line that are kept while it comes.
const HELD_MAX: usize = 8 * 1024;

/// Follows one conversation.
pub(super) struct Sieve {
    due: usize,
    /// A login is under way: the server asks in strings.
    is_login: bool,
    ours: u64,
    theirs: u64,
    /// A string of the server is on its way as counted octets.
    is_string: bool,
    /// What came of a line whose strings are counted octets.
    held: Vec<u8>,
    /// What the server offers, as far as it has said so since the last end of an answer.
    begun: Vec<String>,
    known: Known,
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self {
            due: 1,
            is_login: false,
            ours: 0,
            theirs: 0,
            is_string: false,
            held: Vec::new(),
            begun: Vec::new(),
            known: Known::default(),
        }
    }

    fn keep(&mut self, octets: &[u8]) {
        let room = HELD_MAX.saturating_sub(self.held.len());
        self.held.extend_from_slice(&octets[..octets.len().min(room)]);
    }

    fn word(&self, name: &str) -> Option<&str> {
        let line =
            self.known.offer.iter().find(|line| line.to_ascii_uppercase().starts_with(&format!("\"{name}\"")))?;
        Some(line.get(name.len() + 2..)?.trim().trim_matches('"'))
    }
}

/// Takes the octets of a string from a line; what is left stands outside of it.
fn skip<'a>(left: &mut u64, line: &'a [u8]) -> Option<&'a [u8]> {
    let inside = usize::try_from(*left).unwrap_or(usize::MAX).min(line.len());
    *left -= inside as u64;
    let rest = &line[inside..];
    (inside == 0 || !rest.is_empty()).then_some(rest)
}

fn literal(line: &[u8]) -> u64 {
    announced(line.trim_ascii_end()).flatten().map_or(0, |literal| literal.len)
}

impl Turn for Sieve {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn said(&mut self, line: &[u8]) {
        let was_inside = self.ours > 0;
        let Some(rest) = skip(&mut self.ours, line) else { return };
        self.ours = literal(rest);
        let is_command = !was_inside && !rest.trim_ascii().is_empty() && !self.is_login;
        self.is_login |= is_command && rest.trim_ascii_start().to_ascii_uppercase().starts_with(b"AUTHENTICATE");
        if self.ours == 0 && (is_command || was_inside || self.is_login) && self.due < super::turn::DUE_MAX {
            self.due += 1;
        }
    }

    fn heard(&mut self, line: &[u8]) {
        let before = self.theirs;
        let rest = skip(&mut self.theirs, line);
        let inside = usize::try_from(before - self.theirs).unwrap_or(0);
        self.keep(&line[..inside]);
        let Some(rest) = rest else { return };
        if std::mem::take(&mut self.is_string) {
            self.keep(b"\"");
        }
        if let Some(len) = announced(rest.trim_ascii_end()).flatten().map(|literal| literal.len) {
            // Kept in the form of a quoted string: what stands in it is base64, or for people.
            let begin = rest.iter().rposition(|octet| *octet == b'{').unwrap_or(rest.len());
            self.keep(&rest[..begin]);
            self.keep(b"\"");
            (self.is_string, self.theirs) = (true, len);
            return;
        }
        self.keep(rest);
        let text = kept(&std::mem::take(&mut self.held));
        let (word, words) = text.split_once(' ').unwrap_or((&text, ""));
        let grade = match word.to_ascii_uppercase().as_str() {
            "OK" => Grade::Good,
            "NO" | "BYE" => Grade::Bad,
            // A challenge is a string on a line of its own.
            _ if self.is_login => Grade::More,
            _ => {
                if self.begun.len() < LINES_MAX {
                    self.begun.push(text);
                }
                return;
            }
        };
        self.due = self.due.saturating_sub(1);
        if grade == Grade::More {
            let text = text.trim().trim_matches('"').to_owned();
            self.known.last = Some(Answer { word: "+".to_owned(), grade, text });
            return;
        }
        let begun = std::mem::take(&mut self.begun);
        if begun.iter().any(|line| line.to_ascii_uppercase().starts_with("\"IMPLEMENTATION\"")) {
            self.known.offer = begun;
        }
        self.is_login = false;
        self.known.last = Some(Answer { word: word.to_owned(), grade, text: words.to_owned() });
    }

    fn due(&self) -> usize {
        self.due
    }

    fn forget(&mut self) {
        self.due = 0;
    }

    fn ask_offer(&mut self, _: &str) -> String {
        "CAPABILITY".to_owned()
    }

    fn begin_login(&mut self, mechanism: &str, initial: Option<&str>) -> String {
        // RFC 5804 §2.1: nothing is an empty string here.
        let initial = initial.map(|answer| format!(" \"{}\"", answer.trim_start_matches('='))).unwrap_or_default();
        format!("AUTHENTICATE \"{mechanism}\"{initial}")
    }

    fn answer(&self, text: &str) -> String {
        format!("\"{text}\"")
    }

    fn last_challenge(&self) -> Option<&str> {
        let (_, behind) = self.known.last.as_ref()?.text.split_once("(SASL \"")?;
        behind.split('"').next()
    }

    fn mechanisms(&self) -> Vec<String> {
        names(self.word("SASL").unwrap_or_default().split_ascii_whitespace())
    }

    fn goodbye(&mut self) -> String {
        "LOGOUT".to_owned()
    }

    fn secured(&mut self) {
        self.known.offer.clear();
        // RFC 5804 §2.2: the server says anew what it offers, without being asked.
        self.due += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::play;
    use super::*;

    #[test]
    fn answers_end_with_a_word_and_challenges_are_strings() {
        let mut turn = Sieve::new();
        play(
            &mut turn,
            &[
                ("S: \"IMPLEMENTATION\" \"x\"", 1),
                ("S: \"SASL\" \"PLAIN SCRAM-SHA-1\"", 1),
                ("S: OK \"ready\"", 0),
                ("C: AUTHENTICATE \"SCRAM-SHA-1\" \"biws\"", 1),
                ("S: {4}", 1),
                ("S: cj1y", 0),
                ("C: \"Yz1\"", 1),
                ("S: {0}", 1),
                ("S: ", 0),
                ("C: \"\"", 1),
                ("S: \"dj0=\"", 0),
                ("C: {4+}", 0),
                ("C: abcd", 1),
                ("S: OK (SASL \"dj1=\")", 0),
            ],
        );
        assert_eq!(turn.last_challenge(), Some("dj1="));
        play(&mut turn, &[("C: PUTSCRIPT \"a\" {4+}", 0), ("C: keep", 1), ("S: NO {3}", 1), ("S: abc", 0)]);
        assert_eq!(turn.mechanisms(), ["PLAIN", "SCRAM-SHA-1"]);
        assert_eq!(turn.last().map(|last| last.text.as_str()), Some("\"abc\""));
    }
}
