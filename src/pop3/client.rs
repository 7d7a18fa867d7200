//! The client's side of POP3: requests as values, each with its answer.
//!
//! A message flows into any sink and is never held whole. Knows no connection; what to fetch and what to
//! delete is a service's business. RFC 1939 §3 to §7; RFC 2449 §5; RFC 2595 §4; RFC 5034 §4.

use super::capability::Capabilities;
use super::command::{Command, Number};
use super::response::{Response, Status};
use crate::error::{Error, Kind, Result};
use crate::sasl::{Proof, base64};
use crate::secret::Secret;
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Fault, Frame, TextRule};
use crate::wire::session::Output;
use std::io;
use zeroize::Zeroizing;

/// RFC 2449 §4: a command, its CRLF included.
const COMMAND_MAX: usize = 255;
/// The longest list taken, in octets and in entries: a line of a few octets costs far more once it is an entry.
const LIST_MAX: u64 = 32 * 1024 * 1024;
const ENTRIES_MAX: usize = 500_000;
/// RFC 2449 §4 allows 512 octets for a line of a response.
const LINE_MAX: usize = 4096;

/// A command, and the line that answers it.
pub struct Request {
    /// `None` when the server speaks by itself.
    line: Option<Zeroizing<String>>,
}

impl Request {
    fn new(command: &Command) -> Self {
        Self { line: Some(Zeroizing::new(command.to_string())) }
    }

    /// The greeting, which no command asks for.
    pub fn greeting() -> Self {
        Self { line: None }
    }

    /// `STLS`
    pub fn stls() -> Self {
        Self::new(&Command::Stls)
    }

    /// `USER`
    pub fn user(name: &str) -> Self {
        Self::new(&Command::User(name.to_owned()))
    }

    /// `PASS`
    pub fn pass(password: &Secret) -> Self {
        Self { line: Some(Zeroizing::new(["PASS ", password.expose()].concat())) }
    }

    /// `STAT`
    pub fn stat() -> Self {
        Self::new(&Command::Stat)
    }

    /// `DELE`
    pub fn dele(message: Number) -> Self {
        Self::new(&Command::Dele(message))
    }

    /// `NOOP`
    pub fn noop() -> Self {
        Self::new(&Command::Noop)
    }

    /// `RSET`
    pub fn rset() -> Self {
        Self::new(&Command::Rset)
    }

    /// `QUIT`: what is marked goes now.
    pub fn quit() -> Self {
        Self::new(&Command::Quit)
    }
}

impl Exchange for Request {
    type Reply = Response;

    fn encode(&self, out: &mut Output) {
        if let Some(line) = &self.line {
            out.line(line.as_str());
        }
    }

    fn first(&self) -> Expect {
        Response::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Response>> {
        Response::take(frame).map(Next::Done)
    }
}

/// A login by SASL: a request, and further ones as long as the server challenges.
pub struct Login<'a> {
    proof: Proof<'a>,
    /// An answer that was too long for the command.
    held: Option<Zeroizing<String>>,
    is_over: bool,
}

impl<'a> Login<'a> {
    /// With this proof.
    pub fn new(proof: Proof<'a>) -> Self {
        Self { proof, held: None, is_over: false }
    }

    /// `AUTH`, with the first answer if the mechanism allows it and the line holds it.
    pub fn begin(&mut self) -> Request {
        let mechanism = self.proof.mechanism().name().to_owned();
        self.held = self.proof.initial().map(|octets| base64::encode(&octets));
        let fits =
            |initial: &mut Zeroizing<String>| "AUTH  \r\n".len() + mechanism.len() + initial.len() <= COMMAND_MAX;
        let initial = self.held.take_if(fits);
        Request::new(&Command::Auth { mechanism, initial })
    }

    /// What to send next; nothing when `response` ended the login, well or not. Who is asked more than there is
    /// to say gives up.
    pub fn next(&mut self, response: &Response) -> Option<Request> {
        if response.status != Status::Challenge || self.is_over {
            return None;
        }
        let answer = match self.held.take() {
            Some(held) => Some(held),
            None => {
                let challenge = base64::decode(response.text.as_bytes()).unwrap_or_default();
                self.proof.step(&challenge).ok().map(|octets| base64::encode(&octets))
            }
        };
        self.is_over = answer.is_none();
        Some(Request { line: Some(answer.unwrap_or_else(|| Zeroizing::new("*".to_owned()))) })
    }
}

