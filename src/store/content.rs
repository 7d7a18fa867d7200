//! The octets of a message, wherever they are: in memory, in the spool, in a mailbox, in a file of the user's.
//!
//! Reading blocks; `read_at` takes it off the runtime's threads where that matters.
//! Knows nothing of what the octets mean.

use crate::error::{Error, Kind, Result};
use crate::world::Later;
use std::io;
use std::sync::Arc;

/// What a message is read from, in pieces. It does not change while somebody holds it.
pub trait Content: Send + Sync {
    /// Octets in all.
    fn len(&self) -> u64;

    /// Reads from `offset` into the buffer and says how much; less than asked only at the end. Blocks.
    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, if it is in memory anyway.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
}

impl dyn Content {
    /// Up to `len` octets from `offset`; fewer only at the end. [`Kind::Data`] if they are not the octets once stored.
    pub fn read_at(self: &Arc<Self>, offset: u64, len: usize) -> Later<'static, Result<Vec<u8>>> {
        if let Some(octets) = self.in_memory() {
            let rest = usize::try_from(offset).ok().and_then(|start| octets.get(start..)).unwrap_or_default();
            let piece = rest[..len.min(rest.len())].to_vec();
            return Box::pin(std::future::ready(Ok(piece)));
        }
        let content = self.clone();
        Box::pin(async move { super::blocking("reading a message", move || content.read_blocking(offset, len)).await })
    }

    /// As `read_at`, on a thread that may block.
    pub fn read_blocking(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let rest = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut piece = vec![0; len.min(rest)];
        let count = self.read_into(offset, &mut piece).map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::InvalidData { Kind::Data } else { Kind::Io };
            Error::new(kind, "reading a message").caused_by(error)
        })?;
        piece.truncate(count);
        Ok(piece)
    }
}

impl Content for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_end_where_the_octets_end() {
        let content: Arc<dyn Content> = Arc::new(b"0123456789".to_vec());
        for (offset, len, wanted) in [(0, 3, "012"), (8, 5, "89"), (10, 1, ""), (99, 1, ""), (u64::MAX, 9, "")] {
            assert_eq!(content.read_at(offset, len).await.unwrap(), wanted.as_bytes());
            assert_eq!(content.read_blocking(offset, len).unwrap(), wanted.as_bytes());
        }
    }
}
