//! Targets that take a message as a whole or not at all: programs and other servers.
//!
//! Half a message must never look like a whole one to them, so it waits here until it is: in memory while it is small,
//! in a file when it grows.

use super::target::{Arriving, Handed, Target};
use crate::error::Result;
use crate::net::entropy::SystemEntropy;
use crate::store::stash::Stash;
use crate::world::{Content, Disk, Later};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Takes whole messages.
pub trait Deliver: Send {
    /// Hands a message over, with CRLF line ends.
    fn deliver<'a>(&'a mut self, message: &'a dyn Content) -> Later<'a, Result<Handed>>;

    /// Says goodbye.
    fn close(&mut self) -> Later<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Messages that wait until they are whole.
pub struct Staged<D> {
    to: D,
    disk: Arc<dyn Disk>,
    room: PathBuf,
    open: Option<Stash>,
}

impl<D: Deliver> Staged<D> {
    /// For this one; large messages wait in files in `room`.
    pub fn new(to: D, disk: Arc<dyn Disk>, room: PathBuf) -> Self {
        Self { to, disk, room, open: None }
    }
}

impl<D: Deliver> Target for Staged<D> {
    fn begin(&mut self, _: &Arriving) -> Result<()> {
        self.open = Some(Stash::new(Arc::clone(&self.disk), &self.room, &SystemEntropy));
        Ok(())
    }

    fn piece(&mut self, octets: &[u8]) -> Result<()> {
        self.open.as_mut().map_or(Ok(()), |stash| stash.write(octets))
    }

    fn end(&mut self) -> Result<Handed> {
        let Some(stash) = self.open.take() else { return Ok(Handed::Taken) };
        let message = stash.finish()?;
        // This is a thread for waiting.
        Handle::current().block_on(self.to.deliver(&*message))
    }

    fn abandon(&mut self) {
        self.open = None;
    }

    fn commit(&mut self) -> Result<()> {
        Ok(())
    }

    fn is_final(&self) -> bool {
        true
    }

    fn close(&mut self) {
        Handle::current().block_on(self.to.close());
    }
}
