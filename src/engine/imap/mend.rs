//! FETCH responses of servers that take the grammar lightly, put into the form that it has.
//!
//! Blanks too many, and a date that is not there. What stands in quotes and in literals stays as it is, and a response
//! that is as it should be is not copied. RFC 9051 §9 (msg-att).

use super::answer::Lines;

/// Octets within which a FETCH says that it is one.
const HEAD: usize = 40;
/// The parser below takes it that a date is one.
const NO_DATE: &[u8] = b"INTERNALDATE NIL";
const EMPTY_DATE: &[u8] = b"INTERNALDATE \"\"";

/// The response as the grammar wants it; `None` if it is so already, or is no FETCH.
pub(super) fn mended(response: &[u8]) -> Option<Vec<u8>> {
    let head = response.get(..HEAD).unwrap_or(response);
    let is_fetch = head.starts_with(b"* ") && head.windows(5).any(|word| word.eq_ignore_ascii_case(b"FETCH"));
    if !is_fetch || !is_odd(response) {
        return None;
    }
    let mut out = Vec::with_capacity(response.len());
    let mut lines = Lines(response);
    loop {
        let from = response.len() - lines.0.len();
        let Some(line) = lines.next() else {
            out.extend_from_slice(&response[from..]);
            return Some(out);
        };
        mend(line, &mut out);
        // The line's end, and the literal behind it.
        out.extend_from_slice(&response[from + line.len()..response.len() - lines.0.len()]);
    }
}

/// Whether there is something to mend, in quotes or not.
fn is_odd(response: &[u8]) -> bool {
    let is_amiss = |pair: &[u8]| matches!(pair, b"  " | b"( " | b" )");
    has_no_date(response) || Lines(response).any(|line| line.windows(2).any(is_amiss) || line.ends_with(b" "))
}

/// Whether a date that is not there is said somewhere outside literals.
pub(super) fn has_no_date(response: &[u8]) -> bool {
    Lines(response).any(|line| line.windows(NO_DATE.len()).any(|word| word.eq_ignore_ascii_case(NO_DATE)))
}

fn mend(line: &[u8], out: &mut Vec<u8>) {
    let begun = out.len();
    let mut is_quoted = false;
    let mut is_escaped = false;
    for &octet in line {
        if is_quoted {
            is_quoted = is_escaped || octet != b'"';
            is_escaped = !is_escaped && octet == b'\\';
            out.push(octet);
            continue;
        }
        let last = out.get(begun..).and_then(<[u8]>::last).copied();
        match octet {
            b' ' if matches!(last, Some(b' ' | b'(')) => continue,
            b')' if last == Some(b' ') => drop(out.pop()),
            b'"' => is_quoted = true,
            _ => {}
        }
        out.push(octet);
        let tail = out.len().saturating_sub(NO_DATE.len());
        if octet.eq_ignore_ascii_case(&b'L') && tail >= begun && out[tail..].eq_ignore_ascii_case(NO_DATE) {
            out.truncate(tail);
            out.extend_from_slice(EMPTY_DATE);
        }
    }
    while !is_quoted && out.len() > begun && out.last() == Some(&b' ') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_too_many_go_and_quotes_and_literals_stay() {
        for (response, wanted) in [
            ("* 1 FETCH (UID 7)", None),
            ("* 1  FETCH  ( UID  7 FLAGS ( \\Seen  a ) ) ", Some("* 1 FETCH (UID 7 FLAGS (\\Seen a))")),
            ("* 1 FETCH (BODY[] {4}\r\n(  ) UID  7)", Some("* 1 FETCH (BODY[] {4}\r\n(  ) UID 7)")),
            ("* 1 FETCH (X \"a  (\\\"  b\"  UID 7)", Some("* 1 FETCH (X \"a  (\\\"  b\" UID 7)")),
            ("* 1 FETCH (INTERNALDATE NIL UID 7)", Some("* 1 FETCH (INTERNALDATE \"\" UID 7)")),
            ("* 1 FETCH (internaldate  nil)", Some("* 1 FETCH (INTERNALDATE \"\")")),
            ("* 1 FETCH (INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" UID 7)", None),
            ("* OK  two  blanks", None),
            ("* LIST ( )  x", None),
        ] {
            let found =
                mended(format!("{response}\r\n").as_bytes()).map(|found| String::from_utf8(found).expect("text"));
            assert_eq!(found, wanted.map(|wanted| format!("{wanted}\r\n")), "{response}");
        }
    }

    proptest! {
        #[test]
        fn once_is_enough_and_nothing_panics(rest in "([ ()\"\\\\aé]|\\{3\\}\r\n|INTERNALDATE|NIL|UID 7){0,30}") {
            let response = format!("* 1 FETCH ({rest})\r\n");
            if let Some(found) = mended(response.as_bytes()) {
                prop_assert!(mended(&found).is_none_or(|again| again == found), "{:?}", String::from_utf8_lossy(&found));
                prop_assert!(found.len() <= response.len());
            }
        }
    }
}
