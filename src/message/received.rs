//! Trace fields: what each server writes on top of a message, and what it reads there.
//!
//! A HELO name is whatever a stranger typed, so nothing of it may become another field.
//! The scan looks at a message while it streams past and never holds it.
//! Knows no session and makes no ids. RFC 5321 §4.4, §6.3; RFC 3848; RFC 9228 for `Delivered-To`.

use super::date;
use super::field::{colon_of, is_continuation};
use crate::address::Domain;
use crate::envelope::{ForwardPath, ReversePath};
use crate::world::Timestamp;
use std::net::IpAddr;

/// RFC 5321 §4.5.3.1.2: octets in a domain.
const NAME_MAX: usize = 255;
/// More octets than this before a colon are no field name.
const FIRST_LINE_MAX: usize = 998;

/// What a server adds when it takes a message over (RFC 5321 §4.4).
#[derive(Debug, Clone)]
pub struct Received<'a> {
    /// The name the client gave in HELO or EHLO, unchecked; empty if it never did.
    pub helo: &'a str,
    /// The client's address; none for what came over a pipe or was made here.
    pub peer: Option<IpAddr>,
    /// Our host name.
    pub by: &'a str,
    /// `SMTP`, `ESMTPSA`, `UTF8SMTP` … (RFC 3848, RFC 6531 §4.3).
    pub protocol: &'a str,
    /// The queue id.
    pub id: &'a str,
    /// The recipient, if there is a single one: several would tell blind copies of each other.
    pub recipient: Option<&'a ForwardPath>,
    /// When the message was accepted.
    pub when: Timestamp,
}

impl Received<'_> {
    /// The field, folded, with its last CRLF. All ASCII, unless the protocol is one of RFC 6531.
    pub fn to_field(&self) -> String {
        let utf8 = self.protocol.starts_with("UTF8");
        let mut field = format!("Received: from {}", name(self.helo, utf8));
        if let Some(peer) = self.peer {
            // An IPv4 client on a dual-stack socket is still an IPv4 client.
            field += &format!(" ({})", Domain::Literal(peer.to_canonical()));
        }
        field += &format!("\r\n\tby {} with {}", name(self.by, utf8), name(self.protocol, false));
        field += &format!(" id {}", name(self.id, false));
        if let Some(recipient) = self.recipient.map(ToString::to_string).filter(|text| utf8 || text.is_ascii()) {
            field += &format!("\r\n\tfor <{recipient}>");
        }
        field += &format!(";\r\n\t{}\r\n", date::rfc5322(self.when));
        field
    }
}

/// Where in the body of a trace field its date begins: behind the last semicolon that stands in no comment.
pub fn date_at(body: &[u8]) -> Option<usize> {
    let (mut depth, mut last, mut escaped) = (0usize, None, false);
    for (at, octet) in body.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => last = Some(at),
            _ => {}
        }
    }
    // Somebody forgot to close a parenthesis.
    last.or_else(|| memchr::memrchr(b';', body)).map(|at| at + 1)
}

/// `Return-Path: <alice@crepes.example>`, put on top at final delivery (RFC 5321 §4.4).
pub fn return_path(path: &ReversePath) -> String {
    format!("Return-Path: <{path}>\r\n")
}

/// `Delivered-To: bob@hamburger.example`, which stops a message that is forwarded in a circle (RFC 9228 §2).
pub fn delivered_to(path: &ForwardPath) -> String {
    format!("Delivered-To: {path}\r\n")
}

/// A name fit for a trace field: host names and address literals as they are, all else in question marks.
fn name(text: &str, utf8: bool) -> String {
    let is_fit = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']') || (utf8 && c.is_alphanumeric())
    };
    let end = text.floor_char_boundary(NAME_MAX);
    let name: String = text[..end].chars().map(|c| if is_fit(c) { c } else { '?' }).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// Looks at a message in pieces: does it begin with a header section, and how many servers has it seen?
#[derive(Debug, Clone, Default)]
pub struct HeaderScan {
    state: State,
    /// The beginning of the line being read, as far as a decision needs it.
    line: Vec<u8>,
    received: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Within the first line.
    #[default]
    First,
    /// At the beginning of a further line of the header section.
    Line,
    /// In a line whose beginning is known.
    Rest,
    /// Behind the header section.
    Body,
    /// There is no header section.
    Bare,
}

