//! Reports about mail: what other servers say became of it, and what they saw of a domain's mail.
//!
//! Five kinds, one door: [`read`] finds out which a message is. They come from strangers, compressed at that, so each
//! has its limits. Knows no files, no network and no terminal.
//! RFC 3464 (delivery), RFC 5965 (feedback), RFC 8098 (disposition), RFC 7489 App. C (DMARC), RFC 8460 (TLS).

mod bounce;
pub mod delivery;
pub mod disposition;
pub mod dmarc;
pub mod feedback;
mod fields;
mod prose;
pub mod tls;
mod unpack;
mod xml;

use crate::message::date;
use crate::message::guard::BlockKind;
use crate::message::id;
use crate::message::view::{Message, Part};
use crate::message::words;
use schemars::JsonSchema;
use serde::Serialize;

pub use fields::{Extra, Typed};

/// A report, by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Report {
    /// What became of a message (DSN).
    Delivery(delivery::Delivery),
    /// What somebody thinks of a message (ARF).
    Feedback(feedback::Feedback),
    /// What a reader did with a message (MDN).
    Disposition(disposition::Disposition),
    /// Whose mail a domain's name stood on (DMARC).
    Dmarc(dmarc::Dmarc),
    /// How mail to a domain was encrypted (TLS-RPT).
    Tls(tls::TlsReport),
}

/// A report with what comes along.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The number of the part it stands in.
    pub part: String,
    /// What it says.
    pub report: Report,
    /// The message it is about, if it came back, or its header section.
    pub original: Option<Original>,
}

/// A message that came back with a report about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Original {
    /// The number of its part; empty where it stands in the text of the report.
    pub part: String,
    /// Its Message-ID, without brackets.
    pub message_id: Option<String>,
    /// Its subject, decoded.
    pub subject: Option<String>,
    /// From whom it is, decoded.
    pub from: Option<String>,
    /// To whom it went, decoded.
    pub to: Option<String>,
    /// Its date, in RFC 3339.
    pub date: Option<String>,
}

/// What a report says, in one line: foreign text, to be printed with care.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// A status code, or the word that stands for it in that kind of report.
    pub status: String,
    /// Who or what it is about.
    pub address: String,
    /// Why.
    pub diagnostic: String,
}

impl Report {
    /// Why there is more to it than it tells here, if there is.
    pub fn lack(&self) -> Option<String> {
        match self {
            Self::Delivery(delivery) if delivery.truncated => {
                Some("it speaks of more recipients than are told".to_owned())
            }
            Self::Dmarc(dmarc) => match &dmarc.broken {
                Some(why) => Some(format!("its rest cannot be read: {why}")),
                None => dmarc.truncated.then(|| "it has more rows than are told".to_owned()),
            },
            _ => None,
        }
    }

    /// The report in lines.
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Delivery(delivery) => delivery.lines(),
            Self::Feedback(feedback) => feedback.lines(),
            Self::Disposition(disposition) => disposition.lines(),
            Self::Dmarc(dmarc) => dmarc.lines(),
            Self::Tls(tls) => tls.lines(),
        }
    }
}

/// What came of looking for a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This one.
    Report(Box<Found>),
    /// Something in this part calls itself a report and cannot be read as one: why.
    Broken(String, String),
    /// The message is none.
    Nothing,
}

/// The report that a message is or carries. Messages within it are not looked at: that somebody forwards a report
/// makes no report of his message.
pub fn read(message: &Message<'_>) -> Outcome {
    let parts = message.own_parts();
    let mut broken = None;
    for part in parts.iter().filter(|part| part.kind != BlockKind::Multipart) {
        match report_in(message, part) {
            Ok(Some(report)) => {
                let original = original(message, &parts, part);
                return Outcome::Report(Box::new(Found { part: part.id.clone(), report, original }));
            }
            Ok(None) => {}
            Err(why) => broken = broken.or(Some(Outcome::Broken(part.id.clone(), why))),
        }
    }
    if let Some((part, delivery, original)) = bounce::read(message, &parts) {
        let report = Report::Delivery(delivery);
        return Outcome::Report(Box::new(Found { part, report, original }));
    }
    broken.unwrap_or(Outcome::Nothing)
}

