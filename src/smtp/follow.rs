//! What a trace of SMTP must not show: passwords ever, messages unless wanted.
//!
//! Remembers what was asked and not yet answered, because commands may be pipelined. When in doubt a line counts as
//! secret. RFC 4954 §4; RFC 5321 §4.1.1.4; RFC 3030 §2; RFC 2033 §4.2.

use crate::sasl::{hides_challenges, is_mechanism, slip};
use crate::wire::record::{Follow, Seen, Show, Turn};
use crate::wire::transcript::Side;
use std::collections::VecDeque;

/// Begins to follow a connection.
pub fn follow() -> Box<dyn Follow> {
    Box::new(Follower::new("smtp"))
}

/// The same for LMTP.
pub fn follow_lmtp() -> Box<dyn Follow> {
    Box::new(Follower::new("lmtp"))
}

/// Commands without replies that are remembered. Behind more of them nobody can tell a password from a command.
const DUE_MAX: usize = 1000;

struct Follower {
    protocol: &'static str,
    /// The replies to come.
    due: VecDeque<Due>,
    is_blind: bool,
    /// A login is over, or was none: who was not told so in time may still say its answers.
    is_wary: bool,
    /// Challenges of the login that runs, less what the client said behind it.
    unanswered: i64,
    /// The login ended well before its last challenge was answered: who sent the answer all the same says it next.
    is_early: bool,
    place: Place,
}

/// Where the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Commands,
    /// A message is on its way.
    Text {
        /// Nothing of it has been seen.
        is_first: bool,
        /// Whether the last line ended with CRLF, so that a lone dot ends the message.
        is_line_start: bool,
    },
    /// A chunk of a message is on its way.
    Chunk {
        /// Octets that still belong to it.
        left: u64,
        /// Nothing of the message has been seen.
        is_first: bool,
    },
    /// A chunk has ended, and more may follow.
    BetweenChunks,
}

/// What a reply is due for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Reply,
    /// AUTH was said: what the client says is secret, until the server ends it.
    Login {
        /// So is what the server says: with its proof one could try out passwords (RFC 5802 §9).
        hides_challenges: bool,
    },
}

impl Follow for Follower {
    fn protocol(&self) -> &'static str {
        self.protocol
    }

    fn counted(&self, from: Side) -> Option<u64> {
        match (from, self.place) {
            (Side::Client, Place::Chunk { left, .. }) => Some(left),
            _ => None,
        }
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        match from {
            Side::Client => self.client(line),
            Side::Server => self.server(line),
        }
    }
}

impl Follower {
    fn new(protocol: &'static str) -> Self {
        // The greeting answers nothing.
        Self {
            protocol,
            due: VecDeque::from([Due::Reply]),
            is_blind: false,
            is_wary: false,
            unanswered: 0,
            is_early: false,
            place: Place::Commands,
        }
    }

    fn server(&mut self, line: &[u8]) -> Seen {
        let code = line.get(..3).unwrap_or_default();
        let is_last = line.get(3) != Some(&b'-');
        let expected = matches!(code, [b'2' | b'3', ..]);
        let is_login = self.due.iter().any(|due| matches!(due, Due::Login { .. }));
        let turn = match code {
            b"334" if is_last => {
                if !is_login {
                    // Whose challenge that is cannot be known.
                    self.due.push_back(Due::Login { hides_challenges: true });
                    self.unanswered = 0;
                }
                self.unanswered = self.unanswered.saturating_add(1);
                Turn::Prompts
            }
            b"354" if is_last => {
                self.place = Place::Text { is_first: true, is_line_start: true };
                Turn::Prompts
            }
            _ if !is_last => Turn::None,
            _ => match (self.due.front(), code) {
                // RFC 4954 §6: 235 and all failures end the exchange.
                (Some(Due::Login { .. }), b"235" | [b'4' | b'5', ..]) => {
                    self.is_wary = true;
                    self.is_early = code == b"235" && self.unanswered > 0;
                    self.answered()
                }
                (Some(Due::Login { .. }), _) => Turn::None,
                _ => self.answered(),
            },
        };
        let hides_challenges = self.due.iter().any(|due| *due == Due::Login { hides_challenges: true });
        let is_secret = hides_challenges && code == b"334" && line.trim_ascii_end().len() > 4;
        let show = if is_secret { Show::Secret { keep: 4 } } else { Show::Whole };
        Seen { show, turn, expected }
    }

