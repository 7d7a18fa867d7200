//! In which directory of a tree a folder is: names to paths and back, one to one.
//!
//! `Maildir++` is what servers make: INBOX is the root, all others are in it. `Verbatim` is what mutt's and mbsync's
//! users have: directories in directories. `Escaped` is the same on disks that do not take all names: FAT, network
//! shares, those without case. A name that has no path is refused with the reason, and a path that is not how its name
//! would be written belongs to somebody else. Names are UTF-8 with `/` between levels; INBOX alone has no case.
//! RFC 9051 §5.1; Maildir++ (Courier).

use crate::imap::mailbox::{INBOX, SEPARATOR};
use crate::imap::name::with_inbox;
use crate::store::mailbox::Folder;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::Disk;
use std::fmt::Write as _;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What file systems take as one name, in octets.
const LEVEL_MAX: usize = 255;
/// Levels of a name; more are nobody's way to sort mail.
pub(super) const LEVELS_MAX: usize = 64;
/// The parts of a Maildir, which no folder inside it can be called.
const PARTS: [&str; 3] = ["cur", "new", "tmp"];
/// Where we keep what is ours in a root: as Maildir++ this would be the folder `mailkit`.
pub(super) const OWN: &str = ".mailkit";
/// So that one is written in a way that modified UTF-7 never is.
const OWN_NAMED: &str = ".&AG0-ailkit";
/// No names of files on some systems, with or without something behind a dot.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// How folders lie in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// `.A.B` in the root, which is INBOX itself.
    #[default]
    MaildirPlusPlus,
    /// `A/B`.
    Verbatim,
    /// `^a/^b`: `A/B` in characters that every disk tells apart.
    Escaped,
}

impl Layout {
    /// As users write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::MaildirPlusPlus => "maildir++",
            Self::Verbatim => "verbatim",
            Self::Escaped => "fs-escaped",
        }
    }

    /// The inverse of [`Layout::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::MaildirPlusPlus, Self::Verbatim, Self::Escaped].into_iter().find(|layout| layout.word() == word)
    }

    /// Where a folder is, from the root; empty for the root itself.
    pub fn path(self, name: &str) -> Outcome<PathBuf> {
        if self == Self::MaildirPlusPlus {
            let path = Folder::of(name)?.path(Path::new(""));
            return Ok(if path == Path::new(OWN) { PathBuf::from(OWN_NAMED) } else { path });
        }
        let name = with_inbox(name.to_owned());
        if name.split(SEPARATOR).count() > LEVELS_MAX {
            return Err(MailboxError::Cannot("Mailbox name has too many levels"));
        }
        let mut path = PathBuf::new();
        for level in name.split(SEPARATOR) {
            let is_inbox = path.as_os_str().is_empty() && level == INBOX;
            let escaped = if is_inbox { level.to_owned() } else { self.escape(level) };
            match escaped.len() {
                0 => return Err(MailboxError::Cannot("Mailbox name has an empty level")),
                1..=LEVEL_MAX => path.push(escaped),
                _ => return Err(MailboxError::Cannot("Mailbox name is too long")),
            }
        }
        Ok(path)
    }

    /// The folder that is stored under a path from the root; `None` if none ever is.
    pub fn name(self, path: &Path) -> Option<String> {
        let name = if self == Self::MaildirPlusPlus {
            match path.to_str()? {
                "" => INBOX.to_owned(),
                OWN => return None,
                OWN_NAMED => OWN.trim_start_matches('.').to_owned(),
                _ => Folder::from_dir(path.as_os_str())?.name,
            }
        } else {
            let levels = path.components().map(|component| match component {
                Component::Normal(level) => self.unescape(level.to_str()?),
                _ => None,
            });
            levels.collect::<Option<Vec<_>>>()?.join("/")
        };
        // Written otherwise, it would be another directory: this one is not ours.
        (self.path(&name).ok()? == path && with_inbox(name.clone()) == name).then_some(name)
    }

    /// A level as a directory's name.
    fn escape(self, level: &str) -> String {
        let mut escaped = String::with_capacity(level.len());
        let is_taken = PARTS.iter().any(|part| level.eq_ignore_ascii_case(part));
        let is_device = self == Self::Escaped && {
            let stem = level.split('.').next().unwrap_or_default().trim_end();
            DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
        };
        for (at, c) in level.char_indices() {
            let rest = &level[at + c.len_utf8()..];
            let is_forbidden = match c {
                // Hidden, or not a name at all; also keeps `.mailkit` for us.
                '.' if at == 0 => true,
                '%' => self == Self::Escaped || is_escape(rest),
                c if c.is_control() => true,
                _ if at == 0 && (is_taken || is_device) => true,
                _ if self == Self::Verbatim => false,
                '.' | ' ' => rest.is_empty(),
                // Of other letters, disks differ in how they fold and compose them.
                c => !c.is_ascii() || r#"<>:"\|?*^"#.contains(c),
            };
            if is_forbidden {
                for octet in c.to_string().bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(escaped, "%{octet:02X}");
                }
            } else if self == Self::Escaped && c.is_ascii_uppercase() {
                escaped.extend(['^', c.to_ascii_lowercase()]);
            } else {
                escaped.push(c);
            }
        }
        escaped
    }

    /// What may have been escaped so; whether it was, its escaped form tells.
    fn unescape(self, dir: &str) -> Option<String> {
        let (mut octets, mut rest) = (Vec::with_capacity(dir.len()), dir);
        if dir == INBOX {
            return Some(dir.to_owned());
        }
        while let Some(first) = rest.bytes().next() {
            if first == b'%' && is_escape(&rest[1..]) {
                octets.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
                rest = &rest[3..];
            } else if first == b'^' && self == Self::Escaped {
                octets.push(rest.as_bytes().get(1).filter(|letter| letter.is_ascii_lowercase())?.to_ascii_uppercase());
                rest = &rest[2..];
            } else {
                octets.push(first);
                rest = match rest.char_indices().nth(1) {
                    Some((next, _)) => {
                        octets.extend_from_slice(&rest.as_bytes()[1..next]);
                        &rest[next..]
                    }
                    None => {
                        octets.extend_from_slice(&rest.as_bytes()[1..]);
                        ""
                    }
                };
            }
        }
        // A `/` would be two levels.
        String::from_utf8(octets).ok().filter(|level| !level.contains(SEPARATOR))
    }

    /// How the folders lie that are in a root already; `None` if there are none.
    pub fn detect(disk: &dyn Disk, root: &Path) -> io::Result<Option<Self>> {
        let entries = match disk.read_dir(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let is_part = |name: &std::ffi::OsStr| PARTS.iter().any(|part| name == *part);
        let dirs = || entries.iter().filter(|entry| entry.is_dir);
        let holds_mail = |path: &Path| disk.stat(&path.join("cur")).is_ok_and(|stat| stat.is_dir);
        let is_plus_plus = |path: &Path| Self::MaildirPlusPlus.name(path).is_some() && holds_mail(&root.join(path));
        if dirs().any(|entry| is_part(&entry.name)) || dirs().any(|entry| is_plus_plus(Path::new(&entry.name))) {
            return Ok(Some(Self::MaildirPlusPlus));
        }
        let mut found = Vec::new();
        super::walk(disk, root, &mut |path| found.push(path.to_owned()))?;
        let is_escaped = |path: &PathBuf| Self::Escaped.name(path).is_some();
        Ok(match found.as_slice() {
            [] => None,
            // INBOX alone is written alike.
            all if all.iter().all(is_escaped)
                && all.iter().any(|path| Self::Verbatim.name(path) != Self::Escaped.name(path)) =>
            {
                Some(Self::Escaped)
            }
            _ => Some(Self::Verbatim),
        })
    }
}

