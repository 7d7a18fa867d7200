//! Name servers on loopback, and what is made of their answers.

use super::*;
use crate::wire::event::Column;
use crate::world::Record;
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::Name;
use hickory_proto::serialize::txt::Parser;
use std::str::FromStr;

#[test]
fn names_are_printed_without_their_final_dot() {
    for (name, wanted) in [(".", "."), ("MX1.Example.org.", "mx1.example.org"), ("a.b", "a.b"), ("x\\.", "x\\.")] {
        assert_eq!(host(&Name::from_str(name).expect(name)), wanted);
    }
}

#[test]
fn whatever_octets_a_name_has_it_is_printed_and_read_again() {
    for label in [&b"mx"[..], b"a.b", b"\\", b"\x1b[31m", b"\x00", b"\xff\xc3", b"1", b"\\033", b" ;\"@", b".", b"x."] {
        for labels in [vec![label], vec![label, b"test"], vec![b"x", label]] {
            let name = Name::from_labels(labels).expect("a name");
            let text = host(&name);
            assert!(!text.contains(char::is_control), "{text}");
            assert_eq!(absolute(&text).as_ref(), Ok(&name), "{text}");
        }
    }
    for wrong in ["a\\", "a\\0", "a\\03", "a\\256", "a\\03x", "a..b", "\u{7f}", "ü"] {
        assert_eq!(absolute(wrong), Err(LookupError::NoSuchName), "{wrong}");
    }
}

#[tokio::test]
async fn a_name_that_fits_no_query_does_not_exist() {
    // Nobody listens there, and nobody is asked.
    let resolver = SystemResolver::at(([127, 0, 0, 1], 9).into()).expect("a resolver");
    for name in ["a..b", &"x".repeat(64), &"abcdefg.".repeat(40)] {
        assert_eq!(resolver.lookup(name, RecordKind::Mx).await, Err(LookupError::NoSuchName), "{name}");
    }
}

/// For each name that may be asked for, the answer in zone text.
pub(super) type Zone = &'static [(&'static str, &'static str)];

/// A name server on loopback. It vouches for what it says of the names in `signed`, to those who ask for that.
pub(super) async fn name_server(answers: Zone, signed: &'static [&'static str]) -> SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let address = socket.local_addr().expect("its address");
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).expect("a question");
            let query = question.queries.first().expect("a query");
            let name = host(query.name());
            let name = name.trim_end_matches('.');
            let answer = answers.iter().find(|(known, _)| name == *known).map_or("", |answer| answer.1);
            let text = format!("$TTL 60\n{answer}\n");
            let (_, sets) = Parser::new(text, None, Some(Name::root())).parse().expect("zone text");
            let mut reply = Message::response(question.metadata.id, OpCode::Query);
            reply.metadata.authentic_data = question.metadata.authentic_data && signed.contains(&name);
            reply.add_query(query.clone());
            reply.add_answers(sets.values().flat_map(|set| set.records_without_rrsigs()).cloned());
            socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
        }
    });
    address
}

