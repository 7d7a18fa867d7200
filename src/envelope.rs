//! The envelope: who gets the bounce, who gets the message, and how it may travel.
//!
//! What MAIL and RCPT say, what the spool keeps and the relay repeats. Message content is not
//! its business, and neither is whether anybody would accept it.
//! RFC 5321 §2.3.1, §3.3, §4.1.2, §4.5.5; RFC 3461; RFC 6152; RFC 6531.

use crate::address::{Address, AddressError};
use crate::notify::ReportRequest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where non-delivery is reported. Null for reports themselves, so that none answers another (RFC 5321 §4.5.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReversePath {
    /// `<>`
    Null,
    /// `<alice@crepes.example>`
    Mailbox(Address),
}

/// A recipient: `<Postmaster>` needs no domain (RFC 5321 §4.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ForwardPath {
    /// The person responsible for the host that is addressed.
    Postmaster,
    /// An ordinary mailbox.
    Mailbox(Address),
}

/// `BODY=` of RFC 6152 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum BodyType {
    /// Lines of US-ASCII: what a message is when nobody says otherwise.
    #[default]
    SevenBit,
    /// Lines of octets.
    EightBitMime,
}

/// Everything SMTP says about a message apart from the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// Who is to receive the message; never empty once accepted.
    pub recipients: Vec<ForwardPath>,
    /// `BODY=`
    pub body: BodyType,
    /// `SMTPUTF8`: addresses or header fields are UTF-8, and every further hop must know it (RFC 6531 §3.4).
    pub smtputf8: bool,
    /// Which reports the sender asks for, if any. Envelopes of before there was this ask for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<Box<ReportRequest>>,
}

impl ReversePath {
    /// Reads a path in angle brackets, `<>` included.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text == "<>" {
            return Ok(Self::Null);
        }
        parse_path(text).map(Self::Mailbox)
    }

    /// Whether nobody must be told about a failure.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The address, if there is one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Null => None,
            Self::Mailbox(address) => Some(address),
        }
    }
}

impl ForwardPath {
    /// Reads a path in angle brackets.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.eq_ignore_ascii_case("<postmaster>") {
            return Ok(Self::Postmaster);
        }
        parse_path(text).map(Self::Mailbox)
    }

    /// The address, unless this is the bare `<Postmaster>`.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Postmaster => None,
            Self::Mailbox(address) => Some(address),
        }
    }
}

/// `<@a,@b:user@host>`: the source route is read and forgotten, as RFC 5321 §4.1.2 and appendix C ask.
fn parse_path(text: &str) -> Result<Address, AddressError> {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).ok_or(AddressError::NoAt)?;
    let mailbox = match inner.strip_prefix('@') {
        Some(route) => {
            let (hosts, mailbox) = route.split_once(':').ok_or(AddressError::LocalPart)?;
            for host in hosts.split(',') {
                crate::address::Domain::parse(host.trim_start_matches('@'))?;
            }
            mailbox
        }
        None => inner,
    };
    Address::parse(mailbox)
}

/// Prints without angle brackets; the null reverse-path is empty.
impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Mailbox(address) => address.fmt(f),
        }
    }
}

/// Prints without angle brackets.
impl fmt::Display for ForwardPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postmaster => f.write_str("postmaster"),
            Self::Mailbox(address) => address.fmt(f),
        }
    }
}

impl From<Address> for ForwardPath {
    fn from(address: Address) -> Self {
        Self::Mailbox(address)
    }
}

impl Envelope {
    /// An envelope that asks for nothing special.
    pub fn new(reverse_path: ReversePath, recipients: Vec<ForwardPath>) -> Self {
        Self { reverse_path, recipients, body: BodyType::SevenBit, smtputf8: false, reports: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_of_before_reports_could_be_asked_for_is_read() {
        let old = r#"{"reverse_path":"Null","recipients":["Postmaster"],"body":"SevenBit","smtputf8":false}"#;
        let envelope: Envelope = serde_json::from_str(old).expect("an envelope");
        assert_eq!(envelope.reports, None);
        assert_eq!(serde_json::to_string(&envelope).expect("it prints"), old);
    }

    #[test]
    fn paths_are_read_with_and_without_a_source_route() {
        for (text, wanted) in [
            ("<a@b>", Some("a@b")),
            ("<@x,@y:c@d>", Some("c@d")),
            ("<POSTMASTER>", Some("postmaster")),
            ("<@x>", None),
            ("<@x:>", None),
            ("a@b", None),
            ("<a@b", None),
            ("<<a@b>>", None),
        ] {
            assert_eq!(ForwardPath::parse(text).ok().map(|p| p.to_string()).as_deref(), wanted, "{text}");
        }
        assert_eq!(ReversePath::parse("<>"), Ok(ReversePath::Null));
        assert!(ForwardPath::parse("<>").is_err());
    }
}
