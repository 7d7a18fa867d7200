//! Where a message was read, as JSON says it.

use super::letter::Letter;
use schemars::JsonSchema;
use serde::Serialize;

/// The place of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Whence {
    /// The file; `-` is standard input.
    path: String,
    /// Which message of the file, from 0.
    index: u64,
    /// The octet of the file at which it begins.
    offset: u64,
}

impl Whence {
    /// The place of this message.
    pub(super) fn of(letter: &Letter<'_>) -> Self {
        let source = letter.source;
        Self { path: source.path.to_string_lossy().into_owned(), index: source.index, offset: source.offset }
    }
}
