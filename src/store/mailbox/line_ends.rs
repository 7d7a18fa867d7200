//! Line ends: LF on disk, CRLF on the wire, and every octet back as it came.
//!
//! One rule reads all files, ours and other programs': if `S` equals `W` the file is the wire form;
//! otherwise each LF without a CR before it gets one. What this rule would not give back unchanged
//! (a bare LF, or CR CR LF) is kept in wire form. Messages are never held whole: a reader remembers
//! where it was, and marks on the way let it jump back.

use crate::world::{Content, Disk, DiskFile, Timestamp};
use memchr::{memchr, memchr_iter, memchr2};
use std::io;
use std::path::Path;

const PIECE: usize = 64 * 1024;
/// Octets on the wire between two marks.
const MARK_EVERY: u64 = 256 * 1024;

/// How long a stored message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Sizes {
    /// Octets in the file, `S=`.
    pub(in crate::store) disk: u64,
    /// Octets on the wire, `W=`.
    pub(in crate::store) wire: u64,
}

/// Writes a new file with the disk form of a message, durably but for its name.
pub(in crate::store) fn write(
    disk: &dyn Disk,
    path: &Path,
    content: &dyn Content,
    arrived: Timestamp,
) -> io::Result<Sizes> {
    let (mut file, sizes) = write_unsynced(disk, path, content, arrived)?;
    file.sync()?;
    Ok(sizes)
}

/// The same, still to be synced.
pub(in crate::store) fn write_unsynced(
    disk: &dyn Disk,
    path: &Path,
    content: &dyn Content,
    arrived: Timestamp,
) -> io::Result<(Box<dyn DiskFile>, Sizes)> {
    let mut file = disk.create(path)?;
    let sizes = match write_lines(&mut *file, content)? {
        Some(sizes) => sizes,
        None => {
            drop(file);
            disk.remove(path)?;
            file = disk.create(path)?;
            let wire = copy(content, |piece| file.append(piece))?;
            Sizes { disk: wire, wire }
        }
    };
    file.set_modified(arrived)?;
    Ok((file, sizes))
}

/// Hands the content over in pieces, and says how much there was.
fn copy(content: &dyn Content, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let count = content.read_at(at, &mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok(at);
        }
        take(piece)?;
        at += piece.len() as u64;
    }
}

/// Writes with LF; `None` if the message would not come back unchanged.
fn write_lines(file: &mut dyn DiskFile, content: &dyn Content) -> io::Result<Option<Sizes>> {
    let (mut lines, mut out, mut disk) = (Lines::default(), Vec::with_capacity(PIECE), 0);
    let wire = copy(content, |piece| {
        if !lines.is_foreign {
            out.clear();
            lines.take(piece, &mut out);
            disk += out.len() as u64;
            file.append(&out)?;
        }
        Ok(())
    })?;
    if lines.is_foreign {
        return Ok(None);
    }
    if lines.crs > 0 {
        file.append(b"\r")?;
        disk += 1;
    }
    Ok(Some(Sizes { disk, wire }))
}

/// Takes the CR out of each CRLF.
#[derive(Default)]
struct Lines {
    /// CRs in a row just before here: none, one, more. One of them is not written yet.
    crs: u8,
    is_foreign: bool,
}

impl Lines {
    fn take(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        while let Some((first, behind)) = rest.split_first() {
            match (first, self.crs) {
                (b'\n', 1) => {
                    out.push(b'\n');
                    self.crs = 0;
                }
                (b'\n', _) => {
                    self.is_foreign = true;
                    return;
                }
                (b'\r', 0) => self.crs = 1,
                (b'\r', _) => {
                    out.push(b'\r');
                    self.crs = 2;
                }
                _ => {
                    if std::mem::take(&mut self.crs) > 0 {
                        out.push(b'\r');
                    }
                    let (run, after) = rest.split_at(memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()));
                    out.extend_from_slice(run);
                    rest = after;
                    continue;
                }
            }
            rest = behind;
        }
    }
}

