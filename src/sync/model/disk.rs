//! The Maildirs of the model: names in directories, and the time at which names last changed.

use super::mail::Mail;
use crate::imap::flag::{Flags, SystemFlag};
use crate::sync::row::File;
use crate::sync::state::SeenHere;
use std::collections::BTreeMap;

/// All folders, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    pub(super) folders: BTreeMap<String, Directory>,
    last: u64,
}

/// One Maildir.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    pub(super) mark: Option<String>,
    pub(super) files: Vec<Entry>,
    cur: i128,
    new: i128,
}

/// One file.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) base: Vec<u8>,
    pub(super) in_cur: bool,
    pub(super) flags: Flags,
    pub(super) inode: u64,
    pub(super) mail: Mail,
}

impl Entry {
    pub(super) fn file(&self) -> File {
        let Self { base, in_cur, flags, inode, .. } = self.clone();
        let mut info = Vec::new();
        if in_cur {
            info.extend(b":2,");
            info.extend(SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(|flag| flag.letter() as u8));
            flags.keywords().for_each(|keyword| info.extend(keyword.bytes().last()));
        }
        File { base, in_cur, info, flags, inode }
    }
}

/// The names as they were at this time, as coarse as the file system tells it.
fn rounded(now: i128, coarse: i128) -> i128 {
    now - now.rem_euclid(coarse)
}

impl Directory {
    pub(super) fn stamp(&self, now: i128) -> SeenHere {
        SeenHere { cur: self.cur, new: self.new, at: now }
    }

    pub(super) fn touch(&mut self, in_cur: bool, now: i128, coarse: i128) {
        *(if in_cur { &mut self.cur } else { &mut self.new }) = rounded(now, coarse);
    }

    pub(super) fn find(&self, base: &[u8]) -> Option<usize> {
        self.files.iter().position(|file| file.base == base)
    }
}

impl Disk {
    /// A name that nobody has.
    pub(super) fn name(&mut self) -> Vec<u8> {
        self.last += 1;
        format!("{}.mua", self.last).into_bytes()
    }

    pub(super) fn inode(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn add(&mut self, folder: &str, entry: Entry, now: i128, coarse: i128) {
        let Some(directory) = self.folders.get_mut(folder) else { return };
        directory.touch(entry.in_cur, now, coarse);
        directory.files.push(entry);
    }

    pub(super) fn flag(&mut self, folder: &str, at: usize, change: impl Fn(&mut Flags), now: i128, coarse: i128) {
        let Some(directory) = self.folders.get_mut(folder) else { return };
        let Some(entry) = directory.files.get_mut(at) else { return };
        let before = (entry.in_cur, entry.flags.clone());
        change(&mut entry.flags);
        entry.in_cur = true;
        if before != (true, entry.flags.clone()) {
            // A new name is another entry in the directory.
            let entry = directory.files.remove(at);
            directory.files.push(entry);
            directory.touch(before.0, now, coarse);
            directory.touch(true, now, coarse);
        }
    }

    pub(super) fn take(&mut self, folder: &str, at: usize, now: i128, coarse: i128) -> Option<Entry> {
        let directory = self.folders.get_mut(folder)?;
        let entry = directory.files.remove(at);
        directory.touch(entry.in_cur, now, coarse);
        Some(entry)
    }
}
