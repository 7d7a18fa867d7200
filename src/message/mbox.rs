//! Mbox: messages one behind the other in one file, each begun by a From_ line, in all the dialects there are.
//!
//! A line `From ` begins a message at the beginning, or behind an empty line if it looks like what delivery agents
//! write there. Some dialects also say in a Content-Length how long a message is; that counts only where it leads
//! to the next From_ line or to the end, since whoever changed the message since may not have changed the number.
//! The splitter holds one message at a time, however many there are. Knows no files and nothing of what a message means.
//! RFC 4155; <https://doc.dovecot.org/admin_manual/mailbox_formats/mbox/> for what is found in the field.

use super::field;
pub use super::from_line::{Dialect, FROM, from_line, is_mbox};
use super::from_line::{is_dated, is_sender_only, unquoted};
use memchr::memmem;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Octets of a From_ line; delivery agents write an address and a date.
const LINE_MAX: usize = 1000;
/// Octets of a header section that may say how long the body is.
const HEADER_MAX: usize = 1024 * 1024;
/// Octets asked of the reader at once.
const PIECE: usize = 256 * 1024;
/// What of a piece says whether a From_ line begins at its end: a line end behind an empty line, and part of `From `.
const OVERLAP: usize = 8;
/// Line ends that may stand between a body and the next From_ line.
const GAP_MAX: usize = 4;

/// Splits a stream into messages.
pub struct Splitter<R> {
    reader: R,
    dialect: Dialect,
    size_max: usize,
    /// Octets that may be passed over still.
    passed_max: u64,
    from_line: memmem::Finder<'static>,
    window: Vec<u8>,
    /// What of the window is read and not given away.
    live: Range<usize>,
    /// Where in the stream the live octets begin.
    offset: u64,
    /// What of the live octets was given away, and goes when the next is asked for.
    given: usize,
    is_over: bool,
    /// Whether the first From_ line has no date, so that others need none.
    undated: Option<bool>,
}

/// What comes next in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'s> {
    /// A message.
    Message(Entry<'s>),
    /// A message beyond the limit, which was passed over: where it begins, and how many octets it has.
    TooLarge {
        /// Where in the stream.
        offset: u64,
        /// Octets.
        size: u64,
    },
}

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'s> {
    /// Where in the stream the message begins, behind its From_ line.
    pub offset: u64,
    /// The From_ line without its line end; empty for what stands before the first one.
    pub from_line: &'s [u8],
    /// The message. Quoting is undone if the dialect is known.
    pub octets: Cow<'s, [u8]>,
}

/// Where a message lies in the live octets.
struct Extent {
    /// Behind the From_ line.
    start: usize,
    /// Before the empty line that separates it from the next.
    end: usize,
    /// Where the next From_ line begins.
    next: usize,
}

impl<R: Read> Splitter<R> {
    /// Splits what `reader` gives; messages of more than `size_max` octets are passed over.
    pub fn new(reader: R, dialect: Dialect, size_max: usize) -> Self {
        Self {
            reader,
            dialect,
            size_max,
            passed_max: u64::MAX,
            from_line: memmem::Finder::new(b"\nFrom "),
            window: Vec::new(),
            live: 0..0,
            offset: 0,
            given: 0,
            is_over: false,
            undated: None,
        }
    }

    /// The same, which passes over so many octets and then gives up: what comes out of a compressed stream may have no end.
    pub fn passing(self, passed_max: u64) -> Self {
        Self { passed_max, ..self }
    }

    /// Whether it gave up, so that messages may be missing.
    pub fn has_given_up(&self) -> bool {
        self.passed_max == 0
    }

