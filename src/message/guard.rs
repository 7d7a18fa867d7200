//! The gate for foreign octets: finds the parts of a message under limits, before anything else reads it.
//!
//! One pass over the lines, no recursion, memory bounded by the limits: a message of a hundred thousand
//! nested messages costs what its octets cost, and what lies beyond a limit is simply opaque. mail-parser
//! follows nesting on the call stack and dies of it, so it never sees more than one field of what passed here.
//! Knows where parts are, not what they mean. RFC 2046 §5.1, §5.2; RFC 5322 §2.1.1.

use super::media::MediaType;
use super::transfer::Encoding;
use super::walk;
use std::ops::Range;

/// How much structure a message may have; the rest is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Multiparts and messages within each other.
    pub depth: usize,
    /// Parts in all.
    pub parts: usize,
    /// Octets of one header section that are read.
    pub header_octets: usize,
    /// Lines of one header section that are read.
    pub header_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 100, parts: 10_000, header_octets: 1024 * 1024, header_lines: 10_000 }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The parts in the order of their beginnings; the first is the message itself.
    pub blocks: Vec<Block>,
    /// What is wrong, in the order it was met; not more than one of a kind for each part.
    pub flaws: Vec<Flaw>,
    /// Whether a limit was met, so that parts or fields may be missing here.
    pub truncated: bool,
}

/// One part: a header section and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The part this one stands in, as an index; none for the message itself.
    pub parent: Option<usize>,
    /// The header section, with the empty line behind it.
    pub header: Range<usize>,
    /// As much of the header section as the limits let anybody read.
    pub readable: Range<usize>,
    /// The body: encoded, with the line end in front of a boundary left out.
    pub body: Range<usize>,
    /// Line ends in the body.
    pub lines: usize,
    /// Line ends in the header section and the body.
    pub lines_whole: usize,
    /// What stands in the body.
    pub kind: BlockKind,
    /// The type, declared or by default.
    pub media: MediaType,
    /// The transfer encoding.
    pub encoding: Encoding,
}

/// What a body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Content; or structure that a limit, an encoding or a missing boundary makes unreadable.
    Leaf,
    /// Parts between boundaries.
    Multipart,
    /// A message with a header section of its own, which is the one part below.
    Message,
}

/// Something wrong with the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// What.
    pub code: FlawCode,
    /// The part it concerns, as an index.
    pub block: usize,
    /// Where, in octets from the beginning of the message.
    pub offset: usize,
}

/// What can be wrong with the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlawCode {
    /// Text where a header field should be.
    NoFieldLine,
    /// A line among the fields that is none.
    NotAField,
    /// A header section that runs into a body or a boundary without an empty line.
    NoEmptyLine,
    /// A header section beyond the limits.
    HeaderTooLong,
    /// A Content-Type that is none.
    BadContentType,
    /// A multipart that names no boundary.
    NoBoundary,
    /// A multipart without a part between its boundaries, which may never come.
    NoParts,
    /// Two boundary lines with nothing between them.
    EmptyPart,
    /// A multipart without its last boundary.
    NoEndBoundary,
    /// A multipart or message with an encoding that it may not have (RFC 2045 §6.4).
    EncodedStructure,
    /// Nesting beyond the limit.
    TooDeep,
    /// Parts beyond the limit.
    TooManyParts,
}

impl FlawCode {
    /// Whether a limit of ours was met, so that something is missing.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::HeaderTooLong | Self::TooDeep | Self::TooManyParts)
    }
}

