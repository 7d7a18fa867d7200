//! The client's side: requests as values, each with its answer. RFC 5804 §2.

use super::response::{Progress, Reader, Response};
use crate::error::Result;
use crate::wire::exchange::{Exchange, Next};
use crate::wire::frame::{Expect, Frame};
use crate::wire::session::Output;

/// A command without arguments, and its answer.
pub struct Request {
    /// Nothing where the server speaks by itself.
    command: Option<&'static str>,
    reader: Reader,
}

impl Request {
    fn new(command: Option<&'static str>) -> Self {
        Self { command, reader: Reader::new() }
    }

    /// What the server says first, and once more when TLS is up (RFC 5804 §2.2).
    pub fn awaited() -> Self {
        Self::new(None)
    }

    /// `STARTTLS`
    pub fn start_tls() -> Self {
        Self::new(Some("STARTTLS"))
    }

    /// `LOGOUT`
    pub fn logout() -> Self {
        Self::new(Some("LOGOUT"))
    }
}

impl Exchange for Request {
    type Reply = Response;

    fn encode(&self, out: &mut Output) {
        if let Some(command) = self.command {
            out.line(command);
        }
    }

    fn first(&self) -> Expect {
        Response::FIRST
    }

    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Response>> {
        Ok(match self.reader.take(frame)? {
            Progress::Done(response) => Next::Done(response),
            Progress::More(next) => Next::More(next),
        })
    }
}
