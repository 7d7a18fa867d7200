//! What a trace of ManageSieve must not show: passwords ever, scripts unless wanted.
//!
//! When in doubt a line counts as secret. RFC 5804 §2.1, §2.6.

use crate::wire::literal::announced;
use crate::wire::record::{Follow, Show};
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
    /// Octets of a string of the client that are to come.
    left: u64,
}

impl Follow for Follower {
    fn line(&mut self, from: Side, line: &[u8]) -> Show {
        match from {
            Side::Server => self.server(line),
            Side::Client => self.client(line),
        }
    }
}

impl Follower {
    fn server(&mut self, line: &[u8]) -> Show {
        let word: Vec<u8> = line.iter().take_while(|octet| octet.is_ascii_alphabetic()).copied().collect();
        let ends = ["OK", "NO", "BYE"].iter().any(|end| word.eq_ignore_ascii_case(end.as_bytes()));
        match (self.is_login, ends) {
            // With a server's proof one could try out passwords (RFC 5802 §9); it may stand behind OK too.
            (true, true) => {
                self.is_login = false;
                let shown = line.trim_ascii_end().len();
                if shown > word.len() && line.windows(4).any(|part| part.eq_ignore_ascii_case(b"SASL")) {
                    Show::Secret { keep: word.len() }
                } else {
                    Show::Whole
                }
            }
            (true, false) => Show::Secret { keep: 0 },
            (false, _) => Show::Whole,
        }
    }

    fn client(&mut self, line: &[u8]) -> Show {
        if self.left > 0 {
            let inside = self.left.min(line.len() as u64);
            self.left -= inside;
            let behind = usize::try_from(inside).ok().and_then(|inside| line.get(inside..)).unwrap_or_default();
            self.left = if self.left == 0 { length(behind) } else { self.left };
            let show = if self.is_login { Show::Secret { keep: 0 } } else { Show::Elide };
            return show;
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
            let keep = skip(end, u8::is_ascii_whitespace);
            return if keep < line.trim_ascii_end().len() { Show::Secret { keep } } else { Show::Whole };
        }
        Show::Whole
    }
}

/// The octets of the string that a line announces at its end.
fn length(line: &[u8]) -> u64 {
    announced(line.trim_ascii_end()).flatten().map_or(0, |literal| literal.len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::Recorder;

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
    fn passwords_are_never_shown_in_any_form_of_string() {
        for (lines, wanted) in [
            (
                &["C: AUTHENTICATE \"PLAIN\" \"AGJv\"\r\n", "S: OK\r\n", "C: LISTSCRIPTS\r\n"][..],
                &[r#"C: AUTHENTICATE \"PLAIN\" {secret}"#, "S: OK", "C: LISTSCRIPTS"][..],
            ),
            (
                &["C: authenticate \"PLAIN\" {6+}\r\nAG\r\nJv\r\n", "S: NO \"no\"\r\n", "C: LOGOUT\r\n"],
                &[r#"C: authenticate \"PLAIN\" {secret}"#, "C: {secret}", "C: {secret}", "S: NO \"no\"", "C: LOGOUT"],
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
            (
                &["C: PUTSCRIPT \"x\" {12+}\r\nkeep;\r\nOK\r\n\r\n", "S: OK\r\n"],
                &["C: PUTSCRIPT \"x\" {12+}", "C: {...}", "S: OK"],
            ),
        ] {
            assert_eq!(trace(lines), wanted);
        }
    }
}
