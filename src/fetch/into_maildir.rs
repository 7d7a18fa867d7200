//! A Maildir as a target: many messages become durable together.

use super::target::{Arriving, Handed, Target};
use crate::error::{Error, Kind, Result};
use crate::store::maildir::{Arrival, Maildir};
use std::io::Write;

/// Messages on their way into a Maildir.
pub struct IntoMaildir {
    maildir: Maildir,
    open: Option<Arrival>,
    whole: Vec<Arrival>,
}

impl IntoMaildir {
    /// Into this one.
    pub fn new(maildir: Maildir) -> Self {
        Self { maildir, open: None, whole: Vec::new() }
    }
}

impl Target for IntoMaildir {
    fn holds(&mut self, name: &str) -> bool {
        self.maildir.holds(name)
    }

    fn begin(&mut self, message: &Arriving) -> Result<()> {
        self.open = Some(self.maildir.begin(&message.name));
        Ok(())
    }

    fn piece(&mut self, octets: &[u8]) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.write_all(octets).map_err(|error| Error::new(Kind::Io, "a message cannot be written").caused_by(error))
    }

    fn end(&mut self) -> Result<Handed> {
        self.whole.extend(self.open.take());
        Ok(Handed::Taken)
    }

    fn abandon(&mut self) {
        // What was written of it is in `tmp`, where the next one of its name replaces it.
        self.open = None;
    }

    fn commit(&mut self) -> Result<()> {
        if self.whole.is_empty() { Ok(()) } else { self.maildir.commit(std::mem::take(&mut self.whole)) }
    }
}
