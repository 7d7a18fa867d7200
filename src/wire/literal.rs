//! Literals: how a line says that counted octets follow it, in IMAP and in ManageSieve.
//!
//! Knows no verbs. RFC 9051 §4.3; RFC 7888 §3; RFC 5804 §4.

/// A literal's announcement at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// How many octets follow the line.
    pub len: u64,
    /// Whether they follow only after a `+` from the server.
    pub waits: bool,
}

/// The literal that a line (without its CRLF) announces, if it does (RFC 7888 §3). `None` inside for a number that is none.
pub fn announced(line: &[u8]) -> Option<Option<Announced>> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|octet| *octet == b'{')?;
    let (digits, waits) = match inner.get(open + 1..)? {
        [digits @ .., b'+'] => (digits, false),
        digits => (digits, true),
    };
    if digits.iter().any(|octet| !octet.is_ascii_digit() && *octet != b'-') {
        return None;
    }
    // RFC 9051 §9 allows 63 bits; more digits, none, or a minus sign are no number.
    let len = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<i64>().ok());
    Some(len.and_then(|len| u64::try_from(len).ok()).map(|len| Announced { len, waits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_found_at_the_end_of_a_line() {
        let found = |len, waits| Some(Some(Announced { len, waits }));
        for (line, wanted) in [
            ("a LOGIN {3}", found(3, true)),
            ("a LOGIN {3+}", found(3, false)),
            ("a LOGIN {0}", found(0, true)),
            ("{3}{4+}", found(4, false)),
            ("a ~{5}", found(5, true)),
            ("{9223372036854775807}", found(i64::MAX as u64, true)),
            ("{9223372036854775808}", Some(None)),
            ("{99999999999999999999999}", Some(None)),
            ("{-1}", Some(None)),
            ("{-1+}", Some(None)),
            ("{}", Some(None)),
            ("{+}", Some(None)),
            ("{1-}", Some(None)),
            ("{x}", None),
            ("{ 3}", None),
            ("{3++}", None),
            ("{3} ", None),
            ("3}", None),
            ("}", None),
            ("", None),
        ] {
            assert_eq!(announced(line.as_bytes()), wanted, "{line}");
        }
    }
}
