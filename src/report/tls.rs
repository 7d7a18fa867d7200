//! TLS reports: how mail to a domain was encrypted, and why some was not delivered.
//!
//! Read as loosely as JSON allows: numbers in quotes and single values in the place of lists occur. RFC 8460 §4.

use super::Line;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Octets of a document; a report of thousands of servers has a tenth of it.
const DOCUMENT_MAX: usize = 4 * 1024 * 1024;

/// A report of one sender about one domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct TlsReport {
    /// Who reports.
    pub organization_name: Option<String>,
    /// Where to reach them.
    pub contact_info: Option<String>,
    /// What they call this report.
    pub report_id: Option<String>,
    /// When the time begins that it is about, as written.
    pub start: Option<String>,
    /// When it ends.
    pub end: Option<String>,
    /// Sessions by the policy that was applied.
    pub policies: Vec<Applied>,
}

/// Sessions to which one policy was applied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Applied {
    /// `tlsa`, `sts`, `no-policy-found`.
    pub policy_type: Option<String>,
    /// The policy, line by line.
    pub policy_string: Vec<String>,
    /// The domain the mail went to.
    pub policy_domain: Option<String>,
    /// The mail exchangers that the policy names.
    pub mx_host: Vec<String>,
    /// Sessions that were encrypted as they should be.
    pub successful: u64,
    /// Sessions that were not.
    pub failed: u64,
    /// Why.
    pub failures: Vec<Failure>,
}

/// Sessions that failed for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Failure {
    /// `certificate-expired`, `starttls-not-supported` … (RFC 8460 §4.3).
    pub result_type: Option<String>,
    /// From where the mail came.
    pub sending_mta_ip: Option<String>,
    /// The mail exchanger.
    pub receiving_mx_hostname: Option<String>,
    /// What it called itself.
    pub receiving_mx_helo: Option<String>,
    /// Its address.
    pub receiving_ip: Option<String>,
    /// How many sessions.
    pub failed_session_count: u64,
    /// Where more can be read.
    pub additional_information: Option<String>,
    /// What the sender's library said.
    pub failure_reason_code: Option<String>,
}

/// Whether a document begins like such a report: JSON can be anything, but names are near its beginning.
pub(super) fn is_head(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let near = text.get(..4096).unwrap_or(text);
    let names = ["organization-name", "report-id", "date-range", "policies"];
    near.starts_with(b"{") && names.iter().any(|name| memchr::memmem::find(near, name.as_bytes()).is_some())
}

impl TlsReport {
    /// Reads a document.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        if text.len() > DOCUMENT_MAX {
            return Err(format!("it has more than {DOCUMENT_MAX} octets, which no report has"));
        }
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("the JSON cannot be read: {error}"))?;
        let policies = value.get("policies").and_then(Value::as_array).ok_or("it lists no policies")?;
        // Policies alone could be anything's.
        if value.get("report-id").is_none() && value.get("organization-name").is_none() {
            return Err("it has neither report-id nor organization-name".to_owned());
        }
        let range = value.get("date-range").unwrap_or(&Value::Null);
        Ok(Self {
            organization_name: text_of(&value, "organization-name"),
            contact_info: text_of(&value, "contact-info"),
            report_id: text_of(&value, "report-id"),
            start: text_of(range, "start-datetime"),
            end: text_of(range, "end-datetime"),
            policies: policies.iter().map(Applied::read).collect(),
        })
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.policies.iter().flat_map(Applied::lines).collect()
    }
}

impl Applied {
    fn read(value: &Value) -> Self {
        let (policy, summary) = (value.get("policy"), value.get("summary"));
        let (policy, summary) = (policy.unwrap_or(&Value::Null), summary.unwrap_or(&Value::Null));
        let failures = value.get("failure-details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            policy_type: text_of(policy, "policy-type"),
            policy_string: texts_of(policy, "policy-string"),
            policy_domain: text_of(policy, "policy-domain"),
            mx_host: texts_of(policy, "mx-host"),
            successful: number_of(summary, "total-successful-session-count"),
            failed: number_of(summary, "total-failure-session-count"),
            failures: failures.iter().map(Failure::read).collect(),
        }
    }

