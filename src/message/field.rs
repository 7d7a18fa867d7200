//! Header fields as octets: where each begins and ends, its name, its body.
//!
//! The one place that says what a field's first line looks like, so that server, user agent and
//! reader agree on whether a text begins with a header section. Decodes nothing.
//! RFC 5322 §2.2, §2.2.3, §4.5.8.

use memchr::memchr;
use std::ops::Range;

/// One header field of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'o> {
    /// The field name, as written.
    pub name: &'o str,
    /// What follows the colon, folding included, without the last line end.
    pub body: &'o [u8],
    /// The whole field with its line end, within the octets that were read.
    pub at: Range<usize>,
}

/// The fields of a header section, in order. Lines that are none are passed over.
pub fn fields(section: &[u8]) -> Fields<'_> {
    let at = if section.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    Fields { section, at }
}

/// Where the colon stands in a line that begins a field. White space in front of it is obsolete, yet read.
pub fn colon_of(line: &[u8]) -> Option<usize> {
    let end = line.iter().position(|octet| *octet == b':' || !octet.is_ascii_graphic())?;
    let colon = end + line[end..].iter().position(|octet| !matches!(octet, b' ' | b'\t'))?;
    (end > 0 && line[colon] == b':').then_some(colon)
}

/// The mark that some editors put in front of UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Fields that no text begins a line with by chance, apart from those that begin like the others.
const SURE: [&str; 30] = [
    "authentication-results",
    "bcc",
    "cc",
    "comments",
    "date",
    "delivered-to",
    "dkim-signature",
    "errors-to",
    "envelope-to",
    "from",
    "importance",
    "in-reply-to",
    "keywords",
    "lines",
    "message-id",
    "mime-version",
    "newsgroups",
    "organization",
    "precedence",
    "received",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "status",
    "subject",
    "thread-index",
    "thread-topic",
    "to",
    "user-agent",
];
const SURE_BEGINNINGS: [&str; 7] = ["x-", "content-", "list-", "resent-", "arc-", "disposition-notification-", "ms-"];

/// What a line is to a header section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Part of it: a field, what continues one, or what mbox files put in front.
    Field,
    /// None of these, yet a slip, since something that is surely a field follows it.
    Slip,
    /// What comes behind the section, without an empty line between.
    Beyond,
}

/// Says what the first line of `octets` is, which is not empty. The first line of a section may be less than a later one,
/// that of a whole message more than that of a part. `None` if that hangs on octets that are still to come.
pub fn sort_line(octets: &[u8], is_first: bool, is_outermost: bool, is_whole: bool) -> Option<Line> {
    let (line, rest) = octets.split_at(first_line(octets).len());
    sort(line, rest, (is_first, is_outermost), is_whole)
}

/// The same for a line and what follows it.
pub(super) fn sort(line: &[u8], rest: &[u8], (is_first, is_outermost): (bool, bool), is_whole: bool) -> Option<Line> {
    let is_marked = || line.strip_prefix(BYTE_ORDER_MARK).is_some_and(|line| colon_of(line).is_some());
    // `From alice Thu Jan 1 …`, as mbox files put before each message.
    let is_mbox_line = || line.starts_with(b"From ") || line.starts_with(b">From ");
    let is_field = colon_of(line).is_some() || !is_first && is_continuation(line);
    if is_field || is_first && is_outermost && (is_mbox_line() || is_marked()) {
        return Some(Line::Field);
    }
    // Words in the first line are the text, even where that goes on to quote a header; and what looks like a boundary
    // belongs to a multipart whose own header section is at fault.
    if is_first && !is_mbox_line() && !is_continuation(line) || line.starts_with(b"--") {
        return Some(Line::Beyond);
    }
    // A colon without a name is a field that somebody broke; text hardly begins so.
    let is_nameless = !is_first && line.starts_with(b":");
    Some(if is_nameless || goes_on(rest, is_whole)? { Line::Slip } else { Line::Beyond })
}

/// Whether what continues the line before is followed by a field that is surely one.
fn goes_on(octets: &[u8], is_whole: bool) -> Option<bool> {
    let mut rest = octets;
    loop {
        let line = first_line(rest);
        if !line.ends_with(b"\n") && !is_whole {
            return None;
        }
        if line.is_empty() || is_empty_line(line) {
            return Some(false);
        }
        if !is_continuation(line) {
            return Some(is_sure(line));
        }
        rest = &rest[line.len()..];
    }
}

