//! Commands under way: written together, heard in order, each with an outcome of its own.
//!
//! What a server says belongs to the first command that has not ended, unless it says otherwise. How much is under way is bounded, on
//! our side by what is written, on the server's by what is asked for. A refusal is the end of one command; whatever
//! else goes wrong is the end of all. RFC 9051 §2.2.1, §5.5, §7.

use super::answer::{self, Answer};
use super::mend::mended;
use super::{Refusal, Session};
use crate::error::{Error, Kind, Result};
use crate::imap::client::{self, Verdict};
use crate::imap::esearch::Esearch;
use crate::wire::event::Happening;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Commands under way.
const COMMANDS_MAX: usize = 64;
/// Their octets.
const OCTETS_MAX: usize = 256 * 1024;
/// Octets of messages that they ask for.
const EXPECTED_MAX: u64 = 8 * 1024 * 1024;
/// Servers think long about large mailboxes; RFC 9051 §5.4 gives silence thirty minutes, we give it less.
pub(in crate::engine) const PATIENCE: Duration = Duration::from_secs(2 * 60);
/// A server that speaks on and on and does not answer gets those thirty minutes.
pub(super) const COMMAND_WAIT: Duration = Duration::from_secs(30 * 60);
/// Octets a second below which a line is as good as dead: what is expected adds so much to the patience.
const SLOWEST: u64 = 8 * 1024;
/// Things that nobody asked for, said during one command.
const UNASKED_MAX: u32 = 100_000;

/// A command that is to be given.
#[derive(Debug, Clone, Default)]
pub(super) struct Command {
    /// Without tag and line end.
    pub(super) line: String,
    /// Octets of messages that the answer brings.
    pub(super) expected: u64,
    /// Whether it asks for mailboxes or their counts, so that these are no news.
    pub(super) is_listing: bool,
}

impl<T: Into<String>> From<T> for Command {
    fn from(line: T) -> Self {
        Self { line: line.into(), ..Self::default() }
    }
}

impl Command {
    pub(super) fn expecting(line: impl Into<String>, expected: u64) -> Self {
        Self { line: line.into(), expected, is_listing: false }
    }

    pub(super) fn listing(line: impl Into<String>) -> Self {
        Self { line: line.into(), expected: 0, is_listing: true }
    }
}

/// A command under way.
#[derive(Debug)]
struct Waiting {
    tag: String,
    octets: usize,
    expected: u64,
    is_listing: bool,
    is_search: bool,
    /// How it ended, if that was said before its turn.
    end: Option<Ended>,
}

/// How a command ended: the words behind OK, or the refusal.
pub(super) type Ended = Result<String, Refusal>;

/// The commands under way, in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    given: u32,
    octets: usize,
    expected: u64,
}

