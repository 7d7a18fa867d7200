//! What a trace of HTTP must not show: proofs, codes, tokens.
//!
//! Of a target the query is left out, of a field what is not known to be harmless. What anybody may ask for, as a policy, is
//! shown; of forms and JSON all values are left out that are not known to be harmless, and any other body whole.
//! RFC 9112 §2.1, §3, §6; RFC 6749 §2.3, §4.1.2, §5; RFC 8461 §3.3.

use super::body::{Body, is_document};
use crate::wire::record::{ENDLESS, Follow, Seen, Show, Turn};
use crate::wire::transcript::Side;

/// Begins to follow a connection that carries one request and its answer.
pub fn follow() -> Box<dyn Follow> {
    Box::new(Follower { client: Message::default(), server: Message::default(), is_public: false })
}

struct Follower {
    client: Message,
    server: Message,
    /// The request is whole, and anybody might have asked it.
    is_public: bool,
}

/// What one side says: where in it we are, and what its fields say about its body.
#[derive(Default)]
struct Message {
    place: Place,
    /// It asks for a document, so far.
    is_get: bool,
    /// A proof goes along.
    has_proof: bool,
    /// As Content-Type has it, without parameters.
    media_type: String,
    length: Option<u64>,
    is_encoded: bool,
    body: Body,
}

/// Where in a message one side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Start,
    Fields {
        /// An answer with status 1yz: another follows it.
        is_interim: bool,
        /// The last line was cut, so the next is more of it.
        is_cut: bool,
    },
    Body {
        /// How much of it is to come, if that was said.
        left: Option<u64>,
    },
    /// Behind all that is known.
    End,
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

    fn is_repeated(&self) -> bool {
        false
    }

    fn greets(&self) -> bool {
        false
    }

    fn counted(&self, from: Side) -> Option<u64> {
        let message = if from == Side::Client { &self.client } else { &self.server };
        match (message.place, &message.body) {
            (Place::End, _) | (Place::Body { .. }, Body::Hidden) => Some(ENDLESS),
            (Place::Body { left }, _) => left,
            _ => None,
        }
    }

    fn line(&mut self, from: Side, line: &[u8]) -> Seen {
        let is_start = match from {
            Side::Client => self.client.place == Place::Start,
            Side::Server => self.server.place == Place::Start,
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
        let is_public = self.is_public;
        let message = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let is_cut = !line.ends_with(b"\n");
        match message.place {
            Place::Start => {
                let is_interim = line.starts_with(b"HTTP/1.1 1") || line.starts_with(b"HTTP/1.0 1");
                message.place = Place::Fields { is_interim, is_cut };
                match from {
                    Side::Client => {
                        message.is_get = line.starts_with(b"GET ") && !is_cut && is_document(line);
                        without_query(line, 0)
                    }
                    Side::Server if line.starts_with(b"HTTP/1.") => Show::Whole,
                    // No HTTP, then nobody knows what it is.
                    Side::Server => Show::Secret { keep: 0 },
                }
            }
            Place::Fields { is_cut: true, is_interim } => {
                message.place = Place::Fields { is_interim, is_cut };
                // Whatever that field was about, it is not known.
                message.has_proof = true;
                Show::Secret { keep: 0 }
            }
            Place::Fields { is_interim, .. } if line.trim_ascii().is_empty() => {
                message.end_of_fields(is_interim, is_public, from);
                if from == Side::Client {
                    self.is_public = message.is_get && !message.has_proof;
                }
                Show::Whole
            }
            Place::Fields { is_interim, .. } => {
                message.place = Place::Fields { is_interim, is_cut };
                message.learn(line);
                field(line)
            }
            Place::Body { left } => {
                let left = left.map(|left| left.saturating_sub(line.len() as u64));
                message.place = if left == Some(0) { Place::End } else { Place::Body { left } };
                message.body.show(line)
            }
            Place::End => Show::Hidden,
        }
    }
}

