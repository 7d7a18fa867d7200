//! An IMAP conversation after the login: commands one after the other, and what the server says to each.
//!
//! A command has happened when its own tag came back with OK, and not before. Responses flow through and are never
//! collected; one is held at a time. What messages are asked for is in `messages`.
//! RFC 9051 §2.2, §5.4, §6.3, §7.

mod answer;
mod append;
mod key;
mod messages;
mod open;
mod program;
mod wire;

pub use append::wire_name;
pub use key::{Key, Piece, typed};
pub use messages::PIECE;
pub use open::Opening;
pub use program::Program;

use crate::error::{Error, Kind, Result};
use crate::imap::client::{self, Verdict, quoted};
use crate::imap::flag::Flags;
use crate::imap::mailbox::SpecialUse;
use crate::imap::number::{Uid, UidValidity};
use crate::net::connection::Connection;
use crate::wire::event::Happening;
use crate::world::Timestamp;
use answer::Answer;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use wire::Wire;

/// Servers think long about large mailboxes; RFC 9051 §5.4 gives silence thirty minutes, we give it less.
pub(super) const PATIENCE: Duration = Duration::from_secs(2 * 60);
/// A server that speaks on and on and does not answer gets those thirty minutes.
const COMMAND_WAIT: Duration = Duration::from_secs(30 * 60);
/// Mailboxes that a server may name. Each is opened in each run.
const LISTED_MAX: usize = 100_000;

/// A conversation with a server that knows us.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
    peer: String,
    commands: u32,
    /// A command has been sent and its end has not been seen.
    is_amiss: bool,
    /// LOGOUT was said.
    is_leaving: bool,
    view: View,
}

/// How far the messages of the open mailbox have been listed, by sequence number.
#[derive(Debug, Default)]
struct View {
    /// Messages when it was opened, without those that went away since.
    messages: u32,
    /// Of these, the first so many are listed.
    listed: u32,
}

impl View {
    /// RFC 9051 §7.5.1: whatever stood behind the message moves up by one.
    fn expunge(&mut self, number: u32) {
        if (1..=self.listed).contains(&number) {
            self.listed -= 1;
        }
        if (1..=self.messages).contains(&number) {
            self.messages -= 1;
        }
    }
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
    /// What it is for, if the server says so.
    pub special_use: Option<SpecialUse>,
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

/// How listening ended.
enum Heard {
    /// The command is done.
    Done,
    /// It is not.
    Refused(Refusal),
    /// The server waits for what the command announced.
    GoOn,
}

impl Session {
    fn new(connection: Connection, unread: &[u8], peer: String) -> Self {
        Self {
            wire: Wire::new(connection, unread),
            peer,
            commands: 0,
            is_amiss: false,
            is_leaving: false,
            view: View::default(),
        }
    }

    /// The server's name, for errors.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// The wait for a response.
    fn patience(&self) -> Duration {
        self.wire.limits().cut(PATIENCE)
    }

