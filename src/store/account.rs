//! An account: one user's mailboxes, as the protocols and the delivery agent use them.
//!
//! Cheap to clone; all clones in a process are one. Operations come in batches, run one after the other
//! on threads that may block, and have happened when they are answered, also after a power cut. What a
//! mailbox is on disk is `mailbox`'s business.

use super::delivery::{self, Waiting};
use super::mailbox::{self, After, State};
use super::mailbox_error::{MailboxError, Outcome};
use super::reserve::Reserve;
use crate::error::{Error, Kind};
use crate::imap::mailbox::{Changes, CopyUid, FlagChange, MailboxInfo, Row, Snapshot, Status};
use crate::imap::number::{ModSeq, Uid};
use crate::world::{Clock, Disk, Entropy};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot, watch};
use tokio::task::spawn_blocking;

pub use super::delivery::{Delivered, Delivery};

/// Messages at a time where there is hardly any room.
const FEW: usize = 64;

/// One user's mailboxes.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    /// `None` only while it is dropped.
    state: Option<Arc<Mutex<State>>>,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    watchers: Arc<Watchers>,
    reserve: Arc<Reserve>,
}

/// Who waits for news of which mailbox.
#[derive(Default)]
struct Watchers(StdMutex<HashMap<String, watch::Sender<u64>>>);

/// Holds a maildrop for one POP3 session (RFC 1939 §4). Ends with the value.
pub struct MaildropGuard {
    _lock: Box<dyn Send + Sync>,
}