#[tokio::test]
async fn aliases_are_followed_to_the_name_that_was_meant_and_a_circle_may_be_mended() {
    let server = name_server(
        &[
            ("loopa.test", "loopa.test. CNAME loopb.test."),
            ("loopb.test", "loopb.test. CNAME loopa.test."),
            ("self.test", "self.test. CNAME self.test."),
            ("circle.test", "circle.test. CNAME round.test.\nround.test. CNAME circle.test."),
            ("dangling.test", "dangling.test. CNAME empty.test."),
            ("many.test", "many.test. MX 10 a.test."),
            ("half.test", "half.test. CNAME many.test."),
            ("other.test", "other.test. CNAME many.test."),
            ("whole.test", "whole.test. CNAME many.test.\nmany.test. MX 10 a.test."),
            ("foreign.test", "foreign.test. MX 10 a.test.\nevil.test. MX 5 b.test."),
        ],
        &[],
    );
    let resolver = SystemResolver::at(server.await).expect("a resolver");
    let mx = |aliases: &[&str]| Answer {
        records: vec![Record::Mx { preference: 10, exchange: "a.test".into() }],
        aliases: aliases.iter().map(ToString::to_string).collect(),
        ttl: 60,
        is_authentic: false,
    };
    for (name, wanted) in [
        ("loopa.test", Err(too_many_aliases())),
        ("self.test", Err(too_many_aliases())),
        ("circle.test", Err(too_many_aliases())),
        ("dangling.test", Err(LookupError::NoRecords)),
        ("empty.test", Err(LookupError::NoRecords)),
        ("half.test", Ok(mx(&["many.test"]))),
        ("many.test", Ok(mx(&[]))),
        ("other.test", Ok(mx(&["many.test"]))),
        ("whole.test", Ok(mx(&["many.test"]))),
        ("foreign.test", Ok(mx(&[]))),
    ] {
        assert_eq!(resolver.lookup(name, RecordKind::Mx).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn aliases_are_followed_with_few_questions_and_not_for_ever() {
    const ZONE: Zone = &[
        ("loopa.test", "loopa.test. CNAME loopb.test."),
        ("loopb.test", "loopb.test. CNAME loopa.test."),
        ("self.test", "self.test. CNAME self.test."),
        ("half.test", "half.test. CNAME many.test."),
        ("many.test", "many.test. MX 10 a.test."),
        ("local.test", "local.test. CNAME x.localhost."),
    ];
    for (name, wanted, most) in [
        ("loopa.test", Err(too_many_aliases()), 2),
        ("self.test", Err(too_many_aliases()), 1),
        ("half.test", Ok(1), 2),
        ("many.test", Ok(1), 1),
        ("local.test", Err(LookupError::NoRecords), 1),
    ] {
        let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = asked.clone();
        let watch: Watch = Arc::new(move |_, _, _, _| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        let server = Server::at(name_server(ZONE, &[]).await);
        let asking = Asking { watch: Some(watch), ..Asking::default() };
        let resolver = SystemResolver::over(Upstream::new(server, &Trust::System).expect("a server"), asking);
        for _ in 0..3 {
            let found = resolver.lookup(name, RecordKind::Mx).await;
            assert_eq!(found.map(|answer| answer.records.len()), wanted, "{name}");
        }
        // An absence without an SOA is not remembered; all else is.
        assert!(asked.load(std::sync::atomic::Ordering::Relaxed) <= most, "{name}");
    }
}

/// A chain of aliases that has no end: each name leads to the next.
async fn endless() -> (SocketAddr, Arc<std::sync::atomic::AtomicUsize>) {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let (address, asked) = (socket.local_addr().expect("bound"), Arc::<std::sync::atomic::AtomicUsize>::default());
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).expect("a question");
            let query = question.queries[0].clone();
            let next = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let target = Name::from_ascii(format!("n{next}.test.")).expect("a name");
            let mut reply = Message::response(question.metadata.id, OpCode::Query);
            let alias = hickory_proto::rr::RData::CNAME(hickory_proto::rr::rdata::CNAME(target));
            reply.add_answer(hickory_proto::rr::Record::from_rdata(query.name().clone(), 0, alias));
            reply.add_query(query);
            socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_chain_without_an_end_is_given_up() {
    let (server, asked) = endless().await;
    for is_authentic in [false, true] {
        let resolver = SystemResolver::at(server).expect("a resolver");
        let resolver = if is_authentic { resolver.authentic().expect("a resolver") } else { resolver };
        let before = asked.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(resolver.lookup("a.test", RecordKind::A).await, Err(too_many_aliases()));
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed) - before, ALIASES_MAX + 1);
    }
}

#[tokio::test]
async fn a_reply_can_be_seen_whole() {
    let server = name_server(&[("signed.test", "signed.test. MX 10 mx.signed.test.")], &["signed.test"]).await;
    let resolver = SystemResolver::at(server).expect("a resolver");
    let name = Name::from_ascii("signed.test.").expect("a name");
    let question = Question { name, kind: RecordType::MX };
    let plain = resolver.inspect(&question, Wishes::default()).await.expect("a reply");
    let signed = resolver.inspect(&question, Wishes::AUTHENTIC).await.expect("a reply");
    assert_eq!((plain.reply.is_authentic(), signed.reply.is_authentic()), (false, true));
    assert_eq!((signed.reply.answers().len(), &*signed.server), (1, server.to_string().as_str()));
    let mut gone = SystemResolver::at(([127, 0, 0, 1], 9).into()).expect("a resolver");
    gone.deadline = Duration::from_millis(100);
    assert!(gone.inspect(&question, Wishes::VALIDATION).await.is_err());
}

#[derive(Clone, Default)]
struct Page(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a page").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_trace_has_each_question_with_its_answer() {
    let server = name_server(&[("alias.test", "alias.test. CNAME mx.test.\nmx.test. A 192.0.2.1")], &[]).await;
    let page = Page::default();
    let trace = Trace::new(Box::new(page.clone()));
    let resolver = SystemResolver::at(server).expect("a resolver").traced(Some(trace));
    for name in ["alias.test", "none.test", "a..\x1b"] {
        let _ = resolver.lookup(name, RecordKind::A).await;
    }
    let text = String::from_utf8(page.0.lock().expect("a page").clone()).expect("text");
    let lines: Vec<_> = text.lines().map(|line| Column::split(line).1).collect();
    let wanted = [
        &format!("-- query A alias.test. of {server} over udp: 61 octets"),
        "-- dns A alias.test: alias of mx.test, 192.0.2.1",
        &format!("-- query A none.test. of {server} over udp: 27 octets"),
        "-- dns A none.test: no such records",
        "-- dns A a..\\x1b: no such domain",
    ];
    assert_eq!(lines, wanted);
}

#[tokio::test]
async fn a_closed_port_is_a_reason_to_ask_later() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = silent.local_addr().expect("its address");
    let mut resolver = SystemResolver::at(address).expect("a resolver");
    resolver.deadline = Duration::from_millis(50);
    let answer = resolver.lookup("example.org", RecordKind::A).await;
    assert!(matches!(answer, Err(LookupError::Temporary(_))), "{answer:?}");
}
