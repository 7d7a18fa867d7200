//! MDNs: what a reader, or a program of his, did with a message.
//!
//! RFC 8098 §3; RFC 6533 §6 for the same in UTF-8.

use super::Line;
use super::fields::{self, Extra, Typed};
use crate::message::id;
use schemars::JsonSchema;
use serde::Serialize;

/// Fields that have a place of their own below.
const KNOWN: [&str; 9] = [
    "Reporting-UA",
    "MDN-Gateway",
    "Original-Recipient",
    "Final-Recipient",
    "Original-Message-ID",
    "Disposition",
    "Failure",
    "Error",
    "Warning",
];

/// A report that a message was shown, deleted, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disposition {
    /// `displayed`, `deleted`, `dispatched`, `processed`; older programs also say `denied` and `failed`.
    pub disposition: String,
    /// What followed the type: `error`, and what programs of their own add.
    pub modifiers: Vec<String>,
    /// Whether a person did it (`manual-action`) or a program (`automatic-action`).
    pub action_mode: String,
    /// Whether a person let the report go (`mdn-sent-manually`) or a program (`mdn-sent-automatically`).
    pub sending_mode: String,
    /// The program that reports, perhaps with its host in front.
    pub reporting_ua: Option<String>,
    /// What translated the report from another mail system.
    pub mdn_gateway: Option<Typed>,
    /// Whom the message was sent to.
    pub original_recipient: Option<Typed>,
    /// Who reports.
    pub final_recipient: Option<Typed>,
    /// The Message-ID of the message, without brackets.
    pub original_message_id: Option<String>,
    /// What went wrong, in words: RFC 8098 §3.2.7, one from each field.
    pub errors: Vec<String>,
    /// Fields with other names.
    pub extensions: Vec<Extra>,
}

impl Disposition {
    /// Reads the content of a message/disposition-notification.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let group = fields::groups(content).find(|group| group.has("Disposition"))?;
        let text = group.text("Disposition")?.to_ascii_lowercase();
        let (modes, kind) = text.split_once(';').unwrap_or(("", &text));
        let (action_mode, sending_mode) = modes.split_once('/').unwrap_or((modes, ""));
        let (kind, modifiers) = kind.split_once('/').unwrap_or((kind, ""));
        let modifiers = modifiers.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
        let errors = ["Failure", "Error", "Warning"].iter().flat_map(|name| group.texts(name));
        Some(Self {
            disposition: kind.trim().to_owned(),
            modifiers: modifiers.collect(),
            action_mode: action_mode.trim().to_owned(),
            sending_mode: sending_mode.trim().to_owned(),
            reporting_ua: group.text("Reporting-UA"),
            mdn_gateway: group.typed("MDN-Gateway"),
            original_recipient: group.address("Original-Recipient"),
            final_recipient: group.address("Final-Recipient"),
            original_message_id: group
                .text("Original-Message-ID")
                .and_then(|text| id::parse_list(text.as_bytes()).into_iter().next()),
            errors: errors.collect(),
            extensions: group.others(&KNOWN),
        })
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let known = [&self.original_recipient, &self.final_recipient];
        let address = known.into_iter().flatten().map(|typed| typed.value.clone()).find(|value| !value.is_empty());
        let modes = [self.action_mode.as_str(), self.sending_mode.as_str()];
        let said = modes.into_iter().chain(self.modifiers.iter().map(String::as_str));
        let said = said.chain(self.errors.iter().map(String::as_str)).filter(|word| !word.is_empty());
        vec![Line {
            status: self.disposition.clone(),
            address: address.unwrap_or_else(|| "-".to_owned()),
            diagnostic: said.collect::<Vec<_>>().join(", "),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_with_who_did_it() {
        for (content, wanted) in [
            (
                // RFC 8098 §9.
                "Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\nOriginal-Recipient: rfc822;Joe_Recipient@example.com\n\
                 Final-Recipient: rfc822;Joe_Recipient@example.com\nOriginal-Message-ID: <199509192301.23456@example.org>\n\
                 Disposition: manual-action/MDN-sent-manually; displayed\n",
                "displayed Joe_Recipient@example.com manual-action, mdn-sent-manually",
            ),
            (
                "Final-Recipient: rfc822; bob@x\nDisposition: automatic-action/MDN-sent-automatically; processed/error\n\
                 Error: no memory\n",
                "processed bob@x automatic-action, mdn-sent-automatically, error, no memory",
            ),
            ("Disposition: displayed\n", "displayed - "),
        ] {
            let found = Disposition::parse(content.as_bytes()).expect(content);
            let [line] = &found.lines()[..] else { panic!("one line") };
            assert_eq!(format!("{} {} {}", line.status, line.address, line.diagnostic), wanted);
        }
        let found = Disposition::parse(b"Reporting-UA: a; b\nOriginal-Message-ID: <x@y>\nDisposition: a/b; c\nX: y\n");
        let found = found.expect("a report");
        assert_eq!(found.original_message_id.as_deref(), Some("x@y"));
        assert_eq!(found.reporting_ua.as_deref(), Some("a; b"));
        assert_eq!(Disposition::parse(b"Final-Recipient: rfc822; x\n"), None);
    }
}
