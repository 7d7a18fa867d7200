//! What a trace of ManageSieve must not show: passwords ever, scripts unless wanted.
//!
//! When in doubt a line counts as secret. RFC 5804 §2.1, §2.6.

use crate::sasl::{is_mechanism, slip};
use crate::wire::literal::announced;
use crate::wire::record::{Follow, Seen, Show, Turn};
use crate::wire::transcript::Side;

/// Begins to follow a connection.
pub fn follow() -> Box<dyn Follow> {
    Box::new(Follower::default())
}

/// Follows one connection.
#[derive(Debug, Default)]
struct Follower {
    /// AUTHENTICATE was said: all is secret until the server ends it.
    is_login: bool,
    /// A login is over, or was none: who was not told in time may still say its answers.
    is_wary: bool,
    /// The server has challenged, and the client has not answered.
    is_asked: bool,
    /// The login ended well before that: who sent the answer all the same says it next.
    is_early: bool,
    /// Octets of a string of the client that are to come.
    left: u64,
    /// Octets of one of the server.
    heard_left: u64,
    phase: &'static str,
}

/// The commands that answers are told of.
const PHASES: [&str; 13] = [
    "authenticate",
    "capability",
    "checkscript",
    "deletescript",
    "getscript",
    "havespace",
    "listscripts",
    "logout",
    "noop",
    "putscript",
    "renamescript",
    "setactive",
    "starttls",
];

impl Follow for Follower {
    fn protocol(&self) -> &'static str {
        "managesieve"
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        match from {
            Side::Server => self.server(line),
            Side::Client => {
                let turn = match self.left > 0 || self.is_login {
                    true => Turn::More { phase: self.phase },
                    false => {
                        let verb = word(line.trim_ascii_start());
                        let known = PHASES.into_iter().find(|phase| verb.eq_ignore_ascii_case(phase.as_bytes()));
                        self.phase = known.unwrap_or("command");
                        Turn::Asks { key: Vec::new(), phase: self.phase }
                    }
                };
                Seen::new(self.client(line), turn)
            }
        }
    }
}

impl Follower {
    fn server(&mut self, line: &[u8]) -> Seen {
        let is_inside = self.heard_left > 0;
        // Where a string ends the line goes on, and it may announce another one.
        let inside = self.heard_left.min(line.len() as u64);
        self.heard_left -= inside;
        let behind = usize::try_from(inside).ok().and_then(|inside| line.get(inside..)).unwrap_or_default();
        if self.heard_left == 0 {
            self.heard_left = length(behind);
        }
        let word = word(line);
        let is_alone = line.get(word.len()).is_none_or(|octet| matches!(octet, b' ' | b'(' | b'\r' | b'\n'));
        let ends = ["OK", "NO", "BYE"].iter().any(|end| word.eq_ignore_ascii_case(end.as_bytes()));
        let ends = ends && is_alone && !is_inside;
        let show = match (self.is_login, ends) {
            // With a server's proof one could try out passwords (RFC 5802 §9); it may stand behind OK too.
            (true, true) => {
                let shown = line.trim_ascii_end().len();
                let has_proof = line.windows(4).any(|part| part.eq_ignore_ascii_case(b"SASL"));
                if shown > word.len() && has_proof { Show::Secret { keep: word.len() } } else { Show::Whole }
            }
            (true, false) => Show::Secret { keep: 0 },
            (false, _) => Show::Whole,
        };
        let turn = match (ends, self.is_login) {
            (true, _) => Turn::Answers { key: Vec::new() },
            (false, true) => Turn::Prompts,
            (false, false) => Turn::None,
        };
        let is_ok = word.eq_ignore_ascii_case(b"OK");
        if self.is_login && ends {
            self.is_wary = true;
            self.is_early = is_ok && self.is_asked;
        }
        self.is_asked = self.is_login && !ends;
        self.is_login &= !ends;
        Seen { show, turn, expected: !ends || is_ok }
    }

    fn client(&mut self, line: &[u8]) -> Show {
        self.is_asked = false;
        let is_late = std::mem::take(&mut self.is_early);
        let show = self.client_line(line);
        if !is_late {
            return show;
        }
        self.is_wary = true;
        hidden_from(line, 0)
    }

    fn client_line(&mut self, line: &[u8]) -> Show {
        if self.left > 0 {
            let inside = self.left.min(line.len() as u64);
            self.left -= inside;
            let behind = usize::try_from(inside).ok().and_then(|inside| line.get(inside..)).unwrap_or_default();
            self.left = if self.left == 0 { length(behind) } else { self.left };
            let is_secret = self.is_login || self.is_wary;
            return if is_secret { Show::Secret { keep: 0 } } else { Show::Elide };
        }
        if self.is_login {
            self.left = length(line);
            return Show::Secret { keep: 0 };
        }
        let text = line.trim_ascii_start();
        let word: Vec<u8> = text.iter().take_while(|octet| octet.is_ascii_alphabetic()).copied().collect();
        self.left = length(line);
        if word.eq_ignore_ascii_case(b"AUTHENTICATE") {
            self.is_login = true;
            // Behind the mechanism, which stands in quotes, and sometimes in none.
            let begin = line.len() - text.len() + word.len();
            let skip = |from: usize, is: fn(&u8) -> bool| {
                from + line.get(from..).unwrap_or_default().iter().take_while(|octet| is(octet)).count()
            };
            let mechanism = skip(begin, u8::is_ascii_whitespace);
            let end = skip(mechanism, |octet| !octet.is_ascii_whitespace());
            let is_shown = is_mechanism(&line[mechanism..end]);
            return hidden_from(line, if is_shown { skip(end, u8::is_ascii_whitespace) } else { mechanism });
        }
        if self.phase != "command" {
            self.is_wary = false;
            return Show::Whole;
        }
        let keep = if self.is_wary { Some(0) } else { slip(line) };
        self.is_wary |= keep.is_some();
        keep.map_or(Show::Whole, |keep| hidden_from(line, keep))
    }
}

