//! What becomes of messages: delivered, tried again, reported, never answered where nobody may be told.

use super::*;
use crate::message::received::HeaderScan;
use crate::message::view::Message;
use crate::policy::guard::Guard;
use crate::policy::level::Level;
use crate::relay::event::AttemptResult;
use crate::world::{Answer as Found, LookupError, Obstacle, RecordKind, Resolve};

#[tokio::test]
async fn it_is_told_who_is_asked_and_why_and_when_again() {
    let sim = Sim::new(|host, _, _, _| if host.starts_with("mx1") { nobody() } else { no("4.2.0", "450 4.2.0 later") });
    let sim = sim.await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    let decided = sim.script.decided.lock().expect("no panic").clone();
    let why: Vec<&str> = decided.iter().filter_map(|decision| decision.why.as_deref()).collect();
    let wanted = [
        "preference 10, which comes first",
        "preference 20, after mx1.hamburger.example at 192.0.2.11:25: connection refused",
        "mx: 450 4.2.0 later",
    ];
    assert_eq!(why, wanted);
    let due = sim.spool.next_due().await.expect("an index").expect("it waits");
    // The spool counts microseconds.
    let told: Timestamp = decided[2].next_attempt.as_ref().expect("a time").parse().expect("a time");
    assert_eq!(told.as_millisecond(), due.as_millisecond());
    assert_eq!((decided[0].next_attempt.as_ref(), decided[1].address.as_deref()), (None, Some("192.0.2.12:25")));
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_until_it_succeeds() {
    let tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, _, _| {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries < 4 { no("4.2.0", "451 4.2.0 later") } else { yes() }
    })
    .await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let times = sim.drain().await;
    // 1, 5 and 15 minutes, a tenth more or less.
    for (time, wanted) in times.iter().zip([0.0, 60.0, 360.0, 1260.0]) {
        assert!((*time as f64 - wanted).abs() <= wanted * 0.1 + 1.0, "{times:?}");
    }
    assert_eq!(sim.delivered(), [("bob@hamburger.example".to_owned(), TEXT.to_owned())]);
}

#[tokio::test]
async fn what_a_domain_does_not_publish_it_may_publish_later() {
    let script = |said: fn(&str, SocketAddr, &ForwardPath, &Parcel) -> Answer| {
        Arc::new(Script {
            said: Box::new(said),
            delivered: Mutex::default(),
            decided: Mutex::default(),
            dead: tokio::sync::Semaphore::new(1),
        })
    };
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let script = script(|_, _, _, _| panic!("nobody is to be asked"));
    let sim = Sim::with(MemoryDisk::new(), clock, script, |(_, settings)| {
        settings.guarding = Guarding { level: Level::Dane, policies: None };
    })
    .await;
    sim.accept("", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert!(sim.spool.next_due().await.expect("an index").is_some(), "it waits");
    let events = sim.events.lock().expect("no panic");
    let Event::Attempt { result: AttemptResult::Deferred, .. } = &events[0] else { panic!("{events:?}") };
    assert!(format!("{events:?}").contains("DNSSEC does not vouch for the mail exchangers of hamburger.example"));
}

#[tokio::test]
async fn what_signed_dns_names_reaches_whoever_takes_the_message_there() {
    /// Takes everything, and remembers under what guard.
    struct Taken(Mutex<Vec<Guard>>);
    impl Courier for Taken {
        fn deliver<'a>(&'a self, host: &'a Hop, _: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
            self.0.lock().expect("no panic").push(host.guard.clone());
            Box::pin(std::future::ready(vec![yes(); parcel.envelope.recipients.len()]))
        }
    }
    let data = "07".repeat(32);
    let text = format!("x.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1\n_25._tcp.mx.x.test TLSA 3 1 1 {data}");
    for (zone, wanted) in
        [(Zone::parse(&text).expect("a zone").signed("x.test"), 1), (Zone::parse(&text).expect("a zone"), 0)]
    {
        let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
        let script = Script {
            said: Box::new(|_, _, _, _| nobody()),
            delivered: Mutex::default(),
            decided: Mutex::default(),
            dead: tokio::sync::Semaphore::new(1),
        };
        let taken = Arc::new(Taken(Mutex::default()));
        let sim = Sim::with(MemoryDisk::new(), clock, Arc::new(script), |(tools, _)| {
            (tools.courier, tools.dns) = (taken.clone(), Arc::new(zone));
        })
        .await;
        sim.accept("", &["bob@x.test"], TEXT).await;
        sim.relay.pass().await.expect("a pass");
        let guards = taken.0.lock().expect("no panic").clone();
        let named = guards.iter().filter(|guard| matches!(guard, Guard::Named { .. })).count();
        assert_eq!((guards.len(), named), (1, wanted), "{guards:?}");
    }
}

