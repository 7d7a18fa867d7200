//! One end of a connection that is being played: what was heard and not yet looked at, and how patient one is.
//!
//! Errors are sentences about the other side, for whoever reads the trace. Knows no protocol.

use crate::message::safe::terminal;
use crate::sasl::{is_mechanism, slip};
use crate::world::Stream;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

/// What nobody has looked at yet: a line without end is given up there.
const UNREAD_MAX: usize = 1024 * 1024;
/// Who says as many octets has the time of another line for more.
const PIECE: u64 = 1024 * 1024;
/// Octets of what was heard that are told.
const TOLD_MAX: usize = 200;
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

/// What may be told of what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Told {
    /// All of it, up to a limit.
    #[default]
    Words,
    /// The same, but for the words that log somebody in.
    NoLogin,
    /// Nothing: there was a secret in its place.
    Nothing,
}

/// How long somebody may take who goes on talking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    since: Instant,
    patience: Duration,
    octets: u64,
}

impl Turn {
    fn new(patience: Duration) -> Self {
        Self { since: Instant::now(), patience, octets: 0 }
    }

    /// What is left of it. Looked at before each read: who always has a few octets more never lets a timer ring.
    fn left(&self) -> Option<Duration> {
        self.patience.checked_sub(self.since.elapsed()).filter(|left| !left.is_zero())
    }

