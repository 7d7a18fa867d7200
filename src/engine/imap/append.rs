//! Putting a message into a mailbox, and finding the one for what was sent.
//!
//! The message goes over in pieces as it is read. A server that takes literals without being asked saves a round trip.
//! RFC 9051 §6.3.12, §4.3; RFC 7888; RFC 6154 §2.

use super::answer::Answer;
use super::{Heard, PATIENCE, Refusal, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::client::{self, quoted};
use crate::imap::mailbox::SpecialUse;
use crate::imap::name;
use crate::world::Content;

/// Octets read and written at a time.
const PIECE: usize = 64 * 1024;
/// Names that servers give the mailbox for sent mail when they do not say which it is, the last level of them.
const SENT: [&str; 4] = ["Sent", "Sent Items", "Sent Messages", "Sent Mail"];

impl Session {
    /// The mailbox for sent mail by its name on the wire: the one the server says it is, else one that is called so.
    pub async fn sent_mailbox(&mut self) -> Result<Option<String>> {
        let listed: Vec<_> = self.list().await?.into_iter().flatten().filter(|listed| listed.selectable).collect();
        if let Some(marked) = listed.iter().find(|listed| listed.special_use == Some(SpecialUse::Sent)) {
            return Ok(Some(marked.wire_name.clone()));
        }
        let is_called = |known: &str| {
            let last = |wire: &str, separator| wire.rsplit(separator).next().unwrap_or_default().to_owned();
            listed.iter().find(|listed| {
                let level = listed.separator.map_or_else(|| listed.wire_name.clone(), |by| last(&listed.wire_name, by));
                level.eq_ignore_ascii_case(known)
            })
        };
        Ok(SENT.into_iter().find_map(is_called).map(|listed| listed.wire_name.clone()))
    }

    /// Makes a mailbox. One that is there already is as good.
    pub async fn create(&mut self, wire_name: &str) -> Result<Result<(), Refusal>> {
        let Some(name) = quoted(wire_name) else { return Ok(Err(unwritable())) };
        let done = self.exec(&format!("CREATE {name}"), PATIENCE, |_| Ok(())).await?;
        // RFC 5530 §3.
        Ok(done.or_else(|refusal| match client::code(&refusal.text) {
            Some((code, _)) if code.eq_ignore_ascii_case("ALREADYEXISTS") => Ok(()),
            _ => Err(refusal),
        }))
    }

    /// Puts a message that its owner has seen into a mailbox, which is made if it is missing.
    pub async fn append_seen(&mut self, wire_name: &str, content: &dyn Content) -> Result<Result<(), Refusal>> {
        match self.append(wire_name, content).await? {
            // RFC 9051 §6.3.12: the server says that it would do with the mailbox made first.
            Err(refusal) if is_try_create(&refusal) => match self.create(wire_name).await? {
                Ok(()) => self.append(wire_name, content).await,
                Err(refusal) => Ok(Err(refusal)),
            },
            done => Ok(done),
        }
    }

    async fn append(&mut self, wire_name: &str, content: &dyn Content) -> Result<Result<(), Refusal>> {
        let Some(name) = quoted(wire_name) else { return Ok(Err(unwritable())) };
        let size = content.size();
        // RFC 7888 §5: LITERAL- is for up to 4096 octets.
        let is_taken_at_once = self.offers().await?.iter().any(|word| match word.as_str() {
            "LITERAL+" => true,
            "LITERAL-" | "IMAP4REV2" => size <= 4096,
            _ => false,
        });
        let plus = if is_taken_at_once { "+" } else { "" };
        let tag = self.begin(&format!("APPEND {name} (\\Seen) {{{size}{plus}}}"), PATIENCE).await?;
        if !is_taken_at_once {
            match self.hear(&tag, PATIENCE, true, |_| Ok(())).await? {
                Heard::GoOn => {}
                Heard::Refused(refusal) => return Ok(Err(refusal)),
                Heard::Done => return Err(self.error(Kind::Protocol, "the server has a message before it was sent")),
            }
        }
        let mut buffer = vec![0; PIECE];
        let mut at = 0;
        while at < size {
            let piece = PIECE.min(usize::try_from(size - at).unwrap_or(PIECE));
            let read = content.read_at(at, &mut buffer[..piece]);
            let count = match read {
                Ok(0) => Err(Error::new(Kind::Io, "the message is shorter than it was")),
                Ok(count) => Ok(count),
                Err(error) => Err(Error::new(Kind::Io, "the message cannot be read").caused_by(error)),
            }?;
            self.wire.send_octets(&buffer[..count], PATIENCE).await.map_err(|error| self.broke(error))?;
            at += count as u64;
        }
        self.wire.send_octets(b"\r\n", PATIENCE).await.map_err(|error| self.broke(error))?;
        match self.hear(&tag, PATIENCE, false, |_| Ok(())).await? {
            Heard::Done => Ok(Ok(())),
            Heard::Refused(refusal) => Ok(Err(refusal)),
            Heard::GoOn => Err(self.error(Kind::Protocol, "the server waits for nothing we have")),
        }
    }

    /// What the server can do, now that it knows us.
    async fn offers(&mut self) -> Result<Vec<String>> {
        let mut offers = Vec::new();
        let command = self.exec("CAPABILITY", PATIENCE, |answer| {
            if let Answer::Capability(words) = answer {
                offers = words;
            }
            Ok(())
        });
        // Who does not say offers nothing.
        let _ = command.await?;
        Ok(offers)
    }
}

/// A mailbox's name as the user writes it, in the form of the wire.
pub fn wire_name(name: &str) -> String {
    name::encode(name)
}

fn is_try_create(refusal: &Refusal) -> bool {
    client::code(&refusal.text).is_some_and(|(code, _)| code.eq_ignore_ascii_case("TRYCREATE"))
}

fn unwritable() -> Refusal {
    Refusal { kind: Kind::Data, text: "its name cannot be written".to_owned() }
}
