//! A reply as text, block by block, much as `dig` prints it.
//!
//! First lines begin with `;;` and say who answered, how, and with what code and flags; then come the records as zone files
//! have them. Types that the grammar does not know are printed by number and in hexadecimal digits. Whatever a stranger
//! wrote into a record stays on its line and drives no terminal.
//! RFC 1035 §5.1; RFC 3597 §5; RFC 8914 §4.

use super::question::Question;
use super::reply::{ExtendedError, Reply};
use crate::message::safe::terminal;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, Record, RecordType};
use std::fmt::Write as _;

/// Records that are printed of one section.
const RECORDS_MAX: usize = 200;

/// A reply: to what, by whom and how, and what it says.
pub fn block(question: &Question, how: &str, reply: &Reply) -> String {
    let head = &reply.message().metadata;
    let flags = [
        ("qr", true),
        ("aa", head.authoritative),
        ("tc", head.truncation),
        ("rd", head.recursion_desired),
        ("ra", head.recursion_available),
        ("ad", head.authentic_data),
        ("cd", head.checking_disabled),
    ];
    let flags: Vec<&str> = flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect();
    let sections = [
        ("answer", reply.answers()),
        ("authority", reply.authorities()),
        ("additional", reply.message().additionals.as_slice()),
    ];
    let counts: Vec<String> = sections.iter().map(|(name, records)| format!("{name} {}", records.len())).collect();
    let mut text = format!(";; {}: {how}, {} octets\n", asked(question), reply.size());
    let _ = writeln!(text, ";; {}; flags {}; {}", code(reply.code()), flags.join(" "), counts.join(", "));
    if let Some(edns) = &reply.message().edns {
        let signatures = if edns.flags().dnssec_ok { ", do" } else { "" };
        let _ = writeln!(text, ";; edns {}, {} octets{signatures}", edns.version(), edns.max_payload());
    }
    for error in reply.extended_errors() {
        let _ = writeln!(text, ";; {error}");
    }
    for (name, records) in sections {
        if name != "answer" && !records.is_empty() {
            let _ = writeln!(text, ";; {name}");
        }
        for record in records.iter().take(RECORDS_MAX) {
            let _ = writeln!(text, "{}", terminal(&line(record)));
        }
        if let Some(more @ 1..) = records.len().checked_sub(RECORDS_MAX) {
            let _ = writeln!(text, ";; and {more} more");
        }
    }
    text
}

/// A reply in a line: what its block begins with, the code, and how much was answered.
pub fn line_of(question: &Question, how: &str, reply: &Reply) -> String {
    let records = match reply.answers().len() {
        0 => String::new(),
        1 => ", 1 record".to_owned(),
        count => format!(", {count} records"),
    };
    format!(";; {}: {how}: {}{records}", asked(question), code(reply.code()))
}

/// A question as the first line of a block has it.
pub fn asked(question: &Question) -> String {
    terminal(&format!("{} {}", question.name, type_name(question.kind))).into_owned()
}

/// A type as zone files write it; RFC 3597 §5 for those without a name.
fn type_name(kind: RecordType) -> String {
    match kind {
        RecordType::Unknown(number) => format!("TYPE{number}"),
        known => known.to_string(),
    }
}

/// A code as the standards write it.
pub fn code(code: ResponseCode) -> String {
    let known = match u16::from(code) {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        other => return format!("code {other}"),
    };
    known.to_owned()
}

fn line(record: &Record) -> String {
    let (name, ttl, class, kind) = (&record.name, record.ttl, record.dns_class, type_name(record.record_type()));
    let data = match &record.data {
        // RFC 3597 §5: the generic form.
        RData::Unknown { rdata, .. } => {
            let digits: String = rdata.anything.iter().map(|octet| format!("{octet:02x}")).collect();
            format!("\\# {} {digits}", rdata.anything.len())
        }
        RData::TXT(text) => {
            let strings = text.txt_data.iter().map(|text| format!("\"{}\"", text.escape_ascii()));
            strings.collect::<Vec<_>>().join(" ")
        }
        data => data.to_string(),
    };
    format!("{name} {ttl} {class} {kind} {data}")
}

impl std::fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "extended error {}", self.code)?;
        self.name().map_or(Ok(()), |name| write!(f, " ({name})"))?;
        if self.words.is_empty() { Ok(()) } else { write!(f, ": {}", self.words) }
    }
}

impl ExtendedError {
    /// What the number stands for (RFC 8914 §4, and IANA's list).
    pub fn name(&self) -> Option<&'static str> {
        const NAMES: [&str; 25] = [
            "Other",
            "Unsupported DNSKEY Algorithm",
            "Unsupported DS Digest Type",
            "Stale Answer",
            "Forged Answer",
            "DNSSEC Indeterminate",
            "DNSSEC Bogus",
            "Signature Expired",
            "Signature Not Yet Valid",
            "DNSKEY Missing",
            "RRSIGs Missing",
            "No Zone Key Bit Set",
            "NSEC Missing",
            "Cached Error",
            "Not Ready",
            "Blocked",
            "Censored",
            "Filtered",
            "Prohibited",
            "Stale NXDOMAIN Answer",
            "Not Authoritative",
            "Not Supported",
            "No Reachable Authority",
            "Network Error",
            "Invalid Data",
        ];
        NAMES.get(usize::from(self.code)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
    use hickory_proto::rr::Name;
    use hickory_proto::rr::rdata::opt::EdnsOption;
    use hickory_proto::rr::rdata::{MX, NULL, TXT};

    #[test]
    fn a_reply_is_printed_with_all_that_it_says() {
        let name = Name::from_ascii("example.org.").expect("a name");
        let question = Question { name: name.clone(), kind: RecordType::MX };
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(name.clone(), RecordType::MX));
        message.metadata.recursion_desired = true;
        message.metadata.authentic_data = true;
        message.metadata.response_code = ResponseCode::ServFail;
        let mut edns = Edns::new();
        edns.set_max_payload(1232).set_dnssec_ok(true);
        edns.options_mut().insert(EdnsOption::Unknown(15, b"\0\x07since \x1bMonday".to_vec()));
        message.set_edns(edns);
        let mx = MX::new(10, Name::from_ascii("mx.example.org.").expect("a name"));
        message.add_answer(Record::from_rdata(name.clone(), 60, RData::MX(mx)));
        let rdata = NULL::with(vec![1, 0xff]);
        message.add_authority(Record::from_rdata(name, 5, RData::Unknown { code: RecordType::from(65_280), rdata }));
        let text = TXT::new(vec!["two\n;; lines".to_owned()]);
        message.add_additional(Record::from_rdata(question.name.clone(), 5, RData::TXT(text)));
        let octets = message.to_vec().expect("octets");
        let reply = Reply::parse(&octets).expect("a reply");
        let wanted = format!(
            "\
;; example.org. MX: udp, {} octets
;; SERVFAIL; flags qr rd ad; answer 1, authority 1, additional 1
;; edns 0, 1232 octets, do
;; extended error 7 (Signature Expired): since \\x1bMonday
example.org. 60 IN MX 10 mx.example.org.
;; authority
example.org. 5 IN TYPE65280 \\# 2 01ff
;; additional
example.org. 5 IN TXT \"two\\n;; lines\"
",
            octets.len()
        );
        assert_eq!(block(&question, "udp", &reply), wanted);
    }
}
