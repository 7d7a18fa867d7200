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
        stamps.latest() < at.as_nanosecond() - TICK.as_nanos() as i128
    }
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
    pub(super) fn each_file(
        &self,
        files: &FolderFiles<'_>,
        each: &mut dyn FnMut(&[u8], &Spot, u64) -> Outcome<()>,
    ) -> Outcome<()> {
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
