//! Events: what a trace knows of each thing that happened, as one value with two printings.
//!
//! As a line of JSON an event is whole, and what was printed is read back; as text it is a line of a transcript behind
//! a column with its time. Secrets are gone before there is an event; bodies are, unless they were wanted.
//! Knows no protocol and no clock.

mod text;

use super::transcript::{Entry, Side, is_plain};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;

pub use text::Column;

/// The version of this form; within it, members are only added.
pub const VERSION: u8 = 1;

/// A longer line is none of a trace: of what is said a few kilobytes are written down, and of DNS 64 in base64.
pub const LINE_MAX: usize = 1024 * 1024;

/// Something that happened, on a connection or beside all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "trace")]
pub struct Event {
    /// The version of this form: 1.
    pub v: u8,
    /// When, in UTC (RFC 3339); null where only the time since the start is known.
    pub t: Option<String>,
    /// Milliseconds since the trace began.
    pub ms: f64,
    /// The number of the connection, from 1; 0 for what belongs to none.
    pub conn: u32,
    /// smtp, lmtp, pop3, imap, managesieve, http, dns; empty if unknown.
    pub proto: Cow<'static, str>,
    /// Which side wrote the trace; null if unknown.
    pub side: Option<Role>,
    /// Who is at the other end.
    pub peer: Option<String>,
    /// Who speaks; `*` for what nobody said.
    pub dir: Direction,
    /// Whether it went through TLS.
    pub tls: bool,
    /// The command it belongs to, in lower case: greeting, ehlo, auth, rcpt, data, text, retr, fetch.
    pub phase: Option<Cow<'static, str>>,
    /// A line without its CRLF, `{secret}` in the place of a secret, or `{...}` for all of a body.
    pub text: Option<String>,
    /// The octets in base64, line ends included, where they are no line of UTF-8 ended by CRLF.
    pub b64: Option<String>,
    /// How many octets went over the connection.
    pub bytes: u64,
    /// How many of them are a secret, and not shown.
    pub secret: u64,
    /// Whether this is a body, or a part of one, that was left out.
    #[serde(default)]
    pub elided: bool,
    /// For the last line of a reply: milliseconds since its request was whole.
    pub reply_ms: Option<f64>,
    /// False where a reply is not what was hoped for: 4yz and 5yz, -ERR, NO and BAD.
    pub expected: bool,
    /// What happened, for `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Happening>,
}

/// One side of a connection, as JSON has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one that opened the connection.
    Client,
    /// The one that was listening.
    Server,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Direction {
    /// The client.
    C,
    /// The server.
    S,
    /// Nobody.
    #[serde(rename = "*")]
    Nobody,
}

/// What happens besides words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Happening {
    /// A connection stands.
    Connect,
    /// The TLS handshake is done.
    Tls {
        /// `TLSv1.3`
        version: String,
        /// The cipher suite by its IANA name.
        cipher: String,
        /// How the certificate was found good: pkix, pin, dane, mta-sts, none.
        verified: String,
        /// The SHA-256 of each certificate that was shown, the peer's own first.
        chain: Vec<String>,
    },
    /// A question to DNS, and its answer.
    Dns {
        /// The type that was asked for: `MX`.
        record: String,
        /// The name that was asked about.
        name: String,
        /// What was said: the records as zone files write them, or why there are none.
        answer: Vec<String>,
        /// Whether DNSSEC vouches for it.
        authentic: bool,
    },
    /// What went to one name server, who is the peer, and what came back: the octets themselves.
    Query {
        /// The type that was asked for: `MX`.
        record: String,
        /// The name that was asked about.
        name: String,
        /// What it went over: udp, tcp, tls, https.
        over: String,
        /// The query in base64, with an id of zero; null where it was taken out.
        query: Option<String>,
        /// The reply in base64; null if none came.
        reply: Option<String>,
    },
    /// A question to a web server, and its answer.
    Http {
        /// `GET` or `POST`.
        method: String,
        /// What was asked for, without its query.
        url: String,
        /// The status of the answer; null if there was none.
        status: Option<u16>,
        /// The size of its body.
        size: u64,
    },
    /// Somebody waited for as long as they may, in vain.
    Timeout {
        /// Milliseconds.
        after_ms: u64,
    },
    /// The connection broke.
    Cut {
        /// In the words of the system.
        why: String,
    },
    /// The connection is at its end.
    Closed {
        /// Who ended it; null if nobody did in due form.
        by: Option<Role>,
    },
    /// Why something was done or left.
    Decision(Decision),
    /// Anything else worth a line.
    Note {
        /// The line.
        what: String,
    },
}

