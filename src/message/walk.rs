//! One pass over the lines of a message, which finds where its parts begin and end.
//!
//! Holds what is open in a list instead of on the call stack, and looks each boundary line up once, however many
//! boundaries are waited for. The limits and what is found are [`super::guard`]'s.
//! RFC 2046 §5.1, §5.2; RFC 5322 §2.2.

use super::field::{self, Line};
use super::guard::{Block, BlockKind, Flaw, FlawCode, Limits, Verdict};
use super::media::MediaType;
use super::transfer::Encoding;
use memchr::memmem;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// Finds what a boundary line begins with; made once, since most messages are short.
static MARKS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\n--"));

/// Finds the structure of a message.
pub(super) fn walk(octets: &[u8], limits: &Limits) -> Verdict {
    let mut walk = Walk::new(octets, limits);
    walk.entity(None, 0);
    while walk.step() {}
    walk.finish()
}

/// A multipart or message whose end is not reached yet.
struct Open {
    block: usize,
    /// None for a message, and for a multipart behind its last boundary.
    boundary: Option<Vec<u8>>,
    parts: usize,
}

struct Walk<'o> {
    octets: &'o [u8],
    limits: Limits,
    at: usize,
    line: usize,
    open: Vec<Open>,
    /// For each boundary the levels in `open` that use it: a line is looked up once, however deep we are.
    levels: HashMap<Vec<u8>, Vec<usize>>,
    /// Finds what a boundary line begins with.
    marks: &'static memmem::Finder<'static>,
    /// The block whose body the cursor is in, if it is a leaf.
    leaf: Option<usize>,
    /// The line number at which each block's header and body begin.
    starts: Vec<(usize, usize)>,
    /// What was told of which block already.
    told: HashSet<(FlawCode, usize)>,
    verdict: Verdict,
}

/// A boundary line: whose, and whether it is the last.
struct Delimiter {
    level: usize,
    last: bool,
}

impl<'o> Walk<'o> {
    fn new(octets: &'o [u8], limits: &Limits) -> Self {
        let verdict = Verdict { blocks: Vec::new(), flaws: Vec::new(), truncated: false };
        Self {
            octets,
            limits: *limits,
            at: 0,
            line: 0,
            open: Vec::new(),
            levels: HashMap::new(),
            marks: &MARKS,
            leaf: None,
            starts: Vec::new(),
            told: HashSet::new(),
            verdict,
        }
    }

