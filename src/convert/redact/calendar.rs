//! iCalendar with fakes: names, keywords, numbers and times stay, texts and people do not.
//!
//! A line is a name with parameters, a colon and a value; what a value may say depends on the name. RFC 5545 §3.1.

use super::charset::Charset;
use super::fake::Fakes;
use super::vocabulary::List;
use crate::message::field::first_line;

/// Properties whose values are keywords, numbers and times.
const STRUCTURED: [&str; 30] = [
    "action",
    "begin",
    "calscale",
    "class",
    "completed",
    "created",
    "dtend",
    "dtstamp",
    "dtstart",
    "due",
    "duration",
    "end",
    "exdate",
    "freebusy",
    "last-modified",
    "method",
    "partstat",
    "percent-complete",
    "priority",
    "rdate",
    "recurrence-id",
    "repeat",
    "rrule",
    "sequence",
    "status",
    "transp",
    "trigger",
    "tzoffsetfrom",
    "tzoffsetto",
    "version",
];

/// Replaces what a calendar says, in place.
pub(super) fn lines(fakes: &mut Fakes, text: &mut [u8]) {
    let (mut at, mut is_structured) = (0, false);
    while at < text.len() {
        let length = first_line(&text[at..]).len();
        let line = &mut text[at..at + length];
        at += length;
        // A line that begins with a blank goes on with the one before.
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            value(fakes, line, is_structured);
            continue;
        }
        let (head, body) = line.split_at_mut(colon(line));
        let name = head.split(|octet| *octet == b';').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        is_structured = STRUCTURED.contains(&name.as_str());
        parameters(fakes, head);
        value(fakes, body, is_structured);
    }
}

/// Where the value begins: a colon in quotes is none.
fn colon(line: &[u8]) -> usize {
    let mut is_quoted = false;
    let is_colon = |octet: &u8| {
        is_quoted ^= *octet == b'"';
        *octet == b':' && !is_quoted
    };
    line.iter().position(is_colon).unwrap_or(line.len())
}

/// The name and its parameters: what is in quotes is no keyword.
fn parameters(fakes: &mut Fakes, head: &mut [u8]) {
    let mut is_quoted = false;
    for piece in head.split_inclusive_mut(|octet| *octet == b'"') {
        let list = if is_quoted { List::Nothing } else { List::Calendar };
        fakes.text(piece, Charset::Words, &|text, at| list.has(&text[at]));
        is_quoted = !is_quoted;
    }
}

fn value(fakes: &mut Fakes, value: &mut [u8], is_structured: bool) {
    fakes.text(value, Charset::Words, &|text, at| {
        let word = &text[at.clone()];
        match is_structured {
            true => List::Calendar.has(word) || is_time(word),
            false => at.start == 1 && word.eq_ignore_ascii_case(b"mailto") && text.get(at.end) == Some(&b':'),
        }
    });
}

/// `20260302T100000Z`, `PT15M`, `1MO`: digits, and the letters that stand among them.
fn is_time(word: &[u8]) -> bool {
    let is_letter = |octet: &u8| b"TZPWDHMS".contains(octet);
    let is_number = |word: &[u8]| word.iter().all(|octet| octet.is_ascii_digit() || is_letter(octet));
    let (days, day) = word.split_at(word.len().saturating_sub(2));
    let is_day = matches!(day, b"MO" | b"TU" | b"WE" | b"TH" | b"FR" | b"SA" | b"SU");
    word.iter().any(u8::is_ascii_digit) && (is_number(word) || is_day && days.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planned_stays_and_with_whom_does_not() {
        let text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nPRODID:-//Crepes//Kitchen//EN\r\nBEGIN:VEVENT\r\n\
            DTSTART;TZID=Crepeland/Town:20260302T100000\r\nDTEND:20260302T110000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=1MO,TU\r\n\
            TRIGGER:-PT15M\r\nSUMMARY:Dinner at 20260302\r\n request with Bob\r\n\
            ATTENDEE;CN=\"Request: Alice\";PARTSTAT=ACCEPTED:mailto:alice@crepes.example\r\nEND:VEVENT\r\n";
        let mut octets = text.as_bytes().to_vec();
        lines(&mut Fakes::new(b"key"), &mut octets);
        let faked = String::from_utf8(octets).expect("text");
        for kept in [
            "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nPRODID:-//",
            "DTSTART;TZID=",
            ":20260302T100000\r\nDTEND:20260302T110000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=1MO,TU\r\nTRIGGER:-PT15M\r\nSUMMARY:",
            ";PARTSTAT=ACCEPTED:mailto:",
            "END:VEVENT\r\n",
        ] {
            assert!(faked.contains(kept), "{kept}: {faked}");
        }
        let people = ["Bob", "Request", "Alice", "alice", "example"];
        for gone in ["Crepe", "Kitchen", "Town", "Dinner", "at 20260302", "request"].into_iter().chain(people) {
            assert!(!faked.contains(gone), "{gone}: {faked}");
        }
    }
}
