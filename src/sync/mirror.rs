//! A tree of Maildirs and what is remembered about it, held by one process.
//!
//! What is remembered lies apart from the tree, with the mark of its root. If the root is gone, or another one, a disk may
//! not be mounted or a link may lead elsewhere: then nothing is done, since everything would look removed.

use super::here::HereTree;
use super::imap::Server;
use super::kept::KeptState;
use super::policy::Policy;
use super::run::{Parts, Report, Run};
use crate::engine::imap::Session;
use crate::error::{Error, Kind, Result};
use crate::store::mailbox_error::MailboxError;
use crate::store::stash::Stash;
use crate::store::tree::{Layout, Outside, Tree};
use crate::world::{Clock, Disk, Entropy};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where messages are kept here, and what is remembered about them.
#[derive(Clone)]
pub struct Place {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For names of files, and marks.
    pub entropy: Arc<dyn Entropy>,
    /// The root of the Maildirs.
    pub maildir: PathBuf,
    /// How folders lie in it, if it does not tell itself.
    pub layout: Layout,
    /// Where the memory lives; in memory for a disk in memory. Then each run compares everything anew.
    pub state: Option<PathBuf>,
}

/// A tree that nobody else synchronises meanwhile.
pub struct Mirror {
    place: Place,
    tree: Arc<Tree>,
    state: KeptState,
}

impl Mirror {
    /// Opens a tree, or makes one where nothing is yet and nothing was. `source` is user and server, the same in each run. A directory with other things in it is left alone.
    pub async fn open(place: Place, source: &str) -> Result<Self> {
        let (opening, source) = (place.clone(), source.to_owned());
        let opened = tokio::task::spawn_blocking(move || open(&opening, &source)).await;
        let (tree, state) =
            opened.map_err(|error| Error::new(Kind::Software, "opening a Maildir").caused_by(error))??;
        Ok(Self { place, tree: Arc::new(tree), state })
    }

    /// One run. `is_full` looks at everything, whatever the server's counters say; `progress` gets how many messages
    /// have come, and how many are to come.
    pub async fn sync(
        &mut self,
        session: Session,
        source: &str,
        policy: &Policy,
        is_full: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Report> {
        let Place { disk, clock, entropy, maildir, .. } = &self.place;
        let (stash_disk, stash_entropy, room) = (disk.clone(), entropy.clone(), maildir.join("tmp"));
        let stash = Box::new(move || Stash::new(stash_disk.clone(), &room, &*stash_entropy));
        let mut remote = Server::new(session, policy, stash);
        let run = clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut local = HereTree::new(self.tree.clone(), clock.clone(), run);
        let parts = Parts {
            local: &mut local,
            remote: &mut remote,
            state: &mut self.state,
            account: source,
            policy,
            clock: &**clock,
            entropy: &**entropy,
            is_full,
            progress,
        };
        let mut report = Run::new(parts).run().await?;
        remote.tell(&mut report);
        remote.leave().await;
        Ok(report)
    }
}

fn open(place: &Place, source: &str) -> Result<(Tree, KeptState)> {
    let Place { disk, clock, entropy, maildir, layout, state } = place;
    let outside = Outside { disk: disk.clone(), clock: clock.clone(), entropy: entropy.clone() };
    if let Some(path) = state {
        if let Some(directory) = path.parent() {
            disk.create_dir(directory).map_err(|error| Error::file("cannot make", directory, error))?;
        }
        // Made by us first, so that it is private; SQLite would ask the umask. If it is there already, so much the
        // better, and if it cannot be made, SQLite says why.
        let _ = disk.create(path);
    }
    let mut memory = KeptState::open(state.as_deref(), source)?;
    let known = memory.root()?;
    let tree = match &known {
        None => {
            let found = Layout::detect(&**disk, maildir).ok().flatten();
            refuse_others(&**disk, maildir, found)?;
            Tree::make(outside, maildir, found.unwrap_or(*layout))?
        }
        Some(_) => {
            let found = Layout::detect(&**disk, maildir).ok().flatten();
            match Tree::open(outside, maildir, found.unwrap_or(*layout)) {
                Err(MailboxError::NoSuchMailbox) => return Err(elsewhere(maildir, "is not there", state.as_deref())),
                opened => opened?,
            }
        }
    };
    let mark = tree.account()?;
    match (known, mark) {
        (Some(known), Some(mark)) if known == mark.to_string() => {}
        (Some(_), _) => {
            return Err(elsewhere(maildir, "is not the directory that was synchronised", state.as_deref()));
        }
        (None, Some(mark)) => memory.set_root(&mark.to_string())?,
        (None, None) => {
            let mark = tree.new_mark();
            tree.mark_account(&mark)?;
            memory.set_root(&mark.to_string())?;
        }
    }
    Ok((tree, memory))
}

fn elsewhere(maildir: &Path, what: &str, state: Option<&Path>) -> Error {
    let error = Error::new(Kind::Config, format!("{} {what}", maildir.display()));
    let begin_anew = state.map_or_else(String::new, |state| {
        format!("; to begin anew with this directory, move {} away: nothing is transferred twice", state.display())
    });
    error.hint(format!("if its disk is not mounted, mount it{begin_anew}"))
}

/// A directory that holds other things than Maildirs may be there by mistake.
fn refuse_others(disk: &dyn Disk, maildir: &Path, layout: Option<Layout>) -> Result<()> {
    let entries = match disk.read_dir(maildir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file("cannot use the Maildir", maildir, error)),
    };
    // Directories with Maildirs somewhere below them are many: a home directory is one. A tree of Maildirs has no files
    // in its root but hidden ones.
    let has_files = entries.iter().any(|entry| !entry.is_dir && !entry.name.as_encoded_bytes().starts_with(b"."));
    match layout {
        Some(Layout::MaildirPlusPlus) => return Ok(()),
        Some(_) if !has_files => return Ok(()),
        None if entries.is_empty() => return Ok(()),
        _ => {}
    }
    Err(Error::new(Kind::CannotCreate, format!("{} is no Maildir", maildir.display()))
        .hint("name a Maildir, or a directory that is empty or not there yet"))
}
