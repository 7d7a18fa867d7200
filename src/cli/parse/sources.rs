//! What `parse` reads: messages one after the other, each with the place it came from.
//!
//! One at a time is in memory. What cannot be read is an error in its place, and the next one follows.

use crate::cli::input;
use mailkit::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// A message as it was found.
#[derive(Debug)]
pub(super) struct Source {
    /// The file it stands in; `-` is standard input.
    pub(super) path: PathBuf,
    /// Which message of the file it is, from 0.
    pub(super) index: u64,
    /// The octet of the file at which it begins.
    pub(super) offset: u64,
    /// The message.
    pub(super) octets: Vec<u8>,
}

impl Source {
    /// The path, and the number of the message if it is not the first in its file.
    pub(super) fn name(&self) -> String {
        match self.index {
            0 => self.path.display().to_string(),
            index => format!("{}[{index}]", self.path.display()),
        }
    }
}

/// The messages of these files, in their order.
pub(super) fn each(paths: &[PathBuf]) -> impl Iterator<Item = Result<Source>> {
    paths.iter().map(|path| of_file(path))
}

/// Whether there may be several messages.
pub(super) fn may_be_many(paths: &[PathBuf]) -> bool {
    paths.len() != 1
}

fn of_file(path: &Path) -> Result<Source> {
    let octets = input::message(path)?;
    if octets.is_empty() {
        let empty = Error::new(Kind::Data, format!("cannot read {}", path.display()));
        return Err(empty.caused_by("there is no message in it"));
    }
    Ok(Source { path: path.to_owned(), index: 0, offset: 0, octets })
}
