//! What a conversation by hand is made of: who talks, who looks on, and how it can end.

use crate::endpoint::Endpoint;
use crate::engine::passed::Passed;
use crate::error::Result;
use crate::net::tls::TlsOptions;
use crate::sasl::Credentials;
use crate::wire::transcript::Entry;
use crate::world::Content;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Any answer.
    pub each: Duration,
    /// The one that says whether a message was taken (RFC 5321 §4.5.3.2.6).
    pub last: Duration,
}

/// What happens, for those who look on.
#[derive(Debug)]
pub enum News {
    /// A line of the transcript.
    Entry(Entry),
    /// Something that whoever types may want to know.
    Word(String),
    /// Something that was asked for.
    Help(&'static str),
    /// Something that everybody should know.
    Warning(String),
}

/// How a conversation ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// All was said.
    Well,
    /// An answer was not as expected.
    Unexpected {
        /// What it should have begun with.
        wanted: String,
        /// The answer, if there was one, without the secrets that are known.
        got: Option<String>,
    },
}

/// Who opens files.
pub type Open<'a> = Box<dyn Fn(&Path) -> Result<Arc<dyn Content>> + 'a>;

/// What a conversation by hand is made of.
pub struct Party<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Whose certificates are good. One that is not is told of, and the conversation goes on.
    pub tls: TlsOptions,
    /// Our name in EHLO.
    pub helo: String,
    /// Who may log in.
    pub credentials: Option<&'a Credentials>,
    /// Whose connection it is said to be, before all other words.
    pub passed: Option<&'a Passed>,
    /// How long answers are waited for.
    pub patience: Patience,
    /// Who looks on.
    pub show: Box<dyn FnMut(News) + 'a>,
    /// Opens the files that are to be sent.
    pub open: Open<'a>,
}

/// Lines as they are typed, or read from elsewhere.
pub struct Lines<'a> {
    /// The lines, without their ends; an error is told, and ends them.
    pub from: &'a mut tokio::sync::mpsc::Receiver<Result<Vec<u8>>>,
    /// Whether a person types them, who may speak out of turn.
    pub is_live: bool,
    /// What is said behind each.
    pub end: &'a [u8],
}
