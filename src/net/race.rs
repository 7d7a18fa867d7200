//! Several addresses, one connection: both families take turns, and none waits long for the one before.
//!
//! A host's addresses may be of a family that leads nowhere from here. So they are tried in turn, each a quarter of a
//! second after the last one or as soon as that has failed; the first that stands wins. RFC 8305 §4, §5.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// RFC 8305 §5: the connection attempt delay.
const STAGGER: Duration = Duration::from_millis(250);

/// An address that could not be reached, and why.
pub(super) type Failure = (SocketAddr, io::Error);

/// The order in which addresses are tried: as given, but the families alternate as long as there are both, each
/// address once (RFC 8305 §4).
pub(super) fn order(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let mut ordered = VecDeque::with_capacity(addresses.len());
    let is_first_kind = |address: &&SocketAddr| Some(address.is_ipv6()) == addresses.first().map(SocketAddr::is_ipv6);
    let mut first = addresses.iter().filter(is_first_kind);
    let mut second = addresses.iter().filter(|address| !is_first_kind(address));
    loop {
        let turn = [first.next(), second.next()];
        if turn == [None, None] {
            return ordered;
        }
        for address in turn.into_iter().flatten() {
            if !ordered.contains(address) {
                ordered.push_back(*address);
            }
        }
    }
}

/// What stands first of what `begin` begins; or how each of the addresses failed, in the order of failing. Those that
/// have not stood by then are given up.
pub(super) async fn first<T, F>(
    mut waiting: VecDeque<SocketAddr>,
    within: Duration,
    begin: impl Fn(SocketAddr) -> F,
) -> Result<(SocketAddr, T), Vec<Failure>>
where
    F: Future<Output = io::Result<T>>,
{
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    let mut next = Instant::now();
    loop {
        let is_due = running.is_empty() || Instant::now() >= next;
        if let Some(address) = is_due.then(|| waiting.pop_front()).flatten() {
            let attempt = timeout(within, begin(address));
            running.push(async move { (address, attempt.await) });
            next = Instant::now() + STAGGER;
        }
        tokio::select! {
            biased;
            ended = running.next() => match ended {
                None => return Err(failures),
                Some((address, Ok(Ok(stands)))) => return Ok((address, stands)),
                Some((address, failed)) => {
                    let late = || {
                        let why = format!("no answer within {} seconds", within.as_secs_f64());
                        io::Error::new(io::ErrorKind::TimedOut, why)
                    };
                    failures.push((address, failed.map_or_else(|_| late(), |failed| failed.err().unwrap_or_else(late))));
                    next = Instant::now();
                }
            },
            () = sleep_until(next), if !waiting.is_empty() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split_whitespace().map(|word| format!("{word}:25").parse().expect(word)).collect()
    }

    #[test]
    fn families_take_turns() {
        for (given, wanted) in [
            ("", ""),
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.2 192.0.2.1", "192.0.2.2 192.0.2.1"),
            ("[2001:db8::1] [2001:db8::2] 192.0.2.1", "[2001:db8::1] 192.0.2.1 [2001:db8::2]"),
            ("192.0.2.1 192.0.2.2 [2001:db8::1] [2001:db8::2]", "192.0.2.1 [2001:db8::1] 192.0.2.2 [2001:db8::2]"),
            ("192.0.2.1 192.0.2.1 [::1] 192.0.2.1", "192.0.2.1 [::1]"),
        ] {
            assert_eq!(order(&addresses(given)), addresses(wanted), "{given}");
        }
    }

    /// What an address does: nothing, or it answers or refuses after so many milliseconds.
    #[derive(Clone, Copy)]
    enum Does {
        Stand(u64),
        Fail(u64),
        Nothing,
    }
    use Does::{Fail, Nothing, Stand};

    #[tokio::test(start_paused = true)]
    async fn none_waits_long_for_the_one_before() {
        let all = addresses("192.0.2.0 192.0.2.1 192.0.2.2 192.0.2.3");
        for (does, winner, millis) in [
            (vec![Stand(10)], Some(0), 10),
            // Well before the next one would begin, or a little after: the first is not given up for it.
            (vec![Stand(240), Stand(0)], Some(0), 240),
            (vec![Stand(300), Stand(100)], Some(0), 300),
            (vec![Stand(300), Stand(10)], Some(1), 260),
            // A refusal is no reason to wait.
            (vec![Fail(5), Stand(10)], Some(1), 15),
            (vec![Fail(5), Fail(5), Fail(5), Stand(0)], Some(3), 15),
            (vec![Nothing, Nothing, Nothing, Stand(1)], Some(3), 751),
            (vec![Nothing, Fail(10), Stand(1)], Some(2), 261),
            // Each has its own time.
            (vec![Nothing, Nothing], None, 10_250),
            (vec![Fail(10), Nothing], None, 10_010),
            (vec![Fail(10), Fail(20)], None, 30),
            (vec![], None, 0),
        ] {
            let start = Instant::now();
            let raced = first(all[..does.len()].to_vec().into(), Duration::from_secs(10), |address| {
                let at = all.iter().position(|known| *known == address).expect("it is one of them");
                let does = does[at];
                async move {
                    let (Stand(wait) | Fail(wait)) = does else { return std::future::pending().await };
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    if matches!(does, Stand(_)) { Ok(at) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
                }
            });
            match raced.await {
                Ok((_, at)) => assert_eq!(Some(at), winner),
                Err(failures) => assert_eq!((failures.len(), winner), (does.len(), None)),
            }
            assert_eq!(start.elapsed().as_millis(), millis, "{winner:?}");
        }
    }
}
