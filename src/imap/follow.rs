//! The follower: knows which lines of an IMAP conversation hold passwords, and which belong to messages.
//!
//! Good enough for both ends and for conversations that break the rules: when in doubt, a line counts as secret.
//! Decides nothing about the conversation itself. RFC 9051 §4.3, §6.2.2, §6.2.3, §6.3.12, §7.5.2.

use super::token::is_astring;
use crate::sasl::is_scram;
use crate::wire::literal::announced;
use crate::wire::record::{Follow, Show};
use crate::wire::transcript::Side;

/// Begins to follow a connection.
pub fn follow() -> Box<dyn Follow> {
    Box::new(Follower::new())
}

/// Follows one connection.
#[derive(Debug, Default)]
pub struct Follower {
    client: Direction,
    server: Direction,
    /// The client's command that is running.
    command: Command,
}

/// One direction's place in lines and literals.
#[derive(Debug, Default)]
struct Direction {
    /// Octets of a literal that are still to come, and how they may be shown.
    literal: u64,
    in_literal: Kind,
    /// The line before had no end, so this is the rest of it, to be shown in the same way.
    unended: Option<Show>,
}

/// What a literal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Plain,
    Password,
    Message,
}

/// What is known of the client's command.
#[derive(Debug, Default)]
struct Command {
    tag: Vec<u8>,
    part: Part,
}

/// How far the command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// Nothing in it is secret, nothing in it is a message.
    #[default]
    Any,
    /// The name in LOGIN was a literal; the password follows.
    Password,
    /// The mailbox in APPEND was a literal; the message follows.
    Message,
    /// Whatever the client says belongs to AUTHENTICATE.
    Sasl,
    /// The same, and what the server says is secret too: with its proof one could try out passwords (RFC 5802 §9).
    Scram,
}

impl Follow for Follower {
    fn line(&mut self, from: Side, line: &[u8]) -> Show {
        let direction = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        let show = match (direction.literal, direction.unended) {
            (0, Some(show)) => rest_of(show),
            (0, None) if from == Side::Client => self.client_line(line),
            (0, None) => self.server_line(line),
            (left, _) => self.literal(from, line, left),
        };
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        direction.unended = if line.ends_with(b"\n") { None } else { Some(show) };
        show
    }
}