fn report_in(message: &Message<'_>, part: &Part) -> Result<Option<Report>, String> {
    let content = || message.content(part).content;
    let empty = |what: &str| format!("the {what} names nobody");
    match (part.media.main.as_str(), part.media.sub.as_str()) {
        ("message", "delivery-status" | "global-delivery-status") => {
            let delivery = delivery::Delivery::parse(&content()).ok_or_else(|| empty("delivery-status"))?;
            Ok(Some(Report::Delivery(delivery)))
        }
        ("message", "feedback-report") => {
            let feedback = feedback::Feedback::parse(&content()).ok_or("the feedback-report has no Feedback-Type")?;
            Ok(Some(Report::Feedback(feedback)))
        }
        ("message", "disposition-notification" | "global-disposition-notification") => {
            let read = disposition::Disposition::parse(&content());
            Ok(Some(Report::Disposition(read.ok_or("the disposition-notification has no Disposition")?)))
        }
        _ => document_in(message, part),
    }
}

/// A report in XML or JSON, perhaps compressed, by its content: what names and types say about these is too often
/// wrong, as application/octet-stream.
fn document_in(message: &Message<'_>, part: &Part) -> Result<Option<Report>, String> {
    let name = message.file_name(part).unwrap_or_default().to_ascii_lowercase();
    let is_tls = part.media.main == "application" && part.media.sub.starts_with("tlsrpt");
    let is_named = [".xml", ".gz", ".gzip", ".zip", ".json"].iter().any(|end| name.ends_with(end));
    let is_typed = matches!(part.media.main.as_str(), "application" | "text")
        && ["xml", "json", "zip", "gzip"].iter().any(|word| part.media.sub.contains(word));
    if !is_tls && !is_named && !is_typed {
        return Ok(None);
    }
    let content = message.content(part).content;
    let unpacked = match unpack::document(&content, |head| dmarc::is_head(head) || tls::is_head(head)) {
        Ok(Some(unpacked)) => unpacked,
        Ok(None) if is_tls => return Err("what calls itself a TLS report is none".to_owned()),
        Ok(None) => return Ok(None),
        Err(why) => return Err(why),
    };
    match dmarc::is_head(&unpacked) {
        true => dmarc::Dmarc::parse(&unpacked).map(|dmarc| Some(Report::Dmarc(dmarc))),
        false => match tls::TlsReport::parse(&unpacked) {
            Ok(report) => Ok(Some(Report::Tls(report))),
            // JSON can be anything.
            Err(_) if !is_tls => Ok(None),
            Err(why) => Err(why),
        },
    }
}

/// The message that came back behind a report, or the header section of it (RFC 6522 §3, §4).
fn original(message: &Message<'_>, parts: &[&Part], report: &Part) -> Option<Original> {
    let mut behind = parts.iter().filter(|part| part.index > report.index);
    let part = behind.find(|part| {
        let media = &part.media;
        media.is_message()
            || media.main == "text" && media.sub == "rfc822-headers"
            || media.is("message", "global-headers")
    })?;
    if let Some(root) = message.children(part).next() {
        return Some(Original::of(&part.id, message, root));
    }
    // Header sections are parts like any other; one that stands encoded is decoded first.
    let section = message.content(part).content;
    let section = Message::parse(&section);
    Some(Original::of(&part.id, &section, section.root()))
}

