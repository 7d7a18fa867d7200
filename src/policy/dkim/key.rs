//! The key to a signature, as its domain publishes it, and whether a signature was made with it.
//!
//! RFC 6376 §3.6.1; RFC 8301 §3; RFC 8463 §3, §4.

use super::signature::Algorithm;
use super::tags::Tags;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

/// RFC 8301 §3.2: who signs with less, anybody can sign for.
const BITS_MIN: usize = 1024;
/// More takes a verifier's time and no forger's.
const BITS_MAX: usize = 8192;

/// A public key with what its domain says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Key {
    kind: Kind,
    material: Vec<u8>,
    /// The length of an RSA modulus.
    pub(super) bits: Option<usize>,
    /// `t=y`: the domain is trying things out.
    pub(super) is_testing: bool,
    /// `t=s`: the identity must be in the domain itself, not below it.
    pub(super) is_strict: bool,
    /// Whether `h=` allows SHA-256 and `s=` allows mail.
    pub(super) is_for_this: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    Ed25519,
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum NoKey {
    /// What is published is none.
    Broken(String),
    /// It was one and is taken back.
    Revoked,
}

impl Key {
    /// Reads a record.
    pub(in crate::policy) fn parse(record: &[u8]) -> Result<Self, NoKey> {
        let broken = |why: &str| NoKey::Broken(why.to_owned());
        let tags = Tags::parse(record).map_err(NoKey::Broken)?;
        if tags.get("v").is_some_and(|version| version != "DKIM1") {
            return Err(broken("it has another version than DKIM1"));
        }
        let kind = match tags.get("k").map(str::to_ascii_lowercase).as_deref() {
            None | Some("rsa") => Kind::Rsa,
            Some("ed25519") => Kind::Ed25519,
            Some(_) => return Err(broken("its type is unknown")),
        };
        if tags.get("p") == Some("") {
            return Err(NoKey::Revoked);
        }
        let material = tags.octets("p").ok_or(broken("there is no key in it"))?;
        let bits = match kind {
            Kind::Rsa => Some(modulus_bits(&material).ok_or(broken("it is not an RSA key"))?),
            Kind::Ed25519 if material.len() == 32 => None,
            Kind::Ed25519 => return Err(broken("it is not an Ed25519 key")),
        };
        let allows = |tag: &str, what: &[&str]| {
            tags.list(tag).is_none_or(|list| list.iter().any(|element| what.contains(&element.as_str())))
        };
        let flags = tags.list("t").unwrap_or_default();
        Ok(Self {
            kind,
            material,
            bits,
            is_testing: flags.iter().any(|flag| flag == "y"),
            is_strict: flags.iter().any(|flag| flag == "s"),
            is_for_this: allows("h", &["sha256"]) && allows("s", &["*", "email"]),
        })
    }

    /// Whether the algorithm goes with this key.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::RsaSha256 | Algorithm::RsaSha1 => self.kind == Kind::Rsa,
            Algorithm::Ed25519Sha256 => self.kind == Kind::Ed25519,
        }
    }

    /// Whether the key is as long as a key has to be.
    pub(super) fn is_long_enough(&self) -> bool {
        self.bits.is_none_or(|bits| (BITS_MIN..=BITS_MAX).contains(&bits))
    }

    /// Whether `signature` was made over `data` with this key, by its SHA-256.
    pub(in crate::policy) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        match self.kind {
            Kind::Rsa => UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.material)
                .verify(data, signature)
                .is_ok(),
            // RFC 8463 §3: what is signed is the hash.
            Kind::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.material)
                .verify(digest::digest(&digest::SHA256, data).as_ref(), signature)
                .is_ok(),
        }
    }
}

