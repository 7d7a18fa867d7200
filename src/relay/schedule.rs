//! When to try again, when to warn, and when to give up.
//!
//! Written as `1m,5m,15m,30m*8,x1.5<4h`: waits in order, `*8` for eight times, and at the end
//! perhaps a factor by which the last wait grows up to a limit; without one the last wait repeats.
//! Pure: time and chance come in as numbers.
//! RFC 5321 §4.5.4.1.

use crate::duration;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Attempts that a message gets however old it seems, if the schedule has as many within a lifetime. A clock that jumps
/// must not send a queue back, nor a host that was switched off; these are spread over about an hour.
const ATTEMPTS_MIN: u32 = 5;
/// The longest wait that can be written: beyond it a message would never be tried again within any lifetime.
const WAIT_MAX: Duration = Duration::from_secs(30 * DAY);
/// Waits are spread by so much each way, so that a host that comes back is not met by all at once.
const JITTER: f64 = 0.1;

/// What follows from failed attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The waits between attempts.
    pub schedule: Schedule,
    /// A message older than this is given up at its next failure.
    pub lifetime: Duration,
    /// The sender of a message older than this is told once that it is late.
    pub warn_after: Duration,
}

/// What to do with a recipient after another transient failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Wait so long and try again; `None`: give up.
    pub wait: Option<Duration>,
    /// Tell the sender that it is late.
    pub warn: bool,
}

/// The waits between attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    steps: Vec<Step>,
    growth: Option<Growth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    wait: Duration,
    times: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Growth {
    thousandths: u32,
    limit: Duration,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a retry schedule such as 1m,5m,15m,30m*8,x1.5<4h")]
pub struct ScheduleError(String);

impl Patience {
    /// Judges a recipient whose message is `age` old, which failed transiently for the `attempts`-th time now.
    /// `random` is any number; equal numbers give equal waits.
    pub fn judge(&self, age: Duration, attempts: u32, warned: bool, random: u32) -> Verdict {
        if age > self.lifetime && attempts >= self.attempts_min() {
            return Verdict { wait: None, warn: false };
        }
        let wait = self.schedule.wait(attempts);
        let spread = 1.0 + JITTER * (2.0 * f64::from(random) / f64::from(u32::MAX) - 1.0);
        Verdict { wait: Some(wait.mul_f64(spread)), warn: !warned && age > self.warn_after }
    }

    /// Attempts that the schedule has within a lifetime, the first one and the one behind its end included; not more
    /// than are asked for.
    fn attempts_min(&self) -> u32 {
        let mut age = Duration::ZERO;
        let within = (1..ATTEMPTS_MIN).take_while(|attempts| {
            age = age.saturating_add(self.schedule.wait(*attempts));
            age <= self.lifetime
        });
        (within.count() as u32 + 1).max(2)
    }
}

/// Quick at first, because most failures pass quickly; then half-hourly; five days in all, and a word after four hours.
impl Default for Patience {
    fn default() -> Self {
        let step = |minutes, times| Step { wait: Duration::from_secs(minutes * MINUTE), times };
        Self {
            schedule: Schedule {
                steps: vec![step(1, 1), step(5, 1), step(15, 1), step(30, 8)],
                growth: Some(Growth { thousandths: 1500, limit: Duration::from_secs(4 * HOUR) }),
            },
            lifetime: Duration::from_secs(5 * DAY),
            warn_after: Duration::from_secs(4 * HOUR),
        }
    }
}

impl Schedule {
    /// How long to wait after the `attempts`-th failed attempt, counted from 1, without the spread.
    pub fn wait(&self, attempts: u32) -> Duration {
        let mut beyond = attempts.max(1);
        for step in &self.steps {
            if beyond <= step.times {
                return step.wait;
            }
            beyond -= step.times;
        }
        let last = self.steps.last().map_or(WAIT_MAX, |step| step.wait);
        let Some(growth) = self.growth else {
            return last;
        };
        let factor = (f64::from(growth.thousandths) / 1000.0).powf(f64::from(beyond));
        Duration::try_from_secs_f64(last.as_secs_f64() * factor).map_or(growth.limit, |wait| wait.min(growth.limit))
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        parse_schedule(text).ok_or_else(|| ScheduleError(text.to_owned()))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            f.write_str(&duration::print(step.wait))?;
            if step.times > 1 {
                write!(f, "*{}", step.times)?;
            }
        }
        match self.growth {
            Some(growth) => {
                write!(f, ",x{}<{}", f64::from(growth.thousandths) / 1000.0, duration::print(growth.limit))
            }
            None => Ok(()),
        }
    }
}

