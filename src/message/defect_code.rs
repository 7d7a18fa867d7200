//! The names of defects, how bad each is, and the section of the standard that it offends.
//!
//! One table for what is printed, what programs compare and the page docs/lint.md; names never change their meaning.
//! Knows how nothing of it is found. RFC 5322, RFC 2045-2049, RFC 2231, RFC 3629, RFC 6532.

use super::defect::Severity::{self, Error, Info, Warn};

/// What can be wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `bad-base64`
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// `RFC 2045 §6.8`; empty for a limit of ours.
    pub section: &'static str,
    /// What it means, for the page.
    pub meaning: &'static str,
}

/// Each code, by name.
pub const CODES: [Code; 34] = [
    code("8bit-header", Warn, "RFC 5322 §2.2", "a field holds octets that are no UTF-8; windows-1252 is assumed"),
    code("a-label", Info, "RFC 5890 §2.3.2.1", "a domain stands there encoded; both its forms are told"),
    code(
        "address-in-name",
        Error,
        "RFC 5322 §3.4",
        "a display name looks like an address, and is not the one behind it",
    ),
    code("bad-base64", Warn, "RFC 2045 §6.8", "a body has octets that are no base64, or ends within a group"),
    code("bad-content-type", Warn, "RFC 2045 §5.1", "a Content-Type has no type and subtype; text/plain is assumed"),
    code("bad-quoted-printable", Warn, "RFC 2045 §6.7", "a body has a `=` that begins no code"),
    code("bad-uuencode", Warn, "", "a body should hold a uuencoded file, and holds none or a broken one"),
    code("bare-cr", Warn, "RFC 5322 §2.3", "a CR stands without LF"),
    code("bare-lf", Warn, "RFC 5322 §2.3", "some lines end with LF alone, others with CRLF"),
    code("control-in-word", Error, "RFC 2047 §5", "an encoded word in an address hides a line end or another control"),
    code("duplicate-field", Warn, "RFC 5322 §3.6", "a field stands twice that may stand once; the first counts"),
    code("empty-part", Info, "RFC 2046 §5.1.1", "two boundary lines stand without a part between them"),
    code(
        "encoded-structure",
        Warn,
        "RFC 2045 §6.4",
        "a multipart or message has a transfer encoding that it may not have",
    ),
    code("header-too-long", Error, "", "a header section is beyond the limits; its rest is not read"),
    code(
        "hidden-characters",
        Warn,
        "RFC 5322 §3.4",
        "a display name holds characters that cannot be seen or turn the reading direction",
    ),
    code("long-line", Info, "RFC 5322 §2.1.1", "a line is longer than 998 octets"),
    code("missing-boundary", Error, "RFC 2046 §5.1.1", "a multipart names no boundary, so its parts cannot be found"),
    code(
        "missing-end-boundary",
        Warn,
        "RFC 2046 §5.1.1",
        "the last boundary is missing; the message may have been cut",
    ),
    code("mixed-script", Error, "RFC 5890 §4.4", "a label of a domain mixes scripts, as those do that imitate another"),
    code("no-empty-line", Warn, "RFC 5322 §2.1", "no empty line stands between header section and body"),
    code("no-from", Info, "RFC 5322 §3.6", "the message does not say who it is from"),
    code("no-header-section", Warn, "RFC 5322 §2.1", "there is no header section; all of it is taken for text"),
    code("no-parts", Error, "RFC 2046 §5.1.1", "a multipart has no part between its boundaries"),
    code("not-a-field", Warn, "RFC 5322 §2.2", "a line among the header fields is none; it is passed over"),
    code("nul", Warn, "RFC 5322 §4", "there is a NUL"),
    code(
        "reply-to-elsewhere",
        Info,
        "RFC 5322 §3.6.2",
        "answers go to another domain than the one the message is from",
    ),
    code("several-from", Error, "RFC 5322 §3.6.2", "the message is from several, and readers differ in whom they show"),
    code("too-many-defects", Info, "", "there are more defects; they are not told"),
    code("truncated-depth", Error, "", "parts are nested too deeply; what is further inside is not read"),
    code("truncated-parts", Error, "", "there are too many parts; the others are not read"),
    code("undeclared-charset", Warn, "RFC 2046 §4.1.2", "a text declares no charset and is not ASCII"),
    code("unknown-charset", Warn, "RFC 2046 §4.1.2", "a text declares a charset that nobody knows; a guess is shown"),
    code(
        "unknown-encoding",
        Warn,
        "RFC 2045 §6.1",
        "a transfer encoding is unknown; the content is taken as it stands",
    ),
    code("utf8-header", Info, "RFC 6532 §3.2", "a field holds UTF-8 that is not encoded"),
];

const fn code(name: &'static str, severity: Severity, section: &'static str, meaning: &'static str) -> Code {
    Code { name, severity, section, meaning }
}

/// The code of a name.
pub fn find(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_stands_once_and_in_order() {
        assert!(CODES.is_sorted_by(|one, next| one.name < next.name));
        assert_eq!(find("nul").map(|code| code.severity), Some(Warn));
        assert_eq!(find("none"), None);
    }
}
