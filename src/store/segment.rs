//! One segment file of a log: written once from front to back, read to where it stops making sense.
//!
//! A segment ends where its frames end. What follows the last whole frame is the torn tail of a crash,
//! unless whole frames come behind it: then a part in the middle is damaged, which is reported and
//! stepped over. Knows nothing of what records say, and does not decide what counts (see `log`).

use super::record::{
    BODY_MAX, BadHeader, FRAME_HEADER, FRAME_MAGIC, FrameHeader, FrameKind, HEAD_MAX, SEGMENT_HEADER, SegmentHeader,
    checksum,
};
use crate::error::{Error, Kind, Result};
use crate::world::{Disk, DiskFile};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Octets read at once while looking through a segment.
const WINDOW: usize = 256 * 1024;

/// A part of a segment that cannot be read although what follows can: the disk lost it, no crash did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment file.
    pub file: PathBuf,
    /// Where it begins.
    pub offset: u64,
    /// How many octets.
    pub octets: u64,
}

/// A whole frame.
pub(super) struct Found<'a> {
    pub(super) kind: FrameKind,
    pub(super) offset: u64,
    /// Where the next one begins.
    pub(super) end: u64,
    pub(super) head: &'a [u8],
    pub(super) body: BodySpan,
}

/// Where a frame's body lies in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BodySpan {
    pub(super) offset: u64,
    pub(super) len: u32,
    pub(super) crc: u32,
}

/// What is to be written as one frame.
pub(super) struct Draft {
    pub(super) kind: FrameKind,
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) body_crc: u32,
}

/// The segment that is being written.
pub(super) struct SegmentWriter {
    file: Box<dyn DiskFile>,
    header: SegmentHeader,
    sequence: u64,
    /// Octets written, synced or not.
    pub(super) len: u64,
}

impl Draft {
    /// A record; the body's checksum is made here, on the thread of whoever brings it.
    pub(super) fn record(head: Vec<u8>, body: Vec<u8>) -> Self {
        let body_crc = checksum(&body);
        Self { kind: FrameKind::Record, head, body, body_crc }
    }

    /// Whether it is within the limits that readers believe in. What is not would be taken for damage.
    pub(super) fn is_readable(&self) -> bool {
        self.head.len() <= HEAD_MAX as usize && self.body.len() <= BODY_MAX as usize
    }

    /// Octets of the frame.
    pub(super) fn len(&self) -> usize {
        FRAME_HEADER + self.head.len() + self.body.len()
    }
}

impl SegmentWriter {
    /// Creates the file and writes its header; nothing is synced yet.
    pub(super) fn create(disk: &dyn Disk, path: &Path, header: SegmentHeader) -> io::Result<Self> {
        let mut file = disk.create(path)?;
        let mut octets = Vec::with_capacity(SEGMENT_HEADER);
        header.print(&mut octets);
        file.append(&octets)?;
        Ok(Self { file, header, sequence: 0, len: SEGMENT_HEADER as u64 })
    }

    /// Writes the frames in one piece; returns the offset of each. After an error the segment must be given up.
    pub(super) fn append(&mut self, drafts: &[Draft]) -> io::Result<Vec<u64>> {
        let mut octets = Vec::with_capacity(drafts.iter().map(Draft::len).sum());
        let mut offsets = Vec::with_capacity(drafts.len());
        for draft in drafts {
            offsets.push(self.len + octets.len() as u64);
            let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "record too long");
            let header = FrameHeader {
                kind: draft.kind,
                salt: self.header.salt,
                segment: self.header.number,
                sequence: self.sequence,
                head_len: u32::try_from(draft.head.len()).map_err(|_| too_long())?,
                head_crc: checksum(&draft.head),
                body_len: u32::try_from(draft.body.len()).map_err(|_| too_long())?,
                body_crc: draft.body_crc,
            };
            self.sequence += 1;
            header.print(&mut octets);
            octets.extend_from_slice(&draft.head);
            octets.extend_from_slice(&draft.body);
        }
        self.file.append(&octets)?;
        self.len += octets.len() as u64;
        Ok(offsets)
    }

    /// Makes what was written durable. After an error the segment must be given up.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

