//! What a trace of SMTP must not show: passwords ever, messages unless wanted.
//!
//! When in doubt a line counts as secret. RFC 4954 §4; RFC 5321 §4.1.1.4; RFC 3030 §2.

use crate::wire::record::{Follow, Show};
use crate::wire::transcript::Side;

/// Begins to follow a connection.
pub fn follow() -> Box<dyn Follow> {
    Box::new(Follower::Commands)
}

/// Where in a conversation we are, as far as that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follower {
    Commands,
    /// AUTH was said: what the client says is secret, until the server ends it.
    Login,
    /// A message is on its way.
    Text {
        /// Whether the last line ended with CRLF, so that a lone dot ends the message.
        is_line_start: bool,
    },
    /// A chunk of a message is on its way.
    Chunk {
        /// Octets that still belong to it.
        left: usize,
    },
}

impl Follow for Follower {
    fn line(&mut self, from: Side, line: &[u8]) -> Show {
        match (from, *self) {
            (Side::Server, _) => {
                // RFC 4954 §6: 235 and all failures end the exchange; other successes answer earlier commands.
                *self = match (*self, line.get(..3)) {
                    (_, Some(b"334")) => Self::Login,
                    (_, Some(b"354")) => Self::Text { is_line_start: true },
                    (Self::Login, Some(b"235")) => Self::Commands,
                    (Self::Login, Some([b'4' | b'5', ..])) => Self::Commands,
                    (state, _) => state,
                };
                Show::Whole
            }
            (Side::Client, Self::Text { is_line_start: true }) if line == b".\r\n" => {
                *self = Self::Commands;
                Show::Whole
            }
            (Side::Client, Self::Text { .. }) => {
                *self = Self::Text { is_line_start: line.ends_with(b"\r\n") };
                Show::Elide
            }
            (Side::Client, Self::Chunk { left }) => {
                // A chunk need not end where a line does: then the command behind it is not shown either.
                *self = match line.split_at_checked(left) {
                    None => Self::Chunk { left: left - line.len() },
                    Some((_, command)) => chunk(command).map_or(Self::Commands, |left| Self::Chunk { left }),
                };
                Show::Elide
            }
            (Side::Client, Self::Login) => Show::Secret { keep: 0 },
            (Side::Client, Self::Commands) if chunk(line).is_some_and(|left| left > 0) => {
                *self = Self::Chunk { left: chunk(line).unwrap_or_default() };
                Show::Whole
            }
            (Side::Client, Self::Commands) => match initial_response(line) {
                None => Show::Whole,
                Some(keep) => {
                    *self = Self::Login;
                    if keep < line.trim_ascii_end().len() { Show::Secret { keep } } else { Show::Whole }
                }
            },
        }
    }
}

/// How many octets follow a BDAT command.
fn chunk(line: &[u8]) -> Option<usize> {
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    words.next().filter(|verb| verb.eq_ignore_ascii_case("BDAT")).and_then(|_| words.next()?.parse().ok())
}

/// Where in an AUTH command the secret begins.
fn initial_response(line: &[u8]) -> Option<usize> {
    let is_blank = |at: &usize| line.get(*at).is_some_and(|octet| octet.is_ascii_whitespace());
    let is_word = |at: &usize| line.get(*at).is_some_and(|octet| !octet.is_ascii_whitespace());
    let skip = |from: usize, is: &dyn Fn(&usize) -> bool| from + (from..).take_while(is).count();
    let verb = skip(0, &is_blank);
    let verb_end = skip(verb, &is_word);
    if !line.get(verb..verb_end)?.eq_ignore_ascii_case(b"AUTH") {
        return None;
    }
    let mechanism_end = skip(skip(verb_end, &is_blank), &is_word);
    Some(skip(mechanism_end, &is_blank))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::Recorder;

    /// The trace of a conversation; lines of the client and the server as marked.
    fn trace(lines: &[&str]) -> Vec<String> {
        let mut recorder = Recorder::new(1, follow());
        let mut entries = Vec::new();
        for line in lines {
            let (from, text) = match line.split_at(3) {
                ("C: ", text) => (Side::Client, text),
                (_, text) => (Side::Server, text),
            };
            recorder.octets(from, text.as_bytes(), |entry| entries.push(entry.to_string()));
        }
        entries
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
            (
                &["C: AUTH PLAIN AGJv\r\n", "S: 535 no\r\n", "C: QUIT\r\n"],
                &["C: AUTH PLAIN {secret}", "S: 535 no", "C: QUIT"],
            ),
        ] {
            assert_eq!(trace(lines), wanted);
        }
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
            trace(&["C: BDAT 3\r\n", "C: a\r\nBDAT 2 LAST\r\nb\r\n", "C: RSET\r\n"])[..2],
            ["C: BDAT 3", "C: {...}"]
        );
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
