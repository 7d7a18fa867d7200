//! Lengths of time as people write them: `500ms`, `30s`, `5m`, `12h`, `5d`, `2w`.
//!
//! The one reading of them, for options, configuration, schedules and transcripts, and the two ways in which they are
//! written: as they are read, and in words. Knows no clock.

use std::time::Duration;

/// The units with their milliseconds, the largest first.
const UNITS: [(&str, u64, &str); 5] = [
    ("d", 24 * 60 * 60 * 1000, "day"),
    ("h", 60 * 60 * 1000, "hour"),
    ("m", 60 * 1000, "minute"),
    ("s", 1000, "second"),
    ("ms", 1, "millisecond"),
];

/// Weeks are read, yet not written: who set a limit of 14 days wants to see 14 days.
const WEEK: (&str, u64) = ("w", 7 * 24 * 60 * 60 * 1000);

/// Longer than anybody waits, and short enough to be added to any date.
const MAX: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// The text is no length of time; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number above 0 and ms, s, m, h, d or w, as in 30s; a hundred years at most")]
pub struct NotADuration;

/// Reads a number and its unit; never zero, and never without a unit, since nobody agrees on which one is meant then.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let mut known = UNITS.iter().map(|(name, millis, _)| (*name, *millis)).chain([WEEK]);
    let unit = known.find(|(name, _)| *name == unit).map(|(_, millis)| millis);
    let millis = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    let duration = millis.filter(|millis| *millis > 0).map(Duration::from_millis);
    duration.filter(|duration| *duration <= MAX).ok_or(NotADuration)
}

/// The same where something else ends after `max`, so that whoever asks for more would wait for less; the sentence says so.
pub fn parse_to(text: &str, max: Duration) -> Result<Duration, String> {
    match parse(text) {
        Ok(duration) if duration <= max => Ok(duration),
        Ok(_) => Err(format!("{} at most", print(max))),
        Err(NotADuration) => {
            Err(format!("write a whole number above 0 and ms, s, m, h, d or w; {} at most", print(max)))
        }
    }
}

/// As it is read, in the largest unit that says it in whole numbers; what is finer than milliseconds is left out.
pub fn print(duration: Duration) -> String {
    let (number, unit, _) = in_units(duration);
    format!("{number}{unit}")
}

/// `5 days`, for people.
pub fn in_words(duration: Duration) -> String {
    let (number, _, word) = in_units(duration);
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn in_units(duration: Duration) -> (u64, &'static str, &'static str) {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fitting = UNITS.iter().find(|(_, unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    fitting.map_or((millis, "ms", "millisecond"), |(name, unit, word)| (millis / unit, *name, *word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_has_its_unit() {
        for (text, millis, printed, words) in [
            ("500ms", 500, "500ms", "500 milliseconds"),
            ("30s", 30_000, "30s", "30 seconds"),
            ("60s", 60_000, "1m", "1 minute"),
            ("90s", 90_000, "90s", "90 seconds"),
            ("2m", 120_000, "2m", "2 minutes"),
            ("36h", 129_600_000, "36h", "36 hours"),
            ("5d", 432_000_000, "5d", "5 days"),
            ("007d", 604_800_000, "7d", "7 days"),
            ("2w", 1_209_600_000, "14d", "14 days"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(text), Ok(duration), "{text}");
            assert_eq!((print(duration), in_words(duration)), (printed.to_owned(), words.to_owned()));
        }
        for text in [
            "",
            "0",
            "0s",
            "30",
            "s",
            "-1s",
            "+1s",
            "1 s",
            "1.5s",
            "1y",
            "1S",
            "1\u{b5}s",
            "1000000h",
            "99999999999999999d",
        ] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }

    #[test]
    fn what_is_longer_than_it_can_be_is_told() {
        let max = Duration::from_secs(20);
        assert_eq!(parse_to("20s", max), Ok(max));
        assert_eq!(parse_to("1ms", max), Ok(Duration::from_millis(1)));
        for (text, wanted) in [("21s", "20s at most"), ("99999h", "20s at most")] {
            assert_eq!(parse_to(text, max), Err(wanted.to_owned()), "{text}");
        }
        assert!(
            parse_to("20", max)
                .is_err_and(|why| why.starts_with("write a whole number") && why.ends_with("20s at most"))
        );
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(millis in 1u64..3_000_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&print(duration)), Ok(duration));
        }
    }
}