/// Measures a file whose name does not tell.
pub(in crate::store) fn measure(file: &dyn DiskFile) -> io::Result<Sizes> {
    let mut buffer = vec![0; PIECE];
    let (mut sizes, mut after_cr) = (Sizes { disk: 0, wire: 0 }, false);
    loop {
        let count = file.read_at(sizes.disk, &mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        let Some(last) = piece.last() else { return Ok(sizes) };
        let before = |at: usize| if at == 0 { after_cr } else { piece.get(at - 1) == Some(&b'\r') };
        let bare = memchr_iter(b'\n', piece).filter(|at| !before(*at)).count();
        after_cr = *last == b'\r';
        sizes.disk += count as u64;
        sizes.wire += (count + bare) as u64;
    }
}

/// Reads the wire form of a stored message from anywhere; cheapest in order.
pub(in crate::store) struct WireReader {
    file: Box<dyn DiskFile>,
    is_verbatim: bool,
    here: Mark,
    /// By rising offsets, beginning with the start.
    marks: Vec<Mark>,
}

/// A place between two octets of the file.
#[derive(Clone, Copy)]
struct Mark {
    wire: u64,
    disk: u64,
    after_cr: bool,
}

impl WireReader {
    pub(in crate::store) fn new(file: Box<dyn DiskFile>, sizes: Sizes) -> Self {
        let start = Mark { wire: 0, disk: 0, after_cr: false };
        Self { file, is_verbatim: sizes.disk == sizes.wire, here: start, marks: vec![start] }
    }

    /// Up to `len` octets of the wire form from `offset`; fewer only at the end.
    pub(in crate::store) fn read(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(len.min(PIECE));
        let mut buffer = vec![0; PIECE];
        if !self.is_verbatim {
            self.seek(offset);
        }
        while out.len() < len {
            let from = if self.is_verbatim { offset + out.len() as u64 } else { self.here.disk };
            let count = self.file.read_at(from, &mut buffer)?;
            let piece = buffer.get(..count).unwrap_or_default();
            if piece.is_empty() {
                break;
            } else if self.is_verbatim {
                let taken = piece.len().min(len - out.len());
                out.extend_from_slice(&piece[..taken]);
            } else {
                self.expand(piece, offset, len, &mut out);
            }
        }
        Ok(out)
    }

    /// Goes to the nearest known place before an offset.
    fn seek(&mut self, offset: u64) {
        let known = self.marks.partition_point(|mark| mark.wire <= offset);
        if let Some(mark) = known.checked_sub(1).and_then(|at| self.marks.get(at))
            && (self.here.wire > offset || self.here.wire < mark.wire)
        {
            self.here = *mark;
        }
    }

    /// Adds what a piece of the file, beginning here, contributes to the `len` octets from `offset`.
    fn expand(&mut self, piece: &[u8], offset: u64, len: usize, out: &mut Vec<u8>) {
        let mut rest = piece;
        while out.len() < len
            && let Some(first) = rest.first()
        {
            let is_bare = *first == b'\n' && !self.here.after_cr;
            // A run ends before the next LF, which may be bare.
            let end = memchr(b'\n', rest.get(1..).unwrap_or_default()).map_or(rest.len(), |at| at + 1);
            let (run, after) = rest.split_at(if is_bare { 1 } else { end });
            let wire: &[u8] = if is_bare { b"\r\n" } else { run };
            let wanted = offset + out.len() as u64;
            let skip = usize::try_from(wanted.saturating_sub(self.here.wire)).unwrap_or(usize::MAX).min(wire.len());
            let taken = (wire.len() - skip).min(len - out.len());
            out.extend_from_slice(&wire[skip..skip + taken]);
            if skip + taken < wire.len() {
                // Between CR and LF of a bare LF is no place in the file: stay before it.
                if !is_bare {
                    self.go(&run[..skip + taken], skip + taken);
                }
                return;
            }
            self.go(run, wire.len());
            rest = after;
        }
    }

    /// Moves on behind `run`, which is `count` octets on the wire.
    fn go(&mut self, run: &[u8], count: usize) {
        if let Some(last) = run.last() {
            self.here.after_cr = *last == b'\r';
        }
        self.here.disk += run.len() as u64;
        self.here.wire += count as u64;
        if self.marks.last().is_some_and(|mark| self.here.wire >= mark.wire + MARK_EVERY) {
            self.marks.push(self.here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;
    use proptest::prelude::*;

    fn store(wire: &[u8]) -> (Vec<u8>, Sizes, WireReader) {
        let disk = MemoryDisk::new();
        let path = Path::new("/m");
        let sizes = write(&disk, path, &wire.to_vec(), Timestamp::UNIX_EPOCH).unwrap();
        let file = disk.open(path).unwrap();
        let mut octets = vec![0; file.size().unwrap() as usize];
        file.read_at(0, &mut octets).unwrap();
        (octets, sizes, WireReader::new(file, sizes))
    }

    #[test]
    fn lines_end_with_lf_on_disk_unless_that_would_change_the_message() {
        for (wire, disk) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\r\nb", "a\nb"),
            ("a\rb\r\n", "a\rb\n"),
            ("a\r\n\r", "a\n\r"),
            ("a\nb\r\n", "a\nb\r\n"),
            ("a\r\r\n", "a\r\r\n"),
            ("\r\r\n\r\n", "\r\r\n\r\n"),
            ("\n", "\n"),
            ("\r", "\r"),
            ("", ""),
        ] {
            let (stored, sizes, mut reader) = store(wire.as_bytes());
            assert_eq!(String::from_utf8_lossy(&stored), disk, "{wire:?}");
            assert_eq!((sizes.disk, sizes.wire), (disk.len() as u64, wire.len() as u64));
            assert_eq!(String::from_utf8_lossy(&reader.read(0, 100).unwrap()), wire);
        }
    }

    #[test]
    fn files_of_other_programs_are_read_by_the_same_rule() {
        for (found, wire) in [("a\nb\n", "a\r\nb\r\n"), ("a\r\nb\r\n", "a\r\nb\r\n"), ("a\r\nb\n", "a\r\nb\r\n")] {
            let disk = MemoryDisk::new();
            let mut file = disk.create(Path::new("/m")).unwrap();
            file.append(found.as_bytes()).unwrap();
            let sizes = measure(&*file).unwrap();
            assert_eq!((sizes.disk, sizes.wire), (found.len() as u64, wire.len() as u64));
            assert_eq!(WireReader::new(file, sizes).read(0, 100).unwrap(), wire.as_bytes());
        }
    }

    #[test]
    fn a_large_message_is_read_from_anywhere() {
        let wire: Vec<u8> = (0..60_000).flat_map(|line| format!("line {line}\r\n").into_bytes()).collect();
        let (_, _, mut reader) = store(&wire);
        for (offset, len) in [(700_000, 10), (5, 70_000), (300_001, 200_000), (0, 1), (wire.len() - 3, 10)] {
            let wanted = &wire[offset..wire.len().min(offset + len)];
            assert!(reader.read(offset as u64, len).unwrap() == wanted, "{len} from {offset}");
        }
        assert!(reader.read(wire.len() as u64 + 5, 5).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn every_message_comes_back_in_whatever_pieces(wire in "[a\r\n]{0,30}", cuts in prop::collection::vec((0..32_u64, 0..8_usize), 1..8)) {
            let (stored, sizes, mut reader) = store(wire.as_bytes());
            prop_assert_eq!(sizes.disk, stored.len() as u64);
            prop_assert!(sizes.disk <= sizes.wire);
            for (offset, len) in cuts {
                let from = wire.len().min(offset as usize);
                let wanted = &wire.as_bytes()[from..wire.len().min(from + len)];
                prop_assert_eq!(&reader.read(offset, len).unwrap()[..], wanted);
            }
        }
    }
}
