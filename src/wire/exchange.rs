//! The client's contract: one request, and how its answer is read.
//!
//! Exchanges are values, so that several can be written before the first answer is read
//! (pipelining), and tested without a connection. Knows no verbs and no sockets.

use super::frame::{Expect, Frame};
use super::session::Output;
use crate::error::{Error, Result};

/// One request and its answer.
pub trait Exchange {
    /// The answer, understood.
    type Reply;

    /// Writes the request.
    fn encode(&self, out: &mut Output);

    /// What the answer begins with.
    fn first(&self) -> Expect;

    /// Takes the next frame of the answer. An error here means that the peer broke the protocol.
    fn take(&mut self, frame: Frame<'_>) -> Result<Next<Self::Reply>>;

    /// What is wrong with an answer that has come as far as a line which ends with LF alone. Where that is an error
    /// whatever follows, nobody needs to wait for the rest.
    fn spoilt_by(&self, _line: &[u8]) -> Option<Error> {
        None
    }
}

/// Whether the answer is complete.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<R> {
    /// Not yet: this comes next.
    More(Expect),
    /// Complete.
    Done(R),
}
