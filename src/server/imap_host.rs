//! What an IMAP session asks, carried out: the user's mailboxes.
//!
//! News are changes of the one mailbox that is open; while somebody waits for them, other programs' changes are
//! looked for too. Knows no IMAP syntax. RFC 9051 §6.

use super::imap_append::Append;
use super::login::Login;
use super::sessions::{Seat, Sessions};
use crate::error::Error;
use crate::imap::content;
use crate::imap::flag::Flags;
use crate::imap::header::{self, HEADER_MAX};
use crate::imap::mailbox::{Changes, MailboxInfo, Row, Snapshot};
use crate::imap::number::{ModSeq, Uid, UidValidity};
use crate::imap::search::Key;
use crate::imap::server::{Answer, Ask, Refusal, Session};
use crate::imap::structure::Structure;
use crate::message::view::Message;
use crate::net::serve::Host;
use crate::sasl::{Credentials, LoginRefusal};
use crate::store::account::{Account, Delivery};
use crate::store::is_disk_full;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::mailstore::Mailstore;
use crate::store::room::has_room;
use crate::store::stash::Stash;
use crate::world::{Clock, Disk, Entropy, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// Octets read at once when a whole message is needed.
const PIECE: usize = 256 * 1024;
/// The first look at a header section: most end within it.
const HEADER_PIECE: usize = 16 * 1024;
/// Messages held whole at once, by all sessions together: each may be as large as a message can be.
pub(super) const WHOLE_AT_ONCE: usize = 4;
/// While somebody idles, a mailbox is looked at so often for what other programs did to it: two `stat`s, if they
/// did nothing. Longer than the two seconds after a change in which `store` looks twice anyway.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) struct ImapHost {
    pub(super) mailstore: Mailstore,
    pub(super) login: Login,
    pub(super) sessions: Sessions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) disk: Arc<dyn Disk>,
    /// Where large messages wait until they are whole.
    pub(super) waiting_room: PathBuf,
    /// Room for [`WHOLE_AT_ONCE`] messages, shared by all sessions.
    pub(super) room: Arc<Semaphore>,
    pub(super) account: Option<Account>,
    pub(super) seat: Option<Seat>,
    pub(super) watched: Option<(Arc<str>, watch::Receiver<u64>)>,
    pub(super) append: Option<Append>,
}

impl Host<Session> for ImapHost {
    async fn perform(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Authenticate(credentials) => Answer::Authenticated(self.authenticate(credentials).await),
            Ask::Keys(wanted) => Answer::Keys(Ok(self.login.keys(&wanted))),
            Ask::Mailboxes => Answer::Mailboxes(self.mailboxes().await),
            Ask::Create { mailbox } => Answer::Done(self.with(async |account| account.create(&mailbox).await).await),
            Ask::Delete { mailbox } => Answer::Done(self.with(async |account| account.delete(&mailbox).await).await),
            Ask::Rename { from, to } => Answer::Done(self.with(async |account| account.rename(&from, &to).await).await),
            Ask::Subscribe { mailbox, on } => {
                Answer::Done(self.with(async |account| account.subscribe(&mailbox, on).await).await)
            }
            Ask::Status { mailbox } => Answer::Status(self.with(async |account| account.status(&mailbox).await).await),
            Ask::Open { mailbox, claims_recent } => Answer::Opened(self.open(mailbox, claims_recent).await),
            Ask::Changes { mailbox, since, claims_recent } => {
                Answer::Changes(self.changes(mailbox, since, claims_recent).await)
            }
            Ask::Read { mailbox, uid, offset, len } => {
                Answer::Piece(self.with(async |account| account.read(&mailbox, uid, offset, len).await).await)
            }
            Ask::Structure { mailbox, uid } => Answer::Structure(self.structure(&mailbox, uid).await),
            Ask::Search { mailbox, rows, key } => Answer::Found(self.search(&mailbox, rows, &key).await),
            Ask::StoreFlags { mailbox, uids, change } => {
                Answer::Rows(self.with(async |account| account.store_flags(&mailbox, &uids, change).await).await)
            }
            Ask::Expunge { mailbox, uids } => {
                let expunged = self.with(async |account| account.expunge(&mailbox, &uids).await).await;
                Answer::Done(expunged.map(|_| ()))
            }
            Ask::Copy { mailbox, uids, to } => {
                Answer::Copied(self.with(async |account| account.copy(&mailbox, &uids, &to).await).await)
            }
            Ask::Move { mailbox, uids, to } => {
                Answer::Copied(self.with(async |account| account.move_to(&mailbox, &uids, &to).await).await)
            }
            Ask::AppendBegin { mailbox, flags, arrived, size } => {
                Answer::Done(self.append_begin(mailbox, flags, arrived, size).await)
            }
            Ask::AppendWrite(piece) => Answer::Done(self.append_write(&piece).await),
            Ask::AppendCommit => Answer::Appended(self.append_commit().await),
            Ask::AppendDiscard => {
                self.append = None;
                Answer::Done(Ok(()))
            }
            Ask::Flush => {
                // Whoever has much to tell lets others have their turn.
                tokio::task::yield_now().await;
                Answer::Done(Ok(()))
            }
        }
    }

    async fn news(&mut self) {
        let (Some((mailbox, changes)), Some(account)) = (&mut self.watched, &self.account) else {
            return std::future::pending().await;
        };
        loop {
            match timeout(LOOK_EVERY, changes.changed()).await {
                Ok(Ok(())) => return,
                // A mailbox that is gone gives no more news.
                Ok(Err(_)) => return std::future::pending().await,
                // What another program did there rings the same bell. A disk that cannot be read is no news.
                Err(_) => match account.status(mailbox).await {
                    Err(MailboxError::NoSuchMailbox) => return,
                    _ => continue,
                },
            }
        }
    }
}

