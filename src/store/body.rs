//! Body files: messages too long for a frame, one file each, written while they arrive.
//!
//! The octets come in chunks of 64 KiB, each with its checksum behind it, so that a reader notices
//! damage before it passes anything on. A file is durable, name and all, before the frame that names
//! it; one without a frame was never promised to anybody and is removed. Layout in docs/spool.md.

use super::id::SpoolId;
use super::record::checksum;
use super::segment::read_full;
use crate::world::{Content, Disk, DiskFile};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const CHUNK: usize = 64 * 1024;
const CHECKSUM: usize = 4;
/// "MKBD", then the version.
const MAGIC: &[u8; 8] = b"MKBD\x01\0\0\0";

/// A body file that is being written. Dropped before [`BodyFile::keep`], it is removed.
pub(super) struct BodyFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    chunk: Vec<u8>,
    kept: bool,
}

/// A body file that is read.
pub(super) struct StoredBody {
    file: Mutex<Box<dyn DiskFile>>,
    size: u64,
}

/// Where a message's body file is.
pub(super) fn body_path(dir: &Path, id: SpoolId) -> PathBuf {
    dir.join(id.to_string())
}

impl BodyFile {
    pub(super) fn create(disk: Arc<dyn Disk>, dir: &Path, id: SpoolId) -> io::Result<Self> {
        let path = body_path(dir, id);
        let file = disk.create(&path)?;
        let mut body = Self { disk, path, file, chunk: Vec::with_capacity(CHUNK), kept: false };
        body.file.append(MAGIC)?;
        Ok(body)
    }

    pub(super) fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            let (fits, rest) = octets.split_at(octets.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(fits);
            octets = rest;
            if self.chunk.len() == CHUNK {
                self.write_chunk()?;
            }
        }
        Ok(())
    }

    /// Makes content and name durable.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if !self.chunk.is_empty() {
            self.write_chunk()?;
        }
        self.file.sync()?;
        self.path.parent().map_or(Ok(()), |dir| self.disk.sync_dir(dir))
    }

    /// A frame names it now: it stays.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        let crc = checksum(&self.chunk);
        self.chunk.extend_from_slice(&crc.to_le_bytes());
        self.file.append(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl Drop for BodyFile {
    fn drop(&mut self) {
        if !self.kept {
            // If this fails the file is removed at the next start.
            let _ = self.disk.remove(&self.path);
        }
    }
}

impl StoredBody {
    /// Opens a body of `size` octets.
    pub(super) fn open(disk: &dyn Disk, path: &Path, size: u64) -> io::Result<Self> {
        let file = disk.open(path)?;
        let mut magic = [0; MAGIC.len()];
        let whole = MAGIC.len() as u64 + size + size.div_ceil(CHUNK as u64) * CHECKSUM as u64;
        if read_full(&*file, 0, &mut magic)? < magic.len() || &magic != MAGIC || file.size()? != whole {
            return Err(damaged());
        }
        Ok(Self { file: Mutex::new(file), size })
    }
}

impl Content for StoredBody {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        let mut chunk = Vec::new();
        while count < buffer.len() && offset + (count as u64) < self.size {
            let at = offset + count as u64;
            let start = at / CHUNK as u64 * CHUNK as u64;
            let len = usize::try_from(self.size - start).unwrap_or(CHUNK).min(CHUNK);
            chunk.resize(len + CHECKSUM, 0);
            let in_file = MAGIC.len() as u64 + start / CHUNK as u64 * (CHUNK + CHECKSUM) as u64;
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let read = read_full(&**file, in_file, &mut chunk)?;
            drop(file);
            let (octets, crc) = chunk.split_at(len);
            if read < chunk.len() || crc != checksum(octets).to_le_bytes() {
                return Err(damaged());
            }
            // Less than a chunk, so it fits.
            let wanted = &octets[(at - start) as usize..];
            let fits = wanted.len().min(buffer.len() - count);
            buffer[count..count + fits].copy_from_slice(&wanted[..fits]);
            count += fits;
        }
        Ok(count)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a stored message is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryDisk;
    use proptest::prelude::*;
    use std::str::FromStr;

    fn stored(disk: &MemoryDisk, pieces: &[&[u8]]) -> (PathBuf, u64) {
        let id = SpoolId::from_str("01JDABCDEFGHJKMNPQRSTVWXYZ").unwrap();
        let mut body = BodyFile::create(Arc::new(disk.clone()), Path::new("/"), id).unwrap();
        pieces.iter().for_each(|piece| body.write(piece).unwrap());
        body.finish().unwrap();
        let path = body.path.clone();
        body.keep();
        (path, pieces.iter().map(|piece| piece.len() as u64).sum())
    }

    proptest! {
        #[test]
        fn any_range_reads_as_it_was_written(cuts in prop::collection::vec(0usize..90_000, 1..5), offset in 0u64..300_000, len in 0usize..150_000) {
            let octets: Vec<u8> = (0..cuts.iter().sum()).map(|n: usize| (n % 251) as u8).collect();
            let mut rest = octets.as_slice();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, more) = rest.split_at(cut);
                pieces.push(piece);
                rest = more;
            }
            let disk = MemoryDisk::new();
            let (path, size) = stored(&disk, &pieces);
            let body = StoredBody::open(&disk, &path, size).unwrap();
            let mut buffer = vec![0; len];
            let count = body.read_at(offset, &mut buffer).unwrap();
            let start = octets.len().min(offset as usize);
            prop_assert_eq!(&buffer[..count], &octets[start..octets.len().min(start + len)]);
        }
    }

    #[test]
    fn a_flipped_bit_is_an_error_before_anything_is_passed_on() {
        let disk = MemoryDisk::new();
        let (path, size) = stored(&disk, &[&[7; 200_000]]);
        disk.corrupt(&path, 100_000, 1).unwrap();
        let body = StoredBody::open(&disk, &path, size).unwrap();
        let mut buffer = [0; 1000];
        assert!(body.read_at(0, &mut buffer).is_ok());
        assert_eq!(body.read_at(70_000, &mut buffer).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(StoredBody::open(&disk, &path, size + 1).is_err());
    }

    #[test]
    fn what_nobody_keeps_is_removed() {
        let disk = MemoryDisk::new();
        let id = SpoolId::from_str("01JDABCDEFGHJKMNPQRSTVWXYZ").unwrap();
        let mut body = BodyFile::create(Arc::new(disk.clone()), Path::new("/"), id).unwrap();
        body.write(&[1; 100_000]).unwrap();
        drop(body);
        assert_eq!(disk.read_dir(Path::new("/")).unwrap(), []);
    }
}
