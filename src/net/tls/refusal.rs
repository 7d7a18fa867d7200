//! Why a handshake failed, in a sentence of its own for each cause.
//!
//! A certificate or a version that is refused is refused for good; a connection that breaks may be the network's
//! doing. RFC 8446 §6 (alerts); RFC 5280 §6; RFC 9525.

use super::dane::NotNamed;
use super::old::Newest;
use super::verify::NotPinned;
use crate::error::{Error, Kind};
use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};
use std::fmt;
use std::io;

/// A handshake that came to nothing.
#[derive(Debug)]
pub struct Refused {
    /// What it tells of the server.
    pub why: Why,
    pub(super) error: Error,
}

/// What a handshake that came to nothing tells of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No version that it speaks is still safe.
    TooOld,
    /// It broke off, or shares no cipher with us: that may have to do with its age.
    Vague,
    /// What it says is not TLS.
    NotTls,
    /// No handshake was wanted, but its newest version, and this it is.
    Asked(Newest),
    /// Something else: its certificate, or the network.
    Other,
}

impl Refused {
    /// For a reason that says nothing about the server's TLS.
    pub(in crate::net) fn other(error: Error) -> Self {
        Self { why: Why::Other, error }
    }

    /// The same for whoever began with TLS before all words: a server that answers in clear may want to be greeted first.
    #[must_use]
    pub fn before_words(self) -> Self {
        match self.why {
            Why::NotTls => self.hint(
                "a server that begins in clear and offers STARTTLS is named without the s: smtp://, pop3://, imap://",
            ),
            _ => self,
        }
    }

    fn hint(self, hint: &str) -> Self {
        Self { error: self.error.hint(hint), ..self }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// What is said when the server is too old.
const TOO_OLD: &str = "the server speaks no version of TLS that is still safe: 1.2 or 1.3 is needed";

/// What is said when a handshake fails in a way that may have to do with the server's age.
const NOT_IN_COMMON: &str = "the server and we share no way of encryption that is safe";
const REFUSED: &str =
    "the server refused the TLS handshake: it knows none of our ways of encryption, or wants a certificate of ours";
const BROKEN_OFF: &str = "the server broke the TLS handshake off";
const CLOSED: &str = "the server closed the connection during the TLS handshake";

/// Why a handshake with `host` ended in this error.
pub(super) fn of(error: io::Error, host: &str) -> Refused {
    let refused = |why, what: &str| Refused { why, error: Error::new(Kind::Unavailable, what).with_peer(host) };
    let caused = |why, what: &str, cause: io::Error| {
        let refused = refused(why, what);
        Refused { error: refused.error.caused_by(cause), ..refused }
    };
    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let (why, what) = match error.kind() {
            io::ErrorKind::UnexpectedEof => (Why::Vague, CLOSED),
            _ => (Why::Other, "the TLS handshake failed"),
        };
        return Refused { why, error: Error::new(Kind::Temporary, what).with_peer(host).caused_by(error) };
    };
    match cause {
        rustls::Error::InvalidCertificate(why) => {
            let refused = refused(Why::Other, &format!("the server's certificate was refused: {}", certificate(why)));
            match own_cause::<NotPinned>(why).is_some() {
                true => refused.hint("if the server has a new certificate, ask whoever runs it, then pin that one"),
                false => refused,
            }
        }
        rustls::Error::NoCertificatesPresented => refused(Why::Other, "the server showed no certificate"),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => refused(Why::TooOld, TOO_OLD),
        rustls::Error::PeerIncompatible(_) => caused(Why::Vague, NOT_IN_COMMON, error),
        rustls::Error::PeerMisbehaved(_) => caused(Why::Other, "the server breaks the rules of TLS", error),
        rustls::Error::InvalidMessage(_) => refused(Why::NotTls, "what the server says is not TLS"),
        rustls::Error::AlertReceived(alert) => match said(*alert) {
            Some((why, what)) => refused(why, what),
            None => caused(Why::Vague, BROKEN_OFF, error),
        },
        _ => {
            let failed = Error::new(Kind::Temporary, "the TLS handshake failed").with_peer(host);
            Refused::other(failed.caused_by(error))
        }
    }
}

/// What the question which version a server speaks has come to; it never comes to a connection.
pub(super) fn asked(answer: io::Result<Newest>, host: &str) -> Refused {
    match answer {
        Ok(newest) => {
            let error = Error::new(Kind::Unavailable, newest.to_string()).with_peer(host);
            Refused { why: Why::Asked(newest), error }
        }
        Err(error) => {
            Refused::other(Error::new(Kind::Temporary, "the connection broke").with_peer(host).caused_by(error))
        }
    }
}

/// What speaks against a certificate that was only looked at.
pub(super) fn objection(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => certificate(why),
        other => other.to_string(),
    }
}

