//! Frames: how a log writes a record so that a reader knows whether it is whole.
//!
//! A frame is 48 octets of header, a head (JSON) and a body (octets). Three checksums guard the three
//! parts. The header names its segment, its place in it and the segment's salt, which nobody outside
//! knows: octets that only look like a frame, in the body of a message for instance, are not one.
//! Lengths are believed only after the header's checksum, and then only within fixed limits.
//! Knows nothing of what records say. The layout is in docs/spool.md.

use crc32fast::Hasher;

/// Octets in a frame's header.
pub(super) const FRAME_HEADER: usize = 48;
/// Octets at the start of a segment file.
pub(super) const SEGMENT_HEADER: usize = 32;
/// A head holds an envelope with its recipients, or a batch of outcomes.
pub(super) const HEAD_MAX: u32 = 16 * 1024 * 1024;
/// A body holds a message within the frame limit, or some reports.
pub(super) const BODY_MAX: u32 = 64 * 1024 * 1024;
/// What a reader looks for when it has lost its way.
pub(super) const FRAME_MAGIC: &[u8; 4] = b"MKFR";

const SEGMENT_MAGIC: &[u8; 4] = b"MKSG";
const VERSION: u8 = 1;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FrameKind {
    /// Says from which offset on another segment does not count; the log's own.
    Void = 0,
    /// A record.
    Record = 1,
}

/// A frame's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) kind: FrameKind,
    pub(super) salt: u64,
    pub(super) segment: u32,
    /// Counts the frames of a segment from 0.
    pub(super) sequence: u64,
    pub(super) head_len: u32,
    pub(super) head_crc: u32,
    pub(super) body_len: u32,
    pub(super) body_crc: u32,
}

/// The start of a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) number: u32,
    pub(super) salt: u64,
}

/// Why octets are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// Torn, overwritten, or something else altogether.
    Damaged,
    /// Whole, but of a later version of this format.
    Newer,
}

impl FrameHeader {
    /// Octets of the whole frame.
    pub(super) fn frame_len(&self) -> u64 {
        FRAME_HEADER as u64 + u64::from(self.head_len) + u64::from(self.body_len)
    }

    pub(super) fn print(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(FRAME_MAGIC);
        out.extend_from_slice(&[VERSION, self.kind as u8, 0, 0]);
        out.extend_from_slice(&self.salt.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.head_len.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        for number in [self.body_len, self.body_crc, self.head_crc] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let crc = checksum(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    pub(super) fn parse(octets: &[u8; FRAME_HEADER]) -> Result<Self, BadHeader> {
        let mut fields = Fields(octets);
        let (magic, version, crc) = (fields.u32(), fields.u32(), trailing_crc(octets));
        if magic != u32::from_le_bytes(*FRAME_MAGIC) || crc != checksum(&octets[..FRAME_HEADER - 4]) {
            return Err(BadHeader::Damaged);
        }
        let kind = match version.to_le_bytes() {
            [VERSION, 0, 0, 0] => FrameKind::Void,
            [VERSION, 1, 0, 0] => FrameKind::Record,
            _ => return Err(BadHeader::Newer),
        };
        let (salt, segment, head_len, sequence) = (fields.u64(), fields.u32(), fields.u32(), fields.u64());
        let (body_len, body_crc, head_crc) = (fields.u32(), fields.u32(), fields.u32());
        if head_len > HEAD_MAX || body_len > BODY_MAX {
            return Err(BadHeader::Damaged);
        }
        Ok(Self { kind, salt, segment, sequence, head_len, head_crc, body_len, body_crc })
    }
}

impl SegmentHeader {
    pub(super) fn print(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(SEGMENT_MAGIC);
        out.extend_from_slice(&[VERSION, 0, 0, 0]);
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.salt.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let crc = checksum(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    pub(super) fn parse(octets: &[u8; SEGMENT_HEADER]) -> Result<Self, BadHeader> {
        let mut fields = Fields(octets);
        let (magic, version) = (fields.u32(), fields.u32());
        let is_whole = trailing_crc(octets) == checksum(&octets[..SEGMENT_HEADER - 4]);
        if magic != u32::from_le_bytes(*SEGMENT_MAGIC) || !is_whole {
            return Err(BadHeader::Damaged);
        }
        if version.to_le_bytes() != [VERSION, 0, 0, 0] {
            return Err(BadHeader::Newer);
        }
        let (number, _, salt) = (fields.u32(), fields.u32(), fields.u64());
        Ok(Self { number, salt })
    }
}

/// CRC-32 (IEEE 802.3), which every part of the formats here uses.
pub(super) fn checksum(octets: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(octets);
    hasher.finalize()
}

/// Takes little-endian numbers from the front; the arrays it reads from are long enough by their type.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

fn trailing_crc(octets: &[u8]) -> u32 {
    octets.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> impl Strategy<Value = FrameHeader> {
        let kind = prop_oneof![Just(FrameKind::Void), Just(FrameKind::Record)];
        let lengths = (0..=HEAD_MAX, 0..=BODY_MAX);
        (kind, any::<(u64, u32, u64)>(), lengths, any::<(u32, u32)>()).prop_map(
            |(kind, (salt, segment, sequence), (head_len, body_len), (head_crc, body_crc))| FrameHeader {
                kind,
                salt,
                segment,
                sequence,
                head_len,
                head_crc,
                body_len,
                body_crc,
            },
        )
    }

    proptest! {
        #[test]
        fn headers_are_printed_and_parsed_and_every_flipped_bit_is_seen(frame in header(), bit in 0..FRAME_HEADER * 8) {
            let mut octets = Vec::new();
            frame.print(&mut octets);
            let mut octets: [u8; FRAME_HEADER] = octets.try_into().unwrap();
            prop_assert_eq!(FrameHeader::parse(&octets), Ok(frame));
            octets[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(FrameHeader::parse(&octets), Err(BadHeader::Damaged));
        }

        #[test]
        fn segment_headers_too(number: u32, salt: u64, bit in 0..SEGMENT_HEADER * 8) {
            let mut octets = Vec::new();
            SegmentHeader { number, salt }.print(&mut octets);
            let mut octets: [u8; SEGMENT_HEADER] = octets.try_into().unwrap();
            prop_assert_eq!(SegmentHeader::parse(&octets), Ok(SegmentHeader { number, salt }));
            octets[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(SegmentHeader::parse(&octets), Err(BadHeader::Damaged));
        }
    }

    #[test]
    fn a_later_version_is_told_from_damage_and_absurd_lengths_are_damage() {
        let frame = FrameHeader {
            kind: FrameKind::Record,
            salt: 1,
            segment: 2,
            sequence: 3,
            head_len: 4,
            head_crc: 5,
            body_len: 6,
            body_crc: 7,
        };
        let parse_changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut octets = Vec::new();
            frame.print(&mut octets);
            octets.truncate(FRAME_HEADER - 4);
            change(&mut octets);
            let crc = checksum(&octets);
            octets.extend_from_slice(&crc.to_le_bytes());
            FrameHeader::parse(&octets.try_into().unwrap())
        };
        assert_eq!(parse_changed(&|octets| octets[4] = 2), Err(BadHeader::Newer));
        assert_eq!(parse_changed(&|octets| octets[5] = 9), Err(BadHeader::Newer));
        assert_eq!(parse_changed(&|octets| octets[23] = 255), Err(BadHeader::Damaged));
        assert_eq!(parse_changed(&|octets| octets[35] = 255), Err(BadHeader::Damaged));
        assert_eq!(parse_changed(&|_| {}).map(|frame| frame.frame_len()), Ok(58));
    }
}
