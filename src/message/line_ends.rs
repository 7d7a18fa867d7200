//! Line ends of a content, surveyed in one pass and seen as CRLF, whatever they are.
//!
//! Holds no more than a piece and a mark for each 256 KiB, which let a reader jump anywhere and read on cheaply.
//! A CR that ends no line is found with its place; whether it is refused or made a line end is the caller's choice.
//! RFC 5321 §2.3.8, §4.5.3.1.6.

use super::rope::{PIECE, changed, fill, walk};
use crate::world::Content;
use memchr::{memchr, memchr2, memchr2_iter};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces between two marks.
const PIECES: u64 = 4;

/// What stands in a content.
#[derive(Debug, Clone, Default)]
pub(super) struct Survey {
    /// Where the first CR stands that ends no line.
    pub(super) bare_cr: Option<Place>,
    /// Whether there are octets above 127.
    pub(super) is_eight_bit: bool,
    /// Whether there is a NUL.
    pub(super) has_nul: bool,
    /// The longest line without its end: its number from 1, its octets.
    pub(super) longest: (u64, u64),
    size: u64,
    /// How many octets are missing to have CRLF everywhere.
    missing: u64,
    marks: Vec<Mark>,
}

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// A place between two octets of the source, and which one that is of the CRLF form.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    source: u64,
    wire: u64,
    /// Whether the octet before was a CR that has not got its LF yet.
    after_cr: bool,
}

/// Reads a content once.
pub(super) fn survey(of: &dyn Content) -> io::Result<Survey> {
    let mut survey = Survey { size: of.size(), longest: (1, 0), ..Survey::default() };
    let (mut at, mut line, mut line_start, mut cr) = (0u64, 1u64, 0u64, None::<u64>);
    let mut pieces = 0u64;
    walk(of, 0..of.size(), |piece| {
        if pieces.is_multiple_of(PIECES) {
            let here = Mark { source: at, wire: at + survey.missing, after_cr: cr.is_some() };
            survey.marks.push(here);
        }
        pieces += 1;
        survey.is_eight_bit |= !piece.is_ascii();
        survey.has_nul |= memchr(0, piece).is_some();
        if let Some(bare) = cr.filter(|_| piece.first() != Some(&b'\n')) {
            survey.bare(line, line_start, bare);
            (line_start, cr) = (bare + 1, None);
        }
        for index in memchr2_iter(b'\r', b'\n', piece) {
            let here = at + index as u64;
            if piece[index] == b'\r' {
                // What follows decides, and that may stand in the next piece.
                match piece.get(index + 1) {
                    Some(b'\n') | None => cr = Some(here),
                    Some(_) => {
                        survey.bare(line, line_start, here);
                        line_start = here + 1;
                    }
                }
            } else {
                let end = cr.take().unwrap_or_else(|| {
                    survey.missing += 1;
                    here
                });
                survey.line(line, end - line_start);
                (line, line_start) = (line + 1, here + 1);
            }
        }
        at += piece.len() as u64;
        io::Result::Ok(())
    })?;
    if let Some(bare) = cr {
        survey.bare(line, line_start, bare);
        line_start = bare + 1;
    }
    survey.line(line, at - line_start);
    Ok(survey)
}

impl Survey {
    fn bare(&mut self, line: u64, line_start: u64, at: u64) {
        self.missing += 1;
        self.bare_cr.get_or_insert(Place { line, column: at - line_start + 1 });
        self.line(line, at - line_start);
    }

    fn line(&mut self, number: u64, octets: u64) {
        if octets > self.longest.1 {
            self.longest = (number, octets);
        }
    }

    /// The content with each LF and each CR as CRLF: itself if it is so already.
    pub(super) fn with_crlf(self, of: Arc<dyn Content>) -> Arc<dyn Content> {
        if self.missing == 0 {
            return of;
        }
        let here = Mutex::new(Mark::default());
        Arc::new(WithCrlf { size: self.size + self.missing, marks: self.marks, here, of })
    }
}

/// A content whose line ends are seen as CRLF.
struct WithCrlf {
    of: Arc<dyn Content>,
    size: u64,
    /// By rising offsets, beginning with the start.
    marks: Vec<Mark>,
    /// Where the last reader stopped: the next one most often goes on there.
    here: Mutex<Mark>,
}

impl Content for WithCrlf {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.marks.partition_point(|mark| mark.wire <= offset).checked_sub(1);
        let known = known.and_then(|at| self.marks.get(at)).copied().unwrap_or_default();
        let start = if (known.wire..=offset).contains(&here.wire) { *here } else { known };
        let mut writer = Writer { offset, end: offset, buffer, at: start, last: start };
        let mut piece = vec![0; PIECE.min(writer.buffer.len() + 256)];
        while !writer.is_full() {
            let count = fill(&*self.of, writer.at.source, &mut piece)?;
            if count == 0 {
                writer.finish();
                if writer.at.wire != self.size {
                    return Err(changed());
                }
                break;
            }
            writer.take(&piece[..count]);
        }
        *here = writer.last;
        Ok((writer.end - offset) as usize)
    }
}

