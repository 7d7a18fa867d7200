//! The client's side of SMTP: requests as values, each with its reply.
//!
//! All of one type, so that several can be pipelined. Commands are lettre's where lettre has them. Knows
//! no connection; what to send when is `transaction`'s and the engine's business.
//! RFC 5321 §4.1.1; RFC 2033 (LMTP); RFC 3030; RFC 3207; RFC 4954.

use super::command::Command;
use super::reply::{Reader, Reply};
use crate::envelope::ForwardPath;
use crate::error::{Error, Result};
use crate::sasl::{Proof, SaslError, base64};
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::Output;
use lettre::transport::smtp::commands;
use lettre::transport::smtp::extension::{ClientId, RcptParameter};
use std::fmt;
use zeroize::Zeroizing;

/// A command, and the reply to it.
pub struct Request {
    /// Without its CRLF; `None` when the server speaks by itself.
    line: Option<Zeroizing<String>>,
    reader: Reader,
}

impl Request {
    fn new(command: impl fmt::Display) -> Self {
        let mut line = Zeroizing::new(command.to_string());
        let length = line.trim_end_matches("\r\n").len();
        line.truncate(length);
        Self { line: Some(line), reader: Reader::new() }
    }

    /// A reply that comes without a command: the greeting, the reply to a message's dot. LMTP gives one of
    /// these for each recipient (RFC 2033 §4.2).
    pub fn awaited() -> Self {
        Self { line: None, reader: Reader::new() }
    }

    /// `EHLO`
    pub fn ehlo(name: ClientId) -> Self {
        Self::new(commands::Ehlo::new(name))
    }

    /// `HELO`, for servers that do not know EHLO (RFC 5321 §3.2).
    pub fn helo(name: &ClientId) -> Self {
        Self::new(Command::Helo(name.to_string()))
    }

    /// `LHLO`, which is EHLO in LMTP (RFC 2033 §4.1).
    pub fn lhlo(name: &ClientId) -> Self {
        Self::new(format_args!("LHLO {name}"))
    }

    /// `STARTTLS`
    pub fn start_tls() -> Self {
        Self::new(commands::Starttls)
    }

    /// `MAIL FROM:`
    pub fn mail(command: &commands::Mail) -> Self {
        Self::new(command)
    }

    /// `RCPT TO:`. The bare `<postmaster>` goes without parameters: whoever it is, nobody named an address.
    pub fn rcpt(recipient: &ForwardPath, parameters: Vec<RcptParameter>) -> Self {
        match recipient.address() {
            Some(address) => Self::new(commands::Rcpt::new(super::transaction::lettre_address(address), parameters)),
            None => Self::new(Command::Rcpt(ForwardPath::Postmaster)),
        }
    }

    /// `DATA`
    pub fn data() -> Self {
        Self::new(commands::Data)
    }

    /// `BDAT`, which the octets follow at once (RFC 3030 §2).
    pub fn bdat(octets: usize, is_last: bool) -> Self {
        Self::new(format_args!("BDAT {octets}{}", if is_last { " LAST" } else { "" }))
    }

    /// `XCLIENT`: the whole line, which [`xclient`](super::xclient) has made.
    pub fn xclient(line: impl fmt::Display) -> Self {
        Self::new(line)
    }

    /// `RSET`
    pub fn rset() -> Self {
        Self::new(commands::Rset)
    }

    /// `NOOP`
    pub fn noop() -> Self {
        Self::new(commands::Noop)
    }

    /// `QUIT`
    pub fn quit() -> Self {
        Self::new(commands::Quit)
    }
}

impl Exchange for Request {
    type Reply = Reply;

    fn encode(&self, out: &mut Output) {
        if let Some(line) = &self.line {
            out.line(line.as_str());
        }
    }

    fn first(&self) -> Expect {
        Reader::EXPECT
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Reply>> {
        Ok(match self.reader.take(frame)? {
            Some(reply) => Next::Done(reply),
            None => Next::More(Reader::EXPECT),
        })
    }

    fn spoilt_by(&self, line: &[u8]) -> Option<Error> {
        Some(self.reader.spoilt_by(line))
    }
}

/// A login: a request, and further ones as long as the server challenges.
pub struct Login<'a> {
    proof: Proof<'a>,
    failure: Option<SaslError>,
}

impl<'a> Login<'a> {
    /// With this proof.
    pub fn new(proof: Proof<'a>) -> Self {
        Self { proof, failure: None }
    }

    /// `AUTH`, with the first answer if the mechanism allows it; an empty one is `=` (RFC 4954 §4).
    pub fn begin(&mut self) -> Request {
        let mechanism = self.proof.mechanism().name().to_owned();
        let initial = self.proof.initial().map(|octets| base64::encode_initial(&octets).as_str().to_owned());
        Request::new(Command::Auth { mechanism, initial })
    }

