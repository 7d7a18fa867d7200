//! Dates as IMAP writes them: INTERNALDATE, and the days of SEARCH.
//!
//! RFC 9051 §9 (date-time, date); §2.3.3.

use crate::world::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `17-Jul-1996 02:44:25 +0000`, without quotes. Always in UTC: a store keeps moments, not clocks on a wall.
pub fn print(when: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(when);
    let month = month(at.month());
    format!("{:2}-{month}-{:04} {:02}:{:02}:{:02} +0000", at.day(), at.year(), at.hour(), at.minute(), at.second())
}

/// Reads a date-time without its quotes; a one-digit day comes with a space in front, or without.
pub fn parse(text: &str) -> Option<Timestamp> {
    let mut words = text.trim_start_matches(' ').split(' ');
    let (date, time, zone, None) = (words.next()?, words.next()?, words.next()?, words.next()) else {
        return None;
    };
    let mut clock = time.split(':');
    let (hour, minute, second, None) =
        (two_digits(clock.next()?)?, two_digits(clock.next()?)?, two_digits(clock.next()?)?, clock.next())
    else {
        return None;
    };
    let date = parse_day(date)?;
    let at = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, 0).ok()?;
    offset(zone)?.to_timestamp(at).ok()
}

/// `1-Feb-1994`
pub fn print_day(day: Date) -> String {
    format!("{}-{}-{:04}", day.day(), month(day.month()), day.year())
}

fn month(number: i8) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&MONTHS[0])
}

/// Reads `1-Feb-1994`.
pub fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (day, month, year, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    if day.is_empty() || day.len() > 2 || year.len() != 4 || !all_digits(day) || !all_digits(year) {
        return None;
    }
    Date::new(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?).ok()
}

/// The day of an INTERNALDATE, as SEARCH compares it.
pub fn day_of(when: Timestamp) -> Date {
    Offset::UTC.to_datetime(when).date()
}

fn offset(zone: &str) -> Option<Offset> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (i32::from(two_digits(hours)?), i32::from(two_digits(minutes)?));
    (minutes < 60).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok())?
}

fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2 && all_digits(text)).then(|| text.parse().ok())?
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn date_times_are_read_and_shown_in_utc() {
        for (text, wanted) in [
            ("17-Jul-1996 02:44:25 -0700", Some("17-Jul-1996 09:44:25 +0000")),
            (" 1-Feb-1994 21:52:25 +0000", Some(" 1-Feb-1994 21:52:25 +0000")),
            ("1-feb-1994 21:52:25 +0000", Some(" 1-Feb-1994 21:52:25 +0000")),
            ("29-Feb-2024 00:00:00 +1400", Some("28-Feb-2024 10:00:00 +0000")),
            ("29-Feb-2023 00:00:00 +0000", None),
            ("17-Jul-1996 02:44:25", None),
            ("17-Jul-1996 02:44 +0000", None),
            ("17-Jul-1996 2:44:25 +0000", None),
            ("17-Jul-1996 24:00:00 +0000", None),
            ("17-Jul-96 02:44:25 +0000", None),
            ("17-Jul-1996 02:44:25 +0060", None),
            ("17-Jul-1996 02:44:25 +9900", None),
            ("17-Jul-1996 02:44:25 UTC", None),
            ("17-Jul-1996 02:44:25 +0000 x", None),
            ("17-Jul-1996 02:44:25 +00é", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(print).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn days_are_read() {
        assert_eq!(parse_day("1-Feb-1994"), Date::new(1994, 2, 1).ok());
        for bad in ["1-Feb", "32-Jan-1994", "1-Foo-1994", "1-2-1994", "-1-Feb-1994", "001-Feb-1994", "1-Feb-19940"] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_read_back(seconds in -2_000_000_000_i64..20_000_000_000) {
            let when = Timestamp::from_second(seconds).expect("in range");
            prop_assert_eq!(parse(&print(when)), Some(when));
        }
    }
}