impl Account {
    /// Opens the mailboxes in a Maildir anywhere, which is made if it is missing. `index` is where the index lives:
    /// a file, or with `None` in memory. One process opens a Maildir once; see [`super::mailstore::Mailstore`].
    pub async fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        maildir: PathBuf,
        index: Option<PathBuf>,
    ) -> Outcome<Self> {
        let reserve = Arc::new(Reserve::new(disk.clone(), entropy.clone(), None));
        Self::open_with(disk, clock, entropy, maildir, index, reserve).await
    }

    /// The same with room that is held for those who delete.
    pub(super) async fn open_with(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        maildir: PathBuf,
        index: Option<PathBuf>,
        reserve: Arc<Reserve>,
    ) -> Outcome<Self> {
        let opened = (disk.clone(), clock.clone(), entropy.clone(), reserve.clone());
        let open = move || {
            let (disk, clock, entropy, reserve) = opened;
            let open = || State::open(disk.clone(), clock.clone(), entropy.clone(), maildir.clone(), index.clone());
            let state = reserve.in_need(open)?;
            reserve.hold();
            Ok(state)
        };
        let (state, watchers) = (Some(Arc::new(Mutex::new(blocking(open).await?))), Arc::default());
        Ok(Self(Arc::new(Inner { state, disk, clock, entropy, watchers, reserve })))
    }

    /// Whether nobody but one owner holds it.
    pub(super) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// A key for a delivery that is not to be recognised again: APPEND.
    pub fn fresh_key(&self) -> String {
        mailbox::fresh_key(&*self.0.clock, &*self.0.entropy)
    }

    /// Puts messages into a mailbox: all, or none. Durable when answered.
    pub async fn deliver(&self, name: &str, deliveries: Vec<Delivery>) -> Outcome<Vec<Delivered>> {
        let stems: Vec<_> = deliveries
            .iter()
            .map(|delivery| mailbox::stem(&delivery.key))
            .collect::<Result<_, _>>()
            .map_err(MailboxError::Broken)?;
        let (mailbox, looked_up) = (name.to_owned(), stems.clone());
        let (uid_validity, known, written) = self
            .run(move |state| {
                let (validity, known) = state.look_up(&mailbox, &looked_up)?;
                let count = known.iter().filter(|known| known.is_none()).count();
                Ok((validity, known, state.temporaries(&mailbox, count)?))
            })
            .await?;
        let waiting = deliveries.into_iter().zip(stems).zip(&known).filter(|(_, known)| known.is_none());
        let waiting: Vec<_> =
            waiting.zip(written).map(|(((delivery, stem), _), path)| Waiting { delivery, stem, path }).collect();
        let mut placed = Vec::new().into_iter();
        if !waiting.is_empty() {
            // The long part, which holds up nobody.
            let disk = self.0.disk.clone();
            let arrivals = blocking(move || delivery::write(&*disk, &waiting)).await?;
            let mailbox = name.to_owned();
            let (now_validity, now_placed) = self.run(move |state| state.place(&mailbox, &arrivals)).await?;
            if now_validity != uid_validity {
                // Deleted and made again meanwhile; those delivered before went with it.
                return Err(MailboxError::NoSuchMailbox);
            }
            placed = now_placed.into_iter();
        }
        let delivered = known.into_iter().filter_map(|known| match known {
            Some(uid) => Some(Delivered { uid, uid_validity, fresh: false }),
            None => placed.next().map(|placed| Delivered { uid: placed.uid, uid_validity, fresh: placed.fresh }),
        });
        Ok(delivered.collect())
    }

    /// All names: mailboxes, the levels above them, and subscriptions; in order.
    pub async fn mailboxes(&self) -> Outcome<Vec<MailboxInfo>> {
        self.run(State::mailboxes).await
    }

    /// Makes an empty mailbox.
    pub async fn create(&self, name: &str) -> Outcome<()> {
        let name = name.to_owned();
        self.run(move |state| state.create(&name)).await
    }

    /// Removes a mailbox with its messages; those below it stay.
    pub async fn delete(&self, name: &str) -> Outcome<()> {
        self.named(name, |state, name| state.delete(name)).await
    }

    /// Gives a mailbox and those below it another name. INBOX gives its messages away and stays.
    pub async fn rename(&self, from: &str, to: &str) -> Outcome<()> {
        let to = to.to_owned();
        self.named(from, move |state, from| state.rename(from, &to)).await
    }

    /// Subscribes to a name, whether it exists or not; or no longer.
    pub async fn subscribe(&self, name: &str, on: bool) -> Outcome<()> {
        self.named(name, move |state, name| state.subscribe(name, on)).await
    }

    /// The counts of a mailbox.
    pub async fn status(&self, name: &str) -> Outcome<Status> {
        self.named(name, |state, name| state.status(name)).await
    }

    /// All of a mailbox at one moment.
    pub async fn snapshot(&self, name: &str) -> Outcome<Snapshot> {
        self.named(name, |state, name| state.snapshot(name)).await
    }

    /// What happened since a change.
    pub async fn changes(&self, name: &str, since: ModSeq) -> Outcome<Changes> {
        self.named(name, move |state, name| state.changes(name, since)).await
    }

    /// A piece of a message as on the wire; empty behind its end. Cheapest in order.
    pub async fn read(&self, name: &str, uid: Uid, offset: u64, len: usize) -> Outcome<Vec<u8>> {
        self.named(name, move |state, name| state.read(name, uid, offset, len)).await
    }

    /// What POP3 calls the messages (RFC 1939 §7, UIDL): 1 to 70 visible characters, for good. By rising UID.
    pub async fn keys(&self, name: &str) -> Outcome<Vec<(Uid, String)>> {
        self.named(name, |state, name| state.keys(name)).await
    }

    /// Changes flags. Returns those of the messages that are there, as they are now, by rising UID.
    pub async fn store_flags(&self, name: &str, uids: &[Uid], change: FlagChange) -> Outcome<Vec<Row>> {
        self.run_with_follower(name, uids, move |state, name, uids| state.store_flags(name, uids, &change)).await
    }

    /// Removes messages. Returns those that were there, by rising UID.
    pub async fn expunge(&self, name: &str, uids: &[Uid]) -> Outcome<Vec<Uid>> {
        self.run_with_follower(name, uids, State::expunge).await
    }

    /// Copies messages with their flags: all that are there, or none. `NoSuchMailbox` is about the target.
    pub async fn copy(&self, name: &str, uids: &[Uid], to: &str) -> Outcome<CopyUid> {
        let (name, uids, to) = (name.to_owned(), uids.to_vec(), to.to_owned());
        self.run(move |state| state.copy(&name, &uids, &to)).await
    }

    /// Moves messages with their flags (RFC 6851). `NoSuchMailbox` is about the target.
    pub async fn move_to(&self, name: &str, uids: &[Uid], to: &str) -> Outcome<CopyUid> {
        let (uids, to) = (uids.to_vec(), to.to_owned());
        self.named(name, move |state, name| state.move_to(name, &uids, &to)).await
    }

    /// Takes `\Recent` for one session (RFC 3501 §2.3.2): the messages from the returned UID on are recent for it,
    /// and for no later one.
    pub async fn claim_recent(&self, name: &str) -> Outcome<Uid> {
        self.named(name, |state, name| state.claim_recent(name)).await
    }

    /// Tells of changes in a mailbox by this process, as a number that rises; also of its deletion or renaming.
    /// What other programs do is seen when somebody asks for the mailbox.
    pub fn watch(&self, name: &str) -> watch::Receiver<u64> {
        self.0.watchers.watch(name)
    }

    /// Takes a maildrop for a POP3 session; `None` if another one, in any process, has it.
    pub async fn lock_maildrop(&self, name: &str) -> Outcome<Option<MaildropGuard>> {
        let lock = self.named(name, |state, name| state.lock_maildrop(name)).await?;
        Ok(lock.map(|lock| MaildropGuard { _lock: lock }))
    }

    async fn lock(&self) -> Outcome<OwnedMutexGuard<State>> {
        match &self.0.state {
            Some(state) => Ok(state.clone().lock_owned().await),
            None => Err(stopped("it is closed")),
        }
    }

    /// Runs an operation that puts no message into a mailbox, and so may have the last room.
    async fn named<T: Send + 'static>(
        &self,
        name: &str,
        operation: impl Fn(&mut State, &str) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (name, reserve) = (name.to_owned(), self.0.reserve.clone());
        self.run(move |state| reserve.in_need(|| operation(state, &name))).await
    }

    /// Runs an operation where it may block. Operations wait for each other here, not on the threads.
    async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut State) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let mut state = self.lock().await?;
        let watchers = self.0.watchers.clone();
        blocking(move || {
            let result = state.run(operation);
            watchers.tell(state.take_touched());
            result
        })
        .await
    }

    /// Runs an operation whose files follow after the answer, if the index can remember that.
    async fn run_with_follower<T: Send + 'static>(
        &self,
        name: &str,
        uids: &[Uid],
        operation: impl Fn(&mut State, &str, &[Uid]) -> Outcome<(Vec<T>, After)> + Send + 'static,
    ) -> Outcome<Vec<T>> {
        let (name, mut uids) = (name.to_owned(), uids.to_vec());
        uids.sort_unstable();
        let mut state = self.lock().await?;
        let (watchers, reserve) = (self.0.watchers.clone(), self.0.reserve.clone());
        let (answer, answered) = oneshot::channel();
        let task = spawn_blocking(move || {
            let result = match state.run(|state| operation(state, &name, &uids)) {
                Ok((result, after)) if state.answers_late() => state.follow(after).map(|()| result),
                Ok((result, after)) => {
                    watchers.tell(state.take_touched());
                    // Nobody may be waiting any more.
                    let _ = answer.send(Ok(result));
                    // What fails is made good at the next start.
                    let _ = state.follow(after);
                    return;
                }
                Err(MailboxError::Full) => {
                    bit_by_bit(&mut state, &reserve, &uids, |state, uids| operation(state, &name, uids))
                }
                Err(error) => Err(error),
            };
            watchers.tell(state.take_touched());
            let _ = answer.send(result);
        });
        match answered.await {
            Ok(result) => result,
            Err(_) => Err(task.await.err().map_or_else(|| stopped("no answer"), stopped)),
        }
    }
}

