//! What a mailbox of the server is called here, and what a directory here is called there.
//!
//! Levels are separated by `/` here and by whatever the server likes there. A name goes over only if it comes back the
//! same: what does not is left out and told of, rather than found under two names. RFC 9051 §5.1, §7.3.1.

use super::name;
use crate::imap::mailbox::{INBOX, SEPARATOR};
use crate::imap::name::encode;

/// The server's ways of naming.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    /// What stands between levels; `None` if there are none.
    pub(super) separator: Option<char>,
}

impl Names {
    /// The name here.
    pub(super) fn here(&self, wire_name: &str) -> Option<String> {
        name::local(wire_name, self.separator).filter(|name| !name.is_empty())
    }

    /// The name on the wire; `None` if the server could not give it back.
    pub(super) fn there(&self, name: &str) -> Option<String> {
        if name == INBOX {
            return Some(INBOX.to_owned());
        }
        let level = |level: &str| level.replace('\u{2215}', "/");
        let wire = match self.separator {
            Some(SEPARATOR) => name.to_owned(),
            Some(separator) => name.split(SEPARATOR).map(level).collect::<Vec<_>>().join(&separator.to_string()),
            None => level(name),
        };
        let wire = encode(&wire);
        (self.here(&wire).as_deref() == Some(name)).then_some(wire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_go_over_only_if_they_come_back() {
        for (name, separator, wanted) in [
            ("INBOX", Some('.'), Some("INBOX")),
            ("Work/2026", Some('.'), Some("Work.2026")),
            ("Work.2026", Some('.'), None),
            ("a\u{2215}b", Some('.'), Some("a/b")),
            ("a\u{2215}b", Some('/'), Some("a&IhU-b")),
            ("Entw\u{fc}rfe", Some('/'), Some("Entw&APw-rfe")),
            ("a/b", None, None),
            ("inbox", Some('/'), None),
        ] {
            assert_eq!(Names { separator }.there(name).as_deref(), wanted, "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_over_comes_back(name in "[a-c./\u{fc}\u{2215}&~ ]{1,8}", separator in "[/.]?") {
            let names = Names { separator: separator.chars().next() };
            if let Some(wire) = names.there(&name) {
                prop_assert_eq!(names.here(&wire), Some(name));
            }
        }
    }
}
