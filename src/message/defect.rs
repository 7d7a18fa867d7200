//! What is wrong with a message, in words: every reader repairs silently, this one says what it repaired.
//!
//! Looks at structure, header fields and contents; changes nothing. A message with defects is still read.
//! RFC 5322 §2.1.1, §3.6; RFC 2045 §2.7, §6; RFC 2047.

use super::address_list;
use super::field::{self, Field};
use super::guard::{BlockKind, FlawCode};
use super::view::{Message, Part};
use super::words;
use std::collections::HashSet;

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

/// The defects of a message in the order of their places.
pub fn defects(message: &Message<'_>) -> Vec<Defect> {
    let mut found = Found { list: Vec::new() };
    for flaw in message.flaws() {
        let part = message.parts().get(flaw.block).map_or("", |part| part.id.as_str());
        let (code, severity, text) = words_for(flaw.code);
        found.push(code, part, flaw.offset, severity, text);
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
    found.list.sort_by_key(|defect| defect.offset);
    found.list
}

struct Found {
    list: Vec<Defect>,
}

impl Found {
    fn push(&mut self, code: &'static str, part: &str, offset: usize, severity: Severity, text: impl Into<String>) {
        if !self.is_full() {
            self.list.push(Defect { code, part: part.to_owned(), offset, severity, text: text.into() });
        }
    }

    fn is_full(&self) -> bool {
        self.list.len() >= DEFECTS_MAX
    }
}

fn words_for(code: FlawCode) -> (&'static str, Severity, &'static str) {
    use Severity::{Error, Info, Warn};
    match code {
        FlawCode::NoFieldLine => ("no-header-section", Warn, "there is no header section; all of it is taken for text"),
        FlawCode::NotAField => ("not-a-field", Warn, "a line among the header fields is none; it is passed over"),
        FlawCode::NoEmptyLine => ("no-empty-line", Warn, "no empty line stands between header section and body"),
        FlawCode::HeaderTooLong => {
            ("header-too-long", Error, "the header section is beyond the limits; its rest is not read")
        }
        FlawCode::BadContentType => {
            ("bad-content-type", Warn, "the Content-Type cannot be understood; text/plain is assumed")
        }
        FlawCode::NoBoundary => {
            ("missing-boundary", Error, "a multipart names no boundary, so its parts cannot be found")
        }
        FlawCode::NoParts => ("no-parts", Error, "a multipart has no part: its boundary never comes"),
        FlawCode::EmptyPart => ("empty-part", Info, "two boundary lines stand without a part between them"),
        FlawCode::NoEndBoundary => {
            ("missing-end-boundary", Warn, "the last boundary is missing; the message may have been cut")
        }
        FlawCode::EncodedStructure => {
            ("encoded-structure", Warn, "a multipart or message may not have this transfer encoding")
        }
        FlawCode::TooDeep => {
            ("truncated-depth", Error, "parts are nested too deeply; what is further inside is not read")
        }
        FlawCode::TooManyParts => ("truncated-parts", Error, "there are too many parts; the others are not read"),
    }
}

/// Line ends and lengths: one defect of a kind, at its first place.
fn lines(message: &Message<'_>, found: &mut Found) {
    let (mut bare_lf, mut crlf, mut bare_cr, mut long, mut nul) = (None, false, None, None, None);
    let mut at = 0;
    for line in message.octets().split_inclusive(|octet| *octet == b'\n') {
        let text = field::trim_line_end(line);
        match &line[text.len()..] {
            b"\r\n" => crlf = true,
            b"\n" => bare_lf = bare_lf.or(Some(at + text.len())),
            _ => {}
        }
        bare_cr = bare_cr.or_else(|| memchr::memchr(b'\r', text).map(|column| at + column));
        nul = nul.or_else(|| memchr::memchr(0, text).map(|column| at + column));
        long = long.or((text.len() > LINE_MAX).then_some(at));
        at += line.len();
    }
    let id = &message.root().id;
    // A file with LF throughout is how Unix keeps a message; only a mixture is a defect.
    if let Some(offset) = bare_lf.filter(|_| crlf) {
        found.push("bare-lf", id, offset, Severity::Warn, "some lines end with LF alone, others with CRLF");
    }
    if let Some(offset) = bare_cr {
        found.push("bare-cr", id, offset, Severity::Warn, "a CR stands without LF");
    }
    if let Some(offset) = nul {
        found.push("nul", id, offset, Severity::Warn, "there is a NUL");
    }
    if let Some(offset) = long {
        found.push("long-line", id, offset, Severity::Info, format!("a line is longer than {LINE_MAX} octets"));
    }
}

fn header(message: &Message<'_>, part: &Part, found: &mut Found) {
    let mut seen = HashSet::new();
    let is_message = part.parent.and_then(|at| message.parts().get(at)).is_none_or(|p| p.kind == BlockKind::Message);
    for field in message.fields(part) {
        let offset = part.header.start + field.at.start;
        let name = field.name.to_ascii_lowercase();
        if SINGLE.contains(&name.as_str()) && !seen.insert(name.clone()) {
            let text = format!("the field {} stands more than once; the first counts", field.name);
            found.push("duplicate-field", &part.id, offset, Severity::Warn, text);
        }
        if !field.body.is_ascii() {
            match std::str::from_utf8(field.body) {
                Ok(_) => {
                    let text = format!("the field {} holds UTF-8 that is not encoded", field.name);
                    found.push("utf8-header", &part.id, offset, Severity::Info, text);
                }
                Err(_) => {
                    let text =
                        format!("the field {} holds octets of an unknown charset; windows-1252 is assumed", field.name);
                    found.push("8bit-header", &part.id, offset, Severity::Warn, text);
                }
            }
        }
        if is_message {
            deceit(&field, &name, part, offset, found);
        }
    }
    if is_message && !seen.contains("from") && !part.header.is_empty() {
        found.push("no-from", &part.id, part.header.start, Severity::Info, "the message does not say who it is from");
    }
}

/// Header fields that show one thing and mean another.
fn deceit(field: &Field<'_>, name: &str, part: &Part, offset: usize, found: &mut Found) {
    if !matches!(name, "from" | "sender" | "reply-to") {
        return;
    }
    for mailbox in address_list::mailboxes(&address_list::parse(field.body)) {
        let Some(shown) = mailbox.display_name() else { continue };
        let spec = mailbox.spec();
        let claims = shown.split([' ', '<', '>', '(', ')', '"']).find(|word| word.contains('@') && word.contains('.'));
        if claims.is_some_and(|claim| !claim.eq_ignore_ascii_case(&spec)) {
            let text = format!("the name {shown:?} in {} looks like an address, which is {spec}", field.name);
            found.push("address-in-name", &part.id, offset, Severity::Error, text);
        }
        if shown.chars().any(super::safe::is_treacherous) {
            let text = format!("the name in {} holds characters that cannot be seen", field.name);
            found.push("hidden-characters", &part.id, offset, Severity::Warn, text);
        }
    }
}

fn content(message: &Message<'_>, part: &Part, found: &mut Found) {
    let offset = part.body.start;
    if part.encoding == super::transfer::Encoding::Unknown {
        let text = "the transfer encoding is unknown; the content is taken as it stands";
        found.push("unknown-encoding", &part.id, offset, Severity::Warn, text);
    }
    let decoded = message.content(part);
    if !decoded.clean {
        let (code, text) = match part.encoding {
            super::transfer::Encoding::Uuencode => ("bad-uuencode", "the uuencoded file is broken, or there is none"),
            super::transfer::Encoding::Base64 => ("bad-base64", "the base64 is broken; what could be read is shown"),
            _ => ("bad-quoted-printable", "the quoted-printable is broken; what makes no sense is left as it is"),
        };
        found.push(code, &part.id, offset, Severity::Warn, text);
    }
    if part.media.main != "text" {
        return;
    }
    match part.media.parameters.get("charset") {
        Some(label) if words::decode_charset(&label, &[]).is_none() => {
            let text = format!("the charset {label:?} is unknown; a guess is shown");
            found.push("unknown-charset", &part.id, offset, Severity::Warn, text);
        }
        Some(_) => {}
        None if !decoded.content.is_ascii() => {
            let guessed = words::undeclared(&decoded.content).1;
            let guess = if guessed { "windows-1252" } else { "UTF-8" };
            let text = format!("the text declares no charset and is not ASCII; {guess} is assumed");
            found.push("undeclared-charset", &part.id, offset, Severity::Warn, text);
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
            ("From: \"bank@good.example\" <a@x>\r\n\r\n", "address-in-name 1"),
            ("From: =?utf-8?q?a=E2=80=8Bb?= <a@x>\r\n\r\n", "hidden-characters 1"),
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
        }
    }

    #[test]
    fn defects_do_not_grow_without_end() {
        let message = "From: a@x\r\n".repeat(9_000);
        assert_eq!(defects(&Message::parse(message.as_bytes())).len(), DEFECTS_MAX);
    }
}