    /// The next message; none at the end.
    pub fn advance(&mut self) -> io::Result<Option<Found<'_>>> {
        let given = std::mem::take(&mut self.given);
        self.drop_front(given);
        if self.live.is_empty() && !self.fill()? {
            return Ok(None);
        }
        let Some(start) = self.line_end(0)? else { return Ok(None) };
        let start = if is_mbox(self.octets()) { start } else { 0 };
        if self.undated.is_none() && start > 0 {
            self.undated = Some(!is_dated(&self.octets()[..start]));
        }
        let Some(extent) = self.extent(start)? else { return self.pass_over(start).map(Some) };
        self.given = extent.next;
        let octets = &self.window[self.live.clone()];
        let message = &octets[extent.start..extent.end];
        Ok(Some(Found::Message(Entry {
            offset: self.offset + extent.start as u64,
            from_line: field::trim_line_end(&octets[..extent.start]),
            octets: unquoted(message, self.dialect),
        })))
    }

    fn octets(&self) -> &[u8] {
        &self.window[self.live.clone()]
    }

    /// Where the message that begins at `start` ends; none if it is beyond the limit.
    fn extent(&mut self, start: usize) -> io::Result<Option<Extent>> {
        // A message, the line end and the From_ line behind it.
        let limit = start.saturating_add(self.size_max).saturating_add(LINE_MAX);
        // Who counts octets needs no empty line in front of the next From_ line, so nobody looks for one before: it may be
        // far away, and would be looked for again from each message.
        if matches!(self.dialect, Dialect::Unknown | Dialect::Cl | Dialect::Cl2)
            && let Some(length) = self.content_length(start)?
            && let Some(end) = self.counted(length.saturating_add(start), limit)?
        {
            return Ok(Some(Extent { start, end: end.start, next: end.end }));
        }
        let next = match self.boundary(start, limit)? {
            Some(next) => next,
            None if self.is_over && self.live.len() <= limit => self.live.len(),
            None => return Ok(None),
        };
        let end = next - separator(&self.octets()[start..next]);
        Ok((end - start <= self.size_max).then_some(Extent { start, end, next }))
    }

    /// Where the next From_ line begins; none if there is none before the end or before `limit`.
    fn boundary(&mut self, start: usize, limit: usize) -> io::Result<Option<usize>> {
        // The line end in front of it may be the one that ends our own From_ line.
        let mut from = start.saturating_sub(1);
        loop {
            while let Some(at) = self.from_line.find(&self.octets()[from..]).map(|at| from + at) {
                from = at + 1;
                if follows_empty_line(&self.octets()[..at]) && self.is_from_line(at + 1)? {
                    return Ok(Some(at + 1));
                }
            }
            // Its beginning may have come, and the rest not.
            from = from.max(self.live.len().saturating_sub(FROM.len()));
            if self.live.len() > limit || !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Octets from where the message at `start` begins to the end its Content-Length gives; none if it gives none.
    fn content_length(&mut self, start: usize) -> io::Result<Option<usize>> {
        let is_empty_line = |octets: &[u8]| matches!(octets, [b'\n', ..] | [b'\r', b'\n', ..]);
        // What stands before has been looked at.
        let mut from = start;
        loop {
            let octets = self.octets();
            let mut ends = memchr::memchr_iter(b'\n', &octets[from..]).map(|at| from + at + 1);
            if is_empty_line(&octets[start..]) || ends.any(|end| is_empty_line(&octets[end..])) {
                return Ok(content_length(&octets[start..]));
            }
            // The line end in front of an empty line may have come, and the CR of that.
            from = octets.len().saturating_sub(2).max(start);
            if octets.len() - start > HEADER_MAX || !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Where a message ends that says how long its body is, and where the next begins: if that is so.
    fn counted(&mut self, end: usize, limit: usize) -> io::Result<Option<Range<usize>>> {
        if end >= limit {
            return Ok(None);
        }
        while self.live.len() < end + LINE_MAX && self.fill()? {}
        let Some(rest) = self.octets().get(end..) else { return Ok(None) };
        let ends = rest.iter().take(GAP_MAX).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        // Not in the middle of a line: the body has its last line end, or there is one behind it.
        if ends == 0 && !self.octets()[..end].ends_with(b"\n") {
            return Ok(None);
        }
        let behind = end + ends;
        let is_true = behind == self.live.len() && self.is_over
            || self.octets()[behind..].starts_with(FROM) && self.is_from_line(behind)?;
        Ok(is_true.then_some(end..behind))
    }

    /// Whether the line at `at`, which begins with `From `, looks like one that a delivery agent wrote.
    fn is_from_line(&mut self, at: usize) -> io::Result<bool> {
        let Some(end) = self.line_end(at)? else { return Ok(false) };
        let line = &self.octets()[at..end];
        Ok(is_dated(line) || self.undated == Some(true) && is_sender_only(line))
    }

    /// Where the line at `at` ends, with its line end or the end of all; none if it is endless.
    fn line_end(&mut self, at: usize) -> io::Result<Option<usize>> {
        loop {
            let rest = self.octets().get(at..).unwrap_or_default();
            let line = field::first_line(&rest[..rest.len().min(LINE_MAX)]);
            let (end, is_whole) = (at + line.len(), line.ends_with(b"\n") || line.len() == LINE_MAX);
            if is_whole || !self.fill()? {
                return Ok((end > at).then_some(end));
            }
        }
    }

    /// Reads on to the next From_ line and keeps nothing.
    fn pass_over(&mut self, start: usize) -> io::Result<Found<'_>> {
        let offset = self.offset + start as u64;
        let mut start = start;
        loop {
            if let Some(next) = self.boundary(start, 0)? {
                self.drop_front(next);
                break;
            }
            let before = self.offset;
            self.drop_front(self.live.len().saturating_sub(OVERLAP));
            self.passed_max = self.passed_max.saturating_sub(self.offset - before);
            if self.has_given_up() {
                self.drop_front(self.live.len());
                self.is_over = true;
                break;
            }
            // What was complete in the overlap has been looked at.
            start = OVERLAP - FROM.len() + 1;
            if !self.fill()? {
                self.drop_front(self.live.len());
                break;
            }
        }
        Ok(Found::TooLarge { offset, size: self.offset - offset })
    }

    /// Reads a piece more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.live.end == self.window.len() {
            // Moved to the front only where that much is free, so that no octet moves more than once or twice.
            if self.live.start >= self.live.len() && self.live.start > 0 {
                self.window.copy_within(self.live.clone(), 0);
                self.live = 0..self.live.len();
            } else {
                self.window.resize(self.window.len() + self.window.len() / 2 + PIECE, 0);
            }
        }
        while !self.is_over {
            match self.reader.read(&mut self.window[self.live.end..]) {
                Ok(0) => self.is_over = true,
                Ok(count) => {
                    self.live.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn drop_front(&mut self, count: usize) {
        self.offset += count as u64;
        self.live.start += count;
        if self.live.is_empty() {
            self.live = 0..0;
        }
    }
}

/// Whether the line that ends behind these octets is empty.
fn follows_empty_line(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"\r").unwrap_or(before);
    before.is_empty() || before.ends_with(b"\n")
}

/// Octets of the empty line that ends a message in an mbox, and is no part of it.
fn separator(message: &[u8]) -> usize {
    match message {
        [.., b'\n', b'\r', b'\n'] | [b'\r', b'\n'] => 2,
        [.., b'\n', b'\n'] | [b'\n'] => 1,
        _ => 0,
    }
}

/// Octets from a message's beginning to the end its Content-Length gives; none if it gives none.
fn content_length(message: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut length = None;
    loop {
        let line = field::first_line(&message[at..]);
        at += line.len();
        if line.is_empty() {
            return None;
        }
        if field::is_empty_line(line) {
            return at.checked_add(length?);
        }
        let Some(colon) = field::colon_of(line) else {
            // What is neither a field nor folded ends the header section as well.
            if field::is_continuation(line) { continue } else { return None }
        };
        if length.is_none() && line[..colon].trim_ascii().eq_ignore_ascii_case(b"Content-Length") {
            length = std::str::from_utf8(line[colon + 1..].trim_ascii()).ok()?.parse().ok();
        }
    }
}

#[cfg(test)]
mod tests;
