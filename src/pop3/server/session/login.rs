//! How trust is won: TLS, then a name and its password.
//!
//! RFC 1939 §4; RFC 2595 §4; RFC 5034 §4; RFC 5802 §5 and RFC 7628 §3.2.3 (the server's last word).

use super::super::{Ask, Listing, Refusal, words};
use super::{Session, State, say};
use crate::pop3::response::Response;
use crate::pop3::server::maildrop::Maildrop;
use crate::sasl::{Credentials, Exchange, Found, LoginRefusal, Malformed, Offer, Step, Tail, base64};
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
        let Some(mechanism) = self.offer().find(mechanism) else {
            return self.mistake(&words::unknown_mechanism(), out);
        };
        let step = self.offer().begin(mechanism, initial);
        self.login_step(step, out)
    }

    /// What can be chosen from here.
    pub(super) fn offer(&self) -> Offer<'_> {
        Offer { mechanisms: &self.policy.mechanisms, exporter: self.tls.as_ref().and_then(Tls::exporter) }
    }

    pub(super) fn login_answer(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), frame) {
            (State::Login(exchange), Frame::Line(line)) => match base64::decode_answer(line) {
                Ok(answer) => self.login_step(exchange.answer(&answer), out),
                Err(malformed) => self.login_step(Step::Failed(malformed), out),
            },
            (State::LoginTold(Ok(listings)), Frame::Line(line)) => match base64::decode_answer(line) {
                Ok(_) => self.open(listings, out),
                // The maildrop is locked for somebody who does not want it: the end of the connection lets it go.
                Err(malformed) => self.close(&words::login_malformed(malformed), out),
            },
            (State::LoginTold(Err(why)), Frame::Line(_)) => self.login_refused(why, out),
            (State::LoginTold(Ok(_)), Frame::Fault(fault)) => self.close(&words::line(fault), out),
            (_, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            _ => self.close(&words::confused(), out),
        }
    }

    fn login_step(&mut self, step: Step, out: &mut Output) -> Flow<Ask> {
        match step {
            Step::Challenge(exchange, challenge) => {
                self.state = State::Login(exchange);
                say(&Response::challenge(base64::encode(&challenge).as_str()), out)
            }
            Step::LookUp(exchange, wanted) => {
                self.state = State::KeysAsked(exchange);
                Flow::Ask(Ask::Keys(wanted))
            }
            Step::Done(credentials, tail) => self.login(credentials, tail),
            Step::Failed(Malformed::ForAnother) => self.login_refused(Refusal::Login(LoginRefusal::Bad), out),
            Step::Failed(Malformed::Cancelled) => say(&words::login_malformed(Malformed::Cancelled), out),
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
            Err(why) => self.login_refused(Refusal::Login(why), out),
        }
    }

    /// What the world says about a login: where the mechanism has a last word of its own, it comes first.
    pub(super) fn login_judged(
        &mut self,
        result: Result<Vec<Listing>, Refusal>,
        tail: Tail,
        out: &mut Output,
    ) -> Flow<Ask> {
        let last = match &result {
            Ok(_) => tail.on_success,
            Err(why) => tail.on_failure.filter(|_| *why == Refusal::Login(LoginRefusal::Bad)),
        };
        match (last, result) {
            (Some(challenge), result) => {
                self.state = State::LoginTold(result);
                say(&Response::challenge(base64::encode(&challenge).as_str()), out)
            }
            (None, Ok(listings)) => self.open(listings, out),
            (None, Err(why)) => self.login_refused(why, out),
        }
    }

    fn open(&mut self, listings: Vec<Listing>, out: &mut Output) -> Flow<Ask> {
        let maildrop = Maildrop::new(listings);
        let (count, octets) = maildrop.total();
        self.maildrop = Some(maildrop);
        say(&words::opened(count, octets), out)
    }

    pub(super) fn login(&mut self, credentials: Credentials, tail: Tail) -> Flow<Ask> {
        self.state = State::LoginAsked(tail);
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
