//! What a trace of HTTP must not show: proofs, codes, tokens.
//!
//! Bodies are elided, both ways; of a target the query is left out, of a field what is not known to be harmless.
//! RFC 9112 §2.1, §3; RFC 6749 §2.3, §4.1.2.

use crate::wire::record::{ENDLESS, Follow, Seen, Show, Turn};
use crate::wire::transcript::Side;

/// Begins to follow a connection that carries one request and its answer.
pub(super) fn follow() -> Box<dyn Follow> {
    Box::new(Follower { client: Place::Start, server: Place::Start })
}

struct Follower {
    client: Place,
    server: Place,
}

/// Where in a message one side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Fields {
        /// An answer with status 1yz: another follows it.
        is_interim: bool,
        /// The last line was cut, so the next is more of it.
        is_cut: bool,
    },
    Body,
}

/// Fields whose values may be seen.
const HARMLESS: [&str; 14] = [
    "accept",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expires",
    "host",
    "last-modified",
    "pragma",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
];

impl Follow for Follower {
    fn protocol(&self) -> &'static str {
        "http"
    }

    fn greets(&self) -> bool {
        false
    }

    fn counted(&self, from: Side) -> Option<u64> {
        let place = if from == Side::Client { self.client } else { self.server };
        (place == Place::Body).then_some(ENDLESS)
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        let is_start = match from {
            Side::Client => self.client == Place::Start,
            Side::Server => self.server == Place::Start,
        };
        let is_interim = line.starts_with(b"HTTP/1.1 1") || line.starts_with(b"HTTP/1.0 1");
        let turn = match (from, is_start) {
            (Side::Client, true) => Turn::Asks { key: Vec::new(), phase: "request" },
            (Side::Client, false) => Turn::More { phase: "request" },
            (Side::Server, true) if is_interim => Turn::Prompts,
            (Side::Server, true) => Turn::Answers { key: Vec::new() },
            (Side::Server, false) => Turn::None,
        };
        let is_good = |line: &[u8]| line.starts_with(b"HTTP/1.") && matches!(line.get(9), Some(b'1'..=b'3'));
        let expected = from == Side::Client || !is_start || is_good(line);
        Seen { show: self.show(from, line), turn, expected }
    }
}

impl Follower {
    fn show(&mut self, from: Side, line: &[u8]) -> Show {
        let place = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let is_cut = !line.ends_with(b"\n");
        match *place {
            Place::Start => {
                let is_interim = line.starts_with(b"HTTP/1.1 1") || line.starts_with(b"HTTP/1.0 1");
                *place = Place::Fields { is_interim, is_cut };
                match from {
                    Side::Client => without_query(line, 0),
                    Side::Server if line.starts_with(b"HTTP/1.") => Show::Whole,
                    // No HTTP, then nobody knows what it is.
                    Side::Server => Show::Secret { keep: 0 },
                }
            }
            Place::Fields { is_cut: true, is_interim } => {
                *place = Place::Fields { is_interim, is_cut };
                Show::Secret { keep: 0 }
            }
            Place::Fields { is_interim, .. } if line.trim_ascii().is_empty() => {
                *place = if is_interim { Place::Start } else { Place::Body };
                Show::Whole
            }
            Place::Fields { is_interim, .. } => {
                *place = Place::Fields { is_interim, is_cut };
                field(line)
            }
            Place::Body => Show::Hidden,
        }
    }
}

fn field(line: &[u8]) -> Show {
    let Some(colon) = line.iter().position(|octet| *octet == b':') else { return Show::Secret { keep: 0 } };
    let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
    match name.as_str() {
        name if HARMLESS.contains(&name) => Show::Whole,
        "location" => without_query(line, colon + 1),
        name if name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') && name.len() <= 40 => {
            Show::Secret { keep: (colon + 2).min(line.len()) }
        }
        _ => Show::Secret { keep: 0 },
    }
}

/// A target without its query and its fragment: codes and states stand there.
fn without_query(line: &[u8], from: usize) -> Show {
    match line[from..].iter().position(|octet| matches!(octet, b'?' | b'#')) {
        Some(at) => Show::Secret { keep: from + at + 1 },
        None => Show::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::record::{Data, shown};

    fn trace(said: &[(Side, &str)]) -> Vec<String> {
        shown(follow(), Data::None, said.iter().map(|(from, text)| (*from, text.as_bytes())))
    }

    #[test]
    fn proofs_codes_and_tokens_are_left_out() {
        let post =
            "POST /token?code=hunter2 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic hunter2\r\nX-Odd: hunter2\r\n\r\n";
        let moved =
            "HTTP/1.1 302 Found\r\nLocation: https://a/b?code=hunter2\r\nSet-Cookie: hunter2\r\nhunter2\r\n\r\n";
        let found = trace(&[
            (Side::Client, post),
            (Side::Client, "refresh_token=hunter2"),
            (Side::Server, "HTTP/1.1 100 Continue\r\n\r\n"),
            (Side::Server, moved),
            (Side::Server, "{\"access_token\":\n\"hunter2\"}"),
        ]);
        assert_eq!(
            found,
            [
                "C: POST /token?{secret}",
                "C: Host: a",
                "C: Authorization: {secret}",
                "C: X-Odd: {secret}",
                "C: ",
                "C: {...}",
                "S: HTTP/1.1 100 Continue",
                "S: ",
                "S: HTTP/1.1 302 Found",
                "S: Location: https://a/b?{secret}",
                "S: Set-Cookie: {secret}",
                "S: {secret}",
                "S: ",
                "S: {...}",
            ]
        );
    }

    #[test]
    fn a_field_without_end_is_not_shown_in_pieces() {
        let (a, b) = ("a".repeat(20_000), "b".repeat(20_000));
        let long = format!("GET /{a}?code=hunter2 HTTP/1.1\r\nX-Odd: {b}: hunter2\r\n\r\n");
        let pieces: Vec<_> = long.as_bytes().chunks(1000).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
        let pieces: Vec<_> = pieces.into_iter().map(|piece| (Side::Client, piece)).collect();
        let shown = trace(&pieces);
        assert!(shown.iter().all(|line| !line.contains("hunter2")));
    }
}