impl ImapHost {
    async fn with<T>(&self, work: impl AsyncFnOnce(&Account) -> Outcome<T>) -> Result<T, Refusal> {
        let account = self.account.as_ref().ok_or(Refusal::Temporary)?;
        work(account).await.map_err(refusal)
    }

    async fn authenticate(&mut self, credentials: Credentials) -> Result<String, LoginRefusal> {
        let user = self.login.check(credentials).await?;
        let seat = self.sessions.enter(&user).ok_or(LoginRefusal::TooManySessions)?;
        self.account = Some(self.mailstore.account(&user).await.map_err(|_| LoginRefusal::Temporary)?);
        self.seat = Some(seat);
        Ok(user)
    }
}

impl ImapHost {
    async fn mailboxes(&self) -> Result<Vec<MailboxInfo>, Refusal> {
        self.with(async |account| account.mailboxes().await).await
    }

    async fn open(&mut self, mailbox: Arc<str>, claims_recent: bool) -> Result<Snapshot, Refusal> {
        // Before the snapshot: what changes behind it is news.
        let watch = self.account.as_ref().ok_or(Refusal::Temporary)?.watch(&mailbox);
        let snapshot = self
            .with(async |account| {
                let mut snapshot = account.snapshot(&mailbox).await?;
                if claims_recent {
                    claim(account, &mailbox, &mut snapshot.rows).await;
                }
                Ok(snapshot)
            })
            .await?;
        self.watched = Some((mailbox, watch));
        Ok(snapshot)
    }

    async fn changes(&mut self, mailbox: Arc<str>, since: ModSeq, claims_recent: bool) -> Result<Changes, Refusal> {
        if self.watched.as_ref().is_none_or(|(name, _)| *name != mailbox) {
            let watch = self.account.as_ref().ok_or(Refusal::Temporary)?.watch(&mailbox);
            self.watched = Some((mailbox.clone(), watch));
        }
        if let Some((_, watch)) = &mut self.watched {
            watch.mark_unchanged();
        }
        self.with(async |account| {
            let mut changes = account.changes(&mailbox, since).await?;
            if claims_recent && changes.rows.iter().any(|row| row.recent) {
                claim(account, &mailbox, &mut changes.rows).await;
            }
            Ok(changes)
        })
        .await
    }

    async fn structure(&self, mailbox: &str, uid: Uid) -> Result<Box<Structure>, Refusal> {
        let _room = self.room.acquire().await.map_err(|_| Refusal::Temporary)?;
        let octets = self.with(async |account| whole(account, mailbox, uid).await).await?;
        let read = tokio::task::spawn_blocking(move || Structure::read(&octets));
        read.await.map(Box::new).map_err(|_| Refusal::Temporary)
    }

    async fn search(&self, mailbox: &str, rows: Vec<Row>, key: &Arc<Key>) -> Result<Vec<Uid>, Refusal> {
        let mut found = Vec::new();
        for row in rows {
            let matches = match key.judge(&row) {
                Some(matches) => matches,
                None => match self.look(mailbox, &row, key).await {
                    Err(Refusal::Gone) => false,
                    matches => matches?,
                },
            };
            if matches {
                found.push(row.uid);
            }
        }
        Ok(found)
    }

