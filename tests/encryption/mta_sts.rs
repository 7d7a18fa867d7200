//! MTA-STS: the policy of a domain, from its web server to the exchangers that it names. RFC 8461.

use super::authority::{Authority, Chain, params};
use super::exchangers::{Keeping, Net, send};
use mailkit::address::Domain;
use mailkit::net::clock::FastClock;
use mailkit::net::tls::Trust;
use mailkit::net::zone::Zone;
use mailkit::policy::level::Level;
use mailkit::probe::Survey;
use mailkit::store::memory::MemoryDisk;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A domain with two exchangers, of which a policy may name one.
fn zone(id: &str) -> Zone {
    let record = if id.is_empty() { String::new() } else { format!("_mta-sts.x.test TXT \"v=STSv1; id={id};\"\n") };
    let text = "x.test MX 10 evil.test\nx.test MX 20 mx.x.test\nevil.test A 192.0.2.66\nmx.x.test A 192.0.2.1\n";
    Zone::parse(&format!("{text}{record}")).expect("a zone")
}

fn policy(mode: &str) -> String {
    page("text/plain", &format!("version: STSv1\r\nmode: {mode}\r\nmx: *.x.test\r\nmax_age: 864000\r\n"))
}

fn page(media_type: &str, text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{text}")
}

/// Who is there, and what is kept.
struct Scene {
    root: Authority,
    net: Arc<Net>,
    keeping: Keeping,
    clock: Arc<FastClock>,
}

impl Scene {
    /// Both exchangers have TLS, with this certificate at the one that the policy names.
    fn new(chain: impl Fn(&Authority) -> Option<Chain>) -> Self {
        let root = Authority::root("root");
        let stranger = Chain::own(&params(&["evil.test"]));
        let hosts = vec![("192.0.2.66", Some(stranger)), ("192.0.2.1", chain(&root))];
        let net = Arc::new(Net { hosts, ..Net::default() });
        let clock = Arc::new(FastClock::new("2026-11-21T12:00:00Z".parse().expect("a time"), 1));
        let trust = Trust::Authorities(root.certificate.pem().into_bytes());
        let keeping = Keeping { disk: Arc::new(MemoryDisk::new()), clock: clock.clone(), trust };
        Self { root, net, keeping, clock }
    }

    fn good() -> Self {
        Self::new(|root| Some(root.sign(&params(&["mx.x.test"]), &[])))
    }

    /// The web server answers this from now on; nothing is there if it is none.
    fn answers(&self, answer: Option<&str>) {
        let chain = self.root.sign(&params(&["mta-sts.x.test"]), &[]);
        *self.net.web.lock().expect("whole") = answer.map(|answer| (chain, answer.to_owned()));
    }

    async fn send(&self, zone: Zone) -> (String, Vec<String>) {
        send(&self.net, zone, Level::MtaSts, Some(&self.keeping), "bob@x.test").await
    }

    /// What a report finds about the policy.
    async fn look(&self, zone: Zone) -> Vec<&'static str> {
        let zone = Arc::new(zone);
        let survey = Survey {
            dns: &*zone,
            resolver: "ours",
            dane: None,
            reasons: None,
            policies: Some(&self.keeping.policies(&self.net, &zone)),
            visiting: None,
            is_private: true,
            port: 25,
            days_min: 14,
            is_vouched: AtomicBool::new(false),
        };
        let report = survey.of(&Domain::parse("x.test").expect("a name")).await.expect("a report");
        report.findings.iter().map(|finding| finding.id).filter(|id| id.starts_with("sts.")).collect()
    }

    /// Where the letters went, and how often the web server was asked.
    fn seen(&self) -> (Vec<String>, usize) {
        let letters = std::mem::take(&mut *self.net.letters.lock().expect("whole"));
        let questions = std::mem::take(&mut *self.net.questions.lock().expect("whole"));
        assert!(questions.iter().all(|question| question == "GET /.well-known/mta-sts.txt HTTP/1.1"), "{questions:?}");
        (letters, questions.len())
    }
}

