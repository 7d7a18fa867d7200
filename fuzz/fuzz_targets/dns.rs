//! Whatever a name server sends, it is judged and printed, nobody else's reply is taken for ours, and nothing is held
//! beyond a message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::dns::frame::{Frames, framed};
use mailkit::dns::print::block;
use mailkit::dns::question::{Query, Question, Wishes};
use mailkit::dns::reply::{Reply, accept, id};
use mailkit::dns::server::Server;

fuzz_target!(|octets: &[u8]| {
    let question = Question::root_servers();
    let query = Query::new(&question, Wishes::default());
    let number = id(octets).unwrap_or_default();
    if accept(octets, number, query.question()).is_ok() {
        assert!(octets.len() >= 12);
        assert!(accept(octets, number.wrapping_add(1), query.question()).is_err());
    }
    if let Ok(reply) = Reply::parse(octets) {
        assert!(reply.ttl().is_none_or(|ttl| (1..=86_400).contains(&ttl)));
        assert!(reply.extended_errors().len() <= 4);
        assert!(block(&question, "fuzz", &reply).lines().count() < 1000);
    }
    let mut frames = Frames::default();
    let mut count = 0;
    for piece in octets.chunks(7) {
        frames.push(piece);
        while let Some(message) = frames.pull() {
            count += framed(message).len();
        }
    }
    assert!(count <= octets.len());
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(server) = Server::parse(text)
    {
        assert_eq!(Server::parse(&server.to_string()), Ok(server));
    }
});
