//! What a message says about itself at one glance: dates, people, ids.
//!
//! Holds values as written, which is what IMAP's ENVELOPE gives; decoding is left to who shows them to
//! people. RFC 9051 §7.5.2 (ENVELOPE); RFC 5322 §3.6.

use super::address_list::{self, Entry};
use super::field::Field;
use super::words;

/// The fields an ENVELOPE is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// The Date field, unfolded.
    pub date: Option<String>,
    /// The Subject field, unfolded and undecoded.
    pub subject: Option<String>,
    /// Who wrote it.
    pub from: Vec<Entry>,
    /// Who sent it, if it says so.
    pub sender: Vec<Entry>,
    /// Who gets answers, if it says so.
    pub reply_to: Vec<Entry>,
    /// Whom it is for.
    pub to: Vec<Entry>,
    /// Who gets a copy.
    pub cc: Vec<Entry>,
    /// Who gets a copy unseen; present in drafts.
    pub bcc: Vec<Entry>,
    /// The In-Reply-To field, unfolded.
    pub in_reply_to: Option<String>,
    /// The Message-ID field, unfolded.
    pub message_id: Option<String>,
}

impl Overview {
    /// Collects the fields; of those that may stand once the first counts, address lists are joined.
    pub fn of<'o>(fields: impl Iterator<Item = Field<'o>>) -> Self {
        let mut overview = Self::default();
        for field in fields {
            let once = |slot: &mut Option<String>| {
                if slot.is_none() {
                    *slot = Some(plain(field.body));
                }
            };
            match field.name.to_ascii_lowercase().as_str() {
                "date" => once(&mut overview.date),
                "subject" => once(&mut overview.subject),
                "in-reply-to" => once(&mut overview.in_reply_to),
                "message-id" => once(&mut overview.message_id),
                "from" => overview.from.extend(address_list::parse(field.body)),
                "sender" => overview.sender.extend(address_list::parse(field.body)),
                "reply-to" => overview.reply_to.extend(address_list::parse(field.body)),
                "to" => overview.to.extend(address_list::parse(field.body)),
                "cc" => overview.cc.extend(address_list::parse(field.body)),
                "bcc" => overview.bcc.extend(address_list::parse(field.body)),
                _ => {}
            }
        }
        overview
    }
}

/// A field body in one line, undecoded.
fn plain(body: &[u8]) -> String {
    words::undeclared(&words::unfold(body)).0.trim().to_owned()
}
