//! A connection whose octets are compressed on their way.
//!
//! What comes in is unpacked only as far as somebody reads it, so what packed well costs no more memory than what did
//! not. What goes out is packed on, and made readable for the other side when it is flushed. Knows no protocol.
//! RFC 1951; RFC 4978 §3, §4.

use crate::world::Stream;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Packed octets read at once, and room made at a time for packed ones.
const PIECE: usize = 16 * 1024;
/// Packed octets that wait to be written.
const WAITING_MAX: usize = 64 * 1024;

/// The packed form of a stream.
pub(super) struct Deflated {
    inner: Box<dyn Stream>,
    unpack: Decompress,
    /// What came in packed, and how much of it is unpacked.
    incoming: Vec<u8>,
    taken: usize,
    /// The last reader's buffer was full, so there may be more in what was taken.
    has_more: bool,
    has_ended: bool,
    pack: Compress,
    outgoing: Vec<u8>,
    written: usize,
    /// Something was packed that the other side cannot unpack yet.
    is_open: bool,
}

impl Deflated {
    /// Packs what goes through `inner`; `unread` is what has come in of it already.
    pub(super) fn new(inner: Box<dyn Stream>, unread: &[u8]) -> Self {
        Self {
            inner,
            unpack: Decompress::new(false),
            incoming: unread.to_vec(),
            taken: 0,
            has_more: false,
            has_ended: false,
            pack: Compress::new(Compression::fast(), false),
            outgoing: Vec::new(),
            written: 0,
            is_open: false,
        }
    }

    /// Unpacks into `buf` what is there; whether anything came of it.
    fn unpack(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<bool> {
        let packed = self.incoming.get(self.taken..).unwrap_or_default();
        if packed.is_empty() && !self.has_more {
            return Ok(false);
        }
        let (read, written) = (self.unpack.total_in(), self.unpack.total_out());
        let room = buf.initialize_unfilled();
        let status = self.unpack.decompress(packed, room, FlushDecompress::None);
        let status = status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let count = |total: u64, before: u64| usize::try_from(total - before).unwrap_or_default();
        let (read, written) = (count(self.unpack.total_in(), read), count(self.unpack.total_out(), written));
        self.has_more = written == room.len();
        self.has_ended = status == Status::StreamEnd;
        self.taken += read;
        if read == 0 && written == 0 && !packed.is_empty() && !self.has_ended {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "compressed octets that mean nothing"));
        }
        buf.advance(written);
        Ok(written > 0)
    }

    /// Packs `octets`, as many as there is room for; how many.
    fn pack(&mut self, octets: &[u8], flush: FlushCompress) -> io::Result<usize> {
        self.outgoing.reserve(PIECE);
        let before = self.pack.total_in();
        self.pack.compress_vec(octets, &mut self.outgoing, flush).map_err(io::Error::other)?;
        Ok(usize::try_from(self.pack.total_in() - before).unwrap_or_default())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.outgoing.len() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.outgoing[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.outgoing.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Deflated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if self.has_ended || self.unpack(buf)? {
                return Poll::Ready(Ok(()));
            }
            if self.taken < self.incoming.len() || self.has_ended {
                continue;
            }
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.incoming.clear();
            self.incoming.extend_from_slice(piece.filled());
            self.taken = 0;
        }
    }
}

impl AsyncWrite for Deflated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if octets.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            while self.outgoing.len() - self.written >= WAITING_MAX {
                ready!(self.poll_drain(cx))?;
            }
            // What was packed before may fill the room that there is; then nothing more was taken.
            let count = self.pack(octets, FlushCompress::None)?;
            if count > 0 {
                self.is_open = true;
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // RFC 4978 §4: what is not flushed out of the compression does not arrive.
        while self.is_open {
            self.pack(&[], FlushCompress::Sync)?;
            // A flush that leaves room has said all.
            self.is_open = self.outgoing.len() == self.outgoing.capacity();
        }
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl fmt::Debug for Deflated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflated").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn what_goes_in_comes_out_at_each_flush() {
        let (near, far) = duplex(700);
        let (mut near, mut far) = (Deflated::new(Box::new(near), b""), Deflated::new(Box::new(far), b""));
        let noise: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let sent = noise.clone();
        let writer = tokio::spawn(async move {
            for piece in [b"a1 NOOP\r\n".as_slice(), &sent, &[b'x'; 300_000], b"."] {
                near.write_all(piece).await.expect("written");
                near.flush().await.expect("flushed");
            }
            near
        });
        let mut first = [0; 9];
        far.read_exact(&mut first).await.expect("it came with the first flush");
        assert_eq!(&first, b"a1 NOOP\r\n");
        let mut rest = vec![0; noise.len() + 300_001];
        far.read_exact(&mut rest).await.expect("all came");
        assert!(rest.starts_with(&noise) && rest.ends_with(b"xx."));
        drop(writer.await.expect("it ends"));
        assert_eq!(far.read(&mut first).await.expect("a clean end"), 0);
    }

    #[tokio::test]
    async fn what_is_not_compressed_is_an_error_and_a_bomb_comes_by_the_spoonful() {
        let mut buffer = [0; 1000];
        let (near, mut far) = duplex(1 << 20);
        let mut near = Deflated::new(Box::new(near), b"");
        // RFC 1951 §3.2.3: a block of the fourth kind, of which there are three.
        far.write_all(&[0b111; 100]).await.expect("written");
        drop(far);
        let ended = loop {
            match near.read(&mut buffer).await {
                Ok(0) => break false,
                Ok(_) => {}
                Err(_) => break true,
            }
        };
        assert!(ended);

        let mut bomb = Compress::new(Compression::best(), false);
        let mut packed = Vec::with_capacity(1 << 16);
        bomb.compress_vec(&vec![0; 10_000_000], &mut packed, FlushCompress::Sync).expect("packed");
        let (near, _far) = duplex(10);
        let mut near = Deflated::new(Box::new(near), &packed);
        for _ in 0..10_000 {
            near.read_exact(&mut buffer).await.expect("a spoonful");
        }
        assert!(near.incoming.capacity() <= packed.capacity().max(PIECE));
    }
}
