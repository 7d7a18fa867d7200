//! Reply codes, enhanced status codes, and what they mean for a message's fate.
//!
//! The one place that says whether a failure is worth another attempt.
//! Knows no reply texts and no protocol states.
//! RFC 5321 §4.2; RFC 3463 §2, §3.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Three digits (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplyCode(u16);

/// `class.subject.detail` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EnhancedStatus {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 security.
    pub subject: u16,
    /// What exactly, within the subject.
    pub detail: u16,
}

/// Whether another attempt makes sense. Asked once, by everybody: queue, exit code, hint to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// May go away by itself: keep and try again.
    Transient,
    /// Will not go away: report to the reverse-path.
    Permanent,
}

impl ReplyCode {
    /// Takes 200 to 599; other numbers are no reply codes.
    pub fn new(code: u16) -> Option<Self> {
        (200..600).contains(&code).then_some(Self(code))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// 2yz: the request was carried out.
    pub fn is_success(self) -> bool {
        self.0 / 100 == 2
    }

    /// 3yz: the request is half done and waits for more.
    pub fn is_intermediate(self) -> bool {
        self.0 / 100 == 3
    }

    /// 4yz and 5yz have a fate; the others are no failures (RFC 5321 §4.2.1).
    pub fn fate(self) -> Option<Fate> {
        match self.0 / 100 {
            4 => Some(Fate::Transient),
            5 => Some(Fate::Permanent),
            _ => None,
        }
    }
}

impl EnhancedStatus {
    /// Puts a status together; the numbers are trusted.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// Reads `5.1.1`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let number = |part: Option<&str>| {
            part.filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?.parse::<u16>().ok()
        };
        let class = number(parts.next()).filter(|class| matches!(class, 2 | 4 | 5))?;
        let status = Self::new(class as u8, number(parts.next())?, number(parts.next())?);
        parts.next().is_none().then_some(status)
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl From<EnhancedStatus> for String {
    fn from(status: EnhancedStatus) -> Self {
        status.to_string()
    }
}

impl TryFrom<String> for EnhancedStatus {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an enhanced status code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_strictly() {
        for (text, good) in [
            ("5.1.1", true),
            ("2.0.0", true),
            ("4.999.999", true),
            ("3.1.1", false),
            ("5.1", false),
            ("5.1.1.1", false),
            ("5..1", false),
            ("5.1.1000", false),
            ("5.+1.1", false),
            ("", false),
        ] {
            assert_eq!(EnhancedStatus::parse(text).map(|s| s.to_string()).as_deref(), good.then_some(text));
        }
    }

    #[test]
    fn fate_follows_the_first_digit() {
        let fate = |code| ReplyCode::new(code).expect("a code").fate();
        assert_eq!([fate(250), fate(354)], [None, None]);
        assert_eq!([fate(421), fate(550)], [Some(Fate::Transient), Some(Fate::Permanent)]);
        assert_eq!([ReplyCode::new(199), ReplyCode::new(600)], [None, None]);
    }
}
