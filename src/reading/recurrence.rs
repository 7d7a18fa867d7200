//! Rules by which appointments repeat, in words. Computes no days. RFC 5545 §3.3.10.

/// Values of one part of a rule that are put in words; who lists more is not read anyway.
const LIST_MAX: usize = 40;

const DAYS: [(&str, &str); 7] = [
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A rule in words: `every 2 weeks on Monday and Friday, 10 times`. `None` if it has parts that are not understood, or
/// makes no sense.
pub(super) fn in_words(rule: &str) -> Option<String> {
    let (mut unit, mut interval, mut places, mut end) = (None, 1u32, Vec::new(), None);
    for part in rule.split(';').filter(|part| !part.trim().is_empty()) {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().to_ascii_uppercase();
        match name.trim().to_ascii_uppercase().as_str() {
            "FREQ" => {
                unit = Some(match value.as_str() {
                    "YEARLY" => "year",
                    "MONTHLY" => "month",
                    "WEEKLY" => "week",
                    "DAILY" => "day",
                    "HOURLY" => "hour",
                    "MINUTELY" => "minute",
                    "SECONDLY" => "second",
                    _ => return None,
                });
            }
            "INTERVAL" => interval = value.parse().ok().filter(|interval| *interval > 0)?,
            "BYDAY" => places.push(format!("on {}", list(&value, day)?)),
            "BYMONTHDAY" => places.push(format!("on {}", list(&value, day_of_month)?)),
            "BYMONTH" => places.push(format!("in {}", list(&value, month)?)),
            "BYSETPOS" => places.push(format!("only the {} of these", list(&value, ordinal)?)),
            "COUNT" => {
                end = Some(match value.parse::<u32>().ok()? {
                    1 => "once".to_owned(),
                    count => format!("{count} times"),
                });
            }
            "UNTIL" => end = Some(format!("until {}", until(&value)?)),
            // Where a week begins matters to whoever computes.
            "WKST" => {}
            _ => return None,
        }
    }
    let unit = unit?;
    let every = if interval == 1 { format!("every {unit}") } else { format!("every {interval} {unit}s") };
    let text = std::iter::once(every).chain(places).collect::<Vec<_>>().join(" ");
    Some(std::iter::once(text).chain(end).collect::<Vec<_>>().join(", "))
}

/// `a`, `a and b`, `a, b and c`.
fn list(values: &str, word: impl Fn(&str) -> Option<String>) -> Option<String> {
    let words: Vec<String> =
        values.split(',').take(LIST_MAX + 1).map(|value| word(value.trim())).collect::<Option<_>>()?;
    match words.as_slice() {
        [] => None,
        words if words.len() > LIST_MAX => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

/// `MO`, `2MO`, `-1FR`
fn day(value: &str) -> Option<String> {
    let (number, code) = value.split_at_checked(value.len().checked_sub(2)?)?;
    let name = DAYS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)?;
    match number {
        "" => Some(name.to_owned()),
        number => Some(format!("the {} {name}", ordinal(number)?)),
    }
}

fn day_of_month(value: &str) -> Option<String> {
    ordinal(value).map(|day| format!("the {day}"))
}

fn month(value: &str) -> Option<String> {
    let number: usize = value.parse().ok()?;
    MONTHS.get(number.checked_sub(1)?).map(|&month| month.to_owned())
}

/// `1st`, `last`, `2nd to last`
fn ordinal(value: &str) -> Option<String> {
    let number: i16 = value.parse().ok().filter(|number| (-366..=366).contains(number) && *number != 0)?;
    let count = number.unsigned_abs();
    let suffix = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    Some(match number {
        -1 => "last".to_owned(),
        ..0 => format!("{count}{suffix} to last"),
        _ => format!("{count}{suffix}"),
    })
}

fn until(value: &str) -> Option<String> {
    let (date, _) = super::calendar::When::digits(value)?;
    date.split('T').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rules_are_put_in_words_or_left_alone() {
        for (rule, wanted) in [
            ("FREQ=DAILY", Some("every day")),
            ("freq=weekly;interval=2;wkst=su;byday=tu,TH", Some("every 2 weeks on Tuesday and Thursday")),
            (
                "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231T230000Z",
                Some("every month on the last Friday, until 2026-12-31"),
            ),
            (
                "FREQ=YEARLY;BYMONTH=1,2,11;BYMONTHDAY=1,22,-2;COUNT=10",
                Some("every year in January, February and November on the 1st, the 22nd and the 2nd to last, 10 times"),
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=13;COUNT=1",
                Some("every month on Monday and Tuesday only the 13th of these, once"),
            ),
            ("FREQ=DAILY;BYHOUR=9", None),
            ("FREQ=DAILY;INTERVAL=0", None),
            ("FREQ=OFTEN", None),
            ("FREQ=DAILY;BYDAY=é1", None),
            ("COUNT=1", None),
            ("FREQ", None),
            ("", None),
        ] {
            assert_eq!(in_words(rule).as_deref(), wanted, "{rule}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(FREQ=DAILY;)?(BYDAY|BYMONTH|UNTIL|COUNT|BYSETPOS)=[-0-9MOTUé,;Z]{0,20}") {
            in_words(&text);
        }
    }
}