    /// Runs a command: what else the server says meanwhile goes to `each` as it comes. Only the command's own tag with
    /// OK is `Ok(Ok)`, with NO or BAD it is a refusal, and anything else is an error after which there is no
    /// conversation.
    async fn exec(
        &mut self,
        command: &str,
        patience: Duration,
        each: impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Result<(), Refusal>> {
        let tag = self.begin(command, patience).await?;
        match self.hear(&tag, patience, false, each).await? {
            Heard::Done => Ok(Ok(())),
            Heard::Refused(refusal) => Ok(Err(refusal)),
            Heard::GoOn => Err(self.error(Kind::Protocol, "the server waits for nothing we have")),
        }
    }

    /// Says a command; its tag.
    async fn begin(&mut self, command: &str, patience: Duration) -> Result<String> {
        if std::mem::replace(&mut self.is_amiss, true) {
            return Err(self.error(Kind::Temporary, "the conversation was broken off"));
        }
        self.commands += 1;
        let tag = format!("m{}", self.commands);
        let line = [tag.as_str(), " ", command].concat();
        self.wire.send(line.as_bytes(), patience).await.map_err(|error| self.broke(error))?;
        Ok(tag)
    }

    /// Listens until a command ends, or until the server wants what was announced, if `has_more`.
    async fn hear(
        &mut self,
        tag: &str,
        patience: Duration,
        has_more: bool,
        mut each: impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Heard> {
        let late = Instant::now() + COMMAND_WAIT.max(patience);
        loop {
            let wait = patience.min(late.duration_since(Instant::now()));
            let said = match timeout(wait, self.wire.next()).await {
                Ok(Ok(Some(response))) => response,
                Ok(Ok(None)) => return Err(self.error(Kind::Temporary, "the server closed the connection")),
                Ok(Err(error)) => return Err(self.broke(error)),
                Err(_) if wait < patience => {
                    self.wire.happened(Happening::timeout(COMMAND_WAIT.max(patience)));
                    return Err(self.error(Kind::Temporary, "the server speaks on and does not answer"));
                }
                Err(_) => {
                    self.wire.happened(Happening::timeout(patience));
                    let what = format!("no answer within {} seconds", patience.as_secs_f64());
                    return Err(self.error(Kind::Temporary, what));
                }
            };
            let failure = match answer::read(said) {
                Some(Answer::Done { tag: answered, verdict, text }) if answered == tag.as_bytes() => {
                    self.is_amiss = false;
                    if verdict == Verdict::Ok {
                        each(Answer::Done { tag: answered, verdict, text })?;
                        return Ok(Heard::Done);
                    }
                    let refusal = Refusal { kind: client::kind(verdict, &text), text: text.into_owned() };
                    return Ok(Heard::Refused(refusal));
                }
                Some(Answer::Done { tag: answered, text, .. }) => {
                    let said = format!("{} {text}", String::from_utf8_lossy(answered));
                    Error::new(Kind::Protocol, "the server answers a command that was not sent").said(said)
                }
                // RFC 9051 §6.1.3: whoever was told that we go says so, and then answers.
                Some(Answer::Status { verdict: Verdict::Bye, .. }) if self.is_leaving => continue,
                Some(Answer::Status { verdict: Verdict::Bye, text }) => {
                    let kind = client::kind(Verdict::Bye, &text);
                    Error::new(kind, "the server ends the conversation").said(text)
                }
                Some(Answer::Continue) if has_more => return Ok(Heard::GoOn),
                Some(Answer::Continue) => Error::new(Kind::Protocol, "the server waits for nothing we have"),
                Some(Answer::Expunge(number)) => {
                    self.view.expunge(number);
                    continue;
                }
                Some(Answer::Unasked) => continue,
                Some(answer) => {
                    each(answer)?;
                    continue;
                }
                None => Error::new(Kind::Protocol, "what the server says is no IMAP").said(answer::shown(said)),
            };
            return Err(failure.with_peer(&self.peer));
        }
    }

    /// All mailboxes; instead of one, the line that names it and cannot be read.
    pub async fn list(&mut self) -> Result<Vec<Result<Listed, String>>> {
        let mut found = Vec::new();
        let command = self.exec("LIST \"\" \"*\"", self.patience(), |answer| {
            if let Answer::List(listed) = answer {
                found.push(listed);
            }
            if found.len() > LISTED_MAX {
                return Err(Error::new(Kind::Protocol, format!("the server names more than {LISTED_MAX} mailboxes")));
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
        let command = self.exec(&command, self.patience(), |answer| {
            match answer {
                Answer::Exists(count) => messages = Some(count),
                Answer::Status { text, .. } | Answer::Done { text, .. } => match client::code(&text) {
                    Some((name, number)) if name.eq_ignore_ascii_case("UIDVALIDITY") => {
                        uid_validity = number.parse().ok().and_then(UidValidity::new);
                    }
                    Some((name, _)) if name.eq_ignore_ascii_case("UIDNOTSTICKY") => is_sticky = false,
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
        self.view = View { messages, listed: 0 };
        Ok(Ok(Selected { messages, uid_validity: uid_validity.filter(|_| is_sticky) }))
    }

    /// Says goodbye. Nothing hangs on the answer, so its absence is no failure.
    pub async fn logout(mut self) {
        self.is_leaving = true;
        let _ = self.exec("LOGOUT", Duration::from_secs(5), |_| Ok(())).await;
        self.wire.close().await;
    }

    fn expect(&self, done: Result<(), Refusal>, what: &str) -> Result<()> {
        done.map_err(|refusal| self.error(refusal.kind, what).said(refusal.text))
    }

    fn broke(&self, error: io::Error) -> Error {
        match error.kind() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_go_away_move_the_others_up() {
        for (number, wanted) in [(1, (9, 3)), (4, (9, 3)), (5, (9, 4)), (10, (9, 4)), (11, (10, 4)), (0, (10, 4))] {
            let mut view = View { messages: 10, listed: 4 };
            view.expunge(number);
            assert_eq!((view.messages, view.listed), wanted, "{number}");
        }
    }
}
