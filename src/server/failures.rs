//! Failed logins, counted by place: who guesses passwords from many connections gains nothing.
//!
//! Logins from one place take turns, so that a flood from one computer neither guesses faster nor keeps the logins
//! of all others waiting. A place that failed too often is refused without a look at the password; failures are
//! forgiven with time. Loopback is spared: there, all users of a web page come from one address. What is known of
//! strangers is bounded.

use crate::net::gate::place;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};
use tokio::time::Instant;

/// One failure is forgiven after so long: ten guesses a minute, and no more.
const FORGIVEN_AFTER: Duration = Duration::from_secs(6);
/// Places that are remembered: about a megabyte.
const PLACES_MAX: usize = 10_000;

/// The failures of all places. Cheap to clone.
#[derive(Clone)]
pub(super) struct Failures(Arc<Inner>);

struct Inner {
    max: u32,
    places: Mutex<HashMap<IpAddr, Arc<Turns<Debt>>>>,
}

/// What one place has not been forgiven yet.
#[derive(Debug, Clone, Copy)]
struct Debt {
    failures: u32,
    /// Up to when failures were forgiven.
    since: Instant,
}

/// The right to try one login. Others from the same place wait until it is dropped.
pub(super) struct Turn {
    debt: Option<OwnedMutexGuard<Debt>>,
}

impl Failures {
    /// A place may fail so often at once.
    pub(super) fn new(max: u32) -> Self {
        Self(Arc::new(Inner { max, places: Mutex::default() }))
    }

    /// Waits for a turn; `None` if too many logins from there failed.
    pub(super) async fn turn(&self, from: IpAddr) -> Option<Turn> {
        let place = place(from);
        if place.is_loopback() {
            return Some(Turn { debt: None });
        }
        let turns = self.remember(place);
        let mut debt = turns.lock_owned().await;
        debt.forgive(Instant::now());
        (debt.failures < self.0.max).then_some(Turn { debt: Some(debt) })
    }

    fn remember(&self, place: IpAddr) -> Arc<Turns<Debt>> {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= PLACES_MAX && !places.contains_key(&place) {
            forget_some(&mut places);
        }
        let fresh = || Arc::new(Turns::new(Debt { failures: 0, since: Instant::now() }));
        places.entry(place).or_insert_with(fresh).clone()
    }
}

/// Makes room: who owes nothing goes, and if nobody is like that, a tenth of all, who owe least. Whoever is in his
/// turn, or waits for it, stays.
fn forget_some(places: &mut HashMap<IpAddr, Arc<Turns<Debt>>>) {
    let now = Instant::now();
    let owed = |turns: &Arc<Turns<Debt>>| {
        let mut debt = *turns.try_lock().ok().filter(|_| Arc::strong_count(turns) == 1)?;
        debt.forgive(now);
        Some(debt.failures)
    };
    places.retain(|_, turns| owed(turns) != Some(0));
    if places.len() >= PLACES_MAX {
        let mut all: Vec<_> = places.iter().filter_map(|(place, turns)| Some((owed(turns)?, *place))).collect();
        all.sort_unstable();
        for (_, place) in all.into_iter().take(PLACES_MAX / 10) {
            places.remove(&place);
        }
    }
}

impl Debt {
    fn forgive(&mut self, now: Instant) {
        let times = now.saturating_duration_since(self.since).as_secs() / FORGIVEN_AFTER.as_secs();
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        if times >= self.failures {
            (self.failures, self.since) = (0, now);
        } else {
            self.failures -= times;
            self.since += FORGIVEN_AFTER * times;
        }
    }
}

impl Turn {
    /// The login failed. The next one may try.
    pub(super) fn failed(self) {
        if let Some(mut debt) = self.debt {
            debt.failures += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use tokio::time::advance;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    async fn fail(failures: &Failures, from: IpAddr) -> bool {
        failures.turn(from).await.map(Turn::failed).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_fails_so_often_and_is_forgiven_with_time() {
        let failures = Failures::new(3);
        for from in ["2001:db8::1", "2001:db8::2", "2001:db8::3"] {
            assert!(fail(&failures, ip(from)).await, "{from}");
        }
        assert!(!fail(&failures, ip("2001:db8::4")).await, "a /64 is one place");
        assert!(fail(&failures, ip("2001:db8:0:1::1")).await, "another one is another");
        advance(FORGIVEN_AFTER - Duration::from_secs(1)).await;
        assert!(!fail(&failures, ip("2001:db8::1")).await);
        advance(Duration::from_secs(1)).await;
        assert!(fail(&failures, ip("2001:db8::1")).await && !fail(&failures, ip("2001:db8::1")).await);
        advance(FORGIVEN_AFTER * 100).await;
        for round in 0..4 {
            assert_eq!(fail(&failures, ip("2001:db8::1")).await, round < 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_succeeds_costs_nothing_and_forgives_nothing() {
        let failures = Failures::new(2);
        let from = ip("192.0.2.1");
        assert!(fail(&failures, from).await);
        for _ in 0..10 {
            assert!(failures.turn(from).await.is_some());
        }
        assert!(fail(&failures, ip("::ffff:192.0.2.1")).await && failures.turn(from).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn logins_from_one_place_take_turns_and_loopback_is_spared() {
        let failures = Failures::new(2);
        let first = failures.turn(ip("192.0.2.1")).await;
        let second = tokio::time::timeout(Duration::from_secs(1), failures.turn(ip("192.0.2.1")));
        assert!(first.is_some() && second.await.is_err(), "the first one has not ended");
        assert!(failures.turn(ip("192.0.2.2")).await.is_some());
        let held = failures.turn(ip("127.0.0.1")).await;
        for _ in 0..100 {
            assert!(fail(&failures, ip("127.0.0.1")).await && fail(&failures, ip("::1")).await);
        }
        drop((first, held));
        assert!(failures.turn(ip("192.0.2.1")).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_known_of_strangers_is_bounded_and_the_worst_are_known_longest() {
        let failures = Failures::new(3);
        let guesser = ip("192.0.2.1");
        while fail(&failures, guesser).await {}
        let busy = failures.turn(ip("192.0.2.2")).await;
        let many = 3 * PLACES_MAX as u128;
        for number in 0..many {
            let from = Ipv6Addr::from_bits((0x2001_0db8 << 96) | (number << 64)).into();
            assert!(fail(&failures, from).await);
        }
        let known = failures.0.places.lock().expect("nobody panicked").len();
        assert!(known <= PLACES_MAX, "{known}");
        assert!(failures.turn(guesser).await.is_none());
        busy.expect("a turn").failed();
        assert!(failures.0.places.lock().expect("nobody panicked").contains_key(&ip("192.0.2.2")));
    }
}
