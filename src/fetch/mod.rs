//! Retrieval by POP3: from a maildrop into a Maildir or a stream, each message once.
//!
//! The order is what makes it safe: a message is on disk before it counts as retrieved, and it counts
//! as retrieved before the server is told to delete it. After a crash anywhere a second run neither
//! loses a message nor doubles it. RFC 1939 §3 to §7.

mod mbox;
mod seen;
mod window;

use crate::endpoint::Endpoint;
use crate::engine::dial::{Dial, Way, dial};
use crate::engine::pop3::{Entry, Session};
use crate::error::{Error, Kind, Result};
use crate::net::trace::Trace;
use crate::pop3::client::Retrieved;
use crate::pop3::follow;
use crate::sasl::Credentials;
use crate::store::maildir::{Arrival, Maildir};
use crate::world::{Clock, Connect};
use mbox::{Mbox, MboxMessage};
use seen::Seen;
use std::collections::HashSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use window::windows;

/// One retrieval into a Maildir at a time, or two would fetch the same message.
const LOCK: &str = "mailkit-pop3.lock";

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
}

/// What becomes of the messages on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They stay.
    All,
    /// They are deleted once they are safe here.
    None,
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
    /// Messages the server would not give, by number, and its words.
    pub refused: Vec<(u32, String)>,
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

/// Retrieves into a Maildir what was not retrieved before. `source` names user and server, the same in each run;
/// `progress` gets the messages done and to do.
pub async fn into_maildir(
    mut session: Session,
    maildir: &mut Maildir,
    source: &str,
    keep: Keep,
    clock: &dyn Clock,
    mut progress: impl FnMut(usize, usize),
) -> Result<Summary> {
    let _lock = maildir.lock(LOCK)?.ok_or_else(|| {
        Error::new(Kind::Temporary, "another retrieval into this Maildir is under way").hint("wait until it is done")
    })?;
    let note = format!("mailkit-pop3.{}", file_name(source));
    let mut seen = match maildir.note(&note)? {
        Some(text) => Seen::parse(&text, source)?,
        None => Seen::new(source),
    };
    let list = session.list().await?;
    if list.iter().any(|entry| entry.uid.is_none()) {
        let error = Error::new(Kind::Unavailable, "the server gives its messages no unique ids")
            .with_peer(session.peer())
            .hint("without them a second run cannot tell which messages are new; --to - retrieves all of them");
        session.leave().await;
        return Err(error);
    }
    let uid = |entry: &Entry| entry.uid.clone().unwrap_or_default();
    let name = |entry: &Entry| format!("{}.{}", file_name(&uid(entry)), file_name(source));
    seen.listed(list.iter().filter_map(|entry| entry.uid.as_deref()), clock.now());
    // What a crash left in the Maildir, but not yet in the note, is here and will not be fetched again.
    for entry in list.iter().filter(|entry| maildir.holds(&name(entry))) {
        seen.add(&uid(entry), clock.now());
    }
    // RFC 1939 §7: messages that are the same may have the same id, so one of them stands for all.
    let mut ids = HashSet::new();
    let is_new = |entry: &&Entry| !seen.has(&uid(entry)) && ids.insert(uid(entry));
    let wanted: Vec<Entry> = list.iter().filter(is_new).cloned().collect();
    let mut summary = Summary { listed: list.len(), known: list.len() - wanted.len(), ..Summary::default() };
    for window in windows(&wanted) {
        let mut messages: Vec<(&Entry, Arrival)> =
            window.iter().map(|entry| (entry, maildir.begin(&name(entry)))).collect();
        let (retrieved, end) = session.retrieve(&mut messages).await;
        summary.count(window, &retrieved);
        let arrived = messages.into_iter().zip(&retrieved).filter(|(_, what)| matches!(what, Retrieved::Whole(_)));
        let (entries, arrivals): (Vec<&Entry>, Vec<Arrival>) = arrived.map(|(message, _)| message).unzip();
        maildir.commit(arrivals)?;
        entries.iter().for_each(|entry| seen.add(&uid(entry), clock.now()));
        maildir.set_note(&note, &seen.print())?;
        progress(summary.fetched, wanted.len());
        end.map_err(|error| {
            let (here, all) = (summary.fetched, wanted.len());
            error.hint(format!("{here} of {all} new messages are safe here; the next run fetches the others"))
        })?;
    }
    if keep == Keep::None {
        let safe: Vec<u32> = list.iter().filter(|entry| seen.has(&uid(entry))).map(|entry| entry.number).collect();
        session.delete(&safe).await?;
        summary.deleted = safe.len();
    }
    // Deletion is done at QUIT (RFC 1939 §6): without its answer nobody knows, and the next run asks again.
    let quit = session.quit().await;
    if summary.deleted > 0 { quit.map(|()| summary) } else { Ok(summary) }
}

/// Retrieves everything into a stream, as an mbox. Whether it is safe there cannot be known, so all messages stay.
pub async fn into_stream(
    mut session: Session,
    out: &mut (dyn Write + Send),
    clock: &dyn Clock,
    mut progress: impl FnMut(usize, usize),
) -> Result<Summary> {
    let list = session.list().await?;
    let mut summary = Summary { listed: list.len(), ..Summary::default() };
    let mbox = Mutex::new(Mbox::new(out, clock.now()));
    for window in windows(&list) {
        let mut messages: Vec<(&Entry, MboxMessage<'_, '_>)> =
            window.iter().map(|entry| (entry, MboxMessage::new(&mbox, entry.number))).collect();
        let (retrieved, end) = session.retrieve(&mut messages).await;
        summary.count(window, &retrieved);
        progress(summary.fetched, list.len());
        end?;
    }
    let ended = mbox.lock().unwrap_or_else(PoisonError::into_inner).finish();
    ended.map_err(|error| Error::new(Kind::Io, "cannot write the messages").caused_by(error))?;
    session.leave().await;
    Ok(summary)
}

impl Summary {
    /// Counts what came of a window.
    fn count(&mut self, window: &[Entry], retrieved: &[Retrieved]) {
        for (entry, what) in window.iter().zip(retrieved) {
            match what {
                Retrieved::Whole(octets) => {
                    self.fetched += 1;
                    self.octets += octets;
                }
                Retrieved::Refused(answer) => self.refused.push((entry.number, answer.text.clone())),
            }
        }
    }
}

/// A text as part of a file's name: reversible, so that two never meet, unless it is very long.
fn file_name(text: &str) -> String {
    /// Two of these and the flags of a Maildir fit into the 255 octets of a name.
    const LENGTH_MAX: usize = 110;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_@".contains(&octet);
    let octet = |octet: u8| if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") };
    let name: String = text.bytes().map(octet).collect();
    match name.get(..LENGTH_MAX) {
        Some(start) => format!("{start}%{:08X}", crc32fast::hash(text.as_bytes())),
        None => name,
    }
}
