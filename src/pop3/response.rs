//! What servers say first: `+OK` or `-ERR`, perhaps a response code, and a text; printed and read.
//!
//! A reader takes hostile responses too: what is cut, is cut here. RFC 1939 §3; RFC 2449 §6.4, §8; RFC 3206.

use crate::error::{Error, Kind, Result};
use crate::wire::frame::{Expect, Fault, Frame};
use crate::wire::session::Output;
use std::fmt;

/// RFC 2449 §4 asks for 512 octets; longer texts are cut there.
const TEXT_KEPT: usize = 512;
/// A line longer than this is no response of a mail server.
const LINE_MAX: usize = 64 * 1024;

/// How a response begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
    /// `+`: the server challenges (RFC 5034 §4).
    Challenge,
}

/// One response, or the first line of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Good or bad.
    pub status: Status,
    /// What stood in brackets, in upper case: `IN-USE`, `SYS/TEMP`, `AUTH`.
    pub code: Option<String>,
    /// The text behind it. A peer's may hold any character.
    pub text: String,
}

impl Response {
    /// What to read next where a response is due.
    pub const EXPECT: Expect = Expect::Line { max: LINE_MAX };

    /// `+OK text`
    pub fn ok(text: impl Into<String>) -> Self {
        Self { status: Status::Ok, code: None, text: text.into() }
    }

    /// `-ERR text`
    pub fn err(text: impl Into<String>) -> Self {
        Self { status: Status::Err, code: None, text: text.into() }
    }

    /// `-ERR [code] text`
    pub fn err_with(code: &str, text: impl Into<String>) -> Self {
        Self { status: Status::Err, code: Some(code.to_owned()), text: text.into() }
    }

    /// `+ text`
    pub fn challenge(text: impl Into<String>) -> Self {
        Self { status: Status::Challenge, code: None, text: text.into() }
    }

    /// Whether the server has done what it was asked.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// Writes the line.
    pub fn print(&self, out: &mut Output) {
        out.line(self.to_string());
    }

    /// Reads a line; an error means that no POP3 server speaks here.
    pub fn parse(line: &[u8]) -> Result<Self> {
        let line = String::from_utf8_lossy(line);
        let line = line.get(..line.floor_char_boundary(TEXT_KEPT)).unwrap_or_default();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let status = match word {
            "+" => return Ok(Self::challenge(rest)),
            word if word.eq_ignore_ascii_case("+OK") => Status::Ok,
            word if word.eq_ignore_ascii_case("-ERR") => Status::Err,
            _ => return Err(not_pop3().said(line)),
        };
        let (code, text) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((code, text)) if is_code(code) => (Some(code.to_ascii_uppercase()), text.trim_start()),
            _ => (None, rest),
        };
        Ok(Self { status, code, text: text.to_owned() })
    }

    /// Reads what came where a response was due.
    pub fn take(frame: Frame<'_>) -> Result<Self> {
        match frame {
            Frame::Line(line) => Self::parse(line),
            Frame::Fault(Fault::LineTooLong) => {
                Err(Error::new(Kind::Protocol, "the server sent a line without an end"))
            }
            Frame::Fault(_) | Frame::Piece(_) | Frame::End => Err(not_pop3()),
        }
    }

    /// The sort of failure; none if all is well. RFC 2449 §8.1, RFC 3206 §4.
    pub fn kind(&self) -> Option<Kind> {
        let first = self.code.as_deref().map(|code| code.split('/').collect::<Vec<_>>());
        match (self.status, first.as_deref()) {
            (Status::Ok, _) => None,
            (Status::Challenge, _) => Some(Kind::Protocol),
            (Status::Err, Some(["AUTH", ..])) => Some(Kind::NoPermission),
            (Status::Err, Some(["IN-USE" | "LOGIN-DELAY", ..] | ["SYS", "TEMP", ..])) => Some(Kind::Temporary),
            (Status::Err, _) => Some(Kind::Unavailable),
        }
    }

    /// The same where a login was tried: without a code to the contrary it is the password.
    pub fn login_kind(&self) -> Option<Kind> {
        match (self.status, &self.code) {
            (Status::Err, None) => Some(Kind::NoPermission),
            _ => self.kind(),
        }
    }
}

/// `resp-level *("/" resp-level)` (RFC 2449 §8).
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'/' | b'_'))
}

fn not_pop3() -> Error {
    Error::new(Kind::Protocol, "the server sent no response of POP3")
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.status {
            Status::Ok => "+OK",
            Status::Err => "-ERR",
            Status::Challenge => "+",
        })?;
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        // A challenge may be empty, and keeps its space (RFC 5034 §4).
        if self.text.is_empty() && self.status != Status::Challenge { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn responses_are_read_and_printed() {
        for (line, code, text) in [
            ("+OK", None, ""),
            ("+OK 2 messages", None, "2 messages"),
            ("-ERR no", None, "no"),
            ("-ERR [IN-USE] busy", Some("IN-USE"), "busy"),
            ("-ERR [SYS/TEMP] later", Some("SYS/TEMP"), "later"),
            ("-ERR [not a code] x", None, "[not a code] x"),
            ("-ERR [", None, "["),
            ("+ dXNlcg==", None, "dXNlcg=="),
            ("+ ", None, ""),
        ] {
            let response = Response::parse(line.as_bytes()).expect(line);
            assert_eq!((response.code.as_deref(), response.text.as_str()), (code, text), "{line}");
            assert_eq!(response.to_string(), line);
        }
        assert_eq!(Response::parse(b"-err [in-use]busy").expect("a response").to_string(), "-ERR [IN-USE] busy");
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        for line in ["", "OK", "+OKAY", "-ERROR", "220 mx ESMTP", "* OK IMAP4rev1", "-", "+K"] {
            assert_eq!(Response::parse(line.as_bytes()).map_err(|error| error.kind()), Err(Kind::Protocol), "{line}");
        }
    }

    #[test]
    fn a_refusal_has_a_kind() {
        for (line, kind, login_kind) in [
            ("+OK", None, None),
            ("-ERR no", Some(Kind::Unavailable), Some(Kind::NoPermission)),
            ("-ERR [AUTH] no", Some(Kind::NoPermission), Some(Kind::NoPermission)),
            ("-ERR [IN-USE] no", Some(Kind::Temporary), Some(Kind::Temporary)),
            ("-ERR [LOGIN-DELAY] no", Some(Kind::Temporary), Some(Kind::Temporary)),
            ("-ERR [SYS/TEMP] no", Some(Kind::Temporary), Some(Kind::Temporary)),
            ("-ERR [SYS/PERM] no", Some(Kind::Unavailable), Some(Kind::Unavailable)),
            ("+ what", Some(Kind::Protocol), Some(Kind::Protocol)),
        ] {
            let response = Response::parse(line.as_bytes()).expect(line);
            assert_eq!((response.kind(), response.login_kind()), (kind, login_kind), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = Response::parse(&line);
            let _ = Response::parse(&[b"+OK [", line.as_slice()].concat());
        }
    }
}
