//! All accounts below one directory, each opened once per process.
//!
//! `<root>/<user>/Maildir` has the mail, `<root>/<user>/index.db` its index. An account stays open while
//! somebody uses it, and a few more stay open because they will be used again.

use super::IndexAt;
use super::account::{Account, blocking};
use super::mailbox;
use super::reserve::Reserve;
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, Disk, Entropy};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Accounts that stay open although nobody uses them: each costs some file descriptors and 100 KiB.
const IDLE_MAX: usize = 64;

/// The mailboxes of all users. Cheap to clone.
#[derive(Clone)]
pub struct Mailstore(Arc<Inner>);

struct Inner {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    root: PathBuf,
    index_at: IndexAt,
    reserve: Arc<Reserve>,
    /// The last used one last.
    open: Mutex<Vec<(String, Arc<OnceCell<Account>>)>>,
}

impl Mailstore {
    /// The accounts below `root`. Nothing is touched before an account is asked for.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        root: PathBuf,
        index_at: IndexAt,
    ) -> Self {
        // An index in memory finds room on no disk.
        let place = (index_at == IndexAt::File).then(|| root.clone());
        let reserve = Arc::new(Reserve::new(disk.clone(), entropy.clone(), place));
        Self(Arc::new(Inner { disk, clock, entropy, root, index_at, reserve, open: Mutex::default() }))
    }

    /// The account of a user; made if there is none. The name becomes a directory's, so not every name will do.
    pub async fn account(&self, user: &str) -> Result<Account> {
        if !mailbox::is_user_name(user) {
            return Err(Error::new(Kind::NoUser, format!("opening the mailboxes of {user:?}: not a name for a user")));
        }
        let cell = self.cell(user);
        let home = self.0.root.join(user);
        let index = (self.0.index_at == IndexAt::File).then(|| home.join("index.db"));
        let Inner { disk, clock, entropy, reserve, .. } = &*self.0;
        let maildir = home.join("Maildir");
        let open = || Account::open_with(disk.clone(), clock.clone(), entropy.clone(), maildir, index, reserve.clone());
        Ok(cell.get_or_try_init(open).await?.clone())
    }

    /// Gives up some of the room that is held for those who delete; false if none was left.
    pub async fn give_room(&self) -> Result<bool> {
        let reserve = self.0.reserve.clone();
        Ok(blocking(move || Ok(reserve.give_up())).await?)
    }

    /// The place of a user's account, and no more idle ones than are worth keeping.
    fn cell(&self, user: &str) -> Arc<OnceCell<Account>> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = match open.iter().position(|(name, _)| name == user) {
            Some(at) => open.remove(at).1,
            None => Arc::default(),
        };
        let is_idle =
            |cell: &Arc<OnceCell<Account>>| Arc::strong_count(cell) == 1 && cell.get().is_none_or(Account::is_idle);
        let mut surplus = open.iter().filter(|(_, cell)| is_idle(cell)).count().saturating_sub(IDLE_MAX);
        open.retain(|(_, cell)| {
            let goes = surplus > 0 && is_idle(cell);
            surplus -= usize::from(goes);
            !goes
        });
        open.push((user.to_owned(), cell.clone()));
        cell
    }
}
