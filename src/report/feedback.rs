//! ARF: what a reader or his server thinks of a message, for whom it came from.
//!
//! Knows no lists and ends no subscription. RFC 5965 §3; RFC 6591 §3 for failed authentication; RFC 6692.

use super::Line;
use super::fields::{self, Extra, Typed};
use schemars::JsonSchema;
use serde::Serialize;

/// Fields that have a place of their own below.
const KNOWN: [&str; 21] = [
    "Feedback-Type",
    "User-Agent",
    "Version",
    "Original-Envelope-Id",
    "Original-Mail-From",
    "Original-Rcpt-To",
    "Arrival-Date",
    "Received-Date",
    "Reporting-MTA",
    "Source-IP",
    "Source-Port",
    "Incidents",
    "Authentication-Results",
    "Reported-Domain",
    "Reported-URI",
    "Auth-Failure",
    "Delivery-Result",
    "Identity-Alignment",
    "DKIM-Domain",
    "DKIM-Identity",
    "DKIM-Selector",
];

/// A complaint, or another opinion about a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Feedback {
    /// `abuse`, `fraud`, `virus`, `not-spam`, `auth-failure`, `other`.
    pub feedback_type: String,
    /// What wrote the report.
    pub user_agent: Option<String>,
    /// The ENVID of the message.
    pub original_envelope_id: Option<String>,
    /// The reverse-path of the message.
    pub original_mail_from: Option<String>,
    /// The forward-paths of the message.
    pub original_rcpt_to: Vec<String>,
    /// When the message arrived, in RFC 3339.
    pub arrival_date: Option<String>,
    /// Who reports.
    pub reporting_mta: Option<Typed>,
    /// From where the message came.
    pub source_ip: Option<String>,
    /// The port there.
    pub source_port: Option<u16>,
    /// How many times this happened.
    pub incidents: Option<u64>,
    /// What the reporter found out about the sender (RFC 8601).
    pub authentication_results: Vec<String>,
    /// Domains that the reporter blames.
    pub reported_domain: Vec<String>,
    /// URIs that the reporter blames.
    pub reported_uri: Vec<String>,
    /// What failed: `dkim`, `spf`, `dmarc` … (RFC 6591 §3.1).
    pub auth_failure: Option<String>,
    /// What became of the message.
    pub delivery_result: Option<String>,
    /// Which identities agreed with the domain of From (RFC 7489 §7.3.1).
    pub identity_alignment: Option<String>,
    /// The domain of the signature.
    pub dkim_domain: Option<String>,
    /// The identity of the signature.
    pub dkim_identity: Option<String>,
    /// The selector of the signature.
    pub dkim_selector: Option<String>,
    /// Fields with other names.
    pub extensions: Vec<Extra>,
}

impl Feedback {
    /// Reads the content of a message/feedback-report.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let group = fields::groups(content).find(|group| group.has("Feedback-Type"))?;
        let bare = |text: String| text.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
        Some(Self {
            feedback_type: group.text("Feedback-Type")?.to_ascii_lowercase(),
            user_agent: group.text("User-Agent"),
            original_envelope_id: group.text("Original-Envelope-Id"),
            original_mail_from: group.text("Original-Mail-From").map(bare),
            original_rcpt_to: group.texts("Original-Rcpt-To").map(bare).collect(),
            arrival_date: group.date("Arrival-Date").or_else(|| group.date("Received-Date")),
            reporting_mta: group.typed("Reporting-MTA"),
            source_ip: group.text("Source-IP"),
            source_port: group.text("Source-Port").and_then(|text| text.parse().ok()),
            incidents: group.text("Incidents").and_then(|text| text.parse().ok()),
            authentication_results: group.texts("Authentication-Results").collect(),
            reported_domain: group.texts("Reported-Domain").collect(),
            reported_uri: group.texts("Reported-URI").collect(),
            auth_failure: group.text("Auth-Failure"),
            delivery_result: group.text("Delivery-Result"),
            identity_alignment: group.text("Identity-Alignment"),
            dkim_domain: group.text("DKIM-Domain"),
            dkim_identity: group.text("DKIM-Identity"),
            dkim_selector: group.text("DKIM-Selector"),
            extensions: group.others(&KNOWN),
        })
    }

    /// A line for each recipient, or one for whom the message came from.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut said = Vec::new();
        for (what, value) in [
            ("failed: ", self.auth_failure.as_deref()),
            ("from ", self.original_mail_from.as_deref()),
            ("by ", self.source_ip.as_deref()),
            ("for ", self.reported_domain.first().map(String::as_str)),
        ] {
            said.extend(value.filter(|value| !value.is_empty()).map(|value| format!("{what}{value}")));
        }
        if let Some(incidents) = self.incidents.filter(|incidents| *incidents > 1) {
            said.push(format!("{incidents} times"));
        }
        let nobody = ["-".to_owned()];
        let whom = if self.original_rcpt_to.is_empty() { &nobody[..] } else { &self.original_rcpt_to };
        let line = |address: &String| Line {
            status: self.feedback_type.clone(),
            address: address.clone(),
            diagnostic: said.join(", "),
        };
        whom.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 5965 Appendix B.2, with its repeated fields.
        let content = "Feedback-Type: abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n\
            Original-Mail-From: <somespammer@example.net>\r\nOriginal-Rcpt-To: <user@example.com>\r\n\
            Received-Date: Thu, 8 Mar 2005 14:00:00 EDT\r\nSource-IP: 192.0.2.1\r\nIncidents: 3\r\n\
            Authentication-Results: mail.example.com\r\n smtp.mail=somespammer@example.com;\r\n spf=fail\r\n\
            Reported-Domain: example.net\r\nReported-Uri: http://example.net/earn_money.html\r\n\
            Reported-Uri: mailto:user@example.com\r\nRemoval-Recipient: user@example.com\r\n";
        let found = Feedback::parse(content.as_bytes()).expect("a report");
        assert_eq!(found.arrival_date.as_deref(), Some("2005-03-08T18:00:00Z"));
        assert_eq!((found.source_ip.as_deref(), found.reported_uri.len()), (Some("192.0.2.1"), 2));
        assert_eq!(found.extensions, [Extra { name: "Removal-Recipient".into(), value: "user@example.com".into() }]);
        let lines = found.lines();
        assert_eq!((lines[0].status.as_str(), lines[0].address.as_str()), ("abuse", "user@example.com"));
        assert_eq!(lines[0].diagnostic, "from somespammer@example.net, by 192.0.2.1, for example.net, 3 times");
    }

    #[test]
    fn without_a_type_it_is_none_and_without_recipient_it_is_still_one() {
        assert_eq!(Feedback::parse(b"User-Agent: x\r\n"), None);
        let found = Feedback::parse(b"Feedback-Type: Auth-Failure\nAuth-Failure: dmarc\nSource-IP: 192.0.2.1\n");
        let lines = found.expect("a report").lines();
        assert_eq!(
            (lines[0].status.as_str(), lines[0].diagnostic.as_str()),
            ("auth-failure", "failed: dmarc, by 192.0.2.1")
        );
    }
}
