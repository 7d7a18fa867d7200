//! The server's side: challenges go out, answers come in, credentials are what remains.
//!
//! Works on decoded octets; base64 and line forms belong to `base64` and the protocols.
//! RFC 4616 §2; draft-murchison-sasl-login §2.

use super::{Credentials, Mechanism};
use crate::secret::Secret;

/// An exchange that waits for the client's next answer.
#[derive(Debug)]
pub struct Exchange(State);

#[derive(Debug)]
enum State {
    Plain,
    LoginName,
    LoginPassword { user: String },
}

/// Where an exchange stands after an answer.
#[derive(Debug)]
pub enum Step {
    /// Send this challenge and give the answer to [`Exchange::answer`].
    Challenge(Exchange, &'static [u8]),
    /// The client has said everything; whether it is true is not known here.
    Done(Credentials),
    /// The client broke the mechanism's rules.
    Failed(Malformed),
}

/// What was wrong with an answer. The sentence is fit for a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// The client gave up.
    #[error("Login cancelled")]
    Cancelled,
    /// It was not base64.
    #[error("The answer is not base64")]
    NotBase64,
    /// It was base64 of something else than the mechanism wants.
    #[error("The answer does not fit the mechanism")]
    NotThisMechanism,
    /// Somebody proves to be one user and wants to act for another.
    #[error("Nobody may act for another user")]
    ForAnother,
}

impl Exchange {
    /// Begins an exchange, with the answer that came along with the command, if one did.
    pub fn start(mechanism: Mechanism, initial: Option<&[u8]>) -> Step {
        let (state, challenge): (_, &[u8]) = match mechanism {
            Mechanism::Plain => (State::Plain, b""),
            Mechanism::Login => (State::LoginName, b"Username:"),
        };
        match initial {
            Some(initial) => Self(state).answer(initial),
            None => Step::Challenge(Self(state), challenge),
        }
    }

    /// Takes the client's answer.
    pub fn answer(self, answer: &[u8]) -> Step {
        let result = match self.0 {
            State::Plain => plain(answer),
            State::LoginName => match name(answer) {
                Ok(user) => return Step::Challenge(Self(State::LoginPassword { user }), b"Password:"),
                Err(malformed) => Err(malformed),
            },
            State::LoginPassword { user } => password(answer).map(|password| Credentials::new(user, password)),
        };
        match result {
            Ok(credentials) => Step::Done(credentials),
            Err(malformed) => Step::Failed(malformed),
        }
    }
}

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 §2).
fn plain(answer: &[u8]) -> Result<Credentials, Malformed> {
    let mut parts = answer.split(|octet| *octet == 0);
    let (Some(authzid), Some(user), Some(secret), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Malformed::NotThisMechanism);
    };
    let authzid = if authzid.is_empty() { None } else { Some(name(authzid)?) };
    let user = name(user)?;
    if authzid.as_deref().is_some_and(|authzid| !is_same_person(authzid, &user)) {
        return Err(Malformed::ForAnother);
    }
    Ok(Credentials { authzid, ..Credentials::new(user, password(secret)?) })
}

/// `bob` and `bob@hamburger.example` are one user here, so the domain may be left out on either side.
fn is_same_person(authzid: &str, user: &str) -> bool {
    match (authzid.split_once('@'), user.split_once('@')) {
        (Some((one, _)), None) => one.eq_ignore_ascii_case(user),
        (None, Some((other, _))) => authzid.eq_ignore_ascii_case(other),
        _ => authzid.eq_ignore_ascii_case(user),
    }
}

/// User names reach logs, trace fields and file names: a control character in one is never honest.
fn name(octets: &[u8]) -> Result<String, Malformed> {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(Malformed::NotThisMechanism),
    }
}

// Not yet: RFC 4013 (SASLprep); passwords are compared as the octets that were sent.
fn password(octets: &[u8]) -> Result<Secret, Malformed> {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text.to_owned())),
        _ => Err(Malformed::NotThisMechanism),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs an exchange on these answers; `user/password` when it is done.
    fn run(mechanism: Mechanism, initial: Option<&str>, answers: &[&str]) -> String {
        let mut step = Exchange::start(mechanism, initial.map(str::as_bytes));
        let mut answers = answers.iter();
        loop {
            step = match step {
                Step::Challenge(exchange, challenge) => match answers.next() {
                    Some(answer) => exchange.answer(answer.as_bytes()),
                    None => return String::from_utf8_lossy(challenge).into_owned(),
                },
                Step::Done(found) => {
                    return format!("{}/{}", found.user, found.password().expect("a password").expose());
                }
                Step::Failed(malformed) => return format!("{malformed:?}"),
            }
        }
    }

    #[test]
    fn plain_takes_three_parts_and_nothing_else() {
        for (answer, wanted) in [
            ("\0bob\0secret", "bob/secret"),
            ("Bob\0bob\0secret", "bob/secret"),
            ("bob\0bob@x.example\0secret", "bob@x.example/secret"),
            ("bob@x.example\0bob\0secret", "bob/secret"),
            ("\0jürgen\0paß wort", "jürgen/paß wort"),
            ("alice\0bob\0secret", "ForAnother"),
            ("bob@y.example\0bob@x.example\0secret", "ForAnother"),
            ("", "NotThisMechanism"),
            ("\0", "NotThisMechanism"),
            ("\0\0secret", "NotThisMechanism"),
            ("\0bob\0", "NotThisMechanism"),
            ("\0bob\0secret\0", "NotThisMechanism"),
            ("\0bo\r\nb\0secret", "NotThisMechanism"),
        ] {
            assert_eq!(run(Mechanism::Plain, Some(answer), &[]), wanted, "{answer:?}");
            assert_eq!(run(Mechanism::Plain, None, &[answer]), wanted, "{answer:?}");
        }
        assert_eq!(run(Mechanism::Plain, None, &[]), "");
    }

    #[test]
    fn login_asks_for_the_name_and_then_for_the_password() {
        for (initial, answers, wanted) in [
            (None, &[][..], "Username:"),
            (None, &["bob"], "Password:"),
            (None, &["bob", "secret"], "bob/secret"),
            (Some("bob"), &["secret"], "bob/secret"),
            (None, &["", "secret"], "NotThisMechanism"),
            (None, &["bob", ""], "NotThisMechanism"),
            (None, &["b\0b", "secret"], "NotThisMechanism"),
        ] {
            assert_eq!(run(Mechanism::Login, initial, answers), wanted, "{answers:?}");
        }
    }

    #[test]
    fn octets_that_are_no_utf8_are_no_names() {
        assert!(matches!(
            Exchange::start(Mechanism::Plain, Some(b"\0b\xffb\0secret")),
            Step::Failed(Malformed::NotThisMechanism)
        ));
    }
}