    /// A line for what succeeded, and one for each reason why something did not.
    fn lines(&self) -> Vec<Line> {
        let domain = self.policy_domain.clone().unwrap_or_else(|| "-".to_owned());
        let policy = self.policy_type.as_deref().unwrap_or("no policy named");
        let mut lines = Vec::new();
        let told = self.failures.iter().fold(0u64, |sum, failure| sum.saturating_add(failure.failed_session_count));
        if self.successful > 0 || self.failed == 0 && self.failures.is_empty() {
            let diagnostic = format!("{}, {policy}", sessions(self.successful));
            lines.push(Line { status: "success".to_owned(), address: domain.clone(), diagnostic });
        }
        lines.extend(self.failures.iter().map(|failure| failure.line(&domain)));
        if self.failed > told {
            let diagnostic = format!("{}, {policy}, no reason given", sessions(self.failed - told));
            lines.push(Line { status: "failure".to_owned(), address: domain, diagnostic });
        }
        lines
    }
}

impl Failure {
    fn read(value: &Value) -> Self {
        Self {
            result_type: text_of(value, "result-type"),
            sending_mta_ip: text_of(value, "sending-mta-ip"),
            receiving_mx_hostname: text_of(value, "receiving-mx-hostname"),
            receiving_mx_helo: text_of(value, "receiving-mx-helo"),
            receiving_ip: text_of(value, "receiving-ip"),
            failed_session_count: number_of(value, "failed-session-count"),
            additional_information: text_of(value, "additional-information"),
            failure_reason_code: text_of(value, "failure-reason-code"),
        }
    }

    fn line(&self, domain: &str) -> Line {
        let mut said = vec![sessions(self.failed_session_count)];
        for (what, value) in [
            ("from ", &self.sending_mta_ip),
            ("to ", &self.receiving_ip),
            ("", &self.failure_reason_code),
            ("", &self.additional_information),
        ] {
            said.extend(value.as_ref().map(|value| format!("{what}{value}")));
        }
        Line {
            status: self.result_type.clone().unwrap_or_else(|| "failure".to_owned()),
            address: self.receiving_mx_hostname.clone().unwrap_or_else(|| domain.to_owned()),
            diagnostic: said.join(", "),
        }
    }
}

fn sessions(count: u64) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    texts_of(value, name).into_iter().next()
}

/// A text or a list of texts.
fn texts_of(value: &Value, name: &str) -> Vec<String> {
    match value.get(name) {
        Some(Value::String(text)) if !text.is_empty() => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn number_of(value: &Value, name: &str) -> u64 {
    let value = value.get(name).unwrap_or(&Value::Null);
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// After the example of RFC 8460 Appendix B.
    pub(in super::super) const REPORT: &str = r#"{
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {
      "policy-type": "sts",
      "policy-string": ["version: STSv1", "mode: testing"],
      "policy-domain": "company-y.example",
      "mx-host": "*.mail.company-y.example"
    },
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": "303"},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1",
       "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "receiving-mx-hostname": "mx2.mail.company-y.example",
       "receiving-ip": "203.0.113.56", "failed-session-count": 200, "additional-information": "https://x.example/"}
    ]
  }]
}"#;

    #[test]
    fn a_report_is_read_and_counted() {
        let found = TlsReport::parse(REPORT.as_bytes()).expect("a report");
        assert_eq!(found.start.as_deref(), Some("2016-04-01T00:00:00Z"));
        assert_eq!(
            (found.policies[0].failed, &found.policies[0].mx_host[..]),
            (303, &["*.mail.company-y.example".to_owned()][..])
        );
        let lines: Vec<_> =
            found.lines().iter().map(|l| format!("{} {} {}", l.status, l.address, l.diagnostic)).collect();
        assert_eq!(
            lines,
            [
                "success company-y.example 5326 sessions, sts",
                "certificate-expired mx1.mail.company-y.example 100 sessions, from 2001:db8:abcd:0012::1",
                "starttls-not-supported mx2.mail.company-y.example 200 sessions, to 203.0.113.56, https://x.example/",
                "failure company-y.example 3 sessions, sts, no reason given",
            ]
        );
    }

    #[test]
    fn not_every_json_is_a_report() {
        for text in ["{}", "[]", "{\"policies\": []}", "{\"report-id\": \"x\"}", "{", "", &"[".repeat(100_000)] {
            assert!(TlsReport::parse(text.as_bytes()).is_err(), "{}", &text[..text.len().min(40)]);
        }
        let empty = TlsReport::parse(br#"{"report-id": 1, "policies": [null, {"summary": 3}]}"#).expect("an odd one");
        assert_eq!(empty.lines().len(), 2);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), at in 0..REPORT.len(), octet: u8) {
            let mut text = REPORT.as_bytes().to_vec();
            text[at] = octet;
            for text in [text, octets] {
                let _ = TlsReport::parse(&text).map(|report| report.lines());
            }
        }
    }
}
