//! A login on the server's side, from its first step to the verdict: the order that is the same in all protocols.
//!
//! Challenges and answers are lines of base64 here; the words around them, and what a verdict opens, are the protocol's.
//! Asks nobody: whoever drives it looks up keys and judges credentials. RFC 4422 §3; RFC 4954 §4; RFC 5034 §4;
//! RFC 5802 §5 and RFC 7628 §3.2.3 (the server's last word).

use super::{Credentials, Exchange, Found, LoginRefusal, LookUp, Malformed, Step, Tail, base64};
use zeroize::Zeroizing;

/// Octets of a line in a login: RFC 4954 §4 asks for this much, and the other protocols for no less.
pub const LINE_MAX: usize = 12_288;

/// A login on its way. A good one gives a `T`, a bad one is refused with a `W`.
#[derive(Debug)]
pub struct Login<T, W>(State<T, W>);

#[derive(Debug)]
enum State<T, W> {
    /// An answer to our challenge comes next.
    Challenged(Exchange),
    /// The world is asked for a user's keys.
    KeysAsked(Exchange),
    /// The world is asked about the credentials.
    Judged(Tail),
    /// The client has been told more about its login, and acknowledges that.
    Told(Result<T, W>),
}

/// What comes next in a login.
#[derive(Debug)]
pub enum Turn<T, W> {
    /// Say this challenge, and give the line that answers it to [`Login::line`].
    Challenge(Login<T, W>, Zeroizing<String>),
    /// Look keys up, and give them to [`Login::found`].
    LookUp(Login<T, W>, LookUp),
    /// Find out whether this is true, and give the verdict to [`Login::judged`].
    Judge(Login<T, W>, Credentials),
    /// It is over.
    Over(Result<T, W>),
    /// The client broke the rules, or gave up.
    Failed(Malformed),
    /// The world has let somebody in who then gave up, or broke the rules.
    Declined(Malformed),
    /// It does not wait for what it was given.
    Confused,
}

impl<T, W: From<LoginRefusal> + PartialEq> Login<T, W> {
    /// Begins with the first step of an exchange.
    pub fn begin(step: Step) -> Turn<T, W> {
        match step {
            Step::Challenge(exchange, challenge) => Self(State::Challenged(exchange)).say(&challenge),
            Step::LookUp(exchange, wanted) => Turn::LookUp(Self(State::KeysAsked(exchange)), wanted),
            Step::Done(credentials, tail) => Turn::Judge(Self(State::Judged(tail)), credentials),
            Step::Failed(malformed) => Turn::Failed(malformed),
        }
    }

    /// Begins with credentials that came without an exchange.
    pub fn with(credentials: Credentials) -> Turn<T, W> {
        Self::begin(Step::Done(credentials, Tail::default()))
    }

    /// Takes the client's answer to a challenge.
    pub fn line(self, line: &[u8]) -> Turn<T, W> {
        match (self.0, base64::decode_answer(line)) {
            (State::Challenged(exchange), Ok(answer)) => Self::begin(exchange.answer(&answer)),
            (State::Challenged(_), Err(malformed)) => Turn::Failed(malformed),
            (State::Told(Ok(_)), Err(malformed)) => Turn::Declined(malformed),
            (State::Told(result), _) => Turn::Over(result),
            (State::KeysAsked(_) | State::Judged(_), _) => Turn::Confused,
        }
    }

    /// Takes keys that were looked up.
    pub fn found(self, found: Result<Found, LoginRefusal>) -> Turn<T, W> {
        match (self.0, found) {
            (State::KeysAsked(exchange), Ok(found)) => Self::begin(exchange.found(found)),
            (State::KeysAsked(_), Err(why)) => Turn::Over(Err(why.into())),
            _ => Turn::Confused,
        }
    }

    /// Takes what the world says about the credentials. Where the mechanism has a last word of its own, it comes first.
    pub fn judged(self, result: Result<T, W>) -> Turn<T, W> {
        let State::Judged(tail) = self.0 else { return Turn::Confused };
        let last = match &result {
            Ok(_) => tail.on_success,
            Err(why) => tail.on_failure.filter(|_| *why == LoginRefusal::Bad.into()),
        };
        match last {
            Some(challenge) => Self(State::Told(result)).say(&challenge),
            None => Turn::Over(result),
        }
    }

