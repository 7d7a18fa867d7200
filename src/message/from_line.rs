//! From_ lines, which stand before each message of an mbox, and the quoting of lines that would pass for one.
//!
//! RFC 4155; mbox(5) of qmail, whose names for the dialects have stayed.

use super::date;
use crate::world::Timestamp;
use memchr::memmem;
use std::borrow::Cow;

/// What a From_ line begins with, and what is quoted with `>` where a line of a message begins with it.
pub const FROM: &[u8] = b"From ";

/// How a line of a message that begins with `From ` is told from a From_ line (the names are those of qmail's mbox(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Nobody says: no quoting is undone, and a Content-Length counts where it makes sense.
    #[default]
    Unknown,
    /// `From ` has become `>From `.
    O,
    /// Every such line, quoted before or not, got one more `>`.
    Rd,
    /// As the first, and a Content-Length counts the octets.
    Cl,
    /// Nothing is quoted, and a Content-Length counts the octets.
    Cl2,
}

/// Whether a file that begins with these octets is an mbox.
pub fn is_mbox(start: &[u8]) -> bool {
    start.starts_with(FROM)
}

/// A From_ line for a message of a sender, with its line end.
pub fn from_line(sender: &str, when: Timestamp) -> String {
    format!("From {sender} {}\n", when.strftime("%a %b %e %H:%M:%S %Y"))
}

/// A month, a time of day and a year stand behind the sender: the form of RFC 4155 and its many relatives.
pub(super) fn is_dated(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(2);
    let (mut month, mut year) = (false, false);
    words.by_ref().for_each(|word| {
        let is_day = word.split(|octet| *octet == b'-').count() == 3;
        month |= is_day || date::MONTHS.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
        year |= is_day
            || matches!(word, [b'1' | b'2', rest @ ..] if rest.len() == 3 && rest.iter().all(u8::is_ascii_digit));
    });
    month && year && date::has_time(line)
}

/// `From alice@crepes.example`, as some programs write it.
pub(super) fn is_sender_only(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    words.next().is_some() && words.next().is_none()
}

/// A message as it was before somebody quoted its lines.
pub(super) fn unquoted(message: &[u8], dialect: Dialect) -> Cow<'_, [u8]> {
    let marks_max = match dialect {
        Dialect::Unknown | Dialect::Cl2 => return Cow::Borrowed(message),
        // Who quotes like this leaves lines alone that are quoted already.
        Dialect::O | Dialect::Cl => 1,
        Dialect::Rd => usize::MAX,
    };
    let mut plain: Option<Vec<u8>> = None;
    let mut copied = 0;
    for at in memmem::find_iter(message, b">From ") {
        let marks = message[..=at].iter().rev().take_while(|octet| **octet == b'>').count();
        let line = at + 1 - marks;
        let begins_line = line == 0 || message[line - 1] == b'\n';
        if begins_line && marks <= marks_max {
            plain.get_or_insert_default().extend_from_slice(&message[copied..line]);
            copied = line + 1;
        }
    }
    match plain {
        None => Cow::Borrowed(message),
        Some(mut plain) => {
            plain.extend_from_slice(&message[copied..]);
            Cow::Owned(plain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_undone_where_the_dialect_is_known() {
        let quoted = ">From z\nA: b\n\n>From a\n>>From b\n >From c\nx>From d >From\n>Fro\n>From";
        let once = "From z\nA: b\n\nFrom a\n>>From b\n >From c\nx>From d >From\n>Fro\n>From";
        for (dialect, wanted) in [
            (Dialect::Unknown, quoted),
            (Dialect::Cl2, quoted),
            (Dialect::O, once),
            (Dialect::Cl, once),
            (Dialect::Rd, &once.replace(">>From b", ">From b")),
        ] {
            assert_eq!(String::from_utf8_lossy(&unquoted(quoted.as_bytes(), dialect)), wanted, "{dialect:?}");
        }
    }

    #[test]
    fn what_delivery_agents_write_is_told_from_what_people_write() {
        for (line, wanted) in [
            ("From a@x Thu Jan  1 00:00:00 1970\n", true),
            ("From - Fri Nov 20 9:30 CET 2026", true),
            ("From a at x  20 Nov 2026 12:00:00 +0100", true),
            ("From a@x 2026-11-20 12:00:00", true),
            ("From here on, nothing", false),
            ("From 9:30 to 10:30 in May", false),
            ("From May 2026 on", false),
            ("From ", false),
        ] {
            assert_eq!(is_dated(line.as_bytes()), wanted, "{line}");
        }
    }
}
