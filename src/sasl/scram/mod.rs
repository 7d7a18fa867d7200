//! SCRAM: a login in which neither side shows the password, and each proves itself to the other.
//!
//! What both sides share: the hash functions, the binding to a TLS connection, the form of names. Octets in,
//! octets out. Nonces and channel bindings are given, so that nothing here needs random numbers or TLS.
//! RFC 5802, RFC 7677, RFC 9266 (tls-exporter).

mod client;
mod keys;
mod server;

#[cfg(test)]
mod tests;

pub use client::{Client, Distrust};
pub use keys::Keys;
pub use server::{Challenged, Claim, Named};

use super::base64::encode;
use aws_lc_rs::{digest, hmac, pbkdf2};
use std::fmt;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// RFC 7677 §4: with fewer, whoever watches a login can try out passwords quickly.
const ITERATIONS_MIN: u32 = 4096;
/// A second of work for us; a server that asks for more wants to keep us busy.
const ITERATIONS_MAX: u32 = 1_000_000;
/// RFC 9266 §2.
const EXPORTER: &str = "tls-exporter";

/// The hash function of a SCRAM mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SCRAM-SHA-1 (RFC 5802).
    Sha1,
    /// SCRAM-SHA-256 (RFC 7677).
    Sha256,
}

/// What is known about binding a login to the TLS connection it runs in (RFC 5802 §6).
#[derive(Clone, PartialEq, Eq)]
pub enum Binding {
    /// This login is not bound: there is nothing to bind to, or somebody did not want it.
    Unsupported,
    /// We could, but the server does not offer it. It is told so: a server that does offer it then knows that
    /// somebody stands between us and took the offer away.
    NotOffered,
    /// The login is bound to this keying material (RFC 9266 §2).
    Exporter(Vec<u8>),
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        }
    }

    /// The mechanism's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    fn sign(self, key: &[u8], octets: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(hmac::sign(&hmac::Key::new(self.hmac(), key), octets).as_ref().to_vec())
    }

    fn hash(self, octets: &[u8]) -> Vec<u8> {
        digest::digest(self.digest(), octets).as_ref().to_vec()
    }

    /// `Hi` of RFC 5802 §2.2.
    fn salted(self, password: &str, salt: &[u8], iterations: NonZeroU32) -> Zeroizing<Vec<u8>> {
        let algorithm = match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        };
        let mut out = Zeroizing::new(vec![0; self.digest().output_len()]);
        pbkdf2::derive(algorithm, iterations, salt, password.as_bytes(), &mut out);
        out
    }
}

impl Binding {
    /// `n,`, `y,` or `p=tls-exporter,`, and whom we act for (RFC 5802 §7, gs2-header).
    fn header(&self, authzid: Option<&str>) -> String {
        let flag = match self {
            Self::Unsupported => "n".to_owned(),
            Self::NotOffered => "y".to_owned(),
            Self::Exporter(_) => format!("p={EXPORTER}"),
        };
        let authzid = authzid.map(|name| format!("a={}", escaped(name))).unwrap_or_default();
        format!("{flag},{authzid},")
    }

    /// `c=`: the header, and the keying material if there is some.
    fn proof(&self, header: &str) -> String {
        let mut octets = header.as_bytes().to_vec();
        if let Self::Exporter(material) = self {
            octets.extend_from_slice(material);
        }
        encode(&octets).to_string()
    }
}

/// Does not show the keying material.
impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "Unsupported",
            Self::NotOffered => "NotOffered",
            Self::Exporter(_) => "Exporter(..)",
        })
    }
}

fn attribute<'a>(part: Option<&'a str>, name: &str) -> Option<&'a str> {
    part?.strip_prefix(name)?.strip_prefix('=')
}

/// RFC 5802 §5.1: commas and equals signs in names.
pub(super) fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut parts = text.split('=');
    name.push_str(parts.next()?);
    for part in parts {
        let (c, rest) =
            [('=', "3D"), (',', "2C")].into_iter().find_map(|(c, code)| Some((c, part.strip_prefix(code)?)))?;
        name.push(c);
        name.push_str(rest);
    }
    Some(name)
}

fn xor(one: &[u8], other: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(one.iter().zip(other).map(|(one, other)| one ^ other).collect())
}