impl Original {
    /// What a header section says of its message.
    fn of(part: &str, message: &Message<'_>, root: &Part) -> Self {
        let text = |name: &str| message.field(root, name).map(words::decode).filter(|text| !text.is_empty());
        let when = message.field(root, "Date").and_then(date::parse);
        Self {
            part: part.to_owned(),
            message_id: message.field(root, "Message-ID").and_then(|body| id::parse_list(body).into_iter().next()),
            subject: text("Subject"),
            from: text("From"),
            to: text("To"),
            date: when.map(|when| when.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::envelope::ForwardPath;
    use crate::message::dsn;
    use crate::message::id::tests::Counting;
    use crate::status::EnhancedStatus;
    use crate::world::Timestamp;
    use proptest::prelude::*;

    /// Part, lines and the subject of the message it is about, or why not.
    fn shown(octets: &[u8]) -> String {
        match read(&Message::parse(octets)) {
            Outcome::Nothing => "nothing".to_owned(),
            Outcome::Broken(part, why) => format!("{part}: {why}"),
            Outcome::Report(found) => {
                let lines = found.report.lines();
                let lines: Vec<_> =
                    lines.iter().map(|l| format!("{} {} {}", l.status, l.address, l.diagnostic)).collect();
                let subject = found.original.and_then(|original| original.subject).unwrap_or_default();
                format!("{}: {} [{subject}]", found.part, lines.join("|"))
            }
        }
    }

    macro_rules! corpus {
        ($name:literal) => {
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/corpus/", $name))
        };
    }

    #[test]
    fn reports_of_others_are_read() {
        for (octets, wanted) in [
            (
                &corpus!("enmime/dsn/testdata/multi_recipient_dsn.raw")[..],
                "2: 5.0.0 arathib@vnet.ibm.com 550 'arathib@vnet.IBM.COM' is not a registered gateway user|4.0.0 \
                 johnh@hpnjld.njd.hp.com delayed|5.0.0 wsnell@sdcc13.ucsd.edu 550 user unknown []",
            ),
            (&corpus!("enmime/dsn/testdata/delayed_dsn.raw")[..], "2: 4.0.0 thomas@de-montfort.ac.uk delayed []"),
            (&corpus!("cpython/data/msg_05.txt")[..], "nothing"),
            (&corpus!("stalwart/resources/eml/thirdparty/014.eml")[..], "nothing"),
        ] {
            let found = shown(octets);
            assert_eq!(found, wanted);
        }
        for (octets, wanted) in [
            (
                &corpus!("mailparser/test/fixtures/delivery-status.eml")[..],
                "2: 5.1.1 xxxx@xxxx.com Amazon SES did not send",
            ),
            (&corpus!("cpython/data/msg_16.txt")[..], "2: 5.0.0 jangel1@cougar.noc.ucla.edu failed"),
            (
                &corpus!("cpython/data/msg_43.txt")[..],
                "2: 5.7.1 xxxxxxx@dot.ca.gov 550 5.7.1 Message content rejected, id=01956-02-2",
            ),
        ] {
            let found = shown(octets);
            assert!(found.starts_with(wanted), "{found}");
        }
    }

    #[test]
    fn documents_are_found_by_what_stands_in_them() {
        let message = |fields: &str, content: &[u8]| {
            use base64::Engine;
            let body = base64::engine::general_purpose::STANDARD.encode(content);
            format!("Subject: x\r\n{fields}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n").into_bytes()
        };
        let (dmarc, tls) = (dmarc::tests::REPORT.as_bytes(), tls::tests::REPORT.as_bytes());
        for (fields, content, wanted) in [
            ("Content-Type: application/xml", dmarc.to_vec(), "1: pass 192.0.2.1"),
            ("Content-Type: application/gzip", unpack::tests::gzip(dmarc), "1: pass 192.0.2.1"),
            ("Content-Type: application/zip", unpack::tests::zip(&[("a!b!1!2.xml", dmarc)]), "1: pass 192.0.2.1"),
            ("Content-Type: application/octet-stream; name=a.xml.gz", unpack::tests::gzip(dmarc), "1: pass"),
            ("Content-Type: application/tlsrpt+json", tls.to_vec(), "1: success company-y.example"),
            ("Content-Type: application/tlsrpt+gzip", unpack::tests::gzip(tls), "1: success company-y.example"),
            ("Content-Type: application/octet-stream", unpack::tests::gzip(dmarc), "nothing"),
            ("Content-Type: application/json", b"{\"a\": 1}".to_vec(), "nothing"),
            (
                "Content-Type: application/tlsrpt+json",
                b"{\"a\": 1}".to_vec(),
                "1: what calls itself a TLS report is none",
            ),
            ("Content-Type: application/tlsrpt+gzip", b"junk".to_vec(), "1: what calls itself a TLS report is none"),
            ("Content-Type: text/xml", b"<feedback><a></b>".to_vec(), "1: the XML cannot be read"),
        ] {
            let found = shown(&message(fields, &content));
            assert!(found.starts_with(wanted), "{fields}: {found}");
        }
    }

    #[test]
    fn a_report_that_is_forwarded_is_somebody_elses() {
        let inner = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n";
        let message = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
        assert_eq!(shown(inner.as_bytes()), "1: 5.0.0 - failed []");
        assert_eq!(shown(message.as_bytes()), "nothing");
    }

    proptest! {
        #[test]
        fn what_we_report_we_read(
            people in proptest::collection::vec(("[a-zé+=]{1,9}", "[ -~é\r\n]{0,90}", any::<bool>(), 0u16..999), 1..4),
            subject in "[ -~]{0,40}",
        ) {
            let recipients: Vec<dsn::RecipientReport> = people
                .iter()
                .map(|(name, words, failed, detail)| dsn::RecipientReport {
                    recipient: ForwardPath::parse(&format!("<{name}@hamburger.example>")).expect("a path"),
                    action: if *failed { dsn::Action::Failed } else { dsn::Action::Delayed },
                    status: EnhancedStatus::new(if *failed { 5 } else { 4 }, 1, *detail),
                    remote_mta: Some("mx1.hamburger.example".to_owned()),
                    words: Some(words.clone()),
                    retry_until: (!failed).then_some(Timestamp::UNIX_EPOCH),
                })
                .collect();
            let to = Address::parse("alice@crepes.example").expect("an address");
            let original = format!("Subject: {subject}\r\nMessage-ID: <a@b>\r\n\r\nhi\r\n");
            let octets = dsn::Report {
                id: "01HX",
                reporting_mta: "mx.crepes.example",
                to: &to,
                arrived: Timestamp::UNIX_EPOCH,
                now: Timestamp::UNIX_EPOCH,
                recipients: &recipients,
                original: original.as_bytes(),
            }
            .to_octets(&Counting::default());
            let Outcome::Report(found) = read(&Message::parse(&octets)) else { panic!("nothing was found") };
            prop_assert_eq!(found.original.and_then(|original| original.message_id), Some("a@b".to_owned()));
            let Report::Delivery(delivery) = &found.report else { panic!("another kind") };
            prop_assert_eq!(delivery.arrival_date.as_deref(), Some("1970-01-01T00:00:00Z"));
            prop_assert_eq!(delivery.recipients.len(), recipients.len());
            for (read, written) in delivery.recipients.iter().zip(&recipients) {
                prop_assert_eq!(read.address(), written.recipient.to_string());
                prop_assert_eq!(read.action.clone(), Some(written.action.to_string()));
                prop_assert_eq!(read.status.clone(), Some(written.status.to_string()));
                prop_assert_eq!(read.will_retry_until.is_some(), written.retry_until.is_some());
            }
        }

        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), kind in 0..6usize) {
            let kind = ["delivery-status", "feedback-report", "disposition-notification", "x", "x", "x"][kind];
            let message = [format!("Content-Type: message/{kind}\r\n\r\n").as_bytes(), &octets].concat();
            shown(&message);
            shown(&octets);
        }
    }
}