#[tokio::test]
async fn a_policy_that_counts_leads_past_strangers_to_a_verified_exchanger() {
    let scene = Scene::good();
    scene.answers(Some(&policy("enforce")));
    assert_eq!(scene.send(zone("1")).await, ("accepted: mta-sts".into(), vec![]));
    assert_eq!(scene.seen(), (vec!["192.0.2.1 tls mx.x.test".into()], 1));
}

#[tokio::test]
async fn of_two_names_for_one_machine_the_one_that_is_named_counts() {
    let text = "x.test MX 10 old.test\nx.test MX 20 mx.x.test\nold.test A 192.0.2.1\nmx.x.test A 192.0.2.1\n\
                _mta-sts.x.test TXT \"v=STSv1; id=1;\"";
    let scene = Scene::good();
    scene.answers(Some(&policy("enforce")));
    assert_eq!(scene.send(Zone::parse(text).expect("a zone")).await.0, "accepted: mta-sts");
    assert_eq!(scene.seen().0, ["192.0.2.1 tls mx.x.test"]);
}

#[tokio::test]
async fn an_exchanger_that_is_named_and_shows_no_good_certificate_gets_nothing() {
    for (case, chain, wanted) in [
        ("a stranger's", Some(Chain::own(&params(&["mx.x.test"]))), "nobody we trust has signed it"),
        ("none", None, "the server does not offer TLS, which is required"),
    ] {
        let scene = Scene::new(|_| chain.clone());
        scene.answers(Some(&policy("enforce")));
        let (said, _) = scene.send(zone("1")).await;
        assert!(said.starts_with("Unavailable: ") && said.contains(wanted), "{case}: {said}");
        assert_eq!(scene.seen().0, Vec::<String>::new());
    }
    let scene = Scene::new(|root| Some(root.sign(&params(&["other.x.test"]), &[])));
    scene.answers(Some(&policy("enforce")));
    let (said, _) = scene.send(zone("1")).await;
    assert!(said.contains("it is for another name"), "{said}");
}

#[tokio::test]
async fn a_policy_that_is_tried_out_is_told_and_refuses_nothing() {
    let scene = Scene::good();
    scene.answers(Some(&policy("testing")));
    let (said, remarks) = scene.send(zone("1")).await;
    assert_eq!(said, "accepted: none");
    assert!(remarks[0].contains("tried out") && remarks[0].contains("it does not name evil.test"), "{remarks:?}");
    assert_eq!(scene.seen().0, ["192.0.2.66 tls evil.test"]);
}

#[tokio::test]
async fn without_a_policy_nothing_is_sent_and_the_reason_says_whether_to_wait() {
    const NONE: &str = "Unavailable: x.test has no policy for mail that is sent to it (MTA-STS)";
    const LATER: &str = "Temporary: the policy of x.test cannot be had now (MTA-STS): ";
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.x.test/other\r\nContent-Length: 0\r\n\r\n";
    let large = page("text/plain", &format!("version: STSv1\n{}", "x".repeat(64 * 1024)));
    let html = page("text/html", "version: STSv1\nmode: enforce\nmx: *.x.test\nmax_age: 5\n");
    let broken = page("text/plain", "version: STSv1\nmode: enforce\nmax_age: 5\n");
    for (case, id, answer, wanted, finding) in [
        ("no record", "", Some(policy("enforce")), NONE.to_owned(), ""),
        ("a record that is none", "not-an-id", Some(policy("enforce")), NONE.to_owned(), "sts.record"),
        ("taken back", "1", Some(policy("none")), NONE.to_owned(), ""),
        ("no server", "1", None, LATER.to_owned(), "sts.unreachable"),
        (
            "not there",
            "1",
            Some("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".into()),
            format!("{LATER}the web server says 404"),
            "sts.unreachable",
        ),
        ("elsewhere", "1", Some(moved.into()), format!("{LATER}the web server says 301"), "sts.unreachable"),
        ("too long", "1", Some(large), LATER.to_owned(), "sts.unreachable"),
        ("a page", "1", Some(html), format!("{LATER}what the web server gives is not text/plain"), "sts.unreachable"),
        ("no policy", "1", Some(broken), format!("{LATER}what the web server gives is no policy"), "sts.policy"),
    ] {
        let scene = Scene::good();
        scene.answers(answer.as_deref());
        let (said, _) = scene.send(zone(id)).await;
        assert!(said.starts_with(&wanted), "{case}: {said}");
        assert_eq!(scene.seen().0, Vec::<String>::new(), "{case}");
        let found = scene.look(zone(id)).await;
        assert_eq!(found, Vec::from_iter((!finding.is_empty()).then_some(finding)), "{case}");
    }
    // A web server whose certificate nobody vouches for has no say.
    let scene = Scene::good();
    *scene.net.web.lock().expect("whole") = Some((Chain::own(&params(&["mta-sts.x.test"])), policy("enforce")));
    let (said, _) = scene.send(zone("1")).await;
    assert!(said.starts_with(LATER) && said.contains("nobody we trust has signed it"), "{said}");
}