    /// Moves over the lines of a body up to one that may be a boundary, and over that; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.octets[self.at..];
        if rest.is_empty() {
            return false;
        }
        if !rest.starts_with(b"--") {
            let next = if self.levels.is_empty() { None } else { self.marks.find(rest) };
            self.advance(next.map_or(rest.len(), |end| end + 1));
            return true;
        }
        let line = self.peek();
        match self.delimiter(line) {
            Some(delimiter) => self.cross(delimiter, line.len()),
            None => self.pass(line),
        }
        true
    }

    fn peek(&self) -> &'o [u8] {
        field::first_line(&self.octets[self.at..])
    }

    /// Moves over one line.
    fn pass(&mut self, line: &[u8]) {
        self.at += line.len();
        self.line += usize::from(line.ends_with(b"\n"));
    }

    fn advance(&mut self, length: usize) {
        let passed = &self.octets[self.at..self.at + length];
        self.at += length;
        self.line += memchr::memchr_iter(b'\n', passed).count();
    }

    /// The boundary a line is, of the innermost multipart that has it (RFC 2046 §5.1.1: blanks may follow).
    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        let text = line.strip_prefix(b"--").filter(|_| !self.levels.is_empty())?.trim_ascii_end();
        let find = |text: &[u8]| self.levels.get(text).and_then(|levels| levels.last()).copied();
        match find(text) {
            Some(level) => Some(Delimiter { level, last: false }),
            None => find(text.strip_suffix(b"--")?).map(|level| Delimiter { level, last: true }),
        }
    }

    fn cross(&mut self, delimiter: Delimiter, length: usize) {
        let before = self.at;
        // What is open within this multipart ends here, with or without its own last boundary.
        self.close(delimiter.level + 1, before);
        self.advance(length);
        let Some(open) = self.open.get_mut(delimiter.level) else { return };
        let block = open.block;
        if delimiter.last {
            let is_empty = open.parts == 0;
            let boundary = open.boundary.take().unwrap_or_default();
            self.forget(&boundary);
            if is_empty {
                self.flaw(FlawCode::NoParts, block, before);
            }
            return;
        }
        // Some senders write boundary lines twice; there is no part between two of them.
        if self.delimiter(self.peek()).is_some() {
            self.flaw(FlawCode::EmptyPart, block, before);
            return;
        }
        if let Some(open) = self.open.get_mut(delimiter.level) {
            open.parts += 1;
        }
        if self.verdict.blocks.len() >= self.limits.parts {
            self.limit(FlawCode::TooManyParts, block, before);
        } else {
            self.entity(Some(block), self.open.len());
        }
    }

    /// Reads a header section and opens what begins behind it: a leaf, a multipart, or messages within messages.
    fn entity(&mut self, mut parent: Option<usize>, mut depth: usize) {
        loop {
            let index = self.header(parent);
            let Some(block) = self.verdict.blocks.get(index) else { return };
            let is_multipart = block.media.main == "multipart";
            if !is_multipart && !block.media.is_message() {
                self.leaf = Some(index);
                return;
            }
            let boundary = block.media.parameters.get("boundary").map(String::into_bytes).unwrap_or_default();
            let boundary = boundary.trim_ascii_end().to_vec();
            let offset = block.body.start;
            let obstacle = if !block.encoding.is_identity() {
                Some(FlawCode::EncodedStructure)
            } else if is_multipart && boundary.is_empty() {
                Some(FlawCode::NoBoundary)
            } else if depth >= self.limits.depth {
                Some(FlawCode::TooDeep)
            } else if !is_multipart && self.verdict.blocks.len() >= self.limits.parts {
                Some(FlawCode::TooManyParts)
            } else {
                None
            };
            match obstacle {
                // Some senders declare base64 for a multipart and then write it plainly.
                Some(FlawCode::EncodedStructure)
                    if is_multipart && !boundary.is_empty() && depth < self.limits.depth =>
                {
                    self.flaw(FlawCode::EncodedStructure, index, offset);
                }
                Some(code @ (FlawCode::TooDeep | FlawCode::TooManyParts)) => {
                    self.limit(code, index, offset);
                    self.leaf = Some(index);
                    return;
                }
                Some(code) => {
                    self.flaw(code, index, offset);
                    self.leaf = Some(index);
                    return;
                }
                None => {}
            }
            if let Some(block) = self.verdict.blocks.get_mut(index) {
                block.kind = if is_multipart { BlockKind::Multipart } else { BlockKind::Message };
            }
            if is_multipart {
                self.levels.entry(boundary.clone()).or_default().push(self.open.len());
                self.open.push(Open { block: index, boundary: Some(boundary), parts: 0 });
                return;
            }
            self.open.push(Open { block: index, boundary: None, parts: 1 });
            (parent, depth) = (Some(index), depth + 1);
        }
    }

    /// Reads a header section at the cursor and adds its block.
    fn header(&mut self, parent: Option<usize>) -> usize {
        let (start, start_line, index) = (self.at, self.line, self.verdict.blocks.len());
        let mut readable = None;
        let mut flaw = None;
        let mut lines = 0;
        // Where the first field stands that could be one of those that count here: their names begin with a C, perhaps
        // behind a byte order mark.
        let mut typed = None;
        loop {
            let line = self.peek();
            if line.is_empty() {
                break;
            }
            if field::is_empty_line(line) {
                self.pass(line);
                break;
            }
            if self.delimiter(line).is_some() {
                flaw = Some((FlawCode::NoEmptyLine, self.at));
                break;
            }
            let rest = &self.octets[self.at + line.len()..];
            match field::sort(line, rest, (lines == 0, parent.is_none()), true).unwrap_or(Line::Beyond) {
                Line::Field if matches!(line, [b'c' | b'C' | 0xef, ..]) => typed = typed.or(Some(self.at)),
                Line::Field => {}
                Line::Slip => flaw = flaw.or(Some((FlawCode::NotAField, self.at))),
                Line::Beyond => {
                    let code = if lines == 0 { FlawCode::NoFieldLine } else { FlawCode::NoEmptyLine };
                    flaw = Some((code, self.at));
                    break;
                }
            }
            lines += 1;
            let length = self.at + line.len() - start;
            if readable.is_none() && (lines > self.limits.header_lines || length > self.limits.header_octets) {
                readable = Some(self.at);
            }
            self.pass(line);
        }
        let end = self.at;
        // A single line beyond the limit is not read at all: half a field could mean something else.
        let readable = start..readable.unwrap_or(end);
        let typed = typed.unwrap_or(readable.end).min(readable.end)..readable.end;
        let (media, encoding, bad_type) = self.type_of(&typed, parent);
        self.verdict.blocks.push(Block {
            parent,
            header: start..end,
            readable: readable.clone(),
            body: end..self.octets.len(),
            lines: 0,
            lines_whole: 0,
            kind: BlockKind::Leaf,
            media,
            encoding,
        });
        self.starts.push((start_line, self.line));
        if let Some((code, offset)) = flaw {
            self.flaw(code, index, offset);
        }
        if readable.end < end {
            self.limit(FlawCode::HeaderTooLong, index, readable.end);
        }
        if bad_type {
            self.flaw(FlawCode::BadContentType, index, start);
        }
        index
    }

    /// The type by the first Content-Type that is one, else by default (RFC 2045 §5.2, RFC 2046 §5.1.5).
    fn type_of(&self, typed: &Range<usize>, parent: Option<usize>) -> (MediaType, Encoding, bool) {
        let section = &self.octets[typed.clone()];
        let (mut media, mut encoding, mut bad) = (None, None, false);
        for field in field::fields(section) {
            if media.is_none() && field.is("Content-Type") {
                media = MediaType::parse(field.body);
                bad |= media.is_none();
            } else if encoding.is_none() && field.is("Content-Transfer-Encoding") {
                encoding = Some(Encoding::parse(field.body));
            }
        }
        let in_digest =
            parent.and_then(|at| self.verdict.blocks.get(at)).is_some_and(|b| b.media.is("multipart", "digest"));
        let default = || if in_digest { MediaType::new("message", "rfc822") } else { MediaType::new("text", "plain") };
        (media.unwrap_or_else(default), encoding.unwrap_or_default(), bad)
    }

    /// Ends everything open from `level` inwards at an offset, which stands before a boundary line or at the end.
    fn close(&mut self, level: usize, offset: usize) {
        // A boundary line never stands at the end itself: it is at least as long as its boundary.
        let at_end = offset == self.octets.len();
        let mut within = 0;
        if let Some(leaf) = self.leaf.take() {
            within = self.end(leaf, offset, at_end, within);
        }
        while self.open.len() > level {
            let Some(open) = self.open.pop() else { return };
            within = self.end(open.block, offset, at_end, within);
            let Some(boundary) = open.boundary else { continue };
            self.forget(&boundary);
            match (open.parts, self.verdict.blocks.get_mut(open.block)) {
                (0, Some(block)) => {
                    block.kind = BlockKind::Leaf;
                    self.flaw(FlawCode::NoParts, open.block, offset);
                }
                _ => self.flaw(FlawCode::NoEndBoundary, open.block, offset),
            }
        }
    }

    /// Sets a block's end and returns it. The line end in front of a boundary belongs to the boundary (RFC 2046
    /// §5.1.1), unless a header section within, which ends at `within`, needs it as its empty line.
    fn end(&mut self, index: usize, offset: usize, at_end: bool, within: usize) -> usize {
        let (Some(block), Some((whole, body))) = (self.verdict.blocks.get_mut(index), self.starts.get(index)) else {
            return within;
        };
        let text = &self.octets[block.body.start..offset.max(block.body.start)];
        let mut kept = if at_end { text } else { field::trim_line_end(text) };
        if block.body.start + kept.len() < within {
            kept = text;
        }
        block.body.end = block.body.start + kept.len();
        let cut = usize::from(kept.len() < text.len());
        block.lines = (self.line - body).saturating_sub(cut);
        block.lines_whole = (self.line - whole).saturating_sub(cut);
        block.body.end
    }

    fn forget(&mut self, boundary: &[u8]) {
        if let Some(levels) = self.levels.get_mut(boundary) {
            levels.pop();
            if levels.is_empty() {
                self.levels.remove(boundary);
            }
        }
    }

    /// What happens again and again in a block is told once: else two flaws in turn would grow with the message.
    fn flaw(&mut self, code: FlawCode, block: usize, offset: usize) {
        if self.told.insert((code, block)) {
            self.verdict.flaws.push(Flaw { code, block, offset });
        }
    }

    fn limit(&mut self, code: FlawCode, block: usize, offset: usize) {
        self.verdict.truncated = true;
        self.flaw(code, block, offset);
    }

    fn finish(mut self) -> Verdict {
        self.close(0, self.octets.len());
        self.verdict
    }
}