    fn answered(&mut self) -> Turn {
        self.due.pop_front();
        Turn::Answers { key: Vec::new() }
    }

    fn client(&mut self, line: &[u8]) -> Seen {
        match self.place {
            Place::Text { is_line_start: true, .. } if line == b".\r\n" => {
                self.place = Place::Commands;
                Seen::new(Show::Whole, Turn::More { phase: "text" })
            }
            Place::Text { is_first, .. } => {
                self.place = Place::Text { is_first: false, is_line_start: line.ends_with(b"\r\n") };
                Seen::new(Show::Message { is_first }, Turn::More { phase: "text" })
            }
            Place::Chunk { left, is_first } => {
                self.place = match left.saturating_sub(line.len() as u64) {
                    0 => Place::BetweenChunks,
                    left => Place::Chunk { left, is_first: false },
                };
                Seen::new(Show::Message { is_first }, Turn::More { phase: "text" })
            }
            _ if self.is_blind || self.due.iter().any(|due| matches!(due, Due::Login { .. })) => {
                self.unanswered = self.unanswered.saturating_sub(1);
                Seen::new(Show::Secret { keep: 0 }, Turn::More { phase: "auth" })
            }
            Place::Commands | Place::BetweenChunks => self.command(line),
        }
    }

    fn command(&mut self, line: &[u8]) -> Seen {
        let (verb, rest) = first_word(line);
        let phase = PHASES.into_iter().find(|phase| verb.eq_ignore_ascii_case(phase.as_bytes())).unwrap_or("command");
        let mut show = Show::Whole;
        match phase {
            // No command that is known: a name or a password, as likely as not.
            "command" if self.is_wary => show = Show::Secret { keep: 0 },
            "command" => {
                if let Some(keep) = slip(line) {
                    self.is_wary = true;
                    show = hidden_from(line, keep);
                }
            }
            _ => self.is_wary = false,
        }
        let is_late = std::mem::take(&mut self.is_early);
        let mut due = Due::Reply;
        let mut place = Place::Commands;
        match phase {
            "bdat" => {
                let size = std::str::from_utf8(first_word(rest).0).ok().and_then(|size| size.parse().ok());
                let is_first = self.place != Place::BetweenChunks;
                place = match size.unwrap_or(0) {
                    0 if is_first => Place::Commands,
                    0 => Place::BetweenChunks,
                    left => Place::Chunk { left, is_first },
                };
            }
            "auth" => {
                self.unanswered = 0;
                let (mechanism, response) = first_word(rest);
                due = Due::Login { hides_challenges: hides_challenges(mechanism) };
                let behind = if is_mechanism(mechanism) { response } else { rest };
                show = hidden_from(line, line.len() - behind.trim_ascii_start().len());
            }
            _ => {}
        }
        if is_late {
            self.is_wary = true;
            show = hidden_from(line, 0);
        }
        self.place = place;
        if self.due.len() < DUE_MAX {
            self.due.push_back(due);
        } else {
            self.is_blind = true;
        }
        Seen::new(show, Turn::Asks { key: Vec::new(), phase })
    }
}

/// The commands that replies are told of.
const PHASES: [&str; 17] = [
    "auth", "bdat", "data", "ehlo", "expn", "helo", "help", "lhlo", "mail", "noop", "quit", "rcpt", "rset", "starttls",
    "vrfy", "xclient", "xforward",
];

/// A line of which nothing is shown behind so many octets, if there is anything.
fn hidden_from(line: &[u8], keep: usize) -> Show {
    if keep < line.trim_ascii_end().len() { Show::Secret { keep } } else { Show::Whole }
}

