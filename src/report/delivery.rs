//! DSNs: what became of a message, for each recipient.
//!
//! Reads the part for programs; who wrote none is read by `bounce`. Status and reply code are also looked for
//! in the server's words, since many put the only useful number there. Decides nothing.
//! RFC 3464 §2; RFC 6533 §4 for the same in UTF-8.

use super::Line;
use super::fields::{self, Extra, Group, Typed, from_xtext};
use crate::status::EnhancedStatus;
use schemars::JsonSchema;
use serde::Serialize;

/// Fields about the message (RFC 3464 §2.2).
const OF_MESSAGE: [&str; 5] =
    ["Original-Envelope-Id", "Reporting-MTA", "DSN-Gateway", "Received-From-MTA", "Arrival-Date"];
/// Fields about a recipient (RFC 3464 §2.3).
const OF_RECIPIENT: [&str; 9] = [
    "Original-Recipient",
    "Final-Recipient",
    "Action",
    "Status",
    "Remote-MTA",
    "Diagnostic-Code",
    "Last-Attempt-Date",
    "Final-Log-ID",
    "Will-Retry-Until",
];

/// Recipients of one report that are told.
const RECIPIENTS_MAX: usize = 20_000;

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Delivery {
    /// How it is written.
    pub form: Form,
    /// The ENVID of the message (RFC 3461 §4.4).
    pub original_envelope_id: Option<String>,
    /// Who reports.
    pub reporting_mta: Option<Typed>,
    /// What translated the report from another mail system.
    pub dsn_gateway: Option<Typed>,
    /// From whom the reporter had the message.
    pub received_from_mta: Option<Typed>,
    /// When the reporter took it, in RFC 3339.
    pub arrival_date: Option<String>,
    /// What became of it, for each recipient.
    pub recipients: Vec<Recipient>,
    /// Fields about the message that RFC 3464 does not name.
    pub extensions: Vec<Extra>,
    /// There were more recipients.
    pub truncated: bool,
}

/// How a delivery report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// With a part for programs (RFC 3464, RFC 6533).
    Dsn,
    /// In words alone: qmail's, "Hi. This is the …".
    Qmail,
    /// In words alone: Exim's.
    Exim,
    /// In words alone: Exchange's.
    Exchange,
    /// In words alone: sendmail's, from before it knew DSNs.
    Sendmail,
    /// In words alone, of a program that is none of these.
    Prose,
}

/// What became of the message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Recipient {
    /// The recipient as the reporter knew it.
    pub final_recipient: Option<Typed>,
    /// The recipient as the sender gave it, where the two differ or somebody asked.
    pub original_recipient: Option<Typed>,
    /// `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: Option<String>,
    /// RFC 3463; from the server's words if there is no field.
    pub status: Option<String>,
    /// The server that answered.
    pub remote_mta: Option<Typed>,
    /// What it answered.
    pub diagnostic: Option<Typed>,
    /// The reply code in that answer.
    pub reply_code: Option<u16>,
    /// When it was last tried, in RFC 3339.
    pub last_attempt_date: Option<String>,
    /// Until when it will be tried again, in RFC 3339.
    pub will_retry_until: Option<String>,
    /// What the reporter's log calls it.
    pub final_log_id: Option<String>,
    /// Fields that RFC 3464 does not name.
    pub extensions: Vec<Extra>,
}

impl Delivery {
    /// Reads the content of a message/delivery-status; `None` if it speaks of nobody.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let about = fields::groups(content).next()?;
        // Some forget the empty line behind the first group.
        let mut groups = fields::groups(content).filter(is_recipient);
        let recipients: Vec<_> = groups.by_ref().take(RECIPIENTS_MAX).map(|group| Recipient::read(&group)).collect();
        let truncated = groups.next().is_some();
        let known: Vec<&str> = OF_MESSAGE.into_iter().chain(OF_RECIPIENT).collect();
        let extensions = if is_recipient(&about) { Vec::new() } else { about.others(&known) };
        (!recipients.is_empty()).then(|| Self {
            form: Form::Dsn,
            original_envelope_id: about.text("Original-Envelope-Id").map(|id| from_xtext(&id)),
            reporting_mta: about.typed("Reporting-MTA"),
            dsn_gateway: about.typed("DSN-Gateway"),
            received_from_mta: about.typed("Received-From-MTA"),
            arrival_date: about.date("Arrival-Date"),
            recipients,
            extensions,
            truncated,
        })
    }

    /// One that was put in words.
    pub(super) fn in_words(form: Form, mut recipients: Vec<Recipient>) -> Option<Self> {
        let truncated = recipients.len() > RECIPIENTS_MAX;
        recipients.truncate(RECIPIENTS_MAX);
        (!recipients.is_empty()).then_some(Self {
            form,
            original_envelope_id: None,
            reporting_mta: None,
            dsn_gateway: None,
            received_from_mta: None,
            arrival_date: None,
            recipients,
            extensions: Vec::new(),
            truncated,
        })
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.recipients.iter().map(Recipient::line).collect()
    }
}

