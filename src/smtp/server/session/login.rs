//! How trust is won: TLS, then a name and its password.
//!
//! RFC 3207; RFC 4954.

use super::super::{Ask, words};
use super::{Session, State, say};
use crate::sasl::login::{Login, Turn};
use crate::sasl::{LoginRefusal, Malformed, Offer};
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
        self.log_in(Login::begin(step), out)
    }

    /// What can be chosen from here.
    pub(super) fn offer(&self) -> Offer<'_> {
        Offer { mechanisms: &self.policy.mechanisms, exporter: self.tls.as_ref().and_then(Tls::exporter) }
    }

    pub(super) fn login_answer(&mut self, frame: Frame<'_>, out: &mut Output) -> Flow<Ask> {
        match (std::mem::replace(&mut self.state, State::Command), frame) {
            (State::Login(login), Frame::Line(line)) => self.log_in(login.line(line), out),
            (_, Frame::Fault(Fault::LineTooLong)) => self.mistake(&words::login_line_too_long(), out),
            (_, Frame::Fault(fault)) => self.mistake(&words::line(fault), out),
            _ => self.confused(out),
        }
    }

    pub(super) fn log_in(&mut self, turn: Turn<String, LoginRefusal>, out: &mut Output) -> Flow<Ask> {
        match turn {
            Turn::Challenge(login, challenge) => {
                self.state = State::Login(login);
                say(&words::challenge(&challenge), out)
            }
            Turn::LookUp(login, wanted) => {
                self.state = State::Login(login);
                Flow::Ask(Ask::Keys(wanted))
            }
            Turn::Judge(login, credentials) => {
                self.state = State::Login(login);
                Flow::Ask(Ask::Authenticate(credentials))
            }
            Turn::Over(Ok(user)) => self.logged_in(user, out),
            Turn::Over(Err(why)) => self.login_refused(why, out),
            Turn::Failed(Malformed::ForAnother) => self.login_refused(LoginRefusal::Bad, out),
            // Nothing was opened for whoever declines.
            Turn::Failed(malformed) | Turn::Declined(malformed) => match malformed {
                Malformed::Cancelled => say(&words::login_cancelled(malformed), out),
                _ => self.mistake(&words::login_malformed(malformed), out),
            },
            Turn::Confused => self.confused(out),
        }
    }

    fn logged_in(&mut self, user: String, out: &mut Output) -> Flow<Ask> {
        self.user = Some(user);
        say(&words::logged_in(), out)
    }

    fn login_refused(&mut self, why: LoginRefusal, out: &mut Output) -> Flow<Ask> {
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
