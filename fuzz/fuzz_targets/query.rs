//! Whatever is typed as a filter is read or refused, printed so that it reads the same, and judges any message.
//!
//! The first line is the filter, the rest the message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::view::Message;
use mailkit::query::{Letter, Moment, Query};

fuzz_target!(|octets: &[u8]| {
    let (filter, message) = match octets.iter().position(|octet| *octet == b'\n') {
        Some(end) => (&octets[..end], &octets[end + 1..]),
        None => (octets, &b""[..]),
    };
    let Ok(text) = std::str::from_utf8(filter) else { return };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            let said = error.to_string();
            assert!(!said.chars().any(char::is_control), "{said:?}");
            assert!((1..=text.chars().count() + 1).contains(&error.column), "{said}");
            return;
        }
    };
    let printed = query.to_string();
    // Printing adds words and parentheses; what is longer than a filter may be is not read again.
    if printed.len() <= 8192 {
        assert_eq!(Query::parse(&printed).as_ref(), Ok(&query), "{printed}");
    }
    let message = Message::parse(message);
    let moment = Moment { now: "2026-11-21T12:00:00Z".parse().expect("a time"), zone: jiff::tz::TimeZone::UTC };
    let verdict = query.judge(&Letter::new(&message), &moment);
    let contrary = query.negate().judge(&Letter::new(&message), &moment);
    assert_eq!(verdict.map(|verdict| !verdict), contrary);
    assert!(verdict.is_some());
});
