//! Whatever calls itself a report, a calendar, a list or a page, its decoder tells what it can and ends.
//!
//! The first octet says what it calls itself, the rest is what it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::view::Message;
use mailkit::reading::calendar::calendars;
use mailkit::reading::links::Links;
use mailkit::reading::route::Route;
use mailkit::reading::unsubscribe::Unsubscribe;
use mailkit::report::{Outcome, read};

const HEADS: [&str; 12] = [
    "",
    "Content-Type: message/delivery-status\n\n",
    "Content-Type: message/feedback-report\n\n",
    "Content-Type: message/disposition-notification\n\n",
    "Content-Type: application/xml\n\n",
    "Content-Type: application/tlsrpt+json\n\n",
    "Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n",
    "Content-Type: application/gzip\n\n",
    "Content-Type: text/calendar\n\n",
    "Content-Type: text/html\n\n",
    "Received: ",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nList-Unsubscribe: ",
];

fuzz_target!(|octets: &[u8]| {
    let Some((kind, rest)) = octets.split_first() else { return };
    let head = HEADS[usize::from(*kind) % HEADS.len()];
    let message = [head.as_bytes(), rest].concat();
    let message = Message::parse(&message);
    if let Outcome::Report(found) = read(&message) {
        found.report.lines();
    }
    for calendar in calendars(&message) {
        calendar.entries.iter().filter_map(|entry| entry.start.as_ref()).for_each(|when| drop(when.to_string()));
    }
    assert!(Links::of(&message).links.len() <= 20_000);
    let route = Route::read(&message, &["x".to_owned()]);
    assert!(route.hops.iter().all(|hop| hop.clock_skew == hop.delay_seconds.is_some_and(|delay| delay < 0)));
    if let Some(found) = Unsubscribe::of(&message) {
        assert!(found.targets.iter().all(|target| target.method() != "one-click" || target.url()[..6].eq_ignore_ascii_case("https:")));
    }
});