impl Message {
    /// Notes what a field says about the body, or about who asks.
    fn learn(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let Some((name, value)) = text.split_once(':') else {
            self.has_proof = true;
            return;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-type" => {
                self.media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            }
            // RFC 9112 §6.3: two of them, or one that is no number, leave the length open.
            "content-length" => {
                self.is_encoded |= self.length.is_some();
                self.length = value.parse().ok();
                self.is_encoded |= self.length.is_none();
            }
            "transfer-encoding" | "content-encoding" => self.is_encoded = true,
            name if HARMLESS.contains(&name) || name == "accept-language" => {}
            _ => self.has_proof = true,
        }
    }

    /// What follows the fields.
    fn end_of_fields(&mut self, is_interim: bool, is_public: bool, from: Side) {
        if is_interim {
            *self = Self::default();
            return;
        }
        let is_json = self.media_type == "application/json" || self.media_type.ends_with("+json");
        self.body = match self.media_type.as_str() {
            _ if from == Side::Server && is_public => Body::document(),
            // Chunks may part a token, and so does compression.
            _ if self.is_encoded => Body::Hidden,
            "application/x-www-form-urlencoded" if self.length.is_some() => Body::Form,
            _ if is_json && self.length.is_some() => Body::json(),
            _ => Body::Hidden,
        };
        let left = self.length.filter(|_| !self.is_encoded);
        self.place = if left == Some(0) { Place::End } else { Place::Body { left } };
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
    fn what_anybody_may_ask_for_is_shown_and_nothing_else() {
        let answer = |media_type: &str, body: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let policy = "version: STSv1\r\nmode: enforce\nmax_age: 1";
        for (request, is_shown) in [
            ("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET /mail/config-v1.1.xml?emailaddress=a%40b HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET /x?emailaddress=a&code=b HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("GET /x?code=b HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("GET /x HTTP/1.1\r\nAuthorization: Bearer hunter2\r\n\r\n", false),
            ("GET /x HTTP/1.1\r\nCookie: hunter2\r\n\r\n", false),
            ("GET /x HTTP/1.1\r\nX-Api-Key: hunter2\r\n\r\n", false),
            ("POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", false),
            ("GET /x HTTP/1.1\r\nHost: a\r\n", false),
        ] {
            let found = trace(&[(Side::Client, request), (Side::Server, &answer("text/plain", policy))]);
            let body: Vec<&str> = found.iter().skip_while(|line| *line != "S: ").skip(1).map(String::as_str).collect();
            let whole = ["S: version: STSv1", r"S! mode: enforce\n", "S! max_age: 1"];
            assert_eq!(body, if is_shown { &whole[..] } else { &["S: {...}"] }, "{request}");
        }
    }

    #[test]
    fn of_forms_and_tokens_the_names_are_shown() {
        let form = "grant_type=refresh_token&refresh_token=hunter2&x=&client_id=hunter2";
        let post = format!(
            "POST /token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let json = "{\"access_token\":\"hunter2\",\n \"expires_in\": 3600, \"token_type\":\"Bearer\"}";
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{json}",
            json.len()
        );
        for size in 1..form.len() {
            let mut said: Vec<(Side, &str)> = Vec::new();
            for (side, text) in [(Side::Client, &post), (Side::Server, &answer)] {
                let pieces = text.as_bytes().chunks(size).filter_map(|piece| std::str::from_utf8(piece).ok());
                said.extend(pieces.map(|piece| (side, piece)));
            }
            let found = trace(&said);
            assert!(
                found.contains(&"C! grant_type=refresh_token&refresh_token={secret}&x=&client_id={secret}".to_owned()),
                "{found:#?}"
            );
            // What is no line is shown with escapes.
            let last = [r#"{"access_token":"{secret}",\n"#, r#" "expires_in": 3600, "token_type":"Bearer"}"#];
            let last = last.map(|line| format!("S! {}", line.replace('"', "\\\"")));
            assert!(found.ends_with(&last), "{found:#?}");
        }
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
