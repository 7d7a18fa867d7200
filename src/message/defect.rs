//! What is wrong with a message, in words: every reader repairs silently, this one says what it repaired.
//!
//! Looks at structure, header fields and contents; changes nothing. A message with defects is still read.
//! RFC 5322 §2.1.1, §3.6; RFC 2045 §2.7, §6; RFC 2047.

use super::defect_code;
use super::field;
use super::guard::{BlockKind, Flaw, FlawCode};
use super::view::{Message, Part};
use super::words;

/// Defects that are told; a hostile message could have one for each octet.
const DEFECTS_MAX: usize = 1000;
/// Octets in a line (RFC 5322 §2.1.1).
const LINE_MAX: usize = 998;
/// Fields that a message has once (RFC 5322 §3.6), or a part (RFC 2045 §3).
const SINGLE: [&str; 14] = [
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// One defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// A short name that stays the same: `bad-base64`.
    pub code: &'static str,
    /// The number of the part it was found in.
    pub part: String,
    /// Where, in octets from the beginning of the message.
    pub offset: usize,
    /// How bad it is.
    pub severity: Severity,
    /// A sentence for people; may hold foreign text.
    pub text: String,
}

/// How bad a defect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Against a standard, and harmless.
    Info,
    /// Other readers may see something else.
    Warn,
    /// Something is lost, left out, or meant to deceive.
    Error,
}

impl Severity {
    /// `info`, `warn`, `error`
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl Defect {
    /// One of a code in the table.
    pub fn new(code: &'static str, part: &str, offset: usize, text: impl Into<String>) -> Self {
        let severity = defect_code::find(code).map_or(Severity::Error, |code| code.severity);
        Self { code, part: part.to_owned(), offset, severity, text: text.into() }
    }

    /// The section of a standard that it offends; empty for a limit of ours.
    pub fn section(&self) -> &'static str {
        defect_code::find(self.code).map_or("", |code| code.section)
    }
}

/// The defects of a message in the order of their places.
pub fn defects(message: &Message<'_>) -> Vec<Defect> {
    let mut found = Found { list: Vec::new() };
    // What was left out is told first: it must not be left out itself.
    let (limits, others): (Vec<&Flaw>, Vec<&Flaw>) = message.flaws().iter().partition(|flaw| flaw.code.is_limit());
    for flaw in limits.into_iter().chain(others) {
        if !found.is_full() {
            found.list.push(of_flaw(message, flaw));
        }
    }
    lines(message, &mut found);
    for part in message.parts() {
        if found.is_full() {
            break;
        }
        header(message, part, &mut found);
        if part.kind == BlockKind::Leaf {
            content(message, part, &mut found);
        }
    }
    let is_full = found.is_full();
    found.list.sort_by_key(|defect| defect.offset);
    if is_full {
        let text = format!("there are more than {DEFECTS_MAX} defects; the others are not told");
        found.list.push(Defect::new("too-many-defects", &message.root().id, message.octets().len(), text));
    }
    found.list
}

/// The limits of ours that were met, so that something is missing.
pub fn limits<'m>(message: &'m Message<'_>) -> impl Iterator<Item = Defect> + 'm {
    message.flaws().iter().filter(|flaw| flaw.code.is_limit()).map(|flaw| of_flaw(message, flaw))
}

fn of_flaw(message: &Message<'_>, flaw: &Flaw) -> Defect {
    let part = message.parts().get(flaw.block).map_or("", |part| part.id.as_str());
    let (code, text) = words_for(flaw.code);
    Defect::new(code, part, flaw.offset, text)
}

struct Found {
    list: Vec<Defect>,
}

impl Found {
    fn push(&mut self, code: &'static str, part: &str, offset: usize, text: impl Into<String>) {
        if !self.is_full() {
            self.list.push(Defect::new(code, part, offset, text));
        }
    }

    fn is_full(&self) -> bool {
        self.list.len() >= DEFECTS_MAX
    }
}

