//! Delivery reports: what happened to a message, for people and for programs.
//!
//! A report goes back to whom the message came from, and repeats what foreign servers said. Their
//! words are shown escaped, so that they cannot add fields, end parts or drive the reader's terminal.
//! Sends nothing and decides nothing: the caller knows the null reverse-path rule.
//! RFC 3464; RFC 6522; RFC 3834 §5; RFC 6533 §3 for addresses beyond ASCII.

use super::{date, field, id, safe};
use crate::address::Address;
use crate::envelope::ForwardPath;
use crate::status::EnhancedStatus;
use crate::world::{Entropy, Timestamp};
use std::fmt;

/// A message up to this many octets comes back whole.
pub const WHOLE_MAX: usize = 16 * 1024;
/// Of a header section, this many octets come back.
const HEADER_MAX: usize = 64 * 1024;
/// Of a server's words, this many octets are repeated.
pub const WORDS_MAX: usize = 2000;
/// RFC 5322 §2.1.1.
const LINE_MAX: usize = 998;

/// A report about one message.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What names it for good, letters and digits: whoever gets it twice sees by its Message-ID that it is one.
    pub id: &'a str,
    /// The host that writes the report.
    pub reporting_mta: &'a str,
    /// The reverse-path of the message: who reads this.
    pub to: &'a Address,
    /// When the message was accepted.
    pub arrived: Timestamp,
    /// When the report is written.
    pub now: Timestamp,
    /// What became of the message, for each recipient the report is about; at least one.
    pub recipients: &'a [RecipientReport],
    /// The message, or as much of it as is at hand, at least its header section; CRLF line ends.
    pub original: &'a [u8],
}

/// What became of the message for one recipient.
#[derive(Debug, Clone)]
pub struct RecipientReport {
    /// The recipient as the envelope named it.
    pub recipient: ForwardPath,
    /// Given up, or still trying.
    pub action: Action,
    /// RFC 3463.
    pub status: EnhancedStatus,
    /// The server that answered, if one did.
    pub remote_mta: Option<String>,
    /// What it answered, its reply code first; or why none was reached. Need not be clean.
    pub words: Option<String>,
    /// Until when it is tried again, if it is.
    pub retry_until: Option<Timestamp>,
}

/// `Action` of RFC 3464 §2.3.3, as far as we report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Not yet delivered, and tried again.
    Delayed,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
        })
    }
}

impl Report<'_> {
    /// The report as a message: ASCII but for what is encoded, CRLF line ends.
    pub fn to_octets(&self, entropy: &dyn Entropy) -> Vec<u8> {
        let host = safe::terminal(self.reporting_mta).replace(|c: char| !c.is_ascii_graphic(), "?");
        let boundary = id::boundary(entropy);
        let utf8 = !self.to.to_string().is_ascii();
        let mut text = String::new();
        for (name, body) in [
            ("Date", date::rfc5322(self.now)),
            ("From", format!("Mail Delivery System <MAILER-DAEMON@{host}>")),
            ("To", format!("<{}>", self.to)),
            ("Subject", self.subject().to_owned()),
            ("Message-ID", format!("<{}@{host}>", self.id)),
            ("Auto-Submitted", "auto-replied".to_owned()),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", format!("multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\"")),
        ] {
            text += &format!("{name}: {body}\r\n");
        }
        // The To field of a reader with an address beyond ASCII is UTF-8 itself (RFC 6532); the rest stays ASCII.
        debug_assert!(utf8 || text.is_ascii());
        text += "\r\nThis is a report about a message, in MIME form.\r\n";
        let mut octets = text.into_bytes();
        push_part(&mut octets, &boundary, "text/plain; charset=utf-8", self.for_people(&host).as_bytes());
        push_part(&mut octets, &boundary, "message/delivery-status", self.for_programs(&host).as_bytes());
        let (media_type, original) = self.original();
        push_part(&mut octets, &boundary, media_type, original);
        octets.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        octets
    }

    fn subject(&self) -> &'static str {
        match self.recipients.iter().any(|recipient| recipient.action == Action::Failed) {
            true => "Undelivered: your message was not delivered",
            false => "Delayed: your message is not delivered yet",
        }
    }

    fn for_people(&self, host: &str) -> String {
        let mut text = format!("This is the mail system at {host}.\r\n");
        for (action, opening) in [
            (Action::Failed, "Your message could not be delivered to these recipients, and is not tried again:"),
            (Action::Delayed, "Your message has not been delivered to these recipients yet; it is tried again:"),
        ] {
            let mut concerned = self.recipients.iter().filter(|recipient| recipient.action == action).peekable();
            if concerned.peek().is_some() {
                text += &format!("\r\n{opening}\r\n");
            }
            for recipient in concerned {
                text += &format!("\r\n  <{}>\r\n", safe::terminal(&recipient.recipient.to_string()));
                if let Some(words) = &recipient.words {
                    match &recipient.remote_mta {
                        Some(remote) => text += &format!("    {} said:\r\n", safe::terminal(remote)),
                        None => text += "    the reason:\r\n",
                    }
                    words_of(words).for_each(|line| text += &format!("    {line}\r\n"));
                }
                if let Some(until) = recipient.retry_until {
                    text += &format!("    tried again until {}\r\n", date::rfc5322(until));
                }
            }
        }
        text += match self.recipients.iter().any(|recipient| recipient.action == Action::Failed) {
            true => "\r\nNothing more is done for those that failed: to reach them, send the message again.\r\n",
            false => "\r\nYou need not do anything: if all attempts fail, another report follows.\r\n",
        };
        text + "The header of your message, or the whole of it, is attached.\r\n"
    }

    /// RFC 3464 §2.1: fields about the message, then a group of fields for each recipient.
    fn for_programs(&self, host: &str) -> String {
        let mut text = format!("Reporting-MTA: dns; {host}\r\nArrival-Date: {}\r\n", date::rfc5322(self.arrived));
        for recipient in self.recipients {
            text += &format!("\r\nFinal-Recipient: {}\r\n", typed_address(&recipient.recipient));
            text += &format!("Action: {}\r\nStatus: {}\r\n", recipient.action, recipient.status);
            if let Some(remote) = &recipient.remote_mta {
                text += &format!("Remote-MTA: dns; {}\r\n", ascii(&safe::terminal(remote)));
            }
            if let Some(words) = &recipient.words {
                // Only a reply has the form RFC 3464 §2.3.6 asks of type smtp.
                let kind = if recipient.remote_mta.is_some() { "smtp" } else { "x-mailkit" };
                let lines: Vec<_> = words_of(words).map(|line| ascii(&line)).collect();
                text += &format!("Diagnostic-Code: {kind}; {}\r\n", lines.join("\r\n\t"));
            }
            if let Some(until) = recipient.retry_until {
                text += &format!("Will-Retry-Until: {}\r\n", date::rfc5322(until));
            }
        }
        text
    }

    /// The message itself if it is short and plain, else its header section.
    fn original(&self) -> (&'static str, &[u8]) {
        let is_plain = !needs_encoding(self.original) && field::has_header_section(self.original);
        // RFC 2046 §5.2.1 lets nobody encode a message/rfc822; what would need it comes as header section.
        if self.original.len() <= WHOLE_MAX && is_plain {
            return ("message/rfc822", self.original);
        }
        if !field::has_header_section(self.original) {
            return ("text/rfc822-headers", b"");
        }
        let mut end = 0;
        while let line @ [_, ..] = field::first_line(&self.original[end..]) {
            if field::is_empty_line(line) || end + line.len() > HEADER_MAX {
                break;
            }
            end += line.len();
        }
        ("text/rfc822-headers", &self.original[..end])
    }
}

