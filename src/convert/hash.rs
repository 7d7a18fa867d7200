//! SHA-256 in hexadecimal, as people compare it.
//!
//! Knows nothing of messages. FIPS 180-4.

use aws_lc_rs::digest;

/// The hash of octets.
pub fn sha256(octets: &[u8]) -> String {
    digest::digest(&digest::SHA256, octets).as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}
