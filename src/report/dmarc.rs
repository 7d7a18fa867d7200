//! DMARC aggregate reports: who sent mail in a domain's name, and how that mail fared.
//!
//! Generators disagree about order, case and completeness, so nothing but the root is demanded. Judges nobody.
//! RFC 7489 §7.2, Appendix C.

use super::Line;
use super::xml::{self, Element};
use crate::message::words;
use crate::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Rows that are told; all are counted.
const ROWS_MAX: usize = 50_000;

/// A report of one receiver about one domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Dmarc {
    /// Who reports.
    pub org_name: Option<String>,
    /// Where to reach them.
    pub email: Option<String>,
    /// Where else.
    pub extra_contact_info: Option<String>,
    /// What they call this report.
    pub report_id: Option<String>,
    /// The first second of the time it is about, in RFC 3339.
    pub begin: Option<String>,
    /// The last second of it.
    pub end: Option<String>,
    /// What went wrong while the report was made.
    pub errors: Vec<String>,
    /// The policy that was found.
    pub policy: Policy,
    /// Messages, counted.
    pub messages: u64,
    /// Those of them that neither DKIM nor SPF vouched for.
    pub failed: u64,
    /// Who sent how many.
    pub records: Vec<Row>,
    /// There were more rows.
    pub truncated: bool,
    /// Why the rest of the report could not be read.
    pub broken: Option<String>,
}

/// The policy that the domain had published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Policy {
    /// The domain.
    pub domain: Option<String>,
    /// How well the domain of a signature must agree with that of From: `r` or `s`.
    pub adkim: Option<String>,
    /// How well the domain of the reverse-path must.
    pub aspf: Option<String>,
    /// What to do with what fails: `none`, `quarantine`, `reject`.
    pub p: Option<String>,
    /// The same for subdomains.
    pub sp: Option<String>,
    /// The same for subdomains that do not exist.
    pub np: Option<String>,
    /// To how much of the mail it applies, in percent.
    pub pct: Option<String>,
    /// When single failures are to be reported.
    pub fo: Option<String>,
    /// Whether the policy was a test.
    pub testing: Option<String>,
    /// How the policy was found: `psl` or `treewalk`.
    pub discovery_method: Option<String>,
}

/// Messages that are alike in all that the report tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Row {
    /// From where they came.
    pub source_ip: Option<String>,
    /// How many.
    pub count: u64,
    /// What was done with them.
    pub disposition: Option<String>,
    /// Whether a signature of the domain in From was good: `pass` or `fail`.
    pub dkim: Option<String>,
    /// Whether SPF was, for the domain in From.
    pub spf: Option<String>,
    /// Why something else was done than the policy asks.
    pub reasons: Vec<Reason>,
    /// The domain in From.
    pub header_from: Option<String>,
    /// The domain of the reverse-path.
    pub envelope_from: Option<String>,
    /// The domain of the recipients.
    pub envelope_to: Option<String>,
    /// What was found out about signatures, of whatever domain.
    pub dkim_results: Vec<DkimResult>,
    /// What SPF said.
    pub spf_results: Vec<SpfResult>,
}

/// Why something else was done than the policy asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reason {
    /// `forwarded`, `mailing_list`, `local_policy` …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// In words.
    pub comment: Option<String>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DkimResult {
    /// Who signed.
    pub domain: Option<String>,
    /// With which key.
    pub selector: Option<String>,
    /// `pass`, `fail`, `permerror` …
    pub result: Option<String>,
    /// In words.
    pub human_result: Option<String>,
}

/// One look at SPF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpfResult {
    /// Whose record.
    pub domain: Option<String>,
    /// `helo` or `mfrom`.
    pub scope: Option<String>,
    /// `pass`, `softfail` …
    pub result: Option<String>,
    /// In words.
    pub human_result: Option<String>,
}

/// Whether a document begins like such a report.
pub(super) fn is_head(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let near = text.get(..2048).unwrap_or(text);
    near.starts_with(b"<")
        && [&b"<feedback"[..], b":feedback"].iter().any(|name| memchr::memmem::find(near, name).is_some())
}

