//! Boundaries with fakes: the same one wherever a boundary stands, so that what is between them is found again.
//!
//! Many name the program that made them, some the machine. One that is written in a form of its own, as in pieces, stays
//! as it is; so do all if there are more than fakes of their length. RFC 2046 §5.1.1; RFC 2231 §3, §4.

use super::fake::Fakes;
use crate::message::field::first_line;
use crate::message::media::{self, Layout, MediaType};
use crate::message::view::{Message, Part};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// Fakes that are tried for a boundary whose first one another has.
const ROUNDS: u8 = 64;

/// The fake of each boundary of a message.
#[derive(Debug, Default)]
pub(super) struct Boundaries {
    fakes: HashMap<Vec<u8>, Vec<u8>>,
}

/// The boundary that a Content-Type names, and where it stands there as it is.
pub(super) struct Named {
    pub(super) boundary: Vec<u8>,
    pub(super) at: Option<Range<usize>>,
}

impl Named {
    /// Reads it off a field body.
    pub(super) fn of(layout: &Layout, body: &[u8]) -> Option<Self> {
        let boundary = layout.parameters().get("boundary")?.into_bytes().trim_ascii_end().to_vec();
        let is_called = |name: &str| name.get(..8).is_some_and(|base| base.eq_ignore_ascii_case("boundary"));
        let mut said = layout.parameters.iter().filter(|placed| is_called(&placed.name) && !placed.value.is_empty());
        // The first that says something counts; pieces hold it in a form of their own, unless there is but one.
        let is_plain = said.clone().count() == 1 || said.clone().all(|placed| placed.name.len() == 8);
        let is_plain = is_plain && !boundary.windows(2).any(|octets| octets == b"=?");
        let place = said.next().filter(|_| is_plain).and_then(|placed| {
            let value = body.get(placed.value_at.clone())?;
            let text = value.trim_ascii_start();
            let text = text.strip_prefix(b"\"").unwrap_or(text);
            // RFC 2231 §4: a charset and a language in front.
            let quotes = memchr::memchr_iter(b'\'', text).nth(1).filter(|_| placed.name.ends_with('*'));
            let text = &text[quotes.map_or(0, |quote| quote + 1)..];
            let start = placed.value_at.end - text.len();
            text.starts_with(&boundary).then(|| start..start + boundary.len())
        });
        (!boundary.is_empty()).then_some(Self { boundary, at: place })
    }
}

impl Boundaries {
    /// Chooses the fakes.
    pub(super) fn of(message: &Message<'_>, fakes: &Fakes) -> Self {
        let mut plain = BTreeMap::new();
        for part in message.parts() {
            let Some(boundary) = part.media.parameters.get("boundary") else { continue };
            let boundary = boundary.as_bytes().trim_ascii_end();
            let is_plain = named(message, part).is_some_and(|named| named.boundary == boundary && named.at.is_some());
            if !boundary.is_empty() {
                plain.entry(boundary.to_vec()).and_modify(|known| *known &= is_plain).or_insert(is_plain);
            }
        }
        let chosen = choose(&plain, fakes);
        let fake = |boundary: Vec<u8>| {
            let (base, tail) = base(&boundary);
            let fake = chosen.as_ref().and_then(|chosen| chosen.get(base)).map(|fake| [fake, tail].concat());
            (boundary.clone(), fake.unwrap_or(boundary))
        };
        Self { fakes: plain.into_keys().map(fake).collect() }
    }

    /// The fake of a boundary.
    pub(super) fn fake(&self, boundary: &[u8]) -> Option<&[u8]> {
        self.fakes.get(boundary).map(Vec::as_slice)
    }

    /// Puts fakes in the place of boundaries wherever they stand on lines of their own, also those that nobody closed or
    /// opened; and sees to it that no other line has become one by chance.
    pub(super) fn lines(&self, fakes: &Fakes, before: &[u8], after: &mut [u8]) {
        if self.fakes.is_empty() {
            return;
        }
        let made: HashSet<&[u8]> = self.fakes.values().map(Vec::as_slice).collect();
        let mut at = 0;
        while at < after.len() {
            let line = at..at + first_line(&after[at..]).len();
            if let Some(length) = boundary_of(&before[line.clone()], |text| self.fakes.contains_key(text)) {
                let boundary = at + 2..at + 2 + length;
                let fake = self.fake(&before[boundary.clone()]).unwrap_or_default().to_vec();
                if after[at..].starts_with(b"--") && fake.len() == length {
                    after[line.clone()].copy_from_slice(&before[line.clone()]);
                    after[boundary].copy_from_slice(&fake);
                }
            } else {
                let mut round = 0;
                while round < ROUNDS && boundary_of(&after[line.clone()], |text| made.contains(text)).is_some() {
                    fakes.whole(&mut after[line.clone()], round);
                    round += 1;
                }
                // Then it is so short that it says nothing.
                if round == ROUNDS {
                    after[line.clone()].copy_from_slice(&before[line.clone()]);
                }
            }
            at = memchr::memmem::find(&after[line.end - 1..], b"\n--").map_or(after.len(), |next| line.end + next);
        }
    }
}

/// The boundary of the first Content-Type that is one.
fn named(message: &Message<'_>, part: &Part) -> Option<Named> {
    let mut bodies = message.fields(part).filter(|field| field.is("Content-Type")).map(|field| field.body);
    let body = bodies.find(|body| MediaType::parse(body).is_some())?;
    Named::of(&media::layout(body), body)
}

/// A fake for each boundary that is plain, without the dashes at its end: no two alike. None if that cannot be.
fn choose(plain: &BTreeMap<Vec<u8>, bool>, fakes: &Fakes) -> Option<HashMap<Vec<u8>, Vec<u8>>> {
    let mut bases: BTreeMap<&[u8], bool> = BTreeMap::new();
    for (boundary, is_plain) in plain {
        bases.entry(base(boundary).0).and_modify(|known| *known &= *is_plain).or_insert(*is_plain);
    }
    let mut used: HashSet<Vec<u8>> =
        bases.iter().filter(|(_, plain)| !**plain).map(|(base, _)| base.to_vec()).collect();
    let mut chosen = HashMap::new();
    for (base, _) in bases.into_iter().filter(|(_, is_plain)| *is_plain) {
        let fake = |round| {
            let mut fake = base.to_vec();
            fakes.whole(&mut fake, round);
            fake
        };
        let fake = (0..ROUNDS).map(fake).find(|fake| !used.contains(fake))?;
        used.insert(fake.clone());
        chosen.insert(base.to_vec(), fake);
    }
    Some(chosen)
}

/// A boundary without dashes at its end, which could be those of another boundary's last line; and the dashes.
fn base(boundary: &[u8]) -> (&[u8], &[u8]) {
    let mut base = boundary;
    while let Some(rest) = base.strip_suffix(b"--") {
        base = rest;
    }
    boundary.split_at(base.len())
}

/// Octets of the boundary on a line, if it has one that is known.
fn boundary_of(line: &[u8], is_known: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let text = line.strip_prefix(b"--")?.trim_ascii_end();
    let found = Some(text).filter(|text| is_known(text)).or_else(|| text.strip_suffix(b"--").filter(|t| is_known(t)));
    found.map(<[u8]>::len)
}
