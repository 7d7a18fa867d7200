//! The log of UIDs: what gives a lost index its numbers back.
//!
//! A text file in each mailbox. It begins with the UIDVALIDITY and the next UID; each batch adds a line
//! per message, with its file's base name, and a seal. A message is logged once its file is durable and
//! before its UID is told to anybody, so that a base name in the log without a file is a message that
//! was there and is gone: it never comes again.
//!
//! ```text
//! mailkit-uids 1 1700000000 1
//! =1 9c2b6f0e
//! 1 1700000123 01J9ZK8M3V6Q,S=310,W=321
//! 2 1700000123 01J9ZK8M4C1A,S=97,W=103
//! =2 51f08ad3
//! ```
//!
//! The seal has the number of lines since the last one and their CRC-32. Whatever follows the last good
//! seal was never finished and does not count.

use crate::imap::number::UidValidity;
use crate::world::{Disk, DiskFile};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// Its name in the mailbox's directory.
pub(super) const NAME: &str = "mailkit-uids";
const NEXT_NAME: &str = "mailkit-uids.tmp";
const FORMAT: &str = "mailkit-uids 1";
/// A log of a million messages is a tenth of this.
const SIZE_MAX: u64 = 1 << 30;
/// More numbers without a message than this are not our work, and clients would have to be told them all.
const GAPS_MAX: u64 = 10_000_000;

/// One message that has, or had, a UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) uid: u32,
    /// Seconds since 1970 when it was logged.
    pub(super) at: i64,
    pub(super) base: Vec<u8>,
}

/// What a log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) validity: UidValidity,
    /// Higher than every UID there ever was.
    pub(super) uid_next: u32,
    /// By rising UID.
    pub(super) entries: Vec<Entry>,
}

/// Reads a log; `None` if there is none, or none that can be believed.
pub(super) fn read(disk: &dyn Disk, mailbox: &Path) -> io::Result<Option<Contents>> {
    let file = match disk.open(&mailbox.join(NAME)) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.size()?;
    if size > SIZE_MAX {
        return Ok(None);
    }
    let mut octets = vec![0; size as usize];
    let mut at = 0;
    while at < octets.len() {
        match file.read_at(at as u64, octets.get_mut(at..).unwrap_or_default())? {
            0 => break,
            count => at += count,
        }
    }
    octets.truncate(at);
    Ok(parse(&octets))
}

fn parse(octets: &[u8]) -> Option<Contents> {
    let mut batches = Batches { rest: octets };
    let head = batches.next()?;
    let mut contents = parse_head(&head)?;
    for batch in batches {
        let Some(mut entries) = batch.iter().map(|line| parse_entry(line)).collect::<Option<Vec<_>>>() else { break };
        contents.entries.append(&mut entries);
    }
    contents.entries.sort_by_key(|entry| entry.uid);
    contents.entries.dedup_by_key(|entry| entry.uid);
    let last = contents.entries.last().map_or(0, |entry| entry.uid);
    contents.uid_next = contents.uid_next.max(last.checked_add(1)?);
    let gaps = u64::from(contents.uid_next).saturating_sub(contents.entries.len() as u64);
    (gaps <= GAPS_MAX).then_some(contents)
}

/// The lines between the seals, as long as these are good.
struct Batches<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Batches<'a> {
    type Item = Vec<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut lines = Vec::new();
        let mut at = 0;
        loop {
            let line = self.rest.get(at..)?;
            let line = line.get(..memchr::memchr(b'\n', line)?)?;
            if let Some(seal) = line.strip_prefix(b"=") {
                let (batch, _) = self.rest.split_at(at);
                let good = seal == seal_of(lines.len(), batch).as_bytes();
                self.rest = self.rest.get(at + line.len() + 1..)?;
                return good.then_some(lines);
            }
            at += line.len() + 1;
            lines.push(line);
        }
    }
}

fn seal_of(count: usize, batch: &[u8]) -> String {
    format!("{count} {:08x}", crc32fast::hash(batch))
}

fn parse_head(lines: &[&[u8]]) -> Option<Contents> {
    let [line] = lines else { return None };
    let mut numbers = std::str::from_utf8(line).ok()?.strip_prefix(FORMAT)?.strip_prefix(' ')?.split(' ');
    let validity = UidValidity::new(numbers.next()?.parse().ok()?)?;
    let uid_next = numbers.next()?.parse().ok().filter(|next| *next > 0)?;
    Some(Contents { validity, uid_next, entries: Vec::new() })
}

fn parse_entry(line: &[u8]) -> Option<Entry> {
    let mut fields = std::str::from_utf8(line).ok()?.splitn(3, ' ');
    let uid = fields.next()?.parse().ok().filter(|uid| *uid > 0)?;
    let at = fields.next()?.parse().ok()?;
    Some(Entry { uid, at, base: unescape(fields.next()?)? })
}

/// Base names of other programs can hold anything but `/` and `:`; the log holds visible ASCII.
fn escape(base: &[u8], out: &mut String) {
    for octet in base {
        match octet {
            b'%' | 0..=b' ' | 0x7f..=0xff => write!(out, "%{octet:02X}").expect("a String takes everything"),
            octet => out.push(char::from(*octet)),
        }
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut base = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            base.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            base.push(*first);
            rest = after;
        }
    }
    (!base.is_empty()).then_some(base)
}