    /// What to send next; nothing when `reply` ended the login, well or not. Who is asked what there is no answer to
    /// gives up.
    pub fn next(&mut self, reply: &Reply) -> Option<Request> {
        if reply.code.get() != 334 || self.failure.is_some() {
            return None;
        }
        let challenge = reply.lines.concat();
        Some(match self.proof.answer(challenge.as_bytes()) {
            Ok(answer) => Request::new(answer.as_str()),
            Err(failure) => {
                self.failure = Some(failure);
                Request::new("*")
            }
        })
    }

    /// Whether a login that is over for the server is good for us too.
    pub fn end(&self) -> Result<(), SaslError> {
        self.failure.clone().map_or_else(|| self.proof.may_succeed(), Err)
    }

    /// Why we gave up, if we did.
    pub fn failure(&self) -> Option<&SaslError> {
        self.failure.as_ref()
    }

    /// What the server said beside its reply.
    pub fn reason(&self) -> Option<&str> {
        self.proof.reason()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::sasl::{Credentials, Ground, Mechanism};
    use crate::secret::Secret;
    use crate::wire::frame::Framer;

    fn said(request: &Request) -> String {
        let mut out = Output::new();
        request.encode(&mut out);
        String::from_utf8(out.as_slice().to_vec()).unwrap()
    }

    fn reply(request: &mut Request, octets: &[u8]) -> Result<Reply> {
        let mut framer = Framer::new();
        framer.push(octets);
        let mut expect = request.first();
        while let Some(frame) = framer.next(expect) {
            match request.take(frame)? {
                Next::More(next) => expect = next,
                Next::Done(reply) => return Ok(reply),
            }
        }
        panic!("no whole reply in {}", octets.escape_ascii())
    }

    #[test]
    fn each_request_is_one_line() {
        let name = || ClientId::Domain("crepes.fr".into());
        for (request, wanted) in [
            (Request::awaited(), ""),
            (Request::ehlo(name()), "EHLO crepes.fr\r\n"),
            (Request::ehlo(ClientId::Ipv4([127, 0, 0, 1].into())), "EHLO [127.0.0.1]\r\n"),
            (Request::helo(&name()), "HELO crepes.fr\r\n"),
            (Request::lhlo(&name()), "LHLO crepes.fr\r\n"),
            (Request::start_tls(), "STARTTLS\r\n"),
            (Request::mail(&commands::Mail::new(None, Vec::new())), "MAIL FROM:<>\r\n"),
            (Request::rcpt(&ForwardPath::Postmaster, Vec::new()), "RCPT TO:<postmaster>\r\n"),
            (Request::rcpt(&ForwardPath::parse("<\"a b\"@x>").unwrap(), Vec::new()), "RCPT TO:<\"a b\"@x>\r\n"),
            (Request::rcpt(&ForwardPath::parse("<a@[IPv6:::1]>").unwrap(), Vec::new()), "RCPT TO:<a@[IPv6:::1]>\r\n"),
            (Request::data(), "DATA\r\n"),
            (Request::bdat(86, false), "BDAT 86\r\n"),
            (Request::bdat(0, true), "BDAT 0 LAST\r\n"),
            (Request::rset(), "RSET\r\n"),
            (Request::noop(), "NOOP\r\n"),
            (Request::quit(), "QUIT\r\n"),
            (Request::ehlo(ClientId::Domain("x\r\nMAIL FROM:<y>".into())), "EHLO x  MAIL FROM:<y>\r\n"),
        ] {
            assert_eq!(said(&request), wanted);
        }
    }

    #[test]
    fn a_reply_is_taken_line_by_line() {
        let heard = reply(&mut Request::noop(), b"250-2.0.0 one\r\n250 2.0.0 two\r\n").unwrap();
        assert_eq!(heard.words(), "250 2.0.0 one two");
        let error = reply(&mut Request::noop(), b"hello\r\n").unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
    }

    #[test]
    fn a_login_answers_as_long_as_it_is_asked_and_can() {
        let credentials = Credentials::new("bob", Secret::new("secret".into()));
        let proof = |mechanism| Proof::new(mechanism, &credentials, &Ground::default(), "").unwrap();
        let challenge = reply(&mut Request::noop(), b"334 VXNlcm5hbWU6\r\n").unwrap();
        let mut login = Login::new(proof(Mechanism::Plain));
        assert_eq!(said(&login.begin()), "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n");
        assert_eq!(login.next(&challenge).map(|request| said(&request)).as_deref(), Some("*\r\n"));
        assert!(login.next(&challenge).is_none());
        let mut login = Login::new(proof(Mechanism::Login));
        assert_eq!(said(&login.begin()), "AUTH LOGIN\r\n");
        for wanted in ["Ym9i\r\n", "c2VjcmV0\r\n", "*\r\n"] {
            assert_eq!(said(&login.next(&challenge).unwrap()), wanted);
        }
        let mut login = Login::new(proof(Mechanism::Login));
        let refusal = reply(&mut login.begin(), b"535 5.7.8 no\r\n").unwrap();
        assert!(login.next(&refusal).is_none());
    }
}
