//! Points in time as people write them: `2026`, `2026-01-31`, `2026-01-31T12:00+01:00`, `7d` ago, `today`.
//!
//! A day is a stretch of time, and where it begins depends on who asks: so a point stays as it was written until it is
//! asked about, with the time and the zone of that moment. Knows no clock. RFC 3339 §5.6; lengths are `duration`'s.

use super::field::Order;
use crate::duration;
use crate::world::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::fmt;
use std::time::Duration;

/// When somebody asks, and where: dates without a zone are theirs.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// The zone of dates that name none.
    pub zone: TimeZone,
}

/// A point in time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// `2026`, all of it.
    Year(i16),
    /// `2026-01`, by its first day.
    Month(Date),
    /// `2026-01-31`
    Day(Date),
    /// `2026-01-31T12:00`, a minute.
    Minute(DateTime),
    /// `2026-01-31T12:00:00`, a second.
    Second(DateTime),
    /// `2026-01-31T12:00:00Z`, a second wherever one is.
    Exactly(Timestamp),
    /// `today`, or `yesterday`.
    DaysAgo(u8),
    /// `7d`: so long before now.
    Ago(Duration),
    /// `now`
    Now,
}

impl Point {
    /// Reads a point.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "now" => return Some(Self::Now),
            "today" => return Some(Self::DaysAgo(0)),
            "yesterday" => return Some(Self::DaysAgo(1)),
            _ => {}
        }
        if let Ok(ago) = duration::parse(text) {
            return Some(Self::Ago(ago));
        }
        // jiff would take more forms than the page for users has.
        let is_plain = text.bytes().all(|octet| octet.is_ascii_digit() || b"-:+TtZz".contains(&octet));
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|octet| octet.is_ascii_digit());
        let day = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        if !is_plain {
            return None;
        }
        match text.split_once(['T', 't']) {
            None if digits(text, 4) => text.parse().ok().filter(|year| *year > 0).map(Self::Year),
            None if text.len() == 7 => day(&format!("{text}-01")).map(Self::Month),
            None => day(text).map(Self::Day),
            Some((date, time)) => {
                let date = day(date)?;
                let (clock, zone) = time.split_at(time.find(['Z', 'z', '+', '-']).unwrap_or(time.len()));
                let is_minute = clock.len() == 5;
                let clock = if is_minute { format!("{clock}:00") } else { clock.to_owned() };
                let whole = (clock.len() == 8).then(|| format!("{date}T{clock}"))?;
                match zone {
                    "" if is_minute => whole.parse().ok().map(Self::Minute),
                    "" => whole.parse().ok().map(Self::Second),
                    zone => format!("{whole}{zone}").parse().ok().map(Self::Exactly),
                }
            }
        }
    }

    /// Whether something can be at this point, and not only before or after it.
    pub fn is_stretch(&self) -> bool {
        !matches!(self, Self::Ago(_) | Self::Now)
    }

    /// Its first and its last moment.
    pub fn bounds(&self, moment: &Moment) -> (Timestamp, Timestamp) {
        let today = || moment.now.to_zoned(moment.zone.clone()).date();
        let days = |first: Date, after: Result<Date, jiff::Error>| {
            let after = after.map(|after| after.to_datetime(jiff::civil::Time::midnight()));
            between(moment, first.to_datetime(jiff::civil::Time::midnight()), after)
        };
        match *self {
            Self::Year(year) => {
                let first = Date::new(year, 1, 1).unwrap_or(Date::MAX);
                days(first, first.checked_add(1.year()))
            }
            Self::Month(first) => days(first, first.checked_add(1.month())),
            Self::Day(day) => days(day, day.checked_add(1.day())),
            Self::DaysAgo(count) => {
                let day = today().saturating_sub(i64::from(count).days());
                days(day, day.checked_add(1.day()))
            }
            Self::Minute(first) => between(moment, first, first.checked_add(1.minute())),
            Self::Second(first) => between(moment, first, first.checked_add(1.second())),
            Self::Exactly(first) => {
                (first, first.saturating_add(SignedDuration::from_nanos(999_999_999)).unwrap_or(first))
            }
            Self::Ago(ago) => {
                let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
                let then = moment.now.checked_sub(ago).unwrap_or(Timestamp::MIN);
                (then, then)
            }
            Self::Now => (moment.now, moment.now),
        }
    }

    /// Whether a time lies so to this point.
    pub(super) fn holds(&self, order: Order, when: Timestamp, moment: &Moment) -> bool {
        let (first, last) = self.bounds(moment);
        order.holds(&when, &first, &last)
    }
}