fn is_sure(line: &[u8]) -> bool {
    colon_of(line).is_some_and(|colon| is_sure_name(&line[..colon]))
}

/// Whether a name, perhaps with blanks behind it, is one that no text begins a line with by chance.
pub(crate) fn is_sure_name(name: &[u8]) -> bool {
    let name = trim_blanks_end(name);
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|n| n.eq_ignore_ascii_case(start.as_bytes()));
    SURE.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) || SURE_BEGINNINGS.iter().any(begins)
}

/// Whether a message begins with a header section, be it an empty one; if not, it is text from its first line.
pub fn has_header_section(message: &[u8]) -> bool {
    let line = first_line(message);
    message.is_empty() || is_empty_line(line) || colon_of(line).is_some()
}

/// Whether a line ends the header section.
pub fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// Where the body begins, behind the first empty line; none if the header section has no end here.
pub fn section_end(message: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', message).map(|at| at + 1);
    std::iter::once(0).chain(ends.by_ref()).find_map(|start| match message.get(start..)? {
        [b'\n', ..] => Some(start + 1),
        [b'\r', b'\n', ..] => Some(start + 2),
        _ => None,
    })
}

/// Whether a line continues the field above it (RFC 5322 §2.2.3).
pub fn is_continuation(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
}

/// The first line with its LF; all octets if there is none.
pub fn first_line(octets: &[u8]) -> &[u8] {
    memchr(b'\n', octets).map_or(octets, |end| &octets[..=end])
}

/// A line without its LF or CRLF.
pub fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn trim_blanks_end(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|octet| !matches!(octet, b' ' | b'\t')).map_or(0, |last| last + 1);
    &octets[..end]
}

/// See [`fields`].
#[derive(Debug, Clone)]
pub struct Fields<'o> {
    section: &'o [u8],
    at: usize,
}

impl<'o> Iterator for Fields<'o> {
    type Item = Field<'o>;

    fn next(&mut self) -> Option<Field<'o>> {
        loop {
            let start = self.at;
            let line = first_line(&self.section[start..]);
            if line.is_empty() || is_empty_line(line) {
                self.at = self.section.len();
                return None;
            }
            self.at += line.len();
            let Some(colon) = colon_of(line) else { continue };
            while is_continuation(&self.section[self.at..]) {
                self.at += first_line(&self.section[self.at..]).len();
            }
            let name = std::str::from_utf8(trim_blanks_end(&line[..colon])).unwrap_or_default();
            let body = trim_line_end(&self.section[start + colon + 1..self.at]);
            return Some(Field { name, body, at: start..self.at });
        }
    }
}

impl Field<'_> {
    /// Field names know no case (RFC 5322 §1.2.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_with_their_folding() {
        let section = b"Subject: a\r\n b\r\nX-Empty:\r\nTo :c@d\nnot a field\n\r\nBody: no\r\n";
        let found: Vec<_> = fields(section).map(|f| (f.name, f.body, f.at)).collect();
        assert_eq!(found, [("Subject", &b" a\r\n b"[..], 0..16), ("X-Empty", b"", 16..26), ("To", b"c@d", 26..34),]);
    }

    #[test]
    fn a_header_section_ends_behind_an_empty_line() {
        for (message, wanted) in [
            (&b"A: b\n\nc"[..], Some(6)),
            (b"A: b\r\n\r\nc", Some(8)),
            (b"\nc", Some(1)),
            (b"\r\nc", Some(2)),
            (b"A: b\r\n\r", None),
            (b"A: b\n", None),
            (b"", None),
        ] {
            assert_eq!(section_end(message), wanted, "{}", message.escape_ascii());
        }
    }

    #[test]
    fn a_bare_text_is_told_from_a_message() {
        for (message, wanted) in [
            (&b"Subject: x\r\n\r\ntext"[..], true),
            (b"\r\ntext: no field, but the section is empty", true),
            (b"\ntext", true),
            (b"", true),
            (b"X :obsolete\r\n", true),
            (b"Do you like ketchup?\r\nHow about pickles?\r\n", false),
            (b"Dear Bob: hello\r\n", false),
            (b" folded: into what came before\r\n", false),
            (b": no name\r\n", false),
            (b"From alice Thu Jan  1 00:00:00 1970\r\n", false),
            (b"caf\xe9: x\r\n", false),
            (b"one line", false),
        ] {
            assert_eq!(has_header_section(message), wanted, "{}", message.escape_ascii());
        }
    }
}
