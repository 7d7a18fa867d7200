//! A new message from its pieces: the user agent's draft becomes octets.
//!
//! mail-builder folds and encodes; this file decides what may go in. Whatever a user or a script gives is
//! refused if it holds a control character, so that nothing can add a header field. What travels with the
//! message stays where it is until it is sent. Sends nothing, reads no file.
//! RFC 5322 §2.1.1, §3.6; RFC 2045; RFC 2046 §5.1, §5.2.1; RFC 2047; RFC 2231.

use super::armour::Armour;
pub use super::attachment::Attachment;
use super::attachment::{empty, part};
use super::field::colon_of;
use super::id;
use super::rope::Rope;
use crate::address::Address;
use crate::error::{Error, Kind, Result};
use crate::world::{Content, Entropy, Timestamp};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as BuilderAddress;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;
use std::sync::Arc;

/// RFC 5322 §2.1.1: octets of a line without its CRLF.
pub(super) const LINE_MAX: usize = 998;

/// Somebody with an address, and perhaps a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correspondent {
    /// As people know them.
    pub name: Option<String>,
    /// Where they get mail.
    pub address: Address,
}

/// A message being written.
#[derive(Clone)]
pub struct Draft {
    /// Who writes.
    pub from: Correspondent,
    /// Who gets the answers, if not the writer.
    pub reply_to: Vec<Correspondent>,
    /// Whom it is for.
    pub to: Vec<Correspondent>,
    /// Who gets a copy. Blind copies are recipients only and never part of a message.
    pub cc: Vec<Correspondent>,
    /// The subject; none gives no field.
    pub subject: Option<String>,
    /// Whether a To field says that the recipients are not told, instead of none.
    pub undisclosed: bool,
    /// The text, in lines of any kind.
    pub text: String,
    /// A text too long to be held, instead of that one: UTF-8 without NUL, in lines that end with CRLF.
    pub long_text: Option<Arc<dyn Content>>,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// Message-IDs, without brackets, of what this answers.
    pub in_reply_to: Vec<String>,
    /// Message-IDs, without brackets, of what led here, oldest first.
    pub references: Vec<String>,
    /// Further header fields: names and unencoded values.
    pub fields: Vec<(String, String)>,
}

/// A message that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The message, with CRLF line ends.
    pub content: Rope<'static>,
    /// Its Message-ID without brackets.
    pub message_id: String,
    /// Whether there are octets above 127.
    pub eight_bit: bool,
    /// Whether its header section is UTF-8 beyond ASCII (RFC 6531 §3.4).
    pub needs_utf8: bool,
}

/// Fields with a place of their own in a draft, or that must never be in a message.
const RESERVED: [&str; 14] = [
    "from",
    "to",
    "cc",
    "bcc",
    "resent-bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "reply-to",
];