#[tokio::test]
async fn a_policy_stays_in_force_until_its_time_is_over_whatever_becomes_of_its_source() {
    let scene = Scene::good();
    scene.answers(Some(&policy("enforce")));
    let enforced = "accepted: mta-sts";
    assert_eq!(scene.send(zone("1")).await.0, enforced);
    assert_eq!(scene.seen().1, 1);
    // The same id: nobody is asked.
    scene.clock.turn(DAY);
    assert_eq!(scene.send(zone("1")).await.0, enforced);
    assert_eq!(scene.seen().1, 0);
    // The record is gone, or DNS fails.
    assert_eq!(scene.send(zone("")).await.0, enforced);
    let failing = zone("1");
    failing.fail("_mta-sts.x.test");
    assert_eq!(scene.send(failing).await.0, enforced);
    // A new id, and nobody there to ask, or nonsense.
    scene.answers(None);
    assert_eq!(scene.send(zone("2")).await.0, enforced);
    scene.answers(Some(&page("text/plain", "hello")));
    assert_eq!(scene.send(zone("2")).await.0, enforced);
    scene.seen();
    // More than half of its time is over, and it is asked for again without need; the ten days begin anew.
    scene.answers(Some(&policy("enforce")));
    scene.clock.turn(5 * DAY);
    assert_eq!(scene.send(zone("1")).await.0, enforced);
    assert_eq!(scene.seen().1, 1);
    scene.answers(None);
    scene.clock.turn(9 * DAY);
    assert_eq!(scene.send(zone("1")).await.0, enforced);
    // Its time is over.
    scene.clock.turn(DAY);
    let (said, _) = scene.send(zone("1")).await;
    assert!(said.starts_with("Temporary: the policy of x.test cannot be had now"), "{said}");
}

#[tokio::test]
async fn a_new_id_brings_a_new_policy() {
    let scene = Scene::good();
    scene.answers(Some(&policy("testing")));
    assert_eq!(scene.send(zone("1")).await.0, "accepted: none");
    scene.answers(Some(&policy("enforce")));
    assert_eq!(scene.send(zone("1")).await.0, "accepted: none");
    assert_eq!(scene.send(zone("2")).await.0, "accepted: mta-sts");
    assert_eq!(scene.seen().1, 2);
}

#[tokio::test]
async fn who_keeps_to_policies_without_need_sends_to_domains_that_have_none() {
    for (id, answer, wanted, letter) in [
        ("1", Some(policy("enforce")), "accepted: mta-sts", "192.0.2.1 tls mx.x.test"),
        ("1", Some(policy("none")), "accepted: none", "192.0.2.66 tls evil.test"),
        ("1", None, "accepted: none", "192.0.2.66 tls evil.test"),
        ("", None, "accepted: none", "192.0.2.66 tls evil.test"),
    ] {
        for level in [Level::None, Level::Opportunistic, Level::Require, Level::Verify] {
            let scene = Scene::good();
            scene.answers(answer.as_deref());
            let (said, _) = send(&scene.net, zone(id), level, Some(&scene.keeping), "bob@x.test").await;
            assert_eq!((said.as_str(), scene.seen().0), (wanted, vec![letter.to_owned()]), "{level} {id} {answer:?}");
        }
    }
}
