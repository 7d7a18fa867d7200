//! Which algorithms count, and what they are called.
//!
//! One that does not count is as if it were not there: a zone that has no other is not signed, and that is no failure.
//! RFC 8624 §3.1, §3.3; RFC 9905 §2; RFC 4035 §5.2.

use hickory_proto::dnssec::{Algorithm, DigestType};

/// Whether signatures of this sort are checked.
///
/// ED448 is not: the cryptography at hand has none of it.
pub(super) fn is_supported(algorithm: Algorithm) -> bool {
    // RFC 9905 §2: RSASHA1 in both its forms is treated as unsupported, which makes a zone insecure and not bogus.
    matches!(
        algorithm,
        Algorithm::RSASHA256
            | Algorithm::RSASHA512
            | Algorithm::ECDSAP256SHA256
            | Algorithm::ECDSAP384SHA384
            | Algorithm::ED25519
    )
}

/// Whether delegations by this sort of digest are followed.
pub(super) fn is_digest_supported(digest: DigestType) -> bool {
    // RFC 8624 §3.3: SHA-1 must not be used for new delegations and must still be followed; against it one would need
    // a second preimage.
    matches!(digest, DigestType::SHA1 | DigestType::SHA256 | DigestType::SHA384)
}

/// Number and mnemonic, as in the registry of DNS security algorithm numbers.
pub fn title(algorithm: u8) -> String {
    let name = match algorithm {
        1 => "RSAMD5",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC-GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        17 => "SM2SM3",
        23 => "ECC-GOST12",
        253 => "PRIVATEDNS",
        254 => "PRIVATEOID",
        _ => return algorithm.to_string(),
    };
    format!("{algorithm} ({name})")
}

/// Number and name of a digest of a delegation.
pub fn digest_title(digest: u8) -> String {
    let name = match digest {
        1 => "SHA-1",
        2 => "SHA-256",
        3 => "GOST R 34.11-94",
        4 => "SHA-384",
        5 => "GOST R 34.11-2012",
        6 => "SM3",
        _ => return digest.to_string(),
    };
    format!("{digest} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_standards_have_retired_and_what_nobody_knows_does_not_count() {
        for (number, wanted) in [
            (1, false),
            (3, false),
            (5, false),
            (7, false),
            (8, true),
            (10, true),
            (12, false),
            (13, true),
            (14, true),
            (15, true),
            (16, false),
            (17, false),
            (252, false),
            (253, false),
        ] {
            assert_eq!(is_supported(Algorithm::from_u8(number)), wanted, "{}", title(number));
        }
        for (number, wanted) in [(0, false), (1, true), (2, true), (3, false), (4, true), (5, false), (255, false)] {
            assert_eq!(is_digest_supported(DigestType::from(number)), wanted, "{}", digest_title(number));
        }
        assert_eq!(title(13), "13 (ECDSAP256SHA256)");
        assert_eq!(title(99), "99");
    }
}