impl Draft {
    /// An empty message by somebody.
    pub fn new(from: Correspondent) -> Self {
        Self {
            from,
            reply_to: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            subject: None,
            undisclosed: false,
            text: String::new(),
            long_text: None,
            attachments: Vec::new(),
            in_reply_to: Vec::new(),
            references: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// The message with CRLF line ends, dated and identified. Returns an error of kind `Data` that names what
    /// may not be in a message.
    pub fn write(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<Written> {
        self.check()?;
        let domain = self.from.address.domain().to_ascii().to_string();
        let message_id = id::message_id(entropy, now, &domain);
        let message = self.fields(now, &message_id);
        let mut content = Rope::new();
        let mut eight_bit = false;
        let text = || MimePart::new(plain_text(), with_crlf(&self.text));
        let header = match (&self.long_text, self.attachments.as_slice()) {
            (None, []) => {
                let octets = serialized(message.body(text()));
                content.push_octets(octets.clone());
                octets
            }
            (Some(long), []) => {
                let header = serialized(message.body(empty(plain_text(), "base64")));
                content.push_octets(header.clone());
                content.push(Arc::new(Armour::new(long.clone())));
                header
            }
            (long, attachments) => {
                let boundary = id::boundary(entropy);
                let kind = ContentType::new("multipart/mixed").attribute("boundary", boundary.as_str());
                let mut header = serialized(message.body(MimePart::new(kind, Vec::<MimePart<'_>>::new())));
                // What is written behind the fields is the end of a multipart without parts.
                header.truncate(header.len().saturating_sub(format!("\r\n--{boundary}--\r\n").len()));
                let delimiter = format!("\r\n--{boundary}\r\n");
                let (mut octets, mut rest) = (header.clone(), Vec::new());
                octets.extend_from_slice(delimiter.as_bytes());
                match long {
                    None => text().write_part(&mut octets),
                    Some(_) => empty(plain_text(), "base64").write_part(&mut octets),
                }
                content.push_octets(octets);
                if let Some(long) = long {
                    content.push(Arc::new(Armour::new(long.clone())));
                }
                for attachment in attachments {
                    let part = part(attachment)?;
                    eight_bit |= part.eight_bit;
                    rest.extend_from_slice(delimiter.as_bytes());
                    rest.extend_from_slice(&part.header);
                    content.push_octets(std::mem::take(&mut rest));
                    content.push(part.content);
                }
                content.push_octets(format!("\r\n--{boundary}--\r\n"));
                header
            }
        };
        // RFC 5322 §2.1.1. Of a message in one piece the text has no long line either.
        if header.split(|octet| *octet == b'\n').any(|line| line.len() > LINE_MAX + 1) {
            return Err(refused("a header field has a word that is too long for a line"));
        }
        Ok(Written { content, message_id, eight_bit: eight_bit || !header.is_ascii(), needs_utf8: !header.is_ascii() })
    }

    /// The same, in memory.
    pub fn to_octets(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<Vec<u8>> {
        let written = self.write(now, entropy)?;
        written.content.to_vec().map_err(|error| Error::new(Kind::Io, "write the message").caused_by(error))
    }

    fn fields<'d>(&'d self, now: Timestamp, message_id: &'d str) -> MessageBuilder<'d> {
        let mut message = MessageBuilder::new()
            .date(Date::new(now.as_second()))
            .from(people(std::slice::from_ref(&self.from)))
            .message_id(message_id);
        for (name, list) in [("Reply-To", &self.reply_to), ("To", &self.to), ("Cc", &self.cc)] {
            if !list.is_empty() {
                message = message.header(name, people(list));
            }
        }
        if self.undisclosed {
            // RFC 5322 §3.4 has this group as its example.
            message = message.header("To", Raw::new("undisclosed-recipients:;"));
        }
        for (name, list) in [("In-Reply-To", &self.in_reply_to), ("References", &self.references)] {
            if !list.is_empty() {
                message = message.header(name, MessageId::new_list(list.iter().map(String::as_str)));
            }
        }
        if let Some(subject) = &self.subject {
            message = message.subject(subject.as_str());
        }
        for (name, value) in &self.fields {
            message = message.header(name.as_str(), Text::new(value.as_str()));
        }
        message
    }

    fn check(&self) -> Result<()> {
        let people = [std::slice::from_ref(&self.from), &self.reply_to, &self.to, &self.cc];
        for person in people.into_iter().flatten() {
            refuse_controls("the name of a sender or recipient", person.name.as_deref().unwrap_or_default())?;
        }
        refuse_controls("the subject", self.subject.as_deref().unwrap_or_default())?;
        for id in self.in_reply_to.iter().chain(&self.references) {
            refuse_controls("a Message-ID", id)?;
            if id.is_empty() || id.contains(['<', '>', ' ']) || !id.is_ascii() {
                return Err(refused(&format!("{id:?} is not a Message-ID without its brackets")));
            }
        }
        for (name, value) in &self.fields {
            refuse_controls("a header field", value)?;
            let is_name = colon_of(format!("{name}:").as_bytes()) == Some(name.len()) && !name.ends_with([' ', '\t']);
            if !is_name {
                return Err(refused(&format!("{name:?} is not the name of a header field")));
            }
            if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                return Err(refused(&format!("the header field {name} cannot be given this way")));
            }
        }
        for attachment in &self.attachments {
            refuse_controls("the name of an attachment", &attachment.name)?;
            let media = super::media::MediaType::parse(attachment.media_type.as_bytes());
            let is_plain = |media: &super::media::MediaType| {
                media.parameters.0.is_empty() && media.main != "multipart" && attachment.media_type.is_ascii()
            };
            refuse_controls("the type of an attachment", &attachment.media_type)?;
            if !media.as_ref().is_some_and(is_plain) {
                return Err(refused(&format!("{:?} is not the type of an attachment", attachment.media_type)));
            }
        }
        if self.text.contains('\0') {
            return Err(refused("a NUL in the text cannot be sent"));
        }
        Ok(())
    }
}

/// Refuses what could end a line, drive a terminal or hide: C0, DEL, C1, and the line ends of Unicode.
fn refuse_controls(what: &str, text: &str) -> Result<()> {
    match text.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Some(c) => Err(refused(&format!("{what} may not contain the control character U+{:04X}", u32::from(c)))),
        None => Ok(()),
    }
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Data, "write the message").caused_by(why.to_owned())
}

fn people(list: &[Correspondent]) -> BuilderAddress<'_> {
    let one = |person: &Correspondent| BuilderAddress::new_address(person.name.clone(), person.address.to_string());
    BuilderAddress::new_list(list.iter().map(one).collect())
}

/// A From field for a message that lacks one, with its CRLF.
pub(super) fn from_field(from: &Correspondent) -> Result<String> {
    use mail_builder::headers::Header;
    refuse_controls("the name of a sender or recipient", from.name.as_deref().unwrap_or_default())?;
    let mut octets = b"From: ".to_vec();
    people(std::slice::from_ref(from)).write_header(&mut octets, "From: ".len());
    String::from_utf8(octets).map_err(|error| Error::new(Kind::Software, "write the message").caused_by(error))
}

fn plain_text() -> ContentType<'static> {
    ContentType::new("text/plain").attribute("charset", "utf-8")
}

fn serialized(message: MessageBuilder<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    message.serialize(&mut octets);
    octets
}

/// Any line ends as CRLF.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n")
}

#[cfg(test)]
mod tests {
    use super::super::id::tests::Counting;
    use super::super::view::Message;
    use super::*;
    use proptest::prelude::*;