impl HeaderScan {
    /// At the beginning of a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        for octet in piece {
            match self.state {
                State::Body | State::Bare => return,
                State::Rest if *octet == b'\n' => self.state = State::Line,
                State::Rest => {}
                State::First | State::Line => self.take(*octet),
            }
        }
    }

    /// Whether the message is text without a header section, so that trace fields need an empty line behind
    /// them. `None` until its first line has said so; a message that ended before that is a bare text too,
    /// unless it is empty.
    pub fn is_bare(&self) -> Option<bool> {
        match self.state {
            State::First => None,
            state => Some(state == State::Bare),
        }
    }

    /// Whether an empty line must stand between trace fields and the message, which has ended or told enough.
    pub fn needs_separator(&self) -> bool {
        self.is_bare().unwrap_or(!self.line.is_empty())
    }

    /// `Received` fields so far; RFC 5321 §6.3 sees a loop where they are too many.
    pub fn received(&self) -> usize {
        self.received
    }

    fn take(&mut self, octet: u8) {
        self.line.push(octet);
        let first = self.state == State::First;
        let (line, ended) = (&self.line[..], octet == b'\n');
        let next = if matches!(line, b"\n" | b"\r\n") {
            Some(State::Body)
        } else if octet == b':' && colon_of(line).is_some() {
            if line[..line.len() - 1].trim_ascii_end().eq_ignore_ascii_case(b"received") {
                self.received += 1;
            }
            Some(State::Rest)
        } else if first && (ended || octet == b':' || line.len() > FIRST_LINE_MAX || is_continuation(line)) {
            Some(State::Bare)
        } else if ended {
            Some(State::Line)
        } else if !first && (octet == b':' || line.len() > FIRST_LINE_MAX || is_continuation(line)) {
            Some(State::Rest)
        } else {
            None
        };
        if let Some(next) = next {
            self.state = next;
            self.line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::has_header_section;
    use super::*;
    use proptest::prelude::*;

    fn received(helo: &str, protocol: &str, recipient: Option<&str>) -> String {
        let recipient = recipient.map(|text| ForwardPath::parse(text).expect(text));
        Received {
            helo,
            peer: Some("192.0.2.7".parse().expect("an address")),
            by: "mx.hamburger.example",
            protocol,
            id: "01HX",
            recipient: recipient.as_ref(),
            when: Timestamp::UNIX_EPOCH,
        }
        .to_field()
    }

    #[test]
    fn the_date_stands_behind_the_last_semicolon_that_counts() {
        for (body, wanted) in [
            ("by mx; 20 Nov", Some(" 20 Nov")),
            ("by mx (a;b); 20 Nov (c;d)", Some(" 20 Nov (c;d)")),
            ("by mx (\\(); 20 Nov", Some(" 20 Nov")),
            ("by mx (a; b; 20 Nov", Some(" 20 Nov")),
            ("by mx", None),
        ] {
            assert_eq!(date_at(body.as_bytes()).map(|at| &body[at..]), wanted, "{body}");
        }
    }

    #[test]
    fn the_field_says_from_whom_by_whom_and_when() {
        assert_eq!(
            received("crepes.fr", "ESMTPS", Some("<bob@hamburger.example>")),
            "Received: from crepes.fr ([192.0.2.7])\r\n\tby mx.hamburger.example with ESMTPS id 01HX\r\n\
             \tfor <bob@hamburger.example>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n"
        );
        assert_eq!(return_path(&ReversePath::Null), "Return-Path: <>\r\n");
        assert_eq!(delivered_to(&ForwardPath::Postmaster), "Delivered-To: postmaster\r\n");
    }

    #[test]
    fn addresses_beyond_ascii_show_only_in_messages_that_may_hold_them() {
        assert!(received("x", "UTF8SMTPS", Some("<jürgen@bücher.example>")).contains("for <jürgen@"));
        assert!(received("bücher", "ESMTP", Some("<jürgen@bücher.example>")).is_ascii());
    }

    #[test]
    fn a_message_tells_its_header_section_apart_however_it_is_cut() {
        for (message, separator, count) in [
            (&b"Received: a\r\nRECEIVED : b\r\n received: folded\r\nTo: c\r\n\r\nReceived: body"[..], false, 2),
            (b"\r\nReceived: no\r\n", false, 0),
            (b"", false, 0),
            (b"Do you like ketchup?\r\nReceived: no\r\n", true, 0),
            (b" leading space: x\r\n", true, 0),
            (b"word", true, 0),
            (b"To: x\r\njunk line\r\nReceived: b\r\n", false, 1),
            (b"Received-SPF: pass\r\nX-Received: y\r\n\r\n", false, 0),
        ] {
            for size in 1..=message.len().max(1) {
                let mut scan = HeaderScan::new();
                message.chunks(size).for_each(|piece| scan.push(piece));
                assert_eq!((scan.needs_separator(), scan.received()), (separator, count), "{}", message.escape_ascii());
            }
            assert_eq!(has_header_section(message), !separator);
        }
    }

    proptest! {
        #[test]
        fn no_greeting_can_add_a_field(helo in any::<String>(), id in any::<String>()) {
            let field = Received {
                helo: &helo, peer: None, by: "mx", protocol: "ESMTP", id: &id, recipient: None,
                when: Timestamp::UNIX_EPOCH,
            }.to_field();
            prop_assert!(field.is_ascii());
            for line in field.split("\r\n").skip(1).filter(|line| !line.is_empty()) {
                prop_assert!(line.starts_with('\t'), "{field:?}");
            }
            prop_assert!(!field.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(field.split("\r\n").all(|line| line.len() <= 998));
        }

        #[test]
        fn scan_and_field_reader_agree(message in "[a :\r\n]{0,12}") {
            let mut scan = HeaderScan::new();
            scan.push(message.as_bytes());
            prop_assert_eq!(!scan.needs_separator(), has_header_section(message.as_bytes()));
        }
    }
}