fn batch<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let (mut text, mut count) = (String::new(), 0);
    for Entry { uid, at, base } in entries {
        write!(text, "{uid} {at} ").expect("a String takes everything");
        escape(base, &mut text);
        text.push('\n');
        count += 1;
    }
    sealed(text, count)
}

fn sealed(mut text: String, count: usize) -> String {
    let seal = seal_of(count, text.as_bytes());
    text.push('=');
    text.push_str(&seal);
    text.push('\n');
    text
}

/// A log that this process writes to.
pub(super) struct UidLog {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    inode: u64,
    size: u64,
}

/// How far an append came before it failed.
#[derive(Debug)]
pub(super) enum AppendError {
    /// Nothing of it will ever count.
    Unwritten(io::Error),
    /// It may count after a crash.
    Unknown(io::Error),
}

impl UidLog {
    /// Writes a log anew with what is to be remembered, and puts it in the place of the old one.
    pub(super) fn rewrite(disk: &dyn Disk, mailbox: &Path, contents: &Contents) -> io::Result<Self> {
        let (path, next) = (mailbox.join(NAME), mailbox.join(NEXT_NAME));
        match disk.remove(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = disk.create(&next)?;
        let mut text = sealed(format!("{FORMAT} {} {}\n", contents.validity, contents.uid_next), 1);
        if !contents.entries.is_empty() {
            text.push_str(&batch(contents.entries.iter()));
        }
        file.append(text.as_bytes())?;
        file.sync()?;
        disk.rename(&next, &path)?;
        disk.sync_dir(mailbox)?;
        let inode = disk.stat(&path)?.inode;
        Ok(Self { path, file, inode, size: text.len() as u64 })
    }

    /// Whether the file is still the one that is open here, with nothing added by others.
    pub(super) fn is_current(&self, disk: &dyn Disk) -> bool {
        disk.stat(&self.path).is_ok_and(|stat| stat.inode == self.inode && stat.size == self.size)
    }

    /// Adds a batch and makes it durable. After a failure the log must be written anew.
    pub(super) fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        let text = batch(entries.iter());
        self.file.append(text.as_bytes()).map_err(AppendError::Unwritten)?;
        self.size += text.len() as u64;
        self.file.sync().map_err(AppendError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;

    fn entry(uid: u32, base: &[u8]) -> Entry {
        Entry { uid, at: 7, base: base.to_vec() }
    }

    fn contents(entries: &[Entry]) -> Contents {
        Contents { validity: UidValidity::new(5).unwrap(), uid_next: 4, entries: entries.to_vec() }
    }

    fn disk() -> MemoryDisk {
        let disk = MemoryDisk::new();
        disk.create_dir(Path::new("/m")).unwrap();
        disk
    }

    #[test]
    fn what_is_logged_is_read_again_whatever_the_files_are_called() {
        let disk = disk();
        let (first, more) = ([entry(1, b"a,S=1"), entry(3, b"\xff %\n=")], [entry(9, b"=1 0")]);
        let mut log = UidLog::rewrite(&disk, Path::new("/m"), &contents(&first)).unwrap();
        log.append(&more).unwrap();
        assert!(log.is_current(&disk));
        let wanted = Contents { uid_next: 10, ..contents(&[&first[..], &more].concat()) };
        assert_eq!(read(&disk, Path::new("/m")).unwrap(), Some(wanted));
        let newer = UidLog::rewrite(&disk, Path::new("/m"), &contents(&first)).unwrap();
        assert!(newer.is_current(&disk) && !log.is_current(&disk));
    }

    #[test]
    fn an_unfinished_batch_does_not_count() {
        let (whole, added) = {
            let disk = disk();
            let mut log = UidLog::rewrite(&disk, Path::new("/m"), &contents(&[entry(1, b"a")])).unwrap();
            let before = disk.stat(Path::new("/m/mailkit-uids")).unwrap().size as usize;
            log.append(&[entry(4, b"b"), entry(5, b"c")]).unwrap();
            let file = disk.open(Path::new("/m/mailkit-uids")).unwrap();
            let mut octets = vec![0; file.size().unwrap() as usize];
            file.read_at(0, &mut octets).unwrap();
            (octets, before)
        };
        for len in 0..whole.len() {
            let found = parse(&whole[..len]).map(|contents| contents.entries.len());
            match found {
                None => assert!(len < added),
                Some(count) => assert!(count == usize::from(len >= added), "{count} of {len}"),
            }
            let mut torn = whole.clone();
            torn[len] ^= 1;
            assert_ne!(parse(&torn), parse(&whole), "octet {len}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_true_is_none() {
        for bad in
            ["mailkit-uids 2 5 1\n", "mailkit-uids 1 0 1\n", "mailkit-uids 1 5 0\n", "mailkit-uids 1 5 4294967295\n"]
        {
            assert_eq!(parse(sealed(bad.to_owned(), 1).as_bytes()), None, "{bad}");
        }
        assert!(parse(sealed("mailkit-uids 1 5 1\n".to_owned(), 1).as_bytes()).is_some());
    }
}