    fn draft() -> Draft {
        let alice = Address::parse("alice@crepes.example").expect("an address");
        Draft::new(Correspondent { name: Some("Alice".to_owned()), address: alice })
    }

    fn written(draft: &Draft) -> String {
        let octets = draft.to_octets(Timestamp::UNIX_EPOCH, &Counting::default()).expect("a draft in order");
        String::from_utf8(octets).expect("mail-builder writes ASCII")
    }

    #[test]
    fn a_plain_draft_becomes_a_plain_message() {
        let mut draft = draft();
        let bob = Address::parse("bob@hamburger.example").expect("an address");
        draft.to = vec![Correspondent { name: None, address: bob }];
        draft.subject = Some("Grüße".to_owned());
        draft.text = "Do you like ketchup?\nHow about pickles?\n".to_owned();
        let text = written(&draft);
        for wanted in [
            "From: \"Alice\" <alice@crepes.example>\r\n",
            "To: <bob@hamburger.example>\r\n",
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n",
            "@crepes.example>\r\n",
            "MIME-Version: 1.0\r\n",
            "\r\n\r\nDo you like ketchup?\r\nHow about pickles?\r\n",
        ] {
            assert!(text.contains(wanted), "{wanted:?} in {text}");
        }
        assert!(text.is_ascii() && !text.replace("\r\n", "").contains(['\r', '\n']));
        let message = Message::parse(text.as_bytes());
        assert_eq!(message.text_field(message.root(), "Subject").as_deref(), Some("Grüße"));
    }

    #[test]
    fn attachments_come_back_as_they_went_in() {
        let mut draft = draft();
        draft.text = "see below".to_owned();
        let content: Vec<u8> = (0..=255).collect();
        draft.attachments = vec![Attachment {
            name: "€ rates.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            content: Arc::new(content.clone()),
            inline: false,
        }];
        let text = written(&draft);
        let message = Message::parse(text.as_bytes());
        let part = message.part("2").expect("the attachment");
        assert_eq!(message.content(part).content[..], content);
        assert_eq!(message.file_name(part).as_deref(), Some("€ rates.pdf"));
        assert!(message.flaws().is_empty(), "{:?}", message.flaws());
        assert!(text.contains("filename=\"_ rates.pdf\"") && text.contains("filename*=UTF-8''%E2%82%AC%20rates.pdf"));
    }

