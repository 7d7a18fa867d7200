//! Which reports a sender asks for: NOTIFY and ORCPT of each recipient, RET and ENVID of the message.
//!
//! Travels with the envelope, so that a hop that knows DSN can pass it on to the next. What a report says is
//! `message::dsn`'s business; whether a server takes these parameters is the transaction's.
//! RFC 3461 §4, §5; RFC 6533 §3.

use crate::address::Address;
use crate::envelope::ForwardPath;
use serde::{Deserialize, Serialize};
use std::fmt;

/// RFC 3461 §4.4: the longest envelope identifier, encoded.
const ENVID_MAX: usize = 100;

/// What a sender asks for. Who asks for nothing is told of failures, as ever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportRequest {
    /// `RET=`: how much of the message comes back with a report of failure.
    pub ret: Option<Ret>,
    /// `ENVID=`, not encoded: what the reports are to call this message.
    pub envelope_id: Option<EnvelopeId>,
    /// The recipients for whom something is asked. Those who are not named here get what is usual.
    pub recipients: Vec<RecipientRequest>,
}

/// What is asked for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientRequest {
    /// Whom it is about.
    pub recipient: ForwardPath,
    /// `NOTIFY=`
    pub notify: Option<Notify>,
    /// `ORCPT=`: whom the sender named, before anybody rewrote the address.
    pub original: Option<Address>,
}

/// `RET=` (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ret {
    /// The whole message.
    Full,
    /// Its header section.
    Headers,
}

/// `NOTIFY=` (RFC 3461 §4.1): what is reported. All false is NEVER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notify {
    /// That the message was delivered.
    pub success: bool,
    /// That it was not, and never will be.
    pub failure: bool,
    /// That it is late.
    pub delay: bool,
}

/// An envelope identifier: printable ASCII, short enough for its parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EnvelopeId(String);

/// Why a text is none of these; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not a list of occasions.
    #[error("expected never, or some of success, failure and delay with commas between")]
    Notify,
    /// Neither of the two.
    #[error("expected full or hdrs")]
    Ret,
    /// Too long, empty, or with characters that reports cannot carry.
    #[error(
        "an envelope identifier is printable ASCII of at most 100 characters, counting + and = and blanks threefold"
    )]
    EnvelopeId,
}

impl ReportRequest {
    /// What is asked for this recipient.
    pub fn of(&self, recipient: &ForwardPath) -> Option<&RecipientRequest> {
        self.recipients.iter().find(|asked| asked.recipient == *recipient)
    }
}

impl Notify {
    /// Reads `never` or `success,delay`, in letters of any case (RFC 3461 §4.1).
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::default());
        }
        let mut found = Self::default();
        for word in text.split(',') {
            let flag = match word.to_ascii_lowercase().as_str() {
                "success" => &mut found.success,
                "failure" => &mut found.failure,
                "delay" => &mut found.delay,
                _ => return Err(RequestError::Notify),
            };
            *flag = true;
        }
        Ok(found)
    }
}

/// As the parameter's value.
impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let said: Vec<&str> = words.iter().filter(|(is_said, _)| *is_said).map(|(_, word)| *word).collect();
        if said.is_empty() { f.write_str("NEVER") } else { f.write_str(&said.join(",")) }
    }
}

impl Ret {
    /// Reads `full` or `hdrs`, in letters of any case.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        match text.to_ascii_lowercase().as_str() {
            "full" => Ok(Self::Full),
            "hdrs" => Ok(Self::Headers),
            _ => Err(RequestError::Ret),
        }
    }
}

/// As the parameter's value.
impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        })
    }
}

impl EnvelopeId {
    /// Takes a text as the user wrote it, not encoded.
    pub fn new(text: &str) -> Result<Self, RequestError> {
        let is_printable = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        match is_printable && !text.is_empty() && encode_xtext(text).len() <= ENVID_MAX {
            true => Ok(Self(text.to_owned())),
            false => Err(RequestError::EnvelopeId),
        }
    }

    /// The text, not encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<EnvelopeId> for String {
    fn from(id: EnvelopeId) -> Self {
        id.0
    }
}

impl TryFrom<String> for EnvelopeId {
    type Error = RequestError;
    fn try_from(text: String) -> Result<Self, RequestError> {
        Self::new(&text)
    }
}