/// A line of which nothing is shown behind so many octets, if there is anything.
fn hidden_from(line: &[u8], keep: usize) -> Show {
    if keep < line.trim_ascii_end().len() { Show::Secret { keep } } else { Show::Whole }
}

fn word(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|octet| !octet.is_ascii_alphabetic()).unwrap_or(line.len());
    &line[..end]
}

/// The octets of the string that a line announces at its end.
fn length(line: &[u8]) -> u64 {
    announced(line.trim_ascii_end()).flatten().map_or(0, |literal| literal.len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::{Data, shown};

    fn trace(lines: &[&str]) -> Vec<String> {
        let said = lines.iter().map(|line| match line.split_at(3) {
            ("C: ", text) => (Side::Client, text.as_bytes()),
            (_, text) => (Side::Server, text.as_bytes()),
        });
        shown(follow(), Data::None, said)
    }

    #[test]
    fn passwords_are_never_shown_in_any_form_of_string() {
        for (lines, wanted) in [
            (
                &["C: AUTHENTICATE \"PLAIN\" \"AGJv\"\r\n", "S: OK\r\n", "C: LISTSCRIPTS\r\n"][..],
                &[r#"C: AUTHENTICATE "PLAIN" {secret}"#, "S: OK", "C: LISTSCRIPTS"][..],
            ),
            (
                &["C: authenticate \"PLAIN\" {6+}\r\nAG\r\nJv\r\n", "S: NO \"no\"\r\n", "C: LOGOUT\r\n"],
                &[r#"C: authenticate "PLAIN" {secret}"#, "C: {secret}", "C: {secret}", "S: NO \"no\"", "C: LOGOUT"],
            ),
            (
                &[
                    "C: AUTHENTICATE \"SCRAM-SHA-1\"\r\n",
                    "S: {4}\r\ncj1y\r\n",
                    "C: \"Yz1\"\r\n",
                    "S: OK (SASL \"dj0=\")\r\n",
                ],
                &["C: AUTHENTICATE \"SCRAM-SHA-1\"", "S: {secret}", "S: {secret}", "C: {secret}", "S: OK{secret}"],
            ),
            // A challenge may look like the end of all of them.
            (
                &[
                    "C: AUTHENTICATE \"X\"\r\n",
                    "S: {4}\r\nOK \r\r\n",
                    "S: \"OK3=\"\r\nOK3=\r\n",
                    "C: \"Yz1\"\r\n",
                    "S: OK\r\n",
                ],
                &[
                    "C: AUTHENTICATE {secret}",
                    "S: {secret}",
                    "S: {secret}",
                    "S: {secret}",
                    "S: {secret}",
                    "C: {secret}",
                    "S: OK",
                ],
            ),
            // A server that lets in who has not answered yet, and one that has not even asked.
            (
                &[
                    "C: AUTHENTICATE \"LOGIN\"\r\n",
                    "S: \"\"\r\nOK\r\n",
                    "C: \"Ym9i\"\r\n",
                    "C: \"c2Vj\"\r\n",
                    "C: NOOP\r\n",
                ],
                &[r#"C: AUTHENTICATE "LOGIN""#, "S: {secret}", "S: OK", "C: {secret}", "C: {secret}", "C: NOOP"],
            ),
            (
                &["C: AUTHENTICATE \"LOGIN\"\r\n", "S: \"\"\r\nOK\r\n", "C: {7}\r\n", "C: noop me\r\n", "C: NOOP\r\n"],
                &[r#"C: AUTHENTICATE "LOGIN""#, "S: {secret}", "S: OK", "C: {secret}", "C: {secret}", "C: NOOP"],
            ),
            (
                &["C: AUTHENTICATE \"PLAIN\"\r\n", "S: OK\r\n", "C: \"AGJv\"\r\n", "C: NOOP\r\n"],
                &[r#"C: AUTHENTICATE "PLAIN""#, "S: OK", "C: {secret}", "C: NOOP"],
            ),
            (
                &["C: PUTSCRIPT \"x\" {12+}\r\nkeep;\r\nOK\r\n\r\n", "S: OK\r\n"],
                &["C: PUTSCRIPT \"x\" {12+}", "C: {...}", "S: OK"],
            ),
        ] {
            assert_eq!(trace(lines), wanted);
        }
    }
}
