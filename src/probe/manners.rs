//! How strangers' servers are visited: slowly, a few at once, and none of them twice at a time.
//!
//! For all that one command does, however many domains it is about. Waits, and knows nothing of what is waited for.

use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// So many of something in a second, evenly; or as many as there are.
#[derive(Debug)]
pub struct Pace {
    gap: Option<Duration>,
    next: Mutex<Instant>,
}

/// Who may be visited now.
#[derive(Debug)]
pub struct Manners {
    pace: Pace,
    at_once: Semaphore,
    busy: Mutex<HashSet<IpAddr>>,
    freed: Notify,
}

/// A visit that is being made. Ends with the value.
#[derive(Debug)]
pub struct Visit<'a> {
    manners: &'a Manners,
    ip: IpAddr,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Pace {
    /// So many in a second.
    pub fn new(per_second: Option<NonZeroU32>) -> Self {
        let gap = per_second.map(|count| Duration::from_secs(1) / count.get());
        Self { gap, next: Mutex::new(Instant::now()) }
    }

    /// Ends when it is the caller's turn.
    pub async fn turn(&self) {
        let Some(gap) = self.gap else { return };
        let mine = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = (*next).max(Instant::now());
            *next = mine + gap;
            mine
        };
        sleep_until(mine).await;
    }
}

impl Manners {
    /// With so many new connections in a second, and so many at once.
    pub fn new(per_second: Option<NonZeroU32>, at_once: usize) -> Self {
        let (busy, freed) = (Mutex::default(), Notify::new());
        Self { pace: Pace::new(per_second), at_once: Semaphore::new(at_once.max(1)), busy, freed }
    }

    /// Waits until an address may be visited: nobody else does, and it is our turn.
    pub async fn visit(&self, ip: IpAddr) -> Visit<'_> {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Before the look: who is freed between the two is not missed.
            freed.as_mut().enable();
            if self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(ip) {
                break;
            }
            freed.await;
        }
        let mut visit = Visit { manners: self, ip, _permit: None };
        // It is never closed.
        visit._permit = self.at_once.acquire().await.ok();
        self.pace.turn().await;
        visit
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.manners.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ip);
        self.manners.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn visits_are_evenly_spread_and_never_two_at_one_address() {
        let manners = Manners::new(NonZeroU32::new(2), 3);
        let (now, most, begun) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
        let ips: Vec<IpAddr> = (0..12).map(|n| IpAddr::from([192, 0, 2, n % 4])).collect();
        let visits = ips.iter().map(|ip| async {
            let _visit = manners.visit(*ip).await;
            let started = begun.elapsed();
            let same = most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1700)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            (*ip, started, begun.elapsed(), same)
        });
        let mut made = join_all(visits).await;
        made.sort_by_key(|(_, started, ..)| *started);
        for pair in made.windows(2) {
            assert!(pair[1].1 - pair[0].1 >= Duration::from_millis(500), "{made:?}");
        }
        for (index, (ip, started, ended, _)) in made.iter().enumerate() {
            let overlaps = |other: &&(IpAddr, Duration, Duration, usize)| other.0 == *ip && other.1 < *ended;
            assert!(!made[index + 1..].iter().any(|other| overlaps(&other) && other.1 >= *started), "{made:?}");
        }
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits() {
        let (pace, begun) = (Pace::new(None), Instant::now());
        for _ in 0..1000 {
            pace.turn().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