/// Does for a few messages at a time what found no room for all: the files of some leave room for the next.
fn bit_by_bit<T>(
    state: &mut State,
    reserve: &Reserve,
    uids: &[Uid],
    operation: impl Fn(&mut State, &[Uid]) -> Outcome<(Vec<T>, After)>,
) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    for few in uids.chunks(FEW) {
        let (done, after) = reserve.in_need(|| state.run(|state| operation(state, few)))?;
        state.follow(after)?;
        all.extend(done);
    }
    Ok(all)
}

impl Drop for Inner {
    /// Closing an index can block too.
    fn drop(&mut self) {
        if let (Some(state), Ok(runtime)) = (self.state.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn_blocking(move || drop(state));
        }
    }
}

impl Watchers {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, name: &str) -> watch::Receiver<u64> {
        let mut all = self.lock();
        // Also names of mailboxes that are not there are watched for a moment, and there is no end of those.
        all.retain(|_, sender| sender.receiver_count() > 0);
        all.entry(crate::imap::name::with_inbox(name.to_owned())).or_default().subscribe()
    }

    fn tell(&self, touched: BTreeSet<String>) {
        if touched.is_empty() {
            return;
        }
        let mut all = self.lock();
        for name in touched {
            if let Some(sender) = all.get(&name) {
                sender.send_modify(|count| *count += 1);
            }
        }
        all.retain(|_, sender| sender.receiver_count() > 0);
    }
}

/// Runs what may block on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(stopped(error)))
}

/// A thread that panicked, or a runtime that ends.
pub(super) fn stopped(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> MailboxError {
    MailboxError::Broken(Error::new(Kind::Software, "working on a mailbox").caused_by(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_watches_any_more_take_no_room() {
        let watchers = Watchers::default();
        let inbox = watchers.watch("inbox");
        for number in 0..1000 {
            watchers.watch(&format!("no such mailbox {number}"));
        }
        assert!(watchers.lock().len() <= 2);
        watchers.tell(BTreeSet::from(["INBOX".to_owned()]));
        assert!(inbox.has_changed().unwrap());
    }
}
