//! Whatever vouches for a message is read without a panic: results of servers, signatures, keys, and GnuPG's status lines.
//!
//! The first line is the record of every key that is asked for, and what GnuPG says; the rest is the message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::view::Message;
use mailkit::policy::{arc, dkim};
use mailkit::reading::authentication::Results;
use mailkit::reading::{gnupg, sealed};
use mailkit::world::{Answer, Later, LookupError, Record, RecordKind, Resolve, Timestamp};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

struct Always<'k>(&'k [u8]);

impl Resolve for Always<'_> {
    fn lookup<'a>(&'a self, name: &'a str, _: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        assert!(name.is_ascii() && name.contains("._domainkey."), "{name}");
        let records = vec![Record::Txt(self.0.to_vec())];
        Box::pin(std::future::ready(Ok(Answer { records, ..Answer::default() })))
    }
}

/// The value of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nobody is waited for"),
    }
}

fuzz_target!(|octets: &[u8]| {
    let (record, message) = match octets.iter().position(|octet| *octet == b'\n') {
        Some(end) => (&octets[..end], &octets[end + 1..]),
        None => (octets, &b""[..]),
    };
    let message = Message::parse(message);
    let results = Results::of(message.fields(message.root()));
    for statement in &results.statements {
        results.standing(statement, &["example.org".to_owned()]);
    }
    let keys = Always(record);
    let (checked, _) = now(dkim::verify(&message, &keys, Timestamp::UNIX_EPOCH));
    assert!(checked.len() <= dkim::SIGNATURES_MAX);
    now(arc::verify(&message, &keys, Timestamp::UNIX_EPOCH));
    for found in sealed::find(&message).take(10) {
        sealed::uncovered(&message, &found);
        sealed::opened(&message, &found, record);
    }
    message.parts().iter().for_each(|part| drop(sealed::canonical(&message, part)));
    gnupg::Outcome::read(octets);
});
