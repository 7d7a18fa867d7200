//! Compressed files, read as if they were not: gzip and Zstandard, each known by its first octets.
//!
//! Several streams one behind the other are one file, as the tools that write them see it. Whoever reads has to bound
//! what comes: a thousand octets may unpack to a million. RFC 1952; RFC 8878.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// gzip
    Gzip,
    /// Zstandard
    Zstandard,
}

impl Packing {
    /// What the first octets of a file say; none if it is not compressed.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstandard),
            _ => None,
        }
    }

    /// The octets before they were compressed.
    pub(super) fn unpack<R: Read + Send + 'static>(self, packed: R) -> Box<dyn Read + Send> {
        let packed = BufReader::with_capacity(64 * 1024, packed);
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstandard => Box::new(Frames { packed, decoder: FrameDecoder::new(), is_open: false }),
        }
    }
}

/// The frames of a Zstandard file, one behind the other.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: BufRead> Frames<R> {
    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.packed.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.packed) {
                Ok(()) => return Ok(true),
                // What is in it is for other programs.
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.packed.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(damaged(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_open {
                self.is_open = self.begin()?;
                if !self.is_open {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.packed, one).map_err(damaged)?;
            }
            match self.decoder.read(buffer)? {
                0 if !buffer.is_empty() => self.is_open = false,
                count => return Ok(count),
            }
        }
    }
}

/// The decoder's words are for those who wrote it.
fn damaged(_: FrameDecoderError) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "what is compressed in it is damaged or cut off")
}