impl Dmarc {
    /// Reads a document. What breaks in the middle is told, and what stood in front of it kept.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let (text, _) = words::undeclared(text);
        let mut report = Self::default();
        match xml::read(&text, |element| report.take(&element)) {
            Ok(root) if root == "feedback" => {}
            Ok(root) => return Err(format!("its root is {root} and not feedback")),
            Err(why) if report.records.is_empty() => return Err(format!("the XML cannot be read: {why}")),
            Err(why) => report.broken = Some(why),
        }
        Ok(report)
    }

    fn take(&mut self, element: &Element) {
        match element.name.as_str() {
            "report_metadata" => {
                let time = |name: &str| element.child("date_range").and_then(|range| range.text(name)).and_then(when);
                self.org_name = element.text("org_name");
                self.email = element.text("email");
                self.extra_contact_info = element.text("extra_contact_info");
                self.report_id = element.text("report_id");
                (self.begin, self.end) = (time("begin"), time("end"));
                self.errors = element.children("error").map(|error| error.own_text().to_owned()).collect();
            }
            "policy_published" => self.policy = Policy::read(element),
            "record" => {
                let row = Row::read(element);
                self.messages = self.messages.saturating_add(row.count);
                if !row.is_vouched_for() {
                    self.failed = self.failed.saturating_add(row.count);
                }
                match self.records.len() < ROWS_MAX {
                    true => self.records.push(row),
                    false => self.truncated = true,
                }
            }
            _ => {}
        }
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.records.iter().map(Row::line).collect()
    }
}

/// Seconds since 1970; some write a date.
fn when(text: String) -> Option<String> {
    let second = text.parse::<i64>().ok().and_then(|second| Timestamp::from_second(second).ok());
    second.or_else(|| text.parse().ok()).map(|when| when.to_string())
}

impl Policy {
    fn read(element: &Element) -> Self {
        Self {
            domain: element.text("domain"),
            adkim: element.text("adkim"),
            aspf: element.text("aspf"),
            p: element.text("p"),
            sp: element.text("sp"),
            np: element.text("np"),
            pct: element.text("pct"),
            fo: element.text("fo"),
            testing: element.text("testing"),
            discovery_method: element.text("discovery_method"),
        }
    }
}

impl Row {
    fn read(record: &Element) -> Self {
        let none = Element::default();
        let child = |name: &str| record.child(name).unwrap_or(&none);
        let (row, results) = (child("row"), child("auth_results"));
        let policy = row.child("policy_evaluated").unwrap_or(&none);
        // Old generators call them identities.
        let identifiers = record.child("identifiers").or_else(|| record.child("identities")).unwrap_or(&none);
        let lower = |name: &str| policy.text(name).map(|text| text.to_ascii_lowercase());
        Self {
            source_ip: row.text("source_ip"),
            count: row.text("count").and_then(|count| count.parse().ok()).unwrap_or(0),
            disposition: lower("disposition"),
            dkim: lower("dkim"),
            spf: lower("spf"),
            reasons: policy
                .children("reason")
                .map(|reason| Reason { kind: reason.text("type"), comment: reason.text("comment") })
                .collect(),
            header_from: identifiers.text("header_from"),
            envelope_from: identifiers.text("envelope_from"),
            envelope_to: identifiers.text("envelope_to"),
            dkim_results: results
                .children("dkim")
                .map(|dkim| DkimResult {
                    domain: dkim.text("domain"),
                    selector: dkim.text("selector"),
                    result: dkim.text("result"),
                    human_result: dkim.text("human_result"),
                })
                .collect(),
            spf_results: results
                .children("spf")
                .map(|spf| SpfResult {
                    domain: spf.text("domain"),
                    scope: spf.text("scope"),
                    result: spf.text("result"),
                    human_result: spf.text("human_result"),
                })
                .collect(),
        }
    }

    /// RFC 7489 §6.6.2: one of the two is enough.
    fn is_vouched_for(&self) -> bool {
        [&self.dkim, &self.spf].into_iter().any(|result| result.as_deref() == Some("pass"))
    }