#[tokio::test]
async fn a_permanent_refusal_is_reported_at_once() {
    let said = |_: &str, _, path: &ForwardPath, parcel: &Parcel| match is(path, "bob") {
        true => no("5.1.1", "550 5.1.1 no such user"),
        false => {
            assert!(parcel.envelope.reverse_path.is_null(), "a report has the null reverse-path");
            yes()
        }
    };
    let sim = Sim::new(said).await;
    let id = sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    assert_eq!(sim.drain().await.len(), 1);
    let reports = sim.reports();
    assert_eq!((reports.len(), sim.recipients().len()), (1, 1));
    let fields = fields(&reports[0]);
    for wanted in [
        "Reporting-MTA: dns; relay.example",
        "Final-Recipient: rfc822; bob@hamburger.example",
        "Action: failed",
        "Status: 5.1.1",
        "Remote-MTA: dns; mx",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
    ] {
        assert!(fields.iter().any(|field| field == wanted), "{wanted}: {fields:?}");
    }
    assert!(reports[0].contains("Subject: ketchup"), "the message comes back");
    let events = sim.events.lock().expect("no panic");
    assert!(matches!(&events[0], Event::Attempt { result: AttemptResult::Failed, .. }));
    assert!(matches!(&events[1], Event::Report { about, to, .. } if *about == id && to == "alice@crepes.example"));
}

#[tokio::test]
async fn what_lasts_too_long_is_warned_of_once_and_then_given_up() {
    let sim = Sim::new(|_, _, path, _| if is(path, "alice") { yes() } else { nobody() }).await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let times = sim.drain().await;
    let days = *times.last().expect("a time") as f64 / 86400.0;
    assert!((5.0..5.3).contains(&days) && times.len() > 30, "{days} days, {} passes", times.len());
    let reports = sim.reports();
    assert_eq!(reports.len(), 2);
    let (warning, end) = (fields(&reports[0]), fields(&reports[1]));
    assert!(warning.contains(&"Action: delayed".to_owned()) && warning.contains(&"Status: 4.4.1".to_owned()));
    assert!(warning.iter().any(|field| field.starts_with("Will-Retry-Until: Tue, 06 Jan 1970")), "{warning:?}");
    assert!(end.contains(&"Action: failed".to_owned()) && end.contains(&"Status: 4.4.7".to_owned()), "{end:?}");
    assert!(reports[1].contains("not delivered within 5 days"), "{}", reports[1]);
}

#[tokio::test]
async fn nothing_answers_a_null_reverse_path() {
    for answer in [no("5.1.1", "550 no"), no("4.2.0", "450 later"), nobody()] {
        let sim = Sim::new(move |_, _, _, _| answer.clone()).await;
        sim.accept("", &["bob@hamburger.example", "x@nomail.example", "y@gone.example"], TEXT).await;
        sim.drain().await;
        assert_eq!(sim.delivered(), []);
        let events = sim.events.lock().expect("no panic");
        assert!(events.iter().all(|event| matches!(event, Event::Attempt { .. })), "{events:?}");
    }
}

#[tokio::test]
async fn each_recipient_has_a_fate_of_its_own() {
    let carol_tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, path, _| match path.to_string().split('@').next() {
        Some("dave") => no("5.2.2", "552 5.2.2 mailbox full"),
        Some("carol") => {
            let mut tries = carol_tries.lock().expect("no panic");
            *tries += 1;
            if *tries == 1 { no("4.2.2", "452 4.2.2 mailbox full") } else { yes() }
        }
        _ => yes(),
    })
    .await;
    let to = ["bob@hamburger.example", "carol@hamburger.example", "dave@hamburger.example", "erin@crepes.example"];
    sim.accept("alice@crepes.example", &to, TEXT).await;
    sim.drain().await;
    let mut recipients = sim.recipients();
    recipients.sort();
    let wanted = ["alice@crepes.example", "bob@hamburger.example", "carol@hamburger.example", "erin@crepes.example"];
    assert_eq!(recipients, wanted, "nobody twice");
    let fields = fields(&sim.reports()[0]);
    assert_eq!(fields.iter().filter(|field| field.starts_with("Final-Recipient")).count(), 1);
    assert!(fields.contains(&"Final-Recipient: rfc822; dave@hamburger.example".to_owned()));
}

