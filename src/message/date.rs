//! Dates as header fields write them.
//!
//! Printing is strict and always in UTC: where the sender sits is nobody's business. Reading takes
//! whatever the world has sent since RFC 822. Knows no clock and no protocol's own date form.
//! RFC 5322 §3.3, §4.3.

use crate::world::Timestamp;
use jiff::civil::Date;
use mail_parser::parsers::MessageStream;

/// Octets of a field body that are looked at; a date with comments is far shorter.
const DATE_MAX: usize = 1024;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Their English names, short.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Fri, 20 Nov 2026 12:00:00 +0000`
pub fn rfc5322(when: Timestamp) -> String {
    let civil = jiff::tz::Offset::UTC.to_datetime(when);
    // jiff counts both from one, and never leaves their ranges.
    let day = DAYS[usize::from(civil.weekday().to_monday_zero_offset().unsigned_abs() % 7)];
    let month = MONTHS[usize::from(civil.month().unsigned_abs().saturating_sub(1) % 12)];
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} +0000", civil.day(), civil.year())
}

/// Reads a date with obsolete zones, two-digit years and comments; what is no date is `None`.
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    Timestamp::from_second(read(text)?.to_timestamp()).ok()
}

/// The day in a date as its sender wrote it, whatever the zone: what IMAP's SENTON goes by.
pub fn day(text: &[u8]) -> Option<Date> {
    let date = read(text)?;
    Date::new(date.year.try_into().ok()?, date.month.try_into().ok()?, date.day.try_into().ok()?).ok()
}

fn read(text: &[u8]) -> Option<mail_parser::DateTime> {
    let mut line = text.get(..DATE_MAX).unwrap_or(text).to_vec();
    if !has_time(&line) {
        return None;
    }
    line.push(b'\n');
    MessageStream::new(&line).parse_date().into_datetime().filter(mail_parser::DateTime::is_valid)
}

/// Whether a time of day stands there: mail-parser takes any letters for the rest of a broken one.
pub(super) fn has_time(line: &[u8]) -> bool {
    let is_time = |token: &[u8]| {
        let mut numbers = 0;
        token.split(|octet| *octet == b':').all(|number| {
            numbers += 1;
            (1..=2).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
        }) && (2..=3).contains(&numbers)
    };
    line.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'+' | b'-')).any(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_printed_in_utc() {
        let when: Timestamp = "2026-03-02T09:08:07.5Z".parse().expect("a time");
        assert_eq!(rfc5322(when), "Mon, 02 Mar 2026 09:08:07 +0000");
    }

    #[test]
    fn old_and_odd_dates_are_read() {
        for (text, wanted) in [
            ("Fri, 20 Nov 2026 12:00:00 +0100", Some("2026-11-20T11:00:00Z")),
            ("20 Nov 2026 12:00:00 -0000", Some("2026-11-20T12:00:00Z")),
            ("21 Nov 97 09:55:06 GMT", Some("1997-11-21T09:55:06Z")),
            ("Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)", Some("1969-02-14T03:02:00Z")),
            ("Fri, 20 Nov\r\n 2026 12:00:00 EST", Some("2026-11-20T17:00:00Z")),
            ("Tue, 7 Apr 2026 10:00:t <x@example.test>", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()).map(|t| t.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_day_is_the_senders_own() {
        for (text, wanted) in [
            ("Fri, 20 Nov 2026 23:30:00 -0500", Date::new(2026, 11, 20).ok()),
            ("21 Nov 97 00:15:00 +1200", Date::new(1997, 11, 21).ok()),
            ("31 Feb 2026 00:00:00 +0000", None),
            ("today", None),
        ] {
            assert_eq!(day(text.as_bytes()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printed_dates_are_read_back(second in -2_200_000_000i64..32_000_000_000) {
            let when = Timestamp::from_second(second).expect("within jiff's range");
            prop_assert_eq!(parse(rfc5322(when).as_bytes()), Some(when));
        }

        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>()) {
            parse(&octets);
            day(&octets);
        }
    }
}
