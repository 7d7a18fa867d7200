//! What the relay does, told while it happens: for logs, for the demo, for whoever watches.
//!
//! Told after it is durable. Nothing is decided by it.

use crate::engine::handover::Answer;
use crate::envelope::ForwardPath;
use crate::status::{EnhancedStatus, ReplyCode};
use crate::store::spool::{Outcome, SpoolId};
use crate::world::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An attempt for one recipient ended.
    Attempt {
        /// The message.
        id: SpoolId,
        /// Whom it was for.
        #[serde(serialize_with = "as_text")]
        recipient: ForwardPath,
        /// What follows.
        result: AttemptResult,
        /// The status code of the answer.
        status: EnhancedStatus,
        /// The host that it was tried at, if one was reached.
        remote: Option<String>,
        /// The code that it answered; null if it is we who gave up.
        code: Option<u16>,
        /// What was answered, unescaped; or why we gave up.
        words: String,
        /// When it is tried again, if it is.
        #[serde(serialize_with = "as_text_if_any")]
        until: Option<Timestamp>,
    },
    /// A report to the sender entered the spool.
    Report {
        /// The message it is about.
        about: SpoolId,
        /// The report.
        id: SpoolId,
        /// Who gets it.
        to: String,
    },
    /// Something is wrong on this side; the relay goes on.
    Trouble {
        /// What.
        what: String,
    },
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptResult {
    /// The other side has it.
    Delivered,
    /// It waits.
    Deferred,
    /// It is given up.
    Failed,
}

/// Is told what happens. Called from the relay's tasks, so it must not block.
pub type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

impl Event {
    /// What became of one recipient.
    pub(super) fn attempt(id: SpoolId, recipient: &ForwardPath, answer: &Answer, outcome: &Outcome) -> Self {
        let (result, until) = match outcome {
            Outcome::Delivered { .. } => (AttemptResult::Delivered, None),
            Outcome::Deferred { until, .. } => (AttemptResult::Deferred, Some(*until)),
            Outcome::Failed { .. } | Outcome::Cancelled => (AttemptResult::Failed, None),
        };
        let code = answer.code.map(ReplyCode::get);
        let (recipient, remote, words) = (recipient.clone(), answer.remote.clone(), answer.in_full().into_owned());
        Self::Attempt { id, recipient, result, status: answer.status, remote, code, words, until }
    }
}

fn as_text<S: serde::Serializer>(path: &ForwardPath, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

fn as_text_if_any<S: serde::Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
