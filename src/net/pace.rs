//! The pace of a conversation whose answers somebody else works on: how much may wait for him.
//!
//! Whoever reads a server must not wait for a disk with each piece, and must not run away from it either. Both hold
//! one of these: the reader says what it took, the other what he is done with. Knows no octets, only how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// Shared by both sides.
#[derive(Debug, Clone)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: u64,
    waiting: AtomicU64,
    is_over: AtomicBool,
    changed: Notify,
}

impl Pace {
    /// At most about so many octets wait.
    pub fn new(max: u64) -> Self {
        let (waiting, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Shared { max, waiting, is_over, changed: Notify::new() }))
    }

    /// So many wait more.
    pub fn took(&self, octets: u64) {
        self.0.waiting.fetch_add(octets, Ordering::AcqRel);
    }

    /// So many wait no more.
    pub fn done(&self, octets: u64) {
        self.0.waiting.fetch_sub(octets, Ordering::AcqRel);
        self.0.changed.notify_one();
    }

    /// Nobody works any more, so nothing is to be waited for.
    pub fn end(&self) {
        self.0.is_over.store(true, Ordering::Release);
        self.0.changed.notify_one();
    }

    /// Whether nobody works any more.
    pub fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }

    /// Ends when more may come.
    pub async fn ready(&self) {
        while self.0.waiting.load(Ordering::Acquire) >= self.0.max && !self.is_over() {
            // What changed between the question and here is remembered.
            self.0.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reader_waits_for_whoever_is_behind() {
        let pace = Pace::new(10);
        pace.ready().await;
        pace.took(12);
        let other = pace.clone();
        let waits = tokio::spawn(async move { other.ready().await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        pace.done(3);
        waits.await.expect("it goes on");
        pace.took(100);
        pace.end();
        pace.ready().await;
    }
}