impl Queue {
    /// Whether one more may go along. One alone always may.
    pub(super) fn has_room(&self, command: &Command) -> bool {
        self.waiting.is_empty()
            || (self.waiting.len() < COMMANDS_MAX
                && self.octets + command.line.len() <= OCTETS_MAX
                && self.expected.saturating_add(command.expected) <= EXPECTED_MAX)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whose answer this is, counted from the first: a search may be through before a longer command that came before
    /// it (RFC 9051 §5.5). `None` for that of a command that was not sent.
    fn place(&self, answer: &Answer<'_>) -> Option<usize> {
        match answer {
            Answer::Esearch(Esearch { tag: Some(tag), .. }) => {
                self.waiting.iter().position(|waiting| waiting.tag.as_bytes() == tag.as_ref())
            }
            Answer::Search(_) => Some(self.waiting.iter().position(|waiting| waiting.is_search).unwrap_or(0)),
            _ => Some(0),
        }
    }

    fn push(&mut self, command: &Command) -> String {
        self.given += 1;
        let tag = format!("m{}", self.given);
        self.octets += command.line.len();
        self.expected = self.expected.saturating_add(command.expected);
        self.waiting.push_back(Waiting {
            tag: tag.clone(),
            octets: command.line.len(),
            expected: command.expected,
            is_listing: command.is_listing,
            is_search: command.line.starts_with("UID SEARCH "),
            end: None,
        });
        tag
    }

    /// Whether the first command has ended, and nobody has heard of it yet.
    pub(super) fn has_ended(&self) -> bool {
        self.waiting.front().is_some_and(|waiting| waiting.end.is_some())
    }

    /// The end of the first command, if it has come.
    pub(super) fn ended(&mut self) -> Option<Ended> {
        let end = self.waiting.front_mut()?.end.take()?;
        let gone = self.waiting.pop_front()?;
        self.octets -= gone.octets;
        self.expected = self.expected.saturating_sub(gone.expected);
        Some(end)
    }

    /// Notes how a command ended; false if there is no such command. RFC 9051 §5.5 lets a server answer out of order.
    pub(super) fn end(&mut self, tag: &[u8], verdict: Verdict, text: &str) -> bool {
        let end = match verdict {
            Verdict::Ok => Ok(text.to_owned()),
            _ => Err(Refusal::new(client::kind(verdict, text), text)),
        };
        let found = self.waiting.iter_mut().find(|waiting| waiting.tag.as_bytes() == tag && waiting.end.is_none());
        found.is_some_and(|waiting| {
            waiting.end = Some(end);
            true
        })
    }
}

/// How listening ended.
#[derive(Debug)]
pub(super) enum Heard {
    /// The first command has ended.
    End(Ended),
    /// The server waits for what it announced.
    GoOn,
}

/// What is heard of a command among many.
pub(super) enum Said<'a> {
    /// An answer that belongs to it.
    Answer(Answer<'a>),
    /// Its end.
    End(Ended),
}

impl Session {
    /// Runs one command: what else the server says meanwhile goes to `each` as it comes. An error is the end of the
    /// conversation, also one of `each`.
    pub(super) async fn exec(
        &mut self,
        command: impl Into<Command>,
        each: impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Ended> {
        self.enter()?;
        self.begin(&command.into());
        let end = self.hear(each).await?;
        self.leave();
        Ok(end)
    }

    /// Runs commands, as many at a time as there is room for; what is said goes to `each` with the number of the
    /// command it belongs to.
    pub(super) async fn run(
        &mut self,
        commands: impl IntoIterator<Item = Command>,
        mut each: impl FnMut(usize, Said<'_>) -> Result<()>,
    ) -> Result<()> {
        self.enter()?;
        let mut commands = commands.into_iter().peekable();
        let mut heard = 0;
        loop {
            while let Some(command) = commands.next_if(|command| self.queue.has_room(command)) {
                self.begin(&command);
            }
            if self.queue.is_empty() {
                self.leave();
                return Ok(());
            }
            let end = match self.listen_to_all(false, |place, answer| each(heard + place, Said::Answer(answer))).await?
            {
                Heard::End(end) => end,
                Heard::GoOn => return Err(self.error(Kind::Protocol, "the server waits for nothing we have")),
            };
            each(heard, Said::End(end))?;
            heard += 1;
        }
    }

    /// Nothing may be under way that nobody listens for.
    pub(super) fn enter(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.is_amiss, true) {
            true => Err(self.error(Kind::Temporary, "the conversation was broken off")),
            false => Ok(()),
        }
    }

    /// All that was begun has been heard.
    pub(super) fn leave(&mut self) {
        self.is_amiss = !self.queue.is_empty();
    }

    /// Gives a command: it goes over with the next wait.
    pub(super) fn begin(&mut self, command: &Command) {
        let tag = self.queue.push(command);
        self.wire.push([tag.as_str(), " ", &command.line, "\r\n"].concat().as_bytes());
    }

    /// Listens until the first command ends.
    pub(super) async fn hear(&mut self, each: impl FnMut(Answer<'_>) -> Result<()>) -> Result<Ended> {
        match self.listen(false, each).await? {
            Heard::End(end) => Ok(end),
            Heard::GoOn => Err(self.error(Kind::Protocol, "the server waits for nothing we have")),
        }
    }

    /// Listens until the first command ends, or until the server wants what was announced, if `has_more`.
    pub(super) async fn listen(
        &mut self,
        has_more: bool,
        mut each: impl FnMut(Answer<'_>) -> Result<()>,
    ) -> Result<Heard> {
        self.listen_to_all(has_more, |place, answer| if place == 0 { each(answer) } else { Ok(()) }).await
    }

    /// The same, and what belongs to a later command comes with its place behind the first.
    async fn listen_to_all(
        &mut self,
        has_more: bool,
        mut each: impl FnMut(usize, Answer<'_>) -> Result<()>,
    ) -> Result<Heard> {
        let patience = self.patience();
        let late = Instant::now() + COMMAND_WAIT.max(patience);
        let mut unasked = 0;
        loop {
            if let Some(end) = self.queue.ended() {
                return Ok(Heard::End(end));
            }
            self.read(patience, late).await?;
            let said = self.wire.response();
            let mended = mended(said);
            let said = mended.as_deref().unwrap_or(said);
            let is_listing = self.queue.waiting.front().is_some_and(|waiting| waiting.is_listing);
            let failure = match answer::read(said) {
                Some(Answer::Done { tag, verdict, text }) => {
                    if self.queue.end(tag, verdict, &text) {
                        continue;
                    }
                    let said = format!("{} {text}", String::from_utf8_lossy(tag));
                    Error::new(Kind::Protocol, "the server answers a command that was not sent").said(said)
                }
                // RFC 9051 §6.1.3: whoever was told that we go says so, and then answers.
                Some(Answer::Status { verdict: Verdict::Bye, .. }) if self.is_leaving => continue,
                Some(Answer::Status { verdict: Verdict::Bye, text }) => self.goodbye(&text),
                Some(Answer::Continue) if has_more => return Ok(Heard::GoOn),
                Some(Answer::Continue) => Error::new(Kind::Protocol, "the server waits for nothing we have"),
                Some(Answer::Unasked) => {
                    unasked += 1;
                    if unasked <= UNASKED_MAX {
                        continue;
                    }
                    Error::new(Kind::Protocol, "the server speaks on and does not answer")
                }
                Some(answer) => {
                    self.view.note(&answer);
                    if !is_listing && matches!(answer, Answer::List(Ok(_)) | Answer::Counts(..) | Answer::Status { .. })
                    {
                        self.missed.keep(&answer);
                    }
                    if let Some(place) = self.queue.place(&answer) {
                        each(place, answer)?;
                    }
                    continue;
                }
                None => Error::new(Kind::Protocol, "what the server says is no IMAP").said(answer::shown(said)),
            };
            return Err(failure.with_peer(&self.peer));
        }
    }

    /// Waits for a response, which then lies in the wire.
    pub(super) async fn read(&mut self, patience: Duration, late: Instant) -> Result<()> {
        // Several commands may have their messages on one way.
        let patience = patience + Duration::from_secs(self.queue.expected / SLOWEST);
        let wait = patience.min(late.duration_since(Instant::now()));
        match timeout(wait, self.wire.next()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(self.error(Kind::Temporary, "the server closed the connection")),
            Ok(Err(error)) => Err(self.broke(error)),
            Err(_) if wait < patience => {
                self.wire.happened(Happening::timeout(COMMAND_WAIT.max(patience)));
                Err(self.error(Kind::Temporary, "the server speaks on and does not answer"))
            }
            Err(_) => {
                self.wire.happened(Happening::timeout(patience));
                let what = format!("no answer within {} seconds", patience.as_secs_f64());
                Err(self.error(Kind::Temporary, what))
            }
        }
    }

    /// The error for a server that hangs up.
    pub(super) fn goodbye(&self, text: &str) -> Error {
        self.error(client::kind(Verdict::Bye, text), "the server ends the conversation").said(text)
    }

    pub(super) fn patience(&self) -> Duration {
        self.wire.limits().cut(PATIENCE)
    }

    pub(super) fn broke(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::InvalidData => {
                self.error(Kind::Protocol, "what the server says is refused").caused_by(error)
            }
            _ => self.error(Kind::Temporary, "the connection broke").caused_by(error),
        }
    }

    pub(super) fn error(&self, kind: Kind, what: impl Into<String>) -> Error {
        Error::new(kind, what).with_peer(&self.peer)
    }
}
