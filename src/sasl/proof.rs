//! The client's side: the answers that prove who we are.
//!
//! Works on decoded octets. RFC 4616 §2; draft-murchison-sasl-login §2.

use super::Mechanism;
use crate::secret::Secret;
use zeroize::Zeroizing;

/// The answers of one login, in order.
pub struct Proof<'a> {
    mechanism: Mechanism,
    user: &'a str,
    password: &'a Secret,
    answered: u8,
}

impl<'a> Proof<'a> {
    /// A login of `user` by this mechanism.
    pub fn new(mechanism: Mechanism, user: &'a str, password: &'a Secret) -> Self {
        Self { mechanism, user, password, answered: 0 }
    }

    /// The mechanism to be named.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What can be said along with the command, before any challenge. LOGIN was made without that, and some
    /// servers do not understand it.
    pub fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match self.mechanism {
            Mechanism::Plain => self.answer(),
            Mechanism::Login => None,
        }
    }

    /// The answer to the next challenge; `None` when everything has been said and the server still asks. What
    /// it asks is not looked at: servers word the challenges of LOGIN as they like.
    pub fn answer(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let password = self.password.expose();
        let answer = match (self.mechanism, self.answered) {
            (Mechanism::Plain, 0) => ["\0", self.user, "\0", password].concat(),
            (Mechanism::Login, 0) => self.user.to_owned(),
            (Mechanism::Login, 1) => password.to_owned(),
            _ => return None,
        };
        self.answered += 1;
        Some(Zeroizing::new(answer.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Exchange, Step};
    use super::*;

    #[test]
    fn what_the_client_says_is_what_the_server_hears() {
        let secret = Secret::new("pässword".to_owned());
        for mechanism in Mechanism::ALL {
            let mut proof = Proof::new(mechanism, "bob", &secret);
            let initial = proof.initial();
            let mut step = Exchange::start(mechanism, initial.as_ref().map(|octets| octets.as_slice()));
            while let Step::Challenge(exchange, _) = step {
                step = exchange.answer(&proof.answer().expect("an answer for each challenge"));
            }
            let Step::Done(found) = step else { panic!("{mechanism:?} failed") };
            assert!(found.user == "bob" && found.password.is_same(&secret));
            assert!(proof.answer().is_none());
        }
    }
}
