//! Lists of mailboxes: LIST and LSUB, their patterns, and the tree the names make.
//!
//! Matching takes time in proportion to pattern and name, whatever stands in them.
//! RFC 3501 §6.3.8, §6.3.9; RFC 3348; RFC 6154.

use super::ask::{Answer, Ask};
use super::job::{Core, FLUSH_AT, Job, Step};
use super::words::{self, Done};
use crate::imap::command::Listing;
use crate::imap::mailbox::{INBOX, MailboxInfo, SEPARATOR};
use crate::imap::response;
use crate::wire::session::Output;
use std::collections::BTreeMap;

/// Names that are compared with the pattern in one go: others want to go on meanwhile.
const NAMES: usize = 500;

pub(super) fn list(listing: Listing) -> Step {
    Step::Ask(Ask::Mailboxes, Box::new(List(listing)))
}

/// A list that waits for the names.
struct List(Listing);

impl Job for List {
    fn answer(self: Box<Self>, answer: Answer, _: &mut Core, out: &mut Output) -> Step {
        let mailboxes = match answer {
            Answer::Mailboxes(Ok(mailboxes)) => mailboxes,
            Answer::Mailboxes(Err(why)) => return Step::Done(words::refused(why)),
            _ => return Step::confused(),
        };
        let List(Listing { subscribed, special_use, pattern }) = *self;
        match pattern.as_deref().map(Pattern::parse) {
            // RFC 9051 §6.3.9: only the separator is asked for.
            None => {
                print(subscribed, &["\\Noselect"], "", out);
                Step::Done(Done::completed())
            }
            Some(None) => Step::Done(Done::bad("The pattern is too complex")),
            Some(Some(pattern)) => {
                let entries = if subscribed { subscribed_names(&pattern, &mailboxes) } else { existing(&mailboxes) };
                let entries = entries.into_iter();
                Box::new(Names { subscribed, special_use, pattern, mailboxes, entries }).go_on(out)
            }
        }
    }
}

/// A list on its way to the client.
struct Names {
    subscribed: bool,
    special_use: bool,
    pattern: Pattern,
    mailboxes: Vec<MailboxInfo>,
    /// Those that were not compared with the pattern yet.
    entries: std::vec::IntoIter<Entry>,
}

/// A name: a mailbox's, or so many octets of it if it is a level above.
struct Entry {
    mailbox: usize,
    len: usize,
    is_whole: bool,
    /// `None` if that was not looked for.
    has_children: Option<bool>,
}

impl Names {
    fn go_on(mut self: Box<Self>, out: &mut Output) -> Step {
        for entry in self.entries.by_ref().take(NAMES) {
            let Some(mailbox) = self.mailboxes.get(entry.mailbox) else { continue };
            let name = mailbox.name.get(..entry.len).unwrap_or_default();
            let itself = Some(mailbox).filter(|_| entry.is_whole);
            let special_use = itself.and_then(|mailbox| mailbox.special_use).filter(|_| !self.subscribed);
            if !self.pattern.matches(name) || self.special_use && special_use.is_none() {
                continue;
            }
            let mut attributes = Vec::new();
            if !itself.is_some_and(|mailbox| mailbox.selectable) {
                attributes.push("\\Noselect");
            }
            attributes.extend(entry.has_children.map(|yes| if yes { "\\HasChildren" } else { "\\HasNoChildren" }));
            attributes.extend(special_use.map(|special_use| special_use.name()));
            print(self.subscribed, &attributes, name, out);
            if out.as_slice().len() >= FLUSH_AT {
                break;
            }
        }
        if self.entries.as_slice().is_empty() { Step::Done(Done::completed()) } else { Step::Ask(Ask::Flush, self) }
    }
}

impl Job for Names {
    fn answer(self: Box<Self>, _: Answer, _: &mut Core, out: &mut Output) -> Step {
        self.go_on(out)
    }
}

fn existing(mailboxes: &[MailboxInfo]) -> Vec<Entry> {
    let existing = mailboxes.iter().enumerate().filter(|(_, mailbox)| mailbox.exists);
    let mut names: BTreeMap<Place<'_>, (usize, bool)> =
        existing.map(|(index, mailbox)| (Place::of(&mailbox.name), (index, true))).collect();
    let mut parents: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, (index, _)) in &names {
        // Whoever has seen a level has seen those above it.
        for level in levels_above(place.name) {
            if parents.insert(level, *index).is_some() {
                break;
            }
        }
    }
    for (parent, index) in &parents {
        names.entry(Place::of(parent)).or_insert((*index, false));
    }
    let entry = |(place, (mailbox, is_whole)): (Place<'_>, _)| {
        let has_children = Some(parents.contains_key(place.name));
        Entry { mailbox, len: place.name.len(), is_whole, has_children }
    };
    names.into_iter().map(entry).collect()
}

fn subscribed_names(pattern: &Pattern, mailboxes: &[MailboxInfo]) -> Vec<Entry> {
    let subscribed = mailboxes.iter().enumerate().filter(|(_, mailbox)| mailbox.subscribed);
    let mut names: BTreeMap<Place<'_>, (usize, bool)> =
        subscribed.map(|(index, mailbox)| (Place::of(&mailbox.name), (index, true))).collect();
    // RFC 3501 §6.3.9: where a % ends above a subscribed name, that level is shown in its stead.
    let above: Vec<(&str, usize)> = names
        .iter()
        .filter(|_| pattern.ends_with_level())
        .flat_map(|(place, (index, _))| levels_above(place.name).map(|level| (level, *index)))
        .collect();
    for (parent, index) in above {
        names.entry(Place::of(parent)).or_insert((index, false));
    }
    let entry = |(place, (mailbox, is_whole)): (Place<'_>, _)| Entry {
        mailbox,
        len: place.name.len(),
        is_whole,
        has_children: None,
    };
    names.into_iter().map(entry).collect()
}

