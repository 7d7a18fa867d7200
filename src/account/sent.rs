//! Where a copy of what was sent is kept, and which providers keep one by themselves.
//!
//! A second copy beside the provider's own would show every message twice, so the table below is consulted before
//! anything is put into a mailbox. Pure.

use crate::address::Domain;
use serde::{Deserialize, Deserializer};
use std::convert::Infallible;
use std::str::FromStr;

/// What is to be done with a copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Copies {
    /// Nothing.
    #[default]
    None,
    /// Into the mailbox for sent mail, unless the provider does that itself.
    Auto,
    /// Into this mailbox, whatever the provider does.
    Mailbox(String),
}

/// Hosts of submission whose provider puts what is submitted into the mailbox for sent mail by itself. Gmail, Microsoft
/// and Zoho are known for it by the reports of those whose clients saved a second copy; the three of NetEase by those
/// of its users. iCloud and Yahoo are not here: reports contradict each other, and a copy too many is seen and a
/// missing one is not.
const KEEPERS: [&str; 11] = [
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "smtp-mail.outlook.com",
    "smtp.office365.com",
    "outlook.office365.com",
    "smtp.zoho.com",
    "smtp.zoho.eu",
    "smtppro.zoho.com",
    "smtp.163.com",
    "smtp.126.com",
    "smtp.yeah.net",
];

/// Whether whoever takes submissions at this host keeps a copy by itself.
pub fn keeps_copies(host: &Domain) -> bool {
    KEEPERS.contains(&host.to_ascii().to_string().to_ascii_lowercase().trim_end_matches('.'))
}

impl FromStr for Copies {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            "none" | "" => Self::None,
            name => Self::Mailbox(name.to_owned()),
        })
    }
}

impl<'de> Deserialize<'de> for Copies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.parse().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_the_host_that_takes_submissions() {
        for (host, wanted) in [
            ("smtp.gmail.com", true),
            ("SMTP.Gmail.com", true),
            ("smtp.office365.com", true),
            ("smtp.163.com", true),
            ("gmail.com.evil.example", false),
            ("smtp.example.org", false),
            ("evilsmtp.gmail.com.example", false),
            ("smtp.mail.yahoo.com", false),
            ("smtp.fastmail.com", false),
            ("[192.0.2.1]", false),
        ] {
            assert_eq!(keeps_copies(&Domain::parse(host).expect(host)), wanted, "{host}");
        }
    }

    #[test]
    fn a_word_is_a_rule_or_the_name_of_a_mailbox() {
        for (text, wanted) in
            [("auto", Copies::Auto), ("none", Copies::None), ("Sent Items", Copies::Mailbox("Sent Items".into()))]
        {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
    }
}
