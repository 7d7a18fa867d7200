//! What a header section says of its message: whose it is, whom it is for, what it is called.
//!
//! Of a message that was sent again, the last resending counts. Reads only; what is missing is put in by `prepare`.
//! RFC 5322 §3.6.2, §3.6.3, §3.6.4, §3.6.6.

use super::address_list::{self, ENTRIES_MAX};
use super::field::{self, Field};
use super::rope;
use crate::address::Address;
use crate::error::{Error, Kind, Result};
use crate::world::Content;
use std::io;

/// Octets of a header section; so many recipients no server takes at once.
pub(super) const HEADER_MAX: u64 = 1024 * 1024;

/// Somebody whom a header section names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whom {
    /// By an address.
    Address(Address),
    /// By a name without domain, which means something on this machine alone.
    Local(String),
}

/// From whom a message is, by `From` or by the `Resent-From` of whoever sent it again, and whom it names: as far as it
/// makes sense, for those who want to know before they prepare it.
pub fn named(message: &dyn Content) -> io::Result<(Option<Address>, Vec<Address>)> {
    let head = rope::octets(message, 0..HEADER_MAX)?;
    // The mark that some editors put first.
    let head = head.strip_prefix(field::BYTE_ORDER_MARK).unwrap_or(&head);
    let header = Header::read(head);
    let recipients = header.recipients().map(|(found, _)| found).unwrap_or_default();
    let addresses = recipients.into_iter().filter_map(|whom| match whom {
        Whom::Address(address) => Some(address),
        Whom::Local(_) => None,
    });
    Ok((header.first(&["Resent-From", "From"]), addresses.collect()))
}

/// The fields of a header section.
pub(super) struct Header<'o> {
    fields: Vec<Field<'o>>,
}

impl<'o> Header<'o> {
    pub(super) fn read(section: &'o [u8]) -> Self {
        Self { fields: field::fields(section).collect() }
    }

    fn find(&self, name: &str) -> Option<&Field<'o>> {
        self.fields.iter().find(|field| field.is(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Who sends it: `Sender` or else the first of `From`, or their `Resent-` forms.
    pub(super) fn sender(&self) -> Option<Address> {
        self.first(&["Resent-Sender", "Resent-From", "Sender", "From"])
    }

    /// The first address in the first of these fields that has one.
    fn first(&self, names: &[&str]) -> Option<Address> {
        let first = |name: &&str| {
            let entries = address_list::parse(self.find(name)?.body);
            address_list::mailboxes(&entries).find_map(|mailbox| mailbox.address().ok())
        };
        names.iter().find_map(first)
    }

    /// Its Message-ID without brackets.
    pub(super) fn message_id(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.find("Message-ID")?.body).trim().to_owned();
        let inner = text.strip_prefix('<').and_then(|text| text.split('>').next()).unwrap_or(&text);
        (!inner.is_empty()).then(|| inner.to_owned())
    }

    /// Whom it names as recipients, each once, and what stands among them and is nobody.
    pub(super) fn recipients(&self) -> Result<(Vec<Whom>, Vec<String>)> {
        let (mut recipients, mut unusable) = (Vec::new(), Vec::new());
        let block = self.resent_block();
        let names = if block.is_empty() { ["To", "Cc", "Bcc"] } else { ["Resent-To", "Resent-Cc", "Resent-Bcc"] };
        let fields: Box<dyn Iterator<Item = &Field<'o>>> =
            if block.is_empty() { Box::new(self.fields.iter()) } else { Box::new(block.into_iter()) };
        let mut seen = std::collections::HashSet::new();
        for field in fields.filter(|field| names.iter().any(|name| field.is(name))) {
            let entries = address_list::parse(field.body);
            if address_list::is_cut(&entries) || address_list::mailboxes(&entries).count() + seen.len() >= ENTRIES_MAX {
                return Err(Error::new(Kind::Data, "prepare the message").caused_by("it names too many recipients"));
            }
            for mailbox in address_list::mailboxes(&entries) {
                let whom = mailbox.address().map(Whom::Address).ok();
                match whom.or_else(|| mailbox.local_name().map(str::to_owned).map(Whom::Local)) {
                    Some(whom) if seen.insert(whom.clone()) => recipients.push(whom),
                    Some(_) => {}
                    None => unusable.push(mailbox.spec()),
                }
            }
        }
        Ok((recipients, unusable))
    }

    /// The fields of the last resending, which stand on top (RFC 5322 §3.6.6); empty if there was none.
    fn resent_block(&self) -> Vec<&Field<'o>> {
        let mut block: Vec<&Field<'o>> = Vec::new();
        for field in self.fields.iter().filter(|f| f.name.get(..7).is_some_and(|n| n.eq_ignore_ascii_case("Resent-"))) {
            // Each field stands once in a block, so the next of a name begins an older one.
            if block.iter().any(|known| known.is(field.name)) {
                break;
            }
            block.push(field);
        }
        let is_recipient = |f: &&&Field<'o>| ["Resent-To", "Resent-Cc", "Resent-Bcc"].iter().any(|name| f.is(name));
        if block.iter().any(|field| is_recipient(&field)) { block } else { Vec::new() }
    }

    pub(super) fn declares_body(&self) -> bool {
        self.has("Content-Type") || self.has("Content-Transfer-Encoding")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_from_whom_and_for_whom_it_is_before_it_is_prepared() {
        for (message, wanted) in [
            ("Sender: s@x\nFrom: A <a@x>, b@x\nTo: c@y, root\n\nFrom: z@x", "a@x: c@y"),
            ("\u{feff}From: a@x\r\n\r\n", "a@x: "),
            ("From b Thu\nResent-From: r@x\nResent-To: t@x\nFrom: a@x\nTo: c@x\n\n", "r@x: t@x"),
            ("From: root\nTo: root\n\n", "-: "),
            ("no fields\n\nFrom: a@x\n", "-: "),
            ("", "-: "),
        ] {
            let (from, to) = named(&message.as_bytes().to_vec()).expect("it lies in memory");
            let to: Vec<String> = to.iter().map(ToString::to_string).collect();
            let from = from.map_or("-".to_owned(), |from| from.to_string());
            assert_eq!(format!("{from}: {}", to.join(" ")), wanted, "{message}");
        }
    }
}
