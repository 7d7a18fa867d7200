//! The follower: knows which lines of an IMAP conversation hold passwords, and which belong to messages.
//!
//! Good enough for both ends and for conversations that break the rules: when in doubt, a line counts as secret.
//! Decides nothing about the conversation itself. RFC 9051 §4.3, §6.2.2, §6.2.3, §6.3.12, §7.5.2.

use super::token::is_astring;
use crate::sasl::{hides_challenges, is_mechanism, slip, slip_at_start};
use crate::wire::literal::announced;
use crate::wire::record::{Follow, Seen, Show, Turn};
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
    /// What it is about.
    phase: &'static str,
    /// The client's last line announced a literal, or had no end.
    in_command: bool,
    in_response: bool,
    /// The server has spoken.
    is_greeted: bool,
    /// A login was said, or something like it: who was not told in time that it is over may still say its answers.
    is_wary: bool,
    /// Challenges of AUTHENTICATE, less what the client said behind it.
    unanswered: i64,
    /// It ended well before the last of them was answered: who sent the answer all the same says it next.
    is_early: bool,
}

/// The commands that responses are told of.
const PHASES: [&str; 33] = [
    "append",
    "authenticate",
    "capability",
    "check",
    "close",
    "compress",
    "copy",
    "create",
    "delete",
    "enable",
    "examine",
    "expunge",
    "fetch",
    "getquota",
    "id",
    "idle",
    "list",
    "login",
    "logout",
    "lsub",
    "move",
    "namespace",
    "noop",
    "rename",
    "search",
    "select",
    "sort",
    "starttls",
    "status",
    "store",
    "subscribe",
    "thread",
    "unselect",
];

/// Tags are short; whoever makes long ones has no times told, rather than our memory.
fn key(tag: &[u8]) -> Vec<u8> {
    tag[..tag.len().min(64)].to_vec()
}

fn phase(verb: &[u8]) -> &'static str {
    PHASES.into_iter().find(|phase| verb.eq_ignore_ascii_case(phase.as_bytes())).unwrap_or("command")
}

/// One direction's place in lines and literals.
#[derive(Debug, Default)]
struct Direction {
    /// Octets of a literal that are still to come, and how they may be shown.
    literal: u64,
    in_literal: Kind,
    /// It comes whatever the other side says.
    is_coming: bool,
    /// The literal of a message has just ended, and the line that it stands in goes on.
    is_behind: bool,
    /// The line before had no end, so this is the rest of it, to be shown in the same way.
    unended: Option<Show>,
}

/// What a literal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Plain,
    Password,
    /// A message from its beginning.
    Message {
        /// Nothing of it has been seen.
        is_first: bool,
    },
    /// A part of a message.
    Body,
}

/// A message of which nothing has been seen.
const MESSAGE: Kind = Kind::Message { is_first: true };

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
    Opaque,
}

impl Follow for Follower {
    fn protocol(&self) -> &'static str {
        "imap"
    }

    fn counted(&self, from: Side) -> Option<u64> {
        let direction = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        let is_message = matches!(direction.in_literal, Kind::Message { .. } | Kind::Body);
        (is_message && direction.literal > 0).then_some(direction.literal)
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        // What stands at the start of a line and not in a literal, nor in the middle of a command.
        let is_fresh = match from {
            Side::Client => self.client.is_at_start() && !self.in_command,
            Side::Server => self.server.is_at_start() && !self.in_response,
        };
        let is_login = matches!(self.command.part, Part::Sasl | Part::Opaque);
        let (turn, expected) = match from {
            // RFC 9051 §6.3.13: the end of IDLE is no command of its own.
            Side::Client if !is_fresh || is_login || trim(line).eq_ignore_ascii_case(b"DONE") => {
                (Turn::More { phase: self.phase }, true)
            }
            Side::Client => {
                let text = trim(line);
                let tag = word(text);
                let rest = text.get(tag.len() + 1..).unwrap_or_default();
                // RFC 9051 §6.4.9: UID stands before the command.
                let is_by_uid = word(rest).eq_ignore_ascii_case(b"UID");
                self.phase = phase(word(if is_by_uid { rest.get(4..).unwrap_or_default() } else { rest }));
                (Turn::Asks { key: key(tag), phase: self.phase }, true)
            }
            Side::Server if is_fresh => self.response(line),
            Side::Server => (Turn::None, true),
        };
        let show = self.show(from, line);
        // Behind an announced literal the command or response goes on.
        match from {
            Side::Client => self.in_command = self.client.goes_on(line),
            Side::Server => self.in_response = self.server.goes_on(line),
        }
        Seen { show, turn, expected }
    }
}

impl Direction {
    fn is_at_start(&self) -> bool {
        self.literal == 0 && !self.is_behind && self.unended.is_none()
    }

    /// Whether a literal was announced of which something is to come.
    fn is_due(&self) -> bool {
        self.literal > 0 || self.is_behind
    }

