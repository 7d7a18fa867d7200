//! What a trace of POP3 must not show: passwords ever, messages unless wanted.
//!
//! Remembers what was asked and not yet answered, because commands may be pipelined.
//! RFC 1939 §3, §7; RFC 2449 §6.8; RFC 5034 §4.

use super::command::Verb;
use crate::sasl::{hides_challenges, is_mechanism, slip};
use crate::wire::record::{Follow, Seen, Show, Turn};
use crate::wire::transcript::Side;
use std::collections::VecDeque;

/// Begins to follow a connection.
pub fn follow() -> Box<dyn Follow> {
    // The greeting answers nothing, and is one line.
    Box::new(Follower {
        due: VecDeque::from([Due::Line]),
        is_blind: false,
        is_wary: false,
        body: None,
        is_line_start: true,
    })
}

/// Commands without answers that are remembered. Behind more of them nobody can tell a password from a command.
const DUE_MAX: usize = 1000;

struct Follower {
    /// The answers to come.
    due: VecDeque<Due>,
    is_blind: bool,
    /// A login was said, or something like it: who was not told in time that it is over may still say its answers.
    is_wary: bool,
    /// Inside an answer of several lines.
    body: Option<Due>,
    is_line_start: bool,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// One line.
    Line,
    /// Perhaps a list.
    List,
    /// Perhaps a message.
    Message {
        /// Nothing of it has been seen.
        is_first: bool,
    },
    /// Challenges, then one line.
    Login {
        /// The challenges are secret too: with the server's proof one could try out passwords (RFC 5802 §9).
        hides_challenges: bool,
    },
}

impl Follow for Follower {
    fn protocol(&self) -> &'static str {
        "pop3"
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        match from {
            Side::Server => self.server(line),
            Side::Client if self.is_blind || self.due.iter().any(|due| matches!(due, Due::Login { .. })) => {
                Seen::new(Show::Secret { keep: 0 }, Turn::More { phase: "auth" })
            }
            Side::Client => self.client(line),
        }
    }
}

impl Follower {
    fn server(&mut self, line: &[u8]) -> Seen {
        let answers = Turn::Answers { key: Vec::new() };
        let Some(body) = self.body else {
            let is_challenge = line.starts_with(b"+ ") || line.starts_with(b"+\r");
            let expected = line.starts_with(b"+");
            match self.due.front() {
                Some(Due::Login { hides_challenges: true }) if is_challenge && line.trim_ascii_end().len() > 2 => {
                    return Seen::new(Show::Secret { keep: 2 }, Turn::Prompts);
                }
                Some(Due::Login { .. }) if is_challenge => return Seen::new(Show::Whole, Turn::Prompts),
                Some(due @ (Due::List | Due::Message { .. })) if line.starts_with(b"+OK") => {
                    (self.body, self.is_line_start) = (Some(*due), true);
                    return Seen::new(Show::Whole, Turn::None);
                }
                _ => drop(self.due.pop_front()),
            }
            return Seen { show: Show::Whole, turn: answers, expected };
        };
        if self.is_line_start && line == b".\r\n" {
            self.body = None;
            self.due.pop_front();
            return Seen::new(Show::Whole, answers);
        }
        self.is_line_start = line.ends_with(b"\r\n");
        let Due::Message { is_first } = body else { return Seen::new(Show::Whole, Turn::None) };
        self.body = Some(Due::Message { is_first: false });
        Seen::new(Show::Message { is_first }, Turn::None)
    }

    fn client(&mut self, line: &[u8]) -> Seen {
        let text = line.trim_ascii_end();
        let word_end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(word_end).unwrap_or((text, b""));
        let is = |verb: Verb| word.eq_ignore_ascii_case(verb.name().as_bytes());
        let has_arguments = !rest.trim_ascii().is_empty();
        let due = match () {
            () if is(Verb::Retr) || is(Verb::Top) => Due::Message { is_first: true },
            () if is(Verb::Capa) || ((is(Verb::List) || is(Verb::Uidl)) && !has_arguments) => Due::List,
            () if is(Verb::Auth) => Due::Login { hides_challenges: hides_challenges(rest.trim_ascii_start()) },
            () => Due::Line,
        };
        if self.due.len() < DUE_MAX {
            self.due.push_back(due);
        } else {
            self.is_blind = true;
        }
        let phase = PHASES.into_iter().find(|phase| word.eq_ignore_ascii_case(phase.as_bytes())).unwrap_or("command");
        let was_wary = self.is_wary && phase == "command";
        let keep = match phase {
            "command" if was_wary => Some(0),
            "command" => slip(line),
            // RFC 1939 §7: blanks are part of a password.
            "pass" => Some(word_end + 1),
            "auth" | "apop" | "user" => Some(behind_argument(text, word_end, phase)),
            _ => None,
        };
        // Behind USER comes a password, also where its word was forgotten.
        let is_login = matches!(phase, "user" | "pass" | "auth" | "apop");
        self.is_wary = was_wary || is_login || phase == "command" && keep.is_some();
        let show = match keep {
            Some(keep) if keep < if phase == "pass" { unended(line) } else { text }.len() => Show::Secret { keep },
            _ => Show::Whole,
        };
        Seen::new(show, Turn::Asks { key: Vec::new(), phase })
    }
}

