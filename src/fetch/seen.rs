//! Which messages of a maildrop were retrieved before, by the unique ids the server gives them.
//!
//! Text, one id a line, with the time the server last listed it: an id that has not been seen for a
//! season is forgotten, so that the note does not grow for ever, and one that is missing for a day
//! is not. Knows no files. RFC 1939 §7.

use crate::error::{Error, Kind, Result};
use crate::world::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The first line, before the server's name. The number changes when the form does.
const FORM: &str = "mailkit-pop3 1 ";
/// How long an id is remembered that the server does not list.
const MEMORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The ids of one maildrop.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    server: String,
    ids: BTreeMap<String, i64>,
}

impl Seen {
    /// Nothing retrieved yet from this server.
    pub(super) fn new(server: &str) -> Self {
        Self { server: server.to_owned(), ids: BTreeMap::new() }
    }

    /// Reads what [`Seen::print`] wrote.
    pub(super) fn parse(text: &str, server: &str) -> Result<Self> {
        let broken = |what: &str| {
            Error::new(Kind::Data, format!("the note of what was retrieved from {server} {what}"))
                .hint("remove it to retrieve everything again")
        };
        let mut lines = text.lines();
        match lines.next().and_then(|line| line.strip_prefix(FORM)) {
            Some(name) if name == server => {}
            Some(_) => return Err(broken("belongs to another server")),
            None => return Err(broken("is not of a form this version reads")),
        }
        let entry = |line: &str| {
            let (time, id) = line.split_once(' ')?;
            Some((id.to_owned(), time.parse().ok()?))
        };
        let ids = lines.map(entry).collect::<Option<_>>().ok_or_else(|| broken("is damaged"))?;
        Ok(Self { server: server.to_owned(), ids })
    }

    /// The whole as text.
    pub(super) fn print(&self) -> String {
        let mut text = format!("{FORM}{}\n", self.server);
        for (id, time) in &self.ids {
            text.push_str(&format!("{time} {id}\n"));
        }
        text
    }

    /// Whether a message was retrieved before.
    pub(super) fn has(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Remembers that a message was retrieved and is safe.
    pub(super) fn add(&mut self, id: &str, now: Timestamp) {
        self.ids.insert(id.to_owned(), now.as_second());
    }

    /// Takes note of what the server lists, and forgets what it has not listed for long.
    pub(super) fn listed<'a>(&mut self, ids: impl Iterator<Item = &'a str>, now: Timestamp) {
        for id in ids {
            if let Some(time) = self.ids.get_mut(id) {
                *time = now.as_second();
            }
        }
        let oldest = now.as_second().saturating_sub_unsigned(MEMORY.as_secs());
        self.ids.retain(|_, time| *time >= oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn an_id_is_forgotten_when_the_server_has_not_listed_it_for_a_season() {
        let day = 24 * 60 * 60;
        let mut seen = Seen::new("bob@x:110");
        seen.add("old", at(0));
        seen.add("kept", at(0));
        for (today, listed, has_old) in [(60, "kept", true), (90, "kept", true), (91, "kept", false)] {
            seen.listed([listed].into_iter(), at(today * day));
            assert_eq!((seen.has("old"), seen.has("kept")), (has_old, true), "day {today}");
        }
    }

    #[test]
    fn what_is_no_note_of_this_server_is_refused() {
        for (text, wanted) in [
            ("", "is not of a form"),
            ("mailkit-pop3 2 bob@x:110\n", "is not of a form"),
            ("mailkit-pop3 1 eve@x:110\n", "belongs to another server"),
            ("mailkit-pop3 1 bob@x:110\nx", "is damaged"),
            ("mailkit-pop3 1 bob@x:110\nx y\n", "is damaged"),
        ] {
            let error = Seen::parse(text, "bob@x:110").expect_err(wanted);
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(ids in prop::collection::vec("[!-~]{1,70}", 0..10), second in 0_i64..4_000_000_000) {
            let mut seen = Seen::new("bob@x:110");
            ids.iter().for_each(|id| seen.add(id, at(second)));
            prop_assert_eq!(Seen::parse(&seen.print(), "bob@x:110").expect("read"), seen);
        }
    }
}