/// Calls `visit` with each whole frame from `from` on (0 is the start); returns where they end, and what is damaged.
/// `visit` says whether to go on.
pub(super) fn read_segment(
    disk: &dyn Disk,
    path: &Path,
    number: u32,
    from: u64,
    visit: &mut dyn FnMut(Found<'_>) -> Result<bool>,
) -> Result<(u64, Vec<Damage>)> {
    let mut window = Window::open(disk, path)?;
    let mut damages = Vec::new();
    let mut damage = |offset, end: u64| damages.push(Damage { file: path.to_owned(), offset, octets: end - offset });
    let known = match window.get(0, SEGMENT_HEADER)?.and_then(|octets| octets.first_chunk().copied()) {
        Some(octets) => match SegmentHeader::parse(&octets) {
            Ok(header) if header.number == number => header,
            Err(BadHeader::Newer) => return Err(newer(path)),
            _ => match window.likely_header(number)? {
                Some(header) => {
                    damage(0, SEGMENT_HEADER as u64);
                    header
                }
                None => return Ok((0, damages)),
            },
        },
        None => return Ok((0, damages)),
    };
    let mut at = from.max(SEGMENT_HEADER as u64);
    let mut sequence = None;
    loop {
        match window.frame(at)? {
            Step::Frame(frame) => {
                let follows = sequence.is_none_or(|last| frame.sequence > last);
                if frame.segment == known.number && frame.salt == known.salt && follows {
                    sequence = Some(frame.sequence);
                    let end = at + frame.frame_len();
                    let head_at = at + FRAME_HEADER as u64;
                    let offset = head_at + u64::from(frame.head_len);
                    let body = BodySpan { offset, len: frame.body_len, crc: frame.body_crc };
                    let head = window.get(head_at, frame.head_len as usize)?.unwrap_or_default();
                    let go_on = visit(Found { kind: frame.kind, offset: at, end, head, body })?;
                    at = end;
                    if !go_on {
                        return Ok((at, damages));
                    }
                    continue;
                }
            }
            Step::Newer => return Err(newer(path)),
            Step::None => {}
        }
        let is_next = |frame: &FrameHeader| {
            (frame.segment, frame.salt) == (known.number, known.salt)
                && sequence.is_none_or(|last| frame.sequence > last)
        };
        match window.next_frame(at + 1, &is_next)? {
            Some(next) => {
                damage(at, next);
                at = next;
            }
            None => return Ok((at, damages)),
        }
    }
}

/// Reads a body and makes sure that it is the one that was written.
pub(super) fn read_body(disk: &dyn Disk, path: &Path, span: BodySpan) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let mut octets = vec![0; span.len as usize];
    let count = read_full(&*file, span.offset, &mut octets)?;
    if count < octets.len() || checksum(&octets) != span.crc {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a stored message is damaged"));
    }
    Ok(octets)
}