/// A server's words in lines: escaped, short enough for a field, not endless, never none.
fn words_of(words: &str) -> impl Iterator<Item = String> {
    const WIDTH: usize = 200;
    let words = &words[..words.floor_char_boundary(WORDS_MAX)];
    let lines = words.trim().lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| {
        let line: Vec<char> = safe::terminal(line).chars().collect();
        line.chunks(WIDTH).map(|piece| piece.iter().collect::<String>()).collect::<Vec<_>>()
    });
    let mut lines = lines.peekable();
    let none = if lines.peek().is_none() { Some("(nothing)".to_owned()) } else { None };
    lines.collect::<Vec<_>>().into_iter().chain(none)
}

/// Characters beyond ASCII as `\u{..}`, for fields that have no encoding.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) }).collect()
}

/// `rfc822; bob@x`, or the 7-bit form of RFC 6533 §3 for addresses beyond ASCII.
fn typed_address(path: &ForwardPath) -> String {
    let text = path.to_string();
    if text.is_ascii() {
        return format!("rfc822; {text}");
    }
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '+' | '=' | '\\');
    let encoded: String =
        text.chars().map(|c| if is_plain(c) { c.to_string() } else { format!("\\x{{{:X}}}", u32::from(c)) }).collect();
    format!("utf-8; {encoded}")
}

