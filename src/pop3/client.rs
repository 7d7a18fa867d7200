//! The client's side of POP3: requests as values, each with its answer.
//!
//! Those with one line for an answer, and the login; longer answers are in `list` and `retrieve`. Knows no connection.
//! RFC 1939 §3 to §6; RFC 2595 §4; RFC 5034 §4.

use super::command::{Command, Number};
use super::response::{Response, Status};
use crate::error::Result;
use crate::sasl::{Mechanism, Proof, SaslError, base64};
use crate::secret::Secret;
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::Output;
use zeroize::Zeroizing;

/// RFC 2449 §4: a command, its CRLF included.
const COMMAND_MAX: usize = 255;

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
    /// An answer that went with the command.
    said: Option<Zeroizing<String>>,
    failure: Option<SaslError>,
}

impl<'a> Login<'a> {
    /// With this proof.
    pub fn new(proof: Proof<'a>) -> Self {
        Self { proof, held: None, said: None, failure: None }
    }

    /// `AUTH`, with the first answer if the mechanism allows it and the line holds it; an empty one is `=`
    /// (RFC 5034 §4).
    pub fn begin(&mut self) -> Request {
        let mechanism = self.proof.mechanism().name().to_owned();
        let mut initial = self.proof.initial().map(|octets| base64::encode_initial(&octets));
        let is_long =
            |initial: &mut Zeroizing<String>| "AUTH  \r\n".len() + mechanism.len() + initial.len() > COMMAND_MAX;
        self.held = initial.take_if(is_long);
        self.said = initial.clone();
        Request::new(&Command::Auth { mechanism, initial })
    }

    /// The same in two steps, for servers that do not understand a command with an answer in it, though RFC 5034 §4 has
    /// it: those of Microsoft want a token by itself. None if `response` says anything else.
    pub fn alone(&mut self, response: &Response) -> Option<Request> {
        const MISUNDERSTOOD: [&str; 5] = ["protocol error", "syntax", "argument", "parameter", "invalid command"];
        let takes_token = matches!(self.proof.mechanism(), Mechanism::XOAuth2 | Mechanism::OAuthBearer);
        let text = response.text.to_ascii_lowercase();
        let is_misunderstood = response.status == Status::Err
            && response.code.is_none()
            && MISUNDERSTOOD.iter().any(|word| text.contains(word));
        if !takes_token || !is_misunderstood || self.held.is_some() {
            return None;
        }
        self.held = self.said.take();
        let mechanism = self.proof.mechanism().name().to_owned();
        self.held.is_some().then(|| Request::new(&Command::Auth { mechanism, initial: None }))
    }

    /// What to send next; nothing when `response` ended the login, well or not. Who is asked what there is no answer
    /// to gives up.
    pub fn next(&mut self, response: &Response) -> Option<Request> {
        if response.status != Status::Challenge || self.failure.is_some() {
            return None;
        }
        let answer = match self.held.take() {
            Some(held) => Ok(held),
            None => self.proof.answer(response.text.as_bytes()),
        };
        let line = answer.unwrap_or_else(|failure| {
            self.failure = Some(failure);
            Zeroizing::new("*".to_owned())
        });
        Some(Request { line: Some(line) })
    }

    /// Whether a login that is over for the server is good for us too.
    pub fn end(&self) -> Result<(), SaslError> {
        self.failure.clone().map_or_else(|| self.proof.may_succeed(), Err)
    }

    /// Why we gave up, if we did.
    pub fn failure(&self) -> Option<&SaslError> {
        self.failure.as_ref()
    }

    /// What the server said beside its response.
    pub fn reason(&self) -> Option<&str> {
        self.proof.reason()
    }
}

/// `STAT`'s answer: how many messages, how many octets.
pub fn stat(response: &Response) -> Option<(u32, u64)> {
    let mut words = response.text.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::{Credentials, Ground};

    fn said<E: Exchange>(exchange: &E) -> String {
        let mut out = Output::new();
        exchange.encode(&mut out);
        String::from_utf8(out.as_slice().to_vec()).unwrap()
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
    }

    #[test]
    fn the_sum_of_a_maildrop_is_read() {
        assert_eq!(stat(&Response::ok("2 320 what")), Some((2, 320)));
        assert_eq!(stat(&Response::ok("two")), None);
    }

    #[test]
    fn a_login_answers_as_long_as_it_is_asked_and_can() {
        let challenge = Response::challenge("");
        let short = Credentials::new("bob", Secret::new("secret".into()));
        let mut login = Login::new(Proof::new(Mechanism::Plain, &short, &Ground::default(), "").unwrap());
        assert_eq!(said(&login.begin()), "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n");
        assert_eq!(login.next(&challenge).map(|request| said(&request)).as_deref(), Some("*\r\n"));
        assert!(login.next(&challenge).is_none());
        let long = Credentials::new("bob", Secret::new("x".repeat(200)));
        let mut login = Login::new(Proof::new(Mechanism::Plain, &long, &Ground::default(), "").unwrap());
        assert_eq!(said(&login.begin()), "AUTH PLAIN\r\n");
        assert!(said(&login.next(&challenge).unwrap()).starts_with("AGJvYgB4eHh4"));
        assert!(login.next(&Response::ok("")).is_none());
    }
    #[test]
    fn a_token_goes_in_two_steps_where_one_is_not_understood() {
        let token = Credentials::token("bob", Secret::new("t".into()));
        let misunderstood = Response::err("Protocol error. 14");
        for (mechanism, response, wanted) in [
            (Mechanism::XOAuth2, &misunderstood, Some("AUTH XOAUTH2\r\n")),
            (Mechanism::XOAuth2, &Response::err_with("AUTH", "syntax"), None),
            (Mechanism::XOAuth2, &Response::err("bad password"), None),
            (Mechanism::XOAuth2, &Response::challenge("syntax"), None),
        ] {
            let mut login = Login::new(Proof::new(mechanism, &token, &Ground::default(), "").unwrap());
            let begun = said(&login.begin());
            let initial = begun.trim_start_matches("AUTH XOAUTH2 ").to_owned();
            assert_eq!(login.alone(response).map(|request| said(&request)).as_deref(), wanted, "{response}");
            if wanted.is_some() {
                assert_eq!(said(&login.next(&Response::challenge("")).unwrap()), initial);
                assert!(login.alone(&misunderstood).is_none(), "it is tried once");
            }
        }
        let password = Credentials::new("bob", Secret::new("t".into()));
        let mut login = Login::new(Proof::new(Mechanism::Plain, &password, &Ground::default(), "").unwrap());
        login.begin();
        assert!(login.alone(&misunderstood).is_none());
    }
}
