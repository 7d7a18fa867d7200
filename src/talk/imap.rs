//! Whose turn it is in IMAP.
//!
//! RFC 9051 §2.2, §4.3, §6.2.1, §6.2.2, §7; RFC 7888; RFC 4959; RFC 2177.

use super::turn::{Answer, Grade, Known, LINES_MAX, Turn, behind, expect, kept, names};
use crate::wire::literal::{Announced, announced};
use std::collections::VecDeque;

/// Follows one conversation.
pub(super) struct Imap {
    /// The tags whose answers are to come; nothing for the greeting.
    due: VecDeque<Option<String>>,
    /// What we say next belongs to the command before: a literal, an answer to a challenge, DONE.
    continues: bool,
    ours: Literal,
    theirs: Literal,
    known: Known,
    /// Commands that were made here.
    made: u32,
}

/// Where a side is in what it says.
#[derive(Debug, Default)]
struct Literal {
    /// Octets that still belong to a literal.
    left: u64,
}

impl Literal {
    /// The part of a line that stands outside of literals, and whether it is the rest of a line that began before.
    fn skip<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let inside = usize::try_from(self.left).unwrap_or(usize::MAX).min(line.len());
        self.left -= inside as u64;
        (self.left == 0 && inside < line.len() || inside == 0).then(|| &line[inside..])
    }
}

impl Imap {
    pub(super) fn new() -> Self {
        Self {
            due: VecDeque::from([None]),
            continues: false,
            ours: Literal::default(),
            theirs: Literal::default(),
            known: Known::default(),
            made: 0,
        }
    }

    fn command(&mut self, words: &str) -> String {
        self.made += 1;
        format!("t{} {words}", self.made)
    }

    /// Keeps the capabilities of `* CAPABILITY …` or `[CAPABILITY …]`.
    fn learn(&mut self, text: &str) {
        let upper = text.to_ascii_uppercase();
        let Some(at) = upper.find("CAPABILITY ") else { return };
        let list = upper[at + "CAPABILITY ".len()..].split(']').next().unwrap_or_default();
        self.known.offer = names(list.split_ascii_whitespace());
        self.known.offer.truncate(LINES_MAX);
    }

    fn status(&mut self, word: &str, text: &str) {
        let grade = match word.to_ascii_uppercase().as_str() {
            "OK" | "PREAUTH" => Grade::Good,
            "+" => Grade::More,
            _ => Grade::Bad,
        };
        self.known.last = Some(Answer { word: word.to_owned(), grade, text: text.to_owned() });
    }
}

impl Turn for Imap {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn said(&mut self, line: &[u8]) {
        let was_inside = self.ours.left > 0;
        let Some(rest) = self.ours.skip(line) else { return };
        let continues = std::mem::take(&mut self.continues) || was_inside;
        if let Some(Announced { len, waits }) = literal(rest) {
            self.ours.left = len;
            // A server that is asked for its consent has the turn; a literal that does not wait goes on at once.
            self.continues = !waits;
            if !continues {
                expect(&mut self.due, Some(tag(rest)));
            }
            return;
        }
        if !continues && !rest.trim_ascii().is_empty() {
            expect(&mut self.due, Some(tag(rest)));
        }
    }

    fn heard(&mut self, line: &[u8]) {
        let was_inside = self.theirs.left > 0;
        let Some(rest) = self.theirs.skip(line) else { return };
        if let Some(Announced { len, .. }) = literal(rest) {
            self.theirs.left = len;
            return;
        }
        if was_inside {
            return;
        }
        let text = kept(rest);
        let (first, behind) = text.split_once(' ').unwrap_or((&text, ""));
        let (word, words) = behind.split_once(' ').unwrap_or((behind, ""));
        match first {
            "+" => {
                self.continues = true;
                self.status("+", behind);
            }
            "*" => {
                self.learn(behind);
                // RFC 9051 §7.1.3: of a line without a tag nobody can say more than that it is bad. Where one answer is due,
                // it is that, and nobody waits for another.
                let is_bad = word.eq_ignore_ascii_case("BAD") && self.due.len() == 1;
                if is_bad || self.due.front() == Some(&None) {
                    self.due.pop_front();
                    self.status(word, words);
                }
            }
            tag => {
                if let Some(at) = self.due.iter().position(|due| due.as_deref() == Some(tag)) {
                    self.due.remove(at);
                    self.continues = false;
                    self.ours.left = 0;
                    self.learn(behind);
                    self.status(word, words);
                }
            }
        }
    }

