//! A clock to turn, chance that repeats, and messages, for the tests of this room.

use super::IndexAt;
use super::memory::MemoryDisk;
use super::spool::{Accepted, Lanes, Leased, Spool};
use crate::envelope::{Envelope, ForwardPath, ReversePath};
use crate::error::{Error, Kind, Result};
use crate::world::{Clock, Entropy, Later, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Stands still until it is turned.
pub(super) struct TestClock(AtomicI64);

impl TestClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_750_000_000)))
    }

    fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now.as_second())))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn sleep(&self, _wait: Duration) -> Later<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// Never the same twice, always the same again.
pub(super) struct TestEntropy(AtomicU64);

impl TestEntropy {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut bits = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(bits ^ (bits >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A spool whose segments are full after a few messages.
pub(super) async fn open_small(disk: &MemoryDisk, seed: u64, segment_max: u64) -> Result<Spool> {
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(seed));
    let disk = Arc::new(disk.clone());
    Spool::open_sized(disk, clock, entropy, Path::new("/spool"), IndexAt::Memory, segment_max).await
}

pub(super) async fn open_spool(disk: &MemoryDisk, seed: u64) -> Result<Spool> {
    let (clock, entropy) = (TestClock::new(), TestEntropy::new(seed));
    Spool::open(Arc::new(disk.clone()), clock, entropy, Path::new("/spool"), IndexAt::Memory).await
}

/// A spool that is opened at this time.
pub(super) async fn open_at(disk: &MemoryDisk, seed: u64, now: Timestamp) -> Result<Spool> {
    let (clock, entropy) = (TestClock::at(now), TestEntropy::new(seed));
    Spool::open(Arc::new(disk.clone()), clock, entropy, Path::new("/spool"), IndexAt::Memory).await
}

pub(super) fn accepted(recipients: &[&str]) -> Accepted {
    let paths = recipients.iter().map(|path| ForwardPath::parse(&format!("<{path}>")).unwrap()).collect();
    let reverse_path = ReversePath::parse("<alice@crepes.example>").unwrap();
    Accepted {
        envelope: Envelope::new(reverse_path, paths),
        received: TestClock::new().now(),
        user: None,
        origin: "192.0.2.1".into(),
    }
}

/// Accepts one message; its text is the way to know it again.
pub(super) async fn accept(spool: &Spool, text: &[u8], recipients: &[&str]) -> Result<super::spool::SpoolId> {
    let mut incoming = spool.begin().await?;
    for piece in text.chunks(50_000) {
        incoming.write(piece).await?;
    }
    incoming.commit(accepted(recipients)).await
}

/// Leases as somebody does to whom all domains are one.
pub(super) async fn lease(spool: &Spool, now: Timestamp, max: usize) -> Vec<Leased> {
    let lanes = Lanes { of: Arc::new(|_| String::new()), each: usize::MAX };
    spool.lease(now, max, lanes).await.unwrap().messages
}

/// All of a message.
pub(super) async fn text_of(spool: &Spool, id: &super::spool::SpoolId) -> Result<Vec<u8>> {
    let content = spool.open_message(id).await?;
    let mut octets = vec![0; usize::try_from(content.size()).unwrap()];
    let count = content.read_at(0, &mut octets).map_err(|error| {
        let kind = if error.kind() == std::io::ErrorKind::InvalidData { Kind::Data } else { Kind::Io };
        Error::new(kind, "reading a message").caused_by(error)
    })?;
    octets.truncate(count);
    Ok(octets)
}
