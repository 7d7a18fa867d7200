//! A stream as a target: messages one behind the other, as an mbox.
//!
//! How they are told apart in it is `convert::mbox`'s. Whether they are safe there nobody knows, so what goes into it is
//! never deleted.

use super::target::{Arriving, Handed, Target};
use crate::convert::mbox::Mbox;
use crate::error::{Error, Kind, Result};
use std::io::Write;

/// Messages on their way into a stream.
pub struct IntoStream<W: Write> {
    mbox: Mbox<W>,
    /// A message that was begun, and of which nothing has come.
    begun: Option<Arriving>,
}

impl<W: Write + Send> IntoStream<W> {
    /// Into this one.
    pub fn new(out: W) -> Self {
        Self { mbox: Mbox::new(out), begun: None }
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot write the messages").caused_by(error)
}

impl<W: Write + Send> Target for IntoStream<W> {
    fn begin(&mut self, message: &Arriving) -> Result<()> {
        self.begun = Some(message.clone());
        Ok(())
    }

    fn piece(&mut self, octets: &[u8]) -> Result<()> {
        if let Some(message) = self.begun.take() {
            // Who sent it was said to the server it comes from, and not to us.
            self.mbox.begin("", message.now).map_err(failed)?;
        }
        self.mbox.piece(octets).map_err(failed)
    }

    fn end(&mut self) -> Result<Handed> {
        self.begun = None;
        self.mbox.end().map_err(failed)?;
        Ok(Handed::Taken)
    }

    fn abandon(&mut self) {
        self.begun = None;
        // Half of it stands there; what follows must not be taken for the other half.
        let _ = self.mbox.end();
    }

    fn commit(&mut self) -> Result<()> {
        self.mbox.finish().map_err(failed)
    }
}