fn is_escape(behind_percent: &str) -> bool {
    let digits = behind_percent.as_bytes().get(..2).unwrap_or_default();
    digits.len() == 2 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'))
}

#[cfg(test)]
mod tests {
    use super::Layout::{Escaped, MaildirPlusPlus, Verbatim};
    use super::*;
    use crate::store::memory::MemoryDisk;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_path_in_each_layout_and_leads_back() {
        for (name, plus, verbatim, escaped) in [
            ("INBOX", "", "INBOX", "INBOX"),
            ("INBOX/Work", ".INBOX.Work", "INBOX/Work", "INBOX/^work"),
            ("Sent", ".Sent", "Sent", "^sent"),
            ("a", ".a", "a", "a"),
            ("A", ".A", "A", "^a"),
            ("a/INBOX", ".a.INBOX", "a/INBOX", "a/^i^n^b^o^x"),
            ("Sent Items/2026.11", ".Sent Items.2026&AC4-11", "Sent Items/2026.11", "^sent ^items/2026.11"),
            ("mailkit", ".&AG0-ailkit", "mailkit", "mailkit"),
            ("mailkit/undo", ".mailkit.undo", "mailkit/undo", "mailkit/undo"),
            (".mailkit", ".&AC4-mailkit", "%2Emailkit", "%2Emailkit"),
            ("Entwürfe", ".Entw&APw-rfe", "Entwürfe", "^entw%C3%BCrfe"),
            ("\u{1f600}", ".&2D3eAA-", "\u{1f600}", "%F0%9F%98%80"),
            ("cur", ".cur", "%63ur", "%63ur"),
            ("a/New", ".a.New", "a/%4Eew", "a/%4Eew"),
            ("100%", ".100%", "100%", "100%25"),
            ("100%25", ".100%25", "100%2525", "100%2525"),
            ("...", ".&AC4-&AC4-&AC4-", "%2E..", "%2E.%2E"),
            ("dot.", ".dot&AC4-", "dot.", "dot%2E"),
            ("space ", ".space ", "space ", "space%20"),
            ("a^b:c", ".a^b:c", "a^b:c", "a%5Eb%3Ac"),
            ("con.x", ".con&AC4-x", "con.x", "%63on.x"),
            ("-n", ".-n", "-n", "-n"),
        ] {
            for (layout, path) in [(MaildirPlusPlus, plus), (Verbatim, verbatim), (Escaped, escaped)] {
                assert_eq!(layout.path(name).unwrap(), Path::new(path), "{name} in {layout:?}");
                assert_eq!(layout.name(Path::new(path)).as_deref(), Some(name), "{path} in {layout:?}");
            }
        }
        for layout in [MaildirPlusPlus, Verbatim, Escaped] {
            assert_eq!(layout.path("iNbOx").unwrap(), layout.path("INBOX").unwrap());
            assert_eq!(Layout::from_word(layout.word()), Some(layout));
        }
        assert_eq!(Layout::from_word("mbox"), None);
    }