fn is_recipient(group: &Group<'_>) -> bool {
    ["Final-Recipient", "Original-Recipient", "Action"].iter().any(|name| group.has(name))
}

impl Recipient {
    fn read(group: &Group<'_>) -> Self {
        let diagnostic = group.typed("Diagnostic-Code");
        let words = diagnostic.as_ref().map_or("", |typed| typed.value.as_str());
        // `5.1.1 (bad address)`: comments are as common as they are useless.
        let status = group.text("Status").and_then(|text| status_in(&text));
        Self {
            final_recipient: group.address("Final-Recipient"),
            original_recipient: group.address("Original-Recipient"),
            action: group.text("Action").and_then(|text| first_word(&text)),
            status: status.or_else(|| status_in(words)).map(|status| status.to_string()),
            remote_mta: group.typed("Remote-MTA"),
            reply_code: reply_code_in(words),
            last_attempt_date: group.date("Last-Attempt-Date"),
            will_retry_until: group.date("Will-Retry-Until"),
            final_log_id: group.text("Final-Log-ID"),
            extensions: group.others(&[&OF_MESSAGE[..], &OF_RECIPIENT[..]].concat()),
            diagnostic,
        }
    }

    /// One of whom a server spoke in words.
    pub(super) fn in_words(address: &str, action: &str, said: &str) -> Self {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let status = status_in(&said).map(|status| status.to_string());
        let typed = |kind: &str, value: &str| Typed { kind: kind.to_owned(), value: value.to_owned() };
        Self {
            final_recipient: Some(typed("rfc822", address.trim_matches(['<', '>', ':', '\'', '"']))),
            action: Some(action.to_owned()),
            status,
            reply_code: reply_code_in(&said),
            diagnostic: (!said.is_empty()).then(|| typed("", &said)),
            ..Self::default()
        }
    }

    /// Whom it is about: as the sender knows him, if that is told.
    pub fn address(&self) -> &str {
        let known = [&self.original_recipient, &self.final_recipient];
        known.into_iter().flatten().map(|typed| typed.value.as_str()).find(|value| !value.is_empty()).unwrap_or("-")
    }

    fn line(&self) -> Line {
        let class = match self.action.as_deref() {
            Some("failed") => "5.0.0",
            Some("delayed") => "4.0.0",
            Some("delivered" | "relayed" | "expanded") => "2.0.0",
            _ => "-",
        };
        let status = self.status.clone().unwrap_or_else(|| class.to_owned());
        let said = self.diagnostic.as_ref().map(|typed| one_reply(&typed.value)).filter(|said| !said.is_empty());
        let meaning = || EnhancedStatus::parse(&status).and_then(meaning).map(str::to_owned);
        // A server that gives up says 4.4.1, as does one that still tries: only the action tells which.
        let is_plain = said.is_some() && self.action.as_deref() == Some("failed") && status.starts_with('5');
        let action = self.action.as_ref().filter(|_| !is_plain).map(|action| match &self.will_retry_until {
            Some(until) if action == "delayed" => format!("{action}, tried until {until}"),
            _ => action.clone(),
        });
        let diagnostic = [action, said.or_else(meaning)].into_iter().flatten().collect::<Vec<_>>().join(": ");
        Line { address: self.address().to_owned(), diagnostic, status }
    }
}

