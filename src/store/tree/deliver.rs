//! Messages come in: a batch at a time, under names of the caller's choice.
//!
//! Contents are written to `tmp` and made durable there, then renamed, then the directory is synced: in this order a
//! power cut never leaves a name without its message. Where one sync of the whole file system is known to be sound it
//! takes the place of many, see [`crate::world::Disk::sync_contents`]; else files are synced by many threads at once,
//! which the journal of a file system then does in few writes. A message that cannot be written spoils no other.

use super::flags::Keywords;
use super::{Place, Tree};
use crate::imap::flag::Flags;
use crate::store::mailbox::{FolderFiles, Spot, base, sizes, stem, write_message, write_unsynced};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::store::room::has_room;
use crate::world::{Content, Timestamp};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

/// Threads that write; and those that also wait for the disk, which are many so that it can do their work at once.
const WRITERS: usize = 4;
const SYNCERS: usize = 16;
/// From as many messages on, one sync of everything costs less than theirs.
const WHOLE_MIN: usize = 16;

/// A message to deliver.
#[derive(Clone)]
pub struct Incoming {
    /// Names it for good in its folder; at most 50 octets of any kind, or 150 letters and digits.
    pub key: String,
    /// With which flags it arrives.
    pub flags: Flags,
    /// When it arrived; whole seconds are kept, as the file's time.
    pub arrived: Timestamp,
    /// As on the wire.
    pub content: Arc<dyn Content>,
}

/// Whether any message of a batch may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Their keys are new.
    Never,
    /// An earlier delivery may have come that far. Costs a pass over the folder's names.
    Perhaps,
}

/// Where a message is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The part of its file's name that stays.
    pub base: Vec<u8>,
    /// The part that changes, and the directory.
    pub spot: Spot,
    /// The flags that the name tells: of those that were asked for, all for which there are letters.
    pub flags: Flags,
    /// Which file it is.
    pub inode: u64,
    /// False if it was there before, and nothing was done.
    pub is_fresh: bool,
}

/// The part of a base name that stands for a message's key: what [`Incoming::key`] became.
pub fn stem_of(base: &[u8]) -> &[u8] {
    base.split(|octet| *octet == b',').next().unwrap_or(base)
}

/// A message whose content waits in `tmp`.
struct Written {
    path: PathBuf,
    base: Vec<u8>,
}

impl Tree {
    /// What a base name begins with that was made for a key.
    pub fn stem(key: &str) -> Outcome<String> {
        stem(key).map_err(MailboxError::Broken)
    }

    /// Puts messages into a folder: with flags into `cur`, without any into `new`. When it returns, those without an
    /// error are durable. When the disk is full, what fitted stays.
    pub fn deliver(&self, folder: &str, batch: &[Incoming], before: Before) -> Outcome<Vec<Outcome<Placed>>> {
        let files = self.files(folder)?;
        if !files.exists() {
            return Err(MailboxError::NoSuchMailbox);
        }
        // Not all programs that make a Maildir make all of it.
        files.make()?;
        let stems = batch.iter().map(|one| Self::stem(&one.key)).collect::<Outcome<Vec<String>>>()?;
        let keywords = self.keywords_with(&files, batch.iter().flat_map(|one| one.flags.keywords()))?;
        let mut there = match before {
            Before::Never => HashMap::new(),
            Before::Perhaps => self.find_stems(&files, &stems)?,
        };
        let known: Vec<Option<Placed>> = stems.iter().map(|stem| there.remove(stem.as_bytes())).collect();
        let fresh = || batch.iter().zip(&stems).zip(&known).filter(|(_, known)| known.is_none()).map(|(one, _)| one);
        let written = self.write_all(&files, &fresh().collect::<Vec<_>>());
        let (mut cur, mut new) = (false, false);
        let placed: Vec<Outcome<Placed>> = fresh()
            .zip(written)
            .map(|((one, _), written)| {
                let placed = self.rename_in(&files, written?, &one.flags, &keywords)?;
                (cur, new) = (cur || placed.spot.in_cur, new || !placed.spot.in_cur);
                Ok(placed)
            })
            .collect();
        self.sync_names(&files, cur, new)?;
        let mut placed = placed.into_iter();
        let either = |known: Option<Placed>| known.map_or_else(|| placed.next().unwrap_or(Err(MailboxError::Full)), Ok);
        Ok(known.into_iter().map(either).collect())
    }

    /// The messages that are there under these stems.
    fn find_stems(&self, files: &FolderFiles<'_>, stems: &[String]) -> Outcome<HashMap<Vec<u8>, Placed>> {
        let keywords = self.keywords(files)?;
        let wanted: std::collections::HashSet<&[u8]> = stems.iter().map(|stem| stem.as_bytes()).collect();
        let mut found = HashMap::new();
        self.each_file(files, &mut |base, spot, inode| {
            if wanted.contains(stem_of(base)) {
                let (base, flags) = (base.to_vec(), keywords.flags(spot));
                let placed = Placed { base, spot: spot.clone(), flags, inode, is_fresh: false };
                found.insert(stem_of(&placed.base).to_vec(), placed);
            }
            Ok(())
        })?;
        // Without syncs, a power cut leaves names whose content never came.
        let mut whole = HashMap::with_capacity(found.len());
        for (stem, placed) in found {
            let path = placed.spot.path(&files.path, &placed.base);
            let is_empty = self.disk().stat(&path).is_ok_and(|stat| stat.size == 0);
            if is_empty && sizes(&placed.base).is_some_and(|sizes| sizes.disk > 0) {
                self.disk().remove(&path).map_err(|error| MailboxError::file("removing", &path, error))?;
            } else {
                whole.insert(stem, placed);
            }
        }
        Ok(whole)
    }