#[tokio::test]
async fn that_dane_is_off_here_is_told_once() {
    /// A zone that nobody can vouch for.
    struct Unchecked(Zone);
    impl Resolve for Unchecked {
        fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Found, LookupError>> {
            self.0.lookup(name, kind)
        }

        fn unauthentic(&self) -> Later<'_, Option<Obstacle>> {
            Box::pin(std::future::ready(Some(Obstacle { why: "no answer within 5 seconds".into(), may_pass: true })))
        }
    }
    for (level, wanted) in [(Level::Opportunistic, 1), (Level::None, 0)] {
        let zone =
            Zone::parse("x.test MX 10 mx.x.test\ny.test MX 10 mx.x.test\nmx.x.test A 192.0.2.1").expect("a zone");
        let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
        let script = Script {
            said: Box::new(|_, _, _, _| yes()),
            delivered: Mutex::default(),
            decided: Mutex::default(),
            dead: tokio::sync::Semaphore::new(1),
        };
        let sim = Sim::with(MemoryDisk::new(), clock, Arc::new(script), |(tools, settings)| {
            tools.dns = Arc::new(Unchecked(zone));
            settings.guarding = Guarding { level, policies: None };
        })
        .await;
        for to in ["bob@x.test", "carol@y.test", "dave@x.test"] {
            sim.accept("", &[to], TEXT).await;
        }
        sim.drain().await;
        let events = sim.events.lock().expect("no panic");
        let told = events.iter().filter(|event| matches!(event, Event::Trouble { what } if what.contains("DANE")));
        assert_eq!((told.count(), sim.recipients().len()), (wanted, 3), "{events:?}");
    }
}

#[tokio::test]
async fn dns_decides_without_a_connection() {
    let sim = Sim::new(|_, _, path, _| {
        assert!(is(path, "alice") || is(path, "late"), "{path} has no host");
        yes()
    })
    .await;
    sim.zone.fail("hamburger.example");
    let to = ["a@gone.example", "b@nomail.example", "late@hamburger.example", "postmaster"];
    sim.accept("alice@crepes.example", &to, TEXT).await;
    sim.relay.pass().await.expect("a pass");
    let fields: Vec<String> = sim.reports().iter().flat_map(|report| fields(report)).collect();
    let mut states: Vec<&String> = fields.iter().filter(|field| field.starts_with("Status: ")).collect();
    states.sort();
    assert_eq!(states, ["Status: 5.1.1", "Status: 5.1.10", "Status: 5.1.2"]);
    assert!(!sim.recipients().contains(&"late@hamburger.example".to_owned()));
    sim.zone.recover("hamburger.example");
    assert_eq!(
        sim.relay.flush(Wake::Domain(Domain::parse("hamburger.example").expect("a name"))).await.expect("an index"),
        1
    );
    sim.relay.pass().await.expect("a pass");
    assert!(sim.recipients().contains(&"late@hamburger.example".to_owned()));
    assert_eq!(sim.spool.next_due().await.expect("an index"), None);
}

