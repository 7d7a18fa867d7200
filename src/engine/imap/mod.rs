//! An IMAP conversation after the login: async-imap reads and writes, what is true is decided here.
//!
//! Its own commands return what came so far as if it were all, also when the server refused or went away. Here a
//! command has happened when its own tag came back with OK, and not before. Responses flow through and are never
//! collected. Not kept out: a response up to the guard's limit is held in memory whole, twice while it grows.
//! RFC 9051 §2.2, §6.3, §6.4, §7.

mod open;
mod wire;

pub use open::Opening;

use crate::error::{Error, Kind, Result};
use crate::imap::client::{self, Verdict, quoted};
use crate::imap::date;
use crate::imap::flag::Flags;
use crate::imap::number::{Uid, UidValidity};
use crate::imap::set::print_uids;
use crate::net::connection::Connection;
use crate::world::Timestamp;
use async_imap::Client;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, NameAttribute, Response, ResponseCode, Status};
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use wire::Wire;

/// Servers think long about large mailboxes; RFC 9051 §5.4 gives silence thirty minutes, we give it less.
pub(super) const PATIENCE: Duration = Duration::from_secs(2 * 60);
/// Octets a second below which a line is as good as dead: what a response's size adds to the patience.
const SLOWEST: u64 = 8 * 1024;
/// What a message is asked for at once. The guard's limit leaves room for servers that give more.
pub const PIECE: u32 = 4 * 1024 * 1024;

/// A conversation with a server that knows us.
#[derive(Debug)]
pub struct Session {
    client: Client<Wire>,
    peer: String,
    commands: u32,
    /// A command has been sent and its end has not been seen.
    is_amiss: bool,
}

/// A mailbox in the answer to LIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name as the server writes it: modified UTF-7, levels with the server's separator.
    pub wire_name: String,
    /// What stands between levels; `None` if there are none.
    pub separator: Option<char>,
    /// Whether it holds messages.
    pub selectable: bool,
}

/// Whether a mailbox is opened to change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// EXAMINE: nothing changes, not even `\Recent`.
    ReadOnly,
    /// SELECT.
    ReadWrite,
}

/// What the server says about a mailbox it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// How many messages.
    pub messages: u32,
    /// As long as this stays, UIDs mean the same messages; `None` if they mean nothing for long.
    pub uid_validity: Option<UidValidity>,
}

/// A message without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name in the mailbox.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// Octets, as the server counts them; not every server counts well.
    pub size: u32,
    /// INTERNALDATE, if the server gave a readable one.
    pub arrived: Option<Timestamp>,
}

/// A tagged answer that is not OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What sort of failure it is.
    pub kind: Kind,
    /// The server's words.
    pub text: String,
}

impl Session {
    fn new(connection: Connection, unread: Vec<u8>, peer: String) -> Self {
        Self { client: Client::new(Wire::new(connection, unread)), peer, commands: 0, is_amiss: false }
    }