/// Finds the structure of a message. Linear in its octets, whatever they are.
pub fn check(octets: &[u8], limits: &Limits) -> Verdict {
    walk::walk(octets, limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each block as `type header-length body`, and the flaws; LF in the source becomes CRLF.
    fn shown(source: &str, limits: &Limits) -> (Vec<String>, Vec<FlawCode>, bool) {
        let octets = source.replace('\n', "\r\n").into_bytes();
        let verdict = check(&octets, limits);
        let body = |block: &Block| String::from_utf8_lossy(&octets[block.body.clone()]).replace("\r\n", "\n");
        let one = |block: &Block| match block.kind {
            BlockKind::Leaf => format!("{} {:?}", block.media, body(block)),
            kind => format!("{} {kind:?}", block.media),
        };
        let flaws = verdict.flaws.iter().map(|flaw| flaw.code).collect();
        (verdict.blocks.iter().map(one).collect(), flaws, verdict.truncated)
    }

    #[test]
    fn parts_are_found_in_messages_as_they_come() {
        use FlawCode::*;
        const MIXED: &str = "multipart/mixed Multipart";
        for (source, blocks, flaws) in [
            ("Subject: x\n\nbody\n", &["text/plain \"body\\n\""][..], &[][..]),
            ("", &["text/plain \"\""], &[]),
            ("\n", &["text/plain \"\""], &[]),
            ("no fields here\n", &["text/plain \"no fields here\\n\""], &[NoFieldLine]),
            ("A: b\nno field\n", &["text/plain \"no field\\n\""], &[NoEmptyLine]),
            ("From x Thu\nA: b\n\nc", &["text/plain \"c\""], &[]),
            ("\u{feff}From: a\nTo: b\n\nc", &["text/plain \"c\""], &[]),
            ("\u{feff}content-type: a/b\nTo: b\n\nc", &["a/b \"c\""], &[]),
            ("Cc: a\nX: b\n content-type: a/b\nCONTENT-TYPE : c/d\n\nc", &["c/d \"c\""], &[]),
            // A slip in the header section, and none.
            ("From: a\nslip\n (folded)\nTo: b\n\nc", &["text/plain \"c\""], &[NotAField]),
            ("From: a\n: b\nReceived: x\n\nc", &["text/plain \"c\""], &[NotAField]),
            ("From: a\n: b\n::  From: c\n\nd", &["text/plain \"d\""], &[NotAField]),
            ("From: a\nFrom b Thu\nX-Y: z\n\nc", &["text/plain \"c\""], &[NotAField]),
            (" x\nSubject: y\n\nc", &["text/plain \"c\""], &[NotAField]),
            ("From: a\nHello.\nNote: b\n\nc", &["text/plain \"Hello.\\nNote: b\\n\\nc\""], &[NoEmptyLine]),
            ("From: a\nHello.\nBob.\nTo: b\n", &["text/plain \"Hello.\\nBob.\\nTo: b\\n\""], &[NoEmptyLine]),
            ("Hello.\nTo: b\n\nc", &["text/plain \"Hello.\\nTo: b\\n\\nc\""], &[NoFieldLine]),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nFrom x Thu\nContent-Type: text/html\n\nc\n--b--\n",
                &[MIXED, "text/html \"c\""],
                &[NotAField],
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\nslip\n--b--\n",
                &[MIXED, "text/plain \"slip\""],
                &[NoEmptyLine],
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b \t\nA: b\n\ntwo\n\n--b--\nepi\n",
                &[MIXED, "text/plain \"one\"", "text/plain \"two\\n\""],
                &[],
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\n--b-\n -- b\n--b--x\n",
                &[MIXED, "text/plain \"one\\n--bb\\n--b-\\n -- b\\n--b--x\\n\""],
                &[NoEndBoundary],
            ),
            ("Content-Type: multipart/mixed\n\n--b\n", &["multipart/mixed \"--b\\n\""], &[NoBoundary]),
            ("Content-Type: multipart/mixed; boundary=b\n\nx\n", &["multipart/mixed \"x\\n\""], &[NoParts]),
            ("Content-Type: multipart/mixed; boundary=b\n\n--b--\n", &[MIXED], &[NoParts]),
            ("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--\n", &[MIXED], &[EmptyPart, NoParts]),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\nA: b\n--b--\n",
                &[MIXED, "text/plain \"\""],
                &[EmptyPart, NoEmptyLine],
            ),
            (
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n\
                 --b\n\nin\n--a\n\nout\n--a--\n",
                &[MIXED, MIXED, "text/plain \"in\"", "text/plain \"out\""],
                &[NoEndBoundary],
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n\
                 --b\n\nin\n--b--\n--b\n\nout\n--b--\n",
                &[MIXED, MIXED, "text/plain \"in\"", "text/plain \"out\""],
                &[],
            ),
            (
                "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ntext\n--b--\n",
                &["multipart/digest Multipart", "message/rfc822 Message", "text/plain \"text\""],
                &[],
            ),
            (
                "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYg==\n",
                &["message/rfc822 \"QTogYg==\\n\""],
                &[EncodedStructure],
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\nx\n--b--\n",
                &[MIXED, "text/plain \"x\""],
                &[EncodedStructure],
            ),
        ] {
            let wanted = (blocks.iter().map(ToString::to_string).collect(), flaws.to_vec(), false);
            assert_eq!(shown(source, &Limits::default()), wanted, "{source}");
        }
    }

    #[test]
    fn what_is_beyond_a_limit_is_opaque() {
        let limits = Limits { depth: 2, parts: 4, header_octets: 60, header_lines: 3 };
        for (source, count, flaw) in [
            ("Content-Type: message/rfc822\n\n".repeat(5), 3, FlawCode::TooDeep),
            (
                format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(9)),
                4,
                FlawCode::TooManyParts,
            ),
            ("A: b\n".repeat(5), 1, FlawCode::HeaderTooLong),
            (format!("A: {}\n", "b".repeat(60)), 1, FlawCode::HeaderTooLong),
        ] {
            let (blocks, flaws, truncated) = shown(&source, &limits);
            assert_eq!((blocks.len(), flaws.contains(&flaw), truncated), (count, true, true), "{source}");
        }
        let octets = b"A: b\r\nB: c\r\nC: d\r\nContent-Type: a/b\r\n\r\nbody";
        let verdict = check(octets, &limits);
        assert_eq!(verdict.blocks[0].media, MediaType::new("text", "plain"), "what is not read does not count");
        assert_eq!(&octets[verdict.blocks[0].body.clone()], b"body");
    }

    proptest! {
        #[test]
        fn blocks_lie_within_each_other_whatever_comes(
            lines in proptest::collection::vec(
                "(--[ab](--)?|Content-Type: (multipart/(mixed|digest); boundary=[ab]|message/rfc822)|x: y| z||w)\r?\n?", 0..30),
            parts in 1..9usize,
        ) {
            let octets = lines.concat().into_bytes();
            let limits = Limits { depth: 4, parts, ..Limits::default() };
            let verdict = check(&octets, &limits);
            prop_assert!(!verdict.blocks.is_empty() && verdict.blocks.len() <= parts);
            for (index, block) in verdict.blocks.iter().enumerate() {
                prop_assert!(block.header.end == block.body.start && block.body.start <= block.body.end);
                prop_assert!(block.body.end <= octets.len());
                prop_assert_eq!(block.lines, octets[block.body.clone()].iter().filter(|o| **o == b'\n').count());
                if let Some(parent) = block.parent {
                    prop_assert!(parent < index);
                    let parent = &verdict.blocks[parent];
                    prop_assert!(parent.kind != BlockKind::Leaf);
                    prop_assert!(parent.body.start <= block.header.start && block.body.end <= parent.body.end);
                }
            }
        }
    }
}
