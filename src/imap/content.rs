//! What a message's content tells a search: decoded, so that people find what they read, and compared without case.
//!
//! Whatever is looked for, a message is decoded once. RFC 9051 §6.4.4.

use super::mailbox::Row;
use super::search::Key;
use crate::message::date;
use crate::message::fold::fold;
use crate::message::guard::BlockKind;
use crate::message::view::{Message, Part};
use jiff::civil::Date;
use std::cell::OnceCell;

/// What is in a message, decoded for people.
pub trait Content {
    /// The fields of its header section: names and bodies.
    fn fields(&self) -> Vec<(String, String)>;
    /// The texts of the body parts that are text, headers of enclosed messages included.
    fn texts(&self) -> Vec<String>;
    /// The day in the Date field, as its sender saw it.
    fn sent(&self) -> Option<Date>;
}

/// Whether a message meets a criterion.
pub fn matches(key: &Key, row: &Row, content: &dyn Content) -> bool {
    Reading { content, fields: OnceCell::new(), texts: OnceCell::new() }.meets(key, row)
}

/// A message that is being looked at; what was decoded once is kept for the other criteria.
struct Reading<'c> {
    content: &'c dyn Content,
    fields: OnceCell<Vec<Field>>,
    texts: OnceCell<Vec<String>>,
}

/// A field of the header section.
struct Field {
    name: String,
    /// Name and body, case folded.
    line: String,
    /// Where in the line the body begins.
    body: usize,
}

impl Reading<'_> {
    fn meets(&self, key: &Key, row: &Row) -> bool {
        match key {
            Key::And(keys) => keys.iter().all(|key| self.meets(key, row)),
            Key::Or(keys) => self.meets(&keys.0, row) || self.meets(&keys.1, row),
            Key::Not(key) => !self.meets(key, row),
            Key::Sent(when, day) => self.content.sent().is_some_and(|sent| when.holds(sent, *day)),
            Key::Header(name, needle) => {
                let mut fields = self.fields().iter().filter(|field| field.name.eq_ignore_ascii_case(name));
                fields.any(|field| needle.is_in(field.line.get(field.body..).unwrap_or_default()))
            }
            Key::Body(needle) => self.texts().iter().any(|text| needle.is_in(text)),
            Key::Text(needle) => {
                self.fields().iter().any(|field| needle.is_in(&field.line))
                    || self.texts().iter().any(|text| needle.is_in(text))
            }
            key => key.judge(row).unwrap_or(false),
        }
    }

    fn fields(&self) -> &[Field] {
        self.fields.get_or_init(|| self.content.fields().into_iter().map(Field::from).collect())
    }

    fn texts(&self) -> &[String] {
        self.texts.get_or_init(|| self.content.texts().iter().map(|text| fold(text).into_owned()).collect())
    }
}

impl From<(String, String)> for Field {
    fn from((name, body): (String, String)) -> Self {
        let mut line = format!("{}: ", name.to_lowercase());
        let at = line.len();
        line.push_str(&fold(&body));
        Self { name, line, body: at }
    }
}

impl Content for Message<'_> {
    fn fields(&self) -> Vec<(String, String)> {
        self.headers(self.root()).map(|header| (header.name.to_owned(), header.value)).collect()
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
            assert_eq!(matches(&key, &row, &message), wanted, "{text}");
        }
    }
    /// A message that notes how often it was decoded.
    struct Counted(std::cell::Cell<u32>);

    impl Content for Counted {
        fn fields(&self) -> Vec<(String, String)> {
            self.0.set(self.0.get() + 1);
            vec![("Subject".into(), "pickles".into())]
        }
        fn texts(&self) -> Vec<String> {
            self.0.set(self.0.get() + 100);
            vec!["How about pickles?".into()]
        }
        fn sent(&self) -> Option<Date> {
            None
        }
    }

    #[test]
    fn a_message_is_decoded_once_whatever_is_looked_for() {
        let row = Row {
            uid: Uid::new(1).expect("not zero"),
            flags: Flags::new(),
            size: 1,
            arrived: Timestamp::UNIX_EPOCH,
            modseq: ModSeq(1),
            recent: false,
        };
        for (text, wanted) in [
            ("NOT SUBJECT a NOT FROM b NOT HEADER c d SUBJECT pickles", 1),
            ("NOT BODY x NOT BODY y NOT TEXT z NOT TEXT v SUBJECT pickles", 101),
        ] {
            let (key, content) = (search::parse(&mut Lexer::new(text.as_bytes())).expect(text), Counted(0.into()));
            assert!(matches(&key, &row, &content));
            assert_eq!(content.0.get(), wanted, "{text}");
        }
    }
}
