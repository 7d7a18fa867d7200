//! How trust is won: TLS, then a name and its password.
//!
//! RFC 3207; RFC 4954; RFC 5802 §5 and RFC 7628 §3.2.3 (the server's last word).

use super::super::{Ask, words};
use super::{Session, State, say};
use crate::sasl::{Exchange, Found, LoginRefusal, Malformed, Offer, Step, Tail, base64};
use crate::wire::frame::{Fault, Frame};
use crate::wire::session::{Flow, Output, Peer, Tls};

/// A person mistypes a password twice; a fourth attempt costs a new connection.
const FAILED_LOGINS_MAX: u32 = 3;

impl Session {
    pub(super) fn can_start_tls(&self) -> bool {
        self.tls.is_none() && self.peer.as_ref().is_some_and(|peer| peer.can_start_tls)
    }

    fn may_say_password(&self) -> bool {
        let is_loopback = self.peer.as_ref().is_some_and(Peer::is_loopback);
        self.policy.plaintext_auth.allows(self.tls.is_some(), is_loopback)
    }

    pub(super) fn may_log_in(&self) -> bool {
        self.user.is_none() && self.may_say_password()
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&str>, out: &mut Output) -> Flow<Ask> {
        if self.user.is_some() {
            return self.mistake(&words::logged_in_already(), out);
        }
        if !self.hello.as_ref().is_some_and(|hello| hello.is_extended) {
            return self.mistake(&words::ehlo_first(), out);
        }
        if !self.may_say_password() {
            return self.mistake(&words::needs_tls(), out);
        }
        let Some(mechanism) = self.offer().find(mechanism) else {
            return self.mistake(&words::unknown_mechanism(), out);
        };
        let step = self.offer().begin(mechanism, initial.map(str::as_bytes));
        self.login_step(step, out)
    }

    /// What can be chosen from here.
    pub(super) fn offer(&self) -> Offer<'_> {
        Offer { mechanisms: &self.policy.mechanisms, exporter: self.tls.as_ref().and_then(Tls::exporter) }
    }

    pub(super) fn login_answer(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        let state = std::mem::replace(&mut self.state, State::Command);
        match frame {
            Frame::Line(line) => match (state, base64::decode_answer(line)) {
                (State::Login(exchange), Ok(answer)) => self.login_step(exchange.answer(&answer), out),
                (State::LoginTold(Ok(user)), Ok(_)) => self.logged_in(user, out),
                (State::LoginTold(Err(why)), _) => self.login_refused(why, out),
                (State::Login(_) | State::LoginTold(Ok(_)), Err(malformed)) => {
                    self.login_step(Step::Failed(malformed), out)
                }
                _ => self.confused(out),
            },
            Frame::Fault(Fault::LineTooLong) => self.mistake(&words::login_line_too_long(), out),
            Frame::Fault(fault) => self.mistake(&words::line(fault), out),
            Frame::Piece(_) | Frame::End => self.confused(out),
        }
    }

    fn login_step(&mut self, step: Step, out: &mut Output) -> Flow<Ask> {
        match step {
            Step::Challenge(exchange, challenge) => {
                self.state = State::Login(exchange);
                say(&words::challenge(&base64::encode(&challenge)), out)
            }
            Step::LookUp(exchange, wanted) => {
                self.state = State::KeysAsked(exchange);
                Flow::Ask(Ask::Keys(wanted))
            }
            Step::Done(credentials, tail) => {
                self.state = State::LoginAsked(tail);
                Flow::Ask(Ask::Authenticate(credentials))
            }
            Step::Failed(Malformed::Cancelled) => say(&words::login_cancelled(Malformed::Cancelled), out),
            Step::Failed(Malformed::ForAnother) => self.login_refused(LoginRefusal::Bad, out),
            Step::Failed(malformed) => self.mistake(&words::login_malformed(malformed), out),
        }
    }

    pub(super) fn keys_found(
        &mut self,
        exchange: Exchange,
        found: Result<Found, LoginRefusal>,
        out: &mut Output,
    ) -> Flow<Ask> {
        match found {
            Ok(found) => self.login_step(exchange.found(found), out),
            Err(why) => self.login_refused(why, out),
        }
    }

    /// What the world says about a login: where the mechanism has a last word of its own, it comes first.
    pub(super) fn login_judged(
        &mut self,
        result: Result<String, LoginRefusal>,
        tail: Tail,
        out: &mut Output,
    ) -> Flow<Ask> {
        let last = match &result {
            Ok(_) => tail.on_success,
            Err(why) => tail.on_failure.filter(|_| *why == LoginRefusal::Bad),
        };
        match (last, result) {
            (Some(challenge), result) => {
                self.state = State::LoginTold(result);
                say(&words::challenge(&base64::encode(&challenge)), out)
            }
            (None, Ok(user)) => self.logged_in(user, out),
            (None, Err(why)) => self.login_refused(why, out),
        }
    }

    fn logged_in(&mut self, user: String, out: &mut Output) -> Flow<Ask> {
        self.user = Some(user);
        say(&words::logged_in(), out)
    }

    pub(super) fn login_refused(&mut self, why: LoginRefusal, out: &mut Output) -> Flow<Ask> {
        if matches!(why, LoginRefusal::Bad | LoginRefusal::TooManyFailures) {
            self.failed_logins += 1;
        }
        if self.failed_logins >= FAILED_LOGINS_MAX {
            return self.close(&words::too_many_logins(&self.policy.hostname), out);
        }
        say(&words::login_refused(why), out)
    }

    pub(super) fn start_tls(&mut self, out: &mut Output) -> Flow<Ask> {
        if self.tls.is_some() {
            return self.mistake(&words::has_tls(), out);
        }
        if !self.can_start_tls() {
            return self.mistake(&words::not_implemented(), out);
        }
        self.state = State::Securing;
        words::ready_for_tls().print(out);
        Flow::StartTls
    }

    /// RFC 3207 §4.2: what was said in clear is forgotten, because somebody else may have said it. Mistakes
    /// and failed logins still count.
    pub(super) fn secured(&mut self, tls: Tls) -> Flow<Ask> {
        self.tls = Some(tls);
        self.hello = None;
        self.user = None;
        self.open = None;
        self.was_mail_refused = false;
        self.state = State::Command;
        Flow::Continue
    }
}
