//! The client's side: the answers that prove who we are.
//!
//! Works on decoded octets. RFC 4616 §2; draft-murchison-sasl-login §2.

use super::{Credentials, Factor, Mechanism};
use zeroize::Zeroizing;

/// The answers of one login, in order.
pub struct Proof<'a> {
    mechanism: Mechanism,
    credentials: &'a Credentials,
    answered: u8,
}

/// Why the client's side ends a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    /// The server asks on although everything has been said, or for what the mechanism does not have.
    #[error("the server asks for more than the login has")]
    Asked,
}

impl<'a> Proof<'a> {
    /// A login by this mechanism.
    pub fn new(mechanism: Mechanism, credentials: &'a Credentials) -> Self {
        Self { mechanism, credentials, answered: 0 }
    }

    /// The mechanism to be named.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What can be said along with the command, before any challenge. LOGIN was made without that, and some
    /// servers do not understand it.
    pub fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match self.mechanism {
            Mechanism::Plain => self.step(b"").ok(),
            Mechanism::Login => None,
        }
    }

    /// The answer to a challenge. What PLAIN and LOGIN are asked is not looked at: servers word it as they like.
    pub fn step(&mut self, _challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let (user, Factor::Password(password)) = (self.credentials.user.as_str(), &self.credentials.factor) else {
            return Err(SaslError::Asked);
        };
        let answer = match (self.mechanism, self.answered) {
            (Mechanism::Plain, 0) => ["\0", user, "\0", password.expose()].concat(),
            (Mechanism::Login, 0) => user.to_owned(),
            (Mechanism::Login, 1) => password.expose().to_owned(),
            _ => return Err(SaslError::Asked),
        };
        self.answered += 1;
        Ok(Zeroizing::new(answer.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Exchange, Step};
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn what_the_client_says_is_what_the_server_hears() {
        let credentials = Credentials::new("bob", Secret::new("pässword".to_owned()));
        for mechanism in Mechanism::ALL {
            let mut proof = Proof::new(mechanism, &credentials);
            let initial = proof.initial();
            let mut step = Exchange::start(mechanism, initial.as_ref().map(|octets| octets.as_slice()));
            while let Step::Challenge(exchange, challenge) = step {
                step = exchange.answer(&proof.step(challenge).expect("an answer for each challenge"));
            }
            let Step::Done(found) = step else { panic!("{mechanism:?} failed") };
            assert!(found == credentials);
            assert!(proof.step(b"").is_err());
        }
    }
}
