//! Transcripts: a conversation as text, one form for traces, tests and docs.
//!
//! ```text
//! # A comment; what it shows.
//! given: users bob
//! S: 220 {host} ESMTP {*}
//! C: EHLO crepes.example
//! C! RSET\nNOOP\r\n
//! 2C: QUIT
//! -- tls
//! 2-- closed
//! [  41.2ms +38.0ms] S: 250 ok
//! ```
//!
//! `C:` and `S:` are clean lines; `C!` and `S!` are octets with escapes, line ends spelled out. A number in front says
//! which connection is meant, if it is not the first. Printing and parsing are inverse, but for the column of traces,
//! which readers skip ([`Column`]). Knows no protocol.

use super::event::Column;
use crate::duration;
use std::fmt;
use std::time::Duration;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that opened the connection.
    Client,
    /// The one that was listening.
    Server,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `# …`: for readers.
    Comment(String),
    /// `given: …`: what must be so before the conversation starts.
    Given(String),
    /// A clean line somebody says, or a pattern for it; without its CRLF.
    Line {
        /// Which connection, from 1.
        connection: u32,
        /// Who speaks.
        side: Side,
        /// The line.
        text: String,
    },
    /// Octets somebody says, of any sort.
    Raw {
        /// Which connection, from 1.
        connection: u32,
        /// Who speaks.
        side: Side,
        /// The octets.
        octets: Vec<u8>,
    },
    /// `-- tls`: the handshake happens now on this connection.
    Tls(u32),
    /// `-- cut`: the client of this connection vanishes without a word.
    Cut(u32),
    /// `-- closed`: the server has closed this connection.
    Closed(u32),
    /// `-- 5m`: time passes.
    Wait(Duration),
    /// `-- …`: anything else worth noting, as traces do.
    Note(u32, String),
    /// `$ …`: a command of ours runs; the rest of the file is its surroundings.
    Command(String),
    /// `< …`: a line it reads.
    Stdin(String),
    /// `> …`: a line it prints.
    Stdout(String),
    /// `! …`: a line it says on the error channel.
    Stderr(String),
    /// `? …`: its exit code.
    Exit(i32),
}

/// A line that is no transcript line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text:?} is not a transcript line")]
pub struct NotATranscript {
    /// Counted from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Reads a transcript; empty lines and time columns are skipped.
pub fn parse(text: &str) -> Result<Vec<Entry>, NotATranscript> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, Column::split(line).1))
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| entry(line).ok_or_else(|| NotATranscript { line: number, text: line.to_owned() }))
        .collect()
}

/// Reads one line that has no column.
pub(super) fn entry(line: &str) -> Option<Entry> {
    if let Some((connection, side, kind, text)) = spoken(line) {
        return Some(match kind {
            ':' => Entry::Line { connection, side, text: text.to_owned() },
            _ => Entry::Raw { connection, side, octets: unescape(text)? },
        });
    }
    let (connection, unnumbered) = numbered(line)?;
    if let Some(what) = unnumbered.strip_prefix("--").filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
        return Some(match what.strip_prefix(' ').unwrap_or(what) {
            "tls" => Entry::Tls(connection),
            "cut" => Entry::Cut(connection),
            "closed" => Entry::Closed(connection),
            other => match duration::parse(other) {
                Ok(wait) => Entry::Wait(wait),
                Err(_) => Entry::Note(connection, other.to_owned()),
            },
        });
    }
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match mark {
        "#" => Entry::Comment(rest.to_owned()),
        "given:" => Entry::Given(rest.to_owned()),
        "$" => Entry::Command(rest.to_owned()),
        "<" => Entry::Stdin(rest.to_owned()),
        ">" => Entry::Stdout(rest.to_owned()),
        "!" => Entry::Stderr(rest.to_owned()),
        "?" => Entry::Exit(rest.parse().ok()?),
        _ => return None,
    })
}

/// The number of the connection in front of a line, and the line without it.
fn numbered(line: &str) -> Option<(u32, &str)> {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let connection = if digits == 0 { 1 } else { line[..digits].parse().ok()? };
    Some((connection, &line[digits..]))
}

/// `2C: text` in its parts.
fn spoken(line: &str) -> Option<(u32, Side, char, &str)> {
    let (connection, unnumbered) = numbered(line)?;
    let mut chars = unnumbered.chars();
    let side = match chars.next()? {
        'C' => Side::Client,
        'S' => Side::Server,
        _ => return None,
    };
    let kind = chars.next().filter(|kind| matches!(kind, ':' | '!'))?;
    let text = chars.as_str();
    Some((connection, side, kind, text.strip_prefix(' ').unwrap_or(text)))
}