/// Why something was done or left, and where that is known, with whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// In one line, which says all of it.
    pub what: String,
    /// The mail exchanger that is asked now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanger: Option<String>,
    /// Its address, with the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The reason: how preferred it is, what others answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When the next attempt for a recipient that waits is due, as in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<String>,
}

/// Octets of what is said to be wrong with a line.
const WHY_MAX: usize = 200;

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the trace: {why}")]
pub struct NotAnEvent {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl From<Side> for Role {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::C,
            Side::Server => Self::S,
        }
    }
}

impl From<String> for Decision {
    fn from(what: String) -> Self {
        Self { what, ..Self::default() }
    }
}

impl Decision {
    /// Whatever of it is words.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let Self { what, exchanger, address, why, next_attempt: _ } = self;
        [Some(what), exchanger.as_mut(), address.as_mut(), why.as_mut()].into_iter().flatten()
    }
}

impl Happening {
    /// Somebody waited so long, in vain.
    pub fn timeout(after: Duration) -> Self {
        Self::Timeout { after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Direction {
    /// The side that speaks, if one does.
    pub fn side(self) -> Option<Side> {
        match self {
            Self::C => Some(Side::Client),
            Self::S => Some(Side::Server),
            Self::Nobody => None,
        }
    }
}

impl Event {
    /// Something that belongs to this connection, of which nothing else is known yet.
    pub fn new(conn: u32, dir: Direction) -> Self {
        Self {
            v: VERSION,
            t: None,
            ms: 0.0,
            conn,
            proto: Cow::Borrowed(""),
            side: None,
            peer: None,
            dir,
            tls: false,
            phase: None,
            text: None,
            b64: None,
            bytes: 0,
            secret: 0,
            elided: false,
            reply_ms: None,
            expected: true,
            event: None,
        }
    }

    /// Something that happened besides words.
    pub fn happened(conn: u32, what: Happening) -> Self {
        Self { event: Some(what), ..Self::new(conn, Direction::Nobody) }
    }

    /// The same event about these octets, as text if they are a line.
    #[must_use]
    pub fn saying(self, octets: &[u8]) -> Self {
        let line = octets.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
        match line.filter(|line| !line.contains(['\r', '\n'])) {
            Some(line) => Self { text: Some(line.to_owned()), b64: None, ..self },
            None => Self { text: None, b64: Some(STANDARD.encode(octets)), ..self },
        }
    }

    /// As one line of JSON, without its line end.
    pub fn to_json(&self) -> String {
        // Numbers, strings and lists of them have no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line of either form, without its end.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let read = match line {
            line if line.len() > LINE_MAX => Err(format!("it is longer than {LINE_MAX} octets")),
            line if line.starts_with('{') => Self::from_json(line),
            line => Self::from_text(line),
        };
        read.map_err(|mut why| {
            // Whatever the line is, and however long: it may be repeated there.
            if why.len() > WHY_MAX {
                why.truncate(why.floor_char_boundary(WHY_MAX));
                why.push('…');
            }
            why
        })
    }

    /// Reads a line of JSON.
    pub fn from_json(line: &str) -> Result<Self, String> {
        let event: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if event.v != VERSION {
            return Err(format!("version {} of the form is not known", event.v));
        }
        Ok(event)
    }

    /// What was said, if something was: as text the line, otherwise the octets.
    pub fn entry(&self) -> Option<Entry> {
        let side = self.dir.side()?;
        let connection = self.conn.max(1);
        Some(match (&self.text, &self.b64) {
            (Some(text), _) if text.chars().all(is_plain) => Entry::Line { connection, side, text: text.clone() },
            (Some(text), _) => Entry::Raw { connection, side, octets: format!("{text}\r\n").into_bytes() },
            (None, Some(octets)) => Entry::Raw { connection, side, octets: STANDARD.decode(octets).ok()? },
            (None, None) => return None,
        })
    }
}

/// Reads a trace, of either form; empty lines are passed over.
pub fn parse(trace: &str) -> Result<Vec<Event>, NotAnEvent> {
    let lines = trace.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| Event::from_line(line).map_err(|why| NotAnEvent { line: index + 1, why });
    lines.map(read).collect()
}

#[cfg(test)]
mod tests;
