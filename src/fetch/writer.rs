//! The other end of the line: takes messages as they come, writes them, and remembers what is safe.
//!
//! It works on a thread of its own, so that reading the server never waits for the disk, but for when too much is
//! waiting. Messages become durable in batches: first they, then their rows in one commit; whoever would delete one
//! hears of it after both.

use super::digest::HeaderDigest;
use super::target::{Arriving, Handed, Target};
use crate::error::Result;
use crate::net::pace::Pace;
use crate::store::maildrop::{Register, Row, State};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A batch ends with so many messages, so many octets, or after so long: what a crash may make us fetch again.
const MESSAGES_MAX: usize = 256;
const OCTETS_MAX: u64 = 4 * 1024 * 1024;
const WAIT: Duration = Duration::from_millis(200);

/// What the reader says.
pub(super) enum Word {
    /// A message begins.
    Begin(Box<Coming>),
    /// The next octets of it.
    Piece(Vec<u8>),
    /// It is whole.
    Whole,
    /// It will not be.
    Dropped,
}

/// A message on its way.
pub(super) struct Coming {
    /// Its place in whoever asked for it.
    pub(super) index: usize,
    /// What it is called on the server.
    pub(super) uid: String,
    /// For the target.
    pub(super) message: Arriving,
}

/// What has become of the messages.
pub(super) struct Written {
    /// The register, back.
    pub(super) register: Option<Box<dyn Register>>,
    /// The places of those that are safe and remembered.
    pub(super) safe: Vec<usize>,
    /// The places of those that the target refused, with its reasons.
    pub(super) refused: Vec<(usize, String)>,
    /// Why it ended early, if it did.
    pub(super) failure: Option<crate::error::Error>,
}

/// The thread's state.
pub(super) struct Writer {
    pub(super) target: Box<dyn Target>,
    pub(super) register: Option<Box<dyn Register>>,
    pub(super) pace: Pace,
}

/// A batch that is not durable yet.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    indices: Vec<usize>,
    octets: u64,
    begun: Option<Instant>,
}

impl Writer {
    /// Works until the reader has nothing more to say.
    pub(super) fn run(mut self, words: &Receiver<Word>) -> Written {
        let (mut safe, mut refused) = (Vec::new(), Vec::new());
        let failure = self.work(words, &mut safe, &mut refused).err();
        // The reader must neither wait for ever nor go on.
        self.pace.end();
        self.target.close();
        Written { register: self.register, safe, refused, failure }
    }

    fn work(
        &mut self,
        words: &Receiver<Word>,
        safe: &mut Vec<usize>,
        refused: &mut Vec<(usize, String)>,
    ) -> Result<()> {
        let (mut open, mut digest, mut batch) = (None::<Box<Coming>>, HeaderDigest::default(), Batch::default());
        loop {
            let left = batch.begun.map_or(WAIT, |begun| WAIT.saturating_sub(begun.elapsed()));
            match words.recv_timeout(left) {
                Ok(Word::Begin(coming)) => {
                    self.target.begin(&coming.message)?;
                    digest = HeaderDigest::default();
                    open = Some(coming);
                }
                Ok(Word::Piece(octets)) => {
                    let taken = self.target.piece(&octets);
                    digest.push(&octets);
                    batch.octets += octets.len() as u64;
                    self.pace.done(octets.len() as u64);
                    taken?;
                }
                Ok(Word::Whole) => {
                    let Some(coming) = open.take() else { continue };
                    match self.target.end()? {
                        Handed::Taken => batch.add(*coming, digest.finish()),
                        Handed::Refused(why) => refused.push((coming.index, why)),
                    }
                }
                Ok(Word::Dropped) => {
                    if open.take().is_some() {
                        self.target.abandon();
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.commit(&mut batch, safe)?,
                Err(RecvTimeoutError::Disconnected) => {
                    if open.is_some() {
                        self.target.abandon();
                    }
                    return self.commit(&mut batch, safe);
                }
            }
            if batch.is_full() || self.target.is_final() && !batch.rows.is_empty() {
                self.commit(&mut batch, safe)?;
            }
        }
    }

    /// Makes the batch durable.
    fn commit(&mut self, batch: &mut Batch, safe: &mut Vec<usize>) -> Result<()> {
        let batch = std::mem::take(batch);
        if batch.rows.is_empty() {
            return Ok(());
        }
        self.target.commit()?;
        if let Some(register) = &mut self.register {
            register.commit(&batch.rows)?;
        }
        self.target.remembered()?;
        safe.extend(batch.indices);
        Ok(())
    }
}

impl Batch {
    fn add(&mut self, coming: Coming, digest: [u8; 16]) {
        let Arriving { size, now, .. } = coming.message;
        self.begun.get_or_insert_with(Instant::now);
        self.indices.push(coming.index);
        let (uid, state) = (coming.uid, State::Delivered);
        self.rows.push(Row { uid, size, digest: Some(digest), first_seen: now, state, changed: now });
    }

    fn is_full(&self) -> bool {
        let is_old = self.begun.is_some_and(|begun| begun.elapsed() >= WAIT);
        !self.rows.is_empty() && (self.rows.len() >= MESSAGES_MAX || self.octets >= OCTETS_MAX || is_old)
    }
}
