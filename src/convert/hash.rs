//! SHA-256 in hexadecimal, as people compare it.
//!
//! Knows nothing of messages. FIPS 180-4.

use aws_lc_rs::digest;

/// The hash of octets.
pub fn sha256(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = digest::digest(&digest::SHA256, octets);
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    digest.as_ref().iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}