/// The first word of a line, and what is behind it.
fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    line.split_at(line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::{Data, shown};

    /// The trace of a conversation behind its greeting; lines of the client and the server as marked.
    fn trace(lines: &[&str]) -> Vec<String> {
        let said = lines.iter().map(|line| match line.split_at(3) {
            ("C: ", text) => (Side::Client, text.as_bytes()),
            (_, text) => (Side::Server, text.as_bytes()),
        });
        let greeting = (Side::Server, &b"220 mx\r\n"[..]);
        shown(follow(), Data::None, [greeting].into_iter().chain(said)).split_off(1)
    }

    #[test]
    fn who_logs_in_without_listening_shows_no_password_either() {
        let lines = ["C: AUTH LOGIN\r\n", "S: 503 no\r\n", "C: Ym9i\r\n", "S: 500 what\r\n", "C: c2Vj\r\n"];
        let wanted = ["C: AUTH LOGIN", "S: 503 no", "C: {secret}", "S: 500 what", "C: {secret}"];
        assert_eq!(trace(&lines), wanted);
        let lines = ["C: AUTH LOGIN\r\n", "S: 503 no\r\n", "C: RSET\r\n", "S: 250 ok\r\n", "C: Ym9i\r\n"];
        assert_eq!(trace(&lines)[2..], ["C: RSET", "S: 250 ok", "C: Ym9i"]);
    }

    #[test]
    fn a_server_that_lets_in_who_has_not_answered_yet_sees_no_password_shown() {
        let hidden = "C: {secret}";
        let lines = ["C: AUTH LOGIN\r\n", "S: 334 VXN\r\n235 ok\r\n", "C: help\r\n", "S: 500 what\r\n", "C: c2Vj\r\n"];
        let wanted = ["C: AUTH LOGIN", "S: 334 VXN", "S: 235 ok", hidden, "S: 500 what", hidden];
        assert_eq!(trace(&lines), wanted);
        let lines = ["C: AUTH LOGIN\r\n", "S: 235 ok\r\n", "C: Ym9i\r\n", "S: 500 no\r\n", "C: QUIT\r\n"];
        assert_eq!(trace(&lines), ["C: AUTH LOGIN", "S: 235 ok", hidden, "S: 500 no", "C: QUIT"]);
        // Who said all at once owes nothing.
        let lines = ["C: AUTH LOGIN\r\nYm9i\r\nc2Vj\r\n", "S: 334 VXN\r\n334 UGF\r\n235 ok\r\n", "C: QUIT\r\n"];
        assert_eq!(trace(&lines).last().map(String::as_str), Some("C: QUIT"));
    }

    #[test]
    fn passwords_are_never_shown() {
        for (lines, wanted) in [
            (
                &["C: AUTH PLAIN AGJvYg==\r\n", "S: 235 2.7.0 ok\r\n"][..],
                &["C: AUTH PLAIN {secret}", "S: 235 2.7.0 ok"][..],
            ),
            (&["C: auth  plain  AGJvYg==\r\n", "S: 535 no\r\n"], &["C: auth  plain  {secret}", "S: 535 no"]),
            (
                &[
                    "C: AUTH LOGIN\r\n",
                    "S: 334 VXN\r\n",
                    "C: Ym9i\r\n",
                    "S: 334 UGF\r\n",
                    "C: c2Vj\r\n",
                    "S: 235 ok\r\n",
                ],
                &["C: AUTH LOGIN", "S: 334 VXN", "C: {secret}", "S: 334 UGF", "C: {secret}", "S: 235 ok"],
            ),
            // All at once, as a client may not and some do.
            (
                &["C: NOOP\r\nAUTH LOGIN\r\nYm9i\r\nc2Vj\r\n", "S: 250 ok\r\n", "C: x\r\n"],
                &["C: NOOP", "C: AUTH LOGIN", "C: {secret}", "C: {secret}", "S: 250 ok", "C: {secret}"],
            ),
            (
                &["C: BAD\r\nAUTH LOGIN\r\n", "S: 500 what\r\n334 VXN\r\n", "C: Ym9i\r\n"],
                &["C: BAD", "C: AUTH LOGIN", "S: 500 what", "S: 334 VXN", "C: {secret}"],
            ),
            // What was said before a reply came is a password all the same.
            (
                &["C: NOOP\r\nAUTH LOGIN\r\n", "S: 500 what\r\n", "C: Ym9i\r\n", "S: 334 VXN\r\n", "C: c2Vj\r\n"],
                &["C: NOOP", "C: AUTH LOGIN", "S: 500 what", "C: {secret}", "S: 334 VXN", "C: {secret}"],
            ),
            // Whose challenge that is cannot be known.
            (&["C: NOOP\r\n", "S: 334 VXN\r\n", "C: Ym9i\r\n"], &["C: NOOP", "S: 334 {secret}", "C: {secret}"]),
            (
                &["C: AUTH scram-sha-256 biws\r\n", "S: 334 cj1\r\n", "C: Yz1\r\n", "S: 334 dj0=\r\n", "C: \r\n"],
                &["C: AUTH scram-sha-256 {secret}", "S: 334 {secret}", "C: {secret}", "S: 334 {secret}", "C: {secret}"],
            ),
            (
                &["C: AUTH PLAIN AGJv\r\n", "S: 535 no\r\n", "C: QUIT\r\n"],
                &["C: AUTH PLAIN {secret}", "S: 535 no", "C: QUIT"],
            ),
        ] {
            assert_eq!(trace(lines), wanted);
        }
    }

    #[test]
    fn what_is_veiled_already_has_no_second_veil() {
        assert_eq!(trace(&["C: PASSWORD hunter2\r\n"]), ["C: {secret}"]);
    }

    #[test]
    fn an_endless_password_is_not_shown_either() {
        let shown = trace(&[&format!("C: AUTH PLAIN {}\r\n", "A".repeat(50_000))]);
        assert!(shown.iter().all(|line| !line.contains("AAAA")), "{shown:?}");
    }

    #[test]
    fn chunks_are_elided_octet_by_octet() {
        assert_eq!(
            trace(&[
                "C: BDAT 6\r\n",
                "C: a\r\n.\r\n",
                "C: bdat 8 LAST\r\n",
                "C: AUTH x\r\n",
                "S: 250 ok\r\n",
                "C: QUIT\r\n",
            ]),
            ["C: BDAT 6", "C: {...}", "C: bdat 8 LAST", "C: {...}", "S: 250 ok", "C: QUIT"]
        );
        assert_eq!(
            trace(&["C: BDAT 3\r\n", "C: a\r\nBDAT 2 LAST\r\nbcRSET\r\n", "C: BDAT 0 LAST\r\nAUTH x y\r\n"]),
            ["C: BDAT 3", "C: {...}", "C: BDAT 2 LAST", "C: {...}", "C: RSET", "C: BDAT 0 LAST", "C: AUTH {secret}"]
        );
    }

    #[test]
    fn behind_more_commands_than_are_remembered_nothing_is_shown() {
        let flood = "NOOP\r\n".repeat(DUE_MAX + 1) + "AUTH LOGIN\r\nsecret\r\n";
        let lines = trace(&[&format!("C: {flood}"), "S: 500 no\r\n", "C: secret\r\n"]);
        assert!(lines.iter().all(|line| !line.contains("secret") || line == "C: {secret}"), "a password is shown");
    }

    #[test]
    fn the_header_section_is_shown_if_wanted_over_all_chunks() {
        let said = "BDAT 8\r\nA: b\r\nC:BDAT 10 LAST\r\n d\r\n\r\nHell";
        let lines = shown(follow(), Data::Headers, [(Side::Client, said.as_bytes())]);
        assert_eq!(lines[..3], ["C: BDAT 8", "C: A: b", "C: {...}"]);
        assert_eq!(lines[3..], ["C: BDAT 10 LAST", "C: {...}"]);
    }

    #[test]
    fn messages_are_elided_up_to_their_dot() {
        assert_eq!(
            trace(&[
                "C: DATA\r\n",
                "S: 354 go\r\n",
                "C: a\r\n..\r\nb\n.\r\n",
                "C: AUTH x y\r\n.\r\n",
                "S: 250 ok\r\n",
                "C: QUIT\r\n"
            ]),
            ["C: DATA", "S: 354 go", "C: {...}", "C: .", "S: 250 ok", "C: QUIT"]
        );
        assert_eq!(trace(&["C: DATA\r\n", "S: 503 no\r\n", "C: QUIT\r\n"]), ["C: DATA", "S: 503 no", "C: QUIT"]);
    }
}
