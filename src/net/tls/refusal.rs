//! Why a handshake failed, in a sentence of its own for each cause.
//!
//! A certificate or a version that is refused is refused for good; a connection that breaks may be the network's
//! doing. RFC 8446 §6 (alerts); RFC 5280 §6; RFC 9525.

use super::dane::NotNamed;
use super::verify::NotPinned;
use crate::error::{Error, Kind};
use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};
use std::io;

/// What is said when the server is too old.
pub const TOO_OLD: &str = "the server speaks no version of TLS that is still safe: 1.2 or 1.3 is needed";

/// What is said when a handshake fails in a way that may have to do with the server's age.
const NOT_IN_COMMON: &str = "the server and we share no way of encryption that is safe";
const REFUSED: &str =
    "the server refused the TLS handshake: it knows none of our ways of encryption, or wants a certificate of ours";
const BROKEN_OFF: &str = "the server broke the TLS handshake off";
const CLOSED: &str = "the server closed the connection during the TLS handshake";

/// Whether it is worth a question which version of TLS a server speaks whose handshake failed so.
pub fn is_vague(text: &str) -> bool {
    [TOO_OLD, NOT_IN_COMMON, REFUSED, BROKEN_OFF, CLOSED].iter().any(|what| text.contains(what))
}

/// The error for a handshake with `host` that ended in this one.
pub(super) fn of(error: io::Error, host: &str) -> Error {
    let refused = |what: &str| Error::new(Kind::Unavailable, what).with_peer(host);
    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => CLOSED,
            _ => "the TLS handshake failed",
        };
        return Error::new(Kind::Temporary, what).with_peer(host).caused_by(error);
    };
    match cause {
        rustls::Error::InvalidCertificate(why) => {
            let refused = refused(&format!("the server's certificate was refused: {}", certificate(why)));
            match own_cause::<NotPinned>(why).is_some() {
                true => refused.hint("if the server has a new certificate, ask whoever runs it, then pin that one"),
                false => refused,
            }
        }
        rustls::Error::NoCertificatesPresented => refused("the server showed no certificate"),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => refused(TOO_OLD),
        rustls::Error::PeerIncompatible(_) => refused(NOT_IN_COMMON).caused_by(error),
        rustls::Error::PeerMisbehaved(_) => refused("the server breaks the rules of TLS").caused_by(error),
        rustls::Error::InvalidMessage(_) => refused("what the server says is not TLS").hint(
            "a server that begins in clear and offers STARTTLS is named without the s: smtp://, pop3://, imap://",
        ),
        rustls::Error::AlertReceived(alert) => match said(*alert) {
            Some(what) => refused(what),
            None => refused(BROKEN_OFF).caused_by(error),
        },
        _ => Error::new(Kind::Temporary, "the TLS handshake failed").with_peer(host).caused_by(error),
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
        rustls::Error::AlertReceived(alert) => said(*alert),
        _ => None,
    }
}

fn said(alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as A;
    Some(match alert {
        A::ProtocolVersion => TOO_OLD,
        A::InsufficientSecurity => NOT_IN_COMMON,
        A::HandshakeFailure => REFUSED,
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
    })
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
