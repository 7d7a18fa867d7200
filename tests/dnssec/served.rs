//! The same answers from a name server, judged by the resolver that the relay has.

use super::internet::Internet;
use super::sign::{NOW, at};
use super::verdict;
use super::zone::{Zone, record};
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::RecordType;
use mailkit::address::Domain;
use mailkit::dns::dnssec::Source;
use mailkit::net::resolve::SystemResolver;
use mailkit::probe::{Level, Survey, Verdict};
use mailkit::world::{Clock, Later, LookupError, RecordKind, Resolve, Timestamp};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// A day that does not pass: so many seconds behind noon.
pub(super) struct Noon(pub(super) u32);

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        at(NOW + self.0)
    }

    fn sleep(&self, wait: Duration) -> Later<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// Answers over UDP, as long as the test runs.
pub(super) fn serve(internet: Internet) -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    answer("127.0.0.1", move |asked| {
        let query = asked.queries.first().expect("a question").clone();
        assert!(asked.metadata.checking_disabled, "who judges by itself wants to see what is bogus too");
        let said = runtime.block_on(internet.ask(query.name(), query.query_type())).expect("an answer");
        let mut reply = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata.response_code = said.rcode;
        reply.add_query(query);
        reply.answers = said.answers;
        reply.authorities = said.authorities;
        reply
    })
}

/// The same, with answers of any sort.
pub(super) fn answer(ip: &str, mut reply: impl FnMut(&Message) -> Message + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind((ip, 0)).expect("a socket");
    let address = socket.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(asked) = Message::from_vec(&buffer[..length]) else { continue };
            if asked.queries.is_empty() {
                continue;
            }
            let _ = socket.send_to(&reply(&asked).to_vec().expect("octets"), from);
        }
    });
    address
}

#[tokio::test]
async fn the_resolver_judges_what_a_name_server_says() {
    let good = Zone::signed("good.test.", 3).with(&[
        "good.test. MX 10 mx.good.test.",
        "mx.good.test. A 192.0.2.1",
        "other.good.test. CNAME plain.test.",
    ]);
    let plain = Zone::unsigned("plain.test.").with(&["plain.test. A 192.0.2.2", "plain.test. MX 10 mx.good.test."]);
    let internet = Internet::of(vec![good, plain]);
    let anchors = internet.anchors();
    let resolver = SystemResolver::at(serve(internet)).expect("a resolver").validating(anchors, Arc::new(Noon(0)));
    for (name, kind, wanted) in [
        ("good.test", RecordKind::Mx, "secure"),
        ("mx.good.test", RecordKind::A, "secure"),
        ("plain.test", RecordKind::Mx, "dnssec.not-signed"),
        ("other.good.test", RecordKind::A, "dnssec.not-signed"),
        ("good.test", RecordKind::Tlsa, "secure"),
        ("none.good.test", RecordKind::A, "secure"),
    ] {
        let judged = resolver.judged(name, kind).await.expect("it is judged");
        assert_eq!(verdict(&judged.security), wanted, "{name}: {:?}", judged.steps);
    }
    let answer = resolver.lookup("good.test", RecordKind::Mx).await.expect("records");
    assert!(answer.is_authentic && answer.records.len() == 1);
    let answer = resolver.lookup("other.good.test", RecordKind::A).await.expect("records");
    assert!(!answer.is_authentic && answer.aliases == ["plain.test"]);
    assert_eq!(resolver.lookup("good.test", RecordKind::Tlsa).await, Err(LookupError::NoRecords));
    assert_eq!(resolver.lookup("none.good.test", RecordKind::A).await, Err(LookupError::NoSuchName));
    assert_eq!(resolver.unauthentic().await, None);
    let wrong = Internet::of(vec![Zone::signed("good.test.", 3).with(&["good.test. MX 10 mx.good.test."])]);
    let stranger = super::internet::anchor(&super::sign::Key::new(77, 257), &".".parse().expect("the root"));
    let resolver = SystemResolver::at(serve(wrong)).expect("a resolver").validating(stranger, Arc::new(Noon(0)));
    let answer = resolver.lookup("good.test", RecordKind::Mx).await;
    assert!(
        matches!(answer, Err(LookupError::Temporary(why)) if why.starts_with("DNSSEC: ")),
        "what is bogus is no answer"
    );
}

#[tokio::test]
async fn one_forged_reply_does_no_harm_that_lasts() {
    let zone = Zone::signed("good.test.", 3).with(&["good.test. MX 10 mx.good.test."]);
    let forgeries = AtomicU32::new(1);
    let internet = Internet::of(vec![zone]).change("good.test.", RecordType::MX, move |response| {
        if forgeries.swap(0, Ordering::Relaxed) > 0 {
            response.answers[0] = record("good.test. MX 10 mx.evil.test.");
            // For as long as it can be.
            response.answers.iter_mut().for_each(|record| record.ttl = 86_400);
        }
    });
    let anchors = internet.anchors();
    let resolver = SystemResolver::at(serve(internet)).expect("a resolver").validating(anchors, Arc::new(Noon(0)));
    for (seconds, is_good) in [(0, false), (3, false), (3, true), (3000, true)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        let answer = resolver.lookup("good.test", RecordKind::Mx).await;
        assert_eq!(answer.as_ref().is_ok_and(|answer| answer.is_authentic), is_good, "{seconds}: {answer:?}");
        if seconds == 3000 {
            // Most of the hour has passed.
            assert!(answer.is_ok_and(|answer| (500..=600).contains(&answer.ttl)));
        }
    }
}

#[tokio::test]
async fn a_report_names_the_reason_once() {
    let zones = || {
        let good = Zone::signed("good.test.", 3).with(&["good.test. MX 10 mx.good.test.", "mx.good.test. A 192.0.2.1"]);
        let plain =
            ["plain.test. MX 10 mx.plain.test.", "plain.test. MX 20 b.plain.test.", "mx.plain.test. A 192.0.2.2"];
        vec![good, Zone::unsigned("plain.test.").with(&plain).with(&["b.plain.test. A 192.0.2.3"])]
    };
    for (domain, later, verdict, dnssec, wanted) in [
        ("good.test", 0, Verdict::Deliverable, "secure", vec![]),
        ("plain.test", 0, Verdict::Deliverable, "insecure", vec![("dnssec.not-signed", Level::Info)]),
        ("good.test", 365 * 86_400, Verdict::Unknown, "bogus", vec![("dnssec.expired", Level::Error)]),
    ] {
        let internet = Internet::of(zones());
        let anchors = internet.anchors();
        let resolver = SystemResolver::at(serve(internet)).expect("a resolver");
        let resolver = resolver.validating(anchors, Arc::new(Noon(later)));
        let survey = Survey {
            dns: &resolver,
            resolver: "ours",
            dane: Some("we"),
            reasons: Some(&resolver),
            policies: None,
            port: 25,
            visiting: None,
            is_private: false,
            days_min: 14,
            is_vouched: AtomicBool::new(false),
        };
        let report = survey.of(&Domain::parse(domain).expect(domain)).await.expect("a report");
        assert_eq!(report.verdict, verdict, "{domain}: {}", report.sentence);
        let found = report.findings.iter().filter(|finding| finding.id.starts_with("dnssec."));
        let found: Vec<_> = found.map(|finding| (finding.id, finding.level)).collect();
        assert_eq!(found, wanted, "{domain}: {:?}", report.findings);
        assert_eq!(serde_json::to_value(&report).expect("JSON")["dns"]["dnssec"], dnssec, "{domain}");
    }
}