/// The value of ORCPT: the type of the address, and the address. Where a domain in ASCII makes the whole address
/// ASCII, it is an ordinary one; others are UTF-8 and written so that seven bits carry them (RFC 6533 §3).
pub fn original_recipient(address: &Address) -> String {
    let text = address.to_ascii_domain().to_string();
    if text.is_ascii() {
        return format!("rfc822;{}", encode_xtext(&text));
    }
    let embed = |c: char| match c {
        '!'..='~' if !matches!(c, '+' | '=' | '\\') => c.to_string(),
        _ => format!("\\x{{{:02X}}}", u32::from(c)),
    };
    format!("utf-8;{}", text.chars().map(embed).collect::<String>())
}

/// xtext (RFC 3461 §4): printable ASCII but for `+` and `=` as it is, all other octets as `+` and two digits.
pub fn encode_xtext(text: &str) -> String {
    let as_is = |octet: u8| matches!(octet, b'!'..=b'~') && !matches!(octet, b'+' | b'=');
    text.bytes().map(|o| if as_is(o) { char::from(o).to_string() } else { format!("+{o:02X}") }).collect()
}

/// The text behind xtext; none if it is not xtext, or its octets are no text.
pub fn decode_xtext(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        octets.push(match (first, more) {
            (b'+', [high, low, behind @ ..]) => {
                rest = behind;
                // Only upper case: RFC 3461 §4.
                let digit = |d: &u8| char::from(*d).to_digit(16).filter(|_| !d.is_ascii_lowercase());
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            (b'+' | b'=', _) => return None,
            (b'!'..=b'~', _) => *first,
            _ => return None,
        });
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn occasions_are_read_and_printed() {
        for (text, wanted) in [
            ("never", Some("NEVER")),
            ("Success", Some("SUCCESS")),
            ("delay,failure", Some("FAILURE,DELAY")),
            ("success,failure,delay", Some("SUCCESS,FAILURE,DELAY")),
            ("success,success", Some("SUCCESS")),
            ("never,success", None),
            ("success,", None),
            ("success, delay", None),
            ("", None),
            ("always", None),
        ] {
            assert_eq!(Notify::parse(text).ok().map(|notify| notify.to_string()).as_deref(), wanted, "{text}");
        }
        assert_eq!(Ret::parse("HDRS").map(|ret| ret.to_string()), Ok("HDRS".to_owned()));
        assert_eq!(Ret::parse("headers"), Err(RequestError::Ret));
    }

    #[test]
    fn an_identifier_fits_its_parameter() {
        for (text, is_good) in [
            ("QQ314159", true),
            ("a b+c=d", true),
            (&"x".repeat(100), true),
            (&"x".repeat(101), false),
            (&"+".repeat(34), false),
            ("", false),
            ("caf\u{e9}", false),
            ("a\r\nRCPT TO:<b>", false),
        ] {
            assert_eq!(EnvelopeId::new(text).is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn the_original_recipient_says_what_sort_of_address_it_is() {
        for (address, wanted) in [
            ("bob@hamburger.example", "rfc822;bob@hamburger.example"),
            ("bob+tag@hamburger.example", "rfc822;bob+2Btag@hamburger.example"),
            ("\"a b\"@x", "rfc822;\"a+20b\"@x"),
            ("bob@b\u{fc}cher.example", "rfc822;bob@xn--bcher-kva.example"),
            ("j\u{fc}rgen@x.example", "utf-8;j\\x{FC}rgen@x.example"),
        ] {
            assert_eq!(original_recipient(&Address::parse(address).expect(address)), wanted);
        }
    }

    #[test]
    fn what_is_no_xtext_is_not_decoded() {
        for text in ["a b", "a=b", "+4", "+", "+4g", "+e9", "+C3", "\u{e9}"] {
            assert_eq!(decode_xtext(text), None, "{text}");
        }
        assert_eq!(decode_xtext("a+2Bb+3Dc+20+C3+A9").as_deref(), Some("a+b=c \u{e9}"));
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_are_inverse(text in "\\PC{0,20}") {
            let encoded = encode_xtext(&text);
            prop_assert!(encoded.bytes().all(|octet| matches!(octet, b'!'..=b'~') && octet != b'='));
            prop_assert_eq!(decode_xtext(&encoded), Some(text));
        }
    }
}
