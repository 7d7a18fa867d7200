//! A message as SEARCH looks at it: decoded, so that people find what they read.
//!
//! RFC 9051 §6.4.4.

use super::search::Content;
use crate::message::date;
use crate::message::guard::BlockKind;
use crate::message::view::{Message, Part};
use jiff::civil::Date;

impl Content for Message<'_> {
    fn fields(&self, name: &str) -> Vec<String> {
        let found = self.headers(self.root()).filter(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value).collect()
    }

    fn header(&self) -> String {
        header_of(self, self.root())
    }

    fn texts(&self) -> Vec<String> {
        let enclosed = self.parts().iter().filter(|part| part.kind == BlockKind::Message);
        let headers = enclosed.flat_map(|part| self.children(part)).map(|inner| header_of(self, inner));
        let bodies = self.parts().iter().filter(|part| part.kind == BlockKind::Leaf && part.media.main == "text");
        headers.chain(bodies.map(|part| self.text(part).content)).collect()
    }

    fn sent(&self) -> Option<Date> {
        self.field(self.root(), "Date").and_then(date::day)
    }
}

fn header_of(message: &Message<'_>, part: &Part) -> String {
    message.headers(part).map(|header| format!("{}: {}\n", header.name, header.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::flag::Flags;
    use crate::imap::mailbox::Row;
    use crate::imap::number::{ModSeq, Uid};
    use crate::imap::search;
    use crate::imap::token::Lexer;
    use crate::world::Timestamp;

    #[test]
    fn a_message_is_found_by_what_people_read_in_it() {
        let octets = b"Date: Fri, 20 Nov 2026 23:30:00 -0500\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\
             Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\nS+RzZQ==\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\nSubject: enclosed\r\n\r\ndeep\r\n--b\r\n\
             Content-Type: application/x\r\n\r\nhidden\r\n--b--\r\n";
        let message = Message::parse(octets);
        let row = Row {
            uid: Uid::new(1).expect("not zero"),
            flags: Flags::new(),
            size: octets.len() as u64,
            arrived: Timestamp::UNIX_EPOCH,
            modseq: ModSeq(1),
            recent: false,
        };
        for (text, wanted) in [
            ("SUBJECT \"gr\u{fc}\u{df}e\"", true),
            ("TEXT \"gr\u{fc}\u{df}e\"", true),
            ("BODY \"k\u{e4}se\"", true),
            ("BODY enclosed", true),
            ("BODY deep", true),
            ("SUBJECT enclosed", false),
            ("BODY \"gr\u{fc}\u{df}e\"", false),
            ("TEXT hidden", false),
            ("TEXT S+RzZQ", false),
            ("SENTON 20-Nov-2026", true),
            ("SENTON 21-Nov-2026", false),
        ] {
            let key = search::parse(&mut Lexer::new(text.as_bytes())).expect(text);
            assert_eq!(search::matches(&key, &row, &message), wanted, "{text}");
        }
    }
}
