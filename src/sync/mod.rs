//! IMAP synchronisation: the mailboxes of a server and a tree of Maildirs become the same.
//!
//! What both sides agreed on is remembered message by message, so that whatever differs later is a change of one side
//! (`row`). A run (`run`) looks at what may have changed on both, matches what is new with what went away, decides
//! about each message by itself (`decide`), and does it in batches that are written down before and after. It works
//! over three traits: the server (`remote`, an IMAP session in `imap`), the Maildirs (`local`, files in `here`) and the
//! memory (`state`, SQLite in `kept`), so that a model of all three can break anywhere. docs/sync.md.

mod decide;
mod here;
mod imap;
mod kept;
mod local;
#[cfg(test)]
mod memory;
mod mirror;
#[cfg(test)]
mod model;
mod name;
mod names;
mod policy;
mod remote;
mod row;
mod run;
mod state;
mod stem;

pub use mirror::{Mirror, Place};
pub use policy::{Conflict, Expunge, Guard, Kinds, OnDelete, OnStranded, Policy};
pub use run::{Refusal, Report, Side, Suspicion};

use crate::endpoint::Endpoint;
use crate::engine::dial::{Dial, Way, dial};
use crate::engine::imap::{Opening, Session};
use crate::error::Result;
use crate::imap::follow;
use crate::net::trace::Trace;
use crate::sasl::Credentials;
use crate::world::Connect;

/// The mailboxes to synchronise with.
pub struct Source<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// How it is reached, and whose certificates are accepted.
    pub way: Way,
    /// Whose mailboxes.
    pub credentials: Credentials,
    /// Where the conversation is written down.
    pub trace: Option<Trace>,
}

/// Connects and logs in.
pub async fn open(connect: &dyn Connect, source: Source<'_>) -> Result<Session> {
    let whom = Dial {
        endpoint: source.endpoint,
        way: &source.way,
        trace: source.trace.as_ref().map(|trace| (trace, follow::follow as _)),
    };
    let server = dial(connect, whom).await?;
    if let (Some(trace), Some(secret)) = (&source.trace, source.credentials.secret()) {
        trace.hide(secret);
    }
    Opening::begin(server.connection, &server.name, server.security).await?.login(&source.credentials).await
}