/// The entry for something that was said: a clean line if it is one, octets otherwise.
pub fn said(connection: u32, side: Side, octets: &[u8]) -> Entry {
    let clean = octets
        .strip_suffix(b"\r\n")
        .and_then(|line| std::str::from_utf8(line).ok())
        .filter(|line| line.chars().all(is_plain));
    match clean {
        Some(text) => Entry::Line { connection, side, text: text.to_owned() },
        None => Entry::Raw { connection, side, octets: octets.to_vec() },
    }
}

/// What may stand in a clean line: nothing that moves the cursor, hides, or turns the text around.
pub(super) fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// A text that keeps to its line, and does nothing to the terminal it may be shown on.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { line.push(c) } else { line.extend(c.escape_default()) }
    }
    line
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment(text) => write!(f, "# {text}"),
            Self::Given(text) => write!(f, "given: {text}"),
            Self::Line { connection, side, text } => write!(f, "{}{side}: {text}", Numbered(*connection)),
            Self::Raw { connection, side, octets } => {
                write!(f, "{}{side}! {}", Numbered(*connection), escape(octets))
            }
            Self::Tls(connection) => write!(f, "{}-- tls", Numbered(*connection)),
            Self::Cut(connection) => write!(f, "{}-- cut", Numbered(*connection)),
            Self::Closed(connection) => write!(f, "{}-- closed", Numbered(*connection)),
            Self::Wait(wait) => write!(f, "-- {}", duration::print(*wait)),
            Self::Note(connection, text) => write!(f, "{}-- {text}", Numbered(*connection)),
            Self::Command(text) => write!(f, "$ {text}"),
            Self::Stdin(text) => write!(f, "< {text}"),
            Self::Stdout(text) => write!(f, "> {text}"),
            Self::Stderr(text) => write!(f, "! {text}"),
            Self::Exit(code) => write!(f, "? {code}"),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "C",
            Self::Server => "S",
        })
    }
}

/// The first connection carries no number.
pub(super) struct Numbered(pub(super) u32);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 1 { Ok(()) } else { self.0.fmt(f) }
    }
}

fn escape(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// `\r \n \t \0 \\ \' \" \xNN`; anything else stands for itself.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        octets.push(match chars.next()? {
            'r' => b'\r',
            'n' => b'\n',
            't' => b'\t',
            '0' => 0,
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                u8::from_str_radix(Some(digits).filter(|digits| digits.len() == 2)?.as_str(), 16).ok()?
            }
            c @ ('\\' | '\'' | '"') => c as u8,
            _ => return None,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_form_is_read() {
        let text = "# Two clients\ngiven: users bob\n[  41.2ms] S: 220 {host}\n2C: EHLO x\nC! a\\nb\\r\\n\\xff\n-- tls\n-- 5m\n-- dns mx\n[ 1.0ms ~ +2.5ms ! 9B] 3-- closed\n$ mailkit send\n? 75\n";
        let line = |connection, side, text: &str| Entry::Line { connection, side, text: text.into() };
        assert_eq!(
            parse(text).expect("a transcript"),
            [
                Entry::Comment("Two clients".into()),
                Entry::Given("users bob".into()),
                line(1, Side::Server, "220 {host}"),
                line(2, Side::Client, "EHLO x"),
                Entry::Raw { connection: 1, side: Side::Client, octets: b"a\nb\r\n\xff".to_vec() },
                Entry::Tls(1),
                Entry::Wait(Duration::from_secs(300)),
                Entry::Note(1, "dns mx".into()),
                Entry::Closed(3),
                Entry::Command("mailkit send".into()),
                Entry::Exit(75),
            ]
        );
    }

    #[test]
    fn what_is_no_transcript_is_refused_with_its_line() {
        for text in ["hello", "C\\: x", "C! \\q", "C! \\x1", "? x"] {
            assert_eq!(parse(&format!("# x\n{text}\n")).expect_err(text).line, 2);
        }
    }

    proptest! {
        #[test]
        fn what_was_said_is_read_back(octets in proptest::collection::vec(any::<u8>(), 0..40), connection in 1_u32..4) {
            let entry = said(connection, Side::Client, &octets);
            prop_assert_eq!(parse(&entry.to_string()), Ok(vec![entry]));
        }

        #[test]
        fn clean_lines_are_read_back(text in "[ -~äß]{0,30}") {
            let entry = said(1, Side::Server, format!("{text}\r\n").as_bytes());
            prop_assert!(matches!(entry, Entry::Line { .. }), "a clean line");
            prop_assert_eq!(parse(&entry.to_string()), Ok(vec![entry]));
        }
    }
}
