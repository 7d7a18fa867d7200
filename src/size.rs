//! Sizes in octets as people write them: `700`, `10K`, `1M`, `2G`.
//!
//! The one reading of them, and its inverse. K is 1024 octets, M and G are 1024 times the one before, as in every
//! mail server's settings. Knows no limit of its own.

/// The units with their octets, the largest first.
const UNITS: [(char, u64); 3] = [('G', 1024 * 1024 * 1024), ('M', 1024 * 1024), ('K', 1024)];

/// The text is no size; the sentence is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number of octets, or of K, M or G, as in 10M")]
pub struct NotASize;

/// Reads a number and perhaps its unit, in either case; `10KB` and `10KiB` are `10K`.
pub fn parse(text: &str) -> Result<u64, NotASize> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| NotASize)?;
    let unit = unit.to_ascii_uppercase();
    let octets = match unit.as_str() {
        "" | "B" => 1,
        unit => {
            let letter = unit.strip_suffix("IB").or(unit.strip_suffix('B')).unwrap_or(unit);
            let known = UNITS.iter().find(|(known, _)| letter.chars().eq([*known]));
            known.ok_or(NotASize)?.1
        }
    };
    number.checked_mul(octets).ok_or(NotASize)
}

/// As it is read, in the largest unit that says it in whole numbers.
pub fn print(octets: u64) -> String {
    let fitting = UNITS.iter().find(|(_, unit)| octets > 0 && octets.is_multiple_of(*unit));
    fitting.map_or_else(|| octets.to_string(), |(letter, unit)| format!("{}{letter}", octets / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_may_have_a_unit() {
        for (text, octets, printed) in [
            ("0", 0, "0"),
            ("700", 700, "700"),
            ("700B", 700, "700"),
            ("10K", 10_240, "10K"),
            ("10k", 10_240, "10K"),
            ("10kB", 10_240, "10K"),
            ("10KiB", 10_240, "10K"),
            ("1024K", 1_048_576, "1M"),
            ("2G", 2_147_483_648, "2G"),
            ("1025", 1025, "1025"),
        ] {
            assert_eq!(parse(text), Ok(octets), "{text}");
            assert_eq!(print(octets), printed);
        }
        for text in
            ["", "M", "-1", "+1", "1.5M", "1 M", "1T", "1iB", "1BB", "1KK", "18446744073709551616", "99999999999G"]
        {
            assert_eq!(parse(text), Err(NotASize), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(octets in any::<u64>()) {
            prop_assert_eq!(parse(&print(octets)), Ok(octets));
        }
    }
}