    #[test]
    fn an_attached_message_is_not_encoded_unless_it_has_to() {
        for (content, kind, encoding, found) in [
            ("A: b\n\ntext\n", "message/rfc822", "7bit", "A: b\r\n\r\ntext\r\n"),
            ("A: b\n\ntéxt\n", "message/rfc822", "8bit", "A: b\r\n\r\ntéxt\r\n"),
            ("A: b\n\nte\rxt\n", "application/octet-stream", "base64", "QTogYgoKdGUNeHQK\r\n"),
        ] {
            let mut draft = draft();
            draft.attachments = vec![Attachment {
                name: "x.eml".to_owned(),
                media_type: "message/rfc822".to_owned(),
                content: Arc::new(content.as_bytes().to_vec()),
                inline: false,
            }];
            let written = draft.write(Timestamp::UNIX_EPOCH, &Counting::default()).expect("a draft in order");
            let text = String::from_utf8(written.content.to_vec().expect("in memory")).expect("UTF-8");
            assert!(text.contains(&format!("Content-Type: {kind}\r\n")), "{text}");
            assert!(text.contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")), "{text}");
            assert!(text.contains(&format!("\r\n\r\n{found}\r\n--=_")), "{text}");
            assert_eq!(written.eight_bit, encoding == "8bit");
        }
    }

    #[test]
    fn a_long_text_comes_back_from_where_it_lay() {
        for count in [0, 2] {
            let mut draft = draft();
            draft.long_text = Some(Arc::new("Crêpes\r\n".repeat(5000).into_bytes()));
            let file = Attachment {
                name: "x".to_owned(),
                media_type: "a/b".to_owned(),
                content: Arc::new(vec![0; 100]),
                inline: false,
            };
            draft.attachments = vec![file; count];
            let text = written(&draft);
            let message = Message::parse(text.as_bytes());
            let part = message.part("1").expect("the text");
            assert_eq!(message.content(part).content[..], *"Crêpes\r\n".repeat(5000).as_bytes());
            assert!(message.flaws().is_empty(), "{:?}", message.flaws());
        }
    }

    #[test]
    fn what_could_add_a_field_is_refused() {
        type Spoil = fn(&mut Draft);
        let spoils: [(&str, Spoil); 12] = [
            ("subject", |d| d.subject = Some("a\r\nBcc: x@y".to_owned())),
            ("name", |d| d.from.name = Some("a\nBcc: x@y".to_owned())),
            ("NEL", |d| d.subject = Some("a\u{85}b".to_owned())),
            ("LS", |d| d.subject = Some("a\u{2028}b".to_owned())),
            ("id", |d| d.in_reply_to = vec!["a@b>\r\nX: y".to_owned()]),
            ("id brackets", |d| d.references = vec!["<a@b>".to_owned()]),
            ("field name", |d| d.fields = vec![("X: y\r\nBcc".to_owned(), "z".to_owned())]),
            ("field name colon", |d| d.fields = vec![("X:".to_owned(), "z".to_owned())]),
            ("field value", |d| d.fields = vec![("X-A".to_owned(), "z\r\nBcc: y".to_owned())]),
            ("bcc", |d| d.fields = vec![("bCC".to_owned(), "x@y".to_owned())]),
            ("type", |d| {
                d.attachments = vec![Attachment {
                    name: "x".to_owned(),
                    media_type: "a/b\r\nX: y".to_owned(),
                    content: Arc::new(Vec::new()),
                    inline: false,
                }]
            }),
            ("nul", |d| d.text = "\0".to_owned()),
        ];
        for (what, spoil) in spoils {
            let mut draft = draft();
            spoil(&mut draft);
            let error = draft.to_octets(Timestamp::UNIX_EPOCH, &Counting::default()).expect_err(what);
            assert_eq!(error.kind(), Kind::Data, "{what}");
        }
    }

    proptest! {
        #[test]
        fn no_draft_yields_a_field_of_its_own(
            name in "\\PC{0,90}|.{0,20}", subject in "\\PC{0,90}", value in "\\PC{0,90}", text in any::<String>(),
            file in "\\PC{0,90}",
        ) {
            let mut draft = draft();
            draft.from.name = Some(name);
            draft.subject = Some(subject.clone());
            draft.fields = vec![("X-Note".to_owned(), value)];
            draft.text = text;
            draft.attachments =
                vec![Attachment { name: file, media_type: "a/b".to_owned(), content: Arc::new(vec![1]), inline: true }];
            if let Ok(octets) = draft.to_octets(Timestamp::UNIX_EPOCH, &Counting::default()) {
                let message = Message::parse(&octets);
                let names: Vec<_> = message.fields(message.root()).map(|field| field.name.to_owned()).collect();
                prop_assert_eq!(
                    names,
                    ["Date", "From", "Message-ID", "Subject", "X-Note", "MIME-Version", "Content-Type"]
                );
                prop_assert_eq!(message.parts().len(), 3);
                let read = message.text_field(message.root(), "Subject").unwrap_or_default();
                prop_assert_eq!(read.trim(), subject.trim());
            }
        }
    }
}