fn push_part(octets: &mut Vec<u8>, boundary: &str, media_type: &str, content: &[u8]) {
    let encode = needs_encoding(content);
    let encoding = if encode { "Content-Transfer-Encoding: quoted-printable\r\n" } else { "" };
    octets.extend_from_slice(format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\n{encoding}\r\n").as_bytes());
    match encode {
        true => super::transfer::encode_quoted_printable(content, octets),
        false => octets.extend_from_slice(content),
    }
    if !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
}

/// Whether content is not 7bit in the sense of RFC 2045 §2.7.
fn needs_encoding(content: &[u8]) -> bool {
    let is_odd = |line: &[u8]| {
        let text = field::trim_line_end(line);
        text.len() > LINE_MAX || text.contains(&b'\r') || text.contains(&0) || !text.is_ascii()
    };
    content
        .split_inclusive(|octet| *octet == b'\n')
        .any(|line| is_odd(line) || line.ends_with(b"\n") && !line.ends_with(b"\r\n"))
}

#[cfg(test)]
mod tests {
    use super::super::id::tests::Counting;
    use super::super::view::Message;
    use super::*;
    use proptest::prelude::*;

    fn failed(recipient: &str, words: &str) -> RecipientReport {
        RecipientReport {
            recipient: ForwardPath::parse(recipient).expect(recipient),
            action: Action::Failed,
            status: EnhancedStatus::new(5, 1, 1),
            remote_mta: Some("mx1.hamburger.example".to_owned()),
            words: Some(words.to_owned()),
            retry_until: None,
        }
    }

    fn report(recipients: &[RecipientReport], original: &[u8]) -> Vec<u8> {
        let to = Address::parse("alice@crepes.example").expect("an address");
        let (arrived, now) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        Report { id: "01HX", reporting_mta: "mx.crepes.example", to: &to, arrived, now, recipients, original }
            .to_octets(&Counting::default())
    }

    #[test]
    fn a_report_reads_well_and_parses() {
        let original = b"From: alice@crepes.example\r\nSubject: ketchup\r\n\r\nDo you like it?\r\n";
        let recipients = [failed("<bob@hamburger.example>", "550-5.1.1 no\r\n550 5.1.1 such user")];
        let octets = report(&recipients, original);
        let message = Message::parse(&octets);
        assert_eq!((message.flaws(), octets.is_ascii()), (&[][..], true));
        let types: Vec<_> = message.parts().iter().map(|part| format!("{} {}", part.id, part.media)).collect();
        assert_eq!(
            types,
            [
                "TEXT multipart/report",
                "1 text/plain",
                "2 message/delivery-status",
                "3 message/rfc822",
                "3.1 text/plain"
            ]
        );
        let status = message.text(message.part("2").expect("the status")).content;
        assert_eq!(
            status,
            "Reporting-MTA: dns; mx.crepes.example\r\nArrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\n\
             Final-Recipient: rfc822; bob@hamburger.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Remote-MTA: dns; mx1.hamburger.example\r\nDiagnostic-Code: smtp; 550-5.1.1 no\r\n\t550 5.1.1 such user\r\n"
        );
        let text = message.text(message.part("1").expect("the text")).content;
        assert!(
            text.contains("  <bob@hamburger.example>\r\n    mx1.hamburger.example said:\r\n    550-5.1.1 no\r\n"),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_come_back_whole_comes_as_header_section() {
        let large = [&b"Subject: x\r\n\r\n"[..], &vec![b'a'; 2 * WHOLE_MAX]].concat();
        for (original, kind, wanted) in [
            (&large[..], "text/rfc822-headers", &b"Subject: x\r\n"[..]),
            (b"Subject: caf\xe9\r\n\r\nbody\r\n", "text/rfc822-headers", b"Subject: caf\xe9\r\n"),
            (b"Subject: x\r\n\r\nbody\r\n", "message/rfc822", b"Subject: x\r\n\r\nbody\r\n"),
            (b"bare text\r\n", "text/rfc822-headers", b""),
        ] {
            let octets = report(&[failed("<b@x>", "550")], original);
            let message = Message::parse(&octets);
            let part = message.part("3").expect("the original");
            assert_eq!((part.media.to_string().as_str(), &message.content(part).content[..]), (kind, wanted));
        }
    }

    #[test]
    fn a_delay_says_that_nothing_need_be_done() {
        let mut recipient = failed("<jürgen@bücher.example>", "451 later");
        (recipient.action, recipient.status) = (Action::Delayed, EnhancedStatus::new(4, 2, 0));
        recipient.retry_until = Some(Timestamp::UNIX_EPOCH);
        let octets = report(&[recipient], b"Subject: x\r\n\r\n");
        assert!(octets.is_ascii());
        let text = String::from_utf8_lossy(&octets);
        assert!(text.contains("Subject: Delayed") && text.contains("Action: delayed\r\n"), "{text}");
        assert!(text.contains("Final-Recipient: utf-8; j\\x{FC}rgen@b\\x{FC}cher.example\r\n"), "{text}");
    }

    proptest! {
        #[test]
        fn no_words_of_others_change_a_report(words in any::<String>(), host in any::<String>(), original in any::<Vec<u8>>()) {
            let mut recipient = failed("<b@x>", &words);
            recipient.remote_mta = Some(host);
            let octets = report(&[recipient], &original);
            prop_assert!(octets.is_ascii() && !octets.contains(&0x1b));
            let text = String::from_utf8_lossy(&octets);
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 998));
            let message = Message::parse(&octets);
            prop_assert_eq!(message.children(message.root()).count(), 3);
            let status = message.part("2").expect("the status");
            let status = message.text(status).content;
            prop_assert_eq!(status.split("\r\n\r\n").count(), 2);
            for line in status.split("\r\n").filter(|line| !line.is_empty()) {
                let known = ["Reporting-MTA: ", "Arrival-Date: ", "Final-Recipient: ", "Action: ", "Status: ",
                    "Remote-MTA: ", "Diagnostic-Code: ", "\t"];
                prop_assert!(known.iter().any(|name| line.starts_with(name)), "{:?}", line);
            }
        }
    }
}
