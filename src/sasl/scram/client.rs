//! The client's side of SCRAM.
//!
//! A server that does not prove that it knows the password has not been logged in to. RFC 5802 §3, §5, §9.

use super::{Binding, Hash, ITERATIONS_MAX, ITERATIONS_MIN, attribute, escaped, xor};
use crate::sasl::base64::{decode, encode};
use crate::secret::Secret;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Why the client's side ends a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The message does not follow the grammar, or comes out of turn.
    #[error("the server's answer to SCRAM makes no sense")]
    Malformed,
    /// The nonce is not an extension of ours: the message was made for another login.
    #[error("the server answered somebody else's login")]
    Nonce,
    /// Too few or too many iterations.
    #[error("the server asks for {0} rounds of hashing; between 4096 and 1000000 are safe")]
    Iterations(u64),
    /// The server could not prove that it knows the password.
    #[error("the server does not know the password, so it is not the one you have an account with")]
    Impostor,
    /// The server gave its reason.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The user name or password holds characters that may not be in one (RFC 4013).
    #[error("the user name or the password holds characters that SCRAM does not allow")]
    Prohibited,
}

/// The client's side of one login.
pub struct Client<'a> {
    hash: Hash,
    password: &'a Secret,
    binding: Binding,
    header: String,
    nonce: String,
    first_bare: String,
    state: ClientState,
}

enum ClientState {
    /// Waits for salt and iterations.
    First,
    /// Waits for the server's signature, which must be this.
    Final(Zeroizing<Vec<u8>>),
    /// The server has proved itself.
    Done,
}

impl<'a> Client<'a> {
    /// Begins a login. `nonce` is fresh and random, of printable characters without a comma.
    pub fn new(
        hash: Hash,
        user: &str,
        password: &'a Secret,
        authzid: Option<&str>,
        binding: Binding,
        nonce: &str,
    ) -> Result<Self, Distrust> {
        let user = stringprep::saslprep(user).map_err(|_| Distrust::Prohibited)?;
        let header = binding.header(authzid);
        let first_bare = format!("n={},r={nonce}", escaped(&user));
        Ok(Self { hash, password, binding, header, nonce: nonce.to_owned(), first_bare, state: ClientState::First })
    }

    /// The first message.
    pub fn first(&self) -> Vec<u8> {
        format!("{}{}", self.header, self.first_bare).into_bytes()
    }

    /// The answer to a challenge.
    pub fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Distrust> {
        let challenge = std::str::from_utf8(challenge).map_err(|_| Distrust::Malformed)?;
        if let Some(reason) = challenge.strip_prefix("e=") {
            return Err(Distrust::Refused(reason.split(',').next().unwrap_or_default().to_owned()));
        }
        match &self.state {
            ClientState::First => self.prove(challenge),
            ClientState::Final(wanted) => {
                let signature = attribute(challenge.split(',').next(), "v").ok_or(Distrust::Malformed)?;
                let signature = decode(signature.as_bytes()).map_err(|_| Distrust::Malformed)?;
                verify_slices_are_equal(&signature, wanted).map_err(|_| Distrust::Impostor)?;
                self.state = ClientState::Done;
                Ok(Vec::new())
            }
            ClientState::Done => Err(Distrust::Malformed),
        }
    }

    /// Whether the server has proved that it knows the password. A login that succeeds without that is a trap.
    pub fn is_proven(&self) -> bool {
        matches!(self.state, ClientState::Done)
    }

    fn prove(&mut self, server_first: &str) -> Result<Vec<u8>, Distrust> {
        let mut attributes = server_first.split(',');
        // An extension that must be understood (`m=`) would come first: there is none that we know.
        let nonce = attribute(attributes.next(), "r").ok_or(Distrust::Malformed)?;
        let salt = attribute(attributes.next(), "s").ok_or(Distrust::Malformed)?;
        let iterations = attribute(attributes.next(), "i").ok_or(Distrust::Malformed)?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(Distrust::Nonce);
        }
        let salt = decode(salt.as_bytes()).map_err(|_| Distrust::Malformed)?;
        let count: u64 = iterations.parse().map_err(|_| Distrust::Malformed)?;
        let iterations = u32::try_from(count)
            .ok()
            .filter(|count| (ITERATIONS_MIN..=ITERATIONS_MAX).contains(count))
            .and_then(NonZeroU32::new)
            .ok_or(Distrust::Iterations(count))?;
        let password = Zeroizing::new(
            stringprep::saslprep(self.password.expose()).map_err(|_| Distrust::Prohibited)?.into_owned(),
        );
        let salted = self.hash.salted(&password, &salt, iterations);
        let client_key = self.hash.sign(&salted, b"Client Key");
        let stored = self.hash.hash(&client_key);
        let without_proof = format!("c={},r={nonce}", self.binding.proof(&self.header));
        let auth_message = format!("{},{server_first},{without_proof}", self.first_bare);
        let proof = xor(&client_key, &self.hash.sign(&stored, auth_message.as_bytes()));
        let server_key = self.hash.sign(&salted, b"Server Key");
        self.state = ClientState::Final(self.hash.sign(&server_key, auth_message.as_bytes()));
        Ok(format!("{without_proof},p={}", encode(&proof).as_str()).into_bytes())
    }
}