    /// Whether it is good, and only the client's acknowledgement is missing.
    pub fn is_good(&self) -> bool {
        matches!(self.0, State::Told(Ok(_)))
    }

    fn say(self, challenge: &[u8]) -> Turn<T, W> {
        Turn::Challenge(self, base64::encode(challenge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::{Mechanism, Offer};

    type Turned = Turn<&'static str, LoginRefusal>;

    /// Lines of a client to a login by this mechanism, and how it ends if the world says so.
    fn play(mechanism: Mechanism, lines: &[&str], verdict: Result<&'static str, LoginRefusal>) -> String {
        let offer = Offer { mechanisms: &Mechanism::ALL, exporter: None };
        let mut turn: Turned = Login::begin(offer.begin(mechanism, None));
        let (mut lines, mut said) = (lines.iter(), String::new());
        loop {
            turn = match turn {
                Turn::Challenge(login, challenge) => {
                    said.push_str(&format!("+{} ", challenge.as_str()));
                    match lines.next() {
                        Some(line) => login.line(line.as_bytes()),
                        None => return format!("{said}waits, good: {}", login.is_good()),
                    }
                }
                Turn::Judge(login, credentials) => {
                    said.push_str(&format!("judge {} ", credentials.user));
                    login.judged(verdict)
                }
                Turn::LookUp(login, _) => login.found(Err(LoginRefusal::Temporary)),
                Turn::Over(result) => return format!("{said}{result:?}"),
                Turn::Failed(why) => return format!("{said}failed: {why}"),
                Turn::Declined(why) => return format!("{said}declined: {why}"),
                Turn::Confused => return format!("{said}confused"),
            };
        }
    }

    #[test]
    fn a_login_goes_the_same_way_in_all_protocols() {
        let token = "bixhPWJvYiwBYXV0aD1CZWFyZXIgeAEB"; // n,a=bob,^Aauth=Bearer x^A^A
        for (mechanism, lines, verdict, wanted) in [
            (Mechanism::Plain, &["AGJvYgBzZWNyZXQ="][..], Ok("in"), "+ judge bob Ok(\"in\")"),
            (Mechanism::Plain, &["AGJvYgBzZWNyZXQ="], Err(LoginRefusal::Bad), "+ judge bob Err(Bad)"),
            (Mechanism::Plain, &["*"], Ok("in"), "+ failed: Login cancelled"),
            (Mechanism::Plain, &["?"], Ok("in"), "+ failed: The answer is not base64"),
            (Mechanism::Plain, &[], Ok("in"), "+ waits, good: false"),
            (Mechanism::ScramSha256, &["bixhPWJvYixuPWJvYixyPXg="], Ok("in"), "+ Err(Temporary)"),
            (Mechanism::OAuthBearer, &[token], Ok("in"), "+ judge bob Ok(\"in\")"),
            // Only who is refused for the token hears more about it.
            (Mechanism::OAuthBearer, &[token], Err(LoginRefusal::Temporary), "+ judge bob Err(Temporary)"),
        ] {
            assert_eq!(play(mechanism, lines, verdict), wanted, "{mechanism:?} {lines:?}");
        }
        let told = play(Mechanism::OAuthBearer, &[token, "AQ=="], Err(LoginRefusal::Bad));
        assert!(told.starts_with("+ judge bob +") && told.ends_with(" Err(Bad)"), "{told}");
    }

    #[test]
    fn who_is_let_in_may_still_decline() {
        let told = |line: &[u8]| Login::<_, LoginRefusal>(State::Told(Ok("in"))).line(line);
        assert!(matches!(told(b""), Turn::Over(Ok("in"))));
        assert!(matches!(told(b"*"), Turn::Declined(Malformed::Cancelled)));
        let refused = Login::<&str, _>(State::Told(Err(LoginRefusal::Bad)));
        assert!(matches!(refused.line(b"*"), Turn::Over(Err(LoginRefusal::Bad))));
        let judged = Login::<&str, LoginRefusal>(State::Judged(Tail::default()));
        assert!(matches!(judged.line(b""), Turn::Confused));
    }
}