    /// Writes contents to `tmp`, each for itself, durably if that is wanted.
    fn write_all(&self, files: &FolderFiles<'_>, all: &[(&Incoming, &String)]) -> Vec<Outcome<Written>> {
        let paths: Vec<PathBuf> = all.iter().map(|_| self.temporary(files)).collect();
        let jobs: Vec<_> = all.iter().zip(&paths).collect();
        let at_once = self.durable && all.len() >= WHOLE_MIN && self.syncs_all.load(Ordering::Relaxed);
        let alone = self.durable && !at_once;
        let threads = if alone { SYNCERS } else { WRITERS };
        let written = side_by_side(&jobs, threads, &|((one, stem), path)| self.write_one(one, stem, path, alone));
        if !at_once {
            return written;
        }
        match self.disk().sync_contents(&files.path) {
            Ok(true) => written,
            Ok(false) => {
                self.syncs_all.store(false, Ordering::Relaxed);
                self.sync_each(written)
            }
            Err(error) => {
                let message = error.to_string();
                let fail = |written: Outcome<Written>| {
                    let Written { path, .. } = written?;
                    self.give_up(&path);
                    Err(MailboxError::file("syncing", &path, std::io::Error::new(error.kind(), message.clone())))
                };
                written.into_iter().map(fail).collect()
            }
        }
    }

    fn write_one(&self, one: &Incoming, stem: &str, path: &Path, sync: bool) -> Outcome<Written> {
        let disk = self.disk();
        if !has_room(disk, path.parent().unwrap_or(path), one.content.size()) {
            return Err(MailboxError::Full);
        }
        let arrived = Timestamp::from_second(one.arrived.as_second()).unwrap_or_default();
        let written = match sync {
            true => write_message(disk, path, &*one.content, arrived),
            false => write_unsynced(disk, path, &*one.content, arrived).map(|(_, sizes)| sizes),
        };
        match written {
            Ok(sizes) => Ok(Written { path: path.to_owned(), base: base(stem, sizes) }),
            Err(error) => {
                self.give_up(path);
                Err(MailboxError::file("writing", path, error))
            }
        }
    }

    fn sync_each(&self, written: Vec<Outcome<Written>>) -> Vec<Outcome<Written>> {
        let paths: Vec<Option<&Path>> = written.iter().map(|one| Some(one.as_ref().ok()?.path.as_path())).collect();
        let sync = |path: &Option<&Path>| match path {
            Some(path) => self.disk().open(path).and_then(|mut file| file.sync()),
            None => Ok(()),
        };
        let synced = side_by_side(&paths, SYNCERS, &sync);
        let both = written.into_iter().zip(synced).map(|(written, synced)| {
            let Written { path, base } = written?;
            match synced {
                Ok(()) => Ok(Written { path, base }),
                Err(error) => {
                    self.give_up(&path);
                    Err(MailboxError::file("syncing", &path, error))
                }
            }
        });
        both.collect()
    }

    fn rename_in(
        &self,
        files: &FolderFiles<'_>,
        Written { path, base }: Written,
        flags: &Flags,
        keywords: &Keywords,
    ) -> Outcome<Placed> {
        let place = Place { base, spot: keywords.spot(&Spot::new_mail(), &keywords.tellable(flags)) };
        let target = place.spot.path(&files.path, &place.base);
        let renamed = self.disk().rename(&path, &target).and_then(|()| self.disk().stat(&target));
        match renamed {
            Ok(stat) => Ok(Placed {
                flags: keywords.flags(&place.spot),
                base: place.base,
                spot: place.spot,
                inode: stat.inode,
                is_fresh: true,
            }),
            Err(error) => {
                self.give_up(&path);
                Err(MailboxError::file("moving", &path, error))
            }
        }
    }

    /// A leftover in `tmp`, which the next run sweeps if it cannot be removed now.
    fn give_up(&self, path: &Path) {
        let _ = self.disk().remove(path);
    }
}

/// Does a job for each, on up to so many threads; answers in their order.
fn side_by_side<J: Sync, T: Send>(jobs: &[J], threads: usize, work: &(dyn Fn(&J) -> T + Sync)) -> Vec<T> {
    let share = jobs.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let mut shares = jobs.chunks(share);
        let first = shares.next().unwrap_or_default();
        let others: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<T>>())).collect();
        let mut done: Vec<T> = first.iter().map(work).collect();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                // Its jobs have no answer, and a panic is a mistake of ours: it goes on here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}