    /// The server's name, for errors.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Runs a command: its untagged responses go to `each` as they come. Only the command's own tag with OK is
    /// `Ok(Ok)`, with NO or BAD it is a refusal, and anything else is an error after which there is no conversation.
    pub async fn exec(
        &mut self,
        command: &str,
        patience: Duration,
        mut each: impl FnMut(&Response<'_>) -> Result<()>,
    ) -> Result<Result<(), Refusal>> {
        if std::mem::replace(&mut self.is_amiss, true) {
            return Err(self.error(Kind::Temporary, "the conversation was broken off"));
        }
        self.commands += 1;
        let tag = format!("m{}", self.commands);
        let line = [tag.as_str(), " ", command, "\r\n"].concat();
        let wire = self.client.get_mut();
        let write = async {
            wire.write_all(line.as_bytes()).await?;
            wire.flush().await
        };
        let written: io::Result<()> =
            timeout(patience, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        written.map_err(|error| self.broke(error))?;
        loop {
            let read = match timeout(patience, self.client.read_response()).await {
                Ok(read) => read.map_err(|error| self.broke(error))?,
                Err(_) => {
                    let what = format!("no answer within {} seconds", patience.as_secs());
                    return Err(self.error(Kind::Temporary, what));
                }
            };
            let Some(response) = read else {
                return Err(self.error(Kind::Temporary, "the server closed the connection"));
            };
            match response.parsed() {
                Response::Done { tag: answered, status, outcome } => {
                    let text = outcome.information.as_deref().unwrap_or_default();
                    if answered.0 != tag {
                        let what = "the server answers a command that was not sent";
                        return Err(self.error(Kind::Protocol, what).said(format!("{} {text}", answered.0)));
                    }
                    self.is_amiss = false;
                    let verdict = match status {
                        Status::Ok => {
                            each(response.parsed())?;
                            return Ok(Ok(()));
                        }
                        Status::No => Verdict::No,
                        _ => Verdict::Bad,
                    };
                    return Ok(Err(Refusal { kind: client::kind(verdict, text), text: text.to_owned() }));
                }
                Response::Data { status: Status::Bye, outcome } => {
                    let text = outcome.information.as_deref().unwrap_or_default();
                    let error = self.error(client::kind(Verdict::Bye, text), "the server ends the conversation");
                    return Err(error.said(text));
                }
                Response::Continue(_) => return Err(self.error(Kind::Protocol, "the server waits for nothing we have")),
                untagged => each(untagged)?,
            }
        }
    }

    /// All mailboxes.
    pub async fn list(&mut self) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        let command = self.exec("LIST \"\" \"*\"", PATIENCE, |response| {
            if let Response::MailboxData(MailboxDatum::List(list)) = response {
                let is_level = |attribute: &NameAttribute<'_>| match attribute {
                    NameAttribute::NoSelect => true,
                    NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
                    _ => false,
                };
                found.push(Listed {
                    wire_name: unescaped(&list.name),
                    separator: list.delimiter.as_deref().and_then(|text| unescaped(text).chars().next()),
                    selectable: !list.name_attributes.iter().any(is_level),
                });
            }
            Ok(())
        });
        let done = command.await?;
        self.expect(done, "the server does not list its mailboxes")?;
        Ok(found)
    }

    /// Opens a mailbox, by its name on the wire. What it was before is closed by that.
    pub async fn open(&mut self, wire_name: &str, access: Access) -> Result<Result<Selected, Refusal>> {
        let Some(name) = quoted(wire_name) else {
            return Ok(Err(Refusal { kind: Kind::Data, text: "its name cannot be written".to_owned() }));
        };
        let verb = match access {
            Access::ReadOnly => "EXAMINE",
            Access::ReadWrite => "SELECT",
        };
        let (mut messages, mut uid_validity, mut is_sticky) = (None, None, true);
        let command = format!("{verb} {name}");
        let command = self.exec(&command, PATIENCE, |response| {
            match response {
                Response::MailboxData(MailboxDatum::Exists(count)) => messages = Some(*count),
                Response::Data { outcome, .. } | Response::Done { outcome, .. } => match outcome.code {
                    Some(ResponseCode::UidValidity(number)) => uid_validity = UidValidity::new(number),
                    Some(ResponseCode::UidNotSticky) => is_sticky = false,
                    _ => {}
                },
                _ => {}
            }
            Ok(())
        });
        if let Err(refusal) = command.await? {
            return Ok(Err(refusal));
        }
        // RFC 9051 §6.3.2: EXISTS is required.
        let messages = messages.ok_or_else(|| self.error(Kind::Protocol, "the server does not say what is there"))?;
        Ok(Ok(Selected { messages, uid_validity: uid_validity.filter(|_| is_sticky) }))
    }