impl Follower {
    /// At the start of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    fn client_line(&mut self, line: &[u8]) -> Show {
        if matches!(self.command.part, Part::Sasl | Part::Scram) {
            return Show::Secret { keep: 0 };
        }
        let text = trim(line);
        let tag = word(text);
        let verb = text.get(tag.len() + 1..).map(word).unwrap_or_default().to_ascii_uppercase();
        let at = (tag.len() + verb.len() + 2).min(text.len());
        self.command = Command { tag: tag.to_vec(), part: Part::Any };
        match verb.as_slice() {
            b"AUTHENTICATE" => {
                self.command.part = if is_scram(&text[at..]) { Part::Scram } else { Part::Sasl };
                let mechanism = at + word(&text[at..]).len();
                if mechanism < text.len() { Show::Secret { keep: mechanism + 1 } } else { Show::Whole }
            }
            b"LOGIN" if text[at..].starts_with(b"{") => {
                self.command.part = Part::Password;
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
            b"LOGIN" => self.password(text, at + argument(&text[at..])),
            b"APPEND" if text[at..].starts_with(b"{") => {
                self.command.part = Part::Message;
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
            b"APPEND" => {
                self.announce(Side::Client, text, Kind::Message);
                Show::Whole
            }
            _ => {
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
        }
    }

    /// A password follows behind the blank at `at`, be it as a literal.
    fn password(&mut self, text: &[u8], at: usize) -> Show {
        let keep = (at + 1).min(text.len());
        if text[keep..].starts_with(b"{") && self.announce(Side::Client, text, Kind::Password) {
            return Show::Whole;
        }
        Show::Secret { keep }
    }

    fn server_line(&mut self, line: &[u8]) -> Show {
        let text = trim(line);
        // The end of a command is also the end of what the client was about to send for it.
        if !self.command.tag.is_empty() && word(text) == self.command.tag {
            self.command = Command::default();
            self.client.literal = 0;
        }
        if self.command.part == Part::Scram && text.starts_with(b"+ ") && text.len() > 2 {
            return Show::Secret { keep: 2 };
        }
        self.announce(Side::Server, text, kind_in_response(text));
        Show::Whole
    }

    /// Notes the literal that a line announces, if it does.
    fn announce(&mut self, from: Side, text: &[u8], kind: Kind) -> bool {
        let Some(Some(literal)) = announced(text) else { return false };
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        direction.literal = literal.len;
        direction.in_literal = kind;
        true
    }

    /// A line within a literal; behind the literal's end the command or response goes on.
    fn literal(&mut self, from: Side, line: &[u8], left: u64) -> Show {
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let kind = direction.in_literal;
        direction.literal = left.saturating_sub(line.len() as u64);
        let behind = usize::try_from(left).ok().filter(|left| *left < line.len());
        let shown = match kind {
            Kind::Plain => Show::Whole,
            Kind::Password => Show::Secret { keep: 0 },
            Kind::Message => Show::Elide,
        };
        let Some(behind) = behind else { return shown };
        let text = trim(line);
        match (from, self.command.part) {
            (Side::Client, Part::Password) if kind == Kind::Plain => return self.password(text, behind),
            (Side::Client, Part::Message) => self.announce(from, text, Kind::Message),
            (Side::Client, _) => self.announce(from, text, Kind::Plain),
            (Side::Server, _) => self.announce(from, text, kind_in_response(&text[behind.min(text.len())..])),
        };
        shown
    }
}

/// The rest of a line is shown as its beginning was, only that nothing of a secret may be seen.
fn rest_of(show: Show) -> Show {
    match show {
        Show::Secret { .. } => Show::Secret { keep: 0 },
        show => show,
    }
}

/// What the literal holds that a response announces at its end: `… BODY[1]<0> {300}`.
fn kind_in_response(text: &[u8]) -> Kind {
    let before = text.iter().rposition(|octet| *octet == b'{').map_or(text, |open| &text[..open]).trim_ascii_end();
    let item = before.iter().rposition(|octet| matches!(octet, b' ' | b'(')).map_or(before, |at| &before[at + 1..]);
    let is_octets = item.ends_with(b"]") || item.ends_with(b">") || item.to_ascii_uppercase().starts_with(b"RFC822");
    if is_octets { Kind::Message } else { Kind::Plain }
}

fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The octets up to a blank.
fn word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|octet| *octet == b' ').unwrap_or(text.len());
    &text[..end]
}

