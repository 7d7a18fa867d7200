//! A message's octets as on the wire, and what it is known by.

use super::{Place, Tree};
use crate::message::fingerprint::{Digester, Fingerprint};
use crate::store::mailbox::{WireReader, measure, sizes};
use crate::store::mailbox_error::{MailboxError, Outcome};
use crate::world::{Content, DiskFile, Timestamp};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

const PIECE: usize = 64 * 1024;

/// Reads while the file is there, under whatever name.
struct WireContent {
    reader: Mutex<WireReader>,
    size: u64,
}

impl Content for WireContent {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(offset, buffer.len())?;
        buffer.iter_mut().zip(&octets).for_each(|(to, from)| *to = *from);
        Ok(octets.len())
    }
}

impl Tree {
    /// A message as on the wire, and when it arrived; `None` if its file is not there any more.
    pub fn content(&self, folder: &str, place: &Place) -> Outcome<Option<(Arc<dyn Content>, Timestamp)>> {
        let Some((reader, size, arrived)) = self.reader(folder, place)? else { return Ok(None) };
        Ok(Some((Arc::new(WireContent { reader: Mutex::new(reader), size }), arrived)))
    }

    /// What a message is known by; `None` if its file is not there any more. Reads all of it, a piece at a time.
    pub fn describe(&self, folder: &str, place: &Place) -> Outcome<Option<Fingerprint>> {
        let Some((mut reader, ..)) = self.reader(folder, place)? else { return Ok(None) };
        let (mut digester, mut at) = (Digester::default(), 0);
        loop {
            let piece = reader.read(at, PIECE).map_err(|error| self.unreadable(folder, place, error))?;
            if piece.is_empty() {
                return Ok(Some(digester.finish()));
            }
            digester.take(&piece);
            at += piece.len() as u64;
        }
    }

    fn reader(&self, folder: &str, place: &Place) -> Outcome<Option<(WireReader, u64, Timestamp)>> {
        let files = self.files(folder)?;
        let opened = self.on_place(&files, place, &mut |path, _| match self.disk().open(path) {
            Ok(file) => Ok(Some((file, self.disk().stat(path).ok()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(MailboxError::file("opening", path, error)),
        })?;
        let Some((file, stat)) = opened else { return Ok(None) };
        let sizes = measured(&*file, &place.base).map_err(|error| self.unreadable(folder, place, error))?;
        // A time that no calendar has is no arrival; nor is that of a file that was renamed this moment.
        let modified = stat.and_then(|stat| Timestamp::from_nanosecond(stat.modified).ok());
        let arrived = modified.unwrap_or_else(|| self.outside.clock.now());
        Ok(Some((WireReader::new(file, sizes), sizes.wire, arrived)))
    }

    fn unreadable(&self, folder: &str, place: &Place, error: io::Error) -> MailboxError {
        match self.files(folder) {
            Ok(files) => MailboxError::file("reading", &place.spot.path(&files.path, &place.base), error),
            Err(error) => error,
        }
    }
}

/// Whether the file is the wire form, only its name can tell (see `line_ends`); how long it is, the file knows better.
fn measured(file: &dyn DiskFile, base: &[u8]) -> io::Result<crate::store::mailbox::Sizes> {
    let told = sizes(base);
    let size = file.size()?;
    match told {
        Some(told) if told.disk == size && told.wire == size => Ok(told),
        _ => measure(file),
    }
}
