//! Names of mailboxes and the directories they live in (Maildir++).
//!
//! `INBOX` is the Maildir itself, `a/b` the directory `.a.b` in it. Levels are written in modified
//! UTF-7, as other programs do; a dot inside a level becomes `&AC4-`, which modified UTF-7 never
//! writes otherwise. One name has one directory, and a directory that no name leads to is left alone.
//! RFC 3501 §5.1, §5.1.3; Maildir++ (Courier).

use crate::imap::mailbox::{INBOX, SEPARATOR, SpecialUse};
use crate::imap::name;
use crate::store::mailbox_error::{MailboxError, Outcome};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

const LEVEL_MAX: usize = 200;
const DOT: &str = "&AC4-";

/// A mailbox's name, checked, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Folder {
    /// With `INBOX` in capitals.
    pub(in crate::store) name: String,
    /// Empty for INBOX.
    dir: String,
}

impl Folder {
    /// From a name that a user gave.
    pub(in crate::store) fn of(name: &str) -> Outcome<Self> {
        let name = name::with_inbox(name.to_owned());
        if name == INBOX {
            return Ok(Self { name, dir: String::new() });
        }
        let mut dir = String::new();
        for level in name.split(SEPARATOR) {
            check_level(level).map_err(MailboxError::Cannot)?;
            dir.push('.');
            dir.push_str(&name::encode(level).replace('.', DOT));
        }
        // File systems take 255 octets.
        if dir.len() > 255 {
            return Err(MailboxError::Cannot("Mailbox name is too long"));
        }
        Ok(Self { name, dir })
    }

    /// From a directory of a Maildir; `None` if no mailbox is stored under such a name.
    pub(in crate::store) fn from_dir(dir: &OsStr) -> Option<Self> {
        let levels = dir.to_str()?.strip_prefix('.')?.split('.');
        let levels: Option<Vec<_>> =
            levels.map(|level| name::decode(level.replace(DOT, ".").as_bytes()).ok()).collect();
        let folder = Self::of(&levels?.join("/")).ok()?;
        (OsStr::new(&folder.dir) == dir).then_some(folder)
    }

    /// Where it is, given where INBOX is.
    pub(in crate::store) fn path(&self, maildir: &Path) -> PathBuf {
        // Joining an empty name would add a slash.
        if self.is_inbox() { maildir.to_owned() } else { maildir.join(&self.dir) }
    }

    pub(in crate::store) fn is_inbox(&self) -> bool {
        self.dir.is_empty()
    }
}

fn check_level(level: &str) -> Result<(), &'static str> {
    match level {
        "" => Err("Mailbox name has an empty level"),
        "." | ".." => Err("Mailbox name is not allowed"),
        level if level.len() > LEVEL_MAX => Err("Mailbox name is too long"),
        level if level.chars().any(char::is_control) => Err("Mailbox name is not allowed"),
        _ => Ok(()),
    }
}

/// What a mailbox is for, by the names that clients give theirs. RFC 6154 leaves the choice to us.
pub(in crate::store) fn special_use(name: &str) -> Option<SpecialUse> {
    let known = [
        ("Archive", SpecialUse::Archive),
        ("Drafts", SpecialUse::Drafts),
        ("Junk", SpecialUse::Junk),
        ("Spam", SpecialUse::Junk),
        ("Sent", SpecialUse::Sent),
        ("Sent Items", SpecialUse::Sent),
        ("Sent Messages", SpecialUse::Sent),
        ("Deleted Messages", SpecialUse::Trash),
        ("Trash", SpecialUse::Trash),
    ];
    known.into_iter().find(|(known, _)| *known == name).map(|(_, special_use)| special_use)
}

/// Whether a user's name can be a directory's name as it is: no separators, nothing hidden, nothing unprintable.
pub(in crate::store) fn is_user_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LEVEL_MAX
        && !name.starts_with('.')
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_directory_and_leads_back() {
        for (name, dir) in [
            ("Sent", ".Sent"),
            ("a/b/c", ".a.b.c"),
            ("Entwürfe", ".Entw&APw-rfe"),
            ("v1.2/x", ".v1&AC4-2.x"),
            ("a..b", ".a&AC4-&AC4-b"),
            ("ü.ü", ".&APw-&AC4-&APw-"),
            ("&AC4-", ".&-AC4-"),
            ("R&D", ".R&-D"),
            ("inbox/x", ".INBOX.x"),
            ("..a", ".&AC4-&AC4-a"),
        ] {
            let folder = Folder::of(name).unwrap();
            assert_eq!(folder.path(Path::new("/m")), Path::new("/m").join(dir), "{name}");
            assert_eq!(Folder::from_dir(OsStr::new(dir)), Some(folder), "{dir}");
        }
        assert_eq!(Folder::of("iNbOx").unwrap().path(Path::new("/m")), Path::new("/m"));
    }

    #[test]
    fn names_that_lead_elsewhere_and_directories_that_are_none_are_refused() {
        let long = "x".repeat(201);
        let deep = vec!["x".repeat(100); 3].join("/");
        for bad in ["", "/", "/etc", "a//b", "a/", "..", "a/../b", ".", "a\0b", "a\nb", &long, &deep] {
            assert!(matches!(Folder::of(bad), Err(MailboxError::Cannot(_))), "{bad:?}");
        }
        for bad in ["", ".", "..", "Sent", ".a.", ".a..b", ".INBOX", ".inbox.x", ".Entwürfe", ".&AC4ALg-"] {
            assert_eq!(Folder::from_dir(OsStr::new(bad)), None, "{bad:?}");
        }
    }

    #[test]
    fn users_cannot_leave_the_root() {
        for (name, good) in [
            ("bob", true),
            ("bob@hamburger.example", true),
            ("jörg", true),
            ("", false),
            ("..", false),
            (".hidden", false),
            ("a/b", false),
            ("a\\b", false),
            ("a\0", false),
        ] {
            assert_eq!(is_user_name(name), good, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_that_is_taken_comes_back(name in "[a-z./&\u{e4}\u{1f600} -]{1,20}") {
            if let Ok(folder) = Folder::of(&name) {
                let path = folder.path(Path::new("/m"));
                prop_assert_eq!(path.parent(), Some(Path::new("/m")));
                prop_assert_eq!(Folder::from_dir(path.file_name().unwrap()), Some(folder));
            }
        }
    }
}
