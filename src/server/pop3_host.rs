//! What a POP3 session asks, carried out: the user's INBOX as a maildrop.
//!
//! The listing is taken once, at login; the lock on the maildrop lives as long as the connection.
//! RFC 1939 §3 to §6.

use super::login::Login;
use super::sessions::{Seat, Sessions};
use crate::error::Result;
use crate::imap::mailbox::INBOX;
use crate::imap::number::Uid;
use crate::net::serve::Host;
use crate::pop3::server::{Answer, Ask, Credentials, Listing, Piece, Refusal, Session};
use crate::sasl::LoginRefusal;
use crate::store::account::{Account, MaildropGuard};
use crate::store::mailstore::Mailstore;
use std::collections::HashMap;

/// Octets read at once.
const PIECE: usize = 64 * 1024;

pub(super) struct Pop3Host {
    pub(super) mailstore: Mailstore,
    pub(super) login: Login,
    pub(super) sessions: Sessions,
    pub(super) maildrop: Option<Maildrop>,
}

/// A maildrop, locked for one session.
pub(super) struct Maildrop {
    account: Account,
    messages: Vec<Uid>,
    _lock: MaildropGuard,
    _seat: Seat,
}

impl Host<Session> for Pop3Host {
    async fn perform(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Authenticate(credentials) => Answer::Opened(self.open(credentials).await),
            Ask::Keys(wanted) => Answer::Keys(Ok(self.login.keys(&wanted))),
            Ask::Read { message, offset } => Answer::Piece(self.read(message, offset).await),
            Ask::Update(messages) => Answer::Updated(self.update(&messages).await),
        }
    }
}

impl Pop3Host {
    async fn open(&mut self, credentials: Credentials) -> Result<Vec<Listing>, Refusal> {
        let user = self.login.check(credentials).await.map_err(Refusal::Login)?;
        let seat = self.sessions.enter(&user).ok_or(Refusal::Login(LoginRefusal::TooManySessions))?;
        let account = self.mailstore.account(&user).await.map_err(|_| Refusal::Temporary)?;
        let lock = account.lock_maildrop(INBOX).await.map_err(|_| Refusal::Temporary)?.ok_or(Refusal::InUse)?;
        let snapshot = account.snapshot(INBOX).await.map_err(|_| Refusal::Temporary)?;
        let mut listings = Vec::with_capacity(snapshot.rows.len());
        let mut messages = Vec::with_capacity(snapshot.rows.len());
        let mut keys: HashMap<_, _> = account.keys(INBOX).await.map_err(|_| Refusal::Temporary)?.into_iter().collect();
        for row in snapshot.rows {
            // Expunged between the two questions, it is not listed.
            let Some(uid) = keys.remove(&row.uid) else { continue };
            listings.push(Listing { size: row.size, uid });
            messages.push(row.uid);
        }
        self.maildrop = Some(Maildrop { account, messages, _lock: lock, _seat: seat });
        Ok(listings)
    }

    async fn read(&mut self, message: usize, offset: u64) -> Result<Piece, Refusal> {
        let maildrop = self.maildrop.as_ref().ok_or(Refusal::Temporary)?;
        let uid = *maildrop.messages.get(message).ok_or(Refusal::Temporary)?;
        let octets = maildrop.account.read(INBOX, uid, offset, PIECE).await.map_err(|_| Refusal::Temporary)?;
        // Not by the size: the name of another program's file may tell a wrong one.
        Ok(Piece { last: octets.len() < PIECE, octets })
    }

    async fn update(&mut self, messages: &[usize]) -> Result<(), Refusal> {
        let Some(maildrop) = self.maildrop.take() else { return Ok(()) };
        let uids: Vec<Uid> = messages.iter().filter_map(|&message| maildrop.messages.get(message)).copied().collect();
        if uids.is_empty() {
            return Ok(());
        }
        maildrop.account.expunge(INBOX, &uids).await.map(|_| ()).map_err(|_| Refusal::Temporary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::clock::SystemClock;
    use crate::net::entropy::SystemEntropy;
    use crate::secret::Secret;
    use crate::server::failures::Failures;
    use crate::store::IndexAt;
    use crate::store::memory::MemoryDisk;
    use crate::users::{Directory, Users};
    use crate::world::Disk;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_message_whose_name_lies_about_its_size_is_still_sent_whole() {
        let disk = MemoryDisk::new();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let salt_secret = Arc::from([0; 32]);
        let mailstore =
            Mailstore::open(Arc::new(disk.clone()), clock, entropy.clone(), "/mail".into(), IndexAt::Memory);
        mailstore.account("catchall").await.expect("made");
        let (text, size) = ("line\n".repeat(100_000), 500_000);
        let path = format!("/mail/catchall/Maildir/new/1.foreign,S={size},W={}", size + 1);
        disk.create(Path::new(&path)).and_then(|mut file| file.append(text.as_bytes())).expect("written");
        let users = Users::new([]);
        let directory = Directory::new(Vec::new(), &users);
        let (failures, from, delay) = (Failures::new(1), [127, 0, 0, 1].into(), Duration::ZERO);
        let login = Login { users, directory, failures, from, delay, entropy, salt_secret };
        let mut host = Pop3Host { mailstore, login, sessions: Sessions::new(1), maildrop: None };
        let listings = host.open(Credentials::new("bob", Secret::new("x".into()))).await.expect("opened");
        assert_eq!(listings.len(), 1);
        let mut octets = Vec::new();
        loop {
            let piece = host.read(0, octets.len() as u64).await.expect("read");
            octets.extend(piece.octets);
            if piece.last {
                break;
            }
        }
        assert!(octets == text.replace('\n', "\r\n").as_bytes(), "{} octets", octets.len());
    }
}
