//! One end of a connection that is being played: what was heard and not yet looked at, and how patient one is.
//!
//! Errors are sentences about the other side, for whoever reads the trace. Knows no protocol.

use crate::world::Stream;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// What nobody has looked at yet: a line without end is given up there.
const UNREAD_MAX: usize = 1024 * 1024;
/// Octets asked for at once.
const READ_SIZE: usize = 16 * 1024;

/// How what is said is cut into packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// In one breath.
    #[default]
    Whole,
    /// Octet by octet.
    Octets,
}

/// One end of a connection.
#[derive(Debug)]
pub struct End {
    stream: Option<Box<dyn Stream>>,
    unread: Vec<u8>,
    pace: Pace,
    patience: Duration,
}

impl End {
    /// Over this stream; whatever is waited for comes within `patience`, or not at all.
    pub fn new(stream: Box<dyn Stream>, pace: Pace, patience: Duration) -> Self {
        Self { stream: Some(stream), unread: Vec::new(), pace, patience }
    }

    /// Says something. The other side may have hung up already: what it said until then is what counts.
    pub async fn say(&mut self, octets: &[u8]) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        let size = if self.pace == Pace::Octets { 1 } else { octets.len().max(1) };
        let write = async {
            for piece in octets.chunks(size) {
                if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
                    break;
                }
                if size == 1 {
                    tokio::task::yield_now().await;
                }
            }
        };
        timeout(self.patience, write).await.map_err(|_| "nobody reads what is said".to_owned())
    }

    /// The next line, without its CRLF.
    pub async fn line(&mut self) -> Result<Vec<u8>, String> {
        let mut looked_at = 0;
        loop {
            let found = self.unread[looked_at..].windows(2).position(|pair| pair == b"\r\n");
            if let Some(at) = found.map(|at| at + looked_at) {
                let line = self.unread[..at].to_vec();
                self.unread.drain(..at + 2);
                return Ok(line);
            }
            looked_at = self.unread.len().saturating_sub(1);
            self.read().await?;
        }
    }

    /// Takes a line back.
    pub fn put_back(&mut self, line: Vec<u8>) {
        self.unread = [line, b"\r\n".to_vec(), std::mem::take(&mut self.unread)].concat();
    }

    /// So many octets.
    pub async fn exactly(&mut self, len: usize) -> Result<Vec<u8>, String> {
        while self.unread.len() < len {
            self.read().await?;
        }
        Ok(self.unread.drain(..len).collect())
    }

    /// So many octets, whatever they are.
    pub async fn skip(&mut self, mut len: u64) -> Result<(), String> {
        loop {
            let there = self.unread.len().min(usize::try_from(len).unwrap_or(usize::MAX));
            self.unread.drain(..there);
            len -= there as u64;
            if len == 0 {
                return Ok(());
            }
            self.read().await?;
        }
    }

    /// What is said until the other side hangs up.
    pub async fn rest(&mut self) -> Result<Vec<u8>, String> {
        while self.read().await.is_ok() {}
        match &self.stream {
            None => Ok(std::mem::take(&mut self.unread)),
            Some(_) => Err("the connection is still open".to_owned()),
        }
    }

    /// Hangs up without a word.
    pub fn cut(&mut self) {
        self.stream = None;
    }

    /// Says that no more will be said.
    pub async fn close(&mut self) {
        if let Some(stream) = &mut self.stream {
            // The other side may be gone already.
            let _ = timeout(self.patience, stream.shutdown()).await;
        }
    }

    /// Takes the stream out, to come back as another one by [`End::continue_on`]: nothing may be unread then.
    pub fn take(&mut self) -> Result<Box<dyn Stream>, String> {
        if !self.unread.is_empty() {
            return Err(format!("something was said before the handshake: {}", self.shown()));
        }
        self.stream.take().ok_or_else(|| "the connection is closed".to_owned())
    }

    /// Goes on over this stream.
    pub fn continue_on(&mut self, stream: Box<dyn Stream>) {
        self.stream = Some(stream);
    }

    /// The beginning of what is unread.
    fn shown(&self) -> String {
        self.unread.get(..200).unwrap_or(&self.unread).escape_ascii().to_string()
    }

    async fn read(&mut self) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        if self.unread.len() >= UNREAD_MAX {
            return Err(format!("more than {UNREAD_MAX} octets without an end, behind `{}`", self.shown()));
        }
        let mut buffer = [0; READ_SIZE];
        match timeout(self.patience, stream.read(&mut buffer)).await {
            Err(_) => Err(format!("nothing more comes behind `{}`", self.shown())),
            Ok(Ok(0) | Err(_)) => {
                self.stream = None;
                Err(format!("the other side hung up behind `{}`", self.shown()))
            }
            Ok(Ok(count)) => {
                self.unread.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}