/// The length of the modulus in an RSA key, be it a SubjectPublicKeyInfo or the RSAPublicKey in it; both are published.
fn modulus_bits(der: &[u8]) -> Option<usize> {
    let (_, outer, _) = element(der).filter(|(tag, ..)| *tag == 0x30)?;
    let (tag, first, rest) = element(outer)?;
    let modulus = match tag {
        0x30 => {
            let (_, bits, _) = element(rest).filter(|(tag, ..)| *tag == 0x03)?;
            let (_, key, _) = element(bits.get(1..)?).filter(|(tag, ..)| *tag == 0x30)?;
            element(key).filter(|(tag, ..)| *tag == 0x02)?.1
        }
        0x02 => first,
        _ => return None,
    };
    let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
    let significant = modulus.get(zeros..)?;
    Some(significant.len() * 8 - significant.first()?.leading_zeros() as usize)
}

/// The tag and the content of a DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            (octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The keys of RFC 8463, Appendix A.2.
    const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const RSA: &str = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd\
        OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3\
        Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

    #[test]
    fn records_are_read_with_what_they_allow() {
        let rsa = Key::parse(RSA.as_bytes()).expect("a key");
        assert_eq!((rsa.bits, rsa.is_testing, rsa.is_strict, rsa.is_for_this), (Some(1024), false, false, true));
        assert!(rsa.fits(Algorithm::RsaSha256) && !rsa.fits(Algorithm::Ed25519Sha256));
        assert_eq!(Key::parse(ED25519.as_bytes()).expect("a key").bits, None);
        for (extra, testing, strict, for_this) in [
            ("t=y:s", true, true, true),
            ("h=sha1", false, false, false),
            ("h=sha1:sha256; s=email", false, false, true),
            ("s=tlsrpt", false, false, false),
            ("s=*; n=note; zz=1", false, false, true),
        ] {
            let key = Key::parse(format!("{RSA}; {extra}").as_bytes()).expect("a key");
            assert_eq!((key.is_testing, key.is_strict, key.is_for_this), (testing, strict, for_this), "{extra}");
        }
    }

    #[test]
    fn what_is_no_key_says_why() {
        for (record, wanted) in [
            ("p=", NoKey::Revoked),
            ("v=DKIM1; k=rsa; p=", NoKey::Revoked),
            ("v=spf1 -all", NoKey::Broken("a tag has no proper name".into())),
            ("v=DKIM2; p=x", NoKey::Broken("it has another version than DKIM1".into())),
            ("v=DKIM1", NoKey::Broken("there is no key in it".into())),
            ("k=x448; p=AAAA", NoKey::Broken("its type is unknown".into())),
            ("p=AAAA", NoKey::Broken("it is not an RSA key".into())),
            ("k=ed25519; p=AAAA", NoKey::Broken("it is not an Ed25519 key".into())),
        ] {
            let found = match wanted {
                NoKey::Broken(ref why) if why.starts_with("a tag") => {
                    assert!(matches!(Key::parse(record.as_bytes()), Err(NoKey::Broken(_))), "{record}");
                    continue;
                }
                _ => Key::parse(record.as_bytes()),
            };
            assert_eq!(found, Err(wanted), "{record}");
        }
    }

    #[test]
    fn the_length_of_a_key_is_counted_in_both_forms() {
        // RSAPublicKey { modulus, exponent }, with lengths that take one octet.
        let bare = [&[0x30, 0x0b, 0x02, 0x06, 0x00, 0x1f, 1, 2, 3, 4][..], &[0x02, 0x01, 0x03]].concat();
        assert_eq!(modulus_bits(&bare), Some(37));
        assert_eq!(modulus_bits(&bare[..8]), None);
        for (bits, wanted) in [(1023, false), (1024, true), (8192, true), (8193, false)] {
            let key = Key { bits: Some(bits), ..Key::parse(RSA.as_bytes()).expect("a key") };
            assert_eq!(key.is_long_enough(), wanted, "{bits}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(record in any::<Vec<u8>>(), der in any::<Vec<u8>>()) {
            let _ = Key::parse(&record);
            modulus_bits(&der);
        }
    }
}