/// What a server says of us by an alert, even after the handshake: with TLS 1.3 our certificate is judged when we
/// believe to be through.
pub(in crate::net) fn alert(error: &io::Error) -> Option<&'static str> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => said(*alert).map(|(_, what)| what),
        _ => None,
    }
}

fn said(alert: AlertDescription) -> Option<(Why, &'static str)> {
    use AlertDescription as A;
    let what = match alert {
        A::ProtocolVersion => return Some((Why::TooOld, TOO_OLD)),
        A::InsufficientSecurity => return Some((Why::Vague, NOT_IN_COMMON)),
        A::HandshakeFailure => return Some((Why::Vague, REFUSED)),
        A::CertificateRequired | A::NoCertificate => "the server wants a certificate of ours",
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied
        | A::DecryptError => "the server refused our certificate",
        A::UnrecognisedName => "the server has no certificate for the name that we dialled",
        _ => return None,
    };
    Some((Why::Other, what))
}

fn certificate(why: &CertificateError) -> String {
    use CertificateError as E;
    if let Some(not_pinned) = own_cause::<NotPinned>(why) {
        return not_pinned.to_string();
    }
    if let Some(not_named) = own_cause::<NotNamed>(why) {
        return not_named.to_string();
    }
    let text = match why {
        E::Expired | E::ExpiredContext { .. } => "it, or one that vouches for it, has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "it, or one that vouches for it, is not valid yet",
        E::NotValidForName | E::NotValidForNameContext { .. } => "it is for another name",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "it is not made for servers",
        E::UnknownIssuer => "nobody we trust has signed it",
        // The key of an authority of that name is of another sort than the one it was signed with.
        E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "nobody we trust has signed it, though somebody of the same name is trusted"
        }
        // By another authority of the same name, too; and a server that proves with such a key that it is its own.
        E::BadSignature => "nobody we trust has signed it, or a key is too short to be safe",
        E::Revoked => "it has been revoked",
        E::BadEncoding => "it cannot be read",
        // webpki's causes without a name of their own in rustls.
        other => match format!("{other:?}") {
            text if text.contains("UnsupportedSignatureAlgorithm") => "its signature, or its key, is not safe any more",
            // What `openssl req -x509` makes is of this sort.
            text if text.contains("CaUsedAsEndEntity") => {
                "it is an authority's own certificate, made to sign others and not for a server"
            }
            text if text.contains("EndEntityUsedAsCa") => "it was signed with a certificate that may not sign others",
            text if text.contains("PathLenConstraintViolated") => {
                "it was signed by an authority too far down the chain"
            }
            text if text.contains("NameConstraintViolation") => "it is for a name that its authority may not vouch for",
            text if text.contains("UnsupportedCriticalExtension") => "it has conditions that are not understood here",
            text if text.contains("UnsupportedCertVersion") => "it is of a version that is too old",
            _ => return other.to_string(),
        },
    };
    text.to_owned()
}

/// A cause of our own.
fn own_cause<E: std::error::Error + 'static>(why: &CertificateError) -> Option<&E> {
    match why {
        CertificateError::Other(OtherError(inner)) => inner.downcast_ref(),
        _ => None,
    }
}
