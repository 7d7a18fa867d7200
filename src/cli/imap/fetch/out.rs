//! Where fetched octets go: standard output, as they are or as an mbox, or files in one directory.

use crate::cli::console::output_error;
use crate::cli::context::Context;
use crate::cli::parse::Destination;
use mailkit::convert::mbox::{Mbox, postmark};
use mailkit::error::{Error, Kind, Result};
use mailkit::message::view::Message;
use mailkit::world::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Octets of a message whose header tells who sent it when; it stands at the beginning of the first piece.
const HEAD: usize = 64 * 1024;

/// A place for octets.
pub(super) struct Out<'a> {
    context: &'a Context,
    place: Place<'a>,
}

enum Place<'a> {
    Plain,
    Mbox { mbox: Mbox<Printed<'a>>, is_begun: bool },
    Files { destination: Destination, open: Option<(File, PathBuf)> },
}

/// Standard output.
struct Printed<'a>(&'a Context);

impl Write for Printed<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.octets(octets).map_err(io::Error::other)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that was saved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Saved {
    path: String,
    /// Always `mailkit.imap-saved/1`.
    schema: &'static str,
}

impl<'a> Out<'a> {
    /// Files in this directory, else standard output; an mbox if there may be several messages.
    pub(super) fn new(context: &'a Context, directory: Option<&Path>, is_mbox: bool) -> Result<Self> {
        let place = match directory {
            Some(directory) => Place::Files { destination: Destination::open(directory, false)?, open: None },
            None if is_mbox => Place::Mbox { mbox: Mbox::new(Printed(context)), is_begun: false },
            None => Place::Plain,
        };
        Ok(Self { context, place })
    }

    /// Something in one piece.
    pub(super) fn all(&mut self, name: &str, octets: &[u8]) -> Result<()> {
        if let Place::Files { destination, .. } = &self.place {
            let path = destination.save(name, octets)?;
            return self.saved(&path);
        }
        self.begin(name)?;
        self.piece(octets)
    }

    /// Something in pieces.
    pub(super) fn begin(&mut self, name: &str) -> Result<()> {
        match &mut self.place {
            Place::Plain => {}
            Place::Mbox { is_begun, .. } => *is_begun = false,
            Place::Files { destination, open } => *open = Some(destination.begin(name)?),
        }
        Ok(())
    }

    /// The next piece of it.
    pub(super) fn piece(&mut self, octets: &[u8]) -> Result<()> {
        match &mut self.place {
            Place::Plain => self.context.octets(octets),
            Place::Mbox { mbox, is_begun } => {
                if !std::mem::replace(is_begun, true) {
                    let (sender, when): (String, Timestamp) =
                        postmark(&Message::parse(&octets[..octets.len().min(HEAD)]));
                    mbox.begin(&sender, when).map_err(output_error)?;
                }
                mbox.piece(octets).map_err(output_error)
            }
            Place::Files { open, .. } => match open {
                Some((file, path)) => file.write_all(octets).map_err(|error| cannot_write(path, error)),
                None => Ok(()),
            },
        }
    }

    /// What was begun is whole if it came; otherwise it is taken back, as far as it can be.
    pub(super) fn settle(&mut self, came: Result<bool>) -> Result<bool> {
        let Place::Files { destination, open } = &mut self.place else { return came };
        let Some((_, path)) = open.take() else { return came };
        if !matches!(came, Ok(true)) {
            destination.discard(&path);
            return came;
        }
        self.saved(&path)?;
        Ok(true)
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) -> Result<()> {
        match &mut self.place {
            Place::Mbox { mbox, .. } => mbox.finish().map_err(output_error),
            Place::Plain | Place::Files { .. } => Ok(()),
        }
    }

    /// A path exactly as it is, so that a script can open it.
    fn saved(&self, path: &Path) -> Result<()> {
        if self.context.is_json() {
            let path = path.to_string_lossy().into_owned();
            return self.context.object(&Saved { path, schema: "mailkit.imap-saved/1" });
        }
        self.context.octets(&[path.as_os_str().as_encoded_bytes(), b"\n"].concat())
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot write {}", path.display())).caused_by(error)
}
