//! The time of day: the real one, and one that can be hurried.
//!
//! The hurried clock stands on the runtime's timer, so that a test under paused time is exact, and
//! the demo sees five retries in a second. Knows nothing of deadlines: those use the timer itself.

use crate::world::{Clock, Later, Timestamp};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Measured on the monotonic clock: a step of the wall clock neither shortens nor stretches it.
    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        Box::pin(sleep(wait))
    }
}

/// A clock that begins at a given time, runs a number of times faster than the runtime's timer, and can be
/// turned forward by hand. Must be made inside a runtime.
#[derive(Debug)]
pub struct FastClock {
    origin: Timestamp,
    started: Instant,
    speed: u32,
    turned: watch::Sender<Duration>,
}

impl FastClock {
    /// A clock that shows `origin` now. A speed of 1 keeps the runtime's pace.
    pub fn new(origin: Timestamp, speed: u32) -> Self {
        assert!(speed > 0, "a clock that stands never ends a sleep");
        Self { origin, started: Instant::now(), speed, turned: watch::Sender::new(Duration::ZERO) }
    }

    /// Turns the clock forward; whoever sleeps on it wakes if the time has come.
    pub fn turn(&self, by: Duration) {
        self.turned.send_modify(|turned| *turned = turned.saturating_add(by));
    }

    /// How long the clock has run, by its own measure.
    fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_mul(self.speed).saturating_add(*self.turned.borrow())
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.origin.saturating_add(self.elapsed()).unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        let end = self.elapsed().saturating_add(wait);
        let mut turned = self.turned.subscribe();
        Box::pin(async move {
            loop {
                let rest = end.saturating_sub(self.elapsed());
                if rest.is_zero() {
                    return;
                }
                tokio::select! {
                    // Rounded up: the timer has milliseconds, and a sleep may not end early.
                    () = sleep(rest / self.speed + Duration::from_nanos(1)) => {}
                    _ = turned.changed() => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_shortens_sleeps_and_lengthens_time() {
        let clock = FastClock::new(Timestamp::UNIX_EPOCH, 3600);
        let before = Instant::now();
        clock.sleep(HOUR).await;
        assert!(before.elapsed() <= Duration::from_millis(1100), "an hour took {:?}", before.elapsed());
        assert!(clock.now().duration_since(Timestamp::UNIX_EPOCH).as_secs() >= 3600);
    }

    #[tokio::test(start_paused = true)]
    async fn turning_the_clock_wakes_the_sleeper() {
        let clock = std::sync::Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(HOUR).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        let before = Instant::now();
        clock.turn(2 * HOUR);
        let woke = sleeper.await.expect("a sleeper");
        assert_eq!(woke.as_second(), 7200);
        assert!(before.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_machines_clock_sleeps_at_the_runtimes_pace() {
        let before = Instant::now();
        SystemClock.sleep(HOUR).await;
        assert!(before.elapsed() >= HOUR && SystemClock.now() > Timestamp::UNIX_EPOCH);
    }
}
