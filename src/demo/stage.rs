//! One stage of the story: what happened, in which words, and whether it held.

use crate::wire::event::Column;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// What there is to tell about a stage.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Its number, from 1.
    pub number: usize,
    /// What happens, in one sentence.
    pub title: &'static str,
    /// What came of it.
    pub facts: Vec<Fact>,
    /// The conversations, as transcript lines.
    pub conversation: Vec<String>,
    /// Whether everything that had to be so was so.
    pub held: bool,
}

/// Something that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// In one sentence.
    pub text: String,
    /// Whether it is as it has to be.
    pub held: bool,
}

impl Fact {
    /// Something that is so, or is not.
    pub fn check(held: bool, text: impl Into<String>) -> Self {
        Self { text: text.into(), held }
    }

    /// Something worth telling.
    pub fn note(text: impl Into<String>) -> Self {
        Self::check(true, text)
    }
}

/// Keeps the lines of a trace until a stage takes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Notebook(Arc<Mutex<Vec<u8>>>);

impl Notebook {
    /// What was written since the last time, without the time column.
    pub(super) fn take(&self) -> Vec<String> {
        let octets = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&octets).lines().map(|line| Column::split(line).1.to_owned()).collect()
    }
}

impl Write for Notebook {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
