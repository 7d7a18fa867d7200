//! How trust is won: TLS, then a name and its password.
//!
//! RFC 1939 §4; RFC 2595 §4; RFC 5034 §4.

use super::super::{Ask, Refusal, words};
use super::{Session, State, say};
use crate::pop3::response::Response;
use crate::sasl::{Credentials, Exchange, LoginRefusal, Malformed, Mechanism, Step, base64};
use crate::wire::frame::Frame;
use crate::wire::session::{Flow, Output, Peer, Tls};

/// A person mistypes a password twice; a fourth attempt costs a new connection.
const FAILED_LOGINS_MAX: u32 = 3;

impl Session {
    pub(super) fn can_start_tls(&self) -> bool {
        self.tls.is_none() && self.peer.as_ref().is_some_and(|peer| peer.can_start_tls)
    }

    pub(super) fn may_say_password(&self) -> bool {
        let is_loopback = self.peer.as_ref().is_some_and(Peer::is_loopback);
        self.policy.plaintext_auth.allows(self.tls.is_some(), is_loopback)
    }

    pub(super) fn stls(&mut self, out: &mut Output) -> Flow<Ask> {
        if self.tls.is_some() {
            return self.mistake(&words::has_tls(), out);
        }
        if !self.can_start_tls() {
            return self.mistake(&words::not_implemented(), out);
        }
        self.state = State::Securing;
        words::begin_tls().print(out);
        Flow::StartTls
    }

    /// RFC 2595 §4: what was said in clear is forgotten. Mistakes and failed logins still count.
    pub(super) fn secured(&mut self, tls: Tls) -> Flow<Ask> {
        self.tls = Some(tls);
        self.user = None;
        self.state = State::Command;
        Flow::Continue
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&[u8]>, out: &mut Output) -> Flow<Ask> {
        self.user = None;
        let Some(mechanism) = Mechanism::from_name(mechanism) else {
            return self.mistake(&words::unknown_mechanism(), out);
        };
        match initial.map(base64::decode_initial).transpose() {
            Ok(initial) => {
                self.login_step(Exchange::start(mechanism, initial.as_ref().map(|octets| octets.as_slice())), out)
            }
            Err(malformed) => self.login_step(Step::Failed(malformed), out),
        }
    }

    pub(super) fn login_answer(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), frame) {
            (State::Login(exchange), Frame::Line(line)) => match base64::decode_answer(line) {
                Ok(answer) => self.login_step(exchange.answer(&answer), out),
                Err(malformed) => self.login_step(Step::Failed(malformed), out),
            },
            (_, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            _ => self.close(&words::confused(), out),
        }
    }

    fn login_step(&mut self, step: Step, out: &mut Output) -> Flow<Ask> {
        match step {
            Step::Challenge(exchange, challenge) => {
                self.state = State::Login(exchange);
                say(&Response::challenge(base64::encode(challenge).as_str()), out)
            }
            Step::Done(credentials) => self.login(credentials),
            Step::Failed(Malformed::ForAnother) => self.login_refused(Refusal::Login(LoginRefusal::Bad), out),
            Step::Failed(Malformed::Cancelled) => say(&words::login_malformed(Malformed::Cancelled), out),
            Step::Failed(malformed) => self.mistake(&words::login_malformed(malformed), out),
        }
    }

    pub(super) fn login(&mut self, credentials: Credentials) -> Flow<Ask> {
        self.state = State::LoginAsked;
        Flow::Ask(Ask::Authenticate(credentials))
    }

    pub(super) fn login_refused(&mut self, why: Refusal, out: &mut Output) -> Flow<Ask> {
        if matches!(why, Refusal::Login(LoginRefusal::Bad | LoginRefusal::TooManyFailures)) {
            self.failed_logins += 1;
        }
        if self.failed_logins >= FAILED_LOGINS_MAX {
            return self.close(&words::too_many_logins(), out);
        }
        say(&words::refused(why), out)
    }
}
