//! From when until when a signature holds.
//!
//! The times of a signature are 32 bits that wrap around, and mean whatever lies nearest to the present. Clocks differ: who
//! is late or early by less than [`SKEW`] is let through, and it is told. RFC 4034 §3.1.5; RFC 1982 §3.2.

use crate::world::Timestamp;

/// Seconds by which our clock and theirs may differ.
pub(super) const SKEW: i64 = 300;

/// How a signature stands to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// It holds until then.
    Good(Timestamp),
    /// By our clock it does not, by so many seconds that the clock may be the reason.
    Skewed(Timestamp, i64),
    /// It held until then.
    Expired(Timestamp),
    /// It will hold from then on.
    Early(Timestamp),
}

/// Judges the two times of a signature.
pub(super) fn judge(inception: u32, expiration: u32, now: Timestamp) -> Validity {
    let (from, until) = (near(inception, now), near(expiration, now));
    let time = |second: i64| Timestamp::from_second(second).unwrap_or(now);
    let second = now.as_second();
    if until < from {
        // At no time at all.
        return Validity::Expired(time(until));
    }
    match (second - until, from - second) {
        (late, _) if late > SKEW => Validity::Expired(time(until)),
        (_, early) if early > SKEW => Validity::Early(time(from)),
        (late, early) if late.max(early) > 0 => Validity::Skewed(time(until), late.max(early)),
        _ => Validity::Good(time(until)),
    }
}

/// The second with these last 32 bits that lies nearest to a time.
fn near(serial: u32, now: Timestamp) -> i64 {
    let second = now.as_second();
    // The lower half, on purpose.
    let low = (second & 0xffff_ffff) as u32;
    second + i64::from(serial.wrapping_sub(low).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_signature_holds_between_its_times_and_a_little_around_them() {
        for (now, wanted) in [
            (1_000_000, Validity::Good(at(2_000_000))),
            (1_500_000, Validity::Good(at(2_000_000))),
            (2_000_000, Validity::Good(at(2_000_000))),
            (2_000_001, Validity::Skewed(at(2_000_000), 1)),
            (2_000_300, Validity::Skewed(at(2_000_000), 300)),
            (2_000_301, Validity::Expired(at(2_000_000))),
            (999_999, Validity::Skewed(at(2_000_000), 1)),
            (999_700, Validity::Skewed(at(2_000_000), 300)),
            (999_699, Validity::Early(at(1_000_000))),
            (90_000_000, Validity::Expired(at(2_000_000))),
            (0, Validity::Early(at(1_000_000))),
        ] {
            assert_eq!(judge(1_000_000, 2_000_000, at(now)), wanted, "{now}");
        }
    }

    #[test]
    fn times_wrap_around_in_2106_and_nobody_notices() {
        let wrap = 1_i64 << 32;
        for (inception, expiration, now, wanted) in [
            (u32::MAX - 99, 900, wrap - 50, Validity::Good(at(wrap + 900))),
            (u32::MAX - 99, 900, wrap + 50, Validity::Good(at(wrap + 900))),
            (u32::MAX - 99, 900, wrap + 2000, Validity::Expired(at(wrap + 900))),
            (5000, 9000, wrap - 50, Validity::Early(at(wrap + 5000))),
            // In 1970 and in 2106 the same bits mean different seconds.
            (100, 200, 150, Validity::Good(at(200))),
            (100, 200, wrap + 150, Validity::Good(at(wrap + 200))),
        ] {
            assert_eq!(judge(inception, expiration, at(now)), wanted, "{inception} {expiration} {now}");
        }
    }

    #[test]
    fn an_end_before_the_beginning_is_never() {
        assert_eq!(judge(2000, 1000, at(1500)), Validity::Expired(at(1000)));
        assert_eq!(judge(2000, 1999, at(2000)), Validity::Expired(at(1999)));
        assert_eq!(judge(2000, 2000, at(2000)), Validity::Good(at(2000)));
    }
}