fn print(subscribed: bool, attributes: &[&str], name: &str, out: &mut Output) {
    let verb = if subscribed { "LSUB" } else { "LIST" };
    let buffer = out.buffer();
    buffer.extend_from_slice(format!("* {verb} ({}) \"{SEPARATOR}\" ", attributes.join(" ")).as_bytes());
    response::mailbox(name, buffer);
    buffer.extend_from_slice(b"\r\n");
}

/// A name in the order of lists: INBOX first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'n> {
    is_not_inbox: bool,
    name: &'n str,
}

impl<'n> Place<'n> {
    fn of(name: &'n str) -> Self {
        Self { is_not_inbox: name != INBOX, name }
    }
}

/// `a/b` and `a` of `a/b/c`.
fn levels_above(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices(SEPARATOR).map(|(end, _)| &name[..end])
}

/// Wildcards in one pattern, neighbours counted as one.
const WILDCARDS_MAX: usize = 50;

/// A pattern for names: `*` stands for anything, `%` for anything within one level.
#[derive(Debug, PartialEq, Eq)]
struct Pattern(Vec<Element>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Octet(u8),
    Anything,
    WithinLevel,
}

impl Pattern {
    /// `None` if it has too many wildcards.
    fn parse(text: &str) -> Option<Self> {
        let mut elements: Vec<Element> = Vec::with_capacity(text.len());
        for octet in text.bytes() {
            let element = match octet {
                b'*' => Element::Anything,
                b'%' => Element::WithinLevel,
                octet => Element::Octet(octet),
            };
            match (elements.last_mut(), element) {
                // Of neighbours the stronger says it all.
                (Some(last @ (Element::Anything | Element::WithinLevel)), Element::Anything) => *last = element,
                (Some(Element::Anything | Element::WithinLevel), Element::WithinLevel) => {}
                _ => elements.push(element),
            }
        }
        let wildcards = elements.iter().filter(|element| !matches!(element, Element::Octet(_))).count();
        (wildcards <= WILDCARDS_MAX).then_some(Self(elements))
    }

    fn ends_with_level(&self) -> bool {
        self.0.last() == Some(&Element::WithinLevel)
    }

    fn matches(&self, name: &str) -> bool {
        self.matches_octets(name.as_bytes(), |ours, theirs| ours == theirs)
            // RFC 9051 §5.1: INBOX has no case, in patterns too.
            || name == INBOX && self.matches_octets(name.as_bytes(), |ours, theirs| ours.eq_ignore_ascii_case(&theirs))
    }

    /// Keeps the set of places in the name that the pattern so far can reach.
    fn matches_octets(&self, name: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
        let mut reached = vec![false; name.len() + 1];
        reached[0] = true;
        for element in &self.0 {
            match element {
                Element::Octet(octet) => {
                    for at in (0..name.len()).rev() {
                        reached[at + 1] = reached[at] && same(*octet, name[at]);
                    }
                    reached[0] = false;
                    if !reached.contains(&true) {
                        return false;
                    }
                }
                wildcard => {
                    let stops = *wildcard == Element::WithinLevel;
                    for at in 0..name.len() {
                        reached[at + 1] |= reached[at] && !(stops && name[at] == SEPARATOR as u8);
                    }
                }
            }
        }
        reached[name.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word by word; takes ages for hostile patterns.
    fn plainly(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], name) => (0..=name.len()).any(|skip| plainly(rest, &name[skip..])),
            ([b'%', rest @ ..], name) => {
                let end = name.iter().position(|octet| *octet == b'/').unwrap_or(name.len());
                (0..=end).any(|skip| plainly(rest, &name[skip..]))
            }
            ([ours, pattern @ ..], [theirs, name @ ..]) => ours == theirs && plainly(pattern, name),
            _ => false,
        }
    }

    #[test]
    fn wildcards_match_levels_or_all() {
        for (pattern, name, wanted) in [
            ("*", "a/b/c", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("%/%", "a/b", true),
            ("a/%", "a/b", true),
            ("a/%", "a", false),
            ("a*", "a", true),
            ("*b", "a/b", true),
            ("%b", "a/b", false),
            ("inb*", "INBOX", true),
            ("a%c", "abc", true),
            ("", "", true),
            ("a", "A", false),
        ] {
            let found = Pattern::parse(pattern).map(|pattern| pattern.matches(name));
            assert_eq!(found, Some(wanted), "{pattern} {name}");
        }
        assert_eq!(Pattern::parse(&"*%".repeat(10_000)), Pattern::parse("*"));
        assert_eq!(Pattern::parse(&"*a".repeat(51)), None);
    }

    proptest! {
        #[test]
        fn patterns_match_as_they_are_defined(pattern in "[ab/*%]{0,8}", name in "[ab/]{0,8}") {
            let found = Pattern::parse(&pattern).map(|pattern| pattern.matches(&name));
            prop_assert_eq!(found, Some(plainly(pattern.as_bytes(), name.as_bytes())));
        }
    }
}
