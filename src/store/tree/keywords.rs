//! A folder's list of keywords, which is shared with Dovecot.
//!
//! It is read without a lock, since it is replaced as a whole. Whoever adds to it holds `dovecot-uidlist.lock`, a file
//! that is there while somebody does; one that has been there for two minutes was left by a crash. What cannot be added
//! now is not told in names, and whoever asked sees that.
//! doc.dovecot.org: "Maildir", keywords; src/lib-storage/index/maildir/maildir-keywords.c.

use super::Tree;
use super::flags::Keywords;
use crate::imap::flag::Flags;
use crate::store::mailbox::FolderFiles;
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::note;
use crate::world::Disk;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const LIST: &str = "dovecot-keywords";
const LOCK: &str = "dovecot-uidlist.lock";
/// 26 words of 250 octets are less.
const LIST_MAX: u64 = 64 * 1024;
/// Others hold it while they write a list.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 100;
/// Dovecot's own measure.
const STALE: Duration = Duration::from_secs(120);

/// Ours while the value lives.
struct Held<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // One that stays is stale in two minutes.
        let _ = self.disk.remove(&self.path);
    }
}

impl Tree {
    /// The keywords that have letters in a folder. A list that cannot be read gives none.
    pub(super) fn keywords(&self, files: &FolderFiles<'_>) -> Outcome<Keywords> {
        let path = files.path.join(LIST);
        match note::read(self.disk(), &path, LIST_MAX) {
            Ok(list) => Ok(Keywords::parse(&list.unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Keywords::default()),
            Err(error) => Err(MailboxError::file("reading", &path, error)),
        }
    }

    /// The keywords that names in a folder can tell now.
    pub fn tellable(&self, folder: &str) -> Outcome<Flags> {
        Ok(self.keywords(&self.files(folder)?)?.words())
    }

    /// The same after these words have got letters, as far as they can.
    pub(super) fn keywords_with<'w>(
        &self,
        files: &FolderFiles<'_>,
        words: impl Iterator<Item = &'w str>,
    ) -> Outcome<Keywords> {
        let keywords = self.keywords(files)?;
        let words: BTreeSet<&str> = words.collect();
        let is_missing =
            |keywords: &Keywords| words.iter().any(|word| !keywords.has(word) && keywords.clone().add(word));
        if !is_missing(&keywords) {
            return Ok(keywords);
        }
        let Some(_held) = self.lock_list(&files.path)? else { return Ok(keywords) };
        // Somebody may have added to it before it was ours.
        let mut keywords = self.keywords(files)?;
        if is_missing(&keywords) {
            for word in &words {
                keywords.add(word);
            }
            let path = files.path.join(LIST);
            let written = note::replace(self.disk(), &self.temporary(files), &path, &keywords.print());
            written.map_err(|error| MailboxError::file("writing", &path, error))?;
        }
        Ok(keywords)
    }

    /// `None` if others do not let go of it.
    fn lock_list(&self, folder: &Path) -> Outcome<Option<Held<'_>>> {
        let path = folder.join(LOCK);
        for look in 0..LOOKS {
            let now = self.outside.clock.now();
            match self.disk().create(&path) {
                Ok(mut made) => {
                    let held = Held { disk: self.disk(), path };
                    // By this time others judge whether it is stale; it has one in any case.
                    let _ = made.set_modified(now);
                    return Ok(Some(held));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(MailboxError::file("creating", &path, error)),
            }
            let stale = now.as_nanosecond() - STALE.as_nanos() as i128;
            if self.disk().stat(&path).is_ok_and(|stat| !stat.is_dir && stat.modified < stale) {
                // If it cannot go, it stays held.
                let _ = self.disk().remove(&path);
            } else if look + 1 < LOOKS {
                thread::sleep(LOOK);
            }
        }
        Ok(None)
    }
}
