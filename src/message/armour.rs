//! The base64 form of a content, any place of which is found by arithmetic.
//!
//! Lines of 57 octets become 76 characters and CRLF; nothing is kept but one piece. RFC 2045 §6.8.

use super::rope::{changed, fill};
use crate::world::Content;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::sync::Arc;

/// Octets in a line.
const OCTETS: usize = 57;
/// What they become, with CRLF.
const LINE: usize = 78;
/// Lines that are encoded at a time.
const LINES: usize = 840;

/// A content in base64.
pub struct Armour<'c> {
    of: Arc<dyn Content + 'c>,
    size: u64,
}

impl<'c> Armour<'c> {
    /// Sees a content as base64.
    pub fn new(of: Arc<dyn Content + 'c>) -> Self {
        let (lines, rest) = (of.size() / OCTETS as u64, of.size() % OCTETS as u64);
        let last = if rest == 0 { 0 } else { rest.div_ceil(3) * 4 + 2 };
        Self { size: lines * LINE as u64 + last, of }
    }
}

impl Content for Armour<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let line = offset / LINE as u64;
        let from = line * OCTETS as u64;
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        // At most `LINE - 1` characters in front of the offset are encoded in vain.
        let skip = (offset % LINE as u64) as usize;
        let lines = (skip + buffer.len()).div_ceil(LINE).min(LINES);
        let left = usize::try_from(self.of.size() - from).unwrap_or(usize::MAX);
        let mut octets = vec![0; left.min(lines * OCTETS)];
        if fill(&*self.of, from, &mut octets)? < octets.len() {
            return Err(changed());
        }
        let mut encoded = vec![0; lines * LINE];
        let mut end = 0;
        for line in octets.chunks(OCTETS) {
            // A line of 57 octets has 76 characters, so there is room.
            end += STANDARD.encode_slice(line, &mut encoded[end..]).map_err(io::Error::other)?;
            encoded[end..end + 2].copy_from_slice(b"\r\n");
            end += 2;
        }
        let found = encoded.get(skip..end).unwrap_or_default();
        let count = found.len().min(buffer.len());
        buffer[..count].copy_from_slice(&found[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rope::octets;
    use super::super::transfer::decode_base64;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_that_of_the_whole(
            content in proptest::collection::vec(any::<u8>(), 0..400), offset in 0..600u64, len in 0..300usize,
        ) {
            let armour = Armour::new(Arc::new(content.clone()));
            let whole = octets(&armour, 0..armour.size()).unwrap();
            prop_assert!(whole.split_inclusive(|o| *o == b'\n').all(|line| line.len() <= LINE && line.ends_with(b"\r\n")));
            let decoded = decode_base64(&whole);
            prop_assert!(decoded.clean && decoded.content == content);
            let (mut one, mut other) = (vec![0; len], vec![0; len]);
            let count = fill(&armour, offset, &mut one).unwrap();
            prop_assert_eq!(count, whole.read_at(offset, &mut other).unwrap());
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn large_reads_come_in_pieces() {
        let armour = Armour::new(Arc::new(vec![7; 100_000]));
        let mut buffer = vec![0; 200_000];
        assert_eq!(armour.read_at(3, &mut buffer).unwrap(), LINES * LINE - 3);
        assert_eq!(fill(&armour, 3, &mut buffer).unwrap() as u64, armour.size() - 3);
    }
}
