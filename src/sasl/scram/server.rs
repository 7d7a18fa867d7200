//! The server's side of SCRAM.
//!
//! Reads what a client says, word for word as the grammar has it. The keys come from whoever keeps the users, and
//! whether a proof is good is asked of them too, so that a wrong one is counted. RFC 5802 §3, §5, §6, §7.

use super::{Binding, EXPORTER, Hash, Keys, attribute, unescaped, xor};
use crate::sasl::Malformed;
use crate::sasl::base64::{decode, encode};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::fmt;
use zeroize::Zeroizing;

/// The client has said who it is. The keys of that user are needed next.
#[derive(Debug)]
pub struct Named {
    hash: Hash,
    user: String,
    header: String,
    first_bare: String,
    client_nonce: String,
    binding: Binding,
}

/// The client has been challenged.
#[derive(Debug)]
pub struct Challenged {
    named: Named,
    keys: Keys,
    nonce: String,
    server_first: String,
}

/// What a client offers as proof. Only who looks at it knows whether it is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    hash: Hash,
    stored: Vec<u8>,
    auth_message: String,
    proof: Zeroizing<Vec<u8>>,
    /// The nonce is ours, and the connection is the one it was made on.
    is_for_us: bool,
}

impl Named {
    /// Reads the client's first message. `binding` is [`Binding::Exporter`] if the mechanism's name ended in `-PLUS`;
    /// otherwise it says whether such a mechanism was offered to the client.
    pub fn read(hash: Hash, first: &[u8], binding: Binding) -> Result<Self, Malformed> {
        let wrong = Malformed::NotThisMechanism;
        let first = std::str::from_utf8(first).map_err(|_| wrong)?;
        let mut parts = first.splitn(3, ',');
        let (Some(flag), Some(authzid), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong);
        };
        match (flag, &binding) {
            ("n", Binding::NotOffered | Binding::Unsupported) | ("y", Binding::NotOffered) => {}
            // RFC 5802 §6: the client could bind and believes that we cannot, although we offered it: somebody took
            // the offer away.
            ("y", Binding::Unsupported) => return Err(Malformed::Downgraded),
            (flag, Binding::Exporter(_)) if flag.strip_prefix("p=") == Some(EXPORTER) => {}
            _ => return Err(wrong),
        }
        let mut attributes = bare.split(',');
        let user = attribute(attributes.next(), "n").and_then(unescaped).ok_or(wrong)?;
        let client_nonce = attribute(attributes.next(), "r").filter(|nonce| !nonce.is_empty()).ok_or(wrong)?;
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err(wrong);
        }
        match authzid.strip_prefix("a=").map(unescaped) {
            None if authzid.is_empty() => {}
            Some(Some(name)) if crate::sasl::exchange::is_same_person(&name, &user) => {}
            Some(Some(_)) => return Err(Malformed::ForAnother),
            _ => return Err(wrong),
        }
        Ok(Self {
            hash,
            header: format!("{flag},{authzid},"),
            first_bare: bare.to_owned(),
            client_nonce: client_nonce.to_owned(),
            binding,
            user,
        })
    }

    /// Who wants to log in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The hash function that the keys must be of.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The challenge that follows from the user's keys. `nonce` is fresh and random, of printable characters without
    /// a comma.
    pub fn challenge(self, keys: Keys, nonce: &str) -> (Challenged, Vec<u8>) {
        let nonce = format!("{}{nonce}", self.client_nonce);
        let server_first = format!("r={nonce},s={},i={}", encode(keys.salt()).as_str(), keys.iterations());
        let challenge = server_first.clone().into_bytes();
        (Challenged { named: self, keys, nonce, server_first }, challenge)
    }
}

impl Challenged {
    /// Who wants to log in.
    pub fn user(&self) -> &str {
        self.named.user()
    }

    /// Reads the client's last message. Gives its claim, and what to say if it is true: the proof that we know the
    /// password too.
    pub fn answer(self, last: &[u8]) -> Result<(Claim, Vec<u8>), Malformed> {
        let wrong = Malformed::NotThisMechanism;
        let last = std::str::from_utf8(last).map_err(|_| wrong)?;
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or(wrong)?;
        let mut attributes = without_proof.split(',');
        let binding = attribute(attributes.next(), "c").ok_or(wrong)?;
        let nonce = attribute(attributes.next(), "r").ok_or(wrong)?;
        let Self { named, keys, nonce: ours, server_first } = self;
        let mut bound = named.header.as_bytes().to_vec();
        if let Binding::Exporter(material) = &named.binding {
            bound.extend_from_slice(material);
        }
        let is_for_us = nonce == ours && *decode(binding.as_bytes())? == bound;
        let auth_message = format!("{},{server_first},{without_proof}", named.first_bare);
        let signature = named.hash.sign(keys.server(), auth_message.as_bytes());
        let answer = format!("v={}", encode(&signature).as_str()).into_bytes();
        let proof = decode(proof.as_bytes())?;
        Ok((Claim { hash: named.hash, stored: keys.stored().to_vec(), auth_message, proof, is_for_us }, answer))
    }
}

impl Claim {
    /// Whether whoever made it knows the password.
    pub fn is_true(&self) -> bool {
        let signature = self.hash.sign(&self.stored, self.auth_message.as_bytes());
        if !self.is_for_us || self.proof.len() != signature.len() {
            return false;
        }
        let client_key = xor(&self.proof, &signature);
        verify_slices_are_equal(&self.hash.hash(&client_key), &self.stored).is_ok()
    }
}

/// Shows nothing: with the stored key a claim gives away what one logs in with.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("hash", &self.hash).finish_non_exhaustive()
    }
}
