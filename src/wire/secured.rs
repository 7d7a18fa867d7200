//! What a TLS handshake settled: version, cipher, who the peer is and how that was found out.
//!
//! Plain facts, so that sessions, reports and proofs of identity may look at them without knowing the TLS library. A
//! certificate is named by a fingerprint, of itself or of its key alone, which is also what a user pins.
//! Verifies nothing. RFC 8446; RFC 9266 (the channel binding); RFC 5280 §4.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// What the handshake settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// `TLSv1.3`
    pub version: String,
    /// The cipher suite by its IANA name.
    pub cipher: String,
    /// How the peer's certificate was found good.
    pub verified: Verified,
    /// All that speaks against it, the worst first, where that was only looked at and not held against the peer.
    pub objections: Vec<Objection>,
    /// What the peer showed, its own certificate first. Servers ask for none.
    pub chain: Vec<Certificate>,
    /// What both ends of this connection know and nobody between them can (RFC 9266).
    pub exporter: Option<Exporter>,
}

/// How a peer's certificate was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verified {
    /// An authority that we trust vouches for it, by the rules of RFC 5280, and it carries the right name.
    Pkix,
    /// It, or its key, is the very one that we were told to expect.
    Pin,
    /// It is what the domain names in signed DNS (RFC 7672).
    Dane,
    /// As [`Verified::Pkix`], and the domain's policy names the server (RFC 8461).
    MtaSts,
    /// Not at all: whoever it was, nobody else listened (RFC 7435).
    #[default]
    No,
}

/// What speaks against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Of which sort it is.
    pub flaw: Flaw,
    /// A sentence about the certificate, which is "it" there; may hold a stranger's words.
    pub text: String,
}

/// What is wrong with a certificate. The worst comes first: where nobody vouches, name and days are only claimed; where the
/// name is another's, the server is not the one that was meant; and what is too old was good once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flaw {
    /// Nobody whom we trust vouches for it.
    Untrusted,
    /// Something that has no name here.
    Other,
    /// It is for another name.
    OtherName,
    /// It, or one above it, is too old.
    Expired,
    /// It is not good yet.
    NotYetValid,
}

/// A certificate that was shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate itself (DER).
    pub der: Vec<u8>,
    /// The fingerprint of all of it.
    pub sha256: Fingerprint,
    /// The fingerprint of its SubjectPublicKeyInfo, which survives a renewal with the same key; none if it cannot be
    /// read.
    pub spki: Option<Fingerprint>,
}

/// A SHA-256 hash, printed and read as `sha256:` and 64 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

/// The channel binding `tls-exporter`. It proves which connection a login belongs to, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Exporter(pub [u8; 32]);

/// Why a text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is sha256: and 64 hexadecimal digits, perhaps with colons between them")]
pub struct NoFingerprint;

impl Tls {
    /// The channel binding, if this version of TLS has one that is safe.
    pub fn exporter(&self) -> Option<&[u8]> {
        self.exporter.as_ref().map(|exporter| exporter.0.as_slice())
    }
}

impl Verified {
    /// The word for it in reports: `pkix`, `pin`, `dane`, `mta-sts`, `none`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pkix => "pkix",
            Self::Pin => "pin",
            Self::Dane => "dane",
            Self::MtaSts => "mta-sts",
            Self::No => "none",
        }
    }
}

impl Certificate {
    /// Whether this is what a fingerprint names: the certificate, or its key.
    pub fn is(&self, pin: &Fingerprint) -> bool {
        self.sha256 == *pin || self.spki.as_ref() == Some(pin)
    }

    /// As text for a file of authorities (RFC 7468 §5).
    pub fn pem(&self) -> String {
        let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(&self.der).as_bytes().chunks(64) {
            text.extend(line.iter().copied().map(char::from));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
        text
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    /// `openssl x509 -fingerprint` puts colons between the octets, so they may stand there.
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let (algorithm, digits) = text.split_once(':').ok_or(NoFingerprint)?;
        if !algorithm.eq_ignore_ascii_case("sha256") {
            return Err(NoFingerprint);
        }
        let digits: Vec<u8> = digits
            .chars()
            .filter(|sign| *sign != ':')
            .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(NoFingerprint))
            .collect::<Result<_, _>>()?;
        let octets: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | digit)).collect();
        if digits.len() == 64 { octets.try_into().map(Self).map_err(|_| NoFingerprint) } else { Err(NoFingerprint) }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.sha256)
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_printed_and_as_others_print_it() {
        let octets: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).expect("below 256"));
        let printed = Fingerprint(octets).to_string();
        assert!(printed.starts_with("sha256:00070e15") && printed.len() == 71, "{printed}");
        let bare = printed.trim_start_matches("sha256:").to_owned();
        let colons: Vec<&str> = (0..32).map(|at| &bare[2 * at..2 * at + 2]).collect();
        for text in [printed.clone(), printed.to_uppercase(), format!("SHA256:{}", colons.join(":").to_uppercase())] {
            assert_eq!(text.parse(), Ok(Fingerprint(octets)), "{text}");
        }
        let (short, long) = (&printed[..70], format!("{printed}0"));
        for text in [short, long.as_str(), &bare, "sha1:00", "sha256:", "", &printed.replace("07", "0g")] {
            assert_eq!(text.parse::<Fingerprint>(), Err(NoFingerprint), "{text}");
        }
    }

    #[test]
    fn the_channel_binding_is_not_printed() {
        let tls = Tls { exporter: Some(Exporter([0xa5; 32])), ..Tls::default() };
        let text = format!("{tls:?}");
        assert!(!text.contains("165") && !text.contains("a5"), "{text}");
        assert_eq!(tls.exporter(), Some([0xa5; 32].as_slice()));
    }
}