/// Writes what falls into a buffer.
struct Writer<'b> {
    offset: u64,
    /// Up to where the buffer is filled.
    end: u64,
    buffer: &'b mut [u8],
    at: Mark,
    /// The last place in front of which nothing is missing.
    last: Mark,
}

impl Writer<'_> {
    fn is_full(&self) -> bool {
        self.end == self.offset + self.buffer.len() as u64
    }

    fn take(&mut self, mut rest: &[u8]) {
        while let [first, behind @ ..] = rest {
            if self.is_full() {
                return;
            }
            let mut count = 1;
            match first {
                b'\n' if self.at.after_cr => self.put(b"\n"),
                b'\n' => self.put(b"\r\n"),
                _ => {
                    self.finish();
                    count = if *first == b'\r' { 1 } else { memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()) };
                    self.put(&rest[..count]);
                }
            }
            self.at.after_cr = *first == b'\r';
            self.at.source += count as u64;
            // A run that goes beyond the buffer is cut where the buffer ends; any other stays before its end.
            if self.at.wire > self.end && count > 1 {
                let over = self.at.wire - self.end;
                self.at.source -= over;
                self.at.wire -= over;
            }
            if self.at.wire <= self.end {
                self.last = self.at;
            }
            rest = if count == 1 { behind } else { &rest[count..] };
        }
    }

    /// A CR without LF gets one.
    fn finish(&mut self) {
        if std::mem::take(&mut self.at.after_cr) {
            self.put(b"\n");
        }
    }

    fn put(&mut self, octets: &[u8]) {
        let skip = usize::try_from(self.offset.saturating_sub(self.at.wire)).unwrap_or(usize::MAX);
        let filled = (self.end - self.offset) as usize;
        let fresh = octets.get(skip..).unwrap_or_default();
        let count = fresh.len().min(self.buffer.len() - filled);
        self.buffer[filled..filled + count].copy_from_slice(&fresh[..count]);
        self.end += count as u64;
        self.at.wire += octets.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::super::rope::octets;
    use super::*;
    use proptest::prelude::*;

    /// Said the long way.
    fn naive(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, octet) in text.iter().enumerate() {
            match octet {
                b'\n' if at > 0 && text[at - 1] == b'\r' => {}
                b'\r' | b'\n' => out.extend_from_slice(b"\r\n"),
                octet => out.push(*octet),
            }
        }
        out
    }

    #[test]
    fn what_matters_is_found_with_its_place() {
        for (text, place, longest) in [
            (&b"ab\r\nabc\nx"[..], None, (2, 3)),
            (b"", None, (1, 0)),
            (b"To: a@x\r\n\r\nab\rc\r\n", Some((3, 3)), (1, 7)),
            (b"\r", Some((1, 1)), (1, 0)),
            (b"a\r\r\n", Some((1, 2)), (1, 1)),
            (b"a\rb\rc", Some((1, 2)), (1, 1)),
        ] {
            let survey = survey(&text.to_vec()).unwrap();
            let found = survey.bare_cr.map(|place| (place.line, place.column));
            assert_eq!((found, survey.longest), (place, longest), "{}", text.escape_ascii());
        }
        // A CRLF that is cut in two by the end of a piece.
        let mut long = vec![b'a'; PIECE - 1];
        long.extend_from_slice(b"\r\nb\n");
        let found = survey(&long).unwrap();
        assert_eq!((found.bare_cr, found.missing, found.longest), (None, 1, (1, PIECE as u64 - 1)));
    }

    proptest! {
        #[test]
        fn every_place_is_that_of_the_whole(
            lines in proptest::collection::vec("[a-c]{0,9}(\r|\n|\r\n|\r\r\n|\n\r)?", 0..40),
            reads in proptest::collection::vec((0..300u64, 0..60usize), 1..12),
        ) {
            let text = lines.concat().into_bytes();
            let wanted = naive(&text);
            let content = survey(&text).unwrap().with_crlf(Arc::new(text));
            prop_assert_eq!(octets(&*content, 0..content.size()).unwrap(), wanted.clone());
            for (offset, len) in reads {
                let (mut one, mut other) = (vec![0; len], vec![0; len]);
                let count = fill(&*content, offset, &mut one).unwrap();
                prop_assert_eq!(count, wanted.read_at(offset, &mut other).unwrap());
                prop_assert_eq!(one, other);
            }
        }
    }

    #[test]
    fn long_contents_are_read_from_marks_as_they_are_in_a_row() {
        let text = b"one\ntwo\r\nthree\rfour and more\n\n".repeat(40_000);
        let wanted = naive(&text);
        let content = survey(&text).unwrap().with_crlf(Arc::new(text));
        assert_eq!(octets(&*content, 0..content.size()).unwrap(), wanted);
        for offset in (0..wanted.len()).rev().step_by(77_777) {
            let mut buffer = [0; 100];
            let count = fill(&*content, offset as u64, &mut buffer).unwrap();
            assert_eq!(buffer[..count], wanted[offset..offset + count], "{offset}");
        }
    }
}
