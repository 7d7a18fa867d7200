//! CRAM-MD5: the password is not shown, but the server has to know it, and does not prove that it does.
//!
//! Spoken by the client alone. A server that offers it keeps passwords as they are, which is worse than hearing them
//! over TLS. RFC 2195 §2; RFC 2104.

use crate::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use std::fmt::Write;

/// The answer to a challenge: the name, and a keyed hash of the challenge.
pub(super) fn answer(user: &str, password: &Secret, challenge: &[u8]) -> String {
    let mut mac = <Hmac<Md5>>::new_from_slice(password.expose().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(challenge);
    let mut answer = format!("{user} ");
    for octet in mac.finalize().into_bytes() {
        write!(answer, "{octet:02x}").expect("a text takes everything");
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2195 §2.
    #[test]
    fn the_standards_own_example_holds() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        let secret = Secret::new("tanstaaftanstaaf".to_owned());
        assert_eq!(answer("tim", &secret, challenge), "tim b913a602c7eda7a495b4e6e7334d3890");
    }
}
