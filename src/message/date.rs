//! Dates as header fields write them.
//!
//! Printing is strict and always in UTC: where the sender sits is nobody's business. Reading takes
//! whatever the world has sent since RFC 822: its parts are known by their form, in whatever order they come.
//! Knows no clock and no protocol's own date form. RFC 5322 §3.3, §4.3; RFC 3339.

use crate::world::Timestamp;
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Octets of a field body that are looked at; a date with comments is far shorter.
const DATE_MAX: usize = 1024;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Their English names, short.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Fri, 20 Nov 2026 12:00:00 +0000`
pub fn rfc5322(when: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(when);
    // jiff counts both from one, and never leaves their ranges.
    let day = DAYS[usize::from(civil.weekday().to_monday_zero_offset().unsigned_abs() % 7)];
    let month = MONTHS[usize::from(civil.month().unsigned_abs().saturating_sub(1) % 12)];
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} +0000", civil.day(), civil.year())
}

/// Reads a date with obsolete zones, two-digit years and comments; what is no date is `None`.
pub fn parse(text: &[u8]) -> Option<Timestamp> {
    let found = Found::read(text)?;
    let midnight = Offset::UTC.to_timestamp(found.date()?.to_datetime(jiff::civil::Time::midnight())).ok()?;
    midnight.checked_add(SignedDuration::from_secs(found.second_of_day? - found.offset.unwrap_or(0))).ok()
}

/// The day in a date as its sender wrote it, whatever the zone: what IMAP's SENTON goes by.
pub fn day(text: &[u8]) -> Option<Date> {
    Found::read(text)?.date()
}

/// The parts of a date that were found so far.
#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    second_of_day: Option<i64>,
    /// Seconds east of Greenwich, as the first zone says.
    offset: Option<i64>,
}

impl Found {
    fn read(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text.get(..DATE_MAX).unwrap_or(text));
        let plain = without_comments(&text);
        let mut found = Self::default();
        for token in plain.split(|c: char| c.is_whitespace() || c == ',').filter(|token| !token.is_empty()) {
            found.take(token)?;
        }
        // RFC 5322 wants a time; a day alone still is the day.
        found.second_of_day.get_or_insert(0);
        Some(found)
    }

    fn date(&self) -> Option<Date> {
        Date::new(self.year?, self.month?, self.day?).ok()
    }

    /// Takes one token for what it looks like; `None` if there cannot be a date any more.
    fn take(&mut self, token: &str) -> Option<()> {
        let digits = token.len() - token.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let rest = &token[digits..];
        match rest.chars().next() {
            Some(':') if digits > 0 && self.second_of_day.is_none() => return self.time(token),
            Some('-') if digits == 4 => return self.iso(token),
            Some('-' | '/') if digits > 0 => return self.joined(token),
            None => self.number(token),
            Some('+' | '-') if digits == 0 && self.second_of_day.is_some() => self.zone(token),
            Some(c) if digits == 0 && c.is_alphabetic() => self.word(token),
            _ => {}
        }
        Some(())
    }

    fn number(&mut self, token: &str) {
        let Ok(number) = token.parse::<i16>() else { return };
        if self.day.is_none() && token.len() <= 2 {
            self.day = i8::try_from(number).ok();
        } else if self.year.is_none() && token.len() >= 2 {
            // RFC 5322 §4.3, against the many who let the old century begin with 69.
            self.year = Some(match number {
                0..50 => number + 2000,
                50..1000 => number + 1900,
                _ => number,
            });
        }
    }

    /// `Nov`, `November`, `EST`, `PM`, `Fri`, `GMT+0100`
    fn word(&mut self, token: &str) {
        let name = token.split(['+', '-', '.']).next().unwrap_or_default();
        let month =
            MONTHS.iter().position(|month| name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(month)));
        match (month, self.second_of_day) {
            (Some(month), _) if self.month.is_none() => self.month = i8::try_from(month + 1).ok(),
            (_, Some(second)) => {
                let is_noon = second / 3600 == 12;
                match name.to_ascii_uppercase().as_str() {
                    "AM" if is_noon => self.second_of_day = Some(second - 12 * 3600),
                    "PM" if second < 12 * 3600 => self.second_of_day = Some(second + 12 * 3600),
                    "UT" | "UTC" | "GMT" | "Z" => {
                        self.zone(&token[name.len()..]);
                        self.offset.get_or_insert(0);
                    }
                    name => self.offset = self.offset.or(zone_hours(name).map(|hours| hours * 3600)),
                }
            }
            _ => {}
        }
    }

    /// `12:00`, `12:00:00.5`, and a zone right behind it.
    fn time(&mut self, token: &str) -> Option<()> {
        let end = token.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(token.len());
        let (time, zone) = token.split_at(end);
        let mut units = [0i64; 3];
        let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
        for (at, number) in whole.split(':').enumerate() {
            let fits = (1..=2).contains(&number.len());
            *units.get_mut(at)? = number.parse().ok().filter(|_| fits)?;
        }
        let [hour, minute, second] = units;
        // 24:00 is the end of the day; a leap second belongs to the minute before it.
        if hour > 24 || minute > 59 || second > 60 || !whole.contains(':') {
            return None;
        }
        self.second_of_day = Some(hour * 3600 + minute * 60 + second);
        match zone.chars().next() {
            Some('+' | '-') => self.zone(zone),
            Some(c) if c.is_alphabetic() => self.word(zone),
            _ => {}
        }
        Some(())
    }

    /// `+0100`, `-01:30`, `+100`
    fn zone(&mut self, token: &str) {
        let Some((sign, digits)) = token.split_at_checked(1) else { return };
        let digits: String = digits.chars().filter(|c| *c != ':').take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<i64>() else { return };
        let seconds = match digits.len() {
            1 | 2 => number * 3600,
            3 | 4 => number / 100 * 3600 + number % 100 * 60,
            _ => return,
        };
        self.offset.get_or_insert(if sign == "-" { -seconds } else { seconds });
    }

    /// `2026-11-20`, `2026-11-20T12:00:00Z` (RFC 3339 §5.6)
    fn iso(&mut self, token: &str) -> Option<()> {
        let (date, time) = token.split_once(['T', 't']).unwrap_or((token, ""));
        let mut numbers = date.split('-');
        self.year = numbers.next()?.parse().ok();
        self.month = numbers.next()?.parse().ok();
        self.day = numbers.next()?.parse().ok();
        if time.is_empty() { Some(()) } else { self.time(time) }
    }

    /// `20-Nov-2026`, `11/20/2026` as long as it cannot be the eleventh of something.
    fn joined(&mut self, token: &str) -> Option<()> {
        let parts: Vec<&str> = token.split(['-', '/']).collect();
        let number = |at: usize| parts.get(at).and_then(|part: &&str| part.parse::<i8>().ok());
        match (number(0), number(1)) {
            (Some(month), Some(day @ 13..)) => (self.month, self.day) = (Some(month), Some(day)),
            (Some(day @ 13..), Some(month)) => (self.month, self.day) = (Some(month), Some(day)),
            (Some(_), Some(_)) => return None,
            (day, _) => {
                self.day = day;
                self.word(parts.get(1)?);
            }
        }
        self.number(parts.get(2)?);
        Some(())
    }
}

/// The zones that RFC 822 named; its letters were given the wrong sign there, so none of them means anything, nor does
/// any other name (RFC 5322 §4.3): the time is taken for one in Greenwich.
fn zone_hours(name: &str) -> Option<i64> {
    match name {
        "EDT" => Some(-4),
        "EST" | "CDT" => Some(-5),
        "CST" | "MDT" => Some(-6),
        "MST" | "PDT" => Some(-7),
        "PST" => Some(-8),
        _ => None,
    }
}

/// Whether a time of day stands in a line.
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

/// A text with a blank instead of each comment, without quotes, and without blanks at its colons.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut depth, mut chars) = (0usize, text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if depth > 0 => drop(chars.next()),
            '(' => {
                depth += 1;
                plain.push(' ');
            }
            ')' => depth = depth.saturating_sub(1),
            '"' => {}
            c if depth == 0 => {
                if c == ':' {
                    plain.truncate(plain.trim_end().len());
                }
                if !(c.is_whitespace() && plain.ends_with(':')) {
                    plain.push(c);
                }
            }
            _ => {}
        }
    }
    plain
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
        const ELEVEN: Option<&str> = Some("2026-11-20T11:00:00Z");
        const NOON: Option<&str> = Some("2026-11-20T12:00:00Z");
        for (text, wanted) in [
            ("Fri, 20 Nov 2026 12:00:00 +0100", ELEVEN),
            ("20 Nov 2026 12:00:00 -0000", NOON),
            ("21 Nov 97 09:55:06 GMT", Some("1997-11-21T09:55:06Z")),
            ("Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)", Some("1969-02-14T03:02:00Z")),
            ("Fri, 20 Nov\r\n 2026 12:00:00 EST", Some("2026-11-20T17:00:00Z")),
            ("Tue, 7 Apr 2026 10:00:t <x@example.test>", None),
            ("yesterday", None),
            ("", None),
            // Comments, blanks and quotes anywhere (RFC 5322 §3.2.2).
            ("Fri, 20 (the (20th) \\)) Nov(x)2026 12:00:00 (noon) +0100 (CET) (unclosed", ELEVEN),
            ("Fri,  20 Nov 2026 12 :00 : 00 +0100", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00 \"GMT\"", NOON),
            // No weekday, none in English, a wrong one.
            ("20 Nov 2026 12:00 +0100", ELEVEN),
            ("ven., 20 nov. 2026 12:00:00 +0100", ELEVEN),
            ("Mon, 20 Nov 2026 12:00:00 +0100", ELEVEN),
            (",20 November 2026 12:00:00 +0100", ELEVEN),
            // No zone; zones that mean nothing (RFC 5322 §4.3); zones in odd forms.
            ("20 Nov 2026 12:00", NOON),
            ("Fri, 20 Nov 2026 12:00:00 A", NOON),
            ("Fri, 20 Nov 2026 12:00:00 CET", NOON),
            ("Fri, 20 Nov 2026 12:00:00 +0100 on time", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00 0100", NOON),
            ("Fri, 20 Nov 2026 12:00:00 +01:00", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00 +100", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00 +1", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00+0100", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00 GMT+0100", ELEVEN),
            ("Fri, 20 Nov 2026 12:00:00PDT", Some("2026-11-20T19:00:00Z")),
            ("Fri, 20 Nov 2026 12:00:00 +2500", Some("2026-11-19T11:00:00Z")),
            // Years.
            ("20 Nov 49 12:00:00 GMT", Some("2049-11-20T12:00:00Z")),
            ("20 Nov 50 12:00:00 GMT", Some("1950-11-20T12:00:00Z")),
            ("20 Nov 0026 12:00:00 GMT", NOON),
            ("20 Nov 102 12:00:00 GMT", Some("2002-11-20T12:00:00Z")),
            // Other orders and forms.
            ("Fri Nov 20 12:00:00 2026", NOON),
            ("Fri Nov 20 12:00:00 2026 +0100", ELEVEN),
            ("Fri Nov 20 12:00:00 EST 2026", Some("2026-11-20T17:00:00Z")),
            ("Fri, Nov 20, 2026 1:00:00 PM +0100", NOON),
            ("Fri, 20-Nov-2026 12:00:00 +0100", ELEVEN),
            ("20-Nov-26 12:00:00 +0100", ELEVEN),
            ("2026-11-20 12:00:00 +0100", ELEVEN),
            ("2026-11-20T12:00:00.5+01:00", ELEVEN),
            ("11/20/2026 12:00:00", NOON),
            ("11/10/2026 12:00:00", None),
            // Times.
            ("Fri, 20 Nov 2026 24:00:00 +0000", Some("2026-11-21T00:00:00Z")),
            ("Fri, 20 Nov 2026 11:59:60 +0000", NOON),
            ("Fri, 20 Nov 2026 12:60:00 +0000", None),
            ("Fri, 20 Nov 2026", Some("2026-11-20T00:00:00Z")),
            ("Fri, 31 Feb 2026 12:00:00 +0000", None),
            ("31 Dec 9999 24:00:00 -9959", None),
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
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), text in "[0-9NovJan:+/ ,()\\\\T-]{0,40}") {
            for text in [&octets[..], text.as_bytes()] {
                parse(text);
                day(text);
            }
        }
    }
}