    /// Whether a line is not the end of what it belongs to.
    fn goes_on(&self, line: &[u8]) -> bool {
        let is_announced = announced(trim(line)).is_some_and(|literal| literal.is_some());
        self.literal > 0 || self.is_behind || self.unended.is_some() || is_announced
    }
}

impl Follower {
    /// Who waits for whom after a response, and whether it is what was hoped for (RFC 9051 §7.1).
    fn response(&mut self, line: &[u8]) -> (Turn, bool) {
        let text = trim(line);
        let tag = word(text);
        let status = text.get(tag.len() + 1..).map(word).unwrap_or_default().to_ascii_uppercase();
        match tag {
            b"+" => (Turn::Prompts, true),
            b"*" => {
                let is_greeting = !std::mem::replace(&mut self.is_greeted, true);
                let is_bye = status == b"BYE" && self.phase != "logout";
                let turn = if is_greeting { Turn::Answers { key: Vec::new() } } else { Turn::None };
                (turn, !is_bye && status != b"NO" && status != b"BAD")
            }
            tag => (Turn::Answers { key: key(tag) }, status == b"OK"),
        }
    }

    fn show(&mut self, from: Side, line: &[u8]) -> Show {
        let direction = match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        let show = match (direction.literal, direction.is_behind, direction.unended.clone()) {
            (0, true, _) => self.behind(from, line),
            (0, _, Some(show)) => rest_of(show),
            (0, _, None) if from == Side::Client => self.client_line(line),
            (0, _, None) => self.server_line(line),
            (left, ..) => self.literal(from, line, left),
        };
        let direction = self.direction(from);
        direction.unended = if line.ends_with(b"\n") || direction.is_behind { None } else { Some(show.clone()) };
        show
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Follower {
    /// At the start of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    fn client_line(&mut self, line: &[u8]) -> Show {
        if matches!(self.command.part, Part::Sasl | Part::Opaque) {
            self.unanswered = self.unanswered.saturating_sub(1);
            if std::mem::take(&mut self.is_early) {
                self.command = Command::default();
            }
            return Show::Secret { keep: 0 };
        }
        let text = trim(line);
        let tag = word(text);
        let verb = text.get(tag.len() + 1..).map(word).unwrap_or_default().to_ascii_uppercase();
        let at = (tag.len() + verb.len() + 2).min(text.len());
        self.command = Command { tag: tag.to_vec(), part: Part::Any };
        let was_wary = std::mem::replace(&mut self.is_wary, false);
        let slipped = match self.phase {
            "command" if was_wary && !text.is_empty() => Some(0),
            "command" => slip(text),
            _ => slip_at_start(text),
        };
        if let Some(keep) = slipped {
            return self.slipped(text, keep);
        }
        self.is_wary = matches!(self.phase, "login" | "authenticate");
        match verb.as_slice() {
            b"AUTHENTICATE" => {
                (self.unanswered, self.is_early) = (0, false);
                self.command.part = if hides_challenges(&text[at..]) { Part::Opaque } else { Part::Sasl };
                let end = at + word(&text[at..]).len();
                let keep = if is_mechanism(&text[at..end]) { end + 1 } else { at };
                if keep < text.len() { Show::Secret { keep } } else { Show::Whole }
            }
            b"LOGIN" if is_literal(&text[at..]) => {
                self.command.part = Part::Password;
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
            b"LOGIN" => {
                let name = argument(&text[at..]);
                // What stands alone may be the password. So may what a quote begins that nobody ends.
                let is_alone = at + name + 1 >= text.len();
                if is_alone { self.slipped(text, at) } else { self.password(text, at + name) }
            }
            // RFC 9051 §6.4.9: there is no login by UID.
            _ if self.is_wary => self.slipped(text, at),
            b"APPEND" if is_literal(&text[at..]) => {
                self.command.part = Part::Message;
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
            b"APPEND" => {
                // RFC 3502: another message may follow the first.
                self.command.part = Part::Message;
                self.announce(Side::Client, text, MESSAGE);
                Show::Whole
            }
            _ => {
                self.announce(Side::Client, text, Kind::Plain);
                Show::Whole
            }
        }
    }

    /// Something like a login that is none: nothing of it is shown from here on, be it a literal, nor of what is no command
    /// behind it.
    fn slipped(&mut self, text: &[u8], keep: usize) -> Show {
        self.is_wary = true;
        self.announce(Side::Client, text, Kind::Password);
        if keep < text.len() { Show::Secret { keep } } else { Show::Whole }
    }

    /// A password follows behind the blank at `at`, be it as a literal.
    fn password(&mut self, text: &[u8], at: usize) -> Show {
        // Who forgot the blank has said a password.
        let keep = at + text.get(at).map_or(0, |octet| usize::from(*octet == b' '));
        let is_announced = self.announce(Side::Client, text, Kind::Password);
        if is_announced && is_literal(&text[keep..]) { Show::Whole } else { Show::Secret { keep } }
    }

    fn server_line(&mut self, line: &[u8]) -> Show {
        let text = trim(line);
        // The end of a command is also the end of what the client was about to send for it.
        if !self.command.tag.is_empty() && word(text) == self.command.tag {
            let status = text.get(word(text).len() + 1..).map(word).unwrap_or_default();
            self.ended(status.eq_ignore_ascii_case(b"OK"));
        }
        if word(text) == b"+" {
            // Who was told to send a literal sends it, whatever comes behind.
            self.client.is_coming |= self.client.is_due();
            self.unanswered = self.unanswered.saturating_add(1);
        }
        if self.command.part == Part::Opaque && text.starts_with(b"+ ") && text.len() > 2 {
            return Show::Secret { keep: 2 };
        }
        self.announce(Side::Server, text, kind_in_response(text));
        Show::Whole
    }

    /// The client's command has ended. Where that was too early, what it was about to send comes all the same.
    fn ended(&mut self, is_ok: bool) {
        let is_sasl = matches!(self.command.part, Part::Sasl | Part::Opaque);
        let is_due = self.client.is_due();
        // Nobody is refused a literal with OK, either.
        self.client.is_coming |= is_due && is_ok;
        self.is_wary &= !is_ok || is_sasl || is_due;
        self.is_early = is_ok && is_sasl && self.unanswered > 0;
        if self.is_early || is_due && self.client.is_coming {
            self.command.tag.clear();
            return;
        }
        self.command = Command::default();
        (self.client.literal, self.client.is_behind, self.in_command) = (0, false, false);
    }

    /// Notes the literal that a line announces, if it does.
    fn announce(&mut self, from: Side, text: &[u8], kind: Kind) -> bool {
        let Some(Some(literal)) = announced(text) else { return false };
        let direction = self.direction(from);
        (direction.literal, direction.in_literal) = (literal.len, kind);
        direction.is_coming = !literal.waits;
        // One without octets has no line of its own.
        direction.is_behind = literal.len == 0;
        true
    }

    /// A line within a literal; behind the literal's end the command or response goes on.
    fn literal(&mut self, from: Side, line: &[u8], left: u64) -> Show {
        let direction = self.direction(from);
        let kind = direction.in_literal;
        direction.literal = left.saturating_sub(line.len() as u64);
        let behind = usize::try_from(left).ok().filter(|left| *left < line.len());
        direction.is_behind = direction.literal == 0 && behind.is_none();
        if let Kind::Message { is_first } = &mut direction.in_literal {
            *is_first = false;
        }
        let shown = match kind {
            Kind::Plain => Show::Whole,
            Kind::Password => Show::Secret { keep: 0 },
            Kind::Message { is_first } => return Show::Message { is_first },
            Kind::Body => return Show::Elide,
        };
        let Some(behind) = behind else { return shown };
        let text = trim(line);
        match (from, self.command.part) {
            (Side::Client, Part::Password) if kind == Kind::Plain => return self.password(text, behind),
            (Side::Client, Part::Message) => self.announce(from, text, MESSAGE),
            (Side::Client, _) => self.announce(from, text, Kind::Plain),
            (Side::Server, _) => self.announce(from, text, kind_in_response(&text[behind.min(text.len())..])),
        };
        shown
    }

    /// The line that goes on where a literal has ended, with whatever ended it.
    fn behind(&mut self, from: Side, line: &[u8]) -> Show {
        let kind = std::mem::take(&mut self.direction(from).in_literal);
        self.direction(from).is_behind = false;
        let text = trim(line);
        match (from, self.command.part) {
            (Side::Client, Part::Password) if kind == Kind::Plain => return self.password(text, 0),
            (Side::Client, Part::Message) => self.announce(from, text, MESSAGE),
            (Side::Client, _) => self.announce(from, text, Kind::Plain),
            (Side::Server, _) => self.announce(from, text, kind_in_response(text)),
        };
        Show::Whole
    }
}

/// Whether a literal is announced here, of text or of any octets (RFC 9051 §4.3; RFC 3516 §4.4).
fn is_literal(text: &[u8]) -> bool {
    text.strip_prefix(b"~").unwrap_or(text).starts_with(b"{")
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
    let upper = before.to_ascii_uppercase();
    let item = item.to_ascii_uppercase();
    if item.starts_with(b"RFC822") {
        return if item == b"RFC822.TEXT" { Kind::Body } else { MESSAGE };
    }
    if !item.ends_with(b"]") && !item.ends_with(b">") {
        return Kind::Plain;
    }
    // RFC 9051 §6.4.5: all of it, its header section, or that of a message within.
    let section = upper.windows(5).rposition(|w| w == b"BODY[").map_or(&b"1"[..], |open| &upper[open + 5..]);
    let section = &section[..section.iter().position(|octet| *octet == b']').unwrap_or(section.len())];
    let is_header = section.is_empty() || section.starts_with(b"HEADER") || section.ends_with(b".HEADER");
    if is_header && !item.ends_with(b">") { MESSAGE } else { Kind::Body }
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
mod tests;