/// `STAT`'s answer: how many messages, how many octets.
pub fn stat(response: &Response) -> Option<(u32, u64)> {
    let mut words = response.text.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// A command whose good answer has many lines.
pub struct List<T> {
    command: Command,
    entry: fn(&str) -> Option<T>,
    found: Vec<T>,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
}

impl List<(Number, u64)> {
    /// `LIST`: the sizes of all messages.
    pub fn sizes() -> Self {
        let entry = |line: &str| {
            let (number, rest) = numbered(line)?;
            // RFC 1939 §5: more may follow behind the size.
            Some((number, rest.split(' ').next()?.parse().ok()?))
        };
        Self { command: Command::List(None), entry, found: Vec::new(), partial: Vec::new() }
    }
}

impl List<(Number, String)> {
    /// `UIDL`: the unique ids of all messages.
    pub fn uids() -> Self {
        let entry = |line: &str| {
            let (number, uid) = numbered(line)?;
            let is_uid = (1..=255).contains(&uid.len()) && uid.bytes().all(|octet| octet.is_ascii_graphic());
            is_uid.then(|| (number, uid.to_owned()))
        };
        Self { command: Command::Uidl(None), entry, found: Vec::new(), partial: Vec::new() }
    }
}

impl List<String> {
    /// `CAPA`, whose lines [`capabilities`] understands.
    pub fn capabilities() -> Self {
        let entry = |line: &str| Some(line.to_owned());
        Self { command: Command::Capa, entry, found: Vec::new(), partial: Vec::new() }
    }
}

/// What the answer to CAPA means; a server that knows no CAPA has no capabilities.
pub fn capabilities(answer: &Result<Vec<String>, Response>) -> Capabilities {
    match answer {
        Ok(lines) => Capabilities::parse(lines.iter().map(String::as_str)),
        Err(_) => Capabilities::default(),
    }
}

fn numbered(line: &str) -> Option<(Number, &str)> {
    let (number, rest) = line.trim().split_once(' ')?;
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some((Number(number), rest.trim_start()))
}

fn too_long() -> Error {
    Error::new(Kind::Protocol, "the server's list is too long")
}

impl<T> List<T> {
    const TEXT: Expect = Expect::Dotted { max: LIST_MAX, rule: TextRule::AsIs };

    fn lines(&mut self, piece: &[u8]) -> Result<()> {
        for part in piece.split_inclusive(|octet| *octet == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.len() > LINE_MAX || self.found.len() >= ENTRIES_MAX {
                return Err(too_long());
            }
            if self.partial.ends_with(b"\n") {
                let line = String::from_utf8_lossy(&self.partial);
                let line = line.trim_end_matches(['\r', '\n']);
                let entry = (self.entry)(line).ok_or_else(|| {
                    Error::new(Kind::Protocol, "the server's list has a line that is none").said(line)
                })?;
                self.found.push(entry);
                self.partial.clear();
            }
        }
        Ok(())
    }
}

impl<T> Exchange for List<T> {
    type Reply = Result<Vec<T>, Response>;

    fn encode(&self, out: &mut Output) {
        out.line(self.command.to_string());
    }

    fn first(&self) -> Expect {
        Response::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Self::Reply>> {
        Ok(match frame {
            Frame::Piece(piece) => {
                self.lines(piece)?;
                Next::More(Self::TEXT)
            }
            Frame::End => Next::Done(Ok(std::mem::take(&mut self.found))),
            Frame::Fault(Fault::TextTooLong) => return Err(too_long()),
            frame => match Response::take(frame)? {
                response if response.is_ok() => Next::More(Self::TEXT),
                response => Next::Done(Err(response)),
            },
        })
    }
}

/// What became of a message that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Retrieved {
    /// All of it went into the sink: so many octets, line ends as CRLF, dots unstuffed.
    Whole(u64),
    /// The server does not give it.
    Refused(Response),
}

/// `RETR` or `TOP`: the message flows into a sink.
pub struct Retrieve<W> {
    command: Command,
    size_max: u64,
    sink: W,
    octets: u64,
}

impl<W: io::Write> Retrieve<W> {
    /// All of a message; one of more than `size_max` octets is an error.
    pub fn whole(message: Number, size_max: u64, sink: W) -> Self {
        Self { command: Command::Retr(message), size_max, sink, octets: 0 }
    }

    /// The header section and so many lines of the body.
    pub fn top(message: Number, lines: u64, size_max: u64, sink: W) -> Self {
        Self { command: Command::Top(message, lines), size_max, sink, octets: 0 }
    }

    /// The sink, with what flowed into it.
    pub fn into_sink(self) -> W {
        self.sink
    }

    fn text(&self) -> Expect {
        Expect::Dotted { max: self.size_max, rule: TextRule::AsIs }
    }
}

impl<W: io::Write> Exchange for Retrieve<W> {
    type Reply = Retrieved;

    fn encode(&self, out: &mut Output) {
        out.line(self.command.to_string());
    }

    fn first(&self) -> Expect {
        Response::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Retrieved>> {
        Ok(match frame {
            Frame::Piece(piece) => {
                self.sink
                    .write_all(piece)
                    .map_err(|error| Error::new(Kind::Io, "a message cannot be written").caused_by(error))?;
                self.octets += piece.len() as u64;
                Next::More(self.text())
            }
            Frame::End => Next::Done(Retrieved::Whole(self.octets)),
            Frame::Fault(Fault::TextTooLong) => {
                return Err(Error::new(Kind::Data, format!("a message is larger than {} octets", self.size_max)));
            }
            frame => match Response::take(frame)? {
                response if response.is_ok() => Next::More(self.text()),
                response => Next::Done(Retrieved::Refused(response)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::{Credentials, Mechanism};
    use crate::wire::frame::Framer;

    fn said<E: Exchange>(exchange: &E) -> String {
        let mut out = Output::new();
        exchange.encode(&mut out);
        String::from_utf8(out.as_slice().to_vec()).unwrap()
    }

    /// Runs the answer through, octet by octet.
    fn heard<E: Exchange>(exchange: &mut E, octets: &[u8]) -> Result<E::Reply> {
        let (mut framer, mut expect) = (Framer::new(), exchange.first());
        for octet in octets {
            framer.push(&[*octet]);
            while let Some(frame) = framer.next(expect) {
                match exchange.take(frame)? {
                    Next::More(next) => expect = next,
                    Next::Done(reply) => return Ok(reply),
                }
            }
        }
        panic!("no whole answer in {}", octets.escape_ascii())
    }

    #[test]
    fn each_request_is_one_line() {
        let number = Number(7);
        for (request, wanted) in [
            (Request::greeting(), ""),
            (Request::stls(), "STLS\r\n"),
            (Request::user("bob"), "USER bob\r\n"),
            (Request::pass(&Secret::new("a b ".into())), "PASS a b \r\n"),
            (Request::stat(), "STAT\r\n"),
            (Request::dele(number), "DELE 7\r\n"),
            (Request::noop(), "NOOP\r\n"),
            (Request::rset(), "RSET\r\n"),
            (Request::quit(), "QUIT\r\n"),
            (Request::user("bob\r\nDELE 1"), "USER bob  DELE 1\r\n"),
        ] {
            assert_eq!(said(&request), wanted);
        }
        assert_eq!(said(&List::sizes()), "LIST\r\n");
        assert_eq!(said(&List::uids()), "UIDL\r\n");
        assert_eq!(said(&List::capabilities()), "CAPA\r\n");
        assert_eq!(said(&Retrieve::whole(number, 10, Vec::new())), "RETR 7\r\n");
        assert_eq!(said(&Retrieve::top(number, 0, 10, Vec::new())), "TOP 7 0\r\n");
    }

    #[test]
    fn lists_are_read() {
        let sizes = heard(&mut List::sizes(), b"+OK 2\r\n1 120\r\n2 9 extra\r\n.\r\n").unwrap();
        assert_eq!(sizes, Ok(vec![(Number(1), 120), (Number(2), 9)]));
        let uids = heard(&mut List::uids(), b"+OK\r\n1 QhdPYR:00WBw1Ph7x7\r\n.\r\n").unwrap();
        assert_eq!(uids, Ok(vec![(Number(1), "QhdPYR:00WBw1Ph7x7".to_owned())]));
        let capa = heard(&mut List::capabilities(), b"+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n").unwrap();
        assert!(capabilities(&capa).stls);
        let refused = heard(&mut List::capabilities(), b"-ERR what\r\n").unwrap();
        assert_eq!(capabilities(&refused), Capabilities::default());
        assert_eq!(stat(&heard(&mut Request::stat(), b"+OK 2 320 what\r\n").unwrap()), Some((2, 320)));
        assert_eq!(stat(&heard(&mut Request::stat(), b"+OK two\r\n").unwrap()), None);
    }

    #[test]
    fn hostile_lists_are_an_error() {
        for answer in [
            &b"+OK\r\n0 1\r\n.\r\n"[..],
            b"+OK\r\n-1 1\r\n.\r\n",
            b"+OK\r\n1 -1\r\n.\r\n",
            b"+OK\r\n1\r\n.\r\n",
            b"+OK\r\n99999999999 1\r\n.\r\n",
            b"+OK\r\n1 99999999999999999999999\r\n.\r\n",
            b"* OK IMAP\r\n",
        ] {
            let error = heard(&mut List::sizes(), answer).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{}", answer.escape_ascii());
        }
        for answer in [&b"+OK\r\n1 a b\r\n.\r\n"[..], b"+OK\r\n1 \x1b[2J\r\n.\r\n", b"+OK\r\n1 \r\n.\r\n"] {
            assert!(heard(&mut List::uids(), answer).is_err(), "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn a_list_without_an_end_costs_a_limited_memory() {
        let mut many = List::capabilities();
        let piece = b"XX\r\n".repeat(1000);
        let error = (0..).find_map(|count| many.take(Frame::Piece(&piece)).err().map(|error| (count, error)));
        assert!(error.is_some_and(|(count, error)| count <= ENTRIES_MAX / 1000 && error.kind() == Kind::Protocol));
        let mut long = List::sizes();
        let error = long.take(Frame::Piece(&[b'1'; LINE_MAX + 1])).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert!(long.partial.len() <= LINE_MAX + 1);
    }

    #[test]
    fn a_message_flows_into_its_sink() {
        let mut exchange = Retrieve::whole(Number(1), 100, Vec::new());
        let retrieved = heard(&mut exchange, b"+OK 12 octets\r\nA: 1\r\n\r\n..\r\nb\nc\r\n.\r\n").unwrap();
        assert_eq!(retrieved, Retrieved::Whole(16));
        assert_eq!(exchange.into_sink(), b"A: 1\r\n\r\n.\r\nb\nc\r\n");
        let refused = heard(&mut Retrieve::whole(Number(1), 100, Vec::new()), b"-ERR gone\r\n").unwrap();
        assert_eq!(refused, Retrieved::Refused(Response::err("gone")));
        let error = heard(&mut Retrieve::whole(Number(1), 3, Vec::new()), b"+OK\r\nabcdef\r\n.\r\n").unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        let mut full: &mut [u8] = &mut [0; 4];
        let error = heard(&mut Retrieve::whole(Number(1), 100, &mut full), b"+OK\r\nabcdef\r\n.\r\n").unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
    }

    #[test]
    fn a_login_answers_as_long_as_it_is_asked_and_can() {
        let challenge = Response::challenge("");
        let short = Credentials::new("bob", Secret::new("secret".into()));
        let mut login = Login::new(Proof::new(Mechanism::Plain, &short));
        assert_eq!(said(&login.begin()), "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n");
        assert_eq!(login.next(&challenge).map(|request| said(&request)).as_deref(), Some("*\r\n"));
        assert!(login.next(&challenge).is_none());
        let long = Credentials::new("bob", Secret::new("x".repeat(200)));
        let mut login = Login::new(Proof::new(Mechanism::Plain, &long));
        assert_eq!(said(&login.begin()), "AUTH PLAIN\r\n");
        assert!(said(&login.next(&challenge).unwrap()).starts_with("AGJvYgB4eHh4"));
        assert!(login.next(&Response::ok("")).is_none());
    }
}
