//! Retrieval by POP3: from a maildrop to wherever messages are wanted, each of them once.
//!
//! `rule` decides about a message, `plan` about a maildrop, `run` carries it out; `writer` is the other end of the line,
//! and `target` what it writes to. RFC 1939 §3 to §7.

mod command;
mod digest;
mod into_maildir;
mod into_mbox;
mod look;
mod name;
mod plan;
mod rebuild;
mod recover;
mod rule;
mod run;
mod seen;
mod staged;
mod stream;
mod target;
mod writer;

pub use command::Agent;
pub use into_maildir::IntoMaildir;
pub use into_mbox::IntoMbox;
pub use look::Selection;
pub use name::file_name;
pub use rebuild::rebuild;
pub use rule::{Keep, Rules};
pub use run::{Retrieval, retrieve};
pub use seen::take_over;
pub use staged::{Deliver, Staged};
pub use stream::IntoStream;
pub use target::{Arriving, Handed, Target};

use crate::endpoint::Endpoint;
use crate::engine::dial::{Dial, Way, dial};
use crate::engine::pop3::{Maildrop, Session};
use crate::error::Result;
use crate::net::trace::Trace;
use crate::pop3::follow;
use crate::sasl::Credentials;
use crate::world::Connect;
use plan::Plan;
use tokio_util::sync::CancellationToken;

/// The maildrop to retrieve from.
pub struct Source<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How it is reached, and whose certificates are accepted.
    pub way: Way,
    /// Whose maildrop.
    pub credentials: Credentials,
    /// Where the conversation is written down.
    pub trace: Option<Trace>,
    /// When cancelled, the conversation ends; what came whole is kept.
    pub stop: CancellationToken,
}

/// How far a retrieval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Messages that have come.
    pub messages: usize,
    /// Octets that have come.
    pub octets: u64,
    /// Messages that are to come in all.
    pub messages_all: usize,
    /// Octets that are to come in all, as the server counts them.
    pub octets_all: u64,
}

/// What came of a retrieval.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages in the maildrop.
    pub listed: usize,
    /// Messages retrieved now.
    pub fetched: usize,
    /// Their octets, line ends as CRLF.
    pub octets: u64,
    /// Messages that were retrieved before.
    pub known: usize,
    /// Messages deleted on the server.
    pub deleted: usize,
    /// Messages that are too large.
    pub larger: usize,
    /// Messages that the filter leaves there.
    pub skipped: usize,
    /// Messages that another run fetches.
    pub later: usize,
    /// Messages that the server would not give or delete, by number, and its words.
    pub refused: Vec<(u32, String)>,
    /// Messages that the target would not take, by number, and its words.
    pub rejected: Vec<(u32, String)>,
    /// What would be done, where that is all that was asked for.
    pub plan: Option<Vec<Step>>,
}

/// What would be done about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place on the server.
    pub number: u32,
    /// Its name there.
    pub uid: Option<String>,
    /// Octets, as the server counts them.
    pub size: u64,
    /// What.
    pub action: Action,
}

/// What would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It would be fetched.
    Fetch,
    /// It is here, and would be deleted there.
    Delete,
    /// It would be deleted unread.
    DeleteUnread,
}

/// Connects and logs in.
pub async fn open(connect: &dyn Connect, source: Source<'_>) -> Result<Session> {
    let whom = Dial {
        endpoint: source.endpoint,
        way: &source.way,
        trace: source.trace.as_ref().map(|trace| (trace, follow::follow as _)),
    };
    let server = dial(connect, whom).await?;
    let mut session = Session::open(server.connection, &server.name, server.security).await?;
    session.stop_with(source.stop);
    if let (Some(trace), Some(secret)) = (&source.trace, source.credentials.secret()) {
        trace.hide(secret);
    }
    match session.login(&source.credentials).await {
        Ok(()) => Ok(session),
        Err(error) => {
            session.leave().await;
            Err(error)
        }
    }
}

impl Summary {
    /// What is known before anything is done.
    fn of(maildrop: &Maildrop, plan: &Plan) -> Self {
        let number = |index: &u32| maildrop.get(*index as usize).map(|(number, _, _)| number);
        let nameless = plan.nameless.iter().filter_map(number);
        Self {
            listed: maildrop.len(),
            known: plan.known,
            larger: plan.larger.len(),
            skipped: plan.skipped,
            later: plan.later,
            refused: nameless.map(|number| (number, "the server gives it no unique id".to_owned())).collect(),
            ..Self::default()
        }
    }
}

impl Plan {
    /// What would be done, in the order of the maildrop.
    fn describe(&self, maildrop: &Maildrop) -> Vec<Step> {
        let of = |indices: &[u32], action: Action| {
            let step = |index: &u32| {
                let (number, size, uid) = maildrop.get(*index as usize)?;
                Some(Step { number, uid: uid.map(str::to_owned), size, action })
            };
            indices.iter().filter_map(step).collect::<Vec<_>>()
        };
        let mut steps = of(&self.fetch, Action::Fetch);
        steps.extend(of(&self.delete, Action::Delete));
        steps.extend(of(&self.condemned, Action::DeleteUnread));
        steps.sort_by_key(|step| step.number);
        steps
    }
}