/// What a status says where the server says nothing, by subject and detail (RFC 3463 §3; RFC 7505 §4.2 for the last).
const MEANINGS: [(u16, u16, &str); 21] = [
    (1, 1, "no such mailbox"),
    (1, 2, "no such domain"),
    (1, 3, "bad syntax of the address"),
    (1, 4, "the address is ambiguous"),
    (1, 6, "the mailbox has moved"),
    (2, 1, "the mailbox is disabled"),
    (2, 2, "the mailbox is full"),
    (2, 3, "the message is too large for the mailbox"),
    (2, 4, "the mailing list cannot be expanded"),
    (3, 1, "the mail system is full"),
    (3, 2, "the mail system takes no messages"),
    (3, 4, "the message is too large for the mail system"),
    (4, 1, "no answer from the host"),
    (4, 2, "the connection was bad"),
    (4, 3, "a directory server failed"),
    (4, 4, "no route to the host"),
    (4, 5, "the mail system is congested"),
    (4, 6, "the message went in circles"),
    (4, 7, "the time for delivery is over"),
    (7, 1, "the message was refused"),
    (1, 10, "the domain takes no mail"),
];

fn meaning(status: EnhancedStatus) -> Option<&'static str> {
    let is_it = |(subject, detail, _): &&(u16, u16, &str)| (*subject, *detail) == (status.subject, status.detail);
    MEANINGS.iter().find(is_it).filter(|_| status.class > 2).map(|(.., meaning)| *meaning)
}

/// A reply of several lines, which stand behind one another in a field, with its codes said once:
/// `550-5.1.1 no such 550 5.1.1 user` (RFC 5321 §4.2.1; RFC 3463 §2).
fn one_reply(said: &str) -> String {
    let (code, lines) = match said.split_once('-') {
        Some((code, lines)) if code.len() == 3 && code.bytes().all(|octet| octet.is_ascii_digit()) => (code, lines),
        _ => return said.to_owned(),
    };
    let lines = lines.replace(&format!(" {code}-"), "\n").replace(&format!(" {code} "), "\n");
    let status = lines.split([' ', '\n']).next().filter(|word| EnhancedStatus::parse(word).is_some());
    let mut reply = format!("{code} {}", status.unwrap_or_default());
    for line in lines.lines() {
        let words = status.and_then(|status| line.strip_prefix(status)).unwrap_or(line).trim();
        if !words.is_empty() {
            reply = format!("{} {words}", reply.trim_end());
        }
    }
    reply
}

/// The first word, in lower case, without a comment that touches it.
fn first_word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| !c.is_whitespace() && !matches!(c, '(' | ';')).collect();
    (!word.is_empty()).then(|| word.to_ascii_lowercase())
}

/// The first enhanced status code among words: `550 5.1.1 no such user`, `(#5.1.1)`.
fn status_in(text: &str) -> Option<EnhancedStatus> {
    let mut tokens = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    tokens.find_map(|token| EnhancedStatus::parse(token.trim_end_matches('.')))
}

