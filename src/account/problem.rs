//! What is wrong with the configuration: where, what, and the likely word.
//!
//! One is an error that stops a command; all of them together are what `config check` shows.

use crate::error::{Error, Kind};
use std::fmt;
use std::path::PathBuf;

/// A file and a line in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: Option<usize>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.path.display()),
            None => self.path.display().fmt(f),
        }
    }
}

/// One thing that is wrong, or not wise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, if it stands somewhere.
    pub place: Option<Position>,
    /// What, in a sentence.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether nothing works until it is put right; the rest is only unwise.
    pub is_error: bool,
}

impl Problem {
    /// Something that is wrong.
    pub(super) fn new(place: Option<Position>, what: impl Into<String>) -> Self {
        Self { place, what: what.into(), hint: None, is_error: true }
    }

    /// Says that everything works all the same.
    pub(super) fn unwise(mut self) -> Self {
        self.is_error = false;
        self
    }

    /// Adds what to do.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the word that was likely meant, if there is one.
    pub(super) fn near(mut self, word: Option<&str>) -> Self {
        self.hint = word.map(|word| format!("did you mean {word}?"));
        self
    }

    /// Turns the parser's words into ours.
    pub(super) fn explain(place: Option<Position>, error: &toml::de::Error) -> Self {
        // serde says: unknown field `a`, expected `b`; or: expected one of `b`, `c`.
        let mut quoted = error.message().split('`').skip(1).step_by(2);
        match (error.message().starts_with("unknown field"), quoted.next()) {
            (true, Some(key)) => {
                let known: Vec<_> = quoted.collect();
                Self::new(place, format!("unknown key {key:?}")).hint(match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("known here are {}", known.join(", ")),
                })
            }
            _ => Self::new(place, error.message()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let error = Self::new(Kind::Config, problem.to_string());
        match problem.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The word that was likely meant: at most every second letter is wrong.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| distance * 2 <= word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
