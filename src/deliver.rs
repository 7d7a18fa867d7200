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
use crate::status::{EnhancedStatus, Fate};
use crate::store::account::Delivery;
use crate::store::mailstore::Mailstore;
use crate::users::{Directory, Place};
use crate::world::{Content, Later};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Delivers into the mailboxes of one server. Cheap to clone.
#[derive(Clone)]
pub struct Deliver {
    mailstore: Mailstore,
    directory: Directory,
}

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
        for (user, seats) in users {
            let answer = match self.to_user(&user, parcels, &seats).await {
                Ok(()) => Answer::delivered(None, format!("delivered to the mailbox of {user}")),
                Err(error) => failed(&error),
            };
            for (number, index) in seats {
                answers[number][index] = answer.clone();
            }
        }
        answers
    }

    /// Delivers all that a user gets of these parcels with one commit.
    async fn to_user(&self, user: &str, parcels: &[Parcel], seats: &[Seat]) -> Result<()> {
        let mut deliveries = Vec::new();
        for seats in seats.chunk_by(|one, next| one.0 == next.0) {
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

fn failed(error: &Error) -> Answer {
    let class = if error.fate() == Fate::Permanent { 5 } else { 4 };
    Answer::failed(EnhancedStatus::new(class, 3, 0), error.to_string())
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
