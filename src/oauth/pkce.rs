//! What only the one who asked for a code can know: so a code that leaks is of no use.
//!
//! RFC 7636 §4.1, §4.2; the state is RFC 6749 §10.12.

use crate::secret::Secret;
use crate::world::Entropy;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 256 bits, as RFC 7636 §4.1 recommends: 43 letters.
const OCTETS: usize = 32;

/// A verifier, which stays here until the code is redeemed.
pub(super) struct Pkce(Secret);

impl Pkce {
    /// A new one.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        Self(unguessable(entropy))
    }

    /// What the provider is told at the end.
    pub(super) fn verifier(&self) -> &Secret {
        &self.0
    }

    /// What the provider is told at the start, by the method S256 (RFC 7636 §4.2).
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.expose().as_bytes()))
    }
}

/// Letters that nobody can guess.
pub(super) fn unguessable(entropy: &dyn Entropy) -> Secret {
    let mut octets = zeroize::Zeroizing::new([0; OCTETS]);
    entropy.fill(octets.as_mut_slice());
    Secret::new(URL_SAFE_NO_PAD.encode(octets.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::entropy::SystemEntropy;

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        // RFC 7636 appendix B.
        let pkce = Pkce(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()));
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn verifiers_are_long_enough_and_never_the_same() {
        let (one, other) = (Pkce::new(&SystemEntropy), Pkce::new(&SystemEntropy));
        assert_eq!(one.verifier().expose().len(), 43);
        assert!(!one.verifier().is_same(other.verifier()));
    }
}
