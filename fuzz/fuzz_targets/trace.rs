//! A trace of anybody's: read, printed, scrubbed, compared and taken apart into what can be played; a script for `talk`; and a
//! conversation that is followed, in whatever pieces it comes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::endpoint::Protocol;
use mailkit::engine::{dial, http};
use mailkit::replay::answers::Answers;
use mailkit::replay::{self, diff, scrub};
use mailkit::wire::event::{self, Event};
use mailkit::wire::record::{Data, Keep, Recorder};
use mailkit::wire::transcript::Side;
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets) {
        read(text);
    }
    let lines = octets.split(|octet| *octet == b'\n');
    let _ = mailkit::talk::check(lines, octets.len() % 2 == 0);
    follow(octets);
});

/// A trace of either form.
fn read(text: &str) {
    let Ok(events) = event::parse(text) else { return };
    for event in &events {
        // What was said is read back as it was, from both forms.
        let json = Event::from_json(&event.to_json()).expect("what is printed as JSON is read");
        assert_eq!(json.entry(), event.entry());
        for line in event.to_text().lines() {
            Event::from_text(line).expect("what is printed as text is read");
        }
    }
    let scrubbed = scrub::scrub(text, b"key").expect("what is a trace can be scrubbed");
    assert!(event::parse(&scrubbed).is_ok(), "{scrubbed}");
    // Comparing takes the square of the lines.
    if events.len() < 200 {
        let compared = diff::compare(text, text).expect("what is a trace can be compared");
        assert!(compared.iter().all(|compared| compared.differences() == 0));
    }
    replay::read(text).expect("what is a trace can be played");
    // Questions of which the octets cannot be read are refused, with their line.
    let Ok(mut answers) = Answers::read(text) else { return };
    let queries: Vec<_> = answers.exchanges().iter().map(|exchange| exchange.query.octets().to_vec()).collect();
    for query in queries {
        answers.answer(&query, query.len() % 2 == 0).expect("what was asked is answered");
    }
}

/// A conversation, whole and in pieces: what is shown of it is the same.
fn follow(octets: &[u8]) {
    let Some((first, said)) = octets.split_first() else { return };
    let follows = [
        dial::follow(Protocol::Smtp),
        dial::follow(Protocol::Lmtp),
        dial::follow(Protocol::Pop3),
        dial::follow(Protocol::Imap),
        dial::follow(Protocol::Sieve),
        http::follow::follow,
    ];
    let follow = follows[usize::from(*first) % follows.len()];
    let shown = |size: usize| {
        let keep = Keep { data: Data::Full, secrets: false };
        let mut recorder = Recorder::new(follow(), keep, Duration::ZERO);
        let mut shown = Vec::new();
        // The two sides take turns, line by line.
        for (index, line) in said.split_inclusive(|octet| *octet == b'\n').enumerate() {
            let side = if index % 2 == 0 { Side::Client } else { Side::Server };
            for piece in line.chunks(size) {
                recorder.octets(side, piece, Duration::ZERO, |spoken| shown.push(spoken.entry(1).to_string()));
            }
        }
        recorder.finish(Duration::ZERO, |spoken| shown.push(spoken.entry(1).to_string()));
        shown
    };
    assert_eq!(shown(usize::MAX), shown(1 + usize::from(*first >> 4)));
}
