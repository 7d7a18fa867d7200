//! IMAP synchronisation, in its first form a pull: new messages and changed flags of all mailboxes come here.
//!
//! Nothing is ever changed on the server, and nothing is removed here: messages and mailboxes that are gone there
//! stay. What was removed here does not come again. A second run transfers no message again, and a run that was
//! cut off anywhere loses none and doubles none (see `pull`). Not yet: CONDSTORE, so each run asks for the flags of
//! all messages. RFC 9051 §6.3.3, §6.3.9, §6.4.5.

mod base;
#[allow(dead_code)]
mod decide;
#[allow(dead_code)]
mod imap;
#[allow(dead_code)]
mod local;
#[allow(dead_code)]
mod memory;
mod name;
#[allow(dead_code)]
mod names;
mod plan;
#[allow(dead_code)]
pub mod policy;
mod pull;
#[allow(dead_code)]
mod remote;
#[allow(dead_code)]
mod row;
#[allow(dead_code)]
mod run;
#[allow(dead_code)]
mod state;
#[allow(dead_code)]
mod stem;

use crate::endpoint::Endpoint;
use crate::engine::dial::{Dial, Way, dial};
use crate::engine::imap::{Access, Listed, Opening, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::follow;
use crate::net::trace::Trace;
use crate::sasl::Credentials;
use crate::store::IndexAt;
use crate::store::account::Account;
use crate::store::mailbox_error::MailboxError;
use crate::store::maildir::Maildir;
use crate::store::stash::Stash;
use crate::world::{Clock, Connect, Disk, Entropy};
use base::{Base, Folder};
use pull::Pull;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// One synchronisation of a Maildir at a time.
const LOCK: &str = "mailkit-sync.lock";
const BASE: &str = "mailkit-sync.db";
const INDEX: &str = "mailkit-index.db";
/// Unreadable lines that are told of, in one run.
const UNREADABLE_MAX: usize = 10;

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

/// Where messages are kept here.
#[derive(Clone)]
pub struct Place {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For names of files.
    pub entropy: Arc<dyn Entropy>,
    /// The Maildir: INBOX itself, all other mailboxes in it (Maildir++).
    pub maildir: PathBuf,
    /// Where notes and index live. In memory for a disk in memory; then each run fetches everything.
    pub index: IndexAt,
}

/// What came of a run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Mailboxes that hold messages.
    pub mailboxes: usize,
    /// Messages in them on the server.
    pub listed: usize,
    /// Messages known from earlier runs.
    pub known: usize,
    /// Messages fetched now.
    pub fetched: usize,
    /// Their octets.
    pub octets: u64,
    /// Messages that are new here.
    pub new: usize,
    /// Messages that were fetched and turned out to be here.
    pub recognised: usize,
    /// Messages whose flags changed here.
    pub updated: usize,
    /// Messages that were listed and then did not come: removed meanwhile, kept back, or told of in words that cannot
    /// be read. The next run asks again.
    pub missing: usize,
    /// Mailboxes left out, as the server names them, and why.
    pub refused: Vec<(String, String)>,
    /// Lines about messages that cannot be read, each behind its mailbox: the first few.
    pub unreadable: Vec<(String, String)>,
}

impl Summary {
    fn cannot_read(&mut self, mailbox: &str, line: String) {
        if self.unreadable.len() < UNREADABLE_MAX {
            self.unreadable.push((mailbox.to_owned(), line));
        }
    }
}

/// A Maildir that nobody else synchronises meanwhile.
pub struct Mirror {
    place: Place,
    account: Account,
    base: Base,
    _lock: Box<dyn Send + Sync>,
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

impl Mirror {
    /// Opens a Maildir, or makes one where nothing is yet. A directory with other things in it is left alone.
    pub async fn open(place: Place) -> Result<Self> {
        let maildir = Maildir::open(place.disk.clone(), &place.maildir)?;
        let lock = maildir.lock(LOCK)?.ok_or_else(|| {
            Error::new(Kind::Temporary, "another synchronisation of this Maildir is under way")
                .hint("wait until it is done")
        })?;
        let tmp = place.maildir.join("tmp");
        Stash::sweep(&*place.disk, &tmp).map_err(|error| Error::file("cannot tidy", &tmp, error))?;
        let file = |name| (place.index == IndexAt::File).then(|| place.maildir.join(name));
        let (base, index) = (file(BASE), file(INDEX));
        for path in [&base, &index].into_iter().flatten() {
            // Made by us first, so that they are private; SQLite would ask the umask. If one is there already, so
            // much the better, and if it cannot be made, SQLite says why.
            let _ = place.disk.create(path);
        }
        let base = Base::open(base.as_deref())?;
        let Place { disk, clock, entropy, maildir, .. } = place.clone();
        let account = Account::open(disk, clock, entropy, maildir, index).await?;
        Ok(Self { place, account, base, _lock: lock })
    }

    /// Pulls all mailboxes. `source` names user and server, the same in each run; `progress` gets the messages that
    /// are done and all there are, of one mailbox after the other.
    pub async fn pull(
        &mut self,
        session: &mut Session,
        source: &str,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<Summary> {
        let mut summary = Summary::default();
        let mut taken = HashSet::new();
        for listed in session.list().await? {
            let Listed { wire_name, separator, selectable, .. } = match listed {
                Ok(listed) => listed,
                Err(line) => {
                    summary.refused.push((line, "this line of the server, which names it, cannot be read".to_owned()));
                    continue;
                }
            };
            if !selectable {
                continue;
            }
            let local = match name::local(&wire_name, separator) {
                None => Err("its name is not in modified UTF-7".to_owned()),
                Some(local) if !taken.insert(local.clone()) => Err("another mailbox has the same name here".to_owned()),
                Some(local) => self.make(&local).await?.map(|()| local),
            };
            let opened = match &local {
                Ok(_) => session.open(&wire_name, Access::ReadOnly).await?.map_err(|refusal| refusal.text),
                Err(why) => Err(why.clone()),
            };
            let uids = opened.and_then(|selected| match selected.uid_validity {
                Some(validity) => Ok((validity, selected.messages)),
                None => Err("the server gives its messages no lasting UIDs".to_owned()),
            });
            let (local, (validity, messages)) = match (local, uids) {
                (Ok(local), Ok(uids)) => (local, uids),
                (_, Err(why)) | (Err(why), _) => {
                    summary.refused.push((wire_name, why));
                    continue;
                }
            };
            let local_validity = self.account.status(&local).await?.uid_validity;
            let folder = Folder { account: source.to_owned(), wire_name, validity, local, local_validity };
            summary.mailboxes += 1;
            let Self { place, account, base, .. } = self;
            let mut pull = Pull { place, account, base, session, summary: &mut summary, progress };
            pull.mailbox(&folder, messages).await?;
        }
        Ok(summary)
    }

    /// Makes a mailbox here if there is none; inside, why there can be none of this name.
    async fn make(&self, local: &str) -> Result<Result<(), String>> {
        match self.account.create(local).await {
            Ok(()) | Err(MailboxError::AlreadyExists) => Ok(Ok(())),
            Err(MailboxError::Cannot(why)) => Ok(Err(why.to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}