fn words_for(code: FlawCode) -> (&'static str, &'static str) {
    match code {
        FlawCode::NoFieldLine => ("no-header-section", "there is no header section; all of it is taken for text"),
        FlawCode::NotAField => ("not-a-field", "a line among the header fields is none; it is passed over"),
        FlawCode::NoEmptyLine => ("no-empty-line", "no empty line stands between header section and body"),
        FlawCode::HeaderTooLong => ("header-too-long", "the header section is beyond the limits; its rest is not read"),
        FlawCode::BadContentType => {
            ("bad-content-type", "the Content-Type cannot be understood; text/plain is assumed")
        }
        FlawCode::NoBoundary => ("missing-boundary", "a multipart names no boundary, so its parts cannot be found"),
        FlawCode::NoParts => ("no-parts", "a multipart has no part between its boundaries"),
        FlawCode::EmptyPart => ("empty-part", "two boundary lines stand without a part between them"),
        FlawCode::NoEndBoundary => {
            ("missing-end-boundary", "the last boundary is missing; the message may have been cut")
        }
        FlawCode::EncodedStructure => {
            ("encoded-structure", "a multipart or message may not have this transfer encoding")
        }
        FlawCode::TooDeep => ("truncated-depth", "parts are nested too deeply; what is further inside is not read"),
        FlawCode::TooManyParts => ("truncated-parts", "there are too many parts; the others are not read"),
    }
}

/// Line ends and lengths: one defect of a kind, at its first place.
fn lines(message: &Message<'_>, found: &mut Found) {
    let octets = message.octets();
    let (mut bare_lf, mut bare_cr, mut nul) = (None, None, None);
    // A file with LF throughout is how Unix keeps a message, and nearly every file holds nothing else that counts here;
    // only a mixture is a defect.
    if memchr::memchr2(b'\r', 0, octets).is_some() {
        let (mut pairs, mut start) = (0, 0);
        for end in memchr::memchr_iter(b'\n', octets) {
            match octets[start..end].last() {
                Some(b'\r') => pairs += 1,
                _ => bare_lf = bare_lf.or(Some(end)),
            }
            start = end + 1;
        }
        bare_lf = bare_lf.filter(|_| pairs > 0);
        // What is cut off between CR and LF is cut off and no more. Counting is faster than looking for what hardly ever is.
        let crs = || memchr::memchr_iter(b'\r', octets.strip_suffix(b"\r").unwrap_or(octets));
        let is_bare = |at: &usize| octets.get(at + 1) != Some(&b'\n');
        bare_cr = if crs().count() > pairs { crs().find(is_bare) } else { None };
        nul = memchr::memchr(0, octets);
    }
    let id = &message.root().id;
    if let Some(offset) = bare_lf {
        found.push("bare-lf", id, offset, "some lines end with LF alone, others with CRLF");
    }
    if let Some(offset) = bare_cr {
        found.push("bare-cr", id, offset, "a CR stands without LF");
    }
    if let Some(offset) = nul {
        found.push("nul", id, offset, "there is a NUL");
    }
    if let Some((offset, _)) = long_line(message.octets()) {
        found.push("long-line", id, offset, format!("a line is longer than {LINE_MAX} octets"));
    }
}

/// Where the first line stands that is longer than RFC 5322 §2.1.1 allows, and its length.
pub fn long_line(octets: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
        // Whatever ends in so many octets is short enough: most lines are passed over unseen.
        if let Some(end) = memchr::memrchr(b'\n', &rest[..rest.len().min(LINE_MAX + 1)]) {
            at += end + 1;
            continue;
        }
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let length = field::trim_line_end(&rest[..end]).len();
        if length > LINE_MAX {
            return Some((at, length));
        }
        at += end;
    }
    None
}

fn header(message: &Message<'_>, part: &Part, found: &mut Found) {
    let (mut seen, mut has_from) = ([false; SINGLE.len()], false);
    let is_message = part.parent.and_then(|at| message.parts().get(at)).is_none_or(|p| p.kind == BlockKind::Message);
    for field in message.fields(part) {
        let offset = part.header.start + field.at.start;
        has_from |= field.is("From");
        let known = SINGLE.iter().position(|name| field.is(name));
        if known.is_some_and(|known| std::mem::replace(&mut seen[known], true)) {
            let text = format!("the field {} stands more than once; the first counts", field.name);
            found.push("duplicate-field", &part.id, offset, text);
        }
        if !field.body.is_ascii() {
            match std::str::from_utf8(field.body) {
                Ok(_) => {
                    let text = format!("the field {} holds UTF-8 that is not encoded", field.name);
                    found.push("utf8-header", &part.id, offset, text);
                }
                Err(_) => {
                    let text =
                        format!("the field {} holds octets of an unknown charset; windows-1252 is assumed", field.name);
                    found.push("8bit-header", &part.id, offset, text);
                }
            }
        }
    }
    if is_message && !has_from && !part.header.is_empty() {
        found.push("no-from", &part.id, part.header.start, "the message does not say who it is from");
    }
}

