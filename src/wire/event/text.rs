//! The text of events: a column for the machine, then a line of a transcript for everybody.
//!
//! `[    41.2ms ~ +38.0ms ! 512B] S: 550 no`: milliseconds since the start, `~` under TLS, how long the reply took, `!` if
//! it is not what was hoped for, and the octets of a body that is left out. Players skip the column.

use super::{Decision, Direction, Event, Happening};
use crate::wire::transcript::{self, Entry, Numbered};
use std::fmt;

/// Octets of a line that is none that are repeated.
const SHOWN_MAX: usize = 80;

/// What stands in front of a line of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Column {
    /// Milliseconds since the trace began.
    pub ms: f64,
    /// Whether it went through TLS.
    pub tls: bool,
    /// Milliseconds that a reply took.
    pub reply_ms: Option<f64>,
    /// Whether the reply is not what was hoped for.
    pub is_unexpected: bool,
    /// Octets of a body that is left out.
    pub elided: Option<u64>,
}

impl Column {
    /// The column of a line, and what follows it.
    pub fn split(line: &str) -> (Option<Self>, &str) {
        let read = || {
            let (column, rest) = line.strip_prefix('[')?.split_once(']')?;
            let mut words = column.split_ascii_whitespace();
            let ms = words.next()?.strip_suffix("ms")?.parse().ok().filter(|ms: &f64| ms.is_finite())?;
            let mut column = Self { ms, ..Self::default() };
            for word in words {
                match word {
                    "~" => column.tls = true,
                    "!" => column.is_unexpected = true,
                    word => match word.strip_prefix('+').and_then(|word| word.strip_suffix("ms")) {
                        Some(took) => {
                            column.reply_ms = Some(took.parse().ok().filter(|ms: &f64| ms.is_finite())?);
                        }
                        None => column.elided = Some(word.strip_suffix('B')?.parse().ok()?),
                    },
                }
            }
            Some((column, rest.strip_prefix(' ')?))
        };
        read().map_or((None, line), |(column, rest)| (Some(column), rest))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:8.1}ms", self.ms)?;
        f.write_str(if self.tls { " ~" } else { "" })?;
        self.reply_ms.map_or(Ok(()), |ms| write!(f, " +{ms:.1}ms"))?;
        f.write_str(if self.is_unexpected { " !" } else { "" })?;
        self.elided.map_or(Ok(()), |count| write!(f, " {count}B"))?;
        f.write_str("]")
    }
}

impl Event {
    /// What stands in front of its line.
    pub fn column(&self) -> Column {
        Column {
            ms: self.ms,
            tls: self.tls && self.dir != Direction::Nobody,
            reply_ms: self.reply_ms,
            is_unexpected: !self.expected,
            // How long it was is not to be seen from what has no end of a line and holds a mark.
            elided: (self.elided || self.secret > 0 && self.b64.is_some()).then_some(self.bytes),
        }
    }

    /// Its lines in a transcript, without the column: one, or one with a comment on it.
    pub fn lines(&self) -> Vec<String> {
        if let Some(entry) = self.entry() {
            return vec![entry.to_string()];
        }
        let Some(what) = &self.event else { return Vec::new() };
        let number = Numbered(self.conn.max(1));
        if let Happening::Note { what } = what
            && what.starts_with('#')
        {
            return vec![transcript::one_line(what)];
        }
        let mut lines = vec![format!("{number}-- {}", transcript::one_line(&sentence(what, self.peer.as_deref())))];
        if let Happening::Tls { version, cipher, verified, chain } = what {
            // What nobody vouched for in the handshake may be judged behind it, as --probe does.
            let by = if verified == "none" { String::new() } else { format!(" verified by {verified}") };
            let shown = chain.first().map_or(String::new(), |own| format!(", certificate {own}{by}"));
            lines.push(transcript::one_line(&format!("# {version}, {cipher}{shown}")));
        }
        lines
    }

