//! The messages of files, mailboxes and directories one by one, for commands that do more with them than look at them.

use super::open::open;
use super::sources::{Item, Items, Place, Reading};
use crate::cli::input;
use mailkit::error::Result;
use mailkit::imap::flag::Flags;
use mailkit::message::guard::Limits;
use mailkit::message::mbox::Dialect;
use std::path::PathBuf;

/// Messages, in the order of their places.
pub(in crate::cli) struct Letters {
    /// What is to come, the next one last.
    waiting: Vec<Items>,
    reading: Reading,
}

/// A message.
pub(in crate::cli) struct Found {
    /// Where it stands, for people.
    pub(in crate::cli) name: String,
    pub(in crate::cli) octets: Vec<u8>,
    /// What its place or its own fields say; none if nobody keeps flags there.
    pub(in crate::cli) flags: Option<Flags>,
}

impl Letters {
    /// The messages in these files; `-` is standard input.
    pub(in crate::cli) fn of(paths: Vec<PathBuf>) -> Self {
        let reading = Reading {
            size_max: usize::try_from(input::MESSAGE_MAX).unwrap_or(usize::MAX),
            limits: Limits::default(),
            dialect: Dialect::Unknown,
            is_recursive: false,
            is_whole: true,
            path_end: b'\n',
            part: None,
        };
        let files = paths.into_iter().map(|path| Item::File(Place::of(path)));
        Self { waiting: vec![Box::new(files)], reading }
    }
}

impl Iterator for Letters {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.waiting.last_mut()?.next() {
                None => drop(self.waiting.pop()),
                Some(Item::Failed(error)) => return Some(Err(error)),
                Some(Item::File(place)) => match open(place, &self.reading, &mut Vec::new()) {
                    Ok(opened) => self.waiting.push(opened.items()),
                    Err(error) => return Some(Err(error)),
                },
                Some(Item::Message(source)) => {
                    let flags = source.flags();
                    return Some(Ok(Found { name: source.name(), octets: source.octets, flags }));
                }
            }
        }
    }
}