    /// So many octets came, of something that may be long: no wait is longer for that than for a line of them.
    pub(super) fn heard(&mut self, octets: u64) {
        let before = self.octets / PIECE;
        self.octets = self.octets.saturating_add(octets);
        if self.octets / PIECE > before {
            self.since = Instant::now();
        }
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_none()
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct End {
    stream: Option<Box<dyn Stream>>,
    unread: Vec<u8>,
    pace: Pace,
    patience: Duration,
    told: Told,
}

impl End {
    /// Over this stream; whatever is waited for comes within `patience`, or not at all.
    pub fn new(stream: Box<dyn Stream>, pace: Pace, patience: Duration) -> Self {
        Self { stream: Some(stream), unread: Vec::new(), pace, patience, told: Told::default() }
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
        let turn = self.turn();
        let mut looked_at = 0;
        loop {
            let found = self.unread[looked_at..].windows(2).position(|pair| pair == b"\r\n");
            if let Some(at) = found.map(|at| at + looked_at) {
                let line = self.unread[..at].to_vec();
                self.unread.drain(..at + 2);
                return Ok(line);
            }
            looked_at = self.unread.len().saturating_sub(1);
            self.read(&turn).await?;
        }
    }

    /// Takes a line back.
    pub fn put_back(&mut self, line: Vec<u8>) {
        self.unread = [line, b"\r\n".to_vec(), std::mem::take(&mut self.unread)].concat();
    }

    /// So many octets.
    pub async fn exactly(&mut self, len: usize) -> Result<Vec<u8>, String> {
        let mut turn = self.turn();
        while self.unread.len() < len {
            turn.heard(self.read(&turn).await?);
        }
        Ok(self.unread.drain(..len).collect())
    }

    /// So many octets, whatever they are.
    pub async fn skip(&mut self, mut len: u64) -> Result<(), String> {
        let mut turn = self.turn();
        loop {
            let there = self.unread.len().min(usize::try_from(len).unwrap_or(usize::MAX));
            self.unread.drain(..there);
            len -= there as u64;
            if len == 0 {
                return Ok(());
            }
            turn.heard(self.read(&turn).await?);
        }
    }

    /// What is said until the other side hangs up.
    pub async fn rest(&mut self) -> Result<Vec<u8>, String> {
        let turn = self.turn();
        while self.read(&turn).await.is_ok() {}
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

    /// From now on, so much is told of what is heard.
    pub fn tell(&mut self, told: Told) {
        self.told = told;
    }

    /// What is told of these octets.
    pub fn quoted(&self, octets: &[u8]) -> String {
        let is_hidden = match self.told {
            Told::Words => false,
            Told::NoLogin => octets.split(|octet| *octet == b'\n').any(|line| logs_in(line) && !advertises(line)),
            Told::Nothing => !octets.is_empty(),
        };
        if is_hidden {
            return "something else, which may be a secret".to_owned();
        }
        let told = octets.get(..TOLD_MAX).unwrap_or(octets);
        match std::str::from_utf8(told) {
            Ok(text) => format!("`{}`", terminal(text)),
            Err(_) => format!("`{}`", told.escape_ascii()),
        }
    }

    /// The beginning of what is unread.
    fn shown(&self) -> String {
        self.quoted(&self.unread)
    }

    /// The time for something that is to be heard now.
    pub(super) fn turn(&self) -> Turn {
        Turn::new(self.patience)
    }

    /// Hears more; says how much.
    async fn read(&mut self, turn: &Turn) -> Result<u64, String> {
        let Some(stream) = &mut self.stream else { return Err("the connection is closed".to_owned()) };
        if self.unread.len() >= UNREAD_MAX {
            return Err(format!("more than {UNREAD_MAX} octets without an end, behind {}", self.shown()));
        }
        let mut buffer = [0; READ_SIZE];
        let heard = match turn.left() {
            Some(left) => timeout(left, stream.read(&mut buffer)).await.ok(),
            None => None,
        };
        match heard {
            None => Err(format!("nothing more comes behind {}", self.shown())),
            Some(Ok(0) | Err(_)) => {
                self.stream = None;
                Err(format!("the other side hung up behind {}", self.shown()))
            }
            Some(Ok(count)) => {
                self.unread.extend_from_slice(&buffer[..count]);
                Ok(count as u64)
            }
        }
    }
}

/// Whether a line logs somebody in, in any of the protocols, behind a tag or not. Who is wrong about that tells less.
fn logs_in(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 3] = [b"XCLIENT", b"Authorization:", b"Proxy-Authorization:"];
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(2);
    slip(line).is_some() || words.any(|word| WORDS.iter().any(|login| word.eq_ignore_ascii_case(login)))
}

/// Whether a server tells there how one may log in, and nothing else: RFC 4954 §3; RFC 9051 §7.2.2; RFC 2449 §6.
fn advertises(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let are_names = |names: &str| names.split_ascii_whitespace().all(|name| is_mechanism(name.as_bytes()));
    let line = line.trim_ascii_end();
    if let Some(offer) = line.strip_prefix("250-").or_else(|| line.strip_prefix("250 ")) {
        return offer.strip_prefix("AUTH").and_then(|rest| rest.strip_prefix([' ', '='])).is_some_and(are_names);
    }
    if let Some(offers) = line.strip_prefix("* CAPABILITY ") {
        // Blanks between them are the only ones; a word that is none of a login is one of thousands.
        return offers.split(' ').all(|offer| match offer.strip_prefix("AUTH=") {
            Some(name) => is_mechanism(name.as_bytes()),
            None => slip(offer.as_bytes()).is_none() || matches!(offer, "LOGINDISABLED" | "LOGIN-REFERRALS"),
        });
    }
    line == "AUTH-RESP-CODE" || line.strip_prefix("LOGIN-DELAY ").is_some_and(|seconds| seconds.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_line_that_comes_in_drops_has_the_time_of_one_line() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let dripping = tokio::spawn(async move {
            while theirs.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        });
        let mut end = End::new(Box::new(ours), Pace::Whole, PATIENCE);
        let begun = Instant::now();
        assert!(end.line().await.is_err_and(|why| why.contains("nothing more comes")));
        assert!(begun.elapsed() <= PATIENCE);
        assert!(end.exactly(1000).await.is_err() && end.skip(1000).await.is_err() && end.rest().await.is_err());
        assert!(begun.elapsed() <= 4 * PATIENCE);
        dripping.abort();
    }

    #[test]
    fn words_that_log_in_are_not_told() {
        let (ours, _) = tokio::io::duplex(1);
        let mut end = End::new(Box::new(ours), Pace::Whole, PATIENCE);
        end.tell(Told::NoLogin);
        for line in ["pass hunter2", "a login bob hunter2", "NOOP\r\nAUTH PLAIN AGh1bnRlcjI=", "authorization: hunter2"]
        {
            assert!(!end.quoted(line.as_bytes()).contains("hunter2"), "{line}");
        }
        assert_eq!(end.quoted(b"RSET"), "`RSET`");
        for line in [
            "250-AUTH PLAIN LOGIN",
            "250 AUTH=SCRAM-SHA-256 PLAIN",
            "* CAPABILITY AUTH=PLAIN LOGINDISABLED IMAP4rev1",
            "LOGIN-DELAY 900",
            "AUTH-RESP-CODE",
        ] {
            assert_eq!(end.quoted(line.as_bytes()), format!("`{line}`"));
        }
        for line in [
            "250-AUTH PLAIN AGh1bnRlcjI=",
            "250-AUTH hunter2",
            "* CAPABILITY AUTH=hunter2",
            "* CAPABILITY LOGIN bob hunter2",
            "* CAPABILITY LOGIN hunter2 AUTH=PLAIN",
            "LOGIN-DELAY hunter2",
        ] {
            assert!(!end.quoted(line.as_bytes()).contains("hunter2"), "{line}");
            assert!(!end.quoted(line.as_bytes()).contains("AGh1"), "{line}");
        }
        assert!(end.quoted(&[b'x'; 300]).len() < 210);
        end.tell(Told::Nothing);
        assert!(!end.quoted(b"aHVudGVyMg==").contains("aHVu"));
    }
}
