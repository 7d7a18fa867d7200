//! What a mailbox of the server is called here.
//!
//! Levels are separated by `/` here and by whatever the server likes there. A `/` inside a level, which only
//! servers with another separator can have, becomes the division slash U+2215: alike to the eye, not to a path.
//! RFC 9051 §5.1, §7.3.1.

use crate::imap::mailbox::SEPARATOR;
use crate::imap::name::{decode, with_inbox};

/// The name here; `None` if the server's is no name in modified UTF-7.
pub(super) fn local(wire_name: &str, separator: Option<char>) -> Option<String> {
    let name = decode(wire_name.as_bytes()).ok()?;
    let level = |level: &str| level.replace(SEPARATOR, "\u{2215}");
    let name = match separator {
        Some(SEPARATOR) => name,
        Some(separator) => name.split(separator).map(level).collect::<Vec<_>>().join("/"),
        None => level(&name),
    };
    Some(with_inbox(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_stay_levels_whatever_separates_them() {
        for (wire, separator, wanted) in [
            ("inbox", Some('/'), Some("INBOX")),
            ("Work/2026", Some('/'), Some("Work/2026")),
            ("INBOX.Work.2026", Some('.'), Some("INBOX/Work/2026")),
            ("a/b.c", Some('.'), Some("a\u{2215}b/c")),
            ("a.b/c", None, Some("a.b\u{2215}c")),
            ("Entw&APw-rfe", Some('/'), Some("Entw\u{fc}rfe")),
            ("R&-D", Some('/'), Some("R&D")),
            ("R&D", Some('/'), None),
            ("Entw\u{fc}rfe&", Some('/'), None),
        ] {
            assert_eq!(local(wire, separator).as_deref(), wanted, "{wire}");
        }
    }
}
