//! Local delivery: from the spool into users' mailboxes.
//!
//! Writes the last trace fields on top (RFC 5321 §4.4: `Return-Path` by the server that makes final
//! delivery) and hands messages to mailboxes under their spool ids, so that a delivery repeated after
//! a crash changes nothing. A user who is named by several recipients of a message gets it once.
//! Knows no sockets and no queue.

use crate::engine::handover::{Answer, Local, Parcel};
use crate::envelope::ForwardPath;
use crate::error::{Error, Result};
use crate::imap::flag::Flags;
use crate::imap::mailbox::INBOX;
use crate::message::received;
use crate::status::EnhancedStatus;
use crate::store::account::Delivery;
use crate::store::is_disk_full;
use crate::store::mailstore::Mailstore;
use crate::users::{Directory, Place};
use crate::world::{Content, Later};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Delivers into the mailboxes of one server. Cheap to clone.
#[derive(Clone)]
pub struct Deliver {
    mailstore: Mailstore,
    directory: Directory,
}

/// Users whose mailboxes are written at once.
const USERS_AT_ONCE: usize = 16;

/// A recipient: which parcel, and which of its recipients.
type Seat = (usize, usize);

impl Deliver {
    /// Into the mailboxes of `mailstore`, as `directory` says whose is whose.
    pub fn new(mailstore: Mailstore, directory: Directory) -> Self {
        Self { mailstore, directory }
    }

    async fn deliver_all(&self, parcels: &[Parcel]) -> Vec<Vec<Answer>> {
        let mut answers: Vec<Vec<Answer>> = Vec::with_capacity(parcels.len());
        let mut users: BTreeMap<String, Vec<Seat>> = BTreeMap::new();
        for (number, parcel) in parcels.iter().enumerate() {
            let mut seats = Vec::with_capacity(parcel.envelope.recipients.len());
            for (index, recipient) in parcel.envelope.recipients.iter().enumerate() {
                if let Place::Local(user) = self.directory.place(recipient) {
                    users.entry(user).or_default().push((number, index));
                }
                // Stays for those who have no mailbox: the user may have been removed since RCPT.
                seats.push(Answer::failed(EnhancedStatus::new(5, 1, 1), "there is no such user here"));
            }
            answers.push(seats);
        }
        let users: Vec<(String, Vec<Seat>)> = users.into_iter().collect();
        // Each has mailboxes of its own, so they wait for the disk together.
        for users in users.chunks(USERS_AT_ONCE) {
            let all = join_all(users.iter().map(|(user, seats)| self.to_user_or_each(user, parcels, seats))).await;
            for ((number, index), answer) in all.into_iter().flatten() {
                answers[number][index] = answer;
            }
        }
        answers
    }

    /// Delivers to one user, all at once or else one message at a time.
    async fn to_user_or_each(&self, user: &str, parcels: &[Parcel], seats: &[Seat]) -> Vec<(Seat, Answer)> {
        let all = self.to_user(user, parcels, seats).await;
        let results = match all {
            // Perhaps for one message only, which must not keep the others back.
            Err(_) if seats.chunk_by(is_same_parcel).count() > 1 => {
                let mut results = Vec::new();
                for seats in seats.chunk_by(is_same_parcel) {
                    results.push((seats, self.to_user(user, parcels, seats).await));
                }
                results
            }
            all => vec![(seats, all)],
        };
        let answer = |result: Result<()>| match result {
            Ok(()) => Answer::delivered(None, format!("delivered to the mailbox of {user}")),
            Err(error) => failed(&error),
        };
        let answers = results.into_iter().map(|(seats, result)| (seats, answer(result)));
        answers.flat_map(|(seats, answer)| seats.iter().map(move |seat| (*seat, answer.clone()))).collect()
    }

    /// Delivers all that a user gets of these parcels with one commit.
    async fn to_user(&self, user: &str, parcels: &[Parcel], seats: &[Seat]) -> Result<()> {
        let mut deliveries = Vec::new();
        for seats in seats.chunk_by(is_same_parcel) {
            let Some(parcel) = seats.first().and_then(|(number, _)| parcels.get(*number)) else { continue };
            let named = seats.iter().filter_map(|(_, index)| parcel.envelope.recipients.get(*index));
            deliveries.push(Delivery {
                key: parcel.id.clone(),
                flags: Flags::new(),
                arrived: parcel.received,
                content: Arc::new(Headed::new(parcel, named)),
            });
        }
        let account = self.mailstore.account(user).await?;
        account.deliver(INBOX, deliveries).await?;
        Ok(())
    }
}

impl Local for Deliver {
    fn is_local(&self, recipient: &ForwardPath) -> bool {
        self.directory.place(recipient) != Place::Remote
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> Later<'a, Vec<Vec<Answer>>> {
        Box::pin(self.deliver_all(parcels))
    }
}

fn is_same_parcel(one: &Seat, next: &Seat) -> bool {
    one.0 == next.0
}