/// From one time of the clock on the wall up to, and without, another.
fn between(moment: &Moment, first: DateTime, after: Result<DateTime, jiff::Error>) -> (Timestamp, Timestamp) {
    // Beyond the calendar's ends there is nothing, so the ends will do.
    let instant = |civil: DateTime| civil.to_zoned(moment.zone.clone()).map(|zoned| zoned.timestamp());
    let first = instant(first).unwrap_or(Timestamp::MAX);
    let after = after.and_then(instant).unwrap_or(Timestamp::MAX);
    (first, after.checked_sub(SignedDuration::from_nanos(1)).map_or(first, |last| last.max(first)))
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Day(day) => write!(f, "{day}"),
            Self::Minute(minute) => write!(f, "{}", minute.strftime("%Y-%m-%dT%H:%M")),
            Self::Second(second) => write!(f, "{}", second.strftime("%Y-%m-%dT%H:%M:%S")),
            Self::Exactly(when) => write!(f, "{when}"),
            Self::DaysAgo(0) => f.write_str("today"),
            Self::DaysAgo(_) => f.write_str("yesterday"),
            Self::Ago(ago) => f.write_str(&duration::print(*ago)),
            Self::Now => f.write_str("now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon in Hamburg, on the day before the clocks went forward.
    fn moment() -> Moment {
        Moment {
            now: "2026-03-28T11:00:00Z".parse().expect("a time"),
            zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"),
        }
    }

    #[test]
    fn points_are_stretches_in_the_zone_of_whoever_asks() {
        for (text, first, last) in [
            ("2026", "2025-12-31T23:00:00Z", "2026-12-31T22:59:59.999999999Z"),
            ("2026-02", "2026-01-31T23:00:00Z", "2026-02-28T22:59:59.999999999Z"),
            ("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999999Z"),
            ("2026-07-01T12:30", "2026-07-01T10:30:00Z", "2026-07-01T10:30:59.999999999Z"),
            ("2026-07-01T12:30:15", "2026-07-01T10:30:15Z", "2026-07-01T10:30:15.999999999Z"),
            ("2026-07-01T12:30:00-05:00", "2026-07-01T17:30:00Z", "2026-07-01T17:30:00.999999999Z"),
            ("2026-07-01t12:30z", "2026-07-01T12:30:00Z", "2026-07-01T12:30:00.999999999Z"),
            ("today", "2026-03-27T23:00:00Z", "2026-03-28T22:59:59.999999999Z"),
            ("Yesterday", "2026-03-26T23:00:00Z", "2026-03-27T22:59:59.999999999Z"),
            ("now", "2026-03-28T11:00:00Z", "2026-03-28T11:00:00Z"),
            ("7d", "2026-03-21T11:00:00Z", "2026-03-21T11:00:00Z"),
            ("2w", "2026-03-14T11:00:00Z", "2026-03-14T11:00:00Z"),
        ] {
            let point = Point::parse(text).unwrap_or_else(|| panic!("{text}"));
            let (from, to) = point.bounds(&moment());
            assert_eq!((from.to_string(), to.to_string()), (first.to_owned(), last.to_owned()), "{text}");
            assert_eq!(Point::parse(&point.to_string()), Some(point), "{text}");
        }
        for point in [Point::Year(9999), Point::Day(Date::MAX), Point::Ago(Duration::MAX), Point::Month(Date::MIN)] {
            let (first, last) = point.bounds(&moment());
            assert!(first <= last, "{point}");
        }
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for text in [
            "",
            "26",
            "0000",
            "2026-1",
            "2026-13",
            "2026-02-30",
            "2026-01-01T",
            "2026-01-01T12",
            "2026-01-01T25:00",
            "2026-01-01 12:00",
            "20260101",
            "2026-01-01T12:00[Europe/Berlin]",
            "tomorrow",
            "7",
            "-7d",
            "+002026-01-01",
            "2026-01-01T12:00:00.5Z",
            "2026-01-01T12:00+",
            "2026-W01",
        ] {
            assert_eq!(Point::parse(text), None, "{text}");
        }
    }
}