fn parse_schedule(text: &str) -> Option<Schedule> {
    let mut schedule = Schedule { steps: Vec::new(), growth: None };
    for part in text.split(',').map(str::trim) {
        if schedule.growth.is_some() {
            return None;
        }
        match part.strip_prefix('x') {
            Some(growth) => {
                let growth = parse_growth(growth)?;
                schedule.steps.last().filter(|last| last.wait <= growth.limit)?;
                schedule.growth = Some(growth);
            }
            None => schedule.steps.push(parse_step(part)?),
        }
    }
    Some(schedule)
}

fn parse_step(text: &str) -> Option<Step> {
    let (wait, times) = match text.split_once('*') {
        Some((wait, times)) => (wait, number(times)?.try_into().ok().filter(|times| (1..=10_000).contains(times))?),
        None => (text, 1),
    };
    Some(Step { wait: wait_of(wait)?, times })
}

fn parse_growth(text: &str) -> Option<Growth> {
    let (factor, limit) = text.split_once('<')?;
    let (whole, fraction) = factor.split_once('.').unwrap_or((factor, "0"));
    if !(1..=3).contains(&fraction.len()) {
        return None;
    }
    let thousandths = number(whole)?.checked_mul(1000)?.checked_add(number(&format!("{fraction:0<3}"))?)?;
    // A factor of one would never reach the limit, and waits that shrink are no retreat.
    let thousandths = u32::try_from(thousandths).ok().filter(|factor| (1001..=100_000).contains(factor))?;
    Some(Growth { thousandths, limit: wait_of(limit)? })
}

fn wait_of(text: &str) -> Option<Duration> {
    duration::parse(text).ok().filter(|wait| *wait <= WAIT_MAX)
}

