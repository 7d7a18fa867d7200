//! When something breaks on our side or does not answer on theirs: nothing is lost, nothing goes twice, nobody else waits.

use super::*;
use crate::store::memory::Fault;
use crate::world::Disk;

#[tokio::test]
async fn a_dead_domain_delays_nobody_else() {
    let sim = Sim::new(|host, _, _, _| if host == "mx.dead.example" { nobody() } else { yes() }).await;
    let _silence = sim.script.dead.acquire().await.expect("open");
    for number in 0..300 {
        sim.accept("alice@crepes.example", &[&format!("u{number}@dead.example")], TEXT).await;
    }
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let wait = async {
        while sim.recipients().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), wait).await.expect("bob does not wait for the dead");
    drop(_silence);
    // The host does not answer once; the other 295 or more learn it without a connection of their own.
    let settled = async {
        while sim.events.lock().expect("no panic").len() < 301 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), settled).await.expect("the pile is worked off");
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
    assert_eq!(sim.spool.entries(None, 1000).await.expect("an index").len(), 300);
}

#[tokio::test]
async fn more_than_can_be_held_for_a_silent_host_delays_nobody_else() {
    let sim = Sim::new(|host, _, _, _| if host == "mx.dead.example" { nobody() } else { yes() }).await;
    let silence = sim.script.dead.acquire().await.expect("open");
    let many: Vec<String> = (0..1000).map(|number| format!("u{number}@dead.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for _ in 0..25 {
        sim.accept("alice@crepes.example", &many, TEXT).await;
    }
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let wait = async {
        while sim.recipients().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("bob does not wait for the dead");
    drop(silence);
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn an_arrival_wakes_the_relay_and_so_does_the_clock() {
    let tries = Mutex::new(0);
    let sim = Sim::new(move |_, _, _, _| {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries < 3 { nobody() } else { yes() }
    })
    .await;
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    tokio::task::yield_now().await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let wait = async |what: &dyn Fn(&Sim) -> bool| {
        let wait = async {
            while !what(&sim) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("in time");
    };
    wait(&|sim| sim.events.lock().expect("no panic").len() == 1).await;
    // Naps are short, so the clock is turned until the relay has looked.
    wait(&|sim| {
        sim.clock.turn(Duration::from_secs(30));
        sim.recipients().len() == 1
    })
    .await;
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_crash_repeats_at_most_what_was_not_written_down() {
    for seed in 0..8 {
        let sim = Sim::new(|_, _, _, _| yes()).await;
        for number in 0..10 {
            sim.accept("alice@crepes.example", &[&format!("u{number}@hamburger.example")], TEXT).await;
        }
        // The disk breaks while outcomes are written, then the power goes.
        sim.disk.reset_counts();
        sim.disk.fail_from(seed, Fault::Broken);
        let _ = sim.relay.pass().await;
        let before = sim.recipients().len();
        let sim = sim.restarted(seed).await;
        sim.drain().await;
        let mut recipients = sim.recipients();
        let sent = recipients.len();
        recipients.sort();
        recipients.dedup();
        assert_eq!(recipients.len(), 10, "nothing is lost");
        assert!(sent <= before + 10, "nothing is sent more than twice");
        let attempts = sim.events.lock().expect("no panic").len();
        assert_eq!(sent - before, attempts, "only what was not written down is sent again");
    }
}

#[tokio::test]
async fn a_disk_that_recovers_makes_nothing_go_twice() {
    let sim = Sim::new(|_, _, _, _| yes()).await;
    for number in 0..30 {
        sim.accept("alice@crepes.example", &[&format!("u{number}@hamburger.example")], TEXT).await;
    }
    sim.disk.reset_counts();
    sim.disk.fail_from(0, Fault::Full);
    let (stop, relay) = (CancellationToken::new(), sim.relay.clone());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    let wait = async |what: &dyn Fn() -> bool| {
        let wait = async {
            while !what() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("in time");
    };
    let count = |trouble: bool| {
        let events = sim.events.lock().expect("no panic");
        events.iter().filter(|event| matches!(event, Event::Trouble { .. }) == trouble).count()
    };
    wait(&|| count(true) > 0).await;
    sim.disk.heal();
    wait(&|| {
        sim.clock.turn(Duration::from_secs(1));
        count(false) == 30
    })
    .await;
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
    assert_eq!(sim.recipients().len(), 30);
    assert_eq!(sim.spool.next_due().await.expect("an index"), None);
}

#[tokio::test]
async fn a_panic_over_one_message_harms_no_other() {
    let sim = Sim::new(|_, _, path, _| {
        assert!(!is(path, "evil"), "a mistake of ours");
        yes()
    })
    .await;
    sim.accept("alice@crepes.example", &["evil@hamburger.example"], TEXT).await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert_eq!(sim.recipients(), ["bob@hamburger.example"]);
    assert!(sim.spool.next_due().await.expect("an index").is_some(), "evil waits");
}

#[tokio::test]
async fn a_host_with_many_words_cannot_make_the_queue_forget_what_it_said() {
    // As long as a reply can be, and each octet as long as it can become.
    let words = format!("550 5.1.1 {}", "\u{1}".repeat(50_000));
    let sim = Sim::new(move |_, _, path, _| match path.to_string().ends_with("@hamburger.example") {
        true => no("5.1.1", &words),
        false => yes(),
    })
    .await;
    let recipients: Vec<String> = (0..100).map(|number| format!("u{number}@hamburger.example")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    sim.accept("alice@crepes.example", &recipients, TEXT).await;
    sim.drain().await;
    assert_eq!(sim.reports().len(), 1);
    let sim = sim.restarted(1).await;
    assert_eq!((sim.spool.damage(), sim.spool.entries(None, 10).await.expect("an index").len()), (&[][..], 0));
}

#[tokio::test]
async fn a_report_whose_cause_the_disk_forgot_comes_again_under_the_same_name() {
    let said = |_: &str, _, path: &ForwardPath, _: &Parcel| if is(path, "bob") { no("5.1.1", "550 no") } else { yes() };
    let sim = Sim::new(said).await;
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    let before = sim.disk.killed();
    sim.drain().await;
    let (clock, script) = (sim.clock.clone(), sim.script.clone());
    clock.turn(Duration::from_secs(3600));
    Sim::with(before, clock, script, |_| ()).await.drain().await;
    let message_ids: Vec<String> = sim
        .reports()
        .iter()
        .map(|report| report.lines().find(|line| line.starts_with("Message-ID: ")).expect("a name").to_owned())
        .collect();
    assert_eq!((message_ids.len(), &message_ids[0]), (2, &message_ids[1]));
    let delivered = sim.script.delivered.lock().expect("no panic");
    assert_eq!(delivered[0].0, delivered[1].0, "a mailbox here would keep one");
}

#[tokio::test]
async fn what_the_disk_lost_is_told() {
    let sim = Sim::new(|_, _, _, _| yes()).await;
    for number in 0..3 {
        sim.accept("alice@crepes.example", &[&format!("u{number}@hamburger.example")], TEXT).await;
    }
    let large = format!("{TEXT}{}", "x".repeat(300_000));
    let gone = sim.accept("alice@crepes.example", &["bob@hamburger.example"], &large).await;
    let left = sim.disk.killed();
    left.corrupt(Path::new("/spool/log/0000000001.seg"), 100, 1).expect("an octet");
    left.remove(&Path::new("/spool/body").join(gone.to_string())).expect("a body");
    let sim = Sim::with(left, sim.clock, sim.script, |_| ()).await;
    sim.relay.pass().await.expect("a pass");
    let events = sim.events.lock().expect("no panic");
    let said =
        |wanted: &str| events.iter().any(|event| matches!(event, Event::Trouble { what } if what.contains(wanted)));
    assert!(said("0000000001.seg is damaged") && said(&format!("message {gone} is lost")), "{events:?}");
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_is_told_and_stops_nothing() {
    let sim = Sim::new(|_, _, _, _| yes()).await;
    let letters = Path::new("/spool/letters");
    sim.disk.create_dir(letters).expect("a directory");
    let id: SpoolId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().expect("an id");
    let mut letter = sim.disk.create(&letters.join(format!("{id}.letter"))).expect("a file");
    letter.append(b"{\"version\":1,\"si").expect("room");
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    for _ in 0..2 {
        sim.relay.pass().await.expect("a pass");
    }
    assert_eq!(sim.recipients(), ["bob@hamburger.example"]);
    let events = sim.events.lock().expect("no panic");
    let aside = format!("{id}.damaged");
    let told = |event: &&Event| matches!(event, Event::Trouble { what } if what.contains(&aside));
    assert_eq!(events.iter().filter(told).count(), 1, "{events:?}");
}

/// Fails where reports are written.
struct NoBoundaries(SeededEntropy);

impl Entropy for NoBoundaries {
    fn fill(&self, buffer: &mut [u8]) {
        // Routes and waits need 8 octets at most, ids in the spool are not drawn here.
        assert!(buffer.len() <= 8, "a mistake of ours");
        self.0.fill(buffer);
    }
}

#[tokio::test]
async fn a_panic_over_one_report_harms_no_other_message() {
    let script = Script {
        said: Box::new(|_, _, path, _| if is(path, "evil") { no("5.1.1", "550 no") } else { yes() }),
        delivered: Mutex::default(),
        decided: Mutex::default(),
        dead: tokio::sync::Semaphore::new(1),
    };
    let clock = Arc::new(FastClock::new(Timestamp::UNIX_EPOCH, 1));
    let sim = Sim::with(MemoryDisk::new(), clock, Arc::new(script), |(tools, _)| {
        tools.entropy = Arc::new(NoBoundaries(SeededEntropy::new(1)));
    })
    .await;
    let evil = sim.accept("alice@crepes.example", &["evil@hamburger.example", "eve@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    sim.accept("alice@crepes.example", &["bob@hamburger.example"], TEXT).await;
    sim.relay.pass().await.expect("a pass");
    assert_eq!(sim.recipients(), ["eve@hamburger.example", "bob@hamburger.example"]);
    let left = sim.spool.entries(None, 10).await.expect("an index");
    assert_eq!((left.len(), left[0].id, left[0].recipients.len()), (1, evil, 1), "evil waits");
}