    /// The messages of the open mailbox, in the server's order, one by one.
    pub async fn rows(&mut self, mut each: impl FnMut(Row) -> Result<()>) -> Result<()> {
        let command = self.exec("UID FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE)", PATIENCE, |response| {
            let Response::Fetch(_, attributes) = response else { return Ok(()) };
            let (mut uid, mut flags, mut size, mut arrived) = (None, None, None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(number) => uid = Uid::new(*number),
                    AttributeValue::Flags(words) => flags = Some(client::flags(words.iter().map(AsRef::as_ref))),
                    AttributeValue::Rfc822Size(octets) => size = Some(*octets),
                    AttributeValue::InternalDate(text) => arrived = date::parse(text),
                    _ => {}
                }
            }
            // What is not complete is news that nobody asked for.
            match (uid, flags, size) {
                (Some(uid), Some(flags), Some(size)) => each(Row { uid, flags, size, arrived }),
                _ => Ok(()),
            }
        });
        let done = command.await?;
        self.expect(done, "the server does not list the messages")
    }

    /// The messages with these UIDs, whole; `size` is what they have together. Those that are gone do not come.
    pub async fn bodies(
        &mut self,
        uids: &[Uid],
        size: u64,
        mut each: impl FnMut(Uid, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let command = format!("UID FETCH {} (UID BODY.PEEK[])", print_uids(uids.iter().copied()));
        let command =
            self.exec(&command, PATIENCE + Duration::from_secs(size / SLOWEST), |response| match body(response) {
                Some((uid, None, octets)) => each(uid, octets),
                _ => Ok(()),
            });
        let done = command.await?;
        self.expect(done, "the server does not give the messages")
    }

    /// One message in pieces, for those too large to be held. False if it is gone.
    pub async fn body_in_pieces(&mut self, uid: Uid, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let patience = PATIENCE + Duration::from_secs(u64::from(PIECE) / SLOWEST);
        let mut from = 0_u32;
        loop {
            let mut came = None;
            let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{PIECE}>)");
            let command = self.exec(&command, patience, |response| {
                if let Some((found, Some(at), octets)) = body(response)
                    && (found, at, came) == (uid, from, None)
                {
                    let octets = octets.get(..PIECE as usize).unwrap_or(octets);
                    came = Some(octets.len());
                    return each(octets);
                }
                Ok(())
            });
            let done = command.await?;
            self.expect(done, "the server does not give a message")?;
            match came {
                None if from == 0 => return Ok(false),
                None => return Err(self.error(Kind::Temporary, "a message went away while it was fetched")),
                Some(count) if count < PIECE as usize => return Ok(true),
                Some(_) => {
                    let next = from.checked_add(PIECE);
                    from = next.ok_or_else(|| self.error(Kind::Protocol, "the server gives a message without end"))?;
                }
            }
        }
    }

    /// Says goodbye. Nothing hangs on the answer, so its absence is no failure.
    pub async fn logout(mut self) {
        let _ = self.exec("LOGOUT", Duration::from_secs(5), |_| Ok(())).await;
        let _ = timeout(Duration::from_secs(5), self.client.get_mut().shutdown()).await;
    }

    fn expect(&self, done: Result<(), Refusal>, what: &str) -> Result<()> {
        done.map_err(|refusal| self.error(refusal.kind, what).said(refusal.text))
    }

    fn broke(&self, error: io::Error) -> Error {
        match error.kind() {
            // async-imap's error holds everything that it could not read, which may be much.
            io::ErrorKind::Other => self.error(Kind::Protocol, "what the server says is no IMAP"),
            io::ErrorKind::InvalidData => {
                self.error(Kind::Protocol, "what the server says is refused").caused_by(error)
            }
            _ => self.error(Kind::Temporary, "the connection broke").caused_by(error),
        }
    }

    fn error(&self, kind: Kind, what: impl Into<String>) -> Error {
        Error::new(kind, what).with_peer(&self.peer)
    }
}

/// The UID, the first octet's place and the octets of a FETCH that brings content.
fn body<'a>(response: &'a Response<'_>) -> Option<(Uid, Option<u32>, &'a [u8])> {
    let Response::Fetch(_, attributes) = response else { return None };
    let uid = attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(number) => Uid::new(*number),
        _ => None,
    })?;
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section: None, index, data: Some(octets) } => {
            Some((uid, *index, octets.as_ref()))
        }
        _ => None,
    })
}

/// The grammar leaves the escapes in quoted strings as they are.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next().or(Some(c)) } else { Some(c) });
    }
    out
}
