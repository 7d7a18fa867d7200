//! Messages on their way: asked for ahead of the answers, and handed on piece by piece.
//!
//! What flows goes to a sink that works elsewhere; the line is read no faster than it keeps up. What was marked for
//! deletion goes with QUIT. RFC 1939 §5 (RETR, DELE), §6, §7 (TOP); RFC 2449 §6.6.

use super::window::Window;
use super::{Entry, PATIENCE, Session, refused};
use crate::error::{Error, Kind, Result};
use crate::net::pace::Pace;
use crate::pop3::client::Request;
use crate::pop3::command::Number;
use crate::pop3::response::Response;
use crate::pop3::retrieve::{Retrieve, Retrieved};
use crate::wire::exchange::Exchange;
use crate::wire::session::Output;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// A message may be longer than its listing says, since many servers count line ends as one octet, but not
/// without end.
const SIZE_MIN: u64 = 64 * 1024 * 1024;
/// Octets a second below which a line is as good as dead: what a message adds to the patience.
const SLOWEST: u64 = 8 * 1024;
/// Requests for deletion written at once.
const DELETIONS: usize = 1000;

/// A message that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Its place in whoever asks.
    pub index: usize,
    /// Its place in this session.
    pub number: u32,
    /// Octets, as the server counts them.
    pub size: u64,
    /// Only the header section.
    pub is_top: bool,
}

/// Where messages flow to.
pub trait Sink {
    /// A message comes, unless the server refuses it.
    fn begin(&mut self, wanted: &Wanted);
    /// The next octets of it, line ends as CRLF.
    fn piece(&mut self, octets: &[u8]) -> io::Result<()>;
    /// It is whole, or the server has refused it. An error ends the conversation.
    fn end(&mut self, wanted: &Wanted, what: &Retrieved) -> Result<()>;
    /// How fast it works.
    fn pace(&self) -> Pace;
}

/// The pieces of one message.
struct Pieces<'a, S>(&'a mut S);

impl<S: Sink> io::Write for Pieces<'_, S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.piece(octets).map(|()| octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Session {
    /// Fetches messages in order, asking ahead. Ends at the first whose answer cannot be read; what is whole before is
    /// in the sink.
    pub async fn fetch<S: Sink>(&mut self, wanted: impl Iterator<Item = Wanted>, sink: &mut S) -> Result<()> {
        let mut wanted = wanted.peekable();
        let mut window = Window::new(self.capabilities.pipelining);
        let mut awaited: VecDeque<Wanted> = VecDeque::new();
        let pace = sink.pace();
        loop {
            if window.is_due() || awaited.is_empty() {
                let mut out = Output::new();
                while let Some(next) = wanted.next_if(|next| window.admit(next.cost())) {
                    next.request(io::sink()).encode(&mut out);
                    awaited.push_back(next);
                }
                self.dialogue.post(&out).await?;
            }
            let Some(next) = awaited.pop_front() else { return Ok(()) };
            sink.begin(&next);
            let retrieved = self.dialogue.answer_at_pace(&mut next.request(Pieces(sink)), &pace).await?;
            window.answered(next.cost());
            sink.end(&next, &retrieved)?;
        }
    }

    /// Fetches messages, each into its sink: for those who know that they are few. What came of each one is returned up
    /// to the first whose answer could not be read; the result then says why.
    pub async fn retrieve<W: io::Write>(&mut self, messages: &mut [(&Entry, W)]) -> (Vec<Retrieved>, Result<()>) {
        let mut retrieved = Vec::with_capacity(messages.len());
        for (entry, sink) in messages {
            self.dialogue.set_patience(PATIENCE);
            self.dialogue.add_patience(Duration::from_secs(entry.size / SLOWEST));
            let wanted = Wanted { index: 0, number: entry.number, size: entry.size, is_top: false };
            let answer = self.dialogue.ask(&mut wanted.request(sink)).await;
            self.dialogue.set_patience(PATIENCE);
            match answer {
                Ok(answer) => retrieved.push(answer),
                Err(error) => return (retrieved, Err(error)),
            }
        }
        (retrieved, Ok(()))
    }

    /// Deletes messages and says goodbye. When all is well they are gone (RFC 1939 §6), but for those that are returned
    /// with the server's reason; after an error nobody knows.
    pub async fn delete(mut self, numbers: &[u32]) -> Result<Vec<(u32, Response)>> {
        let mut kept = Vec::new();
        let most = if self.capabilities.pipelining { DELETIONS } else { 1 };
        let mut quit = Request::quit();
        let mut windows = numbers.chunks(most).peekable();
        let mut is_leaving = false;
        while let Some(window) = windows.next() {
            let mut out = Output::new();
            window.iter().for_each(|number| Request::dele(Number(*number)).encode(&mut out));
            // The last of them take the goodbye along.
            is_leaving = most > 1 && windows.peek().is_none();
            if is_leaving {
                quit.encode(&mut out);
            }
            self.dialogue.post(&out).await?;
            for number in window {
                let answer = self.dialogue.answer(&mut Request::dele(Number(*number))).await?;
                if !answer.is_ok() {
                    kept.push((*number, answer));
                }
            }
        }
        let answer =
            if is_leaving { self.dialogue.answer(&mut quit).await } else { self.dialogue.ask(&mut quit).await }?;
        let result = match answer.is_ok() {
            true => Ok(kept),
            false => Err(refused(&self.dialogue, "the server did not delete all messages", &answer)),
        };
        self.dialogue.close().await;
        result
    }

    /// The error for those who cannot go on because of something here.
    pub fn failed(&self, kind: Kind, what: &str) -> Error {
        self.error(kind, what)
    }
}

impl Wanted {
    /// The octets that come, about.
    fn cost(&self) -> u64 {
        const HEADER: u64 = 4 * 1024;
        if self.is_top { self.size.min(HEADER) } else { self.size }
    }

    fn request<W: io::Write>(&self, sink: W) -> Retrieve<W> {
        let (number, size_max) = (Number(self.number), self.size.saturating_mul(2).max(SIZE_MIN));
        match self.is_top {
            true => Retrieve::top(number, 0, size_max, sink),
            false => Retrieve::whole(number, size_max, sink),
        }
    }
}