    #[test]
    fn names_without_a_path_and_paths_without_a_name_are_refused() {
        let (long, deep) = ("x".repeat(300), vec!["x"; 65].join("/"));
        for layout in [MaildirPlusPlus, Verbatim, Escaped] {
            for bad in ["", "/", "/a", "a/", "a//b", &long] {
                assert!(matches!(layout.path(bad), Err(MailboxError::Cannot(_))), "{bad:?} in {layout:?}");
            }
        }
        assert!(Verbatim.path(&deep).is_err() && Escaped.path(&"Ä".repeat(60)).is_err());
        assert!(Verbatim.path(&"x".repeat(255)).is_ok() && Verbatim.path(&"Ä".repeat(120)).is_ok());
        for (layout, bad) in [
            (MaildirPlusPlus, "Sent"),
            (MaildirPlusPlus, ".mailkit"),
            (MaildirPlusPlus, ".INBOX"),
            (MaildirPlusPlus, ".a.."),
            (MaildirPlusPlus, ".a/.b"),
            (Verbatim, ""),
            (Verbatim, ".hidden"),
            (Verbatim, "a/cur"),
            (Verbatim, "inbox"),
            (Verbatim, "../a"),
            (Verbatim, "/a"),
            (Verbatim, "%41"),
            (Verbatim, "a%2Fb"),
            (Verbatim, "%FF"),
            (Verbatim, "a\u{7}"),
            (Escaped, "Sent"),
            (Escaped, "^Sent"),
            (Escaped, "a^"),
            (Escaped, "^ä"),
            (Escaped, "Entwürfe"),
            (Escaped, "^inbox/../x"),
            (Escaped, "a "),
        ] {
            assert_eq!(layout.name(Path::new(bad)), None, "{bad} in {layout:?}");
        }
    }

    #[test]
    fn what_is_there_tells_its_layout() {
        for (folders, wanted) in [
            (&[][..], None),
            (&["photos/2026", ".mailkit/undo"], None),
            (&["cur"], Some(MaildirPlusPlus)),
            (&["tmp"], Some(MaildirPlusPlus)),
            (&[".Sent/cur"], Some(MaildirPlusPlus)),
            (&["INBOX/cur"], Some(Verbatim)),
            (&["work/a/cur", "photos/x"], Some(Verbatim)),
            (&["INBOX/cur", "^sent/cur"], Some(Escaped)),
            (&["Sent/cur", "^sent/cur"], Some(Verbatim)),
        ] {
            let disk = MemoryDisk::new();
            for folder in folders {
                disk.create_dir(&Path::new("/m").join(folder)).unwrap();
            }
            assert_eq!(Layout::detect(&disk, Path::new("/m")).unwrap(), wanted, "{folders:?}");
        }
    }

    proptest! {
        #[test]
        fn no_two_names_meet_and_each_comes_back(
            one in "[a-cA-C./%^&:~ 0-9\u{e4}\u{c4}\u{1f600}\u{7}-]{1,12}|(inbox|INBOX|Cur|tmp|aux|mailkit)(/[a-z.]{1,3})?",
            other in "[a-cA-C./%^ ]{1,4}",
        ) {
            for layout in [MaildirPlusPlus, Verbatim, Escaped] {
                let (Ok(path), name) = (layout.path(&one), with_inbox(one.clone())) else { continue };
                prop_assert!(path.components().all(|component| matches!(component, Component::Normal(_))));
                let back = layout.name(&path);
                prop_assert_eq!(back.as_deref(), Some(name.as_str()));
                if let Ok(other_path) = layout.path(&other) {
                    let is_same = name == with_inbox(other.clone());
                    prop_assert_eq!(path == other_path, is_same);
                    // Nothing that a disk without case would take for another.
                    let folded = |path: &Path| path.to_str().unwrap().to_lowercase();
                    prop_assert!(layout != Escaped || (folded(&path) == folded(&other_path)) == is_same);
                }
            }
        }

        #[test]
        fn no_path_has_two_names(path in "[.^%a-cA-C0-9/\u{e4} ]{1,10}|(INBOX|\\^inbox)(/[a-z]{1,3})?") {
            for layout in [MaildirPlusPlus, Verbatim, Escaped] {
                if let Some(name) = layout.name(Path::new(&path)) {
                    prop_assert_eq!(layout.path(&name).unwrap(), Path::new(&path));
                }
            }
        }
    }
}
