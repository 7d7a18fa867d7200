//! A check-up of servers: each step from a name to a login, done and judged.
//!
//! What a step found is one thing, what it means another: `visit` goes, `judge` is pure. Whose servers they are, and
//! where their secrets are, is somebody else's business.
//! RFC 8314; RFC 6154; RFC 1870.

mod judge;
mod visit;

pub use judge::opinion;
pub use visit::{Visit, chain, visit};

use crate::error::{Error, Kind};

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should.
    Ok,
    /// It works, but not as well as it could, or not for long.
    Warn,
    /// It does not work, and what would follow was not tried.
    Fail,
}

/// A step, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Of which server: `smtp`, `imap`, `pop`; none if it is about the account.
    pub service: Option<&'static str>,
    /// What was looked at: `dns`, `tcp`, `tls`, `auth`...
    pub name: &'static str,
    /// How it went.
    pub level: Level,
    /// What was found, or what went wrong.
    pub text: String,
    /// The server's own words, unescaped.
    pub said: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// What sort of failure, if it is one.
    pub kind: Option<Kind>,
}

impl Level {
    /// One word, as in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Step {
    /// A step that went well.
    pub fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { service: None, name, level: Level::Ok, text: text.into(), said: None, hint: None, kind: None }
    }

    /// One that went, with something to know or to do.
    pub fn warn(name: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { level: Level::Warn, hint: Some(hint.into()), ..Self::ok(name, text) }
    }

    /// One that failed; `hint` is for errors that have no advice of their own.
    pub fn failed(name: &'static str, error: &Error, hint: Option<&str>) -> Self {
        Self {
            level: Level::Fail,
            said: error.answer().map(str::to_owned),
            hint: error.advice().or(hint).map(str::to_owned),
            kind: Some(error.kind()),
            ..Self::ok(name, error.to_string())
        }
    }

    /// The same, of a server.
    #[must_use]
    pub fn of(self, service: &'static str) -> Self {
        Self { service: Some(service), ..self }
    }
}

/// What the first step that failed says about all of them.
pub fn kind(steps: &[Step]) -> Option<Kind> {
    steps.iter().find_map(|step| step.kind)
}