/// The first number among words that is a refusing reply code and no piece of something longer.
fn reply_code_in(text: &str) -> Option<u16> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '#' | ':' | '<' | '>' | '\''));
    words.filter(|word| word.len() == 3).find_map(|word| word.parse().ok().filter(|code| (400..600).contains(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a content.
    fn lines(content: &str) -> String {
        let delivery = Delivery::parse(content.as_bytes());
        let lines = delivery.map(|delivery| delivery.lines()).unwrap_or_default();
        lines.iter().map(|l| format!("{} {} {}", l.status, l.address, l.diagnostic)).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn each_recipient_is_a_line() {
        for (content, wanted) in [
            (
                "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@x\nAction: failed\nStatus: 5.1.1\n\
                 Diagnostic-Code: smtp; 550 5.1.1\n no such user\n\n\
                 Original-Recipient: rfc822; carol@y\nFinal-Recipient: rfc822; c@z\nAction: Delayed (still)\n",
                "5.1.1 bob@x 550 5.1.1 no such user|4.0.0 carol@y delayed",
            ),
            // Whoever gives up may say the same as whoever still tries.
            (
                "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@x\nAction: failed\nStatus: 4.4.1\n\
                 Diagnostic-Code: X-Postfix; timed out\n\nFinal-Recipient: rfc822; carol@x\nAction: delayed\n\
                 Status: 4.4.1\nDiagnostic-Code: X-Postfix; timed out\nWill-Retry-Until: 25 Nov 2026 12:00:00 +0000\n\n\
                 Final-Recipient: rfc822; dave@x\nAction: relayed\nStatus: 2.1.9\nDiagnostic-Code: smtp; 250 ok\n",
                "4.4.1 bob@x failed: timed out|4.4.1 carol@x delayed, tried until 2026-11-25T12:00:00Z: timed out|\
                 2.1.9 dave@x relayed: 250 ok",
            ),
            // Dovecot gives no words but the status.
            (
                "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@x\nAction: failed\nStatus: 5.2.2\n",
                "5.2.2 bob@x failed: the mailbox is full",
            ),
            // The groups ran together.
            (
                "Reporting-MTA: dns; mx\nFinal-Recipient: rfc822; bob@x\nAction: failed\nStatus: 5.0.0 (permanent)\n",
                "5.0.0 bob@x failed",
            ),
            // The only status stands in the words.
            (
                "Reporting-MTA: dns; mx\n\nAction: failed\nDiagnostic-Code: x; no user (#5.1.1)\n",
                "5.1.1 - no user (#5.1.1)",
            ),
            ("\n\nFinal-Recipient: utf-8; j\\x{FC}@x\nAction: delivered\n", "2.0.0 jü@x delivered"),
            ("Reporting-MTA: dns; mx\n", ""),
            ("", ""),
        ] {
            assert_eq!(lines(content), wanted, "{content}");
        }
    }

    #[test]
    fn all_fields_are_kept() {
        let content = "Original-Envelope-Id: QQ+2B314\r\nReporting-MTA: dns; mx.x\r\nX-Postfix-Queue-ID: 01\r\n\
            Received-From-MTA: smtp; y ([192.0.2.1])\r\nArrival-Date: Fri, 26 Nov 2004 19:41:44 -0800 (PST)\r\n\r\n\
            Final-Recipient: rfc822; bob@x\r\nAction: failed\r\nStatus: 5.7.1\r\nRemote-MTA: dns; mx.z\r\n\
            Diagnostic-Code: smtp; 550-no\r\n 550 no\r\nWill-Retry-Until: nonsense\r\nX-Mine: =?utf-8?q?=C3=A9?=\r\n";
        let found = Delivery::parse(content.as_bytes()).expect("a report");
        let typed =
            |typed: &Option<Typed>| typed.as_ref().map(|t| format!("{};{}", t.kind, t.value)).unwrap_or_default();
        assert_eq!(found.original_envelope_id.as_deref(), Some("QQ+314"));
        assert_eq!(typed(&found.reporting_mta), "dns;mx.x");
        assert_eq!(typed(&found.received_from_mta), "smtp;y ([192.0.2.1])");
        assert_eq!(found.arrival_date.as_deref(), Some("2004-11-27T03:41:44Z"));
        assert_eq!(found.extensions, [Extra { name: "X-Postfix-Queue-ID".into(), value: "01".into() }]);
        let bob = &found.recipients[0];
        assert_eq!((typed(&bob.remote_mta).as_str(), bob.reply_code), ("dns;mx.z", Some(550)));
        assert_eq!((bob.will_retry_until.as_deref(), typed(&bob.diagnostic).as_str()), (None, "smtp;550-no 550 no"));
        assert_eq!(bob.extensions, [Extra { name: "X-Mine".into(), value: "é".into() }]);
    }

    #[test]
    fn a_reply_of_several_lines_says_its_codes_once() {
        for (said, wanted) in [
            ("550-5.1.1 no such 550-5.1.1 user, 550 5.1.1  see https://x", "550 5.1.1 no such user, see https://x"),
            ("550-no 550 no", "550 no no"),
            ("550-5.1.1 550 5.1.1", "550 5.1.1"),
            ("452-4.2.2 full 452 5.1.1 gone", "452 4.2.2 full 5.1.1 gone"),
            ("550 5.1.1 a 550-b", "550 5.1.1 a 550-b"),
            ("550-", "550"),
            ("X-Postfix - no", "X-Postfix - no"),
            ("", ""),
        ] {
            assert_eq!(one_reply(said).trim_end(), wanted, "{said}");
        }
    }

    #[test]
    fn numbers_among_words_are_found_where_they_stand_alone() {
        for (text, status, reply) in [
            ("550 5.1.1 no such user", Some("5.1.1"), Some(550)),
            ("550-5.7.1 blocked", Some("5.7.1"), Some(550)),
            ("(#5.1.1)", Some("5.1.1"), None),
            ("host 192.0.2.1 said: 451 4.7.1.", Some("4.7.1"), Some(451)),
            ("1550 messages, 5.1.1.1", None, None),
            ("no reason", None, None),
        ] {
            assert_eq!(status_in(text).map(|s| s.to_string()).as_deref(), status, "{text}");
            assert_eq!(reply_code_in(text), reply, "{text}");
        }
    }
}