/// The length of the argument at the start, quoted or not.
fn argument(text: &[u8]) -> usize {
    if text.first() != Some(&b'"') {
        return text.iter().position(|octet| !is_astring(*octet)).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, octet) in text.iter().enumerate().skip(1) {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::Recorder;

    /// What a trace shows of a conversation; `C ` and `S ` in front of what each side says.
    fn shown(said: &[(Side, &str)], chunk: usize) -> Vec<String> {
        let mut recorder = Recorder::new(1, Box::new(Follower::new()));
        let mut entries = Vec::new();
        for (from, octets) in said {
            for piece in octets.as_bytes().chunks(chunk) {
                recorder.octets(*from, piece, |entry| entries.push(entry.to_string()));
            }
        }
        recorder.finish(|entry| entries.push(entry.to_string()));
        entries
    }

    #[test]
    fn passwords_are_never_shown() {
        use Side::{Client as C, Server as S};
        for (said, wanted) in [
            (vec![(C, "a LOGIN bob secret\r\n")], vec!["C: a LOGIN bob {secret}"]),
            (vec![(C, "a login \"b \\\"b\" \"secret\"\r\n")], vec!["C: a login \\\"b \\\\\\\"b\\\" {secret}"]),
            (
                vec![(C, "a LOGIN bob {6+}\r\nsecret\r\nb NOOP\r\n")],
                vec!["C: a LOGIN bob {6+}", "C: {secret}", "C: b NOOP"],
            ),
            (
                vec![(C, "a LOGIN {3}\r\n"), (S, "+ Go\r\n"), (C, "bob {6}\r\n"), (S, "+ Go\r\n"), (C, "secret\r\n")],
                vec!["C: a LOGIN {3}", "S: + Go", "C: bob {6}", "S: + Go", "C: {secret}"],
            ),
            (vec![(C, "a LOGIN {3+}\r\nbob secret\r\n")], vec!["C: a LOGIN {3+}", "C: bob {secret}"]),
            (vec![(C, "a AUTHENTICATE PLAIN AGJvYgBz\r\n")], vec!["C: a AUTHENTICATE PLAIN {secret}"]),
            (
                vec![
                    (C, "a AUTHENTICATE PLAIN\r\n"),
                    (S, "+ \r\n"),
                    (C, "AGJv\r\n"),
                    (S, "a OK\r\n"),
                    (C, "b NOOP\r\n"),
                ],
                vec!["C: a AUTHENTICATE PLAIN", "S: + ", "C: {secret}", "S: a OK", "C: b NOOP"],
            ),
            (
                vec![(C, "a AUTHENTICATE SCRAM-SHA-1 bix\r\n"), (S, "+ cj1\r\n"), (C, "Yz1\r\n"), (S, "a OK\r\n")],
                vec!["C: a AUTHENTICATE SCRAM-SHA-1 {secret}", "S: + {secret}", "C: {secret}", "S: a OK"],
            ),
            (
                vec![(C, "a LOGIN bob {6}\r\n"), (S, "a BAD no\r\n"), (C, "b NOOP\r\n")],
                vec!["C: a LOGIN bob {6}", "S: a BAD no", "C: b NOOP"],
            ),
            (vec![(C, "a LOGIN  secret\r\n")], vec!["C: a LOGIN  {secret}"]),
            (vec![(C, "a LOGIN secret\r\n")], vec!["C: a LOGIN secret{secret}"]),
        ] {
            for chunk in [1, 5, 1000] {
                assert_eq!(shown(&said, chunk), wanted);
            }
        }
        let long = format!("a LOGIN {} secret\r\n", "x".repeat(40_000));
        assert!(!shown(&[(Side::Client, &long)], 5000).join("").contains("secret\r"));
    }

    #[test]
    fn messages_are_left_out() {
        use Side::{Client as C, Server as S};
        for (said, wanted) in [
            (
                vec![(C, "a APPEND INBOX (\\Seen) {11}\r\n"), (S, "+ Go\r\n"), (C, "Subject: x\n\r\nb NOOP\r\n")],
                vec!["C: a APPEND INBOX (\\Seen) {11}", "S: + Go", "C: {...}", "C: ", "C: b NOOP"],
            ),
            (
                vec![(C, "a APPEND {5+}\r\nINBOX {4+}\r\nx\r\n\n\r\n")],
                vec!["C: a APPEND {5+}", "C: INBOX {4+}", "C: {...}", "C: "],
            ),
            (
                vec![(S, "* 1 FETCH (BODY[] {6}\r\na\r\nb\r\n FLAGS ())\r\na OK\r\n")],
                vec!["S: * 1 FETCH (BODY[] {6}", "S: {...}", "S:  FLAGS ())", "S: a OK"],
            ),
            (
                vec![(S, "* 1 FETCH (RFC822 {4}\r\na\r\nb BODY[1]<0> {3}\r\nc\r\n)\r\n")],
                vec!["S: * 1 FETCH (RFC822 {4}", "S: {...}", "S: )"],
            ),
            (
                vec![(S, "* 1 FETCH (ENVELOPE (NIL {2}\r\n\u{e4} NIL))\r\n* 2 EXISTS\r\n")],
                vec!["S: * 1 FETCH (ENVELOPE (NIL {2}", "S: \u{e4} NIL))", "S: * 2 EXISTS"],
            ),
        ] {
            for chunk in [1, 5, 1000] {
                assert_eq!(shown(&said, chunk), wanted);
            }
        }
    }
}
