//! What an SMTP session asks, carried out: logins, recipients, and messages into the spool.
//!
//! The reply 250 to a message is given only when the spool says that it is on disk. Knows no verbs.
//! RFC 5321 §3.6.1 (no open relay), §4.4 (trace), §6.1 (responsibility), §6.3 (loops).

use super::login::Login;
use crate::envelope::ForwardPath;
use crate::error::{Error, Kind};
use crate::message::received::{HeaderScan, Received};
use crate::net::serve::Host;
use crate::smtp::server::{Answer, Ask, RecipientRefusal, Refusal, Session, Transaction};
use crate::store::is_disk_full;
use crate::store::spool::{Accepted, Incoming, Spool};
use crate::users::{Directory, Place};
use crate::world::Clock;
use std::sync::Arc;

/// RFC 5321 §6.3 asks for at least 100 only as a lower bound on what is no loop yet; Postfix's 50 has proven itself.
const HOPS_MAX: usize = 50;

pub(super) struct SmtpHost {
    pub(super) hostname: String,
    pub(super) spool: Spool,
    pub(super) directory: Directory,
    pub(super) login: Login,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) intake: Option<Intake>,
}

/// A message on its way in.
pub(super) struct Intake {
    incoming: Incoming,
    accepted: Accepted,
    scan: HeaderScan,
    /// The beginning, until it is known whether it is a header section.
    held: Option<Vec<u8>>,
}

impl Host<Session> for SmtpHost {
    async fn perform(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Authenticate(credentials) => Answer::Authenticated(self.login.check(credentials).await),
            Ask::Keys(wanted) => Answer::Keys(Ok(self.login.keys(&wanted))),
            Ask::Recipient { recipient, user, .. } => Answer::Recipient(self.judge(&recipient, user.is_some())),
            Ask::Begin(transaction) => Answer::Begun(self.begin(&transaction).await.map_err(|error| refusal(&error))),
            Ask::Write(piece) => Answer::Written(self.write(&piece).await),
            Ask::Commit => Answer::Committed(self.commit().await),
            Ask::Discard => {
                self.intake = None;
                Answer::Discarded
            }
        }
    }
}

impl SmtpHost {
    /// Mail for others is taken from those who logged in, and from nobody else, however near they are.
    fn judge(&self, recipient: &ForwardPath, logged_in: bool) -> Result<(), RecipientRefusal> {
        match self.directory.place(recipient) {
            Place::Local(_) => Ok(()),
            Place::Unknown => Err(RecipientRefusal::NoSuchUser),
            Place::Remote if logged_in => Ok(()),
            Place::Remote => Err(RecipientRefusal::RelayDenied),
        }
    }

    async fn begin(&mut self, transaction: &Transaction) -> Result<(), Error> {
        let mut incoming = self.spool.begin().await?;
        let now = self.clock.now();
        let recipients = &transaction.envelope.recipients;
        let received = Received {
            helo: &transaction.helo,
            peer: Some(transaction.peer.ip()),
            by: &self.hostname,
            protocol: &transaction.protocol.to_string(),
            id: &incoming.id().to_string(),
            recipient: recipients.first().filter(|_| recipients.len() == 1),
            when: now,
        };
        incoming.write(received.to_field().as_bytes()).await?;
        let accepted = Accepted {
            envelope: transaction.envelope.clone(),
            received: now,
            user: transaction.user.clone(),
            origin: transaction.peer.ip().to_string(),
        };
        self.intake = Some(Intake { incoming, accepted, scan: HeaderScan::new(), held: Some(Vec::new()) });
        Ok(())
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let intake = self.intake.as_mut().ok_or(Refusal::Temporary)?;
        intake.scan.push(piece);
        if intake.scan.received() > HOPS_MAX {
            self.intake = None;
            return Err(Refusal::Loop);
        }
        let result = match &mut intake.held {
            None => intake.incoming.write(piece).await,
            Some(held) => {
                held.extend_from_slice(piece);
                if intake.scan.is_bare().is_some() { intake.release().await } else { Ok(()) }
            }
        };
        result.map_err(|error| {
            self.intake = None;
            refusal(&error)
        })
    }

    async fn commit(&mut self) -> Result<String, Refusal> {
        let mut intake = self.intake.take().ok_or(Refusal::Temporary)?;
        intake.release().await.map_err(|error| refusal(&error))?;
        let id = intake.incoming.commit(intake.accepted).await.map_err(|error| refusal(&error))?;
        Ok(id.to_string())
    }
}

impl Intake {
    /// Writes what was held back; a text without header section gets an empty line between it and our trace field.
    async fn release(&mut self) -> Result<(), Error> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if self.scan.needs_separator() {
            self.incoming.write(b"\r\n").await?;
        }
        self.incoming.write(&held).await
    }
}

fn refusal(error: &Error) -> Refusal {
    match error.kind() {
        _ if is_disk_full(error) => Refusal::DiskFull,
        Kind::Data => Refusal::Content(error.to_string()),
        _ => Refusal::Temporary,
    }
}