/// Reads until the buffer is full or the file ends.
pub(super) fn read_full(file: &dyn DiskFile, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read_at(offset + count as u64, &mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

fn newer(path: &Path) -> Error {
    Error::new(Kind::Config, format!("reading {}: it was written by a later version of mailkit", path.display()))
        .hint("use that version, or let it finish its queue first")
}

enum Step {
    Frame(FrameHeader),
    Newer,
    None,
}

/// A stretch of a file in memory that follows the reader.
struct Window<'a> {
    path: &'a Path,
    file: Box<dyn DiskFile>,
    size: u64,
    start: u64,
    octets: Vec<u8>,
}

impl<'a> Window<'a> {
    fn open(disk: &dyn Disk, path: &'a Path) -> Result<Self> {
        let failed = |error| Error::file("reading", path, error);
        let file = disk.open(path).map_err(failed)?;
        let size = file.size().map_err(failed)?;
        Ok(Self { path, file, size, start: 0, octets: Vec::new() })
    }

    /// Exactly these octets, or none if the file ends before.
    fn get(&mut self, offset: u64, len: usize) -> Result<Option<&[u8]>> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        let holds = offset >= self.start && offset + len as u64 <= self.start + self.octets.len() as u64;
        if !holds {
            // The size is the file's own, so no length found inside it can ask for more memory than it has octets.
            let rest = usize::try_from(self.size - offset).unwrap_or(usize::MAX);
            self.octets.resize(len.max(WINDOW).min(rest), 0);
            let read = read_full(&*self.file, offset, &mut self.octets);
            let count = read.map_err(|error| Error::file("reading", self.path, error))?;
            self.octets.truncate(count);
            self.start = offset;
        }
        // Both fit usize: they lie in the window.
        let at = (offset - self.start) as usize;
        Ok(self.octets.get(at..at + len))
    }

    /// A whole frame at this place, whoever wrote it.
    fn frame(&mut self, at: u64) -> Result<Step> {
        let Some(octets) = self.get(at, FRAME_HEADER)?.and_then(|octets| octets.first_chunk().copied()) else {
            return Ok(Step::None);
        };
        let frame = match FrameHeader::parse(&octets) {
            Ok(frame) => frame,
            Err(BadHeader::Newer) => return Ok(Step::Newer),
            Err(BadHeader::Damaged) => return Ok(Step::None),
        };
        let (head_len, body_len) = (frame.head_len as usize, frame.body_len as usize);
        let head_at = at + FRAME_HEADER as u64;
        let whole = match self.get(head_at, head_len + body_len)? {
            Some(octets) => {
                let (head, body) = octets.split_at(head_len);
                checksum(head) == frame.head_crc && checksum(body) == frame.body_crc
            }
            None => false,
        };
        Ok(if whole { Step::Frame(frame) } else { Step::None })
    }

    /// What a segment's own header must have said: the salt under which most octets stand. Frames that a sender
    /// wrote into a message are stepped over with the frame that holds them, unless that one is damaged; then the
    /// rest of the segment outweighs them.
    fn likely_header(&mut self, number: u32) -> Result<Option<SegmentHeader>> {
        let mut octets_under: HashMap<u64, u64> = HashMap::new();
        let mut at = SEGMENT_HEADER as u64;
        loop {
            match self.frame(at)? {
                Step::Frame(frame) if frame.segment == number => {
                    *octets_under.entry(frame.salt).or_default() += frame.frame_len();
                    at += frame.frame_len();
                }
                _ => match self.next_frame(at + 1, &|frame| frame.segment == number)? {
                    Some(next) => at = next,
                    None => break,
                },
            }
        }
        let most = octets_under.into_iter().max_by_key(|(_, octets)| *octets);
        Ok(most.map(|(salt, _)| SegmentHeader { number, salt }))
    }

    /// The next place where a whole frame begins that is meant. Bodies may be full of what looks like the start of
    /// one, so each octet is looked at once and only a header that is meant, by its salt, makes it read on.
    fn next_frame(&mut self, mut from: u64, is_meant: &dyn Fn(&FrameHeader) -> bool) -> Result<Option<u64>> {
        loop {
            let rest = usize::try_from(self.size.saturating_sub(from)).unwrap_or(usize::MAX);
            let Some(octets) = self.get(from, rest.min(WINDOW))? else { return Ok(None) };
            let is_header = |at: &usize| {
                let header = octets.get(*at..).and_then(|octets| octets.first_chunk());
                header.and_then(|header| FrameHeader::parse(header).ok()).is_some_and(|frame| is_meant(&frame))
            };
            let candidate = memchr::memmem::find_iter(octets, FRAME_MAGIC).find(is_header);
            let looked_at = octets.len();
            match candidate {
                Some(at) => {
                    from += at as u64;
                    if matches!(self.frame(from)?, Step::Frame(_)) {
                        return Ok(Some(from));
                    }
                    from += 1;
                }
                None if looked_at == rest => return Ok(None),
                // A header may lie across the end of this window.
                None => from += (looked_at + 1 - FRAME_HEADER) as u64,
            }
        }
    }
}