/// Digits only: `u64::from_str` would take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_waits_as_its_spelling_says() {
        let schedule = Patience::default().schedule;
        assert_eq!(schedule.to_string(), "1m,5m,15m,30m*8,x1.5<4h");
        let minutes = |attempts| schedule.wait(attempts).as_secs_f64() / 60.0;
        for (attempts, wanted) in [
            (0, 1.0),
            (1, 1.0),
            (2, 5.0),
            (3, 15.0),
            (4, 30.0),
            (11, 30.0),
            (12, 45.0),
            (13, 67.5),
            (14, 101.25),
            (15, 151.875),
            (16, 227.8125),
            (17, 240.0),
            (u32::MAX, 240.0),
        ] {
            assert_eq!(minutes(attempts), wanted, "{attempts}");
        }
    }

    #[test]
    fn schedules_are_read_strictly() {
        for (text, wanted) in [
            ("1m", Some("1m")),
            ("90s, 2h", Some("90s,2h")),
            ("60s,60m,24h", Some("1m,1h,1d")),
            ("5m*3,x2<1d", Some("5m*3,x2<1d")),
            ("1m,x1.25<1m", Some("1m,x1.25<1m")),
            ("30d*10000", Some("30d*10000")),
            ("", None),
            (",", None),
            ("1m,", None),
            ("1", None),
            ("0m", None),
            ("-1m", None),
            ("+1m", None),
            ("1.5m", None),
            ("1m*0", None),
            ("1m*", None),
            ("31d", None),
            ("x2<1h", None),
            ("1m,x1<1h", None),
            ("1m,x0.5<1h", None),
            ("1m,x1.2345<1h", None),
            ("1m,x.5<1h", None),
            ("1m,x18446744073709551.999<1h", None),
            ("1m,x2", None),
            ("2h,x2<1h", None),
            ("1m,x2<1h,5m", None),
            ("99999999999999999999d", None),
            ("9999999999999999d", None),
            ("1µ", None),
        ] {
            assert_eq!(text.parse::<Schedule>().ok().map(|s| s.to_string()).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn without_growth_the_last_wait_repeats() {
        let schedule: Schedule = "1m,1h".parse().expect("a schedule");
        assert_eq!(schedule.wait(500), Duration::from_secs(HOUR));
    }

    #[test]
    fn giving_up_takes_age_and_some_attempts() {
        let patience = Patience::default();
        let judge = |age_hours, attempts, warned| {
            let verdict = patience.judge(Duration::from_secs(age_hours * HOUR), attempts, warned, u32::MAX / 2);
            (verdict.wait.map(|wait| wait.as_secs().div_ceil(60)), verdict.warn)
        };
        for ((age_hours, attempts, warned), wanted) in [
            ((0, 1, false), (Some(1), false)),
            ((4, 10, false), (Some(30), false)),
            ((5, 10, false), (Some(30), true)),
            ((5, 10, true), (Some(30), false)),
            ((120, 40, true), (Some(240), false)),
            ((121, 40, true), (None, false)),
            ((121, 5, false), (None, false)),
            // A clock that jumped, or a host that was off.
            ((121, 2, false), (Some(5), true)),
            ((24 * 365, 4, true), (Some(30), false)),
            ((24 * 365, 1, true), (Some(1), false)),
        ] {
            assert_eq!(judge(age_hours, attempts, warned), wanted, "{age_hours} h, {attempts} attempts");
        }
    }

    #[test]
    fn a_short_life_needs_as_many_attempts_as_fit_into_it() {
        for (waits, lifetime, wanted) in
            [("1m,5m,15m,30m*8,x1.5<4h", "5d", 5), ("1d", "12h", 2), ("1h", "2h", 3), ("1m", "2m", 3), ("1m", "1h", 5)]
        {
            let schedule = waits.parse().expect(waits);
            let patience =
                Patience { schedule, lifetime: duration::parse(lifetime).expect(lifetime), ..Patience::default() };
            assert_eq!(patience.attempts_min(), wanted, "{waits} within {lifetime}");
            let old = patience.lifetime + Duration::from_secs(1);
            assert!(patience.judge(old, wanted, true, 0).wait.is_none());
            assert!(patience.judge(old, wanted - 1, true, 0).wait.is_some());
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(
            steps in prop::collection::vec((1..100_000u64, 1..100u32), 1..6),
            growth in prop::option::of((1001..100_000u32, 100_000..2_000_000u64)),
        ) {
            let schedule = Schedule {
                steps: steps.into_iter().map(|(secs, times)| Step { wait: Duration::from_secs(secs), times }).collect(),
                growth: growth.map(|(thousandths, secs)| Growth { thousandths, limit: Duration::from_secs(secs) }),
            };
            prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }

        #[test]
        fn any_text_is_a_schedule_or_an_error(text in "[0-9smhdx<*.,]{0,20}") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert!(schedule.wait(7) <= WAIT_MAX);
            }
        }

        #[test]
        fn the_spread_is_a_tenth_each_way(attempts in 1..40u32, random: u32) {
            let patience = Patience::default();
            let wait = patience.judge(Duration::ZERO, attempts, false, random).wait.expect("young");
            let exact = patience.schedule.wait(attempts).as_secs_f64();
            prop_assert!((wait.as_secs_f64() / exact - 1.0).abs() <= 0.100_001);
        }
    }
}