/// Whatever is the matter with a mailbox, it is to be put right on this host. No sender can do anything about it, and
/// mail that came back would be lost when it is. Nor is it told which file is the matter.
fn failed(error: &Error) -> Answer {
    let answer = match is_disk_full(error) {
        true => Answer::failed(EnhancedStatus::new(4, 3, 1), "there is no room for it on this host"),
        false => Answer::failed(EnhancedStatus::new(4, 3, 0), "the mailbox cannot be written to now"),
    };
    Answer { inside: Some(error.to_string()), ..answer }
}

/// A message with its last trace fields on top.
struct Headed {
    head: Vec<u8>,
    body: Arc<dyn Content>,
}

impl Headed {
    fn new<'a>(parcel: &Parcel, named: impl Iterator<Item = &'a ForwardPath>) -> Self {
        let mut head = received::return_path(&parcel.envelope.reverse_path);
        for recipient in named {
            head.push_str(&received::delivered_to(recipient));
        }
        Self { head: head.into_bytes(), body: parcel.message.clone() }
    }
}

impl Content for Headed {
    fn size(&self) -> u64 {
        self.head.size() + self.body.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match offset.checked_sub(self.head.size()) {
            Some(offset) => self.body.read_at(offset, buffer),
            None => self.head.read_at(offset, buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Domain;
    use crate::envelope::{Envelope, ReversePath};
    use crate::net::clock::SystemClock;
    use crate::net::entropy::SystemEntropy;
    use crate::secret::Secret;
    use crate::status::Fate;
    use crate::store::IndexAt;
    use crate::store::memory::MemoryDisk;
    use crate::users::{Stored, Users};
    use crate::world::{Disk, Timestamp};
    use std::path::Path;

    fn deliver(disk: &MemoryDisk) -> (Deliver, Mailstore) {
        let root = "/mail".into();
        let (disk, clock, entropy) = (Arc::new(disk.clone()), Arc::new(SystemClock), Arc::new(SystemEntropy));
        let mailstore = Mailstore::open(disk, clock, entropy, root, IndexAt::Memory);
        let users = Users::new([("bob".to_owned(), Stored::plain(Secret::new("secret".to_owned())))]);
        let directory = Directory::new(vec![Domain::parse("hamburger.example").unwrap()], &users);
        (Deliver::new(mailstore.clone(), directory), mailstore)
    }

    fn parcel(id: &str, recipients: &[&str], message: impl Content + 'static) -> Parcel {
        let recipients = recipients.iter().map(|name| ForwardPath::parse(&format!("<{name}>")).unwrap()).collect();
        let envelope = Envelope::new(ReversePath::parse("<alice@crepes.example>").unwrap(), recipients);
        Parcel { id: id.to_owned(), envelope, received: Timestamp::UNIX_EPOCH, message: Arc::new(message) }
    }

    fn fates(answers: &[Vec<Answer>]) -> Vec<Vec<Option<Fate>>> {
        answers.iter().map(|answers| answers.iter().map(Answer::fate).collect()).collect()
    }

    /// A message whose octets the disk has lost.
    struct Unreadable;

    impl Content for Unreadable {
        fn size(&self) -> u64 {
            1000
        }

        fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    #[tokio::test]
    async fn one_message_that_cannot_be_read_does_not_hold_up_the_others() {
        let (deliver, mailstore) = deliver(&MemoryDisk::new());
        let text = || b"Subject: x\r\n\r\n".to_vec();
        let bob = ["bob@hamburger.example", "nobody@hamburger.example"];
        let parcels = [parcel("1", &bob, text()), parcel("2", &bob, Unreadable), parcel("3", &bob, text())];
        let good = vec![None, Some(Fate::Permanent)];
        let bad = vec![Some(Fate::Transient), Some(Fate::Permanent)];
        assert_eq!(fates(&deliver.deliver(&parcels).await), [good.clone(), bad, good]);
        let account = mailstore.account("bob").await.unwrap();
        assert_eq!(account.snapshot(INBOX).await.unwrap().rows.len(), 2);
    }

    #[tokio::test]
    async fn a_mailbox_that_is_out_of_order_sends_nothing_back() {
        for place in ["/mail", "/mail/bob", "/mail/bob/Maildir", "/mail/bob/Maildir/new"] {
            let disk = MemoryDisk::new();
            let place = Path::new(place);
            disk.create_dir(place.parent().unwrap()).unwrap();
            drop(disk.create(place).unwrap());
            let (deliver, _) = deliver(&disk);
            let parcels = [parcel("1", &["bob@hamburger.example"], b"Subject: x\r\n\r\n".to_vec())];
            let answers = deliver.deliver(&parcels).await;
            assert_eq!(fates(&answers), [[Some(Fate::Transient)]], "{}", place.display());
            let answer = &answers[0][0];
            assert!(!answer.words.contains('/') && answer.in_full().contains("/mail/"), "{answer:?}");
            disk.remove(place).unwrap();
            assert_eq!(fates(&deliver.deliver(&parcels).await), [[None]], "{}", place.display());
        }
    }
}
