//! A pass over the names of a folder, which holds one of them at a time.
//!
//! Others rename files while we read: a file may then be told twice, or, when nothing is quiet, not at all. So a pass
//! says whether anything can have changed under it, and only a quiet one proves that what it did not tell is gone.

use super::Tree;
use crate::imap::flag::Flags;
use crate::store::mailbox::{FolderFiles, Spot, Stamps, TICK, split};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::Timestamp;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Hears of a file: base name, spot, inode.
pub(super) type EachFile<'e> = dyn FnMut(&[u8], &Spot, u64) -> Outcome<()> + 'e;

/// A message's file.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The part of its name that stays.
    pub base: &'a [u8],
    /// The part that changes, and the directory.
    pub spot: &'a Spot,
    /// What the name tells, keywords of the folder included.
    pub flags: Flags,
    /// Which file it is.
    pub inode: u64,
}

/// What a pass was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// The directories before the pass.
    pub stamps: Stamps,
    /// When it began.
    pub began: Timestamp,
    /// Nothing can have changed meanwhile: what was not told is not there.
    pub is_quiet: bool,
    /// Files told.
    pub files: u64,
}

impl Scan {
    /// Whether directories with these stamps hold what this pass told. Two changes within a tick of the file system's
    /// clock bear the same time, so what changed shortly before the pass may have changed again unseen.
    pub fn still_holds(&self, stamps: &Stamps) -> bool {
        self.is_quiet && *stamps == self.stamps
    }

    /// Whether directories that looked so at a time cannot have changed unseen since. The same rule as git's index.
    pub fn is_settled(stamps: &Stamps, at: Timestamp) -> bool {
        settles(stamps.latest()) < at.as_nanosecond()
    }
}

/// When a directory that last changed at a time (nanoseconds since 1970) can change no more under the same time. File
/// systems that keep parts of seconds tell them by the kernel's tick, at most 10 ms long; a time without such parts may
/// come from one that counts whole seconds, or every other one.
pub fn settles(changed: i128) -> i128 {
    const KERNEL_TICK: i128 = 20_000_000;
    let has_parts = changed % 1_000_000_000 != 0;
    changed + if has_parts { KERNEL_TICK } else { TICK.as_nanos() as i128 }
}

impl Tree {
    /// The directories of a folder as they are now: two calls to the disk, instead of a pass.
    pub fn stamps(&self, folder: &str) -> Outcome<Stamps> {
        self.files(folder)?.stamps()
    }

    /// Tells all messages of a folder, in no order. An error of `each` ends the pass.
    pub fn scan(&self, folder: &str, each: &mut dyn FnMut(Seen<'_>) -> Outcome<()>) -> Outcome<Scan> {
        let files = self.files(folder)?;
        let keywords = self.keywords(&files)?;
        let began = self.outside.clock.now();
        let stamps = files.stamps()?;
        let mut count = 0;
        self.each_file(&files, &mut |base, spot, inode| {
            count += 1;
            each(Seen { base, spot, flags: keywords.flags(spot), inode })
        })?;
        let is_quiet = Scan::is_settled(&stamps, began) && files.stamps()? == stamps;
        Ok(Scan { stamps, began, is_quiet, files: count })
    }

    /// `new` comes first: what moves to `cur` meanwhile is then told twice, not never.
    pub(super) fn each_file(&self, files: &FolderFiles<'_>, each: &mut EachFile<'_>) -> Outcome<()> {
        let mut spot = Spot::new_mail();
        for in_cur in [false, true] {
            let dir = files.path.join(if in_cur { "cur" } else { "new" });
            let mut failed = None;
            let listed = self.disk().each_name(&dir, &mut |one| {
                let (base, info) = split(one.name.as_bytes());
                // Maildir keeps names with a dot in front for other things.
                if one.is_dir || base.is_empty() || base.starts_with(b".") {
                    return Ok(());
                }
                spot.in_cur = in_cur;
                spot.info.clear();
                spot.info.extend_from_slice(info);
                each(base, &spot, one.inode).map_err(|error| {
                    failed = Some(error);
                    io::ErrorKind::Interrupted.into()
                })
            });
            match (listed, failed) {
                (_, Some(error)) => return Err(error),
                (Err(error), None) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(MailboxError::NoSuchMailbox);
                }
                (Err(error), None) => return Err(MailboxError::file("reading", &dir, error)),
                (Ok(()), None) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_settles_sooner_where_time_is_finer() {
        let second = 1_000_000_000;
        for (changed, wanted) in [(7 * second, 9 * second), (7 * second + 1, 7 * second + 20_000_001), (0, 2 * second)]
        {
            assert_eq!(settles(changed), wanted, "{changed}");
        }
    }
}
