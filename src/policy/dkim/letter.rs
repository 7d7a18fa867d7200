//! A message as signatures see it: the octets of its header fields, which of them are meant, and its body.
//!
//! RFC 6376 §5.4.2, §3.7.

use super::canon::Canon;
use crate::message::address_list;
use crate::message::guard::FlawCode;
use crate::message::view::Message;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// A message, taken apart once for all signatures.
#[derive(Debug)]
pub(in crate::policy) struct Letter<'o> {
    octets: &'o [u8],
    fields: Vec<Place>,
    /// Where the fields of a name are, from the top.
    by_name: HashMap<String, Vec<usize>>,
    pub(super) body: &'o [u8],
    /// Whether a part of the header section was too much to be read.
    pub(in crate::policy) is_cut: bool,
    /// The domains of the addresses in `From`.
    pub(super) from: Vec<String>,
}

#[derive(Debug)]
struct Place {
    name: String,
    at: Range<usize>,
}

/// Which fields a signature covers, by their indices.
pub(super) struct Covered {
    chosen: Vec<usize>,
}

/// A field of a message that a signature leaves out, all of that name or some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    name: &'static str,
    left: usize,
    all: usize,
}

impl Uncovered {
    /// Whether it is about fields of this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for Uncovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left == self.all {
            true => f.write_str(self.name),
            false => write!(f, "{} ({} of {})", self.name, self.left, self.all),
        }
    }
}

impl<'o> Letter<'o> {
    pub(in crate::policy) fn of(message: &Message<'o>) -> Self {
        let root = message.root();
        let begin = root.header.start;
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut fields = Vec::new();
        for field in message.fields(root) {
            let name = field.name.to_ascii_lowercase();
            by_name.entry(name.clone()).or_default().push(fields.len());
            fields.push(Place { name, at: begin + field.at.start..begin + field.at.end });
        }
        let is_cut = message.flaws().iter().any(|flaw| flaw.code == FlawCode::HeaderTooLong && flaw.block == 0);
        let from = message.fields(root).filter(|field| field.is("From")).flat_map(|field| {
            let entries = address_list::parse(field.body);
            address_list::mailboxes(&entries).map(|mailbox| mailbox.domain.to_lowercase()).collect::<Vec<_>>()
        });
        let from = from.filter(|domain| !domain.is_empty()).collect();
        Self { octets: message.octets(), fields, by_name, body: message.slice(&root.body), is_cut, from }
    }

    /// The fields of a name, from the top, each whole.
    pub(in crate::policy) fn named(&self, name: &str) -> impl Iterator<Item = &'o [u8]> {
        let indices = self.by_name.get(&name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|index| self.whole(*index))
    }

    fn whole(&self, index: usize) -> Option<&'o [u8]> {
        self.octets.get(self.fields.get(index)?.at.clone())
    }

    /// The fields that a list of names means: of several with one name the lowest first. A name more often in the list
    /// than in the message means nothing, so that nobody can add such a field later. The signature's own field was not
    /// there yet.
    pub(super) fn covered(&self, names: &[String], own: &[u8]) -> Covered {
        let is_own = |index: &usize| self.whole(*index).is_some_and(|field| std::ptr::eq(field, own));
        let mut next: HashMap<&str, usize> = HashMap::new();
        let mut chosen = Vec::new();
        for name in names {
            let all = self.by_name.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let used = next.entry(name).or_default();
            let lowest = |used: usize| all.len().checked_sub(used + 1).and_then(|at| all.get(at));
            *used += usize::from(lowest(*used).is_some_and(is_own));
            if let Some(index) = lowest(*used) {
                chosen.push(*index);
                *used += 1;
            }
        }
        Covered { chosen }
    }

    /// What is signed: those fields, and the signature's own without its value.
    pub(super) fn signed(&self, covered: &Covered, own: &[u8], canon: Canon) -> Vec<u8> {
        let mut data = Vec::new();
        for field in covered.chosen.iter().filter_map(|index| self.whole(*index)) {
            canon.field(field, &mut data);
            data.extend_from_slice(b"\r\n");
        }
        canon.field(own, &mut data);
        data
    }

    /// Of these fields, those that are in the message and not covered, with how many of how many are not.
    pub(super) fn uncovered(&self, covered: &Covered, names: &[&'static str]) -> Vec<Uncovered> {
        let left_out = |name: &&'static str| {
            let all = self.by_name.get(&name.to_ascii_lowercase())?.len();
            let count = |index: &usize| self.fields.get(*index).is_some_and(|f| f.name.eq_ignore_ascii_case(name));
            let signed = covered.chosen.iter().filter(|index| count(index)).count();
            let left = all.saturating_sub(signed);
            (left > 0).then_some(Uncovered { name, left, all })
        };
        names.iter().filter_map(left_out).collect()
    }
}