/// Where the secret begins: behind the first argument, or with it if it may be the secret itself.
fn behind_argument(text: &[u8], word_end: usize, phase: &str) -> usize {
    let blanks = |from: usize| from + text[from..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let begin = blanks(word_end);
    let end = begin + text[begin..].iter().take_while(|octet| !octet.is_ascii_whitespace()).count();
    let is_shown = match phase {
        "auth" => is_mechanism(&text[begin..end]),
        // RFC 1939 §7: with the greeting and this digest one could try out passwords. A name has it behind.
        "apop" => end < text.len(),
        _ => true,
    };
    if is_shown { text.len().min(end + 1) } else { begin }
}

/// A line without its end.
fn unended(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The commands that answers are told of.
const PHASES: [&str; 15] = [
    "apop", "auth", "capa", "dele", "list", "noop", "pass", "quit", "retr", "rset", "stat", "stls", "top", "uidl",
    "user",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::{Data, shown};

    /// The trace of a conversation behind its greeting.
    fn trace(lines: &[&str]) -> Vec<String> {
        let said = lines.iter().map(|line| match line.split_at(3) {
            ("C: ", text) => (Side::Client, text.as_bytes()),
            (_, text) => (Side::Server, text.as_bytes()),
        });
        let greeting = (Side::Server, &b"+OK ready\r\n"[..]);
        shown(follow(), Data::None, [greeting].into_iter().chain(said)).split_off(1)
    }

    #[test]
    fn passwords_are_never_shown() {
        for (lines, wanted) in [
            (&["C: USER bob\r\nPASS secret\r\n"][..], &["C: USER bob", "C: PASS {secret}"][..]),
            (&["C: pass  two words \r\n"], &["C: pass {secret}"]),
            (
                &["C: USER bob\r\n", "S: +OK\r\n", "C: secret\r\n", "S: -ERR what\r\n", "C: NOOP\r\n"],
                &["C: USER bob", "S: +OK", "C: {secret}", "S: -ERR what", "C: NOOP"],
            ),
            (&["C: APOP bob c4c9334bac560ecc979e58001b3e22fb\r\n"], &["C: APOP bob {secret}"]),
            (&["C: PASS\tsecret\r\n"], &[r"C: PASS\t{secret}"]),
            (
                &["C: AUTH PLAIN AGJv\r\n", "S: +OK in\r\n", "C: STAT\r\n"],
                &["C: AUTH PLAIN {secret}", "S: +OK in", "C: STAT"],
            ),
            (
                &["C: AUTH PLAIN\r\n", "S: + \r\n", "C: AGJv\r\n", "S: -ERR no\r\n", "C: QUIT\r\n"],
                &["C: AUTH PLAIN", "S: + ", "C: {secret}", "S: -ERR no", "C: QUIT"],
            ),
            (
                &[
                    "C: AUTH SCRAM-SHA-256\r\n",
                    "S: + \r\n",
                    "C: bix\r\n",
                    "S: + cj1\r\n",
                    "C: Yz1\r\n",
                    "S: +OK in\r\n",
                ],
                &["C: AUTH SCRAM-SHA-256", "S: + ", "C: {secret}", "S: + {secret}", "C: {secret}", "S: +OK in"],
            ),
            (
                &["C: NOOP\r\nAUTH LOGIN\r\n", "S: +OK\r\n", "C: Ym9i\r\n"],
                &["C: NOOP", "C: AUTH LOGIN", "S: +OK", "C: {secret}"],
            ),
        ] {
            assert_eq!(trace(lines), wanted);
        }
    }

    #[test]
    fn messages_are_elided_and_lists_are_not() {
        let lines = [
            "C: CAPA\r\nLIST\r\nLIST 1\r\nRETR 1\r\nRETR 9\r\nTOP 1 0\r\nQUIT\r\n",
            "S: +OK\r\nTOP\r\n.\r\n+OK\r\n1 9\r\n.\r\n+OK 1 9\r\n+OK 9\r\nSubject: x\r\n\r\n+OK\r\n..\r\n.\r\n",
            "S: -ERR no\r\n+OK\r\nSubject: x\r\n.\r\n+OK bye\r\n",
        ];
        let wanted = [
            "S: +OK",
            "S: TOP",
            "S: .",
            "S: +OK",
            "S: 1 9",
            "S: .",
            "S: +OK 1 9",
            "S: +OK 9",
            "S: {...}",
            "S: .",
            "S: -ERR no",
            "S: +OK",
            "S: {...}",
            "S: .",
            "S: +OK bye",
        ];
        assert_eq!(trace(&lines)[7..], wanted);
    }
}
