//! A message on its way into the spool: gathered in memory while it is short, in a body file when it is long.
//!
//! Nothing of it counts before the commit; dropped before that, it leaves nothing behind.

use super::blocking;
use super::body::BodyFile;
use super::entry::Accepted;
use super::id::SpoolId;
use super::room::has_room_to_accept;
use super::spool::Inner;
use super::spool_record::{Arrival, Held, SpoolRecord};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

/// Octets up to which a message travels in the log's own frame.
pub(super) const FRAME_BODY_MAX: usize = 256 * 1024;
/// Octets gathered before they go to a body file.
const PIECE: usize = 64 * 1024;

/// A message that is being received.
pub struct Incoming {
    spool: Arc<Inner>,
    id: SpoolId,
    /// All of it, or what did not go to the file yet.
    buffer: Vec<u8>,
    place: Place,
    len: u64,
}

enum Place {
    Memory,
    File(BodyFile),
    /// The file was lost with a write that failed or was interrupted.
    Nowhere,
}

impl Incoming {
    pub(super) fn new(spool: Arc<Inner>, id: SpoolId) -> Self {
        Self { spool, id, buffer: Vec::new(), place: Place::Memory, len: 0 }
    }

    /// The name it will have.
    pub fn id(&self) -> SpoolId {
        self.id
    }

    /// Octets so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds octets, which are kept as they are. After an error the message can only be dropped.
    pub async fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.len += octets.len() as u64;
        self.buffer.extend_from_slice(octets);
        let limit = if matches!(self.place, Place::Memory) { FRAME_BODY_MAX } else { PIECE };
        if self.buffer.len() > limit { self.spill(false).await } else { Ok(()) }
    }

    /// Makes the message durable, with its envelope. Whoever waits here may go away: the message is accepted or not,
    /// never half.
    pub async fn commit(mut self, accepted: Accepted) -> Result<SpoolId> {
        if !matches!(self.place, Place::Memory) {
            self.spill(true).await?;
        }
        let (held, body, file) = match self.place {
            Place::Memory => (Held::Inline, self.buffer, None),
            Place::File(file) => (Held::File, Vec::new(), Some(file)),
            Place::Nowhere => return Err(broken()),
        };
        let arrival = Arrival { id: self.id, accepted: Cow::Owned(accepted), size: self.len, held, crc: None };
        self.spool.commit(SpoolRecord::Accepted(arrival), body, file).await?;
        Ok(self.id)
    }

    /// Moves the buffer to the body file, and makes that durable at the end.
    async fn spill(&mut self, is_end: bool) -> Result<()> {
        let (spool, id) = (self.spool.clone(), self.id);
        let octets = std::mem::take(&mut self.buffer);
        let place = std::mem::replace(&mut self.place, Place::Nowhere);
        let (file, buffer) = blocking("writing to the spool", move || {
            let dir = spool.body_dir();
            let failed = |error| Error::file("writing to", &dir, error);
            // Looked at with every piece: many large messages at once would otherwise take all there is.
            let free = spool.disk.free_space(&dir).unwrap_or(u64::MAX);
            if !has_room_to_accept(free, octets.len() as u64) {
                return Err(failed(io::ErrorKind::StorageFull.into()));
            }
            let mut file = match place {
                Place::File(file) => file,
                Place::Memory => BodyFile::create(spool.disk.clone(), &dir, id).map_err(failed)?,
                Place::Nowhere => return Err(broken()),
            };
            file.write(&octets).map_err(failed)?;
            if is_end {
                file.finish().map_err(failed)?;
            }
            let mut buffer = octets;
            buffer.clear();
            buffer.shrink_to(2 * PIECE);
            Ok((file, buffer))
        })
        .await?;
        self.place = Place::File(file);
        self.buffer = buffer;
        Ok(())
    }
}

fn broken() -> Error {
    Error::new(crate::error::Kind::Io, "writing to the spool: an earlier write of this message failed")
}