    /// Whether the content of a message meets the criteria. Of most it is the header section that is asked for.
    async fn look(&self, mailbox: &str, row: &Row, key: &Arc<Key>) -> Result<bool, Refusal> {
        let _room = self.room.acquire().await.map_err(|_| Refusal::Temporary)?;
        let octets = if key.reads_body() {
            self.with(async |account| whole(account, mailbox, row.uid).await).await?
        } else {
            self.with(async |account| header_section(account, mailbox, row.uid).await).await?
        };
        let (key, row) = (key.clone(), row.clone());
        let judged = tokio::task::spawn_blocking(move || content::matches(&key, &row, &Message::parse(&octets)));
        judged.await.map_err(|_| Refusal::Temporary)
    }

    async fn append_begin(
        &mut self,
        mailbox: String,
        flags: Flags,
        arrived: Option<Timestamp>,
        size: u64,
    ) -> Result<(), Refusal> {
        self.with(async |account| account.status(&mailbox).await).await?;
        // Said before it is sent: it will be in the waiting room and in the mailbox. The room may not be there yet.
        let place = self.waiting_room.parent().unwrap_or(&self.waiting_room);
        if !has_room(&*self.disk, place, size.saturating_mul(2)) {
            return Err(Refusal::DiskFull);
        }
        let stash = Stash::new(self.disk.clone(), &self.waiting_room, &*self.entropy);
        self.append = Some(Append::new(mailbox, flags, arrived, stash));
        Ok(())
    }

    async fn append_write(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let append = self.append.as_mut().ok_or(Refusal::Temporary)?;
        append.write(piece).await.map_err(|error| not_taken(&error))
    }

    async fn append_commit(&mut self) -> Result<(UidValidity, Uid), Refusal> {
        let append = self.append.take().ok_or(Refusal::Temporary)?;
        let (mailbox, flags) = (append.mailbox.clone(), append.flags.clone());
        let arrived = append.arrived.unwrap_or_else(|| self.clock.now());
        let content = append.finish().await.map_err(|error| not_taken(&error))?;
        let key = self.account.as_ref().ok_or(Refusal::Temporary)?.fresh_key();
        let delivery = Delivery { key, flags, arrived, content };
        let delivered = self.with(async |account| account.deliver(&mailbox, vec![delivery]).await).await?;
        let delivered = delivered.into_iter().next().ok_or(Refusal::Temporary)?;
        Ok((delivered.uid_validity, delivered.uid))
    }
}

/// Marks as recent what is recent for this session alone. A disk that takes no note of it is no reason not to show
/// the mailbox: then the next session is told the same (RFC 3501 §2.3.2).
async fn claim(account: &Account, mailbox: &str, rows: &mut [Row]) {
    if let Ok(first) = account.claim_recent(mailbox).await {
        for row in rows {
            row.recent = row.uid >= first;
        }
    }
}

/// A whole message, as it goes over the wire.
async fn whole(account: &Account, mailbox: &str, uid: Uid) -> Outcome<Vec<u8>> {
    let mut octets = Vec::new();
    loop {
        let piece = account.read(mailbox, uid, octets.len() as u64, PIECE).await?;
        octets.extend_from_slice(&piece);
        if piece.len() < PIECE {
            return Ok(octets);
        }
    }
}

/// The header section of a message, as far as anybody looks at it.
async fn header_section(account: &Account, mailbox: &str, uid: Uid) -> Outcome<Vec<u8>> {
    let (mut octets, mut len) = (Vec::new(), HEADER_PIECE);
    loop {
        let piece = account.read(mailbox, uid, octets.len() as u64, len).await?;
        octets.extend_from_slice(&piece);
        if let Some(end) = header::len(&octets, piece.len() < len) {
            octets.truncate(end);
            return Ok(octets);
        }
        if octets.len() >= HEADER_MAX {
            return Ok(octets);
        }
        len = PIECE;
    }
}

/// Why a message could not be kept beside the mailboxes.
fn not_taken(error: &Error) -> Refusal {
    if is_disk_full(error) { Refusal::DiskFull } else { Refusal::Temporary }
}

fn refusal(error: MailboxError) -> Refusal {
    match error {
        MailboxError::NoSuchMailbox => Refusal::NoMailbox,
        MailboxError::NoSuchMessage => Refusal::Gone,
        MailboxError::AlreadyExists => Refusal::Exists,
        MailboxError::HasChildren | MailboxError::Cannot(_) => Refusal::Cannot(error.to_string()),
        MailboxError::Full => Refusal::DiskFull,
        MailboxError::Broken(_) => Refusal::Temporary,
    }
}
