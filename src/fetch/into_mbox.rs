//! An mbox file as a target: batches that are there as a whole or not at all.

use super::target::{Arriving, Handed, Target};
use crate::convert::mbox::Mbox;
use crate::error::{Error, Kind, Result};
use crate::store::mbox_file::MboxFile;
use crate::world::Timestamp;
use std::io::{self, Write};

/// Messages on their way into an mbox file.
pub struct IntoMbox {
    mbox: Mbox<Batch>,
    open: Option<(String, u64)>,
}

/// The batch as a stream.
struct Batch(MboxFile);

impl Write for Batch {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets).map(|()| octets.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(error: io::Error) -> Error {
    Error::new(Kind::Io, "a message cannot be written").caused_by(error)
}

impl IntoMbox {
    /// Into this one.
    pub fn new(file: MboxFile) -> Self {
        Self { mbox: Mbox::new(Batch(file)), open: None }
    }

    fn start(&mut self, now: Timestamp) -> Result<()> {
        // Who sent it was said to the server it comes from, and not to us.
        self.mbox.begin("", now).map_err(failed)
    }
}

impl Target for IntoMbox {
    fn holds(&mut self, name: &str) -> bool {
        self.mbox.out_mut().0.holds(name)
    }

    fn begin(&mut self, message: &Arriving) -> Result<()> {
        let len = self.mbox.out_mut().0.batch_len()?;
        self.open = Some((message.name.clone(), len));
        self.start(message.now)
    }

    fn piece(&mut self, octets: &[u8]) -> Result<()> {
        self.mbox.piece(octets).map_err(failed)
    }

    fn end(&mut self) -> Result<Handed> {
        self.mbox.end().map_err(failed)?;
        if let Some((name, _)) = self.open.take() {
            self.mbox.out_mut().0.named(&name);
        }
        Ok(Handed::Taken)
    }

    fn abandon(&mut self) {
        if let Some((_, len)) = self.open.take() {
            // If it cannot be cut, the commit finds the disk broken too.
            let _ = self.mbox.end();
            let _ = self.mbox.out_mut().0.cut(len);
        }
    }

    fn commit(&mut self) -> Result<()> {
        self.mbox.out_mut().0.commit()
    }

    fn remembered(&mut self) -> Result<()> {
        self.mbox.out_mut().0.forget()
    }
}