fn content(message: &Message<'_>, part: &Part, found: &mut Found) {
    let offset = part.body.start;
    if part.encoding == super::transfer::Encoding::Unknown {
        let text = "the transfer encoding is unknown; the content is taken as it stands";
        found.push("unknown-encoding", &part.id, offset, text);
    }
    if !message.is_clean(part) {
        let (code, text) = match part.encoding {
            super::transfer::Encoding::Uuencode => ("bad-uuencode", "the uuencoded file is broken, or there is none"),
            super::transfer::Encoding::Base64 => ("bad-base64", "the base64 is broken; what could be read is shown"),
            _ => ("bad-quoted-printable", "the quoted-printable is broken; what makes no sense is left as it is"),
        };
        found.push(code, &part.id, offset, text);
    }
    if part.media.main != "text" {
        return;
    }
    match part.media.parameters.get("charset") {
        Some(label) if words::decode_charset(&label, &[]).is_none() => {
            let text = format!("the charset {label:?} is unknown; a guess is shown");
            found.push("unknown-charset", &part.id, offset, text);
        }
        Some(_) => {}
        None if !message.content(part).content.is_ascii() => {
            let guessed = words::undeclared(&message.content(part).content).1;
            let guess = if guessed { "windows-1252" } else { "UTF-8" };
            let text = format!("the text declares no charset and is not ASCII; {guess} is assumed");
            found.push("undeclared-charset", &part.id, offset, text);
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_defect_is_named_with_its_part() {
        for (message, wanted) in [
            ("From: a@x\r\n\r\nfine\r\n", ""),
            ("Do you like ketchup?\r\n", "no-header-section 1"),
            ("From: a@x\r\nX\r\n", "no-empty-line 1"),
            ("From: a@x\r\n\r\na\nb\r\n", "bare-lf 1"),
            ("From: a@x\r\n\r\na\rb\r\n", "bare-cr 1"),
            ("From: a@x\r\nFrom: b@x\r\n\r\n", "duplicate-field 1"),
            ("From: é <a@x>\r\n\r\n", "utf8-header 1"),
            ("Subject: x\r\n\r\n", "no-from 1"),
            ("From: a@x\r\nContent-Transfer-Encoding: base64\r\n\r\na*b\r\n", "bad-base64 1"),
            ("From: a@x\r\nContent-Transfer-Encoding: x-gzip\r\n\r\nab\r\n", "unknown-encoding 1"),
            ("From: a@x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nab\r\n", "unknown-charset 1"),
            ("From: a@x\r\n\r\né\r\n", "undeclared-charset 1"),
            ("From: a@x\r\nContent-Type: nonsense\r\n\r\n", "bad-content-type 1"),
            (
                "From: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n",
                "missing-end-boundary TEXT",
            ),
            ("From: a@x\r\nContent-Type: multipart/mixed\r\n\r\n", "missing-boundary 1"),
        ] {
            let view = Message::parse(message.as_bytes());
            let found: Vec<_> = defects(&view).iter().map(|d| format!("{} {}", d.code, d.part)).collect();
            assert_eq!(found.join(", "), wanted, "{message:?}");
            assert!(defects(&view).iter().all(|defect| defect_code::find(defect.code).is_some()), "{message:?}");
        }
    }

    #[test]
    fn defects_do_not_grow_without_end() {
        let message = "From: a@x\r\n".repeat(9_000);
        let found = defects(&Message::parse(message.as_bytes()));
        assert_eq!((found.len(), found.last().map(|last| last.code)), (DEFECTS_MAX + 1, Some("too-many-defects")));
    }
}