#[tokio::test]
async fn two_relays_that_send_to_each_other_end_by_counting_hops() {
    /// Takes what is sent to it into another's spool, as a server does.
    struct Into(Mutex<Option<Spool>>);
    impl Courier for Into {
        fn deliver<'a>(&'a self, _: &'a Hop, _: SocketAddr, parcel: &'a Parcel) -> Later<'a, Vec<Answer>> {
            Box::pin(async move {
                let recipients = parcel.envelope.recipients.len();
                let message = octets(parcel.message.as_ref());
                let mut scan = HeaderScan::new();
                scan.push(&message);
                if scan.received() >= 50 {
                    return vec![no("5.4.6", "554 5.4.6 too many hops"); recipients];
                }
                let spool = self.0.lock().expect("no panic").clone().expect("the other one");
                let mut incoming = spool.begin().await.expect("room");
                let field = "Received: from a by b;\r\n Thu, 01 Jan 1970 00:00:00 +0000\r\n";
                incoming.write(&[field.as_bytes(), &message].concat()).await.expect("room");
                let accepted = Accepted {
                    envelope: parcel.envelope.clone(),
                    received: Timestamp::UNIX_EPOCH,
                    user: None,
                    origin: "relay".into(),
                    route: None,
                };
                incoming.commit(accepted).await.expect("durable");
                vec![yes(); recipients]
            })
        }
    }
    let courier = || Arc::new(Into(Mutex::default()));
    let (one_out, two_out) = (courier(), courier());
    let (for_one, for_two) = (one_out.clone(), two_out.clone());
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let script = Arc::new(Script {
        said: Box::new(|_, _, _, _| yes()),
        delivered: Mutex::default(),
        decided: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let one = Sim::with(MemoryDisk::new(), clock.clone(), script.clone(), |made| made.0.courier = for_one).await;
    let two = Sim::with(MemoryDisk::new(), clock, script, |made| made.0.courier = for_two).await;
    *one_out.0.lock().expect("no panic") = Some(two.spool.clone());
    *two_out.0.lock().expect("no panic") = Some(one.spool.clone());
    one.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let mut passes = 0;
    while one.spool.next_due().await.expect("an index").is_some()
        || two.spool.next_due().await.expect("an index").is_some()
    {
        one.relay.pass().await.expect("a pass");
        two.relay.pass().await.expect("a pass");
        passes += 1;
        // The message, and the report on it, which circles too and is dropped.
        assert!(passes <= 52, "they never end");
    }
    let events: Vec<Event> = [&one, &two].iter().flat_map(|sim| sim.events.lock().expect("no panic").clone()).collect();
    let reports = events.iter().filter(|event| matches!(event, Event::Report { .. })).count();
    let failed = |event: &&Event| matches!(event, Event::Attempt { result: AttemptResult::Failed, .. });
    assert_eq!((reports, events.iter().filter(failed).count()), (1, 2));
}

#[tokio::test]
async fn the_smarthost_gets_everything() {
    let script = Arc::new(Script {
        said: Box::new(|host, address, _, _| {
            assert_eq!((host, address.to_string().as_str()), ("smart.example", "192.0.2.99:587"));
            yes()
        }),
        delivered: Mutex::default(),
        decided: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let sim = Sim::with(MemoryDisk::new(), clock, script, |made| {
        let host = Domain::parse("smart.example").expect("a name");
        made.1.smarthost = Some(Smarthost { host, port: 587 });
    })
    .await;
    sim.zone.fail("smart.example");
    sim.accept("alice@crepes.example", &["bob@hamburger.example", "x@gone.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert_eq!(sim.recipients().len(), 0, "no smarthost, no bounce");
    sim.zone.recover("smart.example");
    sim.drain().await;
    assert_eq!(sim.recipients().len(), 2);
}

#[tokio::test]
async fn local_recipients_go_to_local_mailboxes_together() {
    struct Mailboxes(Mutex<Vec<usize>>);
    impl Local for Mailboxes {
        fn is_local(&self, recipient: &ForwardPath) -> bool {
            recipient.address().is_none_or(|address| address.domain().to_string() == "home.example")
        }
        fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> Later<'a, Vec<Vec<Answer>>> {
            self.0.lock().expect("no panic").push(parcels.len());
            let answer = |path: &ForwardPath| match is(path, "nobody") {
                true => Answer::failed(EnhancedStatus::new(5, 1, 1), "no such mailbox"),
                false => Answer::delivered(None, "stored"),
            };
            let answers = parcels.iter().map(|parcel| parcel.envelope.recipients.iter().map(answer).collect());
            Box::pin(std::future::ready(answers.collect()))
        }
    }
    let mailboxes = Arc::new(Mailboxes(Mutex::default()));
    let local = mailboxes.clone();
    let script = Arc::new(Script {
        said: Box::new(|_, _, path, _| {
            assert!(!path.to_string().contains("home"));
            yes()
        }),
        delivered: Mutex::default(),
        decided: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    });
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let sim = Sim::with(MemoryDisk::new(), clock, script, |made| made.0.local = Some(local)).await;
    for _ in 0..10 {
        sim.accept("alice@crepes.example", &["bob@home.example", "postmaster", "carol@hamburger.example"], TEXT).await;
    }
    sim.accept("alice@crepes.example", &["nobody@home.example"], TEXT).await;
    sim.drain().await;
    assert_eq!(sim.recipients().len(), 11, "ten for carol, one report");
    assert_eq!(*mailboxes.0.lock().expect("no panic"), [11], "one batch");
}

#[tokio::test]
async fn orders_are_obeyed_in_words() {
    let sim = Sim::new(|_, _, _, _| nobody()).await;
    let id = sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    for (order, wanted) in [
        ("flush", "ok 1"),
        ("flush", "ok 0"),
        (&format!("flush id {id}"), "ok 0"),
        ("flush domain dead.example", "ok 0"),
        ("rm -rf", "error unknown order"),
    ] {
        assert_eq!(sim.relay.obey(order).await, wanted, "{order}");
    }
}

/// The fields of a report that programs read.
fn fields(report: &str) -> Vec<String> {
    let message = Message::parse(report.as_bytes());
    let text = message.text(message.part("2").expect("a status part")).content;
    text.lines().filter(|line| line.contains(':')).map(str::to_owned).collect()
}
