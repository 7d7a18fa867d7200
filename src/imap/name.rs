//! Mailbox names: modified UTF-7 on the wire, UTF-8 inside.
//!
//! One name has one spelling: what decodes but is not how it would be encoded is refused, so that
//! no two spellings hide one mailbox, and no separator or dot hides in base64. Names that could
//! leave a directory never get further than here. Whether a mailbox exists is not known here.
//! RFC 3501 §5.1, §5.1.3; RFC 9051 §5.1.

use super::mailbox::{INBOX, SEPARATOR};
use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A level becomes a directory name, for which file systems take 255 octets at most.
const LEVEL_MAX: usize = 200;
/// The whole name, in octets of UTF-8.
const NAME_MAX: usize = 1000;

/// Why a name is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameError {
    /// 8-bit octets, or a `&` that is not followed by proper modified base64.
    #[error("Mailbox name is not valid modified UTF-7")]
    NotUtf7,
    /// It is empty, or a level is.
    #[error("Mailbox name has an empty level")]
    Empty,
    /// It is too long.
    #[error("Mailbox name is too long")]
    TooLong,
    /// Control characters, or `.` and `..` as a level.
    #[error("Mailbox name is not allowed")]
    Forbidden,
}

/// Reads the name of a mailbox: decoded, `INBOX` in capitals, without a separator at the end.
pub fn parse(wire: &[u8]) -> Result<String, NameError> {
    let mut name = decode(wire)?;
    // RFC 3501 §6.3.3: a separator at the end says that more levels will follow; the name is the one without it.
    if name.ends_with(SEPARATOR) && name.len() > 1 {
        name.pop();
    }
    if name.len() > NAME_MAX {
        return Err(NameError::TooLong);
    }
    for level in name.split(SEPARATOR) {
        match level {
            "" => return Err(NameError::Empty),
            "." | ".." => return Err(NameError::Forbidden),
            level if level.len() > LEVEL_MAX => return Err(NameError::TooLong),
            level if level.chars().any(char::is_control) => return Err(NameError::Forbidden),
            _ => {}
        }
    }
    Ok(with_inbox(name))
}

/// `inbox` in any case is `INBOX`, also as the first of several levels.
pub fn with_inbox(name: String) -> String {
    let first = name.split(SEPARATOR).next().unwrap_or_default();
    if first.eq_ignore_ascii_case(INBOX) { format!("{INBOX}{}", &name[INBOX.len()..]) } else { name }
}

/// How a name is written on the wire, before any quoting.
pub fn encode(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if is_direct(first) {
            wire.push(first);
            if first == '&' {
                wire.push('-');
            }
            rest = &rest[first.len_utf8()..];
        } else {
            let end = rest.find(is_direct).unwrap_or(rest.len());
            let octets: Vec<u8> = rest[..end].encode_utf16().flat_map(u16::to_be_bytes).collect();
            wire.push('&');
            BASE64.encode_string(octets, &mut wire);
            wire.push('-');
            rest = &rest[end..];
        }
    }
    wire
}

/// What a name, or a pattern for names, means. The wildcards of LIST stand for themselves.
pub fn decode(wire: &[u8]) -> Result<String, NameError> {
    let wire = std::str::from_utf8(wire).map_err(|_| NameError::NotUtf7)?;
    let mut name = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((before, behind)) = rest.split_once('&') {
        let (shifted, after) = behind.split_once('-').ok_or(NameError::NotUtf7)?;
        name.push_str(before);
        match shifted {
            "" => name.push('&'),
            shifted => name.push_str(&decode_shifted(shifted).ok_or(NameError::NotUtf7)?),
        }
        rest = after;
    }
    name.push_str(rest);
    // Against RFC 9051 §5.1, which leaves it open: only the one proper spelling is taken (see above).
    if encode(&name) == wire { Ok(name) } else { Err(NameError::NotUtf7) }
}

fn decode_shifted(text: &str) -> Option<String> {
    let octets = BASE64.decode(text).ok()?;
    let units = octets.chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
}

/// Printable US-ASCII stands for itself.
fn is_direct(c: char) -> bool {
    matches!(c, ' '..='~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_spelled_in_one_way() {
        for (wire, name) in [
            ("INBOX", "INBOX"),
            ("Sent Mail", "Sent Mail"),
            ("Fish &- Chips", "Fish & Chips"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("&2D3eAA-", "😀"),
            ("Entw&APw-rfe", "Entwürfe"),
            ("&AAo-", "\n"),
        ] {
            assert_eq!(decode(wire.as_bytes()).as_deref(), Ok(name));
            assert_eq!(encode(name), wire);
        }
        for bad in [
            &b"&"[..],
            b"a&b",
            b"&AGE-",              // "a" needs no base64.
            b"&AC8-",              // Nor does the separator.
            b"&AC4ALg-",           // Nor do two dots.
            b"&U,BTFw-&ZeVnLIqe-", // Two shifts in a row are one.
            b"&2D0-",              // Half a surrogate pair.
            b"&APz-",              // Bits left over.
            b"&APw=-",
            b"&AP-",
            b"Entw\xc3\xbcrfe",
            b"\xff",
        ] {
            assert_eq!(decode(bad), Err(NameError::NotUtf7), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let long = "x".repeat(201);
        let deep = "x/".repeat(501);
        for (wire, wanted) in [
            ("inbox", Ok("INBOX")),
            ("inBox/Work", Ok("INBOX/Work")),
            ("inboxes", Ok("inboxes")),
            ("a/b/", Ok("a/b")),
            ("...", Ok("...")),
            ("~root", Ok("~root")),
            ("", Err(NameError::Empty)),
            ("/", Err(NameError::Empty)),
            ("/etc/passwd", Err(NameError::Empty)),
            ("a//b", Err(NameError::Empty)),
            ("..", Err(NameError::Forbidden)),
            ("a/../../b", Err(NameError::Forbidden)),
            ("./a", Err(NameError::Forbidden)),
            ("INBOX/..", Err(NameError::Forbidden)),
            ("&AAA-", Err(NameError::Forbidden)),
            ("a&AAo-b", Err(NameError::Forbidden)),
            ("&AIU-", Err(NameError::Forbidden)),
            (&long, Err(NameError::TooLong)),
            (&deep, Err(NameError::TooLong)),
        ] {
            assert_eq!(parse(wire.as_bytes()).as_deref(), wanted.as_ref().map(|name| *name), "{wire}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_back(name in "\\PC{0,20}|[ -~&]{0,20}|[a&\u{e4}\u{1f600}\\n]{0,9}") {
            prop_assert_eq!(decode(encode(&name).as_bytes()), Ok(name));
        }

        #[test]
        fn what_is_read_is_written_the_same_way(wire in "[&A-Za-d0-9,+/-]{0,12}") {
            if let Ok(name) = decode(wire.as_bytes()) {
                prop_assert_eq!(encode(&name), wire);
            }
        }
    }
}