    fn due(&self) -> usize {
        // Who was told to go on is not waited for.
        if self.continues { 0 } else { self.due.len() }
    }

    fn forget(&mut self) {
        self.due.clear();
    }

    fn ask_offer(&mut self, _: &str) -> String {
        self.command("CAPABILITY")
    }

    fn start_tls(&mut self) -> String {
        self.command("STARTTLS")
    }

    fn begin_login(&mut self, mechanism: &str, initial: Option<&str>) -> String {
        self.command(&format!("AUTHENTICATE {mechanism}{}", behind(initial)))
    }

    fn takes_initial(&self) -> bool {
        self.known.offer.iter().any(|name| name == "SASL-IR")
    }

    fn mechanisms(&self) -> Vec<String> {
        names(self.known.offer.iter().filter_map(|name| name.strip_prefix("AUTH=")))
    }

    fn goodbye(&mut self) -> String {
        self.command("LOGOUT")
    }
}

fn tag(line: &[u8]) -> String {
    kept(line.split(|octet| *octet == b' ').next().unwrap_or_default())
}

/// The literal that a line ends with.
fn literal(line: &[u8]) -> Option<Announced> {
    announced(line.trim_ascii_end())?
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::play;
    use super::*;

    #[test]
    fn commands_are_known_by_their_tags() {
        let mut turn = Imap::new();
        play(
            &mut turn,
            &[
                ("S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", 0),
                ("C: a NOOP", 1),
                ("C: b NOOP", 2),
                ("S: * 5 EXISTS", 2),
                ("S: b OK done", 1),
                ("S: a NO later", 0),
                ("C: c LOGIN {3}", 1),
                ("S: + go", 0),
                ("C: bob {6+}", 0),
                ("C: secret", 1),
                ("S: c OK in", 0),
                ("C: d FETCH 1 BODY[]", 1),
                ("S: * 1 FETCH (BODY[] {10}", 1),
                ("S: d OK no\r\n", 1),
                ("S: )", 1),
                ("S: d OK yes", 0),
                ("C: e IDLE", 1),
                ("S: + idling", 0),
                ("S: * 6 EXISTS", 0),
                ("C: DONE", 1),
                ("S: e OK", 0),
            ],
        );
        assert!(turn.takes_initial());
        assert_eq!(turn.mechanisms(), ["PLAIN"]);
        assert_eq!(turn.goodbye(), "t1 LOGOUT");
    }

    #[test]
    fn a_refused_literal_is_not_sent() {
        let mut turn = Imap::new();
        play(&mut turn, &[("S: * OK hi", 0), ("C: a LOGIN {3}", 1), ("S: a BAD no", 0), ("C: b NOOP", 1)]);
    }

    #[test]
    fn what_has_no_tag_is_answered_without_one() {
        let mut turn = Imap::new();
        play(
            &mut turn,
            &[
                ("S: * OK hi", 0),
                ("C: hello", 1),
                ("S: * BAD what", 0),
                ("C: a NOOP", 1),
                ("C: b NOOP", 2),
                ("S: * BAD one of them", 2),
                ("S: * NO disk is full", 2),
                ("S: a OK", 1),
                ("S: b OK", 0),
                ("S: * BAD more", 0),
            ],
        );
    }
}