    fn line(&self) -> Line {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let mut said = vec![
            match self.count {
                1 => "1 message".to_owned(),
                count => format!("{count} messages"),
            },
            format!("From {}", or(&self.header_from)),
            format!("dkim {}", or(&self.dkim)),
            format!("spf {}", or(&self.spf)),
        ];
        if let Some(disposition) = self.disposition.as_deref().filter(|disposition| *disposition != "none") {
            said.push(disposition.to_owned());
        }
        said.extend(self.reasons.iter().filter_map(|reason| reason.kind.clone()));
        let status = if self.is_vouched_for() { "pass" } else { "fail" };
        Line { status: status.to_owned(), address: or(&self.source_ip), diagnostic: said.join(", ") }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A report as receivers write it, with what they disagree about.
    pub(in super::super) const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<feedback xmlns="http://dmarc.org/dmarc-xml/0.1">
  <version>1.0</version>
  <report_metadata>
    <org_name>hamburger &amp; co</org_name><email>dmarc@hamburger.example</email>
    <report_id>42</report_id>
    <date_range><begin>1335571200</begin><end>1335657599</end></date_range>
    <error>one</error>
  </report_metadata>
  <policy_published><domain>crepes.example</domain><adkim>r</adkim><p>reject</p><sp>none</sp><pct>100</pct></policy_published>
  <record>
    <row><source_ip>192.0.2.1</source_ip><count>2</count>
      <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf></policy_evaluated></row>
    <identifiers><header_from>crepes.example</header_from></identifiers>
    <auth_results>
      <dkim><domain>a.example</domain><result>fail</result></dkim>
      <spf><domain>crepes.example</domain><result>pass</result></spf>
      <dkim><domain>b.example</domain><selector>s</selector><result>permerror</result></dkim>
    </auth_results>
  </record>
  <record>
    <row><source_ip>2001:db8::1</source_ip><count>1</count>
      <policy_evaluated><disposition>Reject</disposition><dkim>fail</dkim><spf>fail</spf>
      <reason><type>local_policy</type><comment>arc=fail</comment></reason></policy_evaluated></row>
    <identities><header_from>crepes.example</header_from></identities>
  </record>
</feedback>"#;

    #[test]
    fn a_report_is_read_whatever_its_order() {
        let found = Dmarc::parse(REPORT.as_bytes()).expect("a report");
        assert_eq!(found.org_name.as_deref(), Some("hamburger & co"));
        assert_eq!(
            (found.begin.as_deref(), found.end.as_deref()),
            (Some("2012-04-28T00:00:00Z"), Some("2012-04-28T23:59:59Z"))
        );
        assert_eq!((found.messages, found.failed, found.errors.len()), (3, 1, 1));
        assert_eq!((found.policy.p.as_deref(), found.policy.np.as_deref()), (Some("reject"), None));
        assert_eq!(found.records[0].dkim_results.len(), 2);
        let lines: Vec<_> =
            found.lines().iter().map(|l| format!("{} {} {}", l.status, l.address, l.diagnostic)).collect();
        assert_eq!(
            lines,
            [
                "pass 192.0.2.1 2 messages, From crepes.example, dkim fail, spf pass",
                "fail 2001:db8::1 1 message, From crepes.example, dkim fail, spf fail, reject, local_policy"
            ]
        );
    }

    #[test]
    fn what_breaks_in_the_middle_is_told_with_what_stood_in_front() {
        let end = REPORT.rfind("<identities>").expect("there");
        let found = Dmarc::parse(&REPORT.as_bytes()[..end]).expect("a part of a report");
        assert_eq!((found.records.len(), found.broken.is_some()), (1, true));
        assert!(Dmarc::parse(b"<feedback><record>").is_err());
        assert!(Dmarc::parse(b"<rss><feedback/></rss>").is_err());
    }

    #[test]
    fn reports_are_told_by_their_root() {
        for (head, wanted) in [
            ("<?xml version=\"1.0\"?>\n<feedback>", true),
            ("\u{feff}<feedback xmlns=\"x\">", true),
            (" <x:feedback>", true),
            ("<rss>", false),
            ("{\"feedback\": 1}", false),
            ("", false),
        ] {
            assert_eq!(is_head(head.as_bytes()), wanted, "{head}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), at in 0..REPORT.len(), octet: u8) {
            let mut text = REPORT.as_bytes().to_vec();
            text[at] = octet;
            for text in [text, octets] {
                let _ = Dmarc::parse(&text).map(|report| report.lines());
            }
        }
    }
}
