//! Counted chunks: a text that is sent without an end mark, since its length was said before.
//!
//! Chunks end where lines do if they can, so that a trace can be read. Knows no verbs. RFC 3030 §2.

use super::{BrokenText, Dialogue, PIECE, read};
use crate::error::Result;
use crate::wire::exchange::Exchange;
use crate::wire::session::Output;
use crate::world::Content;

/// Octets in one chunk: so many are in memory, and so many have to be said again when a chunk is refused.
const CHUNK: usize = 1024 * 1024;
/// Sent apart from the rest of the last chunk: until they are, the server cannot have the whole text.
const LAST_OCTETS: usize = 2;

impl Dialogue {
    /// Sends the chunk that begins at `offset`, behind a request made by `head` of its length and whether it is the
    /// last. Reads no answer. Gives the chunk's length; an error says whether the server may have the whole text.
    pub async fn send_chunk<E: Exchange>(
        &mut self,
        content: &dyn Content,
        offset: u64,
        head: impl FnOnce(usize, bool) -> E,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, BrokenText> {
        let chunk = self.cut_chunk(content, offset)?;
        let is_last = offset + chunk.len() as u64 >= content.size();
        let mut wire = Output::new();
        head(chunk.len(), is_last).encode(&mut wire);
        let held_back = if is_last { LAST_OCTETS.min(chunk.len()) } else { 0 };
        let (first, last) = chunk.split_at(chunk.len() - held_back);
        let mut sent = offset;
        let mut pieces = first.chunks(PIECE);
        let mut wire = wire.as_slice().to_vec();
        // The request goes along with the first octets.
        wire.extend_from_slice(pieces.next().unwrap_or_default());
        sent += first.len().min(PIECE) as u64;
        let nothing_yet = |error| BrokenText { error, dot_sent: false };
        // An empty last chunk is all said with its request.
        let is_whole = is_last && last.is_empty();
        self.write(&wire).await.map_err(|error| BrokenText { error, dot_sent: is_whole })?;
        progress(sent);
        for piece in pieces {
            self.write(piece).await.map_err(nothing_yet)?;
            sent += piece.len() as u64;
            progress(sent);
        }
        if !last.is_empty() {
            if self.is_stopped() {
                self.connection = None;
                return Err(BrokenText { error: self.interrupted(), dot_sent: false });
            }
            self.write(last).await.map_err(|error| BrokenText { error, dot_sent: true })?;
            progress(sent + last.len() as u64);
        }
        Ok(chunk.len() as u64)
    }

    fn cut_chunk(&mut self, content: &dyn Content, offset: u64) -> Result<Vec<u8>, BrokenText> {
        let left = usize::try_from(content.size().saturating_sub(offset)).unwrap_or(CHUNK);
        let mut chunk = vec![0; left.min(CHUNK)];
        let mut filled = 0;
        while filled < chunk.len() {
            filled += self.piece(read(content, offset + filled as u64, &mut chunk[filled..]))?;
        }
        if left > chunk.len()
            && let Some(end) = memchr::memrchr(b'\n', &chunk)
        {
            chunk.truncate(end + 1);
        }
        Ok(chunk)
    }
}