    /// As lines of text, each with the column and its line end.
    pub fn to_text(&self) -> String {
        let column = self.column();
        self.lines().iter().map(|line| format!("{column} {line}\n")).collect()
    }

    /// Reads a line of text. What the text form does not tell stays unknown.
    pub fn from_text(line: &str) -> Result<Self, String> {
        let (column, rest) = Column::split(line);
        let entry = transcript::entry(rest).ok_or_else(|| {
            let shown = &rest[..rest.floor_char_boundary(SHOWN_MAX)];
            let more = if shown.len() < rest.len() { "…" } else { "" };
            format!("{shown:?}{more} is neither JSON nor transcript")
        })?;
        let column = column.unwrap_or_default();
        let event = match entry {
            Entry::Line { connection, side, text } => {
                let elided = text == "{...}";
                let bytes = if elided { 0 } else { text.len() as u64 + 2 };
                Self { text: Some(text), bytes, elided, ..Self::new(connection, side.into()) }
            }
            Entry::Raw { connection, side, octets } => {
                let bytes = octets.len() as u64;
                Self { bytes, ..Self::new(connection, side.into()).saying(&octets) }
            }
            Entry::Tls(connection) => {
                let (version, cipher, verified) = Default::default();
                Self::happened(connection, Happening::Tls { version, cipher, verified, chain: Vec::new() })
            }
            Entry::Closed(connection) => Self::happened(connection, Happening::Closed { by: None }),
            Entry::Cut(connection) => Self::happened(connection, Happening::Cut { why: String::new() }),
            // Comments, what is given, and what a command reads and prints belong to no connection.
            Entry::Note(connection, what) => Self::happened(connection, Happening::Note { what }),
            other => Self::happened(0, Happening::Note { what: other.to_string() }),
        };
        let bytes = column.elided.unwrap_or(event.bytes);
        Ok(Self {
            ms: column.ms,
            tls: column.tls,
            reply_ms: column.reply_ms,
            expected: !column.is_unexpected,
            bytes,
            ..event
        })
    }
}

/// What happened, as the words behind `--`. Those that players know have no more words behind them.
fn sentence(what: &Happening, peer: Option<&str>) -> String {
    match what {
        Happening::Connect => format!("connect {}", peer.unwrap_or_default()),
        Happening::Tls { .. } => "tls".to_owned(),
        Happening::Dns { record, name, answer, authentic, .. } => {
            let authentic = if *authentic { ", authentic" } else { "" };
            format!("dns {record} {name}: {}{authentic}", answer.join(", "))
        }
        Happening::Query { record, name, over, query, reply } => {
            let whom = peer.map_or(String::new(), |peer| format!(" of {peer}"));
            let came = match (query, reply) {
                (_, Some(reply)) => format!("{} octets", decoded_len(reply)),
                (Some(_), None) => "no reply".to_owned(),
                // Nobody knows any more whether there was one.
                (None, None) => "taken out".to_owned(),
            };
            format!("query {record} {name}{whom} over {over}: {came}")
        }
        Happening::Http { method, url, status: Some(status), size } => {
            format!("{method} {url}: {status}, {size} octets")
        }
        Happening::Http { method, url, status: None, .. } => format!("{method} {url}: no answer"),
        Happening::Timeout { after_ms } => format!("no answer within {after_ms} ms"),
        Happening::Cut { why } if why.is_empty() => "cut".to_owned(),
        Happening::Cut { why } => format!("broken: {why}"),
        Happening::Closed { .. } => "closed".to_owned(),
        Happening::Decision(Decision { what, .. }) | Happening::Note { what } => what.clone(),
    }
}

/// How many octets a text in base64 stands for.
fn decoded_len(text: &str) -> usize {
    let digits = text.trim_end_matches('=').len();
    digits / 4 * 3 + (digits % 4).saturating_sub(1)
}
