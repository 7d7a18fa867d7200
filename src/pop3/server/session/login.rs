//! How trust is won: TLS, then a name and its password.
//!
//! RFC 1939 §4; RFC 2595 §4; RFC 5034 §4.

use super::super::{Ask, Listing, Refusal, words};
use super::{Session, State, say};
use crate::pop3::response::Response;
use crate::pop3::server::maildrop::Maildrop;
use crate::sasl::login::{Login, Turn};
use crate::sasl::{LoginRefusal, Malformed, Offer};
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
        self.log_in(Login::begin(step), out)
    }

    /// What can be chosen from here.
    pub(super) fn offer(&self) -> Offer<'_> {
        Offer { mechanisms: &self.policy.mechanisms, exporter: self.tls.as_ref().and_then(Tls::exporter) }
    }

    pub(super) fn login_answer(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), frame) {
            (State::Login(login), Frame::Line(line)) => self.log_in(login.line(line), out),
            // The maildrop is locked for somebody who does not want it: the end of the connection lets it go.
            (State::Login(login), Frame::Fault(fault)) if login.is_good() => self.close(&words::line(fault), out),
            (_, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            _ => self.close(&words::confused(), out),
        }
    }

    pub(super) fn log_in(&mut self, turn: Turn<Vec<Listing>, Refusal>, out: &mut Output) -> Flow<Ask> {
        match turn {
            Turn::Challenge(login, challenge) => {
                self.state = State::Login(login);
                say(&Response::challenge(challenge.as_str()), out)
            }
            Turn::LookUp(login, wanted) => {
                self.state = State::Login(login);
                Flow::Ask(Ask::Keys(wanted))
            }
            Turn::Judge(login, credentials) => {
                self.state = State::Login(login);
                Flow::Ask(Ask::Authenticate(credentials))
            }
            Turn::Over(Ok(listings)) => self.open(listings, out),
            Turn::Over(Err(why)) => self.login_refused(why, out),
            Turn::Failed(Malformed::ForAnother) => self.login_refused(Refusal::Login(LoginRefusal::Bad), out),
            Turn::Failed(Malformed::Cancelled) => say(&words::login_malformed(Malformed::Cancelled), out),
            Turn::Failed(malformed) => self.mistake(&words::login_malformed(malformed), out),
            // The same as for a fault.
            Turn::Declined(malformed) => self.close(&words::login_malformed(malformed), out),
            Turn::Confused => self.close(&words::confused(), out),
        }
    }

    fn open(&mut self, listings: Vec<Listing>, out: &mut Output) -> Flow<Ask> {
        let maildrop = Maildrop::new(listings);
        let (count, octets) = maildrop.total();
        self.maildrop = Some(maildrop);
        say(&words::opened(count, octets), out)
    }

    fn login_refused(&mut self, why: Refusal, out: &mut Output) -> Flow<Ask> {
        if matches!(why, Refusal::Login(LoginRefusal::Bad | LoginRefusal::TooManyFailures)) {
            self.failed_logins += 1;
        }
        if self.failed_logins >= FAILED_LOGINS_MAX {
            return self.close(&words::too_many_logins(), out);
        }
        say(&words::refused(why), out)
    }
}
