//! A message in pieces that are nowhere put together: owned octets, and ranges of contents that lie elsewhere.
//!
//! Its size is known at once and any place of it can be read, in memory that does not grow with it. A content
//! that turns out shorter than it was is an error, so that half a message never passes for a whole one.
//! Knows no header fields and no files.

use crate::world::Content;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Octets that are read at a time.
pub(super) const PIECE: usize = 64 * 1024;

/// Contents one behind the other, which live for `'c`.
#[derive(Clone, Default)]
pub struct Rope<'c> {
    pieces: Vec<Piece<'c>>,
    size: u64,
}

#[derive(Clone)]
struct Piece<'c> {
    /// Where it begins in the rope.
    at: u64,
    of: Arc<dyn Content + 'c>,
    /// Which part of the content it is.
    range: Range<u64>,
}

impl<'c> Rope<'c> {
    /// Without any octet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds octets.
    pub fn push_octets(&mut self, octets: impl Into<Vec<u8>>) {
        self.push(Arc::new(octets.into()));
    }

    /// Adds all of a content.
    pub fn push(&mut self, of: Arc<dyn Content + 'c>) {
        let size = of.size();
        self.push_range(of, 0..size);
    }

    /// Adds a part of a content.
    pub fn push_range(&mut self, of: Arc<dyn Content + 'c>, range: Range<u64>) {
        if range.start < range.end {
            let at = self.size;
            self.size += range.end - range.start;
            self.pieces.push(Piece { at, of, range });
        }
    }

    /// All octets at once, for what is known to be small.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        octets(self, 0..self.size)
    }
}

impl Content for Rope<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        let first = self.pieces.partition_point(|piece| piece.at <= offset).saturating_sub(1);
        for piece in self.pieces.get(first..).unwrap_or_default() {
            let within = (offset + done as u64).saturating_sub(piece.at) + piece.range.start;
            let left = usize::try_from(piece.range.end.saturating_sub(within)).unwrap_or(usize::MAX);
            let room = left.min(buffer.len() - done);
            if room == 0 && done == buffer.len() {
                break;
            }
            if fill(&*piece.of, within, &mut buffer[done..done + room])? < room {
                return Err(changed());
            }
            done += room;
        }
        Ok(done)
    }
}

impl fmt::Debug for Rope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rope").field("pieces", &self.pieces.len()).field("size", &self.size).finish()
    }
}

/// What is said when a content is not what it was when it was measured.
pub(super) fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it changed while it was being read")
}

/// Fills the buffer; with less only at the end of the content.
pub(super) fn fill(of: &dyn Content, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match of.read_at(offset + done as u64, &mut buffer[done..])? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

/// A part of a content as octets; fewer if it ends before.
pub fn octets(of: &dyn Content, range: Range<u64>) -> io::Result<Vec<u8>> {
    let wanted = range.end.min(of.size()).saturating_sub(range.start);
    let mut octets = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
    match fill(of, range.start, &mut octets)? == octets.len() {
        true => Ok(octets),
        false => Err(changed()),
    }
}

/// Hands a part of a content over in pieces.
pub(super) fn walk<E: From<io::Error>>(
    of: &dyn Content,
    range: Range<u64>,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; PIECE];
    let mut at = range.start;
    while at < range.end {
        let room = buffer.len().min(usize::try_from(range.end - at).unwrap_or(usize::MAX));
        let count = fill(of, at, &mut buffer[..room])?;
        if count < room {
            return Err(changed().into());
        }
        take(&buffer[..count])?;
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_part_of_a_rope_is_that_part_of_its_pieces_in_a_row(
            pieces in proptest::collection::vec((any::<Vec<u8>>(), 0..40u64, 0..40u64), 0..8),
            reads in proptest::collection::vec((0..400u64, 0..90usize), 1..8),
        ) {
            let (mut rope, mut naive) = (Rope::new(), Vec::new());
            for (octets, from, to) in pieces {
                let (from, to) = (from.min(octets.len() as u64), to.min(octets.len() as u64));
                naive.extend_from_slice(octets.get(from as usize..to as usize).unwrap_or_default());
                rope.push_range(Arc::new(octets), from..to);
            }
            prop_assert_eq!(rope.size(), naive.len() as u64);
            for (offset, len) in reads {
                let (mut one, mut other) = (vec![0; len], vec![0; len]);
                let count = rope.read_at(offset, &mut one).unwrap();
                prop_assert_eq!(count, naive.read_at(offset, &mut other).unwrap());
                prop_assert_eq!(one, other);
            }
        }
    }

    #[test]
    fn a_content_that_shrank_is_an_error_and_no_shorter_message() {
        /// Claims to have more than it has.
        struct Shrunken(Vec<u8>);
        impl Content for Shrunken {
            fn size(&self) -> u64 {
                10
            }
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read_at(offset, buffer)
            }
        }
        let mut rope = Rope::new();
        rope.push(Arc::new(Shrunken(b"short".to_vec())));
        rope.push_octets("behind");
        assert_eq!(rope.read_at(0, &mut [0; 5]).unwrap(), 5);
        assert!(rope.read_at(0, &mut [0; 16]).is_err() && rope.to_vec().is_err());
    }
}
